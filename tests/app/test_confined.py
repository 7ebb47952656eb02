"""Whatever a shared project holds, nothing outside its folder is read, listed, run into or written."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from anodefree.app import confined
from anodefree.app.job_view import planned as plan_of_job
from anodefree.app.project import Project, project_of, projects
from anodefree.app.reading import told
from anodefree.app.reproduction import choices, look, stored, study_file
from anodefree.app.uploads import open_zip
from anodefree.errors import ConfigError, DataError
from anodefree.study import jobs as running
from anodefree.study.plan import plan
from anodefree.study.shipped import shipped

HEAD = '[study]\ntitle = "x"\n\n[[step]]\nname = "a"\n'
SPECTRUM = "freq/Hz, Re(Z)/Ohm, -Im(Z)/Ohm\n1, 2, 3\n10, 2, 3\n"
FIT = HEAD + 'stage = "eis.fit"\nwith = { circuit = "R0" }\n'
RUN = HEAD + 'stage = "solvation.run"\n'
READ = HEAD + 'stage = "solvation.coordination"\n'
ATTACKS = {
    "absolute": FIT + 'inputs = ["file:/etc/passwd"]\n',
    "absolute, as a table": FIT + 'inputs = [{ file = "/etc/passwd" }]\n',
    "climbing": FIT + 'inputs = ["file:../../secret.csv"]\n',
    "climbing through a folder": FIT + 'inputs = [{ file = "../files/../../secret.csv" }]\n',
    "one of a list": FIT + 'inputs = [{ files = [{ file = "../files/a.csv" }, { file = "/etc/hostname" }] }]\n',
    "pattern": FIT + 'inputs = [{ files = "../../*.csv" }]\n',
    "climbing pattern": FIT + 'inputs = [{ files = "../files/*/../../../*.csv" }]\n',
    "folder": FIT + 'inputs = [{ files = "../../other" }]\n',
    "link": FIT + 'inputs = ["file:../files/link.csv"]\n',
    "link by a pattern": FIT + 'inputs = [{ files = "../files/*.csv" }]\n',
    "link with a bracket": FIT + 'inputs = ["file:../files/a[1].csv"]\n',
    "folder that is a link": FIT + 'inputs = [{ files = "../files/away/*.csv" }]\n',
    "topology of a reader": READ + 'inputs = [{ file = "../files/a.csv", meta = { topology = "/etc/passwd" } }]\n',
    "topology of one": READ + 'inputs = [{ files = [{ file = "../files/a.csv", meta = { topology = "../../x.gro" } }] }]\n',
    "recipe": RUN + 'with = { recipe = "/etc/recipe.toml" }\n',
    "climbing recipe": RUN + 'with = { recipe = "../../secret.toml" }\n',
    "recipe of a case": RUN + 'cases = { one = { recipe = "/etc/recipe.toml" } }\n',
    "swept recipe": RUN + 'sweep = { recipe = ["ether_lifsi", "/etc/recipe.toml"] }\n',
    "force field": RUN + 'with = { force_field = ["../files/mine.xml", "/etc/passwd"] }\n',
    "extends": '[study]\ntitle = "x"\nextends = "/etc/passwd"\n',
    "climbing extends": '[study]\ntitle = "x"\nextends = "../../other.toml"\n',
    "audit": '[paper]\ntitle = "x"\n[[statement]]\nname = "r"\nvalue = "1"\nwhere = "here"\n[[check]]\nname = "a"\n'
    'relation = "eis.fit"\nwith = { circuit = "R0" }\ninputs = ["file:/etc/passwd"]\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    home = tmp_path / "anna"
    made = Project.create(home, "one")
    for path in (made.files_path / "a.csv", home / "secret.csv", home / "other" / "b.csv"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(SPECTRUM)
    (home / "other.toml").write_text(RUN)
    for name in ("link.csv", "a[1].csv"):
        (made.files_path / name).symlink_to(home / "secret.csv")
    (made.files_path / "away").symlink_to(home / "other")
    return made


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_study_names_no_file_outside(project: Project, text: str) -> None:
    path = project.study("theirs", text)
    with pytest.raises(ConfigError, match="lies outside this project") as said:
        confined.planned(project, path)
    assert "root:" not in str(said.value)
    with pytest.raises(ConfigError, match="lies outside this project"):
        look(project, path)


@pytest.mark.parametrize("name", ["absolute", "link", "recipe", "extends"])
def test_its_job_fails_in_words_before_anything_is_computed(
    project: Project, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_spawn", lambda job, attempt: None)
    from anodefree.study.worker import work

    job = confined.start(project, project.study("theirs", ATTACKS[name]), "theirs")
    work(job)
    told = job.look()
    assert told.state == "failed"
    assert "lies outside this project" in told.error
    assert not (project.folder / "store" / "objects").exists()


def test_what_lies_inside_is_read(project: Project) -> None:
    (project.files_path / "sub").mkdir()
    (project.files_path / "sub" / "b [2].csv").write_text(SPECTRUM)
    (project.files_path / "near.csv").symlink_to(project.files_path / "a.csv")
    inputs = ["file:../files/a.csv", "file:../files/sub/b [2].csv", "file:../files/near.csv", str(project.file("a.csv"))]
    for given in (*[f'"{i}"' for i in inputs[:3]], f'{{ file = "{inputs[3]}" }}', '{ files = "../files/sub/*.csv" }'):
        assert confined.planned(project, project.study("mine", FIT + f"inputs = [{given}]\n")).nodes
    assert confined.planned(project, project.study("mine", RUN)).nodes, "recipes of the package are allowed"
    base = project.study("base", RUN)
    assert confined.planned(project, project.study("more", f'[study]\ntitle = "x"\nextends = "{base.name}"\n')).nodes
    assert len(confined.planned(project, shipped("hcmass_full")).nodes) > 300
    with pytest.raises(ConfigError, match="outside"):
        confined.planned(project, project.folder.parent / "other.toml")
    assert plan(project.folder.parent / "other.toml").head.title == "x", "its author's command line reads it"


def test_a_job_that_runs_or_writes_elsewhere_is_none_of_this_project(project: Project, tmp_path: Path) -> None:
    mine = project.study("mine", FIT + 'inputs = ["file:../files/a.csv"]\n')
    inside, outside = str(mine), str(project.folder.parent / "other.toml")
    store, within = str(project.store.root), str(project.folder)
    records = {
        "1": {"study": outside, "store": store, "within": within},
        "2": {"study": inside, "store": str(tmp_path / "elsewhere"), "within": within},
        "3": {"study": inside, "store": store + "/../../../elsewhere", "within": within},
        "4": {"study": "/etc/passwd", "store": store},
        "5": {"study": inside, "store": store, "within": "/"},
        "6": {"study": inside, "store": store, "within": within},
    }
    for name, record in records.items():
        (project.jobs_path / name).mkdir()
        (project.jobs_path / name / "job.json").write_text(json.dumps(record))
        running.Job(project.jobs_path / name).tell(running.JobState("cancelled"))
    assert [j.id for j in confined.jobs(project)] == ["6", "5"]
    for name in "12345":
        with pytest.raises(ConfigError, match="not started by this project"):
            confined.resume(project, running.Job(project.jobs_path / name))
        assert running.Job(project.jobs_path / name).told().state == "cancelled"
    study = project.study("theirs", ATTACKS["absolute"])
    (project.jobs_path / "6" / "job.json").write_text(json.dumps({"study": str(study), "store": store, "within": within}))
    assert plan_of_job(project, running.Job(project.jobs_path / "6")) is None, "its study is not even planned"


@pytest.mark.parametrize("part", ["store", "studies", "jobs", "samples.csv", "notes.md", "files.toml", "store/objects/ab/x"])
def test_a_folder_with_links_that_lead_out_is_not_opened(project: Project, part: str) -> None:
    target, link = project.folder.parent / "other", project.folder / part
    if link.is_dir():
        link.rmdir()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(ConfigError, match="a link that leads out of this project"):
        project_of(project.folder.parent, project.folder.name)
    assert [p.folder for p in projects(project.folder.parent)] == [project.folder], "the list goes on"
    link.unlink()
    assert project_of(project.folder.parent, project.folder.name) == project


def test_links_of_files_and_of_the_head_show_nothing(project: Project) -> None:
    assert [p.name for p in project.files()] == ["a.csv"]
    link = project.files_path
    for path in link.iterdir():
        path.unlink()
    link.rmdir()
    link.symlink_to("/etc")
    assert project.files() == []
    with pytest.raises(ConfigError, match="lies outside"):
        project.file("passwd")
    (project.folder / "project.toml").unlink()
    (project.folder / "project.toml").symlink_to("/etc/passwd")
    assert projects(project.folder.parent) == []


def test_a_reader_is_sent_to_no_file_outside(project: Project) -> None:
    """The table of samples and what is told of a file travel with a shared project."""
    own = str(project.folder / "files" / "a.gro")
    for topology in ("/etc/passwd", "../secret.gro", own):
        project.samples_path.write_text(f"file,topology\na.csv,{topology}\n")
        assert told(project, "a.csv").get("topology") == (own if topology == own else None)
        project.samples_path.unlink()
        (project.folder / "files.toml").write_text(f'["a.csv"]\ntopology = "{topology}"\n')
        assert told(project, "a.csv").get("topology") == (own if topology == own else None)
        (project.folder / "files.toml").unlink()


def test_a_shared_zip_brings_no_way_out(project: Project, tmp_path: Path) -> None:
    """The study comes along and is refused where it is planned; jobs, links and names that climb do not come at all."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("p/project.toml", 'name = "theirs"\n')
        packed.writestr("p/studies/theirs.toml", ATTACKS["climbing"])
        packed.writestr("p/studies/slider-efficiency-0.toml", ATTACKS["absolute"])
        packed.writestr("p/jobs/1/job.json", json.dumps({"study": "/etc/passwd", "store": "/tmp/elsewhere"}))
    held.seek(0)
    opened = open_zip(tmp_path / "ben", held)
    assert list(choices(opened)) == ["hcmass", "theirs"]
    assert confined.jobs(opened) == []
    with pytest.raises(ConfigError, match="outside this project"):
        look(opened, study_file(opened, "theirs"))
    paper = look(opened, study_file(opened, "hcmass"))
    assert all(not found for found in stored(opened, paper).values()), "a slider's study that names files elsewhere is left out"
    with zipfile.ZipFile(held, "a") as packed:
        packed.writestr("p/../../x.toml", "x")
    held.seek(0)
    with pytest.raises((ConfigError, DataError)):
        open_zip(tmp_path / "ben", held)
