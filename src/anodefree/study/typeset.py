"""Numbers, units and names as a journal sets them: a real minus, thin spaces, superscripts, powers of ten."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from anodefree.core.result import rounded
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import ALTERNATIVES, bare, shown, unit_of

NARROW: Final = "\u202f"
"""A narrow no-break space: between a number and its unit, and between groups of digits."""
_TIMES: Final = f"{NARROW}×{NARROW}"
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SYMBOLS: Final = {"um": "µm", "ohm": "Ω", "mohm": "mΩ", "angstrom": "Å", "degC": "°C", "percent": "%"}
_WORDED: Final = {
    "1": "",
    "ratio": "",
    "qualitative": "",
    "reflections": "",
    "fragments": "",
    "retention fraction at cycle": "",
    "percent per cycle": "% per cycle",
    "V vs Li/Li+": "V vs Li/Li⁺",
}
_FACTOR: Final = re.compile(r"^([A-Za-zµΩÅ°%]+)\^?(-?\d+)?([⁻½ⁿ]*)$")
_POWER: Final = re.compile(r"(?<=\d)\)?e([+-]?\d+)")


def unit(text: str) -> str:
    """`mA/cm2` as `mA cm⁻²`; a unit in words is kept as it is."""
    if text in _WORDED:
        return _WORDED[text]
    over, *under = text.replace("^-1/2", "⁻½").replace("^1/2", "½").replace("^n", "ⁿ").split("/")
    signed = [(part, 1) for part in over.split()] + [(p, -1) for u in under for p in u.strip("() ").split()]
    made = []
    for part, sign in signed:
        if part == "1":  # "1/K" has no numerator
            continue
        found = _FACTOR.match(part)
        if not found:
            return text
        power = sign * int(found[2] or 1)
        raised = found[3] or ("" if power == 1 else str(power).translate(_SUPERSCRIPT))
        made.append(_SYMBOLS.get(found[1], found[1]) + raised)
    return NARROW.join(made)


def number(value: float, digits: int = 4) -> str:
    """A bare number with so many significant digits; a power of ten where it is very large or very small."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "not a number")
    text = f"{value:.{digits}g}"
    size = abs(float(text))
    if size == 0 or 1e-4 < size < 1e5:
        return _set(f"{float(text):f}".rstrip("0").rstrip(".") if "e" in text else text)
    body, _, power = f"{value:.{digits - 1}e}".partition("e")
    body = body.rstrip("0").rstrip(".") if "." in body else body
    return _set(f"{body}e{power}")


def fixed(value: float, half_width: float) -> str:
    """A number with the decimals that its rounding (half a unit of the last digit) states: 0.40, not 0.4."""
    if not math.isfinite(value) or half_width <= 0:
        return number(value)
    decimals = max(0, -math.floor(math.log10(2 * half_width) + 1e-9))
    return _set(f"{value:.{decimals}f}")


def uncertain(value: float, std: float) -> str:
    """`value ± std` as metrology rounds it."""
    if std == 0:
        return number(value, 5)
    text = rounded(value, std)
    if "e" in text and text.startswith("("):
        body, _, power = text.rpartition(")e")
        return f"{_set(body)}){_TIMES}10{power.translate(_SUPERSCRIPT)}"
    return _set(text)


def interval(low: float, high: float) -> str:
    """Both ends with the same decimals, as many as their distance deserves; empty where there is no distance."""
    width = high - low
    if not math.isfinite(width) or width <= 0:
        return ""
    size = max(abs(low), abs(high))
    if width < 1e-6 * size:
        return ""
    power = 0 if 1e-3 <= size < 1e5 else math.floor(math.log10(size))
    # Two digits of the standard deviation, which is about a quarter of a 95 % interval.
    decimals = min(max(0, 1 - math.floor(math.log10(width / 4 / 10**power))), 12)
    ends = " to ".join(_set(f"{end / 10**power:.{decimals}f}") for end in (low, high))
    return f"({ends}){_TIMES}10{_power(str(power))}" if power else ends


def quantity(value: float, std: float, of: str) -> str:
    """Value, uncertainty and unit, with the brackets that keep them together: (53.7 ± 0.4) kJ mol⁻¹."""
    text, name = uncertain(value, std), unit(of)
    return with_unit(f"({text})" if name and "±" in text and not text.startswith("(") else text, name)


def with_unit(text: str, name: str) -> str:
    """A number and its typeset unit."""
    return f"{text}{NARROW}{name}" if name else text


def _set(text: str) -> str:
    text = re.sub(r"^(-?)1e([+-]?\d+)$", lambda m: f"{m[1]}10{_power(m[2])}", text)
    text = _POWER.sub(lambda m: f"{_TIMES}10{_power(m[1])}", text)
    text = re.sub(r"\d{5,}", _grouped, text)
    return text.replace("-", "−").replace(" ± ", f"{NARROW}±{NARROW}")


def _power(digits: str) -> str:
    return str(int(digits)).translate(_SUPERSCRIPT)


def _grouped(found: re.Match[str]) -> str:
    inside_fraction = found.start() > 0 and found.string[found.start() - 1] == "."
    digits = found[0]
    if inside_fraction:
        return digits
    head = len(digits) % 3 or 3
    return NARROW.join([digits[:head], *(digits[i : i + 3] for i in range(head, len(digits), 3))])


def sentence(text: str) -> str:
    """Prose in which numbers were printed by a program: 2.4e-10 as 2.4 × 10⁻¹⁰."""
    return re.sub(r"(?<![\w.])-?\d+(?:\.\d+)?e[+-]\d+(?!\w)", lambda m: _set(m[0]), text)


def parameter(name: str, value: Any) -> str:
    """The value of a parameter in the unit that a person reads."""
    return _parameter(value, unit_of(name))


def _parameter(value: Any, si: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and set(value) == {"value", "std"}:
        value = Uncertain(value["value"], value["std"])
    if isinstance(value, Uncertain):
        name, factor = readable(abs(value.value), si)
        return quantity(value.value * factor, value.std * factor, name)
    if isinstance(value, dict):
        return ", ".join(f"{bare(k)} = {_parameter(v, unit_of(k) if unit_of(k) != '1' else si)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return _listed(list(value), si)
    if isinstance(value, (int, float)):
        name, factor = readable(abs(value), si)
        return with_unit(_plain_number(value, factor), unit(name))
    return str(value)


def _plain_number(value: float, factor: float) -> str:
    if isinstance(value, int) and factor == 1:
        return _set(str(value))
    return number(value * factor, 6)


def _listed(values: list[Any], si: str) -> str:
    if values and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        name, factor = readable(max(abs(v) for v in values), si)
        texts = [_plain_number(v, factor) for v in values]
        shown_texts = texts if len(texts) <= 12 else [*texts[:5], "…", texts[-1]]
        return with_unit(", ".join(shown_texts), unit(name)) + (f" ({len(texts)} values)" if len(texts) > 12 else "")
    return ", ".join(_parameter(v, si) for v in values)


def readable(size: float, si: str) -> tuple[str, float]:
    """The unit in which a magnitude is between 0.01 and 10 000, if the field has one; else the field's usual unit."""
    usual = shown(si)
    others = [(name, factor) for (from_unit, name), factor in ALTERNATIVES.items() if from_unit == si and si != "1"]
    for name, factor in (usual, *others):
        if size == 0 or 0.01 <= size * factor < 1e4:
            return name, factor
    return (si, 1.0) if 0.01 <= size < 1e6 else usual


def chemistry(text: str) -> str:
    """Formulas as chemistry sets them: Li2O as Li₂O, LiF2- as LiF₂⁻, Li+ as Li⁺."""
    text = re.sub(r"(?<=[A-Za-z)])(\d)(?![\d.])(?=[A-Z(+\-\s,;]|$)", lambda m: m[1].translate(_SUBSCRIPT), text)
    return charges(text)


def charges(text: str) -> str:
    """The charge of an ion: Li+ as Li⁺, TFSI- as TFSI⁻."""
    return re.sub(r"(?<=[A-Za-z₀-₉])([+-])(?=$|[\s,;)])", lambda m: {"+": "⁺", "-": "⁻"}[m[1]], text)


def sample(text: str) -> str:
    """The name of a sample or condition: units, formulas and Greek as they are set."""
    text = re.sub(r"\b(?:mAh?|um|kJ|ohm)(?:/\w+)?\b", lambda m: unit(m[0]), text)
    text = re.sub(r"(\d) (?=(?:m?Ah?|[µnm]?m|m?[VT]|K|h|s|kJ|Wh|Ω|°C|%)(?:\W|$))", rf"\1{NARROW}", text)
    text = re.sub(r"\btau(\d)(?:-(\d))?", lambda m: f"τ{m[1]}" + (f"–{m[2]}" if m[2] else ""), text)
    return text.replace("M-Ni", "M\u2011Ni")
