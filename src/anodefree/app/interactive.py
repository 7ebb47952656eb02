"""Interactive figures made from curves or a measurement's arrays by name, dimension and unit, for every stage alike."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.units import bare, shown, unit_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import xarray as xr

MOST_POINTS: Final = 4000
"""Of one line: more are thinned to the smallest and the largest of each of so many half-intervals, so no peak is lost."""
MOST_LINES: Final = 12
MOST_PANELS: Final = 12
_AXES: Final = (
    "frequency_Hz",
    "tau_s",
    "cycle",
    "cycle_number",
    "time_s",
    "potential_V",
    "overpotential_V",
    "r_m",
    "x_m",
    "order",
)
_INK, _GRID = "#7d848f", "rgba(128,128,128,0.3)"
"""Readable on a light and on a dark page."""
_SPREAD: Final = ("_low", "_high", "_std")
_IMAGINARY: Final = {"Z_im": "Z_re", "fit_im": "fit_re", "model_im": "model_re"}

Named = Mapping[str, "xr.Dataset"]


def figure(named: Named, title: str = "") -> go.Figure:
    """One view of one dataset, or of several of one stage overlaid: a panel for each quantity, x linked where shared."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    panels = _panels(named)
    if not panels:
        return go.Figure(layout={"title": "nothing to draw: no array with more than one number"})
    made = make_subplots(rows=len(panels), cols=1, vertical_spacing=0.25 / len(panels))
    first: dict[str, int] = {}
    told: set[str] = set()
    for row, (x, ys) in enumerate(panels, start=1):
        for trace in _traces(named, x, ys, told):
            made.add_trace(trace, row=row, col=1)
        _label(made, named, x, ys, row, first)
    made.update_layout(
        title=title,
        height=max(320, 260 * len(panels)) + 12 * len(told),  # the legend takes a line or more above them
        hovermode="closest",
        template="none",
        font={"color": _INK},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        margin={"l": 70, "r": 20, "t": 40 if title else 20, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    made.update_xaxes(gridcolor=_GRID, zerolinecolor=_GRID)
    made.update_yaxes(gridcolor=_GRID, zerolinecolor=_GRID)
    return made


def thinned(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """A line of at most so many points that looks the same: first, last, smallest and largest of each stretch."""
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
    kept = {0, len(x) - 1}
    for start, stop in itertools.pairwise(edges.tolist()):
        part = y[start:stop]
        if np.isfinite(part).any():
            kept |= {start + int(np.nanargmin(part)), start + int(np.nanargmax(part))}
    at = np.array(sorted(kept))
    return x[at], y[at]


def _panels(named: Named) -> list[tuple[str, list[str]]]:
    """What is drawn against what: Nyquist pairs, then quantities of one unit over the axis of their last dimension."""
    first = next(iter(named.values()))
    numbers = {str(n): v for n, v in first.variables.items() if v.dtype.kind in "fiub" and v.size > 1}
    made: list[tuple[str, list[str]]] = []
    pairs = [i for i in _IMAGINARY if f"{i}_ohm" in numbers and f"{_IMAGINARY[i]}_ohm" in numbers]
    if pairs:
        made.append((f"{_IMAGINARY[pairs[0]]}_ohm", [f"{i}_ohm" for i in pairs]))
    images = [n for n, v in numbers.items() if v.ndim >= 2 and min(v.shape[-2:]) >= 8 and {v.dims[-1], v.dims[-2]} >= {"x"}]
    made += [("", [n]) for n in images]
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name, variable in numbers.items():
        base = bare(name)
        if (
            name in images
            or base.endswith(_SPREAD)
            or name in {y for _, ys in made for y in ys}
            or (base.endswith(("_re", "_im")) and pairs and "residual" not in base)
        ):
            continue
        dim = str(variable.dims[-1])
        x = _axis(first, dim)
        if x != name and variable.ndim <= 2:
            groups.setdefault((dim, x, unit_of(name) if unit_of(name) != "1" else base.rsplit("_", 1)[0]), []).append(name)
    made += [(x, ys) for (_, x, _), ys in groups.items()]
    if not made:
        made = [("", [n]) for n, v in numbers.items() if v.ndim <= 2][:1]
    return made[:MOST_PANELS]


def _axis(data: xr.Dataset, dim: str) -> str:
    """The array that the others of a dimension are drawn over; empty where they are drawn over their number."""
    own = [str(n) for n, v in data.variables.items() if v.dims[-1:] == (dim,) and v.dtype.kind in "fiu"]
    for wanted in (*_AXES, *(n for n in own if bare(n) == dim)):
        if wanted in own:
            return wanted
    return next((n for n in own if data[n].ndim == 1 and data[n].size > 2 and _rises(data[n].values)), "")


def _rises(values: np.ndarray) -> bool:
    steps = np.diff(values.astype(float))
    return bool((steps > 0).all() or (steps < 0).all())


def _traces(named: Named, x: str, ys: list[str], told: set[str]) -> list[Any]:
    import plotly.graph_objects as go

    made: list[Any] = []
    colour = 0
    for who, data in named.items():
        for y in (n for n in ys if n in data):
            values = _scaled(data, y)
            if x == "" and values.ndim >= 2:
                made.append(_image(data, y, values))
                continue
            nyquist = bare(y) in _IMAGINARY
            across = _scaled(data, _IMAGINARY[bare(y)] + "_ohm" if nyquist else x) if x else np.arange(values.shape[-1])
            for i, line in enumerate(values.reshape(-1, values.shape[-1])[:MOST_LINES]):
                along = across.reshape(-1, across.shape[-1])[i if across.ndim > 1 else 0]
                if along.shape != line.shape:
                    continue
                at, shown_y = thinned(along, -line if nyquist else line)
                label = " ".join(p for p in (who, bare(y), f"{i + 1}" if values.ndim > 1 and values.shape[0] > 1 else "") if p)
                paint = COLOURS[colour % len(COLOURS)]
                colour += 1
                made += _band(data, y, i, along, paint) if not nyquist else []
                mode = "markers" if nyquist and y.startswith("Z") else "lines+markers" if len(at) < 80 else "lines"
                made.append(
                    go.Scattergl(
                        x=at,
                        y=shown_y,
                        name=label,
                        mode=mode,
                        legendgroup=label,
                        line={"color": paint, "width": 1.5},
                        marker={"size": 5, "color": paint},
                        showlegend=label not in told,
                    )
                )
                told.add(label)
    return made


def _band(data: xr.Dataset, y: str, row: int, along: np.ndarray, colour: str) -> list[Any]:
    """The interval between *_low and *_high, drawn beneath its line."""
    import plotly.graph_objects as go

    suffix = y[len(bare(y)) :]
    low, high = (f"{bare(y)}_{end}{suffix}" for end in ("low", "high"))
    if low not in data or high not in data:
        return []
    ends = [_scaled(data, n).reshape(-1, along.size)[row] for n in (low, high)]
    lower, upper = (thinned(along, e) for e in ends)
    fill = f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.2)"
    return [
        go.Scatter(
            x=np.r_[lower[0], upper[0][::-1]],
            y=np.r_[lower[1], upper[1][::-1]],
            fill="toself",
            fillcolor=fill,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    ]


def _image(data: xr.Dataset, name: str, values: np.ndarray) -> Any:
    import plotly.graph_objects as go

    last = values.reshape(-1, *values.shape[-2:])[-1].astype(float)
    step = tuple(slice(None, None, max(1, n // 600)) for n in last.shape)
    places = {}
    for word, dim, part in (("y", str(data[name].dims[-2]), step[0]), ("x", str(data[name].dims[-1]), step[1])):
        if f"{dim}_m" in data:
            places[word] = _scaled(data, f"{dim}_m")[part]
    return go.Heatmap(
        z=last[step], **places, colorscale="Viridis", colorbar={"title": _title(name)}, name=bare(name), showscale=False
    )


def _scaled(data: xr.Dataset, name: str) -> np.ndarray:
    values = np.asarray(data[name].values)
    return values.astype(float) * shown(unit_of(name))[1]


def _title(name: str) -> str:
    unit = shown(unit_of(name))[0]
    return bare(name).replace("_", " ") + ("" if unit == "1" else f" / {unit}")


def _label(made: go.Figure, named: Named, x: str, ys: list[str], row: int, first: dict[str, int]) -> None:
    data = next(iter(named.values()))
    nyquist = bare(ys[0]) in _IMAGINARY
    if x == "":
        dims = data[ys[0]].dims
        image = data[ys[0]].ndim >= 2
        across = _title(f"{dims[-1]}_m") if f"{dims[-1]}_m" in data else str(dims[-1])
        up = (_title(f"{dims[-2]}_m") if f"{dims[-2]}_m" in data else str(dims[-2])) if image else _title(ys[0])
        made.update_xaxes(title_text=across, row=row, col=1)
        turned = image and dims[-2] == "y" and "intensity" in ys[0]
        made.update_yaxes(
            title_text=f"{up} ({_title(ys[0])})" if image else up, autorange="reversed" if turned else None, row=row, col=1
        )
        return
    if nyquist:
        made.update_xaxes(title_text="Z′ / ohm", row=row, col=1)
        made.update_yaxes(title_text="−Z″ / ohm", scaleanchor=f"x{'' if row == 1 else row}", scaleratio=1, row=row, col=1)
        return
    log_x = _decades([_scaled(d, x) for d in named.values() if x in d])
    log_y = _decades([_scaled(d, y) for d in named.values() for y in ys if y in d])
    made.update_xaxes(title_text=_title(x), type="log" if log_x else "linear", row=row, col=1)
    name = _title(ys[0]) if len(ys) == 1 else _title(ys[0]).partition(" / ")[2] or "value"
    made.update_yaxes(title_text=name, type="log" if log_y else "linear", row=row, col=1)
    if x in first:
        made.update_xaxes(matches=f"x{'' if first[x] == 1 else first[x]}", row=row, col=1)
    first.setdefault(x, row)


def _decades(arrays: list[np.ndarray]) -> bool:
    """Whether all are positive and span two decades or more."""
    values = np.concatenate([a[np.isfinite(a)].ravel() for a in arrays]) if arrays else np.array([])
    return bool(values.size and values.min() > 0 and values.max() > 100 * values.min())
