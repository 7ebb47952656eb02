"""Exact geometry of the frames of a simulated deposit: no picture, no threshold but the half-filled cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.deposit_geometry import Geometry, geometry, loose
from anodefree.numerics.section_sampling import std_of_ratio

Floats = NDArray[np.float64]
EVEN = 1e-3


@dataclass(frozen=True)
class Grid:
    """Steps of the grid [m], whether its sides are periodic, and whether it is flat (one cell in y)."""

    dz_m: float
    dx_m: float
    dy_m: float
    periodic: bool
    flat: bool


def grid_of(fields: Measurement) -> Grid:
    """The grid of a simulated deposit.

    Raises
    ------
    DataError: fewer than four cells in height or along the collector, or cells that are not square.
    """
    z, x, y = fields["z_m"], fields["x_m"], fields["y_m"]
    where = fields.source.name
    if z.size < 4 or x.size < 4:
        raise DataError(f"has {z.size} x {x.size} cells", where, "four or more in height and along the collector are needed")
    steps = [float(np.diff(a).mean()) for a in (z, x)]
    dy = float(np.diff(y).mean()) if y.size > 1 else steps[1]
    if max(abs(s / steps[0] - 1) for s in (*steps, dy)) > EVEN:
        raise DataError("its cells are not square", where, "lengths along ways and widths need cells of one size: resample")
    return Grid(steps[0], steps[1], dy, fields.meta.get("sides") == "periodic", y.size == 1)


def fraction_of(fields: Measurement, frame: int, grid: Grid) -> Floats:
    """Fraction of metal (z, x) or (z, y, x) of a frame."""
    lithium = np.clip(fields["lithium"][frame].astype(float), 0.0, 1.0)
    return np.asarray(lithium[:, 0] if grid.flat else lithium)


def surface_over_collector(fraction: Floats, periodic: bool) -> float:
    """Area of the surface of lithium over that of the collector, where the fraction is one half.

    Length of the contours in two dimensions, marching cubes in three. The face on the collector is no surface.
    """
    from skimage.measure import find_contours, marching_cubes, mesh_surface_area

    whole = np.pad(fraction, [(0, 1)] + [(0, 1)] * (fraction.ndim - 1), mode="wrap") if periodic else fraction
    whole = whole[:-1] if periodic else whole
    if not (whole.min() < 0.5 < whole.max()):
        return 1.0 if fraction[0].max() >= 0.5 else 0.0
    lateral = float(np.prod([n - 1 for n in whole.shape[1:]]))
    if whole.ndim == 2:
        length = sum(float(np.hypot(*np.diff(c, axis=0).T).sum()) for c in find_contours(whole, 0.5))
        return length / lateral
    vertices, faces, _, _ = marching_cubes(whole, 0.5)
    return float(mesh_surface_area(vertices, faces)) / lateral


@dataclass(frozen=True)
class Frame:
    """Numbers of one frame: geometry in cells, tip [m], loose metal and all metal by column [cells], and surface."""

    geometry: Geometry
    tip_m: float
    dead: Floats
    metal: Floats
    surface: float

    @property
    def isolated(self) -> float:
        """Part of the metal that has no contact to the collector."""
        return float(self.dead.sum()) / max(float(self.metal.sum()), 1e-300)

    @property
    def isolated_std(self) -> float:
        """What another stretch would change in it."""
        dead, metal = (a if a.ndim == 1 else a.mean(axis=0) for a in (self.dead, self.metal))
        return std_of_ratio(dead, metal)


def frame_of(fields: Measurement, k: int, grid: Grid, width: float | None) -> Frame:
    """The geometry of one frame."""
    fraction = fraction_of(fields, k, grid)
    metal = fraction >= 0.5
    given = fields["isolated"][k].astype(float) if "isolated" in fields else None
    dead = np.where(loose(metal, grid.periodic), fraction, 0.0) if given is None else given[:, 0] if grid.flat else given
    g = geometry(fraction, width, grid.periodic)
    surface = surface_over_collector(fraction, grid.periodic)
    whole = fraction if given is not None else np.where(metal, fraction, 0.0)
    return Frame(g, float(g.tops.max()) * grid.dz_m, dead.sum(axis=0), whole.sum(axis=0), surface)
