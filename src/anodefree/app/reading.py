"""How each file of a project is read: what a person told the reader, kept beside the files in `files.toml`.

```toml
["rig/run 1.dat"]
columns = ["time/h", "voltage/V", "", "current/mA"]
temperature_K = "25 degC"
```

The words are those of `anodefree.read` (`kind`, `format`, `columns`, `series`, and metadata with units), so that `reading` can
hand them to a study file as they stand: `inputs = [{ file = "../files/rig/run 1.dat", meta = { ... } }]`.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anodefree.app.project import Project
from anodefree.core.arrays import write_text
from anodefree.core.units import parse, unit_of
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.io.samples import Samples, read_samples, sample_of
from anodefree.study import reach
from anodefree.study.written import toml

TELL_THE_READER: Final = ("kind", "format", "columns", "series")
"""What is said of how to read; every other word is metadata."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
MAX_TEXT: Final = 500


def names(project: Project) -> list[str]:
    """The names of the project's files: their paths below its folder of files."""
    root = project.files_path.resolve()
    return [p.relative_to(root).as_posix() for p in project.files()]


def options(project: Project) -> dict[str, dict[str, Any]]:
    """File name -> what was told of it.

    Raises
    ------
    ConfigError: `files.toml` is damaged.
    """
    path = project.folder / "files.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot be read ({error})", path.name, "mend it in an editor, or delete it to start afresh"
        ) from error
    return {name: told for name, told in table.items() if isinstance(told, dict)}


def tell(project: Project, name: str, told: Mapping[str, Any]) -> None:
    """Keep what is told of one file, in place of what was told before; nothing forgets it.

    Raises
    ------
    ConfigError: the project has no such file, or a value is not one that a reader takes.
    """
    project.file(name)
    everything = options(project)
    everything.pop(name, None)
    kept = {word: _checked(word, value) for word, value in told.items() if value not in ("", None, [])}
    if kept:
        everything[name] = kept
    _write(project, everything)


def forget(project: Project, name: str) -> None:
    """Nothing more is told of a file, which may be gone."""
    everything = options(project)
    if everything.pop(name, None) is not None:
        _write(project, everything)


def reading(project: Project, name: str) -> dict[str, Any]:
    """The entry of a study's `inputs` that reads this file as the project does: its path from the studies, and its `meta`.

    What the table of samples says of the file comes first, what was told of the file itself wins.

    Raises
    ------
    ConfigError: the project has no such file.
    """
    path = os.path.relpath(project.file(name), project.studies_path)
    meta = told(project, name)
    return {"file": Path(path).as_posix(), **({"meta": meta} if meta else {})}


def told(project: Project, name: str, samples: Samples | None = None) -> dict[str, Any]:
    """What `read` is told of a file: its sample's metadata, then its own options.

    A second file that a reader is sent to (the topology of a trajectory) is told only where it lies in the project.
    """
    known = samples if samples is not None else samples_of(project)
    found = {**of_sample(known, name), **options(project).get(name, {})}
    return {word: value for word, value in found.items() if word not in reach.OF_READERS or _lies_here(project, str(value))}


def _lies_here(project: Project, name: str) -> bool:
    try:
        reach.within(project.folder, Path.cwd(), name)
    except ConfigError:
        return False
    return True


def samples_of(project: Project) -> dict[str, dict[str, Any]]:
    """The table of samples; one that is empty or wrong says nothing here (the page of samples says what is wrong)."""
    try:
        return read_samples(project.samples_path) if project.samples_path.is_file() else {}
    except (AnodefreeError, OSError):
        return {}


def of_sample(samples: Samples, name: str) -> dict[str, Any]:
    """What the table of samples says of a file; nothing where it does not name it."""
    try:
        return sample_of(samples, Path(name))
    except ConfigError:
        return {}


def _checked(word: str, value: Any) -> Any:
    """A value that a study file can hold and a reader takes.

    Raises
    ------
    ConfigError: the word is no name, or the value is of another sort or unit.
    """
    if not _NAME.fullmatch(word):
        raise ConfigError(f"'{word}' is not a name of metadata", hint="use letters, digits and underscores, like area_m2")
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value) and word == "columns":
        return [v[:80] for v in value]
    if isinstance(value, str):
        text = value.strip()
        if len(text) > MAX_TEXT or not text.isprintable():
            raise ConfigError("is too long, or has characters that cannot be seen", word, "write it shorter")
        if unit_of(word) != "1":
            parse(text, unit_of(word))
        return text
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ConfigError(f"'{value!r:.40}' is no value of metadata", word, "give a number, a text, or a number with a unit")


def _write(project: Project, everything: Mapping[str, Mapping[str, Any]]) -> None:
    parts = [f"[{toml(name)}]\n" + "".join(f"{w} = {toml(v)}\n" for w, v in told.items()) for name, told in everything.items()]
    write_text(project.folder / "files.toml", "# How each file is read: the words of anodefree.read\n\n" + "\n".join(parts))
