"""The activation energy that two resistances at two temperatures imply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.numerics.propagation import linear
from anodefree.physics.arrhenius import activated_resistance_ohm, log_conductance
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def barrier_J_mol(
    cold_ohm: np.ndarray, cold_K: np.ndarray, warm_ohm: np.ndarray, warm_K: np.ndarray, with_temperature_factor: bool
) -> np.ndarray:
    """Ea = R_g [ln(T/R)_warm - ln(T/R)_cold]/(1/T_cold - 1/T_warm) [J/mol]."""
    rise = log_conductance(warm_K, warm_ohm, with_temperature_factor) - log_conductance(
        cold_K, cold_ohm, with_temperature_factor
    )
    return GAS_J_MOL_K * rise / (1 / cold_K - 1 / warm_K)


@stage("kinetics.barrier", version=1, cites=("chen2026", "jcgm100"))
def barrier(
    *,
    cold_ohm: Annotated[Uncertain, Par("resistance at the lower temperature", gt=0)],
    cold_temperature_K: Annotated[Uncertain, Par("the lower temperature", gt=0)],
    warm_ohm: Annotated[Uncertain, Par("resistance at the higher temperature", gt=0)],
    warm_temperature_K: Annotated[Uncertain, Par("the higher temperature", gt=0)],
    with_temperature_factor: Annotated[bool, Par("T/R is activated (hopping), rather than 1/R")] = True,
) -> Result:
    """Activation energy from a resistance at two temperatures.

    Ea = R_g ln[(T/R)_warm/(T/R)_cold]/(1/T_cold - 1/T_warm) [J/mol], with 1/R in place of T/R where the factor is left out.
    Uncertainties are propagated to first order; `contribution_J_mol` is the share of each input.
    *Valid when* one process limits the transfer at both temperatures: two points cannot show a bend, a series can
    (`eis.arrhenius`).
    *Source* Chen et al. 2026, section 4.2.1, for the form with T/R.
    Raises ConfigError where the temperatures are not apart.
    """
    inputs = {n: v for n, v in locals().items() if isinstance(v, Uncertain)}
    apart = warm_temperature_K.value - cold_temperature_K.value
    if apart <= 0:
        raise ConfigError("the higher temperature is not above the lower", "kinetics.barrier", "exchange them")

    def of(
        cold_ohm: np.ndarray, cold_temperature_K: np.ndarray, warm_ohm: np.ndarray, warm_temperature_K: np.ndarray
    ) -> np.ndarray:
        return barrier_J_mol(cold_ohm, cold_temperature_K, warm_ohm, warm_temperature_K, with_temperature_factor)

    found = linear(of, inputs, {n: (1e-3 * x.value, np.inf) for n, x in inputs.items()})
    spread = np.hypot(warm_temperature_K.std, cold_temperature_K.std)
    checks = [
        Check.that(
            "temperatures",
            apart >= 10 and spread < 0.1 * apart,
            f"{apart:.3g} K apart",
            f"only {apart:.3g} K apart, known to {spread:.2g} K: the barrier rests on little",
        )
    ]
    temperature = np.linspace(cold_temperature_K.value - 0.1 * apart, warm_temperature_K.value + 0.1 * apart, 61)
    line = activated_resistance_ohm(temperature, cold_ohm.value, cold_temperature_K.value, found.value, with_temperature_factor)
    curves = {
        "temperature_K": ("point", temperature),
        "resistance_ohm": ("point", line),
        "stated_K": ("end", np.array([cold_temperature_K.value, warm_temperature_K.value])),
        "stated_ohm": ("end", np.array([cold_ohm.value, warm_ohm.value])),
        "stated_std_ohm": ("end", np.array([cold_ohm.std, warm_ohm.std])),
        "input_name": ("input", np.array(list(found.contributions))),
        "contribution_J_mol": ("input", np.array(list(found.contributions.values()))),
    }
    return Result.of(
        {"Ea": Estimate(found.value, found.std, "J/mol", "activation energy from two temperatures")}, curves, checks
    )


@barrier.plot
def draw(result: Result, ax: Axes) -> None:
    """Both resistances and the activated line through them."""
    c = result.curves
    ax.semilogy(1e3 / c["temperature_K"].values, c["resistance_ohm"].values, color=SOFT, label=f"{result.estimates['Ea']}")
    ends = 1e3 / c["stated_K"].values
    ax.errorbar(ends, c["stated_ohm"].values, c["stated_std_ohm"].values, fmt="o", color=COLOURS[0], capsize=2, label="stated")
    ax.set(xlabel="1000 K / T", ylabel="resistance / ohm")
    ax.legend(loc="upper left")


@barrier.demo
def demo(rng: np.random.Generator) -> Demo:
    """A resistance of known barrier, measured at two temperatures."""
    energy, cold, warm = float(rng.uniform(40e3, 80e3)), 283.15, 313.15
    at_cold, at_warm = 200.0, float(activated_resistance_ohm(warm, 200.0, cold, energy))
    return Demo(
        (),
        {"Ea": energy},
        {
            "cold_ohm": Uncertain(at_cold * (1 + 0.03 * rng.normal()), 0.03 * at_cold),
            "warm_ohm": Uncertain(at_warm * (1 + 0.03 * rng.normal()), 0.03 * at_warm),
            "cold_temperature_K": Uncertain(cold + 0.5 * rng.normal(), 0.5),
            "warm_temperature_K": Uncertain(warm + 0.5 * rng.normal(), 0.5),
        },
    )
