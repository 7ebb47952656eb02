"""The stored points behind a slider, the curve between them, and the place it stands at, as a small SVG."""

from __future__ import annotations

import math
from html import escape
from typing import Final

import numpy as np

from anodefree.app.sliders import Read, Series, read
from anodefree.core.figure import COLOURS
from anodefree.core.units import bare, shown, unit_of
from anodefree.study.typeset import number, parameter, readable, unit

_WIDE, _HIGH = 340, 170
_LEFT, _RIGHT, _TOP, _BELOW = 66, 14, 24, 34
_CURVE: Final = 60
_FAR: Final = 1e3
"""Beyond this ratio the values are drawn over their logarithm."""


def plot(found: Series, x: float, told: Read | None) -> str:
    """Points with bars of two standard deviations over the logarithm of the parameter; where the slider stands, a line."""
    slider = found.slider
    y_unit, factor = shown(found.unit)
    x_unit, x_factor = readable(math.sqrt(slider.low * slider.high), unit_of(slider.parameter))
    start, end = min(slider.low, found.range[0]), max(slider.high, found.range[1])
    values = [p.y for p in found.points]
    over_log = min(values) > 0 and max(values) > _FAR * min(values)
    ends = [p.y + s * 2 * p.std for p in found.points for s in (-1, 1) if math.isfinite(p.std)] if not over_log else []
    low, high = _spread([v * factor for v in [*values, *ends]], over_log=over_log)

    def across(value: float) -> float:
        share = math.log(value / start) / math.log(end / start)
        return _LEFT + share * (_WIDE - _LEFT - _RIGHT)

    def up(value: float) -> float:
        at = math.log10(value * factor) if over_log else value * factor
        return _HIGH - _BELOW - (at - low) / (high - low) * (_HIGH - _TOP - _BELOW)

    body = [f'<path d="M{_LEFT} {_TOP}V{_HIGH - _BELOW}H{_WIDE - _RIGHT}" fill="none" stroke="currentColor"/>']
    for at in _ticks(low, high, over_log=over_log):
        value = 10**at if over_log else at
        place = _HIGH - _BELOW - (at - low) / (high - low) * (_HIGH - _TOP - _BELOW)
        body.append(f'<path d="M{_LEFT - 4} {place:.1f}h4" stroke="currentColor"/>')
        body.append(f'<text x="{_LEFT - 7}" y="{place + 4:.1f}" text-anchor="end">{number(value, 3)}</text>')
    for value, anchor in ((start, "start"), (end, "end")):
        text = number(value * x_factor, 3)
        body.append(f'<text x="{across(value):.1f}" y="{_HIGH - _BELOW + 14}" text-anchor="{anchor}">{text}</text>')
    name = bare(slider.parameter).replace("_", " ")
    name += f" ({unit(x_unit)})" if unit(x_unit) else ""
    body.append(f'<text x="{(_LEFT + _WIDE - _RIGHT) / 2}" y="{_HIGH - 5}" text-anchor="middle">{escape(name)}</text>')
    y_name = slider.shows.replace("_", " ") + (f" ({unit(y_unit)})" if unit(y_unit) else "")
    body.append(f'<text x="4" y="12">{escape(y_name)}</text>')
    if len(found.points) > 1:
        places = np.geomspace(*found.range, _CURVE)[1:-1]
        line = [(across(float(p)), up(read(found, float(p)).y)) for p in places]
        ends_ = [(across(p.x), up(p.y)) for p in (found.points[0], found.points[-1])]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in [ends_[0], *line, ends_[1]])
        body.append(f'<path d="M{path}" fill="none" stroke="{COLOURS[0]}" stroke-dasharray="4 3"/>')
    if start <= x <= end:
        body.append(
            f'<path d="M{across(x):.1f} {_TOP}V{_HIGH - _BELOW}" stroke="{COLOURS[1]}" stroke-width="1.5"'
            f"{'' if told is not None else ' stroke-dasharray=' + chr(34) + '2 3' + chr(34)}/>"
        )
    for p in found.points:
        a, b = across(p.x), up(p.y)
        said = escape(f"{parameter(slider.parameter, p.x)}: {number(p.y * factor)} {unit(y_unit)}, {p.node}")
        if math.isfinite(p.std) and p.std > 0 and not over_log:
            body.append(f'<path d="M{a:.1f} {up(p.y - 2 * p.std):.1f}V{up(p.y + 2 * p.std):.1f}" stroke="{COLOURS[0]}"/>')
        body.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{COLOURS[0]}"><title>{said}</title></circle>')
    label = escape(f"{len(found.points)} stored points of {y_name} over {name}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{label}" '
        f'font-family="inherit" font-size="11" fill="currentColor">{"".join(body)}</svg>'
    )


def _spread(values: list[float], *, over_log: bool) -> tuple[float, float]:
    """From where to where the axis goes; never of no length."""
    at = [math.log10(v) for v in values] if over_log else values
    low, high = min(at), max(at)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _ticks(low: float, high: float, *, over_log: bool) -> list[float]:
    """Two to five round values within; powers of ten over a logarithm."""
    size = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(size))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= size)
    step = max(1.0, math.ceil(step)) if over_log else step
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
