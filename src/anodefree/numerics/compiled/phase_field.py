"""Pieces of phase-field models on an even two-dimensional grid, compiled: the double well, anisotropic gradients, face means.

Arrays are (z, x). Sides are mirrors, or periodic in x where said so.
"""

from __future__ import annotations

import math

from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
_inlined = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"}, forceinline=True)


@_inlined
def interpolated(xi):  # type: ignore[no-untyped-def]
    """h = xi^3 (10 - 15 xi + 6 xi^2) between 0 and 1, whatever xi."""
    x = min(max(xi, 0.0), 1.0)
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))


@_inlined
def _slope(xi):  # type: ignore[no-untyped-def]
    """dh/dxi."""
    x = min(max(xi, 0.0), 1.0)
    return 30.0 * x * x * (1.0 - x) * (1.0 - x)


@_inlined
def _stiffness(gx, gz, strength, cos4, sin4):  # type: ignore[no-untyped-def]
    """k(theta) = 1 + strength cos 4(theta - theta0) and k'/2 for the normal along (gx, gz); 1 and 0 where there is none."""
    square = gx * gx + gz * gz
    if square < 1e-20:
        return 1.0, 0.0
    a, b = gx * gx / square, gx * gz / square
    c, s = 1.0 - 8.0 * b * b, 4.0 * b * (2.0 * a - 1.0)
    return 1.0 + strength * (c * cos4 + s * sin4), -2.0 * strength * (s * cos4 - c * sin4)


@_compiled
def anisotropic_flux(flux_x, flux_z, field, spacing_x, spacing_z, strength, angle, periodic):  # type: ignore[no-untyped-def]
    """k grad f + k'/2 (-f_z, f_x) less grad f on the inner faces: what the anisotropy adds to an isotropic gradient.

    The variation of the integral of k(theta) |grad f|^2 / 2 is minus the divergence of the whole flux (Kobayashi).
    """
    nz, nx = field.shape
    cos4, sin4 = math.cos(4.0 * angle), math.sin(4.0 * angle)
    for k in range(nz):
        down, up = max(k - 1, 0), min(k + 1, nz - 1)
        for i in range(nx + 1):
            flux_x[k, i] = 0.0
            if (i == 0 or i == nx) and not periodic:
                continue
            left, right = (i - 1) % nx, i % nx
            gx = (field[k, right] - field[k, left]) / spacing_x
            gz = 0.25 * (field[up, right] + field[up, left] - field[down, right] - field[down, left]) / spacing_z
            stiff, turn = _stiffness(gx, gz, strength, cos4, sin4)
            flux_x[k, i] = (stiff - 1.0) * gx - turn * gz
    for k in range(nz + 1):
        for i in range(nx):
            flux_z[k, i] = 0.0
            if k == 0 or k == nz:
                continue
            left, right = ((i - 1) % nx, (i + 1) % nx) if periodic else (max(i - 1, 0), min(i + 1, nx - 1))
            gz = (field[k, i] - field[k - 1, i]) / spacing_z
            gx = 0.25 * (field[k, right] + field[k - 1, right] - field[k, left] - field[k - 1, left]) / spacing_x
            stiff, turn = _stiffness(gx, gz, strength, cos4, sin4)
            flux_z[k, i] = (stiff - 1.0) * gz + turn * gx


@_compiled
def metal_change(right, diagonal, xi, salt, potential, flux_x, flux_z, spacing_x, spacing_z, step, numbers, periodic):  # type: ignore[no-untyped-def]
    """Right side and diagonal of the linearly implicit step of the phase: xi_t of the old state, and 1/step + L g''.

    `numbers` are mobility, barrier, gradient coefficient, reaction rate, charge transfer coefficient and F/RT.
    """
    mobility, barrier, gradient, reaction, transfer, per_volt = numbers
    nz, nx = xi.shape
    for k in range(nz):
        down, up = max(k - 1, 0), min(k + 1, nz - 1)
        for i in range(nx):
            left, right_cell = ((i - 1) % nx, (i + 1) % nx) if periodic else (max(i - 1, 0), min(i + 1, nx - 1))
            x = xi[k, i]
            bent = (xi[k, left] - 2.0 * x + xi[k, right_cell]) / spacing_x**2 + (
                xi[down, i] - 2.0 * x + xi[up, i]
            ) / spacing_z**2
            bent += (flux_x[k, i + 1] - flux_x[k, i]) / spacing_x + (flux_z[k + 1, i] - flux_z[k, i]) / spacing_z
            rate = -mobility * (2.0 * barrier * x * (1.0 - x) * (1.0 - 2.0 * x) - gradient * bent)
            slope = _slope(x)
            if slope > 0.0:
                v = min(max(per_volt * potential[k, i], -60.0), 60.0)
                rate -= reaction * slope * (math.exp((1.0 - transfer) * v) - max(salt[k, i], 0.0) * math.exp(-transfer * v))
            right[k, i] = rate
            diagonal[k, i] = 1.0 / step + mobility * max(2.0 * barrier * (1.0 - 6.0 * x * (1.0 - x)), 0.0)


@_compiled
def conduction_faces(tx, tz, xi, metal, electrolyte, ratio, periodic):  # type: ignore[no-untyped-def]
    """Harmonic face means of metal h + electrolyte (1 - h) on inner faces; z faces times `ratio` = (dx/dz)^2."""
    nz, nx = xi.shape
    tx[:] = 0.0
    tz[:] = 0.0
    for k in range(nz):
        for i in range(nx):
            here = electrolyte + (metal - electrolyte) * interpolated(xi[k, i])
            if i > 0 or periodic:
                left = electrolyte + (metal - electrolyte) * interpolated(xi[k, i - 1])
                tx[k, i] = 2.0 * here * left / (here + left)
            if k > 0:
                below = electrolyte + (metal - electrolyte) * interpolated(xi[k - 1, i])
                tz[k, i] = 2.0 * ratio * here * below / (here + below)
        if periodic:
            tx[k, nx] = tx[k, 0]


@_compiled
def drift_faces(tx, tz, weight, potential, xi, metal, electrolyte, per_volt, ratio, periodic):  # type: ignore[no-untyped-def]
    """Faces of diffusion with drift for w = c exp(f phi), which makes div D (grad c + c f grad phi) symmetric.

    The flux on a face is exact for an even field between two cells (Scharfetter and Gummel).
    """
    nz, nx = xi.shape
    conduction_faces(tx, tz, xi, metal, electrolyte, ratio, periodic)
    for k in range(nz):
        for i in range(nx):
            weight[k, i] = math.exp(-per_volt * potential[k, i])
    for k in range(nz):
        for i in range(nx):
            if i > 0 or periodic:
                left = i - 1 if i > 0 else nx - 1
                tx[k, i] *= _between(per_volt * (potential[k, i] - potential[k, left]), weight[k, left])
            if k > 0:
                tz[k, i] *= _between(per_volt * (potential[k, i] - potential[k - 1, i]), weight[k - 1, i])
        if periodic:
            tx[k, nx] = tx[k, 0]


@_inlined
def _between(rise, weight):  # type: ignore[no-untyped-def]
    """One over the mean of exp(f phi) between two cells: weight rise / (exp(rise) - 1)."""
    if abs(rise) < 1e-5:
        return weight * (1.0 - 0.5 * rise)
    return weight * rise / math.expm1(rise)


@_compiled
def gained(change, field, tx, tz):  # type: ignore[no-untyped-def]
    """What flows into every cell through its inner faces: the sum of T (field of the neighbour - field)."""
    nz, nx = field.shape
    for k in range(nz):
        for i in range(nx):
            here = field[k, i]
            total = tx[k, i] * (field[k, i - 1] - here) + tx[k, i + 1] * (field[k, (i + 1) % nx] - here)
            total += tz[k, i] * (field[max(k - 1, 0), i] - here) + tz[k + 1, i] * (field[min(k + 1, nz - 1), i] - here)
            change[k, i] = total


@_compiled
def free_energy(xi, spacing_x, spacing_z, barrier, gradient, strength, angle):  # type: ignore[no-untyped-def]
    """The integral of barrier xi^2 (1 - xi)^2 + gradient k(theta) |grad xi|^2 / 2 over a box with mirrors."""
    nz, nx = xi.shape
    cos4, sin4 = math.cos(4.0 * angle), math.sin(4.0 * angle)
    total = 0.0
    for k in range(nz):
        down, up = max(k - 1, 0), min(k + 1, nz - 1)
        for i in range(nx):
            left, right = max(i - 1, 0), min(i + 1, nx - 1)
            x = xi[k, i]
            square = 0.5 * ((xi[k, right] - x) ** 2 + (x - xi[k, left]) ** 2) / spacing_x**2
            square += 0.5 * ((xi[up, i] - x) ** 2 + (x - xi[down, i]) ** 2) / spacing_z**2
            gx, gz = (xi[k, right] - xi[k, left]) / spacing_x, (xi[up, i] - xi[down, i]) / spacing_z
            stiff, _ = _stiffness(gx, gz, strength, cos4, sin4)
            total += barrier * x * x * (1.0 - x) ** 2 + 0.5 * gradient * stiff * square
    return total * spacing_x * spacing_z
