"""Tracks of ions: position and velocity against time, ion by ion."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_SAMPLE = ("ion", "sample")

TRACKS = Kind(
    name="tracks",
    title="ion tracks",
    arrays={
        "time_s": Array(("sample",), "time since launch"),
        "x_m": Array(_SAMPLE, "position along x"),
        "y_m": Array(_SAMPLE, "position along y"),
        "z_m": Array(_SAMPLE, "position along z"),
        "vx_m_s": Array(_SAMPLE, "velocity along x", optional=True),
        "vy_m_s": Array(_SAMPLE, "velocity along y", optional=True),
        "vz_m_s": Array(_SAMPLE, "velocity along z", optional=True),
    },
    meta={"species": "the ion", "mass_kg": "its mass", "charge_C": "its charge", "flux_density_T": "field along z"},
    required_meta=("mass_kg", "charge_C", "flux_density_T"),
)

Tracks = Annotated[Measurement, TRACKS]
