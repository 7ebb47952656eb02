"""The overpotential that an exchange current density implies for a plating and stripping cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics.butler_volmer import charge_transfer_resistance_ohm_m2, plating_and_stripping_V, thermal_voltage_V
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_RESISTANCE = Uncertain(0.0)
BOUNDS = {"j0_A_m2": (1e-12, np.inf), "area_resistance_ohm_m2": (0.0, np.inf)}


@stage("kinetics.overpotential", version=1, cites=("bard2001", "chen2026", "jcgm100"))
def overpotential(
    *,
    current_density_A_m2: Annotated[Uncertain, Par("current density that is applied", gt=0)],
    j0_A_m2: Annotated[Uncertain, Par("exchange current density of each electrode", gt=0)],
    transfer_coefficient: Annotated[
        float, Par("cathodic transfer coefficient", gt=0, lt=1, source="½: a symmetric barrier; not stated", assumed=True)
    ] = 0.5,
    temperature_K: Annotated[
        float, Par("temperature", gt=0, source="25 °C, room temperature; not stated", assumed=True)
    ] = 298.15,
    electrodes: Annotated[int, Par("1: plating on one electrode; 2: plating on one, stripping on the other", ge=1, le=2)] = 2,
    area_resistance_ohm_m2: Annotated[
        Uncertain,
        Par("ohmic resistance of electrolyte and interphases, per area", ge=0, source="0: none is stated", assumed=True),
    ] = NO_RESISTANCE,
) -> Result:
    r"""Overpotential of a symmetric cell from its exchange current density.

    η = |η_plating| + |η_stripping| + j R [V], each electrode's part being the inverse of Butler-Volmer,
    j = j0 {exp[(1 - α)Fη/RT] - exp[-αFη/RT]}; for α = ½ this is 2 (2RT/F) asinh(j/2j0) + j R. For α ≠ ½ plating and stripping
    differ and both are solved for. At rest the slope is the charge-transfer resistance, 2RT/(F j0) [ohm m2].
    Uncertainties are propagated to first order; `contribution_V` is the share of each input.
    *Valid when* charge transfer of one electron limits the rate, both electrodes have the same j0 and a smooth surface of the
    stated area. Without the ohmic part and without depletion of the electrolyte it is a lower bound of what a cell shows.
    *Source* Bard and Faulkner 2001, equations 3.4.11 and 3.4.13.
    """
    given = {
        "current_density_A_m2": current_density_A_m2,
        "j0_A_m2": j0_A_m2,
        "area_resistance_ohm_m2": area_resistance_ohm_m2,
    }

    def total(current_density_A_m2: np.ndarray, j0_A_m2: np.ndarray, area_resistance_ohm_m2: np.ndarray) -> np.ndarray:
        parts = plating_and_stripping_V(current_density_A_m2, j0_A_m2, transfer_coefficient, temperature_K)
        return sum(parts[:electrodes]) + current_density_A_m2 * area_resistance_ohm_m2

    def at_rest(j0_A_m2: np.ndarray) -> np.ndarray:
        return electrodes * charge_transfer_resistance_ohm_m2(j0_A_m2, temperature_K)

    found = linear(total, given, BOUNDS)
    resistance = linear(at_rest, {"j0_A_m2": j0_A_m2}, BOUNDS)
    ohmic = current_density_A_m2.value * area_resistance_ohm_m2.value
    currents = np.linspace(0.0, 2 * current_density_A_m2.value, 81)
    j0, u0, r = j0_A_m2.value, j0_A_m2.std, area_resistance_ohm_m2.value
    whole = total(currents, np.asarray(j0), np.asarray(r))
    low_j0 = max(j0 - u0, BOUNDS["j0_A_m2"][0])
    slope = (total(currents, np.asarray(j0 + u0), np.asarray(r)) - total(currents, np.asarray(low_j0), np.asarray(r))) / (
        j0 + u0 - low_j0 or 1.0
    )
    unsure = np.hypot(slope * u0, currents * area_resistance_ohm_m2.std)
    checks = [
        Check.that(
            "ohmic part",
            ohmic > 0,
            f"{1e3 * ohmic:.3g} mV of it is ohmic",
            "no ohmic resistance is given: this is the charge-transfer part alone, a lower bound",
        ),
        Check.that(
            "exchange current density",
            j0_A_m2.std <= 0.3 * j0_A_m2.value,
            "its uncertainty is small enough for first-order propagation",
            "its uncertainty is above 30 %: the distribution of the overpotential is not normal",
        ),
    ]
    return Result.of(
        {
            "overpotential": Estimate(found.value, found.std, "V", "overpotential", "mV"),
            "charge_transfer_resistance": Estimate(
                resistance.value, resistance.std, "ohm m2", "charge-transfer resistance at rest"
            ),
        },
        {
            "current_density_A_m2": ("point", currents),
            "overpotential_V": ("point", whole),
            "overpotential_std_V": ("point", unsure),
            "linear_V": ("point", currents * (resistance.value + area_resistance_ohm_m2.value)),
            "input_name": ("input", np.array(list(found.contributions))),
            "contribution_V": ("input", np.array(list(found.contributions.values()))),
        },
        checks,
    )


@overpotential.plot
def draw(result: Result, ax: Axes) -> None:
    """Overpotential against current density, its band, and the linear limit."""
    j = 0.1 * result.curves["current_density_A_m2"].values
    eta, std = (1e3 * result.curves[n].values for n in ("overpotential_V", "overpotential_std_V"))
    ax.fill_between(j, eta - 2 * std, eta + 2 * std, color=COLOURS[0], alpha=0.2, linewidth=0, label="± 2 std")
    ax.plot(j, eta, color=COLOURS[0], label="Butler-Volmer")
    ax.plot(j, 1e3 * result.curves["linear_V"].values, color=SOFT, linestyle="--", label="linear limit")
    found = result.estimates["overpotential"]
    middle = j[len(j) // 2]
    ax.errorbar([middle], [1e3 * found.value], [1e3 * found.std], fmt="o", color=INK, capsize=2)
    ax.annotate(
        f"{1e3 * found.value:.1f} mV", (middle, 1e3 * found.value), (6, -10), textcoords="offset points", color=INK, fontsize=7
    )
    ax.set(xlabel="current density / mA cm$^{-2}$", ylabel="overpotential / mV", xlim=(0, None), ylim=(0, 1.35 * eta.max()))
    ax.legend(loc="upper left")


@overpotential.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell of known kinetics and resistance, of which j, j0 and R were measured."""
    alpha = float(rng.uniform(0.35, 0.65))
    j, j0, area_resistance = rng.uniform(5, 30), rng.uniform(2, 20), rng.uniform(5e-4, 2e-3)
    eta = sum(plating_and_stripping_V(j, j0, alpha)) + j * area_resistance
    return Demo(
        (),
        {"overpotential": float(eta), "charge_transfer_resistance": float(2 * thermal_voltage_V(298.15) / j0)},
        {
            "current_density_A_m2": Uncertain(j * (1 + 0.005 * rng.normal()), 0.005 * j),
            "j0_A_m2": Uncertain(j0 * (1 + 0.05 * rng.normal()), 0.05 * j0),
            "area_resistance_ohm_m2": Uncertain(area_resistance * (1 + 0.05 * rng.normal()), 0.05 * area_resistance),
            "transfer_coefficient": alpha,
        },
    )
