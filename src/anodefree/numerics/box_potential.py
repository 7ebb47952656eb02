"""The potential between a rough surface and a flat one above it, in three dimensions, by spectral elements.

The liquid h(x, y) < z < L is mapped from a box: z = h + zeta (L - h), so that with H = L - h and a = (1 - zeta) grad h / H

    the energy is the integral of H [(u_x - a_x u_zeta)² + (u_y - a_y u_zeta)²] + u_zeta²/H  dx dy dzeta.

Elements are products of polynomials through Gauss-Lobatto points, graded towards the surface along zeta; the sums over them
factor by direction. Conjugate gradients are preconditioned by the exact inverse for an even gap, by fast diagonalisation.
*Source* Deville, Fischer and Mund, High-Order Methods for Incompressible Fluid Flow, 2002, chapters 2 and 4 (elements), Lynch,
Rice and Thomas, Numer. Math. 6 (1964) 185 (fast diagonalisation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError
from anodefree.numerics.conjugate_gradients import conjugate_gradients

Floats = NDArray[np.float64]
Surface = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]
"""x, y (1-D each) -> h, dh/dx, dh/dy on their product (x, y)."""
GROWTH = 1.6
"""Each element along zeta over the one below it."""
TOLERANCE = 1e-10
SWEEPS = 500


@dataclass(frozen=True)
class Line:
    """Elements along one direction: from unknowns to values and slopes at the Gauss points, and the points' weights."""

    nodes: Floats
    points: Floats
    weights: Floats
    value: Any
    slope: Any

    @cached_property
    def mass(self) -> Floats:
        """The integral of every two shape functions."""
        return np.asarray((self.value.T @ (self.value.multiply(self.weights[:, None]))).todense())

    @cached_property
    def stiffness(self) -> Floats:
        """The integral of every two slopes."""
        return np.asarray((self.slope.T @ (self.slope.multiply(self.weights[:, None]))).todense())


def line(edges: Floats, order: int, *, periodic: bool = False) -> Line:
    """Elements between the edges, of polynomials of the order; the last node is the first where it repeats."""
    from scipy.sparse import csr_array

    own, at = lobatto(order), np.polynomial.legendre.leggauss(order + 1)
    value, slope = lagrange(own, at[0])
    count, per = len(edges) - 1, order + 1
    size = count * order + (0 if periodic else 1)
    index = (np.arange(count)[:, None] * order + np.arange(per)) % size
    half = 0.5 * np.diff(edges)
    rows = np.repeat(np.arange(count * per), per)
    columns = np.repeat(index, per, axis=0).ravel()
    shape = (count * per, size)
    middle = 0.5 * (edges[1:] + edges[:-1])
    return Line(
        nodes=np.append((middle[:, None] + half[:, None] * own[:-1]).ravel(), edges[-1])[:size],
        points=(middle[:, None] + half[:, None] * at[0]).ravel(),
        weights=(half[:, None] * at[1]).ravel(),
        value=csr_array((np.tile(value.ravel(), count), (rows, columns)), shape=shape),
        slope=csr_array(((slope.ravel()[None, :] / half[:, None]).ravel(), (rows, columns)), shape=shape),
    )


def lobatto(order: int) -> Floats:
    """Gauss and Lobatto's points of an order on [-1, 1]."""
    inner = np.polynomial.legendre.Legendre.basis(order).deriv().roots() if order > 1 else np.array([])
    return np.concatenate([[-1.0], np.sort(np.real(inner)), [1.0]])


def lagrange(nodes: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Values and slopes (point, node) of the polynomials that are 1 on one node and 0 on the others."""
    from numpy.polynomial import legendre

    to = np.linalg.inv(legendre.legvander(nodes, len(nodes) - 1))
    slopes = np.stack([legendre.legval(at, legendre.legder(c)) for c in np.eye(len(nodes))], axis=1)
    return legendre.legvander(at, len(nodes) - 1) @ to, slopes @ to


def graded(elements: int, growth: float = GROWTH) -> Floats:
    """Edges from 0 to 1, each element larger than the one below."""
    sizes = growth ** np.arange(elements)
    return np.concatenate([[0.0], np.cumsum(sizes) / sizes.sum()])


def _along(matrix: Any, values: Floats, axis: int) -> Floats:
    """A matrix times the values along one axis."""
    moved = np.moveaxis(values, axis, 0)
    done = matrix @ np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
    return np.moveaxis(np.asarray(done).reshape(-1, *moved.shape[1:]), 0, axis)


@dataclass(frozen=True)
class Box:
    """Elements of the box; lengths are in units of the mean gap or any other."""

    x: Line
    y: Line
    zeta: Line
    gap: float
    surface: Surface

    @cached_property
    def _metric(self) -> tuple[Floats, Floats, Floats, Floats]:
        """H, a_x, a_y at the Gauss points, and the weights, each (x, y, zeta)."""
        h, hx, hy = self.surface(self.x.points, self.y.points)
        left = 1 - self.zeta.points
        depth = (self.gap - h)[:, :, None]
        weights = self.x.weights[:, None, None] * self.y.weights[None, :, None] * self.zeta.weights
        return depth, hx[:, :, None] * left / depth, hy[:, :, None] * left / depth, weights

    def apply(self, u: Floats) -> Floats:
        """The stiffness matrix times u (x, y, zeta)."""
        depth, ax, ay, weights = self._metric
        x, y, z = self.x, self.y, self.zeta
        lifted = _along(y.value, u, 1)
        flat = _along(x.value, lifted, 0)
        up = _along(z.slope, flat, 2)
        by_x = _along(z.value, _along(x.slope, lifted, 0), 2) - ax * up
        by_y = _along(z.value, _along(y.slope, _along(x.value, u, 0), 1), 2) - ay * up
        scale = weights * depth
        by_x *= scale
        by_y *= scale
        up = up * (weights / depth) - ax * by_x - ay * by_y
        over_y = _along(y.value.T, _along(x.slope.T, _along(z.value.T, by_x, 2), 0), 1)
        over_x = _along(x.value.T, _along(y.slope.T, _along(z.value.T, by_y, 2), 1), 0)
        return over_y + over_x + _along(x.value.T, _along(y.value.T, _along(z.slope.T, up, 2), 1), 0)

    @cached_property
    def _even(self) -> tuple[list[Floats], Floats]:
        """The vectors along each direction in which the even gap's matrix is diagonal, and the diagonal."""
        from scipy.linalg import eigh

        inner = slice(1, -1)
        pairs = [(m.stiffness, m.mass) for m in (self.x, self.y)]
        pairs.append((self.zeta.stiffness[inner, inner], self.zeta.mass[inner, inner]))
        solved = [eigh(k, m) for k, m in pairs]
        depth = float(np.mean(self._metric[0]))
        (wx, _), (wy, _), (wz, _) = solved
        return [v for _, v in solved], depth * (wx[:, None, None] + wy[None, :, None]) + wz / depth

    def even_inverse(self, residual: Floats) -> Floats:
        """The exact inverse for an even gap, of what lies between the electrodes."""
        vectors, diagonal = self._even
        inner = residual[:, :, 1:-1]
        for axis, v in enumerate(vectors):
            inner = _along(v.T, inner, axis)
        inner = inner / diagonal
        for axis, v in enumerate(vectors):
            inner = _along(v, inner, axis)
        return np.pad(inner, ((0, 0), (0, 0), (1, 1)))


@dataclass(frozen=True)
class BoxPotential:
    """u (x, y, zeta): 0 on the surface, 1 on the flat electrode; how many sweeps it took."""

    box: Box
    values: Floats
    sweeps: int

    @property
    def current(self) -> float:
        """The current through the box in a medium of the conductivity 1: twice the energy."""
        return float(np.sum(self.values * self.box.apply(self.values)))

    @cached_property
    def wall(self) -> tuple[Floats, Floats]:
        """The field on the surface at the Gauss points (x, y), and the true area of each."""
        box = self.box
        first = np.asarray(lagrange(lobatto(_order(box.zeta)), np.array([-1.0]))[1])[0]
        near = self.values[:, :, : len(first)]
        half = 0.5 * (box.zeta.nodes[len(first) - 1] - box.zeta.nodes[0])
        slope = _along(box.y.value, _along(box.x.value, near @ first / half, 0), 1)
        h, hx, hy = box.surface(box.x.points, box.y.points)
        stretch = np.sqrt(1 + hx**2 + hy**2)
        flat = box.x.weights[:, None] * box.y.weights
        return slope / (box.gap - h) * stretch, flat * stretch


def _order(of: Line) -> int:
    return int(of.value.nnz // of.value.shape[0]) - 1


def solve_box(box: Box) -> BoxPotential:
    """The potential, by preconditioned conjugate gradients.

    Raises
    ------
    NumericalError: they do not converge: the surface is too steep for one height above each point.
    """
    shape = (len(box.x.nodes), len(box.y.nodes), len(box.zeta.nodes))
    u = np.broadcast_to(box.zeta.nodes, shape).copy()

    def applied(v: Floats) -> Floats:
        made = box.apply(v)
        made[:, :, [0, -1]] = 0.0
        return made

    least = TOLERANCE**2 * float(np.sum(box.apply(u) * u))
    found = conjugate_gradients(u, -applied(u), applied, box.even_inverse, enough=lambda _: least, sweeps=SWEEPS)
    if found is None:
        raise NumericalError("the potential above the surface does not converge", "rough surface", "smooth it: it is too steep")
    return BoxPotential(box, u, found)
