"""Molecular dynamics that cannot be, or break: refused with what to try, stopped with the atoms named, checkpoints kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from anodefree.core.context import Context
from anodefree.errors import ConfigError, NumericalError
from anodefree.simulation.solvation import protocol
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.pack import pack

pytest.importorskip("openmm")
RUN = af.get("solvation.run")
SMALL: dict[str, Any] = {
    "edge_m": 20e-10,
    "cutoff_m": 9e-10,
    "equilibration_s": 0.1e-12,
    "production_s": 0.2e-12,
    "frame_every_s": 0.05e-12,
    "platform": "CPU",
    "threads": 1,
}


def test_a_run_that_breaks_names_atoms_and_keeps_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drive of a millinewton tears the ions away after the equilibration, whose checkpoint stays and can be read."""
    monkeypatch.setattr(protocol, "SAVE_EVERY_S", 0.0)
    with pytest.raises(NumericalError) as broken:
        RUN(**SMALL, rotating_N=1e-3, rotating_rad_s=1e12, seed=4, context=Context(tmp_path))
    said = str(broken.value)
    assert "solvation.run" in said
    assert re.search(r"(Li|[NOCSF]) of (LI|TFS|NO3|DOL|DME) \(atom \d+\)", said), said
    assert "checkpoint is kept" in said
    kept = np.load(tmp_path / "checkpoint.npz")
    assert np.isfinite(kept["place_nm"]).all()
    assert str(kept["phase"]) == "pressure"
    assert float(kept["done_ps"]) == pytest.approx(0.1)


def test_a_box_that_is_too_dense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"do not fit .* without overlap"):
        pack(("LI",) * 12, 3e-10, load_force_field(), tmp_path, 1)


def test_a_box_under_two_cut_offs_is_refused() -> None:
    with pytest.raises(ConfigError, match="narrower than two cut-offs"):
        RUN(**SMALL | {"edge_m": 18e-10, "cutoff_m": 12e-10})


def test_a_step_too_long_for_the_cyclotron_period_is_refused() -> None:
    with pytest.raises(ConfigError, match="turns by"):
        RUN(**SMALL, flux_density_T=1e8)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("volumes = { THF = 1 }", "'THF' is not known"),
        ("volumes = { DME = 1 }\nmolarity = { LiTFSI = 9 }", "fill the whole volume"),
        ("molarity = { LiTFSI = 1 }", "names no solvent"),
        ("volumes = { DME = -1 }", "not a positive number"),
        ("volumes = { DME = 1 }\nions = { LI = 1 }", "unknown word 'ions'"),
    ],
)
def test_impossible_recipes_are_refused(tmp_path: Path, recipe: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(recipe, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        RUN(**SMALL | {"recipe": str(path)})
