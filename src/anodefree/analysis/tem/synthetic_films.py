"""Pictures of films whose thickness is known, for the demonstration of the analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.numerics.layered_edge import Film, film_edges, layered, speckled

ROWS, COLUMNS, STRETCHES = 144, 288, 6
"""Pixels of a picture, and pictures that the whole film would fill."""
PIXEL_M = 0.35e-9


@dataclass(frozen=True)
class Case:
    """A picture of a stretch of a film, the mean thickness of the whole film, and that of the stretch in true pixels."""

    picture: Measurement
    thickness_m: float
    stretch_pixels: float


def case(rng: np.random.Generator, *, scale_error: float = 0.04) -> Case:
    """A film of 7 to 18 nm on metal: rough, wavy, oblique in the picture, blurred, at 30 to 150 e/Å2."""
    from scipy.ndimage import gaussian_filter

    mean = float(rng.uniform(20, 52))
    film = Film(mean, float(rng.uniform(0.04, 0.12)) * mean, float(rng.uniform(10, 22)), float(rng.uniform(0, 3)), 150.0)
    steps = COLUMNS * STRETCHES
    edges = film_edges(film, steps, rng)
    start = float(rng.uniform(0.6 * COLUMNS, steps - 0.6 * COLUMNS))
    levels = (1.0, float(rng.uniform(0.72, 0.85)), float(rng.uniform(0.3, 0.55)))
    scene = layered(edges, (ROWS, COLUMNS), float(rng.uniform(-0.25, 0.25)), levels, start)
    scene = speckled(scene, 0.03, 1.5, rng)
    dose = float(rng.uniform(30, 150))
    electrons = dose * (PIXEL_M * 1e10) ** 2
    counts = rng.poisson(gaussian_filter(scene, float(rng.uniform(0.8, 2.0)), mode="nearest") * electrons).astype(np.uint16)
    stated = PIXEL_M * (1 + scale_error * float(rng.standard_normal()))
    meta = {"scale_error": scale_error, "view": "transmission", "dose_C_m2": dose * 16.02176634}
    half = 0.5 * COLUMNS
    seen = edges.thickness[int(start - half) : int(start + half)]
    return Case(micrograph(counts, stated, meta), float(edges.thickness.mean()) * PIXEL_M, float(seen.mean()))


def micrograph(image: np.ndarray, pixel_m: float, meta: dict[str, object]) -> Measurement:
    """A picture (y, x) as a measurement."""
    arrays = {
        "x_m": (np.arange(image.shape[1]) + 0.5) * pixel_m,
        "y_m": (np.arange(image.shape[0]) + 0.5) * pixel_m,
        "intensity": image[None],
        "frame_time_s": np.zeros(1),
    }
    return Measurement.of(MICROGRAPH, arrays, meta, name="synthetic film")
