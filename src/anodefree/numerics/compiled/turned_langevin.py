"""Compiled: the parts of a step of Langevin dynamics in a magnetic field, and rigid bonds held in it.

Places x, velocities v and forces (atom, 3). Bonds: their atoms (bond, 2), squared lengths and the inverse masses of atoms;
both kinds of holding go from bond to bond until every one is right, and return a bond that cannot be held, or -1.
*Source* Ryckaert, Ciccotti and Berendsen 1977; Andersen 1983.
"""

from __future__ import annotations

from typing import Final

from numba import njit

from anodefree.numerics.compiled.counter_random import normals

ROUNDS: Final = 200
DRAWS: Final = 4
"""Random numbers of an atom in a step: three, and one that is left."""


@njit(cache=True, nogil=True)
def kick(v, force, mass, step):  # type: ignore[no-untyped-def]
    """v ← v + h F/m."""
    for i in range(v.shape[0]):
        for k in range(3):
            v[i, k] += step * force[i, k] / mass[i]


@njit(cache=True, nogil=True)
def drift_turn_drift(x, v, step, stay, turned, shake, seed, count):  # type: ignore[no-untyped-def]
    """x ← x + hv/2; v ← turned, damped and shaken; x ← x + hv/2.

    Across the field v_x ← stay v_x + turned v_y and v_y ← stay v_y - turned v_x; `stay` and `shake` (atom, 3) hold damping and
    thermal velocities. Step `count` of a seed draws the same numbers whoever asks.
    """
    half = 0.5 * step
    for i in range(x.shape[0]):
        a, b = normals(seed, i, DRAWS * count)
        c, _ = normals(seed, i, DRAWS * count + 2)
        vx = stay[i, 0] * v[i, 0] + turned[i] * v[i, 1] + shake[i, 0] * a
        vy = stay[i, 1] * v[i, 1] - turned[i] * v[i, 0] + shake[i, 1] * b
        vz = stay[i, 2] * v[i, 2] + shake[i, 2] * c
        x[i, 0] += half * (v[i, 0] + vx)
        x[i, 1] += half * (v[i, 1] + vy)
        x[i, 2] += half * (v[i, 2] + vz)
        v[i, 0], v[i, 1], v[i, 2] = vx, vy, vz


@njit(cache=True, nogil=True)
def hold_bonds(x, v, before, step, bond, square, inverse, tolerance):  # type: ignore[no-untyped-def]
    """Bring bonds back to their lengths along where they lay `before`, and velocities with them."""
    for _ in range(ROUNDS):
        wrong = -1
        for n in range(bond.shape[0]):
            i, j = bond[n]
            short, along = square[n], 0.0
            for k in range(3):
                d = x[i, k] - x[j, k]
                short -= d * d
                along += d * (before[i, k] - before[j, k])
            if not abs(short) <= 2 * tolerance * square[n]:
                wrong = n
                share = short / (2 * (inverse[i] + inverse[j]) * along)
                for k in range(3):
                    move = share * (before[i, k] - before[j, k])
                    x[i, k] += move * inverse[i]
                    x[j, k] -= move * inverse[j]
                    v[i, k] += move * inverse[i] / step
                    v[j, k] -= move * inverse[j] / step
        if wrong < 0:
            break
    return wrong


@njit(cache=True, nogil=True)
def hold_speeds(x, v, step, bond, square, inverse, tolerance):  # type: ignore[no-untyped-def]
    """Take away velocities along bonds."""
    for _ in range(ROUNDS):
        wrong = -1
        for n in range(bond.shape[0]):
            i, j = bond[n]
            along = 0.0
            for k in range(3):
                along += (v[i, k] - v[j, k]) * (x[i, k] - x[j, k])
            if not abs(along) * step <= tolerance * square[n]:
                wrong = n
                share = along / ((inverse[i] + inverse[j]) * square[n])
                for k in range(3):
                    push = share * (x[i, k] - x[j, k])
                    v[i, k] -= push * inverse[i]
                    v[j, k] += push * inverse[j]
        if wrong < 0:
            break
    return wrong
