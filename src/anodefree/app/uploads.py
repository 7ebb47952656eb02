"""Files that arrive: counted and measured while they do, written under a temporary name, renamed when they are whole."""

from __future__ import annotations

import contextlib
import shutil
import stat
import struct
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from anodefree.app.names import inside, safe_path, unique
from anodefree.app.project import HEAD, PENDING, Project
from anodefree.core.arrays import cannot_write
from anodefree.errors import AnodefreeError, ConfigError, DataError, printable

CHUNK: Final = 2**20
SMALL_BYTES: Final = 16 * 2**20
"""What a zip may unpack to however small it is: many small files of zeros are a bomb as well."""
_NAMING: Final = threading.Lock()
"""A free name is found and taken by one upload at a time."""


@dataclass(frozen=True)
class Bounds:
    """What may arrive."""

    file_bytes: int = 100 * 2**20
    project_bytes: int = 4 * 2**30
    files: int = 5000
    """In one project."""
    members: int = 2000
    """In one zip."""
    directory_bytes: int = 2**20
    """Of a zip's table of contents, which is read before anything else."""
    ratio: float = 200.0
    """Unpacked to packed; measured text files reach 20."""


BOUNDS: Final = Bounds()
WHOLE_PROJECT: Final = Bounds(file_bytes=2**30, members=100_000, directory_bytes=32 * 2**20, files=100_000)
"""For a zip that is a project with its store."""


def receive(project: Project, name: str, stream: IO[bytes], bounds: Bounds = BOUNDS) -> list[Path]:
    """Put a file that arrives into the project; a `.zip` is unpacked into a folder of its name, zips within it are kept.

    Raises
    ------
    ConfigError: a bound is passed, or the name points elsewhere. DataError: a zip is damaged or not what it says.
    In every case nothing is left behind.
    """
    wanted = safe_path(name)
    room = bounds.project_bytes - project.size_bytes()
    if len(project.files()) >= bounds.files:
        raise ConfigError(f"the project holds {bounds.files} files already", printable(name), "start another project")
    with _arriving(project.files_path) as place:
        part = place / "file"
        size = _fill(part, stream, min(bounds.file_bytes, room), printable(name))
        if size == 0:
            raise DataError("is empty", printable(name), "was it being written when you dropped it?")
        if wanted.suffix.lower() != ".zip":
            return [_settle(part, project.files_path, Path(wanted))]
        made = place / "unpacked"
        _unpack(part, made, bounds, room, printable(name))
        folder = _settle(made, project.files_path, Path(wanted).with_suffix(""))
        return sorted(p for p in folder.rglob("*") if p.is_file())


def open_zip(home: Path, stream: IO[bytes], bounds: Bounds = WHOLE_PROJECT) -> Project:
    """A project that somebody shared as a zip, as a new project of this home.

    Raises
    ------
    ConfigError: a bound is passed. DataError: the zip is damaged, or holds no project.
    """
    where = "the shared project"
    home.mkdir(parents=True, exist_ok=True)
    with _arriving(home) as place:
        _fill(place / "file", stream, bounds.project_bytes, where)
        _unpack(place / "file", place / "unpacked", bounds, bounds.project_bytes, where)
        found = [p.parent for p in (place / "unpacked").glob(f"*/{HEAD}")]
        if len(found) != 1:
            raise DataError("holds no project", where, "share a project from its page, and open the zip that this gives")
        made = Project.create(home, Project(found[0]).name)
        try:
            _move_in(found[0], made.folder)
        except OSError as error:
            shutil.rmtree(made.folder, ignore_errors=True)
            raise cannot_write(error, made.folder) from error
    return made


def sweep(home: Path) -> None:
    """Remove what a server that was killed had only half received."""
    for left in (*home.glob(f"{PENDING}*"), *home.glob(f"*/files/{PENDING}*")):
        shutil.rmtree(left, ignore_errors=True)


def _move_in(source: Path, target: Path) -> None:
    """Only what a project consists of; jobs belong to the machine that ran them."""
    for name in ("files", "studies", "store"):
        if (source / name).is_dir():
            shutil.rmtree(target / name)
            (source / name).rename(target / name)
    for name in ("samples.csv", "notes.md"):
        if (source / name).is_file():
            (source / name).rename(target / name)


@contextlib.contextmanager
def _arriving(folder: Path) -> Iterator[Path]:
    """A temporary folder beside the place where the file will stand, so that a rename puts it there whole."""
    try:
        place = Path(tempfile.mkdtemp(prefix=PENDING, dir=folder))
    except OSError as error:
        raise cannot_write(error, folder) from error
    try:
        yield place
    except OSError as error:
        raise cannot_write(error, folder) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _fill(part: Path, stream: IO[bytes], most: int, where: str) -> int:
    size = 0
    with part.open("wb") as out:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise _too_large(most, where)
            out.write(chunk)
    return size


def _too_large(most: int, where: str) -> ConfigError:
    if most <= 0:
        return ConfigError("the project is full", where, "remove files, or start another project")
    return ConfigError(f"is larger than {most / 2**20:.0f} MB", where, "give a part of it, or use the command line for it")


def _settle(part: Path, root: Path, wanted: Path) -> Path:
    """Rename it to where it belongs, or beside what has that name already."""
    with _NAMING:
        target = unique(inside(root, wanted))
        target.parent.mkdir(parents=True, exist_ok=True)
        if part.is_file():
            part.chmod(0o644)
        part.rename(target)
    return target


def _unpack(packed: Path, target: Path, bounds: Bounds, room: int, where: str) -> None:
    """The members of a zip, bounded in number, size and ratio before and while they are unpacked."""
    _check_directory(packed, bounds, where)
    try:
        with zipfile.ZipFile(packed) as held:
            members = [m for m in held.infolist() if not m.is_dir() and not _clutter(m.filename)]
            _check_members(members, bounds, room, packed.stat().st_size, where)
            target.mkdir()
            for member in members:
                path = unique(inside(target, Path(safe_path(member.filename))))
                path.parent.mkdir(parents=True, exist_ok=True)
                with held.open(member) as source:
                    _fill(path, source, member.file_size, f"{where}: {printable(member.filename)}")
    except AnodefreeError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise DataError("is damaged, or no zip", where, "make it again, or drop the files themselves") from error
    if not any(target.iterdir()):
        raise DataError("is an empty zip", where, "drop the files themselves")


def _check_directory(packed: Path, bounds: Bounds, where: str) -> None:
    """The size of the table of contents is told at the end of the file: looked at before the table itself is read."""
    with packed.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(max(0, end - 2**16 - 42))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise DataError("is damaged, or no zip", where, "make it again, or drop the files themselves")
    count, size = struct.unpack("<HI", tail[at + 10 : at + 16])
    large = b"PK\x06\x07" in tail[max(0, at - 20) : at]  # the form for more than 65,535 members or 4 GiB
    if large or size > bounds.directory_bytes or count > bounds.members:
        raise ConfigError(f"holds more than {bounds.members} files", where, "drop a part of it")


def _check_members(members: list[zipfile.ZipInfo], bounds: Bounds, room: int, packed_bytes: int, where: str) -> None:
    if len(members) > bounds.members:
        raise ConfigError(f"holds more than {bounds.members} files", where, "drop a part of it")
    total = 0
    for member in members:
        name = f"{where}: {printable(member.filename)}"
        safe_path(member.filename)
        total += member.file_size
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError("is a link, not a file", name, "drop the files themselves")
        if member.flag_bits & 1:
            raise DataError("is encrypted", name, "unpack it first")
        if member.file_size > bounds.file_bytes:
            raise _too_large(bounds.file_bytes, name)
        if member.file_size > CHUNK and member.file_size > bounds.ratio * max(member.compress_size, 1):
            raise DataError(
                f"unpacks to more than {bounds.ratio:.0f} times its size", name, "is it a measurement? unpack it first"
            )
    if total > SMALL_BYTES and total > bounds.ratio * packed_bytes:
        raise DataError(f"unpacks to more than {bounds.ratio:.0f} times its size", where, "is it measurements? unpack it first")
    if total > room:
        raise ConfigError("unpacks to more than the project has room for", where, "drop a part of it")


def _clutter(name: str) -> bool:
    """What desktops add of their own."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db", "desktop.ini") or last.startswith("._")
