"""The coulombic efficiency that a stated capacity retention implies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.analysis.inventory.inputs import NO_RESERVOIR, Cycle, Excess, HiddenReservoir
from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import NumericalError
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.numerics.roots import bracketed_root
from anodefree.physics import inventory
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 2048
BAND_DRAWS = 256
BOUNDS = {"retention": (1e-9, np.inf), "excess": (0.0, np.inf), "hidden_reservoir": (0.0, 1.0)}


def efficiency_of(retention: ArrayLike, excess: ArrayLike, hidden_reservoir: ArrayLike, cycle: ArrayLike) -> NDArray:
    """The CE that gives retention R at cycle N ≥ 2 with excess e and reservoir h: the one root, since R rises with CE.

    Where R ≥ 1 every CE from `inventory.efficiency_on_plateau` to 1 does; that lowest one is returned. Where R is below what
    CE = 0 leaves (an excess of N - 1 or more) it is 0. Without excess and reservoir it is R^(1/(N - 1)).

    Raises
    ------
    NumericalError: the cycle is below 2, where every CE gives R = 1, or the retention is not positive.
    """
    arrays = (np.asarray(x, dtype=float) for x in (retention, excess, hidden_reservoir, cycle))
    r, e, h, n = (np.array(x) for x in np.broadcast_arrays(*arrays))
    if (n < 2).any() or not (r > 0).all():
        raise NumericalError("an efficiency follows from a positive retention at cycle 2 or later", "inventory")
    highest = inventory.efficiency_on_plateau(e, h, n)
    one = np.ones_like(n)

    def kept(loss: np.ndarray) -> np.ndarray:
        usable = e + (1 - loss) * h
        first = inventory.discharge_from_loss(loss, usable, one)
        return inventory.discharge_from_loss(loss, usable, n) / np.where(first > 0, first, 1.0)

    r = np.clip(r, kept(one), 1.0)
    least_loss = np.where(r < 1, 1 - highest, 1.0)

    def excess_of_retention(loss: np.ndarray) -> np.ndarray:
        # At R = 1 the answer is known: both ends of the bracket are then the same root.
        return np.where(r < 1, kept(loss) - r, 0.0)

    loss = bracketed_root(excess_of_retention, least_loss, one, absolute=1e-15)
    return np.asarray(np.where(r < 1, 1 - loss, highest))


def compatible_efficiency(retention: np.ndarray, excess: np.ndarray, hidden_reservoir: np.ndarray, cycle: float) -> np.ndarray:
    """CE of each draw (n,); draws with R ≥ 1 are spread evenly over all CE from the lowest that keeps the capacity to 1."""
    ce = efficiency_of(retention, excess, hidden_reservoir, cycle)
    open_ended = np.asarray(retention) >= 1
    count = int(open_ended.sum())
    even = (np.arange(count) + 0.5) / max(count, 1)
    ce[open_ended] += (1 - ce[open_ended]) * even
    return ce


@stage("inventory.efficiency", version=1, cites=("xiao2020", "adams2018", "kasnatscheew2016", "chandrupatla1997", "jcgm101"))
def efficiency(
    *,
    retention: Annotated[Uncertain, Par("discharge capacity over that of the first cycle", gt=0)],
    cycle: Cycle,
    excess: Excess,
    hidden_reservoir: HiddenReservoir = NO_RESERVOIR,
    reservoir_compared: Annotated[
        float,
        Par(
            "hidden reservoir with which the efficiency is given once more",
            ge=0,
            lt=1,
            source="0.10: a nickel-rich oxide such as NCM811, about 10 % first-cycle loss",
            assumed=True,
        ),
    ] = 0.10,
) -> Result:
    """Coulombic efficiency that a capacity retention implies.

    The one root CE of R = D_N/D_1, where D_k = 1 while the excess E = e + CE h lasts (K = E/(1 - CE) cycles) and
    D_k = (1 + E - mλ) CE^(k - m), m = ⌊K⌋ + 1, λ = 1 - CE, afterwards. With e = h = 0 it is R^(1/(N - 1)): cycles are counted
    from 1 and R is relative to the first discharge (80 % at cycle 200 is 0.99888; 91.6 % at 100 is 0.99911).
    A reservoir in the cathode hides losses: the same retention then means a lower CE, which the curve over h and
    `CE_with_reservoir` show. Where R is 1 only the bound CE ≥ (N - e)/(N + h) exists: the value is that bound, without a std.
    The inputs are sampled (2048 points, normal, cut off at what is possible): std is the root-mean-square distance of the draws
    from the value; low and high hold the central 95 %.
    *Valid when* CE is constant and lithium is the only thing that runs short: fade of another origin lowers this CE, which is
    an effective one. *Source* `anodefree.physics.inventory`; Xiao et al. 2020; root by Chandrupatla 1997; JCGM 101:2008.
    """
    inputs = {"retention": retention, "excess": excess, "hidden_reservoir": hidden_reservoir}
    drawn = sample(inputs, DRAWS, bounds=BOUNDS)
    draws = compatible_efficiency(drawn["retention"], drawn["excess"], drawn["hidden_reservoir"], cycle)
    low, high = interval(draws)
    value = float(efficiency_of(retention.value, excess.value, hidden_reservoir.value, cycle))
    bound = float(inventory.efficiency_on_plateau(excess.value, hidden_reservoir.value, cycle))
    possible = float(inventory.retention(0.0, excess.value, hidden_reservoir.value, cycle))
    unbounded = bound < 1 and retention.value + 2 * retention.std >= 1
    if unbounded:
        high = 1.0
    if retention.value >= 1:
        bounds = inventory.efficiency_on_plateau(drawn["excess"], drawn["hidden_reservoir"], cycle)
        low, high = interval(np.minimum(bounds, draws))[0], 1.0
    std = float("nan") if retention.value >= 1 else spread_about(value, draws)
    reservoirs = np.linspace(0.0, 0.15, 16)
    some = {n: drawn[n][:BAND_DRAWS, None] for n in ("retention", "excess")}
    band = np.quantile(efficiency_of(some["retention"], some["excess"], reservoirs, cycle), [0.025, 0.975], axis=0)
    compared = float(efficiency_of(retention.value, excess.value, reservoir_compared, cycle))
    compared_draws = compatible_efficiency(drawn["retention"], drawn["excess"], np.full(DRAWS, reservoir_compared), cycle)
    compared_std = float("nan") if retention.value >= 1 else spread_about(compared, compared_draws)
    return Result.of(
        {
            "CE": Estimate(value, std, "1", "coulombic efficiency per cycle", "%", low, high),
            "CE_with_reservoir": Estimate(
                compared, compared_std, "1", f"the same if the cathode hides {100 * reservoir_compared:g} %", "%"
            ),
        },
        {
            "hidden_reservoir": ("point", reservoirs),
            "CE": ("point", efficiency_of(retention.value, excess.value, reservoirs, cycle)),
            "CE_low": ("point", band[0]),
            "CE_high": ("point", np.where(unbounded, 1.0, band[1])),
            "stated_reservoir": ("stated", np.array([hidden_reservoir.value])),
        },
        [
            Check.that(
                "upper bound",
                not unbounded,
                "the retention is below 1 by more than two standard deviations: it bounds the efficiency on both sides",
                f"the retention cannot be told from 1: the efficiency is {bound:.5f} or anything above",
            ),
            Check.that(
                "possible",
                retention.value > possible or retention.value >= 1,
                "some efficiency gives this retention",
                f"even an efficiency of 0 leaves {possible:.3g} at cycle {cycle} with this excess",
                otherwise="fail",
            ),
            Check.that(
                "reservoir",
                hidden_reservoir.value > 0 or hidden_reservoir.std > 0,
                f"a hidden reservoir of {100 * hidden_reservoir.value:.3g} % is accounted for",
                f"no hidden reservoir is assumed; one of {100 * reservoir_compared:g} % would mean {100 * compared:.3f} %",
            ),
        ],
    )


@efficiency.plot
def draw(result: Result, ax: Axes) -> None:
    """The efficiency against the reservoir that the cathode may hide, with its 95 % band."""
    reservoirs = 100 * result.curves["hidden_reservoir"].values
    low, high = (100 * result.curves[n].values for n in ("CE_low", "CE_high"))
    ax.fill_between(reservoirs, low, high, color=COLOURS[0], alpha=0.2, linewidth=0, label="95 %")
    ax.plot(reservoirs, 100 * result.curves["CE"].values, color=COLOURS[0], label="implied by the retention")
    found = result.estimates["CE"]
    reach = [[100 * max(found.value - (found.low or 0), 0)], [100 * max((found.high or 1) - found.value, 0)]]
    stated = 100 * result.curves["stated_reservoir"].values
    ax.errorbar(stated, [100 * found.value], reach, fmt="o", color=INK, capsize=2, clip_on=False, label="as stated")
    ax.ticklabel_format(axis="y", useOffset=False)
    ax.set(xlabel="hidden reservoir / % of the capacity", ylabel="coulombic efficiency / %")
    ax.legend(loc="best")


@efficiency.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell of known efficiency, of which retention, excess and reservoir were measured."""
    ce, e, h = rng.uniform(0.990, 0.998), rng.uniform(0.05, 0.3), rng.uniform(0.03, 0.12)
    cycle = int(inventory.plateau_cycles(ce, e, h) * rng.uniform(1.5, 3.0))
    kept = float(inventory.retention(ce, e, h, cycle))
    compared = float(efficiency_of(kept, e, 0.10, cycle))
    return Demo(
        (),
        {"CE": ce, "CE_with_reservoir": compared},
        {
            "retention": Uncertain(kept + 0.005 * rng.normal(), 0.005),
            "cycle": cycle,
            "excess": Uncertain(e + 0.01 * rng.normal(), 0.01),
            "hidden_reservoir": Uncertain(h + 0.01 * rng.normal(), 0.01),
        },
    )
