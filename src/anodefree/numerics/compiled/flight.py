"""Ions flown through a cell, compiled: Runge-Kutta or the exact Langevin step, captured exactly where they meet an electrode.

Everything is scaled by the caller: lengths in the gap L, potentials in the voltage V, times in L sqrt(m/(qV)) of the cation, so
that a = s (-grad phi) + Lambda s v x b - Gamma v for each species. An ion that starts at one electrode is reflected by it and
captured by the other; the side of the cell reflects or lets it escape.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.counter_random import normals, uniform
from anodefree.numerics.compiled.spline_table import potential

_compiled = njit(cache=True, nogil=True, error_model="numpy")

NONE, BOSS, FLAT, TOP, SIDE = 0, 1, 2, 3, 4
SUMMARY = 16
"""Columns of the summary: start x y z, end x y z, surface, time, path length, turns of the velocity about the field, winding
about the axis, energy error, speed at the end, least distance from the axis, steps, canonical angular momentum error."""


@_compiled
def _turned(m, x, y, z):  # type: ignore[no-untyped-def]
    return (
        m[0, 0] * x + m[0, 1] * y + m[0, 2] * z,
        m[1, 0] * x + m[1, 1] * y + m[1, 2] * z,
        m[2, 0] * x + m[2, 1] * y + m[2, 2] * z,
    )


@_compiled
def _force(tables, patch, per_mass, bx, by, bz, drag, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    """The acceleration that Runge-Kutta takes."""
    _, gx, gy, gz = potential(tables, patch[0], patch[1], x, y, z)
    return (
        -per_mass * gx + (vy * bz - vz * by) - drag * vx,
        -per_mass * gy + (vz * bx - vx * bz) - drag * vy,
        -per_mass * gz + (vx * by - vy * bx) - drag * vz,
    )


@_compiled
def _angle(from_x, from_y, to_x, to_y):  # type: ignore[no-untyped-def]
    """The angle from one direction in the plane to another, in (-pi, pi]."""
    return np.arctan2(from_x * to_y - from_y * to_x, from_x * to_x + from_y * to_y)


@_compiled
def _rk4(tables, patch, per_mass, field, drag, h, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    bx, by, bz = field[0], field[1], field[2]
    g = 0.5 * h
    a1, b1, c1 = _force(tables, patch, per_mass, bx, by, bz, drag, x, y, z, vx, vy, vz)
    u2, v2, w2 = vx + g * a1, vy + g * b1, vz + g * c1
    a2, b2, c2 = _force(tables, patch, per_mass, bx, by, bz, drag, x + g * vx, y + g * vy, z + g * vz, u2, v2, w2)
    u3, v3, w3 = vx + g * a2, vy + g * b2, vz + g * c2
    a3, b3, c3 = _force(tables, patch, per_mass, bx, by, bz, drag, x + g * u2, y + g * v2, z + g * w2, u3, v3, w3)
    u4, v4, w4 = vx + h * a3, vy + h * b3, vz + h * c3
    a4, b4, c4 = _force(tables, patch, per_mass, bx, by, bz, drag, x + h * u3, y + h * v3, z + h * w3, u4, v4, w4)
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
def _langevin(tables, patch, per_mass, flow, noise, seed, ion, count, x, y, z, vx, vy, vz):  # type: ignore[no-untyped-def]
    """The exact step of the linear part, the force averaged over its two ends (second order); noise by the same draws."""
    decay, C, D = flow[0], flow[1], flow[2]
    _, gx, gy, gz = potential(tables, patch[0], patch[1], x, y, z)
    ax, ay, az = -per_mass * gx, -per_mass * gy, -per_mass * gz
    px, py, pz = _turned(C, vx, vy, vz)
    ux, uy, uz = _turned(decay, vx, vy, vz)
    if noise[0, 0, 0] > 0.0:
        n1, n2 = normals(seed, ion, count)
        n3, n4 = normals(seed, ion, count + 2)
        n5, n6 = normals(seed, ion, count + 4)
        kx, ky, kz = _turned(noise[0], n1, n2, n3)
        gxx, gyy, gzz = _turned(noise[1], kx, ky, kz)
        mx, my, mz = _turned(noise[2], n4, n5, n6)
        ux, uy, uz = ux + kx, uy + ky, uz + kz
        px, py, pz = px + gxx + mx, py + gyy + my, pz + gzz + mz
    dx, dy, dz = _turned(D, ax, ay, az)
    _, gx, gy, gz = potential(tables, patch[0], patch[1], x + px + dx, y + py + dy, max(z + pz + dz, -0.02))
    ax, ay, az = 0.5 * (ax - per_mass * gx), 0.5 * (ay - per_mass * gy), 0.5 * (az - per_mass * gz)
    dx, dy, dz = _turned(D, ax, ay, az)
    ex, ey, ez = _turned(C, ax, ay, az)
    return x + px + dx, y + py + dy, z + pz + dz, ux + ex, uy + ey, uz + ez


@_compiled
def _crossing(  # type: ignore[no-untyped-def]
    tables, patch, h, x0, y0, z0, u0, v0, w0, x1, y1, z1, u1, v1, w1, straight, upper
):
    """The part of a step after which the path meets an electrode: on the cubic through its ends, or a random path's chord."""
    low, high = 0.0, 1.0
    x, y, z = x1, y1, z1
    for _ in range(60):
        q = 0.5 * (low + high)
        if straight:
            x, y, z = x0 + q * (x1 - x0), y0 + q * (y1 - y0), z0 + q * (z1 - z0)
        else:
            a, b = (1 + 2 * q) * (1 - q) ** 2, q * (1 - q) ** 2 * h
            c, d = q * q * (3 - 2 * q), q * q * (q - 1) * h
            x, y, z = a * x0 + b * u0 + c * x1 + d * u1, a * y0 + b * v0 + c * y1 + d * v1, a * z0 + b * w0 + c * z1 + d * w1
        met = z > 1.0 if upper else potential(tables, patch[0], patch[1], x, y, z)[0] < 0.0
        if met:
            high = q
        else:
            low = q
    return 0.5 * (low + high), x, y, z


@_compiled
def fly(  # type: ignore[no-untyped-def]
    tables,
    patch,
    shape,
    start,
    first_ion,
    sign,
    per_mass,
    field,
    drag,
    flows,
    noises,
    levels,
    runge_kutta,
    base_step,
    near_tip,
    diffusion,
    most_time,
    escape,
    seed,
    record_every,
    record,
    out,
):
    """Fly ions from `start` (n, 6) to where they are captured; summaries go to `out` (n, SUMMARY), samples to `record`.

    `shape` is (boss base, boss height, cell radius, tip radius of curvature); `sign` +1 for ions that go down, -1 for up;
    `field` (3,) the angular frequency of gyration as a vector, signed; `flows` and `noises` (levels, 3, 3, 3) belong to steps
    of base_step / 2^level; `record` (m, samples, 4) takes x, y, z, t of the first m ions, NaN where there is none.
    """
    base, height, radius, tip = shape[0], shape[1], shape[2], shape[3]
    strength = np.sqrt(field[0] ** 2 + field[1] ** 2 + field[2] ** 2)
    noisy = noises[0, 0, 0, 0] > 0.0
    for n in range(start.shape[0]):
        ion = first_ion + n
        x, y, z, vx, vy, vz = start[n, 0], start[n, 1], start[n, 2], start[n, 3], start[n, 4], start[n, 5]
        out[n, 0], out[n, 1], out[n, 2] = x, y, z
        t, length, turns, winding, surface, steps = 0.0, 0.0, 0.0, 0.0, NONE, 0
        nearest = np.sqrt(x * x + y * y)
        energy0 = 0.5 * (vx * vx + vy * vy + vz * vz) + per_mass * potential(tables, patch[0], patch[1], x, y, z)[0]
        momentum0 = x * vy - y * vx + 0.5 * field[2] * (x * x + y * y)
        scale = 0.5 * (vx * vx + vy * vy + vz * vz) + abs(per_mass)
        kept = 0
        while t < most_time:
            if n < record.shape[0] and steps % record_every == 0 and kept < record.shape[1]:
                record[n, kept, 0], record[n, kept, 1], record[n, kept, 2], record[n, kept, 3] = x, y, z, t
                kept += 1
            reach = near_tip * (tip + np.sqrt(x * x + y * y + (z - height) ** 2))
            level = 0
            h = base_step
            moved = np.sqrt(vx * vx + vy * vy + vz * vz) * h
            if noisy:
                moved = np.sqrt(2 * diffusion * h)
            while level < levels - 1 and moved > reach:
                level += 1
                h *= 0.5
                moved *= 0.7071067811865476 if noisy else 0.5
            if runge_kutta:
                x1, y1, z1, u1, v1, w1 = _rk4(tables, patch, per_mass, field, drag, h, x, y, z, vx, vy, vz)
            else:
                x1, y1, z1, u1, v1, w1 = _langevin(
                    tables, patch, per_mass, flows[level], noises[level], seed, ion, 16 + 8 * steps, x, y, z, vx, vy, vz
                )
            steps += 1
            r1 = np.sqrt(x1 * x1 + y1 * y1)
            if r1 > radius:
                if escape:
                    q = min(max((radius - np.sqrt(x * x + y * y)) / (r1 - np.sqrt(x * x + y * y)), 0.0), 1.0)
                    x, y, z = x + q * (x1 - x), y + q * (y1 - y), z + q * (z1 - z)
                    t += q * h
                    vx, vy, vz = u1, v1, w1
                    surface = SIDE
                    break
                back = (2 * radius - r1) / r1
                radial = (x1 * u1 + y1 * v1) / (r1 * r1)
                u1, v1 = u1 - 2 * radial * x1, v1 - 2 * radial * y1
                x1, y1 = x1 * back, y1 * back
            if z1 > 1.0:
                if sign < 0:
                    q, ex, ey, _ = _crossing(tables, patch, h, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1, noisy, True)
                    length += np.sqrt((ex - x) ** 2 + (ey - y) ** 2 + (1.0 - z) ** 2)
                    x, y, z, t = ex, ey, 1.0, t + q * h
                    vx, vy, vz = vx + q * (u1 - vx), vy + q * (v1 - vy), vz + q * (w1 - vz)
                    surface = TOP
                    break
                z1, w1 = 2.0 - z1, -w1
            near = z1 < height + 0.05 or z1 < 0.05
            if near:
                phi1, hx, hy, hz = potential(tables, patch[0], patch[1], x1, y1, max(z1, -0.02))
                if z1 < -0.02:
                    phi1 = -1.0
                hit = phi1 < 0.0
                if not hit and noisy and sign > 0:
                    # A random path may have touched the wall between two points outside it (Brownian bridge).
                    phi0, kx, ky, kz = potential(tables, patch[0], patch[1], x, y, z)
                    size0 = max(np.sqrt(kx * kx + ky * ky + kz * kz), 1e-300)
                    size1 = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-300)
                    d0, d1 = max(phi0, 0.0) / size0, phi1 / size1
                    hit = uniform(seed, ion, 16 + 8 * (steps - 1) + 7) < np.exp(-d0 * d1 / (diffusion * h))
                    if hit:
                        past = 1.001 * d1 / size1
                        x1, y1, z1 = x1 - past * hx, y1 - past * hy, z1 - past * hz
                if hit and sign > 0:
                    q, ex, ey, ez = _crossing(
                        tables, patch, h, x, y, z, vx, vy, vz, x1, y1, max(z1, -0.02), u1, v1, w1, noisy, False
                    )
                    length += np.sqrt((ex - x) ** 2 + (ey - y) ** 2 + (ez - z) ** 2)
                    x, y, z, t = ex, ey, ez, t + q * h
                    vx, vy, vz = vx + q * (u1 - vx), vy + q * (v1 - vy), vz + q * (w1 - vz)
                    surface = BOSS if (x * x + y * y < base * base and z > 1e-9) else FLAT
                    break
                if hit:  # its own electrode reflects it
                    size2 = max(hx * hx + hy * hy + hz * hz, 1e-300)
                    shift = -2 * phi1 / size2
                    if z1 < 0.0 and (x1 * x1 + y1 * y1 > base * base):
                        z1, w1 = -z1, -w1
                    else:
                        dot = 2 * (u1 * hx + v1 * hy + w1 * hz) / size2
                        x1, y1, z1 = x1 + shift * hx, y1 + shift * hy, max(z1 + shift * hz, 1e-12)
                        u1, v1, w1 = u1 - dot * hx, v1 - dot * hy, w1 - dot * hz
            length += np.sqrt((x1 - x) ** 2 + (y1 - y) ** 2 + (z1 - z) ** 2)
            winding += _angle(x, y, x1, y1)
            if strength > 0.0:
                turns += _angle(vx, vy, u1, v1)
            x, y, z, vx, vy, vz = x1, y1, z1, u1, v1, w1
            nearest = min(nearest, np.sqrt(x * x + y * y))
            t += h
        if n < record.shape[0] and kept < record.shape[1]:
            record[n, kept, 0], record[n, kept, 1], record[n, kept, 2], record[n, kept, 3] = x, y, z, t
        phi_end = potential(tables, patch[0], patch[1], x, y, min(max(z, 0.0), 1.0))[0]
        energy = 0.5 * (vx * vx + vy * vy + vz * vz) + per_mass * phi_end
        out[n, 3], out[n, 4], out[n, 5], out[n, 6], out[n, 7], out[n, 8] = x, y, z, surface, t, length
        out[n, 9], out[n, 10], out[n, 11] = turns / (2 * np.pi), winding / (2 * np.pi), (energy - energy0) / scale
        out[n, 12], out[n, 13], out[n, 14] = np.sqrt(vx * vx + vy * vy + vz * vz), nearest, steps
        out[n, 15] = x * vy - y * vx + 0.5 * field[2] * (x * x + y * y) - momentum0
