"""Projects and names: what a person or a zip calls a thing never leads out of the project's folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodefree.app.names import LONGEST_BYTES, folder_name, inside, safe_name, safe_path, unique
from anodefree.app.project import Project, project_of, projects
from anodefree.app.uploads import open_zip, receive
from anodefree.errors import ConfigError, DataError

WORDS = st.text(st.characters(), max_size=300) | st.lists(
    st.sampled_from(["..", ".", "/", "\\", "a", "C:", "\x00", "NUL", "con.txt", "é", "\u202e", " ", "~", "%2e"]), max_size=12
).map("".join)


@given(WORDS)
def test_a_safe_name_is_one_name_and_stays_itself(text: str) -> None:
    name = safe_name(text)
    assert name
    assert not set(name) & set('/\\:*?"<>|\x00\n')
    assert name not in (".", "..")
    assert len(name.encode()) <= LONGEST_BYTES
    assert Path(name).name == name
    assert safe_name(name) == name


@given(WORDS)
def test_a_path_stays_below_its_folder_or_is_refused(text: str) -> None:
    root = Path("/tmp/nowhere-in-particular")
    try:
        path = safe_path(text)
    except ConfigError:
        return
    assert inside(root, path).is_relative_to(root)


@given(WORDS)
def test_a_folder_name_can_stand_in_an_address(text: str) -> None:
    name = folder_name(text)
    assert name.isascii()
    assert name.strip("-. _") == name != ""
    assert folder_name(name) == name


@settings(max_examples=50)
@given(WORDS)
def test_any_name_makes_a_project_that_says_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    home = tmp_path_factory.mktemp("home")
    title = " ".join(text.split())[:120]
    if not title:
        with pytest.raises(ConfigError, match="needs a name"):
            Project.create(home, text)
        return
    made = Project.create(home, text)
    assert made.folder.parent == home.resolve()
    assert Project.open(made.folder).name == title.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "x\x00y", "", ".", "a" * 5000])
def test_no_path_leaves_the_files(tmp_path: Path, name: str) -> None:
    made = Project.create(tmp_path, "p")
    with pytest.raises(ConfigError):
        made.file(name)


def test_a_link_that_leads_out_is_no_file_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    made = Project.create(tmp_path / "home", "p")
    (made.files_path / "link").symlink_to(tmp_path / "secret")
    (made.files_path / "folder").symlink_to(tmp_path)
    (made.folder / "notes.md").symlink_to(tmp_path / "secret")
    assert made.files() == []
    for name in ("link", "folder/secret"):
        with pytest.raises(ConfigError, match="outside"):
            made.file(name)
    with pytest.raises(ConfigError, match="outside"):
        made.write_notes("mine now")
    with zipfile.ZipFile(made.zip(tmp_path / "all.zip")) as packed:
        assert packed.namelist() == ["p/project.toml"]
    assert (tmp_path / "secret").read_text() == "secret"


def test_the_project_of_an_address_belongs_to_its_home(tmp_path: Path) -> None:
    Project.create(tmp_path / "anna", "mine")
    assert project_of(tmp_path / "anna", "mine").name == "mine"
    for name in ("mine", "../anna/mine", "..", "", "anna"):
        with pytest.raises(ConfigError):
            project_of(tmp_path / "ben", name)


def test_names_are_unique_and_copies_hold_the_same(tmp_path: Path) -> None:
    first, second = Project.create(tmp_path, "Ni / Cu"), Project.create(tmp_path, "Ni / Cu")
    assert first.folder != second.folder
    assert first.name == second.name == "Ni / Cu"
    receive(first, "a.csv", io.BytesIO(b"1,2\n"))
    first.write_notes("see *a*")
    first.study("fit: 1", "x = 1\n")
    copied = first.copy("third")
    assert [p.name for p in copied.files()] == ["a.csv"]
    assert (copied.notes, copied.name) == ("see *a*", "third")
    assert [p.name for p in copied.studies_path.iterdir()] == ["fit_ 1.toml"]
    assert {p.folder for p in projects(tmp_path)} == {first.folder, second.folder, copied.folder}
    assert unique(first.folder).name not in {p.folder.name for p in projects(tmp_path)}


@pytest.mark.parametrize("store", [True, False])
def test_a_shared_project_is_opened_again(tmp_path: Path, store: bool) -> None:
    made = Project.create(tmp_path / "anna", "shared")
    receive(made, "run 1/a.csv", io.BytesIO(b"1,2\n"))
    made.write_notes("hello")
    result = made.folder / "store" / "objects" / "ab" / "abcd" / "output.nc"
    result.parent.mkdir(parents=True)
    result.write_bytes(b"result")
    (made.jobs_path / "one").mkdir()
    (made.jobs_path / "one" / "job.json").write_text("{}")
    packed = made.zip(tmp_path / "shared.zip", store=store)
    with packed.open("rb") as stream:
        opened = open_zip(tmp_path / "ben", stream)
    assert (opened.name, opened.notes) == ("shared", "hello")
    assert [p.relative_to(opened.files_path).as_posix() for p in opened.files()] == ["run 1/a.csv"]
    assert (opened.folder / "store/objects/ab/abcd/output.nc").is_file() is store
    assert list(opened.jobs_path.iterdir()) == []


def test_a_zip_without_a_project_is_not_opened(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("a/b.txt", "x")
    held.seek(0)
    with pytest.raises(DataError, match="no project"):
        open_zip(tmp_path / "home", held)
    assert list((tmp_path / "home").iterdir()) == []
