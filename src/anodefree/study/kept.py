"""Runs that were kept: small result files of computations too long to repeat, which come with the package as evidence.

A folder of `data/evidence` holds the results (`.json`), the study that made them (`study.toml`) and an index (`index.json`)
with the content hash, the node and the key of each. A study takes them as `inputs = ["kept:solvation/electrolyte_*"]`; whatever
rests on them says so in its verdict, because nothing here has computed them again.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from anodefree.core.keys import file_sha256
from anodefree.errors import ConfigError

PREFIX: Final = "kept:"
AND: Final = " + "
"""Joins kept runs, and steps of one stage (`inputs = ["one[*] + two[*]"]`), to one input."""
INDEX: Final = "index.json"
STUDY: Final = "study.toml"


def folder() -> Path:
    """Where kept runs lie."""
    return Path(str(files("anodefree"))) / "data" / "evidence"


def index_of(family: str) -> dict[str, dict[str, Any]]:
    """What is known of each kept file of a family: its sha256, node, key and cost."""
    try:
        known: dict[str, dict[str, Any]] = json.loads((folder() / family / INDEX).read_text(encoding="utf-8"))["runs"]
    except (OSError, ValueError, KeyError):
        return {}
    return known


def kept_files(given: str) -> list[Path]:
    """The files that `kept:FAMILY/PATTERN` stands for, or several such joined by " + ", in the order of their names.

    Raises
    ------
    ConfigError: there is none, or one is not what was kept.
    """
    parts = given.split(AND)
    if not all(part.startswith(PREFIX) for part in parts):
        raise ConfigError("kept runs are joined with kept runs alone", given, f"begin every part with {PREFIX}")
    return list(dict.fromkeys(path for part in parts for path in _files_of(part)))


def _files_of(given: str) -> list[Path]:
    family, _, pattern = given.removeprefix(PREFIX).partition("/")
    if ".." in given or "/" in pattern:
        raise ConfigError("a kept run is named by its family and its file alone", given, "write kept:FAMILY/PATTERN")
    known = index_of(family)
    if not known:
        families = sorted(p.parent.name for p in folder().glob(f"*/{INDEX}"))
        raise ConfigError(f"no runs of '{family}' are kept", given, f"there are {', '.join(families) or 'none'}")
    found = sorted(p for p in (folder() / family).glob(pattern or "*") if p.name in known)
    if not found:
        raise ConfigError(f"no kept run is named '{pattern}'", given, f"there are {', '.join(sorted(known))}")
    for path in found:
        if file_sha256(path) != known[path.name]["sha256"]:
            raise ConfigError(f"{path.name} is not what was kept", given, "its content has changed: keep the run again")
    return found


def told(names: tuple[str, ...]) -> str:
    """The sentence that a verdict carries where it rests on kept runs (FAMILY/FILE)."""
    if not names:
        return ""
    families = sorted({n.partition("/")[0] for n in names})
    runs = f"{len(names)} kept run" + ("s" if len(names) > 1 else "")
    return f"Rests on {runs} ({', '.join(families)}), read here and not computed again."
