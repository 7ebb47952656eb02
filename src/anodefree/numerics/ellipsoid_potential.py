"""The potential in a cylinder with half an ellipsoid of three unequal axes on its floor, in space, by spectral elements.

A quarter of the cell is mapped from a box: s runs from the axis (0) to the floor (1), theta about the axis, t from the boss
(0) to the top and side (1), along straight rays P = B(s, theta) + g(t) [Q(s, theta) - B]. With the columns P_s, P_theta, P_t
of the Jacobian J, the energy is the integral of G_ab u_a u_b with

    G_ab = C_a . C_b/|J|,   C_s = P_theta x P_t and so on in turn.

Conjugate gradients are preconditioned by the exact inverse of the operator averaged over theta: one sparse factor in (s, t) for
each mode about the axis, so a round boss takes one sweep. *Source* Deville, Fischer and Mund 2002, chapters 2 and 4.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError
from anodefree.numerics.axisymmetric_potential import Cell, hemispheroid
from anodefree.numerics.box_potential import Line, lagrange, line, lobatto
from anodefree.numerics.box_sampling import interpolated
from anodefree.numerics.conjugate_gradients import conjugate_gradients

Floats = NDArray[np.float64]
TOLERANCE, SWEEPS = 1e-11, 200


@dataclass(frozen=True)
class EllipsoidCell:
    """Lengths in units of the gap: semi-axes of the boss along x, y and z, and the radius of the cell."""

    base_x: float
    base_y: float
    height: float
    radius: float

    @cached_property
    def round(self) -> Cell:
        """The axisymmetric cell with the same walls but for the boss, which has the shorter base."""
        base = min(self.base_x, self.base_y)
        return Cell(hemispheroid(self.height, base), self.height, base, self.radius, 1.0)

    def place(self, s: Floats, theta: Floats, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Points (3, ...) of the cell, and the columns of the Jacobian as (3, ...) each: P_s, P_theta, P_t stacked first."""
        q, cell = 0.5 * np.pi, self.round
        f, c, cos, sin = np.sin(q * s), np.cos(q * s), np.cos(theta), np.sin(theta)
        ro, zo, dro, dzo = cell.outer(s)
        a = cell.grading
        g, dg = np.expm1(a * t) / np.expm1(a), a * np.exp(a * t) / np.expm1(a)
        bx, by, h = self.base_x, self.base_y, self.height
        flat = np.zeros_like(f * cos)
        boss = np.stack([bx * f * cos, by * f * sin, h * c + flat])
        boss_s = q * np.stack([bx * c * cos, by * c * sin, -h * f + flat])
        boss_o = np.stack([-bx * f * sin, by * f * cos, flat])
        outer, outer_s = np.stack([ro * cos, ro * sin, zo + flat]), np.stack([dro * cos, dro * sin, dzo + flat])
        outer_o = np.stack([-ro * sin, ro * cos, flat])
        columns = np.stack([boss_s + g * (outer_s - boss_s), boss_o + g * (outer_o - boss_o), dg * (outer - boss)])
        return boss + g * (outer - boss), columns, g


@dataclass(frozen=True)
class Elements:
    """The elements along s, theta and t, and where they begin and end."""

    cell: EllipsoidCell
    lines: tuple[Line, Line, Line]
    edges: tuple[Floats, Floats, Floats]
    order: int

    @cached_property
    def metric(self) -> Floats:
        """G times the weights of the Gauss points, (3, 3, s, theta, t)."""
        s, o, t = self.lines
        at = np.meshgrid(s.points, o.points, t.points, indexing="ij")
        _, columns, _ = self.cell.place(*at)
        crossed = [np.cross(columns[(a + 1) % 3], columns[(a + 2) % 3], axis=0) for a in range(3)]
        size = np.abs(np.sum(columns[0] * crossed[0], axis=0))
        weights = s.weights[:, None, None] * o.weights[:, None] * t.weights / size
        return np.array([[weights * np.sum(a * b, axis=0) for b in crossed] for a in crossed])

    def apply(self, u: Floats) -> Floats:
        """The stiffness matrix times u (s, theta, t); on the axis (s = 0) the value at theta = 0 stands for all."""
        u = u.copy()
        u[0] = u[0, :1]
        slopes = [self._carried(u, a) for a in range(3)]
        out = np.zeros_like(u)
        for a in range(3):
            out += self._gathered(sum(self.metric[a, b] * slopes[b] for b in range(3)), a)
        out[0, 0] = out[0].sum(axis=0)
        out[0, 1:] = 0.0
        return out

    def _carried(self, u: Floats, along: int) -> Floats:
        for axis, own in enumerate(self.lines):
            u = _times(own.slope if axis == along else own.value, u, axis)
        return u

    def _gathered(self, u: Floats, along: int) -> Floats:
        for axis, own in enumerate(self.lines):
            u = _times((own.slope if axis == along else own.value).T, u, axis)
        return u

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Unknowns on the boss, the floor and the top, (s, t)."""
        s, t = self.lines[0].nodes, self.lines[2].nodes
        held = np.zeros((len(s), len(t)), bool)
        held[:, 0] = held[-1] = True
        held[s <= self.cell.round.corner + 1e-12, -1] = True
        return held

    @cached_property
    def _factors(self) -> tuple[Floats, list[Any], NDArray[np.int64]]:
        """Modes about the axis, and the factor in (s, t) of each, of the operator averaged over theta."""
        from scipy.linalg import eigh
        from scipy.sparse import diags_array, kron
        from scipy.sparse.linalg import splu

        s, o, t = self.lines
        mean = np.tensordot(self.metric, np.ones(len(o.points)), ([3], [0])) / o.weights.sum()
        basis = [kron(s.slope, t.value), kron(s.value, t.value), kron(s.value, t.slope)]

        def part(a: int, b: int) -> Any:
            return basis[a].T @ diags_array(mean[a, b].ravel()) @ basis[b]

        flat, round_ = part(0, 0) + part(0, 2) + part(2, 0) + part(2, 2), part(1, 1)
        rates, modes = eigh(o.stiffness, o.mass)
        free = np.flatnonzero(~self.held.ravel())
        inner = free[free >= len(t.nodes)]  # beyond the axis only the even mode is single valued
        factors = [splu((flat + r * round_).tocsc()[k][:, k]) for n, r in enumerate(rates) for k in [inner if n else free]]
        return modes, factors, free

    def inverse(self, residual: Floats) -> Floats:
        """The inverse of the averaged operator."""
        modes, factors, free = self._factors
        per = residual.shape[2]
        inner = free[free >= per]
        parts = _times(modes.T, residual, 1)
        out = np.zeros_like(parts)
        for n, factor in enumerate(factors):
            which = inner if n else free
            at = np.zeros(residual.shape[0] * per)
            at[which] = factor.solve(parts[:, n].reshape(-1)[which])
            out[:, n] = at.reshape(-1, per)
        found = _times(modes, out, 1)
        found[0, 1:] = 0.0
        return found


def _times(matrix: Any, values: Floats, axis: int) -> Floats:
    moved = np.moveaxis(values, axis, 0)
    done = matrix @ np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
    return np.moveaxis(np.asarray(done).reshape(-1, *moved.shape[1:]), 0, axis)


def elements_of(cell: EllipsoidCell, order: int, elements: int) -> Elements:
    """`elements` along s and along t, and two about the quarter."""
    corner = cell.round.corner
    at = max(1, min(elements - 1, round(elements * corner)))
    s = np.concatenate([np.linspace(0, corner, at + 1), np.linspace(corner, 1, elements - at + 1)[1:]])
    edges = s, np.linspace(0, 0.5 * np.pi, 3), np.linspace(0, 1, elements + 1)
    a, b, c = (line(e, order) for e in edges)
    return Elements(cell, (a, b, c), edges, order)


@dataclass(frozen=True)
class EllipsoidPotential:
    """u (s, theta, t): 0 on the floor and the boss, 1 on the top; how many sweeps it took."""

    made: Elements
    values: Floats
    sweeps: int

    @property
    def tip(self) -> float:
        """The field at the tip over that of the flat cell."""
        first = lagrange(lobatto(self.made.order), np.array([-1.0]))[1][0]
        half = 0.5 * self.made.edges[2][1]
        _, columns, _ = self.made.cell.place(*(np.zeros(1) for _ in range(3)))
        return float(self.values[0, 0, : len(first)] @ first / half / columns[2, 2, 0])

    @property
    def current(self) -> float:
        """The current through the whole cell in a medium of the conductivity 1."""
        u = self.values.copy()
        u[0, 1:] = 0.0
        return 4 * float(np.sum(u * self.made.apply(u)))

    def on_grid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """u (z, y, x) on even axes, continued beyond every wall; x and y are symmetric about the axis of the cell."""
        from anodefree.numerics.compiled.ellipsoid_points import sampled

        order, cell = self.made.order, self.made.cell
        to = np.linalg.inv(np.polynomial.legendre.legvander(lobatto(order), order))
        per = [np.arange(len(e) - 1)[:, None] * order + np.arange(order + 1) for e in self.made.edges]
        a, b, c = per
        nodal = self.values[a[:, None, None, :, None, None], b[None, :, None, None, :, None], c[None, None, :, None, None, :]]
        series = np.ascontiguousarray(np.einsum("abcijk,li,mj,nk->abclmn", nodal, to, to, to, optimize=True))
        walls = np.array([cell.base_x, cell.base_y, cell.height, cell.radius, cell.round.corner, cell.round.grading])
        half_x, half_y = (v[len(v) // 2 :] for v in (x, y))  # an odd number of nodes, 0 in the middle
        out = np.empty((len(z), len(half_y), len(half_x)))
        with ThreadPoolExecutor(2) as pool:
            parts = np.array_split(np.arange(len(z)), min(8, len(z)))
            list(
                pool.map(lambda k: sampled(series, *self.made.edges, walls, half_x, half_y, z[k], out[k[0] : k[-1] + 1]), parts)
            )
        whole = np.concatenate([out[:, :, :0:-1], out], axis=2)
        return np.concatenate([whole[:, :0:-1], whole], axis=1)

    def field(self, s: Floats, theta: Floats, t: Floats) -> tuple[Floats, Floats]:
        """Points (3, ...) and the gradient (3, ...) by the elements, on the product of three axes."""
        (vs, ds), (vo, do), (vt, dt) = (
            interpolated(e, self.made.order, x, len(own.nodes))
            for e, x, own in zip(self.made.edges, (s, theta, t), self.made.lines, strict=True)
        )
        slopes = [
            np.einsum("ai,bj,ck,ijk->abc", *m, self.values, optimize=True) for m in ((ds, vo, vt), (vs, do, vt), (vs, vo, dt))
        ]
        at, columns, _ = self.made.cell.place(*np.meshgrid(s, theta, t, indexing="ij"))
        crossed = [np.cross(columns[(a + 1) % 3], columns[(a + 2) % 3], axis=0) for a in range(3)]
        size = np.sum(columns[0] * crossed[0], axis=0)
        return at, sum(c * u for c, u in zip(crossed, slopes, strict=True)) / size


def solve_ellipsoid(cell: EllipsoidCell, *, order: int = 6, elements: int = 8) -> EllipsoidPotential:
    """The potential, by preconditioned conjugate gradients.

    Raises
    ------
    NumericalError: they do not converge: the bases are too unequal.
    """
    made = elements_of(cell, order, elements)
    s, o, t = made.lines
    u = np.zeros((len(s.nodes), len(o.nodes), len(t.nodes)))
    u[s.nodes <= cell.round.corner + 1e-12, :, -1] = 1.0
    free = ~made.held[:, None, :]
    u[0, 1:] = 0.0
    found = conjugate_gradients(
        u,
        -made.apply(u) * free,
        lambda v: made.apply(v) * free,
        made.inverse,
        enough=lambda first: TOLERANCE**2 * first,
        sweeps=SWEEPS,
    )
    if found is None:
        raise NumericalError("the potential about the ellipsoid does not converge", "ellipsoid", "make its bases less unequal")
    u[0] = u[0, :1]
    return EllipsoidPotential(made, u, found)
