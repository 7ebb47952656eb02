"""Magnetic flux density from a map as cubic B-splines in x, y and the logarithm of the height, compiled.

A table is its coefficients[component, log z, y, x] and its layout: the first node (x, y, log z), nodes per length (x, y,
log z), periods in nodes (x, y; 0 where it does not repeat), and how far the map's origin lies below the cell's. Coefficients
reach one node before and three nodes beyond the range that is asked for, so no index needs a check.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_compiled
def _weights(u):  # type: ignore[no-untyped-def]
    w = 1.0 - u
    return w * w * w / 6, (4 - 6 * u * u + 3 * u * u * u) / 6, (4 - 6 * w * w + 3 * w * w * w) / 6, u * u * u / 6


@_compiled
def _place(a, period, size):  # type: ignore[no-untyped-def]
    """The first of four nodes and the fraction beyond the second."""
    if period > 0.0:
        a -= period * np.floor((a - 1.0) / period)
    i = min(max(int(np.floor(a)), 1), size - 3)
    return i - 1, a - i


@_compiled
def flux_density(coefficients, layout, x, y, z):  # type: ignore[no-untyped-def]
    """Bx, By, Bz at a point, in the unit of the coefficients; heights below the lower electrode count as its own."""
    a, u = _place((x - layout[0]) * layout[3], layout[6], coefficients.shape[3])
    b, v = _place((y - layout[1]) * layout[4], layout[7], coefficients.shape[2])
    c, w = _place((np.log(layout[8] + max(z, 0.0)) - layout[2]) * layout[5], 0.0, coefficients.shape[1])
    p0, p1, p2, p3 = _weights(u)
    q, s = _weights(v), _weights(w)
    bx, by, bz = 0.0, 0.0, 0.0
    for k in range(4):
        for j in range(4):
            m, n, weight = c + k, b + j, s[k] * q[j]
            for i in range(3):
                line = p0 * coefficients[i, m, n, a] + p1 * coefficients[i, m, n, a + 1]
                line += p2 * coefficients[i, m, n, a + 2] + p3 * coefficients[i, m, n, a + 3]
                if i == 0:
                    bx += weight * line
                elif i == 1:
                    by += weight * line
                else:
                    bz += weight * line
    return bx, by, bz
