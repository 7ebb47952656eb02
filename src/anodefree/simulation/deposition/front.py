"""Where the metal's surface is: area and orientation in every cell that holds some of it, and the flux that keeps it sharp.

    d xi/dt = (V_m/F) i |grad xi| + G div(w grad xi - xi (1 - xi) n),    n = grad xi/|grad xi|.

Both terms are conservative: the second only rearranges metal, the first adds V_m/F times the charge. *Source* Jain 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.simulation.deposition.cell import Box, Floats, Numerics

THIN, TRACE = 0.3, 1e-3
"""Fractions, beside and in a cell, below which less and less of its metal can be stripped."""
LEAST_AREA = 1e-9
"""Faces of a cell below which a cell takes no part in the reaction."""


@dataclass(frozen=True)
class Front:
    """The surface of the metal in the cells that hold some of it."""

    at: NDArray[np.int64]
    """Flat indices of those cells."""
    area: Floats
    """Surface in each, in faces of a cell."""
    normal: tuple[Floats, Floats, Floats]
    """Into the metal, everywhere."""
    level: Floats


class Fronts:
    """Finds the front in a field of metal and sharpens it; keeps its arrays from step to step."""

    def __init__(self, box: Box, numerics: Numerics) -> None:
        self.box, self.width = box, numerics.width_cells
        self._level, self._nx, self._ny, self._nz, self._area, self._change = (np.zeros(box.shape) for _ in range(6))
        self._none = np.zeros(box.shape, bool)

    def find(self, lithium: Floats, wall: Floats) -> Front:
        """The front of `lithium`; `wall` (y, x) is the share of the collector that acts as metal."""
        from anodefree.numerics.compiled import diffuse_front as c

        depth, sides = self.box.shape[0], self.box.neighbours
        c.profile(lithium, 0, depth, self._level)
        c.normals(self._level, *sides, 0, depth, self._nx, self._ny, self._nz)
        c.areas(lithium, wall, *sides, 0, depth, self._area)
        area = self._area.reshape(-1)
        at = np.flatnonzero(area > LEAST_AREA)
        return Front(at, area[at], (self._nx, self._ny, self._nz), self._level)

    def sharpened(self, lithium: Floats, front: Front, still: NDArray[np.bool_] | None) -> Floats:
        """Change of the metal in a step, where one cell per step keeps the front sharp; none in cells that are `still`."""
        from anodefree.numerics.compiled import diffuse_front as c

        at_rest = self._none if still is None else still
        neighbours, depth = self.box.neighbours, self.box.shape[0]
        c.sharpening(lithium, front.level, at_rest, *front.normal, *neighbours, self.width, 0, depth, self._change)
        return self._change

    def orientation(self, front: Front, turned_rad: float) -> Floats:
        """4 (n1^4 + n2^4 + n3^4) - 3, which is cos 4(theta - theta0) in the plane, of the surface in each cell."""
        x, y, z = (n.reshape(-1)[front.at] for n in front.normal)
        plain = x * x + y * y + z * z < 0.25  # bare collector faces up
        x, y, z = np.where(plain, 0, x), np.where(plain, 0, y), np.where(plain, -1, z)
        c, s = np.cos(turned_rad), np.sin(turned_rad)
        return np.asarray(4 * ((c * x + s * z) ** 4 + y**4 + (c * z - s * x) ** 4) - 3)

    def curvature_per_m(self, front: Front) -> Floats:
        """Curvature of the surface in each cell, positive where the metal is convex; at most that of one cell."""
        from anodefree.numerics.compiled import diffuse_front as c

        out = np.zeros(front.at.size)
        c.curvatures(*front.normal, *self.box.neighbours, front.at, out)
        return np.clip(out, -1, 1) / self.box.cell_m

    def left(self, lithium: Floats, front: Front) -> Floats:
        """Share, 0 to 1, of each cell's surface that can be stripped: metal is in it, and enough of it behind."""
        from anodefree.numerics.compiled import diffuse_front as c

        out = np.zeros(front.at.size)
        c.inner(lithium, *self.box.neighbours, front.at, out)
        return np.clip(out / THIN, 0, 1) * np.clip(lithium.reshape(-1)[front.at] / TRACE, 0, 1)
