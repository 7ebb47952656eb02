"""Gatan DigitalMicrograph (.dm3, .dm4): every image of the file with its calibration; line plots are named but not images."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.electron_image import Axis, axis_of, grey_of_colour, image
from anodefree.io.gatan_tags import Stored, Tags, tags
from anodefree.io.said_number import positive

_PIXELS: Final = {1: "i2", 2: "f4", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8", 14: "u1", 39: "i8", 40: "u8"}
_COLOUR: Final = 23
_EXPORT: Final = "in DigitalMicrograph: save the image as a real image, or export it as TIFF"


def read(path: Path) -> list[Measurement]:
    """Every image (a stack's planes are frames); where there are several, `series` names each.

    Raises
    ------
    DataError: damaged, or it holds no image with two or three dimensions.
    """
    tree, order = tags(path.read_bytes())
    listed = _group(tree, "ImageList")
    shown = _shown(tree, listed)
    images: list[tuple[str, Tags, list[int]]] = []
    others: list[str] = []
    for entry in shown:
        sizes = _sizes(entry)
        name = _text(entry.get("Name")) or f"image {len(images) + len(others) + 1}"
        if len(sizes) in (2, 3) and min(sizes) >= 2:
            images.append((name, entry, sizes))
        else:
            others.append(f"{name} ({' x '.join(map(str, sizes)) or 'no'} values)")
    if not images:
        held = ", ".join(others) or "no image"
        raise DataError(f"holds no image of two dimensions: {held}", str(path), _EXPORT)
    names = _told_apart([name for name, _, _ in images])
    return [
        _image(entry, sizes, order, {"series": name if len(images) > 1 else "", "title": name, "beside": "; ".join(others)})
        for name, (_, entry, sizes) in zip(names, images, strict=True)
    ]


def _shown(tree: Tags, listed: Tags) -> list[Tags]:
    """The entries of the list of images that are no thumbnails."""
    thumbnails = {t.get("ImageIndex") for t in _group(tree, "Thumbnails").values() if isinstance(t, dict)}
    entries = [e for _, e in sorted(listed.items(), key=lambda kv: _order(kv[0])) if isinstance(e, dict)]
    return [e for i, e in enumerate(entries) if i not in thumbnails] or entries


def _order(name: str) -> int:
    return int(name) if name.isdecimal() and len(name) < 9 else 0


def _told_apart(names: list[str]) -> list[str]:
    return [n if names.count(n) == 1 else f"{n} #{names[: i + 1].count(n)}" for i, n in enumerate(names)]


def _sizes(entry: Tags) -> list[int]:
    """Numbers of pixels along x, y, and in the stack."""
    found = _group(_group(entry, "ImageData"), "Dimensions")
    return [v for _, v in sorted(found.items(), key=lambda kv: _order(kv[0])) if isinstance(v, int)]


def _image(entry: Tags, sizes: list[int], order: str, meta: dict[str, Any]) -> Measurement:
    held = _group(entry, "ImageData")
    across, down, frames = [*sizes, 1][:3]
    raw, kind = held.get("Data"), held.get("DataType")
    if not isinstance(raw, Stored) or (kind not in _PIXELS and kind != _COLOUR):
        raise DataError(f"holds an image of type {kind}", meta["title"], _EXPORT)
    pixel = np.dtype("u1") if kind == _COLOUR else np.dtype(order + _PIXELS[kind])
    bands = 4 if kind == _COLOUR else 1
    need, content = across * down * frames * bands * pixel.itemsize, raw.raw()
    if min(sizes) < 1 or content.size < need:
        raise DataError(f"announces {need} bytes of image, {content.size} are there", meta["title"], "was the copy cut short?")
    values = content[:need].view(pixel).reshape(frames, down, across, *((bands,) if bands > 1 else ()))
    axes = _axes(held)
    microscope = _microscope(entry)
    return image(grey_of_colour(values) if bands > 1 else values, axes[0], axes[1], {**meta, **microscope}, first=meta["title"])


def _axes(held: Tags) -> list[Axis]:
    calibrations = _group(_group(held, "Calibrations"), "Dimension")
    found = [c for _, c in sorted(calibrations.items(), key=lambda kv: _order(kv[0])) if isinstance(c, dict)]
    made = [axis_of(c.get("Scale"), _text(c.get("Units")), c.get("Origin", 0.0)) for c in found]
    return [*made, Axis(), Axis()]


def _microscope(entry: Tags) -> dict[str, Any]:
    said = _group(_group(entry, "ImageTags"), "Microscope Info")
    return {
        "instrument": _text(said.get("Microscope")) or _text(said.get("Name")) or "Gatan DigitalMicrograph",
        "voltage_V": positive(said.get("Voltage")),
        "camera_length_m": positive(said.get("STEM Camera Length"), 1e-3),
        "magnification": positive(said.get("Indicated Magnification")),
    }


def _group(tree: Tags, name: str) -> Tags:
    found = tree.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, Stored):
        found = value.text()
        return found if found.isprintable() else ""
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else str(value)
