"""MRC and CCP4 images and stacks (.mrc, .st, .map): a head of 1024 bytes, an extension of it, and the values.

*Source* Cheng et al. 2015, MRC2014; rows run from the bottom of the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import unpack
from anodefree.io.electron_image import Axis, axis_of, image

HEAD: Final = 1024
_MODES: Final = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_NO_CALIBRATION: Final = (0.0, 1.0)
"""Sizes of a pixel in angstrom that programs write when they know none; others write a negative one."""


def read(path: Path) -> Measurement:
    """The sections of a stack as frames; a size of a pixel of 0, 1 or less than 0 angstrom counts as none.

    Raises
    ------
    DataError: damaged, cut short, or of complex values.
    """
    data = path.read_bytes()
    if len(data) < HEAD:
        raise DataError(f"is {len(data)} bytes long, its head alone has {HEAD}", str(path), "was the copy cut short?")
    order = _order(data)
    across, down, frames, mode = (int(unpack(order + "i", data, 4 * k, "its head")) for k in range(4))
    if mode not in _MODES:
        raise DataError(f"holds values of mode {mode}", "byte 12", "real images are read: modes 0, 1, 2, 6, 12")
    extension = int(unpack(order + "i", data, 92, "its head"))
    kind = np.dtype(order + _MODES[mode])
    need = across * down * frames * kind.itemsize
    has = len(data) - HEAD - extension
    if min(across, down, frames) < 1 or extension < 0 or need > has:
        raise DataError(f"announces {frames} images of {across} x {down} pixels, {max(has, 0)} bytes are there", str(path))
    values = np.frombuffer(data, kind, across * down * frames, HEAD + extension).reshape(frames, down, across)[:, ::-1]
    x, y = (_axis(data, order, k) for k in range(2))
    return image(values, x, y, {"pixel_size_from": "head of the MRC file"}, first=str(path))


def _order(data: bytes) -> str:
    """The byte order, by the machine's stamp, else by which of the two makes the numbers of pixels sensible."""
    if data[212:213] in (b"D", b"\x11"):
        return "<" if data[212:213] == b"D" else ">"
    small = int.from_bytes(data[:4], "little")
    return "<" if 0 < small < 2**20 else ">"


def _axis(data: bytes, order: str, index: int) -> Axis:
    """The cell's length over the number of intervals, both of the same axis."""
    cells = int(unpack(order + "i", data, 28 + 4 * index, "its head"))
    length = float(unpack(order + "f", data, 40 + 4 * index, "its head"))
    if cells < 1 or length / cells in _NO_CALIBRATION:
        return Axis()
    return axis_of(length / cells, "Å")


def is_mrc(head: bytes, suffix: str) -> bool:
    """Whether it says so, or has the name and a head that makes sense (files before 2000 have no mark)."""
    if head[208:212] == b"MAP ":
        return True
    if suffix not in (".mrc", ".st", ".map", ".mrcs", ".ali", ".rec") or len(head) < HEAD:
        return False
    return any(
        all(0 < int.from_bytes(head[k : k + 4], order) < 2**20 for k in (0, 4, 8)) and int.from_bytes(head[12:16], order) < 13
        for order in ("little", "big")
    )
