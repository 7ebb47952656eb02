"""What the page lets one turn: paths of ions in their cell, or the surface of a deposit, as small whole numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.cell_view import CellView, cell_view, turned
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.perspective import box
from anodefree.core.result import Result
from anodefree.numerics.isosurface import isosurface

Floats = NDArray[np.float64]
SHOWN: Final = 12
"""Paths of each species: more of them hide each other."""
POINTS: Final = 120
SCALE: Final = 1000
"""The largest extent of a scene, in the page's whole numbers."""
CELL: Final = ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "flux_density_T", "ions", "regime")


def turnable_json(output: Result | Measurement | None) -> str:
    """A scene as JSON: `size`, `frame` (lines in ink), `lines` ([colour, points]), `names`, `colours`, a `mesh`, a `note`.

    Empty where there is nothing to turn. Points are x, y, z about the scene's middle, flattened.
    """
    made = _scene(output)
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False) if made else ""


def _scene(output: Result | Measurement | None) -> dict[str, Any] | None:
    if isinstance(output, Measurement):
        if output.kind.name == "flights" and "path_x_m" in output:
            return _paths(cell_view(output, output.meta, SHOWN))
        if output.kind.name == "fields" and len(output["y_m"]) > 1:
            return _deposit(output)
    if isinstance(output, Result):
        curves = output.curves
        if "mesh_point_m" in curves:
            return _surface(curves["mesh_point_m"].values, curves["mesh_triangle"].values, curves["box_m"].values)
        if "path_x_m" in curves and all(n in curves for n in CELL):
            arrays: Mapping[str, NDArray[Any]] = {str(n): v.values for n, v in curves.items()}
            view = cell_view(arrays, {n: arrays[n].item() for n in (*CELL, "boss_shape") if n in arrays}, SHOWN)
            return _paths(turned(view, float(arrays.get("exaggeration", np.ones(())))))
    return None


def _paths(view: CellView) -> dict[str, Any] | None:
    """The cell's outline and its paths; nothing without paths."""
    if not view.paths:
        return None
    grow = SCALE / max(view.gap_um, 2 * view.radius_um)
    middle = np.array([0.0, 0.0, 0.5 * view.gap_um])
    lines = [[p.species, _whole(p.place_um[_thin(len(p.place_um))], middle, grow)] for p in view.paths]
    return {
        "size": SCALE * float(np.hypot(view.gap_um, 2 * view.radius_um)) / max(view.gap_um, 2 * view.radius_um),
        "frame": [_whole(line, middle, grow) for line in view.outlines()],
        "names": list(view.names),
        "colours": list(COLOURS[: len(view.names)]),
        "lines": lines,
        "note": view.note,
    }


def _thin(count: int) -> NDArray[np.int64]:
    """So many of the samples of a path that no eye sees the rest."""
    return np.unique(np.linspace(0, count - 1, POINTS).astype(int))


def _deposit(fields: Measurement) -> dict[str, Any] | None:
    """The metal of the last frame."""
    steps = [float(np.diff(fields[f"{a}_m"]).mean()) if len(fields[f"{a}_m"]) > 1 else 0.0 for a in "zyx"]
    last = np.asarray(fields["lithium"][-1], dtype=float)
    points, triangles = isosurface(last, (steps[0], steps[1], steps[2]))
    return _surface(points, triangles, np.array([n * s for n, s in zip(last.shape, steps, strict=True)][::-1]))


def _surface(points_m: Floats, triangles: NDArray[Any], box_m: Floats) -> dict[str, Any]:
    """A surface in its box."""
    grow, middle = SCALE / float(box_m.max()), 0.5 * box_m
    size = 1e6 * box_m
    return {
        "size": grow * float(np.linalg.norm(box_m)),
        "frame": [_whole(line, middle, grow) for line in box((0.0, 0.0, 0.0), tuple(box_m))],
        "names": [],
        "colours": [],
        "lines": [],
        "note": f"{size[0]:.3g} × {size[1]:.3g} × {size[2]:.3g} µm³",
        "mesh": {"points": _whole(points_m, middle, grow), "triangles": np.asarray(triangles, dtype=int).ravel().tolist()},
    }


def _whole(points: Floats, middle: Floats, grow: float) -> list[int]:
    return [int(v) for v in np.rint((np.asarray(points) - middle) * grow).ravel()]
