"""Random surfaces and patterns on a periodic grid, from a seed: Gaussian roughness, nodules, a maze of domains, stripes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def gaussian_surface_m(points: int, side_m: float, rms_m: float, correlation_m: float, rng: np.random.Generator) -> Floats:
    """Heights [m], shape (points, points), of zero mean, whose autocorrelation is rms² exp(-r²/l²).

    The patch's own rms differs from `rms_m`, as a patch of a real surface does. *Source* Thomas, Rough Surfaces, 2nd ed. 1999.
    """
    k = _wavenumbers(points, side_m)
    power = np.pi * (rms_m * correlation_m) ** 2 * np.exp(-((k * correlation_m) ** 2) / 4)
    noise = np.fft.rfft2(rng.standard_normal((points, points)))
    noise[0, 0] = 0.0
    return np.fft.irfft2(noise * np.sqrt(power) * points / side_m, s=(points, points))


def nodules_m(
    points: int, side_m: float, height_m: float, radius_m: float, spacing_m: float, rng: np.random.Generator
) -> Floats:
    """Heights [m], shape (points, points), of bumps h exp(-r²/b²) at random nodes, (side/spacing)² of them on average."""
    step = side_m / points
    counts = rng.poisson((step / spacing_m) ** 2, (points, points))
    at = (np.arange(points) * step + 0.5 * side_m) % side_m - 0.5 * side_m
    bump = height_m * np.exp(-((at / radius_m) ** 2))[:, None] * np.exp(-((at / radius_m) ** 2))[None, :]
    return np.fft.irfft2(np.fft.rfft2(counts) * np.fft.rfft2(bump), s=(points, points))


def maze(points: int, side_m: float, width_m: float, rng: np.random.Generator) -> Floats:
    """A pattern of +1 and -1, shape (points, points), of domains about `width_m` wide: a threshold of band-limited noise."""
    k = _wavenumbers(points, side_m)
    band = np.exp(-(((k * width_m / np.pi) - 1) ** 2) / 0.02)
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((points, points))) * band, s=(points, points))
    return np.where(noise >= np.median(noise), 1.0, -1.0)


def stripes(points: int, side_m: float, width_m: float) -> Floats:
    """A pattern of +1 and -1, shape (points, points), of straight stripes; `side_m` holds a whole number of pairs."""
    x = (np.arange(points) + 0.5) * side_m / points
    return np.tile(np.where(np.floor(x / width_m) % 2 == 0, 1.0, -1.0), (points, 1))


def _wavenumbers(points: int, side_m: float) -> Floats:
    kx = 2 * np.pi * np.fft.rfftfreq(points, side_m / points)
    ky = 2 * np.pi * np.fft.fftfreq(points, side_m / points)
    return np.hypot(kx[None, :], ky[:, None])
