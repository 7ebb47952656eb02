"""What lines of text above or inside a table state: temperature, electrode area, rate of a sweep."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

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


def stated(preamble: Sequence[str]) -> dict[str, float]:
    """Temperature, electrode area and sweep rate that the lines above a table state, in SI."""
    found: dict[str, float] = {}
    for line in preamble[:200]:
        kelvin = stated_temperature(line[:400])
        if kelvin is not None:
            found.setdefault("temperature_K", kelvin)
        for name, pattern, units in (("scan_rate_V_s", _RATE, _RATES), ("area_m2", _AREA, _AREAS)):
            value = _value(pattern.search(line[:400]), units)
            if value is not None:
                found.setdefault(name, value)
    return found


def _value(found: re.Match[str] | None, units: Mapping[str, float]) -> float | None:
    if found is None:
        return None
    unit = re.sub(r"[\s^]", "", found["before"] or found["after"] or "").lower().replace("²", "2")
    value = float(found["value"].replace(",", "."))
    return float(f"{value * units[unit]:.12g}") if unit in units and value > 0 else None


def stated_temperature(line: str) -> float | None:
    """A temperature [K] that a line of text states."""
    found = _TEMPERATURE.search(line)
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    kelvin = value if found[2].upper() == "K" else value + 273.15
    return kelvin if kelvin > 0 else None
