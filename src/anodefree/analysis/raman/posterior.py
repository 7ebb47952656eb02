"""What a density known up to a factor says: its mode, samples with weights, and its integral, by adaptive importance sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

LogDensity = Callable[[np.ndarray], np.ndarray]
DEGREES = 6.0
STEP = 1e-3
WIDEN = 1.25


@dataclass(frozen=True)
class Mode:
    """Where a density is highest, and the covariance of the normal density that touches it there."""

    at: np.ndarray
    covariance: np.ndarray
    log_density: float

    @property
    def log_evidence(self) -> float:
        """The logarithm of the integral, as if the density were normal (Laplace)."""
        return self.log_density + 0.5 * (len(self.at) * np.log(2 * np.pi) + float(np.linalg.slogdet(self.covariance)[1]))


@dataclass(frozen=True)
class Samples:
    """Draws (s, d) with weights (s,) that sum to 1, the log of the density's integral, and how many equal draws they are worth."""

    values: np.ndarray
    weights: np.ndarray
    log_evidence: float
    effective: float


def mode_of(log_density: LogDensity, start: np.ndarray, scale: np.ndarray, iterations: int = 60) -> Mode:
    """The highest density near `start` by damped Newton steps; derivatives are central differences, all in one batched call."""
    at, damping = start.astype(float), 1e-2
    step = STEP * scale
    best, gradient, curvature = _derivatives(log_density, at, step)
    for _ in range(iterations):
        scaled = curvature * np.outer(scale, scale)
        values, vectors = np.linalg.eigh(-scaled)
        bent = np.maximum(np.abs(values), 1e-6)
        slope = vectors.T @ (gradient * scale)
        trials = [1.0, 0.3, 0.1, 0.03]
        steps = np.array([at + scale * (vectors @ (t * slope / (bent + damping))) for t in trials])
        found = log_density(steps)
        k = int(np.argmax(np.where(np.isfinite(found), found, -np.inf)))
        if not found[k] > best:
            damping *= 10
            if damping > 1e6:
                break
            continue
        gain, at = found[k] - best, steps[k]
        damping = max(damping / 10, 1e-8)
        best, gradient, curvature = _derivatives(log_density, at, step)
        if gain < 1e-4:
            break
    values, vectors = np.linalg.eigh(-curvature * np.outer(scale, scale))
    spread = vectors / np.maximum(values, 1.0 / 16) @ vectors.T
    return Mode(at, spread * np.outer(scale, scale), float(best))


def _derivatives(log_density: LogDensity, at: np.ndarray, step: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    d = len(at)
    first = np.eye(d) * step
    i, j = np.triu_indices(d, 1)
    both, apart = first[i] + first[j], first[i] - first[j]
    f = log_density(at + np.concatenate([np.zeros((1, d)), first, -first, both, -both, apart, -apart]))
    zero, up, down = f[0], f[1 : d + 1], f[d + 1 : 2 * d + 1]
    pp, mm, pm, mp = np.split(f[2 * d + 1 :], 4)
    curvature = np.zeros((d, d))
    curvature[i, j] = (pp + mm - pm - mp) / (4 * step[i] * step[j])
    curvature += curvature.T
    curvature[np.diag_indices(d)] = (up + down - 2 * zero) / step**2
    return float(zero), (up - down) / (2 * step), curvature


def samples_of(log_density: LogDensity, mode: Mode, rng: np.random.Generator, count: int, rounds: int = 3) -> Samples:
    """Weighted draws: from a wide t density about the mode first, then from one that has learned mean and covariance."""
    mean, covariance = mode.at, mode.covariance
    for k in range(rounds):
        draws, log_proposal = _student(mean, covariance * WIDEN**2, rng, count if k == rounds - 1 else count // 2)
        log_weight = log_density(draws) - log_proposal
        log_weight[~np.isfinite(log_weight)] = -np.inf
        total = float(logsumexp(log_weight))
        weights = np.exp(log_weight - total)
        if k < rounds - 1:
            # A single draw may carry too much at first: cap what it may say about the next proposal.
            capped = np.minimum(weights, 10.0 / len(weights))
            capped /= capped.sum()
            mean = capped @ draws
            covariance = (draws - mean).T * capped @ (draws - mean) + 1e-9 * np.diag(np.diag(mode.covariance))
    return Samples(draws, weights, total - float(np.log(len(draws))), float(1 / (weights @ weights)))


def _student(
    mean: np.ndarray, covariance: np.ndarray, rng: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of a multivariate t density, antithetic in pairs, and its logarithm at each."""
    d = len(mean)
    factor = np.linalg.cholesky(covariance)
    half = rng.standard_normal((count // 2, d))
    scale = np.sqrt(DEGREES / rng.chisquare(DEGREES, (count // 2, 1)))
    z = np.concatenate([half * scale, -half * scale])
    norm = gammaln((DEGREES + d) / 2) - gammaln(DEGREES / 2) - 0.5 * d * np.log(DEGREES * np.pi) - np.log(np.diag(factor)).sum()
    log = norm - 0.5 * (DEGREES + d) * np.log1p((z * z).sum(axis=1) / DEGREES)
    return mean + z @ factor.T, log
