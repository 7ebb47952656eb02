"""Replicas of a deposit over random nuclei: what is known of the mean, and what one more sample would show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.deposit.conditions import Alike, alike, paired
from anodefree.analysis.deposit.shape import NAMES
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.units import unit_of
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.deposit_points import DEPOSIT_POINTS, NUMBERS
from anodefree.numerics.correlated import widened_to_95
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
RUNS: Final = ("replicas", "replicas_needed")
FEW: Final = ("porosity_volume", "porosity_thickness", "porosity_tip", "thickness")
ROUNDING: Final = 1 / math.sqrt(12)
"""Standard deviation, in cells, of a height on a grid: alike in all replicas."""
LEAST: Final = 5
"""Replicas below which Student's factor alone widens an interval by 40 % or more."""


@dataclass(frozen=True)
class Spread:
    """One number over the replicas of one condition; `grid` is what the size of the cells leaves open in all of them."""

    values: Floats
    grid: float

    @property
    def mean(self) -> float:
        """The mean over replicas."""
        return float(self.values.mean())

    @property
    def scatter(self) -> float:
        """Standard deviation between replicas; not a number for one."""
        return float(self.values.std(ddof=1)) if self.values.size > 1 else math.nan

    @property
    def of_mean(self) -> float:
        """Standard deviation of the mean, widened for few replicas so that two of it hold 95 %."""
        count = self.values.size
        return math.hypot(widened_to_95(count - 1) * self.scatter / math.sqrt(count), self.grid)

    @property
    def of_sample(self) -> float:
        """Standard deviation of one more replica about this mean, widened alike."""
        count = self.values.size
        return math.hypot(widened_to_95(count - 1) * self.scatter * math.sqrt(1 + 1 / count), self.grid)


@stage("deposit.ensemble", version=1, cites=("hahn1991", "kunsch1989", "brown2001", "chen2026"))
def ensemble(
    points: Annotated[Measurement, DEPOSIT_POINTS, Many()],
    *,
    by: Annotated[
        tuple[str, ...] | None,
        Par("conditions that part the runs into groups; none: all that was varied but the replica"),
    ] = None,
    numbers: Annotated[
        tuple[str, ...] | None,
        Par("numbers that are estimates; none: all of one group, of several the porosities, the thickness and the runs"),
    ] = None,
    wanted_std: Annotated[
        float, Par("standard deviation of the mean porosity that is wanted", gt=0, lt=1, source="a convention", assumed=True)
    ] = 0.02,
) -> Result:
    """Mean, scatter and intervals of deposits over random nuclei, for each condition.

    Of N runs with numbers $x_k$, mean $\\bar x$ and standard deviation s between them: `<number>` is the mean, with the
    standard deviation $(t/1.96)\\,s/\\sqrt N$, and `<number>_sample` one more run, with $(t/1.96)\\,s\\sqrt{1+1/N}$; t is
    Student's 95 % quantile of N - 1 degrees of freedom, `low` and `high` are the 95 % interval of either. A section under a
    microscope is one more sample: compare it with the latter. To both is added, as it is alike in all runs, what the size
    of a cell leaves open (a cell over √12 in heights). `dense`, `mossy`, `islands`, `rod`, `dendrite` are shares of runs, with
    Jeffreys' interval; `replicas` is N, `replicas_needed` the runs after which the mean of `porosity_volume` is known to
    `wanted_std`. With several groups each name ends in that of the group, and with two `thickness_ratio` is that of one
    more sample of the first over one of the second; where runs of both agree in all else that was varied,
    `<porosity>_change` is the mean difference of such pairs, second less first, which what they share does not scatter.
    What is varied within a group (sites whose distance nobody states, say) counts as scatter: the interval is then over it
    too. *Valid when* runs are independent draws and numbers nearly normal; shares need no such thing. *Source* Hahn and
    Meeker 1991 for the two intervals; Brown et al. 2001 for shares. *Differs from the paper*, which shows one run of each
    kind.
    Curves: every number of every run and group, and mean and interval after each replica.

    Raises
    ------
    ConfigError: a condition that no run states, an unknown number. DataError: runs that do not join.
    """
    groups = alike(points, by)
    several = len(groups) > 1
    known = [n.removesuffix("_m_s").removesuffix("_m") for n in NUMBERS if n in points]
    every = [*known, *NAMES, *RUNS]
    wanted = list(numbers) if numbers is not None else [*FEW, RUNS[0]] if several else every
    for name in wanted:
        if name not in every:
            raise ConfigError(f"there is no number '{name}'", "numbers", near(name, every))
    spreads = [{n: _spread(points, g, array) for n, array in zip(known, _arrays(points), strict=True)} for g in groups]
    estimates: dict[str, Estimate] = {}
    for group, spread in zip(groups, spreads, strict=True):
        own = {**{k: v for n in known for k, v in _told(n, spread[n]).items()}, **_shapes(points["shape"][group.rows])}
        own["replicas"] = Estimate(float(group.rows.size), 0.0, "1", "runs")
        own["replicas_needed"] = _needed(spread["porosity_volume"], wanted_std)
        kept = {n: e for n, e in own.items() if n.removesuffix("_sample") in wanted}
        estimates |= {f"{n}_{group.name}" if several else n: _named(e, group.name) for n, e in kept.items()}
    if len(groups) == 2:
        estimates["thickness_ratio"] = _ratio(groups, spreads)
        estimates |= _changes(points, groups, spreads, by)
    return Result.of(estimates, _curves(points, groups, spreads), _checks(points, groups, spreads, wanted_std))


def _arrays(points: Measurement) -> list[str]:
    return [n for n in NUMBERS if n in points]


def _spread(points: Measurement, group: Alike, array: str) -> Spread:
    """One number of one group, with what the grid leaves open."""
    values = points[array][group.rows].astype(float)
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise DataError(f"no run of '{group.name}' has '{array}'", points.source.name, "keep three frames or more")
    cell = float(points["cell_m"][group.rows].max())
    thickness, tip = (float(points[n][group.rows].mean()) for n in ("thickness_m", "tip_height_m"))
    mean = float(values.mean())
    grid = {
        "porosity_volume": 0.5 * mean * cell / thickness,
        "porosity_enclosed": 0.5 * mean * cell / thickness,
        "porosity_thickness": (1 - mean) * ROUNDING * cell / thickness,
        "porosity_tip": (1 - mean) * ROUNDING * cell / max(tip, cell),
        "thickness_m": ROUNDING * cell,
        "roughness_m": ROUNDING * cell,
        "tip_height_m": ROUNDING * cell,
        "tip_velocity_m_s": abs(mean) * ROUNDING * cell / max(tip, cell),
        "surface_area": 0.02 * mean,
    }
    return Spread(values, grid.get(array, 0.0))


def _told(name: str, spread: Spread) -> dict[str, Estimate]:
    """The mean, and one more sample."""
    array = next(n for n in NUMBERS if n.removesuffix("_m_s").removesuffix("_m") == name)
    unit, display = unit_of(array), "%" if name.startswith(("porosity", "isolated")) else None
    made = {}
    for suffix, std, what in (("", spread.of_mean, "mean of runs"), ("_sample", spread.of_sample, "one more sample")):
        span = 1.959963984540054 * std
        label = f"{NUMBERS[array]}, {what}"
        made[name + suffix] = Estimate(spread.mean, std, unit, label, display, spread.mean - span, spread.mean + span)
    return made


def _shapes(shape: Floats) -> dict[str, Estimate]:
    """The share of runs with each name: Jeffreys' posterior about the share that was found."""
    from scipy.stats import beta

    made = {}
    for k, name in enumerate(NAMES):
        hits, count = int((shape == k).sum()), shape.size
        posterior = beta(hits + 0.5, count - hits + 0.5)
        low, high = posterior.interval(0.95)
        made[name] = Estimate(hits / count, float(posterior.std()), "1", f"share of {name} runs", "%", float(low), float(high))
    return made


def _needed(spread: Spread, wanted_std: float) -> Estimate:
    if spread.values.size < 2:
        return Estimate(math.nan, math.nan, "1", "runs needed for the wanted interval")
    ideal = (spread.scatter / wanted_std) ** 2
    # The variance of the scatter of n normal values is 2/(n-1) of its square.
    std = ideal * math.sqrt(2 / (spread.values.size - 1))
    return Estimate(max(ideal, 1.0), std, "1", "runs needed for the wanted interval")


def _named(estimate: Estimate, group: str) -> Estimate:
    label = f"{estimate.label}, {group}" if group else estimate.label
    return Estimate(estimate.value, estimate.std, estimate.unit, label, estimate.display, estimate.low, estimate.high)


def _ratio(groups: list[Alike], spreads: list[dict[str, Spread]]) -> Estimate:
    first, second = (s["thickness"] for s in spreads)
    ratio = first.mean / second.mean
    relative = math.hypot(first.of_sample / first.mean, second.of_sample / second.mean)
    return Estimate(ratio, ratio * relative, "1", f"thickness of {groups[0].name} over that of {groups[1].name}")


def _changes(
    points: Measurement, groups: list[Alike], spreads: list[dict[str, Spread]], by: tuple[str, ...] | None
) -> dict[str, Estimate]:
    """Mean differences between runs of two groups that are alike in everything that does not part the groups."""
    pairs = paired(points, groups[0], groups[1], by)
    if len(pairs) < 2:
        return {}
    made = {}
    for name in (n for n in FEW if n.startswith("porosity")):
        change = Spread(np.array([points[name][b] - points[name][a] for a, b in pairs]), 0.0)
        grid = math.hypot(*(s[name].grid for s in spreads))
        label = f"{NUMBERS[name]}, {groups[1].name} less {groups[0].name} in {len(pairs)} pairs"
        made[f"{name}_change"] = Estimate(change.mean, math.hypot(change.of_mean, grid), "1", label, "%")
    return made


def _curves(points: Measurement, groups: list[Alike], spreads: list[dict[str, Spread]]) -> dict[str, tuple[object, object]]:
    of_run = np.zeros(len(points), int)
    for k, g in enumerate(groups):
        of_run[g.rows] = k
    curves: dict[str, tuple[object, object]] = {
        "group": ("group", np.array([g.name or "all" for g in groups], dtype=object)),
        "group_runs": ("group", np.array([g.rows.size for g in groups])),
        "group_of_run": ("run", of_run),
        "shape": ("run", points["shape"]),
    }
    for name, array in zip(spreads[0], _arrays(points), strict=True):
        curves[array] = ("run", points[array].astype(float))
        curves[f"group_{array}"] = ("group", np.array([s[name].mean for s in spreads]))
        curves[f"group_std_{array}"] = ("group", np.array([s[name].of_mean for s in spreads]))
        curves[f"group_sample_std_{array}"] = ("group", np.array([s[name].of_sample for s in spreads]))
    most = max(g.rows.size for g in groups)
    running, half = np.full((2, len(groups), most), np.nan)
    for k, g in enumerate(groups):
        values = points["porosity_volume"][g.rows].astype(float)
        for n in range(1, values.size + 1):
            running[k, n - 1] = values[:n].mean()
            if n > 1:
                half[k, n - 1] = 1.96 * Spread(values[:n], 0.0).of_mean
    curves["runs_so_far"] = ("count", np.arange(1, most + 1))
    curves["porosity_volume_so_far"] = (("group", "count"), running)
    curves["half_interval_so_far"] = (("group", "count"), half)
    return curves


def _checks(points: Measurement, groups: list[Alike], spreads: list[dict[str, Spread]], wanted_std: float) -> list[Check]:
    fewest = min(groups, key=lambda g: g.rows.size)
    porosity = [s["porosity_volume"] for s in spreads]
    unsure = [g for g, s in zip(groups, porosity, strict=True) if not s.of_mean <= wanted_std]
    worst = max((s.of_mean for s in porosity if math.isfinite(s.of_mean)), default=math.nan)
    early = int((points["complete"] < 1).sum())
    checks = [
        Check.that(
            "replicas",
            fewest.rows.size >= LEAST,
            f"{fewest.rows.size} runs or more of each condition",
            f"only {fewest.rows.size} runs of {fewest.name or 'this condition'}: {LEAST} at least, for "
            "Student's factor widens the interval of so few",
        ),
        Check.that(
            "converged",
            not unsure,
            f"the mean porosity under the envelope is known to {100 * wanted_std:.2g} %",
            f"the mean porosity under the envelope is not known to {100 * wanted_std:.2g} % in {len(unsure)} of "
            f"{len(groups)} groups (largest std {100 * worst:.2g} %): see replicas_needed",
        ),
        Check.that("complete", early == 0, "every run ended as it should", f"{early} runs stopped early and count as they are"),
    ]
    own = _against_itself(points, groups, porosity)
    return checks if own is None else [*checks, own]


def _against_itself(points: Measurement, groups: list[Alike], porosity: list[Spread]) -> Check | None:
    """Whether runs scatter as each of them expects of another stretch of collector."""
    enough = [(g, s) for g, s in zip(groups, porosity, strict=True) if g.rows.size >= LEAST and s.scatter > 0]
    if not enough:
        return None
    between = math.sqrt(np.mean([s.scatter**2 for _, s in enough]))
    expected = math.sqrt(np.mean([np.mean(points["porosity_volume_std"][g.rows] ** 2) for g, _ in enough]))
    told = f"runs scatter by {100 * between:.2g} % in porosity; each expects {100 * expected:.2g} % of another stretch"
    return Check.that("own expectation", between < 2 * max(expected, 1e-9), told, f"{told}: one run tells too little")


@ensemble.plot
def draw(result: Result, ax: Axes) -> None:
    """Runs, with the 95 % intervals of the mean (thick) and of one more sample (thin), and how the former narrows."""
    from anodefree.core.figure import COLOURS, INK, SOFT, sized, split

    c = result.curves
    names = [str(n) for n in c["group"].values]
    many = len(names) > 1
    sized(ax, 5.6, max(2.2, 0.9 + 0.42 * len(names)) if many else 2.6)
    left, right = split(ax, 1, 2, width_ratios=(1.5, 1) if many else (1.2, 1))
    at = np.arange(len(names))[::-1]
    kinds = (("porosity_volume", "under the envelope", 0.18), ("porosity_tip", "to the highest tip", -0.18))
    of = c["group_of_run"].values
    for i, (n, label, shift) in enumerate(kinds):
        mean, std, sample = (100 * c[f"{p}{n}"].values for p in ("group_", "group_std_", "group_sample_std_"))
        y = at + shift
        left.errorbar(mean, y, xerr=1.96 * sample, fmt="none", ecolor=COLOURS[i], elinewidth=0.8, capsize=2, alpha=0.7)
        left.errorbar(mean, y, xerr=1.96 * std, fmt="none", ecolor=COLOURS[i], elinewidth=2.4, capsize=0)
        left.plot(mean, y, "o", color=INK, ms=2.5, zorder=5, label="_")
        runs = 100 * c[n].values
        left.plot(runs, y[of] + 0.11, "o", color=COLOURS[i], ms=2.4, mfc="none", mew=0.6, label=label)
    left.set_yticks(at, names if many else [""])
    low, high = left.get_xlim()
    left.set(xlabel="porosity / %", xlim=(max(low, -25), min(high, 125)), ylim=(-0.6, len(names) - 0.4))
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, columnspacing=1.0, handletextpad=0.3)
    counts, half = c["runs_so_far"].values, 100 * c["half_interval_so_far"].values
    for k, line in enumerate(half):
        right.plot(
            counts,
            np.where(line > 0, line, np.nan),
            "o-",
            color=COLOURS[k % len(COLOURS)] if len(half) <= 4 else SOFT,
            ms=2,
            lw=0.8,
            label="_",
        )
    right.set(xlabel="runs", ylabel="95 % half interval\nof the mean porosity / %", xlim=(1, max(counts.max() + 0.5, 3)))
    if np.isfinite(half).any() and np.nanmax(half) > 0:
        right.set(yscale="log")


@ensemble.demo
def demo(rng: np.random.Generator) -> Demo:
    """Six runs drawn about a known mean, and a seventh that nobody has seen."""
    count, dense = 6, 1e-6
    porosity, scatter = rng.uniform(0.2, 0.6), rng.uniform(0.03, 0.08)
    drawn = np.clip(porosity + scatter * rng.normal(size=count + 1), 0.01, 0.95)
    tip = rng.uniform(2e-6, 4e-6) * (1 + 0.1 * rng.normal(size=count + 1))
    rows: dict[str, Any] = {n: np.zeros(count) for n in NUMBERS}
    rows |= {f"porosity_{n}": drawn[:-1] for n in ("volume", "thickness", "tip")} | {"tip_height_m": tip[:-1]}
    rows |= {"thickness_m": dense / (1 - drawn[:-1]), "surface_area": np.full(count, 2.0)}
    rows |= {"porosity_volume_std": np.full(count, scatter), "thickness_std_m": np.full(count, 1e-7)}
    rows |= {"charge_C_m2": np.full(count, 5400.0), "shape": np.ones(count), "shape_margin": np.full(count, 2.0)}
    rows |= {"cell_m": np.full(count, 1e-9), "complete": np.ones(count), "replica": np.arange(count) * 1.0}
    made = Measurement.of(DEPOSIT_POINTS, rows | {"collector": np.array(["Ni"] * count, dtype=object)}, name="demo")
    truth = {"porosity_volume": porosity, "porosity_volume_sample": drawn[-1], "tip_height_sample": tip[-1]}
    return Demo((made,), truth)
