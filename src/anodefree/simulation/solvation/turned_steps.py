"""Steps in a magnetic field on a processor: the splitting of `integrator`, compiled. OpenMM gives the forces.

What OpenMM would do with the same formulas it interprets atom by atom, which takes a third of a step.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anodefree.errors import NumericalError
from anodefree.simulation.solvation.integrator import KJ_MOL, factors

TOLERANCE: Final = 1e-6
"""Of the lengths of rigid bonds."""


class TurnedSteps:
    """Steps of a context, whose own integrator is not used; the context holds places and velocities between calls."""

    def __init__(
        self,
        simulation: Any,
        turn_rad_ps: np.ndarray,
        *,
        temperature_K: float,
        friction_ps: float,
        step_ps: float,
        driven: bool,
        seed: int,
        rotating_rad_ps: float = 0.0,
        taken: int = 0,
    ) -> None:
        """Parameters as of `integrator_of`; `taken` steps were made before, so that random numbers go on where they were."""
        system = simulation.getSystem()
        self._simulation, self._step_ps, self._seed, self._taken = simulation, step_ps, seed, taken
        self._rotating_rad_ps = rotating_rad_ps
        self._mass = np.array([system.getParticleMass(k)._value for k in range(system.getNumParticles())])
        self._stay, turned, shake = factors(turn_rad_ps, friction_ps=friction_ps, step_ps=step_ps, driven=driven)
        self._turned = np.ascontiguousarray(turned[:, 0])
        self._shake = shake * np.sqrt(KJ_MOL * temperature_K / self._mass)[:, None]
        bonds = [system.getConstraintParameters(k) for k in range(system.getNumConstraints())]
        self._bond = np.array([b[:2] for b in bonds], dtype=np.int64).reshape(-1, 2)
        self._square = np.array([b[2]._value for b in bonds]) ** 2

    def __call__(self, steps: int) -> None:
        """So many steps.

        Raises
        ------
        NumericalError: rigid bonds cannot be held.
        """
        from anodefree.numerics.compiled.turned_langevin import drift_turn_drift, hold_bonds, hold_speeds, kick

        step, context = self._step_ps, self._simulation
        state = context.getState(getPositions=True, getVelocities=True)
        x = np.array(state.getPositions(asNumpy=True)._value)
        v = np.array(state.getVelocities(asNumpy=True)._value)
        held, rigid = (self._bond, self._square, 1 / self._mass, TOLERANCE), len(self._bond) > 0
        for _ in range(steps):
            if self._rotating_rad_ps:
                context.setParameter("turned", self._rotating_rad_ps * step * (self._taken + 1))
            force = np.asarray(context.getState(getForces=True).getForces(asNumpy=True)._value)
            kick(v, force, self._mass, step)
            wrong = hold_speeds(x, v, step, *held) if rigid else -1
            before = x.copy() if rigid else x
            drift_turn_drift(x, v, step, self._stay, self._turned, self._shake, self._seed, self._taken)
            if rigid and wrong < 0:
                wrong = hold_bonds(x, v, before, step, *held)
            if wrong >= 0:
                x[self._bond[wrong]] = np.nan  # so that these atoms are named
            context.setPositions(x)
            self._taken += 1
            if wrong >= 0:
                raise NumericalError("rigid bonds cannot be held", "solvation.run", "a shorter step_s")
        context.setVelocities(v)
