"""Which files a study may name: any, for who wrote it; only those below one folder, where it came from somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from anodefree.errors import ConfigError, printable
from anodefree.registry import Stage

OF_READERS: Final = ("topology",)
"""Words of metadata by which a reader is sent to a second file."""
_PATTERN: Final = "*?["


def within(root: Path | None, base: Path, name: str) -> None:
    """Nothing, where the file that a study in the folder `base` names lies below `root`, all links followed.

    Raises
    ------
    ConfigError: it lies elsewhere. Whether there is such a file is not told.
    """
    if root is None:
        return
    try:
        place = (base / name).resolve()
    except (OSError, ValueError, RuntimeError):  # a null byte, a name too long, a loop of links
        place = Path()
    if not place.is_relative_to(root.resolve()):
        raise _outside(name)


def pattern_within(root: Path | None, base: Path, pattern: str) -> None:
    """The same for a pattern, before anything is looked for; each file that it finds is still to be asked about.

    Raises
    ------
    ConfigError: it would look elsewhere.
    """
    fixed = pattern[: min((pattern.index(c) for c in _PATTERN if c in pattern), default=len(pattern))]
    if root is not None and ".." in Path(pattern[len(fixed) :]).parts:
        raise _outside(pattern)
    within(root, base, fixed)


def named(stage: Stage, values: Mapping[str, Any]) -> Iterator[str]:
    """The files that parameters of a stage name."""
    for parameter in stage.parameters:
        given = values.get(parameter.name) if parameter.par.names_file else None
        yield from (given,) if isinstance(given, str) else given or ()


def said(meta: Mapping[str, Any]) -> Iterator[str]:
    """The files that the metadata of an input names."""
    yield from (str(meta[word]) for word in OF_READERS if word in meta)


def _outside(name: str) -> ConfigError:
    return ConfigError("names a file that lies outside this project", printable(name), "copy the file into the project first")
