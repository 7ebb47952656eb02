"""Non-negative least squares from its normal equations, compiled: block principal pivoting with a warm start."""

from __future__ import annotations

import numpy as np
from numba import njit

_TRIES = 3
_MOST = 500


@njit(cache=True, nogil=True)
def nnls(gram: np.ndarray, rhs: np.ndarray, start: np.ndarray, free: int = 0) -> np.ndarray:
    """The x (n,) that minimises x'Gx/2 - b'x with x >= 0 except for the first `free` unknowns, which take any sign.

    Sets of unknowns change sides at once as long as the number of violations falls; where it does not, only the last one
    changes (Murty's rule), so that it ends for every positive definite G. `start` (n,), bool, names the unknowns that are
    probably not zero: the set of a neighbouring problem saves most of the work.

    *Source*: Judice and Pires, Comput. Oper. Res. 21 (1994) 587; Kim and Park, SIAM J. Sci. Comput. 33 (2011) 3261.
    """
    n = len(rhs)
    passive = start.copy()
    passive[:free] = True
    floor = 0.0
    for i in range(n):
        floor = max(floor, abs(rhs[i]))
    floor *= 1e-12
    x, slope = np.zeros(n), np.empty(n)
    factor, part, at = np.empty((n, n)), np.empty(n), np.empty(n, np.int64)
    fewest, tries = n + 1, _TRIES
    for _ in range(_MOST):
        _solve_passive(gram, rhs, passive, x, factor, part, at)
        count, last = 0, -1
        for i in range(n):
            if not passive[i]:
                total = -rhs[i]
                for j in range(n):
                    total += gram[i, j] * x[j]
                slope[i] = total
        for i in range(free, n):
            if (passive[i] and x[i] < 0) or (not passive[i] and slope[i] < -floor):
                count += 1
                last = i
        if count == 0:
            break
        if count < fewest:
            fewest, tries = count, _TRIES
        elif tries > 0:
            tries -= 1
        else:
            passive[last] = not passive[last]
            continue
        for i in range(free, n):
            if (passive[i] and x[i] < 0) or (not passive[i] and slope[i] < -floor):
                passive[i] = not passive[i]
    for i in range(free, n):
        x[i] = max(x[i], 0.0)
    return x


@njit(cache=True, nogil=True)
def _solve_passive(
    gram: np.ndarray,
    rhs: np.ndarray,
    passive: np.ndarray,
    x: np.ndarray,
    factor: np.ndarray,
    part: np.ndarray,
    at: np.ndarray,
) -> None:
    """x of the passive unknowns by Cholesky in the given work space, zero elsewhere."""
    m = 0
    for i in range(len(rhs)):
        x[i] = 0.0
        if passive[i]:
            at[m] = i
            m += 1
    for i in range(m):
        row = at[i]
        for j in range(i + 1):
            total = gram[row, at[j]]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i > j:
                factor[i, j] = total / factor[j, j]
            else:
                least = 1e-14 * gram[row, row]
                factor[i, i] = np.sqrt(max(total, least)) if gram[row, row] > 0 else 1.0
        total = rhs[row]
        for k in range(i):
            total -= factor[i, k] * part[k]
        part[i] = total / factor[i, i]
    for i in range(m - 1, -1, -1):
        total = part[i]
        for k in range(i + 1, m):
            total -= factor[k, i] * part[k]
        part[i] = total / factor[i, i]
        x[at[i]] = part[i]
