"""A spectrum as text: a column of shifts and one or many of intensities; WiRE's export of maps, with a row for each point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError, Unrecognised
from anodefree.io.textfile import BLANK, COMMAS, COMMENT, SPLITS, Split, bounded, is_number, lines_of, number
from anodefree.io.vibrational import SAYS_SHIFT, axis_unit, is_percent, quantity_of, vibrational

HEADER_WITHIN: Final = 60
FEWEST: Final = 20
_PLACES: Final = {"x": ("x_m", 1e-6), "y": ("y_m", 1e-6), "z": ("z_m", 1e-6), "time": ("time_s", 1.0)}
_LASER: Final = re.compile(r"(?:laser|excitation)[^0-9\n]{0,30}(\d{3,4}(?:\.\d{1,4})?)\s{0,3}nm", re.IGNORECASE)
_HINT: Final = "a header such as 'Raman shift / cm-1' above the columns says what they are"


def read(path: Path, *, laser_m: float | None = None) -> Measurement:
    """The spectra on their one axis.

    Without a header the first column must be able to be a wavenumber axis (`plausible`), and `columns_assumed` says so.

    Raises
    ------
    DataError: no table of numbers, a cell in it that is none, columns of which none is an axis, or rows of unequal length.
    """
    lines = lines_of(path)
    first, split, width = _first_row(lines)
    names = _names(lines, first, split, width)
    table = _rows(lines, first, split, width)
    preamble = "\n".join(lines[:first])[:10000]
    meta: dict[str, Any] = {"laser_m": laser_m if laser_m is not None else _laser(preamble)}
    if not names:
        if not plausible(table[:, 0]):
            raise Unrecognised("its first column cannot be told to be a Raman shift or a wavenumber", hint=_HINT)
        meta["columns_assumed"] = "shift / 1/cm, then intensities (the file has no header)"
    axis = next((k for k, n in enumerate(names) if SAYS_SHIFT.search(n)), None)
    if axis is None:
        axis = next((k for k, n in enumerate(names) if axis_unit(n) or "wavelength" in n.lower()), 0)
    title = names[axis] if names else ""
    unit = axis_unit(title) or axis_unit(preamble) or ("nm" if "wavelength" in title.lower() else "1/cm")
    beside = {k: _PLACES[n.strip("# ").lower()] for k, n in enumerate(names) if n.strip("# ").lower() in _PLACES}
    columns = [k for k in range(width) if k != axis and k not in beside]
    if not columns:
        raise DataError("has an axis, and no column of intensities", f"line {first + 1}", _HINT)
    words = names[columns[0]] if names else ""
    meta |= _meaning(title, words)
    if beside:
        return _grouped(table, axis, columns, beside, unit, meta)
    return vibrational(table[:, axis], unit, table[:, columns].T, meta)


def plausible(x: np.ndarray) -> bool:
    """Whether numbers without a name can be wavenumbers: steadily rising or falling, a vibrational range, steps of one size."""
    if len(x) < FEWEST:
        return False
    step = np.diff(x) if x[-1] > x[0] else -np.diff(x)
    ordered = bool((step > 0).all()) and float(step.max()) <= 10 * float(np.median(step))
    # A clock that counts from 0 in whole seconds is no axis of a spectrum.
    clock = x[0] == 0 and bool((x == np.round(x)).all())
    return ordered and not clock and float(x.min()) >= -2000 and 150 <= float(x.max()) <= 12000 and float(np.ptp(x)) >= 100


def is_spectrum(head: bytes, suffix: str) -> bool:
    """Whether the head of a text names an axis of a spectrum, or is bare columns of which the first can be one."""
    if b"\0" in head or not head.strip():
        return False
    lines = [line for line in head.decode("utf-8", "replace").replace("\r", "\n").split("\n")[:-1] if line.strip()]
    try:
        first, split, width = _first_row(lines)
    except DataError:
        return False
    names = _names(lines, first, split, width)
    if names:
        own = [n for n in names if SAYS_SHIFT.search(n) or "wavelength" in n.lower()]
        return bool(own) or (axis_unit(names[0]) == "1/cm" and len(names[0].strip("#[]() ")) < 12)
    above = (_cells(line, split) for line in lines[max(0, first - 5) : first])
    if any(sum(any(c.isalpha() for c in cell) for cell in cells) >= 3 for cells in above):
        return False  # a header of other quantities, with columns that this table leaves empty
    try:
        return plausible(_rows(lines[:400], first, split, width)[:, 0])
    except DataError:
        return False


def _first_row(lines: Sequence[str]) -> tuple[int, Split, int]:
    """The first line of two numbers or more that two more of its width follow: its index, how it is split, its width."""
    for at, line in enumerate(lines[:HEADER_WITHIN]):
        if len(line) > 100_000 or line.startswith(COMMENT) or not line.strip(BLANK):
            continue
        for split in SPLITS:
            cells = _cells(line, split)
            comma = split is not COMMAS
            if len(cells) >= 2 and all(is_number(c, comma=comma) for c in cells):
                after = [_cells(x, split) for x in lines[at + 1 : at + 3] if x.strip(BLANK)]
                if all(len(c) == len(cells) for c in after):
                    return at, split, len(cells)
    raise Unrecognised("holds no table of numbers", hint=_HINT)


def _cells(line: str, split: Split) -> list[str]:
    return [c for c in split(line.strip(BLANK)) if c]


def _names(lines: Sequence[str], first: int, split: Split, width: int) -> list[str]:
    """The header above the table; empty where none fits."""
    for line in reversed(lines[max(0, first - 5) : first]):
        text = line.strip().lstrip("#%!").strip(BLANK)
        if not text or len(line) > 100_000:
            continue
        cells = [c.strip().strip('"') for c in _cells(text, split)]
        if len(cells) != width and width < 50:
            tabs = [c.strip().strip('"') for c in re.split(r"\t+|;|,| {2,}", text) if c.strip()]
            cells = tabs if len(tabs) == width else cells
        if (
            cells
            and not any(is_number(c, comma=True) for c in cells[:1])
            and (len(cells) == width or SAYS_SHIFT.search(cells[0]))
        ):
            return cells if len(cells) == width else [cells[0], *[""] * (width - 1)]
    return []


def _rows(lines: Sequence[str], first: int, split: Split, width: int) -> np.ndarray:
    rows = []
    for at in range(first, len(lines)):
        line = bounded(lines[at], at)
        if not line.strip(BLANK) or line.startswith(COMMENT):
            continue
        cells = _cells(line, split)
        try:
            row = [number(c, comma=split is not COMMAS) for c in cells]
        except ValueError:
            row = []
        if len(row) != width:
            raise DataError(f"'{line.strip()[:60]}' is not a row of {width} numbers", f"line {at + 1}", _HINT)
        rows.append(row)
    return np.array(rows)


def _grouped(
    table: np.ndarray, axis: int, columns: Sequence[int], beside: dict[int, tuple[str, float]], unit: str, meta: dict[str, Any]
) -> Measurement:
    """Rows of (place or time, shift, intensity): a new spectrum begins where the place changes."""
    keys = table[:, list(beside)]
    begins = np.concatenate([[0], 1 + np.flatnonzero((np.diff(keys, axis=0) != 0).any(axis=1)), [len(table)]])
    size = int(begins[1])
    if (np.diff(begins) != size).any():
        raise DataError("its spectra have different numbers of points", hint="was the export cut short?")
    x = table[:, axis].reshape(-1, size)
    if np.abs(x - x[0]).max() > 1e-6 * np.abs(x[0]).max():
        raise DataError("its spectra have different axes", hint="export them one by one")
    if len(columns) > 1:
        raise DataError("has several columns of intensities beside places", hint="export one")
    places = {name: table[begins[:-1], k] * factor for k, (name, factor) in beside.items()}
    return vibrational(x[0], unit, table[:, columns[0]].reshape(-1, size), meta, places)


def _meaning(title: str, words: str) -> dict[str, Any]:
    quantity = quantity_of(words)
    infrared = quantity in ("transmittance", "absorbance")
    raman = "raman" in title.lower() or "shift" in title.lower() or quantity == "counts"
    technique = "infrared" if infrared else "raman" if raman else None
    return {"technique": technique, "quantity": quantity, "percent": is_percent(words)}


def _laser(preamble: str) -> float | None:
    found = _LASER.search(preamble)
    return float(found[1]) * 1e-9 if found else None
