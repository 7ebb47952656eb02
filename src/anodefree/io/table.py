"""A table of numbers inside a text: any delimiter, decimal comma, preamble, units row; every fault named by column and line."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.errors import DataError
from anodefree.io.columns import Column, kind_of, understand_row
from anodefree.io.textfile import BLANK, COMMAS, COMMENT, MAX_LINE, SPLITS, Split, bounded, is_number, number

HEADER_WITHIN: Final = 2000
MAX_CELLS: Final = 2000
# What a kind reads from a table if it is there, and may have gaps; everything else that it reads must be a number in every row.
_LENIENT: Final = {"impedance": ("temperature_K", "voltage_V", "time_s", "current_A"), "cycling": ("temperature_K",)}
_UNUSED: Final = {
    "impedance": ("charge_capacity_C", "discharge_capacity_C", "record_cycle"),
    "cycling": ("frequency_Hz", "Z_re_ohm", "Z_im_ohm", "Z_abs_ohm", "Z_phase_rad", "spectrum"),
}
WANTED: Final = (
    "it needs a header line such as 'frequency/Hz, Z'/ohm, Z''/ohm' or 'time/s, voltage/V, current/mA'; "
    "for a file without one give columns='time/h, voltage/V, current/mA'"
)


@dataclass(frozen=True)
class Table:
    """The columns that make up a measurement of `kind`, and the line of the file that each row came from."""

    kind: str
    columns: tuple[Column, ...]
    raw: dict[str, np.ndarray]
    lines: np.ndarray
    preamble: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def column(self, name: str) -> Column:
        """The column that gave this quantity."""
        return next(c for c in self.columns if place(c) == name)

    def si(self, name: str) -> np.ndarray:
        """A quantity in SI.

        Raises
        ------
        DataError: the column's unit is missing or unknown.
        """
        return self.column(name).si(self.raw[name])


def place(column: Column) -> str:
    """The name of a column in a table: with its level, where the table sets cycles beside points."""
    return f"{column.level}:{column.name}" if column.level else column.name


def read_table(lines: Sequence[str], *, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None) -> Table:
    """The first table between two lines whose header makes up a measurement; `columns` are headers for a text that has none.

    Raises
    ------
    DataError: there is no such table, or a cell of a column that is needed is not a finite number.
    """
    end = len(lines) if stop is None else stop
    if columns is not None:
        known = understand_row(columns)
        if kind_of(c.name for c in known) is None:
            raise DataError("the given columns do not make up a measurement", ", ".join(columns), WANTED)
        numeric = _first_numeric(lines, start, end, len(columns))
        if numeric is None:
            raise DataError(f"no line holds {len(columns)} numbers, as many as columns were given", hint="count its columns")
        first, split = numeric
        return _rows(lines, first, end, _used(known), split, tuple(lines[start:first]), "")
    found = find_header(lines, start, end)
    if found is None:
        raise DataError("no line names the columns of a measurement", hint=WANTED)
    at, cells = found
    known = _used(understand_row(cells))
    first, split, below = _data_start(lines, at + 1, end, known)
    with_units = understand_row(cells, below)
    if any(c.unit and c.known_unit and c.unit == below[c.index] for c in with_units if c.index < len(below)):
        known = _used(with_units)  # else the row below the header is a remark
    return _rows(lines, first, end, known, split, tuple(lines[start:at]), lines[at])


def _used(known: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that a measurement of their kind is made from."""
    names = {c.name for c in known}
    unused: tuple[str, ...] = _UNUSED[kind_of(names) or "cycling"]
    if {"Z_re_ohm", "Z_im_ohm"} <= names:
        unused += ("Z_abs_ohm", "Z_phase_rad")
    return tuple(c for c in known if c.name not in unused)


def find_header(lines: Sequence[str], start: int, end: int) -> tuple[int, list[str]] | None:
    """The first line whose words make up a measurement, and its cells."""
    for at in range(start, min(end, start + HEADER_WITHIN)):
        line = lines[at].lstrip("#%! ") if lines[at].startswith(COMMENT) else lines[at]
        if not 5 < len(line) <= MAX_LINE or not any(c.isalpha() for c in line[:200]):
            continue
        best: list[str] = []
        most = 0
        for split in SPLITS:
            cells = split(line)
            if 2 <= len(cells) <= MAX_CELLS:
                known = understand_row(cells)
                if len(known) > most and kind_of(c.name for c in known):
                    best, most = cells, len(known)
        if best:
            return at, best
    return None


def _data_start(lines: Sequence[str], start: int, end: int, known: Sequence[Column]) -> tuple[int, Split, list[str]]:
    """The first row of numbers, how to split it, and the row of units if there is one.

    Between a header and its numbers there may be blank lines, a row of units, a count or a remark, but no half row.
    """
    need = [c.index for c in known if not _lenient(c, known)]
    units: list[str] = []
    skipped = 0
    for at in range(start, end):
        line = bounded(lines[at], at)
        if not line.strip(BLANK) or line.startswith(COMMENT):
            continue
        half: list[str] | None = None
        for split in SPLITS:
            cells = split(line)
            if len(cells) <= max(need):
                continue
            good = [i for i in need if is_number(cells[i], comma=split is not COMMAS)]
            if len(good) == len(need):
                return at, split, units
            if good:
                half = half or cells
            elif not units:
                units = cells
        if half is not None:
            bad = next(c for c in known if c.index in need and not is_number(half[c.index], comma=True))
            raise _bad_cell(half[bad.index], bad, len(half), at, known)
        skipped += 1
        if skipped > 10:
            break
    raise DataError("its header is followed by no row of numbers", f"line {start}", "was the export cut short?")


def _lenient(column: Column, known: Sequence[Column]) -> bool:
    return column.name in _LENIENT[kind_of(c.name for c in known) or "cycling"]


def _first_numeric(lines: Sequence[str], start: int, end: int, count: int) -> tuple[int, Split] | None:
    """The first row of exactly `count` numbers, and how to split it."""
    for at in range(start, min(end, start + HEADER_WITHIN)):
        line = lines[at]
        if not line.strip(BLANK) or len(line) > MAX_LINE:
            continue
        for split in SPLITS:
            cells = split(line)
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) == count and all(is_number(c, comma=split is not COMMAS) for c in cells):
                return at, split
    return None


def bare_spectrum(lines: Sequence[str]) -> Table:
    """Three columns of numbers without a header, taken as frequency, Z', Z'' where the first can only be a frequency sweep.

    Raises
    ------
    DataError: there are no three columns of numbers, or the first is no sweep.
    """
    numeric = _first_numeric(lines, 0, len(lines), 3)
    if numeric is None:
        raise DataError("no line names the columns of a measurement, and it is not three columns of numbers", hint=WANTED)
    first, split = numeric
    known = understand_row(("frequency/Hz", "Z'/ohm", "Z''/ohm"))
    table = _rows(lines, first, len(lines), known, split, tuple(lines[:first]), "")
    if not _is_sweep(table.raw["frequency_Hz"]):
        raise DataError("it has three columns without a header, and the first is not a frequency sweep", hint=WANTED)
    return table


def _is_sweep(frequency: np.ndarray) -> bool:
    """Positive, monotone, over a decade or more, and more even in its logarithm than in itself (time is not)."""
    if frequency.size < 5 or not (frequency > 0).all():
        return False
    step = np.diff(frequency)
    if not ((step > 0).all() or (step < 0).all()) or frequency.max() < 10 * frequency.min():
        return False
    log_step = np.diff(np.log(frequency))
    return bool(np.std(log_step) * abs(np.mean(step)) < np.std(step) * abs(np.mean(log_step)))


def _rows(
    lines: Sequence[str],
    first: int,
    end: int,
    known: tuple[Column, ...],
    split: Split,
    preamble: tuple[str, ...],
    header: str,
) -> Table:
    """Every row of the table as numbers, in the units of the file."""
    stores = [array("d") for _ in known]
    lenient = [_lenient(c, known) for c in known]
    running = list(range(len(known)))
    at_line = array("q")
    comma, points, commas = split is not COMMAS, False, False
    for at in range(first, end):
        line = lines[at]
        if not line.strip(BLANK) or line == header or line.startswith(COMMENT):
            continue
        cells = split(bounded(line, at))
        ended = False
        for k in running:
            index = known[k].index
            try:
                cell = cells[index]
                value = number(cell, comma=comma)
            except (ValueError, IndexError):
                cell = cells[index] if index < len(cells) else ""
                if lenient[k]:
                    value = np.nan
                elif known[k].level and not cell:
                    ended = True
                    continue
                else:
                    raise _bad_cell(cell, known[k], len(cells), at, known) from None
            stores[k].append(value)
            commas = commas or "," in cell
            points = points or "." in cell
        at_line.append(at + 1)
        if ended:
            running = [k for k in running if len(stores[k]) == len(at_line)]
        if len(running) < len(known):
            _stay_ended(cells, known, running, at)
    if commas and points:
        raise DataError(
            "its numbers mix ',' and '.' as decimal marks", hint="export it with one of them and no thousands separator"
        )
    return _as_table(known, lenient, stores, at_line, preamble)


def _bad_cell(cell: str, column: Column, width: int, at: int, known: Sequence[Column]) -> DataError:
    where = f"line {at + 1}"
    if column.index >= width:
        need = max(c.index for c in known) + 1
        return DataError(
            f"the row has {width} columns, {need} are needed (column '{column.header}' is missing)",
            where,
            "was the export cut short?",
        )
    held = f"holds '{cell[:40]}', not a number" if cell else "is empty"
    return DataError(f"column '{column.header}' {held}", where, "mend or delete this line")


def _stay_ended(cells: Sequence[str], known: Sequence[Column], running: Sequence[int], at: int) -> None:
    for k, column in enumerate(known):
        if k not in running and column.index < len(cells) and cells[column.index]:
            raise DataError(f"column '{column.header}' goes on after an empty cell", f"line {at + 1}", "fill the gap")


def _as_table(
    known: tuple[Column, ...], lenient: list[bool], stores: list[array[float]], at_line: array[int], preamble: tuple[str, ...]
) -> Table:
    lines = np.array(at_line, dtype=np.int64)
    raw = {}
    for column, may_lack, store in zip(known, lenient, stores, strict=True):
        numbers = np.array(store, dtype=float)
        bad = ~np.isfinite(numbers)
        if bad.any() and not may_lack:
            held, where = numbers[bad][0], int(lines[int(np.argmax(bad))])
            raise DataError(
                f"column '{column.header}' holds {held}, not a finite number", f"line {where}", "mend or delete this line"
            )
        numbers[bad] = np.nan
        raw[place(column)] = numbers
    kind = kind_of(c.name for c in known)
    return Table(kind or "cycling", known, raw, lines, preamble)
