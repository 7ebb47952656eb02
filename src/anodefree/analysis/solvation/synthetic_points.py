"""Rows of runs whose numbers scatter about known means: what the stages that compare runs must find again."""

from __future__ import annotations

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, TREATMENT

DENSITY_KG_M3 = 1160.0


def rows(rng: np.random.Generator, runs: int, mean: float, *, spread: float, own: float, density_spread: float) -> Measurement:
    """Runs without a field, made alike: all numbers have one mean, scatter by `spread`, and expect `own` of themselves."""
    arrays = {
        "flux_density_T": np.zeros(runs),
        "field_V_m": np.zeros(runs),
        "temperature_K": np.full(runs, 298.15),
        "length_s": np.full(runs, 1e-9),
        **{n: mean + spread * rng.standard_normal(runs) for n in NUMBERS},
        **{f"{n}_std": np.full(runs, own) for n in NUMBERS},
        "memory": np.full(runs, 0.1),
        **{n: np.ones(runs) for n in TREATMENT},
        "density_kg_m3": DENSITY_KG_M3 + density_spread * rng.standard_normal(runs),
        "density_std_kg_m3": np.full(runs, 2.0),
    }
    return Measurement.of(SOLVATION_POINTS, arrays, name=f"{runs} runs")
