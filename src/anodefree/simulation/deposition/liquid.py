"""The liquid beside the metal: the faces through which it conducts, and the salt in it, conserved to rounding.

    d(psi c)/dt = div(psi D grad c) - (1 - t+)/F i |grad xi|,    psi = 1 - xi,

with the same flux entering at the counter electrode, implicit in c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from anodefree.simulation.deposition.cell import Box, Floats, Liquid


@dataclass(frozen=True)
class Faces:
    """Open share of every face between cells, (nz, ny, nx+1), (nz, ny+1, nx), (nz+1, ny, nx)."""

    x: Floats
    y: Floats
    z: Floats

    def times(self, of: Floats | None, box: Box) -> Faces:
        """Each multiplied by the mean of a field on both sides."""
        if of is None:
            return self
        mean = open_faces(of, box)
        return Faces(self.x * mean.x, self.y * mean.y, self.z * mean.z)

    def scaled(self, factor: float) -> tuple[Floats, Floats, Floats]:
        """All multiplied by one number."""
        return self.x * factor, self.y * factor, self.z * factor


def open_faces(share: Floats, box: Box) -> Faces:
    """The mean of both sides on every inner face; on the border the cell's own, which the solver takes only where periodic.

    With |grad xi| from central differences the arithmetic mean makes the flux through a flat front exactly that of an even
    liquid: the current that has entered the metal up to a face is 1 - psi there.
    """
    nz, ny, nx = share.shape
    x, y, z = np.zeros((nz, ny, nx + 1)), np.zeros((nz, ny + 1, nx)), np.zeros((nz + 1, ny, nx))
    x[:, :, 1:-1] = 0.5 * (share[:, :, 1:] + share[:, :, :-1])
    y[:, 1:-1] = 0.5 * (share[:, 1:] + share[:, :-1])
    z[1:-1] = 0.5 * (share[1:] + share[:-1])
    if box.periodic:
        x[:, :, 0] = x[:, :, -1] = 0.5 * (share[:, :, 0] + share[:, :, -1])
        y[:, 0] = y[:, -1] = 0.5 * (share[:, 0] + share[:, -1])
        if nx == 1:
            x[:] = 0
        if ny == 1:
            y[:] = 0
    return Faces(x, y, z)


def outflow(u: Floats, faces: tuple[Floats, Floats, Floats]) -> Floats:
    """Sum over the faces of a cell of T (u - u_neighbour)."""
    x, y, z = faces
    out = np.zeros_like(u)
    f = x[:, :, 1:-1] * (u[:, :, :-1] - u[:, :, 1:])
    out[:, :, :-1] += f
    out[:, :, 1:] -= f
    f = x[:, :, 0] * (u[:, :, -1] - u[:, :, 0])
    out[:, :, -1] += f
    out[:, :, 0] -= f
    if u.shape[1] > 1:
        f = y[:, 1:-1] * (u[:, :-1] - u[:, 1:])
        out[:, :-1] += f
        out[:, 1:] -= f
        f = y[:, 0] * (u[:, -1] - u[:, 0])
        out[:, -1] += f
        out[:, 0] -= f
    f = z[1:-1] * (u[:-1] - u[1:])
    out[:-1] += f
    out[1:] -= f
    return out


class Salt:
    """Steps the concentration."""

    def __init__(self, box: Box, liquid: Liquid, solver: Any) -> None:
        self.box, self.liquid, self.solver = box, liquid, solver
        self.iterations = 0

    def stepped(
        self, content: Floats, share: Floats, faces: Faces, before: Floats, taken: Floats, supplied: float, step_s: float
    ) -> tuple[Floats, float]:
        """The concentration after a step, and the even shift that closed its balance.

        `content` is psi c and `before` c at the begin, `share` psi at the end; `taken` is the current density per face [A/m2]
        that enters the metal in each cell, `supplied` that at the counter electrode.
        """
        h, liquid = self.box.cell_m, self.liquid
        conductance = faces.scaled(liquid.diffusivity_m2_s / h)
        right = content * (h / step_s) - liquid.salt_per_charge * taken
        right[-1] += liquid.salt_per_charge * supplied
        whole = right.sum() * step_s / h
        # Solved for the change, so that the error is small beside that, and single precision is enough.
        right -= share * (h / step_s) * before + outflow(before, conductance)
        self.solver.set(*conductance, share * (h / step_s))
        change, count, _ = self.solver.solve(right, None, 1e-6, 60)
        self.iterations += count
        new = before + change
        # What the solver leaves of the balance, as an even shift: nothing is lost over many steps.
        shift = float((whole - (share * new).sum()) / share.sum())
        return new + shift, shift
