"""From molecule counts to OpenMM's topology and system: OPLS mixing, charges of ions scaled, cut-offs checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.errors import ConfigError
from anodefree.simulation.solvation.engine import openmm
from anodefree.simulation.solvation.force_field import ForceField
from anodefree.simulation.solvation.pair_force import PairForce, Unbonded

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
    hydrogen_u: float | None = None,
    compiled: bool = False,
) -> tuple[Any, PairForce | None]:
    """The system: particle-mesh electrostatics, OPLS-AA's geometric means, half of both at 1-4, tail correction.

    OpenMM's own Lennard-Jones mixes sigma by arithmetic means; here epsilon is taken out of it and a second force with factors
    a = √ε σ⁶, b = √ε σ³ of each atom gives 4(a₁a₂/r¹² - b₁b₂/r⁶). `compiled` leaves all that is not bonded but the mesh to a
    pair force of our own, which is then returned beside the system, to be added to it where it is run. `rigid` holds bonds to
    hydrogen; `hydrogen_u` is the mass of hydrogen, taken from its neighbour, which changes no average of places.

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
            hydrogenMass=hydrogen_u,
        )
    except ValueError as error:
        raise ConfigError(f"the force field does not fit its molecules: {str(error)[:200]}", "force_field") from error
    if compiled:
        return system, _compiled(system, cutoff_m, box, charge_scale)
    _geometric(system, cutoff_m, box, charge_scale)
    return system, None


def _geometric(system: Any, cutoff_m: float, box: Box, charge_scale: float) -> None:
    """Geometric means by OpenMM's general pair force."""
    mm = openmm()
    plain = _nonbonded(system)
    atoms = unbonded(plain, box, charge_scale)
    pairs = mm.CustomNonbondedForce(SIX)
    pairs.setName("geometric Lennard-Jones")
    pairs.addPerParticleParameter("a")
    pairs.addPerParticleParameter("b")
    pairs.setNonbondedMethod(mm.CustomNonbondedForce.CutoffPeriodic)
    pairs.setCutoffDistance(cutoff_m / NM)
    pairs.setUseLongRangeCorrection(True)
    for i, (q, s, e) in enumerate(zip(atoms.charge_e, atoms.sigma_nm, atoms.epsilon, strict=True)):
        pairs.addParticle([math.sqrt(e) * s**6, math.sqrt(e) * s**3])
        plain.setParticleParameters(i, q, s, 0.0)
    for k, (i, j) in enumerate(atoms.pair.tolist()):
        pairs.addExclusion(i, j)
        plain.setExceptionParameters(k, i, j, atoms.product_e2[k], atoms.pair_sigma_nm[k], atoms.pair_epsilon[k])
    plain.setUseDispersionCorrection(False)
    system.addForce(pairs)


def _compiled(system: Any, cutoff_m: float, box: Box, charge_scale: float) -> PairForce:
    """Everything but the mesh by the compiled pair force; OpenMM is left with the mesh."""
    plain = _nonbonded(system)
    atoms = unbonded(plain, box, charge_scale)
    for i, q in enumerate(atoms.charge_e):
        plain.setParticleParameters(i, q, 1.0, 0.0)
    for k, (i, j) in enumerate(atoms.pair.tolist()):
        plain.setExceptionParameters(k, i, j, 0.0, 1.0, 0.0)
    plain.setUseDispersionCorrection(False)
    plain.setIncludeDirectSpace(False)
    # OpenMM's own choice of beta for this cut-off and tolerance.
    beta_nm = math.sqrt(-math.log(2 * plain.getEwaldErrorTolerance())) / (cutoff_m / NM)
    return PairForce(atoms, cutoff_m / NM, beta_nm)


def _nonbonded(system: Any) -> Any:
    return next(f for f in system.getForces() if isinstance(f, openmm().NonbondedForce))


def unbonded(plain: Any, box: Box, charge_scale: float) -> Unbonded:
    """The parameters of OpenMM's force, charges of ions scaled, Lennard-Jones of 1-4 neighbours by geometric means."""
    factor = np.where(box.ionic, charge_scale, 1.0)
    atoms = np.array([[v._value for v in plain.getParticleParameters(i)] for i in range(len(factor))])
    table = [plain.getExceptionParameters(k) for k in range(plain.getNumExceptions())]
    pair = np.array([row[:2] for row in table], dtype=np.int64).reshape(-1, 2)
    i, j = pair.T
    return Unbonded(
        charge_e=atoms[:, 0] * factor,
        sigma_nm=atoms[:, 1],
        epsilon=atoms[:, 2],
        pair=pair,
        product_e2=np.array([row[2]._value for row in table]) * factor[i] * factor[j],
        pair_sigma_nm=np.sqrt(atoms[i, 1] * atoms[j, 1]),
        pair_epsilon=np.array([row[4]._value for row in table]),
    )
