"""One step of an ion in scaled units, compiled: Runge-Kutta, Boris, exact rotation, exact Langevin, and overdamped.

`tables` and `grids` are the potential's, `flux` and `layout` that of the gyration (empty where it is uniform), and `motion`
is charge over mass, the uniform gyration (3), drag, and the variance of the thermal velocity. A gyration is q B/m in the unit
of the scaled time, a vector; the acceleration is -motion[0] grad phi + v x gyration - drag v. Steps that begin with a force
take the gradient g at their start from the step before. Places beyond the tables take the force of their edge.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.counter_random import normals
from anodefree.numerics.compiled.flux_table import flux_density
from anodefree.numerics.compiled.spline_table import potential

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)

RK4, BORIS, ROTATION, EXACT, OVERDAMPED = 0, 1, 2, 3, 4
DRAWS = 8
"""Counters that one step may use."""


@_compiled
def gyration(flux, layout, motion, x, y, z):  # type: ignore[no-untyped-def]
    """The vector of gyration at a point."""
    if flux.shape[1] == 0:
        return motion[1], motion[2], motion[3]
    return flux_density(flux, layout, x, y, z)


@_compiled
def _turned(m, n, k, x, y, z):  # type: ignore[no-untyped-def]
    return (
        m[n, k, 0, 0] * x + m[n, k, 0, 1] * y + m[n, k, 0, 2] * z,
        m[n, k, 1, 0] * x + m[n, k, 1, 1] * y + m[n, k, 1, 2] * z,
        m[n, k, 2, 0] * x + m[n, k, 2, 1] * y + m[n, k, 2, 2] * z,
    )


@_compiled
def _force(tables, grids, flux, layout, motion, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    _, gx, gy, gz = potential(tables, grids, x, y, z)
    return _acceleration(flux, layout, motion, gx, gy, gz, x, y, z, vx, vy, vz)


@_compiled
def _acceleration(flux, layout, motion, gx, gy, gz, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    bx, by, bz = gyration(flux, layout, motion, x, y, z)
    per_mass, drag = motion[0], motion[4]
    return (
        -per_mass * gx + (vy * bz - vz * by) - drag * vx,
        -per_mass * gy + (vz * bx - vx * bz) - drag * vy,
        -per_mass * gz + (vx * by - vy * bx) - drag * vz,
    )


@_compiled
def rk4(tables, grids, flux, layout, motion, h, gx, gy, gz, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    """The classical method of order 4;"""
    k = 0.5 * h
    a1, b1, c1 = _acceleration(flux, layout, motion, gx, gy, gz, x, y, z, vx, vy, vz)
    u2, v2, w2 = vx + k * a1, vy + k * b1, vz + k * c1
    a2, b2, c2 = _force(tables, grids, flux, layout, motion, x + k * vx, y + k * vy, z + k * vz, u2, v2, w2)
    u3, v3, w3 = vx + k * a2, vy + k * b2, vz + k * c2
    a3, b3, c3 = _force(tables, grids, flux, layout, motion, x + k * u2, y + k * v2, z + k * w2, u3, v3, w3)
    u4, v4, w4 = vx + h * a3, vy + h * b3, vz + h * c3
    a4, b4, c4 = _force(tables, grids, flux, layout, motion, x + h * u3, y + h * v3, z + h * w3, u4, v4, w4)
    s = h / 6.0
    return (
        x + s * (vx + 2 * (u2 + u3) + u4),
        y + s * (vy + 2 * (v2 + v3) + v4),
        z + s * (vz + 2 * (w2 + w3) + w4),
        vx + s * (a1 + 2 * (a2 + a3) + a4),
        vy + s * (b1 + 2 * (b2 + b3) + b4),
        vz + s * (c1 + 2 * (c2 + c3) + c4),
    )


@_compiled
def leapfrog(tables, grids, flux, layout, motion, h, exact_angle, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    """Half a drift, half a kick, the turn about B, half a kick, half a drift. Boris turns by 2 arctan(angle/2)."""
    k = 0.5 * h
    x, y, z = x + k * vx, y + k * vy, z + k * vz
    _, gx, gy, gz = potential(tables, grids, x, y, z)
    bx, by, bz = gyration(flux, layout, motion, x, y, z)
    f = -k * motion[0]
    vx, vy, vz = vx + f * gx, vy + f * gy, vz + f * gz
    square = bx * bx + by * by + bz * bz
    c = k
    if exact_angle and square > 0.0:
        size = np.sqrt(square)
        c = np.tan(k * size) / size
    s = 2.0 * c / (1.0 + c * c * square)
    ux, uy, uz = vx + c * (vy * bz - vz * by), vy + c * (vz * bx - vx * bz), vz + c * (vx * by - vy * bx)
    vx, vy, vz = vx + s * (uy * bz - uz * by), vy + s * (uz * bx - ux * bz), vz + s * (ux * by - uy * bx)
    vx, vy, vz = vx + f * gx, vy + f * gy, vz + f * gz
    return x + k * vx, y + k * vy, z + k * vz, vx, vy, vz


@_compiled
def langevin(  # type: ignore[no-untyped-def]
    tables, grids, motion, flows, noises, level, noisy, seed, ion, count, gx, gy, gz, x, y, z, vx, vy, vz
):
    """The exact step of the linear part, the force averaged over its two ends (second order)."""
    per_mass = motion[0]
    ax, ay, az = -per_mass * gx, -per_mass * gy, -per_mass * gz
    ux, uy, uz = _turned(flows, level, 0, vx, vy, vz)
    px, py, pz = _turned(flows, level, 1, vx, vy, vz)
    if noisy:
        n1, n2 = normals(seed, ion, count)
        n3, n4 = normals(seed, ion, count + 2)
        n5, n6 = normals(seed, ion, count + 4)
        kx, ky, kz = _turned(noises, level, 0, n1, n2, n3)
        gxx, gyy, gzz = _turned(noises, level, 1, kx, ky, kz)
        mx, my, mz = _turned(noises, level, 2, n4, n5, n6)
        ux, uy, uz = ux + kx, uy + ky, uz + kz
        px, py, pz = px + gxx + mx, py + gyy + my, pz + gzz + mz
    x, y, z = x + px, y + py, z + pz
    dx, dy, dz = _turned(flows, level, 2, ax, ay, az)
    _, gx, gy, gz = potential(tables, grids, x + dx, y + dy, max(z + dz, -0.02))
    ax, ay, az = 0.5 * (ax - per_mass * gx), 0.5 * (ay - per_mass * gy), 0.5 * (az - per_mass * gz)
    dx, dy, dz = _turned(flows, level, 2, ax, ay, az)
    ex, ey, ez = _turned(flows, level, 1, ax, ay, az)
    return x + dx, y + dy, z + dz, ux + ex, uy + ey, uz + ez


@_compiled
def _drift(drag, bx, by, bz, ax, ay, az):  # type: ignore[no-untyped-def]
    """The steady velocity of 0 = a + v x b - drag v."""
    along = (ax * bx + ay * by + az * bz) / drag
    size = 1.0 / (drag * drag + bx * bx + by * by + bz * bz)
    return (
        size * (drag * ax + ay * bz - az * by + along * bx),
        size * (drag * ay + az * bx - ax * bz + along * by),
        size * (drag * az + ax * by - ay * bx + along * bz),
    )


@_compiled
def overdamped(tables, grids, flux, layout, motion, h, spread, seed, ion, count, gx, gy, gz, x, y, z):  # type: ignore[no-untyped-def]
    """Drift and diffusion without inertia: Heun's step; B turns the drift and slows diffusion across it, D/(1 + beta^2)."""
    per_mass, drag = motion[0], motion[4]
    bx, by, bz = gyration(flux, layout, motion, x, y, z)
    ux, uy, uz = _drift(drag, bx, by, bz, -per_mass * gx, -per_mass * gy, -per_mass * gz)
    n1, n2 = normals(seed, ion, count)
    n3, _ = normals(seed, ion, count + 2)
    square = bx * bx + by * by + bz * bz
    if square > 0.0:
        across = 1.0 / np.sqrt(1.0 + square / (drag * drag))
        along = (1.0 - across) * (n1 * bx + n2 * by + n3 * bz) / square
        n1, n2, n3 = across * n1 + along * bx, across * n2 + along * by, across * n3 + along * bz
    x, y, z = x + spread * n1, y + spread * n2, z + spread * n3
    _, gx, gy, gz = potential(tables, grids, x + h * ux, y + h * uy, max(z + h * uz, -0.02))
    wx, wy, wz = _drift(drag, bx, by, bz, -per_mass * gx, -per_mass * gy, -per_mass * gz)
    ux, uy, uz = 0.5 * (ux + wx), 0.5 * (uy + wy), 0.5 * (uz + wz)
    return x + h * ux, y + h * uy, z + h * uz, ux, uy, uz
