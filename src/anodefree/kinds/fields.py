"""Fields of a growing deposit in time: lithium, salt and potential on an even grid, and the history of the whole cell."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_BOX, _STEP = ("frame", "z", "y", "x"), ("step",)

FIELDS = Kind(
    name="fields",
    title="fields of a growing deposit",
    arrays={
        "x_m": Array(("x",), "centres of the cells along the collector, evenly spaced"),
        "y_m": Array(("y",), "centres of the cells along the collector; one cell in two dimensions"),
        "z_m": Array(("z",), "height of the centres of the cells above the collector, rising", positive=True),
        "frame_time_s": Array(("frame",), "when each frame was kept"),
        "lithium": Array(_BOX, "volume fraction of metal, 0 to 1"),
        "concentration_mol_m3": Array(_BOX, "salt in the electrolyte", optional=True),
        "potential_V": Array(_BOX, "potential of the electrolyte against the counter electrode", optional=True),
        "isolated": Array(_BOX, "volume fraction of metal without contact to the collector", optional=True),
        "time_s": Array(_STEP, "time of each step kept of the history"),
        "current_density_A_m2": Array(_STEP, "current per area of the collector, positive while plating"),
        "charge_C_m2": Array(_STEP, "net charge passed per area of the collector"),
        "electrode_potential_V": Array(_STEP, "collector against the counter electrode, negative while plating"),
        "deposited_m": Array(_STEP, "lithium on the collector as a dense layer, isolated metal included"),
        "isolated_m": Array(_STEP, "isolated lithium as a dense layer", optional=True),
        "tip_height_m": Array(_STEP, "height of the highest metal", optional=True),
        "surface_area": Array(_STEP, "area of the lithium surface over that of the collector", optional=True),
    },
    meta={
        "model": "which equations made it",
        "sides": "periodic or mirror",
        "sites_per_m2": "density of the nuclei; per m in two dimensions",
        "collector": "what it stands for",
        "stopped": "why it ended",
    },
)

Fields = Annotated[Measurement, FIELDS]
