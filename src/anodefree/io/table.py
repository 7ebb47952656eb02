"""A table of numbers inside a text: any delimiter, decimal comma, preamble, units row; every fault named by column and line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.errors import DataError, Unrecognised
from anodefree.io.columns import Column, best_of, kind_of, understand_all, understand_row
from anodefree.io.rows import bad_cell, is_value, rows_of
from anodefree.io.textfile import BLANK, BLANKS, COMMAS, COMMENT, MAX_LINE, SPLITS, Split, bounded, is_number

HEADER_WITHIN: Final = 2000
MAX_CELLS: Final = 2000
# What a kind reads from a table if it is there, and may have gaps; everything else that it reads must be a number in every row.
_LENIENT: Final = {
    "impedance": ("temperature_K", "voltage_V", "time_s", "current_A", "current_density_A_m2"),
    "cycling": ("temperature_K",),
    "polarisation": ("temperature_K", "time_s"),
}
_NO_SPECTRUM: Final = ("frequency_Hz", "Z_re_ohm", "Z_im_ohm", "Z_abs_ohm", "Z_phase_rad", "spectrum")
_UNUSED: Final = {
    "impedance": ("charge_capacity_C", "discharge_capacity_C", "record_cycle"),
    "cycling": _NO_SPECTRUM,
    "polarisation": (*_NO_SPECTRUM, "charge_capacity_C", "discharge_capacity_C"),
}
WANTED: Final = (
    "it needs a header line such as 'frequency/Hz, Z'/ohm, Z''/ohm', 'time/s, voltage/V, current/mA' or "
    "'potential/V, current density/(mA/cm2)'; "
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
    asides: tuple[tuple[int, str], ...] = ()
    """Lines of text inside the table: (index of the row that follows, text)."""
    label: str = ""
    """The name of this series, where a file sets several side by side."""
    split: Split = BLANKS
    """How a line of it comes apart."""

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


def read_table(
    lines: Sequence[str],
    *,
    start: int = 0,
    stop: int | None = None,
    columns: Sequence[str] | None = None,
    wanted: str = "",
) -> Table:
    """The first table between two lines whose header makes up a measurement, of the `wanted` kind if it can.

    `columns` are headers for a text that has none; one that is empty or a dash stands for a column that is left out, which may
    hold words.

    Raises
    ------
    DataError: there is no such table, or a cell of a column that is needed is not a finite number.
    """
    return read_tables(lines, start=start, stop=stop, columns=columns, wanted=wanted)[0]


def read_tables(
    lines: Sequence[str],
    *,
    start: int = 0,
    stop: int | None = None,
    columns: Sequence[str] | None = None,
    wanted: str = "",
) -> list[Table]:
    """As `read_table`, one for each series where a file sets several of the same columns side by side.

    Raises
    ------
    DataError: as `read_table` does.
    """
    end = len(lines) if stop is None else stop
    if columns is not None:
        known = understand_row(columns, wanted=wanted)
        if kind_of((c.name for c in known), wanted) is None:
            raise DataError("the given columns do not make up a measurement", ", ".join(columns), WANTED)
        numeric = _first_row(lines, start, end, columns, known)
        if numeric is None:
            raise DataError(f"no line holds {len(columns)} numbers, as many as columns were given", hint="count its columns")
        first, split = numeric
        return [_table(lines, first, end, _used(known, wanted), split, tuple(lines[start:first]), "", wanted)]
    found = find_header(lines, start, end)
    if found is None:
        raise Unrecognised("no line names the columns of a measurement", hint=WANTED)
    at, cells = found
    side_by_side = _side_by_side(understand_all(cells))
    if side_by_side:
        return _series(lines, at, end, side_by_side, wanted)
    known = _used(understand_row(cells, wanted=wanted), wanted)
    first, split, below = _data_start(lines, at + 1, end, known)
    with_units = understand_row(cells, below, wanted)
    if any(c.unit and c.known_unit and c.unit == below[c.index] for c in with_units if c.index < len(below)):
        known = _used(with_units, wanted)  # else the row below the header is a remark
    return [_table(lines, first, end, known, split, tuple(lines[start:at]), lines[at], wanted)]


def _side_by_side(known: Sequence[Column]) -> list[tuple[Column, ...]]:
    """The columns of each series, where the same headers come again and again in one row; else nothing."""
    headers = [(c.name, c.header.lower()) for c in known]
    for period in range(2, len(headers) // 2 + 1):
        if len(headers) % period == 0 and headers == headers[:period] * (len(headers) // period):
            return [tuple(known[i : i + period]) for i in range(0, len(known), period)]
    return []


def _series(lines: Sequence[str], at: int, end: int, groups: list[tuple[Column, ...]], wanted: str) -> list[Table]:
    """A table for each series; the line above the header may name them."""
    first, split, _ = _data_start(lines, at + 1, end, _used(groups[0], wanted))
    above = split(lines[at - 1]) if at > 0 else []
    out = []
    for number, group in enumerate(groups, start=1):
        stop = groups[number][0].index if number < len(groups) else None
        names = [c for c in above[group[0].index : stop] if c]
        known = _used(best_of(group, wanted), wanted)
        label = names[0][:80] if len(names) == 1 else str(number)
        out.append(_table(lines, first, end, known, split, tuple(lines[:at]), lines[at], wanted, label=label))
    return out


def _table(
    lines: Sequence[str],
    first: int,
    end: int,
    known: tuple[Column, ...],
    split: Split,
    preamble: tuple[str, ...],
    header: str,
    wanted: str,
    *,
    label: str = "",
) -> Table:
    kind = kind_of((c.name for c in known), wanted) or "cycling"
    lenient = [c.name in _LENIENT[kind] for c in known]
    rows = rows_of(lines, first, end, known, lenient, split, header=header, may_end=bool(label))
    if not rows.lines.size:
        raise DataError("its header is followed by no row of numbers", f"line {first}", "was the export cut short?")
    raw = {place(c): values for c, values in zip(rows.columns, rows.raw, strict=True)}
    return Table(kind, rows.columns, raw, rows.lines, preamble, rows.asides, label, split)


def _used(known: Sequence[Column], wanted: str = "") -> tuple[Column, ...]:
    """The columns that a measurement of their kind is made from."""
    names = {c.name for c in known}
    unused: tuple[str, ...] = _UNUSED[kind_of(names, wanted) or "cycling"]
    if {"Z_re_ohm", "Z_im_ohm"} <= names:
        unused += ("Z_abs_ohm", "Z_phase_rad")
    return tuple(c for c in known if c.name not in unused)


def find_header(lines: Sequence[str], start: int, end: int) -> tuple[int, list[str]] | None:
    """The first line whose words make up a measurement, and its cells."""
    for at in range(start, min(end, start + HEADER_WITHIN)):
        line = lines[at].lstrip("#%! ") if lines[at].startswith(COMMENT) else lines[at]
        if not 2 < len(line) <= MAX_LINE or not any(c.isalpha() for c in line[:200]):
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
    need = {c.index: c for c in known if not _lenient(c, known)}
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
            good = [i for i, c in need.items() if is_value(cells[i], c, comma=split is not COMMAS)]
            if len(good) == len(need):
                return at, split, units
            if good:
                half = half or cells
            elif not units:
                units = cells
        if half is not None:
            bad = next(c for c in need.values() if not is_value(half[c.index], c, comma=True))
            raise bad_cell(half[bad.index], bad, len(half), at, known)
        skipped += 1
        if skipped > 10:
            break
    raise DataError("its header is followed by no row of numbers", f"line {start}", "was the export cut short?")


def _lenient(column: Column, known: Sequence[Column]) -> bool:
    return column.name in _LENIENT[kind_of(c.name for c in known) or "cycling"]


def _first_row(
    lines: Sequence[str], start: int, end: int, columns: Sequence[str], known: Sequence[Column]
) -> tuple[int, Split] | None:
    """The first row of as many cells as `columns`, a number in each that has a name, and how to split it."""
    named = [i for i, header in enumerate(columns) if header.strip(" -")]
    quantity = {c.index: c for c in known}
    for at in range(start, min(end, start + HEADER_WITHIN)):
        line = lines[at]
        if not line.strip(BLANK) or len(line) > MAX_LINE:
            continue
        for split in SPLITS:
            cells, comma = split(line), split is not COMMAS
            while len(cells) > len(columns) and not cells[-1]:
                cells.pop()
            if len(cells) == len(columns) and all(
                is_value(cells[i], quantity[i], comma=comma) if i in quantity else is_number(cells[i], comma=comma)
                for i in named
            ):
                return at, split
    return None


def bare_spectrum(lines: Sequence[str]) -> Table:
    """Three columns of numbers without a header, taken as frequency, Z', Z'' where the first can only be a frequency sweep.

    Raises
    ------
    DataError: there are no three columns of numbers, or the first is no sweep.
    """
    numeric = _first_row(lines, 0, len(lines), ("1", "2", "3"), ())
    if numeric is None:
        raise Unrecognised("no line names the columns of a measurement, and it is not three columns of numbers", hint=WANTED)
    first, split = numeric
    known = understand_row(("frequency/Hz", "Z'/ohm", "Z''/ohm"))
    table = _table(lines, first, len(lines), known, split, tuple(lines[:first]), "", "impedance")
    if not _is_sweep(table.raw["frequency_Hz"]):
        raise Unrecognised("it has three columns without a header, and the first is not a frequency sweep", hint=WANTED)
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
