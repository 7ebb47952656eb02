"""Compiled: Lennard-Jones forces by geometric means and the real part of the Ewald sum, over a list of neighbours.

Every pair stands in the list at both of its atoms, so that the inner loop only reads and adds up: it becomes vector
instructions. The error function enters through polynomials in (βr)², which have no division and no branch. Single precision
within an atom's sum, double precision across atoms, as molecular dynamics programs do.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def neighbours(place, edge, radius, first, excluded, start, found):  # type: ignore[no-untyped-def]
    """Neighbours nearer than `radius` of each atom, without the excluded ones; place (atom, 3) in a cube of that edge.

    `excluded[first[i]:first[i + 1]]` are excluded for atom i. Fills start (atom + 1,) and found; returns how many there are,
    and fills nothing beyond the end of `found`.
    """
    n = place.shape[0]
    side = int(edge / (0.5 * radius))
    count = 0
    if side < 8:  # most cells would be neighbours: all pairs by vector instructions are faster
        near = np.empty(n, np.float32)
        x, y, z = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32)
        for i in range(n):
            x[i] = place[i, 0] - edge * np.floor(place[i, 0] / edge)
            y[i] = place[i, 1] - edge * np.floor(place[i, 1] / edge)
            z[i] = place[i, 2] - edge * np.floor(place[i, 2] / edge)
        apart = np.full(n, -1)
        within = np.float32(radius * radius)
        for i in range(n):
            start[i] = count
            _squares(x, y, z, np.float32(edge), i, near)
            apart[i] = i
            for e in range(first[i], first[i + 1]):
                apart[excluded[e]] = i
            for j in range(n):
                if near[j] < within and apart[j] != i:
                    if count < found.size:
                        found[count] = j
                    count += 1
        start[n] = count
        return count
    head = np.full(side**3, -1, np.int64)
    after = np.empty(n, np.int64)
    cell = np.empty((n, 3), np.int64)
    for i in range(n - 1, -1, -1):
        for k in range(3):
            x = place[i, k] / edge
            cell[i, k] = min(int((x - np.floor(x)) * side), side - 1)
        c = (cell[i, 0] * side + cell[i, 1]) * side + cell[i, 2]
        after[i] = head[c]
        head[c] = i
    for i in range(n):
        start[i] = count
        for dx in range(-2, 3):
            for dy in range(-2, 3):
                for dz in range(-2, 3):
                    cx, cy, cz = (cell[i, 0] + dx) % side, (cell[i, 1] + dy) % side, (cell[i, 2] + dz) % side
                    j = head[(cx * side + cy) * side + cz]
                    while j >= 0:
                        count = _add(place, edge, radius, first, excluded, i, j, found, count)
                        j = after[j]
    start[n] = count
    return count


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _squares(x, y, z, edge, i, square):  # type: ignore[no-untyped-def]
    """Squared distances of atom i to every atom, as vector instructions."""
    turn = np.float32(1.0) / edge
    for j in range(x.size):
        dx, dy, dz = x[i] - x[j], y[i] - y[j], z[i] - z[j]
        dx -= edge * np.rint(dx * turn)
        dy -= edge * np.rint(dy * turn)
        dz -= edge * np.rint(dz * turn)
        square[j] = dx * dx + dy * dy + dz * dz


@njit(cache=True, nogil=True)
def _add(place, edge, radius, first, excluded, i, j, found, count):  # type: ignore[no-untyped-def]
    """Append j to the list of i where it belongs there."""
    square = 0.0
    for k in range(3):
        d = place[i, k] - place[j, k]
        d -= edge * np.rint(d / edge)
        square += d * d
    if i == j or square >= radius * radius:
        return count
    for e in range(first[i], first[i + 1]):
        if excluded[e] == j:
            return count
    if count < found.size:
        found[count] = j
    return count + 1


@njit(cache=True, nogil=True)
def moved(place, before, edge, far):  # type: ignore[no-untyped-def]
    """Whether an atom went further than `far` since; that OpenMM took it to another image does not count."""
    for i in range(place.shape[0]):
        square = 0.0
        for k in range(3):
            d = place[i, k] - before[i, k]
            d -= edge * np.rint(d / edge)
            square += d * d
        if not square <= far * far:
            return True
    return False


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def forces(x, y, z, q, a, b, edge, cutoff, start, found, energy_of, force_of, size, force):  # type: ignore[no-untyped-def]
    """Add forces (atom, 3) of all pairs within the cut-off and return their energy.

    x, y, z (atom,) lie in the cube; q: charges times √(1/4πε₀); a, b: 2√ε σ⁶ and 2√ε σ³, so that the energy of a pair is
    a a'/r¹² - b b'/r⁶ + q q' erfc(βr)/r. `energy_of` and `force_of` are polynomials (highest power first) in
    t = size r² - 1 of erf(βr)/r and of (erf(βr)/r - 2β/√π exp(-β²r²))/r². All in single precision.
    """
    total = np.float64(0.0)
    none, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    within = cutoff * cutoff
    turn = one / edge
    for i in range(x.size):
        xi, yi, zi, qi, ai, bi = x[i], y[i], z[i], q[i], a[i], b[i]
        fx = fy = fz = e = none
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
            repel, attract = ai * a[j] * i6 * i6, bi * b[j] * i6
            t = size * min(r2, within) - one
            p, f = energy_of[0], force_of[0]
            for m in range(1, 13):
                p = p * t + energy_of[m]
                f = f * t + force_of[m]
            qq = qi * q[j]
            near = np.sqrt(inverse)
            e += inside * (repel - attract + qq * (near - p))
            push = inside * ((np.float32(12.0) * repel - np.float32(6.0) * attract) * inverse + qq * (near * inverse - f))
            fx += push * dx
            fy += push * dy
            fz += push * dz
        force[i, 0] += fx
        force[i, 1] += fy
        force[i, 2] += fz
        total += half * e
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def exceptions(place, edge, pair, bare, product, a, b, energy_of, force_of, size, force):  # type: ignore[no-untyped-def]
    """Add what excluded pairs (pair, 2) lack: their own charges and Lennard-Jones, less the part that the mesh holds of them.

    `bare` (pair,) is q q' as the mesh has it, `product` the pair's own q q'; a and b (pair,) are its 4εσ¹² and 4εσ⁶.
    """
    total = np.float64(0.0)
    for n in range(pair.shape[0]):
        i, j = pair[n, 0], pair[n, 1]
        dx, dy, dz = place[i, 0] - place[j, 0], place[i, 1] - place[j, 1], place[i, 2] - place[j, 2]
        dx -= edge * np.rint(dx / edge)
        dy -= edge * np.rint(dy / edge)
        dz -= edge * np.rint(dz / edge)
        r2 = dx * dx + dy * dy + dz * dz
        inverse = 1.0 / r2
        i6 = inverse**3
        near = np.sqrt(inverse)
        t = size * r2 - 1.0
        p, f = energy_of[0], force_of[0]
        for m in range(1, energy_of.size):
            p = p * t + energy_of[m]
            f = f * t + force_of[m]
        total += a[n] * i6 * i6 - b[n] * i6 + product[n] * near - bare[n] * p
        push = (12 * a[n] * i6 * i6 - 6 * b[n] * i6) * inverse + product[n] * near * inverse - bare[n] * f
        force[i, 0] += push * dx
        force[i, 1] += push * dy
        force[i, 2] += push * dz
        force[j, 0] -= push * dx
        force[j, 1] -= push * dy
        force[j, 2] -= push * dz
    return total
