"""The electric field in an ohmic electrolyte at a given current density: the primary current distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.kinds.potential_map import PotentialMap
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.cell_map import described, draw_map, linear, mapped, primary
from anodefree.simulation.ions.cell_shape import (
    Base,
    Conductivity,
    Current,
    Elements,
    Gap,
    Height,
    Order,
    Radius,
    Shape,
    cell_of,
)
from anodefree.simulation.ions.field import hemisphere_in_space

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("ions.field_primary", version=1, cites=("newman2004", "brenner2008", "landau1984"))
def field_primary(
    *,
    gap_m: Gap = 50e-6,
    radius_m: Radius = 25e-6,
    boss_height_m: Height = 10e-6,
    boss_base_m: Base = 3e-6,
    shape: Shape = "hemispheroid",
    current_density_A_m2: Current = 10.0,
    conductivity_S_m: Conductivity = 1.0,
    order: Order = 4,
    elements: Elements = 16,
    context: Context,
) -> PotentialMap:
    """The potential in an ohmic electrolyte at a mean current density: the primary current distribution, sampled for flight.

    $j = -\\sigma \\nabla\\varphi$, $\\nabla \\cdot j = 0$, φ = 0 beside the lower electrode and its protrusion and even
    beside the upper one, no current through the side. The shape is that of `ions.field`; its voltage follows from the current:
    $V = j L/(\\sigma f)$, f (`flux_factor`) being the current over that of the flat cell. `tip_current` is the current density
    at the tip over the mean one.
    *Valid when* charge transfer costs nothing against the ohmic drop (a Wagner number far below 1: in a gap of tens of
    micrometres it hardly ever is, see `ions.field_secondary`) and the salt stays even (far below the limiting current, see
    `ions.field_depleted`). *Source* Newman and Thomas-Alyea (2004), chapter 18; elements as in Brenner and Scott (2008).
    *Differs from the paper*, which sets a potential and states no current. Raises ConfigError: the protrusion does not fit.
    """
    cell = cell_of(shape, gap_m, radius_m, boss_height_m, boss_base_m)
    context.progress(0.1, "finite elements")
    found = primary(cell, order, elements)
    context.progress(0.5, "sampling")
    voltage_V = current_density_A_m2 * gap_m / (conductivity_S_m * found.flux_factor)
    meta = described(cell, shape, gap_m, radius_m, boss_height_m, boss_base_m, voltage_V) | found.meta
    meta |= {"current_density_A_m2": current_density_A_m2, "conductivity_S_m": conductivity_S_m}
    return mapped(found.potential, linear(voltage_V), meta)


@field_primary.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion."""
    draw_map(cell, ax)


@field_primary.demo
def demo(rng: np.random.Generator) -> Demo:
    """A hemisphere in a wide and high cell: the closed form, whose far field is j over sigma."""
    gap, current, sigma, size = rng.uniform(2e-5, 1e-4), rng.uniform(5, 50), rng.uniform(0.2, 2), rng.uniform(0.03, 0.05)
    parameters = {
        "gap_m": gap,
        "radius_m": gap,
        "boss_height_m": gap * size,
        "boss_base_m": gap * size,
        "current_density_A_m2": current,
        "conductivity_S_m": sigma,
    }
    return Demo((), {"potential_V": current * gap / sigma * hemisphere_in_space(size)}, parameters, tolerance=1e-3)
