"""What a file's name states: a temperature, the rate of a sweep, the group that a numbered file is of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from anodefree.core.kind import Kind

_TEMPERATURE: Final = re.compile(
    # A hyphen is a minus sign after a gap (_-25C), and a hyphen after a word (s04147-140deg).
    r"(?<![A-Za-z0-9.])(?P<minus>(?:(?<=[_ =(])|^)[-−])?(?P<value>\d{1,4}(?:[.p]\d)?)"
    r"[ _]?(?P<unit>°C|deg ?C|deg|C|K)(?![A-Za-z0-9])"
)
_RATE: Final = re.compile(
    r"(?<![A-Za-z0-9.])(?P<value>\d{1,5}(?:\.\d{1,4})?)[ _]?mV(?:[ _-]?per[ _-]?|p|[ _-])?(?P<unit>s|sec|min|mn)(?![A-Za-z])"
)
_NUMBER: Final = re.compile(r"[\s_.#-]*(?:cell|rep|no|nr)?[\s_.#-]*\(?\d+\)?$", re.IGNORECASE)


def stated_by_name(name: str, kind: Kind) -> dict[str, Any]:
    """What a name states of a measurement of this kind, and the metadata that says so."""
    found: dict[str, Any] = {}
    kelvin = _temperature_K(name, bare_c=kind.name == "impedance")
    if kelvin is not None:
        found.update(temperature_K=kelvin, temperature_from="file name")
    rate = _RATE.search(name) if "scan_rate_V_s" in kind.meta else None
    if rate and float(rate["value"]) > 0:
        value = float(rate["value"]) * 1e-3 / (60 if rate["unit"].startswith("m") else 1)
        found.update(scan_rate_V_s=float(f"{value:.10g}"), scan_rate_from="file name")
    return found


def _temperature_K(name: str, *, bare_c: bool) -> float | None:
    """A temperature. A bare C after a number is a rate of charge, unless the file holds spectra."""
    for found in _TEMPERATURE.finditer(name):
        unit, value = found["unit"], float(found["value"].replace("p", "."))
        if (unit == "C" and not bare_c) or (unit == "K" and not 50 <= value <= 2000):
            continue
        kelvin = value if unit == "K" else (-value if found["minus"] else value) + 273.15
        if kelvin > 0:
            return float(f"{kelvin:.10g}")
    return None


def group_name(file: str) -> str:
    """A file's name without suffix and running number: `MNi_01.csv` and `MNi cell 2.csv` are of the group `MNi`."""
    stem = Path(file).name.partition(".")[0]
    return _NUMBER.sub("", stem) or stem
