"""The table of samples as a person edits it: pasted from a spreadsheet, every wrong cell said, kept as `--samples` reads it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anodefree.core.arrays import write_text
from anodefree.core.units import convert, parse
from anodefree.errors import AnodefreeError, ConfigError, DataError
from anodefree.io.samples import NAMES, sample_of
from anodefree.io.textfile import lines_of

MOST_ROWS: Final = 2000
MOST_COLUMNS: Final = 40
MOST_TEXT: Final = 200


@dataclass(frozen=True)
class Column:
    """One column: what it states (as `io.samples` names it, or its own words), its title, and the unit of its numbers."""

    key: str
    title: str
    unit: str = ""

    @property
    def si(self) -> str:
        """The SI unit of a column that needs one; empty for texts and ratios."""
        return _UNITS[self.key][0] if self.key in _UNITS else ""

    @property
    def units(self) -> tuple[str, ...]:
        """The units to choose from, in which its numbers may be."""
        return _UNITS[self.key][1] if self.key in _UNITS else ()

    @property
    def header(self) -> str:
        """The header as `io.samples` reads it."""
        return f"{self.title} / {self.unit}" if self.unit else self.title


_UNITS: Final = {
    "active_mass_kg": ("kg", ("mg", "ug", "g", "kg")),
    "area_m2": ("m2", ("cm2", "mm2", "m2")),
    "temperature_K": ("K", ("degC", "K")),
}
STANDARD: Final = (
    Column("file", "name"),
    Column("active_mass_kg", "mass", "mg"),
    Column("area_m2", "area", "cm2"),
    Column("np_ratio", "N/P"),
    Column("temperature_K", "temperature", "degC"),
    Column("group", "group"),
)
_ALSO: Final = {
    **dict.fromkeys(("sample name", "sample id", "cell name", "cell id", "filename", "file name", "id"), "file"),
    **dict.fromkeys(("active material", "active material mass", "electrode mass", "weight"), "active_mass_kg"),
    **dict.fromkeys(("electrode area",), "area_m2"),
    **dict.fromkeys(("temp",), "temperature_K"),
    **dict.fromkeys(("n:p", "n/p ratio", "n to p"), "np_ratio"),
    **dict.fromkeys(("batch", "series"), "group"),
}
"""Further words of spreadsheets, which are written to the file as the word that `--samples` knows."""
_SPELLING: Final = str.maketrans({"²": "2", "µ": "u", "μ": "u", "^": None, "°": None, "\xa0": " "})
_BRACKET: Final = re.compile(r"^(?P<word>[^\[\](]+?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]$")
_SLASH: Final = re.compile(r"^(?P<word>[^/]+?)\s*/\s*(?P<unit>\S+)$")
_WITH_UNIT: Final = re.compile(r"^\s*(?P<value>[-+]?[\d.,]+(?:[eE][-+]?\d+)?)\s*(?P<unit>[A-Za-zµμ°²^][\w°²^]*)\s*$")
_DECIMAL_COMMA: Final = re.compile(r"^\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*$")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell; a whole column's fault has no row."""

    row: int | None
    column: int
    sentence: str


@dataclass(frozen=True)
class Table:
    """Columns and rows of text, exactly as shown."""

    columns: tuple[Column, ...] = STANDARD
    rows: tuple[tuple[str, ...], ...] = ()

    def with_cell(self, row: int, column: int, text: str) -> Table:
        """The table with one cell changed; a unit written in it is turned into that of the column."""
        cell = _plain(text, self.columns[column], commas=True)
        rows = list(self.rows)
        rows[row] = (*rows[row][:column], cell, *rows[row][column + 1 :])
        return replace(self, rows=tuple(rows))

    def with_unit(self, column: int, unit: str) -> Table:
        """The table with the unit of a column stated otherwise; its numbers stay as they are."""
        changed = replace(self.columns[column], unit=unit)
        return replace(self, columns=(*self.columns[:column], changed, *self.columns[column + 1 :]))

    def with_row(self, name: str = "") -> Table:
        """The table with one more row."""
        at = self.at("file")
        row = tuple(name if i == at else "" for i in range(len(self.columns)))
        return replace(self, rows=(*self.rows, row))

    def without(self, rows: Iterable[int]) -> Table:
        """The table without those rows."""
        gone = set(rows)
        return replace(self, rows=tuple(r for i, r in enumerate(self.rows) if i not in gone))

    def at(self, key: str) -> int:
        """The place of a column."""
        return next(i for i, c in enumerate(self.columns) if c.key == key)

    def names(self) -> list[str]:
        """The name of each row."""
        at = self.at("file")
        return [row[at] for row in self.rows]

    def faults(self) -> list[Fault]:
        """Everything wrong, cell by cell; a row that is wholly empty is no fault, it is not kept."""
        out = [Fault(None, i, _no_unit(c)) for i, c in enumerate(self.columns) if c.si and not c.unit and self._used(i)]
        names, at = self.names(), self.at("file")
        for r, row in enumerate(self.rows):
            if not any(row):
                continue
            if not row[at]:
                out.append(Fault(r, at, "the name is missing"))
            elif names.index(row[at]) < r:
                out.append(Fault(r, at, f"'{row[at]}' is named twice"))
            out += [Fault(r, i, said) for i, c in enumerate(self.columns) if row[i] and (said := _wrong(row[i], c))]
        return out

    def _used(self, column: int) -> bool:
        return any(row[column] for row in self.rows)


def pasted(text: str) -> Table:
    """A table from what a spreadsheet puts on the clipboard, or from CSV: tab, semicolon or comma, units in its headers.

    Raises
    ------
    DataError: there is no header that names the samples, or no row.
    """
    return _table([line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()])


def load(path: Path) -> Table:
    """The table that a project keeps; an empty one where there is none.

    Raises
    ------
    DataError: the file is no table of samples.
    """
    if not path.is_file():
        return Table()
    lines = [line for line in lines_of(path) if line.strip() and not line.lstrip().startswith("#")]
    return _table(lines, may_be_empty=True) if lines else Table()


def save(table: Table, path: Path) -> None:
    """Write the table as `read_samples` reads it; rows that are wholly empty and columns that nobody uses are not kept.

    Raises
    ------
    ConfigError: a cell is wrong; nothing is written.
    """
    faults = table.faults()
    if faults:
        raise ConfigError(spelled(faults[0], table), hint="mend the cell, or empty it; nothing was saved")
    keep = [i for i, c in enumerate(table.columns) if table._used(i) or c.unit or (c in STANDARD and not c.si)]
    rows = [[row[i] for i in keep] for row in table.rows if any(row)]
    lines = [[table.columns[i].header for i in keep], *rows]
    write_text(path, "".join(",".join(map(_quoted, line)) + "\n" for line in lines))


def spelled(fault: Fault, table: Table) -> str:
    """A fault with the place where it is."""
    where = f"column {table.columns[fault.column].title}"
    return f"{where}: {fault.sentence}" if fault.row is None else f"row {fault.row + 1}, {where}: {fault.sentence}"


def files_of(table: Table, files: Sequence[str]) -> list[list[str]]:
    """The files that each row names, by the rule of `--samples`: with or without the suffix, or up to the first full stop."""
    rows: dict[str, list[str]] = {name: [] for name in table.names() if name}
    told = {name: {"file": name} for name in rows}
    for file in files:
        try:
            rows[sample_of(told, Path(file))["file"]].append(file)
        except ConfigError:
            continue
    return [rows.get(name, []) for name in table.names()]


def without_sample(table: Table, files: Sequence[str]) -> list[str]:
    """The files that no row names."""
    named = {f for found in files_of(table, files) for f in found}
    return [f for f in files if f not in named]


def _table(lines: Sequence[str], *, may_be_empty: bool = False) -> Table:
    hint = "its first line names the columns: name, mass (mg), area (cm2), N/P, temperature (degC), group"
    if not lines or (len(lines) < 2 and not may_be_empty):
        raise DataError("is no table of samples: it needs a header line and one line for each sample", hint=hint)
    if len(lines) > MOST_ROWS + 1:
        raise DataError(f"has more than {MOST_ROWS} lines", hint="is it a table of samples?")
    mark = "\t" if "\t" in lines[0] else max((";", ","), key=lines[0].count)
    cells = [[" ".join(c.split())[:MOST_TEXT] for c in row] for row in csv.reader(lines, delimiter=mark)]
    columns = [_column(c) for c in cells[0]]
    while columns and columns[-1].title == "" and not any(len(r) >= len(columns) and r[len(columns) - 1] for r in cells[1:]):
        columns.pop()
    if len(columns) > MOST_COLUMNS:
        raise DataError(f"has {len(columns)} columns, more than {MOST_COLUMNS}", hint=hint)
    keys = [c.key for c in columns]
    if "file" not in keys:
        raise DataError("no column names the samples", hint="call one of its columns name, sample, cell or file")
    twice = next((c.title for i, c in enumerate(columns) if c.key in keys[:i]), None)
    if twice is not None:
        raise DataError(f"two columns state the same ('{twice}')", hint="leave one of them out")
    columns = [_with_unit_of_cells(c, [r[i] for r in cells[1:] if i < len(r)]) for i, c in enumerate(columns)]
    whole = [*columns, *(c for c in STANDARD if c.key not in keys)]
    order = sorted(range(len(whole)), key=lambda i: _rank(whole[i]))
    rows = [
        tuple(_plain(row[i], whole[i], commas=mark != ",") if i < len(row) else "" for i in order)
        for row in cells[1:]
        if any(row)
    ]
    return Table(tuple(whole[i] for i in order), tuple(rows))


def _rank(column: Column) -> int:
    known = [c.key for c in STANDARD]
    return known.index(column.key) if column.key in known else len(known)


def _column(header: str) -> Column:
    """A column from its header: `mass (mg)`, `mass / mg`, `Mass [mg]`, `area/cm²`, `N/P`, or any other words."""
    text = re.sub(r"[;,\t\"]+", " ", header).strip().lstrip("#").strip()
    key = _key(text)
    if key:
        return Column(key, _title(key))
    for pattern in (_BRACKET, _SLASH):
        found = pattern.match(text)
        key = _key(found["word"]) if found else ""
        if found and key:
            return Column(key, _title(key), _unit(found["unit"], key) if key in _UNITS else "")
    return Column(text.lower() or "unnamed", text)


def _key(word: str) -> str:
    plain = word.strip().lower().replace("_", " ")
    return NAMES.get(plain, _ALSO.get(plain, ""))


def _title(key: str) -> str:
    return next(c.title for c in STANDARD if c.key == key)


def _unit(text: str, key: str) -> str:
    """A unit as the package spells it: `cm²` and `cm^2` are cm2, `°C` and `C` are degC."""
    plain = text.strip().translate(_SPELLING).replace(" ", "")
    if key == "temperature_K" and plain.lower() in ("c", "degc", "deg", "celsius", "℃"):
        return "degC"
    return next((u for u in _UNITS[key][1] if u.lower() == plain.lower()), plain)


def _with_unit_of_cells(column: Column, cells: Sequence[str]) -> Column:
    """A column whose header states no unit takes the one that its first cell states."""
    if not column.si or column.unit:
        return column
    first = next((found for cell in cells if (found := _WITH_UNIT.match(cell))), None)
    return replace(column, unit=_unit(first["unit"], column.key)) if first else column


def _plain(cell: str, column: Column, *, commas: bool) -> str:
    """A cell as it is kept: a number with a full stop, in the unit of its column."""
    text = " ".join(cell.split())[:MOST_TEXT]
    if not column.si and column.key != "np_ratio":
        return text
    if commas and _DECIMAL_COMMA.match(text):
        text = text.replace(",", ".")
    found = _WITH_UNIT.match(text) if column.si and column.unit else None
    if found is None:
        return text
    value, unit = found["value"].replace(",", "."), _unit(found["unit"], column.key)
    try:
        return value if unit == column.unit else f"{convert(float(value), unit, column.unit):.12g}"
    except (AnodefreeError, ValueError):
        return text


def _no_unit(column: Column) -> str:
    return f"it states no unit: choose {', '.join(column.units[:-1])} or {column.units[-1]}"


def _wrong(cell: str, column: Column) -> str:
    """What is wrong with a cell; empty where nothing is."""
    if not (column.si or column.key == "np_ratio"):
        return ""
    try:
        bare = float(cell.replace("_", "x"))
    except ValueError:
        return f"'{cell[:30]}' is no number"
    try:
        value = parse(f"{bare!r} {column.unit}", column.si)[0] if column.si and column.unit else bare
    except AnodefreeError as error:
        return error.what
    if not value > 0 or value == float("inf"):
        return f"'{cell[:30]}' must be more than 0" + (" K" if column.key == "temperature_K" else "")
    return ""


def _quoted(cell: str) -> str:
    special = any(c in cell for c in ',;"\t') or cell.startswith("#")
    return '"' + cell.replace('"', '""') + '"' if special else cell
