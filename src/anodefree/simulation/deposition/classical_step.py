"""One step of the classical phase field of electrodeposition: the metal, then the salt, then the potential.

Lengths are um, times s, potentials V, concentrations over that of the bulk; arrays are (z, x), row 0 on the collector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError
from anodefree.numerics.multigrid import Multigrid

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Equations:
    """The coefficients of the model in its reduced units, by default those of Chen et al. (2015), and the grid."""

    cells: tuple[int, int]
    """In z and in x."""
    spacing_um: tuple[float, float]
    """In z and in x."""
    mobility_per_s: float = 0.25
    reaction_per_s: float = 1e-3
    barrier: float = 2.4
    gradient_um2: float = 0.3
    transfer: float = 0.5
    per_volt: float = 38.69
    """F/RT."""
    diffusivity_metal_um2_s: float = 0.75
    diffusivity_um2_s: float = 317.9
    conductivity_metal_S_m: float = 1e7
    conductivity_S_m: float = 1.19
    sites_over_salt: float = 76.4
    """Lithium in the metal over that in the electrolyte, per volume."""
    charge: float = 7.37e-3
    """F times the lithium in the metal, S V/(m um2) s: what div(sigma grad phi) is per xi_t."""
    voltage_V: float = -0.12
    anisotropy: float = 0.0
    angle_rad: float = 0.0
    periodic: bool = False
    open_top: bool = True
    """Whether the upper border holds the bulk's salt and the zero of the potential; closed: nothing passes."""
    tolerance: float = 1e-8

    @property
    def numbers(self) -> tuple[float, ...]:
        """What the kernel of the phase takes."""
        return (
            self.mobility_per_s,
            self.barrier,
            self.gradient_um2,
            self.reaction_per_s,
            self.transfer,
            self.per_volt,
        )


@dataclass
class State:
    """The fields at one time, and the last change of the potential, from which the next is guessed."""

    metal: Floats
    salt: Floats
    potential_V: Floats
    time_s: float = 0.0
    potential_rate_V_s: Floats = field(default_factory=lambda: np.zeros(0))

    def arrays(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {n: getattr(self, n) for n in ("metal", "salt", "potential_V", "time_s", "potential_rate_V_s")}


class Stepper:
    """Advances a state by steps of any length; holds the solvers and their memory."""

    def __init__(self, equations: Equations) -> None:
        self.e = equations
        nz, nx = equations.cells
        hz, hx = equations.spacing_um
        self.ratio = (hx / hz) ** 2
        made = [Multigrid((nz, 1, nx), (equations.periodic, False), spacing=(hz, 1.0, hx)) for _ in range(3)]
        self._phase, self._salt, self._charge = made
        self._right, self._diagonal, self._weight, self._gain = (np.zeros((nz, nx)) for _ in range(4))
        self._tx, self._tz = np.zeros((nz, nx + 1)), np.zeros((nz + 1, nx))
        self._flux_x, self._flux_z = np.zeros((nz, nx + 1)), np.zeros((nz + 1, nx))
        self._closed_y = np.zeros((nz, 2, nx))
        self._even = np.full((nz, 1, nx + 1), 1 / hx**2), np.full((nz + 1, 1, nx), 1 / hz**2)
        self.iterations = [0, 0, 0]

    def start(self, metal: Floats, salt: Floats) -> State:
        """The state in which the potential fits the metal and nothing reacts yet."""
        state = State(metal, salt, np.zeros_like(metal))
        state.potential_V = self._potential(metal, np.zeros_like(metal), np.full_like(metal, self.e.voltage_V))
        state.potential_rate_V_s = np.zeros_like(metal)
        return state

    def advance(self, old: State, step_s: float, noise: Floats | None = None) -> State:
        """The state a step later; `noise` is added to the rate of the phase.

        Raises
        ------
        NumericalError: a solver did not converge, or the salt went below zero.
        """
        change = self._metal_change(old, step_s, noise)
        salt = self._salt_after(old, change, step_s)
        guess = old.potential_V + step_s * old.potential_rate_V_s
        potential = self._potential(old.metal + change, change / step_s, guess)
        rate = (potential - old.potential_V) / step_s
        return State(old.metal + change, salt, potential, old.time_s + step_s, rate)

    def _solve(self, which: int, solver: Multigrid, right: Floats, start: Floats, tolerance: float) -> Floats:
        found, count, residual = solver.solve(right[:, None, :], start[:, None, :], tolerance, 200)
        self.iterations[which] += count
        if residual > max(10 * tolerance, 1e-6):
            name = ("phase", "salt", "potential")[which]
            raise NumericalError(f"the {name} did not converge (residual {residual:.1g})", "deposition", "take shorter steps")
        return np.ascontiguousarray(found[:, 0, :], dtype=np.float64)

    def _metal_change(self, old: State, step_s: float, noise: Floats | None) -> Floats:
        from anodefree.numerics.compiled import phase_field as k

        e, (hz, hx) = self.e, self.e.spacing_um
        if e.anisotropy:
            k.anisotropic_flux(self._flux_x, self._flux_z, old.metal, hx, hz, e.anisotropy, e.angle_rad, e.periodic)
        fields = (old.metal, old.salt, old.potential_V, self._flux_x, self._flux_z)
        k.metal_change(self._right, self._diagonal, *fields, hx, hz, step_s, e.numbers, e.periodic)
        if noise is not None:
            self._right += noise
        spread = e.mobility_per_s * e.gradient_um2
        self._phase.set(self._even[0] * spread, self._closed_y, self._even[1] * spread, self._diagonal[:, None, :])
        return self._solve(0, self._phase, self._right, self._right / self._diagonal, e.tolerance)

    def _salt_after(self, old: State, change: Floats, step_s: float) -> Floats:
        from anodefree.numerics.compiled import phase_field as k

        e, hx = self.e, self.e.spacing_um[1]
        conducts = (e.diffusivity_metal_um2_s, e.diffusivity_um2_s, e.per_volt, self.ratio, e.periodic)
        k.drift_faces(self._tx, self._tz, self._weight, old.potential_V, old.metal + change, *conducts)
        self._tx *= step_s / hx**2
        self._tz *= step_s / hx**2
        right = old.salt - e.sites_over_salt * change
        top = np.zeros_like(right[-1])
        if e.open_top:
            rise = -e.per_volt * old.potential_V[-1]
            mean = np.where(np.abs(rise) < 1e-5, 1 - 0.5 * rise, rise / np.expm1(np.where(rise == 0, 1.0, rise)))
            top = 2 * e.diffusivity_um2_s * self.ratio * step_s / hx**2 * self._weight[-1] * mean
        self._weight[-1] += top
        source = right.copy()
        source[-1] += top
        self._salt.set(self._tx[:, None, :], self._closed_y, self._tz[:, None, :], self._weight[:, None, :])
        self._weight[-1] -= top
        scaled = self._solve(1, self._salt, source, old.salt / self._weight, e.tolerance)
        k.gained(self._gain, scaled, self._tx, self._tz)
        new = right + self._gain
        new[-1] += top * (1 - scaled[-1])
        if not new.min() > -0.02:
            raise NumericalError(
                "the salt went below zero", f"at {old.time_s + step_s:.4g} s", "take shorter steps or a lower voltage"
            )
        return np.asarray(new)

    def _potential(self, metal: Floats, rate_per_s: Floats, guess: Floats) -> Floats:
        """Solved as the difference from the collector's, so that the metal's conductivity does not set the tolerance."""
        from anodefree.numerics.compiled import phase_field as k

        e, hx = self.e, self.e.spacing_um[1]
        k.conduction_faces(self._tx, self._tz, metal, e.conductivity_metal_S_m, e.conductivity_S_m, self.ratio, e.periodic)
        held = np.zeros_like(metal)
        held[0] = 2 * self.ratio * e.conductivity_metal_S_m * interpolation(metal[0])
        right = -e.charge * hx**2 * rate_per_s
        if e.open_top:
            top = (
                2
                * self.ratio
                * (e.conductivity_S_m + (e.conductivity_metal_S_m - e.conductivity_S_m) * interpolation(metal[-1]))
            )
            held[-1] += top
            right[-1] -= top * e.voltage_V
        self._charge.set(self._tx[:, None, :], self._closed_y, self._tz[:, None, :], held[:, None, :])
        return e.voltage_V + self._solve(2, self._charge, right, guess - e.voltage_V, e.tolerance)


def interpolation(xi: Floats) -> Floats:
    """h = xi^3 (10 - 15 xi + 6 xi^2), the weight of the metal in what conducts."""
    x = np.clip(xi, 0.0, 1.0)
    return x**3 * (10 + x * (6 * x - 15))


def nuclei(equations: Equations, film_um: float, places_um: Floats, radius_um: float) -> Floats:
    """A flat film and half discs on the collector, with the profile that an interface at rest has."""
    (nz, nx), (hz, hx) = equations.cells, equations.spacing_um
    x, z = (np.arange(nx) + 0.5) * hx, (np.arange(nz) + 0.5) * hz
    steep = np.sqrt(2 * equations.barrier / equations.gradient_um2)
    depth = np.full((nz, nx), -np.inf) if film_um <= 0 else np.repeat(film_um - z[:, None], nx, axis=1)
    for place in np.atleast_1d(places_um):
        away = np.abs(x - place)
        away = np.minimum(away, nx * hx - away) if equations.periodic else away
        depth = np.maximum(depth, radius_um - np.hypot(away[None, :], z[:, None]))
    return np.asarray(0.5 * (1 + np.tanh(0.5 * steep * depth)))
