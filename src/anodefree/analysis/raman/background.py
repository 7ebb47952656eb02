"""The background of a spectrum: arPLS of several stiffnesses, and what their differences leave open inside a window."""

from __future__ import annotations

from typing import Final

import numpy as np

from anodefree.analysis.raman.band_model import Spectrum
from anodefree.physics.line_shapes import lorentz

STIFFNESS_PER_CM: Final = (25.0, 45.0, 80.0)
"""Lengths over which a background may bend. arPLS' penalty is the fourth power of the length in points."""
_ROUNDS: Final = 50


def backgrounds(x_per_cm: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Backgrounds (b, n) of a spectrum by asymmetrically reweighted penalised least squares, one for each stiffness."""
    from pybaselines import Baseline  # type: ignore[import-untyped]

    even = np.linspace(x_per_cm[0], x_per_cm[-1], len(x_per_cm))
    values = np.interp(even, x_per_cm, y)
    spacing = float(even[1] - even[0])
    low, size = float(values.min()), float(np.ptp(values)) or 1.0
    fitter = Baseline(even, check_finite=False)
    found = []
    for length in STIFFNESS_PER_CM:
        stiffness = min(max((length / spacing) ** 4, 10.0), 1e12)
        line, _ = fitter.arpls((values - low) / size, lam=stiffness, max_iter=_ROUNDS, tol=1e-3)
        found.append(np.interp(x_per_cm, even, low + size * line))
    return np.array(found)


def counting_noise(counts: np.ndarray) -> np.ndarray:
    """Noise (n,) of counts up to a factor: the root of their smooth course, that of a tenth of the highest at least."""
    from scipy.ndimage import uniform_filter1d

    smooth = uniform_filter1d(counts, 5, mode="nearest")
    return np.sqrt(np.maximum(smooth, 0.1 * float(np.abs(smooth).max())))


def prepared(
    x_per_cm: np.ndarray,
    y: np.ndarray,
    window_per_cm: tuple[float, float],
    interfering_per_cm: tuple[float, ...],
    width_per_cm: float,
    relative_noise: np.ndarray,
) -> tuple[Spectrum, np.ndarray]:
    """A window of a spectrum without its background, and the mean background there (n,).

    What may still be background or somebody else's: a straight line, freely; the two main ways in which the backgrounds of
    different stiffness differ, as far as they do; a Lorentz line at each interfering band.
    """
    inside = (x_per_cm >= window_per_cm[0]) & (x_per_cm <= window_per_cm[1])
    every = backgrounds(x_per_cm, y)[:, inside]
    x = x_per_cm[inside]
    mean = every.mean(axis=0)
    u = (x - x.mean()) / float(np.ptp(x))
    line = np.column_stack([np.ones_like(u), u])
    ways = every - mean
    ways = ways - ways @ line @ np.linalg.pinv(line)
    _, size, main = np.linalg.svd(ways, full_matrices=False)
    count = min(2, int(np.sum(size > 1e-9 * max(float(np.abs(y[inside]).max()), 1e-300))))
    bends = (main[:count] * size[:count, None]).T / np.sqrt(len(every) - 1)
    others = [lorentz(x - centre, width_per_cm) for centre in interfering_per_cm if x[0] - 30 < centre < x[-1] + 30]
    columns = np.column_stack([line, bends, *others]) if others else np.column_stack([line, bends])
    penalty = np.concatenate([np.zeros(2), np.ones(count), np.zeros(len(others))])
    size = relative_noise[inside]
    return Spectrum(x, y[inside] - mean, columns, penalty, float(size.mean()) / size), mean
