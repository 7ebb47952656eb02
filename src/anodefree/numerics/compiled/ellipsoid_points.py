"""The potential about half an ellipsoid at any points of space, from its spectral elements, compiled; continued into the walls.

`walls` is (base x, base y, height, cell radius, corner, grading), lengths in gaps. Points are brought into the quarter that was
solved. Beyond the top and below the floor the potential is reflected oddly, beyond the side evenly, within the boss oddly about
the nearest point of its surface, plus the second derivative that the liquid has there, which fades with depth.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")
HALF_PI = 0.5 * np.pi


@_compiled
def _ray(walls, s):  # type: ignore[no-untyped-def]
    """Where the ray begins (over the bases, and its height) and ends (radius and height), and the slopes of these by s."""
    f, c = np.sin(HALF_PI * s), np.cos(HALF_PI * s)
    corner, radius = walls[4], walls[3]
    if s <= corner:
        ends = radius * s / corner, 1.0, radius / corner, 0.0
    else:
        ends = radius, (1.0 - s) / (1.0 - corner), 0.0, -1.0 / (1.0 - corner)
    return f, walls[2] * c, HALF_PI * c, -HALF_PI * walls[2] * f, ends[0], ends[1], ends[2], ends[3]


@_compiled
def _along(walls, s, x, y):  # type: ignore[no-untyped-def]
    """The part g of the rays of an s at which they pass above (x, y): Newton's method on an ellipse that grows."""
    f, _, _, _, ro, _, _, _ = _ray(walls, s)
    a, b = walls[0] * f, walls[1] * f
    least = -1.0
    if ro > max(a, b):
        least = -min(a / (ro - a), b / (ro - b)) * (1 - 1e-12)
    g = max((np.sqrt(x * x + y * y) - min(a, b)) / max(ro - min(a, b), 1e-12), 0.5 * least)
    for _ in range(20):
        u, v = a + g * (ro - a), b + g * (ro - b)
        p, q = x / u, y / v
        size = np.sqrt(p * p + q * q)
        step = (1.0 - size) * size * size / (p * p * (ro - a) / u + q * q * (ro - b) / v)  # of 1/size, nearly linear in g
        g = max(g - step, 0.5 * (g + least))
        if abs(step) < 1e-10:
            break
    return g


@_compiled
def _logical(walls, x, y, z):  # type: ignore[no-untyped-def]
    """s, theta and t of a point of the liquid with x, y, z >= 0: s bisected roughly, then Newton's method for s and g."""
    if x * x + y * y < 1e-14:
        g = max((z - walls[2]) / (1.0 - walls[2]), 0.0)
        return 0.0, 0.0, np.log1p(g * np.expm1(walls[5])) / walls[5]
    low, high = 0.0, 1.0
    for _ in range(12):
        s = 0.5 * (low + high)
        g = _along(walls, s, x, y)
        _, h, _, _, _, zo, _, _ = _ray(walls, s)
        if h + g * (zo - h) > z:
            low = s
        else:
            high = s
    s = 0.5 * (low + high)
    g = _along(walls, s, x, y)
    for _ in range(8):
        f, h, df, dh, ro, zo, dro, dzo = _ray(walls, s)
        a, b = walls[0] * f, walls[1] * f
        u, v = a + g * (ro - a), b + g * (ro - b)
        p, q = x / u, y / v
        m1, m2 = p * p + q * q - 1.0, h + g * (zo - h) - z
        us, vs = (1 - g) * walls[0] * df + g * dro, (1 - g) * walls[1] * df + g * dro
        j11 = -2.0 * (p * p * us / u + q * q * vs / v)
        j12 = -2.0 * (p * p * (ro - a) / u + q * q * (ro - b) / v)
        j21, j22 = dh + g * (dzo - dh), zo - h
        det = j11 * j22 - j12 * j21
        ds, dg = (j22 * m1 - j12 * m2) / det, (j11 * m2 - j21 * m1) / det
        before = s
        s = min(max(s - ds, low if ds > 0 else s), high if ds < 0 else s)
        s = min(max(s, 1e-9), 1.0)
        g = max(g - dg, 0.5 * (g - 0.01))
        if abs(s - before) + abs(dg) < 1e-13:
            break
    f, _, _, _, ro, _, _, _ = _ray(walls, s)
    u, v = walls[0] * f + g * (ro - walls[0] * f), walls[1] * f + g * (ro - walls[1] * f)
    theta = np.arctan2(y / max(v, 1e-300), x / max(u, 1e-300))
    g = min(max(g, 0.0), 1.0)
    return s, theta, np.log1p(g * np.expm1(walls[5])) / walls[5]


@_compiled
def _element(edges, at):  # type: ignore[no-untyped-def]
    e = 0
    while e < len(edges) - 2 and at > edges[e + 1]:
        e += 1
    return e, 2 * (at - edges[e]) / (edges[e + 1] - edges[e]) - 1


@_compiled
def _legendre(t, out):  # type: ignore[no-untyped-def]
    out[0] = 1.0
    out[1] = t
    for n in range(1, len(out) - 1):
        out[n + 1] = ((2 * n + 1) * t * out[n] - n * out[n - 1]) / (n + 1)


@_compiled
def _liquid(series, edges_s, edges_o, edges_t, walls, work, x, y, z):  # type: ignore[no-untyped-def]
    """The potential at a point of the liquid; signs of x and y are of no account."""
    s, theta, t = _logical(walls, abs(x), abs(y), min(max(z, 0.0), 1.0))
    i, a = _element(edges_s, s)
    j, b = _element(edges_o, theta)
    k, c = _element(edges_t, t)
    _legendre(a, work[0])
    _legendre(b, work[1])
    _legendre(c, work[2])
    found = 0.0
    for l in range(work.shape[1]):  # noqa: E741
        for m in range(work.shape[1]):
            line = 0.0
            for n in range(work.shape[1]):
                line += series[i, j, k, l, m, n] * work[2, n]
            found += work[0, l] * work[1, m] * line
    return found


@_compiled
def _nearest(walls, x, y, z):  # type: ignore[no-untyped-def]
    """The point of the ellipsoid nearest to one within it: a root of one variable, bisected."""
    a, b, c = walls[0], walls[1], walls[2]
    low, high = -(min(a, b, c) ** 2), 0.0
    for _ in range(60):
        w = 0.5 * (low + high)
        px, py, pz = a * x / (w + a * a), b * y / (w + b * b), c * z / (w + c * c)
        if px * px + py * py + pz * pz > 1.0:
            low = w
        else:
            high = w
    w = 0.5 * (low + high)
    return a * a * x / (w + a * a), b * b * y / (w + b * b), c * c * z / (w + c * c)


@_compiled
def sampled(series, edges_s, edges_o, edges_t, walls, x, y, z, out):  # type: ignore[no-untyped-def]
    """Fill `out` (z, y, x) on the product of three axes; Legendre coefficients are series[element s, theta, t, degrees]."""
    work = np.empty((3, series.shape[3]))
    blunt = min(walls[0], walls[1], min(walls[0], walls[1]) ** 2 / walls[2])
    step = 0.02 * blunt
    for k in range(len(z)):
        for j in range(len(y)):
            for i in range(len(x)):
                px, py, pz = x[i], y[j], z[k]
                r = np.sqrt(px * px + py * py)
                if r > walls[3]:
                    back = abs(2 * walls[3] - r) / r
                    px, py = px * back, py * back
                if pz > 1.0:
                    out[k, j, i] = 2.0 - _liquid(series, edges_s, edges_o, edges_t, walls, work, px, py, 2.0 - pz)
                    continue
                inside = (px / walls[0]) ** 2 + (py / walls[1]) ** 2 + (pz / walls[2]) ** 2 < 1.0 and pz > 0.0
                under = (px / walls[0]) ** 2 + (py / walls[1]) ** 2 < 1.0 and pz <= 0.0
                if not inside and not under and pz < 0.0:
                    out[k, j, i] = -_liquid(series, edges_s, edges_o, edges_t, walls, work, px, py, -pz)
                    continue
                if not inside and not under:
                    out[k, j, i] = _liquid(series, edges_s, edges_o, edges_t, walls, work, px, py, pz)
                    continue
                fx, fy, fz = _nearest(walls, max(abs(px), 1e-9), max(abs(py), 1e-9), max(pz, 1e-6) if pz >= 0.0 else 0.0)
                dx, dy, dz = fx - px, fy - py, fz - pz
                depth = max(np.sqrt(dx * dx + dy * dy + dz * dz), 1e-12)
                dx, dy, dz = dx / depth, dy / depth, dz / depth
                u1 = _liquid(series, edges_s, edges_o, edges_t, walls, work, fx + step * dx, fy + step * dy, fz + step * dz)
                u2 = _liquid(
                    series, edges_s, edges_o, edges_t, walls, work, fx + 2 * step * dx, fy + 2 * step * dy, fz + 2 * step * dz
                )
                u3 = _liquid(
                    series, edges_s, edges_o, edges_t, walls, work, fx + 3 * step * dx, fy + 3 * step * dy, fz + 3 * step * dz
                )
                bend = (-5 * u1 + 4 * u2 - u3) / step**2
                rise = _liquid(
                    series, edges_s, edges_o, edges_t, walls, work, fx + depth * dx, fy + depth * dy, fz + depth * dz
                )
                even = bend * depth * depth * np.exp(-((depth / (0.4 * blunt)) ** 2))
                out[k, j, i] = -rise + min(max(even, -0.9 * abs(rise)), 0.9 * abs(rise))
