"""Counts of all ions that flew, however many: where they ended, on which ring of the flat, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RINGS, TIMES, SURFACES = 60, 400, 5


@dataclass(frozen=True)
class Tally:
    """The counts, by name of their array in the kind `flights`; they grow in place."""

    arrays: dict[str, Floats]

    @classmethod
    def empty(cls, meta: Mapping[str, object], longest_s: Sequence[float]) -> Tally:
        """Rings of equal area from the protrusion's base to the side; times in even ratios up to each species' longest."""
        base, radius = float(meta["boss_base_m"]), float(meta["radius_m"])  # type: ignore[arg-type]
        sorts = len(longest_s)
        return cls(
            {
                "ring_edge_m": np.sqrt(np.linspace(base**2, radius**2, RINGS + 1)),
                "time_edge_s": np.array([np.geomspace(1e-4 * t, t * (1 + 1e-9), TIMES + 1) for t in longest_s]),
                "ended": np.zeros((sorts, SURFACES)),
                "ring_landed": np.zeros((sorts, RINGS)),
                "time_landed": np.zeros((sorts, TIMES)),
            }
        )

    def add(self, index: int, summary: Floats) -> None:
        """Count a batch of ions of one species; `summary` has the columns of the compiled flight, in SI."""
        surface, arrays = summary[:, 6].astype(np.int64), self.arrays
        arrays["ended"][index] += np.bincount(surface, minlength=SURFACES)
        landed = (surface >= 1) & (surface <= 3)
        arrays["time_landed"][index] += np.histogram(summary[landed, 7], arrays["time_edge_s"][index])[0]
        flat = (surface == 2) | (surface == 3)
        arrays["ring_landed"][index] += np.histogram(np.hypot(summary[flat, 3], summary[flat, 4]), arrays["ring_edge_m"])[0]
