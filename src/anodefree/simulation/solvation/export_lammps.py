"""A box and its force field as LAMMPS reads them: a data file and an input that computes the energy term by term."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.simulation.solvation.system import Box
from anodefree.simulation.solvation.terms import Terms

KCAL_KJ: Final = 4.184
INPUT: Final = """# {title}
units real
atom_style full
boundary p p p
pair_style lj/cut/coul/long {cutoff:g}
pair_modify mix geometric tail yes
bond_style harmonic
angle_style harmonic
dihedral_style fourier
special_bonds lj 0.0 0.0 0.5 coul 0.0 0.0 0.5
read_data box.data
kspace_style pppm 1.0e-5
thermo_style custom step temp pe ebond eangle edihed evdwl etail ecoul elong density
thermo 100
# what follows keeps bonds to hydrogen and the temperature, as solvation.run does
{rigid}velocity all create {kelvin:g} 12345 dist gaussian
fix bath all langevin {kelvin:g} {kelvin:g} 1000.0 12345
fix move all nve
timestep {step:g}
run {steps}
"""


def write_lammps(
    folder: Path,
    box: Box,
    terms: Terms,
    place_m: np.ndarray,
    edge_m: float,
    *,
    cutoff_m: float = 1e-9,
    temperature_K: float = 298.15,
    steps: int = 0,
    title: str = "anodefree",
) -> tuple[Path, Path]:
    """Writes `box.data` and `in.lammps` to a folder.

    Impropers are written as dihedrals of the same four atoms, which is the same energy. Units are LAMMPS' `real`.
    """
    sort = _kinds(zip(terms.charge_e, terms.sigma_nm, terms.epsilon_kJ_mol, box.element, box.mass_u, strict=True))
    bond = _kinds((k / 2 / KCAL_KJ / 100, 10 * r) for _, _, r, k in terms.bonds)
    angle = _kinds((k / 2 / KCAL_KJ, np.degrees(a)) for *_, a, k in terms.angles)
    four = _torsions(terms)
    turn = _kinds(four.values())
    heads = [
        f"{title}\n",
        f"{len(box.element)} atoms\n{len(terms.bonds)} bonds\n{len(terms.angles)} angles\n{len(four)} dihedrals",
        f"{len(sort[1])} atom types\n{len(bond[1])} bond types\n{len(angle[1])} angle types\n{len(turn[1])} dihedral types\n",
        *(f"0.0 {1e10 * edge_m:.8f} {c}lo {c}hi" for c in "xyz"),
    ]
    parts = {
        "Masses": [f"{m:.6f} # {e}" for *_, e, m in sort[1]],
        "Pair Coeffs": [f"{e / KCAL_KJ:.10f} {10 * s:.8f}" for _, s, e, *_ in sort[1]],
        "Bond Coeffs": [f"{k:.8f} {r:.8f}" for k, r in bond[1]],
        "Angle Coeffs": [f"{k:.8f} {a:.8f}" for k, a in angle[1]],
        "Dihedral Coeffs": [
            f"{len(t)} " + " ".join(f"{k / KCAL_KJ:.10f} {n} {np.degrees(p):.6f}" for n, p, k in t) for t in turn[1]
        ],
        "Atoms": [
            f"{m + 1} {s} {q:.8f} {x:.8f} {y:.8f} {z:.8f}"
            for m, s, q, (x, y, z) in zip(box.molecule, sort[0], terms.charge_e, 1e10 * place_m, strict=True)
        ],
        "Bonds": [f"{s} {i + 1} {j + 1}" for s, (i, j, *_) in zip(bond[0], terms.bonds, strict=True)],
        "Angles": [f"{s} {i + 1} {j + 1} {k + 1}" for s, (i, j, k, *_) in zip(angle[0], terms.angles, strict=True)],
        "Dihedrals": [f"{s} " + " ".join(str(i + 1) for i in atoms) for s, atoms in zip(turn[0], four, strict=True)],
    }
    text = "\n".join(heads) + "\n"
    for name, rows in parts.items():
        if rows:
            text += f"\n{name}\n\n" + "\n".join(f"{k} {row}" for k, row in enumerate(rows, 1)) + "\n"
    data, control = folder / "box.data", folder / "in.lammps"
    data.write_text(text, encoding="utf-8")
    light = sorted({s for s, (*_, e, _) in enumerate(sort[1], 1) if e == "H"})
    rigid = f"fix rigid all shake 1.0e-5 20 0 t {' '.join(map(str, light))}\n" if light and steps else ""
    asked = {"cutoff": 1e10 * cutoff_m, "kelvin": temperature_K, "step": 2.0 if rigid else 1.0, "steps": steps}
    control.write_text(INPUT.format(title=title, rigid=rigid, **asked), encoding="utf-8")
    return data, control


def _kinds(values: Iterable[Any]) -> tuple[list[int], list[Any]]:
    """The number of each value's kind, from one on, and the kinds."""
    number: dict[Any, int] = {}
    each = [number.setdefault(v, len(number) + 1) for v in values]
    return each, list(number)


def _torsions(terms: Terms) -> dict[tuple[int, int, int, int], tuple[tuple[int, float, float], ...]]:
    """All cosines of the same four atoms together."""
    found: dict[tuple[int, int, int, int], list[tuple[int, float, float]]] = {}
    for i, j, k, m, n, phase, size in terms.torsions:
        found.setdefault((i, j, k, m), []).append((n, phase, size))
    return {atoms: tuple(cosines) for atoms, cosines in found.items()}
