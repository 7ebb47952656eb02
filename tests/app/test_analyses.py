"""Analyses as study files of a project: equal to the command line to the last digit, found again, taken away as files."""

from __future__ import annotations

import csv
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.app.analyses import Analysis, analyses, analysis, begin, inputs_of, rows, write_demo
from anodefree.app.downloads import written
from anodefree.app.project import Project
from anodefree.app.reading import reading
from anodefree.errors import ConfigError
from anodefree.study.plan import plan
from anodefree.study.run import run


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path, "cells")


def analysed(project: Project, stage: af.Stage, names: list[str]) -> Analysis:
    """Begin it without waiting for its process: the same study run here."""
    one = begin(project, stage, [reading(project, n) for n in names], {})
    assert one.job is not None
    one.job.cancel()
    run(plan(one.study), project.store)
    end = time.monotonic() + 60
    while one.job.look().active and time.monotonic() < end:
        time.sleep(0.1)
    return one


def test_a_stage_that_draws_gives_the_numbers_of_the_stage_alone(project: Project) -> None:
    stage = af.get("cycling.differential")
    (name,) = write_demo(project, stage, stage.example(np.random.default_rng(2)).inputs)
    (row,) = rows(project, analysed(project, stage, [name]))
    alone = stage(af.read(project.file(name), kind="cycling"))
    assert isinstance(row.output, af.Result)
    assert {n: (e.value, e.std) for n, e in row.output.estimates.items()} == {
        n: (e.value, e.std) for n, e in alone.estimates.items()
    }
    assert row.output.provenance is not None
    assert row.output.provenance.key == plan(analyses(project)[0].study).nodes[0].key


def test_analyses_are_found_again_and_exported(project: Project, tmp_path: Path) -> None:
    stage = af.get("drt.spectrum")
    (name,) = write_demo(project, stage, stage.example(np.random.default_rng(2)).inputs)
    assert write_demo(project, stage, stage.example(np.random.default_rng(3)).inputs) == [name]
    first = analysed(project, stage, [name])
    second = analysed(project, stage, [name])
    assert [a.name for a in analyses(project)] == ["analysis-2-drt.spectrum", "analysis-1-drt.spectrum"]
    assert analysis(project, first.name).study == first.study
    (row,) = rows(project, first)
    assert row.name == name
    assert isinstance(row.output, af.Result)
    with written(project, [first.name], "csv", tmp_path).open(newline="") as stream:
        table = {line["name"]: float(line["value"]) for line in csv.DictReader(stream)}
    assert table == {n: e.value for n, e in row.output.estimates.items()}
    packed = written(project, [first.name, second.name], "json", tmp_path)
    assert len(zipfile.ZipFile(packed).namelist()) == 2
    assert Path(inputs_of(project, first.text)[0][0]["file"]) == project.file(name)


@pytest.mark.parametrize("name", ["../project", "analysis-../../project", "analysis-1-nothing", "", "analysis-1\0"])
def test_no_other_file_can_be_asked_for(project: Project, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        written(project, [name], "csv", tmp_path)
