"""Pictures of crystallites in an amorphous film whose sizes are known, for the demonstration of the analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.analysis.tem.synthetic_films import micrograph
from anodefree.core.measurement import Measurement

PIXEL_M = 0.08e-9
SPACINGS_M = (0.2324e-9, 0.2013e-9, 0.2667e-9)
"""Of the strongest planes of LiF (111, 200) and Li2O (111)."""


@dataclass(frozen=True)
class Crystallites:
    """A picture, the mean diameter of the population from which its crystallites were drawn, and where those in it are."""

    picture: Measurement
    mean_m: float
    places_m: np.ndarray
    """Row, column and diameter of each crystallite."""


def crystallites(
    rng: np.random.Generator, *, size: int = 256, mean_m: float | None = None, relative_std: float = 0.2,
    scale_error: float = 0.04, contrast: float = 0.12,
) -> Crystallites:  # fmt: skip
    """Discs of log-normal diameter, each with fringes of one spacing in a direction of its own, apart from each other."""
    from scipy.ndimage import gaussian_filter

    mean = float(rng.uniform(1.9e-9, 2.8e-9)) if mean_m is None else mean_m
    log_width = np.sqrt(np.log1p(relative_std**2))
    y, x = np.mgrid[:size, :size] * PIXEL_M
    speckle = gaussian_filter(rng.standard_normal((size, size)), 1.2)
    scene = 1 + 0.06 * speckle / speckle.std()
    field = size * PIXEL_M
    placed: list[tuple[float, float, float]] = []
    # Diameters are drawn before places, and places are many: otherwise large ones would be passed over for want of room.
    for diameter in mean * np.exp(log_width * rng.standard_normal(int(0.22 * field**2 / mean**2)) - log_width**2 / 2):
        for _ in range(1000):
            cy, cx = rng.uniform(-0.5 * diameter, field + 0.5 * diameter, 2)
            if all(np.hypot(cy - a, cx - b) > 0.5 * (diameter + d) + 0.8e-9 for a, b, d in placed):
                placed.append((cy, cx, diameter))
                break
    for cy, cx, diameter in placed:
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        spacing = SPACINGS_M[int(rng.integers(len(SPACINGS_M)))]
        # Only the square that the disc touches.
        reach = 0.5 * diameter + 2 * PIXEL_M
        rows, columns = (slice(max(0, int((c - reach) / PIXEL_M)), max(0, int((c + reach) / PIXEL_M) + 2)) for c in (cy, cx))
        down, across = y[rows, columns] - cy, x[rows, columns] - cx
        inside = np.clip((0.5 * diameter - np.hypot(down, across)) / PIXEL_M + 0.5, 0, 1)
        wave = np.cos(2 * np.pi / spacing * (across * np.cos(angle) + down * np.sin(angle)) + phase)
        scene[rows, columns] += contrast * inside * wave
    electrons = float(rng.uniform(50, 150)) * (PIXEL_M * 1e10) ** 2
    counts = rng.poisson(np.maximum(scene, 0) * electrons).astype(np.uint16)
    stated = PIXEL_M * (1 + scale_error * float(rng.standard_normal()))
    meta = {"scale_error": scale_error, "view": "transmission", "dose_C_m2": electrons / (PIXEL_M * 1e10) ** 2 * 16.02176634}
    return Crystallites(micrograph(counts, stated, meta), mean, np.array(placed))
