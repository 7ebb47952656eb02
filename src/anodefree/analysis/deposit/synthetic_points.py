"""A made-up deposition with known answers: porosity in closed form of sites, film and conditions, with scatter, as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.uncertain import Uncertain
from anodefree.kinds.deposit_points import DEPOSIT_POINTS, NUMBERS
from anodefree.numerics.emulator import to_share

Floats = NDArray[np.float64]
At = Sequence[tuple[float, float]]
RANGES: Final = {"site_spacing_m": (0.5e-6, 12e-6), "film_spread": (0.0, 1.5)}
SCATTER: Final = 0.15
"""Standard deviation of the logit from run to run, where sites are a micrometre apart; more with their distance."""

EXCHANGE_A_M2: Final = 4.0
MISSED: Final = 0.02
"""Standard deviation by which the closed form misses a collector."""
ERROR: Final = 0.01
"""Standard deviation of a measured porosity."""


def porosity_of(
    spacing_m: Floats, spread: Floats, current_A_m2: ArrayLike, capacity_C_m2: ArrayLike, rng: np.random.Generator | None = None
) -> Floats:
    """More with the distance of sites, and the less so the more is plated; more with the film's spread and the current."""
    apart, plated = np.log(spacing_m / 1e-6), np.log(np.asarray(capacity_C_m2) / 5400.0)
    drive = 1 + 0.8 * np.log(np.asarray(current_A_m2))
    line = -2.5 + 1.3 * apart - 0.6 * apart * plated + 1.4 * spread * drive - 0.25 * spread**2
    if rng is not None:
        line = line + SCATTER * np.exp(0.2 * apart) * rng.standard_normal(line.shape)
    return to_share(line)


def synthetic_points(at: At, count: int, rng: np.random.Generator) -> Measurement:
    """So many runs at each (current, capacity), spread evenly over the ranges, as `deposit.point` would give them."""
    from scipy.stats import qmc

    low, high = np.log(RANGES["site_spacing_m"]), RANGES["film_spread"]
    u = np.concatenate([qmc.LatinHypercube(2, rng=rng).random(count) for _ in at])
    spacing, spread = np.exp(low[0] + u[:, 0] * (low[1] - low[0])), high[0] + u[:, 1] * (high[1] - high[0])
    current, capacity = np.repeat(np.array(at), count, axis=0).T
    porosity = porosity_of(spacing, spread, current, capacity, rng)
    n = spacing.size
    arrays: dict[str, Any] = {name: np.full(n, 1.0) for name in NUMBERS}
    arrays |= {a: np.ones(n) for a, spec in DEPOSIT_POINTS.arrays.items() if not spec.optional and a != "collector"}
    arrays |= {
        "collector": np.full(n, "", dtype=object),
        "charge_C_m2": capacity,
        **{name: porosity for name in NUMBERS if name.startswith("porosity_")},
        "site_spacing_m": spacing,
        "film_spread": spread,
        "film_ohm_m2": np.full(n, 0.01),
        "current_density_A_m2": current,
        "capacity_C_m2": capacity,
        "j0_A_m2": np.full(n, EXCHANGE_A_M2),
    }
    return Measurement.of(DEPOSIT_POINTS, arrays, name="synthetic runs")


@dataclass(frozen=True)
class Collector:
    """A collector with known sites and film: one section of it at each (current, capacity), and how each was measured."""

    spacing_m: float
    spread: float
    at: At
    porosity: tuple[float, ...]
    measured: tuple[Uncertain, ...]

    def calibrated_at(self, which: Sequence[int]) -> dict[str, Any]:
        """Parameters of a calibration with some of the sections."""
        return {
            "porosity": [self.measured[k] for k in which],
            "current_density_A_m2": [self.at[k][0] for k in which],
            "capacity_C_m2": [self.at[k][1] for k in which],
            "j0_A_m2": EXCHANGE_A_M2,
            "inadequacy": MISSED,
        }


def drawn_collector(at: At, rng: np.random.Generator) -> Collector:
    """Sites and film drawn from the ranges; its sections miss the closed form as `inadequacy` says, and are measured."""
    spacing = float(np.exp(rng.uniform(*np.log(RANGES["site_spacing_m"]))))
    spread = float(rng.uniform(*RANGES["film_spread"]))
    own = [float(porosity_of(np.array([spacing]), np.array([spread]), i, q, rng)[0]) for i, q in at]
    real = np.clip(own + MISSED * rng.standard_normal(len(at)), 0.0, 0.99)
    seen = np.clip(real + ERROR * rng.standard_normal(len(at)), 0.0, 0.99)
    return Collector(spacing, spread, at, tuple(map(float, real)), tuple(Uncertain(float(s), ERROR) for s in seen))
