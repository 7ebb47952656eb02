"""Every preset is a study that plans, with the numbers of the shipped one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from anodefree.app.presets import SIZES, SUBJECTS, choose, study_text
from anodefree.errors import ConfigError
from anodefree.study.plan import plan
from anodefree.study.run import run
from anodefree.study.shipped import shipped
from anodefree.study.store import Store

ALL = [(s, c) for s, subject in SUBJECTS.items() for c in subject.collectors]


@pytest.mark.parametrize(("subject", "collector"), ALL)
def test_every_preset_plans(subject: str, collector: str, tmp_path: Path) -> None:
    for size in SIZES:
        chosen = choose(subject, collector, size)
        path = tmp_path / f"{size}.toml"
        path.write_text(study_text(chosen, seed=3), encoding="utf-8")
        study = plan(path)
        assert [n.step for n in study.nodes] == [s.name for s in chosen.steps]
        assert study.head.seed == 3
        assert chosen.subject.cost[size]


def test_the_numbers_are_those_of_the_shipped_study(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(study_text(choose("cell", "Ni", "small"), seed=2026), encoding="utf-8")
    shipped_keys = {n.key for n in plan(shipped("hcmass")).nodes}
    assert {n.key for n in plan(path).nodes} <= shipped_keys


def test_other_parameters_and_awkward_text(tmp_path: Path) -> None:
    chosen = choose("deposit", "Cu", "small")
    title = 'say "a\\b" \x7f # = Ω'
    text = study_text(chosen, {"cells": 64, "collector": 'x"y', "width_m": "20 um"}, title=title)
    table = tomllib.loads(text)
    assert table["study"]["title"] == title
    assert table["step"][0]["with"] == {"cells": 64, "collector": 'x"y', "width_m": "20 um"}


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(ConfigError, match="nothing called"):
        choose("depositt", "Cu", "small")
    with pytest.raises(ConfigError, match="no preset for Cu"):
        choose("film", "Cu", "small")


def test_a_small_preset_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(study_text(choose("film", "M-Ni", "small")), encoding="utf-8")
    ran = run(plan(path), Store(tmp_path / "store"))
    assert ran.computed == 1
    assert not ran.errors
