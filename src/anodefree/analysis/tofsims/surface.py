"""The surface on which an ion's density has one value, as triangles, and how it is seen from above one corner."""

from __future__ import annotations

import numpy as np

MOST_CELLS = 28
"""Voxels along an edge: finer stacks are summed, so that a figure holds thousands of triangles, not millions."""


def coarse(stack: np.ndarray, most: int = MOST_CELLS) -> np.ndarray:
    """Counts (z, y, x) summed in blocks of voxels."""
    by = tuple(max(int(np.ceil(n / most)), 1) for n in stack.shape)
    trimmed = stack[tuple(slice(0, n // b * b) for n, b in zip(stack.shape, by, strict=True))]
    z, y, x = (n // b for n, b in zip(trimmed.shape, by, strict=True))
    summed: np.ndarray = trimmed.reshape(z, by[0], y, by[1], x, by[2]).sum(axis=(1, 3, 5)).astype(float)
    return summed


def iso_surface(stack: np.ndarray, part: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners (v, 3) in units of the coarse voxels (z, y, x) and triangles (f, 3) where the density is `part` of its range.

    The counts are smoothed over about one voxel and closed at the walls by a rim below the level. No triangle where the density
    is even. *Source* marching cubes as in scikit-image.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.measure import marching_cubes

    smooth = gaussian_filter(stack, 1.0, mode="nearest")
    low, high = np.percentile(smooth, [2, 98])
    if not high > low:
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=int)
    level = low + part * (high - low)
    closed = np.pad(smooth, 1, constant_values=float(min(smooth.min(), low)) - 1e-9)
    if not closed.min() < level < closed.max():
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=int)
    corners, triangles, _, _ = marching_cubes(closed, level)
    return corners - 1.0, triangles


def seen(corners: np.ndarray, size: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Points (z, y, x) of a box of `size` in the plane of the figure (v, 2) from above one corner, and how near they are (v,).

    The box is drawn one wide and 0.6 high; z grows downwards.
    """
    z, y, x = (corners[:, i] / max(size[i], 1e-12) for i in range(3))
    across = (x - y) * np.cos(np.pi / 6)
    up = -(x + y) * np.sin(np.pi / 6) - 0.8 * z
    return np.column_stack([across, up]), x + y - z
