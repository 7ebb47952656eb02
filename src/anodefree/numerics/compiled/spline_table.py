"""A potential on an axisymmetric grid as cubic B-splines, coarse everywhere and fine about the protrusion, compiled.

Both tables lie one after the other in one array, rows of even z; a row of `grids` describes each: r0, z0, 1/dr, 1/dz, nodes
along r and z, where it begins, and the reach of the fine one (in r and, in its own row, z). The field is the gradient of the
spline, so it is free of curl and energy is conserved to the error of the integrator. Beyond a table its edge holds: a cubic
continued further would pull an ion that a coarse random step puts there across the cell.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.spline_box import box_potential

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"}, forceinline=True)


@_compiled
def _about_axis(tables, grids, x, y, z):  # type: ignore[no-untyped-def]
    r = np.sqrt(x * x + y * y)
    k = 1 if r < grids[0, 7] and z < grids[1, 7] else 0
    per_r, per_z, across = grids[k, 2], grids[k, 3], int(grids[k, 4])
    a, b = (r - grids[k, 0]) * per_r, (z - grids[k, 1]) * per_z
    a, b = min(max(a, 1.0), across - 2.0), min(max(b, 1.0), grids[k, 5] - 2.0)
    i, j = min(int(a), across - 3), min(int(b), int(grids[k, 5]) - 3)
    u, v = a - i, b - j
    w, y1 = 1.0 - u, 1.0 - v
    uu, vv, ww, yy = u * u, v * v, w * w, y1 * y1
    p0, p1, p2, p3 = ww * w, 4 + uu * (3 * u - 6), 4 + ww * (3 * w - 6), uu * u
    d0, d1, d2, d3 = -ww, u * (3 * u - 4), w * (4 - 3 * w), uu
    q0, q1, q2, q3 = yy * y1, 4 + vv * (3 * v - 6), 4 + yy * (3 * y1 - 6), vv * v
    e0, e1, e2, e3 = -yy, v * (3 * v - 4), y1 * (4 - 3 * y1), vv
    at = int(grids[k, 6]) + (j - 1) * across + i - 1
    c0, c1, c2, c3 = tables[at], tables[at + 1], tables[at + 2], tables[at + 3]
    line, slope = p0 * c0 + p1 * c1 + p2 * c2 + p3 * c3, d0 * c0 + d1 * c1 + d2 * c2 + d3 * c3
    phi, by_r, by_z = q0 * line, q0 * slope, e0 * line
    at += across
    c0, c1, c2, c3 = tables[at], tables[at + 1], tables[at + 2], tables[at + 3]
    line, slope = p0 * c0 + p1 * c1 + p2 * c2 + p3 * c3, d0 * c0 + d1 * c1 + d2 * c2 + d3 * c3
    phi, by_r, by_z = phi + q1 * line, by_r + q1 * slope, by_z + e1 * line
    at += across
    c0, c1, c2, c3 = tables[at], tables[at + 1], tables[at + 2], tables[at + 3]
    line, slope = p0 * c0 + p1 * c1 + p2 * c2 + p3 * c3, d0 * c0 + d1 * c1 + d2 * c2 + d3 * c3
    phi, by_r, by_z = phi + q2 * line, by_r + q2 * slope, by_z + e2 * line
    at += across
    c0, c1, c2, c3 = tables[at], tables[at + 1], tables[at + 2], tables[at + 3]
    line, slope = p0 * c0 + p1 * c1 + p2 * c2 + p3 * c3, d0 * c0 + d1 * c1 + d2 * c2 + d3 * c3
    phi, by_r, by_z = phi + q3 * line, by_r + q3 * slope, by_z + e3 * line
    out = by_r * per_r / (12 * r) if r > 0 else 0.0
    return phi / 36, out * x, out * y, by_z * per_z / 12


@_compiled
def potential(tables, grids, x, y, z):  # type: ignore[no-untyped-def]
    """phi and its gradient in space; grids of three dimensions are those of a box without an axis of symmetry."""
    if grids.ndim == 3:  # known when it is compiled
        return box_potential(tables, grids, x, y, z)
    return _about_axis(tables, grids, x, y, z)
