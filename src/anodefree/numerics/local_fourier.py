"""Amplitude of lattice fringes place by place: which spatial frequencies stand out of a picture, and where each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Spectrum:
    """Fourier transform of a picture (y, x) without its slow changes; frequencies in 1/pixel; noise power of each ring."""

    transform: Complex
    fy: Floats
    fx: Floats
    noise: Floats
    """Mean of |transform|^2 of what is no spot, from the median of each ring."""


def spectrum(image: Floats, slow: float) -> Spectrum:
    """Of a picture whose changes over more than `slow` pixels are taken away."""
    from scipy import fft
    from scipy.ndimage import gaussian_filter

    flat = image - gaussian_filter(image, slow, mode="nearest")
    transform = np.asarray(fft.fft2(flat))
    fy, fx = (np.fft.fftfreq(n).astype(np.float64) for n in image.shape)
    power = np.abs(transform) ** 2
    fy, fx = fy[:, None], fx[None]
    radius = np.hypot(fy, fx)
    rings = np.floor(radius * max(image.shape) / 2).astype(int)
    order = np.argsort(rings, axis=None)
    edges = np.searchsorted(rings.ravel()[order], np.arange(rings.max() + 2))
    sorted_power = power.ravel()[order]
    # The power of noise is exponential: its median is ln 2 of its mean. Spots hardly move a median.
    medians = np.array([np.median(sorted_power[a:b]) if b > a else np.nan for a, b in pairwise(edges)])
    good = np.isfinite(medians)
    medians = np.interp(np.arange(medians.size), np.flatnonzero(good), medians[good])
    return Spectrum(transform, fy, fx, (medians / np.log(2))[rings])


def standing_out(of: Spectrum, low: float, high: float, window: float, most: int) -> Floats:
    """Frequencies (k, 2) as (fy, fx) [1/pixel] between two radii at which power, smoothed as the window does, stands out.

    `window` is the standard deviation in pixels of the Gaussian through which a place is seen; the strongest come first.
    """
    from scipy.ndimage import gaussian_filter, maximum_filter

    shape = of.transform.shape
    width = [n / (2 * np.pi * window) / np.sqrt(2) for n in shape]
    ratio = np.abs(of.transform) ** 2 / np.maximum(of.noise, 1e-300)
    smooth = gaussian_filter(ratio, width, mode="wrap")
    radius = np.hypot(of.fy, of.fx)
    half = (of.fy > 0) | ((of.fy == 0) & (of.fx > 0))
    reach = [max(1, round(1.5 * w)) for w in width]
    peak = (smooth == maximum_filter(smooth, [2 * r + 1 for r in reach], mode="wrap")) & half
    # The smoothed ratio is a mean of about 4 pi w_y w_x values of unit mean and variance.
    above = 1 + 4 / np.sqrt(4 * np.pi * width[0] * width[1])
    at = np.argwhere(peak & (radius >= low) & (radius <= high) & (smooth > above))
    at = at[np.argsort(-smooth[at[:, 0], at[:, 1]], kind="stable")][:most]
    return np.column_stack([of.fy[at[:, 0], 0], of.fx[0, at[:, 1]]])


def amplitude(of: Spectrum, frequency: Floats, window: float) -> tuple[Complex, float]:
    """Fringes (y, x) of one frequency, complex, seen through a Gaussian of `window` pixels; and the mean |noise|^2 in them."""
    from scipy import fft

    narrow = -2 * (np.pi * window) ** 2
    pass_band = np.exp(narrow * (of.fy - frequency[0]) ** 2) * np.exp(narrow * (of.fx - frequency[1]) ** 2)
    fringes = 2 * fft.ifft2(of.transform * pass_band)
    size = of.transform.size
    return np.asarray(fringes), float(4 * np.sum(of.noise * pass_band**2) / size**2)


def refined(fringes: Complex, at: tuple[int, int], frequency: Floats, window: float) -> Floats:
    """The frequency near a place, by how the phase of its fringes turns from pixel to pixel over the window."""
    y, x = at
    reach = max(1, round(window))
    near = fringes[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
    turn = [np.angle(np.sum(near[1:] * near[:-1].conj())), np.angle(np.sum(near[:, 1:] * near[:, :-1].conj()))]
    moved = np.array(turn) / (2 * np.pi)
    off = (moved - frequency + 0.5) % 1 - 0.5
    farthest = 1 / (2 * np.pi * window)
    return np.asarray(frequency + np.clip(off, -farthest, farthest))


@cache
def _blurred_discs(level: float) -> tuple[Floats, Floats]:
    """Diameters of discs over the standard deviation of the Gaussian that blurs them, and how wide they look at a level."""
    from scipy.special import chndtr

    diameter = np.concatenate([[1e-3], np.geomspace(0.1, 200, 120)])
    squared = (diameter / 2) ** 2
    goal = -level * np.expm1(-squared / 2)
    low, high = np.zeros_like(diameter), diameter + 12.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        outside = chndtr(squared, 2, middle**2) < goal
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    return diameter, np.maximum.accumulate(2 * low)


def disc_diameter(apparent: Floats, window: float, level: float = 0.5) -> Floats:
    """Diameter of discs whose blurred image is `apparent` wide at a level of its largest; 0 where the window alone is wider."""
    diameter, seen = _blurred_discs(level)
    scaled = np.asarray(apparent) / window
    return np.asarray(np.where(scaled <= seen[0], 0.0, np.interp(scaled, seen, diameter)) * window)


def apparent_diameter(diameter: Floats, window: float, level: float = 0.5) -> Floats:
    """The other way round."""
    true, seen = _blurred_discs(level)
    return np.asarray(np.interp(np.asarray(diameter) / window, true, seen) * window)
