"""Compiled: Lennard-Jones forces by geometric means and the real part of the Ewald sum, over a list of neighbours.

Every pair stands in the list at both of its atoms, so that the inner loop only reads and adds up: it becomes vector
instructions. The error function enters through polynomials in (βr)², which have no division and no branch. Single precision
within an atom's sum, double precision across atoms, as molecular dynamics programs do.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FEWEST_CELLS = 6
"""Along an edge, of half the radius: with fewer, most cells would be neighbours, and all pairs at once are faster."""


@njit(cache=True, nogil=True)
def neighbours(place, edge, radius, first, excluded, start, found):  # type: ignore[no-untyped-def]
    """Neighbours nearer than `radius` of each atom, without the excluded ones; place (atom, 3) in a cube of that edge.

    `excluded[first[i]:first[i + 1]]` are excluded for atom i. Fills start (atom + 1,) and found; returns how many there are,
    and fills nothing beyond the end of `found`.
    """
    n = place.shape[0]
    side = int(edge / (0.5 * radius))
    if side < FEWEST_CELLS:
        side = 1
    cell, row = np.empty((n, 3), np.int64), np.empty(n, np.int64)
    fraction = np.empty((n, 3))
    begin = np.zeros(side**3 + 1, np.int64)
    for i in range(n):
        for k in range(3):
            fraction[i, k] = place[i, k] / edge - np.floor(place[i, k] / edge)
            cell[i, k] = min(int(fraction[i, k] * side), side - 1)
        row[i] = (cell[i, 0] * side + cell[i, 1]) * side
        begin[row[i] + cell[i, 2] + 1] += 1
    for c in range(side**3):
        begin[c + 1] += begin[c]
    # Atoms sorted by cells, so that neighbouring cells along z are one stretch, which is worked on by vector instructions.
    order, filled = np.empty(n, np.uint32), begin[:-1].copy()
    x, y, z = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32)
    for i in range(n):
        c = row[i] + cell[i, 2]
        order[filled[c]] = i
        x[filled[c]], y[filled[c]], z[filled[c]] = edge * fraction[i, 0], edge * fraction[i, 1], edge * fraction[i, 2]
        filled[c] += 1
    near, hit, apart = np.empty(n, np.float32), np.empty(n + 1, np.uint32), np.full(n, -1)
    reach, count = (2 if side > 1 else 0), 0
    within = np.float32(radius * radius)
    for i in range(n):
        start[i] = count
        apart[i] = i
        for e in range(first[i], first[i + 1]):
            apart[excluded[e]] = i
        at = np.float32(edge * fraction[i, 0]), np.float32(edge * fraction[i, 1]), np.float32(edge * fraction[i, 2])
        low, high = cell[i, 2] - reach, cell[i, 2] + reach
        for dx in range(-reach, reach + 1):
            for dy in range(-reach, reach + 1):
                line = ((cell[i, 0] + dx) % side * side + (cell[i, 1] + dy) % side) * side
                first_part = begin[line + max(low, 0)], begin[line + min(high, side - 1) + 1]
                count = _within(x, y, z, order, apart, i, at, np.float32(edge), within, first_part, near, hit, found, count)
                if low < 0:
                    other = begin[line + side + low], begin[line + side]
                    count = _within(x, y, z, order, apart, i, at, np.float32(edge), within, other, near, hit, found, count)
                elif high >= side:
                    other = begin[line], begin[line + high - side + 1]
                    count = _within(x, y, z, order, apart, i, at, np.float32(edge), within, other, near, hit, found, count)
    start[n] = count
    return count


@njit(cache=True, nogil=True)
def _within(x, y, z, order, apart, i, at, edge, within, part, near, hit, found, count):  # type: ignore[no-untyped-def]
    """Append those of a stretch of sorted atoms that lie within reach of atom i and are not kept apart from it."""
    low, high = part
    _squares(x, y, z, at, edge, low, high, near)
    hits = 0
    for m in range(low, high):  # without a branch, which would be guessed wrong every fourth time
        hit[hits] = order[m]
        hits += near[m] < within
    for m in range(hits):
        if apart[hit[m]] != i:
            if count < found.size:
                found[count] = hit[m]
            count += 1
    return count


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _squares(x, y, z, at, edge, low, high, square):  # type: ignore[no-untyped-def]
    """Squared distances of a place to a stretch of atoms, as vector instructions."""
    turn = np.float32(1.0) / edge
    xi, yi, zi = at
    for j in range(low, high):
        dx, dy, dz = xi - x[j], yi - y[j], zi - z[j]
        dx -= edge * np.rint(dx * turn)
        dy -= edge * np.rint(dy * turn)
        dz -= edge * np.rint(dz * turn)
        square[j] = dx * dx + dy * dy + dz * dz


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
