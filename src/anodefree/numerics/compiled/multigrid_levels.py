"""Coarser levels of a box of cells, compiled: sums of face transmissibilities, and the dense inverse of the coarsest.

A coarse face is the sum of its fine faces over the widening of the distance between its two cells (2, or 1.5 at an odd end).
The harmonic mean along the way would be the better conductivity, but lets the coarse solution jump across faces that conduct
ten million times better than their neighbours: with it, the condition number grows with the contrast; with the sum it does not.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _widened(first, second):  # type: ignore[no-untyped-def]
    """The distance between two coarse cells over that of fine ones; each is or is not of two cells."""
    return 1.0 + 0.5 * first + 0.5 * second


@_compiled
def coarsened_x(coarse, fine, fy, fz):  # type: ignore[no-untyped-def]
    """Faces normal to x: each is in series with half of the inner faces beside it; those side by side add up."""
    nz, ny, faces = fine.shape
    mx = coarse.shape[2] - 1
    nx = faces - 1
    fx = 2 if mx < nx else 1
    coarse[:] = 0
    if mx == 1:
        return
    for k in range(nz):
        for j in range(ny):
            t, target = fine[k, j], coarse[k // fz, j // fy]
            for big in range(mx):
                f = fx * big
                left = f - 1 if f > 0 else nx - 1
                target[big] += t[f] / _widened(fx == 2 and f + 1 < nx, fx == 2 and left % 2 == 1)
            target[mx] = target[0]


@_compiled
def coarsened_y(coarse, fine, fx, fz):  # type: ignore[no-untyped-def]
    """Faces normal to y."""
    nz, faces, nx = fine.shape
    my = coarse.shape[1] - 1
    ny = faces - 1
    fy = 2 if my < ny else 1
    coarse[:] = 0
    if my == 1:
        return
    for k in range(nz):
        for big in range(my):
            f = fy * big
            left = f - 1 if f > 0 else ny - 1
            wide = _widened(fy == 2 and f + 1 < ny, fy == 2 and left % 2 == 1)
            for i in range(nx):
                coarse[k // fz, big, i // fx] += fine[k, f, i] / wide
        coarse[k // fz, my] = coarse[k // fz, 0]


@_compiled
def coarsened_z(coarse, fine, fx, fy):  # type: ignore[no-untyped-def]
    """Faces normal to z; the border's stay insulating."""
    faces, ny, nx = fine.shape
    mz = coarse.shape[0] - 1
    nz = faces - 1
    fz = 2 if mz < nz else 1
    coarse[:] = 0
    for big in range(1, mz):
        f = fz * big
        wide = _widened(fz == 2, fz == 2 and f + 1 < nz)
        for j in range(ny):
            for i in range(nx):
                coarse[big, j // fy, i // fx] += fine[f, j, i] / wide


@_compiled
def gathered(coarse, fine):  # type: ignore[no-untyped-def]
    """Sums over coarse cells."""
    nz, ny, nx = fine.shape
    mz, my, mx = coarse.shape
    fz, fy, fx = 2 if mz < nz else 1, 2 if my < ny else 1, 2 if mx < nx else 1
    coarse[:] = 0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                coarse[k // fz, j // fy, i // fx] += fine[k, j, i]


@_compiled
def whole_diagonal(whole, inverse, tx, ty, tz, d):  # type: ignore[no-untyped-def]
    """The sum of a cell's faces and its d, and one over it (0 for a cell that nothing holds)."""
    nz, ny, nx = d.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                total = tx[k, j, i] + tx[k, j, i + 1] + tz[k, j, i] + tz[k + 1, j, i] + d[k, j, i]
                total += ty[k, j, i] + ty[k, j + 1, i]
                whole[k, j, i] = total
                inverse[k, j, i] = 1.0 / total if total > 0 else 0.0


@_compiled
def dense_inverse(inverse, matrix, tx, ty, tz, whole, singular):  # type: ignore[no-untyped-def]
    """The inverse of the coarsest level's matrix by Cholesky; without any d, that on fields of zero mean."""
    nz, ny, nx = whole.shape
    size = nz * ny * nx
    matrix[:] = 0.0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                m = (k * ny + j) * nx + i
                matrix[m, m] += whole[k, j, i]
                east, back, up = (k * ny + j) * nx + (i + 1) % nx, (k * ny + (j + 1) % ny) * nx + i, m + ny * nx
                matrix[m, east] -= tx[k, j, i + 1]
                matrix[east, m] -= tx[k, j, i + 1]
                matrix[m, back] -= ty[k, j + 1, i]
                matrix[back, m] -= ty[k, j + 1, i]
                if k < nz - 1:
                    matrix[m, up] -= tz[k + 1, j, i]
                    matrix[up, m] -= tz[k + 1, j, i]
    if singular:
        matrix += np.trace(matrix) / size**2 + 1e-300
    _factorised(matrix)
    _inverted(inverse, matrix)


@_compiled
def _factorised(matrix):  # type: ignore[no-untyped-def]
    """The lower Cholesky factor in place; a cell that nothing holds gets a zero row."""
    for m in range(matrix.shape[0]):
        own = matrix[m, m]
        pivot = own
        for n in range(m):
            total = matrix[m, n]
            for s in range(n):
                total -= matrix[m, s] * matrix[n, s]
            matrix[m, n] = total / matrix[n, n] if matrix[n, n] > 0 else 0.0
            pivot -= matrix[m, n] ** 2
        matrix[m, m] = math.sqrt(pivot) if pivot > 1e-13 * own else 0.0


@_compiled
def _inverted(inverse, factor):  # type: ignore[no-untyped-def]
    """The inverse from the Cholesky factor, column by column."""
    size = factor.shape[0]
    for c in range(size):
        for m in range(size):
            total = 1.0 if m == c else 0.0
            for s in range(c, m):
                total -= factor[m, s] * inverse[s, c]
            inverse[m, c] = total / factor[m, m] if factor[m, m] > 0 and m >= c else 0.0
        for m in range(size - 1, -1, -1):
            total = inverse[m, c]
            for s in range(m + 1, size):
                total -= factor[s, m] * inverse[s, c]
            inverse[m, c] = total / factor[m, m] if factor[m, m] > 0 else 0.0
