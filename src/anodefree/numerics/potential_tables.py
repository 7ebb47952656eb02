"""From a solved potential to the spline tables in which ions are flown: sampled on two grids, continued into the metal as odd.

Behind a grounded wall the potential is continued by odd reflection (the image), behind the insulating side and the axis by
even, behind the upper electrode by odd reflection about its voltage. So the spline meets the walls without a kink, phi < 0 says
that a point is in the metal, and phi over |grad phi| is the distance from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MARGIN = 14
"""Nodes beyond the walls: the spline's filter forgets its border as 0.27 to this power."""
Table = tuple[Floats, float, float, float, float]


@dataclass(frozen=True)
class Walls:
    """The cell as the sampler sees it: where phi is known (`at`), and its walls. Lengths in m."""

    at: Callable[[Floats, Floats], Floats]
    """phi [V] at points (r >= 0, z >= 0) of the liquid."""
    boss: Callable[[Floats], tuple[Floats, Floats, Floats, Floats]] | None
    height_m: float
    base_m: float
    radius_m: float
    gap_m: float
    top_V: float


@dataclass(frozen=True)
class Grid:
    """Evenly spaced nodes, margins included."""

    r: Floats
    z: Floats


@dataclass(frozen=True)
class Tables:
    """A coarse table of the whole cell and a fine one about the protrusion, which holds for r < patch_r and z < patch_z."""

    coarse: Table
    fine: Table
    patch_r_m: float
    patch_z_m: float


def grids(walls: Walls, *, steps: int = 400, finer: int = 4, patch: float = 2.5) -> tuple[Grid, Grid, tuple[float, float]]:
    """A grid of `steps` across the gap, one about the protrusion with steps `finer` times smaller, and its reach in r and z."""
    step = walls.gap_m / steps
    reach_r = min(patch * max(walls.base_m, 4 * step), 0.9 * walls.radius_m)
    reach_z = min(walls.height_m + (patch - 1) * max(walls.base_m, 4 * step), 0.9 * walls.gap_m)
    return _grid(walls.radius_m, walls.gap_m, step), _grid(reach_r, reach_z, step / finer), (reach_r, reach_z)


def _grid(r_m: float, z_m: float, step_m: float) -> Grid:
    def nodes(length_m: float) -> Floats:
        return np.asarray(np.arange(-MARGIN, round(length_m / step_m) + MARGIN + 1) * step_m, dtype=float)

    return Grid(nodes(r_m), nodes(z_m))


def sampled(walls: Walls, grid: Grid) -> Floats:
    """phi (z, r) on a grid, continued beyond the walls."""
    return continued(walls, *np.meshgrid(grid.r, grid.z))


def table(grid: Grid, phi: Floats) -> Table:
    """The cubic B-spline through samples on a grid."""
    from scipy.ndimage import spline_filter

    steps = (grid.r[-1] - grid.r[0]) / (len(grid.r) - 1), (grid.z[-1] - grid.z[0]) / (len(grid.z) - 1)
    return spline_filter(phi, order=3, mode="mirror"), float(grid.r[0]), float(grid.z[0]), 1 / steps[0], 1 / steps[1]


def tables(walls: Walls, **choice: float) -> Tables:
    """Both tables of a potential; the choice is that of `grids`."""
    coarse, fine, reach = grids(walls, **choice)  # type: ignore[arg-type]
    return Tables(table(coarse, sampled(walls, coarse)), table(fine, sampled(walls, fine)), *reach)


def continued(walls: Walls, r_m: Floats, z_m: Floats) -> Floats:
    """phi at any point, by reflection where it lies beyond a wall."""
    r, z = np.abs(r_m), np.array(z_m, dtype=float)
    r = np.where(r > walls.radius_m, 2 * walls.radius_m - r, r)
    below, above = z < 0, z > walls.gap_m
    z = np.where(below, -z, np.where(above, 2 * walls.gap_m - z, z))
    sign, shift = np.where(below | above, -1.0, 1.0), np.where(above, 2 * walls.top_V, 0.0)
    if walls.boss is not None:
        inside = _inside(walls, r, z)
        near = np.flatnonzero(inside.ravel())
        if near.size:
            flat_r, flat_z, flat_sign = r.ravel().copy(), z.ravel().copy(), sign.ravel().copy()
            flat_r[near], flat_z[near] = _mirrored(walls, flat_r[near], flat_z[near])
            flat_sign[near] *= -1.0
            r, z, sign = (v.reshape(inside.shape) for v in (flat_r, flat_z, flat_sign))
    return sign * walls.at(r, z) + shift


def _inside(walls: Walls, r: Floats, z: Floats) -> NDArray[np.bool_]:
    """Whether points with r, z >= 0 lie within the protrusion: below its profile."""
    if walls.boss is None:
        return np.zeros(r.shape, bool)
    pr, pz, _, _ = walls.boss(np.linspace(0, 1, 4001))
    return (r < walls.base_m) & (z < np.interp(r, pr, pz))


def _mirrored(walls: Walls, r: Floats, z: Floats) -> tuple[Floats, Floats]:
    """The image of a point behind the wall: the nearest point of the wall, and as far again on the other side."""
    boss = walls.boss
    if boss is None:
        return r, z
    s = np.linspace(0, 1, 801)
    pr, pz, _, _ = boss(s)
    best = np.array([s[np.argmin((pr - a) ** 2 + (pz - b) ** 2)] for a, b in zip(r, z, strict=True)])
    for _ in range(30):
        ar, az, dr, dz = boss(best)
        slope = (ar - r) * dr + (az - z) * dz
        best = np.clip(best - 0.7 * slope / (dr**2 + dz**2), 0.0, 1.0)
    ar, az, _, _ = boss(best)
    out_r, out_z = 2 * ar - r, 2 * az - z
    return np.abs(out_r), np.clip(out_z, 0.0, walls.gap_m)
