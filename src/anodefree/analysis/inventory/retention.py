"""What a coulombic efficiency leaves of the capacity after so many cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.inventory.inputs import NO_RESERVOIR, Cycle, Excess, HiddenReservoir
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.physics import inventory
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 4096
BAND_DRAWS = 512
BAND_POINTS = 240
BOUNDS = {"efficiency": (0.0, 1.0), "excess": (0.0, np.inf), "hidden_reservoir": (0.0, 1.0)}


@stage("inventory.retention", version=1, cites=("xiao2020", "adams2018", "kasnatscheew2016", "jcgm101"))
def retention(
    *,
    efficiency: Annotated[Uncertain, Par("coulombic efficiency of plating and stripping, per cycle", gt=0, le=1)],
    cycle: Cycle,
    excess: Excess,
    hidden_reservoir: HiddenReservoir = NO_RESERVOIR,
) -> Result:
    """Capacity retention that a coulombic efficiency implies.

    While the excess E = e + CE h lasts (K = E/(1 - CE) cycles) the capacity stays 1; then it falls by the factor CE per cycle:
    D_k = (1 + E - mλ) CE^(k - m), m = ⌊K⌋ + 1, λ = 1 - CE. Retention is D_N/D_1, cycles counted from 1: with e = h = 0 it is
    CE^(N - 1), e.g. 0.999^199 = 81.9 % at cycle 200. `cycles_to_80` is where it has fallen to 80 %.
    The retention is capped at 1 and has a kink there, so the inputs are sampled (4096 points that fill their space evenly,
    normal, cut off at what is possible): std is the root-mean-square distance of the draws from the value, for the cycle life
    half of their central 68.3 %; low and high hold the central 95 %.
    *Valid when* CE is constant and lithium is the only thing that runs short.
    *Source* `anodefree.physics.inventory`; Xiao et al. 2020; propagation JCGM 101:2008.
    """
    inputs = {"efficiency": efficiency, "excess": excess, "hidden_reservoir": hidden_reservoir}
    centre = (efficiency.value, excess.value, hidden_reservoir.value)
    drawn = sample(inputs, DRAWS, bounds=BOUNDS)
    value, draws = float(inventory.retention(*centre, cycle)), inventory.retention(**drawn, cycle=cycle)
    low, high = interval(draws)
    life, lives = float(inventory.cycles_to(0.8, *centre)), inventory.cycles_to(0.8, **drawn)
    # A life without end is kept as a huge number, so that quantiles exist.
    (life_low, life_high), inner = (interval(np.minimum(lives, 1e12), share) for share in (0.95, 0.682689))
    life_std = 0.5 * (inner[1] - inner[0]) if inner[1] < 1e12 else float("nan")
    lasts = float(inventory.plateau_cycles(*centre))
    last = cycle if not np.isfinite(life) else max(cycle, min(round(1.15 * life), 10 * cycle))
    cycles = np.unique(np.linspace(1, last, BAND_POINTS).round())
    some = {n: d[:BAND_DRAWS, None] for n, d in drawn.items()}
    band = np.quantile(inventory.retention(**some, cycle=cycles), [0.025, 0.975], axis=0)
    lopsided = abs((high - value) - (value - low)) > 0.5 * (high - low)
    return Result.of(
        {
            "retention": Estimate(value, spread_about(value, draws), "1", f"retention at cycle {cycle}", "%", low, high),
            "cycles_to_80": Estimate(life, life_std, "1", "cycles to 80 %", None, life_low, life_high),
        },
        {
            "cycle": ("point", cycles),
            "retention": ("point", inventory.retention(*centre, cycles)),
            "retention_low": ("point", band[0]),
            "retention_high": ("point", band[1]),
            "asked_cycle": ("asked", np.array([cycle])),
        },
        [
            Check.that(
                "excess used up",
                lasts < cycle,
                f"the excess lasts {lasts:.0f} cycles, so the retention at cycle {cycle} tells of the efficiency",
                f"the excess lasts {lasts:.0f} cycles: at cycle {cycle} the retention is 1 whatever the efficiency above "
                f"{float(inventory.efficiency_on_plateau(excess.value, hidden_reservoir.value, cycle)):.5f}",
            ),
            Check.that(
                "symmetric",
                not lopsided,
                "the distribution of the retention is about symmetric",
                "the distribution of the retention is lopsided: use its low and high, not its std",
            ),
        ],
    )


@retention.plot
def draw(result: Result, ax: Axes) -> None:
    """Retention against cycle with its 95 % band, the asked cycle, and 80 %."""
    cycles = result.curves["cycle"].values
    low, high = (100 * result.curves[n].values for n in ("retention_low", "retention_high"))
    ax.fill_between(cycles, low, high, color=COLOURS[0], alpha=0.2, linewidth=0, label="95 %")
    ax.plot(cycles, 100 * result.curves["retention"].values, color=COLOURS[0], label="retention")
    ax.axhline(80, color=SOFT, linestyle="--", linewidth=0.8)
    found = result.estimates["retention"]
    at = int(result.curves["asked_cycle"].values[0])
    reach = [[100 * max(found.value - (found.low or 0), 0)], [100 * max((found.high or 1) - found.value, 0)]]
    ax.errorbar([at], [100 * found.value], reach, fmt="o", color=INK, capsize=2, label=f"cycle {at}")
    ax.set(
        xlabel="cycle", ylabel="capacity retention / %", xlim=(0, cycles[-1]), ylim=(min(75, 100 * found.value - 5, *low), 101)
    )
    ax.legend(loc="lower left")


@retention.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell of known inventory, of which efficiency, excess and reservoir were measured."""
    ce, e, h = rng.uniform(0.990, 0.996), rng.uniform(0.0, 0.2) + 0.05, rng.uniform(0.05, 0.1)
    cycle = int(inventory.plateau_cycles(ce, e, h) * rng.uniform(1.6, 2.5))
    unsure = 0.05 * (1 - ce)
    return Demo(
        (),
        {
            "retention": float(inventory.retention(ce, e, h, cycle)),
            "cycles_to_80": float(inventory.cycles_to(0.8, ce, e, h)),
        },
        {
            "efficiency": Uncertain(ce + unsure * rng.normal(), unsure),
            "cycle": cycle,
            "excess": Uncertain(e + 0.005 * rng.normal(), 0.005),
            "hidden_reservoir": Uncertain(h + 0.005 * rng.normal(), 0.005),
        },
    )
