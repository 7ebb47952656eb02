"""A film on a metal seen edge on: vacuum, film and metal, with rough edges and a thickness that varies along the film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Film:
    """A film. Lengths in pixels: mean thickness; rms of its variation and of the wave of its middle, each with its length."""

    thickness: float
    variation: float = 0.0
    length: float = 20.0
    wave: float = 0.0
    wave_length: float = 300.0


@dataclass(frozen=True)
class Edges:
    """The film along its own direction, one value a step (pixel): place of its middle, and thickness across it."""

    middle: Floats
    thickness: Floats

    @property
    def across(self) -> Floats:
        """Distance of the edges straight across the film's general direction: longer where its middle is oblique."""
        return np.asarray(self.thickness * np.hypot(1.0, np.gradient(self.middle)))


def film_edges(film: Film, steps: int, rng: np.random.Generator) -> Edges:
    """Gaussian variation of a Gaussian correlation; thickness is kept above a tenth of its mean."""
    thickness = film.thickness + film.variation * _smooth_noise(steps, film.length, rng)
    middle = film.wave * _smooth_noise(steps, film.wave_length, rng)
    return Edges(middle, np.maximum(thickness, 0.1 * film.thickness))


def layered(
    edges: Edges, shape: tuple[int, int], direction_rad: float, levels: tuple[float, float, float], start: float
) -> Floats:
    """Brightness (y, x) of vacuum, film and metal, the vacuum on the side of small y; pixels on an edge have the mean.

    The film runs through the middle of the picture at an angle to x (y grows downwards); its step `start` is there.
    """
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns]
    x, y = x - 0.5 * (columns - 1), y - 0.5 * (rows - 1)
    cos, sin = np.cos(direction_rad), np.sin(direction_rad)
    along, across = x * cos + y * sin + start, y * cos - x * sin
    steps = np.arange(edges.middle.size, dtype=float)
    middle = np.interp(along, steps, edges.middle)
    half = 0.5 * np.interp(along, steps, edges.across)
    vacuum, inside, metal = levels
    # A straight edge covers a pixel in proportion to its distance from the centre, to first order.
    in_film = np.clip(across - (middle - half) + 0.5, 0.0, 1.0)
    in_metal = np.clip(across - (middle + half) + 0.5, 0.0, 1.0)
    return np.asarray(vacuum + (inside - vacuum) * in_film + (metal - inside) * in_metal)


def speckled(scene: Floats, relative_rms: float, grain: float, rng: np.random.Generator) -> Floats:
    """A scene with the contrast of grains: relative noise of a length of `grain` pixels."""
    from scipy.ndimage import gaussian_filter

    if relative_rms <= 0:
        return scene
    noise = gaussian_filter(rng.standard_normal(scene.shape), grain, mode="wrap")
    return np.asarray(np.maximum(scene * (1 + relative_rms * noise / noise.std()), 0.0))


def _smooth_noise(steps: int, length: float, rng: np.random.Generator) -> Floats:
    """Noise of zero mean and unit variance whose correlation is exp(-(k/length)^2 / 2)."""
    from scipy.ndimage import gaussian_filter1d

    pad = int(4 * length) + 1
    white = rng.standard_normal(steps + 2 * pad)
    width = length / np.sqrt(2.0)
    smooth = gaussian_filter1d(white, width, mode="wrap")[pad : pad + steps]
    # The variance that the filter leaves, so that a short film is not stretched to unit variance of its own.
    kernel = gaussian_filter1d(np.eye(1, 2 * pad + 1, pad)[0], width, mode="constant")
    return np.asarray(smooth / np.sqrt(np.sum(kernel**2)))
