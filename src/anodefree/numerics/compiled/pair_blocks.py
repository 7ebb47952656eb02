"""Compiled: atoms in blocks of eight neighbours, and for each atom the blocks that hold others near it.

Atoms stand in slots, column after column of a box and from below within a column, so that a block is a small region. One block
is one stretch of memory: eight numbers of each of ten fields. Whoever works through pairs reads and writes whole blocks, never
single atoms.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from anodefree.numerics.compiled.lanes import WIDTH, least, load

FIELDS: Final = 10
X, Y, Z, CHARGE, REPEL, ATTRACT, APART, PUSH = (WIDTH * k for k in range(8))
"""Where a block's fields begin: place, charge, Lennard-Jones factors, what is added to squared distances, force (three)."""
BLOCK: Final = WIDTH * FIELDS
FAR: Final = 1e6
"""A square [nm²] that is added to distances of what must not be counted."""
SIDES: Final = 3
"""The images that a pair of coordinates has: -1, 0, 1 edge."""


@njit(cache=True, nogil=True)
def place_of(slot):  # type: ignore[no-untyped-def]
    """Where a slot's first field stands."""
    return slot // WIDTH * BLOCK + slot % WIDTH


@njit(cache=True, nogil=True)
def place_atoms(place, before, inside, edge, at, far, data):  # type: ignore[no-untyped-def]
    """Write places to where `data` has them (atom,), without jumps between images; false once an atom went beyond `far`.

    `before` are the places (atom, 3) when blocks were formed, `inside` the same within the box.
    """
    for i in range(place.shape[0]):
        square = 0.0
        for k in range(3):
            d = place[i, k] - before[i, k]
            d -= edge * np.rint(d / edge)
            square += d * d
            data[at[i] + k * WIDTH] = inside[i, k] + d
        if not square <= far * far:
            return False
    return True


@njit(cache=True, nogil=True)
def take_forces(data, at, force):  # type: ignore[no-untyped-def]
    """Add the forces of `data` to force (atom, 3), and clear them."""
    for i in range(force.shape[0]):
        for k in range(3):
            force[i, k] += data[at[i] + PUSH + k * WIDTH]
            data[at[i] + PUSH + k * WIDTH] = 0


@njit(cache=True, nogil=True)
def near_blocks(data, begin, edge, radius, start, block, image):  # type: ignore[no-untyped-def]
    """For each slot the blocks from its own on with an atom nearer than `radius`, and in which image.

    `begin` (side² + 1,) are the first slots of columns. Fills start (slot + 1,), block and image (27 of them); returns how many
    there are, and fills nothing beyond the end of `block`.
    """
    number, blocks, count = data.dtype.type, begin[-1] // WIDTH, 0
    low, high = np.empty((blocks, 3)), np.empty((blocks, 3))
    for b in range(blocks):
        _extent(data, b, low[b], high[b])
    other, which = np.empty(SIDES**3 * blocks, np.int32), np.empty(SIDES**3 * blocks, np.int32)
    shift, within = image_shifts(data, edge), number(radius * radius)
    for b in range(blocks):
        candidates = _candidates(b, low, high, begin, edge, radius, other, which)
        for slot in range(b * WIDTH, (b + 1) * WIDTH):
            start[slot] = count
            at = place_of(slot)
            if data[at + APART] > 0:  # an empty slot
                continue
            for k in range(candidates):
                away = 3 * which[k]
                x, y, z = data[at + X] - shift[away], data[at + Y] - shift[away + 1], data[at + Z] - shift[away + 2]
                if _nearest(data, other[k], x, y, z) < within:
                    if count < block.size:
                        block[count], image[count] = other[k], which[k]
                    count += 1
    start[begin[-1]] = count
    return count


@njit(cache=True, nogil=True)
def image_shifts(data, edge):  # type: ignore[no-untyped-def]
    """How far each image lies away: x, y, z of the 27, in numbers of the type of `data`."""
    shift = np.empty(3 * SIDES**3, data.dtype)
    for n in range(SIDES**3):
        shift[3 * n] = edge * (n // (SIDES * SIDES) - 1)
        shift[3 * n + 1] = edge * (n // SIDES % SIDES - 1)
        shift[3 * n + 2] = edge * (n % SIDES - 1)
    return shift


@njit(cache=True, nogil=True)
def _extent(data, b, low, high):  # type: ignore[no-untyped-def]
    """The corners of a block's atoms."""
    for k in range(3):
        low[k], high[k] = np.inf, -np.inf
        for at in range(b * BLOCK, b * BLOCK + WIDTH):
            if data[at + APART] == 0:
                low[k], high[k] = min(low[k], data[at + k * WIDTH]), max(high[k], data[at + k * WIDTH])


@njit(cache=True, nogil=True)
def _candidates(b, low, high, begin, edge, radius, other, image):  # type: ignore[no-untyped-def]
    """Blocks from b on whose corners come nearer to those of b than the radius, with their images; returns how many."""
    side, count = int(np.sqrt(begin.size - 1)), 0
    width = edge / side
    near, far = low[b] - radius, high[b] + radius
    for cx in range(int(np.floor(near[0] / width)), int(np.floor(far[0] / width)) + 1):
        gap_x = max(cx * width - high[b, 0], low[b, 0] - (cx + 1) * width, 0.0)
        for cy in range(int(np.floor(near[1] / width)), int(np.floor(far[1] / width)) + 1):
            gap_y = max(cy * width - high[b, 1], low[b, 1] - (cy + 1) * width, 0.0)
            column, left = (cx % side) * side + cy % side, radius * radius - gap_x * gap_x - gap_y * gap_y
            if left < 0:
                continue
            height = np.sqrt(left)
            for o in range(max(begin[column] // WIDTH, b), begin[column + 1] // WIDTH):
                for iz in range(-1, 2):
                    if low[o, 2] + iz * edge <= high[b, 2] + height and high[o, 2] + iz * edge >= low[b, 2] - height:
                        other[count] = o
                        image[count] = ((cx // side + 1) * SIDES + cy // side + 1) * SIDES + iz + 1
                        count += 1
    return count


@njit(cache=True, nogil=True)
def _nearest(data, b, x, y, z):  # type: ignore[no-untyped-def]
    """The squared distance of the atom of a block that is nearest to a place."""
    at = b * BLOCK
    dx, dy, dz = load(data, at + X) - x, load(data, at + Y) - y, load(data, at + Z) - z
    return least(dx * dx + dy * dy + dz * dz + load(data, at + APART))
