"""Renishaw WiRE files (.wdf): a chain of blocks, each with a name, a number and its size; single, series, map or depth scan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, records, text, unpack
from anodefree.io.vibrational import vibrational

_BLOCKS: Final = 10_000
_HEAD: Final = 16
_UNIT: Final = {1: "1/cm", 2: "1/cm", 3: "nm", 5: "um"}
_QUANTITY: Final = {6: "counts", 7: "counts"}
_PLACE: Final = {3: "x_m", 4: "y_m", 5: "z_m"}
_METRES: Final = {5: 1e-6, 8: 1e-3, 9: 1.0}
_TIME: Final = 11
_TICKS_PER_S: Final = 1e7
_TYPE: Final = {1: "single", 2: "series", 3: "map"}
_EXPORT: Final = "in WiRE: File, Save As, text (.txt)"


def read(path: Path, *, laser_m: float | None = None) -> Measurement:
    """Every spectrum that was taken, with its place and time; those of a scan that was stopped are left out.

    Raises
    ------
    DataError: a block lies beyond the end, one that is needed is missing, or its axis is in nm and no laser is known.
    """
    data = path.read_bytes()
    if not data.startswith(b"WDF1"):
        raise DataError("does not begin with a WDF1 block", hint=_EXPORT)
    blocks = dict(_blocks(data))
    points, count = unpack("<I", data, 60, "its number of points"), unpack("<Q", data, 72, "its number of spectra")
    if count < 1:
        raise DataError("holds no spectrum: the measurement was stopped before the first was taken", hint=_EXPORT)
    intensity = _floats(data, blocks, b"DATA", 0, points * count).reshape(count, points)
    axis = _floats(data, blocks, b"XLST", 8, points)
    code = unpack("<I", data, blocks[b"XLST"][0] + 4, "the unit of its axis")
    unit = _UNIT.get(code)
    if unit is None:
        raise DataError(f"its axis is in a unit that is not known here (number {code})", hint=_EXPORT)
    places = _origins(data, blocks, count)
    return vibrational(axis, unit, intensity, _meta(data, blocks, laser_m, code), places)


def _blocks(data: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name -> place and size of what a block holds; of several of one name the last."""
    at = 0
    for _ in range(_BLOCKS):
        if at + _HEAD > len(data):
            return
        size = unpack("<Q", data, at + 8, "the size of a block")
        if size < _HEAD or at + size > len(data):
            name = text(data, at, 4) or "?"
            raise DataError(f"its block '{name}' at byte {at} announces {size} bytes, {len(data) - at} follow", hint=CUT)
        yield data[at : at + 4], (at + _HEAD, size - _HEAD)
        at += size


def _floats(data: bytes, blocks: dict[bytes, tuple[int, int]], name: bytes, skip: int, count: int) -> np.ndarray:
    if name not in blocks:
        raise DataError(f"has no block '{name.decode()}'", hint=CUT)
    at, size = blocks[name]
    what = "intensities" if name == b"DATA" else "points of the axis"
    if count * 4 > size - skip:
        raise DataError(f"announces {count} {what}, there is room for {max(size - skip, 0) // 4}", hint=CUT)
    return records(data, np.dtype("<f4"), at + skip, count, what).astype(float)


def _origins(data: bytes, blocks: dict[bytes, tuple[int, int]], count: int) -> dict[str, np.ndarray]:
    """Where and when each spectrum was taken."""
    if b"ORGN" not in blocks:
        return {}
    at, size = blocks[b"ORGN"]
    lists = unpack("<I", data, at, "the number of its lists of places")
    each = (size - 4) // lists if lists else 0
    if not 0 < lists <= 1000 or (each - 24) // 8 < count:
        return {}
    places: dict[str, np.ndarray] = {}
    for k in range(lists):
        start = at + 4 + k * each
        kind, unit = (unpack("<I", data, start + 4 * i, "a list of places") for i in (0, 1))
        kind &= 0x7FFFFFFF  # the highest bit marks what the scan ran over
        if kind == _TIME:
            ticks = records(data, np.dtype("<i8"), start + 24, count, "times")
            places["time_s"] = (ticks - ticks[0]) / _TICKS_PER_S
        elif kind in _PLACE and unit in _METRES:
            values = records(data, np.dtype("<f8"), start + 24, count, "places") * _METRES[unit]
            if np.isfinite(values).all():
                places[_PLACE[kind]] = values
    return places


def _meta(data: bytes, blocks: dict[bytes, tuple[int, int]], laser_m: float | None, axis_unit: int) -> dict[str, Any]:
    per_cm = unpack("<f", data, 156, "the laser's wavenumber")
    if laser_m is None and math.isfinite(per_cm) and 1e3 < per_cm < 1e5:
        laser_m = round(1e-2 / float(per_cm), 13)
    quantity = _QUANTITY.get(unpack("<I", data, 152, "the unit of its intensities"))
    note = text(data, *blocks[b"TEXT"])[:300] if b"TEXT" in blocks else None
    return {
        "technique": "infrared" if axis_unit in (2, 5) else "raman",
        "quantity": quantity or "counts",
        "laser_m": laser_m,
        "instrument": "Renishaw",
        "software": text(data, 96, 24),
        "title": text(data, 240, 160),
        "measurement": _TYPE.get(unpack("<I", data, 132, "its type")),
        "accumulations": unpack("<I", data, 80, "its accumulations"),
        "notes": note,
    }
