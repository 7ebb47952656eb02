"""Photoelectron spectra: one region of binding energy, single or through a depth profile."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

PHOTOEMISSION = Kind(
    name="photoemission",
    title="photoelectron spectra",
    arrays={
        "binding_energy_eV": Array(("energy",), "binding energy, rising"),
        "counts": Array(("level", "energy"), "electrons counted, all sweeps together"),
        "etch_time_s": Array(("level",), "sputter time before each spectrum; 0 for the surface", optional=True),
        "etch_depth_m": Array(("level",), "depth of each spectrum, as the file states it", optional=True),
    },
    meta={
        "region": "the core level, as F 1s",
        "photon_energy_eV": "energy of the source's photons",
        "source": "anode of the source, as Al",
        "pass_energy_eV": "pass energy of the analyser",
        "dwell_s": "counting time at each energy, all sweeps together",
        "sweeps": "how many",
        "transmission": "the analyser's transmission at this region, where the file states it",
        "charge_shift_eV": "shift already applied to the energies",
        "instrument": "maker and model",
        "sample": "what was measured",
    },
)

Photoemission = Annotated[Measurement, PHOTOEMISSION]
