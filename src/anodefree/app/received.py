"""A file that comes in from the browser: bounded, under a safe name below the project's files, never over another file."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from anodefree.app.project import Project
from anodefree.core.arrays import cannot_write
from anodefree.core.keys import file_sha256
from anodefree.errors import ConfigError, DataError

MAX_BYTES: Final = 100 * 2**20
MOST_FOLDERS: Final = 8
MOST_NAMESAKES: Final = 1000
_ODD: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


def safe_name(given: str) -> str:
    """A relative name without what could lead out of its folder: `..\\..\\a/b:c.csv` is `a/b_c.csv`.

    Raises
    ------
    ConfigError: nothing is left of it.
    """
    text = unicodedata.normalize("NFC", given).replace("\\", "/")
    parts = [_ODD.sub("_", part).strip().rstrip(".")[:120] for part in text.split("/")]
    kept = [part for part in parts if part.strip(".")]
    if not kept:
        raise ConfigError(f"'{given[:60]}' is no name of a file", hint="rename the file")
    return "/".join(part.lstrip(".") for part in kept[-MOST_FOLDERS:])


async def receive(project: Project, given: str, pieces: AsyncIterator[bytes], limit: int = MAX_BYTES) -> str:
    """Write what comes in, piece by piece, and return the name it has now; the same content under the same name is kept once.

    Raises
    ------
    ConfigError: the name is none, or the disk refuses it. DataError: it is larger than `limit`.
    """
    base = (project.folder / "files").resolve()
    target = base / safe_name(given)
    if not target.resolve().is_relative_to(base):
        raise ConfigError("leads out of the project", given[:120], "rename the file")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=project.folder, prefix=".receiving-")
        part = Path(name)
        with os.fdopen(handle, "wb") as stream:
            size = 0
            async for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise DataError(f"is larger than {limit >> 20} MB", given[:120], "export a part of it")
                stream.write(piece)
        part.chmod(0o644)
        target = _free(target, part)
        part.replace(target)
    except OSError as error:
        raise cannot_write(error, target) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return target.relative_to(base).as_posix()


def _free(target: Path, part: Path) -> Path:
    """The target, or a namesake of it that is not taken by other content."""
    for number in range(1, MOST_NAMESAKES):
        path = target if number == 1 else target.with_name(f"{target.stem} ({number}){target.suffix}")
        if not path.exists() or (path.is_file() and file_sha256(path) == file_sha256(part)):
            return path
    raise ConfigError("there are too many files of this name", target.name, "rename it")
