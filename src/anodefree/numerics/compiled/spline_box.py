"""A potential on a grid in space as cubic B-splines, coarse everywhere and fine in a part of it, compiled.

Both tables lie one after the other in one array, x running fastest; grids[k, axis] describes each along x, y and z: first
node, nodes per length, number of nodes, and from where to where the fine one holds; grids[k, 0, 5] is where it begins. The
field is the gradient of the spline, so it is free of curl. Beyond a table its edge holds: a cubic carried on would throw ions.
"""

from __future__ import annotations

from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
_inlined = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"}, forceinline=True)


@_inlined
def _weights(u):  # type: ignore[no-untyped-def]
    """Six times the four cubic B-splines, and twice their slopes."""
    w = 1.0 - u
    uu, ww = u * u, w * w
    return (
        ww * w,
        4 + uu * (3 * u - 6),
        4 + ww * (3 * w - 6),
        uu * u,
        -ww,
        u * (3 * u - 4),
        w * (4 - 3 * w),
        uu,
    )


@_inlined
def _sheet(tables, at, across, px, py):  # type: ignore[no-untyped-def]
    """Value and slopes along x and y of one sheet of even z."""
    value, by_x, by_y = 0.0, 0.0, 0.0
    for j in range(4):
        c0, c1, c2, c3 = tables[at], tables[at + 1], tables[at + 2], tables[at + 3]
        line = px[0] * c0 + px[1] * c1 + px[2] * c2 + px[3] * c3
        value += py[j] * line
        by_x += py[j] * (px[4] * c0 + px[5] * c1 + px[6] * c2 + px[7] * c3)
        by_y += py[4 + j] * line
        at += across
    return value, by_x, by_y


@_compiled
def box_potential(tables, grids, x, y, z):  # type: ignore[no-untyped-def]
    """phi and its gradient."""
    k = 1
    if (
        x < grids[1, 0, 3] or x > grids[1, 0, 4] or y < grids[1, 1, 3] or y > grids[1, 1, 4]
        or z < grids[1, 2, 3] or z > grids[1, 2, 4]
    ):  # fmt: skip
        k = 0
    a, b, c = (
        (x - grids[k, 0, 0]) * grids[k, 0, 1],
        (y - grids[k, 1, 0]) * grids[k, 1, 1],
        (z - grids[k, 2, 0]) * grids[k, 2, 1],
    )
    across, along, up = int(grids[k, 0, 2]), int(grids[k, 1, 2]), int(grids[k, 2, 2])
    a, b, c = min(max(a, 1.0), across - 2.0), min(max(b, 1.0), along - 2.0), min(max(c, 1.0), up - 2.0)
    i, j, n = min(int(a), across - 3), min(int(b), along - 3), min(int(c), up - 3)
    px, py, pz = _weights(a - i), _weights(b - j), _weights(c - n)
    sheet = across * along
    at = int(grids[k, 0, 5]) + (n - 1) * sheet + (j - 1) * across + i - 1
    phi, by_x, by_y, by_z = 0.0, 0.0, 0.0, 0.0
    for m in range(4):
        value, u, v = _sheet(tables, at, across, px, py)
        phi += pz[m] * value
        by_x += pz[m] * u
        by_y += pz[m] * v
        by_z += pz[4 + m] * value
        at += sheet
    return phi / 216, by_x * grids[k, 0, 1] / 72, by_y * grids[k, 1, 1] / 72, by_z * grids[k, 2, 1] / 72


@_compiled
def foot(tables, grids, x, y, low, high):  # type: ignore[no-untyped-def]
    """The height between two where the potential passes through zero, from below it to above: bisected to rounding."""
    for _ in range(52):
        z = 0.5 * (low + high)
        if box_potential(tables, grids, x, y, z)[0] < 0.0:
            low = z
        else:
            high = z
    return 0.5 * (low + high)


@_compiled
def feet(tables, grids, x, y, low, high, out):  # type: ignore[no-untyped-def]
    """`foot` below many places."""
    for n in range(len(x)):
        out[n] = foot(tables, grids, x[n], y[n], low, high)


@_compiled
def fields(tables, grids, x, y, z, out):  # type: ignore[no-untyped-def]
    """The gradient at many places, (n, 3)."""
    for n in range(len(x)):
        _, out[n, 0], out[n, 1], out[n, 2] = box_potential(tables, grids, x[n], y[n], z[n])
