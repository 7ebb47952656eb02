"""Units at the border: SI inside, the field's units where a person reads or writes.

A name carries its unit as a suffix (`temperature_K`, `j0_A_m2`); `SUFFIXES` says which. Text with a unit ("25 degC",
"0.3 mA/cm2") is accepted only where a value enters, and `DISPLAY` says in which unit a value is shown.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from anodefree.errors import ConfigError

if TYPE_CHECKING:
    import pint

SUFFIXES: Final[dict[str, str]] = {
    "A_m2": "A/m2",
    "A": "A",
    "C_kg": "C/kg",
    "C_m2": "C/m2",
    "C": "C",
    "F_m2": "F/m2",
    "F": "F",
    "H": "H",
    "Hz": "Hz",
    "J_kg": "J/kg",
    "J_m3": "J/m3",
    "J_mol": "J/mol",
    "J": "J",
    "K": "K",
    "N_m": "N/m",
    "N": "N",
    "Pa_s": "Pa s",
    "Pa": "Pa",
    "S_m": "S/m",
    "T": "T",
    "V_m": "V/m",
    "V_s": "V/s",
    "V": "V",
    "eV": "eV",
    "kg_C": "kg/C",
    "kg_m2": "kg/m2",
    "kg_m3": "kg/m3",
    "kg_mol": "kg/mol",
    "kg": "kg",
    "m2_Vs": "m2/(V s)",
    "m2_s": "m2/s",
    "m2": "m2",
    "m3": "m3",
    "m_V": "m/V",
    "m_s": "m/s",
    "m": "m",
    "mol_m3": "mol/m3",
    "ohm_m2": "ohm m2",
    "ohm": "ohm",
    "per_K": "1/K",
    "per_cm": "1/cm",
    "per_m": "1/m",
    "per_s": "1/s",
    "rad_s": "rad/s",
    "rad": "rad",
    "s": "s",
}
"""Name suffix -> unit. Two are not SI because the whole field writes them so: eV and 1/cm."""

_LONGEST_FIRST: Final = sorted(SUFFIXES, key=len, reverse=True)

DISPLAY: Final[dict[str, tuple[str, float]]] = {
    "1/m": ("1/nm", 1e-9),
    "A/m2": ("mA/cm2", 0.1),
    "C/m2": ("mAh/cm2", 1 / 36000),
    "C/kg": ("mAh/g", 1 / 3600),
    "C": ("mAh", 1 / 3.6),
    "F/m2": ("uF/cm2", 100.0),
    "J": ("Wh", 1 / 3600),
    "J/kg": ("Wh/kg", 1 / 3600),
    "J/m3": ("Wh/L", 1 / 3.6e6),
    "J/mol": ("kJ/mol", 1e-3),
    "Pa": ("GPa", 1e-9),
    "T": ("mT", 1e3),
    "kg": ("g", 1e3),
    "kg/m2": ("mg/cm2", 100.0),
    "m": ("um", 1e6),
    "m2": ("cm2", 1e4),
    "m2/(V s)": ("m2/(V s)", 1.0),
    "ohm m2": ("ohm cm2", 1e4),
}
"""SI unit -> (the field's unit, factor). A unit that is not listed is shown as it is."""

ALTERNATIVES: Final[dict[tuple[str, str], float]] = {
    ("1", "%"): 100.0,
    ("V", "mV"): 1e3,
    ("m", "nm"): 1e9,
    ("m", "mm"): 1e3,
    ("m", "angstrom"): 1e10,
    ("s", "h"): 1 / 3600,
    ("A", "mA"): 1e3,
    ("ohm", "mohm"): 1e3,
    ("T", "T"): 1.0,
    ("C", "Ah"): 1 / 3600,
}
"""(SI unit, shown unit) -> factor, for an estimate that asks to be shown otherwise than `DISPLAY` says."""


def unit_of(name: str) -> str:
    """The SI unit that a name's suffix states; "1" (dimensionless) where it has none."""
    for suffix in _LONGEST_FIRST:
        if name.endswith("_" + suffix):
            return SUFFIXES[suffix]
    return "1"


def bare(name: str) -> str:
    """A name without its unit suffix: `temperature_K` -> `temperature`."""
    for suffix in _LONGEST_FIRST:
        if name.endswith("_" + suffix):
            return name[: -len(suffix) - 1]
    return name


def shown(unit: str, display: str | None = None) -> tuple[str, float]:
    """The unit a person reads and the factor from SI to it; `display` asks for a particular one."""
    if display is None or display == unit:
        return DISPLAY.get(unit, (unit, 1.0)) if display is None else (unit, 1.0)
    if unit in DISPLAY and DISPLAY[unit][0] == display:
        return DISPLAY[unit]
    if (unit, display) in ALTERNATIVES:
        return display, ALTERNATIVES[unit, display]
    return display, convert(1.0, unit, display)


_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TEXT: Final = re.compile(
    rf"^\s*\(?\s*(?P<value>{_NUMBER})\s*(?:(?:±|\+/-|\+-)\s*(?P<std>{_NUMBER})\s*)?\)?\s*(?P<unit>[^\s\d].*?)?\s*$"
)
_UNIT: Final = re.compile(r"^[A-Za-zµμΩ°%Å/*·^ ()-]{0,40}(?:[A-Za-zµμΩ°%Å/*·^ ()-]|\d(?!\d\d)){0,40}$")
_TOWER: Final = re.compile(r"\*\*|\^[^A-Za-z]*\^")  # a power of a power would be evaluated, however large
_POWER: Final = re.compile(r"(?<=[A-Za-zΩ])\^?(-?\d{1,2})")


@cache
def _registry() -> pint.UnitRegistry:
    import pint

    return pint.UnitRegistry()


def _pint_unit(unit: str) -> Any:
    text = unit.replace("μ", "u").replace("µ", "u").replace("Ω", "ohm").replace("°C", "degC").replace("Å", "angstrom")
    text = _POWER.sub(r"**\1", text.replace("·", "*").replace("%", "percent"))
    text = re.sub(r"\bcycles?\b", "count", text)  # of a cell; to pint a cycle is a turn of 2π
    text = re.sub(r"(?<=[A-Za-z0-9)]) +(?=[A-Za-z(])", "*", text.strip())
    try:
        return _registry().Unit(text if text != "1" else "dimensionless")
    except Exception as error:  # pint raises half a dozen unrelated types on a bad expression
        raise ConfigError(f"'{unit}' is not a unit that can be read", hint="write it like mA/cm2, degC, kJ/mol, um") from error


def convert(value: float, unit: str, to: str) -> float:
    """A value in `unit`, in the unit `to`.

    Raises
    ------
    ConfigError: a unit is unknown, or the two measure different things.
    """
    if unit == to:
        return value
    if not _UNIT.match(unit) or _TOWER.search(unit):
        raise ConfigError(f"'{unit[:60]}' is not a unit that can be read", hint="write it like mA/cm2, degC, kJ/mol, um")
    source, target = _pint_unit(unit), _pint_unit(to)
    try:
        return float(_registry().Quantity(value, source).to(target).magnitude)
    except Exception as error:
        hint = (
            "a temperature is written in degC or K"
            if (unit, to) == ("C", "K")
            else f"give a value in {to} or a unit of that kind"
        )
        raise ConfigError(f"'{unit}' cannot be expressed in {to}", hint=hint) from error


def parse(text: str, unit: str) -> tuple[float, float]:
    """A value and its standard deviation (0 where none is written), in SI, from text such as "1.34 ± 0.05 mA/cm2".

    A bare number is already in SI.
    """
    found = _TEXT.match(text)
    if not found:
        raise ConfigError(f"'{text}' is not a number with a unit", hint=f'write it like "1.5 {shown(unit)[0]}"')
    value, std = float(found["value"]), float(found["std"] or 0.0)
    given = found["unit"]
    if not math.isfinite(value):
        raise ConfigError(f"'{text}' is not a finite value")
    if not given:
        return value, std
    si = convert(value, given, unit)
    # A difference, so that an offset unit (degC) does not shift the standard deviation.
    spread = abs(convert(value + std, given, unit) - si) if std else 0.0
    # The 16th digit is rounding of the conversion: without it "95 %" and 0.95 are the same content.
    return float(f"{si:.15g}"), float(f"{spread:.12g}")
