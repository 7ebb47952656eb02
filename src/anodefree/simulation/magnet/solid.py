"""Magnetised solids in space: a film with its edges, or a block magnet nearby, mapped by magpylib's closed forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, missing_extra
from anodefree.kinds.flux_map import FLUX_MAP, FluxMap
from anodefree.physics.magnetised_film import disc_axis_T
from anodefree.registry import Demo, stage
from anodefree.simulation.magnet.scan import draw as draw_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def body(polarisation_T: tuple[float, float, float], radius_m: float | None, size_m: tuple[float, float, float]) -> Any:
    """A magpylib body whose upper face lies at z = 0: a disc of the radius and size[2] thick, or a block."""
    try:
        import magpylib
    except ImportError as error:
        raise missing_extra("magpylib", "magnet") from error
    place = (0.0, 0.0, -0.5 * size_m[2])
    if radius_m is not None:
        return magpylib.magnet.Cylinder(polarization=polarisation_T, dimension=(2 * radius_m, size_m[2]), position=place)
    return magpylib.magnet.Cuboid(polarization=polarisation_T, dimension=size_m, position=place)


@stage("magnet.solid", version=1, cites=("ortner2020", "coey2010"))
def solid(
    *,
    thickness_m: Annotated[float, Par("thickness of the body", gt=0, source="1 um: the paper's optimum")] = 1e-6,
    radius_m: Annotated[float | None, Par("radius of a disc; none: a block", gt=0, source="a 16 mm disc", assumed=True)] = 8e-3,
    width_m: Annotated[float, Par("sides of a block", gt=0, source="a 16 mm square", assumed=True)] = 16e-3,
    polarisation_T: Annotated[
        float, Par("polarisation mu0 M, or the remanence of a magnet", gt=0, source="half of nickel's saturation", assumed=True)
    ] = 0.308,
    tilt_rad: Annotated[
        float,
        Par("angle of the polarisation out of the plane", ge=0, le=math.pi / 2 + 1e-9, source="in the plane", assumed=True),
    ] = 0.0,
    heights_m: Annotated[
        tuple[float, ...], Par("heights of the planes above the upper face, rising", gt=0, source="not stated", assumed=True)
    ] = (1e-6, 1e-5, 1e-4),
    centre_x_m: Annotated[float, Par("middle of the map along x, from the body's axis")] = 0.0,
    span_m: Annotated[float, Par("width of the map", gt=0, source="the whole film", assumed=True)] = 20e-3,
    grid: Annotated[int, Par("points along each side of the map", ge=4, le=1024)] = 64,
) -> FluxMap:
    """A map of the flux density above a uniformly magnetised disc or block, edges and all.

    The body's charged faces are integrated in closed form by magpylib (Cylinder or Cuboid). Only edges give a field outside:
    in the middle of a wide film it is about $J t/2R$ across the plane, at d from the rim about $J t/2\\pi d$. The same
    stage gives the field of a permanent magnet left nearby (10 mm thick, 1.3 T), which is millitesla at a decimetre.
    *Valid when* the magnetisation is uniform and does not yield to the field. *Source* Ortner and Coliado Bandeira, SoftwareX
    11 (2020) 100466; Coey (2010), section 2.2. Arrays: x_m, y_m, z_m; Bx_T, By_T, Bz_T (z, y, x). Not periodic.
    Raises MissingExtra without magpylib; ConfigError: heights that do not rise.
    """
    z = np.asarray(heights_m, dtype=float)
    if not z.size or (np.diff(z) <= 0).any():
        raise ConfigError("the heights do not rise", "heights_m", "such as 1 um, 10 um, 100 um")
    unit = (polarisation_T * math.cos(tilt_rad), 0.0, polarisation_T * math.sin(tilt_rad))
    magnet = body(unit, radius_m, (width_m, width_m, thickness_m))
    y = np.linspace(-0.5, 0.5, grid) * span_m
    x = y + centre_x_m
    place = np.stack([np.broadcast_to(a, (len(z), grid, grid)) for a in (x, y[:, None], z[:, None, None])], axis=-1)
    field = magnet.getB(place.reshape(-1, 3), squeeze=False).reshape(len(z), grid, grid, 3)
    named = {n: np.ascontiguousarray(field[..., i]) for i, n in enumerate(("Bx_T", "By_T", "Bz_T"))}
    meta = {"periodic": False, "instrument": "computed (magpylib)", "calibration": 0.0}
    return Measurement.of(FLUX_MAP, {"x_m": x, "y_m": y, "z_m": z, **named}, meta)


@solid.plot
def draw(flux: Measurement, ax: Axes) -> None:
    """The component across the film on the lowest plane."""
    draw_map(flux, ax)


@solid.demo
def demo(rng: np.random.Generator) -> Demo:
    """A disc magnetised across its plane, close to its axis, where the closed form is two discs of magnetic charge."""
    radius, thickness, j = rng.uniform(2e-3, 8e-3), rng.uniform(0.1e-6, 3e-6), rng.uniform(0.1, 0.6)
    heights = (1e-3, 2e-3)
    truth = np.repeat(disc_axis_T(heights, radius, thickness, j), 16).reshape(2, 4, 4)
    parameters = {
        "thickness_m": thickness,
        "radius_m": radius,
        "polarisation_T": j,
        "tilt_rad": math.pi / 2,
        "heights_m": heights,
        "span_m": 1e-6,
        "grid": 4,
    }
    return Demo((), {"Bz_T": truth}, parameters, tolerance=1e-5)
