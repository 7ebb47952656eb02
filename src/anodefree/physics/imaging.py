"""What a microscope makes of a scene: blur, shot noise, curtains of a focused ion beam, flicker, and grey levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
VOID, LITHIUM, COLLECTOR = 0.15, 0.5, 0.9
"""Usual brightness of each in a section seen by secondary electrons: heavy metal bright, lithium between, void dark."""
FULL = 255.0


def seen(
    brightness: Floats,
    rng: np.random.Generator,
    *,
    blur_px: float = 0.0,
    quanta: float = 0.0,
    curtain: float = 0.0,
    gain: float = 1.0,
) -> NDArray[np.uint8]:
    """A picture (y, x) of 8 bits from a brightness of 0 to 1.

    Gaussian blur of `blur_px` (standard deviation); columns dimmed or brightened by `curtain` (relative rms, correlated over a
    few columns) as an ion beam leaves them; Poisson noise of `quanta` per pixel at brightness 1 (0: none); `gain` on the whole.
    *Source* Poisson counting: any detector of electrons or light; curtains: multiplicative stripes along the beam.
    """
    from scipy.ndimage import gaussian_filter, gaussian_filter1d

    image = gaussian_filter(brightness, blur_px, mode="nearest") if blur_px > 0 else np.array(brightness, dtype=float)
    if curtain > 0:
        stripes = gaussian_filter1d(rng.standard_normal(image.shape[1]), 1.5, mode="wrap")
        image *= 1 + curtain * stripes / stripes.std()
    image = np.maximum(image * gain, 0.0)
    if quanta > 0:
        image = rng.poisson(image * quanta) / quanta
    return np.clip(np.rint(FULL * image), 0, FULL).astype(np.uint8)
