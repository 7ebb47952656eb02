"""Edges across a picture: its main direction, the picture turned along it, and the best way of an edge through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
STIFFNESS: Final = 0.15
"""What a step of one row between columns costs an edge, in units of the largest gradient."""


def main_direction(image: Floats, smooth: float) -> tuple[float, float]:
    """Angle [rad] to x of the edges of a picture (y, x), in (-pi/2, pi/2], and how clear it is (0: none, 1: one direction).

    The weaker axis of the mean of grad I grad I^T, of the picture smoothed over `smooth` pixels.
    """
    from scipy.ndimage import gaussian_filter

    gy = gaussian_filter(image, smooth, order=(1, 0), mode="nearest")
    gx = gaussian_filter(image, smooth, order=(0, 1), mode="nearest")
    edge = int(np.ceil(2 * smooth))
    inner = (slice(edge, -edge), slice(edge, -edge)) if min(image.shape) > 4 * edge else (slice(None), slice(None))
    # Weighted by their square, so that many weak gradients of noise do not outvote the few of the edges.
    weight = gx[inner] ** 2 + gy[inner] ** 2
    xx, yy, xy = (
        float(np.sum(weight * a * b)) for a, b in ((gx[inner], gx[inner]), (gy[inner], gy[inner]), (gx[inner], gy[inner]))
    )
    normal = 0.5 * np.arctan2(2 * xy, xx - yy)
    clear = float(np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-300))
    angle = normal + np.pi / 2
    return float((angle + np.pi / 2) % np.pi - np.pi / 2), clear


@dataclass(frozen=True)
class Turned:
    """A picture turned so that the film runs along its rows: values (across, along), which are in the picture, and where."""

    values: Floats
    inside: Mask
    x: Floats
    y: Floats
    """Column and row of the picture for each value (across, along)."""


def turned(image: Floats, direction_rad: float) -> Turned:
    """A picture (y, x) on axes along and across a direction, steps of a pixel; outside it the nearest value."""
    from scipy.ndimage import map_coordinates

    rows, columns = image.shape
    cos, sin = np.cos(direction_rad), np.sin(direction_rad)
    along_size = int(np.ceil(abs(columns * cos) + abs(rows * sin)))
    across_size = int(np.ceil(abs(columns * sin) + abs(rows * cos)))
    across, along = np.mgrid[:across_size, :along_size]
    u, s = along - 0.5 * (along_size - 1), across - 0.5 * (across_size - 1)
    x = u * cos - s * sin + 0.5 * (columns - 1)
    y = u * sin + s * cos + 0.5 * (rows - 1)
    inside = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
    return Turned(map_coordinates(image, [y, x], order=1, mode="nearest"), inside, x, y)


def gradient(values: Floats, across: float, along: float) -> Floats:
    """Derivative across of values (across, along), smoothed by Gaussians of so many pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, (across, along), order=(1, 0), mode="nearest"))


def best_way(worth: Floats, stiffness: float = STIFFNESS) -> tuple[NDArray[np.int64], float]:
    """Row of each column (across, along) of the way of greatest worth that moves a row at most from column to column; its mean.

    Dynamic programming: exact for worth summed along the way, less `stiffness` for each step of a row.
    """
    rows, columns = worth.shape
    gains = np.ascontiguousarray(worth.T)
    came = np.zeros((columns, rows), dtype=np.int8)
    padded = np.full(rows + 2, -np.inf)
    total = gains[0].copy()
    for column in range(1, columns):
        padded[1:-1] = total
        above, below = padded[:-2], padded[2:]
        beside = np.maximum(above, below) - stiffness
        moves = beside > total
        came[column] = np.where(moves, np.where(above > below, -1, 1), 0)
        total = np.where(moves, beside, total) + gains[column]
    way = np.empty(columns, dtype=np.int64)
    way[-1] = int(total.argmax())
    for column in range(columns - 1, 0, -1):
        way[column - 1] = way[column] + came[column, way[column]]
    return way, float(worth[way, np.arange(columns)].mean())


def two_edges(slope: Floats, inside: Mask, apart: int) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[float, float]]:
    """Rows of the two clearest edges, at least `apart` rows from each other, the upper first; mean gradient along each."""
    scale = float(np.abs(slope).max()) or 1.0
    worth = np.where(inside, np.abs(slope) / scale, -0.5)
    signs = np.sign(slope)
    first = _of_one_sign(worth, signs)
    rows = np.arange(slope.shape[0])[:, None]
    second = _of_one_sign(np.where(np.abs(rows - first[None]) < apart, -1.0, worth), signs)
    if np.median(second - first) < 0:
        first, second = second, first
    columns = np.arange(slope.shape[1])
    return first, second, (float(slope[first, columns].mean()), float(slope[second, columns].mean()))


def _of_one_sign(worth: Floats, signs: Floats) -> NDArray[np.int64]:
    """The best way along which brightness only rises, or only falls."""
    ways = [best_way(np.where(signs == s, worth, np.minimum(worth, 0.0) - 0.1)) for s in (1.0, -1.0)]
    return max(ways, key=lambda way: way[1])[0]
