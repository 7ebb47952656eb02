"""The flux density above a magnetised film of any surface and any pattern of magnetisation, periodic in its plane, by FFT.

For a film between h_bottom(x, y) and h_top(x, y) with the polarisation J s(x, y), J [T] a constant vector and s a pattern (+-1
for domains), the scalar potential above it is, in the plane's Fourier space (mu0 H = -grad phi, k = |k|),

    phi(k, z) = e^(-k z) (Jz/2 - i k.J/(2k)) F[ s * integral of e^(k z') dz' from h_bottom to h_top ].

The integral depends on k, so it is expanded in powers of k times the distance from the middle of a slab; the film is cut into
slabs so thin that the series converges wherever a wave still reaches the plane asked for.
*Source* Parker, Geophys. J. R. Astr. Soc. 31 (1973) 447 (the series); the cut into slabs removes its limit on k h.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import ConfigError

Floats = NDArray[np.float64]
REACH = 40.0
"""Waves weaker than e^-40 of their source on the plane asked for are left out."""
ORDER = 16
"""Terms of the series; with k times half a slab at most 1.5, the first term left out is below 1e-12 of the sum."""
HALF_SLAB = 1.5


@dataclass(frozen=True)
class Film:
    """A periodic patch of film on an even grid (y, x): heights [m], pattern of the magnetisation, edges of the patch [m]."""

    top_m: Floats
    bottom_m: Floats
    pattern: Floats
    side_y_m: float
    side_x_m: float
    polarisation_T: tuple[float, float, float]

    @property
    def waves(self) -> tuple[Floats, Floats, Floats]:
        """kx, ky, |k| [1/m] of the half spectrum of the grid."""
        ny, nx = self.top_m.shape
        kx = 2 * np.pi * np.fft.rfftfreq(nx, self.side_x_m / nx)[None, :]
        ky = 2 * np.pi * np.fft.fftfreq(ny, self.side_y_m / ny)[:, None]
        return np.broadcast_to(kx, (ny, kx.size)), np.broadcast_to(ky, (ny, kx.size)), np.hypot(kx, ky)


def potential_spectrum(film: Film, z_m: float) -> NDArray[np.complex128]:
    """phi [T m] on the plane z, which clears the film, as the half spectrum of `np.fft.rfft2`.

    Raises
    ------
    ConfigError: the plane is not above the film's highest point, or the film's faces cross.
    """
    highest, lowest = float(film.top_m.max()), float(film.bottom_m.min())
    if not z_m > highest:
        raise ConfigError(
            f"the plane at {1e6 * z_m:.3g} um does not clear the film's highest point at {1e6 * highest:.3g} um",
            "height_m",
            "raise it, or take a smoother film",
        )
    if not (film.top_m >= film.bottom_m).all():
        raise ConfigError("the film's top lies below its bottom somewhere", "film", "is the roughness larger than the film?")
    kx, ky, k = film.waves
    furthest = min(float(k.max()), REACH / (z_m - highest))
    slabs = max(1, math.ceil(furthest * (highest - lowest) / (2 * HALF_SLAB)))
    edges = np.linspace(lowest, highest, slabs + 1)
    total = np.zeros(k.shape, dtype=complex)
    reaches = k <= furthest
    for low, high in itertools.pairwise(edges):
        total += _slab(film, k, reaches, float(low), float(high), z_m)
    jx, jy, jz = film.polarisation_T
    safe = np.where(k > 0, k, 1.0)
    return np.asarray(np.where(k > 0, (0.5 * jz - 0.5j * (kx * jx + ky * jy) / safe) * total, 0.0))


def _slab(film: Film, k: Floats, reaches: NDArray[np.bool_], low: float, high: float, z: float) -> NDArray[np.complex128]:
    """e^(-k z) F[s * integral of e^(k z') over the film's part between two planes]."""
    middle = 0.5 * (low + high)
    top = np.clip(film.top_m, low, high) - middle
    bottom = np.clip(film.bottom_m, low, high) - middle
    out = np.zeros(k.shape, dtype=complex)
    power = np.ones_like(k)  # k^(n-1)/n!
    upper, lower = top.copy(), bottom.copy()
    for n in range(1, ORDER + 1):
        power = power / n if n == 1 else power * k / n
        out += power * np.fft.rfft2(film.pattern * (upper - lower))
        upper *= top
        lower *= bottom
    return np.where(reaches, np.exp(-np.where(reaches, k, 0.0) * (z - middle)) * out, 0.0)


def raised(potential: NDArray[np.complex128], film: Film, by_m: float) -> NDArray[np.complex128]:
    """The potential's spectrum on a plane higher by `by_m`: every wave decays as e^(-k z)."""
    return np.asarray(potential * np.exp(-film.waves[2] * by_m))


def flux_density_T(potential: NDArray[np.complex128], film: Film) -> Floats:
    """Bx, By, Bz [T], shape (3, y, x), on the plane of the potential's spectrum: B = -grad phi, and d/dz = -k."""
    kx, ky, k = film.waves
    shape = film.top_m.shape
    parts = (-1j * kx * potential, -1j * ky * potential, k * potential)
    return np.stack([np.fft.irfft2(p, s=shape) for p in parts])


def mean_square_T2(potential: NDArray[np.complex128], film: Film) -> float:
    """Mean of |B|² [T²] over the plane, by Parseval: each wave carries 2 k² |phi|²."""
    nx = film.top_m.shape[1]
    weight = np.full(potential.shape[1], 2.0)
    weight[0] = 1.0
    if nx % 2 == 0:
        weight[-1] = 1.0
    k = film.waves[2]
    return float(np.sum(weight * 2 * k**2 * np.abs(potential) ** 2)) / film.top_m.size**2
