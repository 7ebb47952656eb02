"""The force curve that a lever records on an elastic sample with adhesion: the balance of both, and what distorts it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.contact import dmt_balance_m

Floats = NDArray[np.float64]


def recorded(
    *,
    stiffness: Floats,
    power: float,
    pull_off_N: Floats,
    spring_N_m: float,
    load_N: float,
    travel_m: float,
    points: int,
    gain: float,
    noise_m: float,
    slope: float,
    rng: np.random.Generator,
    lag_m: float = 0.0,
    drift_m: float = 0.0,
    wave_m: float = 0.0,
) -> dict[str, Floats]:
    """Heights and deflections [m] (curve, point) of both ways, one curve for each `stiffness` C of F = C δⁿ - F_adh.

    Contact begins where the surfaces meet and ends at the pull-off. The deflection is recorded times `gain` (its sensitivity is
    off), with white noise, a straight line of `slope` (virtual deflection), a `wave_m` of interference with a period of a third
    of the travel, and `drift_m` between the two ways; the height of the way out lags by `lag_m`.
    """
    count = len(stiffness)
    arrays: dict[str, Floats] = {}
    heights, bends = np.empty((2, count, points)), np.empty((2, count, points))
    for i, (c, pull) in enumerate(zip(stiffness, pull_off_N, strict=True)):
        most = ((load_N + pull) / c) ** (1 / power) + load_N / spring_N_m
        z = np.linspace(travel_m, -most, points)
        depth = dmt_balance_m(-z, spring_N_m, float(c), power, float(pull))
        true = -z - depth
        heights[:, i] = z, z[::-1]
        bends[0, i] = np.where(z < 0, true, 0.0)
        bends[1, i] = np.where(z < pull / spring_N_m, true, 0.0)[::-1]
    for j, way in enumerate(("approach", "retract")):
        phase = rng.uniform(0, 2 * np.pi, (count, 1))
        offset = drift_m * (j + rng.normal(0, 0.3, (count, 1)))
        seen = gain * bends[j] + slope * heights[j] + noise_m * rng.standard_normal((count, points)) + offset
        seen = seen + wave_m * np.sin(6 * np.pi * heights[j] / travel_m + phase)
        arrays[f"{way}_height_m"], arrays[f"{way}_deflection_m"] = heights[j] + j * lag_m, seen
    return arrays
