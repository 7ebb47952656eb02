"""An output in space as a plotly figure that can be turned: equal axes in micrometres, a legend, never too many points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.study.scene import Scene, scene

METAL: Final = "#9aa3ad"
CAMERA: Final = {"eye": {"x": 1.45, "y": 1.45, "z": 1.05}, "center": {"x": 0.0, "y": 0.0, "z": -0.12}}
"""From a little further away than usual, so that the labels of all axes are within the picture."""


def figure(output: Result | Measurement | None, *, ink: str = SOFT) -> dict[str, Any] | None:
    """The figure as plotly takes it (a table of `data` and `layout`); None where an output shows nothing in space.

    `ink` is the colour of text and axes: the default is readable on light and on dark.
    """
    made = scene(output)
    return None if made is None else _figure(made, ink)


def _figure(made: Scene, ink: str) -> dict[str, Any]:
    outline = "cell" if made.lines else "box"
    traces = [_line(line, outline, ink, 1.5, shown=i == 0) for i, line in enumerate(made.frame)]
    seen: set[int] = set()
    for species, place in made.lines:
        name = made.names[species]
        traces.append(_line(place, name, COLOURS[species % len(COLOURS)], 3.0, shown=species not in seen))
        seen.add(species)
    if len(made.triangles):
        traces.append(_mesh(made))
    return {"data": traces, "layout": _layout(made, ink), "config": {"displaylogo": False, "scrollZoom": True}}


def _line(place: np.ndarray, name: str, colour: str, width: float, *, shown: bool) -> dict[str, Any]:
    x, y, z = np.round(np.asarray(place, dtype=float), 4).T.tolist()
    return {
        "type": "scatter3d",
        "mode": "lines",
        "x": x,
        "y": y,
        "z": z,
        "name": name,
        "legendgroup": name,
        "showlegend": shown,
        "line": {"color": colour, "width": width},
        "hovertemplate": "x %{x:.3g} µm<br>y %{y:.3g} µm<br>z %{z:.3g} µm" if name not in ("cell", "box") else None,
        "hoverinfo": "skip" if name in ("cell", "box") else None,
    }


def _mesh(made: Scene) -> dict[str, Any]:
    x, y, z = np.round(made.points_um, 4).T.tolist()
    i, j, k = made.triangles.T.tolist()
    return {
        "type": "mesh3d",
        "x": x,
        "y": y,
        "z": z,
        "i": i,
        "j": j,
        "k": k,
        "name": "lithium",
        "color": METAL,
        "showlegend": True,
        "flatshading": False,
        "lighting": {"ambient": 0.5, "diffuse": 0.7, "specular": 0.2},
        "hovertemplate": "x %{x:.3g} µm<br>y %{y:.3g} µm<br>z %{z:.3g} µm",
    }


def _layout(made: Scene, ink: str) -> dict[str, Any]:
    clear = "rgba(0,0,0,0)"
    axes = {
        f"{a}axis": {"title": {"text": f"{a} / µm"}, "color": ink, "gridcolor": SOFT, "backgroundcolor": clear} for a in "xyz"
    }
    return {
        "title": {"text": made.note.replace("\n", "<br>"), "font": {"size": 13}},
        "scene": {**axes, "aspectmode": "data", "bgcolor": clear, "camera": CAMERA},
        "paper_bgcolor": clear,
        "font": {"color": ink},
        "legend": {"orientation": "h"},
        "margin": {"l": 0, "r": 0, "t": 50, "b": 0},
        "uirevision": "turned",
    }
