"""The slow flow about the axis of a cell that a force about the axis drives, by the cell's own finite elements.

Lap u - u/r² = -g with u = 0 on every wall and on the axis. The weak form is pulled back to the cell's logical rectangle:

    integral of r |J| (J^-T grad u) . (J^-T grad v) + |J| u v / r ds dt = integral of r |J| g v ds dt.

*Source* Landau and Lifshitz 1987, section 15 (Navier-Stokes in cylindrical coordinates, inertia left out); elements as in
`axisymmetric_potential`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.axisymmetric_potential import Space

Floats = NDArray[np.float64]
Function = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Flow:
    """A solved flow u_θ, its values in the elements' own numbering."""

    space: Space
    values: Floats

    def samples(self, points: int) -> tuple[Floats, Floats, Floats]:
        """r, z and u on an even grid of the logical rectangle, (points, points)."""
        line = np.clip(np.linspace(0, 1, points), 1e-9, 1 - 1e-9)
        s, t = np.meshgrid(line, line, indexing="ij")
        u = np.asarray(self.space.basis.probes(np.stack([s.ravel(), t.ravel()])) @ self.values)
        r, z = self.space.cell.place(s, t)
        return r, z, u.reshape(points, points)

    def error(self, exact: Function) -> float:
        """The root mean square difference from a known flow over the volume, over the largest of it."""
        basis = self.space.basis
        r, z, size = _measure(self.space)
        known = exact(r, z)
        weight = basis.dx * size * r
        square = np.sum(weight * (np.asarray(basis.interpolate(self.values)) - known) ** 2)
        return float(np.sqrt(square / weight.sum()) / np.abs(known).max())


def _measure(made: Space) -> tuple[Floats, Floats, Floats]:
    """r, z and |J| at the quadrature points."""
    s, t = (np.asarray(x) for x in made.basis.global_coordinates())
    r, z = made.cell.place(s, t)
    r_s, r_t, z_s, z_t = made.cell.jacobian(s, t)
    return r, z, np.abs(r_s * z_t - r_t * z_s)


def solve_flow(made: Space, drive: Function, walls: Function | None = None) -> Flow:
    """u for the drive g(r, z), at rest on the walls, or as `walls` says there; zero on the axis."""
    from skfem import BilinearForm, LinearForm, condense, solve

    basis = made.basis
    r, z, size = _measure(made)

    @BilinearForm
    def centripetal(u: Any, v: Any, w: Any) -> Any:
        return w.weight * u * v

    @LinearForm
    def driven(v: Any, w: Any) -> Any:
        return w.weight * v

    matrix = made.stiffness + centripetal.assemble(basis, weight=size / r)
    load = driven.assemble(basis, weight=r * size * drive(r, z))
    axis = basis.mesh.facets_satisfying(lambda x: x[0] < 1e-9)
    outside = (made.boss, made.floor, made.top, made.side)
    values = np.zeros(basis.N)
    if walls is not None:
        facets = np.concatenate(outside)
        held = made.dofs(facets)
        values[held] = made.facets(facets).project(lambda x: walls(*made.cell.place(x[0], x[1])))[held]
    fixed = made.dofs(*outside, axis)
    values[np.setdiff1d(made.dofs(axis), made.dofs(*outside))] = 0.0
    return Flow(made, np.asarray(solve(*condense(matrix, load, x=values, D=fixed))))
