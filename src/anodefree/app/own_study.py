"""A study file that somebody wrote or changed in the page: checked whole, within the project's bounds, then kept."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from anodefree.app.names import inside, unique
from anodefree.app.project import Project
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.study.plan import plan

MOST: Final = 400_000
"""Characters of a study file that a page takes."""
_GLOB: Final = "*?["


def keep(project: Project, title: str, text: str) -> Path:
    """Check the text and write it as a file of its own below `studies/`.

    Raises
    ------
    ConfigError: whatever is wrong with it, at once; nothing is kept then.
    """
    _bounded(project, text)
    now = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    name = unique(project.studies_path / f"{now}.toml").stem
    path = project.study(name, text)
    try:
        plan(path)
    except ConfigError as error:
        path.unlink(missing_ok=True)
        raise ConfigError(error.what, f"the study '{title}'", error.hint) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def fault(project: Project, text: str) -> str:
    """What is wrong with the text, in words; empty where nothing is."""
    try:
        keep(project, "as it stands", text).unlink(missing_ok=True)
    except AnodefreeError as error:
        return error.what + (f" ({error.hint})" if error.hint else "")
    return ""


def _bounded(project: Project, text: str) -> None:
    """No study of a project reads a file outside it, whatever its author wrote.

    Raises
    ------
    ConfigError: it is too long, no TOML, no study of its own, or names a file elsewhere.
    """
    if len(text) > MOST:
        raise ConfigError("the study is too long for the page", "the study", "run it with: anodefree run FILE")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"is not valid TOML: {error}", "the study", "strings need quotes, tables need [brackets]") from error
    head = table.get("study")
    if set(table) - {"study", "step"} or not isinstance(head, dict) or head.get("extends"):
        raise ConfigError("is no study of its own", "the study", "it holds [study] and [[step]] alone, without 'extends'")
    for name in _files(table.get("step")):
        fixed = name[: min((name.index(c) for c in _GLOB if c in name), default=len(name))]
        if ".." in Path(name[len(fixed) :]).parts:
            raise ConfigError("lies outside this project", name[:80], "choose a file of this project")
        inside(project.folder, str(project.studies_path / fixed))
        for found in project.studies_path.glob(name) if fixed != name and not Path(name).is_absolute() else ():
            inside(project.folder, str(found))


def _files(part: Any) -> Iterator[str]:
    """Every file that inputs name, wherever they stand."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("file", "files") and isinstance(value, str):
                yield value
            else:
                yield from _files(value)
    elif isinstance(part, list):
        for value in part:
            yield from _files(value)
