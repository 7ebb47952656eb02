"""Compiled: force curves fitted by F = b0 + b1 z + C δⁿ - A with the contact point, many curves one after the other."""

from __future__ import annotations

import numpy as np
from numba import njit

GRID = 40
GOLDEN = 0.6180339887498949
COARSE = 300
"""About how many points of a curve the coarse search looks at."""


@njit(cache=True, nogil=True)
def shape(depth, power, radius):  # type: ignore[no-untyped-def]
    """δⁿ, for a sphere (radius > 0) with its correction, and the derivative."""
    if depth <= 0.0:
        return 0.0, 0.0
    if power == 2.0:
        return depth * depth, 2.0 * depth
    root = np.sqrt(depth)
    plain, slope = depth * root, 1.5 * root
    if radius <= 0.0:
        return plain, slope
    x = depth / radius
    factor = 1.0 + x * (-1 / 10 + x * (-1 / 840 + x * (11 / 15120 + x * 1357 / 6652800)))
    change = (-1 / 10 + x * (-2 / 840 + x * (33 / 15120 + x * 4 * 1357 / 6652800))) / radius
    return plain * factor, slope * factor + plain * change


@njit(cache=True, nogil=True)
def solve(matrix, right, size):  # type: ignore[no-untyped-def]
    """Cholesky solution in place of the leading part; False where it is not positive."""
    for j in range(size):
        total = matrix[j, j]
        for m in range(j):
            total -= matrix[j, m] * matrix[j, m]
        if not total > 1e-13 * matrix[j, j]:
            return False
        matrix[j, j] = np.sqrt(total)
        for i in range(j + 1, size):
            total = matrix[i, j]
            for m in range(j):
                total -= matrix[i, m] * matrix[j, m]
            matrix[i, j] = total / matrix[j, j]
    for i in range(size):
        total = right[i]
        for m in range(i):
            total -= matrix[i, m] * right[m]
        right[i] = total / matrix[i, i]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for m in range(i + 1, size):
            total -= matrix[m, i] * right[m]
        right[i] = total / matrix[i, i]
    return True


@njit(cache=True, nogil=True)
def cost(z, d, k, inside, weight, contact, power, radius, sticky, step, theta):  # type: ignore[no-untyped-def]
    """Weighted sum of squares at a contact point, its linear coefficients (b0, b1, C, A) left in `theta`.

    `inside` is false beyond the pull-off: such points see the baseline alone.
    """
    n = z.size
    middle, span = 0.5 * (z[0] + z[n - 1]), abs(z[n - 1] - z[0]) + 1e-300
    size = 4 if sticky else 3
    normal, right, row = np.zeros((4, 4)), np.zeros(4), np.zeros(4)
    deepest = 0.0
    for i in range(n):
        if inside[i] and contact - z[i] - d[i] > deepest:
            deepest = contact - z[i] - d[i]
    if deepest <= 0.0:
        return np.inf
    unit = shape(deepest, power, radius)[0]
    total = 0.0
    for i in range(0, n, step):
        w, force = weight[i], k * d[i]
        row[0], row[1], row[2], row[3] = w, w * (z[i] - middle) / span, 0.0, 0.0
        if inside[i]:
            row[2] = w * shape(contact - z[i] - d[i], power, radius)[0] / unit
            row[3] = -w
        total += (w * force) ** 2
        for a in range(size):
            right[a] += row[a] * w * force
            for b in range(a + 1):
                normal[a, b] += row[a] * row[b]
    for a in range(size):
        theta[a] = right[a]
    if not solve(normal, theta, size):
        return np.inf
    for a in range(size):
        total -= theta[a] * right[a]
    theta[2] /= unit
    if theta[2] <= 0.0:
        return np.inf
    return max(total, 0.0)


@njit(cache=True, nogil=True)
def narrow(z, d, k, inside, weight, power, radius, sticky, left, right, steps, theta):  # type: ignore[no-untyped-def]
    """The contact point between two places, by golden section."""
    one, two = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    f_one = cost(z, d, k, inside, weight, one, power, radius, sticky, 1, theta)
    f_two = cost(z, d, k, inside, weight, two, power, radius, sticky, 1, theta)
    for _ in range(steps):
        if f_one < f_two:
            right, two, f_two = two, one, f_one
            one = right - GOLDEN * (right - left)
            f_one = cost(z, d, k, inside, weight, one, power, radius, sticky, 1, theta)
        else:
            left, one, f_one = one, two, f_two
            two = left + GOLDEN * (right - left)
            f_two = cost(z, d, k, inside, weight, two, power, radius, sticky, 1, theta)
    return 0.5 * (left + right)


@njit(cache=True, nogil=True)
def search(z, d, k, inside, weight, power, radius, sticky, low, span, steps, theta):  # type: ignore[no-untyped-def]
    """The contact point between `low` and `low + span`: a grid that is dense near the deepest point, then golden section."""
    step = max(1, z.size // COARSE)
    best, at = np.inf, -1
    for j in range(GRID):
        contact = low + span * 10.0 ** (-4.0 * (1 - j / (GRID - 1)))
        value = cost(z, d, k, inside, weight, contact, power, radius, sticky, step, theta)
        if value < best:
            best, at = value, j
    if at < 0:
        return np.nan
    left = low + (span * 10.0 ** (-4.0 * (1 - (at - 1) / (GRID - 1))) if at > 0 else 0.0)
    right = low + span * 10.0 ** (-4.0 * (1 - min(at + 1, GRID - 1) / (GRID - 1)))
    return narrow(z, d, k, inside, weight, power, radius, sticky, left, right, steps, theta)


@njit(cache=True, nogil=True)
def errors(z, d, k, inside, weight, contact, power, radius, sticky, theta, out):  # type: ignore[no-untyped-def]
    """Into `out`: relative std of C, its response to the sensitivity, rms, depth, points in contact, memory of residuals."""
    n = z.size
    middle, span = 0.5 * (z[0] + z[n - 1]), abs(z[n - 1] - z[0]) + 1e-300
    size = 5 if sticky else 4
    normal, moved, one = np.zeros((5, 5)), np.zeros(5), np.zeros(5)
    row = np.zeros(5)
    squares, lagged, last, seen, deepest, plain = 0.0, 0.0, 0.0, 0, 0.0, 0.0
    for i in range(n):
        depth = contact - z[i] - d[i] if inside[i] else 0.0
        value, slope = shape(depth, power, radius)
        w, force = weight[i], k * d[i]
        row[0], row[1], row[2], row[3], row[4] = w, w * (z[i] - middle) / span, w * value, w * theta[2] * slope, 0.0
        if inside[i]:
            row[4] = -w
        model = theta[0] + theta[1] * (z[i] - middle) / span + theta[2] * value - (theta[3] if sticky and inside[i] else 0.0)
        residual = w * (force - model)
        squares += residual * residual
        plain += (force - model) ** 2
        lagged += residual * last
        last = residual
        if depth > 0.0:
            seen += 1
            deepest = max(deepest, depth)
        change = w * (force + theta[2] * slope * d[i])
        for a in range(size):
            moved[a] += row[a] * change
            for b in range(a + 1):
                normal[a, b] += row[a] * row[b]
    scale = np.zeros(5)
    for a in range(size):
        scale[a] = np.sqrt(max(normal[a, a], 1e-300))
    for a in range(size):
        moved[a] /= scale[a]
        for b in range(a + 1):
            normal[a, b] /= scale[a] * scale[b]
    again = normal.copy()
    one[2] = 1.0
    memory = min(max(lagged / max(squares, 1e-300), 0.0), 0.95)
    out[3], out[4], out[5], out[6] = np.sqrt(plain / n), deepest, seen, memory
    if not (solve(normal, one, size) and solve(again, moved, size)):
        out[1], out[2] = np.nan, np.nan
        return
    variance = one[2] / scale[2] ** 2 * squares / max(n - size, 1) * (1 + memory) / (1 - memory)
    out[1] = np.sqrt(variance) / theta[2]
    out[2] = moved[2] / scale[2] / theta[2]


@njit(cache=True, nogil=True)
def fit_curve(z, d, k, inside, power, radius, sticky, softly, out):  # type: ignore[no-untyped-def]
    """One curve (nm, N/m): out = C, its relative std, its response to the sensitivity, rms, depth, points in contact, memory,
    contact point, b0, b1, A. `softly` weights every point by its deviation in deflection, 1/(1 + F'(δ)/k)."""
    n = z.size
    theta, weight = np.zeros(4), np.ones(n)
    low, top = np.inf, -np.inf
    for i in range(n):
        tip = z[i] + d[i]
        if inside[i] and tip < low:
            low = tip
        if inside[i] and tip > top:
            top = tip
    for a in range(out.size):
        out[a] = np.nan
    if not top > low:
        return
    span = 1.25 * (top - low)  # the contact point may lie a step beyond the last point in contact
    contact = search(z, d, k, inside, weight, power, radius, sticky, low, span, 26, theta)
    if not np.isfinite(contact):
        return
    for _ in range(2 if softly else 0):
        if not np.isfinite(cost(z, d, k, inside, weight, contact, power, radius, sticky, 1, theta)):
            return
        for i in range(n):
            weight[i] = 1.0
            if inside[i]:
                weight[i] = 1.0 / (1.0 + theta[2] * shape(contact - z[i] - d[i], power, radius)[1] / k)
        contact = search(z, d, k, inside, weight, power, radius, sticky, low, span, 18, theta)
        if not np.isfinite(contact):
            return
    if not np.isfinite(cost(z, d, k, inside, weight, contact, power, radius, sticky, 1, theta)):
        return
    errors(z, d, k, inside, weight, contact, power, radius, sticky, theta, out)
    out[0], out[7], out[8], out[9], out[10] = theta[2], contact, theta[0], theta[1], theta[3] if sticky else 0.0
