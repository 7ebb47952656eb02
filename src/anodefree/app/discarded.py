"""Deleted files, kept aside for a day so that a slip can be undone; hidden, so that no copy of the project takes them along."""

from __future__ import annotations

import json
import re
import shutil
import time
import uuid
from pathlib import Path
from typing import Final

from anodefree.app.project import Project
from anodefree.app.reading import forget, options, tell
from anodefree.core.arrays import cannot_write, write_text
from anodefree.errors import ConfigError

KEPT_S: Final = 86400.0
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")


def discard(project: Project, name: str) -> str:
    """Take a file and what was told of it out of the project; the token brings both back. Older ones are deleted for good.

    Raises
    ------
    ConfigError: the project has no such file, or it may not be moved.
    """
    path, aside = project.file(name), project.folder / "discarded"
    empty(aside)
    token = uuid.uuid4().hex
    write_text(aside / token / ".what.json", json.dumps({"name": name, "told": options(project).get(name, {})}))
    _move(path, aside / token / ".file")
    forget(project, name)
    return token


def restore(project: Project, token: str) -> str:
    """Bring a deleted file back under its name, which is returned.

    Raises
    ------
    ConfigError: it is gone for good, or another file has its name by now.
    """
    folder = project.folder / "discarded" / token
    if not _TOKEN.fullmatch(token) or not (folder / ".file").is_file():
        raise ConfigError("cannot be brought back: it was deleted for good", hint="add the file once more")
    what = json.loads((folder / ".what.json").read_text(encoding="utf-8"))
    target = project.folder / "files" / what["name"]
    if target.exists():
        raise ConfigError("cannot be brought back: another file has its name by now", what["name"], "delete that one first")
    _move(folder / ".file", target)
    if what["told"]:
        tell(project, what["name"], what["told"])
    shutil.rmtree(folder, ignore_errors=True)
    return str(what["name"])


def empty(aside: Path, older_than_s: float = KEPT_S) -> None:
    """Delete for good what was deleted longer ago."""
    for folder in aside.iterdir() if aside.is_dir() else ():
        if time.time() - folder.stat().st_mtime > older_than_s:
            shutil.rmtree(folder, ignore_errors=True)


def _move(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    except OSError as error:
        raise cannot_write(error, target) from error
