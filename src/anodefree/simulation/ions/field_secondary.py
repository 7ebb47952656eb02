"""The electric field where charge transfer takes its share: the secondary current distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.potential_map import PotentialMap
from anodefree.numerics.secondary_current import Floats, Law, electrodes, solve_secondary
from anodefree.physics.butler_volmer import overpotential_V, thermal_voltage_V
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
    Temperature,
    cell_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def law(j0: float, transfer_coefficient: float, *, plating: bool) -> Law:
    """The size of the Butler-Volmer current density and its slope against the size of the driving force in RT/F."""
    a = transfer_coefficient if plating else 1 - transfer_coefficient

    def of(x: Floats) -> tuple[Floats, Floats]:
        forth, back = j0 * np.exp(a * x), j0 * np.exp((a - 1) * x)
        return forth - back, a * forth + (1 - a) * back

    return of


@stage("ions.field_secondary", version=1, cites=("newman2004", "bard2001", "brenner2008"))
def field_secondary(
    *,
    gap_m: Gap = 50e-6,
    radius_m: Radius = 25e-6,
    boss_height_m: Height = 10e-6,
    boss_base_m: Base = 3e-6,
    shape: Shape = "hemispheroid",
    current_density_A_m2: Current = 10.0,
    conductivity_S_m: Conductivity = 1.0,
    j0_A_m2: Annotated[
        float, Par("exchange current density of the lower electrode", gt=0, source="about 1 mA/cm2 on lithium", assumed=True)
    ] = 10.0,
    upper_j0_A_m2: Annotated[
        float, Par("exchange current density of the upper, lithium electrode", gt=0, source="as the lower one's", assumed=True)
    ] = 10.0,
    transfer_coefficient: Annotated[
        float, Par("cathodic transfer coefficient of both", gt=0, lt=1, source="symmetric barrier", assumed=True)
    ] = 0.5,
    temperature_K: Temperature = 298.15,
    order: Order = 4,
    elements: Elements = 16,
    context: Context,
) -> PotentialMap:
    """The potential at a mean current density with Butler-Volmer kinetics on both electrodes, sampled for flight.

    $\\nabla \\cdot \\sigma \\nabla\\varphi = 0$; where the liquid meets an electrode of the potential Φ,
    $j = j_0 [e^{(1-\\alpha) F\\eta/RT} - e^{-\\alpha F\\eta/RT}]$ with η = Φ - φ; no current through the side. The nonlinear
    boundary terms and the upper metal's potential are solved together by Newton's method on a convex energy. Beside an
    electrode φ varies, so the map has `wall`; its zero is the mean beside the lower electrode. `wagner_number` is
    $\\sigma (d\\eta/dj)/L$ of the lower electrode at the mean current: far below 1 the distribution is primary, far above 1 the
    current is even over the true surface (`tip_current` a little below 1). `cell_voltage_V` is between the metals.
    *Valid when* the salt stays even, and each electrode is metal at one potential with the same kinetics everywhere, tip
    included. *Source* Newman and Thomas-Alyea (2004), chapter 18; Bard and Faulkner (2001), equation 3.4.11.
    *Differs from the paper*, whose field has no kinetics. Raises ConfigError: the protrusion does not fit; NumericalError: the
    current does not settle.
    """
    cell = cell_of(shape, gap_m, radius_m, boss_height_m, boss_base_m)
    context.progress(0.1, "finite elements")
    first = primary(cell, order, elements)
    thermal = float(thermal_voltage_V(temperature_K))
    unit = conductivity_S_m * thermal / gap_m
    mean = current_density_A_m2 / unit
    below = law(j0_A_m2 / unit, transfer_coefficient, plating=True)
    above = law(upper_j0_A_m2 / unit, transfer_coefficient, plating=False)
    sizes = (
        -float(overpotential_V(-current_density_A_m2, j0_A_m2, transfer_coefficient, temperature_K)),
        float(overpotential_V(current_density_A_m2, upper_j0_A_m2, transfer_coefficient, temperature_K)),
    )
    drop = mean / first.flux_factor
    context.progress(0.3, "kinetics")
    found = solve_secondary(first.space, below, above, mean, drop * first.potential.values, drop + sum(sizes) / thermal)
    lower, upper = electrodes(first.space)
    beside = [wall.total(wall.at(found.potential.values)) / wall.area for wall in (lower, upper)]
    tip = float(found.potential.wall[2][0])
    context.progress(0.6, "sampling")
    voltage_V = thermal * (beside[1] - beside[0])
    meta = described(cell, shape, gap_m, radius_m, boss_height_m, boss_base_m, voltage_V) | {
        "distribution": "secondary",
        "tip_factor": tip * thermal / voltage_V,
        "tip_current": tip / mean,
        "mesh_change": first.mesh_change,
        "cell_voltage_V": thermal * found.upper,
        "current_density_A_m2": current_density_A_m2,
        "conductivity_S_m": conductivity_S_m,
        "wagner_number": 1 / float(below(np.asarray(sizes[0] / thermal))[1]),
    }
    return mapped(found.potential, linear(thermal, beside[0]), meta, wall=first.potential)


@field_secondary.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion."""
    draw_map(cell, ax)


@field_secondary.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell that is all but flat: the potential rises by j over sigma, the overpotentials are beyond the liquid."""
    gap, current, sigma = rng.uniform(2e-5, 1e-4), rng.uniform(5, 50), rng.uniform(0.2, 2)
    z = np.arange(-14, 415) * gap / 400
    parameters = {
        "gap_m": gap,
        "radius_m": 0.5 * gap,
        "boss_height_m": 0.001 * gap,
        "boss_base_m": 0.1 * gap,
        "shape": "cone",
        "current_density_A_m2": current,
        "conductivity_S_m": sigma,
        "j0_A_m2": rng.uniform(1, 100),
        "order": 3,
        "elements": 8,
    }
    return Demo((), {"potential_V": np.repeat(current / sigma * z[:, None], 229, axis=1)}, parameters, tolerance=2e-3)
