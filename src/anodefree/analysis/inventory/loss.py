"""The coulombic efficiency at other conditions than those at which it was measured, by an empirical closure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.physics.plating_loss import plating_loss
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 2048
NO_EXPONENT = Uncertain(0.0)
FEW_CYCLES = Uncertain(3.0)
BOUNDS = {"loss": (0.0, 1.0), "formation_loss": (0.0, 1.0), "formation_cycles": (1e-3, np.inf)}
FAR = 3.0
"""A factor in current or capacity beyond which a power law is not to be trusted."""
FAR_K = 20.0


@stage("inventory.loss", version=1, cites=("adams2018", "xiao2020", "jcgm101"))
def loss(
    *,
    loss: Annotated[Uncertain, Par("1 - CE at the reference conditions, after formation", ge=0, lt=1)],
    reference_current_A_m2: Annotated[float, Par("current density at which it was measured", gt=0)],
    current_A_m2: Annotated[float | None, Par("current density asked for (none: the same)", gt=0)] = None,
    reference_capacity_C_m2: Annotated[float, Par("areal capacity at which it was measured", gt=0)],
    capacity_C_m2: Annotated[float | None, Par("areal capacity asked for (none: the same)", gt=0)] = None,
    reference_temperature_K: Annotated[float, Par("temperature at which it was measured", gt=0)] = 298.15,
    temperature_K: Annotated[float | None, Par("temperature asked for (none: the same)", gt=0)] = None,
    current_exponent: Annotated[
        Uncertain, Par("exponent a of the current", source="0: no dependence is claimed; measure it", assumed=True)
    ] = NO_EXPONENT,
    capacity_exponent: Annotated[
        Uncertain, Par("exponent b of the capacity", source="0: no dependence is claimed; measure it", assumed=True)
    ] = NO_EXPONENT,
    activation_J_mol: Annotated[
        Uncertain,
        Par(
            "activation energy of the loss; negative where less is lost when warmer",
            source="0: no dependence is claimed; measure it",
            assumed=True,
        ),
    ] = NO_EXPONENT,
    formation_loss: Annotated[Uncertain, Par("what the first cycle loses beyond it", ge=0, lt=1)] = NO_EXPONENT,
    formation_cycles: Annotated[Uncertain, Par("cycles in which that fades by a factor e", gt=0)] = FEW_CYCLES,
    cycles: Annotated[int, Par("cycles that are shown", ge=2, le=100_000)] = 50,
) -> Result:
    """Coulombic efficiency at a current, capacity, temperature and cycle, from that at reference conditions.

    1 - CE = λ0 (j/j0)^a (Q/Q0)^b exp[-(Ea/R)(1/T - 1/T0)] + λf exp[-(k - 1)/kf], for one collector: λ0 and λf are its own. `CE`
    is that after formation, `CE_first` that of the first cycle; the curve CE(k) is what `inventory.curve` takes as a list.
    The inputs are sampled (2048 points, normal, cut off at what is possible): std is the root-mean-square distance of the draws
    from the value; low and high hold the central 95 %.
    *Valid when* the conditions lie within those at which the exponents were measured: it is an empirical closure, not physics.
    Checks tell of more than a factor of 3 in current or capacity, or 20 K. *Source* `anodefree.physics.plating_loss`; CE as
    defined by Adams et al. 2018.
    """
    j, q, t = (
        1.0 if current_A_m2 is None else current_A_m2 / reference_current_A_m2,
        1.0 if capacity_C_m2 is None else capacity_C_m2 / reference_capacity_C_m2,
        reference_temperature_K if temperature_K is None else temperature_K,
    )
    inputs = {
        "loss": loss,
        "current_exponent": current_exponent,
        "capacity_exponent": capacity_exponent,
        "activation_J_mol": activation_J_mol,
        "formation_loss": formation_loss,
        "formation_cycles": formation_cycles,
    }

    def efficiency(cycle: np.ndarray | float, **x: np.ndarray) -> np.ndarray:
        fixed = {"current": j, "capacity": q, "temperature_K": t, "reference_temperature_K": reference_temperature_K}
        return 1 - plating_loss(**x, **fixed, cycle=cycle)

    centre = {n: np.asarray(x.value) for n, x in inputs.items()}
    drawn = sample(inputs, DRAWS, bounds=BOUNDS)
    number = np.unique(np.geomspace(1, cycles, 120).round())
    low, high = np.quantile(efficiency(number, **{n: d[:256, None] for n, d in drawn.items()}), [0.025, 0.975], axis=0)

    def estimate(cycle: float, label: str) -> Estimate:
        value, draws = float(efficiency(cycle, **centre)), efficiency(cycle, **drawn)
        return Estimate(value, spread_about(value, draws), "1", label, "%", *interval(draws))

    near = max(abs(math.log(j)), abs(math.log(q))) <= math.log(FAR) and abs(t - reference_temperature_K) <= FAR_K
    moved = (j != 1 and current_exponent, q != 1 and capacity_exponent, t != reference_temperature_K and activation_J_mol)
    silent = [m for m in moved if isinstance(m, Uncertain) and m.value == 0 and m.std == 0]
    return Result.of(
        {
            "CE": estimate(np.inf, "coulombic efficiency after formation"),
            "CE_first": estimate(1.0, "coulombic efficiency of the first cycle"),
        },
        {
            "cycle": ("point", number),
            "CE": ("point", efficiency(number, **centre)),
            "CE_low": ("point", low),
            "CE_high": ("point", high),
        },
        [
            Check.that(
                "range",
                near,
                "the conditions are close to those of the reference",
                f"current × {j:.3g}, capacity × {q:.3g}, {t - reference_temperature_K:+.3g} K from the reference: an "
                "extrapolation unless the exponents were measured that far",
            ),
            Check.that(
                "exponents",
                not silent,
                "every condition that differs has an exponent",
                "a condition differs from the reference but its exponent is 0: no change with it is assumed, not known",
            ),
        ],
    )


@loss.plot
def draw(result: Result, ax: Axes) -> None:
    """Efficiency against cycle with its 95 % band."""
    cycle = result.curves["cycle"].values
    low, high = (100 * result.curves[n].values for n in ("CE_low", "CE_high"))
    ax.fill_between(cycle, low, high, color=COLOURS[0], alpha=0.2, linewidth=0, label="95 %")
    ax.plot(cycle, 100 * result.curves["CE"].values, color=COLOURS[0], label="by the closure")
    found = result.estimates["CE"]
    ax.axhline(100 * found.value, color=INK, linestyle="--", linewidth=0.8, label=f"after formation, {found}")
    ax.ticklabel_format(axis="y", useOffset=False)
    ax.set(xlabel="cycle", ylabel="coulombic efficiency / %", xlim=(cycle[0], cycle[-1]))
    ax.legend(loc="lower right")


@loss.demo
def demo(rng: np.random.Generator) -> Demo:
    """A closure whose constants were measured, asked at twice the current and 10 K more."""
    steady, a, b, ea, first = rng.uniform(0.005, 0.01), rng.uniform(0.2, 0.5), rng.uniform(-0.2, 0.2), 2e4, 0.05
    there = {"current": 2.0, "capacity": 1.5, "temperature_K": 308.15}
    powers = {"current_exponent": a, "capacity_exponent": b, "activation_J_mol": ea}
    truth = 1 - plating_loss(steady, **powers, **there)
    return Demo(
        (),
        {"CE": float(truth), "CE_first": float(truth) - first},
        {
            "loss": Uncertain(steady * (1 + 0.05 * rng.normal()), 0.05 * steady),
            "reference_current_A_m2": 5.0,
            "current_A_m2": 10.0,
            "reference_capacity_C_m2": 36e3,
            "capacity_C_m2": 54e3,
            "temperature_K": 308.15,
            "current_exponent": Uncertain(a + 0.05 * rng.normal(), 0.05),
            "capacity_exponent": Uncertain(b + 0.05 * rng.normal(), 0.05),
            "activation_J_mol": Uncertain(ea + 2e3 * rng.normal(), 2e3),
            "formation_loss": Uncertain(first + 0.003 * rng.normal(), 0.003),
        },
    )
