"""Random deposits with known geometry, from a seed: a porous layer with a rough top, and a row of rods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def smooth_noise(shape: tuple[int, ...], length: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise of unit variance, periodic, with autocorrelation exp(-r²/l²), l in cells."""
    from scipy.fft import irfftn, rfftn

    last = len(shape) - 1
    waves = [2 * np.pi * (np.fft.rfftfreq(n) if a == last else np.fft.fftfreq(n)) for a, n in enumerate(shape)]
    weight = np.ones(1)
    for a, k in enumerate(waves):
        weight = weight * np.exp(-((k * length) ** 2) / 8).reshape([-1 if i == a else 1 for i in range(len(shape))])
    made = irfftn(rfftn(rng.standard_normal(shape)) * weight, s=shape)
    spread = float(made.std())
    return np.asarray(made / spread if spread > 0 else made)  # a length far beyond the box leaves nothing that varies


def porous_layer(
    rows: int, columns: int, height: float, porosity: float, pore: float, rough: float, rng: np.random.Generator
) -> Mask:
    """A layer (z, x) of that mean height (cells) whose void is where smooth noise is lowest.

    `pore` is the correlation length of the void, `rough` the relative rms of the height; lengths in cells.
    """
    field = smooth_noise((rows, columns), pore, rng)
    top = height * (1 + rough * smooth_noise((columns,), 3 * pore, rng))
    z = np.arange(rows)[:, None] + 0.5
    under = z < top
    return np.asarray(under & (field > np.quantile(field[under], porosity)))


def rods(rows: int, columns: int, height: float, width: float, spacing: float, rng: np.random.Generator) -> Mask:
    """Upright rods (z, x) on a thin film: one at a random place of each `spacing`, heights within ±20 %. Lengths in cells."""
    metal = np.zeros((rows, columns), dtype=bool)
    metal[:2] = True
    x, z = np.arange(columns), np.arange(rows)[:, None] + 0.5
    for k in range(int(columns // spacing)):
        centre = (k + rng.uniform(0.25, 0.75)) * spacing
        tall, wide = height * rng.uniform(0.8, 1.2), width * rng.uniform(0.8, 1.2)
        metal |= (np.abs(x - centre) < wide / 2) & (z < tall)
    return metal
