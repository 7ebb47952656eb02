"""From a solved potential to the spline tables in which ions are flown: sampled on two grids, continued beyond every wall.

Behind an electrode the potential is continued by odd reflection about its value at the nearest point of the wall, behind the
insulating side and the axis by even reflection. To the odd image at the depth d is added d² times the second derivative along
the normal, which the liquid has at the wall (odd reflection alone would have it jump); deep in the metal this fades away. So
the spline meets the walls smoothly; where the wall is at 0, phi < 0 says that a point is in the metal, and phi over |grad phi|
is the distance from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.axisymmetric_potential import Curve

Floats = NDArray[np.float64]
MARGIN = 14
"""Nodes beyond the walls: the spline's filter forgets its border as 0.27 to this power."""
Table = tuple[Floats, float, float, float, float]


@dataclass(frozen=True)
class Walls:
    """The cell as the sampler sees it: where phi is known (`at`), and its walls. Lengths in m."""

    at: Callable[[Floats, Floats], Floats]
    """phi [V] at points (r >= 0, z >= 0) of the liquid."""
    boss: Curve | None
    height_m: float
    base_m: float
    radius_m: float
    gap_m: float


@dataclass(frozen=True)
class Grid:
    """Evenly spaced nodes, margins included."""

    r: Floats
    z: Floats


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
    behind = int(np.flatnonzero(grid.r > -1e-12 * grid.r[-1])[0])  # nodes behind the axis are the mirror of those before it
    found = continued(walls, *np.meshgrid(grid.r[behind:], grid.z))
    return np.concatenate([found[:, behind:0:-1], found], axis=1)


def table(grid: Grid, phi: Floats) -> Table:
    """The cubic B-spline through samples on a grid."""
    from scipy.ndimage import spline_filter

    steps = (grid.r[-1] - grid.r[0]) / (len(grid.r) - 1), (grid.z[-1] - grid.z[0]) / (len(grid.z) - 1)
    return spline_filter(phi, order=3, mode="mirror"), float(grid.r[0]), float(grid.z[0]), 1 / steps[0], 1 / steps[1]


def continued(walls: Walls, r_m: Floats, z_m: Floats) -> Floats:
    """phi at any point, by reflection where it lies beyond a wall."""
    shape = np.broadcast(r_m, z_m).shape
    r, z = (np.array(np.broadcast_to(v, shape), dtype=float).ravel() for v in (r_m, z_m))
    r = np.abs(r)
    r = np.where(r > walls.radius_m, 2 * walls.radius_m - r, r)
    inside = _inside(walls, r, z)
    beyond = inside | (z < 0) | (z > walls.gap_m)
    phi = np.empty_like(r)
    phi[~beyond] = walls.at(r[~beyond], z[~beyond])
    foot_r, foot_z = r[beyond], np.where(z[beyond] < 0, 0.0, walls.gap_m)
    boss = inside[beyond]
    foot_r[boss], foot_z[boss] = _nearest(walls, r[inside], z[inside])
    phi[beyond] = _behind(walls, foot_r, foot_z, r[beyond], z[beyond])
    return phi.reshape(shape)


def _behind(walls: Walls, foot_r: Floats, foot_z: Floats, r: Floats, z: Floats) -> Floats:
    """phi in the metal from the liquid on the other side of the wall, whose nearest point is the foot."""
    blunt = min(walls.base_m, walls.base_m**2 / walls.height_m)
    depth = np.maximum(np.hypot(foot_r - r, foot_z - z), 1e-300)
    out_r, out_z = (foot_r - r) / depth, (foot_z - z) / depth

    def off(distance: Floats | float) -> Floats:
        return walls.at(np.abs(foot_r + distance * out_r), np.clip(foot_z + distance * out_z, 0.0, walls.gap_m))

    step = 0.02 * blunt
    wall, *near = (off(n * step) for n in range(4))
    bend = (2 * wall - 5 * near[0] + 4 * near[1] - near[2]) / step**2
    rise = off(depth) - wall
    even = bend * depth**2 * np.exp(-((depth / (0.4 * blunt)) ** 2))
    return wall - rise + np.clip(even, -0.9 * np.abs(rise), 0.9 * np.abs(rise))  # the metal keeps its sign


def _inside(walls: Walls, r: Floats, z: Floats) -> NDArray[np.bool_]:
    """Whether points with r >= 0 lie within the protrusion or below it."""
    if walls.boss is None:
        return np.zeros(r.shape, bool)
    pr, pz, _, _ = walls.boss(np.linspace(0, 1, 4001))
    return (r < walls.base_m) & (z < np.interp(r, pr, pz))


def _nearest(walls: Walls, r: Floats, z: Floats) -> tuple[Floats, Floats]:
    """The point of the protrusion's surface that is nearest: the nearest of many, then steps along the profile."""
    from scipy.spatial import cKDTree

    boss = walls.boss
    if boss is None or not r.size:
        return r, z
    s = np.linspace(0, 1, 801)
    pr, pz, _, _ = boss(s)
    best = s[cKDTree(np.column_stack([pr, pz])).query(np.column_stack([r, z]))[1]]
    for _ in range(30):
        ar, az, dr, dz = boss(best)
        slope = (ar - r) * dr + (az - z) * dz
        best = np.clip(best - 0.7 * slope / (dr**2 + dz**2), 0.0, 1.0)
    return boss(best)[:2]


def slopes(made: Table, r_m: Floats, z_m: Floats) -> tuple[Floats, Floats]:
    """dphi/dr, dphi/dz of a table's spline at points within it."""
    coefficients, r0, z0, per_r, per_z = made
    a, b = (r_m - r0) * per_r, (z_m - z0) * per_z
    i = np.clip(np.floor(a).astype(int), 1, coefficients.shape[1] - 3)
    j = np.clip(np.floor(b).astype(int), 1, coefficients.shape[0] - 3)
    across, along = _cubic(a - i), _cubic(b - j)
    by_r, by_z = np.zeros(a.shape), np.zeros(a.shape)
    for m in range(4):
        for n in range(4):
            c = coefficients[j - 1 + m, i - 1 + n]
            by_r += c * along[0][m] * across[1][n]
            by_z += c * along[1][m] * across[0][n]
    return by_r * per_r, by_z * per_z


def _cubic(u: Floats) -> tuple[list[Floats], list[Floats]]:
    """The four cubic B-splines that do not vanish at a fraction of a step, and their slopes."""
    w = 1 - u
    values = [w**3 / 6, (4 - 6 * u**2 + 3 * u**3) / 6, (4 - 6 * w**2 + 3 * w**3) / 6, u**3 / 6]
    return values, [-(w**2) / 2, (3 * u**2 - 4 * u) / 2, (4 * w - 3 * w**2) / 2, u**2 / 2]


def spline_error(coarse: Table, fine: Table, reach: tuple[float, float], known: tuple[Floats, ...]) -> dict[str, float]:
    """How far the tables' field is from a known one (r, z, dphi/dr, dphi/dz at points), near the protrusion and in the bulk.

    Root mean square and maximum of |difference|, relative to the larger of the field there and its rms over all points.
    """
    r, z, dr, dz = known
    size = np.hypot(dr, dz)
    floor = float(np.sqrt(np.mean(size**2)))
    near = (r < reach[0]) & (z < reach[1])
    found: dict[str, float] = {}
    for name, made, which in (("near", fine, near), ("bulk", coarse, ~near)):
        if which.any():
            by_r, by_z = slopes(made, r[which], z[which])
            error = np.hypot(by_r - dr[which], by_z - dz[which]) / np.maximum(size[which], floor)
            found |= {f"{name}_rms": float(np.sqrt(np.mean(error**2))), f"{name}_max": float(error.max())}
    return found
