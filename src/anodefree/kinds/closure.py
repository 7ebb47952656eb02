"""An empirical closure: a straight line between two quantities in stated scales, with what it rests on."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_POINT = ("point",)
_LINE = ("line",)

CLOSURE = Kind(
    name="closure",
    title="empirical closure",
    arrays={
        "x": Array(_POINT, "quantity that is known, of each sample"),
        "x_std": Array(_POINT, "its standard deviation"),
        "y": Array(_POINT, "quantity that follows, of each sample"),
        "y_std": Array(_POINT, "its standard deviation"),
        "centre": Array(_LINE, "where level and slope are independent, in the scale of x"),
        "level": Array(_LINE, "value of the line there, in the scale of y"),
        "level_std": Array(_LINE, "its standard deviation"),
        "slope": Array(_LINE, "slope of the line in both scales"),
        "slope_std": Array(_LINE, "its standard deviation"),
        "scatter": Array(_LINE, "standard deviation of one sample about the line, in the scale of y"),
    },
    meta={
        "x_name": "what x is",
        "y_name": "what y is",
        "x_scale": "linear, log, logit or log_loss",
        "y_scale": "linear, log, logit or log_loss",
        "samples": "name of each sample, in order",
    },
    required_meta=("x_name", "y_name", "x_scale", "y_scale"),
)

Closure = Annotated[Measurement, CLOSURE]
