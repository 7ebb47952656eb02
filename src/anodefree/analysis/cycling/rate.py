"""Capacity at each rate of a rate test, and what is left of it when the first rate comes again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.analysis.cycling.halves import Half, halves
from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALIKE = 0.08
"""Currents that differ by less, relatively, are one rate."""
MOST = 40


@dataclass(frozen=True)
class Block:
    """Successive cycles at one rate."""

    rate_per_h: float
    cycle: np.ndarray
    capacity_C: np.ndarray

    @property
    def settled(self) -> np.ndarray:
        """The capacities without the first cycle, in which the rate before still shows; all where there are two or fewer."""
        return self.capacity_C[1:] if len(self.capacity_C) > 2 else self.capacity_C

    @property
    def std(self) -> float:
        """Standard deviation of the mean, widened for few cycles; NaN for one."""
        return std_of_mean_of_few(self.settled)


@stage("cycling.rate", version=1, cites=("chen2026", "jcgm100"))
def rate(
    cycling: Cycling,
    *,
    nominal_capacity_C: Annotated[
        float | None, Par("capacity that 1C empties in an hour (none: that of the slowest rate)", gt=0)
    ] = None,
    direction: Annotated[Literal["charge", "discharge"], Par("the direction whose rate is told")] = "discharge",
) -> Result:
    """Capacity at each C-rate of a rate test, from the record of current.

    The current of a half cycle is its charge over its time; successive cycles whose currents agree within 8 % are a block. The
    rate is I/Q_n in 1/h. `capacity_<rate>C` [C] is the mean over a block without its first cycle, in which the rate before
    still shows, with Student's std of the mean; of several blocks at one rate the first counts. `kept_<rate>C` is that over
    the slowest block's. `recovery`: where the first rate comes again at the end, the capacity then over that at first.
    *Valid when* the other direction runs at one rate all along; a check says where it does not, for then a capacity is limited
    by how full the cell was charged. *Source* definition; JCGM 100:2008, 4.2.

    Raises
    ------
    DataError: no record, only one rate, or more than forty.
    """
    where = cycling.source.name
    found = halves(cycling)
    mine = [h for h in found if h.direction == direction]
    if len(mine) < 2:
        raise DataError(f"has {len(mine)} half cycles of {direction}", where, "a rate test has one for each rate at least")
    current = np.array([h.mean_current_A for h in mine])
    slowest = mine[int(np.argmin(current))].charge_C if nominal_capacity_C is None else nominal_capacity_C
    blocks = _blocks(mine, current, slowest)
    rates = sorted({_named(b.rate_per_h) for b in blocks}, key=float)
    if len(rates) < 2:
        raise DataError(f"has one rate only, {rates[0]}C", where, "for the fade at one rate use cycling.retention")
    if len(rates) > MOST:
        raise DataError(f"has {len(rates)} different rates", where, "is it a drive cycle? a rate test holds its current")
    first = {r: next(b for b in blocks if _named(b.rate_per_h) == r) for r in rates}
    base = first[rates[0]]
    estimates: dict[str, Estimate] = {}
    for r in rates:
        b = first[r]
        mean = float(b.settled.mean())
        estimates[f"capacity_{r}C"] = Estimate(mean, b.std, "C", f"capacity at {r}C", "mAh")
        if r != rates[0]:
            kept = mean / float(base.settled.mean())
            std = kept * float(np.hypot(b.std / mean, base.std / float(base.settled.mean())))
            estimates[f"kept_{r}C"] = Estimate(kept, std, "1", f"capacity at {r}C over that at {rates[0]}C", "%")
    again = blocks[-1]
    came_back = len(blocks) > 2 and _named(again.rate_per_h) == _named(blocks[0].rate_per_h)
    if came_back:
        start = blocks[0]
        part = float(again.settled.mean() / start.settled.mean())
        relative = np.hypot(again.std / again.settled.mean(), start.std / start.settled.mean())
        estimates["recovery"] = Estimate(part, part * float(relative), "1", "capacity when the first rate came again", "%")
    other = np.array([h.mean_current_A for h in found if h.direction != direction])
    checks = [
        Check.that(
            "other direction",
            other.size == 0 or float(np.ptp(other)) <= 2 * ALIKE * float(other.mean()),
            "the other direction runs at one rate",
            "the other direction changes its rate as well: capacities hold what could be put in, too",
        ),
        Check.that(
            "recovery",
            not came_back or abs(estimates["recovery"].value - 1) <= 0.03,
            "the first rate, when it comes again, finds its capacity" if came_back else "the first rate does not come again",
            "the first rate, when it comes again, finds another capacity: what looks like a loss at high rate is fade in part",
        ),
    ]
    return Result.of(
        estimates,
        {
            "cycle": ("point", np.concatenate([b.cycle for b in blocks])),
            "capacity_C": ("point", np.concatenate([b.capacity_C for b in blocks])),
            "rate_per_h": ("point", np.concatenate([np.full(len(b.cycle), b.rate_per_h) for b in blocks])),
            "block_begins": ("block", np.array([b.cycle[0] for b in blocks])),
            "block_rate_per_h": ("block", np.array([b.rate_per_h for b in blocks])),
        },
        checks,
    )


def _named(rate_per_h: float) -> str:
    """The rate with two digits, as it names an estimate."""
    return f"{float(f'{rate_per_h:.2g}'):g}"


def _blocks(mine: list[Half], current: np.ndarray, nominal_C: float) -> list[Block]:
    """Successive half cycles of one current."""
    starts = [0]
    for k in range(1, len(mine)):
        level = float(np.median(current[starts[-1] : k]))
        if abs(current[k] - level) > ALIKE * level:
            starts.append(k)
    out = []
    for begin, end in zip(starts, [*starts[1:], len(mine)], strict=True):
        per_h = float(np.median(current[begin:end])) * 3600 / nominal_C
        of = mine[begin:end]
        out.append(Block(per_h, np.array([h.cycle for h in of]), np.array([h.charge_C for h in of])))
    return out


@rate.plot
def draw(result: Result, ax: Axes) -> None:
    """Capacity against cycle, each block with its rate above it."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    ax.plot(c["cycle"], c["capacity_C"] / 3.6, "o", color=COLOURS[0], markersize=3)
    top = float(c["capacity_C"].max()) / 3.6
    ends = [*c["block_begins"][1:], c["cycle"][-1] + 1]
    for k, (begin, end, per_h) in enumerate(zip(c["block_begins"], ends, c["block_rate_per_h"], strict=True)):
        if k:
            ax.axvline(begin - 0.5, color=SOFT, linewidth=0.5)
        ax.annotate(f"{_named(per_h)}C", (0.5 * (begin + end - 1), 1.1 * top), ha="center", fontsize=7)
    ax.set(xlabel="cycle", ylabel="capacity / mAh", ylim=(0, 1.2 * top))


@rate.demo
def demo(rng: np.random.Generator) -> Demo:
    """Five blocks of six cycles, C/10 to 2C and back, with 0.5 % of scatter from cycle to cycle."""
    nominal = 3.6 * float(rng.uniform(1, 3))
    plan = [(0.1, 1.0), (0.5, 0.93), (1.0, 0.85), (2.0, 0.6), (0.1, 0.97)]
    time, voltage, current, cycle, at, number = [], [], [], [], 0.0, 0
    for per_h, kept in plan:
        for _ in range(6):
            number += 1
            for sign, speed in ((1.0, 0.1), (-1.0, per_h)):
                charge = nominal * kept * (1 + 0.005 * float(rng.standard_normal()))
                t = np.linspace(0, charge / (nominal * speed / 3600), 30)
                time.append(at + t)
                voltage.append(np.linspace(3.0, 4.2, 30)[:: int(sign)])
                current.append(np.full(30, sign * nominal * speed / 3600))
                cycle.append(np.full(30, number))
                at += t[-1] + 1.0
    arrays = {
        "time_s": np.concatenate(time),
        "voltage_V": np.concatenate(voltage),
        "current_A": np.concatenate(current),
        "record_cycle": np.concatenate(cycle),
    }
    cell = Measurement.of(CYCLING, arrays, name="rate test")
    truth = {"capacity_0.1C": nominal, "capacity_1C": 0.85 * nominal, "kept_2C": 0.6, "recovery": 0.97}
    return Demo((cell,), truth, {"nominal_capacity_C": nominal})
