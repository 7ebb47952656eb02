"""Asylum Research force curves (`.ibw`): an Igor binary wave with one column for each channel and the ways in its note."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.curve_table import FEWEST_POINTS, Curve, force_curves
from anodefree.io.igor_wave import wave_of
from anodefree.io.said_number import finite

_HINT: Final = "save the curve with the channels Deflection and ZSensor"
_MOST: Final = 2**26


def read(path: Path) -> Measurement:
    """The curve of a file; its height is the sensor's, else the piezo's, and counts away from the surface.

    Raises
    ------
    DataError: an image, no deflection or height among the channels, no approach in the note, or a file cut short.
    """
    with path.open("rb") as stream:
        wave = wave_of(stream.read())
    points, channels, layers, more = wave.nodes
    if layers or more or not 2 <= channels < 16 or not FEWEST_POINTS <= points <= _MOST:
        raise DataError(
            f"is a wave of {' by '.join(str(n) for n in wave.nodes if n > 0) or 'no'} points, not a force curve", hint=_HINT
        )
    count = points * channels
    with np.errstate(all="ignore"):  # a damaged number is found when the curve is checked
        values = wave.numbers(count, "values").reshape(channels, points).astype(float)
    names = [n.lower() for n in wave.labels(count, channels, 1)]
    note = wave.note(count)
    height, height_from = _height(values, names)
    bend, meta = _deflection(values, names, note)
    curve = _ways(height, bend, note)
    meta |= {"instrument": "Asylum Research", "height_from": height_from}
    return force_curves([curve], deflection_known="signal_unit" not in meta, meta=meta)


def _height(values: np.ndarray, names: list[str]) -> tuple[np.ndarray, str]:
    for name in ("zsnsr", "zsensor", "lvdt", "raw"):
        if name in names:
            return -values[names.index(name)], name
    raise DataError(f"holds no height among its channels: {', '.join(names)[:200] or 'none is named'}", hint=_HINT)


def _deflection(values: np.ndarray, names: list[str], note: dict[str, str]) -> tuple[np.ndarray, dict[str, Any]]:
    meta: dict[str, Any] = {}
    for key, name in (("spring_constant_N_m", "SpringConstant"), ("sensitivity_m_V", "InvOLS")):
        stated = finite(note.get(name, ""))
        if stated is not None and stated > 0:
            meta[key] = stated
    for name in ("defl", "deflection"):
        if name in names:
            return values[names.index(name)], meta
    if "deflv" in names:
        return values[names.index("deflv")], {**meta, "signal_unit": "V"}
    raise DataError(f"holds no deflection among its channels: {', '.join(names)[:200] or 'none is named'}", hint=_HINT)


def _ways(height: np.ndarray, bend: np.ndarray, note: dict[str, str]) -> Curve:
    """The approach and what follows it in the other direction; `Direction` is that of the piece that ends at each index."""
    ends = [finite(p) for p in note.get("Indexes", "").split(",")[:64] if p.strip()]
    turns = [finite(p) for p in note.get("Direction", "").split(",")[:64] if p.strip()]
    ways: dict[float, tuple[np.ndarray, np.ndarray]] = {}
    for start, end, turn in zip(ends[:-1], ends[1:], turns[1:], strict=False):
        if start is not None and end is not None and turn in (1.0, -1.0) and 0 <= start < end <= height.size:
            piece = slice(int(start), int(end))
            ways.setdefault(turn, (height[piece], bend[piece]))
    if 1.0 not in ways:
        raise DataError("its note names no approach (Indexes, Direction)", hint="was the curve cut or averaged?")
    return Curve(ways[1.0], ways.get(-1.0))
