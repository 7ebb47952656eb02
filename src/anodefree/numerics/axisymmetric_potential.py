"""The potential between a flat electrode and one with a protrusion, axisymmetric, by finite elements of high order.

The cell is one logical rectangle (s, t): s runs from the axis along the boss to the foot, t from the boss out to the cell's
top and side. The weak form of div(sigma grad phi) = 0 is pulled back to it with the exact map, so that curved walls are exact:

    integral of r |J| sigma (J^-T grad phi) . (J^-T grad v) ds dt = 0.

*Source* Brenner and Scott, The Mathematical Theory of Finite Element Methods, 3rd ed. 2008, chapter 4; elements by scikit-fem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SAMPLES = 101
Curve = Callable[[Floats], tuple[Floats, Floats, Floats, Floats]]
"""s in [0, 1] -> r, z, dr/ds, dz/ds of the protrusion from its tip to its foot."""


def hemispheroid(height_m: float, base_m: float) -> Curve:
    """Half an ellipsoid: r = b sin(pi s/2), z = h cos(pi s/2)."""
    q = 0.5 * np.pi

    def curve(s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        sin, cos = np.sin(q * s), np.cos(q * s)
        return base_m * sin, height_m * cos, base_m * q * cos, -height_m * q * sin

    return curve


def cone(height_m: float, base_m: float) -> Curve:
    """A sharp cone: r = b s, z = h (1 - s). The field at its tip has no limit: it grows as the mesh is refined."""

    def curve(s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        return base_m * s, height_m * (1 - s), np.full_like(s, base_m), np.full_like(s, -height_m)

    return curve


@dataclass(frozen=True)
class Cell:
    """A cylinder of the radius R and the gap L with a protrusion on its bottom; lengths in m."""

    boss: Curve
    height_m: float
    base_m: float
    radius_m: float
    gap_m: float

    @property
    def corner(self) -> float:
        """The s whose ray ends in the upper outer corner."""
        return float(np.arctan2(self.radius_m, self.gap_m) / (0.5 * np.pi))

    @property
    def grading(self) -> float:
        """How strongly elements grow away from the boss: its tip's radius of curvature sets the first."""
        tip = min(self.base_m, self.base_m**2 / self.height_m, self.height_m)
        return float(np.log(1 + max(self.radius_m, self.gap_m) / tip))

    def outer(self, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The top from the axis to the corner, then the side down to the bottom."""
        c, on_top = self.corner, s <= self.corner
        r = np.where(on_top, self.radius_m * s / c, self.radius_m)
        z = np.where(on_top, self.gap_m, self.gap_m * (1 - s) / (1 - c))
        return r, z, np.where(on_top, self.radius_m / c, 0.0), np.where(on_top, 0.0, -self.gap_m / (1 - c))

    def place(self, s: Floats, t: Floats) -> tuple[Floats, Floats]:
        """r, z [m] of a point of the logical rectangle."""
        (pr, pz, _, _), (qr, qz, _, _) = self.boss(s), self.outer(s)
        g = np.expm1(self.grading * t) / np.expm1(self.grading)
        return pr + g * (qr - pr), pz + g * (qz - pz)

    def jacobian(self, s: Floats, t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """dr/ds, dr/dt, dz/ds, dz/dt."""
        (pr, pz, dpr, dpz), (qr, qz, dqr, dqz) = self.boss(s), self.outer(s)
        a = self.grading
        g, dg = np.expm1(a * t) / np.expm1(a), a * np.exp(a * t) / np.expm1(a)
        return dpr + g * (dqr - dpr), dg * (qr - pr), dpz + g * (dqz - dpz), dg * (qz - pz)

    def logical(self, r_m: Floats, z_m: Floats) -> tuple[Floats, Floats]:
        """s, t of points in the cell: s by Newton's method in a bracket (rays do not cross), t from the distance along."""
        r, z = np.asarray(r_m, dtype=float), np.asarray(z_m, dtype=float)
        low, high = np.zeros_like(r), np.ones_like(r)
        s = np.full_like(r, 0.5)
        for sweep in range(60):
            (pr, pz, dpr, dpz), (qr, qz, dqr, dqz) = self.boss(s), self.outer(s)
            side = (qr - pr) * (z - pz) - (qz - pz) * (r - pr)  # negative on the foot's side of the ray
            slope = (dqr - dpr) * (z - pz) - (dqz - dpz) * (r - pr) - (qr - pr) * dpz + (qz - pz) * dpr
            low, high = np.where(side < 0, s, low), np.where(side < 0, high, s)
            with np.errstate(all="ignore"):
                step = s - side / slope
            inside = (step > low) & (step < high) & (sweep > 3)
            before, s = s, np.where(inside, step, 0.5 * (low + high))
            if float(np.abs(s - before).max(initial=0.0)) < 1e-14:
                break
        (pr, pz, _, _), (qr, qz, _, _) = self.boss(s), self.outer(s)
        along = ((r - pr) * (qr - pr) + (z - pz) * (qz - pz)) / ((qr - pr) ** 2 + (qz - pz) ** 2)
        a = self.grading
        return s, np.log1p(np.clip(along, 0.0, 1.0) * np.expm1(a)) / a


@dataclass(frozen=True)
class Potential:
    """A solved potential [V]; `at` evaluates it anywhere in the cell."""

    cell: Cell
    basis: Any
    values: Floats

    def at(self, r_m: Floats, z_m: Floats) -> Floats:
        """phi [V] at points in the cell."""
        r, z = np.broadcast_arrays(np.asarray(r_m, dtype=float), np.asarray(z_m, dtype=float))
        s, t = self.cell.logical(r.ravel(), z.ravel())
        under_top, under_side = self._splines
        return np.where(s <= self.cell.corner, under_top.ev(s, t), under_side.ev(s, t)).reshape(r.shape)

    @cached_property
    def _splines(self) -> tuple[Any, Any]:
        """phi(s, t) as quintic splines through the elements' values, one on each side of the ray to the corner."""
        from scipy.interpolate import RectBivariateSpline

        made = []
        for first, last in ((0.0, self.cell.corner), (self.cell.corner, 1.0)):
            s, t = np.linspace(first, last, SAMPLES), np.linspace(0, 1, SAMPLES)
            place = np.stack([np.clip(v.ravel(), 1e-12, 1 - 1e-12) for v in np.meshgrid(s, t, indexing="ij")])
            values = np.asarray(self.basis.probes(place) @ self.values).reshape(SAMPLES, SAMPLES)
            made.append(RectBivariateSpline(s, t, values, kx=5, ky=5))
        return made[0], made[1]

    @cached_property
    def wall(self) -> tuple[Floats, Floats, Floats]:
        """r, z [m] along the boss from tip to foot, and the size of the field [V/m] on it, by the elements."""
        from skfem import Basis

        mesh = self.basis.mesh
        row = np.flatnonzero(mesh.p[1][mesh.t].min(axis=0) < 1e-12)
        local = np.array([[0.0, 0.25, 0.5, 0.75, 1.0], np.zeros(5)])
        row = row[np.argsort(mesh.p[0][mesh.t[:, row]].min(axis=0))]
        first = mesh.t[:, row[0]]
        if abs(mesh.p[0][first[1]] - mesh.p[0][first[0]]) < 1e-12:  # the element's own first axis runs along t
            local = local[::-1]
        own = Basis(mesh, self.basis.elem, elements=row, quadrature=(local, np.ones(5)))
        slopes = own.interpolate(self.values).grad
        s, t = (np.asarray(x) for x in own.global_coordinates())
        s = np.clip(s, 0.0, 1.0)
        dr, dz = _physical(self.cell, s, t, slopes[0], slopes[1])
        r, z = self.cell.place(s, t)
        return r.ravel(), z.ravel(), np.hypot(dr, dz).ravel()

    def field_at(self, local: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """r, z, dphi/dr, dphi/dz and phi by the elements themselves, at the same local points (2, n) of each element."""
        from skfem import Basis

        own = Basis(self.basis.mesh, self.basis.elem, quadrature=(local, np.ones(local.shape[1])))
        phi = own.interpolate(self.values)
        s, t = (np.asarray(x) for x in own.global_coordinates())
        dr, dz = _physical(self.cell, s, t, phi.grad[0], phi.grad[1])
        r, z = self.cell.place(s, t)
        return r.ravel(), z.ravel(), dr.ravel(), dz.ravel(), np.asarray(phi).ravel()


def _physical(cell: Cell, s: Floats, t: Floats, ds: Floats, dt: Floats) -> tuple[Floats, Floats]:
    """The gradient in (r, z) of a function whose slopes in (s, t) are known."""
    r_s, r_t, z_s, z_t = cell.jacobian(s, t)
    size = r_s * z_t - r_t * z_s
    return (z_t * ds - z_s * dt) / size, (r_s * dt - r_t * ds) / size


@dataclass(frozen=True)
class Space:
    """The elements of a cell: their basis, the stiffness matrix of a medium of the conductivity 1, and the walls' facets."""

    cell: Cell
    basis: Any
    stiffness: Any
    boss: Any
    floor: Any
    top: Any
    side: Any
    precision: int
    """The degree up to which integrals are exact in the logical rectangle."""

    def facets(self, which: Any) -> Any:
        """A basis of the elements' values on some facets."""
        from skfem import FacetBasis

        return FacetBasis(self.basis.mesh, self.basis.elem, facets=which, intorder=self.precision)

    def dofs(self, *which: Any) -> NDArray[np.int64]:
        """The unknowns on some facets."""
        return np.asarray(self.basis.get_dofs(np.concatenate(which)).all())

    @cached_property
    def volumes(self) -> Floats:
        """The integral of each shape function over r dr dz."""
        from skfem import LinearForm

        @LinearForm
        def weight(v: Any, w: Any) -> Any:
            return self.cell.place(*w.x)[0] * _size(self.cell, *w.x) * v

        return np.asarray(weight.assemble(self.basis))


def _size(cell: Cell, s: Floats, t: Floats) -> Floats:
    r_s, r_t, z_s, z_t = cell.jacobian(s, t)
    return np.abs(r_s * z_t - r_t * z_s)


def _stiffness(cell: Cell, basis: Any) -> Any:
    """The integral of r |J| (J^-T grad u) . (J^-T grad v) ds dt for every two shape functions."""
    from skfem import BilinearForm

    s, t = (np.asarray(x) for x in basis.global_coordinates())
    r_s, r_t, z_s, z_t = cell.jacobian(s, t)
    scale = cell.place(s, t)[0] / np.abs(r_s * z_t - r_t * z_s)

    @BilinearForm
    def form(u: Any, v: Any, w: Any) -> Any:
        (us, ut), (vs, vt) = u.grad, v.grad
        return (w.across * us - w.mixed * ut) * vs + (w.along * ut - w.mixed * us) * vt

    across, along, mixed = r_t**2 + z_t**2, r_s**2 + z_s**2, r_s * r_t + z_s * z_t
    return form.assemble(basis, across=scale * across, along=scale * along, mixed=scale * mixed)


def space(cell: Cell, *, order: int = 4, elements: int = 16) -> Space:
    """`elements` a side of the logical rectangle, of polynomials of the given order."""
    from skfem import Basis, ElementQuad1, ElementQuad2, ElementQuadP, MeshQuad

    at_corner = max(1, min(elements - 1, round(elements * cell.corner)))
    s = np.concatenate([np.linspace(0, cell.corner, at_corner + 1), np.linspace(cell.corner, 1, elements - at_corner + 1)[1:]])
    mesh = MeshQuad.init_tensor(s, np.linspace(0, 1, elements + 1))
    precision = 2 * order + 4
    element = {1: ElementQuad1, 2: ElementQuad2}.get(order, lambda: ElementQuadP(order))()
    basis = Basis(mesh, element, intorder=precision)
    return Space(
        cell,
        basis,
        _stiffness(cell, basis),
        boss=mesh.facets_satisfying(lambda x: x[1] < 1e-9),
        floor=mesh.facets_satisfying(lambda x: x[0] > 1 - 1e-9),
        top=mesh.facets_satisfying(lambda x: (x[1] > 1 - 1e-9) & (x[0] < cell.corner)),
        side=mesh.facets_satisfying(lambda x: (x[1] > 1 - 1e-9) & (x[0] > cell.corner)),
        precision=precision,
    )


def solve(
    cell: Cell,
    top_V: float,
    *,
    order: int = 4,
    elements: int = 16,
    outer: Callable[[Floats, Floats], Floats] | None = None,
) -> Potential:
    """phi with 0 on the bottom and the boss, `top_V` on the top and no flux through the side; or phi = outer(r, z) on both."""
    made = space(cell, order=order, elements=elements)
    if outer is None:
        return solved_in(made, top_V)
    return _held(made, np.concatenate([made.top, made.side]), lambda x: outer(*made.cell.place(x[0], x[1])))


def solved_in(made: Space, top_V: float) -> Potential:
    """The potential between equipotential electrodes, in elements that are there already."""
    return _held(made, made.top, lambda x: np.full_like(x[0], top_V))


def _held(made: Space, raised: Any, wanted: Callable[[Any], Any]) -> Potential:
    """phi with wanted values on some facets, 0 on bottom and boss: projected, since shape functions are hierarchic."""
    from skfem import condense
    from skfem import solve as solved

    held = made.dofs(raised)
    values = np.zeros(made.basis.N)
    values[held] = made.facets(raised).project(wanted)[held]
    fixed = np.union1d(held, made.dofs(made.boss, made.floor))
    return Potential(made.cell, made.basis, solved(*condense(made.stiffness, x=values, D=fixed)))
