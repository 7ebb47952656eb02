"""Vibrational spectra: Raman and infrared, single, in a series of time or potential, or of a map."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

SPECTRUM = Kind(
    name="spectrum",
    title="vibrational spectra",
    series="spectrum",
    arrays={
        "shift_per_cm": Array(("shift",), "Raman shift or wavenumber, rising"),
        "intensity": Array(("spectrum", "shift"), "counts, absorbance or transmittance, as `quantity` says"),
        "time_s": Array(("spectrum",), "when each spectrum was taken", optional=True),
        "potential_V": Array(("spectrum",), "electrode potential while it was taken", optional=True),
        "x_m": Array(("spectrum",), "where it was taken", optional=True),
        "y_m": Array(("spectrum",), "where it was taken", optional=True),
        "z_m": Array(("spectrum",), "where it was taken", optional=True),
    },
    meta={
        "technique": "raman or infrared",
        "quantity": "counts, absorbance or transmittance",
        "laser_m": "wavelength of the laser",
        "calibrated": "whether the axis was calibrated against a reference",
        "shift_error_per_cm": "standard deviation of the axis",
        "instrument": "maker and model",
        "sample": "what was measured",
    },
)

Spectrum = Annotated[Measurement, SPECTRUM]
