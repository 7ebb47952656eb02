"""Galactic (Thermo GRAMS) .spc files: a head of 512 bytes, then each spectrum as scaled integers or floats."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import records, text, unpack
from anodefree.io.vibrational import vibrational

_NEW, _OLD, _BIG_ENDIAN = 0x4B, 0x4D, 0x4C
_HEAD, _OLD_HEAD, _SUB = 512, 224, 32
_SIXTEEN, _MULTI, _OWN_X, _X_GIVEN = 0x01, 0x04, 0x40, 0x80
_FLOAT: Final = -128
_UNIT: Final = {1: "1/cm", 2: "um", 3: "nm", 13: "1/cm"}
_RAMAN: Final = (3, 13)
_QUANTITY: Final = {2: "absorbance", 4: "counts", 128: "transmittance"}
_EXPORT: Final = "in GRAMS or the instrument's program: export as JCAMP-DX or text"


def read(path: Path, *, laser_m: float | None = None) -> Measurement:
    """Every spectrum of the file on their common axis.

    Raises
    ------
    DataError: another version, an axis that is no wavenumber and no wavelength, more points than the file has room for, or
    spectra that each have an axis of their own.
    """
    data = path.read_bytes()
    version = data[1] if len(data) > 1 else 0
    if version == _OLD:
        return _old(data, laser_m)
    if version != _NEW:
        order = ", written on a big-endian machine" if version == _BIG_ENDIAN else ""
        raise DataError(f"is of a version that is not read (0x{version:02x}{order})", hint=_EXPORT)
    flags, exponent = data[0], unpack("<b", data, 3, "its exponent")
    points, spectra = unpack("<i", data, 4, "its number of points"), unpack("<i", data, 24, "its number of spectra")
    at, axis = _HEAD, None
    if not flags & _OWN_X:
        axis, at = _axis(data, bool(flags & _X_GIVEN), points)
    rows, starts = [], []
    if not 1 <= spectra <= max(1, len(data) // _SUB):
        raise DataError(f"announces {spectra} spectra, there is room for {len(data) // _SUB}", hint=_EXPORT)
    for k in range(spectra):
        own = unpack("<b", data, at + 1, f"spectrum {k + 1}")
        starts.append(float(unpack("<f", data, at + 4, f"spectrum {k + 1}")))
        if flags & _OWN_X:
            points = unpack("<i", data, at + 16, f"spectrum {k + 1}")
            x = records(data, np.dtype("<f4"), at + _SUB, points, "points").astype(float)
            if axis is not None and (len(x) != len(axis) or np.abs(x - axis).max() > 1e-6 * np.abs(axis).max()):
                raise DataError(f"spectrum {k + 1} has an axis of its own", hint="export the spectra one by one")
            axis, at = x, at + 4 * points
        scale = own if flags & _MULTI and own else exponent
        y, at = _ordinates(data, at + _SUB, points, scale, bool(flags & _SIXTEEN))
        rows.append(y)
    if axis is None:
        raise DataError("has no axis", hint=_EXPORT)
    unit, meta = _meaning(data[28], data[29], laser_m)
    meta |= {"title": text(data, 88, 130), "instrument": text(data, 45, 9)}
    z = np.array(starts)
    times = {"time_s": z} if data[30] == 4 and spectra > 1 and np.isfinite(z).all() else {}
    return vibrational(axis, unit, np.array(rows), meta, times)


def _axis(data: bytes, given: bool, points: int) -> tuple[np.ndarray, int]:
    """The common axis (n,), and where the first spectrum begins."""
    if given:
        return records(data, np.dtype("<f4"), _HEAD, points, "points").astype(float), _HEAD + 4 * points
    first, last = unpack("<d", data, 8, "its first wavenumber"), unpack("<d", data, 16, "its last wavenumber")
    if not 1 <= points <= len(data) // 2:
        raise DataError(f"announces {points} points, there is room for {len(data) // 2}", hint=_EXPORT)
    return _even(first, last, points), _HEAD


def _even(first: float, last: float, points: int) -> np.ndarray:
    if not (np.isfinite([first, last]).all() and max(abs(first), abs(last)) < 1e9):
        raise DataError("the ends of its axis are no finite numbers", hint=_EXPORT)
    return np.linspace(first, last, points)


def _ordinates(data: bytes, at: int, points: int, exponent: int, short: bool) -> tuple[np.ndarray, int]:
    if exponent == _FLOAT:
        return records(data, np.dtype("<f4"), at, points, "intensities").astype(float), at + 4 * points
    size = 2 if short else 4
    raw = records(data, np.dtype(f"<i{size}"), at, points, "intensities")
    return raw * 2.0 ** (exponent - 8 * size), at + size * points


def _old(data: bytes, laser_m: float | None) -> Measurement:
    """The layout of before 1996: one spectrum, 32-bit integers whose halves stand the other way round."""
    exponent = unpack("<h", data, 2, "its exponent")
    count, first, last = (float(unpack("<f", data, at, "its axis")) for at in (4, 8, 12))
    if data[0] & _MULTI:
        raise DataError("holds several spectra in the layout of before 1996", hint=_EXPORT)
    if not (np.isfinite(count) and 1 <= count <= len(data) / 2 and abs(exponent) < 128):
        raise DataError("announces a number of points or a scale that cannot be", hint=_EXPORT)
    points, at = int(count), _OLD_HEAD + _SUB
    if data[0] & _SIXTEEN:
        y = records(data, np.dtype("<i2"), at, points, "intensities") * 2.0 ** (exponent - 16)
    else:
        halves = records(data, np.dtype("<u2"), at, 2 * points, "intensities").reshape(points, 2)
        y = halves[:, ::-1].copy().view("<i4").ravel() * 2.0 ** (exponent - 32)
    unit, meta = _meaning(data[16], data[17], laser_m)
    return vibrational(_even(first, last, points), unit, y, meta)


def _meaning(axis: int, ordinate: int, laser_m: float | None) -> tuple[str, dict[str, Any]]:
    if axis not in _UNIT:
        raise DataError(f"its axis is no wavenumber and no wavelength (type {axis})", hint=_EXPORT)
    quantity = _QUANTITY.get(ordinate)
    raman = axis in _RAMAN or (quantity == "counts" and axis == 1)
    meta = {"technique": "raman" if raman else "infrared", "quantity": quantity, "laser_m": laser_m}
    return _UNIT[axis], meta


def is_spc(head: bytes, suffix: str) -> bool:
    """Whether a head can be that of such a file: it has no magic word, so its fields must make sense."""
    if len(head) < 256 or head.startswith(b"PK"):
        return False
    if head[1] in (_OLD, _BIG_ENDIAN):
        return suffix == ".spc"
    points, spectra = struct.unpack_from("<i", head, 4)[0], struct.unpack_from("<i", head, 24)[0]
    return head[1] == _NEW and 0 <= points < 2**28 and 1 <= spectra < 2**24 and all(code <= 30 for code in (head[28], head[30]))
