"""Images of transmission electron microscopes as measurements: lengths give micrographs, reciprocal lengths diffraction."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.diffraction import DIFFRACTION
from anodefree.kinds.micrograph import MICROGRAPH

UNKNOWN_PIXEL_M: Final = 1e-6
"""What x_m counts for each pixel where the file gives no size."""
MAX_VALUES: Final = 2**28
_LENGTHS: Final = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "pm": 1e-12, "fm": 1e-15, "å": 1e-10}
_NAMES: Final = {"meter": "m", "metre": "m", "meters": "m", "micron": "um", "microns": "um", "angstrom": "å", "a": "å"}
_RECIPROCAL: Final = re.compile(
    r"^(?:1/\(?(?P<under>[a-zå]{1,9})\)?|(?P<power>[a-zå]{1,9})\^?\(?-1\)?|per(?P<per>[a-zå]{1,9}))$"
)
_SMALLEST, _LARGEST = 1e-14, 1e-2
"""Sizes of a pixel [m] between which a microscope's lie; 1/m: their inverse."""
_BYTE_GREY: Final = np.array([0.0722, 0.7152, 0.2126], np.float32)
"""Luminance of blue, green and red. *Source* ITU-R BT.709."""


@dataclass(frozen=True)
class Axis:
    """Size of a pixel (in m, or 1/m if reciprocal) and the pixel at which the value is 0; no size where the file says none."""

    step: float | None = None
    reciprocal: bool = False
    zero_pixels: float = 0.0


def axis_of(step: Any, unit: str, zero_pixels: Any = 0.0) -> Axis:
    """An axis from a size and its unit as files write them: nm, n_m, [n_m^-1], 1/nm, µm, Å.

    What has no unit known here, is no number, not positive, or no microscope's, is not calibrated.
    """
    try:
        size, zero = float(step), float(zero_pixels)
    except (TypeError, ValueError, OverflowError):
        return Axis()
    found = _factor(unit)
    if found is None or not math.isfinite(size) or size <= 0:
        return Axis()
    factor, reciprocal = found
    si = size * factor
    if not _SMALLEST <= (1 / si if reciprocal else si) <= _LARGEST:
        return Axis()
    return Axis(si, reciprocal, zero if math.isfinite(zero) else 0.0)


def _factor(unit: str) -> tuple[float, bool] | None:
    text = unit.strip().strip("[]").replace("_", "").replace(" ", "").replace("µ", "u").replace("μ", "u").replace("Å", "å")
    text = text.lower()
    text = "å" if text == "\u212b" else text
    found = _RECIPROCAL.match(text)
    base = next((g for g in found.groups() if g), "") if found else text
    length = _LENGTHS.get(_NAMES.get(base, base))
    if length is None:
        return None
    return (1 / length, True) if found else (length, False)


def image(
    frames: np.ndarray, x: Axis, y: Axis, meta: Mapping[str, Any], *, frame_s: float | None = None, first: str = ""
) -> Measurement:
    """Frames (frame, y, x), row 0 at the top, as a micrograph or a diffraction pattern, by what their axes are.

    Raises
    ------
    DataError: too small, not real, or not finite.
    """
    frames = np.asarray(frames)
    if frames.ndim != 3 or frames.shape[0] < 1 or min(frames.shape[1:]) < 2:
        raise DataError(f"holds an image of {' x '.join(map(str, frames.shape))} values", first, "two pixels or more each way")
    if frames.dtype.kind == "b":
        frames = frames.astype(np.uint8)
    if frames.dtype.kind not in "iuf":
        raise DataError(f"holds values of type {frames.dtype}", first, "export the modulus, or a real image")
    frames = frames.astype(frames.dtype.newbyteorder("="), copy=False)
    if frames.dtype == np.float16:
        frames = frames.astype(np.float32)
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise DataError("holds pixels that are no finite number", first, "export it with whole numbers")
    agree = x.step is not None and y.step is not None and x.reciprocal == y.reciprocal
    told = {n: v for n, v in meta.items() if v is not None and v != ""}
    told = {"calibrated": agree, **told}
    step_s = frame_s if frame_s is not None and math.isfinite(frame_s) and frame_s > 0 else 0.0
    shared = {"intensity": frames, "frame_time_s": np.arange(len(frames)) * step_s}
    rows, columns = np.arange(frames.shape[1]), np.arange(frames.shape[2])
    if agree and x.reciprocal:
        centre = _inside(x, columns.size) and _inside(y, rows.size)
        if centre:
            told |= {"centre_x_pixels": x.zero_pixels, "centre_y_pixels": y.zero_pixels}
        zeros = (x.zero_pixels, y.zero_pixels) if centre else (0.0, 0.0)
        arrays = {"qx_per_m": (columns - zeros[0]) * (x.step or 1.0), "qy_per_m": (rows - zeros[1]) * (y.step or 1.0)}
        return Measurement.of(DIFFRACTION, {**arrays, **shared}, told)
    step_x, step_y = (x.step, y.step) if agree else (UNKNOWN_PIXEL_M, UNKNOWN_PIXEL_M)
    arrays = {"x_m": (columns + 0.5) * (step_x or 1.0), "y_m": (rows + 0.5) * (step_y or 1.0)}
    return Measurement.of(MICROGRAPH, {**arrays, **shared}, {"view": "transmission", **told})


def _inside(axis: Axis, size: int) -> bool:
    return 0 < axis.zero_pixels < size - 1


def grey_of_colour(pixels: np.ndarray) -> np.ndarray:
    """Luminance of pixels whose last axis is blue, green, red and something else."""
    return np.asarray(pixels[..., :3].astype(np.float32) @ _BYTE_GREY)
