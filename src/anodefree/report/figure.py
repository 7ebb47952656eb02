"""A step's figure: inline SVG that follows the page's own text colour, files beside it, and the numbers as plotted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import anodefree.core.figure as house
from anodefree.core.arrays import write_bytes, write_text
from anodefree.core.figure import columns_csv, plotted, renders
from anodefree.core.keys import content_key, file_sha256
from anodefree.core.provenance import packages
from anodefree.errors import NumericalError
from anodefree.registry import Stage, registered
from anodefree.stages import get
from anodefree.study.graph import Outcome
from anodefree.study.inline_svg import inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER: Final = "figures"
_RESERVED: Final = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)

_MANIFEST: Final = "drawn.json"


@dataclass(frozen=True)
class Drawn:
    """One figure: the SVG for the page, and the content of its files by suffix."""

    name: str
    inline: str
    files: Mapping[str, bytes]
    made_of: str
    """A key of all that the picture depends on: the node's content, its stage's code, the house style."""

    @property
    def sha256(self) -> str:
        """Of all its files together."""
        return hashlib.sha256(b"".join(self.files[s] for s in sorted(self.files))).hexdigest()


@dataclass(frozen=True)
class Album:
    """The folder of figures. A figure that is there, unchanged, and made of the same content is not drawn again."""

    folder: Path
    known: Mapping[str, Mapping[str, str]]
    """Name -> what the figure was made of, and its files' sha256."""

    @classmethod
    def open(cls, folder: Path) -> Album:
        """What a folder holds; a folder without a readable manifest holds nothing that is known."""
        try:
            told = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            told = {}
        return cls(folder, told if isinstance(told, dict) else {})

    def kept(self, name: str, made_of: str) -> dict[str, bytes] | None:
        """The files of a figure that need not be drawn again; None where it must be."""
        entry = self.known.get(name)
        if not isinstance(entry, dict) or entry.get("made_of") != made_of:
            return None
        try:
            files = {s: (self.folder / f"{name}.{s}").read_bytes() for s in ("svg", "pdf", "csv")}
        except OSError:
            return None
        return files if Drawn(name, "", files, made_of).sha256 == entry.get("sha256") else None

    def write(self, figures: Iterable[Drawn]) -> None:
        """Write `name.svg`, `name.pdf` and `name.csv` of each, whole, and what they were made of."""
        known = dict(self.known)
        for figure in figures:
            if self.kept(figure.name, figure.made_of) is None:
                for suffix, content in figure.files.items():
                    write_bytes(self.folder / f"{figure.name}.{suffix}", content)
            known[figure.name] = {"made_of": figure.made_of, "sha256": figure.sha256}
        write_text(self.folder / _MANIFEST, json.dumps(known, indent=1, sort_keys=True) + "\n")


def stage_of(outcome: Outcome) -> Stage:
    """The stage behind an outcome."""
    return registered(outcome.node.stage) or get(outcome.node.stage)


def drawn(outcome: Outcome, title: str = "", album: Album | None = None) -> Drawn | None:
    """The figure of a finished node; None where its stage has no figure or there is no output.

    Raises
    ------
    NumericalError: the stage's own drawing function fails on this output.
    """
    stage = stage_of(outcome)
    if stage.draw is None or outcome.output is None:
        return None
    name = safe_name(outcome.node.id)
    made_of = content_key([name, outcome.node.key, stage.code, file_sha256(Path(house.__file__)), packages()])
    files = album.kept(name, made_of) if album is not None else None
    if files is None:
        files = _files(outcome, stage.draw, name)
    return Drawn(name, inline(files["svg"], name, title or outcome.node.title), files, made_of)


def _files(outcome: Outcome, draw: Callable[[Any, Axes], None], name: str) -> dict[str, bytes]:
    numbers: dict[str, np.ndarray] = {}

    def into(ax: Axes) -> None:
        draw(outcome.output, ax)
        numbers.update(plotted(ax))

    try:
        pictures = renders(into, ("svg", "pdf"), salt=name)
    except Exception as error:  # whatever a stage's figure may raise
        what = f"the figure cannot be drawn ({type(error).__name__}: {error})"
        raise NumericalError(what, outcome.node.id, "the numbers do not depend on it; please report it") from error
    return {**pictures, "csv": columns_csv(numbers).encode()}


def safe_name(id: str) -> str:
    """A file name for a node: plain characters only; where something had to be replaced, a hash keeps it unique."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", id).strip("-.")[:80]
    if plain == id and not _RESERVED.match(id):
        return id
    return f"{plain or 'node'}-{hashlib.sha256(id.encode()).hexdigest()[:6]}"
