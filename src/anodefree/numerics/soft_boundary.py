"""Where in a plane one answer turns into another: logistic regression with curved boundaries and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError

Floats = NDArray[np.float64]
STRAIGHT_STD: Final = 10.0
"""Standard deviation of what is believed beforehand of the constant and the slopes, over two standard deviations of an axis."""
CURVED_STD: Final = 2.5
"""The same of curvatures: nearly straight unless points say otherwise."""


@dataclass(frozen=True)
class Boundary:
    """Log odds η(u, v) = w · (1, u, v, u², uv, v²) over standardised axes, with the covariance of w."""

    centre: Floats
    scale: Floats
    weights: Floats
    covariance: Floats

    def log_odds(self, at: Floats) -> tuple[Floats, Floats]:
        """η and its standard deviation at points (point, 2)."""
        terms = _terms((at - self.centre) / self.scale)
        variance = np.einsum("ij,jk,ik->i", terms, self.covariance, terms)
        return np.asarray(terms @ self.weights), np.sqrt(variance)


def boundary(points: Floats, yes: NDArray[np.bool_]) -> Boundary:
    """Fit by the maximum of the posterior, normal about it (Laplace); points are (point, 2).

    Raises
    ------
    NumericalError: Newton's method does not settle, which convexity forbids for finite points.
    """
    centre, scale = points.mean(axis=0), 2 * points.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    terms, target = _terms((points - centre) / scale), yes.astype(float)
    prior = np.array([STRAIGHT_STD] * 3 + [CURVED_STD] * 3) ** -2.0
    weights = np.zeros(6)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(terms @ weights, -40, 40)))
        slope = terms.T @ (target - chance) - prior * weights
        curvature = (terms.T * (chance * (1 - chance))) @ terms + np.diag(prior)
        step = np.linalg.solve(curvature, slope)
        weights = weights + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            return Boundary(centre, scale, weights, np.asarray(np.linalg.inv(curvature), np.float64))
    raise NumericalError("the boundary between classes does not settle", "logistic regression", "are the points finite?")


def _terms(u: Floats) -> Floats:
    a, b = u[:, 0], u[:, 1]
    return np.stack([np.ones_like(a), a, b, a * a, a * b, b * b], axis=1)
