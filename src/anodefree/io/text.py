"""Delimited text of any instrument or spreadsheet: the header's words say what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from anodefree.core.measurement import Measurement
from anodefree.io.polarisation import polarisation
from anodefree.io.records import cycling
from anodefree.io.spectra import impedance
from anodefree.io.table import Table, bare_spectrum, find_header, read_table, read_tables
from anodefree.io.textfile import lines_of

_TEMPERATURE: Final = re.compile(
    r"\btemp(?:erature)?\b[^\d+-]{0,20}([+-]?\d{1,4}(?:[.,]\d{1,6})?) ?(°C|degC|deg C|C|K)\b", re.IGNORECASE
)
_VALUE: Final = (
    r"\s{0,3}(?:[(\[/](?P<before>[^()\[\]=:]{1,12})[)\]]?)?\s{0,9}[=:,;\t ]\s{0,9}"
    r"(?P<value>\d{1,9}(?:[.,]\d{1,9})?(?:[eE][+-]?\d{1,2})?)"
)
_RATE: Final = re.compile(r"\b(?:scan|sweep) ?rate" + _VALUE + r"\s{0,3}(?P<after>m?V ?/ ?(?:s|min)\b|m?V s-1)?", re.IGNORECASE)
_AREA: Final = re.compile(r"\barea" + _VALUE + r"\s{0,3}(?P<after>[cm]?m(?:\^?2|²))?", re.IGNORECASE)
_RATES: Final = {"v/s": 1.0, "mv/s": 1e-3, "vs-1": 1.0, "mvs-1": 1e-3, "v/min": 1 / 60, "mv/min": 1e-3 / 60}
_AREAS: Final = {"cm2": 1e-4, "mm2": 1e-6, "m2": 1.0}


def read(path: Path, *, columns: Sequence[str] | None = None, kind: str = "") -> list[Measurement]:
    """What a delimited text holds: one measurement, or one for each series that it sets side by side.

    `columns` are the headers of a file that has none, `kind` is the wanted one where columns make up more than one. Without
    a header, three columns of numbers of which the first can only be a frequency sweep are a spectrum.

    Raises
    ------
    DataError: no table of a known kind is in the text, or a cell or a unit in it is wrong.
    """
    lines = lines_of(path)
    if columns is not None:
        return [measured(read_table(lines, columns=columns, wanted=kind))]
    if find_header(lines, 0, len(lines)) is None:
        assumed = {"columns_assumed": "frequency / Hz, Z' / ohm, Z'' / ohm (the file has no header)"}
        return [measured(bare_spectrum(lines), assumed)]
    tables = read_tables(lines, wanted=kind)
    return [measured(t, {"series": t.label} if len(tables) > 1 else None) for t in tables]


def measured(
    table: Table, meta: dict[str, Any] | None = None, *, sign_is_sure: bool = False, positive: str = ""
) -> Measurement:
    """The measurement that a table makes up.

    `sign_is_sure` where the format fixes the sign of Z'', `positive` ("anodic", "cathodic") where it implies that of a current.
    """
    notes = {**stated(table.preamble), **_told(table), **(meta or {})}
    kelvin = notes.pop("temperature_K", None)
    if table.kind == "cycling":
        notes.pop("scan_rate_V_s", None)
        return cycling(table, notes if kelvin is None else {**notes, "temperature_K": kelvin})
    if table.kind == "polarisation":
        return polarisation(table, notes if kelvin is None else {**notes, "temperature_K": kelvin}, positive=positive)
    notes.pop("scan_rate_V_s", None)
    found = impedance(table, notes, sign_is_sure=sign_is_sure)
    if "temperature_K" in found or kelvin is None:
        return found
    arrays = {str(n): found[str(n)] for n in found.data.data_vars}
    return Measurement.of(found.kind, {**arrays, "temperature_K": [kelvin] * len(found)}, found.meta)


def _told(table: Table) -> dict[str, Any]:
    """What was left out of a table."""
    if not table.asides:
        return {}
    first = table.asides[0][1].strip()[:60]
    return {"lines_left_out": f"{len(table.asides)} of text inside the table, the first: '{first}'"}


def stated(preamble: Sequence[str]) -> dict[str, float]:
    """Temperature, electrode area and sweep rate that the lines above a table state, in SI."""
    found: dict[str, float] = {}
    for line in preamble[:200]:
        kelvin = _stated_temperature(line[:400])
        if kelvin is not None:
            found.setdefault("temperature_K", kelvin)
        for name, pattern, units in (("scan_rate_V_s", _RATE, _RATES), ("area_m2", _AREA, _AREAS)):
            value = _stated_value(pattern.search(line[:400]), units)
            if value is not None:
                found.setdefault(name, value)
    return found


def _stated_value(found: re.Match[str] | None, units: Mapping[str, float]) -> float | None:
    if found is None:
        return None
    unit = re.sub(r"[\s^]", "", found["before"] or found["after"] or "").lower().replace("²", "2")
    value = float(found["value"].replace(",", "."))
    return float(f"{value * units[unit]:.12g}") if unit in units and value > 0 else None


def _stated_temperature(line: str) -> float | None:
    found = _TEMPERATURE.search(line)
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    kelvin = value if found[2].upper() == "K" else value + 273.15
    return kelvin if kelvin > 0 else None
