"""How well an interphase of two phases conducts lithium ions, and the activation energy that shows outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.physics.interphase_conduction import BOUNDS, LABELS, RULES, Exponent, Mixing, Threshold, by_rule
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 1024


@stage("interphase.conduction", version=1, cites=("hashin1962", "mclachlan1987", "jcgm101"))
def conduction(
    *,
    fast_fraction: Annotated[Uncertain, Par("volume fraction of the phase that conducts better", ge=0, le=1)],
    fast_S_m: Annotated[Uncertain, Par("ionic conductivity of that phase at the reference temperature", gt=0)],
    fast_activation_J_mol: Annotated[Uncertain, Par("activation energy of that phase", ge=0)],
    slow_S_m: Annotated[Uncertain, Par("ionic conductivity of the other phase at the reference temperature", gt=0)],
    slow_activation_J_mol: Annotated[Uncertain, Par("activation energy of the other phase", ge=0)],
    temperature_K: Annotated[float, Par("temperature", gt=0)] = 298.15,
    reference_K: Annotated[float, Par("temperature of the stated conductivities", gt=0)] = 298.15,
    threshold: Threshold = 1 / 3,
    exponent: Exponent = 1.0,
) -> Result:
    """Ionic conductivity and apparent activation energy of an interphase of two phases, by five rules of mixture.

    σᵢ(T) = σᵢ(T_ref) exp[-(Eᵢ/R)(1/T - 1/T_ref)]; the mixture's σ by `anodefree.physics.composites` (in series, the bounds of
    Hashin and Shtrikman, an effective medium that percolates at `threshold` with `exponent`, in parallel), and
    Ea = -R d ln σ/d(1/T), by central differences over ±0.1 K. Grain boundaries count as a phase of their own. Input
    uncertainties are sampled (1024 points that fill their space evenly).
    *Valid when* both phases conduct by one activated step each and interfaces between them add no resistance; a space charge or
    a blocking interface is another phase. *Source* Hashin and Shtrikman 1962; McLachlan 1987. The paper gives activation
    energies of whole interphases and of no phase. *Errors* a fast phase slower than the slow one is refused.
    """
    inputs = {
        "fast_fraction": fast_fraction,
        "fast_S_m": fast_S_m,
        "fast_activation_J_mol": fast_activation_J_mol,
        "slow_S_m": slow_S_m,
        "slow_activation_J_mol": slow_activation_J_mol,
    }
    mixing = Mixing(temperature_K, reference_K, threshold, exponent)
    values = {n: np.array(x.value) for n, x in inputs.items()}
    centre, drawn = by_rule(mixing, values), by_rule(mixing, sample(inputs, DRAWS, bounds=BOUNDS))
    fractions = np.linspace(0, 1, 101)
    line = by_rule(mixing, {**values, "fast_fraction": fractions})
    ratio = float(centre["sigma_parallel"] / centre["sigma_series"])
    return Result.of(
        {name: _estimate(name, float(centre[name]), drawn[name]) for name in centre},
        {
            "fast_fraction": ("point", fractions),
            **{f"{n}_S_m" if n.startswith("sigma") else f"{n}_J_mol": ("point", v) for n, v in line.items()},
        },
        [
            Check.that(
                "arrangement",
                ratio < 2,
                f"the arrangement of the phases decides over a factor of {ratio:.2f} only",
                f"the arrangement of the phases decides over a factor of {ratio:.2g} between series and parallel",
            )
        ],
    )


def _estimate(name: str, value: float, draws: np.ndarray) -> Estimate:
    quantity, rule = name.split("_", 1)
    unit, label, shown = ("S/m", "conductivity", None) if quantity == "sigma" else ("J/mol", "activation energy", "kJ/mol")
    return Estimate(value, spread_about(value, draws), unit, f"{label}, {LABELS[rule]}", shown, *interval(draws))


@conduction.plot
def draw(result: Result, ax: Axes) -> None:
    """Apparent activation energy against composition, by every rule."""
    percent = 100 * result.curves["fast_fraction"].values
    colours = (COLOURS[1], COLOURS[0], INK, COLOURS[0], COLOURS[2])
    for rule, colour, style in zip(RULES, colours, ("-", "--", "-", ":", "-"), strict=True):
        values = result.curves[f"Ea_{rule}_J_mol"].values / 1e3
        ax.plot(percent, values, color=colour, linestyle=style, label=LABELS[rule])
    ax.set(xlabel="better conducting phase / vol%", ylabel="activation energy / kJ mol$^{-1}$", xlim=(0, 100))
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncol=2, fontsize="small")


@conduction.demo
def demo(rng: np.random.Generator) -> Demo:
    """A film whose composition and phases were measured."""
    true = {
        "fast_fraction": rng.uniform(0.45, 0.8),
        "fast_S_m": rng.uniform(1e-5, 3e-5),
        "fast_activation_J_mol": rng.uniform(40e3, 50e3),
        "slow_S_m": rng.uniform(1e-6, 3e-6),
        "slow_activation_J_mol": rng.uniform(70e3, 90e3),
    }
    errors = {n: 0.01 if n == "fast_fraction" else 0.03 * v for n, v in true.items()}
    whole = by_rule(Mixing(298.15, 298.15), {n: np.array(v) for n, v in true.items()})
    return Demo(
        (),
        {name: float(value) for name, value in whole.items()},
        {n: Uncertain(v + errors[n] * rng.normal(), errors[n]) for n, v in true.items()},
    )
