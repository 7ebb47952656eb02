"""The electric field where the salt is depleted: steady Nernst-Planck transport of a binary electrolyte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.potential_map import PotentialMap
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.cell_map import Floats, Scale, described, draw_map, mapped, primary
from anodefree.simulation.ions.cell_shape import (
    Base,
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


def logarithm(thermal_V: float, excess: float) -> Scale:
    """(RT/F) ln(1 + a u); beyond the lower wall, where u < 0, by its Taylor polynomial of the third order, which also rises."""

    def value(u: Floats) -> Floats:
        x = excess * u
        return thermal_V * np.where(x > 0, np.log1p(np.maximum(x, 0.0)), x - x**2 / 2 + x**3 / 3)

    def slope(u: Floats) -> Floats:
        x = excess * u
        return thermal_V * excess * np.where(x > 0, 1 / (1 + np.maximum(x, 0.0)), 1 - x + x**2)

    return Scale(value, slope)


@stage("ions.field_depleted", version=1, cites=("newman2004", "chazalviel1990", "brenner2008"))
def field_depleted(
    *,
    gap_m: Gap = 50e-6,
    radius_m: Radius = 25e-6,
    boss_height_m: Height = 10e-6,
    boss_base_m: Base = 3e-6,
    shape: Shape = "hemispheroid",
    current_density_A_m2: Current = 10.0,
    cation_diffusivity_m2_s: Annotated[
        float, Par("diffusion coefficient of Li+", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
    ] = 3e-10,
    salt_mol_m3: Annotated[float, Par("mean concentration of the salt", gt=0, source="1 mol/L", assumed=True)] = 1000.0,
    temperature_K: Temperature = 298.15,
    order: Order = 4,
    elements: Elements = 16,
    context: Context,
) -> PotentialMap:
    """The potential when a steady current has drawn the salt to the upper electrode, sampled for flight.

    Nernst-Planck for both ions, electroneutral. The anion does not react, so in the steady state it is at rest:
    $\\varphi = (RT/F) \\ln c$ plus a constant, $j = 2 F D_+ \\nabla c$ and $\\nabla \\cdot \\nabla c = 0$. Electrodes at
    equilibrium keep c even beside them, so c is the primary shape u between two values, $c = c_0 + (c_1 - c_0) u$, the mean
    salt conserved; $c_0$ reaches zero at `limiting_current_A_m2`, $4 F D_+ c/L$ in the flat cell. This is the potential that
    an ion feels; of its gradient the share $2 t_+$ is ohmic and $1 - 2 t_+$ the diffusion potential, which vanishes for ions
    alike. `tip_factor` is the field at the tip over voltage/gap: depletion concentrates the field at the lower electrode.
    *Valid when* the solution is dilute and at rest, the current has flowed for longer than $L^2/D$, and charge transfer is
    fast. *Source* Newman and Thomas-Alyea (2004), chapter 11; Chazalviel, Phys. Rev. A 42 (1990) 7355 (what follows at the
    limiting current). *Differs from the paper*, whose field does not change with the salt. Raises ConfigError: the protrusion
    does not fit, the current is not below the limiting one.
    """
    cell = cell_of(shape, gap_m, radius_m, boss_height_m, boss_base_m)
    context.progress(0.1, "finite elements")
    found = primary(cell, order, elements)
    permeance = 2 * FARADAY_C_MOL * cation_diffusivity_m2_s * found.flux_factor / gap_m
    limiting = permeance * salt_mol_m3 / found.mean
    if current_density_A_m2 >= 0.999 * limiting:
        raise ConfigError(
            f"{0.1 * current_density_A_m2:.4g} mA/cm2 is not below the limiting current of {0.1 * limiting:.4g} mA/cm2: "
            "there is no steady state with salt left at the lower electrode",
            "current_density_A_m2",
            "lower the current, narrow the gap, or take more salt",
        )
    rise = current_density_A_m2 / permeance
    least = salt_mol_m3 - rise * found.mean
    thermal = float(thermal_voltage_V(temperature_K))
    voltage_V = thermal * float(np.log1p(rise / least))
    context.progress(0.5, "sampling")
    tip = found.tip * thermal * rise / least / voltage_V
    meta = described(cell, shape, gap_m, radius_m, boss_height_m, boss_base_m, voltage_V) | found.meta
    meta |= {
        "distribution": "depleted",
        "tip_factor": tip,
        "current_density_A_m2": current_density_A_m2,
        "limiting_current_A_m2": limiting,
        "least_salt_mol_m3": least,
        "most_salt_mol_m3": least + rise,
    }
    return mapped(found.potential, logarithm(thermal, rise / least), meta, wall=found.potential)


@field_depleted.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion."""
    draw_map(cell, ax)


@field_depleted.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell that is all but flat: c rises evenly from c (1 - j/jlim) to c (1 + j/jlim), and phi with its logarithm."""
    gap, diffusivity, salt, part = (
        rng.uniform(2e-5, 1e-4),
        rng.uniform(1e-10, 5e-10),
        rng.uniform(200, 2000),
        rng.uniform(0.1, 0.7),
    )
    limiting = 4 * FARADAY_C_MOL * diffusivity * salt / gap
    phi = logarithm(float(thermal_voltage_V(298.15)), 2 * part / (1 - part)).value(np.arange(-14, 415) / 400)
    parameters = {
        "gap_m": gap,
        "radius_m": 0.5 * gap,
        "boss_height_m": 0.001 * gap,
        "boss_base_m": 0.1 * gap,
        "shape": "cone",
        "current_density_A_m2": part * limiting,
        "cation_diffusivity_m2_s": diffusivity,
        "salt_mol_m3": salt,
        "order": 3,
        "elements": 8,
    }
    return Demo((), {"potential_V": np.repeat(phi[:, None], 229, axis=1)}, parameters, tolerance=2e-2)
