"""Compiled: Lennard-Jones forces by geometric means and the real part of the Ewald sum, over blocks of atoms.

Every pair is met once, at the slot that comes first. The error function enters through polynomials in (βr)², which have no
division and no branch.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.lanes import WIDTH, load, root, spread, store, total, where_less
from anodefree.numerics.compiled.pair_blocks import (
    APART,
    ATTRACT,
    BLOCK,
    CHARGE,
    FAR,
    PUSH,
    REPEL,
    X,
    Y,
    Z,
    image_shifts,
    place_of,
)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def forces(data, edge, cutoff, near, apart, energy_of, force_of, size, virial=None):  # type: ignore[no-untyped-def]
    """Add to the forces in `data` those of all pairs within the cut-off and return their energy.

    Charges in `data` are times √(1/4πε₀), the factors 2√ε σ⁶ and 2√ε σ³, so that the energy of a pair is
    a a'/r¹² - b b'/r⁶ + q q' erfc(βr)/r. `near` are start, block and image as of `near_blocks`; `apart` are first and excluded:
    `excluded[first[i]:first[i + 1]]` is where `data` keeps those apart that slot i excludes. `energy_of` and `force_of` are
    polynomials (highest power first) in t = size r² - 1 of erf(βr)/r and of (erf(βr)/r - 2β/√π exp(-β²r²))/r². Sums of
    d_α f_β over pairs are added to virial: xx, yy, zz, xy, xz, yz. Numbers are of the type of `data`, sums over slots double.
    """
    start, block, image = near
    first, excluded = apart
    number = data.dtype.type
    later, shift = _later(data), image_shifts(data, edge)
    energy = 0.0
    for slot in range(start.size - 1):
        if start[slot] == start[slot + 1]:
            continue
        at = place_of(slot)
        for e in range(first[slot], first[slot + 1]):
            data[excluded[e]] = FAR
        fx = fy = fz = u = spread(number(0.0))
        xx = yy = zz = xy = xz = yz = fx
        a, b, q = data[at + REPEL], data[at + ATTRACT], data[at + CHARGE]
        for k in range(start[slot], start[slot + 1]):
            other, away = block[k] * BLOCK, image[k] * 3
            dx = data[at + X] - shift[away] - load(data, other + X)
            dy = data[at + Y] - shift[away + 1] - load(data, other + Y)
            dz = data[at + Z] - shift[away + 2] - load(data, other + Z)
            mask = slot % WIDTH if block[k] == slot // WIDTH else WIDTH
            r2 = dx * dx + dy * dy + dz * dz + load(data, other + APART) + load(later, mask * WIDTH)
            pair_u, push = _pair(
                r2, cutoff, a * load(data, other + REPEL), b * load(data, other + ATTRACT), q * load(data, other + CHARGE),
                energy_of, force_of, size,
            )  # fmt: skip
            px, py, pz = push * dx, push * dy, push * dz
            u, fx, fy, fz = u + pair_u, fx + px, fy + py, fz + pz
            if virial is not None:
                xx, yy, zz = xx + px * dx, yy + py * dy, zz + pz * dz
                xy, xz, yz = xy + px * dy, xz + px * dz, yz + py * dz
            store(data, other + PUSH, load(data, other + PUSH) - px)
            store(data, other + PUSH + WIDTH, load(data, other + PUSH + WIDTH) - py)
            store(data, other + PUSH + 2 * WIDTH, load(data, other + PUSH + 2 * WIDTH) - pz)
        for e in range(first[slot], first[slot + 1]):
            data[excluded[e]] = number(0.0)
        data[at + PUSH] += total(fx)
        data[at + PUSH + WIDTH] += total(fy)
        data[at + PUSH + 2 * WIDTH] += total(fz)
        energy += total(u)
        if virial is not None:
            virial[0] += total(xx)
            virial[1] += total(yy)
            virial[2] += total(zz)
            virial[3] += total(xy)
            virial[4] += total(xz)
            virial[5] += total(yz)
    return energy


@njit(cache=True, nogil=True)
def _later(data):  # type: ignore[no-untyped-def]
    """What is added to squared distances in a slot's own block (row: the slot's lane), and nothing elsewhere (last row)."""
    later = np.zeros((WIDTH + 1) * WIDTH, data.dtype)
    for lane in range(WIDTH):
        later[lane * WIDTH : lane * WIDTH + lane + 1] = FAR
    return later


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _pair(r2, cutoff, a, b, q, energy_of, force_of, size):  # type: ignore[no-untyped-def]
    """Energies of pairs, and their force over distance, of eight pairs; products a, b, q of their factors and charges."""
    number = energy_of.dtype.type
    within = spread(cutoff * cutoff)
    inverse = number(1.0) / r2
    i6 = inverse * inverse * inverse
    repel, attract = a * i6 * i6, b * i6
    t = where_less(r2, within, r2, within) * size - number(1.0)
    # Even and odd powers apart: half as many steps that wait for each other.
    t2 = t * t
    p, f, p1, f1 = spread(energy_of[0]), spread(force_of[0]), spread(energy_of[1]), spread(force_of[1])
    for m in range(2, 12, 2):
        p, f = p * t2 + energy_of[m], f * t2 + force_of[m]
        p1, f1 = p1 * t2 + energy_of[m + 1], f1 * t2 + force_of[m + 1]
    p, f = p * t2 + energy_of[12] + p1 * t, f * t2 + force_of[12] + f1 * t
    near = root(inverse)
    none = spread(number(0.0))
    u = repel - attract + q * (near - p)
    push = (number(12.0) * repel - number(6.0) * attract) * inverse + q * (near * inverse - f)
    return where_less(r2, within, u, none), where_less(r2, within, push, none)


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
