"""A map of flux density as text: columns x, y, z, Bx, By, Bz with their units, one row for each point of an even grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.units import convert
from anodefree.errors import AnodefreeError, DataError
from anodefree.io.textfile import BLANK, COMMAS, COMMENT, SPLITS, Split, bounded, number
from anodefree.io.textfile import lines_of as text_lines
from anodefree.kinds.flux_map import FLUX_MAP

HEADER_WITHIN: Final = 200
EVEN: Final = 1e-3
"""Steps of a grid may differ by this share: encoders are read to so many digits."""
GAUSS: Final = {"G": 1e-4, "Gauss": 1e-4, "gauss": 1e-4, "mG": 1e-7, "kG": 0.1, "Oe": 1e-4}
"""In air; these belong to another system of units."""
_CELL: Final = re.compile(r"^(x|y|z|bx|by|bz)\s{0,3}(?:[/_\[(]\s{0,3}|\s)?([A-Za-zµμ]{1,10})?\s{0,3}[\])]?$", re.IGNORECASE)
_EXPECTED: Final = "x/um, y/um, z/um, Bx/mT, By/mT, Bz/mT"


def read(path: Path) -> Measurement:
    """The map, in SI, on its grid; rows may come in any order. Bx and By may be absent.

    Raises
    ------
    DataError: no such header, a column without a unit, a cell that is no finite number, points that make up no full, even grid.
    """
    lines = text_lines(path)
    at, columns, split = _header(lines)
    si = {name: _factor(name, unit, lines[at]) for name, (_, unit) in columns.items()}
    rows, places = _rows(lines, at + 1, columns, split)
    values = {name: rows[:, i] * si[name] for i, name in enumerate(columns)}
    axes = [axis_of(values[name], name) for name in ("x", "y", "z")]
    (x, _), (y, _), (z, _) = axes
    if len(rows) != len(x) * len(y) * len(z):
        raise DataError(
            f"holds {len(rows)} points, a full grid of {len(x)} x {len(y)} x {len(z)} has {len(x) * len(y) * len(z)}",
            f"lines {places[0]} to {places[-1]}",
            "each place of the grid needs one row",
        )
    index = axes[2][1], axes[1][1], axes[0][1]
    arrays: dict[str, np.ndarray] = {"x_m": x, "y_m": y, "z_m": z}
    for name in ("bx", "by", "bz"):
        if name in values:
            box = np.full((len(z), len(y), len(x)), np.nan)
            box[index] = values[name]
            if np.isnan(box).any():
                raise DataError("a place of the grid has two rows, another none", hint="each place of the grid needs one row")
            arrays[f"B{name[1]}_T"] = box
    return Measurement.of(FLUX_MAP, arrays, {"periodic": False})


def _header(lines: Sequence[str]) -> tuple[int, dict[str, tuple[int, str]], Split]:
    """The line that names the columns: its place, name -> (column, unit), and how it is split."""
    for at, line in enumerate(lines[:HEADER_WITHIN]):
        if len(line) > 1000:
            continue
        for split in SPLITS:
            cells = [_CELL.match(c.strip().strip('"')) for c in split(line.lstrip("#%! "))]
            found = {c[1].lower(): (i, c[2] or "") for i, c in enumerate(cells) if c}
            if {"x", "y", "z", "bz"} <= set(found):
                if len(found) < sum(c is not None for c in cells):
                    raise DataError("names a column twice", f"line {at + 1}", f"such as {_EXPECTED}")
                return at, found, split
    raise DataError("no line names the columns of a map of flux density", hint=f"a header such as {_EXPECTED}")


def _factor(name: str, unit: str, header: str) -> float:
    si = "T" if name.startswith("b") else "m"
    if not unit:
        raise DataError(f"column '{name}' has no unit in the header '{header.strip()[:60]}'", hint=f"write it like {_EXPECTED}")
    if si == "T" and unit in GAUSS:
        return GAUSS[unit]
    try:
        return convert(1.0, unit, si)
    except AnodefreeError as error:
        raise DataError(f"column '{name}' is in '{unit}', which is no unit of its kind", hint=f"like {_EXPECTED}") from error


def _rows(lines: Sequence[str], first: int, columns: dict[str, tuple[int, str]], split: Split) -> tuple[np.ndarray, list[int]]:
    rows, places = [], []
    for at in range(first, len(lines)):
        line = bounded(lines[at], at)
        if not line.strip(BLANK) or line.startswith(COMMENT):
            continue
        cells, row = split(line), []
        for name, (index, _) in columns.items():
            cell = cells[index] if index < len(cells) else ""
            try:
                value = number(cell, comma=split is not COMMAS)
            except ValueError:
                value = np.nan
            if not np.isfinite(value):
                held = f"holds '{cell[:40]}', not a finite number" if cell else "is empty"
                raise DataError(f"column '{name}' {held}", f"line {at + 1}", "measure the point again, or map a smaller part")
            row.append(value)
        rows.append(row)
        places.append(at + 1)
    if not rows:
        raise DataError("its header is followed by no row of numbers", f"line {first}", "was the export cut short?")
    return np.array(rows), places


def axis_of(values: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The places of an even grid along an axis, and which of them each row is at."""
    order = np.sort(values)
    apart = np.diff(order)
    span = float(order[-1] - order[0])
    count = 1 + int(np.count_nonzero(apart > 1e-6 * span)) if span > 0 else 1
    if name != "z" and count < 4:
        raise DataError(f"has {count} places along {name}", hint="a map needs four or more along x and along y")
    if name == "z":  # planes may lie at any heights
        starts = np.concatenate([[0], 1 + np.flatnonzero(apart > 1e-6 * span)]) if span > 0 else np.array([0])
        even = order[starts]
    else:
        even = np.linspace(order[0], order[-1], count)
    nearest = np.clip(np.searchsorted(even, values), 1, max(len(even) - 1, 1)) if len(even) > 1 else np.ones(len(values), int)
    lower = np.maximum(nearest - 1, 0)
    upper = np.minimum(nearest, len(even) - 1)
    index = np.where(np.abs(values - even[lower]) <= np.abs(values - even[upper]), lower, upper)
    off = np.abs(values - even[index])
    if name != "z" and float(off.max()) > EVEN * span / (count - 1):
        raise DataError(
            f"the places along {name} are not evenly spaced: one is {off.max():.3g} m off a grid of {count}",
            hint="interpolate the map onto an even grid",
        )
    return even, index
