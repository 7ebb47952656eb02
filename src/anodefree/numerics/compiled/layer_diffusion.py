"""Diffusion of a salt through layers between two walls, one implicit step of second order, compiled.

V_k dc_k/dt = J_{k-1/2} - J_{k+1/2}, J = -(c_{k+1} - c_k)/(r_k + r_{k+1}), r_k = w_k/(2 D(c_k) f_k), D = D0 exp(-b (c/c0 -
1)); the same flux s enters at the first wall and leaves at the last. One step is TR-BDF2: the trapezoidal rule to (2 - sqrt
2) h, then the second backward difference; both stages have one matrix, the method damps stiff parts, and its embedded
third-order formula tells the error. Newton's linear solves have columns that sum to the volumes, so that sum V c is kept to
rounding however many are made.
*Source* Hosea and Shampine 1996.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_D = 1.0 - np.sqrt(0.5)
_W = np.sqrt(2.0) / 4.0
_MOST = 12
_EXACT = 1e-11


@_compiled
def _resistances(c, half, b, c0, r):  # type: ignore[no-untyped-def]
    """r_k = half_k exp(b (c_k/c0 - 1)) with half_k = w_k/(2 D0 f_k)."""
    for k in range(c.size):
        r[k] = half[k] * np.exp(b * (c[k] / c0 - 1.0)) if b != 0.0 else half[k]


@_compiled
def _inflow(c, r, s, out):  # type: ignore[no-untyped-def]
    """Net inflow of each cell [mol/m2/s]."""
    n = c.size
    before = s
    for k in range(n - 1):
        after = -(c[k + 1] - c[k]) / (r[k] + r[k + 1])
        out[k] = before - after
        before = after
    out[n - 1] = before - s


@_compiled
def _newton(c, volume, r, b, c0, dh, right, work):  # type: ignore[no-untyped-def]
    """The solution x of (V - dh dF/dc) x = right at c, in `right`; `work` is (2, n)."""
    n = c.size
    upper, main = work[0], work[1]
    lower_next = 0.0
    add = 0.0
    for k in range(n):
        lower = lower_next
        diag = volume[k] + add
        up = 0.0
        if k < n - 1:
            t = 1.0 / (r[k] + r[k + 1])
            jump = t * t * (c[k + 1] - c[k]) * b / c0
            own = t + jump * r[k]
            other = -t + jump * r[k + 1]
            diag += dh * own
            up = dh * other
            lower_next = -dh * own
            add = -dh * other
        if k > 0:
            m = lower / main[k - 1]
            diag -= m * upper[k - 1]
            right[k] -= m * right[k - 1]
        main[k] = diag
        upper[k] = up
    right[n - 1] /= main[n - 1]
    for k in range(n - 2, -1, -1):
        right[k] = (right[k] - upper[k] * right[k + 1]) / main[k]


@_compiled
def _stage(x, base, volume, half, b, c0, s, dh, r, flow, right, work):  # type: ignore[no-untyped-def]
    """V x = base + dh F(x), from the start x, in place; `flow` is F there. Whether Newton's method converged."""
    n = x.size
    for _ in range(_MOST):
        _resistances(x, half, b, c0, r)
        _inflow(x, r, s, flow)
        for k in range(n):
            right[k] = base[k] + dh * flow[k] - volume[k] * x[k]
        _newton(x, volume, r, b, c0, dh, right, work)
        largest = 0.0
        for k in range(n):
            x[k] += right[k]
            largest = max(largest, abs(right[k]))
        if b == 0.0 or largest <= _EXACT * c0:
            _resistances(x, half, b, c0, r)
            _inflow(x, r, s, flow)
            return True
        if not largest < 1e6 * c0:
            return False
    return False


@_compiled
def diffuse(c, volume, half, b, c0, s, h, out, work):  # type: ignore[no-untyped-def]
    """c after h in `out`; returns the largest estimated error over c0, inf where Newton's method failed. `work` is (8, n)."""
    n = c.size
    r, f0, f1, f2, right, base = work[0], work[1], work[2], work[3], work[4], work[5]
    pair = work[6:8]
    dh = _D * h
    _resistances(c, half, b, c0, r)
    _inflow(c, r, s, f0)
    for k in range(n):
        out[k] = c[k]
        base[k] = volume[k] * c[k] + dh * f0[k]
    if not _stage(out, base, volume, half, b, c0, s, dh, r, f1, right, pair):
        return np.inf
    for k in range(n):
        base[k] = volume[k] * c[k] + h * _W * (f0[k] + f1[k])
    if not _stage(out, base, volume, half, b, c0, s, dh, r, f2, right, pair):
        return np.inf
    for k in range(n):
        right[k] = h * ((4.0 * _W - 1.0) * f0[k] - f1[k] + 2.0 * _D * f2[k]) / 3.0
    _newton(out, volume, r, b, c0, dh, right, pair)
    return np.max(np.abs(right)) / c0
