"""Many small non-negative least-squares problems that share one spectrum, by coordinate descent on their normal equations."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def sizes(parts, target, weight, sweeps):  # type: ignore[no-untyped-def]
    """Sizes (s, k) > 0 that minimise sum |(parts (s, k, f) . sizes - target (f,)) / weight (f,)|^2, and that minimum (s,).

    A size stays at least 1e-4 of what would alone explain one weight per point, so that its logarithm exists.
    """
    count, k, f = parts.shape
    found, costs = np.empty((count, k)), np.empty(count)
    normal, right, own = np.empty((k, k)), np.empty(k), np.empty(k)
    per = 1.0 / (weight * weight)
    total = 0.0
    for m in range(f):
        total += per[m] * (target[m].real ** 2 + target[m].imag ** 2)
    for n in range(count):
        for i in range(k):
            right[i] = 0.0
            for m in range(f):
                right[i] += per[m] * (parts[n, i, m].real * target[m].real + parts[n, i, m].imag * target[m].imag)
            for j in range(i + 1):
                value = 0.0
                for m in range(f):
                    value += per[m] * (parts[n, i, m].real * parts[n, j, m].real + parts[n, i, m].imag * parts[n, j, m].imag)
                normal[i, j] = value
                normal[j, i] = value
            own[i] = max(normal[i, i], 1e-300)
        size = found[n]
        for i in range(k):
            size[i] = max(right[i] / own[i] / k, 1e-4 / np.sqrt(own[i] / (2 * f)))
        for _ in range(sweeps):
            for i in range(k):
                rest = right[i]
                for j in range(k):
                    if j != i:
                        rest -= normal[i, j] * size[j]
                size[i] = max(rest / own[i], 1e-4 / np.sqrt(own[i] / (2 * f)))
        cost = total
        for i in range(k):
            cost -= 2.0 * right[i] * size[i]
            for j in range(k):
                cost += size[i] * normal[i, j] * size[j]
        costs[n] = cost
    return found, costs
