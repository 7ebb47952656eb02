"""Lattice fringes: the picture of small crystals seen along a zone axis or showing one row of planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.crystals import crystal, families, zones

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fringes:
    """One grain: place and radius [m], contrast, frequencies (n, 2) [1/m] with amplitudes and indices."""

    x_m: float
    y_m: float
    radius_m: float
    contrast: float
    wave_per_m: Floats
    amplitude: Floats
    hkl: NDArray[np.int64]


def reflections_along(
    name: str, where: str, least_spacing_m: float, turn_rad: float
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Indices, frequencies [1/m] and amplitudes of a zone `[uvw]` or of a row of planes `(hkl)`, turned by an angle.

    Raises
    ------
    KeyError: the crystal has no such zone or plane in this range.
    """
    if where.startswith("["):
        zone = {"[" + "".join(map(str, z.axis)) + "]": z for z in zones(name, least_spacing_m)}[where]
        hkl, place, strength = zone.hkl, zone.place_per_m, zone.strength
        half = (place[:, 1] > 1e-6 * np.abs(place).max()) | (
            (np.abs(place[:, 1]) <= 1e-6 * np.abs(place).max()) & (place[:, 0] > 0)
        )
        hkl, place, strength = hkl[half], place[half], strength[half]
    else:
        family = {f"({f.label})": f for f in families(name, least_spacing_m, 0.0)}[where]
        orders = np.arange(1, int(family.spacing_m / least_spacing_m) + 1)
        hkl = np.outer(orders, family.hkl)
        strength = np.abs(crystal(name).structure_factor(hkl)) ** 2
        strength = strength / max(float(strength.max()), 1e-300)
        keep = strength > 1e-6
        hkl, strength = hkl[keep], strength[keep]
        place = np.stack([orders[keep] / family.spacing_m, np.zeros(keep.sum())], axis=1)
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    return hkl, place @ np.array([[cos, sin], [-sin, cos]]), np.sqrt(strength)


def transfer(wave_per_m: Floats, resolution_m: float) -> Floats:
    """Contrast left at a frequency: exp(-(k d)^2), d the `resolution_m`, at which 1/e is left."""
    return np.asarray(np.exp(-((np.linalg.norm(wave_per_m, axis=-1) * resolution_m) ** 2)))


def fringes(shape: tuple[int, int], pixel_m: Floats, grains: Sequence[Fringes]) -> Floats:
    """Sum over grains of envelope times fringes (y, x), pixels as `pixel_m` (2, 2): columns are the steps along x and along y.

    The envelope of a grain is 1 inside its radius and falls to 0 over a fifth of it, as a thin rounded particle's does.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    x, y = (pixel_m[i, 0] * columns + pixel_m[i, 1] * rows for i in (0, 1))
    out = np.zeros(shape)
    for g in grains:
        away = np.hypot(x - g.x_m, y - g.y_m) / g.radius_m
        envelope = np.clip((1.1 - away) / 0.2, 0.0, 1.0)
        inside = envelope > 0
        dx, dy = x[inside] - g.x_m, y[inside] - g.y_m
        wave = np.zeros(dx.size)
        for (kx, ky), a in zip(g.wave_per_m, g.amplitude, strict=True):
            if a > 1e-3:
                wave += a * np.cos(2 * np.pi * (kx * dx + ky * dy))
        out[inside] += g.contrast * envelope[inside] * wave
    return out
