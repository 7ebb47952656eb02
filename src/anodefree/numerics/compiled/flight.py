"""Ions flown through a cell, compiled: stepped by the scheme asked for, captured exactly where they meet an electrode.

Everything is scaled by the caller: lengths in the gap L, potentials in a voltage U, times in L sqrt(m/(|q|U)), so that
a = s (-grad phi) + v x w - Gamma v for each species. An ion that starts at one electrode is reflected by it and captured by the
other; the side of the cell reflects or lets it escape. A random step may end far behind a wall: there the force is that of the
tables' edge.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.counter_random import uniform
from anodefree.numerics.compiled.langevin_in_map import langevin_in_map
from anodefree.numerics.compiled.spline_table import potential
from anodefree.numerics.compiled.steps import (
    BORIS,
    DRAWS,
    EXACT,
    OVERDAMPED,
    RK4,
    ROTATION,
    langevin,
    leapfrog,
    overdamped,
    rk4,
)

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
_inlined = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)

NONE, BOSS, FLAT, TOP, SIDE = 0, 1, 2, 3, 4
SHORTEST = 1e-4
"""Part of a step below which a second bounce is not followed."""
LOWEST = -0.02
"""Below the lower electrode the tables reach a little further than this."""
SUMMARY = 16
"""Columns of the summary: start x y z, end x y z, surface, time, path length, turns of the velocity about the field, winding
about the axis, energy error, speed at the end, angular momentum error, least distance from the axis, steps."""


@_inlined
def _rounds(x, y, x1, y1):  # type: ignore[no-untyped-def]
    """+1 or -1 where the chord from one point to another crosses the half axis on which the angle jumps by a turn."""
    if (y >= 0.0) == (y1 >= 0.0):
        return 0
    side = x * y1 - y * x1
    if y >= 0.0:
        return 1 if side > 0.0 else 0
    return -1 if side < 0.0 else 0


@_inlined
def _on_the_way(q, h, straight, x0, y0, z0, u0, v0, w0, x1, y1, z1, u1, v1, w1):  # type: ignore[no-untyped-def]
    """The place after a part q of a step: on the cubic through its ends, or on a random path's chord."""
    if straight:
        return x0 + q * (x1 - x0), y0 + q * (y1 - y0), z0 + q * (z1 - z0)
    a, b = (1 + 2 * q) * (1 - q) ** 2, q * (1 - q) ** 2 * h
    c, d = q * q * (3 - 2 * q), q * q * (q - 1) * h
    return a * x0 + b * u0 + c * x1 + d * u1, a * y0 + b * v0 + c * y1 + d * v1, a * z0 + b * w0 + c * z1 + d * w1


@_inlined
def _speed_on_the_way(q, h, x0, u0, x1, u1):  # type: ignore[no-untyped-def]
    """One component of the velocity there: the cubic's slope."""
    return 6 * q * (1 - q) * (x1 - x0) / h + (1 - q) * (1 - 3 * q) * u0 + q * (3 * q - 2) * u1


@_compiled
def _crossing(wall, grids, radius, h, straight, what, x0, y0, z0, u0, v0, w0, x1, y1, z1, u1, v1, w1):  # type: ignore[no-untyped-def]
    """The part of a step after which the path meets the upper electrode, the side, or the lower one: bisected to rounding."""
    low, high = 0.0, 1.0
    for _ in range(52):
        q = 0.5 * (low + high)
        x, y, z = _on_the_way(q, h, straight, x0, y0, z0, u0, v0, w0, x1, y1, z1, u1, v1, w1)
        if what == TOP:
            met = z > 1.0
        elif what == SIDE:
            met = x * x + y * y > radius * radius
        else:
            met = z < 0.0 or potential(wall, grids, x, y, z)[0] < 0.0
        if met:
            high = q
        else:
            low = q
    return 0.5 * (low + high)


@_inlined
def _inside(wall, grids, shape, x, y, z):  # type: ignore[no-untyped-def]
    """Whether a point is in the lower electrode."""
    if z < 0.0:
        return True
    if z > shape[1] or x * x + y * y > shape[4] * shape[4]:
        return False
    return potential(wall, grids, x, y, z)[0] < 0.0


@_inlined
def _lower(base, x, y, z):  # type: ignore[no-untyped-def]
    return BOSS if x * x + y * y < base * base and z > 1e-9 else FLAT


@_inlined
def _fate(wall, grids, shape, h, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1):  # type: ignore[no-untyped-def]
    """What a smooth path meets first within a step, after which part of it, and where and how fast it is then."""
    radius, what, part = shape[2], NONE, 1.0
    if x1 * x1 + y1 * y1 > radius * radius:
        what, part = (
            SIDE,
            _crossing(wall, grids, radius, h, False, SIDE, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1),
        )
    if z1 > 1.0:
        q = _crossing(wall, grids, radius, h, False, TOP, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
        if q < part:
            what, part = TOP, q
    elif _inside(wall, grids, shape, x1, y1, z1):
        q = _crossing(wall, grids, radius, h, False, FLAT, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
        if q < part:
            what, part = FLAT, q
    if what == NONE:
        return NONE, 1.0, x1, y1, z1, u1, v1, w1
    ex, ey, ez = _on_the_way(part, h, False, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
    u1, v1, w1 = (
        _speed_on_the_way(part, h, x, vx, x1, u1),
        _speed_on_the_way(part, h, y, vy, y1, v1),
        _speed_on_the_way(part, h, z, vz, z1, w1),
    )
    if what == FLAT:
        what = _lower(shape[0], ex, ey, ez)
    return what, part, ex, ey, ez, u1, v1, w1


@_compiled
def _mirrored(wall, grids, what, x, y, z, u, v, w):  # type: ignore[no-untyped-def]
    """A velocity after a wall has thrown it back."""
    if what == TOP:
        return u, v, -abs(w)
    if what == FLAT and z < 1e-9:
        return u, v, abs(w)
    if what == SIDE:
        radial = 2 * max(x * u + y * v, 0.0) / (x * x + y * y)
        return u - radial * x, v - radial * y, w
    _, gx, gy, gz = potential(wall, grids, x, y, z)
    into = 2 * min(gx * u + gy * v + gz * w, 0.0) / max(gx * gx + gy * gy + gz * gz, 1e-300)
    return u - into * gx, v - into * gy, w - into * gz


@_compiled
def _drawn_fate(  # type: ignore[no-untyped-def]
    wall,
    grids,
    shape,
    escape,
    sign,
    margin,
    bridge,
    seed,
    ion,
    count,
    h,
    x,
    y,
    z,
    vx,
    vy,
    vz,
    x1,
    y1,
    z1,
    u1,
    v1,
    w1,
):
    """The same for a random path, which may also have touched a wall between two points outside it (Brownian bridge).

    Walls that throw it back mirror its place, as an even continuation of the density does.
    """
    base, height, radius, reach = shape[0], shape[1], shape[2], shape[4]
    r1 = x1 * x1 + y1 * y1
    if r1 > radius * radius:
        if escape:
            part = _crossing(wall, grids, radius, h, True, SIDE, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
            return SIDE, part, x + part * (x1 - x), y + part * (y1 - y), z + part * (z1 - z), u1, v1, w1
        back = max(2 * radius - np.sqrt(r1), 0.0) / np.sqrt(r1)
        u1, v1, w1 = _mirrored(wall, grids, SIDE, x1, y1, z1, u1, v1, w1)
        x1, y1 = x1 * back, y1 * back
        r1 = x1 * x1 + y1 * y1
    what = NONE
    if sign > 0:
        if z1 > 1.0:
            z1, w1 = 2.0 - z1, -w1
        if z1 < margin or (z1 < height + margin and r1 < (reach + margin) ** 2):
            d1, gx, gy, gz = potential(wall, grids, x1, y1, max(z1, LOWEST))
            if z1 < 0.0 or d1 < 0.0:
                what = FLAT
            else:
                slope1 = max(np.sqrt(gx * gx + gy * gy + gz * gz), 1e-300)
                d0, kx, ky, kz = potential(wall, grids, x, y, max(z, LOWEST))
                slope0 = max(np.sqrt(kx * kx + ky * ky + kz * kz), 1e-300)
                if uniform(seed, ion, count) < np.exp(-2 * max(d0, 0.0) / slope0 * d1 / slope1 / bridge):
                    what, past = FLAT, 1.001 * d1 / (slope1 * slope1)
                    x1, y1, z1 = x1 - past * gx, y1 - past * gy, z1 - past * gz
    else:
        if z1 > 1.0 or (z1 > 1.0 - margin and uniform(seed, ion, count) < np.exp(-2 * (1.0 - z) * (1.0 - z1) / bridge)):
            what, z1 = TOP, max(z1, 1.0 + 1e-9)
        elif z1 < 0.0 and shape[5] > 0.0:
            z1, w1 = -z1, abs(w1)
        elif _inside(wall, grids, shape, x1, y1, z1):
            z1 = max(z1, LOWEST)
            d1, gx, gy, gz = potential(wall, grids, x1, y1, z1)
            u1, v1, w1 = _mirrored(wall, grids, BOSS, x1, y1, z1, u1, v1, w1)
            shift = -2 * d1 / max(gx * gx + gy * gy + gz * gz, 1e-300)
            x1, y1, z1 = x1 + shift * gx, y1 + shift * gy, max(z1 + shift * gz, 1e-12)
    if what == NONE:
        return NONE, 1.0, x1, y1, z1, u1, v1, w1
    z1 = max(z1, LOWEST)
    part = _crossing(wall, grids, radius, h, True, what, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
    x1, y1, z1 = x + part * (x1 - x), y + part * (y1 - y), z + part * (z1 - z)
    if what == FLAT:
        what = _lower(base, x1, y1, z1)
    return what, part, x1, y1, z1, vx + part * (u1 - vx), vy + part * (v1 - vy), vz + part * (w1 - vz)


@_inlined
def _level(near_tip, shape, levels, moved, shrink, x, y, z):  # type: ignore[no-untyped-def]
    """How often a step that moves an ion by `moved` is halved, so that it stays short beside the distance from the tip.

    On a surface that is rough all over, it is the distance from the plane through its highest point.
    """
    tip = shape[3]
    if moved <= near_tip * tip:
        return 0
    if shape[5] > 0.0:
        reach = near_tip * (tip + np.sqrt(x * x + y * y + (z - shape[1]) ** 2))
    else:
        reach = near_tip * (tip + max(z - shape[1], 0.0))
    level = 0
    while level < levels - 1 and moved > reach:
        level += 1
        moved *= shrink
    return level


@_compiled
def fly(  # type: ignore[no-untyped-def]
    tables, wall, grids, flux, layout, shape, motion, frame, scheme, flows, noises, levels, base_step, near_tip,
    spreads, bridges, most_time, escape, sign, seed, first_ion, start, record_every, record, out,
):  # fmt: skip
    """Fly ions from `start` (n, 6) to where they are captured; summaries go to `out` (n, SUMMARY), samples to `record`.

    The fields are those of `steps`; `wall` are tables of a potential that vanishes on the lower electrode; `shape` is (boss
    base, boss height, cell radius, tip radius of curvature, how far from the axis metal rises, 1 for one protrusion on the axis
    or 0 for a surface that is rough all over); `frame` (2, 3) spans the plane in which turns are counted; `sign`
    is +1 for ions that go down, -1 for up. `flows`, `noises`, `spreads` (rms displacement) and `bridges` (variance of a random
    path between its ends) belong to steps of base_step / 2^level. `record` (m, samples, 4) takes x, y, z, t of the first ions.
    """
    per_mass = motion[0]
    noisy = spreads[0] > 0.0
    drawn = noisy or scheme == OVERDAMPED
    shrink = 0.7071067811865476 if noisy else 0.5
    carried = scheme not in (BORIS, ROTATION)
    along = motion[3]
    margin = 5.0 * spreads[0] if drawn else 0.0  # a jump from the wall to beyond it is one in a million
    for n in range(start.shape[0]):
        ion = first_ion + n
        x, y, z, vx, vy, vz = start[n, 0], start[n, 1], start[n, 2], start[n, 3], start[n, 4], start[n, 5]
        t, length, rounds, turns, surface, steps, kept = 0.0, 0.0, 0, 0, NONE, 0, 0
        nearest = x * x + y * y
        p, q = frame[0, 0] * vx + frame[0, 1] * vy + frame[0, 2] * vz, frame[1, 0] * vx + frame[1, 1] * vy + frame[1, 2] * vz
        first_angle, at_rest = np.arctan2(q, p), p == 0.0 and q == 0.0
        phi, gx, gy, gz = potential(tables, grids, x, y, z)
        square = vx * vx + vy * vy + vz * vz
        energy0, scale = 0.5 * square + per_mass * phi, 0.5 * square + 1.0
        momentum0 = x * vy - y * vx + 0.5 * along * nearest
        while t < most_time:
            if n < record.shape[0] and steps % record_every == 0 and kept < record.shape[1]:
                record[n, kept, 0], record[n, kept, 1], record[n, kept, 2], record[n, kept, 3] = x, y, z, t
                kept += 1
            moved = spreads[0] if noisy else np.sqrt(vx * vx + vy * vy + vz * vz) * base_step
            level = _level(near_tip, shape, levels, moved, shrink, x, y, z)
            h = base_step / (1 << level)
            count = 16 + DRAWS * steps
            if not carried:
                x1, y1, z1, u1, v1, w1 = leapfrog(
                    tables, grids, flux, layout, motion, h, scheme == ROTATION, x, y, z, vx, vy, vz
                )
            elif scheme == RK4:
                x1, y1, z1, u1, v1, w1 = rk4(tables, grids, flux, layout, motion, h, gx, gy, gz, x, y, z, vx, vy, vz)
            elif scheme == EXACT and flux.shape[1] > 0:
                x1, y1, z1, u1, v1, w1 = langevin_in_map(
                    tables, grids, flux, layout, motion, flows[level, 1, 0, 0], flows[level, 2, 0, 0], h,
                    noisy, seed, ion, count, gx, gy, gz, x, y, z, vx, vy, vz,
                )  # fmt: skip
            elif scheme == EXACT:
                x1, y1, z1, u1, v1, w1 = langevin(
                    tables, grids, motion, flows, noises, level, noisy, seed, ion, count, gx, gy, gz, x, y, z, vx, vy, vz
                )
            else:
                x1, y1, z1, u1, v1, w1 = overdamped(
                    tables, grids, flux, layout, motion, h, spreads[level], seed, ion, count, gx, gy, gz, x, y, z
                )
            steps += 1
            if drawn:
                fate, part, x1, y1, z1, u1, v1, w1 = _drawn_fate(
                    wall, grids, shape, escape, sign, margin, bridges[level], seed, ion, count + 7, h,
                    x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1,
                )  # fmt: skip
            else:
                fate, part, x1, y1, z1, u1, v1, w1 = _fate(wall, grids, shape, h, x, y, z, vx, vy, vz, x1, y1, z1, u1, v1, w1)
                own = fate == TOP if sign > 0 else fate in (BOSS, FLAT)
                if own or (fate == SIDE and not escape):
                    u1, v1, w1 = _mirrored(wall, grids, fate, x1, y1, z1, u1, v1, w1)
                    fate = NONE
                    part = part if part > SHORTEST else 1.0  # an ion that is pressed on a wall stays there for a step
            h *= part
            surface = fate
            if carried and surface == NONE:
                _, gx, gy, gz = potential(tables, grids, x1, y1, max(z1, LOWEST))
            r1 = x1 * x1 + y1 * y1
            length += np.sqrt((x1 - x) ** 2 + (y1 - y) ** 2 + (z1 - z) ** 2)
            rounds += _rounds(x, y, x1, y1)
            p1 = frame[0, 0] * u1 + frame[0, 1] * v1 + frame[0, 2] * w1
            q1 = frame[1, 0] * u1 + frame[1, 1] * v1 + frame[1, 2] * w1
            if at_rest:
                first_angle, at_rest = np.arctan2(q1, p1), p1 == 0.0 and q1 == 0.0
            else:
                turns += _rounds(p, q, p1, q1)
            p, q = p1, q1
            x, y, z, vx, vy, vz = x1, y1, z1, u1, v1, w1
            nearest = min(nearest, r1)
            t += h
            if surface != NONE:
                break
        if n < record.shape[0] and kept < record.shape[1]:
            record[n, kept, 0], record[n, kept, 1], record[n, kept, 2], record[n, kept, 3] = x, y, z, t
        square = vx * vx + vy * vy + vz * vz
        energy = 0.5 * square + per_mass * potential(tables, grids, x, y, min(max(z, 0.0), 1.0))[0]
        turn = (np.arctan2(q, p) - first_angle) / (2 * np.pi) + turns
        wound = (np.arctan2(y, x) - np.arctan2(start[n, 1], start[n, 0])) / (2 * np.pi) + rounds
        out[n, 0], out[n, 1], out[n, 2], out[n, 3], out[n, 4], out[n, 5] = start[n, 0], start[n, 1], start[n, 2], x, y, z
        out[n, 6], out[n, 7], out[n, 8], out[n, 9], out[n, 10] = surface, t, length, turn, wound
        out[n, 11], out[n, 12] = (energy - energy0) / scale, np.sqrt(square)
        out[n, 13] = x * vy - y * vx + 0.5 * along * (x * x + y * y) - momentum0
        out[n, 14], out[n, 15] = np.sqrt(nearest), steps
