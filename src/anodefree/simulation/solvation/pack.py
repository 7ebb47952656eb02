"""A box packed at random: each molecule's shape from the force field alone, then packmol."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.errors import ConfigError, NumericalError
from anodefree.simulation.solvation.engine import openmm, packmol_command
from anodefree.simulation.solvation.force_field import ForceField, Residue

TOLERANCE_A: Final = 2.0
LONGEST_S: Final = 1800
TRIES: Final = 12


def shape_of(residue: Residue, field: ForceField, seed: int) -> np.ndarray:
    """Places [Å] of a molecule's atoms (atom, 3): the lowest of a dozen minima of its own energy from random starts.

    Raises
    ------
    NumericalError: no start leads to a minimum with bonds of the right length.
    """
    if len(residue.atoms) == 1:
        return np.zeros((1, 3))
    mm = openmm()
    from openmm import app

    top = app.Topology()
    entry = top.addResidue(residue.name, top.addChain())
    elements = field.elements(residue.name)
    atoms = [top.addAtom(name, app.Element.getBySymbol(e), entry) for (name, _), e in zip(residue.atoms, elements, strict=True)]
    for i, j in residue.bonds:
        top.addBond(atoms[i], atoms[j])
    system = app.ForceField(*field.paths).createSystem(top, nonbondedMethod=app.NoCutoff, constraints=None)
    context = mm.Context(system, mm.VerletIntegrator(1e-3), mm.Platform.getPlatformByName("Reference"))
    rng = np.random.default_rng(seed)
    best, lowest = None, np.inf
    for _ in range(TRIES):
        context.setPositions(0.15 * rng.standard_normal((len(atoms), 3)))
        mm.LocalEnergyMinimizer.minimize(context, 1.0, 5000)
        state = context.getState(getEnergy=True, getPositions=True)
        energy, place = state.getPotentialEnergy()._value, np.array(state.getPositions(asNumpy=True)._value)
        longest = max(float(np.linalg.norm(place[i] - place[j])) for i, j in residue.bonds)
        if np.isfinite(energy) and energy < lowest and longest < 0.22:
            best, lowest = place, energy
    if best is None:
        raise NumericalError(f"no shape of {residue.name} could be found", "packing", "check its bonds in the force field")
    return 10 * (best - best.mean(axis=0))


def pack(molecules: Sequence[str], edge_m: float, field: ForceField, folder: Path, seed: int) -> np.ndarray:
    """Places [m] of all atoms (atom, 3) of molecules one after the other, apart by 2 Å at least, also through the faces.

    Raises
    ------
    ConfigError: they do not fit. NumericalError: packmol fails otherwise, or takes longer than half an hour.
    """
    shapes = {r: shape_of(field.residue(r), field, seed) for r in dict.fromkeys(molecules)}
    lines = [f"tolerance {TOLERANCE_A}", "filetype xyz", "output packed.xyz", f"seed {seed % 1_000_000 + 1}"]
    edge = 1e10 * edge_m
    lines.append(f"pbc {edge:.4f} {edge:.4f} {edge:.4f}")
    for residue in shapes:
        elements = field.elements(residue)
        rows = [f"{e} {x:.5f} {y:.5f} {z:.5f}" for e, (x, y, z) in zip(elements, shapes[residue], strict=True)]
        (folder / f"{residue}.xyz").write_text("\n".join([str(len(rows)), residue, *rows]) + "\n", encoding="utf-8")
        lines += [f"structure {residue}.xyz", f"  number {sum(m == residue for m in molecules)}"]
        lines += [f"  inside box 0. 0. 0. {edge:.4f} {edge:.4f} {edge:.4f}", "end structure"]
    (folder / "pack.inp").write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        with (folder / "pack.inp").open("rb") as given:
            done = subprocess.run(
                [packmol_command()], stdin=given, cwd=folder, capture_output=True, timeout=LONGEST_S, check=False
            )
    except subprocess.TimeoutExpired as error:
        raise NumericalError("packmol takes longer than half an hour", "packing", "take a larger box") from error
    out = folder / "packed.xyz"
    if b"Success" not in done.stdout or not out.is_file():
        what = f"{len(molecules)} molecules do not fit into {edge:.4g} Å without overlap"
        raise ConfigError(what, "packing", "start from a larger box: the pressure shrinks it")
    place = np.loadtxt(out, skiprows=2, usecols=(1, 2, 3))
    return 1e-10 * place
