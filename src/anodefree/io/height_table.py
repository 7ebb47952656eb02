"""A height map as text: a matrix below a header that states its sides and unit (as Gwyddion writes it), or rows of x, y, z."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.flux_table import axis_of
from anodefree.io.height_image import checked_size, length_m, topography_of
from anodefree.io.textfile import BLANK, BLANKS, COMMAS, SPLITS, TABS, Split, bounded, lines_of, number
from anodefree.kinds.topography import TOPOGRAPHY

_SIDE: Final = re.compile(r"^#\s{0,4}(width|height|value units?):\s{0,4}(.{1,40})$", re.IGNORECASE)
_CELL: Final = re.compile(r"^(x|y|z|height)\s{0,3}[/_\[(]\s{0,3}([A-Za-zµμÅ]{1,10})\s{0,3}[\])]?$", re.IGNORECASE)
EXPECTED: Final = "'# Width: 5 um', '# Height: 5 um', '# Value units: m' above a matrix, or columns x/um, y/um, z/nm"


def read(path: Path) -> Measurement:
    """The map, in SI.

    Raises
    ------
    DataError: no such header, a unit that is no length, a cell that is no finite number, unequal rows, an uneven grid.
    """
    lines = lines_of(path)
    stated = {m[1].lower().rstrip("s"): m[2] for line in lines[:50] if len(line) < 200 and (m := _SIDE.match(line.strip()))}
    if {"width", "height", "value unit"} <= set(stated):
        return _matrix(lines, stated)
    return _places(lines)


def _matrix(lines: list[str], stated: dict[str, str]) -> Measurement:
    unit = length_m(f"1 {stated['value unit'].strip()}", "the unit of its values")
    sides = [length_m(stated[n], f"its {n}") for n in ("width", "height")]
    body = [(i, line) for i, line in enumerate(lines) if line.strip(BLANK) and not line.lstrip().startswith("#")]
    if not body:
        raise DataError("its header is followed by no row of numbers", hint="was the export cut short?")
    split = next((s for s in (TABS, *SPLITS) if len(s(bounded(body[0][1], body[0][0]))) > 3), BLANKS)
    rows = [_numbers(split(bounded(line, i)), i, split) for i, line in body]
    checked_size(len(rows[0]), len(rows))
    if len({len(r) for r in rows}) > 1:
        odd = next(i for (i, _), r in zip(body, rows, strict=True) if len(r) != len(rows[0]))
        raise DataError(f"has rows of {len(rows[0])} and of other numbers of cells", f"line {odd + 1}")
    return topography_of(np.array(rows)[::-1] * unit, sides[0], sides[1], {})


def _numbers(cells: list[str], at: int, split: Split) -> list[float]:
    out = []
    for cell in cells:
        try:
            value = number(cell, comma=split is not COMMAS)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise DataError(f"holds '{cell[:40]}', not a finite number", f"line {at + 1}", "fill gaps before the export")
        out.append(value)
    return out


def _places(lines: list[str]) -> Measurement:
    at, columns, split = _header(lines)
    rows = []
    for i in range(at + 1, len(lines)):
        line = bounded(lines[i], i)
        if line.strip(BLANK) and not line.startswith("#"):
            cells = split(line)
            rows.append(_numbers([cells[k] if k < len(cells) else "" for k, _ in columns.values()], i, split))
    if not rows:
        raise DataError("its header is followed by no row of numbers", f"line {at + 1}", "was the export cut short?")
    values = np.array(rows) * [length_m(f"1 {unit}", f"column '{n}'") for n, (_, unit) in columns.items()]
    (x, ix), (y, iy) = (axis_of(values[:, k], n) for k, n in enumerate("xy"))
    checked_size(len(x), len(y))
    if len(rows) != len(x) * len(y):
        raise DataError(f"holds {len(rows)} points, a full grid of {len(x)} x {len(y)} has {len(x) * len(y)}")
    height = np.full((len(y), len(x)), np.nan)
    height[iy, ix] = values[:, 2]
    if np.isnan(height).any():
        raise DataError("a place of the grid has two rows, another none", hint="each place of the grid needs one row")
    return Measurement.of(TOPOGRAPHY, {"x_m": x, "y_m": y, "height_m": height}, {"periodic": False})


def _header(lines: list[str]) -> tuple[int, dict[str, tuple[int, str]], Split]:
    """The line that names the columns: its place, name -> (column, unit) in the order x, y, z, and how it is split."""
    for at, line in enumerate(lines[:200]):
        if len(line) > 1000:
            continue
        for split in SPLITS:
            cells = [_CELL.match(c.strip().strip('"')) for c in split(line.lstrip("#%! "))]
            found = {("z" if c[1].lower() == "height" else c[1].lower()): (i, c[2]) for i, c in enumerate(cells) if c}
            if set(found) == {"x", "y", "z"}:
                return at, {n: found[n] for n in "xyz"}, split
    raise DataError("no line says what a height map needs", hint=EXPECTED)
