"""The electric field in the cell at a given voltage across an even medium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.potential_map import PotentialMap
from anodefree.numerics.axisymmetric_potential import hemispheroid
from anodefree.numerics.potential_tables import Walls, continued, grids, sampled
from anodefree.physics.hemispheroid import potential_V
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.cell_map import described, draw_map, linear, mapped, primary
from anodefree.simulation.ions.cell_shape import Base, Elements, Gap, Height, Order, Radius, Shape, cell_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("ions.field", version=2, cites=("chen2026", "brenner2008", "landau1984"))
def field(
    *,
    gap_m: Gap = 50e-6,
    radius_m: Radius = 25e-6,
    boss_height_m: Height = 10e-6,
    boss_base_m: Base = 3e-6,
    shape: Shape = "hemispheroid",
    voltage_V: Annotated[
        float, Par("potential of the liquid at the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 0.1,
    order: Order = 4,
    elements: Elements = 16,
    context: Context,
) -> PotentialMap:
    """The potential between a flat electrode and one with a protrusion, by finite elements, sampled for flight.

    $\\nabla \\cdot \\nabla \\varphi = 0$ in the liquid, φ = 0 on the lower electrode and its protrusion, `voltage_V` on the
    upper, no flux through the side: the field of a voltage across an even medium. The elements live on an exact map of the
    cell, so curved walls are met exactly; `tip_factor` is the field at the tip over voltage/gap, from the elements, and
    `mesh_change` how much of it elements of one order less would miss. Maps reach beyond every wall by reflection;
    `spline_error_*` is how far the field of a cubic spline through them is from the elements, at random points.
    *Valid when* no charge is left in the liquid and neither kinetics nor depletion shape the current. A cone's tip has no
    finite field: its `tip_factor` depends on the mesh, and the figure says so. *Source* Brenner and Scott (2008), chapter 4;
    verified on the hemispheroid of Landau and Lifshitz (1984), section 4. *Differs from the paper* in nothing that it states:
    it gives neither gap nor voltage nor the protrusion's size. Raises ConfigError: the protrusion does not fit.
    """
    cell = cell_of(shape, gap_m, radius_m, boss_height_m, boss_base_m)
    context.progress(0.1, "finite elements")
    found = primary(cell, order, elements)
    context.progress(0.5, "sampling")
    meta = described(cell, shape, gap_m, radius_m, boss_height_m, boss_base_m, voltage_V) | found.meta
    return mapped(found.potential, linear(voltage_V), meta)


@field.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion."""
    draw_map(cell, ax)


@field.demo
def demo(rng: np.random.Generator) -> Demo:
    """A hemisphere in a wide and high cell, whose field is nearly that in open space."""
    gap, top, size = rng.uniform(20e-6, 100e-6), rng.uniform(0.05, 0.5), rng.uniform(0.03, 0.05)
    parameters = {"gap_m": gap, "radius_m": gap, "boss_height_m": gap * size, "boss_base_m": gap * size, "voltage_V": top}
    return Demo((), {"potential_V": top * hemisphere_in_space(size)}, parameters, tolerance=1e-3)


def hemisphere_in_space(size: float) -> np.ndarray:
    """The closed form on the coarse grid of a cell of the radius and height 1, with the far field 1."""
    return sampled(_around(size), grids(_around(size))[0])


def hemisphere_at(size: float, r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The same at any points, continued beyond the walls."""
    return continued(_around(size), r, z)


def _around(size: float) -> Walls:
    def exact(r: np.ndarray, z: np.ndarray) -> np.ndarray:
        return potential_V(r, z, size, size, 1.0)

    return Walls(exact, hemispheroid(size, size), size, size, 1.0, 1.0)
