"""What one stretch of a section says about the whole: means and ratios of columns that resemble their neighbours."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST_BLOCKS = 4


def correlation_length(values: Floats) -> float:
    """Sum 1 + 2 Σ r_k of the autocorrelations of a series (n,), in steps, up to a lag of three times itself; at least 1."""
    summed = 2 * np.cumsum(_autocorrelation(values)) - 1
    return float(max(summed[_window(summed)], 1.0))


def _autocorrelation(values: Floats) -> Floats:
    """Autocorrelations (n,) of a series; what taking off its own mean lowered them by, their sum over n, is put back."""
    n = values.size
    off = values - values.mean()
    if n < 4 or not off.any():
        return np.eye(1, max(n, 1))[0]
    covariance = np.fft.irfft(np.abs(np.fft.rfft(off, 2 * n)) ** 2)[:n]
    r = covariance / covariance[0]
    summed = 2 * np.cumsum(r) - 1
    return np.asarray(r + (1 - r) * max(summed[_window(summed)], 1.0) / n)


def _window(summed: Floats) -> int:
    """The first lag that is three times the sum up to it; half the series where none is."""
    far = np.flatnonzero(np.arange(summed.size) >= 3 * np.maximum(summed, 1.0))
    return int(far[0]) if far.size else summed.size // 2


def stretch_length(values: Floats) -> float:
    """Length of a stretch that counts as one independent sample: two and a half correlation lengths.

    The length is summed from |r_k|: rods that stand in rank and file are correlated with either sign over several distances,
    and a block must hold them.
    """
    summed = 2 * np.cumsum(np.abs(_autocorrelation(values))) - 1
    return float(max(2.5 * summed[_window(summed)], 1.0))


def std_of_mean(values: Floats) -> tuple[float, float]:
    """Standard deviation of the mean of a series (n,), and how many independent stretches it holds.

    The circular block bootstrap in closed form: the mean square over all n blocks of l neighbours of their sum of residuals,
    over l n. As a block is short by its share l/n and blocks are few, it is raised by n/(n - l) and by Student's factor, with
    3/2 (n/l) - 1 degrees of freedom, for overlapping blocks tell half as much again as those that do not overlap. Where fewer
    than four stretches are seen, the blocks are a quarter of the series, and the degrees of freedom three.
    *Source* Künsch 1989 for blocks; Politis and Romano 1992 for the circle; Meketon and Schmeiser 1984 for 3/2.
    """
    from anodefree.numerics.correlated import widened_to_95

    n = values.size
    off = values - values.mean()
    stretch = stretch_length(off)
    length = max(1, min(math.ceil(stretch), n // FEWEST_BLOCKS))
    sums = np.convolve(np.concatenate([off, off[: length - 1]]), np.ones(length), "valid")
    blocks = n / stretch
    variance = float(np.mean(sums**2)) / (length * n) * n / max(n - length, 1)
    return math.sqrt(variance) * widened_to_95(max(round(1.5 * blocks) - 1, FEWEST_BLOCKS - 1)), blocks


def half_width_68(std: float, blocks: float) -> float:
    """Half of the 68 % interval of a mean, from what `std_of_mean` gave: there Student's factor is that of 95 %."""
    from scipy.special import stdtrit

    from anodefree.numerics.correlated import widened_to_95

    dof = max(round(1.5 * blocks) - 1, FEWEST_BLOCKS - 1)
    return std / widened_to_95(dof) * float(stdtrit(dof, 0.8413447460685429))


def std_of_ratio(above: Floats, below: Floats) -> float:
    """Standard deviation of Σ above / Σ below over the columns (n,) of a section, by the blocks of its residuals."""
    return std_of_mean(ratio_residuals(above, below))[0]


def ratio_residuals(above: Floats, below: Floats) -> Floats:
    """What each column (n,) adds to the error of Σ above / Σ below, to first order: their mean is that error."""
    whole = float(below.sum())
    if whole <= 0:
        return np.zeros(below.size)
    return np.asarray((above - float(above.sum()) / whole * below) / below.mean())
