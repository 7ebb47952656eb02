"""Four ways in which a capacity fades, fitted to a series and weighed against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import least_squares

MODELS: Final = ("linear", "square_root", "compound", "knee")
FEWEST: Final = 8
"""Points: the richest model has four parameters."""
_EDGE: Final = 3
"""Points that must lie on either side of a knee."""
_GRID: Final = 64


def linear(theta: np.ndarray, n: np.ndarray) -> np.ndarray:
    """a (1 - b n): every cycle loses the same."""
    return np.asarray(theta[0] * (1 - theta[1] * n))


def square_root(theta: np.ndarray, n: np.ndarray) -> np.ndarray:
    """a (1 - b sqrt(n)): a film that grows through itself."""
    return np.asarray(theta[0] * (1 - theta[1] * np.sqrt(n)))


def compound(theta: np.ndarray, n: np.ndarray) -> np.ndarray:
    """a exp(-b n): every cycle loses the same part of what is left."""
    return np.asarray(theta[0] * np.exp(-theta[1] * n))


def knee(theta: np.ndarray, n: np.ndarray) -> np.ndarray:
    """a (1 - b n - c max(0, n - k)): from the change-point k on, every cycle loses more."""
    return np.asarray(theta[0] * (1 - theta[1] * n - theta[2] * np.maximum(n - theta[3], 0.0)))


FUNCTIONS: Final[dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "linear": linear,
    "square_root": square_root,
    "compound": compound,
    "knee": knee,
}


@dataclass(frozen=True)
class Fade:
    """One model fitted: parameters, their covariance, the sum of squares, and how likely the model is among those fitted."""

    name: str
    theta: np.ndarray
    covariance: np.ndarray
    squares: float
    probability: float = 0.0

    def at(self, n: np.ndarray) -> np.ndarray:
        """The capacity after n cycles (n,)."""
        return FUNCTIONS[self.name](self.theta, np.asarray(n, dtype=float))

    def until(self, part: float) -> tuple[float, float]:
        """Cycles until `part` of the capacity at the start is left, and its std; inf where it never falls so far."""
        life = _until(self.name, self.theta, part)
        if not np.isfinite(life):
            return np.inf, np.nan
        step = np.sqrt(np.diag(self.covariance)) * 1e-3 + 1e-300
        slopes = np.array(
            [
                (_until(self.name, self.theta + step * e, part) - _until(self.name, self.theta - step * e, part)) / (2 * s)
                for e, s in zip(np.eye(len(step)), step, strict=True)
            ]
        )
        slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        return life, float(np.sqrt(max(slopes @ self.covariance @ slopes, 0.0)))


def _until(name: str, theta: np.ndarray, part: float) -> float:
    """Where a model falls to `part` of its value at n = 0, in closed form."""
    lost, b = 1 - part, float(theta[1])
    if name == "knee":
        c, k = float(theta[2]), float(theta[3])
        early = lost / b if b > 0 else np.inf
        late = (lost + c * k) / (b + c) if b + c > 0 else np.inf
        return early if early <= k else late
    if b <= 0:
        return float(np.inf)
    return float({"linear": lost / b, "square_root": (lost / b) ** 2, "compound": -np.log(part) / b}[name])


def fits(n: np.ndarray, capacity: np.ndarray) -> list[Fade]:
    """All four models, the most probable first; n (points,) counts from the first cycle, capacity (points,) is positive.

    Least squares in units of the first capacities; the covariance is s² (JᵀJ)⁻¹, widened by (1 + ρ)/(1 - ρ) where even the
    residuals of the best model follow each other. Probabilities are exp(-BIC/2) with as many points as are independent of
    each other by that ρ. *Valid when* noise is alike from cycle to cycle. *Source* Schwarz 1978.
    """
    scale = float(np.median(capacity[: max(3, len(n) // 10)]))
    y = capacity / scale
    found = [*(_fit(name, _start(name, n, y), n, y) for name in MODELS[:-1]), _fit_knee(n, y)]
    best = found[int(np.argmin(_criterion(found, len(n), len(n))))]
    rho = _correlation(y - best.at(n))
    bic = _criterion(found, len(n), len(n) * (1 - rho) / (1 + rho))
    weight = np.exp(-0.5 * (bic - bic.min()))
    weight /= weight.sum()
    widened = (1 + rho) / (1 - rho)
    unit = [np.array([scale, *np.ones(len(f.theta) - 1)]) for f in found]
    out = [
        Fade(f.name, f.theta * u, f.covariance * widened * np.outer(u, u), f.squares * scale**2, float(w))
        for f, u, w in zip(found, unit, weight, strict=True)
    ]
    return sorted(out, key=lambda f: -f.probability)


def _criterion(found: list[Fade], points: int, independent: float) -> np.ndarray:
    """BIC of each model; a fit without any residual counts as one with rounding."""
    squares = np.array([f.squares for f in found]) + points * 1e-30
    return independent * np.log(squares / points) + np.array([len(f.theta) for f in found]) * np.log(independent)


def _correlation(residuals: np.ndarray) -> float:
    """Correlation of neighbours, 0 where chance alone could make it."""
    rho = float(np.sum(residuals[1:] * residuals[:-1]) / max(np.sum(residuals**2), 1e-300))
    return min(rho, 0.95) if rho > 2 / np.sqrt(len(residuals)) else 0.0


def _start(name: str, n: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The straight line in the model's own abscissa."""
    x = np.sqrt(n) if name == "square_root" else n
    slope, level = np.polyfit(x, np.log(y) if name == "compound" else y, 1)
    return np.array([np.exp(level), -slope]) if name == "compound" else np.array([level, -slope / level])


def _fit(name: str, start: np.ndarray, n: np.ndarray, y: np.ndarray) -> Fade:
    fit = least_squares(lambda theta: FUNCTIONS[name](theta, n) - y, start, x_scale="jac", method="trf")
    squares = float(2 * fit.cost)
    variance = squares / max(len(n) - len(start), 1)
    return Fade(name, fit.x, variance * np.linalg.pinv(fit.jac.T @ fit.jac), squares)


def _fit_knee(n: np.ndarray, y: np.ndarray) -> Fade:
    """The change-point by a scan, in which all else is linear, then all four parameters together."""
    places = np.unique(np.linspace(n[_EDGE - 1], n[-_EDGE], _GRID))
    best, start = np.inf, np.zeros(4)
    for place in places:
        design = np.column_stack([np.ones_like(n), -n, -np.maximum(n - place, 0.0)])
        solved = np.linalg.lstsq(design, y, rcond=None)[0]
        squares = float(np.sum((y - design @ solved) ** 2))
        if squares < best and solved[2] > 0:
            best, start = squares, np.array([solved[0], solved[1] / solved[0], solved[2] / solved[0], place])
    if not np.isfinite(best):  # the fade slows down: no knee, the model falls back to a line
        line = _fit("linear", _start("linear", n, y), n, y)
        covariance = np.diag([0.0, 0.0, 0.0, float(np.ptp(n)) ** 2])
        covariance[:2, :2] = line.covariance
        return Fade("knee", np.array([*line.theta, 0.0, n[-1]]), covariance, line.squares)
    low, high = [0.0, -np.inf, 0.0, n[1]], [np.inf, np.inf, np.inf, n[-2]]
    start[3] = np.clip(start[3], n[1] * (1 + 1e-9) + 1e-9, n[-2] * (1 - 1e-9))
    fit = least_squares(lambda theta: knee(theta, n) - y, start, bounds=(low, high), x_scale="jac")
    squares = float(2 * fit.cost)
    variance = squares / max(len(n) - 4, 1)
    return Fade("knee", fit.x, variance * np.linalg.pinv(fit.jac.T @ fit.jac), squares)
