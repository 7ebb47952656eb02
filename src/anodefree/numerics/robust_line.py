"""A straight line through points of which some lie far off, and the noise of a smooth series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

NORMAL_MAD: Final = 1.482602218505602
"""Standard deviation of normal noise over its median absolute deviation."""
HUBER: Final = 1.345
"""Where Huber's weight begins to fall: 95 % efficiency for normal noise."""


@dataclass(frozen=True)
class RobustLine:
    """y = intercept + slope x, its covariance, the scale of its residuals, and their correlation from point to point."""

    intercept: float
    slope: float
    covariance: np.ndarray
    scale: float
    residuals: np.ndarray
    correlation: float


def robust_line(x: np.ndarray, y: np.ndarray) -> RobustLine:
    """The straight line with Huber's weights: points far off count less.

    Reweighted least squares; the scale is the median absolute residual as a standard deviation, and the covariance is
    s² n²/(n - 2) Σψ²/(Σψ')² (XᵀX)⁻¹ with ψ in units of s. Where residuals follow each other (correlation ρ > 0 from point to
    point) it grows by (1 + ρ)/(1 - ρ). *Source* Huber 1981, section 7.6, equation 6.5.
    """
    n = len(x)
    design = np.column_stack([np.ones(n), x - x.mean()])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    floor = 1e-15 * float(np.abs(y).max())
    scale, residuals = 0.0, y - design @ coefficients
    for _ in range(100):
        scale = max(NORMAL_MAD * float(np.median(np.abs(residuals))), floor)
        weights = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residuals), floor))
        root = np.sqrt(weights)
        before, coefficients = coefficients, np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
        residuals = y - design @ coefficients
        if np.abs(coefficients - before).max() <= 1e-14 * np.abs(coefficients).max():
            break
    psi = np.clip(residuals / scale, -HUBER, HUBER)
    inside = float(np.sum(np.abs(residuals) < HUBER * scale))
    covariance = scale**2 * n / max(n - 2, 1) * n * np.sum(psi**2) / max(inside, 1.0) ** 2 * np.linalg.inv(design.T @ design)
    rho = float(np.clip(np.sum(psi[1:] * psi[:-1]) / max(np.sum(psi**2), 1e-300), 0.0, 0.9))
    if rho > 2 / np.sqrt(n):
        covariance = covariance * (1 + rho) / (1 - rho)
    shift = np.array([[1.0, -x.mean()], [0.0, 1.0]])
    return RobustLine(
        float(coefficients[0] - coefficients[1] * x.mean()),
        float(coefficients[1]),
        shift @ covariance @ shift.T,
        scale,
        residuals,
        rho,
    )


def noise_of(series: np.ndarray) -> float:
    """Standard deviation of the noise of a smooth series, from its second differences (median, /√6)."""
    return NORMAL_MAD * float(np.median(np.abs(np.diff(series, 2)))) / np.sqrt(6.0)
