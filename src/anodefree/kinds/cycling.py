"""Cycling of a cell: capacities cycle by cycle, and the record of voltage and current they come from."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement
from anodefree.kinds.cells import CELLS

_CYCLE = ("cycle",)
_POINT = ("point",)

CYCLING = Kind(
    name="cycling",
    title="galvanostatic cycling",
    arrays={
        "cycle_number": Array(_CYCLE, "number of the cycle, from 1", optional=True),
        "charge_capacity_C": Array(_CYCLE, "charge passed on charging", optional=True),
        "discharge_capacity_C": Array(_CYCLE, "charge passed on discharging", optional=True),
        "time_s": Array(_POINT, "time of a record", optional=True),
        "voltage_V": Array(_POINT, "cell voltage", optional=True),
        "current_A": Array(_POINT, "current, positive on charging", optional=True),
        "record_cycle": Array(_POINT, "number of the cycle a record belongs to", optional=True),
    },
    meta={"area_m2": "electrode area", "instrument": "maker and model", "cell": "what was measured"},
    together=CELLS,
)

Cycling = Annotated[Measurement, CYCLING]
