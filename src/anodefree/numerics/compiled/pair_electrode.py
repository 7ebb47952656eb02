"""A lithium electrode at a current: coverage of its collector, charge transfer through the film, nucleation; compiled.

See `anodefree.physics.lithium_pair` for the equations.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics.compiled.film_kinetics import through_film
from anodefree.numerics.pair_terms import FOIL, FRESH

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_LEAST = 1e-14
HUGE_V = 1e6


@_compiled
def reduced_overpotential(y, a):  # type: ignore[no-untyped-def]
    """e with exp(a e) - exp(-(1 - a) e) = y: Newton's method on its logarithm, concave and rising, from below the root."""
    if a == 0.5:
        return 2.0 * np.arcsinh(0.5 * y)
    if y == 0.0:
        return 0.0
    up = a if y > 0.0 else 1.0 - a
    size = abs(y)
    e = size / (1.0 + up * size)
    target = np.log(size)
    for _ in range(100):
        step = (target - up * e - np.log(-np.expm1(-e))) / (up + 1.0 / np.expm1(min(e, 700.0)))
        e += step
        if abs(step) <= 1e-15 * e:
            break
    return e if y > 0.0 else -e


@_compiled
def coverage(lithium, side):  # type: ignore[no-untyped-def]
    """1 - exp(-(m/m_c)^(2/3)) of an electrode's lithium account: half spheres that overlap."""
    m = lithium[FOIL] + lithium[FRESH]
    return -np.expm1(-((m / side.covering_C_m2) ** (2.0 / 3.0))) if m > 0.0 else 0.0


@_compiled
def film_ohm_m2(side, time_s, throughput):  # type: ignore[no-untyped-def]
    """Resistance of the film after this time and throughput."""
    return side.film_ohm_m2 * (np.sqrt(1.0 + time_s / side.film_parabolic_s) + throughput / side.film_C_m2)


@_compiled
def electrode_V(plating, lithium, side, c_ratio, time_s, throughput, thermal_V):  # type: ignore[no-untyped-def]
    """(overpotential without, with the film) [V], positive on plating, at a current density that is positive on plating."""
    if plating == 0.0:
        return 0.0, 0.0
    a = side.transfer
    j0 = side.exchange_A_m2 * c_ratio ** (1.0 - a)
    film = film_ohm_m2(side, time_s, throughput)
    covered = coverage(lithium, side)
    bare = 1.0 - covered
    fresh = lithium[FRESH]
    area = covered * (1.0 + (side.roughness - 1.0) * fresh / (fresh + side.roughness_C_m2))
    if area > _LEAST:
        local = plating / area
        v = thermal_V * reduced_overpotential(local / j0, a) + local * film
        if plating < 0.0 or (side.nucleation_V == 0.0 and covered == 1.0) or v <= side.nucleation_V or bare < _LEAST:
            return v - local * film, v
    elif plating < 0.0:
        return -HUGE_V, -HUGE_V
    else:
        v = np.inf
    if bare > _LEAST:
        on_bare = plating / bare
        v = min(v, side.nucleation_V + thermal_V * reduced_overpotential(on_bare / j0, a) + on_bare * film)
    drive, exchange, resistance = np.empty(2), np.full(2, j0), np.full(2, film)
    left, current, slope = np.ones(2), np.empty(2), np.empty(2)
    for _ in range(60):
        drive[0], drive[1] = v, max(v - side.nucleation_V, 0.0)
        through_film(drive, exchange, resistance, a, 1.0 / thermal_V, left, current, slope)
        rate = area * slope[0] + (bare * slope[1] if v > side.nucleation_V else 0.0)
        step = (area * current[0] + bare * current[1] - plating) / rate
        v -= step
        if abs(step) <= 1e-12 * (thermal_V + abs(v)):
            break
    local = current[0] if area > _LEAST else plating
    return v - local * film, v
