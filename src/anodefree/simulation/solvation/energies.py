"""The energy of a box term by term, to hold against other programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from anodefree.simulation.solvation.engine import openmm
from anodefree.simulation.solvation.system import NM

BONDED = {"HarmonicBondForce": "bond", "HarmonicAngleForce": "angle", "PeriodicTorsionForce": "torsion"}


def energies_kJ_mol(system: Any, place_m: np.ndarray, edge_m: float, *, vacuum: bool = False) -> dict[str, float]:
    """Bond, angle, torsion (with improper), Lennard-Jones (with 1-4 and tail) and Coulomb energies of places (atom, 3).

    `vacuum` counts each pair once, without images or cut-off. The system is left as it is.
    """
    mm = openmm()
    own = mm.XmlSerializer.clone(system)
    for group, force in enumerate(own.getForces()):
        force.setForceGroup(group)
        if vacuum and hasattr(force, "setNonbondedMethod"):
            force.setNonbondedMethod(type(force).NoCutoff)
            if hasattr(force, "setUseLongRangeCorrection"):
                force.setUseLongRangeCorrection(False)
    whole = _by_force(own, place_m, edge_m)
    found = {word: sum(e for name, e in whole if name == kind) for kind, word in BONDED.items()}
    pairs = sum(e for name, e in whole if name not in BONDED)
    for force in own.getForces():
        if isinstance(force, mm.NonbondedForce):
            _discharge(force)
    found["lennard_jones"] = sum(e for name, e in _by_force(own, place_m, edge_m) if name not in BONDED)
    return found | {"coulomb": pairs - found["lennard_jones"]}


def _by_force(system: Any, place_m: np.ndarray, edge_m: float) -> list[tuple[str, float]]:
    mm = openmm()
    context = mm.Context(system, mm.VerletIntegrator(1e-3), mm.Platform.getPlatformByName("Reference"))
    context.setPeriodicBoxVectors(*(np.eye(3) * edge_m / NM))
    context.setPositions(place_m / NM)
    return [
        (type(f).__name__, float(context.getState(getEnergy=True, groups=1 << k).getPotentialEnergy()._value))
        for k, f in enumerate(system.getForces())
    ]


def _discharge(force: Any) -> None:
    for i in range(force.getNumParticles()):
        _, sigma, epsilon = force.getParticleParameters(i)
        force.setParticleParameters(i, 0.0, sigma, epsilon)
    for k in range(force.getNumExceptions()):
        i, j, _, sigma, epsilon = force.getExceptionParameters(k)
        force.setExceptionParameters(k, i, j, 0.0, sigma, epsilon)
