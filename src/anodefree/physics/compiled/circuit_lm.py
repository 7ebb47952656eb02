"""Circuits fitted by Levenberg-Marquardt, compiled: every start of a spectrum in one call that leaves the interpreter free.

The same method as `numerics.fitting.fit`: logarithms where a parameter spans decades, Marquardt's scaling, Nielsen's damping,
a parameter that presses on a bound is held for the step.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.physics.compiled.circuit_program import at_frequency

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _normal(  # type: ignore[no-untyped-def]
    program, omega, z_ohm, sigma_ohm, values, x, free, log, normal, gradient, slopes, stack, first
):
    """Half the sum of squares at x; J^T J and J^T r with respect to x go to `normal` and `gradient`."""
    p = len(free)
    for i in range(p):
        values[free[i]] = np.exp(x[i]) if log[i] else x[i]
    normal[:] = 0.0
    gradient[:] = 0.0
    cost = 0.0
    for k in range(len(omega)):
        w = 1.0 / sigma_ohm[k]
        r = (at_frequency(program, omega[k], values, slopes, stack, first) - z_ohm[k]) * w
        cost += 0.5 * (r.real * r.real + r.imag * r.imag)
        for i in range(p):
            slopes[free[i]] *= w * values[free[i]] if log[i] else w
        for i in range(p):
            a = slopes[free[i]]
            gradient[i] += a.real * r.real + a.imag * r.imag
            for j in range(i + 1):
                b = slopes[free[j]]
                normal[i, j] += a.real * b.real + a.imag * b.imag
    for i in range(p):
        for j in range(i):
            normal[j, i] = normal[i, j]
    return cost if np.isfinite(cost) else np.inf


@_compiled
def _solve(matrix, right):  # type: ignore[no-untyped-def]
    """The solution of a positive definite system in `right`, by Cholesky in place; false where it is not positive definite."""
    n = len(right)
    for j in range(n):
        for i in range(j, n):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                matrix[j, j] = np.sqrt(total)
            else:
                matrix[i, j] = total / matrix[j, j]
    for i in range(n):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]
    return True


@_compiled
def _downhill(  # type: ignore[no-untyped-def]
    program, omega, z_ohm, sigma_ohm, base, free, x, low, high, log, steps, tolerance
):
    """From x, in place, to a minimum: half the sum of squares there, and whether no more than `tolerance` of it is to gain."""
    p = len(x)
    values, slopes = base.copy(), np.zeros(len(base), np.complex128)
    stack, first = np.empty(len(program), np.complex128), np.zeros(len(program), np.int64)
    normal, gradient = np.empty((p, p)), np.empty(p)
    normal_new, gradient_new = np.empty((p, p)), np.empty(p)
    matrix, step, held, trial = np.empty((p, p)), np.empty(p), np.zeros(p, np.bool_), x.copy()
    cost = _normal(program, omega, z_ohm, sigma_ohm, values, x, free, log, normal, gradient, slopes, stack, first)
    damping, growth, calm = 1e-2, 2.0, 0
    if not np.isfinite(cost):
        return cost, False
    for _ in range(steps):
        largest = 0.0
        for i in range(p):
            largest = max(largest, normal[i, i])
            held[i] = (x[i] <= low[i] and gradient[i] > 0.0) or (x[i] >= high[i] and gradient[i] < 0.0)
        for i in range(p):
            step[i] = 0.0 if held[i] else -gradient[i]
            for j in range(p):
                matrix[i, j] = 0.0 if held[i] or held[j] else normal[i, j]
            matrix[i, i] = 1.0 if held[i] else normal[i, i] * (1.0 + damping) + 1e-14 * largest + 1e-300
        solved = _solve(matrix, step)
        expected, new = 0.0, np.inf
        if solved:
            for i in range(p):
                move = min(max(step[i], -3.0), 3.0) if log[i] else step[i]
                trial[i] = min(max(x[i] + move, low[i]), high[i])
            for i in range(p):
                expected -= gradient[i] * (trial[i] - x[i])
                for j in range(p):
                    expected -= 0.5 * (trial[i] - x[i]) * normal[i, j] * (trial[j] - x[j])
            new = _normal(
                program, omega, z_ohm, sigma_ohm, values, trial, free, log, normal_new, gradient_new, slopes, stack, first
            )
        # Nothing left to gain, twice in a row, is the minimum; so is a gain that is lost in rounding.
        still = solved and (expected <= tolerance * cost or cost <= 1e-280)
        calm = calm + 1 if still else 0
        if new < cost:
            gain = min(max((cost - new) / expected, 0.0), 1.0) if expected > 0.0 else 0.0
            # Nielsen's rule: the damping falls smoothly after a good step and grows ever faster after bad ones.
            damping = max(damping * max(0.2, 1.0 - (2.0 * gain - 1.0) ** 3), 1e-10)
            growth, cost = 2.0, new
            x[:] = trial
            normal[:] = normal_new
            gradient[:] = gradient_new
        else:
            damping, growth = damping * growth, 2.0 * growth
        # Where not even the smallest step downhill is better, rounding is all that is left.
        if calm >= 2 or damping > 1e16:
            return cost, True
    return cost, False


@_compiled
def descend(  # type: ignore[no-untyped-def]
    program, omega, z_ohm, sigma_ohm, base, free, starts, low, high, log, steps, enough, nearly, exactly
):
    """From starts (s, p) of the free parameters, the most promising first, to minima: x (t, p), half the sums of squares (t,),
    which converged (t,); t < s where `enough` of the starts already ended together in the lowest minimum of twice as many.

    Each start goes down until twice in a row no more than the part `nearly` of the sum is to gain; all that end within a
    hundredth of the lowest, perhaps in different minima, go on to `exactly`. `base` (P,) holds every parameter's value, `free`
    (p,) the places of the fitted ones; `starts`, `low`, `high` are in x, the logarithm where `log` (p,) holds. omega [rad/s],
    Z and sigma [ohm]: (f,).
    """
    count = len(starts)
    found, costs, done = starts.copy(), np.full(count, np.inf), np.zeros(count, np.bool_)
    tried = 0
    for n in range(count):
        found[n] = np.minimum(np.maximum(starts[n], low), high)
        costs[n], done[n] = _downhill(program, omega, z_ohm, sigma_ohm, base, free, found[n], low, high, log, steps, nearly)
        tried = n + 1
        if tried >= 2 * enough and np.sum(costs[:tried] <= 1.001 * costs[:tried].min()) >= enough:
            break
    close = 1.01 * costs[:tried].min()
    for n in range(tried):
        if costs[n] <= close and exactly < nearly and np.isfinite(costs[n]):
            costs[n], done[n] = _downhill(
                program, omega, z_ohm, sigma_ohm, base, free, found[n], low, high, log, steps, exactly
            )
    return found[:tried], costs[:tried], done[:tried]
