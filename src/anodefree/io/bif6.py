"""BIF6 (IONTOF): images of secondary ions in intervals of mass, one after the other, 32-bit counts.

Two zero bytes, `BIF6`, then three 16-bit numbers: intervals, pixels across, pixels down. Each interval is a 32-bit number,
three 32-bit floats (lower, central and upper mass over charge; all zero for the image of all ions) and the counts row by row.
All numbers are little-endian. The format holds no size of a pixel and one slice only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.ion_image import ION_IMAGE

MAGIC: Final = b"\0\0BIF6"
HEAD: Final = 12
_EACH: Final = 16
_MICROMETRE: Final = 1e-6


def read(path: Path) -> Measurement:
    """A stack of one slice: every interval of mass is an ion, named by its central mass; give their names to the analysis.

    Raises
    ------
    DataError: the file is shorter or longer than its head says, or a mass is no number.
    """
    raw = path.read_bytes()
    if len(raw) < HEAD or not raw.startswith(MAGIC):
        raise DataError("does not begin as a BIF6 file does", "byte 0", "export it from SurfaceLab as BIF6")
    intervals, across, down = (int(v) for v in np.frombuffer(raw, "<u2", 3, len(MAGIC)))
    size = _EACH + 4 * across * down
    if intervals * across * down == 0:
        raise DataError(f"announces {intervals} images of {across} x {down} pixels", "byte 6", "was the export empty?")
    if len(raw) != HEAD + intervals * size:
        raise DataError(
            f"announces {intervals} images of {across} x {down} pixels, {HEAD + intervals * size} bytes; {len(raw)} are there",
            "byte 6",
            "was the export cut short?",
        )
    each = np.frombuffer(raw, np.dtype([("id", "<u4"), ("mass", "<f4", 3), ("counts", "<u4", (down, across))]), intervals, HEAD)
    mass = each["mass"].astype(float)
    if not np.isfinite(mass).all() or (mass < 0).any():
        raise DataError("holds a mass that is no positive number", "", "is the file whole?")
    is_total = (each["id"] == 0) & (mass.sum(axis=1) == 0)
    ions = each[~is_total]
    if not len(ions):
        raise DataError("holds only the image of all ions", "", "export the peaks of a peak list")
    arrays: dict[str, Any] = {
        "ion_name": [f"{m:.4f} u" for m in mass[~is_total, 1]],
        "counts": ions["counts"][:, None].astype(np.int64),
        "x_m": (np.arange(across) + 0.5) * _MICROMETRE,
        "y_m": (np.arange(down) + 0.5) * _MICROMETRE,
        "mass_to_charge": mass[~is_total, 1],
    }
    if is_total.any():
        arrays["total_counts"] = each["counts"][is_total][:1].astype(np.int64)
    return Measurement.of(ION_IMAGE, arrays, {"instrument": "IONTOF, BIF6 export", "calibrated": False})
