"""Several cells beside each other: their capacities cycle by cycle, one row for each cell."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_CYCLES = ("cell", "cycle")

CELLS = Kind(
    name="cells",
    title="cycling of several cells",
    series="cell",
    arrays={
        "charge_capacity_C": Array(_CYCLES, "charge passed on charging; NaN pads cells with fewer cycles", gaps=True),
        "discharge_capacity_C": Array(_CYCLES, "charge passed on discharging", gaps=True),
        "cycle_number": Array(_CYCLES, "number of the cycle, from 1", optional=True, gaps=True),
    },
    meta={
        "members": "name of each cell, in order",
        "groups": "group of each cell, in order",
        "instrument": "maker and model",
        "area_m2": "electrode area",
    },
)

Cells = Annotated[Measurement, CELLS]
