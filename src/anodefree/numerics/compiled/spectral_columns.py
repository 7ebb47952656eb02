"""A potential of spectral elements along vertical columns, sampled on even heights, compiled; continued into the metal.

Above each point (x, y) the potential is a piecewise polynomial in zeta = (z - h)/(L - h), 0 at the surface and 1 on the flat
electrode. Beyond the flat one it is reflected oddly. In the metal it is reflected oddly about the surface along zeta, plus the
second derivative that the liquid has there, which fades with depth: so a spline meets the surface without a kink.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _legendre(c, t):  # type: ignore[no-untyped-def]
    """A Legendre series by Clenshaw's recurrence."""
    b1, b2 = 0.0, 0.0
    for n in range(len(c) - 1, 0, -1):
        b1, b2 = c[n] + (2 * n + 1) / (n + 1) * t * b1 - (n + 1) / (n + 2) * b2, b1
    return c[0] + t * b1 - 0.5 * b2


@_compiled
def _at(series, edges, zeta):  # type: ignore[no-untyped-def]
    e = 0
    while e < len(edges) - 2 and zeta > edges[e + 1]:
        e += 1
    t = 2 * (zeta - edges[e]) / (edges[e + 1] - edges[e]) - 1
    return _legendre(series[e], t)


@_compiled
def columns(series, edges, bend, height, gap, z, out):  # type: ignore[no-untyped-def]
    """Fill `out` (z, y, x) from Legendre coefficients (x, y, element, degree), the second zeta-derivative at the surface
    (x, y), and heights (x, y)."""
    fade = 0.5 * edges[1]
    for i in range(series.shape[0]):
        for j in range(series.shape[1]):
            h = height[i, j]
            for k in range(len(z)):
                zeta = (z[k] - h) / (gap - h)
                if zeta > 1.0:
                    mirrored = max((2 * gap - z[k] - h) / (gap - h), 0.0)
                    out[k, j, i] = 2.0 - _at(series[i, j], edges, mirrored)
                elif zeta >= 0.0:
                    out[k, j, i] = _at(series[i, j], edges, zeta)
                else:
                    rise = _at(series[i, j], edges, min(-zeta, 1.0))
                    even = bend[i, j] * zeta * zeta * np.exp(-((zeta / fade) ** 2))
                    out[k, j, i] = -rise + min(max(even, -0.9 * abs(rise)), 0.9 * abs(rise))
