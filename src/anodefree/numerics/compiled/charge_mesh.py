"""Compiled: charges spread over a periodic mesh by B-splines of sixth order, and forces gathered from a potential on it."""

from __future__ import annotations

import numpy as np
from numba import njit

ORDER = 6


@njit(cache=True, nogil=True)
def _weights(t, weight, slope):  # type: ignore[no-untyped-def]
    """Values and slopes of the six splines that reach a place at the fraction t of its cell."""
    weight[0], weight[1] = 1.0 - t, t
    for k in range(2, ORDER):
        if k == ORDER - 1:  # the slope follows from the order below
            slope[0] = -weight[0]
            for m in range(1, k):
                slope[m] = weight[m - 1] - weight[m]
            slope[k] = weight[k - 1]
        weight[k] = t * weight[k - 1] / k
        for m in range(k - 1, 0, -1):
            weight[m] = ((t + k - m) * weight[m - 1] + (m + 1 - t) * weight[m]) / k
        weight[0] *= (1.0 - t) / k


@njit(cache=True, nogil=True)
def spread(fraction, charge, mesh):  # type: ignore[no-untyped-def]
    """Add charges (atom,) at fractions (atom, 3) of the box's edges, each from 0 to 1, to the mesh (n, n, n)."""
    n = mesh.shape[0]
    weight, slope, at = np.empty((3, ORDER)), np.empty(ORDER), np.empty(3, np.int64)
    for i in range(fraction.shape[0]):
        for axis in range(3):
            u = fraction[i, axis] * n
            at[axis] = int(u)
            _weights(u - at[axis], weight[axis], slope)
        for kx in range(ORDER):
            wx = charge[i] * weight[0, kx]
            x = (at[0] + kx) % n
            for ky in range(ORDER):
                wy = wx * weight[1, ky]
                y = (at[1] + ky) % n
                for kz in range(ORDER):
                    mesh[x, y, (at[2] + kz) % n] += wy * weight[2, kz]


@njit(cache=True, nogil=True)
def gather(fraction, charge, potential, edge, force):  # type: ignore[no-untyped-def]
    """Add the forces (atom, 3) of a potential on the mesh (n, n, n), of a cube with that edge."""
    n = potential.shape[0]
    weight, slope, at = np.empty((3, ORDER)), np.empty((3, ORDER)), np.empty(3, np.int64)
    for i in range(fraction.shape[0]):
        for axis in range(3):
            u = fraction[i, axis] * n
            at[axis] = int(u)
            _weights(u - at[axis], weight[axis], slope[axis])
        fx = fy = fz = 0.0
        for kx in range(ORDER):
            x = (at[0] + kx) % n
            for ky in range(ORDER):
                y = (at[1] + ky) % n
                along = across = 0.0
                for kz in range(ORDER):
                    here = potential[x, y, (at[2] + kz) % n]
                    along += here * weight[2, kz]
                    across += here * slope[2, kz]
                fx += along * slope[0, kx] * weight[1, ky]
                fy += along * weight[0, kx] * slope[1, ky]
                fz += across * weight[0, kx] * weight[1, ky]
        scale = charge[i] * n / edge
        force[i, 0] -= scale * fx
        force[i, 1] -= scale * fy
        force[i, 2] -= scale * fz
