"""Asylum Research images (`.ibw`): an Igor binary wave of version 5 with one layer for each channel."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, records, text, unpack
from anodefree.io.height_image import checked_size, topography_of

HEADER: Final = 64
DATA: Final = 64 + 320
LABEL: Final = 32
_TYPES: Final = {2: "f4", 4: "f8", 8: "i1", 16: "i2", 32: "i4"}
"""Number types of waves; complex ones and text are none of an image."""


def read(path: Path) -> Measurement:
    """The height channel of a scan: `ZSensorTrace` before `HeightTrace`, or as the layers are labelled.

    Raises
    ------
    DataError: another version, a force curve, no height among the layers, or a file cut short.
    """
    with path.open("rb") as stream:
        data = stream.read()
    order = "<" if data[:2] == b"\x05\x00" else ">"
    if unpack(order + "h", data, 0, "the version") != 5:
        raise DataError("is an Igor wave of another version than 5", hint="Asylum's program writes version 5")
    sizes = [unpack(f"{order}i", data, at, "the header") for at in range(4, 52, 4)]
    sort = unpack(order + "h", data, HEADER + 16, "the type of its numbers")
    nodes = [unpack(f"{order}i", data, HEADER + 68 + 4 * k, "its dimensions") for k in range(4)]
    steps = [unpack(f"{order}d", data, HEADER + 84 + 8 * k, "its scales") for k in range(4)]
    columns, rows, layers, more = nodes
    if rows <= 0 or columns <= 0 or more > 1 or (layers <= 0 and rows < 16):
        raise DataError(
            f"is a wave of {' by '.join(str(n) for n in nodes if n > 0) or 'no'} points: a force curve, not an image",
            hint="give the image of the scan (.ibw with one layer for each channel)",
        )
    checked_size(columns, rows)
    layers = max(layers, 1)
    if sort not in _TYPES or layers > 64:
        raise DataError(f"holds {layers} layers of numbers of type {sort}, which is no image")
    kind = np.dtype(order + _TYPES[sort])
    raw = records(data, kind, DATA, columns * rows * layers, "pixels")
    names = _labels(data, DATA + columns * rows * layers * kind.itemsize, sizes, layers)
    height = raw.reshape(layers, rows, columns)[_height_layer(names)].astype(float)
    if not np.isfinite(height).all():
        raise DataError("holds heights that are not finite", hint="was the scan stopped early?")
    sides = [abs(step) * n for step, n in zip(steps[:2], (columns, rows), strict=True)]
    if not all(math.isfinite(s) for s in sides):
        raise DataError("its header states no size of a pixel", hint=CUT)
    return topography_of(height, sides[0], sides[1], {"instrument": "Asylum Research"})


def _labels(data: bytes, at: int, sizes: list[int], layers: int) -> list[str]:
    """Labels of the layers; `sizes` are those of wave, formula, note, units (1 + 4), labels (4)."""
    _, formula, note, data_units, *rest = sizes
    units, labels = rest[:4], rest[4:8]
    if any(s < 0 for s in sizes[1:]) or labels[2] < LABEL * layers:
        return []
    at += formula + note + data_units + sum(units) + labels[0] + labels[1]
    per = labels[2] // LABEL
    return [text(data, at + LABEL * k, LABEL) for k in range(max(per - layers, 0), per)]


def _height_layer(names: list[str]) -> int:
    if not names:
        return 0
    for wanted in ("zsensor", "height"):
        for index, name in enumerate(names):
            if name.lower().startswith(wanted):
                return index
    raise DataError(f"holds no height among its layers: {', '.join(names)[:200]}", hint="save the height channel")
