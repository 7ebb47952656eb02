"""The diffuse front of a phase on an even grid: its area, its normals and the flux that keeps it sharp, compiled.

Fields are [z, y, x]; z = 0 is a wall below, the top and, by the tables of neighbours `xm xp ym yp`, the sides are mirrors or
periodic. Lengths are in cells. `width` is that of the profile (1 + tanh(s/2 width))/2.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TINY = 1e-12
"""Fraction below which a cell counts as pure: the logarithm of the profile ends there."""

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


@_compiled
def profile(phase, first, last, out):  # type: ignore[no-untyped-def]
    """Distance to the front over the width, ln(p/(1 - p)), positive inside: what stays smooth across the front."""
    for k in range(first, last):
        for j in range(phase.shape[1]):
            for i in range(phase.shape[2]):
                p = min(max(phase[k, j, i], 0.0), 1.0)
                out[k, j, i] = np.log((p + TINY) / (1.0 - p + TINY))


@_compiled
def normals(level, xm, xp, ym, yp, first, last, nx, ny, nz):  # type: ignore[no-untyped-def]
    """Unit vectors along the gradient of `level`, into the phase; zero where it is even."""
    top = level.shape[0] - 1
    for k in range(first, last):
        below, above = max(k - 1, 0), min(k + 1, top)
        for j in range(level.shape[1]):
            for i in range(level.shape[2]):
                gx = level[k, j, xp[i]] - level[k, j, xm[i]]
                gy = level[k, yp[j], i] - level[k, ym[j], i]
                gz = level[above, j, i] - level[below, j, i]
                size = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
                nx[k, j, i] = gx / size
                ny[k, j, i] = gy / size
                nz[k, j, i] = gz / size


@_compiled
def areas(phase, wall, xm, xp, ym, yp, first, last, out):  # type: ignore[no-untyped-def]
    """Area of the front in every cell, |grad p|, in faces of a cell; a wall that counts as phase (`wall`, 0 to 1) included.

    Of a flat front the sum over a column is exactly 1 wherever it stands, also where it begins on the wall.
    """
    top = phase.shape[0] - 1
    for k in range(first, last):
        below, above = max(k - 1, 0), min(k + 1, top)
        for j in range(phase.shape[1]):
            for i in range(phase.shape[2]):
                gx = 0.5 * (phase[k, j, xp[i]] - phase[k, j, xm[i]])
                gy = 0.5 * (phase[k, yp[j], i] - phase[k, ym[j], i])
                gz = 0.5 * (phase[above, j, i] - phase[below, j, i])
                if k == 0:
                    gz -= wall[j, i] * (1.0 - min(phase[0, j, i], 1.0))
                out[k, j, i] = np.sqrt(gx * gx + gy * gy + gz * gz)


@_compiled
def sharpening(phase, level, still, nx, ny, nz, xm, xp, ym, yp, width, first, last, out):  # type: ignore[no-untyped-def]
    """Divergence of the flux width grad p - p (1 - p) n, which vanishes on the profile.

    No wall lets it through, nor a face of a cell that is `still`.

    p (1 - p) between two cells is that of the mean of their distances. *Source* Jain 2022, equation 10.
    """
    top = phase.shape[0] - 1
    for k in range(first, last):
        for j in range(phase.shape[1]):
            for i in range(phase.shape[2]):
                p, s = phase[k, j, i], level[k, j, i]
                total = 0.0
                if still[k, j, i]:
                    out[k, j, i] = 0.0
                    continue
                r = xp[i]
                if r != i and not still[k, j, r]:
                    total += _flux(p, phase[k, j, r], s, level[k, j, r], nx[k, j, i] + nx[k, j, r], width)
                r = xm[i]
                if r != i and not still[k, j, r]:
                    total -= _flux(phase[k, j, r], p, level[k, j, r], s, nx[k, j, i] + nx[k, j, r], width)
                r = yp[j]
                if r != j and not still[k, r, i]:
                    total += _flux(p, phase[k, r, i], s, level[k, r, i], ny[k, j, i] + ny[k, r, i], width)
                r = ym[j]
                if r != j and not still[k, r, i]:
                    total -= _flux(phase[k, r, i], p, level[k, r, i], s, ny[k, j, i] + ny[k, r, i], width)
                if k < top and not still[k + 1, j, i]:
                    total += _flux(p, phase[k + 1, j, i], s, level[k + 1, j, i], nz[k, j, i] + nz[k + 1, j, i], width)
                if k > 0 and not still[k - 1, j, i]:
                    total -= _flux(phase[k - 1, j, i], p, level[k - 1, j, i], s, nz[k, j, i] + nz[k - 1, j, i], width)
                out[k, j, i] = total


@njit(inline="always")
def _flux(p, q, s, t, twice_normal, width):  # type: ignore[no-untyped-def]
    """Through the face from p to q, along the axis; both faces of a cell give the same number, so nothing is lost."""
    middle = 0.5 * (s + t)
    if middle > 27.0 or middle < -27.0:
        return width * (q - p)
    e = np.exp(-abs(middle))
    return width * (q - p) - e / ((1.0 + e) * (1.0 + e)) * 0.5 * twice_normal


@_compiled
def curvatures(nx, ny, nz, xm, xp, ym, yp, at, out):  # type: ignore[no-untyped-def]
    """Curvature, per cell, of the front in the cells `at` (flat indices): positive where the phase is convex."""
    top, rows, across = nx.shape[0] - 1, nx.shape[1], nx.shape[2]
    for n in range(at.size):
        i = at[n] % across
        j = at[n] // across % rows
        k = at[n] // (across * rows)
        bend = nx[k, j, xp[i]] - nx[k, j, xm[i]] + ny[k, yp[j], i] - ny[k, ym[j], i]
        bend += nz[min(k + 1, top), j, i] - nz[max(k - 1, 0), j, i]
        out[n] = -0.5 * bend


@_compiled
def inner(phase, xm, xp, ym, yp, at, out):  # type: ignore[no-untyped-def]
    """The largest fraction among the cells `at` and the neighbours of each."""
    top, rows, across = phase.shape[0] - 1, phase.shape[1], phase.shape[2]
    for n in range(at.size):
        i = at[n] % across
        j = at[n] // across % rows
        k = at[n] // (across * rows)
        most = max(phase[k, j, i], phase[max(k - 1, 0), j, i], phase[min(k + 1, top), j, i])
        most = max(most, phase[k, j, xm[i]], phase[k, j, xp[i]], phase[k, ym[j], i], phase[k, yp[j], i])
        out[n] = most


@_compiled
def spread_from_front(values, area, xm, xp, ym, yp, before):  # type: ignore[no-untyped-def]
    """Give cells with little front the mean of their neighbours' values, weighed by the area of front in them."""
    top = values.shape[0] - 1
    for k in range(values.shape[0]):
        below, above = max(k - 1, 0), min(k + 1, top)
        for j in range(values.shape[1]):
            for i in range(values.shape[2]):
                if area[k, j, i] > 0.1:
                    continue
                total, mean = 1e-30, 1e-30 * before[k, j, i]
                for n in range(6):
                    c, b, a = k, j, i
                    if n == 0:
                        a = xm[i]
                    elif n == 1:
                        a = xp[i]
                    elif n == 2:
                        b = ym[j]
                    elif n == 3:
                        b = yp[j]
                    elif n == 4:
                        c = below
                    else:
                        c = above
                    w = area[c, b, a]
                    if w > area[k, j, i]:
                        total += w
                        mean += w * before[c, b, a]
                values[k, j, i] = mean / total
