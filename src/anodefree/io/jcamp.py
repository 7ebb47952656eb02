"""JCAMP-DX spectra (.jdx, .dx, .jcm): labelled records, and tables of numbers plain, packed or as differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.jcamp_packed import line_values, unpacked
from anodefree.io.textfile import bounded, lines_of
from anodefree.io.vibrational import axis_unit, is_percent, quantity_of, vibrational

_TABLES: Final = ("XYDATA", "XYPOINTS")
_OTHER: Final = ("PEAKTABLE", "PEAKASSIGNMENTS", "NTUPLES", "DATATABLE")
_CLOSE: Final = 1e-3
_LABELS: Final = 100_000


def read(path: Path, *, laser_m: float | None = None) -> Measurement:
    """Every block's spectrum; several must share one axis.

    A head of JCAMP labels that is followed by bare rows of two numbers, as some instruments export, is read as well.

    Raises
    ------
    DataError: no table of a spectrum, a packed line that contradicts its check value, or a count that does not agree.
    """
    blocks = _blocks(lines_of(path))
    found = [_spectrum(labels, table, rows) for labels, table, rows in blocks]
    if not found:
        raise DataError("holds no table of a spectrum (##XYDATA, ##XYPOINTS)", hint="export the spectrum, not its peaks")
    axis, _, labels = found[0]
    for k, (x, _, _) in enumerate(found[1:], start=2):
        if len(x) != len(axis) or np.abs(x - axis).max() > 1e-6 * np.abs(axis).max():
            raise DataError(f"block {k} has another axis than the first", hint="export the blocks one by one")
    words = labels.get("XUNITS", "") or "1/cm"
    unit = axis_unit(words)
    if unit is None:
        raise DataError(f"its axis is in '{words[:40]}', which is no wavenumber and no wavelength", hint="is it a spectrum?")
    return vibrational(axis, unit, np.array([y for _, y, _ in found]), _meta(labels, laser_m))


def _blocks(lines: Sequence[str]) -> list[tuple[dict[str, str], str, list[tuple[int, str]]]]:
    """Labels, form of the table and its numbered lines, for each block that has one."""
    found: list[tuple[dict[str, str], str, list[tuple[int, str]]]] = []
    labels: dict[str, str] = {}
    rows: list[tuple[int, str]] = []
    table, inside = "", False
    for at, raw in enumerate(lines):
        line = bounded(raw, at).partition("$$")[0].strip()
        if line.startswith("##"):
            label, equals, value = line[2:].partition("=")
            name = "".join(c for c in label.upper() if c.isalnum() or c in ".$")
            if name in ("TITLE", "END") and rows:
                found.append((labels, table, rows))
                labels, rows, table = {}, [], ""
            if not equals:
                continue
            if name in _OTHER:
                raise DataError(f"its numbers are a ##{name}, not a spectrum", f"line {at + 1}", "export it as ##XYDATA")
            inside = name in _TABLES
            if inside:
                table = value.replace(" ", "").upper()
            elif len(labels) < _LABELS:
                labels[name] = value.strip()
        elif line and (inside or _is_pair(line)):
            rows.append((at + 1, line))
    if rows:
        found.append((labels, table, rows))
    return found


def _is_pair(line: str) -> bool:
    cells = line.replace(",", " ").replace(";", " ").split()
    try:
        return len(cells) == 2 and all(np.isfinite(float(c)) for c in cells)
    except ValueError:
        return False


def _spectrum(
    labels: Mapping[str, str], table: str, rows: Sequence[tuple[int, str]]
) -> tuple[np.ndarray, np.ndarray, Mapping[str, str]]:
    factors = _number(labels, "XFACTOR", 1.0), _number(labels, "YFACTOR", 1.0)
    if table.startswith("(X++(Y..Y))"):
        x, y = _even(labels, rows, factors[0])
    elif not table or table.startswith("(XY..XY)"):
        pairs = [_pairs(line, at) for at, line in rows]
        x, y = np.concatenate(pairs).T
        x = x * factors[0]
    else:
        raise DataError(f"its table is of the form {table[:40]}, which is not read", hint="(X++(Y..Y)) and (XY..XY) are")
    stated = labels.get("NPOINTS", "").split()
    if stated and stated[0].isdecimal() and len(stated[0]) < 10 and int(stated[0]) != len(x):
        raise DataError(f"announces {stated[0]} points, {len(x)} are there", hint="was the copy or the export cut short?")
    return x, y * factors[1], labels


def _even(labels: Mapping[str, str], rows: Sequence[tuple[int, str]], factor: float) -> tuple[np.ndarray, np.ndarray]:
    """An axis between FIRSTX and LASTX, checked against the abscissa that begins each line."""
    starts, y = unpacked(rows, 20 * sum(len(line) + 1 for _, line in rows))
    first = _number(labels, "FIRSTX", starts[0][1] * factor)
    last = _number(labels, "LASTX", np.nan)
    if not np.isfinite(last):
        last = first + _number(labels, "DELTAX", np.nan) * (len(y) - 1)
    if not np.isfinite([first, last]).all() or first == last:
        raise DataError("states neither ##LASTX nor ##DELTAX", hint="the axis cannot be told")
    x = np.linspace(first, last, len(y))
    step = abs(last - first) / max(len(y) - 1, 1)
    for at, begins, index in starts:
        if index < len(x) and abs(begins * factor - x[index]) > max(1.5 * step, _CLOSE * abs(last - first)):
            raise DataError(
                f"a line begins at {begins * factor:g}, its place on the axis is {x[index]:g}", f"line {at}", "a point is lost"
            )
    return x, y


def _pairs(line: str, at: int) -> np.ndarray:
    try:
        values = [float(c) for c in line.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        values = []
    if not values or len(values) % 2:
        values = line_values(line, at)
    if len(values) % 2:
        raise DataError(f"'{line[:40]}' is no row of pairs", f"line {at}")
    return np.reshape(values, (-1, 2))


def _number(labels: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(labels.get(name, "").split()[0].replace(",", "."))
    except (ValueError, IndexError):
        return float(default)


def _meta(labels: Mapping[str, str], laser_m: float | None) -> dict[str, Any]:
    sort, unit = labels.get("DATATYPE", ""), labels.get("YUNITS", "")
    quantity = quantity_of(unit) or quantity_of(sort)
    return {
        "technique": "raman" if "raman" in sort.lower() or quantity == "counts" else "infrared",
        "quantity": quantity,
        # The standard's word TRANSMITTANCE means a fraction; values far above 1 show that percent was meant.
        "percent": is_percent(unit) or (quantity == "transmittance" and _number(labels, "MAXY", 0.0) > 2),
        "laser_m": laser_m,
        "title": labels.get("TITLE", "")[:200],
        "instrument": labels.get("SPECTROMETERDATASYSTEM", "")[:100],
        "sample": labels.get("SAMPLEDESCRIPTION", "")[:200] or labels.get("NAMES", "")[:200],
        "started": labels.get("LONGDATE", "")[:40] or labels.get("DATE", "")[:40],
    }
