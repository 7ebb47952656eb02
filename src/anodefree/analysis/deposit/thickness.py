"""How thick a charge of lithium is, dense and with pores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics.lithium import (
    DENSITY,
    DENSITY_SOURCE,
    MOLAR_MASS,
    MOLAR_MASS_SOURCE,
    dense_thickness_m,
    thickness_m,
)
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENSE = Uncertain(0.0)
BOUNDS = {"charge_C_m2": (0.0, np.inf), "porosity": (0.0, 1 - 1e-9), "density_kg_m3": (1.0, np.inf)}


@stage("deposit.thickness", version=1, cites=("chen2026", "prohaska2022", "haynes2016", "jcgm100"))
def thickness(
    *,
    charge_C_m2: Annotated[Uncertain, Par("charge plated per area", gt=0)],
    porosity: Annotated[
        Uncertain, Par("part of the deposit that is empty", ge=0, lt=1, source="0: a dense layer", assumed=True)
    ] = DENSE,
    molar_mass_kg_mol: Annotated[Uncertain, Par("molar mass of lithium", gt=0, source=MOLAR_MASS_SOURCE)] = MOLAR_MASS,
    density_kg_m3: Annotated[Uncertain, Par("density of lithium metal", gt=0, source=DENSITY_SOURCE)] = DENSITY,
) -> Result:
    """Thickness of plated lithium from its charge.

    d_t = q M/(F ρ) [m] if dense and d = d_t/(1 - P) [m] at porosity P, with the charge q [C/m2], M = 6.94 g/mol, ρ = 534 kg/m3;
    0.15 mAh/cm2 is 0.727 µm. Uncertainties are propagated to first order; `contribution_m` is the share of each input.
    *Valid when* all charge plates lithium that stays metallic: what side reactions or the interphase take makes it thinner, by
    1 - CE. *Source* Faraday's law; Chen et al. 2026, section 2.4 (there 0.73 µm).
    """
    inputs = {
        "charge_C_m2": charge_C_m2,
        "porosity": porosity,
        "molar_mass_kg_mol": molar_mass_kg_mol,
        "density_kg_m3": density_kg_m3,
    }

    def dense(charge_C_m2: np.ndarray, molar_mass_kg_mol: np.ndarray, density_kg_m3: np.ndarray, **_: np.ndarray) -> np.ndarray:
        return dense_thickness_m(charge_C_m2, molar_mass_kg_mol, density_kg_m3)

    def porous(porosity: np.ndarray, **rest: np.ndarray) -> np.ndarray:
        return thickness_m(dense(**rest), porosity)

    solid, whole = linear(dense, inputs, BOUNDS), linear(porous, inputs, BOUNDS)
    charges = np.linspace(0.0, 2 * charge_C_m2.value, 61)
    solid_line = dense_thickness_m(charges, molar_mass_kg_mol.value, density_kg_m3.value)
    return Result.of(
        {
            "dense_thickness": Estimate(solid.value, solid.std, "m", "dense thickness"),
            "thickness": Estimate(whole.value, whole.std, "m", "thickness with pores"),
        },
        {
            "charge_C_m2": ("point", charges),
            "dense_thickness_m": ("point", solid_line),
            "thickness_m": ("point", thickness_m(solid_line, porosity.value)),
            "input_name": ("input", np.array(list(whole.contributions))),
            "contribution_m": ("input", np.array(list(whole.contributions.values()))),
        },
        [
            Check.that(
                "charge",
                charge_C_m2.std < 0.3 * charge_C_m2.value,
                "its uncertainty is small enough for first-order propagation",
                "its uncertainty is above 30 %: the distribution of the thickness is not normal",
            )
        ],
    )


@thickness.plot
def draw(result: Result, ax: Axes) -> None:
    """Thickness against charge, dense and with pores."""
    charge = result.curves["charge_C_m2"].values / 36000
    middle = charge[len(charge) // 2]
    for name, estimate, colour, label in (
        ("dense_thickness_m", "dense_thickness", SOFT, "dense"),
        ("thickness_m", "thickness", COLOURS[0], "with its pores"),
    ):
        ax.plot(charge, result.curves[name].values * 1e6, color=colour, label=label)
        value = result.estimates[estimate]
        ax.errorbar([middle], [value.value * 1e6], [value.std * 1e6], fmt="o", color=colour, capsize=2)
    ax.set(xlabel="charge / mAh cm$^{-2}$", ylabel="thickness / µm", xlim=(0, None), ylim=(0, None))
    ax.legend(loc="upper left")


@thickness.demo
def demo(rng: np.random.Generator) -> Demo:
    """A porous deposit whose charge and porosity were measured."""
    charge, pores = rng.uniform(2e3, 2e4), rng.uniform(0.1, 0.7)
    mass, density = rng.normal(MOLAR_MASS.value, MOLAR_MASS.std), rng.normal(DENSITY.value, DENSITY.std)
    solid = float(dense_thickness_m(charge, mass, density))
    return Demo(
        (),
        {"dense_thickness": solid, "thickness": solid / (1 - pores)},
        {
            "charge_C_m2": Uncertain(charge * (1 + 0.01 * rng.normal()), 0.01 * charge),
            "porosity": Uncertain(pores + 0.02 * rng.normal(), 0.02),
        },
    )
