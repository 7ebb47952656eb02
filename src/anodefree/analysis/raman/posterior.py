"""What a density known up to a factor says: its mode, weighted samples and integral, by adaptive importance sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaln, logsumexp

LogDensity = Callable[[np.ndarray], np.ndarray]
GAIN = 1e-2
"""A search ends where a step raises ln density by less."""
LARGEST = 4.0
WALK = 200
"""A spread beyond so many scales is not taken from a flat curvature."""
DEGREES = 5.0
STEP = 1e-3
WIDEN = 1.4


class Fitted(Protocol):
    """A density that comes from residuals: each function takes parameters (s, d)."""

    def log_density(self, p: np.ndarray, /) -> np.ndarray:
        """(s,) up to a constant."""
        ...

    def residuals(self, p: np.ndarray, /) -> np.ndarray:
        """(s, n) in any one unit."""
        ...

    def prior_curvature(self, at: np.ndarray, /) -> np.ndarray:
        """(d, d) of minus the logarithm of the density before the data are seen, at one place (d,)."""
        ...


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
    """Draws (s, d), weights (s,) that sum to 1, ln of the density's integral, and how many equal draws they are worth."""

    values: np.ndarray
    weights: np.ndarray
    log_evidence: float
    effective: float


def mode_of(density: Fitted, start: np.ndarray, scale: np.ndarray, iterations: int = 40) -> Mode:
    """The highest density near `start`, by Levenberg and Marquardt; derivatives are central differences in one batched call.

    `scale` is the order of each parameter's spread. The covariance is that of the density's own curvature.
    """
    at, damping = start.astype(float), 1e-2
    step = STEP * scale
    best, gradient, curvature = _slopes(density, at, step)
    trials = np.array([1.0, 0.25])
    for _ in range(iterations):
        bent = curvature * np.outer(scale, scale)
        bent += damping * np.diag(np.maximum(np.diag(bent), 1e-3))
        full = scale * np.linalg.solve(bent, gradient * scale)
        steps = at + trials[:, None] * full * min(1.0, 5.0 / max(float(np.abs(full / scale).max()), 1e-12))
        found = density.log_density(steps)
        k = int(np.argmax(np.where(np.isfinite(found), found, -np.inf)))
        if not found[k] > best:
            damping *= 10
            if damping > 1e5:
                break
            continue
        gain, at, damping = found[k] - best, steps[k], max(damping / 5, 1e-6)
        best, gradient, curvature = _slopes(density, at, step)
        if gain < GAIN:
            break
    values, vectors = np.linalg.eigh(-_curvature(density.log_density, at, 5 * step) * np.outer(scale, scale))
    spread = vectors / np.maximum(values, 1 / LARGEST**2) @ vectors.T
    covariance = spread * np.outer(scale, scale)
    # The search ends early: what it left, one step with the density's own curvature takes.
    last = at + covariance @ gradient
    reached = float(density.log_density(last[None])[0])
    return Mode(last, covariance, reached) if reached > best else Mode(at, covariance, float(best))


def _slopes(density: Fitted, at: np.ndarray, step: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """ln density at a place, its gradient, and Gauss and Newton's approximation to its negative curvature."""
    d = len(at)
    places = at + np.concatenate([np.zeros((1, d)), np.diag(step), -np.diag(step)])
    f, residuals = density.log_density(places), density.residuals(places)
    jacobian = (residuals[1 : d + 1] - residuals[d + 1 :]) / (2 * step[:, None])
    size = float(np.mean(residuals[0] ** 2))
    curvature = jacobian @ jacobian.T / size + density.prior_curvature(at)
    return float(f[0]), (f[1 : d + 1] - f[d + 1 :]) / (2 * step), curvature


def _curvature(log_density: LogDensity, at: np.ndarray, step: np.ndarray) -> np.ndarray:
    d = len(at)
    first = np.diag(step)
    i, j = np.triu_indices(d, 1)
    both, apart = first[i] + first[j], first[i] - first[j]
    f = log_density(at + np.concatenate([np.zeros((1, d)), first, -first, both, -both, apart, -apart]))
    zero, up, down = f[0], f[1 : d + 1], f[d + 1 : 2 * d + 1]
    pp, mm, pm, mp = np.split(f[2 * d + 1 :], 4)
    curvature = np.zeros((d, d))
    curvature[i, j] = (pp + mm - pm - mp) / (4 * step[i] * step[j])
    curvature += curvature.T
    curvature[np.diag_indices(d)] = (up + down - 2 * zero) / step**2
    return curvature


def samples_of(
    log_density: LogDensity, modes: Sequence[Mode], rng: np.random.Generator, count: int, wanted: float, rounds: int = 14
) -> Samples:
    """Weighted draws by adaptive multiple importance sampling: t densities about the modes first, then ones that have learned.

    Each round draws `count` from a density with the mean and covariance of all draws so far; every draw is weighed against the
    mixture of all densities that were drawn from, until the draws are worth `wanted` equal ones.
    """
    proposals = [(m.at, np.linalg.cholesky(m.covariance * WIDEN), count // len(modes)) for m in modes]
    draws = np.concatenate([_student(*p, rng) for p in proposals])
    log = log_density(draws)
    parts = [np.log(n) + _log_student(draws, at, factor) for at, factor, n in proposals]
    floor = 1e-9 * np.diag(np.diag(modes[0].covariance))
    for k in range(rounds + 1):
        log_weight = np.where(np.isfinite(log), log, -np.inf) - logsumexp(parts, axis=0)
        total = float(logsumexp(log_weight))
        weights = np.exp(log_weight - total)
        effective = float(1 / (weights @ weights))
        if effective >= wanted or k == rounds:
            break
        # A single draw may carry too much at first: cap what it may say about the next proposal.
        capped = np.minimum(weights, 0.02)
        capped /= capped.sum()
        mean = capped @ draws
        centred = draws - mean
        factor = np.linalg.cholesky((centred.T * capped @ centred + floor) * WIDEN)
        new = _student(mean, factor, count, rng)
        log = np.concatenate([log, log_density(new)])
        parts = [
            np.concatenate([q, np.log(n) + _log_student(new, at, f)]) for q, (at, f, n) in zip(parts, proposals, strict=True)
        ]
        draws = np.concatenate([draws, new])
        proposals.append((mean, factor, count))
        parts.append(np.log(count) + _log_student(draws, mean, factor))
    return Samples(draws, weights, total, effective)


def walked(log_density: LogDensity, found: Samples, scale: np.ndarray, rng: np.random.Generator, walkers: int = 80) -> Samples:
    """Draws of equal weight from a walk that begins at weighted ones: where importance sampling is left with few.

    Each half of the walkers moves in turn along the difference of two of the other half (ter Braak, 2006).
    """
    start = rng.choice(len(found.weights), walkers, p=found.weights)
    at = found.values[start] + 0.3 * scale * rng.standard_normal((walkers, found.values.shape[1]))
    log, kept = log_density(at), []
    reach = 2.38 / np.sqrt(2 * at.shape[1])
    for turn in range(WALK):
        half = np.arange(turn % 2, walkers, 2)
        other = np.arange(1 - turn % 2, walkers, 2)
        one, two = rng.choice(other, len(half)), rng.choice(other, len(half))
        step = np.where(rng.random(len(half)) < 0.1, 1.0, reach * rng.uniform(0.4, 1.1, len(half)))
        new = at[half] + step[:, None] * (at[one] - at[two]) + 1e-3 * scale * rng.standard_normal((len(half), at.shape[1]))
        new_log = log_density(new)
        taken = np.log(rng.random(len(half))) < new_log - log[half]
        at[half[taken]], log[half[taken]] = new[taken], new_log[taken]
        if turn >= WALK // 2 and turn % 10 == 0:
            kept.append(at.copy())
    values = np.concatenate(kept)
    return Samples(values, np.full(len(values), 1 / len(values)), found.log_evidence, float(walkers))


def _student(mean: np.ndarray, factor: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    z = rng.standard_normal((count, len(mean))) * np.sqrt(DEGREES / rng.chisquare(DEGREES, (count, 1)))
    return mean + z @ factor.T


def _log_student(at: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    d = len(mean)
    z = np.linalg.solve(factor, (at - mean).T)
    norm = gammaln((DEGREES + d) / 2) - gammaln(DEGREES / 2) - 0.5 * d * np.log(DEGREES * np.pi) - np.log(np.diag(factor)).sum()
    return np.asarray(norm - 0.5 * (DEGREES + d) * np.log1p((z * z).sum(axis=0) / DEGREES))
