"""Rows of text -> numbers: the fast way where every cell is a plain number, else row by row with every fault named."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from anodefree.errors import DataError
from anodefree.io.columns import Column, kind_of, understand_row
from anodefree.io.textfile import BLANK, COMMAS, COMMENT, MARKS, MAX_LINE, Split, bounded, number

MAX_ASIDES: Final = 1000
_CLOCK: Final = re.compile(r"^(?:(\d{1,5})d )?\s*(\d{1,6}):(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)$")
_WORDS: Final = re.compile(r"^(?!(?:nan|inf)\b)[^\W\d_]|^[^\w+.-].*[^\W\d_]", re.IGNORECASE)
_DATE: Final = re.compile(
    r"^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[ T]+(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d{1,9})?)(?: ?([AaPp])\.?[Mm]\.?)?$"
)


@dataclass(frozen=True)
class Rows:
    """The numbers of a table in the units of the file, the line of each row, and the lines of text between rows."""

    columns: tuple[Column, ...]
    raw: tuple[np.ndarray, ...]
    lines: np.ndarray
    asides: tuple[tuple[int, str], ...] = ()
    """(index of the row that follows, text) of each line inside the table that is no row."""


def rows_of(
    lines: Sequence[str],
    first: int,
    end: int,
    known: tuple[Column, ...],
    lenient: Sequence[bool],
    split: Split,
    *,
    header: str = "",
    may_end: bool = False,
) -> Rows:
    """Every row from line `first` on. `lenient` columns may have gaps; with `may_end` all columns may end before others do.

    Raises
    ------
    DataError: a cell of a column that is needed is not a finite number, or decimal marks are mixed.
    """
    while end > first and not lines[end - 1].strip(BLANK):
        end -= 1
    if not may_end and not any(c.level for c in known):
        fast = _plain_rows(lines, first, end, known, split)
        if fast is not None:
            return fast
    return _careful_rows(lines, first, end, known, lenient, split, header, may_end=may_end)


def _plain_rows(lines: Sequence[str], first: int, end: int, known: tuple[Column, ...], split: Split) -> Rows | None:
    """The rows, if every line is one and every cell of the columns a finite number; None where a closer look is needed."""
    mark = MARKS.get(split, "")
    if mark == "" or end <= first:
        return None
    body: Sequence[str] = lines[first:end]
    if max(map(len, body)) > MAX_LINE:
        return None
    if mark != "," and any("," in line for line in (body[0], body[-1])):
        if any("." in line for line in body):
            return None
        body = [line.replace(",", ".") for line in body]
    try:
        block = np.loadtxt(
            body, delimiter=mark, usecols=[c.index for c in known], comments=None, ndmin=2, unpack=True, encoding=None
        )
    except (ValueError, IndexError):
        return None
    if block.shape[1] != len(body) or not np.isfinite(block).all():
        return None
    return Rows(known, tuple(np.ascontiguousarray(column) for column in block), np.arange(first + 1, end + 1))


def _careful_rows(
    lines: Sequence[str],
    first: int,
    end: int,
    known: tuple[Column, ...],
    lenient: Sequence[bool],
    split: Split,
    header: str,
    *,
    may_end: bool,
) -> Rows:
    known = _clocks(known, split(lines[first]) if first < end else [])
    stores = [array("d") for _ in known]
    clock = [c.unit == _CLOCK_UNIT for c in known]
    running = list(range(len(known)))
    at_line = array("q")
    asides: list[tuple[int, str]] = []
    comma, points, commas = split is not COMMAS, False, False
    for at in range(first, end):
        line = lines[at]
        if not line.strip(BLANK) or line == header or line.startswith(COMMENT):
            continue
        cells = split(bounded(line, at))
        if may_end and not any(cells[c.index : c.index + 1] != [""] for c in known if c.index < len(cells)):
            break
        if _is_aside(cells, known):
            if _is_another_table(cells, known):
                asides.append((len(at_line), f"a second table begins at line {at + 1}"))
                break
            if len(asides) < MAX_ASIDES:
                asides.append((len(at_line), line[:400]))
            continue
        ended = False
        for k in running:
            index = known[k].index
            try:
                cell = cells[index]
                value = seconds_of(cell) if clock[k] else number(cell, comma=comma)
            except (ValueError, IndexError):
                cell = cells[index] if index < len(cells) else ""
                if lenient[k]:
                    value = np.nan
                elif known[k].level and not cell:
                    ended = True
                    continue
                else:
                    raise bad_cell(cell, known[k], len(cells), at, known) from None
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
    return _finished(known, lenient, stores, at_line, asides)


def _is_aside(cells: Sequence[str], known: Sequence[Column]) -> bool:
    """Whether a line is text: it begins with words, and no cell that is needed is anything but words or empty."""
    filled = [c for c in cells if c]
    needed = [cells[c.index] for c in known if c.index < len(cells) and cells[c.index]]
    return bool(filled) and _WORDS.search(filled[0]) is not None and all(_WORDS.search(c) for c in needed)


def _is_another_table(cells: Sequence[str], known: Sequence[Column]) -> bool:
    found = understand_row(cells)
    return kind_of(c.name for c in found) is not None and not {(c.index, c.name) for c in known} <= {
        (c.index, c.name) for c in understand_row(cells, wanted="polarisation") + found
    }


_CLOCK_UNIT: Final = "h:min:s"


def _clocks(known: tuple[Column, ...], cells: Sequence[str]) -> tuple[Column, ...]:
    """Columns of time whose first cell is written like a clock: their unit is then known."""
    out = []
    for column in known:
        cell = cells[column.index] if column.index < len(cells) else ""
        is_clock = column.name == "time_s" and ":" in cell and _clock_or_none(cell) is not None
        out.append(replace(column, unit=_CLOCK_UNIT, factor=1.0, offset=0.0, known_unit=True) if is_clock else column)
    return tuple(out)


def is_value(cell: str, column: Column, *, comma: bool) -> bool:
    """Whether a cell can be read as a value of this column."""
    try:
        number(cell, comma=comma)
    except ValueError:
        return column.name == "time_s" and _clock_or_none(cell) is not None
    return True


def seconds_of(cell: str) -> float:
    """Seconds from `1d 02:03:04.5`, `26:03:04`, or from a date with a time of day (then since 1970).

    Raises
    ------
    ValueError: it is neither.
    """
    value = _clock_or_none(cell)
    if value is None:
        raise ValueError(cell)
    return value


def _clock_or_none(cell: str) -> float | None:
    text = cell.strip()
    found = _CLOCK.match(text)
    if found:
        days, hours, minutes, seconds = found.groups()
        return 86400.0 * int(days or 0) + 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds.replace(",", "."))
    moment = moment_of(text)
    return None if moment is None else moment.timestamp()


def moment_of(text: str, *, day_first: bool = False) -> datetime | None:
    """A date with a time of day, as instruments write it: 2024-05-31 10:00:00, 05/31/2024 10:00:00.5, 31.05.2024 10:00:00.

    With dots, or where the first number is above 12, the day comes first; else the month, unless `day_first`.
    """
    found = _DATE.match(text.strip()[:40])
    if not found:
        return None
    one, mark, two, three, hour, minute, second, half = found.groups()
    year, month, day = (one, two, three) if len(one) == 4 else (three, one, two)
    if len(one) != 4 and (mark == "." or day_first or int(month) > 12):
        month, day = day, month
    hours = int(hour) % 12 + (12 if half in ("P", "p") else 0) if half else int(hour)
    seconds = float(second.replace(",", "."))
    try:
        years = int(year) + (2000 if len(year) == 2 else 0)
        whole = datetime(years, int(month), int(day), hours, int(minute), int(seconds), tzinfo=UTC)
    except ValueError:
        return None
    return whole.replace(microsecond=round((seconds % 1) * 1e6) % 1_000_000)


def bad_cell(cell: str, column: Column, width: int, at: int, known: Sequence[Column]) -> DataError:
    """The error for a cell that is no number."""
    where = f"line {at + 1}"
    if column.index >= width:
        need = max(c.index for c in known) + 1
        return DataError(
            f"the row has {width} columns, {need} are needed (column '{column.header}' is missing)",
            where,
            "was the export cut short?",
        )
    held = f"holds '{cell[:40]}', not a number" if cell else "is empty"
    several = re.fullmatch(r"[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?", cell[:40])
    hint = "export it without thousands separators" if several else "mend or delete this line"
    return DataError(f"column '{column.header}' {held}", where, hint)


def _stay_ended(cells: Sequence[str], known: Sequence[Column], running: Sequence[int], at: int) -> None:
    for k, column in enumerate(known):
        if k not in running and column.index < len(cells) and cells[column.index]:
            raise DataError(f"column '{column.header}' goes on after an empty cell", f"line {at + 1}", "fill the gap")


def _finished(
    known: tuple[Column, ...],
    lenient: Sequence[bool],
    stores: list[array[float]],
    at_line: array[int],
    asides: list[tuple[int, str]],
) -> Rows:
    lines = np.array(at_line, dtype=np.int64)
    raw = []
    for column, may_lack, store in zip(known, lenient, stores, strict=True):
        numbers = np.array(store, dtype=float)
        bad = ~np.isfinite(numbers)
        if bad.any() and not may_lack:
            held, where = numbers[bad][0], int(lines[int(np.argmax(bad))])
            raise DataError(
                f"column '{column.header}' holds {held}, not a finite number", f"line {where}", "mend or delete this line"
            )
        numbers[bad] = np.nan
        if column.unit == _CLOCK_UNIT and numbers.size and numbers[0] > 1e8:  # dates count from the first
            numbers = numbers - numbers[0]
        raw.append(numbers)
    return Rows(known, tuple(raw), lines, tuple(asides))
