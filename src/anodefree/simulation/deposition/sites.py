"""Where lithium can nucleate: active spots on a blocked collector, each with the overpotential at which it wakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.simulation.deposition.cell import Box, Floats

FINE = 5
"""Points along a cell's edge at which a spot's rim is looked up."""


@dataclass(frozen=True)
class Sites:
    """Spots on the collector: the columns each covers, by which share, and the overpotential [V] that wakes it."""

    covers: tuple[tuple[NDArray[np.int64], Floats], ...]
    threshold_V: Floats
    background: float
    """Share of the collector between the spots that is active."""
    columns: tuple[int, int]

    def wall(self, awake: NDArray[np.bool_]) -> Floats:
        """Share of the collector (y, x) that acts as an electrode."""
        share = np.full(self.columns[0] * self.columns[1], self.background)
        for (at, cover), on in zip(self.covers, awake, strict=True):
            if on:
                share[at] += cover
        return np.minimum(share, 1.0).reshape(self.columns)

    def highest(self, at_wall: Floats) -> Floats:
        """The largest of a field at the collector (y, x) over each spot."""
        flat = at_wall.reshape(-1)
        return np.array([flat[at].max() for at, _ in self.covers])


def everywhere(box: Box) -> Sites:
    """Uniform nucleation: the whole collector is active."""
    return Sites((), np.zeros(0), 1.0, box.shape[1:])


def spots(box: Box, centres_m: Sequence[tuple[float, float]], radii_m: Floats, threshold_V: Floats, background: float) -> Sites:
    """Round spots (strips in two dimensions) about `centres_m` (y, x)."""
    covers = tuple(_cover(box, y, x, r) for (y, x), r in zip(centres_m, radii_m, strict=True))
    return Sites(covers, threshold_V, background, box.shape[1:])


def drawn_centres_m(box: Box, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places drawn evenly over the collector."""
    y = rng.uniform(0, box.shape[1] * box.cell_m, count) if not box.flat else np.zeros(count)
    x = rng.uniform(0, box.shape[2] * box.cell_m, count)
    return list(zip(y.tolist(), x.tolist(), strict=True))


def _cover(box: Box, y_m: float, x_m: float, radius_m: float) -> tuple[NDArray[np.int64], Floats]:
    """The columns that a spot covers, and by how much of each; their sum is the spot's area wherever it lies."""
    ny, nx = box.shape[1:]
    fine = (np.arange(FINE) + 0.5) / FINE - 0.5
    share: Floats
    across = _offsets(box, 2, x_m)
    if box.flat:
        reach = radius_m / box.cell_m
        share = np.clip(np.minimum(across + 0.5, reach) - np.maximum(across - 0.5, -reach), 0, 1)[None]
    else:
        along = _offsets(box, 1, y_m)
        r2 = (along[:, None] + fine)[:, None, :, None] ** 2 + (across[:, None] + fine)[None, :, None, :] ** 2
        share = (r2 <= (radius_m / box.cell_m) ** 2).mean(axis=(2, 3))
    at = np.flatnonzero(share.reshape(ny * nx) > 0)
    if at.size == 0:  # smaller than the points looked up: all of it in the nearest cell
        at = np.array([int(np.argmin(np.abs(_offsets(box, 1, y_m)))) * nx + int(np.argmin(np.abs(across)))])
        return at, np.array([min(1.0, np.pi * (radius_m / box.cell_m) ** 2)])
    return at, np.asarray(share.reshape(-1)[at], np.float64)


def _offsets(box: Box, axis: int, centre_m: float) -> Floats:
    """Cells from a point to each centre along an axis, the shorter way round where it is periodic."""
    count = box.shape[axis]
    if axis == 1 and box.flat:
        return np.zeros(1)
    offset = np.arange(count) + 0.5 - centre_m / box.cell_m
    if box.periodic:
        offset = (offset + count / 2) % count - count / 2
    return np.asarray(offset, np.float64)
