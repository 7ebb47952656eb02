"""Header words of instrument files -> our names and SI: `-Im(Z)/Ohm`, `Zs''[ohm]`, `test_time_second`, `ΔE (V)`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from anodefree.core.units import bare
from anodefree.errors import DataError

MAX_HEADER: Final = 80

OVERPOTENTIAL: Final = ("overpotential", "η", "eta")
"""Words that say that a potential counts from equilibrium."""

_MOMENTS: Final = ("absolutetime", "realtime", "datetime", "date", "systime", "timestamp")
"""Words for a date with a time of day: the last choice for a time."""

# What a column is -> the words exporters use for it, in lower case without blanks, underscores and dots; the best word first.
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "frequency_Hz": ("frequency", "freq", "f", "frequencies"),
    "Z_re_ohm": ("z'", "zre", "zs'", "re(z)", "zreal", "real(z)", "real", "rez", "zr", "re", "z1"),
    "Z_im_ohm": ("z''", "zim", "zs''", "im(z)", "zimag", "zimg", "imag(z)", "imag", "imz", "zi", "im", "imaginary", "z2"),
    "Z_abs_ohm": ("|z|", "zmod", "mod(z)", "abs(z)", "zabs", "magnitude", "z", "impedance"),
    "Z_phase_rad": ("phase(z)", "zphz", "phase", "theta(z)", "theta", "phi", "arg(z)"),
    "time_s": ("testtime", "totaltime", "elapsedtime", "time", "test", "runtime", "t", "测试时间", *_MOMENTS),
    "voltage_V": (
        *("voltage", "ecell", "cellvoltage", "δe", "potential", "ewe-ece", "vf", "vdc", "edc", "ewe", "v", "e", "u"),
        *("volts", "we(1)potential", "wepotential", *OVERPOTENTIAL, "workingelectrode", "potentialapplied", "电压"),
    ),
    "current_A": ("current", "i", "im", "testcurrent", "amps", "we(1)current", "wecurrent", "i1", "cur", "电流"),
    "current_density_A_m2": ("currentdensity", "j", "current", "i", "jgeo"),
    "charge_capacity_C": (
        "chargecapacity",
        "chargingcapacity",
        "qcharge",
        "chargecap",
        "chgcap",
        "capacitycharge",
        "capacitancechg",
    ),
    "discharge_capacity_C": (
        "dischargecapacity",
        "dischargingcapacity",
        "qdischarge",
        "dischargecap",
        "dchgcap",
        "capacitydischarge",
        "capacitancedchg",
    ),
    "temperature_K": ("temperature", "temp", "t", "celltemperature", "ambienttemperature"),
    "cycle": (
        *("cycleindex", "cyclenumber", "cyclecount", "cycle", "cycleno", "cycleid", "cyc#", "cycle#", "cyc", "cyclec"),
        *("scan", "scannumber", "scan#", "cycle-index", "cycleno", "循环序号"),
    ),
    "record_cycle": ("recordcycle",),
    "spectrum": ("spectrum", "spectrumnumber", "spectrumindex"),
}

_BY_WORD: Final = {
    word: tuple((name, words.index(word)) for name, words in _WORDS.items() if word in words)
    for word in {word for words in _WORDS.values() for word in words}
}
_DROPPED: Final = {ord(c): None for c in " _.<>*\t"}

_LENGTH_OF_TIME: Final = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "ms": 1e-3,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
}
# Unit in lower case -> (factor, offset) to SI. Where case tells milli from mega, the exact spelling is listed.
_UNITS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "frequency_Hz": {
        "hz": (1.0, 0.0),
        "hertz": (1.0, 0.0),
        "khz": (1e3, 0.0),
        "MHz": (1e6, 0.0),
        "mHz": (1e-3, 0.0),
        "rad/s": (1 / (2 * math.pi), 0.0),
    },
    "_ohm": {
        "ohm": (1.0, 0.0),
        "ω": (1.0, 0.0),
        "a": (1.0, 0.0),  # ZPlot calls its columns Z'(a) and Z''(b)
        "b": (1.0, 0.0),
        "kohm": (1e3, 0.0),
        "kω": (1e3, 0.0),
        "MOhm": (1e6, 0.0),
        "Mohm": (1e6, 0.0),
        "MΩ": (1e6, 0.0),
        "mOhm": (1e-3, 0.0),
        "mohm": (1e-3, 0.0),
        "mΩ": (1e-3, 0.0),
    },
    "Z_phase_rad": {"deg": (math.pi / 180, 0.0), "degree": (math.pi / 180, 0.0), "°": (math.pi / 180, 0.0), "rad": (1.0, 0.0)},
    "time_s": {k: (v, 0.0) for k, v in {**_LENGTH_OF_TIME, "hour": 3600.0, "d": 86400.0, "day": 86400.0}.items()},
    "voltage_V": {"v": (1.0, 0.0), "volt": (1.0, 0.0), "mv": (1e-3, 0.0), "millivolt": (1e-3, 0.0)},
    "current_density_A_m2": {
        "A/m2": (1.0, 0.0),
        "mA/m2": (1e-3, 0.0),
        "A/cm2": (1e4, 0.0),
        "mA/cm2": (10.0, 0.0),
        "uA/cm2": (1e-2, 0.0),
        "nA/cm2": (1e-5, 0.0),
    },
    "current_A": {
        "a": (1.0, 0.0),
        "amp": (1.0, 0.0),
        "ampere": (1.0, 0.0),
        "ma": (1e-3, 0.0),
        "milliampere": (1e-3, 0.0),
        "ua": (1e-6, 0.0),
        "na": (1e-9, 0.0),
        "pa": (1e-12, 0.0),
    },
    "_capacity_C": {
        "ah": (3600.0, 0.0),
        "amperehour": (3600.0, 0.0),
        "mah": (3.6, 0.0),
        "milliamperehour": (3.6, 0.0),
        "uah": (3.6e-3, 0.0),
        "c": (1.0, 0.0),
        "coulomb": (1.0, 0.0),
    },
    "temperature_K": {
        "k": (1.0, 0.0),
        "kelvin": (1.0, 0.0),
        "c": (1.0, 273.15),
        "degc": (1.0, 273.15),
        "°c": (1.0, 273.15),
        "℃": (1.0, 273.15),
        "celsius": (1.0, 273.15),
    },
}
_BARE_MAY_BE_SI: Final = ("frequency_Hz", "Z_re_ohm", "Z_im_ohm", "Z_abs_ohm", "voltage_V")
"""Columns that every exporter writes in SI when it writes no unit; for the others two units are common, so none is assumed."""

_COUNTS: Final = ("cycle", "record_cycle", "spectrum")
_LEVEL: Final = re.compile(r"^(cycle|point|data):\s*", re.IGNORECASE)
_BRACKET: Final = re.compile(r"^([^\[\]]*[^\[\]\s])\s*(?:\[([^\[\]]*)\]|\(([^()]*)\))$")
_DENSITY: Final = re.compile(r"^(.*)_([mun]?A_c?m2)$")
_AGAINST: Final = re.compile(r"(?<=\S)\s{1,4}(?:vs\.?|versus|against)\s.*$", re.IGNORECASE)
_IMPLIED: Final = {"amps": "A", "volts": "V"}
"""Words that are a quantity and its unit at once."""
_WORKING: Final = ("ewe", "we(1)potential", "wepotential", "vf", "workingelectrode", *OVERPOTENTIAL)
"""Words for the potential of the working electrode: what a polarisation curve is drawn against, where a file has both."""

_SAME: Final = str.maketrans(
    {
        "²": "2",
        "⁻": "-",
        "¹": "1",
        "μ": "u",
        "µ": "u",
        "Ω": "Ω",
        "’": "'",
        "′": "'",
        "″": '"',
        "“": '"',
        "”": '"',
        "−": "-",
        "–": "-",
        "∆": "Δ",
    }
)


@dataclass(frozen=True)
class Column:
    """One recognised column: its place in the row, what it is, and how its numbers become SI."""

    index: int
    header: str
    name: str
    factor: float = 1.0
    offset: float = 0.0
    rank: int = 0
    """0 for the best word for this quantity; a file with both `Ecell` and `Ewe` gives the former."""
    level: str = ""
    """In a table that sets cycles beside points: which of the two this column counts."""
    signed: bool = False
    """The header itself says the sign of the imaginary part."""
    unit: str | None = None
    """The unit as written; None where none is."""
    known_unit: bool = True
    word: str = ""
    """The header's word for it, as `_WORDS` spells it."""

    def si(self, values: np.ndarray) -> np.ndarray:
        """The column's numbers in SI.

        Raises
        ------
        DataError: the unit is unknown, or is missing where more than one is usual.
        """
        usual = ", ".join(_table_of(self.name))
        if not self.known_unit:
            raise DataError(
                f"column '{self.header}' is in '{self.unit}', which is not a unit known for {_plain(self.name)}",
                hint=f"known: {usual}",
            )
        if self.unit is None and self.name not in (*_BARE_MAY_BE_SI, *_COUNTS, "Z_phase_rad"):
            raise DataError(
                f"column '{self.header}' states no unit",
                hint=f"write it in the header, as one of {usual}, e.g. '{self.header} / …'",
            )
        return values * self.factor + self.offset if (self.factor, self.offset) != (1.0, 0.0) else values


def understand(header: str, index: int = 0) -> Column | None:
    """What a header cell means, or None where it names nothing that is used here."""
    text = header.strip().strip('"').strip() if header.count('"') == 2 else header.strip()
    if not text or len(text) > MAX_HEADER:
        return None
    return _understood(text, index)


@lru_cache(maxsize=4096)
def _understood(text: str, index: int) -> Column | None:
    rest = text.translate(_SAME)
    found = _LEVEL.match(rest)
    level = found[1].lower().replace("data", "") if found else ""
    rest = rest[found.end() :] if found else rest
    for words, unit, sure in _readings(rest):
        sign = -1.0 if words.startswith("-") else 1.0
        names = _names(words.lstrip("-+ "))
        if names:
            column = _column(index, text, names, unit, sign, level, exact=words == "Z_im" or sign < 0)
            if sure or column.known_unit:
                return column
    return None


def understand_all(cells: Sequence[str], units: Sequence[str] = ()) -> list[Column]:
    """Every recognised column of a header row; `units` is a row of units below it, if there is one."""
    found = []
    for index, cell in enumerate(cells):
        column = understand(cell, index)
        if column is not None and column.unit is None and index < len(units) and units[index].strip():
            column = understand(f"{cell.strip()} [{units[index].strip()}]", index) or column
        if column is not None:
            found.append(column)
    return found


def understand_row(cells: Sequence[str], units: Sequence[str] = (), wanted: str = "") -> tuple[Column, ...]:
    """The recognised columns of a header row, one for each quantity: the best for the `wanted` kind."""
    return best_of(understand_all(cells, units), wanted)


def best_of(columns: Iterable[Column], wanted: str = "") -> tuple[Column, ...]:
    """One column for each quantity: of two, the one whose unit is known and whose word is the better for the `wanted` kind."""
    best: dict[tuple[str, str], Column] = {}
    for column in columns:
        place = (column.name, column.level)
        if place not in best or _worth(column, wanted) < _worth(best[place], wanted):
            best[place] = column
    return tuple(sorted(best.values(), key=lambda c: c.index))


def _worth(column: Column, wanted: str) -> tuple[bool, bool, int]:
    return (not column.known_unit, wanted == "polarisation" and column.word not in _WORKING, column.rank)


def kind_of(names: Iterable[str], wanted: str = "") -> str | None:
    """The kind of measurement that these columns make up, if any: the `wanted` one if they can, else the likeliest.

    One with spectra is impedance. Time, voltage and current are cycling unless a polarisation curve is wanted; potential and
    current without time, or a current density, are a polarisation curve.
    """
    have = set(names)
    kinds = [
        ("impedance", "frequency_Hz" in have and ({"Z_re_ohm", "Z_im_ohm"} <= have or {"Z_abs_ohm", "Z_phase_rad"} <= have)),
        ("cycling", {"time_s", "voltage_V"} <= have and ("current_A" in have or "current_density_A_m2" not in have)),
        ("cycling", "cycle" in have and bool(have & {"charge_capacity_C", "discharge_capacity_C"})),
        ("polarisation", "voltage_V" in have and bool(have & {"current_A", "current_density_A_m2"})),
    ]
    possible = [kind for kind, fits in kinds if fits]
    return wanted if wanted in possible else next(iter(possible), None)


def _readings(text: str) -> Iterable[tuple[str, str | None, bool]]:
    """The ways to take a header apart into words and unit, the most literal first; False where only a known unit proves it."""
    yield text, None, True
    found = _BRACKET.match(text)
    if found:
        unit = found[2] if found[2] is not None else found[3]
        yield _AGAINST.sub("", found[1].rstrip("/ ")), unit, True
    for mark in ("/", ",", "_"):
        words, cut, unit = text.rpartition(mark)
        if cut and words.strip():
            yield words.strip(), unit.strip(), True
        if mark == "/" and words.count("/"):
            words, _, unit = text.partition(mark)
            yield words.strip(), unit.strip(), False
    yield _AGAINST.sub("", text), None, True
    by_area = _DENSITY.match(text)
    if by_area:
        yield by_area[1], by_area[2].replace("_", "/"), False


def _names(words: str) -> tuple[tuple[str, int], ...]:
    """The quantities that a word may name, and how good a word for each it is."""
    return _BY_WORD.get(words.lower().replace('"', "''").translate(_DROPPED), ())


def _column(
    index: int, header: str, names: tuple[tuple[str, int], ...], unit: str | None, sign: float, level: str, *, exact: bool
) -> Column:
    """Where one word names two quantities (T is a time or a temperature), the unit decides."""
    name, rank = names[0]
    if name in _COUNTS:
        return Column(index, header, name, 1.0, 0.0, rank, level)
    signed = exact and name == "Z_im_ohm"
    word = _WORDS[name][rank]
    unit = unit or _IMPLIED.get(word)
    if not unit:
        return Column(index, header, name, sign * _default(name), 0.0, rank, level, signed, word=word)
    for name, rank in names:
        scale = _scale(name, unit)
        if scale is not None:
            exact = exact and name == "Z_im_ohm"
            return Column(index, header, name, sign * scale[0], scale[1], rank, level, exact, unit, word=word)
    return Column(index, header, names[0][0], math.nan, 0.0, names[0][1], level, False, unit, known_unit=False, word=word)


def _default(name: str) -> float:
    return math.pi / 180 if name == "Z_phase_rad" else 1.0


def _table_of(name: str) -> dict[str, tuple[float, float]]:
    return next((table for end, table in _UNITS.items() if name.endswith(end)), {})


def _scale(name: str, unit: str | None) -> tuple[float, float] | None:
    if not unit:
        return None
    table = _table_of(name)
    text = unit.strip()
    if text in table:
        return table[text]
    if name == "current_density_A_m2":
        # mA cm-2, mA·cm^-2 and mA/cm^2 are one unit.
        plain = re.sub(r"[\s.·*^/-]", "", text).lower()
        return next((v for k, v in table.items() if k.replace("/", "").lower() == plain), None)
    against = re.match(r"^(m?V)\s*(?:vs|against|\(vs)\b", text) if name == "voltage_V" else None
    if against:
        return (1.0 if against[1] == "V" else 1e-3), 0.0
    low = re.sub(r"[\s._·*-]", "", text.lower())
    for guess in (low, low.removesuffix("s")):
        if guess in table and not (name.endswith("_ohm") and text == "A"):  # the ampere, not ZPlot's Z'(a)
            return table[guess]
    return None


def _plain(name: str) -> str:
    words = {"Z_re_ohm": "an impedance", "Z_im_ohm": "an impedance", "Z_abs_ohm": "an impedance", "Z_phase_rad": "a phase"}
    return words.get(name, "a " + bare(name).replace("_", " "))
