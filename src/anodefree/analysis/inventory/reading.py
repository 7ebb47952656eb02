"""What a capacity curve tells of efficiency and reserve, over all explanations that have to be reckoned with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anodefree.analysis.inventory.explanations import BY_KNEE, WORTH, Explanation
from anodefree.analysis.inventory.knee import EFFICIENCY, RESERVE, RESERVOIR, Curve, Knee, told
from anodefree.core.result import Estimate
from anodefree.core.uncertain import Uncertain

BREAK = 0.5
"""A capacity that falls below this part of the one before, and stays there, has broken off."""

FAR = 8.0
"""Scatters by which a single cycle must be off its neighbours to be left out, and the part of the capacity at least."""
FAR_AT_LEAST = 0.02


@dataclass(frozen=True)
class Reading:
    """Estimates, and whether the curve determines the efficiency or only bounds it."""

    estimates: Mapping[str, Estimate]
    ranges: list[tuple[float, float]]
    """CE of each explanation, lowest and highest."""
    identified: bool
    by_knee: bool
    """Whether a plain reserve and its knee are what is read."""


def lasting(number: np.ndarray, capacity: np.ndarray, fewest: int) -> tuple[np.ndarray, np.ndarray, float | None]:
    """The cycles before a sudden failure, and its cycle; all of them and None where there is none after `fewest` cycles.

    Steep but steady decay is none: the cycle before the break must not have lost much itself.
    """
    for i in range(max(fewest, 2), len(capacity)):
        steady = capacity[i - 1] > 0.75 * capacity[i - 2]
        if steady and capacity[i:].max() < BREAK * capacity[i - 1]:
            return number[:i], capacity[:i], float(number[i])
    return number, capacity, None


def single_outliers(capacity: np.ndarray, fewest: int) -> np.ndarray:
    """Which cycles are off the median of five about them, (n,): an interruption, a wrong temperature.

    Never the first two or last two, which a steady change puts off it; none where fewer than `fewest` would be left.
    """
    middle = np.median(np.lib.stride_tricks.sliding_window_view(capacity, 5), axis=1)
    off = np.zeros(len(capacity))
    off[2:-2] = np.abs(capacity[2:-2] / np.maximum(middle, 1e-300) - 1)
    scatter = 1.4826 * float(np.median(off[2:-2]))
    bad = off > max(FAR * scatter, FAR_AT_LEAST)
    return bad if np.sum(~bad) >= fewest else np.zeros_like(bad)


def least_efficiency(found: Explanation, curve: Curve, excess: Uncertain | None, limit: float) -> float:
    """The lowest CE of a cell that has not run short of lithium: what it lost was in its reserve.

    λ ≤ (e + h + 1 - D_N/Q)/(h + 1 + ΣD_k/Q), k < N, for the largest e and h possible; 0 where the excess is not known.
    """
    if excess is None or not np.isfinite(found.model).all():
        return 0.0
    every = np.interp(np.arange(1.0, curve.number[-1] + 1), curve.number, found.model / found.scale)
    most = excess.value + 2 * excess.std + limit + 1 - every[-1]
    return float(np.clip(1 - most / (limit + 1 + every[:-1].sum()), 0.0, 1.0))


def read(
    found: list[Explanation],
    chance: np.ndarray,
    knee: Knee,
    curve: Curve,
    excess: Uncertain | None,
    limit: float,
    informing: float,
) -> Reading:
    """Efficiency, hidden reservoir and reserve over all explanations worth at least 5 %."""
    by_knee = told(knee, excess, limit)
    readings = [_told(e, by_knee, curve, excess, limit, informing) for e in found]
    lithium = np.array([e.loss is not None for e in found])
    share = float(chance[lithium].sum())
    counts = [i for i in np.flatnonzero(lithium) if chance[i] >= WORTH * share and share >= WORTH]
    others = [i for i in np.flatnonzero(~lithium) if chance[i] >= WORTH * (1 - share) and 1 - share >= WORTH]
    identified = not others
    if identified:
        estimates = {name: _merged([readings[i][name] for i in counts], chance[counts]) for name in by_knee}
    else:
        estimates = _bounded([readings[i] for i in [*counts, *others]])
    estimates["lithium_probability"] = Estimate(share, 0.0, "1", "probability that lithium runs short", "%")
    ranges = [(float(r["CE"].low or 0.0), float(r["CE"].high or 0.0)) for r in readings]
    return Reading(estimates, ranges, identified, any(found[i].name in BY_KNEE for i in counts))


def _told(
    e: Explanation, by_knee: Mapping[str, Estimate], curve: Curve, excess: Uncertain | None, limit: float, informing: float
) -> Mapping[str, Estimate]:
    """CE, reservoir and reserve of one explanation."""
    if e.name in BY_KNEE:
        return by_knee
    if e.loss is None or e.reserve is None or not np.isfinite(e.squares):
        lowest = least_efficiency(e, curve, excess, limit)
        most = math.nan if excess is None else excess.value + 2 * excess.std + limit
        return {
            "CE": Estimate(0.5 * (1 + lowest), math.nan, *EFFICIENCY, lowest, 1.0),
            "hidden_reservoir": Estimate(0.5 * limit, math.nan, *RESERVOIR, 0.0, limit),
            "reserve": Estimate(0.5 * most, math.nan, *RESERVE, 0.0, None if excess is None else most),
        }
    wider = 1 / math.sqrt(informing)
    loss, least, most = (e.loss[0] + wider * (x - e.loss[0]) for x in e.loss)
    used, little, much = (e.reserve[0] + wider * (x - e.reserve[0]) for x in e.reserve)
    known = excess or Uncertain(0.0)
    unsure = 2 * known.std
    h, low, high = (max(x - known.value, 0.0) / (1 - loss) for x in (used, little - unsure, much + unsure))
    h_std = math.hypot((much - little) / 3.92, known.std)
    if excess is None:
        low, high, h_std = 0.0, min(high, limit), math.nan
        h = 0.5 * high
    return {
        "CE": Estimate(1 - loss, (most - least) / 3.92, *EFFICIENCY, 1 - most, min(1 - least, 1.0)),
        "hidden_reservoir": Estimate(h, h_std, *RESERVOIR, low, high),
        "reserve": Estimate(used, (much - little) / 3.92, *RESERVE, max(little, 0.0), much),
    }


def _merged(parts: list[Estimate], weights: np.ndarray) -> Estimate:
    """One estimate over several explanations: mean, spread within and between, and the hull of the intervals."""
    w = weights / weights.sum()
    values, stds = np.array([p.value for p in parts]), np.array([p.std for p in parts])
    value = float(w @ values)
    std = float(np.sqrt(w @ (stds**2 + (values - value) ** 2)))
    low, high = min(p.low for p in parts if p.low is not None), max(p.high for p in parts if p.high is not None)
    first = parts[0]
    return Estimate(value, std, first.unit, first.label, first.display, low, high)


def _bounded(readings: list[Mapping[str, Estimate]]) -> dict[str, Estimate]:
    """Only the hull is known; its middle stands for a value."""
    hull = {}
    for name, first in readings[0].items():
        lows, highs = ([getattr(r[name], side) for r in readings] for side in ("low", "high"))
        low, high = min(lows), None if None in highs else max(highs)
        middle = math.nan if high is None else 0.5 * (low + high)
        hull[name] = Estimate(middle, math.nan, first.unit, first.label, first.display, low, high)
    return hull
