"""The upper surface of a simulated deposit as a height map, for what measures or uses surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.figure import draw_heights
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.fields import FIELDS, Fields
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.deposit_geometry import column_tops
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST: Final = 8
"""Columns either way below which a map says nothing."""


@stage("deposit.surface", version=1, cites=("villarrubia1997",))
def surface(
    fields: Fields,
    *,
    frame: Annotated[int, Par("which frame of the simulation; -1: the last one")] = -1,
) -> Topography:
    """Height map of a deposit in three dimensions: the highest lithium over each place of the collector.

    h(x, y) is where the share of lithium last crosses one half on the way up, straight between the middles of cells; 0 is the
    bare collector. What lies under an overhang is not seen, as no tip or light from above would reach it. The map goes to
    `afm.image` (what a microscope would record of it), `afm.roughness`, or the fields above a rough surface.
    *Valid when* the box is three-dimensional and holds several islands or waves: fewer say little of the surface.
    *Source* the surface that a probe touches from above: Villarrubia (1997), section 2.
    Raises ConfigError: no such frame; a simulation in two dimensions, which has no surface. DataError: no lithium.
    """
    where = fields.source.name
    lithium = fields["lithium"]
    if not -lithium.shape[0] <= frame < lithium.shape[0]:
        raise ConfigError(f"there is no frame {frame}: it holds {lithium.shape[0]}", "frame", "-1 is the last one")
    if min(lithium.shape[2:]) < LEAST:
        raise ConfigError(
            f"is {lithium.shape[3]} cells long and {lithium.shape[2]} deep: no surface",
            where,
            "run deposit.grow with depth_m",
        )
    box = np.clip(lithium[frame].astype(float), 0.0, 1.0)
    if not (box > 0).any():
        raise DataError("holds no lithium in that frame", where, "take a later frame")
    step = float(fields["z_m"][1] - fields["z_m"][0])
    tops = column_tops(box) * step
    meta = {"periodic": fields.meta.get("sides") == "periodic", "instrument": "simulation"}
    return Measurement.of(TOPOGRAPHY, {"x_m": fields["x_m"], "y_m": fields["y_m"], "height_m": tops}, meta)


@surface.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The heights."""
    draw_heights(output["x_m"], output["y_m"], output["height_m"], ax)


@surface.demo
def demo(rng: np.random.Generator) -> Demo:
    """Columns of whole cells: their heights come back."""
    cells, cell = rng.integers(0, 12, (16, 20)), 1e-7
    lithium = (np.arange(14)[:, None, None] < cells).astype(float)[None]
    dense = float(lithium.sum(axis=1).mean() * cell)
    axes = {n: (np.arange(k) + 0.5) * cell for n, k in zip(("z_m", "y_m", "x_m"), lithium.shape[1:], strict=True)}
    history = {
        "time_s": [60.0],
        "current_density_A_m2": [1.0],
        "charge_C_m2": [60.0],
        "electrode_potential_V": [-0.1],
        "deposited_m": [dense],
    }
    box = Measurement.of(FIELDS, {**axes, "frame_time_s": [60.0], "lithium": lithium, **history}, {"sides": "periodic"})
    return Demo((box,), {"height_m": cells * cell})
