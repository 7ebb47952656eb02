"""A pixel classifier that learns from strokes: features at several scales, one normal law for each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHRINKAGE = 0.05
"""Share of the pooled covariance in that of each class: strokes are few and their pixels alike."""


def features(image: Floats, scales_px: tuple[float, ...]) -> Floats:
    """Features (y, x, n): at each scale the smoothed brightness, its gradient, the local standard deviation; first the pixel.

    Each is divided by the standard deviation of the picture, so that gain does not matter.
    """
    from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

    scaled = (image - image.mean()) / max(float(image.std()), 1e-12)
    layers = [scaled]
    for scale in scales_px:
        smooth = gaussian_filter(scaled, scale, mode="nearest")
        square = gaussian_filter(scaled**2, scale, mode="nearest")
        texture = np.sqrt(np.maximum(square - smooth**2, 0.0))
        layers += [smooth, gaussian_gradient_magnitude(scaled, scale, mode="nearest"), texture]
    return np.stack(layers, axis=-1)


def quadratic_classes(samples: Floats, labels: NDArray[np.intp], wanted: Floats) -> Floats:
    """Probability of each class (n, class) at features `wanted` (n, feature), learnt from samples (m, feature) with labels.

    Quadratic discriminant analysis: one normal law for each class, its covariance shrunk towards the pooled one; classes are
    equally likely beforehand, for strokes say nothing of how common a class is. *Source* Friedman 1989.
    """
    count, size = int(labels.max()) + 1, samples.shape[1]
    centred = np.concatenate([samples[labels == k] - samples[labels == k].mean(axis=0) for k in range(count)])
    pooled = centred.T @ centred / max(len(centred) - count, 1)
    pooled = pooled + 1e-6 * (np.trace(pooled) / size + 1e-12) * np.eye(size)
    scores = []
    for k in range(count):
        mine = samples[labels == k]
        own = np.cov(mine.T) if len(mine) > size else pooled
        covariance = (1 - SHRINKAGE) * own + SHRINKAGE * pooled
        root = np.linalg.cholesky(covariance)
        off = np.linalg.solve(root, (wanted - mine.mean(axis=0)).T)
        scores.append(-0.5 * np.einsum("ij,ij->j", off, off) - np.log(np.diag(root)).sum())
    score = np.stack(scores, axis=1)
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
