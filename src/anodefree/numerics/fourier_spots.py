"""Spots in the power spectrum of a picture: above the noise, to a fraction of a bin, with a standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HANN: Final = (1.0, -2 / 3, 1 / 6)
"""Correlation of neighbouring amplitudes of noise under a Hann window, 0, 1 and 2 bins apart."""
APART: Final = 3
"""Two maxima closer than so many bins are one spot."""
STREAK: Final = 24
"""Bins on either side of a spot whose median tells a streak."""
LOBE_POWER: Final = 0.03
LOBE_REACH: Final = 10
"""The power of the first ring about the spot of a round grain is 0.017 of it; further than so many bins off it is less."""
PER_MAXIMUM: Final = 6.0
"""Bins for each independent maximum of the smoothed power, by simulated noise."""
LOPSIDED: Final = 0.5
"""Error of a maximum over the distance to its neighbourhood's centre of mass, by simulated pictures of crowded grains."""


@dataclass(frozen=True)
class Spots:
    """One of each pair of opposite spots: frequency (n, 2) as x, y and its std [1/pixel], power over the noise about it."""

    frequency: Floats
    std: Floats
    above: Floats


def windowed_power(image: Floats) -> Floats:
    """Power of a picture (y, x) without its mean under a Hann window, 0 in the middle; white noise of variance 1 is 1."""
    rows, columns = (np.hanning(n + 1)[:-1] for n in image.shape)
    window = np.multiply.outer(rows, columns)
    even = image - (image * window).sum() / window.sum()
    return np.asarray(np.fft.fftshift(np.abs(np.fft.fft2(even * window)) ** 2) / (window**2).sum())


def frequencies(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Frequencies [1/pixel] of the columns and of the rows of a power spectrum."""
    return np.fft.fftshift(np.fft.fftfreq(shape[1])), np.fft.fftshift(np.fft.fftfreq(shape[0]))


def spots(image: Floats, least: float, most: float, *, smooth: float, false_alarms: float, limit: int) -> Spots:
    """Maxima of the smoothed power between two frequencies [1/pixel] that noise alone exceeds `false_alarms` times a picture.

    The noise at each distance is the median of a ring, so that it may fall with the distance.
    """
    from scipy.ndimage import gaussian_filter, maximum_filter

    power = gaussian_filter(windowed_power(image), smooth, mode="wrap")
    fx, fy = frequencies((image.shape[0], image.shape[1]))
    distance = np.hypot(fx[None, :], fy[:, None])
    median, parts = smoothed_tail(smooth)
    floor = _floor(power, distance, image.shape) / median
    inside = (distance >= least) & (distance <= most)
    half = (fy[:, None] > 0) | ((fy[:, None] == 0) & (fx[None, :] > 0))
    places = max(float((inside & half).sum()) / PER_MAXIMUM, 1.0)
    bound = exceeded(min(false_alarms / places, 0.4), parts)
    peak = power == maximum_filter(power, 2 * APART + 1, mode="wrap")
    rows, columns = np.nonzero(peak & inside & half & (power > bound * floor))
    about = np.maximum(floor[rows, columns], _streak(power, rows, columns) / median)
    floor[rows, columns] = about
    above = power[rows, columns] / about
    order = np.argsort(-above)
    order = order[above[order] > bound]
    rows, columns = rows[order], columns[order]
    keep = _no_side_lobes(rows, columns, power[rows, columns])[:limit]
    rows, columns = rows[keep], columns[keep]
    found = [_refined(power, r, c, float(floor[r, c]), smooth) for r, c in zip(rows, columns, strict=True)]
    if not found:
        return Spots(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    shift, std = np.array([f[0] for f in found]), np.array([f[1] for f in found])
    step = np.array([1 / image.shape[1], 1 / image.shape[0]])
    at = np.stack([fx[columns], fy[rows]], axis=1) + shift * step
    return Spots(at, std * float(np.sqrt(step[0] * step[1])), (power / floor)[rows, columns])


def _streak(power: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """Median of the power on either side of maxima, along the row or the column, whichever is more.

    Lines of a scanned picture that slip against each other smear every spot across them, and the smear has maxima of its own.
    """
    steps = np.concatenate([np.arange(-STREAK, -APART), np.arange(APART + 1, STREAK + 1)])
    down = power[(rows[:, None] + steps) % power.shape[0], columns[:, None]]
    along = power[rows[:, None], (columns[:, None] + steps) % power.shape[1]]
    return np.maximum(np.median(down, axis=1), np.median(along, axis=1)) if rows.size else np.zeros(0)


def _no_side_lobes(rows: NDArray[np.int64], columns: NDArray[np.int64], power: Floats) -> NDArray[np.int64]:
    """Maxima that are no side lobe of a much stronger one: the edge of a grain makes rings about each of its spots."""
    away = np.hypot(np.subtract.outer(rows, rows), np.subtract.outer(columns, columns))
    lobe = (away < LOBE_REACH) & (power[:, None] < LOBE_POWER * power[None, :])
    return np.flatnonzero(~lobe.any(axis=1))


@cache
def smoothed_tail(smooth: float) -> tuple[float, Floats]:
    """Median of the smoothed power of white noise of mean 1, and the means of the exponential variables it is the sum of.

    The amplitudes of bins under a Hann window are correlated (`HANN`), so that the sum of their weighted powers is one of
    independent exponential variables, whose means are the eigenvalues of sqrt(w) rho sqrt(w); those of two axes multiply.
    """
    reach = max(int(np.ceil(4 * smooth)), 1)
    x = np.arange(-reach, reach + 1)
    weight = np.exp(-0.5 * (x / max(smooth, 1e-6)) ** 2)
    weight /= weight.sum()
    lag = np.abs(x[:, None] - x[None, :])
    rho = np.select([lag == i for i in range(len(HANN))], HANN, 0.0)
    own = np.clip(np.linalg.eigvalsh(np.sqrt(np.outer(weight, weight)) * rho), 0, None)
    parts = np.sort(np.outer(own, own).ravel())[::-1]
    parts = parts[parts > 1e-4 * parts[0]]
    return exceeded(0.5, parts), parts


def exceeded(chance: float, parts: Floats) -> float:
    """The value that a sum of exponential variables with these means exceeds with that chance, by the saddle point."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    def excess(t: float) -> float:
        level = float((parts / (1 - parts * t)).sum())
        if abs(t) < 1e-6 / parts[0]:
            return 0.5 - chance
        w = np.sign(t) * np.sqrt(max(2 * (t * level + float(np.log1p(-parts * t).sum())), 1e-300))
        u = t * np.sqrt(float((parts**2 / (1 - parts * t) ** 2).sum()))
        return float(norm.sf(w) + norm.pdf(w) * (1 / u - 1 / w)) - chance

    top = (1 - 1e-9) / parts[0]
    t = float(brentq(excess, -20 / parts[0], top, xtol=1e-9 / parts[0]))
    return float((parts / (1 - parts * t)).sum())


def _floor(power: Floats, distance: Floats, shape: tuple[int, ...]) -> Floats:
    """Median of the power in rings, laid through all distances; a ring holds as many bins as are needed for a median."""
    width = 3.0 / max(shape)
    ring = np.minimum(distance / width, 0.5 / width).astype(int).ravel()
    order = np.argsort(ring, kind="stable")
    edges = np.searchsorted(ring[order], np.arange(ring.max() + 2))
    sorted_power = power.ravel()[order]
    median = np.array([np.median(sorted_power[a:b]) if b > a else np.nan for a, b in pairwise(edges)])
    known = np.isfinite(median) & (median > 0)
    middle = (np.arange(median.size) + 0.5) * width
    if not known.any():
        return np.full_like(power, np.finfo(float).tiny)
    return np.asarray(np.exp(np.interp(distance, middle[known], np.log(median[known]))))


def _refined(power: Floats, row: int, column: int, floor: float, smooth: float) -> tuple[tuple[float, float], float]:
    """Place of a maximum against its bin (x, y) by a parabola through the logarithm, and its standard deviation [bins].

    The std is that of the slope over the curvature: a bin of power P on noise of mean m has the variance 2 P m + m^2; with it
    goes what a neighbour may have pulled.
    """
    shift, width2 = [], []
    for axis in (1, 0):
        step = (0, 1) if axis == 1 else (1, 0)
        low, mid, high = (
            np.log(power[(row + i * step[0]) % power.shape[0], (column + i * step[1]) % power.shape[1]]) for i in (-1, 0, 1)
        )
        bend = low - 2 * mid + high
        shift.append(float(np.clip(0.5 * (low - high) / bend, -0.5, 0.5)) if bend < 0 else 0.0)
        width2.append(1 / max(-bend, 1e-3))
    above = max(power[row, column] / floor, 1.0)
    together = (HANN[0] ** 2 + 2 * HANN[1] ** 2 + 2 * HANN[2] ** 2) ** 2
    slope2 = (2 / above + 1 / above**2) * together / (8 * np.pi * smooth**4)
    counting = width2[0] * width2[1] * slope2
    return (shift[0], shift[1]), float(np.sqrt(counting + _lopsided(power, row, column, floor, shift) ** 2))


def _lopsided(power: Floats, row: int, column: int, floor: float, shift: list[float]) -> float:
    """How far a spot's centre of mass lies from its maximum [bins]: one that another touches is lopsided."""
    at = np.arange(-APART, APART + 1)
    rows, columns = (row + at) % power.shape[0], (column + at) % power.shape[1]
    weight = np.maximum(power[np.ix_(rows, columns)] - floor, 0.0)
    total = float(weight.sum())
    if total <= 0:
        return 0.0
    x, y = float(weight.sum(axis=0) @ at) / total, float(weight.sum(axis=1) @ at) / total
    return LOPSIDED * float(np.hypot(x - shift[0], y - shift[1]))


def passed(image: Floats, frequency: Floats, radius: float) -> Floats:
    """The inverse transform of the frequencies (n, 2) [1/pixel] and their opposites within a soft radius."""
    fx, fy = np.fft.fftfreq(image.shape[1])[None, :], np.fft.fftfreq(image.shape[0])[:, None]
    mask = np.zeros(image.shape)
    for x, y in np.concatenate([frequency, -frequency]):
        mask = np.maximum(mask, np.exp(-0.5 * ((fx - x) ** 2 + (fy - y) ** 2) / radius**2))
    return np.asarray(np.fft.ifft2(np.fft.fft2(image - image.mean()) * mask).real)
