"""Micrographs and diffraction patterns of known truth, small enough to be analysed hundreds of times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.kinds.diffraction import DIFFRACTION
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.physics.lattice_fringes import Fringes, fringes, reflections_along, transfer
from anodefree.physics.ring_pattern import pattern, ring_lines

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FringeCase:
    """A picture, its true scale factor and shears, and the spacing [m] of its strongest spot."""

    picture: Measurement
    scale: float
    shear: Floats
    strongest_m: float


def fringe_case(rng: np.random.Generator, pixels: int = 128, pixel_m: float = 0.04e-9) -> FringeCase:
    """Lithium fluoride along [110] and lithium oxide along [110], side by side, on counting noise."""
    scale, shear = float(np.exp(0.04 * rng.standard_normal())), 0.008 * rng.standard_normal(2)
    step = pixel_m * scale * (np.eye(2) + np.array([[shear[0], shear[1]], [shear[1], -shear[0]]]))
    side = pixels * pixel_m * scale
    grains = []
    for name, x, contrast in (("LiF", 0.32, 0.40), ("Li2O", 0.68, 0.22)):
        hkl, wave, amplitude = reflections_along(name, "[110]", 1.3e-10, rng.uniform(0, np.pi))
        wave = wave + 0.003 * np.linalg.norm(wave, axis=1)[:, None] * rng.standard_normal(wave.shape)
        amplitude = amplitude * transfer(wave, 1e-10)
        at = (x * side, (0.5 + rng.uniform(-0.1, 0.1)) * side)
        grains.append(Fringes(*at, rng.uniform(1.2, 1.5) * 1e-9, contrast / amplitude.max(), wave, amplitude, hkl))
    scene = np.maximum(1 + fringes((pixels, pixels), step, grains), 0.0)
    image = rng.poisson(60 * scene).astype(np.float32)
    axis = (np.arange(pixels) + 0.5) * pixel_m
    arrays = {"x_m": axis, "y_m": axis, "intensity": image[None], "frame_time_s": np.zeros(1)}
    picture = Measurement.of(MICROGRAPH, arrays, {"calibrated": True, "scale_error": 0.04, "view": "transmission"})
    best = grains[0]
    return FringeCase(picture, scale, shear, 1 / float(np.linalg.norm(best.wave_per_m[np.argmax(best.amplitude)])))


@dataclass(frozen=True)
class RingCase:
    """A pattern, its true centre [pixels] and scale [1/m a pixel]."""

    pattern: Measurement
    x: float
    y: float
    scale_per_m: float


def ring_case(rng: np.random.Generator, pixels: int = 128) -> RingCase:
    """Gold on a diffuse decay behind a bar, 1.5 pixels wide rings, the stated size of a pixel off by 3 %."""
    scale = 1.35e8 * float(np.exp(0.03 * rng.standard_normal()))
    x, y = 0.5 * pixels + rng.uniform(-4, 4, 2)
    shares = {"Au": 1.0}
    expected = pattern(
        (pixels, pixels),
        (x, y),
        scale,
        shares,
        ellipse=tuple(0.004 * rng.standard_normal(2)),
        width_pixels=1.5,
        decay_pixels=14.0,
        stop=(4.0, rng.uniform(0, 2 * np.pi)),
        off=0.005 * rng.standard_normal(ring_lines(shares)[0].size),
    )
    axis = 1.35e8 * np.arange(pixels)
    arrays = {
        "qx_per_m": axis,
        "qy_per_m": axis,
        "intensity": rng.poisson(400 * expected).astype(np.float32)[None],
        "frame_time_s": np.zeros(1),
    }
    return RingCase(Measurement.of(DIFFRACTION, arrays, {"calibrated": True, "scale_error": 0.03}), float(x), float(y), scale)
