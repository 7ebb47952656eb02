"""Asylum Research images (`.ibw`): an Igor binary wave of version 5 with one layer for each channel."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT
from anodefree.io.height_image import checked_size, topography_of
from anodefree.io.igor_wave import TYPES, wave_of


def read(path: Path) -> Measurement:
    """The height channel of a scan: `ZSensorTrace` before `HeightTrace`, or as the layers are labelled.

    Raises
    ------
    DataError: another version, a force curve, no height among the layers, or a file cut short.
    """
    with path.open("rb") as stream:
        wave = wave_of(stream.read())
    columns, rows, layers, more = wave.nodes
    if rows <= 0 or columns <= 0 or more > 1 or (layers <= 0 and rows < 16):
        raise DataError(
            f"is a wave of {' by '.join(str(n) for n in wave.nodes if n > 0) or 'no'} points: a force curve, not an image",
            hint="give the image of the scan (.ibw with one layer for each channel)",
        )
    checked_size(columns, rows)
    layers = max(layers, 1)
    if wave.sort not in TYPES or layers > 64:
        raise DataError(f"holds {layers} layers of numbers of type {wave.sort}, which is no image")
    count = columns * rows * layers
    raw = wave.numbers(count, "pixels")
    names = wave.labels(count, layers, 2)
    height = raw.reshape(layers, rows, columns)[_height_layer(names)].astype(float)
    if not np.isfinite(height).all():
        raise DataError("holds heights that are not finite", hint="was the scan stopped early?")
    sides = [abs(step) * n for step, n in zip(wave.steps[:2], (columns, rows), strict=True)]
    if not all(math.isfinite(s) for s in sides):
        raise DataError("its header states no size of a pixel", hint=CUT)
    return topography_of(height, sides[0], sides[1], {"instrument": "Asylum Research"})


def _height_layer(names: list[str]) -> int:
    if not names:
        return 0
    for wanted in ("zsensor", "height"):
        for index, name in enumerate(names):
            if name.lower().startswith(wanted):
                return index
    raise DataError(f"holds no height among its layers: {', '.join(names)[:200]}", hint="save the height channel")
