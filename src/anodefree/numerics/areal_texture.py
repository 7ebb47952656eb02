"""Areal parameters of a height image (ISO 25178-2), and how far a patch of a random surface leaves them open.

Sa = <|z|>, Sq = <z²>^(1/2), Sz = max - min, Ssk = <z³>/Sq³, Sku = <z⁴>/Sq⁴, and Sdr, the true area over the projected less 1.
For a Gaussian surface of the autocorrelation rho on a patch of the area A, with S_n the integral of rho^n over the plane,

    var(Sq)/Sq² = S_2/(2A),   var(Ssk) = 6 S_3/A,   var(Sku) = 24 S_4/A.

*Source* ISO 25178-2:2021; variances from the Hermite expansion of moments of a Gaussian field (Thomas 1999, chapter 7).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def parameters(height: Floats, dx: float, dy: float) -> dict[str, float]:
    """The parameters of heights (row, column) about their mean."""
    z = height - height.mean()
    sq = float(np.sqrt(np.mean(z**2)))
    size = max(sq, 1e-300)
    return {
        "Sa": float(np.mean(np.abs(z))),
        "Sq": sq,
        "Sz": float(np.ptp(z)),
        "Ssk": float(np.mean((z / size) ** 3)),
        "Sku": float(np.mean((z / size) ** 4)),
        "Sdr": developed(z, dx, dy),
    }


def developed(height: Floats, dx: float, dy: float) -> float:
    """True area over projected area, less 1: triangles between the pixels' centres, both diagonals averaged."""
    a, b, c, d = height[:-1, :-1], height[:-1, 1:], height[1:, :-1], height[1:, 1:]
    area = 0.0
    for p, q, r in ((b - a, c - a, 1), (d - c, d - b, 1), (b - a, d - b, 1), (d - c, c - a, 1)):
        area += float(np.mean(np.sqrt(1 + (p / dx) ** 2 + (q / dy) ** 2))) / 4 * r
    return area - 1


def correlated_share(height: Floats) -> float:
    """S_2/A, from the periodogram: half of sum P²/(sum P)², since each of its values scatters as an exponential does."""
    power = np.abs(np.fft.fft2(height - height.mean())) ** 2
    total = float(power.sum())
    return 0.5 * float(np.sum((power / total) ** 2)) if total > 0 else 0.0


def correlation_length(height: Floats, dx: float, dy: float) -> float:
    """The distance at which the autocorrelation, averaged over directions, has fallen to 1/e; 0 if it never does."""
    z = height - height.mean()
    rows, columns = z.shape
    padded = np.fft.rfft2(z, s=(2 * rows, 2 * columns))
    found = np.fft.irfft2(np.abs(padded) ** 2, s=(2 * rows, 2 * columns))[: rows // 2, : columns // 2]
    pairs = np.outer(rows - np.arange(rows // 2), columns - np.arange(columns // 2))
    rho = found / pairs
    if not rho[0, 0] > 0:
        return 0.0
    y, x = np.arange(rows // 2)[:, None] * dy, np.arange(columns // 2)[None, :] * dx
    ring = np.round(np.hypot(x, y) / max(dx, dy)).astype(int)
    mean = np.bincount(ring.ravel(), rho.ravel()) / np.bincount(ring.ravel()) / rho[0, 0]
    below = np.flatnonzero(mean < np.exp(-1))
    if not below.size or below[0] == 0:
        return 0.0
    k = below[0]
    return float(max(dx, dy) * (k - 1 + (mean[k - 1] - np.exp(-1)) / (mean[k - 1] - mean[k])))
