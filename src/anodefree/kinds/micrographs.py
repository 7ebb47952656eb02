"""Several micrographs beside each other, such as sections of several collectors; smaller ones are padded with NaN."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

MICROGRAPHS = Kind(
    name="micrographs",
    title="several micrographs",
    series="picture",
    arrays={
        "x_m": Array(("picture", "x"), "centres of the pixels along a row", gaps=True),
        "y_m": Array(("picture", "y"), "centres of the pixels down a column; row 0 is the top", gaps=True),
        "intensity": Array(("picture", "frame", "y", "x"), "brightness in the file's own scale", gaps=True),
        "frame_time_s": Array(("picture", "frame"), "when each frame was taken", gaps=True),
    },
    meta={"members": "name of each picture, in order", "calibrated": "as of one micrograph, where all agree"},
)

Micrographs = Annotated[Measurement, MICROGRAPHS]
