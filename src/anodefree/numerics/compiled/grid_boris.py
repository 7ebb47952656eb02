"""Charges pushed by Boris' scheme through electric and magnetic fields sampled on an even grid in space, compiled.

Between nodes all six components are averaged over the eight corners by volume (trilinear). The table is [x, y, z, component],
components (Ex, Ey, Ez, Bx, By, Bz), each already multiplied by charge over mass, so that one corner is read from one place.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 64
"""Charges that take a step one after the other: they do not wait for each other, as the steps of one charge do."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp", "reassoc"})
def push(table, first, per, state, step, steps):  # type: ignore[no-untyped-def]
    """Advance `state` (n, 6), x y z vx vy vz, in place by `steps` steps; `first` is the first node, `per` nodes per length.

    A charge that leaves the grid feels no field and flies on straight. Each step is three passes over a block of charges, so
    that the first and the last, which read no table, take several charges at once.
    """
    nx, ny, nz = table.shape[0] - 1, table.shape[1] - 1, table.shape[2] - 1
    along_y = table.shape[2] * 6
    along_x = table.shape[1] * along_y
    c = table.reshape(-1)
    k = 0.5 * step
    s, f = np.empty((6, BLOCK)), np.empty((6, BLOCK))
    for begin in range(0, state.shape[0], BLOCK):
        count = min(BLOCK, state.shape[0] - begin)
        for n in range(count):
            for e in range(6):
                s[e, n] = state[begin + n, e]
        for _ in range(steps):
            for n in range(count):
                s[0, n], s[1, n], s[2, n] = s[0, n] + k * s[3, n], s[1, n] + k * s[4, n], s[2, n] + k * s[5, n]
            for n in range(count):
                x, y, z = (s[0, n] - first[0]) * per[0], (s[1, n] - first[1]) * per[1], (s[2, n] - first[2]) * per[2]
                if x >= 0.0 and y >= 0.0 and z >= 0.0 and x <= nx and y <= ny and z <= nz:
                    i, j, l = min(np.int64(x), nx - 1), min(np.int64(y), ny - 1), min(np.int64(z), nz - 1)  # noqa: E741
                    u, v, w = x - i, y - j, z - l
                    p11 = u * v
                    p10, p01, p00 = u - p11, v - p11, 1.0 - u - v + p11
                    h00, h01, h10, h11 = p00 * w, p01 * w, p10 * w, p11 * w
                    g00, g01, g10, g11 = p00 - h00, p01 - h01, p10 - h10, p11 - h11
                    a00 = i * along_x + j * along_y + l * 6
                    a01, a10 = a00 + along_y, a00 + along_x
                    a11 = a10 + along_y
                    for e in range(6):
                        f[e, n] = (
                            g00 * c[a00 + e] + h00 * c[a00 + 6 + e] + g01 * c[a01 + e] + h01 * c[a01 + 6 + e]
                            + g10 * c[a10 + e] + h10 * c[a10 + 6 + e] + g11 * c[a11 + e] + h11 * c[a11 + 6 + e]
                        )  # fmt: skip
                else:
                    for e in range(6):
                        f[e, n] = 0.0
            for n in range(count):
                ex, ey, ez, bx, by, bz = k * f[0, n], k * f[1, n], k * f[2, n], k * f[3, n], k * f[4, n], k * f[5, n]
                vx, vy, vz = s[3, n] + ex, s[4, n] + ey, s[5, n] + ez
                t = 2.0 / (1.0 + bx * bx + by * by + bz * bz)
                ux, uy, uz = vx + (vy * bz - vz * by), vy + (vz * bx - vx * bz), vz + (vx * by - vy * bx)
                vx, vy, vz = vx + t * (uy * bz - uz * by), vy + t * (uz * bx - ux * bz), vz + t * (ux * by - uy * bx)
                vx, vy, vz = vx + ex, vy + ey, vz + ez
                s[3, n], s[4, n], s[5, n] = vx, vy, vz
                s[0, n], s[1, n], s[2, n] = s[0, n] + k * vx, s[1, n] + k * vy, s[2, n] + k * vz
        for n in range(count):
            for e in range(6):
                state[begin + n, e] = s[e, n]
