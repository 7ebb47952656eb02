"""Runs kept as evidence: found by name, refused when changed, read as fresh ones, told in each verdict that rests on them."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anodefree.analysis.solvation.field_effect import field_effect
from anodefree.analysis.solvation.recheck import recheck
from anodefree.analysis.solvation.replicas import replicas
from anodefree.analysis.solvation.synthetic import clusters
from anodefree.core.keys import file_sha256
from anodefree.core.measurement import Measurement, join
from anodefree.core.provenance import Provenance
from anodefree.errors import ConfigError, DataError
from anodefree.io.read import read
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, TREATMENT
from anodefree.study import kept
from anodefree.study.plan import plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store
from anodefree.study.verdicts import judge

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "keep_evidence.py"
HEAD = '[study]\ntitle = "kept"\nseed = 3\n'
MADE = HEAD + '[[step]]\nname = "electrolyte"\nstage = "solvation.run"\n'


def script() -> object:
    """The script as a module."""
    found = importlib.util.spec_from_file_location("keep_evidence", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def made(key: str, replica: int, flux_T: float, *, seed: int) -> Measurement:
    """A trajectory as a run leaves it, with what an older version did not tell of itself in its provenance alone."""
    told = {"flux_density_T": flux_T, "replica": replica, "charge_scale": 0.8, "recipe": "dol_dme_litfsi"}
    run = clusters(np.random.default_rng(seed), 20, 27, (0.2, 0.5, 0.3)).with_meta(**told)
    parameters = {**told, "rigid": True, "hydrogen_u": None, "step_s": 2e-15}
    return replace(run, provenance=Provenance(key, "solvation.run", 2, parameters, (), 7, "code", wall_s=3600.0))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four kept runs, written by the script from a store: once, for it takes seconds."""
    top = tmp_path_factory.mktemp("kept")
    for k, (case, flux) in enumerate([("no field, 1", 0.0), ("no field, 2", 0.0), ("10 mT, 1", 0.01), ("10 mT, 2", 0.01)]):
        key = f"{k}0abc"
        place = top / "store" / "objects" / key[:2] / key
        place.mkdir(parents=True)
        made(key, k, flux, seed=k).save(place / "output.nc")
        (place / "node.json").write_text(json.dumps({"node": f"electrolyte[{case}]", "stage": "solvation.run"}))
    (top / "made.toml").write_text(MADE)
    keep = script()
    with pytest.MonkeyPatch.context() as patch:
        for owner in (kept, keep):
            patch.setattr(owner, "folder", lambda: top / "evidence")
        patch.setattr(sys, "argv", ["keep", str(top / "store"), "--study", str(top / "made.toml")])
        keep.main()  # type: ignore[attr-defined]
    return top / "evidence"


@pytest.fixture
def family(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them, as what comes with the package."""
    shutil.copytree(written, tmp_path / "evidence")
    monkeypatch.setattr(kept, "folder", lambda: tmp_path / "evidence")
    return tmp_path / "evidence" / "solvation"


def test_the_script_keeps_small_files_with_all_that_made_them(family: Path) -> None:
    files = sorted(family.glob("electrolyte_*.json"))
    assert [f.name for f in files] == [f"electrolyte_{c}.json" for c in ("10_mT_1", "10_mT_2", "no_field_1", "no_field_2")]
    assert (family / "study.toml").read_text() == MADE
    row = read(files[0], kind="solvation_points")
    told = row.meta["kept"]
    assert told["node"] == "electrolyte[10 mT, 1]"
    assert (told["seed"], told["wall_s"]) == (7, 3600.0)
    assert row["hydrogen_u"][0] == pytest.approx(1.008)
    assert row["rigid"][0] == 1
    assert max(f.stat().st_size for f in files) < 20_000


def test_a_changed_file_is_refused_and_unknown_ones_are_named(family: Path) -> None:
    assert len(kept.kept_files("kept:solvation/*_mT_*")) == 2
    assert len(kept.kept_files("kept:solvation/*_mT_* + kept:solvation/*_1*")) == 3
    with pytest.raises(ConfigError, match="joined with kept runs alone"):
        kept.kept_files("kept:solvation/*_mT_* + points[*]")
    with pytest.raises(ConfigError, match="no kept run is named 'extreme"):
        kept.kept_files("kept:solvation/extreme_*")
    with pytest.raises(ConfigError, match="no runs of 'other'"):
        kept.kept_files("kept:other/*")
    path = family / "electrolyte_no_field_1.json"
    path.write_text(path.read_text().replace('"CN"', '"CN" ', 1))
    with pytest.raises(ConfigError, match="not what was kept"):
        kept.kept_files("kept:solvation/*")


def test_a_study_reads_them_as_fresh_points_and_its_verdict_says_so(family: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        HEAD
        + """
[[step]]
name = "means"
stage = "solvation.replicas"
inputs = ["kept:solvation/*"]
[[step]]
name = "sheath"
stage = "solvation.contacts"
with.coordination = { from = "means", estimate = "CN" }
with.coordinated = "0.5 ± 0.1"
[[step.answer]]
claim = "md.coordination_number"
sample = "no ILF"
estimate = "contacts"
route = "computed"
"""
    )
    planned = plan(path)
    assert len(planned.node("sheath").kept) == 4
    store = Store(tmp_path / "out")
    assert not run(planned, store).errors
    rows = [read(p, kind="solvation_points") for p in sorted(family.glob("electrolyte_*.json"))]
    found = outcomes(planned, store)
    assert found[0].output["CN"] == pytest.approx(replicas(join(rows))["CN"])  # type: ignore[index]
    reason = next(v.reason for v in judge(planned.ledger, found) if v.id == "md.coordination_number" and v.sample == "no ILF")
    assert "Rests on 4 kept runs (solvation), read here and not computed again." in reason


def test_what_comes_with_the_package_is_whole() -> None:
    families = [p.parent for p in kept.folder().glob("*/index.json")]
    assert families
    for folder in families:
        files = kept.kept_files(f"kept:{folder.name}/*")
        assert [f.name for f in files] == sorted(f.name for f in folder.glob("*.json") if f.name != "index.json")
        assert file_sha256(folder / "study.toml") == json.loads((folder / "index.json").read_text())["study"]["sha256"]
        for file in files:
            row = read(file, kind="solvation_points")
            assert row.meta["kept"]["node"].partition("[")[0] in (folder / "study.toml").read_text()
            assert row["length_s"][0] >= (0.19e-9 if row["charge_scale"][0] == 1 else 0.99e-9)
            assert 1e-3 < row["CN_std"][0] < 0.5
            assert abs(row["found_K"][0] - 298.15) < 3


def rows(flux: list[float], rigid: list[float], value: list[float]) -> Measurement:
    """Points of runs that were made with and without rigid bonds."""
    n = len(flux)
    arrays = {
        "flux_density_T": np.array(flux),
        "field_V_m": np.zeros(n),
        "temperature_K": np.full(n, 298.15),
        "length_s": np.full(n, 1e-9),
        **{k: np.array(value) for k in NUMBERS},
        **{f"{k}_std": np.full(n, 0.05) for k in NUMBERS},
        "memory": np.full(n, 0.1),
        **{k: np.ones(n) for k in TREATMENT},
        "rigid": np.array(rigid),
    }
    return Measurement.of(SOLVATION_POINTS, arrays, {"recipe": "one"})


def test_controls_made_like_the_runs_in_the_field_are_preferred() -> None:
    few = rows([0, 0, 1e8, 1e8], [1, 1, 0, 0], [1.0, 1.1, 2.0, 2.1])
    told = {c.name: c for c in field_effect(few).checks}
    assert told["treatment"].status == "warn"
    assert "rigid" in told["treatment"].message or "held" in told["treatment"].message
    with_controls = rows([0, 0, 0, 0, 1e8, 1e8], [1, 1, 0, 0, 0, 0], [1.0, 1.1, 2.0, 2.2, 2.0, 2.1])
    result = field_effect(with_controls)
    assert result["without_field"] == pytest.approx(2.1)
    assert {c.name: c.status for c in result.checks}["treatment"] == "pass"
    with pytest.raises(DataError, match="no run at 5 T"):
        field_effect(few, flux_density_T=5.0)


def test_one_replica_has_no_interval_and_other_liquids_are_not_compared() -> None:
    alone = replicas(rows([0, 0.01, 0.01], [1, 1, 1], [1.0, 1.2, 1.4]), flux_density_T=0.0)
    assert np.isnan(alone.estimates["CN"].std)
    assert alone.checks[0].status == "warn"
    fresh = rows([0], [1], [1.0])
    with pytest.raises(DataError, match="another recipe"):
        recheck(fresh, rows([0, 0], [1, 1], [1.0, 1.1]).with_meta(recipe="another"))


def test_an_audit_may_rest_on_kept_runs_and_says_so(family: Path, tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(
        """
[paper]
title = "A sheath"
[[statement]]
name = "CN"
value = "1.73"
where = "section 2.1"
[[check]]
name = "shells"
relation = "solvation.replicas"
inputs = ["kept:solvation/*"]
answer = { CN = "CN" }
route = "open"
"""
    )
    planned = plan(path)
    store = Store(tmp_path / "out")
    assert not run(planned, store).errors
    (verdict,) = judge(planned.ledger, outcomes(planned, store))
    assert "Rests on 4 kept runs (solvation)" in verdict.reason
