"""What an output shows in space: paths of ions in their cell, or the surface of a deposit in its box. Lengths in um."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.cell_view import CellView, cell_view, turned
from anodefree.core.measurement import Measurement
from anodefree.core.perspective import box
from anodefree.core.result import Result
from anodefree.numerics.isosurface import isosurface

Floats = NDArray[np.float64]
SHOWN: Final = 12
"""Paths of each species: more of them hide each other."""
POINTS: Final = 120
"""Of each path: no eye sees more."""
CELL: Final = ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "flux_density_T", "ions", "regime")


@dataclass(frozen=True)
class Scene:
    """Lines and a surface in space."""

    middle_um: tuple[float, float, float]
    longest_um: float
    """The largest extent along an axis."""
    across_um: float
    """How far its far corners are apart."""
    frame: tuple[Floats, ...]
    """Outlines of the cell or the box, each (point, 3)."""
    note: str
    names: tuple[str, ...] = ()
    lines: tuple[tuple[int, Floats], ...] = ()
    """Index of the species and the path (point, 3)."""
    points_um: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    triangles: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), np.int64))


def scene(output: Result | Measurement | None) -> Scene | None:
    """The scene of an output; None where there is nothing in space to see."""
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


def _paths(view: CellView) -> Scene | None:
    """The cell's outline and its paths; nothing without paths."""
    if not view.paths:
        return None
    return Scene(
        middle_um=(0.0, 0.0, 0.5 * view.gap_um),
        longest_um=max(view.gap_um, 2 * view.radius_um),
        across_um=float(np.hypot(view.gap_um, 2 * view.radius_um)),
        frame=tuple(view.outlines()),
        note=view.note,
        names=tuple(view.names),
        lines=tuple((p.species, p.place_um[_thin(len(p.place_um))]) for p in view.paths),
    )


def _thin(count: int) -> NDArray[np.int64]:
    """So many of the samples of a path that no eye sees the rest."""
    return np.unique(np.linspace(0, count - 1, POINTS).astype(int))


def _deposit(fields: Measurement) -> Scene:
    """The metal of the last frame."""
    steps = [float(np.diff(fields[f"{a}_m"]).mean()) if len(fields[f"{a}_m"]) > 1 else 0.0 for a in "zyx"]
    last = np.asarray(fields["lithium"][-1], dtype=float)
    points, triangles = isosurface(last, (steps[0], steps[1], steps[2]))
    return _surface(points, triangles, np.array([n * s for n, s in zip(last.shape, steps, strict=True)][::-1]))


def _surface(points_m: Floats, triangles: NDArray[Any], box_m: Floats) -> Scene:
    """A surface in its box."""
    x, y, z = (1e6 * float(v) for v in box_m)
    return Scene(
        middle_um=(0.5 * x, 0.5 * y, 0.5 * z),
        longest_um=max(x, y, z),
        across_um=float(np.linalg.norm((x, y, z))),
        frame=tuple(box((0.0, 0.0, 0.0), (x, y, z))),
        note=f"{x:.3g} × {y:.3g} × {z:.3g} µm³",
        points_um=1e6 * np.asarray(points_m, dtype=float),
        triangles=np.asarray(triangles, dtype=np.int64).reshape(-1, 3),
    )
