"""A rough surface from a seed: Gaussian roughness, and nodules on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import draw_heights
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.random_surface import gaussian_surface_m, nodules_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("surface.random", version=1, cites=("thomas1999",))
def random(
    *,
    side_m: Annotated[float, Par("side of the square patch", gt=0, source="not stated", assumed=True)] = 50e-6,
    roughness_m: Annotated[float, Par("rms roughness", ge=0, source="electrodeposits: tenths of a um", assumed=True)] = 0.3e-6,
    correlation_m: Annotated[float, Par("correlation length", gt=0, source="grains of an electrodeposit", assumed=True)] = 3e-6,
    nodule_height_m: Annotated[float, Par("height of nodules; 0: none", ge=0)] = 0.0,
    nodule_radius_m: Annotated[float, Par("distance at which a nodule has fallen to 1/e", gt=0)] = 1e-6,
    nodule_spacing_m: Annotated[float, Par("mean distance: one nodule on the square of it", gt=0)] = 20e-6,
    grid: Annotated[int, Par("points along each side", ge=8, le=4096)] = 128,
    rng: np.random.Generator,
) -> Topography:
    """A random rough surface with or without nodules, as a microscope would map it.

    Heights are a Gaussian field with the autocorrelation $s^2 e^{-r^2/l^2}$, drawn from its spectrum, plus bumps
    $h e^{-r^2/b^2}$ at random places (a Poisson process). The patch repeats in its plane (metadata `periodic`).
    *Valid when* a surface is known by its rms and correlation length alone; a real deposit may be skewed. *Source* Thomas
    (1999). Raises ConfigError: the grid does not resolve the shortest length.
    """
    lengths = ([correlation_m] if roughness_m else []) + ([nodule_radius_m] if nodule_height_m else [])
    if lengths and side_m / grid > min(lengths) / 3:
        raise ConfigError(
            f"a grid of {grid} points over {1e6 * side_m:.3g} um does not resolve {1e6 * min(lengths):.3g} um",
            "grid",
            f"grid = {int(np.ceil(3 * side_m / min(lengths)))} or more, or a smaller patch",
        )
    height = gaussian_surface_m(grid, side_m, roughness_m, correlation_m, rng) if roughness_m else np.zeros((grid, grid))
    if nodule_height_m:
        height = height + nodules_m(grid, side_m, nodule_height_m, nodule_radius_m, nodule_spacing_m, rng)
    place = (np.arange(grid) + 0.5) * side_m / grid
    meta = {"periodic": True, "instrument": "computed", "calibration": 0.0}
    return Measurement.of(TOPOGRAPHY, {"x_m": place, "y_m": place, "height_m": height}, meta)


@random.plot
def draw(surface: Measurement, ax: Axes) -> None:
    """The heights."""
    draw_heights(surface["x_m"], surface["y_m"], surface["height_m"], ax)


@random.demo
def demo(rng: np.random.Generator) -> Demo:
    """A surface of no roughness is flat."""
    side, grid = rng.uniform(1e-5, 1e-4), int(rng.integers(8, 20))
    place = (np.arange(grid) + 0.5) * side / grid
    parameters = {"roughness_m": 0.0, "side_m": side, "grid": grid}
    return Demo((), {"x_m": place, "y_m": place, "height_m": np.zeros((grid, grid))}, parameters)
