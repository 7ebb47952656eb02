"""The spread of what is summed over pairs that share members: two-way clustering, and the bootstrap of both members.

A table M (row, column) holds one number for each pair of a row's member with a column's. Pairs in one row share that member, so
they are not independent; nor are those in one column.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def clustered_std(residual: Floats) -> float:
    """Standard deviation of the sum of a table of residuals: rows and columns are clusters, a pair counts once.

    var = sum of squared row sums + of squared column sums - of squares. *Source* Cameron, Gelbach and Miller 2011, section 2.
    """
    pairs = float((residual**2).sum())
    rows, columns = (float((residual.sum(axis=k) ** 2).sum()) for k in (0, 1))
    return math.sqrt(max(rows + columns - pairs, pairs))


def pigeonhole(tables: tuple[Floats, ...], draws: int, rng: np.random.Generator) -> Floats:
    """The sums (table, draw) of tables of equal shape for resamples: members of both sides are drawn with replacement.

    A pair counts as often as its row was drawn times its column. The variance is that of the members, and about three times
    that of the pairs' own scatter: it errs on the safe side. *Source* Owen 2007.
    """
    rows, columns = tables[0].shape
    one = rng.multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(float)
    two = rng.multinomial(columns, np.full(columns, 1 / columns), size=draws).astype(float)
    return np.array([((one @ t) * two).sum(axis=1) for t in tables])


def interval(drawn: Floats) -> tuple[float, float]:
    """The central 95 % of resamples; NaN where none is finite."""
    known = drawn[np.isfinite(drawn)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
