"""A sum of relaxation peaks fitted to one spectrum, compiled: impedance, exact derivatives and Levenberg-Marquardt.

Unknowns: `lines` linear ones (R_inf, L, 1/C), then for each peak ln R, ln tau0 and its shape: phi of a ZARC (kind 0); the two
flank exponents alpha and alpha beta of a Havriliak-Negami element (kind 1); ln s and ln p of a generalised normal (kind 2).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ZARC, HAVRILIAK_NEGAMI, GENERALISED_NORMAL = 0, 1, 2
_LEAST_GAIN = 1e-4


@njit(cache=True, nogil=True)
def size(kind: int) -> int:
    """How many unknowns a peak of this kind has."""
    return 3 if kind == 0 else 4


@njit(cache=True, nogil=True)
def evaluate(
    kinds: np.ndarray,
    u: np.ndarray,
    log_omega: np.ndarray,
    free: np.ndarray,
    log_tau: np.ndarray,
    kernel: np.ndarray,
    z: np.ndarray,
    slopes: np.ndarray,
) -> None:
    """Z (2f,) and dZ/du (p, 2f), real parts then imaginary parts, into the given arrays; `free` (k, 2f), `kernel` (n, 2f)."""
    z[:] = 0.0
    lines = len(free)
    for k in range(lines):
        slopes[k] = free[k]
        z += free[k] * u[k]
    at = lines
    for kind in kinds:
        if kind == 2:
            _generalised_normal(u, at, log_tau, kernel, z, slopes)
        else:
            _power_law(kind, u, at, log_omega, z, slopes)
        at += size(kind)


@njit(cache=True, nogil=True)
def _power_law(kind: int, u: np.ndarray, at: int, log_omega: np.ndarray, z: np.ndarray, slopes: np.ndarray) -> None:
    f = len(log_omega)
    r, alpha = math.exp(u[at]), u[at + 2]
    high = u[at + 3] if kind == 1 else alpha
    beta = high / alpha
    for i in range(f):
        log_jwt = complex(log_omega[i] + u[at + 1], 0.5 * math.pi)
        q = np.exp(alpha * log_jwt)
        log_one_q = np.log(1 + q)
        part = r * np.exp(-beta * log_one_q)
        share = q / (1 + q)
        by_beta = -part * log_one_q
        by_alpha = -part * beta * share * log_jwt
        by_tau = -part * beta * alpha * share
        z[i] += part.real
        z[f + i] += part.imag
        slopes[at, i] = part.real
        slopes[at, f + i] = part.imag
        slopes[at + 1, i] = by_tau.real
        slopes[at + 1, f + i] = by_tau.imag
        if kind == 1:
            by_alpha -= by_beta * beta / alpha
            by_high = by_beta / alpha
            slopes[at + 3, i] = by_high.real
            slopes[at + 3, f + i] = by_high.imag
        slopes[at + 2, i] = by_alpha.real
        slopes[at + 2, f + i] = by_alpha.imag


@njit(cache=True, nogil=True)
def _generalised_normal(
    u: np.ndarray, at: int, log_tau: np.ndarray, kernel: np.ndarray, z: np.ndarray, slopes: np.ndarray
) -> None:
    s, p = math.exp(u[at + 2]), math.exp(u[at + 3])
    peak = math.exp(u[at]) * p / (2 * s * math.gamma(1 / p))
    tilt = 1 + _digamma(1 / p) / p
    shape = np.zeros((4, len(log_tau)))
    for j in range(len(log_tau)):
        x = (log_tau[j] - u[at + 1]) / s
        size_x = max(abs(x), 1e-12)
        if p * math.log(size_x) > 3.7:  # exp(-40) is nothing
            continue
        power = size_x**p
        g = peak * math.exp(-power)
        shape[0, j] = g
        shape[1, j] = g * p * power / math.copysign(size_x, x) / s
        shape[2, j] = g * (p * power - 1)
        shape[3, j] = g * (tilt - p * power * math.log(size_x))
    slopes[at : at + 4] = shape @ kernel
    z += slopes[at]


@njit(cache=True, nogil=True)
def _digamma(x: float) -> float:
    total = 0.0
    while x < 8:
        total -= 1 / x
        x += 1
    y = 1 / (x * x)
    return total + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y / 240)))


@njit(cache=True, nogil=True)
def descend(
    kinds: np.ndarray,
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    log_omega: np.ndarray,
    free: np.ndarray,
    log_tau: np.ndarray,
    kernel: np.ndarray,
    middle: np.ndarray,
    stiffness: np.ndarray,
    steps: int,
) -> tuple[np.ndarray, float]:
    """Least weighted squares within bounds from one start: the unknowns, and the sum of squares.

    Each unknown is held by a spring, (stiffness (u - middle))^2: the prior, in units of the weighted residuals.
    """
    n, m = len(start), len(y)
    u = np.minimum(np.maximum(start, low), high)
    z, slopes, trial_z, trial_slopes = np.empty(m), np.empty((n, m)), np.empty(m), np.empty((n, m))
    evaluate(kinds, u, log_omega, free, log_tau, kernel, z, slopes)
    cost = np.sum(((y - z) * weight) ** 2) + np.sum((stiffness * (u - middle)) ** 2)
    damping, growth, calm = 1e-2, 2.0, 0
    gram, gradient = np.empty((n, n)), np.empty(n)
    fresh = True
    for _ in range(steps):
        if fresh:
            scaled = slopes * weight
            gram = scaled @ scaled.T
            gradient = scaled @ ((y - z) * weight) + stiffness**2 * (middle - u)
            for k in range(n):
                gram[k, k] += stiffness[k] ** 2
            fresh = False
        matrix, rhs = gram.copy(), gradient.copy()
        for k in range(n):
            if (u[k] <= low[k] and rhs[k] < 0) or (u[k] >= high[k] and rhs[k] > 0):
                matrix[k, :] = 0.0
                matrix[:, k] = 0.0
                matrix[k, k] = 1.0
                rhs[k] = 0.0
            else:
                matrix[k, k] += damping * gram[k, k] + 1e-30
        step = np.linalg.solve(matrix, rhs)
        trial = u.copy()
        for k in range(n):
            move = step[k] if k < len(free) else min(max(step[k], -1.0), 1.0)
            trial[k] = min(max(u[k] + move, low[k]), high[k])
        evaluate(kinds, trial, log_omega, free, log_tau, kernel, trial_z, trial_slopes)
        new = np.sum(((y - trial_z) * weight) ** 2) + np.sum((stiffness * (trial - middle)) ** 2)
        if new < cost:
            calm = calm + 1 if cost - new < _LEAST_GAIN * cost else 0
            u, cost, fresh = trial, new, True
            z, trial_z = trial_z, z
            slopes, trial_slopes = trial_slopes, slopes
            damping = max(damping * 0.2, 1e-9)
            growth = 2.0
        else:
            damping *= growth
            growth *= 2
        if calm >= 2 or damping > 1e12:
            break
    return u, cost
