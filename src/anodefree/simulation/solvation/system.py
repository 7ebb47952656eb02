"""From molecule counts to OpenMM's topology and system: OPLS mixing, charges of ions scaled, cut-offs checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.errors import ConfigError
from anodefree.simulation.solvation.engine import openmm
from anodefree.simulation.solvation.force_field import ForceField

NM: Final = 1e-9
SIX: Final = "4*(a1*a2*i6-b1*b2)*i6; i6=r^(-6)"


@dataclass(frozen=True)
class Box:
    """What is in the box: residue of each molecule in order, and of every atom its molecule, element, mass [u], charge [e]."""

    molecules: tuple[str, ...]
    molecule: np.ndarray
    element: np.ndarray
    mass_u: np.ndarray
    charge_e: np.ndarray

    @property
    def ionic(self) -> np.ndarray:
        """True at atoms of ions (atom,)."""
        whole = np.round(np.bincount(self.molecule, self.charge_e))
        return np.asarray(whole[self.molecule] != 0)


def box_of(counts: dict[str, int], field: ForceField) -> Box:
    """The box, molecules of one residue after the other.

    Raises
    ------
    ConfigError: a residue has no parameters, or the whole is not neutral.
    """
    molecules = tuple(r for r, n in counts.items() for _ in range(n))
    charge = sum(field.charge_e(r) * n for r, n in counts.items())
    if abs(charge) > 1e-6:
        raise ConfigError(f"the box has a charge of {charge:+.0f} e", "recipe", "salts must be neutral: check their ions")
    atoms = [(k, t) for k, r in enumerate(molecules) for _, t in field.residue(r).atoms]
    return Box(
        molecules,
        np.array([k for k, _ in atoms]),
        np.array([field.types[t][0] for _, t in atoms]),
        np.array([field.types[t][1] for _, t in atoms]),
        np.array([field.charges[t] for _, t in atoms]),
    )


def topology(box: Box, field: ForceField, edge_m: float) -> Any:
    """OpenMM's topology of the box."""
    mm = openmm()
    from openmm import app

    top = app.Topology()
    chain = top.addChain()
    for name in box.molecules:
        residue = field.residue(name)
        entry = top.addResidue(name, chain)
        atoms = [
            top.addAtom(atom, app.Element.getBySymbol(element), entry)
            for (atom, _), element in zip(residue.atoms, field.elements(name), strict=True)
        ]
        for i, j in residue.bonds:
            top.addBond(atoms[i], atoms[j])
    top.setUnitCellDimensions(mm.Vec3(*([edge_m / NM] * 3)))
    return top


def system_of(
    box: Box,
    field: ForceField,
    edge_m: float,
    *,
    charge_scale: float,
    cutoff_m: float,
    rigid: bool,
) -> Any:
    """The system: particle-mesh electrostatics, OPLS-AA's geometric means, half of both at 1-4, tail correction.

    OpenMM's own Lennard-Jones mixes sigma by arithmetic means; here epsilon is taken out of it and a second force with factors
    a = √ε σ⁶, b = √ε σ³ of each atom gives 4(a₁a₂/r¹² - b₁b₂/r⁶). `rigid` holds bonds to hydrogen.

    Raises
    ------
    ConfigError: the box is narrower than two cut-offs.
    """
    from openmm import app

    if edge_m < 2 * cutoff_m:
        raise ConfigError(
            f"a box of {1e10 * edge_m:.4g} Å is narrower than two cut-offs of {1e10 * cutoff_m:.3g} Å",
            "edge_m",
            "take a larger box, or a smaller cutoff_m (not below 0.9 nm)",
        )
    made = app.ForceField(*field.paths)
    try:
        system = made.createSystem(
            topology(box, field, edge_m),
            nonbondedMethod=app.PME,
            nonbondedCutoff=cutoff_m / NM,
            constraints=app.HBonds if rigid else None,
            rigidWater=False,
        )
    except ValueError as error:
        raise ConfigError(f"the force field does not fit its molecules: {str(error)[:200]}", "force_field") from error
    _geometric(system, cutoff_m, box, charge_scale)
    return system


def _geometric(system: Any, cutoff_m: float, box: Box, charge_scale: float) -> None:
    mm = openmm()
    plain = next(f for f in system.getForces() if isinstance(f, mm.NonbondedForce))
    pairs = mm.CustomNonbondedForce(SIX)
    pairs.setName("geometric Lennard-Jones")
    pairs.addPerParticleParameter("a")
    pairs.addPerParticleParameter("b")
    pairs.setNonbondedMethod(mm.CustomNonbondedForce.CutoffPeriodic)
    pairs.setCutoffDistance(cutoff_m / NM)
    pairs.setUseLongRangeCorrection(True)
    factor = np.where(box.ionic, charge_scale, 1.0)
    sigma, epsilon = np.empty(len(factor)), np.empty(len(factor))
    for i in range(plain.getNumParticles()):
        q, s, e = (v._value for v in plain.getParticleParameters(i))
        sigma[i], epsilon[i] = s, e
        pairs.addParticle([math.sqrt(e) * s**6, math.sqrt(e) * s**3])
        plain.setParticleParameters(i, q * factor[i], s, 0.0)
    for k in range(plain.getNumExceptions()):
        i, j, product, _, e = plain.getExceptionParameters(k)
        pairs.addExclusion(i, j)
        mean = math.sqrt(sigma[i] * sigma[j])
        plain.setExceptionParameters(k, i, j, product._value * factor[i] * factor[j], mean, e._value)
    plain.setUseDispersionCorrection(False)
    system.addForce(pairs)
