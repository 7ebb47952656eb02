"""Means and slopes of series whose neighbours resemble each other, as the cycles of one cell do."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def trend(values: np.ndarray) -> tuple[float, float, float, float]:
    """Mean and slope per step of values (n,), n > 2, each with its standard deviation.

    The scatter is that about the straight line, widened by sqrt((1 + r)/(1 - r)) for the correlation r of neighbours:
    successive cycles of one cell are no independent repeats.
    """
    n = values.size
    x = np.arange(n) - (n - 1) / 2
    slope = float(x @ values / (x @ x))
    rest = values - values.mean() - slope * x
    variance = float(rest @ rest) / (n - 2)
    # The correlation of residuals of a line is biased low by about 2/n.
    r = float(rest[1:] @ rest[:-1] / (rest @ rest)) + 2 / n if variance > 0 else 0.0
    widened = variance * (1 + (r := min(max(r, 0.0), 0.98))) / (1 - r)
    return float(values.mean()), float(np.sqrt(widened / n)), slope, float(np.sqrt(widened / (x @ x)))


def repeatability(values: np.ndarray) -> float:
    """Standard deviation of one value from the differences of neighbours, which a slow drift hardly enters (von Neumann)."""
    return float(np.sqrt(np.mean(np.diff(values) ** 2) / 2))


def long_run_variance(residuals: np.ndarray) -> float:
    """n var(mean) of a series (n,) of mean 0 whose neighbours are correlated, with either sign.

    An autoregression of first order takes out what is strongest (its coefficient kept within ±0.97), Bartlett's weights over
    4 (n/100)^(2/9) lags sum up the rest, and the whole is coloured back.
    *Source* Newey and West 1987; Andrews and Monahan 1992.
    """
    n = residuals.size
    before, after = residuals[:-1], residuals[1:]
    power = float(before @ before)
    if power == 0:
        return 0.0
    # The estimate from residuals about a fitted mean is low by about (1 + 3 rho)/n.
    raw = float(before @ after) / power
    rho = float(np.clip(raw + (1 + 3 * raw) / n, -0.97, 0.97))
    white = after - rho * before
    lags = math.floor(4 * (n / 100) ** (2 / 9))
    total = float(white @ white)
    for lag in range(1, min(lags, white.size - 1) + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(white[lag:] @ white[:-lag])
    floor = 0.1 * float(white @ white)  # the sum may come out negative where the true one is near nothing
    return max(total, floor) / max(n - 2, 1) / (1 - rho) ** 2


def std_of_mean_of_few(values: np.ndarray) -> float:
    """Standard deviation of the mean of independent values (n,), widened for few; NaN for one value or where one is missing."""
    n = values.size
    return widened_to_95(n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else math.nan


def jackknifed(of: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function of the mean of independent rows (n, k), and the standard deviation (m,) of what it gives, widened for few.

    From the scatter of the function where each row is left out: exact for what is linear, right to first order for ratios.
    """
    n = len(values)
    total = values.sum(axis=0)
    left = np.array([of((total - row) / (n - 1)) for row in values])
    return of(total / n), widened_to_95(n - 1) * np.sqrt((n - 1) / n * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


def widened_to_95(dof: int) -> float:
    """Student's 95 % quantile over that of a normal: what makes two standard deviations of few values hold 95 %."""
    from scipy.special import stdtrit

    return float(stdtrit(dof, 0.975)) / 1.959963984540054 if dof >= 1 else math.nan


def disagreement(values: np.ndarray, stds: np.ndarray) -> float:
    """max(1, sqrt(χ²/(n - 1))) of values (n,) about their mean: how much further they scatter than their own stds say.

    *Source* Birge 1932.
    """
    n = values.size
    if n < 2 or not (stds > 0).all():
        return 1.0
    return max(1.0, math.sqrt(float(np.sum(((values - values.mean()) / stds) ** 2)) / (n - 1)))
