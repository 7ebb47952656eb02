"""Non-negative least squares from its normal equations, compiled: block principal pivoting with a warm start."""

from __future__ import annotations

import numpy as np
from numba import njit

_TRIES = 3


@njit(cache=True, nogil=True)
def nnls(gram: np.ndarray, rhs: np.ndarray, start: np.ndarray, free: int = 0) -> np.ndarray:
    """The x (n,) that minimises x'Gx/2 - b'x with x >= 0 except for the first `free` unknowns, which take any sign.

    Block principal pivoting: unknowns that violate their condition change sides at once as long as the number of violations
    falls. Where it does not, the active set method of Lawson and Hanson goes on from there; it cannot cycle. `start` (n,),
    bool, names the unknowns that are probably not zero: the set of a neighbouring problem saves most of the work.

    *Source*: Kim and Park, SIAM J. Sci. Comput. 33 (2011) 3261; Lawson and Hanson, Solving Least Squares Problems, 1974.
    """
    n = len(rhs)
    passive = start.copy()
    passive[:free] = True
    floor = 1e-12 * np.abs(rhs).max()
    x, slope = np.zeros(n), np.zeros(n)
    factor, part, at = np.empty((n, n)), np.empty(n), np.empty(n, np.int64)
    fewest, tries = n + 1, _TRIES
    while True:
        _solve_passive(gram, rhs, passive, x, factor, part, at)
        _slopes(gram, rhs, passive, x, slope)
        count = 0
        for i in range(free, n):
            if (passive[i] and x[i] < 0) or slope[i] < -floor:
                count += 1
        if count == 0:
            return x
        if count < fewest:
            fewest, tries = count, _TRIES
        else:
            tries -= 1
            if tries < 0:
                break
        for i in range(free, n):
            if (passive[i] and x[i] < 0) or slope[i] < -floor:
                passive[i] = not passive[i]
    for i in range(free, n):
        x[i] = max(x[i], 0.0)
        passive[i] = x[i] > 0
    _active_set(gram, rhs, free, floor, passive, x, slope, factor, part, at)
    return x


@njit(cache=True, nogil=True)
def _active_set(
    gram: np.ndarray,
    rhs: np.ndarray,
    free: int,
    floor: float,
    passive: np.ndarray,
    x: np.ndarray,
    slope: np.ndarray,
    factor: np.ndarray,
    part: np.ndarray,
    at: np.ndarray,
) -> None:
    """Lawson and Hanson from a feasible x: downhill in every step, one unknown more or some less."""
    n = len(rhs)
    aim = np.zeros(n)
    for _ in range(10 * n):
        while True:
            _solve_passive(gram, rhs, passive, aim, factor, part, at)
            reach, stop = 1.0, -1
            for i in range(free, n):
                if passive[i] and aim[i] <= 0:
                    share = x[i] / (x[i] - aim[i]) if x[i] > aim[i] else 0.0
                    if share < reach:
                        reach, stop = share, i
            for i in range(n):
                x[i] += reach * (aim[i] - x[i])
            if stop < 0:
                break
            for i in range(free, n):
                if passive[i] and (i == stop or x[i] <= 0):
                    x[i], passive[i] = 0.0, False
        _slopes(gram, rhs, passive, x, slope)
        steepest = np.argmin(slope)
        if slope[steepest] >= -floor:
            return
        passive[steepest] = True


@njit(cache=True, nogil=True)
def _slopes(gram: np.ndarray, rhs: np.ndarray, passive: np.ndarray, x: np.ndarray, slope: np.ndarray) -> None:
    """Gx - b of the unknowns that are held at zero; none is left for the others."""
    for i in range(len(rhs)):
        total = 0.0
        if not passive[i]:
            total = -rhs[i]
            for j in range(len(rhs)):
                total += gram[i, j] * x[j]
        slope[i] = total


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
