"""Rings of polycrystals in a diffraction pattern: lines by structure factors, ellipse, diffuse background, beam stop."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.crystals import families

Floats = NDArray[np.float64]

LEAST_SPACING_M = 0.7e-10


def ring_lines(shares: Mapping[str, float]) -> tuple[Floats, Floats]:
    """q = 1/d [1/m] and integrated intensity (strongest 1) of the lines of phases mixed by `shares`; m |F|^2 d^2 each."""
    q, intensity = [], []
    for name, share in shares.items():
        known = families(name, LEAST_SPACING_M, 5e-5)
        strength = np.array([f.multiplicity * f.strength * f.spacing_m**2 for f in known])
        q += [1 / f.spacing_m for f in known]
        intensity += (share * strength / strength.max()).tolist()
    return np.array(q), np.array(intensity) / max(intensity)


def pattern(
    shape: tuple[int, int],
    centre: tuple[float, float],
    scale_per_m: float,
    shares: Mapping[str, float],
    *,
    ellipse: tuple[float, float] = (0.0, 0.0),
    width_pixels: float = 2.0,
    background: float = 0.6,
    decay_pixels: float = 40.0,
    stop: tuple[float, float] | None = None,
    off: Floats | None = None,
) -> Floats:
    """Expected intensity, strongest ring about 1: rings r = q/c (1 + e1 cos 2t + e2 sin 2t) as Gaussians on a diffuse decay.

    `off` moves each line of `ring_lines` by a part of its radius, as strain and a projector's distortion do.
    `stop` is a bar's half width [pixels] and direction [rad]: it covers the centre and leaves the picture on one side.
    """
    row, column = np.mgrid[: shape[0], : shape[1]].astype(float)
    dx, dy = column - centre[0], row - centre[1]
    angle = np.arctan2(dy, dx)
    r = np.hypot(dx, dy) / (1 + ellipse[0] * np.cos(2 * angle) + ellipse[1] * np.sin(2 * angle))
    out = background * (np.exp(-r / decay_pixels) * 3 + 0.15)
    q, intensity = ring_lines(shares)
    grid = np.arange(0.0, float(r.max()) + 2, 0.25)
    line = np.zeros_like(grid)
    places = q / scale_per_m * (1 + (off if off is not None else 0.0))
    for place, strength in zip(places, intensity, strict=True):
        if strength > 1e-4 and place < grid[-1] + 5 * width_pixels:
            line += strength * np.exp(-0.5 * ((grid - place) / width_pixels) ** 2)
    out += np.interp(r, grid, line)
    if stop is not None:
        half, turn = stop
        along, across = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)
        shade = 1 / (1 + np.exp(np.clip((np.abs(across) - half) / 0.7, -40, 40)))
        shade *= 1 / (1 + np.exp(np.clip(-(along + 2 * half) / 0.7, -40, 40)))
        out *= 1 - 0.97 * shade
    return np.asarray(out)
