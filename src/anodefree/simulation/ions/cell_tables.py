"""A cell as the compiled flight takes it: its potential as splines, about an axis or in space, and its walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.potential_tables import MARGIN, Grid, table

Floats = NDArray[np.float64]


def spline_tables(cell: Measurement, name: str, unit_V: float) -> tuple[Floats, Floats]:
    """The coarse and the fine spline of a potential map in gaps and `unit_V`, laid out for `compiled.spline_table`.

    `name` is potential_V or wall; a map in space has no `wall` of its own, its electrodes are equipotential.

    Raises
    ------
    DataError: the map holds no potential.
    """
    gap = float(cell.meta["gap_m"])
    if "potential_box_V" in cell and "patch_potential_box_V" in cell:
        return _in_space(cell, gap, unit_V)
    if name not in cell or "patch_" + name not in cell:
        raise DataError(
            "holds no potential, neither about an axis nor in space", cell.source.name, "make it with a stage ions.field…"
        )
    tables, grids, begin = [], [], 0
    for prefix, reach in (("", "patch_reach_r_m"), ("patch_", "patch_reach_z_m")):
        grid = Grid(cell[prefix + "r_m"] / gap, cell[prefix + "z_m"] / gap)
        coefficients, *place = table(grid, cell[prefix + name] / unit_V)
        grids.append([*place, *coefficients.shape[::-1], begin, float(cell.meta[reach]) / gap])
        tables.append(coefficients.ravel())
        begin += coefficients.size
    return np.concatenate(tables), np.array(grids)


def _in_space(cell: Measurement, gap_m: float, unit_V: float) -> tuple[Floats, Floats]:
    axes = [[cell[f"{prefix}{n}_m"] / gap_m for n in "xyz"] for prefix in ("", "patch_")]
    return box_tables(axes, [cell[prefix + "potential_box_V"] / unit_V for prefix in ("", "patch_")])


def box_tables(axes: list[list[Floats]], samples: list[Floats]) -> tuple[Floats, Floats]:
    """The same from the axes (x, y, z) and the samples (z, y, x) of the coarse grid and of the fine one."""
    from scipy.ndimage import spline_filter

    grids = np.zeros((2, 3, 6))
    begin = 0
    for k, (own, values) in enumerate(zip(axes, samples, strict=True)):
        for n, axis in enumerate(own):
            per = (len(axis) - 1) / (axis[-1] - axis[0])
            grids[k, n, :5] = axis[0], per, len(axis), axis[MARGIN], axis[-1 - MARGIN]
        grids[k, 2, 3] = -np.inf  # below the surface nothing is asked for far away
        grids[k, 0, 5] = begin
        begin += values.size
    return np.concatenate([spline_filter(v, order=3, mode="mirror").ravel() for v in samples]), grids


@dataclass(frozen=True)
class Ready:
    """The potential, the potential that vanishes on the lower electrode, their grids, and the shape of the walls."""

    tables: Floats
    wall: Floats
    grids: Floats
    shape: Floats
    """Boss base, boss height, cell radius, tip radius, how far from the axis metal rises, and 1 for a single protrusion."""

    @property
    def rough(self) -> bool:
        """Whether the lower electrode is uneven all over."""
        return self.shape[5] == 0.0

    def risen(self, start: Floats) -> Floats:
        """Places of launch (n, 6) just above a flat electrode, lifted by the height of the rough one below them."""
        start[:, 2] += self.below(start[:, 0], start[:, 1])
        return start

    def below(self, x: Floats, y: Floats) -> Floats:
        """The height of a rough electrode at places (n,), in gaps."""
        from anodefree.numerics.compiled.spline_box import feet

        up = np.empty(len(x))
        feet(self.wall, self.grids, x, y, 0.0, self.shape[1] * (1 + 1e-6) + 1e-9, up)
        return up


def ready(cell: Measurement, unit_V: float) -> Ready:
    """A cell's map in gaps and `unit_V`."""
    meta, gap = cell.meta, float(cell.meta["gap_m"])
    tables, grids = spline_tables(cell, "potential_V", unit_V)
    wall = spline_tables(cell, "wall", 1.0)[0] if "wall" in cell else tables
    base, height, radius, tip = (float(meta[n]) for n in ("boss_base_m", "boss_height_m", "radius_m", "tip_radius_m"))
    rough = meta.get("boss_shape") == "rough"
    shape = np.array([base / gap, height / gap, radius / gap, tip / gap, (radius if rough else base) / gap, float(not rough)])
    return Ready(tables, wall, grids, shape)
