"""A table of samples (CSV): mass, area, temperature, N/P ratio, group of each file -> metadata of that file."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anodefree.errors import ConfigError, DataError, near
from anodefree.io.said_number import finite
from anodefree.io.textfile import lines_of

NAMES: Final = {
    "file": "file",
    "name": "file",
    "sample": "file",
    "cell": "file",
    "mass": "active_mass_kg",
    "active mass": "active_mass_kg",
    "area": "area_m2",
    "temperature": "temperature_K",
    "n/p": "np_ratio",
    "np": "np_ratio",
    "np ratio": "np_ratio",
    "group": "group",
}
"""Words of a header -> our names; any other word is kept as text under itself."""
MOST: Final = 100_000
_HEADER: Final = re.compile(r"^\s*(?P<word>.+?)\s*(?:\s/\s*(?P<slash>\S+)|[\[(]\s*(?P<bracket>[^\])]+?)\s*[\])])?\s*$")

Samples = Mapping[str, Mapping[str, Any]]


def read_samples(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """File name -> metadata. The first line names the columns, with a unit where there is one: "file, mass / mg, area [cm2]".

    Comma, semicolon or tab part the columns. An empty cell states nothing.

    Raises
    ------
    DataError: there is no column for the file, a mass, area or temperature has no unit, or a file is named twice.
    """
    lines = [line for line in lines_of(Path(path)) if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise DataError("is empty", str(path), "its first line names the columns: file, mass / mg, area / cm2, group")
    if len(lines) > MOST:
        raise DataError(f"has more than {MOST} lines", str(path), "is it a table of samples?")
    parted = max((";", "\t", ","), key=lines[0].count)
    rows = [[c.strip() for c in row] for row in csv.reader(lines, delimiter=parted)]
    columns = [_column(c, str(path)) for c in rows[0]]
    if "file" not in [name for name, _ in columns]:
        raise DataError("has no column for the file", str(path), "name one of its columns file, sample, cell or name")
    table: dict[str, dict[str, Any]] = {}
    for row in rows[1:]:
        stated = {n: f"{v} {unit}".strip() for (n, unit), v in zip(columns, row, strict=False) if v}
        name = stated.pop("file", "")
        if not name:
            continue
        if name in table:
            raise DataError(f"names '{name}' twice", str(path), "one line for each file")
        ratio = finite(stated.get("np_ratio"))
        table[name] = stated if ratio is None else {**stated, "np_ratio": ratio}
    if not table:
        raise DataError("names no file", str(path), "below the header stands one line for each file")
    return table


def sample_of(samples: Samples, file: Path) -> dict[str, Any]:
    """What the table says of a file, by its name with or without the suffix.

    Raises
    ------
    ConfigError: the table does not name it.
    """
    for name in (file.name, file.stem, file.name.split(".")[0]):
        if name in samples:
            return dict(samples[name])
    raise ConfigError(f"the table of samples does not name '{file.name}'", hint=near(file.stem, samples))


def _column(header: str, where: str) -> tuple[str, str]:
    """The name of a column and its unit."""
    found = _HEADER.match(header)
    word = (found["word"] if found else header).strip()
    unit = ((found["slash"] or found["bracket"]) if found else None) or ""
    name = NAMES.get(word.lower().replace("_", " "), NAMES.get(word.lower()))
    if name in ("active_mass_kg", "area_m2", "temperature_K") and not unit:
        raise DataError(
            f"the column '{header}' has no unit", where, f"write it like '{word} / mg', '{word} / cm2' or '{word} / degC'"
        )
    return (name, unit) if name else (re.sub(r"\W+", "_", word).strip("_") or "unnamed", unit)
