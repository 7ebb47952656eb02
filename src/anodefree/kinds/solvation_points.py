"""Runs of molecular dynamics as points: what acted on each and what its shells were, one row a run, so that replicas join."""

from typing import Annotated, Final

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_RUN = ("run",)

NUMBERS: Final = {
    "CN": "partner atoms in the first shell",
    "CN_molecules": "partner molecules in the first shell",
    "g_peak": "height of the first peak of g",
    "SSIP": "cations without an anion",
    "CIP": "cations with one anion of their own",
    "AGG": "cations in aggregates",
    "free": "anions without a cation",
    "anion_CIP": "anions with one cation",
    "anion_AGG": "anions with several cations",
    "coordinated": "anions that touch a cation",
}
"""What is compared between runs: named as the estimates of the stages that give it."""

TREATMENT: Final = {
    "charge_scale": "factor on the ions' charges",
    "rigid": "1 where bonds to hydrogen are held, 0 where they are not",
    "hydrogen_u": "mass of hydrogen in u",
    "step_s": "time step",
}
"""How a run was made, apart from the field: what replicas and controls must share."""

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
        "cutoff_m": Array(_RUN, "where the first shell was taken to end", optional=True, positive=True),
        **{n: Array(_RUN, d, optional=True, gaps=True) for n, d in TREATMENT.items()},
        "density_kg_m3": Array(_RUN, "density at constant pressure", optional=True, gaps=True),
        "density_std_kg_m3": Array(_RUN, "what one run expects of itself: density", optional=True, gaps=True),
        "found_K": Array(_RUN, "kinetic temperature at constant volume", optional=True, gaps=True),
        "found_std_K": Array(_RUN, "what one run expects of itself: kinetic temperature", optional=True, gaps=True),
        "r_m": Array(("bin",), "distance", optional=True),
        "g": Array(("run", "bin"), "radial distribution function", optional=True),
        "running_CN": Array(("run", "bin"), "partner atoms nearer than the end of each bin", optional=True),
    },
    meta={
        "centre": "the ion",
        "partner": "what is counted about it",
        "recipe": "the electrolyte",
        "kept": "a run kept from earlier",
    },
    series="run",
)

SolvationPoints = Annotated[Measurement, SOLVATION_POINTS]
