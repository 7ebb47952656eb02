"""A figure's SVG to stand within a page: it follows the page's own text colour and its light and dark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from anodefree.core.figure import COLOURS, INK

_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_URL: Final = re.compile(r"url\(#([^)]+)\)")


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
