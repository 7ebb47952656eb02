"""How far the paths of a flight are helices, with the numbers that decide it: one row for each flight, so that flights join."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_FLIGHT = ("flight",)

HELICITY = Kind(
    name="helicity",
    title="helices among the paths of flights",
    arrays={
        "magnetisation": Array(_FLIGHT, "Λ = BL√(q/mV)"),
        "drag": Array(_FLIGHT, "Γ = (L/τ)√(m/qV), 0 without a liquid"),
        "thermal": Array(_FLIGHT, "Θ = kT/qV", positive=True),
        "share": Array(_FLIGHT, "paths with a helix that is turned and wide enough to be seen"),
        "paths": Array(_FLIGHT, "paths that were looked at", positive=True),
        "turns": Array(_FLIGHT, "turns of those with any helix, mean; 0 where there is none"),
        "radius_over_gap": Array(_FLIGHT, "their radius over the gap, mean; 0 where there is none"),
        "flux_density_T": Array(_FLIGHT, "uniform flux density, or the rms of the map"),
        "gap_m": Array(_FLIGHT, "gap of the cell", positive=True),
        "voltage_V": Array(_FLIGHT, "voltage across it", positive=True),
    },
    meta={"species": "the ion", "visible": "least radius over the gap that is seen", "fewest_turns": "least turns"},
    required_meta=("species", "visible", "fewest_turns"),
    series="flight",
)

Helicity = Annotated[Measurement, HELICITY]
