"""A first look at a measurement: its main curves, thinned to what a screen can show, or a small picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.app.envelope import kept
from anodefree.core.figure import SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.units import bare, shown, unit_of

MOST_POINTS: Final = 2000
MOST_CURVES: Final = 12
MOST_PIXELS: Final = 200
_AXES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "impedance": (("Z_re_ohm", "-Z_im_ohm"),),
    "cycling": (("time_s", "voltage_V"), ("cycle_number", "discharge_capacity_C"), ("cycle_number", "charge_capacity_C")),
    "polarisation": (("potential_V", "current_A"), ("potential_V", "current_density_A_m2")),
}
"""What each kind is drawn as: the first pair of which the file has both; any other kind by its own first arrays."""


@dataclass(frozen=True)
class Preview:
    """Curves in one pair of axes, or one picture."""

    x: str
    y: str
    curves: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...] = ()
    picture: tuple[tuple[float, ...], ...] = ()
    equal: bool = False
    """Whether both axes have one scale, as in the plane of an impedance."""
    left_out: int = field(default=0)
    """How many further curves there are."""

    def figure(self, colours: tuple[str, ...]) -> dict[str, Any]:
        """As Plotly takes it, without the library."""
        lines = {"gridcolor": "rgba(138,143,152,0.25)", "linecolor": SOFT, "tickcolor": SOFT}
        axis = {"zeroline": False, "showline": True, "ticks": "outside", "automargin": True, **lines}
        layout: dict[str, Any] = {
            "xaxis": {**axis, "title": {"text": self.x}},
            "yaxis": {**axis, "title": {"text": self.y}, **({"scaleanchor": "x"} if self.equal or self.picture else {})},
            "margin": {"l": 60, "r": 12, "t": 12, "b": 48},
            "showlegend": len(self.curves) > 1,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": SOFT, "size": 12},
        }
        if self.picture:
            return {
                "data": [{"type": "heatmap", "z": self.picture, "colorscale": "Greys", "showscale": False}],
                "layout": layout,
            }
        data = [
            {
                "type": "scatter",
                "mode": "lines+markers" if len(x) < 200 else "lines",
                "x": x,
                "y": y,
                "name": name,
                "marker": {"size": 4},
                "line": {"width": 1.5, "color": colours[i % len(colours)]},
            }
            for i, (name, x, y) in enumerate(self.curves)
        ]
        return {"data": data, "layout": layout}


def preview(found: Measurement) -> Preview | None:
    """The curves that the kind is usually drawn as, or its first array over its first axis; None where nothing can be drawn."""
    for x, y in _AXES.get(found.kind.name, ()):
        if x in found and y.lstrip("-") in found:
            return _curves(found, x, y, equal=found.kind.name == "impedance")
    numbers = [n for n in map(str, found.data.data_vars) if found[n].dtype.kind in "iuf" and found[n].size > 1]
    flat = [n for n in numbers if found[n].ndim == 1]
    for name in numbers:
        if found[name].ndim >= 2 and min(found[name].shape[-2:]) >= 8 and _is_picture(found, name):
            return _picture(found[name])
    for i, x in enumerate(flat):
        for y in [*flat[i + 1 :], *(n for n in numbers if found[n].ndim == 2)]:
            if found.data[y].dims[-1:] == found.data[x].dims:
                return _curves(found, x, y)
    return None


def _is_picture(found: Measurement, name: str) -> bool:
    """Whether the last two dimensions are places: no other array counts along one of them."""
    return not any(
        found.data[n].dims == (d,) and found[n].size > 1 and found[n].dtype.kind in "iuf"
        for d in found.data[name].dims[-2:]
        for n in map(str, found.data.data_vars)
    )


def _picture(values: np.ndarray) -> Preview:
    plane = values.reshape(-1, *values.shape[-2:])[0].astype(float)
    rows, columns = (slice(None, None, max(1, size // MOST_PIXELS)) for size in plane.shape)
    small = plane[rows, columns][::-1]
    return Preview("pixel", "pixel", picture=tuple(tuple(map(float, row)) for row in small))


def _curves(found: Measurement, x: str, y: str, *, equal: bool = False) -> Preview:
    sign, y_name = (-1.0, y[1:]) if y.startswith("-") else (1.0, y)
    (x_label, x_factor), (y_label, y_factor) = _label(x), _label(y_name)
    xs, ys = np.atleast_2d(found[x]), np.atleast_2d(found[y_name])
    count = max(len(xs), len(ys))
    names = _names(found, count)
    curves = []
    for i in range(min(count, MOST_CURVES)):
        a, b = xs[min(i, len(xs) - 1)] * x_factor, ys[min(i, len(ys) - 1)] * sign * y_factor
        good = np.isfinite(a) & np.isfinite(b)
        at = kept(a[good], b[good], MOST_POINTS)
        curves.append((names[i], tuple(map(float, a[good][at])), tuple(map(float, b[good][at]))))
    label = f"-{y_label}" if sign < 0 else y_label
    return Preview(x_label, label, tuple(curves), equal=equal, left_out=max(0, count - MOST_CURVES))


def _names(found: Measurement, count: int) -> list[str]:
    for name, unit, offset in (("temperature_K", "degC", -273.15), ("potential_V", "V", 0.0)):
        if name in found and found[name].shape == (count,):
            return [f"{value + offset:.4g} {unit}" for value in found[name]]
    return [str(i + 1) for i in range(count)]


_SPELLED: Final[Mapping[str, str]] = {"Z_re_ohm": "Re Z", "Z_im_ohm": "Im Z"}


def _label(name: str) -> tuple[str, float]:
    """A label with its unit, and the factor from SI to it."""
    words = _SPELLED.get(name, bare(name).replace("_", " "))
    if name == "time_s":
        return "time / h", 1 / 3600
    if name == "current_A":
        return "current / mA", 1e3
    unit, factor = shown(unit_of(name))
    return (words if unit == "1" else f"{words} / {unit.replace('ohm', 'Ω')}"), factor
