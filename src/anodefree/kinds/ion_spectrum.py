"""Mass spectra of secondary ions: counts against mass over charge (ToF-SIMS)."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

ION_SPECTRUM = Kind(
    name="ion_spectrum",
    title="mass spectra of secondary ions",
    arrays={
        "mass_to_charge": Array(("channel",), "mass over charge in u, rising"),
        "counts": Array(("channel",), "ions counted"),
    },
    meta={
        "polarity": "negative or positive",
        "binning": "how many channels of the instrument make one",
        "dead_time_corrected": "whether the counts are",
        "instrument": "maker and model",
        "sample": "what was measured",
    },
)

IonSpectrum = Annotated[Measurement, ION_SPECTRUM]
