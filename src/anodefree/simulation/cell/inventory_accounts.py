"""Where the lithium of a full cell is after each cycle, with what uncertain inputs leave open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.physics.lithium_accounts import Accounts
from anodefree.physics.lithium_accounts import accounts as balance
from anodefree.physics.plating_loss import plating_loss
from anodefree.registry import Demo, stage
from anodefree.simulation.cell.inventory_inputs import (
    CapacityExponent,
    ChargeShare,
    CRate,
    CycleCount,
    FormationCycles,
    FormationLoss,
    ResistanceExponent,
    StrandedShare,
    fading_cell,
    out_of_reach,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 512
EXACT = 1e-10
"""How much lithium may be missing, over the cathode's capacity."""
SHORT = 1e-12
"""Metal below which a negative electrode is empty."""
NOTHING = Uncertain(0.0)
MOSTLY_DEAD = Uncertain(0.75, 0.125)
BOUNDS = {
    "efficiency": (0.0, 1.0),
    "excess": (0.0, np.inf),
    "hidden_reservoir": (0.0, 1.0),
    "dead_share": (0.0, 1.0),
    "cathode_fade": (0.0, 1.0),
    "resistance_fade": (0.0, 1.0),
}


@stage("inventory.accounts", version=1, cites=("xiao2020", "adams2018", "fang2019", "jcgm101"))
def accounts(
    *,
    efficiency: Annotated[Uncertain, Par("coulombic efficiency of plating and stripping, after formation", gt=0, le=1)],
    excess: Annotated[Uncertain, Par("excess lithium over the cathode's reversible capacity (N/P)", ge=0)] = NOTHING,
    hidden_reservoir: Annotated[
        Uncertain, Par("irreversible first-cycle capacity of the cathode over its reversible one", ge=0, lt=1)
    ] = NOTHING,
    cycles: CycleCount = 200,
    dead_share: Annotated[
        Uncertain,
        Par(
            "part of the lost lithium that is isolated metal; the rest is bound in the interphase",
            ge=0,
            le=1,
            source="0.75 ± 0.125, two standard deviations of which reach from one half to one: unreacted metal is the larger "
            "part of inactive lithium (titration gas chromatography, Fang et al. 2019), how much so depends on the electrolyte",
            assumed=True,
        ),
    ] = MOSTLY_DEAD,
    formation_loss: FormationLoss = 0.0,
    formation_cycles: FormationCycles = 3.0,
    capacity_exponent: CapacityExponent = 0.0,
    cathode_fade: Annotated[Uncertain, Par("room for lithium that the cathode loses per cycle", ge=0, lt=1)] = NOTHING,
    stranded_share: StrandedShare = 0.0,
    resistance_fade: Annotated[
        Uncertain, Par("capacity that resistance puts out of reach at 1C after the first cycle", ge=0, lt=1)
    ] = NOTHING,
    resistance_exponent: ResistanceExponent = 0.5,
    c_rate: CRate = 1.0,
    charge_share: ChargeShare = 0.0,
) -> Result:
    """Lithium in cathode, on the negative electrode, dead, in the interphase and hidden, cycle by cycle.

    All over the cathode's reversible capacity, at the end of discharge: the cathode starts with 1 + h and has room for 1 from
    the first discharge on; the negative electrode starts with e; a cycle loses λ_k P_k^(b + 1),
    λ_k = 1 - CE + λf exp[-(k - 1)/kf], of which a part s is isolated metal and the rest bound in the interphase. Of the metal
    that is left over after a discharge what exceeds the stated excess counts as hidden: where the excess comes to be used, the
    hidden lithium is gone. The electrolyte holds what it held. `failure_cycle` is the first whose discharge empties the
    negative electrode.
    The inputs are sampled (512 points, normal, cut off at what is possible): std is the root-mean-square distance from the
    value, low and high hold the central 95 %.
    *Valid when* the losses do not depend on each other; the laws of fade are closures, not mechanisms.
    *Source* `anodefree.physics.lithium_accounts`; share of dead metal: Fang et al. 2019; propagation JCGM 101:2008.
    """
    inputs = {
        "efficiency": efficiency,
        "excess": excess,
        "hidden_reservoir": hidden_reservoir,
        "dead_share": dead_share,
        "cathode_fade": cathode_fade,
        "resistance_fade": resistance_fade,
    }
    number = np.arange(1, cycles + 1)
    growth = out_of_reach(1.0, resistance_exponent, c_rate, cycles)

    def kept(x: dict[str, np.ndarray]) -> Accounts:
        steady = 1 - x["efficiency"][:, None]
        cell = fading_cell(
            plating_loss(steady, formation_loss=formation_loss, formation_cycles=formation_cycles, cycle=number),
            excess=x["excess"],
            hidden_reservoir=x["hidden_reservoir"],
            capacity_exponent=capacity_exponent,
            cathode_fade=x["cathode_fade"],
            dead_share=x["dead_share"],
            stranded_share=stranded_share,
            unreachable=np.minimum(x["resistance_fade"][:, None] * growth, 1.0),
            charge_share=charge_share,
        )
        return balance(cell, cycles)

    one = kept({n: np.array([x.value]) for n, x in inputs.items()})
    drawn = sample(inputs, DRAWS, bounds=BOUNDS)
    many = kept(drawn)
    missing = float(np.abs(many.total() - many.total()[:, :1]).max())
    place = {n: getattr(one, n)[0] for n in ("source", "dead", "interphase", "stranded", "discharge")}
    hidden = np.maximum(one.metal[0] - excess.value, 0.0)
    low, high = np.quantile(many.discharge, [0.025, 0.975], axis=0)
    emptied, empties = float(_empty(one)[0]), _empty(many)
    return Result.of(
        {
            "retention": _estimate(
                one.discharge[:, -1] / one.discharge[:, 0],
                many.discharge[:, -1] / many.discharge[:, 0],
                f"retention at cycle {cycles}",
            ),
            "dead": _estimate(one.dead[:, -1], many.dead[:, -1], "isolated metal over the capacity"),
            "interphase": _estimate(
                one.interphase[:, -1], many.interphase[:, -1], "lithium in the interphase over the capacity"
            ),
            "stranded": _estimate(one.stranded[:, -1], many.stranded[:, -1], "lithium in lost cathode over the capacity"),
            "reserve": _estimate(one.metal[:, -1], many.metal[:, -1], "metal left over after discharge, over the capacity"),
            "failure_cycle": _life(emptied, empties),
        },
        {
            "cycle": ("point", number),
            "cathode": ("point", place["source"]),
            "excess_metal": ("point", one.metal[0] - hidden),
            "hidden_metal": ("point", hidden),
            "stranded": ("point", place["stranded"]),
            "interphase": ("point", place["interphase"]),
            "dead": ("point", place["dead"]),
            "discharge": ("point", place["discharge"]),
            "discharge_low": ("point", low),
            "discharge_high": ("point", high),
        },
        [
            Check.that(
                "balance",
                missing <= EXACT,
                f"no lithium is missing (to {missing:.1g} of the capacity)",
                f"{missing:.1g} of the capacity is missing",
                otherwise="fail",
            ),
            Check.that(
                "lithium",
                math.isfinite(emptied),
                f"lithium limits the capacity from cycle {emptied:g} on",
                f"after {cycles} cycles there is metal to spare: the capacity tells of the cathode, not of the efficiency",
            ),
        ],
    )


def _empty(cell: Accounts) -> np.ndarray:
    """The first cycle, from 1, whose discharge leaves no metal, (cells,); infinite where none does."""
    gone = cell.metal < SHORT
    return np.where(gone.any(axis=1), gone.argmax(axis=1) + 1.0, np.inf)


def _estimate(value: np.ndarray, draws: np.ndarray, label: str) -> Estimate:
    low, high = interval(draws)
    return Estimate(float(value[0]), spread_about(float(value[0]), draws), "1", label, "%", low, high)


def _life(value: float, draws: np.ndarray) -> Estimate:
    """The cycle of failure; where some draws never fail it has no std, and no end."""
    low, high = interval(np.minimum(draws, 1e12))
    known = bool(np.isfinite(draws).all()) and math.isfinite(value)
    # A cycle is a whole number: known to no better than that.
    std = math.hypot(spread_about(value, draws), 0.5) if known else math.nan
    label = "first cycle that empties the negative electrode"
    return Estimate(value, std, "1", label, None, low if low < 1e12 else None, high if high < 1e12 else None)


@accounts.plot
def draw(result: Result, ax: Axes) -> None:
    """The places on top of each other, against cycle, and the capacity as a line."""
    cycle = result.curves["cycle"].values
    places = (
        ("cathode", "cathode", COLOURS[0]),
        ("excess_metal", "plated, excess", COLOURS[4]),
        ("hidden_metal", "plated, hidden", COLOURS[2]),
        ("stranded", "stranded in cathode", COLOURS[3]),
        ("interphase", "interphase", COLOURS[5]),
        ("dead", "dead metal", COLOURS[1]),
    )
    below = np.zeros(len(cycle))
    for name, label, colour in places:
        amount = 100 * result.curves[name].values
        if amount.max() > 1e-3:
            ax.fill_between(cycle, below, below + amount, color=colour, alpha=0.75, linewidth=0, label=label)
            below = below + amount
    ax.plot(cycle, 100 * result.curves["discharge"].values, color=INK, linewidth=1.0, label="discharge capacity")
    ax.set(xlabel="cycle", ylabel="lithium / % of capacity", xlim=(cycle[0], cycle[-1]), ylim=(0, below.max()))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)


@accounts.demo
def demo(rng: np.random.Generator) -> Demo:
    """An anode-less cell whose efficiency, excess, reservoir and share of dead metal were measured."""
    ce, e, h, s = rng.uniform(0.990, 0.995), rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.1), rng.uniform(0.65, 0.8)
    kept = balance(fading_cell(np.full(120, 1 - ce), excess=e, hidden_reservoir=h, dead_share=s), 120)
    unsure = 0.05 * (1 - ce)
    truth = {
        "retention": kept.discharge[-1] / kept.discharge[0],
        "dead": kept.dead[-1],
        "interphase": kept.interphase[-1],
        "failure_cycle": float(np.argmax(kept.metal < SHORT) + 1),
    }
    return Demo(
        (),
        {n: float(v) for n, v in truth.items()},
        {
            "efficiency": Uncertain(ce + unsure * rng.normal(), unsure),
            "excess": Uncertain(e + 0.005 * rng.normal(), 0.005),
            "hidden_reservoir": Uncertain(h + 0.005 * rng.normal(), 0.005),
            "dead_share": Uncertain(s + 0.04 * rng.normal(), 0.04),
            "cycles": 120,
        },
    )
