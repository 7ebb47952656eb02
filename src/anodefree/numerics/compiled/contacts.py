"""Compiled: distances between two groups of atoms in a rectangular periodic box, as a histogram and as contacts."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _square(place, box, a, b):  # type: ignore[no-untyped-def]
    """The squared distance of atom a to the nearest image of atom b."""
    total = 0.0
    for k in range(3):
        d = float(place[a, k]) - float(place[b, k])
        d -= box[k] * np.rint(d / box[k])
        total += d * d
    return total


@njit(cache=True, nogil=True)
def pair_histogram(place, box, group_a, group_b, molecule, r_max, histogram):  # type: ignore[no-untyped-def]
    """Add the pairs (a in A, b in B) of unlike molecules nearer than r_max to a histogram (bins,); place (atoms, 3), box (3,).

    The nearest image counts, so r_max must not exceed half of the shortest edge.
    """
    scale = histogram.size / r_max
    for a in group_a:
        for b in group_b:
            if molecule[a] != molecule[b]:
                square = _square(place, box, a, b)
                if square < r_max * r_max:
                    bin = int(np.sqrt(square) * scale)
                    if bin < histogram.size:
                        histogram[bin] += 1


@njit(cache=True, nogil=True)
def contacts(place, box, group_a, group_b, molecule, cutoff, count, pair_a, pair_b):  # type: ignore[no-untyped-def]
    """Contacts nearer than the cut-off: their number at each atom of A into count (A,), the pairs of molecules into lists.

    Returns how many contacts there are; only as many pairs as the lists hold are written.
    """
    found = 0
    for i, a in enumerate(group_a):
        count[i] = 0
        for b in group_b:
            if molecule[a] != molecule[b] and _square(place, box, a, b) < cutoff * cutoff:
                count[i] += 1
                if found < pair_a.size:
                    pair_a[found] = molecule[a]
                    pair_b[found] = molecule[b]
                found += 1
    return found
