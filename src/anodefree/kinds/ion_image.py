"""Images of secondary ions, slice by slice as sputtering goes down: counts of each ion in every voxel (ToF-SIMS)."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

ION_IMAGE = Kind(
    name="ion_image",
    title="stacks of secondary-ion images",
    arrays={
        "ion_name": Array(("ion",), "the ion, as LiF2-, or its mass where the file gives no name"),
        "counts": Array(("ion", "z", "y", "x"), "ions counted in each voxel"),
        "x_m": Array(("x",), "centres of the pixels along a row, evenly spaced"),
        "y_m": Array(("y",), "centres of the pixels down a column, evenly spaced"),
        "sputter_time_s": Array(("z",), "sputter time of each slice", optional=True),
        "mass_to_charge": Array(("ion",), "mass over charge in u", optional=True),
        "total_counts": Array(("z", "y", "x"), "all ions of the spectrum together", optional=True),
    },
    meta={
        "polarity": "negative or positive",
        "calibrated": "false where the file gives no size of a pixel: x_m and y_m then count micrometres a pixel",
        "instrument": "maker and model",
        "sample": "what was mapped",
    },
)

IonImage = Annotated[Measurement, ION_IMAGE]
