"""The potential above a rough surface, a random one or a height map from a microscope, in space and ready for flight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.potential_map import PotentialMap
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.box_potential import BoxPotential
from anodefree.numerics.box_sampling import Sampler
from anodefree.numerics.height_map import HeightMap
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.box_map import Known, axis, boxed, draw_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FINER: Final = 2.0
"""Fine nodes along x and y for each of the elements' own."""
LAYER: Final = 0.08
"""How far above the highest point the fine grid reaches, in sides of the map."""
MOST_NODES: Final = 3e7


@stage("ions.field_above", version=1, cites=("deville2002", "lynch1964", "newman2004"))
def field_above(
    surface: Topography,
    *,
    gap_m: Annotated[
        float, Par("gap from the surface's mean height to the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 50e-6,
    voltage_V: Annotated[
        float, Par("potential of the liquid at the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 0.1,
    smoothing_m: Annotated[float, Par("width of a Gaussian that takes out what is finer; 0: none", ge=0)] = 0.0,
    order: Annotated[int, Par("order of the elements", ge=3, le=12)] = 6,
    elements: Annotated[int, Par("elements along each side of the map", ge=1, le=64)] = 20,
    context: Context,
) -> PotentialMap:
    """The potential between a rough surface and a flat electrode above it, in space, sampled for flight.

    $\\nabla \\cdot \\nabla \\varphi = 0$ in the liquid, φ = 0 on the surface, `voltage_V` on the upper electrode; the sides
    repeat or mirror, as the map says. Spectral elements follow the surface, $z = h + \\zeta (L - h)$; their potential is
    sampled on a coarse grid and on a fine one about the surface, and continued into the metal so that φ = 0 is the surface
    itself. `spline_error_*` is how far the field of a cubic spline through the grids is from the elements, `mesh_change` what
    elements of one order less change in the highest field, `tip_factor` that field over voltage/gap, `tip_current` over the
    mean one. The cell is the cylinder that the map's square holds: what leaves it is thrown back or lost (`side` of
    `ions.flight`). z = 0 is the lowest point.
    *Valid when* the surface has one height above each point and `smoothing_m` leaves nothing finer than the elements' nodes.
    *Source* Deville, Fischer and Mund (2002), chapters 2 and 4; Lynch, Rice and Thomas (1964). *Differs from the paper*, whose
    surface is flat but for one protrusion. Raises DataError: an uneven grid; ConfigError: the surface reaches the upper
    electrode, or the grids would be too large; NumericalError: it is too steep.
    """
    shape = HeightMap.of(surface, smoothing_m)
    peak, depth = float(shape.height_m.max()), -float(shape.height_m.min())
    if peak >= 0.9 * gap_m:
        raise ConfigError(
            f"the surface rises {1e6 * peak:.3g} um above its mean, the gap is {1e6 * gap_m:.3g} um",
            "gap_m",
            "widen the gap to more than 1.1 times the highest point",
        )
    gap = gap_m + depth
    raised = shape.scaled(1 / gap, depth)
    half, height = 0.5 * min(raised.sides), (peak + depth) / gap
    coarse, fine = axes_of(half, height, elements * order)
    if math.prod(map(len, coarse)) + math.prod(map(len, fine)) > MOST_NODES:
        raise ConfigError("the grids for flight would be too large", "elements", "take fewer elements, or a lower order")
    context.progress(0.05, "spectral elements")
    found = raised.solved(order, elements)
    context.progress(0.5, "one order less")
    highest, less = (float(f.wall[0].max()) for f in (found, raised.solved(order - 1, elements)))
    context.progress(0.7, "sampling")
    sampler = Sampler(found, raised.edges(elements), raised.periodic)
    middle = (0.5 * raised.sides[0], 0.5 * raised.sides[1])
    samples = tuple(sampler.on_grid(x + middle[0], y + middle[1], z) for x, y, z in (coarse, fine))
    mean = found.current / math.prod(raised.sides)
    curved = float(np.abs(raised.curvature()).max())
    meta: dict[str, Any] = {
        "gap_m": gap,
        "radius_m": half * gap,
        "boss_height_m": peak + depth,
        "boss_base_m": 0.0,
        "boss_shape": "rough",
        "tip_radius_m": gap * min(0.2, max(1 / max(curved, 1e-9), half / (elements * order))),
        "voltage_V": voltage_V,
        "distribution": "primary",
        "tip_factor": highest,
        "tip_current": highest / mean,
        "mesh_change": abs(less / highest - 1),
        "flux_factor": mean,
    }
    return boxed((coarse, fine), (samples[0], samples[1]), _probed(sampler, found, middle, half), voltage_V, meta)


def axes_of(half: float, height: float, nodes: int) -> tuple[list[Floats], list[Floats]]:
    """The coarse and the fine axes x, y, z, in gaps."""
    step = 2 * half / (FINER * nodes)
    reach = min(height + LAYER * 2 * half, 0.95)
    coarse = [axis(-half, half, 2 * step)] * 2 + [axis(0.0, 1.0, min(max(2 * step, 0.006), 0.02))]
    fine = [axis(-half, half, step)] * 2 + [axis(0.0, reach, min(step, reach / 12))]
    return coarse, fine


def _probed(sampler: Sampler, found: BoxPotential, middle: tuple[float, float], half: float) -> Known:
    """Random points within the cell and the elements' gradient there, the same for every run."""
    rng = np.random.default_rng(0)
    x, y = (np.sort(m + 0.7 * half * rng.uniform(-1, 1, 16)) for m in middle)
    zeta = np.sort(np.concatenate([rng.uniform(0, 1, 20), rng.uniform(0, 0.1, 20)]))
    z, slopes = sampler.field(x, y, zeta)
    places = np.broadcast_arrays((x - middle[0])[:, None, None], (y - middle[1])[None, :, None], z)
    return (*(p.ravel() for p in places), slopes.reshape(3, -1).T.copy())  # type: ignore[return-value]


@field_above.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the surface."""
    draw_box(cell, ax)


@field_above.demo
def demo(rng: np.random.Generator) -> Demo:
    """A low ripple: the closed form of first order."""
    points, side, gap, top = 16, rng.uniform(2e-5, 5e-5), rng.uniform(2e-5, 5e-5), rng.uniform(0.05, 0.5)
    k, x = 2 * math.pi / side, np.arange(16) * side / points
    low = 2e-4 / k
    arrays = {"x_m": x, "y_m": x, "height_m": np.tile(low * np.cos(k * x), (points, 1))}
    surface = Measurement.of(TOPOGRAPHY, arrays, {"periodic": True}, name="ripple")
    deep = gap + low
    (across, along, up), _ = axes_of(0.5 * side / deep, 2 * low / deep, 2 * 4)
    z, _, place = np.meshgrid(up, along, across, indexing="ij")
    crest = -low / deep * np.cos(k * deep * place)  # a trough lies below the axis
    wave = np.sinh(k * deep * (1 - np.clip(z, 0.0, 1.0))) / np.sinh(k * deep)
    exact = top * (z - low / deep - crest * wave) / (1 - low / deep)
    parameters = {"gap_m": gap, "voltage_V": top, "order": 4, "elements": 2}
    return Demo((surface,), {"potential_box_V": exact}, parameters, tolerance=1e-3)
