"""Means over frames that follow each other: standard deviation, and whether the two halves of a run agree."""

from __future__ import annotations

import math

import numpy as np

from anodefree.core.result import Check, Estimate
from anodefree.numerics.correlated import long_run_variance, widened_to_95

INDEPENDENT = 6
"""Frames that count as one degree of freedom of the variance, since it sums over as many lags."""


def std_of_mean(series: np.ndarray) -> float:
    """Standard deviation of the mean of correlated frames (frame,), widened because few frames tell their variance badly."""
    widened = widened_to_95(max(len(series) // INDEPENDENT, 1))
    return widened * math.sqrt(long_run_variance(series - series.mean()) / len(series))


def mean_of(series: np.ndarray, label: str, display: str | None = None, *, beside: float = 0.0) -> Estimate:
    """The mean over the frames; `beside` is another standard deviation that adds to it."""
    return Estimate(float(series.mean()), math.hypot(std_of_mean(series), beside), "1", label, display)


def drift_check(series: np.ndarray) -> Check:
    """Whether the halves of a run differ by more than their own scatter allows."""
    half = len(series) // 2
    early, late = series[:half], series[half:]
    apart = abs(float(early.mean() - late.mean()))
    allowed = 3 * math.hypot(std_of_mean(early), std_of_mean(late))
    return Check.that(
        "drift",
        apart <= max(allowed, 1e-9),
        "the two halves of the run agree",
        f"the halves of the run differ ({early.mean():.3g}, then {late.mean():.3g}): not in equilibrium, the std is too small",
    )
