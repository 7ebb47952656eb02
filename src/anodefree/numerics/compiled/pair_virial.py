"""Compiled: forces between atoms and their virial tensor in double precision, for samples of the pressure of a box."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def pair_virial(place, q, a, b, edge, cutoff, start, found, force_of, size, force):  # type: ignore[no-untyped-def]
    """Add forces (atom, 3) of all pairs within the cut-off; returns the sums of d_α f_β over pairs: xx, yy, zz, xy, xz, yz.

    `place` (atom, 3) lies in the cube; q, a, b (atom,), `force_of` and `size` as in `pair_forces.forces`, in double precision
    and with as many powers as are given. Every pair stands in the list at both of its atoms.
    """
    within, turn, size_of = cutoff * cutoff, 1.0 / edge, force_of.size
    xx = yy = zz = xy = xz = yz = 0.0
    for i in range(place.shape[0]):
        xi, yi, zi, qi, ai, bi = place[i, 0], place[i, 1], place[i, 2], q[i], a[i], b[i]
        fx = fy = fz = 0.0
        for k in range(start[i], start[i + 1]):
            j = found[k]
            dx, dy, dz = xi - place[j, 0], yi - place[j, 1], zi - place[j, 2]
            dx -= edge * np.rint(dx * turn)
            dy -= edge * np.rint(dy * turn)
            dz -= edge * np.rint(dz * turn)
            r2 = dx * dx + dy * dy + dz * dz
            if r2 >= within:
                continue
            inverse = 1.0 / r2
            i6 = inverse * inverse * inverse
            t = size * r2 - 1.0
            f = force_of[0]
            for m in range(1, size_of):
                f = f * t + force_of[m]
            push = (12.0 * ai * a[j] * i6 * i6 - 6.0 * bi * b[j] * i6) * inverse + qi * q[j] * (np.sqrt(inverse) * inverse - f)
            px, py, pz = push * dx, push * dy, push * dz
            fx += px
            fy += py
            fz += pz
            xx += px * dx
            yy += py * dy
            zz += pz * dz
            xy += px * dy
            xz += px * dz
            yz += py * dz
        force[i, 0] += fx
        force[i, 1] += fy
        force[i, 2] += fz
    return 0.5 * xx, 0.5 * yy, 0.5 * zz, 0.5 * xy, 0.5 * xz, 0.5 * yz
