"""A study written by hand: whole or refused in words, and never a way out of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodefree.app.job_view import SIGNS, lasted, row
from anodefree.app.own_study import MOST, fault, keep
from anodefree.app.presets import choose, study_text
from anodefree.app.project import Project
from anodefree.errors import ConfigError
from anodefree.study.jobs import Job, JobState
from anodefree.study.plan import plan

HEAD = '[study]\ntitle = "x"\n[[step]]\nname = "a"\nstage = "eis.fit"\nwith = { circuit = "R0" }\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "secret.csv").write_text("1,2\n")
    return Project.create(tmp_path, "one")


def test_a_sound_study_is_kept_beside_others(project: Project) -> None:
    text = study_text(choose("film", "M-Ni", "small"))
    first, second = keep(project, "film", text), keep(project, "film", text)
    assert first != second
    assert plan(first).nodes[0].key == plan(second).nodes[0].key
    assert fault(project, text) == ""
    assert len(list(project.studies_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[study", "TOML"),
        ("x = " + "[" * 100_000, "TOML"),
        ("", "no study"),
        ('[study]\ntitle = "x"\nextends = "/etc/passwd"\n', "extends"),
        ('[paper]\ntitle = "x"\n', "no study"),
        ("#" * (MOST + 1), "too long"),
        ('[study]\ntitle = "x"\n[[step]]\nname = "a"\nstage = "film"\nwith = { thicknes_m = 1 }\n', "thickness_m"),
        (HEAD + 'inputs = [{ file = "/etc/passwd" }]\n', "outside"),
        (HEAD + 'inputs = [{ file = "../../secret.csv" }]\n', "outside"),
        (HEAD + 'inputs = [{ files = "../../*.csv" }]\n', "outside"),
        (HEAD + 'inputs = [{ files = "../files/*/../../../*.csv" }]\n', "outside"),
        (HEAD + 'inputs = [{ files = [{ file = "/etc/hostname" }] }]\n', "outside"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(project: Project, text: str, word: str) -> None:
    assert word in fault(project, text)
    with pytest.raises(ConfigError):
        keep(project, "x", text)
    assert not list(project.studies_path.iterdir())


def test_a_link_inside_the_project_leads_nowhere_else(project: Project) -> None:
    (project.files_path / "link.csv").symlink_to(project.folder.parent / "secret.csv")
    assert "outside" in fault(project, HEAD + 'inputs = [{ file = "../files/link.csv" }]\n')
    assert "outside" in fault(project, HEAD + 'inputs = [{ files = "../files/*.csv" }]\n')


def test_a_job_as_a_row(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.tell(JobState("cancelled", done=1, total=4, fraction=0.5, text="3 s", wall_s=100.0, cpu_s=7.25))
    told = row(job)
    assert told.sign == SIGNS["cancelled"] == "■ cancelled"
    assert told.progress == "38 % · 1 of 4 steps · 3 s"
    assert told.cost == "took 2 min, processor 7.2 s"
    assert lasted(3 * 3600 + 61) == "3 h 1 min"
