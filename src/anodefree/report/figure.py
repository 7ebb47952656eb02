"""A step's figure: inline SVG that follows the page's own text colour, files beside it, and the numbers as plotted."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import numpy as np

from anodefree.core.arrays import write_text, write_whole
from anodefree.core.figure import COLOURS, INK, plotted, render
from anodefree.errors import NumericalError
from anodefree.registry import Stage, registered
from anodefree.stages import get
from anodefree.study.graph import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER: Final = "figures"
_RESERVED: Final = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_URL: Final = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Drawn:
    """One figure: the SVG for the page, and the bytes of its files."""

    name: str
    inline: str
    svg: bytes
    pdf: bytes
    csv: str

    def write(self, folder: Path) -> None:
        """Write `name.svg`, `name.pdf` and `name.csv`, each as a whole."""
        for suffix, content in (("svg", self.svg), ("pdf", self.pdf)):
            write_whole(folder / f"{self.name}.{suffix}", _writer(content))
        write_text(folder / f"{self.name}.csv", self.csv)


def _writer(content: bytes) -> Callable[[Path], None]:
    def write(part: Path) -> None:
        part.write_bytes(content)

    return write


def stage_of(outcome: Outcome) -> Stage:
    """The stage behind an outcome."""
    return registered(outcome.node.stage) or get(outcome.node.stage)


def drawn(outcome: Outcome, title: str = "") -> Drawn | None:
    """The figure of a finished node; None where its stage has no figure or there is no output.

    Raises
    ------
    NumericalError: the stage's own drawing function fails on this output.
    """
    draw = stage_of(outcome).draw
    if draw is None or outcome.output is None:
        return None
    output, name = outcome.output, safe_name(outcome.node.id)
    numbers: dict[str, np.ndarray] = {}

    def into(ax: Axes) -> None:
        draw(output, ax)
        numbers.update(plotted(ax))

    try:
        svg = render(into, "svg", salt=name)
        pdf = render(lambda ax: draw(output, ax), "pdf", salt=name)
    except Exception as error:  # whatever a stage's figure may raise
        what = f"the figure cannot be drawn ({type(error).__name__}: {error})"
        raise NumericalError(what, outcome.node.id, "the numbers do not depend on it; please report it") from error
    return Drawn(name, inline(svg, name, title or outcome.node.title), svg, pdf, as_csv(numbers))


def safe_name(id: str) -> str:
    """A file name for a node: plain characters only; where something had to be replaced, a hash keeps it unique."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", id).strip("-.")[:80]
    if plain == id and not _RESERVED.match(id):
        return id
    return f"{plain or 'node'}-{hashlib.sha256(id.encode()).hexdigest()[:6]}"


def inline(svg: bytes, prefix: str, title: str) -> str:
    """An SVG to stand within a page: no prolog, no metadata, no global style; its ids are its own.

    The ink is the page's ink, and the house colours are the page's variables, so that it follows light and dark.
    """
    root = ET.fromstring(svg)
    names = {old: f"{prefix}-{i}" for i, old in enumerate(sorted(_referenced(root)))}
    _strip(root, names)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib.update(
        {"role": "img", "aria-label": title, "style": "stroke-linejoin:round;stroke-linecap:butt", "class": "plot"}
    )
    text = ET.tostring(root, encoding="unicode")
    for i, colour in enumerate(COLOURS):
        text = re.sub(rf": {colour}\b", f": var(--colour-{i + 1},{colour})", text, flags=re.IGNORECASE)
    return re.sub(re.escape(INK), "currentColor", text, flags=re.IGNORECASE)


def _referenced(root: ET.Element) -> set[str]:
    found: set[str] = set()
    for element in root.iter():
        for attribute, value in element.attrib.items():
            if attribute.endswith("href") and value.startswith("#"):
                found.add(value[1:])
            found.update(_URL.findall(value))
    return found


def _strip(element: ET.Element, names: Mapping[str, str]) -> None:
    """Plain tags, renamed ids, shorter numbers; drops metadata and the style that would leak into the page."""
    element.tag = element.tag.rpartition("}")[2]
    element.text = (element.text or "").strip() or None
    element.tail = None
    made: dict[str, str] = {}
    for attribute, value in element.attrib.items():
        plain = attribute.rpartition("}")[2]
        if plain == "id":
            if value in names:
                made["id"] = names[value]
        elif plain == "href":
            # Within the figure, or a bitmap it carries; a link to elsewhere is dropped.
            if value.startswith("#"):
                made["href"] = f"#{names[value[1:]]}"
            elif value.startswith("data:image/"):
                made["href"] = value
        elif plain == "d":
            made["d"] = re.sub(r"\s+", " ", _NUMBER.sub(lambda m: f"{float(m[0]):.2f}", value)).strip()
        else:
            made[plain] = _URL.sub(lambda m: f"url(#{names[m[1]]})", value)
    element.attrib.clear()
    element.attrib.update(made)
    for child in list(element):
        if child.tag.rpartition("}")[2] in ("metadata", "style"):
            element.remove(child)
        else:
            _strip(child, names)
    for child in list(element):
        if child.tag == "defs" and len(child) == 0:
            element.remove(child)


def as_csv(columns: Mapping[str, np.ndarray]) -> str:
    """Columns side by side, as long as each is."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    values = [
        np.ma.filled(np.ma.asarray(v), np.nan) if np.asarray(v).dtype.kind == "f" else np.asarray(v) for v in columns.values()
    ]
    for i in range(max((len(v) for v in values), default=0)):
        writer.writerow([_cell(v[i]) if i < len(v) else "" for v in values])
    return table.getvalue()


def _cell(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(plain) if isinstance(plain, (int, float)) else str(plain)
