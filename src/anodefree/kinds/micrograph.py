"""Pictures with a scale: micrographs, single or as a series in time; a simulated deposit gives the same."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement
from anodefree.kinds.micrographs import MICROGRAPHS

MICROGRAPH = Kind(
    name="micrograph",
    together=MICROGRAPHS,
    title="micrographs",
    arrays={
        "x_m": Array(("x",), "centres of the pixels along a row, evenly spaced"),
        "y_m": Array(("y",), "centres of the pixels down a column, evenly spaced; row 0 is the top of the picture"),
        "intensity": Array(("frame", "y", "x"), "brightness in the file's own scale; colour is turned into luminance"),
        "frame_time_s": Array(("frame",), "when each picture was taken; 0 for a single one"),
    },
    meta={
        "calibrated": "false where the file gives no size of a pixel: x_m and y_m then count micrometres a pixel",
        "scale_error": "relative standard deviation of the size of a pixel",
        "view": "section, surface or transmission",
        "instrument": "maker and model",
        "voltage_V": "accelerating voltage",
        "camera_length_m": "camera length as the instrument states it",
        "dose_C_m2": "charge of the beam per area of the sample until then (1 e/angstrom^2 is 16.02 C/m2)",
        "sample": "what is seen",
        "collector_up": "true where the collector is at the top of the picture",
        "areal_capacity_C_m2": "charge plated per area of the collector, where known",
    },
)

Micrograph = Annotated[Measurement, MICROGRAPH]
