"""VAMAS (ISO 14976): the blocks of a file as plain numbers, regular or irregular, and what CasaXPS wrote into comments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np

from anodefree.errors import DataError, Unrecognised

IDENTIFIER: Final = "VAMAS Surface Chemical Analysis Standard Data Transfer Format"
NOT_KNOWN: Final = 1e36
"""The standard writes 1E37 for what is not known."""
_MAX_LISTED: Final = 10_000
"""More blocks, variables or comment lines than a file of an instrument has."""
_MAPS: Final = ("MAP", "MAPDP")
_WITH_REGIONS: Final = ("MAP", "MAPDP", "NORM", "SDP")
_PROFILES: Final = ("MAPDP", "MAPSVDP", "SDP", "SDPSV")
_SCANNED: Final = ("MAPSV", "MAPSVDP", "SEM")
_BY_IONS: Final = ("FABMS", "FABMS energy spec", "ISS", "SIMS", "SIMS energy spec", "SNMS", "SNMS energy spec")
_BY_LIGHT: Final = ("AES diff", "AES dir", "EDX", "ELS", "UPS", "XPS", "XRF")
_MODES: Final = ("MAP", "MAPDP", "MAPSV", "MAPSVDP", "NORM", "SDP", "SDPSV", "SEM", "NOEXP")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Block:
    """One spectrum: its labels, its settings (NaN where not known), and its columns in the order of the file."""

    name: str
    sample: str
    started: str
    comments: tuple[str, ...]
    technique: str
    variables: dict[str, float]
    source: str
    photon_energy_eV: float
    analyser_mode: str
    pass_energy_eV: float
    work_function_eV: float
    species: str
    transition: str
    abscissa: str
    abscissa_unit: str
    columns: dict[str, np.ndarray] = field(repr=False)
    units: dict[str, str]
    signal_mode: str
    collection_time_s: float
    scans: int
    parameters: dict[str, float]


@dataclass(frozen=True)
class Vamas:
    """What a file says of itself, and its blocks."""

    instrument: str
    mode: str
    comments: tuple[str, ...]
    blocks: tuple[Block, ...]


class _Cursor:
    """The lines of a file, taken one after the other."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines, self.at = lines, 0

    def text(self) -> str:
        if self.at >= len(self.lines):
            raise DataError("ends in the middle of a block", f"line {self.at}", "was the export cut short?")
        self.at += 1
        return self.lines[self.at - 1].strip()

    def number(self) -> float:
        """A number; NaN where the standard's sign for 'not known' stands."""
        line = self.text()
        try:
            value = float(line)
        except ValueError:
            raise self.wrong(f"holds '{line[:40]}' where a number is due") from None
        if not math.isfinite(value):
            raise self.wrong(f"holds '{line[:40]}' where a finite number is due")
        return value if abs(value) < NOT_KNOWN else math.nan

    def count(self, what: str, most: int = _MAX_LISTED) -> int:
        """How many of something follow; never more than there are lines."""
        value = self.number()
        if not (value == int(value) if math.isfinite(value) else False) or not 0 <= value <= most:
            raise self.wrong(f"says that there are {value:g} {what}")
        if value > len(self.lines) - self.at + 1:
            raise self.wrong(f"announces {value:.0f} {what}, more than the lines that follow")
        return int(value)

    def several(self, count: int, take: Callable[[], Value]) -> tuple[Value, ...]:
        return tuple(take() for _ in range(count))

    def skip(self, count: int) -> None:
        for _ in range(count):
            self.text()

    def wrong(self, what: str) -> DataError:
        return DataError(what, f"line {self.at}", "is it a VAMAS file (ISO 14976), and whole?")


@dataclass(frozen=True)
class _Layout:
    """What the head says about the form of the blocks."""

    mode: str
    regular: bool
    variables: tuple[str, ...]
    upgrades: int


def parse(lines: Sequence[str]) -> Vamas:
    """The head and every block of a VAMAS file.

    Raises
    ------
    Unrecognised: its first line that is not blank is not the standard's. DataError: a line is not what is due there.
    """
    cursor = _Cursor(lines)
    while cursor.at < len(lines) and not lines[cursor.at].strip():  # Kratos begins with two blank lines
        cursor.at += 1
    if cursor.at >= len(lines) or not lines[cursor.at].strip().startswith(IDENTIFIER):
        raise Unrecognised("does not begin with the identifier of VAMAS", "line 1")
    cursor.text()
    cursor.text()  # institution
    instrument = cursor.text()
    cursor.skip(2)  # operator, experiment
    comments = cursor.several(cursor.count("lines of comment"), cursor.text)
    mode, scan = cursor.text().upper(), cursor.text().upper()
    if mode not in _MODES:
        raise cursor.wrong(f"names the unknown mode of experiment '{mode[:20]}'")
    if scan not in ("REGULAR", "IRREGULAR"):
        raise cursor.wrong(f"names the mode of scanning '{scan[:20]}'; only REGULAR and IRREGULAR hold spectra")
    if mode in _WITH_REGIONS:
        cursor.number()
    if mode in _MAPS:
        cursor.skip(3)
    pairs = cursor.several(cursor.count("experimental variables"), lambda: (cursor.text(), cursor.text()))
    cursor.skip(abs(_listed(cursor)))  # which items a block repeats: exporters write all, and 0 here
    cursor.skip(cursor.count("manually entered items"))
    upgrades, block_upgrades = cursor.count("upgrades"), cursor.count("upgrades of a block")
    cursor.skip(upgrades)
    layout = _Layout(mode, scan == "REGULAR", tuple(f"{name} [{unit}]" for name, unit in pairs), block_upgrades)
    blocks = cursor.several(cursor.count("blocks"), lambda: _block(cursor, layout))
    if not blocks:
        raise DataError("holds no block", f"line {cursor.at}", "was the export empty?")
    return Vamas(instrument, mode, comments, blocks)


def _listed(cursor: _Cursor) -> int:
    value = cursor.number()
    if value != 0:
        raise cursor.wrong("leaves parts of its blocks out (an inclusion list), which no known exporter does")
    return 0


def _block(cursor: _Cursor, layout: _Layout) -> Block:
    name, sample = cursor.text(), cursor.text()
    started = _moment(cursor.several(6, cursor.number))
    cursor.number()  # hours from Greenwich
    comments = cursor.several(cursor.count("lines of comment"), cursor.text)
    technique = cursor.text()
    if layout.mode in _MAPS:
        cursor.skip(2)
    variables = {label: cursor.number() for label in layout.variables}
    source = cursor.text()
    if layout.mode in _PROFILES or technique in _BY_IONS:
        cursor.skip(3)
    photon = cursor.number()
    cursor.skip(3)  # strength, width of the beam
    if layout.mode in (*_MAPS, *_SCANNED):
        cursor.skip(2)
    if layout.mode in _SCANNED:
        cursor.skip(6)
    cursor.skip(2)  # where the source stands
    analyser, pass_energy = cursor.text(), cursor.number()
    if technique == "AES diff":
        cursor.skip(1)
    cursor.skip(1)
    work_function = cursor.number()
    cursor.skip(5)  # bias, width of the analysed spot, take-off angles
    species, transition = cursor.text(), cursor.text()
    cursor.number()  # charge of the particle
    start = step = math.nan
    abscissa = unit = ""
    if layout.regular:
        abscissa, unit, start, step = cursor.text(), cursor.text(), cursor.number(), cursor.number()
    names = cursor.several(cursor.count("columns", 64), lambda: (cursor.text(), cursor.text()))
    signal = cursor.text()
    collection, scans = cursor.number(), cursor.number()
    cursor.number()
    if layout.mode in _PROFILES and technique in _BY_LIGHT:
        cursor.skip(7)
    cursor.skip(3)
    parameters = cursor.several(cursor.count("additional parameters"), lambda: (cursor.text(), cursor.text(), cursor.number()))
    cursor.skip(layout.upgrades)
    columns = _columns(cursor, [n for n, _ in names], start, step, abscissa)
    units = dict(names)
    if not layout.regular and names:
        abscissa, unit = names[0]
    return Block(
        name=name,
        sample=sample,
        started=started,
        comments=comments,
        technique=technique,
        variables=variables,
        source=source,
        photon_energy_eV=photon,
        analyser_mode=analyser,
        pass_energy_eV=pass_energy,
        work_function_eV=work_function,
        species=species,
        transition=transition,
        abscissa=abscissa,
        abscissa_unit=unit,
        columns=columns,
        units=units,
        signal_mode=signal,
        collection_time_s=collection,
        scans=int(scans) if math.isfinite(scans) and 1 <= scans < 1e9 else 1,
        parameters={label: value for label, _, value in parameters},
    )


def _columns(cursor: _Cursor, names: Sequence[str], start: float, step: float, abscissa: str) -> dict[str, np.ndarray]:
    """The columns by name; with the abscissa in front where a start and a step give it."""
    if not names:
        raise cursor.wrong("names no column of a block")
    total = cursor.count("values", len(cursor.lines))
    cursor.skip(2 * len(names))  # least and largest of each
    if total == 0 or total % len(names):
        raise cursor.wrong(f"announces {total} values for {len(names)} columns")
    values = np.array(cursor.several(total, cursor.number)).reshape(-1, len(names))
    columns: dict[str, np.ndarray] = {}
    if abscissa:
        if not (math.isfinite(start) and math.isfinite(step)):
            raise cursor.wrong("states no start or step of its abscissa")
        columns[abscissa] = start + step * np.arange(len(values))
    for index, name in enumerate(names):
        columns[name if name not in columns else f"{name} ({index + 1})"] = values[:, index]
    return columns


def _moment(parts: tuple[float, ...]) -> str:
    """The moment as the head of a block states it; empty where it is no date."""
    if not all(math.isfinite(p) and p >= 0 for p in parts) or not 1900 < parts[0] < 2200 or not 1 <= parts[1] <= 12:
        return ""
    year, month, day, hour, minute, second = (int(p) for p in parts)
    return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
