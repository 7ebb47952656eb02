"""A Gaussian process in place of a slow stochastic simulation whose output is a share between 0 and 1, and its own doubts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

from anodefree.errors import DataError, NumericalError

Floats = NDArray[np.float64]

EDGE: Final = 0.005
"""Shares within this of 0 or 1 are hardly told from them: it keeps the logit finite."""
TREND_STD: Final = 3.0
"""Prior standard deviation of the level and of each slope of the linear trend, in logits over the range of an input."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def to_line(share: Floats) -> Floats:
    """Shares (anything outside 0..1 counts as its edge) on the whole line: a logit that stays finite."""
    inner = EDGE + (1 - 2 * EDGE) * np.clip(share, 0.0, 1.0)
    return np.asarray(np.log(inner / (1 - inner)))


def to_share(line: Floats) -> Floats:
    """Back to shares, 0..1."""
    inner = 0.5 * (1 + np.tanh(0.5 * np.asarray(line)))
    return np.asarray(np.clip((inner - EDGE) / (1 - 2 * EDGE), 0.0, 1.0))


@dataclass(frozen=True)
class Forecast:
    """What is expected at some places, on the line: mean, variance of that mean, and variance from run to run."""

    mean: Floats
    doubt: Floats
    scatter: Floats

    @property
    def variance(self) -> Floats:
        """Of one more run."""
        return self.doubt + self.scatter

    def nodes(self) -> Floats:
        """Shares of one more run at the nodes of Gauss and Hermite, (..., node); `WEIGHTS` are their weights."""
        return to_share(self.mean[..., None] + np.sqrt(self.variance)[..., None] * NODES)


@dataclass(frozen=True)
class LeftOut:
    """Each run foretold without the runs of the same inputs: the standardised error, and the error as a share."""

    standardised: Floats
    error: Floats

    @property
    def rms(self) -> float:
        """Root of the mean square of the errors, as a share."""
        return float(np.sqrt(np.mean(self.error**2)))

    def coverage(self, width: float) -> float:
        """Part of the runs within so many standard deviations."""
        return float(np.mean(np.abs(self.standardised) <= width))


@dataclass(frozen=True)
class Emulator:
    """A fitted process: inputs scaled to 0..1, the hyper-parameters, and the factor of its covariance."""

    low: Floats
    span: Floats
    x: Floats
    line: Floats
    hyper: Floats
    factor: tuple[Floats, bool]
    weights: Floats
    widened: float
    """Factor on every standard deviation: rms of the standardised left-out errors, hyper-parameters counted, where above 1."""

    @property
    def length(self) -> Floats:
        """Correlation length of each input that varies, over its range."""
        return np.asarray(np.exp(self.hyper[: self.x.shape[1]]))

    @property
    def varied(self) -> NDArray[np.bool_]:
        """Which inputs vary over the runs; the others say nothing and are left out."""
        return np.asarray(self.span > 0)

    def scaled(self, inputs: Floats) -> Floats:
        """Inputs over the range of the runs, those that vary."""
        keep = self.varied
        return np.asarray((np.atleast_2d(inputs)[:, keep] - self.low[keep]) / self.span[keep])

    def forecast(self, inputs: Floats) -> Forecast:
        """Mean, doubt and scatter at (place, input)."""
        u = self.scaled(inputs)
        d = self.x.shape[1]
        amplitude = math.exp(2 * self.hyper[d])
        across = amplitude * _matern(_distance(u, self.x, self.length)) + _trend(u, self.x)
        own = amplitude + TREND_STD**2 * (1 + np.sum((u - 0.5) ** 2, axis=1))
        inner = solve_triangular(self.factor[0], across.T, lower=True, check_finite=False)
        doubt = np.maximum(own - np.sum(inner**2, axis=0), 1e-12 * amplitude)
        scatter = np.exp(_basis(u) @ self.hyper[d + 1 :])
        wide = self.widened**2
        return Forecast(np.asarray(across @ self.weights), wide * doubt, wide * scatter)

    def left_out(self) -> LeftOut:
        """Errors of each run foretold from the runs at other inputs (closed form, block by block), before any widening."""
        inverse = cho_solve(self.factor, np.eye(len(self.x)))
        error, variance = np.empty(len(self.x)), np.empty(len(self.x))
        _, group = np.unique(self.x, axis=0, return_inverse=True)
        for k in range(int(group.max()) + 1):
            at = np.flatnonzero(group.reshape(-1) == k)
            block = np.linalg.inv(inverse[np.ix_(at, at)])
            error[at], variance[at] = block @ self.weights[at], np.diag(block)
        return LeftOut(error / np.sqrt(variance), to_share(self.line) - to_share(self.line - error))


def in_hull(corners: Floats, point: Floats) -> bool:
    """Whether a point (input) lies in the convex hull of others (run, input): a mixture of them with weights of sum 1."""
    from scipy.optimize import nnls

    low, span = corners.min(axis=0), np.ptp(corners, axis=0)
    scale = np.where(span > 0, span, np.maximum(1.0, np.abs(low)))
    u = np.unique((corners - low) / scale, axis=0)
    target = np.append((np.asarray(point, float) - low) / scale, 1.0)
    return bool(nnls(np.vstack([u.T, np.ones(len(u))]), target)[1] < 1e-6)


def fit_emulator(inputs: Floats, share: Floats) -> Emulator:
    """A process z = trend + Matérn 5/2 (one length for each input) + scatter, z the logit of `share`, of runs (run, input).

    The variance of the scatter is exp(b0 + b.x): replicas need not scatter alike everywhere. Lengths, amplitude and b are those
    of the largest marginal likelihood times weak priors; the linear trend is integrated out.

    Raises
    ------
    DataError: too few runs for the inputs that vary, or none varies. NumericalError: no hyper-parameters found.
    """
    inputs, share = np.atleast_2d(np.asarray(inputs, float)), np.asarray(share, float)
    low = inputs.min(axis=0)
    spread = np.ptp(inputs, axis=0)
    span = np.where(spread > 1e-9 * np.maximum(1.0, np.abs(low)), spread, 0.0)
    d = int((span > 0).sum())
    if d == 0:
        raise DataError("no input varies over the runs", "emulator", "runs at different conditions")
    if len(inputs) < 4 * d + 4:
        raise DataError(
            f"{len(inputs)} runs over {d} inputs are too few", "emulator", f"{4 * d + 4} at least, better ten times {d}"
        )
    x = (inputs[:, span > 0] - low[span > 0]) / span[span > 0]
    line = to_line(share)
    squares = (x.T[:, :, None] - x.T[:, None, :]) ** 2
    centre, width = _priors(d)
    starts = [centre, centre + np.r_[np.full(d, -1.0), 0.0, -1.5, np.zeros(d)]]
    found = [
        minimize(_misfit, s, (x, line, squares, centre, width), jac=True, method="L-BFGS-B", options={"maxiter": 120})
        for s in starts
    ]
    best = min(found, key=lambda f: f.fun)
    if not np.isfinite(best.fun):
        raise NumericalError("no hyper-parameters were found", "emulator", "are there runs of very different outcome?")
    hyper = np.asarray(best.x, np.float64)
    factor = cho_factor(_covariance(hyper, x, squares)[0], lower=True)
    weights = np.asarray(cho_solve(factor, line))
    made = Emulator(low, span, x, line, hyper, (np.tril(factor[0]), True), weights, 1.0)
    # The hyper-parameters were fitted to these very runs, so that left-out errors look smaller than those of new runs.
    free = max(len(line) - hyper.size, 1)
    rms = float(np.sqrt(np.sum(made.left_out().standardised ** 2) / free))
    return Emulator(low, span, x, line, hyper, made.factor, weights, max(1.0, rms))


def _priors(d: int) -> tuple[Floats, Floats]:
    """Centre and width of the weak normal priors of ln(lengths), ln(amplitude), b0 and b."""
    centre = np.r_[np.zeros(d), 0.0, math.log(0.1), np.zeros(d)]
    return centre, np.r_[np.ones(d), 1.5, 3.0, np.ones(d)]


def _basis(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x - 0.5])


def _trend(a: Floats, b: Floats) -> Floats:
    return np.asarray(TREND_STD**2 * (_basis(a) @ _basis(b).T))


def _distance(a: Floats, b: Floats, length: Floats) -> Floats:
    gap = (a / length)[:, None, :] - (b / length)[None, :, :]
    return np.asarray(np.sqrt(np.sum(gap**2, axis=2)))


def _matern(r: Floats) -> Floats:
    s = math.sqrt(5) * r
    return np.asarray((1 + s + s * s / 3) * np.exp(-s))


def _covariance(hyper: Floats, x: Floats, squares: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The covariance of the runs; and for its slopes: distance, the process's part, variance of the scatter."""
    d = x.shape[1]
    r = np.sqrt(np.tensordot(np.exp(-2 * hyper[:d]), squares, 1))
    process = math.exp(2 * hyper[d]) * _matern(r)
    scatter = np.exp(np.clip(_basis(x) @ hyper[d + 1 :], -14, 14))
    return process + _trend(x, x) + np.diag(scatter + 1e-8), r, process, scatter


def _misfit(hyper: Floats, x: Floats, line: Floats, squares: Floats, centre: Floats, width: Floats) -> tuple[float, Floats]:
    """-ln(marginal likelihood x priors) and its slope."""
    d = x.shape[1]
    covariance, r, process, scatter = _covariance(hyper, x, squares)
    try:
        factor = cho_factor(covariance, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return 1e12, np.zeros_like(hyper)
    weights = cho_solve(factor, line, check_finite=False)
    off = (hyper - centre) / width
    value = 0.5 * line @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
    pull = 0.5 * (cho_solve(factor, np.eye(len(x)), check_finite=False) - np.outer(weights, weights))
    s = math.sqrt(5) * r
    bend = pull * (5 / 3 * math.exp(2 * hyper[d]) * (1 + s) * np.exp(-s))
    lengths = np.exp(-2 * hyper[:d]) * np.tensordot(squares, bend, ([1, 2], [0, 1]))
    noise = (np.diag(pull) * scatter) @ _basis(x)
    return float(value), np.r_[lengths, 2 * np.sum(pull * process), noise] + off / width
