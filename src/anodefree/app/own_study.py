"""A study file that somebody wrote or changed in the page: checked whole, within the project's bounds, then kept."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Final

from anodefree.app.confined import planned
from anodefree.app.names import unique
from anodefree.app.project import Project
from anodefree.errors import AnodefreeError, ConfigError

MOST: Final = 400_000
"""Characters of a study file that a page takes."""


def keep(project: Project, title: str, text: str) -> Path:
    """Check the text and write it as a file of its own below `studies/`.

    Raises
    ------
    ConfigError: whatever is wrong with it, at once; nothing is kept then.
    """
    _of_its_own(text)
    now = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    name = unique(project.studies_path / f"{now}.toml").stem
    path = project.study(name, text)
    try:
        planned(project, path)
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


def _of_its_own(text: str) -> None:
    """What a page takes, before it is written anywhere.

    Raises
    ------
    ConfigError: it is too long, no TOML, or no study of its own.
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
