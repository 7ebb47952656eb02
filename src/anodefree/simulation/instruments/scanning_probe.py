"""A virtual scanning-probe microscope: a surface as an atomic-force image shows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.figure import draw_heights
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.height_map import spacing_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
WIDEST = 101
"""Most pixels across the part of the tip that can touch."""


def dilated(height_m: Floats, dx_m: float, dy_m: float, radius_m: float) -> Floats:
    """What a paraboloid of that radius of curvature traces: max over (u, v) of z(x + u, y + v) - (u² + v²)/2R.

    *Source* Villarrubia, J. Res. Natl. Inst. Stand. Technol. 102 (1997) 425, section 2.
    """
    from scipy.ndimage import grey_dilation

    reach = math.sqrt(2 * radius_m * float(np.ptp(height_m)))
    nx, ny = (min(math.floor(reach / d), (WIDEST - 1) // 2) for d in (dx_m, dy_m))
    if nx == 0 and ny == 0:
        return height_m
    u, v = np.arange(-nx, nx + 1) * dx_m, np.arange(-ny, ny + 1) * dy_m
    tip = -(u[None, :] ** 2 + v[:, None] ** 2) / (2 * radius_m)
    return np.asarray(grey_dilation(height_m, structure=tip, mode="nearest"))


@stage("afm.image", version=1, cites=("villarrubia1997", "thomas1999"))
def image(
    surface: Topography,
    *,
    tip_radius_m: Annotated[
        float, Par("radius of curvature of the tip; 0: a point", ge=0, source="silicon tip", assumed=True)
    ] = 8e-9,
    tilt_x: Annotated[float, Par("slope of the sample along x", ge=-0.2, le=0.2, source="mounting", assumed=True)] = 0.01,
    tilt_y: Annotated[float, Par("slope of the sample along y", ge=-0.2, le=0.2, source="mounting", assumed=True)] = -0.005,
    bow_m: Annotated[float, Par("sag of the scanner from the middle to a corner", source="tube scanner", assumed=True)] = 5e-9,
    row_noise_m: Annotated[float, Par("rms offset of each row", ge=0, source="drift and 1/f noise", assumed=True)] = 3e-10,
    noise_m: Annotated[float, Par("rms noise of each pixel", ge=0, source="sensor", assumed=True)] = 1e-10,
    scale_error: Annotated[
        float, Par("relative standard deviation of the height scale", ge=0, source="grating", assumed=True)
    ] = 0.03,
    rng: np.random.Generator,
) -> Topography:
    """The image that an atomic-force microscope makes of a surface.

    $z' = (1 + e)\\,[D(z) + a x + b y + c (x^2 + y^2)/r^2 + n_{row} + n]$, where D is the dilation by a parabolic tip,
    $D(z)(x) = \\max_u z(x + u) - u^2/2R$, and e is one draw of the scale error, which the image cannot know (metadata
    `calibration`). x and y count from the middle, r is the distance to a corner. *Valid when* the feedback follows the surface
    and the tip is a paraboloid where it touches. *Source* Villarrubia (1997), section 2 (dilation). *Differs from the paper*,
    which shows images only. Raises ConfigError: a tip blunter than the image is wide; DataError: an uneven grid.
    """
    where = surface.source.name
    dx, dy = spacing_m(surface["x_m"], "x_m", where), spacing_m(surface["y_m"], "y_m", where)
    height = surface["height_m"]
    rows, columns = height.shape
    if tip_radius_m > 10 * min(rows * dy, columns * dx):
        raise ConfigError(f"a tip of {1e9 * tip_radius_m:.3g} nm is blunter than the image is wide", "tip_radius_m")
    x, y = (np.arange(n) - 0.5 * (n - 1) for n in (columns, rows))
    x, y = x[None, :] * dx, y[:, None] * dy
    seen = dilated(height, dx, dy, tip_radius_m) if tip_radius_m > 0 else height
    seen = seen + tilt_x * x + tilt_y * y + bow_m * (x**2 + y**2) / float((x**2 + y**2).max())
    seen = seen + row_noise_m * rng.standard_normal((rows, 1)) + noise_m * rng.standard_normal((rows, columns))
    seen = seen * (1 + scale_error * rng.standard_normal())
    meta = {"periodic": False, "instrument": "virtual scanning probe", "calibration": scale_error}
    return Measurement.of(TOPOGRAPHY, {"x_m": surface["x_m"], "y_m": surface["y_m"], "height_m": seen}, meta)


@image.plot
def draw(surface: Measurement, ax: Axes) -> None:
    """The image as it is recorded, not levelled."""
    draw_heights(surface["x_m"], surface["y_m"], surface["height_m"], ax)


@image.demo
def demo(rng: np.random.Generator) -> Demo:
    """A point on a flat plane shows the shape of the tip, on the tilt and the bow of the scanner."""
    points, side, radius, high = 41, 4e-7, rng.uniform(1e-8, 5e-8), rng.uniform(5e-9, 2e-8)
    place = (np.arange(points) - 20) * side / points
    height = np.zeros((points, points))
    height[20, 20] = high
    squared = place[None, :] ** 2 + place[:, None] ** 2
    tilt, bow = rng.uniform(-0.05, 0.05), rng.uniform(1e-9, 1e-8)
    truth = np.maximum(high - squared / (2 * radius), 0.0) + tilt * place[None, :] + bow * squared / squared.max()
    parameters = {"tip_radius_m": radius, "tilt_x": tilt, "tilt_y": 0.0, "bow_m": bow}
    parameters |= {"row_noise_m": 0.0, "noise_m": 0.0, "scale_error": 0.0}
    arrays = {"x_m": place, "y_m": place, "height_m": height}
    return Demo((Measurement.of(TOPOGRAPHY, arrays, name="point"),), {"height_m": truth}, parameters, tolerance=1e-6)
