"""Pictures of deposits whose geometry is known, for the demonstrations of the analyses of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.numerics.deposit_geometry import Geometry, geometry
from anodefree.numerics.random_deposit import porous_layer
from anodefree.physics.imaging import COLLECTOR, LITHIUM, VOID, seen

ROWS, COLUMNS, FOOT, FINE = 72, 224, 10, 2
"""Pixels of a picture above the collector, along it, and of the collector; the deposit's own grid is so many times finer."""
STRETCHES = 6
"""Pictures that the whole deposit would fill."""


@dataclass(frozen=True)
class Case:
    """A picture of a stretch, and the truth of the whole deposit in pixels of the true size."""

    picture: Measurement
    whole: Geometry
    pixel_m: float


def case(rng: np.random.Generator, *, porosity: float | None = None, scale_error: float = 0.04) -> Case:
    """A porous layer on a bright collector: pores of 5 to 9 pixels, blur, shot noise, curtains and a scale that is off."""
    pores = float(rng.uniform(0.15, 0.5)) if porosity is None else porosity
    height, size = float(rng.uniform(36, 52)), float(rng.uniform(5, 9))
    metal = porous_layer(
        FINE * ROWS, FINE * COLUMNS * STRETCHES, FINE * height, pores, FINE * size, float(rng.uniform(0.05, 0.12)), rng
    )
    fine = geometry(metal.astype(float), periodic=True)
    whole = Geometry(*(np.asarray(a) / FINE for a in (fine.tops, fine.envelope, fine.solid, fine.enclosed)))
    start = int(rng.integers(0, (STRETCHES - 1) * COLUMNS)) * FINE
    piece = metal[:, start : start + FINE * COLUMNS]
    scene = np.where(piece, LITHIUM, VOID).reshape(ROWS, FINE, COLUMNS, FINE).mean(axis=(1, 3))
    scene = np.concatenate([np.full((FOOT, COLUMNS), COLLECTOR), scene])
    image = seen(scene, rng, blur_px=float(rng.uniform(0.5, 1.2)), quanta=float(rng.uniform(60, 200)), curtain=0.03)
    pixel = 50e-9
    stated = pixel * (1 + scale_error * float(rng.standard_normal()))
    return Case(micrograph(image[::-1], stated, {"scale_error": scale_error, "view": "section"}), whole, pixel)


def micrograph(image: np.ndarray, pixel_m: float, meta: dict[str, object] | None = None) -> Measurement:
    """A picture (y, x) or frames (frame, y, x) as a measurement."""
    frames = image[None] if image.ndim == 2 else image
    arrays = {
        "x_m": (np.arange(frames.shape[2]) + 0.5) * pixel_m,
        "y_m": (np.arange(frames.shape[1]) + 0.5) * pixel_m,
        "intensity": frames,
        "frame_time_s": np.zeros(frames.shape[0]),
    }
    return Measurement.of(MICROGRAPH, arrays, meta or {}, name="synthetic section")
