"""Which share of a fast phase an interphase's activation energy allows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics.composites import falling_root
from anodefree.physics.interphase_conduction import BOUNDS, LABELS, RULES, Exponent, Mixing, Threshold, by_rule
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("interphase.conducting_fraction", version=1, cites=("hashin1962", "mclachlan1987", "jcgm100"))
def conducting_fraction(
    *,
    activation_J_mol: Annotated[Uncertain, Par("measured activation energy of the interphase", gt=0)],
    fast_S_m: Annotated[Uncertain, Par("ionic conductivity of the phase that conducts better", gt=0)],
    fast_activation_J_mol: Annotated[Uncertain, Par("activation energy of that phase", ge=0)],
    slow_S_m: Annotated[Uncertain, Par("ionic conductivity of the other phase", gt=0)],
    slow_activation_J_mol: Annotated[Uncertain, Par("activation energy of the other phase", ge=0)],
    temperature_K: Annotated[float, Par("temperature of the conductivities and about which Ea was measured", gt=0)] = 318.15,
    threshold: Threshold = 1 / 3,
    exponent: Exponent = 1.0,
) -> Result:
    """Volume fraction of the better conducting phase that an activation energy allows, by five rules of mixture.

    Solves Ea(f) = Ea_measured for each rule of `interphase.conduction`; uncertainties to first order. An energy outside those
    of the two phases gives 0 or 1 with a failed check.
    *Valid when* the better conductor has the lower activation energy and nothing but these two phases limits the ions.
    *Source* Hashin and Shtrikman 1962; McLachlan 1987. The paper reads no fraction off its energies.
    """
    inputs = {
        "activation_J_mol": activation_J_mol,
        "fast_S_m": fast_S_m,
        "fast_activation_J_mol": fast_activation_J_mol,
        "slow_S_m": slow_S_m,
        "slow_activation_J_mol": slow_activation_J_mol,
    }
    mixing = Mixing(temperature_K, temperature_K, threshold, exponent)
    found = {
        rule: linear(partial(fraction, mixing, rule), inputs, {**BOUNDS, "activation_J_mol": (0.0, np.inf)}) for rule in RULES
    }
    low = fast_activation_J_mol.value + fast_activation_J_mol.std
    high = slow_activation_J_mol.value - slow_activation_J_mol.std
    line = np.linspace(fast_activation_J_mol.value, slow_activation_J_mol.value, 61)
    filled = {**{n: np.full(61, x.value) for n, x in inputs.items()}, "activation_J_mol": line}
    return Result.of(
        {f"fraction_{rule}": Estimate(found[rule].value, found[rule].std, "1", LABELS[rule], "%") for rule in RULES},
        {
            "activation_J_mol": ("point", line),
            **{f"fraction_{rule}": ("point", fraction(mixing, rule, **filled)) for rule in RULES},
            "measured_J_mol": ("measured", np.array([activation_J_mol.value, activation_J_mol.std])),
        },
        [
            Check.that(
                "between the phases",
                low < activation_J_mol.value < high,
                "the activation energy lies between those of the two phases",
                "the activation energy lies outside those of the two phases, or within an error of one: another phase, or an "
                "interface between them, limits the ions",
            )
        ],
    )


def fraction(mixing: Mixing, rule: str, activation_J_mol: np.ndarray, **phases: np.ndarray) -> np.ndarray:
    """Fraction of the better conductor by a rule, elementwise; its rise lowers the activation energy."""

    def excess(fast: np.ndarray) -> np.ndarray:
        return by_rule(mixing, {**phases, "fast_fraction": fast}, rule)[f"Ea_{rule}"] - activation_J_mol

    return falling_root(excess, np.zeros_like(activation_J_mol), np.ones_like(activation_J_mol), halvings=30)


@conducting_fraction.plot
def draw(result: Result, ax: Axes) -> None:
    """Fraction against activation energy, by every rule, and the measured value."""
    energies = result.curves["activation_J_mol"].values / 1e3
    colours = (COLOURS[2], COLOURS[0], INK, COLOURS[0], COLOURS[3])
    for rule, colour, style in zip(RULES, colours, ("-", "--", "-", ":", "-"), strict=True):
        ax.plot(energies, 100 * result.curves[f"fraction_{rule}"].values, color=colour, linestyle=style, label=LABELS[rule])
    value, std = result.curves["measured_J_mol"].values / 1e3
    ax.axvspan(value - std, value + std, color=COLOURS[1], alpha=0.3, linewidth=0, label="measured")
    ax.set(xlabel="activation energy / kJ mol$^{-1}$", ylabel="better conducting phase / vol%", ylim=(0, 100))
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncol=2, fontsize="small")


@conducting_fraction.demo
def demo(rng: np.random.Generator) -> Demo:
    """Five films of one activation energy, each arranged by another rule; energy and phases were measured."""
    true = {
        "activation_J_mol": rng.uniform(55e3, 65e3),
        "fast_S_m": rng.uniform(1e-5, 3e-5),
        "fast_activation_J_mol": rng.uniform(40e3, 45e3),
        "slow_S_m": rng.uniform(1e-6, 3e-6),
        "slow_activation_J_mol": rng.uniform(75e3, 90e3),
    }
    values, mixing = {n: np.array([v]) for n, v in true.items()}, Mixing(318.15, 318.15)
    return Demo(
        (),
        {f"fraction_{rule}": float(fraction(mixing, rule, **values)[0]) for rule in RULES},
        {n: Uncertain(v * (1 + 0.01 * rng.normal()), 0.01 * v) for n, v in true.items()},
    )
