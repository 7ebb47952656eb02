"""Depth profiles of secondary ions: counts of each ion against sputter time (ToF-SIMS)."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

ION_PROFILE = Kind(
    name="ion_profile",
    title="depth profiles of secondary ions",
    arrays={
        "ion_name": Array(
            ("ion",), "the ion as the file writes it, as LiF_2-; isotopes as ^7Li; ratios are no ions and left out"
        ),
        "counts": Array(("ion", "point"), "ions counted at each point"),
        "sputter_time_s": Array(("point",), "sputter time, rising"),
        "fluence_per_m2": Array(("point",), "sputter ions per area", optional=True),
        "mass_to_charge": Array(("ion",), "mass over charge in u; NaN where the file states none", optional=True, gaps=True),
        "total_counts": Array(("point",), "all ions of the spectrum together", optional=True),
    },
    meta={
        "polarity": "negative or positive",
        "raster_m": "edge of the analysed square",
        "smoothed": "whether the exporter smoothed the profiles",
        "instrument": "maker and model",
        "sample": "what was sputtered",
    },
)

IonProfile = Annotated[Measurement, ION_PROFILE]
