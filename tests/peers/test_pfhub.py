"""The PFHub benchmarks, reduced, against the published results of other codes; the full runs are in benchmarks/pfhub."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks" / "pfhub"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"pfhub_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_dendrite_grows_within_the_spread_of_the_published(shared: Path) -> None:
    bm3, folder = loaded("bm3"), shared / "pfhub" / "bm3"
    rows = bm3.grow(1.0, 90.0)
    late = rows[rows[:, 0] >= 60]
    for column, what, room in ((1, "tip-position", 0.04), (2, "solid-fraction", 0.04), (3, "free-energy", 2e-4)):
        curves = [np.interp(late[:, 0], *bm3.published(folder, code, what)) for code in ("AMPE", "memphis")]
        assert np.all(late[:, column] >= np.minimum(*curves) * (1 - room)), what
        assert np.all(late[:, column] <= np.maximum(*curves) * (1 + room)), what


def test_coupled_electrostatics_has_the_published_energy(shared: Path) -> None:
    bm6 = loaded("bm6")
    table, _, _ = bm6.compared(shared / "pfhub" / "bm6", 50, 10.0, 1e-3)
    ours, theirs = np.array(table)[1:, 1], np.array(table)[1:, 2]
    assert len(ours) > 10
    assert np.abs(ours / theirs - 1).max() < 0.015
