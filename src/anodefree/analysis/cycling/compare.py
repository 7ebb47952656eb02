"""Many cells beside each other: efficiency of each, mean and scatter of each group, and which groups truly differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling import counting as c
from anodefree.analysis.cycling.efficiency import FailureTolerance, FormationCycles
from anodefree.analysis.cycling.pairs import CellType, by_charge
from anodefree.analysis.cycling.phases import phases
from anodefree.core.measurement import Measurement, join
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.io.file_names import group_name
from anodefree.kinds.cells import CELLS
from anodefree.kinds.cycling import CYCLING
from anodefree.numerics.correlated import std_of_mean_of_few, widened_to_95
from anodefree.numerics.two_groups import Difference, holm, rank_test, welch
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_P = 0.05


@dataclass(frozen=True)
class Group:
    """The cells that share a name: the mean efficiency of each, and the cycles it lasted."""

    name: str
    ce: np.ndarray
    lasted: np.ndarray

    @property
    def mean(self) -> float:
        """Mean over the cells."""
        return float(self.ce.mean())

    @property
    def scatter(self) -> float:
        """Standard deviation from cell to cell; NaN for one cell."""
        return float(np.std(self.ce, ddof=1)) if self.ce.size > 1 else math.nan

    @property
    def std(self) -> float:
        """Standard deviation of the mean, widened so that twice of it holds 95 % though the cells are few; NaN for one cell."""
        return std_of_mean_of_few(self.ce)


@dataclass(frozen=True)
class Pair:
    """The comparison of two groups, the better one first."""

    better: str
    worse: str
    difference: Difference
    p_rank: float
    p_rank_least: float

    @property
    def std(self) -> float:
        """Standard deviation of the difference, widened for few cells."""
        return widened_to_95(int(max(self.difference.dof, 1.0))) * self.difference.std


@stage("cycling.compare", version=1, cites=("welch1947", "mann1947", "holm1979", "adams2018"))
def compare(
    cells: Annotated[Measurement, CELLS, Many()],
    *,
    groups: Annotated[
        tuple[str, ...] | None,
        Par("group of each cell, in order (none: that of the table of samples, or the file's name without its number)"),
    ] = None,
    cell: CellType = "auto",
    formation_cycles: FormationCycles = None,
    failure_tolerance: FailureTolerance = 0.02,
) -> Result:
    """Coulombic efficiency of groups of cells, and which groups truly differ.

    Each cell counts once: with the mean of its steady cycles, as in `cycling.efficiency`. Per group: `CE_<group>`, the mean
    over its cells, with the standard deviation of that mean from the scatter s between cells, t_{95, n-1}/1.96 s/sqrt(n): twice
    of it holds 95 % though cells are few. Cycles of one cell are no independent repeats, and a cycler's channels err each for
    themselves, so their errors are in that scatter. Pairs of groups: difference by Welch's test (unequal variances), corrected
    by Holm where there are several pairs, and by ranks (Mann and Whitney, exact), which need no normal law but cannot fall
    below `p_rank_least` = 2/C(n + m, n) however far the groups are apart: 0.1 for three cells against three.
    `difference`, `p_difference` (Holm), `p_rank`: the best group against the next. A group of one cell has no std and enters no
    test. Curves: one row per cell, per group (ranked) and per pair.
    *Valid when* cells of a group are repeats of one recipe, made and measured independently. *Source* Welch 1947; Mann and
    Whitney 1947; Holm 1979; efficiency: Adams et al. 2018, method 1. The paper does not say how many
    cells stand behind its numbers.

    Raises
    ------
    ConfigError: as many group names as cells are needed. DataError: a cell has no cycle with both charges.
    """
    names = [str(n) for n in cells.meta.get("members", [f"cell {k + 1}" for k in range(len(cells))])]
    labels = list(groups or cells.meta.get("groups") or map(group_name, names))
    if len(labels) != len(cells):
        raise ConfigError(f"{len(labels)} groups are given for {len(cells)} cells", "groups", "one for each file, in order")
    kind = _kind(cells, cell)
    each = [_cell(cells, k, kind, formation_cycles, failure_tolerance, names[k]) for k in range(len(cells))]
    ce, lasted = np.array([e[0] for e in each]), np.array([e[1] for e in each])
    of = np.array(labels)
    made = [Group(g, ce[of == g], lasted[of == g]) for g in dict.fromkeys(labels)]
    ranked = sorted(made, key=lambda g: -g.mean)
    repeated = [g for g in ranked if g.ce.size > 1]
    pairs = [Pair(a.name, b.name, welch(a.ce, b.ce), *rank_test(a.ce, b.ce)) for a, b in combinations(repeated, 2)]
    corrected = holm(np.array([p.difference.p for p in pairs])) if pairs else np.empty(0)
    estimates = {
        f"CE_{g.name}": Estimate(g.mean, g.std, "1", f"efficiency of {g.name}, mean of {_cells(g.ce.size)}", "%")
        for g in ranked
    }
    if pairs:
        first = pairs[0]
        estimates |= {
            "difference": Estimate(first.difference.value, first.std, "1", f"{first.better} minus {first.worse}", "%"),
            "p_difference": Estimate(float(corrected[0]), 0.0, "1", "how often chance parts equal means so far (Welch, Holm)"),
            "p_rank": Estimate(first.p_rank, 0.0, "1", "the same by ranks"),
            "p_rank_least": Estimate(first.p_rank_least, 0.0, "1", "the least that so few cells can reach by ranks"),
        }
    checks = [
        Check("cell", "pass", f"CE is {'charge over discharge (Li||Cu)' if kind == 'half' else 'discharge over charge'}"),
        _repeats(ranked),
        *_verdicts(pairs, corrected),
    ]
    return Result.of(estimates, _curves(names, of, ce, lasted, ranked, pairs, corrected), checks)


def _cells(n: int) -> str:
    return "one cell" if n == 1 else f"{n} cells"


def _kind(cells: Measurement, cell: str) -> str:
    """Half or full, for all cells alike: by what the larger total charge is."""
    if cell != "auto":
        return cell
    return by_charge(cells["charge_capacity_C"], cells["discharge_capacity_C"])


def _cell(cells: Measurement, k: int, kind: str, formation: int | None, tolerance: float, name: str) -> tuple[float, int]:
    """Mean efficiency of the steady cycles of one cell, and the cycles before failure."""
    charge, discharge = cells["charge_capacity_C"][k], cells["discharge_capacity_C"][k]
    into, back = (discharge, charge) if kind == "half" else (charge, discharge)
    good = np.isfinite(into) & np.isfinite(back) & (into > 0) & (back > 0)
    if not good.any():
        raise DataError("has no cycle with charge in both directions", name, "leave this file out")
    ce = back[good] / into[good]
    life = phases(ce, np.full(ce.size, c.OF_RANGE), formation, tolerance)
    if life.failed <= life.first:
        raise DataError(f"has {ce.size} cycles, and {life.first} count as formation", name, "give fewer formation_cycles")
    return float(ce[life.steady].mean()), life.failed


def _repeats(ranked: Sequence[Group]) -> Check:
    alone = [g.name for g in ranked if g.ce.size == 1]
    least = min(g.ce.size for g in ranked)
    return Check.that(
        "repeats",
        not alone and least >= 3,
        f"every group has {least} cells or more",
        f"one cell only: {', '.join(alone)}; what it shows may be the cell, not its kind"
        if alone
        else f"a group has {least} cells: its scatter is hardly known, so its interval is wide",
    )


def _verdicts(pairs: Sequence[Pair], corrected: np.ndarray) -> list[Check]:
    """One sentence for each pair."""
    told = []
    for pair, p in zip(pairs, corrected, strict=True):
        d = pair.difference
        by = f"{100 * d.value:.2g} ± {100 * pair.std:.2g} %"
        differ = p < LEAST_P
        sentence = f"{pair.better} is above {pair.worse} by {by} (p = {p:.2g} by Welch"
        ranks = f", {pair.p_rank:.2g} by ranks, which cannot fall below {pair.p_rank_least:.2g} here)"
        worse = f"{pair.better} and {pair.worse} cannot be told apart: {by} (p = {p:.2g} by Welch"
        told.append(
            Check.that(f"{pair.better} / {pair.worse}", differ, sentence + ranks, worse + ranks + ": more cells would tell")
        )
    return told


def _curves(
    names: Sequence[str],
    of: np.ndarray,
    ce: np.ndarray,
    lasted: np.ndarray,
    ranked: Sequence[Group],
    pairs: Sequence[Pair],
    corrected: np.ndarray,
) -> dict[str, tuple[str, np.ndarray]]:
    """The tables of cells, groups and pairs."""
    curves: dict[str, tuple[str, np.ndarray]] = {
        "cell": ("cells", np.array(names, dtype=object)),
        "group_of_cell": ("cells", of.astype(object)),
        "CE": ("cells", ce),
        "reversible_cycles": ("cells", lasted),
        "group": ("groups", np.array([g.name for g in ranked], dtype=object)),
        "group_CE": ("groups", np.array([g.mean for g in ranked])),
        "group_CE_std": ("groups", np.array([g.std for g in ranked])),
        "group_scatter": ("groups", np.array([g.scatter for g in ranked])),
        "group_cells": ("groups", np.array([g.ce.size for g in ranked])),
    }
    if pairs:
        curves |= {
            "pair": ("pairs", np.array([f"{p.better} / {p.worse}" for p in pairs], dtype=object)),
            "pair_difference": ("pairs", np.array([p.difference.value for p in pairs])),
            "pair_difference_std": ("pairs", np.array([p.std for p in pairs])),
            "pair_p_welch": ("pairs", np.array([p.difference.p for p in pairs])),
            "pair_p_holm": ("pairs", corrected),
            "pair_p_rank": ("pairs", np.array([p.p_rank for p in pairs])),
        }
    return curves


@compare.plot
def draw(result: Result, ax: Axes) -> None:
    """Every cell as a point, the groups from best to worst with mean and 95 % interval."""
    from anodefree.core.figure import COLOURS, INK

    names = [str(n) for n in result.curves["group"].values]
    mean, std = (100 * result.curves[n].values for n in ("group_CE", "group_CE_std"))
    ce, of = 100 * result.curves["CE"].values, result.curves["group_of_cell"].values
    for k, name in enumerate(names):
        mine = ce[of == name]
        spread = np.linspace(-0.12, 0.12, mine.size) if mine.size > 1 else np.zeros(1)
        ax.plot(k + spread, mine, "o", color=COLOURS[k % len(COLOURS)], markersize=3.5, label="_")
    at = np.arange(len(names))
    ax.errorbar(at + 0.25, mean, 2 * np.nan_to_num(std), fmt="_", color=INK, capsize=2, label="mean, 95 %")
    ax.set_xticks(at, [f"{n}\n({int(np.sum(of == n))})" for n in names])
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.ticklabel_format(axis="y", useOffset=False)
    ax.set(xlabel="group (cells)", ylabel="coulombic efficiency / %")
    ax.legend()


@compare.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two recipes, five cells each, whose efficiencies scatter from cell to cell and from cycle to cycle."""
    truth = {"M-Ni": float(rng.uniform(0.990, 0.995)), "Cu": float(rng.uniform(0.970, 0.980))}
    cells = []
    for name, level in truth.items():
        for k in range(5):
            ce = level + 1e-3 * rng.standard_normal() + 5e-4 * rng.standard_normal(40)
            plated = np.full(40, 3.6)
            arrays = {"cycle_number": np.arange(1, 41), "charge_capacity_C": ce * plated, "discharge_capacity_C": plated}
            cells.append(Measurement.of(CYCLING, arrays, name=f"{name}_{k + 1}.csv"))
    wanted = {f"CE_{n}": v for n, v in truth.items()} | {"difference": truth["M-Ni"] - truth["Cu"]}
    return Demo((join(cells),), wanted)
