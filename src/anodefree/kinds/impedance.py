"""Impedance spectra: one or many, each with its own temperature, potential and time."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_SPECTRUM = ("spectrum",)
_POINT = ("spectrum", "frequency")

IMPEDANCE = Kind(
    name="impedance",
    title="impedance spectra",
    series="spectrum",
    arrays={
        "frequency_Hz": Array(_POINT, "frequency; NaN pads spectra with fewer points", gaps=True, positive=True),
        "Z_re_ohm": Array(_POINT, "real part of the impedance", gaps=True),
        "Z_im_ohm": Array(_POINT, "imaginary part (negative for a capacitive response)", gaps=True),
        "record_time_s": Array(
            _POINT, "time of each point, middle of its acquisition, since the series began", optional=True, gaps=True
        ),
        "temperature_K": Array(_SPECTRUM, "temperature of the cell", optional=True, positive=True),
        "potential_V": Array(_SPECTRUM, "cell potential", optional=True),
        "time_s": Array(_SPECTRUM, "time since the series began", optional=True),
    },
    meta={"area_m2": "electrode area", "instrument": "maker and model", "cell": "what was measured"},
)

Impedance = Annotated[Measurement, IMPEDANCE]
