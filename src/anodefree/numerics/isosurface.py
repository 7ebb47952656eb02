"""The surface on which a quantity on an even grid has a given value, as triangles, of which there are never too many."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_TRIANGLES: Final = 12_000


def thinned(values: Floats, factors: tuple[int, ...]) -> Floats:
    """Means over blocks of cells; a last block that is not full is the mean of what it has."""
    found = np.asarray(values, dtype=float)
    for axis, factor in enumerate(factors):
        if factor > 1:
            edges = np.arange(0, found.shape[axis], factor)
            counts = np.diff(np.append(edges, found.shape[axis]))
            sums = np.add.reduceat(found, edges, axis=axis)
            found = sums / counts.reshape([-1 if a == axis else 1 for a in range(found.ndim)])
    return found


def isosurface(
    values: Floats, spacing: tuple[float, float, float], *, level: float = 0.5, most: int = MOST_TRIANGLES
) -> tuple[Floats, NDArray[np.int64]]:
    """Vertices (vertex, 3) and triangles (triangle, 3) of the surface in a grid (z, y, x) of cells with their low corner at 0.

    Vertices are x, y, z in the unit of `spacing` (along z, y, x). The lowest cells go on below the grid, so a deposit that
    stands on its collector is open there; at all other sides the surface is closed. Where there are more than `most`
    triangles, blocks of cells are averaged first. Marching cubes with topological guarantees.
    *Source* Lewiner, Lopes, Vieira and Tavares (2003).
    """
    factor = 1
    while True:
        found = _marched(thinned(values, (factor,) * 3), tuple(factor * s for s in spacing), level)
        if len(found[1]) <= most:
            return found
        factor += 1


def _marched(values: Floats, spacing: tuple[float, ...], level: float) -> tuple[Floats, NDArray[np.int64]]:
    from skimage.measure import marching_cubes

    nothing = np.zeros((0, 3)), np.zeros((0, 3), np.int64)
    if values.size == 0 or not values.max() > level:
        return nothing
    walled = np.pad(values, ((0, 1), (1, 1), (1, 1)), constant_values=0.0)
    walled = np.concatenate([walled[:1], walled])
    corners, triangles, _, _ = marching_cubes(walled, level, spacing=spacing)
    place = corners.astype(float) - 0.5 * np.array(spacing) * np.array([1, 1, 1])
    size = np.array(values.shape) * np.array(spacing)
    vertices = np.clip(place, 0.0, size)[:, ::-1]
    return vertices, triangles.astype(np.int64)
