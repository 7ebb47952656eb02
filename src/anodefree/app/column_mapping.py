"""Columns of an unknown text table -> the headers that `read(..., columns=...)` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from anodefree.app.project import Project
from anodefree.app.reading import names, options, tell
from anodefree.errors import AnodefreeError, ConfigError, DataError
from anodefree.io.columns import understand
from anodefree.io.textfile import BLANK, COMMAS, GAPS, MAX_LINE, SEMICOLONS, SPLITS, TABS, Split, is_number, lines_of

LEFT_OUT: Final = ""
MOST_COLUMNS: Final = 60
SHOWN_ROWS: Final = 8
WITHIN: Final = 2000

KINDS: Final = {"impedance": "impedance spectra", "cycling": "galvanostatic cycling", "polarisation": "polarisation curves"}
"""The kinds that a table of plain text can be."""

_OHM: Final = ("ohm", "kohm", "Mohm", "mohm")
_CHARGE: Final = ("mAh", "Ah", "uAh", "C")
QUANTITIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "frequency": ("frequency", ("Hz", "kHz", "MHz", "mHz", "rad/s")),
    "Z'": ("Z' (real part)", _OHM),
    "Z''": ("Z'' (imaginary part, negative for a capacitance)", _OHM),
    "-Z''": ("-Z'' (imaginary part with its sign turned)", _OHM),
    "|Z|": ("|Z| (magnitude)", _OHM),
    "phase": ("phase", ("deg", "rad")),
    "-phase": ("-phase (with its sign turned)", ("deg", "rad")),
    "time": ("time", ("s", "min", "h", "d", "ms")),
    "voltage": ("voltage or potential", ("V", "mV")),
    "overpotential": ("overpotential", ("V", "mV")),
    "current": ("current", ("A", "mA", "uA", "nA", "pA")),
    "current density": ("current density", ("A/m2", "mA/m2", "A/cm2", "mA/cm2", "uA/cm2", "nA/cm2")),
    "charge capacity": ("charge capacity", _CHARGE),
    "discharge capacity": ("discharge capacity", _CHARGE),
    "temperature": ("temperature", ("degC", "K")),
    "cycle": ("number of the cycle", ()),
    "spectrum": ("number of the spectrum", ()),
}
"""Word of a header -> what a person reads, and the units to choose from; each is one that `io.columns` understands."""


@dataclass(frozen=True)
class Choice:
    """What one column is: a word of `QUANTITIES` and its unit, or left out."""

    quantity: str = LEFT_OUT
    unit: str = ""

    @property
    def header(self) -> str:
        """The header as the reader takes it; empty for a column that is left out."""
        return f"{self.quantity}/{self.unit}" if self.unit and self.quantity else self.quantity


@dataclass(frozen=True)
class Peek:
    """The first rows of a text table, and how its lines come apart."""

    header: tuple[str, ...]
    """The cells above the numbers; empty where nothing stands there."""
    rows: tuple[tuple[str, ...], ...]
    above: tuple[str, ...]
    """The lines above the numbers."""
    delimiter: str
    decimal: str
    guess: tuple[Choice, ...]

    @property
    def signature(self) -> tuple[object, ...]:
        """Equal for tables whose columns are the same: the header, the delimiter, and the number of columns."""
        return (self.header, self.delimiter, len(self.rows[0]))


def peek(path: Path) -> Peek:
    """The first rows of numbers of a text, as the reader splits them.

    Raises
    ------
    DataError: it is no text, or no line of it holds two numbers or more.
    """
    lines = lines_of(path)
    at, split, width = _first_row(lines, path)
    rows = tuple(tuple(row) for row in islice((c for c in map(split, lines[at : at + WITHIN]) if len(c) == width), SHOWN_ROWS))
    above = tuple(line.strip() for line in lines[:at] if line.strip(BLANK))
    header = _header(above, split, width)
    decimal = "," if split is not COMMAS and any("," in c and is_number(c, comma=True) for r in rows for c in r) else "."
    names = {TABS: "tab", SEMICOLONS: "semicolon", COMMAS: "comma", GAPS: "gaps of blanks"}
    guess = tuple(_guess(header[i]) if i < len(header) else Choice() for i in range(width))
    return Peek(header, rows, above[-6:], names.get(split, "blanks"), decimal, guess)


def _first_row(lines: Sequence[str], path: Path) -> tuple[int, Split, int]:
    """The first line that begins a run of rows of one width with two numbers or more, and how it comes apart."""
    for at, line in enumerate(lines[:WITHIN]):
        if not line.strip(BLANK) or len(line) > MAX_LINE:
            continue
        for split in SPLITS:
            cells = split(line)
            numbers = sum(is_number(c, comma=split is not COMMAS) for c in cells)
            if 2 <= numbers >= len(cells) / 2 and len(cells) <= MOST_COLUMNS and _goes_on(lines, at, split, len(cells)):
                return at, split, len(cells)
    raise DataError("holds no rows of two numbers or more", path.name, "is it a table? Export it with its numbers as CSV")


def _goes_on(lines: Sequence[str], at: int, split: Split, width: int) -> bool:
    """Whether the next line, if there is one, has as many cells: a count in a heading is no row."""
    following = next((line for line in lines[at + 1 : at + 20] if line.strip(BLANK)), None)
    return following is None or len(split(following)) == width


def _header(above: Sequence[str], split: Split, width: int) -> tuple[str, ...]:
    """The nearest line above the numbers that has as many cells and some words."""
    for line in reversed(above[-5:]):
        cells = [c.strip().strip('"') for c in split(line.lstrip("#%! "))]
        if len(cells) == width and any(any(ch.isalpha() for ch in c) for c in cells):
            return tuple(c[:60] for c in cells)
    return ()


def _guess(header: str) -> Choice:
    """What a header says by itself."""
    column = understand(header)
    if column is None:
        return Choice()
    for quantity, (_, units) in QUANTITIES.items():
        for unit in units or ("",):
            same = understand(Choice(quantity, unit).header)
            if same is None or same.name != column.name:
                continue
            if column.unit is None and column.name not in ("cycle", "spectrum"):
                return Choice(quantity, units[0] if len(units) == 1 else "")
            if (same.factor, same.offset) == (column.factor, column.offset):
                return Choice(quantity, unit)
    return Choice()


def to_columns(choices: Sequence[Choice]) -> list[str]:
    """The option `columns` that says the same.

    Raises
    ------
    ConfigError: a quantity lacks its unit, is unknown, or is given twice.
    """
    for index, choice in enumerate(choices, start=1):
        if choice.quantity and choice.quantity not in QUANTITIES:
            raise ConfigError(f"'{choice.quantity}' is no quantity known here", f"column {index}", "choose one of the list")
        units = QUANTITIES[choice.quantity][1] if choice.quantity else ()
        if units and choice.unit not in units:
            raise ConfigError(f"{choice.quantity} needs a unit", f"column {index}", "choose one of " + ", ".join(units))
    named = [c.quantity.lstrip("-") for c in choices if c.quantity]
    twice = next((n for n in named if named.count(n) > 1), None)
    if twice:
        raise ConfigError(f"two columns are given as {twice}", hint="leave one of them out")
    if not named:
        raise ConfigError("no column is named yet", hint="say what at least two columns are")
    return [c.header for c in choices]


def from_columns(columns: Sequence[str] | str) -> list[Choice]:
    """The choices that an option `columns` stands for."""
    headers = columns.split(",") if isinstance(columns, str) else columns
    out = []
    for header in (h.strip() for h in headers):
        word = next((q for q, (_, units) in QUANTITIES.items() if header in (q, *(f"{q}/{u}" for u in units))), None)
        out.append(_guess(header) if word is None else Choice(word, header[len(word) + 1 :]))
    return out


def mapping(choices: Sequence[Choice], kind: str) -> dict[str, Any]:
    """The options of a file whose columns were named by hand: what `read(path, **options)` takes.

    Raises
    ------
    ConfigError: as `to_columns` does, or the kind is none that a table can be.
    """
    if kind and kind not in KINDS:
        raise ConfigError(f"a table cannot be read as {kind}", hint="choose one of " + ", ".join(KINDS))
    return {"columns": to_columns(choices), **({"kind": kind} if kind else {})}


def alike(project: Project, name: str) -> list[str]:
    """Other text tables of the project with the same header, whose columns nobody has named yet."""
    own = peek(project.file(name)).signature
    told = options(project)
    out = []
    for other in names(project):
        if other == name or "columns" in told.get(other, {}) or "format" in told.get(other, {}):
            continue
        try:
            if peek(project.file(other)).signature == own:
                out.append(other)
        except (AnodefreeError, OSError):
            continue
    return out


def apply(project: Project, names: Sequence[str], mapped: Mapping[str, Any]) -> None:
    """Keep a mapping for these files, beside the metadata that was told of each."""
    for name in names:
        kept = {k: v for k, v in options(project).get(name, {}).items() if k not in ("kind", "format", "columns", "series")}
        tell(project, name, {**mapped, **kept})
