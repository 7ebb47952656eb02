"""Two small groups of values: how far apart their means are, and how often chance alone would part them so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

MOST_SPLITS = 50_000


@dataclass(frozen=True)
class Difference:
    """Mean of a minus mean of b, its standard deviation, degrees of freedom, and the two-sided p of Welch's test."""

    value: float
    std: float
    dof: float
    p: float


def welch(a: np.ndarray, b: np.ndarray) -> Difference:
    """Welch's test of two means with unequal variances; at least two values in each. *Source* Welch 1947."""
    from scipy.special import stdtr

    of_a, of_b = float(np.var(a, ddof=1)) / a.size, float(np.var(b, ddof=1)) / b.size
    value, variance = float(a.mean() - b.mean()), of_a + of_b
    if variance == 0:
        return Difference(value, 0.0, float(a.size + b.size - 2), 1.0 if value == 0 else 0.0)
    dof = variance**2 / (of_a**2 / (a.size - 1) + of_b**2 / (b.size - 1))
    std = math.sqrt(variance)
    return Difference(value, std, dof, 2 * float(stdtr(dof, -abs(value) / std)))


def rank_test(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Two-sided p of the rank sum (Mann and Whitney 1947), and the least p that groups of these sizes can reach.

    Exact over all splits of the values, ties by their mean rank; by the normal law where the splits are more than 50 000.
    """
    values = np.concatenate([a, b])
    order = np.sort(values)
    ranks = 0.5 * (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") + 1)
    n, m = a.size, b.size
    expected = n * (n + m + 1) / 2
    off = abs(float(ranks[:n].sum()) - expected)
    splits = math.comb(n + m, n)
    if splits > MOST_SPLITS:
        spread = math.sqrt(n * m / (n + m) * float(np.var(ranks, ddof=1)))
        return math.erfc(max(off - 0.5, 0.0) / spread / math.sqrt(2)), 2 / splits
    sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(n + m), n)])
    return float(np.mean(np.abs(sums - expected) >= off - 1e-9)), min(2 / splits, 1.0)


def holm(p: np.ndarray) -> np.ndarray:
    """p (n,) of several tests, corrected so that all hold together. *Source* Holm 1979."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
