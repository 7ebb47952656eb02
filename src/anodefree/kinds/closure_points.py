"""Two quantities of a sample, one row a sample, so that samples join: what an empirical closure is fitted to."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_SAMPLE = ("sample",)

CLOSURE_POINTS = Kind(
    name="closure_points",
    title="two quantities of samples",
    arrays={
        "name": Array(_SAMPLE, "name of the sample"),
        "x": Array(_SAMPLE, "quantity that is known"),
        "x_std": Array(_SAMPLE, "its standard deviation"),
        "y": Array(_SAMPLE, "quantity that follows"),
        "y_std": Array(_SAMPLE, "its standard deviation"),
    },
    meta={"x_name": "what x is, as on an axis", "y_name": "what y is, as on an axis"},
    required_meta=("x_name", "y_name"),
    series="sample",
)

ClosurePoints = Annotated[Measurement, CLOSURE_POINTS]
