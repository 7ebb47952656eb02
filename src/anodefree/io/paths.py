"""Paths, folders and patterns -> files that are there, in natural order, or an error that names the nearest."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from anodefree.errors import ConfigError
from anodefree.io.formats import formats

PathLike = str | os.PathLike[str]


def paths_of(paths: PathLike | Iterable[PathLike]) -> list[Path]:
    """Files from paths, folders and patterns.

    What is given keeps its order; the files of a folder (those of a known suffix) and of a pattern come in natural order:
    `s2` before `s10`.

    Raises
    ------
    ConfigError: a folder or a pattern holds no file.
    """
    out: list[Path] = []
    for given in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        path = _path(given)
        if _is(path, stat.S_ISDIR):
            known = tuple(s for f in formats() for s in f.suffixes)
            inside = [p for p in _inside(path) if p.name.lower().endswith(known) and not p.name.startswith(".")]
            if not inside:
                raise ConfigError(
                    "the folder holds no file of a known suffix", str(path), "give the files by name or a pattern"
                )
            out += sorted(inside, key=_natural)
        elif not path.exists() and re.search(r"[*?\[]", str(given)):
            matching = [p for p in map(Path, glob.glob(str(given), recursive=True)) if p.is_file()]  # noqa: PTH207
            if not matching:
                raise ConfigError("no file matches the pattern", str(given), "check the folder it starts from")
            out += sorted(matching, key=_natural)
        else:
            out.append(path)
    if not out:
        raise ConfigError("no file is given", hint="give a path, a folder or a pattern such as 'data/*.z'")
    return out


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d{1,18})", str(path))
    return [(1, int(p), "") if i % 2 else (0, 0, p.lower()) for i, p in enumerate(parts)]


def _path(given: Any) -> Path:
    try:
        return Path(given).expanduser()
    except (TypeError, RuntimeError) as error:
        raise ConfigError(f"'{given!r}' is not a path", hint="give a path as text") from error


def _is(path: Path, test: Any) -> bool:
    try:
        return bool(test(path.stat().st_mode))
    except (OSError, ValueError):
        return False


def _inside(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_file()]
    except OSError as error:
        raise ConfigError(f"cannot be listed ({(error.strerror or str(error)).lower()})", str(folder)) from error


def regular(given: PathLike) -> Path:
    """The path, if it leads to a regular file that is there."""
    path = _path(given)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise ConfigError("no such file", str(path), _neighbours(path)) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be opened ({getattr(error, 'strerror', None) or error})", str(path)[:200]) from error
    if stat.S_ISDIR(mode):
        raise ConfigError("is a folder", str(path), "read_many() opens the files of a folder, read() one file")
    if not stat.S_ISREG(mode):
        raise ConfigError("is no regular file", str(path), "copy its content to a file first")
    return path


def _neighbours(path: Path) -> str:
    if not _is(path.parent, stat.S_ISDIR):
        return f"there is no folder '{path.parent}' either"
    close = get_close_matches(path.name, [p.name for p in _inside(path.parent)][:5000], n=3)
    return "did you mean " + " or ".join(f"'{c}'" for c in close) + "?" if close else "check the path"
