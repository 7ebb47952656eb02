"""A height image levelled before it is used: tilt, bow and offsets of rows are the microscope's, not the surface's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import draw_heights
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.levelling import Levelling, levelled
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("surface.level", version=1, cites=("thomas1999",))
def level(
    surface: Topography,
    *,
    levelling: Annotated[
        Levelling, Par("what is taken out: nothing, a plane, a bowl, or a plane and each row's median")
    ] = "plane",
) -> Topography:
    """A height map without the tilt, bow and row offsets of the microscope.

    $z' = z - (a + bx + cy)$ by least squares, with all terms of degree 2 for `quadratic`; `rows` also takes out the median of
    each row along the fast axis. The mean is zero afterwards. *Valid when* what is taken out is the microscope's: `quadratic`
    and `rows` also remove waves as long as the image. *Source* Thomas (1999), chapter 3. *Differs from the paper*, which does
    not say how its images were levelled.
    """
    arrays = {"x_m": surface["x_m"], "y_m": surface["y_m"], "height_m": levelled(surface["height_m"], levelling)}
    return Measurement.of(TOPOGRAPHY, arrays, {**surface.meta, "levelling": levelling})


@level.plot
def draw(surface: Measurement, ax: Axes) -> None:
    """The heights."""
    draw_heights(surface["x_m"], surface["y_m"], surface["height_m"], ax)


@level.demo
def demo(rng: np.random.Generator) -> Demo:
    """A ripple on a tilted plane comes back without the plane."""
    x = np.linspace(0, 1e-5, 40)
    y = np.linspace(0, 2e-5, 31)
    a, b = rng.uniform(-0.05, 0.05, 2)
    ripple = np.tile(1e-8 * np.cos(16 * np.pi * (y - y[0]) / np.ptp(y))[:, None], (1, 40))
    height = ripple + a * x[None, :] + b * y[:, None] + rng.uniform(-1e-6, 1e-6)
    truth = {"height_m": levelled(ripple, "plane"), "x_m": x}
    measured = Measurement.of(TOPOGRAPHY, {"x_m": x, "y_m": y, "height_m": height}, name="tilted")
    return Demo((measured,), truth, {"levelling": "plane"}, tolerance=1e-6)
