"""Runs of molecular dynamics as points: what acted on each and what its shells were, one row a run, so that replicas join."""

from typing import Annotated, Final

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_RUN = ("run",)

NUMBERS: Final = {
    "CN": "partner atoms in the first shell",
    "CN_molecules": "partner molecules in the first shell",
    "SSIP": "cations without an anion",
    "CIP": "cations with one anion of their own",
    "AGG": "cations in aggregates",
    "free": "anions without a cation",
    "coordinated": "anions that touch a cation",
}
"""What is compared between runs: named as the estimates of the stages that give it."""

SOLVATION_POINTS = Kind(
    name="solvation_points",
    title="shells of ions, one row a run",
    arrays={
        "flux_density_T": Array(_RUN, "magnetic flux density"),
        "field_V_m": Array(_RUN, "electric field that drives"),
        "temperature_K": Array(_RUN, "temperature of the thermostat", positive=True),
        "length_s": Array(_RUN, "time that the frames cover"),
        **{n: Array(_RUN, d) for n, d in NUMBERS.items()},
        **{f"{n}_std": Array(_RUN, f"what one run expects of itself: {d}") for n, d in NUMBERS.items()},
        "memory": Array(_RUN, "correlation of a centre's number of partners after a twentieth of the run"),
    },
    meta={"centre": "the ion", "partner": "what is counted about it", "charge_scale": "factor on the ions' charges"},
    series="run",
)

SolvationPoints = Annotated[Measurement, SOLVATION_POINTS]
