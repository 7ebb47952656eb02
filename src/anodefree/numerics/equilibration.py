"""Where a series has reached equilibrium, and how many independent values the rest holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Equilibrated:
    """The first index of the steady part, its statistical inefficiency g, and how many independent values it holds."""

    first: int
    inefficiency: float
    independent: float


def inefficiency(series: np.ndarray) -> float:
    """g = 1 + 2 Σ (1 - t/n) C(t), summed to the first lag at which the autocorrelation C is no longer positive.

    *Source* Chodera et al. 2007, equations 19 to 26.
    """
    n = len(series)
    rest = series - series.mean()
    power = float(rest @ rest) / n
    if power <= 1e-30 * max(float(series.mean()) ** 2, 1e-300) or n < 4:
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(rest, size)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n] / (n - np.arange(n)) / power
    g = 1.0
    for lag in range(1, n - 1):
        if correlation[lag] <= 0 and lag > 3:
            break
        g += 2 * correlation[lag] * (1 - lag / n)
    return max(g, 1.0)


def detect(series: np.ndarray, starts: int = 40) -> Equilibrated:
    """The start from which the series holds the most independent values, among evenly spaced ones.

    *Valid when* the approach to equilibrium is no longer than the series. *Source* Chodera 2016.
    """
    n = len(series)
    found = []
    for first in np.unique(np.linspace(0, max(n - max(n // 10, 4), 0), starts).astype(int)):
        g = inefficiency(series[first:])
        found.append(Equilibrated(int(first), g, (n - first) / g))
    return max(found, key=lambda e: e.independent)
