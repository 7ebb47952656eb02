"""The interactive view: panels of curves with linked axes and values under the pointer, refined where one looks."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.app.content import Content
from anodefree.app.curves import Line, Panel, Picture
from anodefree.app.envelope import IN_SIGHT, kept
from anodefree.core.figure import COLOURS
from anodefree.study.typeset import unit

MOST_PANELS: Final = 4
"""Shown at first; the others are chosen by name."""
MOST_DRAWN: Final = 24_000
"""Points of one view: what a browser without a graphics card moves at sixty frames a second."""
FEW_POINTS: Final = 80
ROUNDING: Final = 1e-9
"""Relative differences below this are no signal."""
PANEL_PX, GAP_PX, TOP_PX, LEGEND_PX = 230, 62, 14, 150
DASHES: Final = ("solid", "dash", "dot", "dashdot")
_INK, _GRID = "#7d848f", "rgba(128,128,128,0.28)"
"""Readable on a light and on a dark page."""
CONFIG: Final[dict[str, Any]] = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d"],
}
Window = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Drawn:
    """One line as it stands in the figure: where, and what it is."""

    line: Line
    axis: str
    trace: int
    band: int | None


class View:
    """The figure of chosen panels, and what of it is in sight; knows which points to draw there."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.chosen = tuple(range(min(MOST_PANELS, len(content.panels))))
        self.windows: dict[str, Window] = {}
        """Axis -> what of it is in sight, in the numbers shown; an axis that shows everything is missing."""
        self.hidden: set[str] = set()
        self.lines: list[Drawn] = []

    @property
    def panels(self) -> list[Panel]:
        """Those that are shown."""
        return [self.content.panels[i] for i in self.chosen]

    @property
    def budget(self) -> int:
        """Points in sight for each line."""
        count = sum(len(p.lines) for p in self.panels)
        return max(200, min(IN_SIGHT, MOST_DRAWN // max(1, count)))

    @property
    def is_thinned(self) -> bool:
        """Whether any line has more points than are drawn at first."""
        return any(len(n.y) > self.budget for p in self.panels for n in p.lines)

    def choose(self, chosen: Sequence[int]) -> None:
        """Show these panels, and all of each."""
        self.chosen = tuple(sorted(i for i in set(chosen) if 0 <= i < len(self.content.panels)))
        self.windows = {}

    def figure(self) -> dict[str, Any]:
        """As Plotly takes it."""
        data: list[dict[str, Any]] = []
        self.lines = []
        labels = list(dict.fromkeys(n.label for p in self.panels for n in p.lines))
        for row, panel in enumerate(self.panels):
            x, y = _axis("x", row), _axis("y", row)
            if panel.picture is not None:
                data.append(_heatmap(panel.picture, panel, x, y))
            for line in panel.lines:
                self._add(data, line, panel, (x, y), labels, told={n.line.label for n in self.lines})
        return {"data": data, "layout": self._layout(), "config": CONFIG}

    def moved(self, event: Mapping[str, Any]) -> set[str]:
        """Take in what Plotly says of axes (`xaxis2.range[0]`, `xaxis.autorange`); returns the axes that changed."""
        ends: dict[str, dict[int, float]] = {}
        changed: set[str] = set()
        for word, value in event.items():
            axis, _, what = word.partition(".")
            name = axis[0] + axis[5:]
            if axis[1:5] != "axis":
                continue
            if what == "autorange":
                self.windows.pop(name, None)
                changed.add(name)
            elif what == "range":
                ends[name] = dict(enumerate(value))
            elif what in ("range[0]", "range[1]"):
                ends.setdefault(name, {})[int(what[6])] = value
        for name, both in ends.items():
            if len(both) == 2 and all(isinstance(v, (int, float)) and np.isfinite(v) for v in both.values()):
                self.windows[name] = (float(both[0]), float(both[1]))
                changed.add(name)
        return {linked for name in changed for linked in self._linked(name)}

    def refined(self, axes: set[str]) -> tuple[dict[str, list[Any]], list[int]]:
        """New points for the lines over these axes that have more than are drawn: what `Plotly.restyle` takes."""
        update: dict[str, list[Any]] = {"x": [], "y": [], "customdata": []}
        traces: list[int] = []
        for one in self.lines:
            if one.axis not in axes or len(one.line.y) <= self.budget:
                continue
            at = self._points(one.line, one.axis)
            for word, values in (("x", one.line.x[at]), ("y", one.line.y[at]), ("customdata", _at(one.line.std, at))):
                update[word].append(values)
            traces.append(one.trace)
            if one.band is not None:
                x, y = _polygon(one.line, at)
                for word, values in (("x", x), ("y", y), ("customdata", None)):
                    update[word].append(values)
                traces.append(one.band)
        return update, traces

    def window(self, row: int, letter: str) -> Window | None:
        """What is in sight of an axis of a panel, in the numbers shown (no logarithms); None for everything."""
        name = _axis(letter, row)
        found = next((self.windows[n] for n in (name, *sorted(self._linked(name))) if n in self.windows), None)
        if found is None:
            return None
        panel = self.panels[row]
        low, high = sorted(found)
        return (10.0**low, 10.0**high) if (panel.x_log if letter == "x" else panel.y_log) else (low, high)

    def stepped(self, factor: float, shift: float) -> dict[str, list[float]]:
        """What `Plotly.relayout` takes to show less, more, or what lies beside, along the first axis and those linked."""
        low, high = self.windows.get(next(iter(sorted(self._linked("x") & set(self.windows))), ""), self._extent())
        middle, half = 0.5 * (low + high) + shift * (high - low), 0.5 * factor * (high - low)
        return {"xaxis.range": [middle - half, middle + half]}

    def _extent(self) -> Window:
        """All that the first panel holds, as Plotly counts it."""
        panel = self.panels[0]
        values = [panel.picture.x] if panel.picture is not None else [n.x for n in panel.lines]
        finite = np.concatenate([v[np.isfinite(v)] for v in values])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return (float(np.log10(low)), float(np.log10(high))) if panel.x_log else (low, high)

    def colour_of(self, line: Line) -> tuple[str, str]:
        """Colour and dash: a sample has one colour where there are several, else each quantity has one."""
        lines = [n for p in self.content.panels for n in p.lines]
        whose, what = list(dict.fromkeys(n.who for n in lines)), list(dict.fromkeys(n.name for n in lines))
        if len(whose) > 1:
            place, dash = whose.index(line.who), _order_in_panel(self.content.panels, line)
        else:
            place, dash = what.index(line.name), 0
        return COLOURS[place % len(COLOURS)], DASHES[(dash + place // len(COLOURS)) % len(DASHES)]

    def _points(self, line: Line, axis: str) -> np.ndarray:
        row = int(axis[1:] or 1) - 1
        panel, found = self.panels[row], self.window(row, "x")
        if found is None or not panel.x_log:
            return kept(line.x, line.y, self.budget, found)
        with np.errstate(invalid="ignore", divide="ignore"):
            return kept(np.log10(line.x), line.y, self.budget, (float(np.log10(found[0])), float(np.log10(found[1]))))

    def _add(
        self, data: list[dict[str, Any]], line: Line, panel: Panel, axes: tuple[str, str], labels: list[str], told: set[str]
    ) -> None:
        at = self._points(line, axes[0])
        colour, dash = self.colour_of(line)
        place = {"xaxis": axes[0], "yaxis": axes[1], "legendgroup": line.label}
        band = None
        if (line.low is not None and line.high is not None) or (line.std is not None and len(line.y) > FEW_POINTS):
            band = len(data)
            data.append(_band(line, at, colour) | place)
        few = len(at) <= FEW_POINTS
        trace = {
            **{
                "type": "scatter",
                "x": line.x[at],
                "y": line.y[at],
                "customdata": _at(line.std, at),
                "name": html.escape(line.label),
            },
            **{
                "mode": "markers" if line.measured else "lines+markers" if few and line.has_markers else "lines",
                "showlegend": line.label not in told,
            },
            **{"line": {"color": colour, "width": 1.5, "dash": dash}, "marker": {"size": 5, "color": colour}},
            **{"hovertemplate": _hover(panel, line), "legendrank": 1 + labels.index(line.label), **place},
        }
        if few and band is None and line.std is not None:
            trace["error_y"] = {"type": "data", "array": line.std[at], "color": colour, "thickness": 1, "width": 3}
        self.lines.append(Drawn(line, axes[0], len(data), band))
        data.append(trace)

    def _linked(self, name: str) -> set[str]:
        """The axes that move together with one: those over the same quantity or unit."""
        if name[0] != "x" or not (name[1:] or "1").isdigit() or not 1 <= int(name[1:] or 1) <= len(self.panels):
            return {name}
        key = _link(self.panels[int(name[1:] or 1) - 1])
        return {name} | {_axis("x", r) for r, p in enumerate(self.panels) if key and _link(p) == key}

    def _layout(self) -> dict[str, Any]:
        count = max(1, len(self.panels))
        names = len({n.label for p in self.panels for n in p.lines})
        inner = count * (PANEL_PX + GAP_PX) - GAP_PX
        height = TOP_PX + inner + GAP_PX + min(LEGEND_PX, 19 * max(0, names - 2))  # on a narrow screen each name takes a line
        layout: dict[str, Any] = {
            **{"height": height, "hovermode": "closest", "dragmode": "pan", "uirevision": str(self.chosen)},
            **{
                "font": {"color": _INK, "size": 12, "family": "system-ui, sans-serif"},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
            },
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": 11}}
            | {"maxheight": LEGEND_PX},
            "margin": {"l": 66, "r": 14, "t": TOP_PX, "b": GAP_PX},
            "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": _INK},
        }
        for row, panel in enumerate(self.panels):
            top = 1 - row * (PANEL_PX + GAP_PX) / inner
            x, y = _axis("x", row), _axis("y", row)
            shared = {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _INK, "ticks": "outside", "automargin": True}
            across: dict[str, Any] = {**shared, "title": {"text": panel.x_label, "standoff": 6}, "anchor": y}
            across["type"] = "log" if panel.x_log else "linear"
            up: dict[str, Any] = {**shared, "title": {"text": panel.y_label, "standoff": 6}, "anchor": x}
            up |= {"type": "log" if panel.y_log else "linear", "domain": [max(0.0, top - PANEL_PX / inner), top]}
            up |= {"range": flat} if (flat := _flat(panel)) else {}
            first = min((_axis_number(a) for a in self._linked(x)), default=row + 1)
            if first != row + 1:
                across["matches"] = _axis("x", first - 1)
            if panel.equal:
                up |= {"scaleanchor": x, "scaleratio": 1}
            if panel.picture is not None:
                up |= {"autorange": "reversed"} if panel.picture.downwards else {}
                up |= {"scaleanchor": x, "scaleratio": 1} if panel.x_unit == panel.y_unit else {}
                across["constrain"] = up["constrain"] = "domain"
            layout[f"xaxis{x[1:]}"], layout[f"yaxis{y[1:]}"] = across, up
        return layout


def _axis(letter: str, row: int) -> str:
    return letter + (str(row + 1) if row else "")


def _axis_number(axis: str) -> int:
    return int(axis[1:] or 1)


def _link(panel: Panel) -> tuple[Any, ...] | None:
    """What two panels must share for their x axes to move together."""
    if panel.equal or panel.picture is not None:
        return None
    return (panel.si[0], panel.x_unit, panel.x_log, "" if panel.si[0] != "1" else panel.x)


def _order_in_panel(panels: Sequence[Panel], line: Line) -> int:
    for panel in panels:
        names = list(dict.fromkeys(n.name for n in panel.lines))
        if line.name in names and line in panel.lines:
            return names.index(line.name)
    return 0


def _hover(panel: Panel, line: Line) -> str:
    x_unit, y_unit = (u if u == "1" else unit(u) for u in (panel.x_unit, panel.y_unit))
    std = " ± %{customdata:.2g}" if line.std is not None else ""
    x = f"{panel.x}: %{{x:.6g}} {'' if x_unit == '1' else x_unit}".rstrip()
    y = f"{line.name}: %{{y:.6g}}{std} {'' if y_unit == '1' else y_unit}".rstrip()
    return (f"{html.escape(line.who)}<br>" if line.who else "") + f"{html.escape(x)}<br>{html.escape(y)}<extra></extra>"


def _at(values: np.ndarray | None, at: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[at]


def _edges(line: Line) -> tuple[np.ndarray, np.ndarray]:
    if line.low is not None and line.high is not None:
        return line.low, line.high
    std = line.std if line.std is not None else np.zeros_like(line.y)
    return line.y - std, line.y + std


def _polygon(line: Line, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of the interval around a line, once there and once back."""
    low, high = _edges(line)
    good = at[np.isfinite(low[at]) & np.isfinite(high[at]) & np.isfinite(line.x[at])]
    return np.r_[line.x[good], line.x[good][::-1]], np.r_[low[good], high[good][::-1]]


def _band(line: Line, at: np.ndarray, colour: str) -> dict[str, Any]:
    x, y = _polygon(line, at)
    fill = f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.18)"
    return {
        **{"type": "scatter", "x": x, "y": y, "fill": "toself", "fillcolor": fill, "mode": "lines", "line": {"width": 0}},
        **{"hoverinfo": "skip", "showlegend": False, "customdata": None},
    }


def _flat(panel: Panel) -> list[float] | None:
    """The range of an axis whose numbers differ by rounding alone, which would else be drawn as if it were a signal."""
    values = np.concatenate([n.y[np.isfinite(n.y)] for n in panel.lines]) if panel.lines else np.array([])
    if not values.size or panel.y_log:
        return None
    low, high, size = float(values.min()), float(values.max()), float(np.abs(values).max())
    if high == low or high - low > ROUNDING * size:
        return None
    return [low - 0.1 * size, high + 0.1 * size]


def _heatmap(picture: Picture, panel: Panel, x: str, y: str) -> dict[str, Any]:
    rows, columns = (slice(None, None, max(1, -(-n // 600))) for n in picture.values.shape)
    name = html.escape(" ".join(p for p in (picture.who, picture.name) if p))
    x_unit, y_unit = ("" if u == "1" else f" {unit(u)}" for u in (panel.x_unit, panel.y_unit))
    return {
        **{"type": "heatmap", "z": picture.values[rows, columns], "x": picture.x[columns], "y": picture.y[rows]},
        **{"colorscale": "Viridis", "name": name, "xaxis": x, "yaxis": y, "showscale": False},
        "hovertemplate": f"x %{{x:.5g}}{x_unit}<br>y %{{y:.5g}}{y_unit}<br>{name}: %{{z:.5g}}<extra></extra>",
    }
