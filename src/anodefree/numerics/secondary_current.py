"""The current in an even electrolyte between two electrodes with kinetics: Laplace's equation with nonlinear walls.

With u = F phi/RT, lengths in gaps, and current densities in sigma RT/(F L), Galerkin's method asks for

    integral grad u . grad v + integral over the lower electrode p(u) v - integral over the upper one q(w - u) v = 0,
    integral over the upper electrode q(w - u) = the total current,

p being the current density that leaves the liquid, q that which enters it, and w the upper metal's potential, an unknown of its
own. Both rise with their argument, so the equations are those of the minimum of a convex energy, which Newton's method with a
halved step reaches from anywhere. *Source* Newman and Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, chapter 18.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError
from anodefree.numerics.axisymmetric_potential import Potential, Space

Floats = NDArray[np.float64]
Law = Callable[[Floats], tuple[Floats, Floats]]
"""A driving force -> the current density and its slope."""
SWEEPS = 100
HALVINGS = 40
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Secondary:
    """The liquid's potential (the lower metal's is 0) and the upper metal's, in RT/F; and what Newton's method took."""

    potential: Potential
    upper: float
    sweeps: int


@dataclass(frozen=True)
class Wall:
    """An electrode's surface in the cell: integrals over it carry r times the length along the section."""

    made: Space
    facets: Any

    @cached_property
    def basis(self) -> Any:
        """The elements' values on it."""
        return self.made.facets(self.facets)

    @cached_property
    def measure(self) -> Floats:
        """r ds of a point, over the logical length."""
        s, t = (np.asarray(x) for x in self.basis.global_coordinates())
        ns, nt = (np.asarray(n) for n in self.basis.normals)
        r_s, r_t, z_s, z_t = self.made.cell.jacobian(s, t)
        return np.asarray(self.made.cell.place(s, t)[0] * np.hypot(r_s * nt - r_t * ns, z_s * nt - z_t * ns))

    def total(self, density: Floats) -> float:
        """The integral of values at its points."""
        return float(np.sum(density * self.measure * self.basis.dx))

    @cached_property
    def area(self) -> float:
        """Over 2 pi."""
        return self.total(np.ones_like(self.measure))

    def at(self, values: Floats) -> Floats:
        """The elements' values at its points."""
        return np.asarray(self.basis.interpolate(values))

    def load(self, density: Floats) -> Floats:
        """The integral of a density times each shape function."""
        from skfem import LinearForm

        return np.asarray(LinearForm(lambda v, w: w.f * v).assemble(self.basis, f=density * self.measure))

    def mass(self, density: Floats) -> Any:
        """The integral of a density times every two shape functions."""
        from skfem import BilinearForm

        return BilinearForm(lambda u, v, w: w.f * u * v).assemble(self.basis, f=density * self.measure)


def electrodes(made: Space) -> tuple[Wall, Wall]:
    """The lower electrode with its protrusion, and the upper one."""
    return Wall(made, np.concatenate([made.boss, made.floor])), Wall(made, made.top)


def solve_secondary(made: Space, plating: Law, stripping: Law, mean: float, start: Floats, upper: float) -> Secondary:
    """The potential at which a mean current density flows through the upper electrode; Newton's method begins at the start.

    Raises
    ------
    NumericalError: it does not settle.
    """
    from scipy.sparse import bmat
    from scipy.sparse.linalg import spsolve

    lower, above = electrodes(made)

    def residual(u: Floats, w: float) -> Floats:
        out, into = plating(lower.at(u))[0], stripping(w - above.at(u))[0]
        return np.append(made.stiffness @ u + lower.load(out) - above.load(into), above.total(into) - mean * above.area)

    state = np.append(start, upper)
    now = residual(start, upper)
    for sweep in range(1, SWEEPS + 1):
        falls, rises = plating(lower.at(state[:-1]))[1], stripping(state[-1] - above.at(state[:-1]))[1]
        column = -above.load(rises)[:, None]
        system = bmat(
            [[made.stiffness + lower.mass(falls) + above.mass(rises), column], [column.T, [[above.total(rises)]]]], "csc"
        )
        step = -spsolve(system, now)
        if not np.isfinite(step).all():
            break
        if float(np.abs(step).max()) < TOLERANCE * float(np.abs(state).max()):
            state = state + step
            return Secondary(Potential(made.cell, made.basis, state[:-1]), float(state[-1]), sweep)
        downhill, part = float(now @ step), 1.0
        for _ in range(HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                now = residual(state[:-1] + part * step[:-1], state[-1] + part * step[-1])
                ahead = float(now @ step)
            if np.isfinite(ahead) and ahead <= 0.5 * abs(downhill):
                break
            part *= 0.5
        state = state + part * step
    raise NumericalError("the current at the electrodes does not settle", "secondary distribution", "lower the current density")
