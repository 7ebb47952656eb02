"""FEI TIA (ES Vision) series of images (.ser), with what the .emi of the same name beside it says of the microscope.

A head (byte order, versions, kind of data, number of images, where they lie), one description of each dimension of the series,
a list of offsets, and at each offset a calibration and the pixels, row by row from the bottom of the picture.
*Source* the layout as users of the format wrote it down: Boothroyd, TIA's SER file format (2005-).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import unpack
from anodefree.io.electron_image import MAX_VALUES, Axis, axis_of, image
from anodefree.io.said_number import positive

_LINES, _IMAGES = 0x4120, 0x4122
_PIXELS: Final = {1: "<u1", 2: "<u2", 3: "<u4", 4: "<i1", 5: "<i2", 6: "<i4", 7: "<f4", 8: "<f8"}
_LONG_OFFSETS: Final = 0x220
_EMI_BYTES: Final = 2**22
_SAID: Final = {
    "voltage_V": (re.compile(rb"<AcceleratingVoltage>([0-9.eE+-]{1,24})<"), 1.0),
    "camera_length_m": (
        re.compile(rb"<Camera length>([0-9.eE+-]{1,24})<|Camera length</Label><Value>([0-9.eE+-]{1,24})<"),
        1.0,
    ),
    "magnification": (re.compile(rb"Magnification</Label><Value>([0-9.eE+-]{1,24})<|<Magnification>([0-9.eE+-]{1,24})<"), 1.0),
}
_LEAST_LENGTH_STEP, _LEAST_RECIPROCAL_STEP = 1e-3, 1e3
"""The file writes sizes of a pixel without a unit: m of images, 1/m of diffraction; between these it is neither."""


def read(path: Path) -> Measurement:
    """The images of a series as frames.

    Raises
    ------
    DataError: damaged, of spectra, or of images of several sizes.
    """
    data = path.read_bytes()
    if data[:2] != b"II":
        raise DataError("does not begin as a .ser file does", "byte 0", "give the .ser, not the .emi")
    version, kind = unpack("<H", data, 4, "its version"), unpack("<I", data, 6, "its kind of data")
    if kind == _LINES:
        raise DataError("holds spectra or line scans, not images", str(path), "in TIA: export them as text")
    if kind != _IMAGES:
        raise DataError(f"holds data of kind {kind:#x}", "byte 6", "is it intact?")
    count = unpack("<I", data, 18, "the number of images")
    long = version >= _LONG_OFFSETS
    where = unpack("<Q" if long else "<I", data, 22, "where its images lie")
    offsets = _offsets(data, where, count, "<u8" if long else "<u4")
    frames, axes = _frames(data, offsets)
    meta = {"instrument": "FEI TIA", **_beside(path), "pixel_size_from": "calibration of the .ser file"}
    seconds = _seconds(data, where, unpack("<I", data, 14, "the number of images"), count, 8 if long else 4)
    return image(frames, axes[0], axes[1], meta, frame_s=seconds, first=str(path))


def _offsets(data: bytes, where: int, count: int, kind: str) -> np.ndarray:
    size = np.dtype(kind).itemsize
    if not 1 <= count <= (len(data) - where) // size:
        raise DataError(f"announces {count} images", f"byte {where}", "was the recording stopped, or the copy cut short?")
    return np.frombuffer(data, kind, count, where)


def _frames(data: bytes, offsets: np.ndarray) -> tuple[np.ndarray, tuple[Axis, Axis]]:
    """Frames with the top row first, and the axes of the first."""
    frames, axes, total = [], (Axis(), Axis()), 0
    for index, at in enumerate(int(o) for o in offsets):
        steps = [
            (unpack("<d", data, at + k, "a calibration"), unpack("<d", data, at + k + 8, "a calibration")) for k in (0, 20)
        ]
        kind = unpack("<H", data, at + 40, "the type of pixels")
        across, down = unpack("<I", data, at + 42, "a size"), unpack("<I", data, at + 46, "a size")
        if kind not in _PIXELS:
            raise DataError(f"has pixels of type {kind}", f"image {index + 1}", "export it as TIFF from TIA")
        size = across * down * np.dtype(_PIXELS[kind]).itemsize
        total += across * down
        if not 0 < size <= len(data) - at - 50 or total > MAX_VALUES:
            raise DataError(f"announces {across} x {down} pixels", f"image {index + 1}", "was the copy cut short?")
        frames.append(np.frombuffer(data, _PIXELS[kind], across * down, at + 50).reshape(down, across)[::-1])
        if frames[-1].shape != frames[0].shape or frames[-1].dtype != frames[0].dtype:
            raise DataError("holds images of several sizes", f"image {index + 1}", "export them one by one")
        if len(frames) * frames[0].nbytes > 2 * len(data):
            raise DataError("lists one image several times", f"image {index + 1}", "is it intact?")
        if index == 0:
            axes = (_axis(*steps[0], across), _axis(*steps[1], down, up=True))
    return np.stack(frames), axes


def _axis(offset: float, step: float, size: int, *, up: bool = False) -> Axis:
    """The file gives the value at pixel 0; rows are turned round, so that they count from the other side."""
    unit = "m" if abs(step) < _LEAST_LENGTH_STEP else "1/m" if abs(step) > _LEAST_RECIPROCAL_STEP else ""
    zero = -offset / step if step else 0.0
    return axis_of(step, unit, size - 1 - zero if up else zero)


def _seconds(data: bytes, where: int, listed: int, count: int, width: int) -> float | None:
    """Time between frames, from the whole seconds that each image's tag holds; None where they say nothing."""
    times = []
    for index in (0, count - 1):
        at = where + width * (listed + index)
        tag = int.from_bytes(data[at : at + width], "little")
        if count < 2 or not 0 < tag <= len(data) - 8:
            return None
        times.append(int.from_bytes(data[tag + 4 : tag + 8], "little"))
    return (times[1] - times[0]) / (count - 1)


def _beside(path: Path) -> dict[str, Any]:
    """What the .emi of the same name says; TIA adds _1, _2 ... to the name of its .ser files."""
    stem = re.sub(r"_\d{1,4}$", "", path.stem)
    emi = next((p for n in (stem, path.stem) if (p := path.with_name(n + ".emi")).is_file()), None)
    if emi is None:
        return {}
    with emi.open("rb") as stream:
        text = stream.read(_EMI_BYTES)
    found: dict[str, Any] = {}
    for name, (pattern, factor) in _SAID.items():
        match = pattern.search(text)
        if match:
            found[name] = positive(next(g for g in match.groups() if g), factor)
    # TIA writes kilovolts in one place and volts in the other.
    if found.get("voltage_V") is not None and found["voltage_V"] < 1e4:
        found["voltage_V"] *= 1e3
    return found
