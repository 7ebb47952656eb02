"""From spectral elements above a rough surface to even grids for flight, and the field of the elements at any points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from anodefree.numerics.box_potential import BoxPotential, Line, lagrange, lobatto

Floats = NDArray[np.float64]


def edges_of(of: Line) -> tuple[Floats, int]:
    """Where the elements of a line that does not repeat begin and end, and their order."""
    order = int(of.value.nnz // of.value.shape[0]) - 1
    return of.nodes[::order], order


def interpolated(edges: Floats, order: int, at: Floats, size: int) -> tuple[Floats, Floats]:
    """Values and slopes (point, node) of the shape functions; the last node is the first if `size` says so."""
    e = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    half = 0.5 * (edges[e + 1] - edges[e])
    value, slope = lagrange(lobatto(order), (at - edges[e]) / half - 1)
    index = (e[:, None] * order + np.arange(order + 1)) % size
    out = np.zeros((2, len(at), size))
    rows = np.arange(len(at))[:, None]
    out[0, rows, index], out[1, rows, index] = value, slope / half[:, None]
    return out[0], out[1]


@dataclass(frozen=True)
class Sampler:
    """A solved box, and how to see it from outside: its sides repeat, or mirror what is within."""

    found: BoxPotential
    sides: tuple[Floats, Floats]
    """Edges of the elements along x and y."""
    periodic: bool

    def _within(self, at: Floats, axis: int) -> Floats:
        side = float(self.sides[axis][-1])
        if self.periodic:
            return at % side
        folded = np.abs(at) % (2 * side)
        return np.minimum(folded, 2 * side - folded)

    def _across(self, x: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
        box = self.found.box
        _, order = edges_of(box.zeta)
        return [
            interpolated(self.sides[n], order, self._within(at, n), len(line.nodes))
            for n, (at, line) in enumerate(((x, box.x), (y, box.y)))
        ]

    def on_grid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """u (z, y, x) on even axes, 0 on the surface and 1 on the flat electrode, continued into both."""
        from anodefree.numerics.compiled.spectral_columns import columns

        box = self.found.box
        edges, order = edges_of(box.zeta)
        (vx, _), (vy, _) = self._across(x, y)
        nodal = self._columns(vx, vy)
        index = np.arange(len(edges) - 1)[:, None] * order + np.arange(order + 1)
        to = np.linalg.inv(legendre.legvander(lobatto(order), order))
        series = np.ascontiguousarray(nodal[:, :, index] @ to.T)
        half = 0.5 * (edges[1] - edges[0])
        twice = np.array([legendre.legval(-1.0, legendre.legder(c, 2)) for c in np.eye(order + 1)]) / half**2
        height = self._height(x, y)
        out = np.empty((len(z), len(y), len(x)))
        columns(series, edges, series[:, :, 0] @ twice, height, box.gap, z, out)
        return out

    def _columns(self, vx: Floats, vy: Floats) -> Floats:
        """Nodal values along zeta above each point (x, y)."""
        return np.einsum("jb,ibk->ijk", vy, np.tensordot(vx, self.found.values, 1), optimize=True)

    def _height(self, x: Floats, y: Floats) -> Floats:
        """Heights (x, y); a surface takes each axis in rising order."""
        ax, ay = self._within(x, 0), self._within(y, 1)
        ix, iy = np.argsort(ax), np.argsort(ay)
        out = np.empty((len(x), len(y)))
        out[np.ix_(ix, iy)] = self.found.box.surface(ax[ix], ay[iy])[0]
        return out

    def field(self, x: Floats, y: Floats, zeta: Floats) -> tuple[Floats, Floats]:
        """Heights z and the gradient (3, x, y, zeta) by the elements, at points of the box; x and y rise, within the sides."""
        box = self.found.box
        edges, order = edges_of(box.zeta)
        (vx, sx), (vy, sy) = self._across(x, y)
        vz, sz = interpolated(edges, order, zeta, len(box.zeta.nodes))
        h, hx, hy = box.surface(x, y)
        depth = (box.gap - h)[:, :, None]
        flat = self._columns(vx, vy)
        up = flat @ sz.T / depth
        left = 1 - zeta
        gx = self._columns(sx, vy) @ vz.T - hx[:, :, None] * left * up
        gy = self._columns(vx, sy) @ vz.T - hy[:, :, None] * left * up
        return h[:, :, None] + zeta * depth, np.stack([gx, gy, up])
