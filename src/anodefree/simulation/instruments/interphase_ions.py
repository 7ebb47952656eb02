"""A virtual interphase for ion mass spectrometry: where each fragment is, and what sputtering makes of it."""

from __future__ import annotations

from typing import Final

import numpy as np

LAYERS: Final = {
    "LiCO3-": (0.0, 0.35),
    "LiO-": (0.2, 0.8),
    "LiF2-": (0.3, 1.0),
    "LiS-": (0.5, 1.0),
}
"""From and to where each fragment is, as parts of the interphase's thickness: organics and carbonate outside, LiF inside."""


def depth_m(thickness_m: float, slices: int) -> np.ndarray:
    """Middles of the slices: a stack reaches half a thickness beyond the interphase."""
    return (np.arange(slices) + 0.5) * 1.5 * thickness_m / slices


def layer(z_m: np.ndarray, begin_m: float, end_m: float, roughness_m: float, mixing_m: float) -> np.ndarray:
    """A layer as sputtering shows it: edges smeared by roughness (normal), and a tail of what ions push in (exponential).

    Both in closed form: the distribution of an edge is that of a normal plus an exponential. *Source* the mixing-roughness part
    of the MRI model, Hofmann 1994.
    """
    return _edge(z_m - begin_m, roughness_m, mixing_m) - _edge(z_m - end_m, roughness_m, mixing_m)


def _edge(z: np.ndarray, sigma: float, tail: float) -> np.ndarray:
    """Distribution function of a normal variable plus an exponential one, each of which may be absent."""
    from scipy.special import ndtr

    if sigma <= 0:
        inside = np.maximum(z, 0.0)
        return np.where(z > 0, 1 - np.exp(-inside / tail) if tail > 0 else 1.0, 0.0)
    plain: np.ndarray = ndtr(z / sigma)
    if tail <= 0:
        return plain
    power = np.clip(0.5 * (sigma / tail) ** 2 - z / tail, None, 600.0)
    return np.clip(plain - np.exp(power) * ndtr(z / sigma - sigma / tail), 0.0, 1.0)


def patches(pixels: int, size_m: float, length_m: float, variation: float, rng: np.random.Generator) -> np.ndarray:
    """A periodic map of mean 1 (y, x) that varies by `variation` (std over mean) over a length: a log-normal random field."""
    if variation == 0:
        return np.ones((pixels, pixels))
    k = 2 * np.pi * np.fft.fftfreq(pixels, size_m / pixels)
    filtered = np.exp(-0.25 * length_m**2 * (k[:, None] ** 2 + k**2))
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((pixels, pixels))) * filtered).real
    spread = float(noise.std())
    if spread == 0:
        return np.ones((pixels, pixels))
    field = np.exp(np.sqrt(np.log1p(variation**2)) * (noise - noise.mean()) / spread)
    return np.asarray(field / field.mean())
