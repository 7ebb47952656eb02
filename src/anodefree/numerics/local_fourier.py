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
    reach = [max(1, round(0.6 * w)) for w in width]
    peak = (smooth == maximum_filter(smooth, [2 * r + 1 for r in reach], mode="wrap")) & half
    # The smoothed ratio is a mean of about 4 pi w_y w_x values of unit mean and variance.
    above = 1 + 4 / np.sqrt(4 * np.pi * width[0] * width[1])
    at = np.argwhere(peak & (radius >= low) & (radius <= high) & (smooth > above))
    at = at[np.argsort(-smooth[at[:, 0], at[:, 1]], kind="stable")][:most]
    return np.column_stack([of.fy[at[:, 0], 0], of.fx[0, at[:, 1]]])


@dataclass(frozen=True)
class Fringes:
    """Fringes about one frequency on a grid of a quarter of the window: complex, without the carrier; mean of |noise|^2."""

    values: Complex
    noise: float
    carrier: Floats
    step: Floats
    """Pixels of the picture from one place of the grid to the next, down and across."""


def coarse_shape(shape: tuple[int, ...], window: float) -> tuple[int, int]:
    """A grid fine enough for what passes a Gaussian window of so many pixels: four places to its standard deviation."""
    rows, columns = (min(n, int(np.ceil(4 * n / window))) for n in shape)
    return rows, columns


def fringes(of: Spectrum, frequency: Floats, window: float) -> Fringes:
    """Fringes (y, x) about a frequency, seen through a Gaussian of `window` pixels."""
    from scipy import fft

    whole = np.array(of.transform.shape)
    small = coarse_shape(of.transform.shape, window)
    centre = np.rint(frequency * whole).astype(int)
    rows, columns = ((c + np.rint(np.fft.fftfreq(n) * n).astype(int)) % w for c, n, w in zip(centre, small, whole, strict=True))
    narrow = -2 * (np.pi * window) ** 2
    off_y, off_x = ((f - q + 0.5) % 1 - 0.5 for f, q in ((of.fy[rows, 0], frequency[0]), (of.fx[0, columns], frequency[1])))
    pass_band = np.exp(narrow * off_y**2)[:, None] * np.exp(narrow * off_x**2)
    near = np.ix_(rows, columns)
    values: Complex = np.asarray(fft.ifft2(of.transform[near] * pass_band), dtype=np.complex128)
    values *= 2 * small[0] * small[1] / of.transform.size
    noise = float(4 * np.sum(of.noise[near] * pass_band**2) / of.transform.size**2)
    return Fringes(values, noise, centre / whole, whole / np.array(small))


def refined(seen: Fringes, at: tuple[int, int], frequency: Floats, window: float) -> Floats:
    """The frequency near a place of the grid, by how the phase of its fringes turns from place to place over the window."""
    y, x = at
    reach = 4
    near = seen.values[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
    turn = np.array([np.angle(np.sum(near[1:] * near[:-1].conj())), np.angle(np.sum(near[:, 1:] * near[:, :-1].conj()))])
    off = seen.carrier + turn / (2 * np.pi * seen.step) - frequency
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
