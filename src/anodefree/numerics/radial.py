"""Radial distribution functions: from counted distances to g(r), the running coordination number, and the first minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Radial:
    """Counted distances of one pair of groups: edges (bin + 1,), counts by frame (frame, bin), pairs, centres, volumes."""

    edge_m: Floats
    counts: NDArray[np.int64]
    pairs: int
    """Pairs (a, b) of unlike molecules."""
    centres: int
    """Atoms of the first group."""
    volume_m3: Floats

    @property
    def middle_m(self) -> Floats:
        """Middles of the bins."""
        return 0.5 * (self.edge_m[1:] + self.edge_m[:-1])

    def distribution(self, frames: slice | NDArray[np.int64] = slice(None)) -> Floats:
        """g(r) = counts/(frames N_pairs/V Δv) with the mean volume of the frames (bin,)."""
        counts = self.counts[frames]
        shell = 4 / 3 * np.pi * np.diff(self.edge_m**3)
        return np.asarray(counts.sum(axis=0) / (len(counts) * self.pairs / self.volume_m3[frames].mean() * shell))

    def running(self, frames: slice | NDArray[np.int64] = slice(None)) -> Floats:
        """Mean number of partners about one centre nearer than the upper edge of each bin (bin,)."""
        counts = self.counts[frames]
        return np.asarray(np.cumsum(counts.sum(axis=0)) / (len(counts) * self.centres))


@dataclass(frozen=True)
class Shell:
    """The first shell: where g is highest, how high, where it ends; NaN where it has no end."""

    peak_m: float
    height: float
    minimum_m: float
    depth: float
    """g at the minimum over g at the peak."""


def first_shell(r_m: Floats, g: Floats, smoothing_m: float) -> Shell:
    """First peak and first minimum of g(r) smoothed by a Gaussian, each by a parabola through the lowest or highest bins.

    The peak is the first maximum that reaches half of the largest value; the minimum is the first one behind it that lies below
    half of the peak.
    """
    from scipy.ndimage import gaussian_filter1d

    step = float(r_m[1] - r_m[0])
    smooth = gaussian_filter1d(g, max(smoothing_m / step, 0.5), mode="constant")
    highest = float(smooth.max())
    if highest <= 0:
        return Shell(np.nan, np.nan, np.nan, np.nan)
    inner = np.arange(1, len(g) - 1)
    up, down = smooth[inner] > smooth[inner - 1], smooth[inner] >= smooth[inner + 1]
    tops = inner[up & down & (smooth[inner] >= 0.5 * highest)]
    if not len(tops):
        return Shell(np.nan, highest, np.nan, np.nan)
    top = int(tops[0])
    later = inner[inner > top]
    lows = later[
        (smooth[later] <= smooth[later - 1]) & (smooth[later] <= smooth[later + 1]) & (smooth[later] < 0.5 * smooth[top])
    ]
    if not len(lows):
        return Shell(_turn(r_m, smooth, top), float(g[top]), np.nan, np.nan)
    first = int(lows[0])
    flat = first
    while flat + 1 < len(smooth) - 1 and smooth[flat + 1] <= smooth[first] + 1e-12:
        flat += 1
    place = 0.5 * (r_m[first] + r_m[flat]) if flat > first else _turn(r_m, smooth, first)
    return Shell(_turn(r_m, smooth, top), float(smooth[top]), float(place), float(smooth[first] / smooth[top]))


def _turn(r_m: Floats, g: Floats, at: int) -> float:
    """The turning point of the parabola through a bin and its neighbours."""
    left, middle, right = g[at - 1], g[at], g[at + 1]
    bow = left - 2 * middle + right
    shift = 0.5 * (left - right) / bow if bow != 0 else 0.0
    return float(r_m[at] + np.clip(shift, -1, 1) * (r_m[1] - r_m[0]))
