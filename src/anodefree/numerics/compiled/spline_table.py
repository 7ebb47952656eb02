"""A potential on an axisymmetric grid as cubic B-splines, coarse everywhere and fine about the protrusion, compiled.

A table is (coefficients[z, r], r0, z0, 1/dr, 1/dz): the node of the coefficient [j, i] is r0 + i dr, z0 + j dz. The field is
the gradient of the spline, so it is free of curl and energy is conserved to the error of the integrator.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_compiled
def value_and_slopes(coefficients, r0, z0, per_r, per_z, r, z):  # type: ignore[no-untyped-def]
    """phi, dphi/dr, dphi/dz at a point within the table."""
    a, b = (r - r0) * per_r, (z - z0) * per_z
    i = min(max(int(np.floor(a)), 1), coefficients.shape[1] - 3)
    j = min(max(int(np.floor(b)), 1), coefficients.shape[0] - 3)
    u, v = a - i, b - j
    w = 1.0 - u
    p0, p1 = w * w * w / 6, (4 - 6 * u * u + 3 * u * u * u) / 6
    p2, p3 = (4 - 6 * w * w + 3 * w * w * w) / 6, u * u * u / 6
    d0, d1, d2, d3 = -w * w / 2, (3 * u * u - 4 * u) / 2, (4 * w - 3 * w * w) / 2, u * u / 2
    y = 1.0 - v
    phi, by_r, by_z = 0.0, 0.0, 0.0
    for k in range(4):
        row = coefficients[j - 1 + k]
        inner = p0 * row[i - 1] + p1 * row[i] + p2 * row[i + 1] + p3 * row[i + 2]
        slope = d0 * row[i - 1] + d1 * row[i] + d2 * row[i + 1] + d3 * row[i + 2]
        if k == 0:
            q, e = y * y * y / 6, -y * y / 2
        elif k == 1:
            q, e = (4 - 6 * v * v + 3 * v * v * v) / 6, (3 * v * v - 4 * v) / 2
        elif k == 2:
            q, e = (4 - 6 * y * y + 3 * y * y * y) / 6, (4 * y - 3 * y * y) / 2
        else:
            q, e = v * v * v / 6, v * v / 2
        phi += q * inner
        by_r += q * slope
        by_z += e * inner
    return phi, by_r * per_r, by_z * per_z


@_compiled
def potential(tables, patch_r, patch_z, x, y, z):  # type: ignore[no-untyped-def]
    """phi [V] and its gradient [V/m] in space; `tables` is (coarse, fine), the fine one holds for r < patch_r, z < patch_z."""
    r = np.sqrt(x * x + y * y)
    coarse, fine = tables
    if r < patch_r and z < patch_z:
        phi, by_r, by_z = value_and_slopes(fine[0], fine[1], fine[2], fine[3], fine[4], r, z)
    else:
        phi, by_r, by_z = value_and_slopes(coarse[0], coarse[1], coarse[2], coarse[3], coarse[4], r, z)
    out = by_r / r if r > 0 else 0.0
    return phi, out * x, out * y, by_z
