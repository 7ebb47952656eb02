"""What a potentiostat's electrometer does to a current: noise, then the steps of the current range's converter."""

from __future__ import annotations

import numpy as np


def current_range_A(current_A: np.ndarray) -> float:
    """The smallest decade of current [A] that holds every value."""
    largest = float(np.max(np.abs(current_A)))
    return 10.0 ** np.ceil(np.log10(largest)) if largest > 0 else 1e-9


def recorded_A(current_A: np.ndarray, noise: float, bits: int, rng: np.random.Generator) -> np.ndarray:
    """The current [A] as it is written: `noise` (standard deviation over the largest current) added, then rounded to the
    converter's steps of the current range, which covers both signs with 2^bits steps; `bits` 0 leaves it continuous.
    """
    seen = current_A + noise * float(np.max(np.abs(current_A))) * rng.standard_normal(current_A.shape)
    if not bits:
        return seen
    step = 2 * current_range_A(current_A) / 2**bits
    return np.asarray(step * np.round(seen / step))
