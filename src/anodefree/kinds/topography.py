"""A map of the height of a surface on an even grid: drawn at random, or measured by a scanning probe (AFM) or a profiler."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

TOPOGRAPHY = Kind(
    name="topography",
    title="maps of the height of a surface",
    arrays={
        "x_m": Array(("x",), "position along x, evenly spaced"),
        "y_m": Array(("y",), "position along y, evenly spaced"),
        "height_m": Array(("y", "x"), "height of the surface; its mean is of no account"),
    },
    meta={
        "periodic": "whether the map repeats in its plane",
        "instrument": "maker and model",
        "calibration": "relative standard deviation of the heights",
        "sample": "what was mapped",
    },
)

Topography = Annotated[Measurement, TOPOGRAPHY]
