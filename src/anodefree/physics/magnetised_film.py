"""Flux density outside a thin magnetised film, where it has a closed form: edges, stripe domains, a sinusoidal surface.

Throughout, `polarisation_T` is J = mu0 M [T] of the nickel (0.616 T at saturation), z the height above the film's top face [m].

A film that is infinite and uniformly magnetised has *no* field outside, whichever way it points: magnetised in its plane it has
no magnetic charge; magnetised across it, the charges of its two faces cancel and B = 0 above and below (inside, mu0 H = -J).
What is felt outside comes from edges, from domains, and from a surface that is not flat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

NICKEL_SATURATION_T = 0.616
"""mu0 Ms of nickel at 298 K: Ms = 490 kA/m (Coey 2010, table 8.1: 0.61 T)."""


def disc_axis_T(height_m: ArrayLike, radius_m: float, thickness_m: float, polarisation_T: float) -> NDArray[np.float64]:
    """Bz [T] on the axis of a disc magnetised across its plane.

    Bz = (J/2) [(z + t)/sqrt((z + t)² + R²) - z/sqrt(z² + R²)], about J t/(2R) close to it: it vanishes with 1/R.
    *Source* Coey 2010, section 2.2 (two discs of magnetic charge).
    """
    z = np.asarray(height_m, dtype=float)
    above, below = z + thickness_m, z
    return np.asarray(0.5 * polarisation_T * (above / np.hypot(above, radius_m) - below / np.hypot(below, radius_m)))


def rim_T(distance_m: ArrayLike, thickness_m: float, polarisation_T: float) -> NDArray[np.float64]:
    """|B| [T] at a distance d from a long straight edge of a film, J t/(2 pi d): the field of a line of magnetic charge J t.

    *Valid when* t << d << the film's width. *Source* Coey 2010, section 2.2.
    """
    return np.asarray(polarisation_T * thickness_m / (2 * np.pi * np.asarray(distance_m, dtype=float)))


def stripes_T(
    x_m: ArrayLike, height_m: ArrayLike, width_m: float, thickness_m: float, polarisation_T: float, harmonics: int = 199
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bx, Bz [T] above stripe domains of alternating perpendicular magnetisation, each of the width w; x = 0 is a wall.

    Bz = (2J/pi) sum over odd n of sin(n pi x/w)/n (1 - e^(-n pi t/w)) e^(-n pi z/w); Bx the same with -cos.
    *Source* Kittel, Phys. Rev. 70 (1946) 965, from the Fourier series of the magnetic charge of the two faces.
    """
    x, z = np.broadcast_arrays(np.asarray(x_m, dtype=float), np.asarray(height_m, dtype=float))
    n = np.arange(1, harmonics + 1, 2)
    k = n * np.pi / width_m
    size = 2 * polarisation_T / np.pi / n * -np.expm1(-k * thickness_m) * np.exp(-k * z[..., None])
    return -np.sum(size * np.cos(k * x[..., None]), axis=-1), np.sum(size * np.sin(k * x[..., None]), axis=-1)


def ripple_T(height_m: ArrayLike, amplitude_m: float, period_m: float, polarisation_T: float) -> NDArray[np.float64]:
    """|B| [T] above a film magnetised in its plane whose face is a cos(k x), k = 2 pi/period: (J/2) k a e^(-k z), everywhere.

    *Valid when* k a << 1 and the magnetisation lies along x; the lower face is flat. To first order in a.
    """
    k = 2 * np.pi / period_m
    return np.asarray(0.5 * polarisation_T * k * amplitude_m * np.exp(-k * np.asarray(height_m, dtype=float)))


def probe_response(wavenumber_per_m: ArrayLike, size_m: float) -> NDArray[np.float64]:
    """How much of a wave of flux density a probe with a circular active area of the diameter d reads: 2 J1(k d/2)/(k d/2)."""
    from scipy.special import j1

    x = 0.5 * size_m * np.asarray(wavenumber_per_m, dtype=float)
    return np.asarray(np.where(x > 1e-6, 2 * j1(x) / np.where(x > 1e-6, x, 1.0), 1.0))
