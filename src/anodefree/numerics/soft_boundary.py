"""Where in a plane one answer turns into another: logistic regression with curved boundaries, by draws from its posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PRIOR_STD: Final = np.array([10.0, 10.0, 10.0, 1.5, 1.5, 1.5])
"""What is believed beforehand of constant, slopes and curvatures, over two standard deviations of an axis: normal about 0."""
DRAWS: Final = 500
WARM_UP: Final = 100


@dataclass(frozen=True)
class Boundary:
    """Draws (draw, 6) of w in the log odds η(u, v) = w · (1, u, v, u², uv, v²) over standardised axes."""

    centre: Floats
    scale: Floats
    draws: Floats

    def log_odds(self, at: Floats) -> Floats:
        """η of each draw at points (point, 2): (draw, point)."""
        return np.asarray(self.draws @ _terms((at - self.centre) / self.scale).T)

    def crossings(self, y: float, low: float, high: float) -> Floats:
        """Where along x, at one y, each draw has even odds: the crossing nearest to the middle; nan for none within."""
        v = (y - self.centre[1]) / self.scale[1]
        a, b, c, d, e, f = self.draws.T
        square, linear, constant = d, b + e * v, a + c * v + f * v * v
        root = np.sqrt(np.where(linear**2 >= 4 * square * constant, linear**2 - 4 * square * constant, np.nan))
        # The form that does not cancel where the curvature is small.
        q = -0.5 * (linear + np.where(linear >= 0, root, -root))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.centre[0] + self.scale[0] * np.stack([q / square, constant / q])
        inside = np.where((found >= low) & (found <= high), np.abs(found - 0.5 * (low + high)), np.inf)
        best = np.take_along_axis(found, np.argmin(inside, axis=0)[None], axis=0)[0]
        return np.where(np.isfinite(inside.min(axis=0)), best, np.nan)


def boundary(points: Floats, yes: NDArray[np.bool_], rng: np.random.Generator) -> Boundary:
    """Draws by elliptical slice sampling, which needs no step to be chosen and holds where one line parts all points."""
    centre, scale = points.mean(axis=0), 2 * points.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    sign = np.where(yes, 1.0, -1.0)[:, None] * _terms((points - centre) / scale)

    def likelihood(w: Floats) -> float:
        return -float(np.logaddexp(0.0, -(sign @ w)).sum())

    weights, level = np.zeros(6), likelihood(np.zeros(6))
    kept = []
    for k in range(WARM_UP + DRAWS):
        other, floor = PRIOR_STD * rng.standard_normal(6), level + math.log(rng.uniform())
        angle = rng.uniform(0, 2 * math.pi)
        least, most = angle - 2 * math.pi, angle
        while True:
            tried = weights * math.cos(angle) + other * math.sin(angle)
            level = likelihood(tried)
            if level > floor:
                break
            least, most = (angle, most) if angle < 0 else (least, angle)
            angle = rng.uniform(least, most)
        weights = tried
        if k >= WARM_UP:
            kept.append(weights)
    return Boundary(centre, scale, np.array(kept))


def _terms(u: Floats) -> Floats:
    a, b = u[:, 0], u[:, 1]
    return np.stack([np.ones_like(a), a, b, a * a, a * b, b * b], axis=1)
