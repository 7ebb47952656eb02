"""Maps of counts: how much they vary beyond Poisson, and whether neighbours are alike (Moran's I)."""

from __future__ import annotations

import numpy as np


def excess_variance(counts: np.ndarray) -> tuple[float, float]:
    """Variance of the intensity behind a map of Poisson counts, Σ[(y - m)2 - y]/N, and its standard deviation from counting.

    With y = λ + e, the variance of one term is 4 d2 λ + 2 λ2, d = λ - m; sums over the map from the map's own moments.
    """
    y = counts.astype(float).ravel()
    n, mean = y.size, float(y.mean())
    away = y - mean
    variance = float((away**2).sum() / max(n - 1, 1)) - mean
    own = max(variance, 0.0)
    third = float((away**3).mean()) - 3 * own - mean
    terms = 4 * max(mean * own + third, 0.0) + 2 * (mean**2 + own)
    return variance, float(np.sqrt(terms / n))


def morans_i(maps: np.ndarray) -> np.ndarray:
    """Moran's I of maps (…, y, x): the correlation of pixels with their four neighbours, 0 where there is no pattern.

    I = (N/W) Σ w_ij d_i d_j/Σ d_i2 with rook neighbours. *Source* Moran 1950. A map without any variation gives 0.
    """
    d = maps - maps.mean(axis=(-2, -1), keepdims=True)
    across = (d[..., :, 1:] * d[..., :, :-1]).sum(axis=(-2, -1))
    down = (d[..., 1:, :] * d[..., :-1, :]).sum(axis=(-2, -1))
    rows, columns = maps.shape[-2:]
    pairs = rows * (columns - 1) + columns * (rows - 1)
    square = (d**2).sum(axis=(-2, -1))
    return np.where(square > 0, rows * columns / max(pairs, 1) * (across + down) / np.where(square > 0, square, 1.0), 0.0)


def permuted(counts: np.ndarray, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Moran's I of a map (y, x) whose pixels are shuffled, for each permutation."""
    order = rng.permuted(np.broadcast_to(np.arange(counts.size), (permutations, counts.size)), axis=1)
    return morans_i(counts.ravel()[order].reshape(permutations, *counts.shape).astype(float))
