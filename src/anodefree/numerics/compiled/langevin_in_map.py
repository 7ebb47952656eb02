"""The exact Langevin step about the local field of a map, compiled: its coefficients are made for each step.

With λ = Γ + i|w| about the gyration vector w at the middle of the step (as far as it is known at its start),

    v' = e^(-λh) v + C a + n_v,   x' = x + C v + D a + n_x,   C = (1 - e^(-λh))/λ,   D = (h - C)/λ,

and the noise has the exact covariance of a uniform field: second order in the change of the force and of the field along the
step. *Source* as of `physics.lorentz.propagator` and `thermal_kicks`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.counter_random import normals
from anodefree.numerics.compiled.spline_table import potential
from anodefree.numerics.compiled.steps import gyration

_compiled = njit(cache=True, nogil=True, error_model="numpy")

SMALL = 0.05
"""|λ|h below which differences that cancel are replaced by their series."""
THIRD = 0.7745966692414834
"""The outer node of Gauss and Legendre's rule of three points."""


@_compiled
def _carried(rate, h):  # type: ignore[no-untyped-def]
    """e^(-λh), C and D."""
    z = -rate * h
    if abs(z) < SMALL:
        c = h * (1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6)))))
        d = h * h * (0.5 + z / 6 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6))))
        return 1 - rate * c, c, d
    e = np.exp(z)
    c = (1 - e) / rate
    return e, c, (h - c) / rate


@_compiled
def _moments(rate, h, c, w):  # type: ignore[no-untyped-def]
    """<n_x n_w*>/2 and <|n_x|²>/2 over the intensity of the noise; `w` is <|n_w|²>/2 over it."""
    if abs(rate) * h < SMALL:
        cross, square = 0.0 * rate, 0.0
        for k in range(3):
            weight = 4.0 / 9.0 if k == 1 else 5.0 / 18.0
            e, part, _ = _carried(rate, 0.5 * h * (1.0 + (k - 1) * THIRD))
            cross += weight * h * part * np.conj(e)
            square += weight * h * (part.real**2 + part.imag**2)
        return cross, square
    return (np.conj(c) - w) / rate, (h - 2 * c.real + w) / (rate.real**2 + rate.imag**2)


@_compiled
def _about(b, across, along, x, y, z):  # type: ignore[no-untyped-def]
    """A vector's part along b times `along`, the rest times the complex `across`: i turns it by a right angle about b."""
    part = x * b[0] + y * b[1] + z * b[2]
    c, s, k = across.real, across.imag, (along - across.real) * part
    return (
        c * x + k * b[0] + s * (b[1] * z - b[2] * y),
        c * y + k * b[1] + s * (b[2] * x - b[0] * z),
        c * z + k * b[2] + s * (b[0] * y - b[1] * x),
    )


@_compiled
def langevin_in_map(  # type: ignore[no-untyped-def]
    tables, grids, flux, layout, motion, c0, d0, h, noisy, seed, ion, count, gx, gy, gz, x, y, z, vx, vy, vz
):
    """One step; c0 and d0 are C and D without a field, with which the middle of the step is foreseen."""
    per_mass, drag = motion[0], motion[4]
    ax, ay, az = -per_mass * gx, -per_mass * gy, -per_mass * gz
    wx, wy, wz = gyration(
        flux,
        layout,
        motion,
        x + 0.5 * (c0 * vx + d0 * ax),
        y + 0.5 * (c0 * vy + d0 * ay),
        z + 0.5 * (c0 * vz + d0 * az),
    )
    size = np.sqrt(wx * wx + wy * wy + wz * wz)
    b = (wx / size, wy / size, wz / size) if size > 0.0 else (0.0, 0.0, 1.0)
    rate, plain = complex(drag, size), complex(drag, 0.0)
    e, c, d = _carried(rate, h)
    e1, c1, d1 = _carried(plain, h)
    ux, uy, uz = _about(b, e, e1.real, vx, vy, vz)
    px, py, pz = _about(b, c, c1.real, vx, vy, vz)
    if noisy:
        w = -np.expm1(-2 * drag * h) / (2 * drag)
        cross, square = _moments(rate, h, c, w)
        cross1, square1 = _moments(plain, h, c1, w)
        intensity = 2 * motion[5] * drag
        n1, n2 = normals(seed, ion, count)
        n3, n4 = normals(seed, ion, count + 2)
        n5, n6 = normals(seed, ion, count + 4)
        kick = np.sqrt(intensity * w)
        kx, ky, kz = kick * n1, kick * n2, kick * n3
        gxx, gyy, gzz = _about(b, cross / w, cross1.real / w, kx, ky, kz)
        own = np.sqrt(intensity * max(square - (cross.real**2 + cross.imag**2) / w, 0.0))
        own1 = np.sqrt(intensity * max(square1 - cross1.real**2 / w, 0.0))
        mx, my, mz = _about(b, complex(own, 0.0), own1, n4, n5, n6)
        ux, uy, uz = ux + kx, uy + ky, uz + kz
        px, py, pz = px + gxx + mx, py + gyy + my, pz + gzz + mz
    x, y, z = x + px, y + py, z + pz
    dx, dy, dz = _about(b, d, d1.real, ax, ay, az)
    _, gx, gy, gz = potential(tables, grids, x + dx, y + dy, max(z + dz, -0.02))
    ax, ay, az = 0.5 * (ax - per_mass * gx), 0.5 * (ay - per_mass * gy), 0.5 * (az - per_mass * gz)
    dx, dy, dz = _about(b, d, d1.real, ax, ay, az)
    sx, sy, sz = _about(b, c, c1.real, ax, ay, az)
    return x + dx, y + dy, z + dz, ux + sx, uy + sy, uz + sz
