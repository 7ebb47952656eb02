"""Langevin dynamics in a magnetic field: the rotation is exact whatever the step, and leaves the Maxwell distribution alone.

One step h: v ← v + hF/m; x ← x + hv/2; v ← e^(-γh) R(ωh) v + sqrt(kT/m (1 - e^(-2γh))) ξ; x ← x + hv/2. The third part is the
exact flow of dv = ω v×b dt - γ v dt + sqrt(2γkT/m) dW, since isotropic noise keeps its law when it is turned. Without a field
it is OpenMM's LangevinMiddleIntegrator, which is then used itself. A static field changes no average of places, and neither
does this splitting: in a harmonic well its error is zero for any ωh.

*Source* rotation in the propagator: Spreiter and Walter 1999; splitting: Leimkuhler and Matthews 2013.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.simulation.solvation.engine import openmm

KJ_MOL: Final = GAS_J_MOL_K * 1e-3
"""Boltzmann's constant in kJ/mol/K, OpenMM's unit."""


def integrator_of(
    turn_rad_ps: np.ndarray,
    *,
    temperature_K: float,
    friction_ps: float,
    step_ps: float,
    driven: bool,
    seed: int,
    rotating_rad_ps: float = 0.0,
) -> Any:
    """The integrator for cyclotron frequencies (atom,) about z.

    `driven` leaves the components across the field without thermostat (friction and noise act along z alone), so that a drift
    in the plane is not held back; heat leaves through collisions. `rotating_rad_ps` turns the force of a rotating drive, whose
    angle is the context's parameter `turned`. Values that differ from atom to atom are set by `prepare`.
    """
    mm = openmm()
    if not turn_rad_ps.any() and not driven:
        made = mm.LangevinMiddleIntegrator(temperature_K, friction_ps, step_ps)
        made.setRandomNumberSeed(seed)
        return made
    made = mm.CustomIntegrator(step_ps)
    made.setRandomNumberSeed(seed)
    made.addGlobalVariable("kT", KJ_MOL * temperature_K)
    for name in ("cw", "sw", "shake", "x1"):
        made.addPerDofVariable(name, 0.0)
    _scale_noise_once(made)
    if rotating_rad_ps:
        made.addGlobalVariable("phase", 0.0)
        made.addComputeGlobal("phase", f"phase+dt*{rotating_rad_ps!r}")
        made.addComputeGlobal("turned", "phase")
    made.addUpdateContextState()
    made.addComputePerDof("v", "v+dt*f/m")
    made.addConstrainVelocities()
    made.addComputePerDof("x", "x+0.5*dt*v")
    # R(ωh) about z: (vx cos + vy sin, vy cos - vx sin, vz). OpenMM interprets vector expressions, so what can be is folded
    # into three factors: the damping into both of the rotation, signs into sw, the thermal velocity into shake.
    made.addComputePerDof("v", "cw*v+sw*vector(_y(v),_x(v),0)+shake*gaussian")
    made.addComputePerDof("x", "x+0.5*dt*v")
    made.addComputePerDof("x1", "x")
    made.addConstrainPositions()
    made.addComputePerDof("v", "v+(x-x1)/dt")
    return made


def _scale_noise_once(made: Any) -> None:
    """At the first step after `prepare`, factors of the noise become velocities: only there are masses known."""
    made.addGlobalVariable("scaled", 0.0)
    made.beginIfBlock("scaled = 0")
    made.addComputePerDof("shake", "shake*sqrt(kT/m)")
    made.addComputeGlobal("scaled", "1")
    made.endBlock()


def prepare(made: Any, turn_rad_ps: np.ndarray, *, friction_ps: float, step_ps: float, driven: bool) -> None:
    """Set what differs from atom to atom; to be called once the context exists, and again after it was made anew."""
    mm = openmm()
    if not isinstance(made, mm.CustomIntegrator):
        return
    table = factors(turn_rad_ps, friction_ps=friction_ps, step_ps=step_ps, driven=driven)
    for name, values in zip(("cw", "sw", "shake"), table, strict=True):
        made.setPerDofVariableByName(name, [mm.Vec3(*row) for row in values])
    made.setGlobalVariableByName("scaled", 0.0)


def factors(
    turn_rad_ps: np.ndarray, *, friction_ps: float, step_ps: float, driven: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a velocity's own component, of the other one across the field, and of thermal velocities: (atom, 3) each."""
    angle = turn_rad_ps * step_ps
    damp = float(np.exp(-friction_ps * step_ps))
    along = (damp, float(np.sqrt(1 - damp**2)))
    across = (1.0, 0.0) if driven else along
    n = len(angle)
    turned = across[0] * np.sin(angle)
    return (
        np.column_stack([across[0] * np.cos(angle), across[0] * np.cos(angle), np.full(n, along[0])]),
        np.column_stack([turned, -turned, np.zeros(n)]),
        np.tile([across[1], across[1], along[1]], (n, 1)),
    )
