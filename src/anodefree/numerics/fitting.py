"""Least squares: bounded nonlinear fits from many starts at once, and a straight line with errors in both coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Model = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Parameters (s, p) -> weighted residuals (s, m) and their derivatives (s, m, p)."""


@dataclass(frozen=True)
class Fit:
    """The best minimum that was found, and how sure one can be of it."""

    values: np.ndarray
    covariance: np.ndarray
    """(p, p), to first order in the parameters; scaled by `chi2_reduced` unless the weights are absolute."""
    residuals: np.ndarray
    """(m,), in units of their weight."""
    chi2: float
    dof: int
    converged: bool
    at_bound: np.ndarray
    agreeing: float
    """The part of the starts that ended in this same minimum."""

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each parameter."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def chi2_reduced(self) -> float:
        """Sum of squared residuals per degree of freedom."""
        return self.chi2 / self.dof


def fit(
    model: Model,
    starts: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    log: np.ndarray,
    *,
    absolute: bool = False,
    steps: int = 300,
    tolerance: float = 1e-13,
) -> Fit:
    """Minimise the sum of squared residuals within bounds, from every start, and keep the best.

    Parameters where `log` holds are fitted as logarithms: they span decades and stay positive. Levenberg-Marquardt with
    Marquardt's scaling, all starts advancing together as one stack of arrays; a parameter that presses on a bound is held
    there for the step (projected Newton). `absolute` says that the weights are true standard deviations. A start has arrived
    where a step would lower the cost by less than its `tolerance`-th part, twice in a row.

    Parameters
    ----------
    model: parameters (s, p) -> residuals (s, m), derivatives (s, m, p), with respect to the parameters themselves.
    starts: (s, p). low, high: (p,). log: (p,), bool.

    Raises
    ------
    ValueError: there are no more data than parameters, or the model is nowhere finite.
    """
    x_low, x_high = _into(low, log), _into(high, log)

    def in_x(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = _out(x, log)
        residuals, slopes = model(values)
        return residuals, slopes * np.where(log, values, 1.0)[:, None, :]

    longest = np.where(log, 3.0, np.inf)  # a factor of 20 in one step is a jump out of where the linear model holds
    x, cost, done = _descend(in_x, np.clip(_into(starts, log), x_low, x_high), x_low, x_high, longest, steps, tolerance)
    best = best_of(cost)
    residuals, slopes = in_x(x[best : best + 1])
    return concluded(x, cost, done, residuals[0], slopes[0], x_low, x_high, log, absolute)


def best_of(cost: np.ndarray) -> int:
    """Which start ended lowest.

    Raises
    ------
    ValueError: none has a finite cost.
    """
    if not np.isfinite(cost).any():
        raise ValueError("the model is finite at none of the starts")
    return int(np.nanargmin(cost))


def concluded(
    x: np.ndarray,
    cost: np.ndarray,
    done: np.ndarray,
    residuals: np.ndarray,
    slopes: np.ndarray,
    x_low: np.ndarray,
    x_high: np.ndarray,
    log: np.ndarray,
    absolute: bool,
) -> Fit:
    """What a descent from many starts found: x (s, p), logarithms where `log` holds, half the sums of squares (s,), and
    residuals (m,) and their derivatives by x (m, p) at the best.

    Raises
    ------
    ValueError: there are no more data than parameters, or no start has a finite cost.
    """
    best = best_of(cost)
    m, p = slopes.shape
    if m <= p:
        raise ValueError(f"{m} data cannot determine {p} parameters")
    chi2, dof = 2 * float(cost[best]), m - p
    values = _out(x[best], log)
    spread = np.where(log, values, 1.0)
    covariance = _inverse(slopes.T @ slopes) * spread[:, None] * spread * (1.0 if absolute else chi2 / dof)
    edge = 1e-6 * (x_high - x_low)
    same = cost <= cost[best] * 1.01 + 1e-300
    return Fit(
        values,
        covariance,
        residuals,
        chi2,
        dof,
        bool(done[best]),
        (x[best] < x_low + edge) | (x[best] > x_high - edge),
        float(np.mean(same)),
    )


def _into(values: np.ndarray, log: np.ndarray) -> np.ndarray:
    return np.where(log, np.log(np.where(log, values, 1.0)), values)


def _out(x: np.ndarray, log: np.ndarray) -> np.ndarray:
    return np.where(log, np.exp(np.where(log, x, 0.0)), x)


def _inverse(normal: np.ndarray) -> np.ndarray:
    """The inverse of a normal matrix, scaled to a unit diagonal; what is not determined becomes huge, not an error."""
    scale = np.sqrt(np.diag(normal))
    scale[scale == 0] = 1e-150
    sizes, axes = np.linalg.eigh(normal / np.outer(scale, scale))
    inverse: np.ndarray = (axes / np.maximum(sizes, 1e-14)) @ axes.T / np.outer(scale, scale)
    return inverse


def _descend(
    model: Model, x: np.ndarray, low: np.ndarray, high: np.ndarray, longest: np.ndarray, steps: int, tolerance: float = 1e-13
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levenberg-Marquardt on a stack of starts: where they ended (s, p), half their sum of squares (s,), which converged."""
    x, diagonal = x.copy(), np.arange(x.shape[1])
    with np.errstate(all="ignore"):
        r, jac = model(x)
    cost, (normal, gradient) = _half_squares(r), _normal(r, jac)
    damping, growth = np.full(len(x), 1e-2), np.full(len(x), 2.0)
    calm, done = np.zeros(len(x), dtype=int), np.zeros(len(x), dtype=bool)
    alive = np.flatnonzero(np.isfinite(cost))
    for _ in range(steps):
        if not len(alive):
            break
        a, here, g, curvature = alive, x[alive], gradient[alive], normal[alive]
        held = ((here <= low) & (g > 0)) | ((here >= high) & (g < 0))
        matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
        own = curvature[:, diagonal, diagonal]
        matrix[:, diagonal, diagonal] = np.where(
            held, 1.0, own * (1 + damping[a, None]) + 1e-14 * own.max(1, keepdims=True) + 1e-300
        )
        step = np.linalg.solve(matrix, np.where(held, 0.0, -g)[..., None])[..., 0]
        trial = np.clip(here + np.clip(step, -longest, longest), low, high)
        move = trial - here
        with np.errstate(all="ignore"):
            r, jac = model(trial)
        new = _half_squares(r)
        expected = -np.einsum("ij,ij->i", g, move) - 0.5 * np.einsum("ij,ijk,ik->i", move, curvature, move)
        gain = np.where(expected > 0, (cost[a] - new) / np.where(expected > 0, expected, 1.0), 0.0)
        better = new < cost[a]
        # Nothing left to gain, twice in a row, is the minimum; so is a gain that is lost in rounding.
        still = (expected <= tolerance * cost[a]) | (cost[a] <= 1e-280)
        calm[a] = np.where(still, calm[a] + 1, 0)
        up = a[better]
        x[up], cost[up] = trial[better], new[better]
        if len(up):
            normal[up], gradient[up] = _normal(r[better], jac[better])
        # Nielsen's rule: the damping falls smoothly after a good step and grows ever faster after bad ones.
        damping[a] *= np.where(better, np.maximum(0.2, 1 - (2 * np.clip(gain, 0.0, 1.0) - 1) ** 3), growth[a])
        damping[a] = np.maximum(damping[a], 1e-10)
        growth[a] = np.where(better, 2.0, 2 * growth[a])
        # Where not even the smallest step downhill is better, rounding is all that is left.
        done[a] = (calm[a] >= 2) | (damping[a] > 1e16)
        alive = a[~done[a]]
    return x, cost, done


def _half_squares(r: np.ndarray) -> np.ndarray:
    squares = 0.5 * np.einsum("ij,ij->i", r, r)
    return np.where(np.isfinite(squares), squares, np.inf)


def _normal(r: np.ndarray, jac: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    jac = np.nan_to_num(jac, nan=0.0, posinf=0.0, neginf=0.0)
    r = np.nan_to_num(r, nan=0.0, posinf=0.0, neginf=0.0)
    turned = np.swapaxes(jac, 1, 2)
    return turned @ jac, (turned @ r[..., None])[..., 0]


def spread_points(count: int, dimensions: int) -> np.ndarray:
    """Points (count, dimensions) that fill the unit cube evenly, the same ones always: multiples of sqrt(prime), modulo 1.

    *Source*: Richtmyer's sequence, in Niederreiter, Bull. Am. Math. Soc. 84 (1978) 957.
    """
    primes: list[int] = []
    candidate = 2
    while len(primes) < dimensions:
        if all(candidate % q for q in primes):
            primes.append(candidate)
        candidate += 1
    return np.outer(np.arange(1, count + 1), np.sqrt(primes)) % 1.0


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x; covariance of (intercept, slope) from the stated errors alone, not scaled by the scatter."""

    intercept: float
    slope: float
    covariance: np.ndarray
    chi2: float
    dof: int

    @property
    def birge(self) -> float:
        """How much larger the scatter is than the stated errors: max(1, sqrt(chi2 / dof))."""
        return max(1.0, math.sqrt(self.chi2 / self.dof)) if self.dof > 0 else 1.0


def york_line(
    x: np.ndarray, y: np.ndarray, x_std: np.ndarray, y_std: np.ndarray, correlation: np.ndarray | float = 0.0
) -> Line:
    """The straight line through points with errors in both coordinates, correlated within each point.

    Each point is weighted by the variance of y - slope x; the slope follows by iteration, errors at the adjusted points.
    *Valid when* the errors are normal and their standard deviations known. *Source*: York, Evensen, Martinez and
    De Basabe Delgado, Am. J. Phys. 72 (2004) 367, equations 13.

    Raises
    ------
    ValueError: fewer than two points, all x equal, or a point without any error.
    """
    if len(x) < 2 or np.ptp(x) == 0:
        raise ValueError("a line needs two different x at least")
    slope = float(np.polyfit(x, y, 1)[0])
    cross = correlation * x_std * y_std
    for _ in range(100):
        variance = y_std**2 + slope**2 * x_std**2 - 2 * slope * cross
        if not (variance > 0).all():
            raise ValueError("a point has no error in either coordinate")
        w = 1 / variance
        x_mean, y_mean = np.average(x, weights=w), np.average(y, weights=w)
        u, v = x - x_mean, y - y_mean
        beta = w * (u * y_std**2 + slope * v * x_std**2 - (slope * u + v) * cross)
        before, slope = slope, float(np.sum(w * beta * v) / np.sum(w * beta * u))
        if abs(slope - before) <= 1e-13 * abs(slope):
            break
    intercept = float(y_mean - slope * x_mean)
    adjusted = x_mean + beta
    middle = float(np.average(adjusted, weights=w))
    slope_var = 1 / float(np.sum(w * (adjusted - middle) ** 2))
    covariance = np.array([[1 / w.sum() + middle**2 * slope_var, -middle * slope_var], [-middle * slope_var, slope_var]])
    return Line(intercept, slope, covariance, float(np.sum(w * (y - intercept - slope * x) ** 2)), len(x) - 2)
