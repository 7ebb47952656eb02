"""How large a pixel of a picture is, how well that is known, and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check
from anodefree.errors import DataError

USUAL_ERROR: Final = 0.04
USUAL_SOURCE: Final = "4 %: scales of electron microscopes are 3-6 % off unless calibrated on a standard"

PixelSize = Annotated[float | None, Par("size of a pixel; none: as the file says", gt=0)]
ScaleError = Annotated[
    float | None,
    Par(
        "relative standard deviation of the size of a pixel; none: as the file says, else 0.04",
        ge=0,
        lt=1,
        source=USUAL_SOURCE,
        assumed=True,
    ),
]


@dataclass(frozen=True)
class Scale:
    """Size of a pixel [m] (NaN where unknown), its relative standard deviation, and a check that says whence."""

    pixel_m: float
    relative_std: float
    check: Check

    @property
    def known(self) -> bool:
        """Whether lengths can be told."""
        return math.isfinite(self.pixel_m)


def scale_of(picture: Measurement, pixel_m: float | None, scale_error: float | None) -> Scale:
    """The scale: as given, as the reader was told (metadata `pixel_m`), or as the file says.

    Raises
    ------
    DataError: the pixels are not square, or fewer than eight either way.
    """
    x, y = picture["x_m"], picture["y_m"]
    where = picture.source.name
    if min(x.size, y.size) < 8:
        raise DataError(f"is {x.size} x {y.size} pixels", where, "a picture needs eight pixels or more either way")
    across, down = abs(float(x[-1] - x[0])) / (x.size - 1), abs(float(y[-1] - y[0])) / (y.size - 1)
    if not (across > 0 and down > 0):
        raise DataError("its pixels have no size: x_m and y_m do not rise", where, "give evenly spaced centres of pixels")
    if abs(across / down - 1) > 0.02:
        raise DataError(f"its pixels are not square: {across:.4g} x {down:.4g} m", where, "resample the picture first")
    error = scale_error if scale_error is not None else _number(picture.meta.get("scale_error"), 0.0)
    error = USUAL_ERROR if error is None else error
    given = pixel_m if pixel_m is not None else _number(picture.meta.get("pixel_m"), 1e-300)
    calibrated = picture.meta.get("calibrated", True) not in (False, "false", 0)
    if given is not None:
        told = f"a pixel is {given * 1e9:.4g} nm ± {100 * error:.2g} %, as given"
        return Scale(given, error, Check("scale", "pass", told))
    if calibrated:
        size = math.sqrt(across * down)
        return Scale(size, error, Check("scale", "pass", f"a pixel is {size * 1e9:.4g} nm ± {100 * error:.2g} %, by the file"))
    lost = (
        "the file says no size of a pixel: lengths and what depends on them are left out; give pixel_m (sem.scale reads a bar)"
    )
    return Scale(math.nan, error, Check("scale", "warn", lost))


def _number(value: object, least: float) -> float | None:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value) and value >= least:
        return float(value)
    return None
