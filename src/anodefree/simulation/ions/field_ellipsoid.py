"""The electric field about a protrusion without an axis of symmetry: half an ellipsoid of three axes, in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.potential_map import PotentialMap
from anodefree.numerics.ellipsoid_potential import EllipsoidCell, EllipsoidPotential, solve_ellipsoid
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.box_map import Known, axis, boxed, draw_box
from anodefree.simulation.ions.cell_shape import Gap, Height, Radius, cell_of
from anodefree.simulation.ions.field import hemisphere_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FINER: Final = 4
"""Fine nodes for each coarse one."""
PATCH: Final = 2.0
"""How far the fine grid reaches beyond the protrusion, in its bases."""


@stage("ions.field_ellipsoid", version=1, cites=("chen2026", "deville2002", "landau1984"))
def field_ellipsoid(
    *,
    gap_m: Gap = 50e-6,
    radius_m: Radius = 25e-6,
    boss_height_m: Height = 10e-6,
    base_x_m: Annotated[float, Par("semi-axis of its base along x", gt=0, source="not stated", assumed=True)] = 6e-6,
    base_y_m: Annotated[float, Par("semi-axis of its base along y", gt=0, source="not stated", assumed=True)] = 3e-6,
    voltage_V: Annotated[
        float, Par("potential of the liquid at the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 0.1,
    order: Annotated[int, Par("order of the elements", ge=3, le=10)] = 6,
    elements: Annotated[int, Par("elements from the axis to the floor, and from the protrusion outward", ge=3, le=16)] = 7,
    grid: Annotated[int, Par("coarse steps across the gap; the fine ones are four times as many", ge=16, le=200)] = 80,
    context: Context,
) -> PotentialMap:
    """The potential between a flat electrode and one with half an ellipsoid of three axes on it, in space, sampled for flight.

    $\\nabla \\cdot \\nabla \\varphi = 0$ in the liquid, φ = 0 on the lower electrode and its protrusion, `voltage_V` on the
    upper, no flux through the side, as in `ions.field`, but solved in three dimensions: spectral elements on an exact map of
    a quarter of the cell. `tip_factor` is the field at the tip over voltage/gap, from the elements, in open space
    $2/(abc\\int_0^\\infty ds/[(s + c^2)\\sqrt{(s + a^2)(s + b^2)(s + c^2)}])$; `mesh_change` how much of it elements of one
    order less miss. Two grids in space, fine about the protrusion, are continued into every wall by reflection;
    `spline_error_*` is how far the field of a cubic spline through them is from the elements. *Valid when* no charge is left
    in the liquid and neither kinetics nor depletion shape the current. *Source* Deville, Fischer and Mund (2002), chapters 2
    and 4; verified on the ellipsoid of Landau and Lifshitz (1984), section 4, and on `ions.field` where both bases are equal.
    *Differs from the paper* in that the protrusion need not be round. Raises ConfigError: it does not fit, or its bases are
    too unequal.
    """
    longer, shorter = max(base_x_m, base_y_m), min(base_x_m, base_y_m)
    cell_of("hemispheroid", gap_m, radius_m, boss_height_m, longer)
    if longer > 5 * shorter or boss_height_m > 12 * shorter:
        raise ConfigError(
            f"bases of {1e6 * base_x_m:.3g} and {1e6 * base_y_m:.3g} um under {1e6 * boss_height_m:.3g} um are too unequal",
            "base_x_m",
            "one base up to five times the other, a height up to twelve times the shorter",
        )
    cell = EllipsoidCell(base_x_m / gap_m, base_y_m / gap_m, boss_height_m / gap_m, radius_m / gap_m)
    context.progress(0.05, "spectral elements")
    found = solve_ellipsoid(cell, order=order, elements=elements)
    coarser = solve_ellipsoid(cell, order=order - 1, elements=elements).tip
    context.progress(0.4, "sampling")
    axes = axes_of(cell, grid)
    samples = found.on_grid(*axes[0]), found.on_grid(*axes[1])
    flux = found.current / (np.pi * cell.radius**2)
    meta: dict[str, Any] = {
        "gap_m": gap_m,
        "radius_m": radius_m,
        "boss_height_m": boss_height_m,
        "boss_base_m": longer,
        "boss_shape": "ellipsoid",
        "tip_radius_m": min(shorter**2 / boss_height_m, shorter),
        "voltage_V": voltage_V,
        "distribution": "primary",
        "tip_factor": found.tip,
        "tip_current": found.tip / flux,
        "mesh_change": abs(coarser / found.tip - 1),
        "flux_factor": flux,
    }
    return boxed(axes, samples, _probed(found), voltage_V, meta)


def axes_of(cell: EllipsoidCell, grid: int) -> tuple[list[Floats], list[Floats]]:
    """The coarse and the fine axes x, y, z, in gaps; both have a node at 0 in the middle."""
    step, b = 1 / grid, max(cell.base_x, cell.base_y)
    shorter = min(cell.base_x, cell.base_y)
    reach = min(b + (PATCH - 1) * shorter, 0.9 * cell.radius)
    up = min(cell.height + (PATCH - 1) * shorter, 0.9)
    return (
        [_about_zero(cell.radius, step)] * 2 + [axis(0.0, 1.0, step)],
        [_about_zero(reach, step / FINER)] * 2 + [axis(0.0, up, step / FINER)],
    )


def _about_zero(half: float, step: float) -> Floats:
    return axis(-half, half, half / max(round(half / step), 2))


def _probed(found: EllipsoidPotential) -> Known:
    """Random points of the elements and their gradient, the same for every run."""
    rng = np.random.default_rng(0)
    s, t = (np.sort(rng.uniform(0, 1, 40)) for _ in range(2))
    at, slopes = found.field(s, np.sort(rng.uniform(0, 0.5 * np.pi, 6)), t)
    x, y, z = (v.ravel() for v in at)
    return x, y, z, slopes.reshape(3, -1).T.copy()


@field_ellipsoid.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis along x, and the protrusion."""
    draw_box(cell, ax)


@field_ellipsoid.demo
def demo(rng: np.random.Generator) -> Demo:
    """A hemisphere in a wide and high cell, whose field is nearly that in open space.

    The largest difference, a hundredth, is at the centre of the metal, from which every point of the wall is equally far: the
    continuation there is of no account. Elsewhere it is below 2e-4.
    """
    gap, top, size = rng.uniform(20e-6, 100e-6), rng.uniform(0.05, 0.5), rng.uniform(0.03, 0.05)
    parameters = {"gap_m": gap, "radius_m": gap, "boss_height_m": gap * size, "base_x_m": gap * size, "base_y_m": gap * size}
    parameters |= {"voltage_V": top, "order": 4, "elements": 5, "grid": 16}
    x, y, z = axes_of(EllipsoidCell(size, size, size, 1.0), 16)[0]
    high, along, across = np.meshgrid(z, y, x, indexing="ij")
    r = np.hypot(across, along)
    truth = top * hemisphere_at(size, np.where(r > 1, np.abs(2 - r), r), high)
    return Demo((), {"potential_box_V": truth}, parameters, tolerance=2e-2)
