"""The phases of a cell's life by its efficiency: formation, steady cycling, failure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.core.result import Check

NORMAL_MAD = 1.482602218505602
"""Standard deviation of normal noise over its median absolute deviation."""
OUT_OF = 5
MANY = 3
SIGMAS = 5.0
LOSS_WEIGHT = 0.1


@dataclass(frozen=True)
class Phases:
    """Indices into the cycles: steady cycling is first <= k < failed; `failed` is the number of cycles where nothing failed."""

    first: int
    failed: int
    how: str
    """What failed: empty, "soft short" or "drop"."""
    level: float
    scatter: float

    @property
    def steady(self) -> slice:
        """The cycles between formation and failure."""
        return slice(self.first, self.failed)


def phases(ce: np.ndarray, error: np.ndarray, formation: int | None, tolerance: float) -> Phases:
    """The phases of efficiencies (n,) with each value's own error (n,).

    Of all runs of a quarter of the cycles (five at least) the calmest gives the level and the scatter s: the one with the least
    sum of scatter and a tenth of its loss, so that a dead cell's monotony does not count as calm. *Failure* begins with the
    first cycle from there on that lies off the level by more than max(5 s, tolerance), as do at least three of the five cycles
    from it on (all of them, where fewer are left); it is a soft short where more than one of the twenty from it on lie above 1
    by 5 s. *Formation* are, unless their number is given, the cycles at the start that lie below the level by more than 5 s, a
    third of all at most.
    """
    n = ce.size
    width = min(max(OUT_OF, n // 4), n)
    windows = np.lib.stride_tricks.sliding_window_view(ce, width)
    medians = np.median(windows, axis=1)
    spreads = NORMAL_MAD * np.median(np.abs(windows - medians[:, None]), axis=1)
    calmest = int(np.argmin(spreads + LOSS_WEIGHT * np.maximum(1 - medians, 0)))
    level = float(medians[calmest])
    scatter = max(float(spreads[calmest]), float(np.median(error)), 1e-6)
    below = level - ce > SIGMAS * scatter
    if formation is None:
        settled = np.flatnonzero(~below)
        first = min(int(settled[0]) if settled.size else 0, n // 3)
    else:
        first = min(formation, n)
    out = np.abs(ce - level) > max(SIGMAS * scatter, tolerance)
    for k in range(max(first, calmest, 1), n):
        ahead = out[k : k + OUT_OF]
        if out[k] and ahead.size > 1 and ahead.sum() >= min(MANY, ahead.size):
            above = int(np.sum(ce[k : k + 4 * OUT_OF] > 1 + SIGMAS * scatter))
            return Phases(first, k, "soft short" if above > 1 else "drop", level, scatter)
    return Phases(first, n, "", level, scatter)


def failure_check(found: Phases, cycle: np.ndarray) -> Check:
    """Whether and how the cell failed."""
    if not found.how:
        return Check(
            "failure", "pass", f"no failure within {cycle.size} cycles: the number of reversible cycles is a lower bound"
        )
    words = {
        "soft short": "the efficiency jumps, also above 1: a soft short",
        "drop": f"the efficiency leaves its level of {100 * found.level:.2f} %",
    }
    where = cycle[found.failed]
    return Check("failure", "warn", f"{words[found.how]}, from cycle {where:g} on; means are over the cycles before")


def calm_check(ce: np.ndarray, found: Phases, tolerance: float) -> Check:
    """Whether cycles among the steady ones are far off their level."""
    off = int(np.sum(np.abs(ce[found.steady] - found.level) > max(SIGMAS * found.scatter, tolerance)))
    return Check.that(
        "steady cycles",
        off == 0,
        f"the steady cycles stay within {100 * max(SIGMAS * found.scatter, tolerance):.2g} % of {100 * found.level:.2f} %",
        f"of the steady cycles {off} lie further off the level of {100 * found.level:.2f} %: CE_median is less moved by them",
    )


def impossible_check(ce: np.ndarray, error: np.ndarray, cycle: np.ndarray) -> Check:
    """Whether single cycles gave back more than went in, beyond what the counting allows."""
    above = np.flatnonzero(ce - 1 > 3 * error)
    named = ", ".join(f"{cycle[k]:g}" for k in above[:5]) + (" …" if above.size > 5 else "")
    return Check.that(
        "above 1",
        above.size == 0,
        "no cycle gives back more than it took, beyond the counting error",
        f"{above.size} cycles give back more than they took ({named}): lithium of earlier cycles, a soft short, or an offset",
    )
