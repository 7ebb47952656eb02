"""A map of magnetic flux density on an even grid: computed above a film, or measured by a scanning probe."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_BOX = ("z", "y", "x")

FLUX_MAP = Kind(
    name="flux_map",
    title="maps of magnetic flux density",
    arrays={
        "x_m": Array(("x",), "position along x, evenly spaced"),
        "y_m": Array(("y",), "position along y, evenly spaced"),
        "z_m": Array(("z",), "height of each plane above the film, rising", positive=True),
        "Bx_T": Array(_BOX, "flux density along x", optional=True),
        "By_T": Array(_BOX, "flux density along y", optional=True),
        "Bz_T": Array(_BOX, "flux density along z, away from the film"),
    },
    meta={
        "periodic": "whether the map repeats in its plane",
        "instrument": "maker and model",
        "calibration": "relative standard deviation of the flux density",
        "film": "what was mapped",
    },
)

FluxMap = Annotated[Measurement, FLUX_MAP]
