"""Outputs in space: what is shown, in micrometres, on equal axes, and never too much."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go

from anodefree.app.scene import figure
from anodefree.core.measurement import Measurement
from anodefree.kinds.fields import FIELDS
from anodefree.numerics.isosurface import MOST_TRIANGLES
from anodefree.simulation.ions.flight import demo, flight


def ball(cells: int) -> Measurement:
    """A ball of metal in a cube of 10 um."""
    c = (np.arange(cells) + 0.5) * 10e-6 / cells
    z, y, x = np.meshgrid(c, c, c, indexing="ij")
    metal = ((x - 5e-6) ** 2 + (y - 5e-6) ** 2 + (z - 5e-6) ** 2 < 9e-12).astype(np.float32)
    steps = {n: np.zeros(1) for n in ("time_s", "current_density_A_m2", "charge_C_m2", "electrode_potential_V", "deposited_m")}
    return Measurement.of(
        FIELDS, {"x_m": c, "y_m": c, "z_m": c, "frame_time_s": np.zeros(1), "lithium": metal[None], **steps}, {}
    )


def test_paths_of_both_species() -> None:
    made = demo(np.random.default_rng(1))
    shown = figure(flight(*made.inputs, **made.parameters))
    assert shown is not None
    assert go.Figure(shown["data"], shown["layout"]).layout.scene.aspectmode == "data"
    named = [t["name"] for t in shown["data"] if t["showlegend"]]
    assert named == ["cell", "Li+", "TFSI-"]
    gap = 1e6 * float(made.inputs[0].meta["gap_m"])
    paths = [t for t in shown["data"] if t["name"] == "Li+"]
    assert all(min(t["z"]) >= -1e-3 and max(t["z"]) <= gap * 1.001 for t in paths)
    assert shown["layout"]["scene"]["zaxis"]["title"]["text"] == "z / µm"


def test_a_deposit_is_a_surface_of_bounded_size() -> None:
    shown = figure(ball(24))
    assert shown is not None
    go.Figure(shown["data"], shown["layout"])
    mesh = shown["data"][-1]
    assert mesh["type"] == "mesh3d"
    assert 0 < len(mesh["i"]) <= MOST_TRIANGLES
    radius = np.linalg.norm(np.column_stack([mesh["x"], mesh["y"], mesh["z"]]) - 5.0, axis=1)
    assert abs(radius.mean() - 3.0) < 0.2
    assert len(json.dumps(shown)) < 2_000_000


def test_nothing_in_space_is_nothing() -> None:
    assert figure(None) is None
