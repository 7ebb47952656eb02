"""A virtual interphase for ion mass spectrometry: where each fragment is, and what sputtering makes of it."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np

from anodefree.core.parameter import Par
from anodefree.numerics.random_deposit import smooth_noise

LAYERS: Final = {
    "LiCO3-": (0.0, 0.35),
    "LiO-": (0.2, 0.8),
    "LiF2-": (0.3, 1.0),
    "LiS-": (0.5, 1.0),
}
"""From and to where each fragment is, as parts of the interphase's thickness: organics and carbonate outside, LiF inside."""

Thickness = Annotated[float, Par("thickness of the interphase", gt=0, source="the paper's cryo-TEM: about 25 nm")]
Mixing = Annotated[
    float, Par("depth of the tail that ions push in", ge=0, source="1 to 3 nm for 1 keV Cs+ or Ar+", assumed=True)
]
Roughness = Annotated[float, Par("std of the depth of an edge", ge=0, source="a few nm on plated metal", assumed=True)]
SputterRate = Annotated[float, Par("rate of sputtering", gt=0, source="order of 0.2 nm/s", assumed=True)]
Noise = Annotated[bool, Par("whether counts are drawn (Poisson), or the expected ones")]


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
    noise = smooth_noise((pixels, pixels), np.sqrt(2) * length_m / size_m * pixels, rng)
    field = np.exp(np.sqrt(np.log1p(variation**2)) * (noise - noise.mean()))
    return np.asarray(field / field.mean())
