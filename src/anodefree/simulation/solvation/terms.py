"""Every term of a box's force field as plain tables, for programs other than OpenMM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from anodefree.simulation.solvation.engine import openmm
from anodefree.simulation.solvation.force_field import ForceField
from anodefree.simulation.solvation.system import Box, topology, unbonded


@dataclass(frozen=True)
class Terms:
    """Numbers of atoms with the parameters of each term, in OpenMM's units (nm, kJ/mol, e, rad)."""

    charge_e: np.ndarray
    """(atom,), those of ions scaled."""
    sigma_nm: np.ndarray
    epsilon_kJ_mol: np.ndarray
    bonds: list[tuple[int, int, float, float]]
    """Two atoms, length, k of k/2 (r - r0)²."""
    angles: list[tuple[int, int, int, float, float]]
    torsions: list[tuple[int, int, int, int, int, float, float]]
    """Four atoms, periodicity n, phase, k of k (1 + cos(nφ - phase)); impropers are among them."""
    fourths: list[tuple[int, int]]
    """Pairs three bonds apart, whose forces are halved."""


def terms_of(box: Box, field: ForceField, *, charge_scale: float) -> Terms:
    """The terms, as OpenMM reads them from the force field's files, before its mixing rule is replaced."""
    mm = openmm()
    from openmm import app

    system = app.ForceField(*field.paths).createSystem(
        topology(box, field, 1e-8), nonbondedMethod=app.NoCutoff, constraints=None
    )
    of: dict[type, Any] = {type(f): f for f in system.getForces()}
    atoms = unbonded(of[mm.NonbondedForce], box, charge_scale)
    halved = (atoms.product_e2 != 0) | (atoms.pair_epsilon != 0)
    return Terms(
        atoms.charge_e,
        atoms.sigma_nm,
        atoms.epsilon,
        _rows(of.get(mm.HarmonicBondForce), "Bond"),
        _rows(of.get(mm.HarmonicAngleForce), "Angle"),
        _rows(of.get(mm.PeriodicTorsionForce), "Torsion"),
        [(int(i), int(j)) for i, j in atoms.pair[halved]],
    )


def _rows(force: Any, name: str) -> list[Any]:
    """Each term of a force without units."""
    if force is None:
        return []
    number, get = getattr(force, f"getNum{name}s"), getattr(force, f"get{name}Parameters")
    return [tuple(getattr(v, "_value", v) for v in get(k)) for k in range(number())]
