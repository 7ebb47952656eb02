"""A project on disk: a folder with files, samples, notes, studies, jobs and the store, and nothing of it elsewhere."""

from __future__ import annotations

import datetime
import functools
import json
import os
import shutil
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anodefree.app.names import folder_name, inside, safe_name, unique
from anodefree.core.arrays import cannot_write, write_text, write_whole
from anodefree.errors import ConfigError, printable
from anodefree.study.store import Store

HEAD: Final = "project.toml"
PARTS: Final = ("files", "studies", "jobs", "store")
MAX_NOTES: Final = 1_000_000
PENDING: Final = ".arriving-"
"""How the names of half-received files begin; nothing lists them."""


@dataclass(frozen=True)
class Project:
    """A folder that holds everything of one piece of work."""

    folder: Path

    @classmethod
    def create(cls, home: Path, name: str) -> Project:
        """A new, empty project in a folder of its own.

        Raises
        ------
        ConfigError: the name is empty, or the place cannot be written.
        """
        title = " ".join(name.split())[:120]
        if not title:
            raise ConfigError("a project needs a name", hint="for example: Ni collectors, March")
        try:
            home.mkdir(parents=True, exist_ok=True)
            folder = unique(home / folder_name(title))
            folder.mkdir()
        except OSError as error:
            raise cannot_write(error, home) from error
        return cls._furnished(folder, title)

    @classmethod
    def open(cls, folder: Path) -> Project:
        """The project in a folder.

        Raises
        ------
        ConfigError: the folder holds none, or links in it lead elsewhere.
        """
        if not (folder / HEAD).is_file():
            raise ConfigError(
                "there is no project of this name", printable(folder.name), "choose one from the list of projects"
            )
        found = folder.resolve()
        _look_for_links(found, found.stat().st_ctime_ns)
        return cls(found)

    @classmethod
    def _furnished(cls, folder: Path, title: str) -> Project:
        try:
            for part in PARTS:
                (folder / part).mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(error, folder) from error
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        # A JSON string is a TOML string, except for the one character that TOML wants escaped.
        said = json.dumps(title, ensure_ascii=False).replace("\x7f", "\\u007f")
        write_text(folder / HEAD, f'name = {said}\ncreated = "{now}"\n')
        return cls(folder.resolve())

    @property
    def name(self) -> str:
        """As its owner calls it."""
        return self._head().get("name") or self.folder.name

    @property
    def created(self) -> str:
        """When it was made, as ISO 8601; empty where that is not told."""
        return self._head().get("created", "")

    @property
    def notes(self) -> str:
        """Free text, Markdown."""
        try:
            return inside(self.folder, "notes.md").read_text(encoding="utf-8", errors="replace")[:MAX_NOTES]
        except OSError:
            return ""

    def write_notes(self, text: str) -> None:
        """Keep the notes.

        Raises
        ------
        ConfigError: they are longer than a million characters, or cannot be written.
        """
        if len(text) > MAX_NOTES:
            raise ConfigError("the notes are too long", hint="keep long texts as files of the project")
        write_text(inside(self.folder, "notes.md"), text)

    @property
    def files_path(self) -> Path:
        """Where the measured files lie."""
        return self.folder / "files"

    @property
    def samples_path(self) -> Path:
        """The table of samples."""
        return self.folder / "samples.csv"

    @property
    def studies_path(self) -> Path:
        """Where the study files lie."""
        return self.folder / "studies"

    @property
    def jobs_path(self) -> Path:
        """Where the jobs lie."""
        return self.folder / "jobs"

    @property
    def store(self) -> Store:
        """Where results lie."""
        return Store(self.folder / "store")

    def files(self) -> list[Path]:
        """Every file below `files/`, sorted; what is arriving and links that lead outside are left out."""
        root = self.files_path.resolve()
        if not root.is_relative_to(self.folder):
            return []
        found = [p for p in root.rglob("*") if not any(n.startswith(PENDING) for n in p.relative_to(root).parts)]
        return sorted(p for p in found if p.is_file() and p.resolve().is_relative_to(root))

    def file(self, name: str) -> Path:
        """The file of that name below `files/`.

        Raises
        ------
        ConfigError: it is not there, or the name points elsewhere.
        """
        path = inside(self.folder, inside(self.files_path, name))
        if not path.is_file():
            raise ConfigError("there is no such file in this project", printable(name), "drop it on the page 'Files'")
        return path

    def study(self, name: str, text: str) -> Path:
        """Write a study file and return its path; one of the same name is replaced."""
        path = inside(self.studies_path, safe_name(name.removesuffix(".toml")) + ".toml")
        write_text(path, text)
        return path

    def copy(self, name: str) -> Project:
        """The same files, samples, notes, studies and results under another name; jobs stay with their own project."""
        made = Project.create(self.folder.parent, name)
        try:
            for source in self._members(store=True):
                target = made.folder / source.relative_to(self.folder)
                if target.name != HEAD:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)
        except OSError as error:
            shutil.rmtree(made.folder, ignore_errors=True)
            raise cannot_write(error, made.folder) from error
        return made

    def zip(self, target: Path, *, store: bool = True) -> Path:
        """Write the project into one zip, with its results or without; jobs stay here."""

        def write(part: Path) -> None:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as packed:
                for source in self._members(store=store):
                    packed.write(source, f"{self.folder.name}/{source.relative_to(self.folder).as_posix()}")

        write_whole(target, write)
        return target

    def size_bytes(self) -> int:
        """What the project's files take on the disk, without the store."""
        return sum(p.stat().st_size for p in self.files())

    def _members(self, *, store: bool) -> list[Path]:
        """What a copy holds: no jobs, no unfinished work, no links."""
        found = []
        for base, folders, names in os.walk(self.folder):
            here = Path(base)
            at_top = here == self.folder
            leave_out = {"jobs", *(() if store else ("store",))} if at_top else {"scratch"} if here.name == "store" else set()
            folders[:] = sorted(f for f in folders if f not in leave_out and not (here / f).is_symlink())
            found += [here / n for n in sorted(names) if not n.startswith(".") and not (here / n).is_symlink()]
        return found

    def _head(self) -> dict[str, str]:
        try:
            table = tomllib.loads((self.folder / HEAD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in table.items() if isinstance(v, str)}


def projects(home: Path) -> list[Project]:
    """The projects of a home, the newest first."""
    try:
        folders = [p for p in home.iterdir() if _is_project(p)]
    except OSError:
        return []
    return sorted((Project(p.resolve()) for p in folders), key=lambda p: (p.created, p.name), reverse=True)


def _is_project(folder: Path) -> bool:
    head = folder / HEAD
    return not folder.name.startswith(".") and not folder.is_symlink() and not head.is_symlink() and head.is_file()


@functools.lru_cache(maxsize=256)
def _look_for_links(folder: Path, changed_ns: int) -> None:
    """Once for a folder as it arrived: neither it nor its studies, jobs and results are links that lead out of it.

    A link below `files/` hurts nobody: it is left out wherever files are listed, and refused where one is named.

    Raises
    ------
    ConfigError: there is one.
    """
    found = [p for p in folder.iterdir() if p.is_symlink()]
    for part in ("studies", "jobs", "store"):
        for base, folders, names in os.walk(folder / part):
            found += [p for n in (*folders, *names) if (p := Path(base) / n).is_symlink()]
    for link in found:
        try:
            inside(folder, link)
        except ConfigError as error:
            where = printable(link.relative_to(folder).as_posix())
            raise ConfigError("is a link that leads out of this project", where, "put in its place what it links to") from error


def project_of(home: Path, name: str) -> Project:
    """The project that an address names.

    Raises
    ------
    ConfigError: there is none, or the name points out of this home.
    """
    if folder_name(name) != name:
        raise ConfigError("there is no project of this name", printable(name), "choose one from the list of projects")
    return Project.open(inside(home, name))
