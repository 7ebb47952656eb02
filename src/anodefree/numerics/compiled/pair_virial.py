"""Compiled: forces between atoms and their virial tensor, for samples of the pressure of a box."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def pair_virial(x, y, z, q, a, b, edge, cutoff, start, found, force_of, size, force):  # type: ignore[no-untyped-def]
    """Add forces (atom, 3) of all pairs within the cut-off; returns the sums of d_α f_β over pairs: xx, yy, zz, xy, xz, yz.

    Arguments as of `pair_forces.forces`. All numbers but `force` are of one type, single or double, in which each atom's sums
    are taken; atoms are summed in double precision. Every pair stands in the list at both of its atoms.
    """
    number = x.dtype.type
    none, one, six, twelve = number(0), number(1), number(6), number(12)
    within, turn = cutoff * cutoff, one / edge
    total = np.zeros(6)
    for i in range(x.size):
        xi, yi, zi, qi, ai, bi = x[i], y[i], z[i], q[i], twelve * a[i], six * b[i]
        fx = fy = fz = none
        xx = yy = zz = xy = xz = yz = none
        for k in range(start[i], start[i + 1]):
            j = found[k]
            dx, dy, dz = xi - x[j], yi - y[j], zi - z[j]
            dx -= edge * np.rint(dx * turn)
            dy -= edge * np.rint(dy * turn)
            dz -= edge * np.rint(dz * turn)
            r2 = dx * dx + dy * dy + dz * dz
            inside = one if r2 < within else none
            inverse = one / r2
            i6 = inverse * inverse * inverse
            t = size * min(r2, within) - one
            f = force_of[0]
            for m in range(1, 13):
                f = f * t + force_of[m]
            push = (ai * a[j] * i6 - bi * b[j]) * i6 * inverse + qi * q[j] * (np.sqrt(inverse) * inverse - f)
            px, py, pz = inside * push * dx, inside * push * dy, inside * push * dz
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
        total[0] += xx
        total[1] += yy
        total[2] += zz
        total[3] += xy
        total[4] += xz
        total[5] += yz
    return 0.5 * total
