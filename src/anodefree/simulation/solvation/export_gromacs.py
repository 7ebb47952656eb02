"""A box and its force field as GROMACS reads them: places, a topology of its own, and the parameters of a run."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.simulation.solvation.protocol import BAR_PA
from anodefree.simulation.solvation.system import NM, Box
from anodefree.simulation.solvation.terms import Terms

RUN: Final = """; {title}
integrator = sd
dt = {step:g}
nsteps = {steps}
nstxout-compressed = 500
nstenergy = 100
nstlog = 1000
cutoff-scheme = Verlet
rcoulomb = {cutoff:g}
rvdw = {cutoff:g}
vdw-modifier = None
DispCorr = EnerPres
coulombtype = PME
fourierspacing = 0.1
constraints = h-bonds
tc-grps = System
tau-t = 1.0
ref-t = {kelvin:g}
gen-vel = yes
gen-temp = {kelvin:g}
"""
PRESSURE: Final = """pcoupl = C-rescale
tau-p = 2.0
ref-p = {bar:g}
compressibility = 1e-4
"""


def write_gromacs(
    folder: Path,
    box: Box,
    terms: Terms,
    place_m: np.ndarray,
    edge_m: float,
    *,
    cutoff_m: float = 1e-9,
    temperature_K: float = 298.15,
    pressure_Pa: float | None = None,
    steps: int = 0,
    title: str = "anodefree",
) -> tuple[Path, Path, Path]:
    """Writes `conf.gro`, `topol.top` and `run.mdp` to a folder; with a pressure the run is at constant pressure.

    Places carry eight digits, which GROMACS takes from the distance of the decimal points.
    """
    files = folder / "conf.gro", folder / "topol.top", folder / "run.mdp"
    files[0].write_text(_places(box, place_m, edge_m, title), encoding="utf-8")
    files[1].write_text(_topology(box, terms, title), encoding="utf-8")
    asked: dict[str, Any] = {"title": title, "cutoff": cutoff_m / NM, "kelvin": temperature_K, "step": 0.002, "steps": steps}
    pressure = "" if pressure_Pa is None else PRESSURE.format(bar=pressure_Pa / BAR_PA)
    files[2].write_text(RUN.format(**asked) + pressure, encoding="utf-8")
    return files


def _places(box: Box, place_m: np.ndarray, edge_m: float, title: str) -> str:
    rows = [title, str(len(box.element))]
    for k, (x, y, z) in enumerate(place_m / NM, 1):
        m, e = int(box.molecule[k - 1]), box.element[k - 1]
        name = f"{e}{k}"[:5]
        rows.append(f"{(m + 1) % 100000:5d}{box.molecules[m]:<5s}{name:>5s}{k % 100000:5d}{x:13.8f}{y:13.8f}{z:13.8f}")
    return "\n".join([*rows, " ".join([f"{edge_m / NM:.8f}"] * 3)]) + "\n"


def _topology(box: Box, terms: Terms, title: str) -> str:
    residues = list(dict.fromkeys(box.molecules))
    first = {r: int(np.flatnonzero(box.molecule == box.molecules.index(r))[0]) for r in residues}
    last = {r: first[r] + int((box.molecule == box.molecules.index(r)).sum()) for r in residues}
    lines = [f"; {title}", "[ defaults ]", "1 3 no 0.5 0.5", "", "[ atomtypes ]"]
    for r in residues:
        for i in range(first[r], last[r]):
            numbers = f"{box.mass_u[i]:.5f} {terms.charge_e[i]:.8f} A {terms.sigma_nm[i]:.9f} {terms.epsilon_kJ_mol[i]:.9f}"
            lines.append(f"{r}_{i - first[r] + 1} {box.element[i]} 0 {numbers}")
    for r in residues:
        lines += ["", "[ moleculetype ]", f"{r} 3", "", *_molecule(r, range(first[r], last[r]), box, terms)]
    lines += ["", "[ system ]", title, "", "[ molecules ]", *_counted(box.molecules)]
    return "\n".join(lines) + "\n"


def _molecule(name: str, inside: range, box: Box, terms: Terms) -> list[str]:
    """The sections of one molecule, numbered from one."""
    a = inside.start - 1
    parts = {
        "atoms": [
            f"{i - a} {name}_{i - a} 1 {name} {box.element[i]}{i - a} {i - a} {terms.charge_e[i]:.8f} {box.mass_u[i]:.5f}"
            for i in inside
        ],
        "bonds": [f"{i - a} {j - a} 1 {r:.9f} {k:.6f}" for i, j, r, k in terms.bonds if i in inside],
        "pairs": [
            f"{i - a} {j - a} 1 {np.sqrt(terms.sigma_nm[i] * terms.sigma_nm[j]):.9f} "
            f"{0.5 * np.sqrt(terms.epsilon_kJ_mol[i] * terms.epsilon_kJ_mol[j]):.9f}"
            for i, j in terms.fourths
            if i in inside
        ],
        "angles": [f"{i - a} {j - a} {m - a} 1 {np.degrees(t):.7f} {k:.6f}" for i, j, m, t, k in terms.angles if i in inside],
        "dihedrals": [
            f"{i - a} {j - a} {m - a} {o - a} 9 {np.degrees(p):.7f} {k:.7f} {n}"
            for i, j, m, o, n, p, k in terms.torsions
            if i in inside
        ],
    }
    return [line for part, rows in parts.items() if rows for line in (f"[ {part} ]", *rows, "")]


def _counted(molecules: tuple[str, ...]) -> list[str]:
    """Runs of the same residue in order."""
    return [f"{name} {len(list(run))}" for name, run in groupby(molecules)]
