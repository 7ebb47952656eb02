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

    A charge that leaves the grid feels no field and flies on straight.
    """
    nx, ny, nz = table.shape[0] - 1, table.shape[1] - 1, table.shape[2] - 1
    k = 0.5 * step
    for begin in range(0, state.shape[0], BLOCK):
        end = min(begin + BLOCK, state.shape[0])
        for _ in range(steps):
            for n in range(begin, end):
                x, y, z, vx, vy, vz = state[n, 0], state[n, 1], state[n, 2], state[n, 3], state[n, 4], state[n, 5]
                x, y, z = x + k * vx, y + k * vy, z + k * vz
                a, b, c = (x - first[0]) * per[0], (y - first[1]) * per[1], (z - first[2]) * per[2]
                if a >= 0.0 and b >= 0.0 and c >= 0.0 and a <= nx and b <= ny and c <= nz:
                    i, j, l = min(np.int64(a), nx - 1), min(np.int64(b), ny - 1), min(np.int64(c), nz - 1)  # noqa: E741
                    u, v, w = a - i, b - j, c - l
                    ex, ey, ez, bx, by, bz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                    for p in range(2):
                        wp = u if p else 1.0 - u
                        for q in range(2):
                            wq = wp * (v if q else 1.0 - v)
                            for r in range(2):
                                f = wq * (w if r else 1.0 - w)
                                ex += f * table[i + p, j + q, l + r, 0]
                                ey += f * table[i + p, j + q, l + r, 1]
                                ez += f * table[i + p, j + q, l + r, 2]
                                bx += f * table[i + p, j + q, l + r, 3]
                                by += f * table[i + p, j + q, l + r, 4]
                                bz += f * table[i + p, j + q, l + r, 5]
                    vx, vy, vz = vx + k * ex, vy + k * ey, vz + k * ez
                    bx, by, bz = k * bx, k * by, k * bz
                    s = 2.0 / (1.0 + bx * bx + by * by + bz * bz)
                    ux, uy, uz = vx + (vy * bz - vz * by), vy + (vz * bx - vx * bz), vz + (vx * by - vy * bx)
                    vx, vy, vz = vx + s * (uy * bz - uz * by), vy + s * (uz * bx - ux * bz), vz + s * (ux * by - uy * bx)
                    vx, vy, vz = vx + k * ex, vy + k * ey, vz + k * ez
                x, y, z = x + k * vx, y + k * vy, z + k * vz
                state[n, 0], state[n, 1], state[n, 2], state[n, 3], state[n, 4], state[n, 5] = x, y, z, vx, vy, vz
