"""The force field term by term against LAMMPS, and the files that other programs are given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.kinds.trajectory import TRAJECTORY
from anodefree.simulation.solvation.energies import energies_kJ_mol
from anodefree.simulation.solvation.export import export_run
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.system import Box, box_of, system_of

mm = pytest.importorskip("openmm")
TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "force_field.json").read_text(encoding="utf-8"))
FIELD = load_force_field()
EDGE_M = 200e-10


def cluster(residues: list[str]) -> Box:
    """Molecules that need not be neutral together."""
    atoms = [(k, t) for k, r in enumerate(residues) for _, t in FIELD.residue(r).atoms]
    element, mass = zip(*(FIELD.types[t] for _, t in atoms), strict=True)
    charge = np.array([FIELD.charges[t] for _, t in atoms])
    return Box(tuple(residues), np.array([k for k, _ in atoms]), np.array(element), np.array(mass), charge)


@pytest.mark.parametrize("name", TABLE["of"])
def test_each_term_is_that_of_lammps(name: str) -> None:
    """Bent and stretched molecules in vacuum; the table is what LAMMPS made of files that the exporter wrote."""
    entry = TABLE["of"][name]
    system = system_of(cluster(entry["residues"]), FIELD, EDGE_M, charge_scale=1.0, cutoff_m=1.2e-9, rigid=False)[0]
    ours = energies_kJ_mol(system, 1e-10 * np.array(entry["place_A"]), EDGE_M, vacuum=True)
    assert set(ours) == set(entry["kJ_mol"])
    for term, theirs in entry["kJ_mol"].items():
        assert ours[term] == pytest.approx(theirs, rel=1e-4, abs=1e-6), term


def test_the_table_holds_every_residue() -> None:
    assert {r for entry in TABLE["of"].values() for r in entry["residues"]} == set(FIELD.residues)


RUN_META = {"species": ["Li", "TFSI", "DOL", "DME"], "charge_scale": 0.8, "temperature_K": 298.15}


@pytest.fixture
def small() -> Measurement:
    """Two frames of six molecules, as a run gives them."""
    return frames(RUN_META)


def frames(meta: dict[str, Any]) -> Measurement:
    box = box_of({"LI": 1, "TFS": 1, "DOL": 2, "DME": 2}, FIELD)
    rng = np.random.default_rng(2)
    arrays = {
        "time_s": np.array([1e-12, 2e-12]),
        "position_m": rng.uniform(0, 3e-9, (2, len(box.element), 3)).astype(np.float32),
        "box_m": np.full((2, 3), 3e-9),
        "species": np.array([{"LI": 0, "TFS": 1, "DOL": 2, "DME": 3}[box.molecules[m]] for m in box.molecule]),
        "molecule": box.molecule,
        "element": box.element,
        "mass_kg": 1.66e-27 * box.mass_u,
        "charge_C": 1.6e-19 * box.charge_e,
    }
    return Measurement.of(TRAJECTORY, arrays, meta)


def test_gromacs_files_hold_the_run(small: Measurement, tmp_path: Path) -> None:
    places, topology, settings = export_run(small, tmp_path, "gromacs", frame=0, steps=500)
    rows = places.read_text().splitlines()[2:-1]
    read = np.array([[float(row[20 + 13 * c : 33 + 13 * c]) for c in range(3)] for row in rows])
    np.testing.assert_allclose(read, 1e9 * small["position_m"][0], atol=1e-8)
    text = topology.read_text()
    assert text.split("[ molecules ]")[1].split() == ["LI", "1", "TFS", "1", "DOL", "2", "DME", "2"]
    charges = re.findall(r"^(?:LI|TFS)_\d+ \w+ 0 \S+ (\S+)", text, flags=re.M)
    assert sum(map(float, charges)) == pytest.approx(0.0, abs=1e-7)
    assert float(charges[0]) == pytest.approx(0.8)
    assert "nsteps = 500" in settings.read_text()


def test_lammps_files_hold_the_run(small: Measurement, tmp_path: Path) -> None:
    data, control = export_run(small, tmp_path / "new", "lammps")
    text = data.read_text()
    atoms = np.array([row.split() for row in text.split("\nAtoms\n\n")[1].split("\n\n")[0].splitlines()], dtype=float)
    np.testing.assert_allclose(atoms[:, 4:], 1e10 * small["position_m"][-1], atol=1e-7)
    assert atoms[:, 3].sum() == pytest.approx(0.0, abs=1e-7)
    bonds = sum(len(FIELD.residue(r).bonds) for r in ("TFS", "DOL", "DOL", "DME", "DME"))
    assert f"{bonds} bonds" in text
    assert "shake" not in control.read_text()


def test_what_cannot_be_exported_is_said(small: Measurement, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no frame 7"):
        export_run(small, tmp_path, frame=7)
    with pytest.raises(ConfigError, match="not known"):
        export_run(frames({"species": RUN_META["species"]}), tmp_path)
    with pytest.raises(ConfigError, match="THF"):
        export_run(frames(RUN_META | {"species": ["Li", "TFSI", "THF", "DME"]}), tmp_path)


def test_lammps_says_so_where_it_would_hold_bonds(small: Measurement, tmp_path: Path) -> None:
    _, control = export_run(small, tmp_path, "lammps", steps=10)
    assert "fix rigid all shake" in control.read_text()
    assert "run 10" in control.read_text()
