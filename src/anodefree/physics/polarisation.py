"""Steady polarisation of a cell: charge transfer at one or two electrodes, an ohmic drop, depletion of the electrolyte.

One electrode carries (with f = F/RT, η its overpotential, 1 + j/j_L the concentration at its surface over that of the bulk)

    j = j0 [exp((1 - α) f η) - (1 + j/j_L) exp(-α f η)],

which is explicit in η: j = j0 [exp((1 - α) f η) - exp(-α f η)] / [1 + (j0/j_L) exp(-α f η)]. The cell's potential is
E = η + j R for one electrode, and E = η(j) - η(-j) + j R for two alike that face each other.
*Valid when* one electron is transferred, the metal's activity is constant, and the profile in the electrolyte is steady: each
electrode then loses or gains concentration in proportion to j. *Source* Bard and Faulkner 2001, equations 3.4.10 and 1.4.11
(written for a metal: the reduced form does not deplete).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.errors import NumericalError
from anodefree.physics.butler_volmer import thermal_voltage_V

UNLIMITED = np.inf
"""A limiting current density that never limits."""


@dataclass(frozen=True)
class Steady:
    """Current density of a cell at a potential, and how it answers to what determines it; all of one broadcast shape."""

    current_density_A_m2: NDArray
    slope_A_m2_V: NDArray
    """dj/dE."""
    by_ln_j0: NDArray
    by_transfer_coefficient: NDArray
    by_area_resistance: NDArray
    by_ln_limit: NDArray


def electrode_A_m2(
    x: NDArray, j0: NDArray, alpha: NDArray, limit: NDArray
) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
    """j of one electrode at x = f η, and its derivatives by x, ln j0, α and ln j_L."""
    k = j0 / limit
    rise, fall = np.exp((1 - alpha) * x), np.exp(-alpha * x)
    # rise - fall without cancelling at small x
    free = j0 * np.exp((0.5 - alpha) * x) * 2 * np.sinh(x / 2)
    room = 1 + k * fall
    j = free / room
    by_x = (j0 * ((1 - alpha) * rise + alpha * fall) + j * alpha * k * fall) / room
    by_ln_j0 = (free - j * k * fall) / room
    return j, by_x, by_ln_j0, -x * by_ln_j0, j * k * fall / room


def _stripping(j: NDArray, j0: NDArray, limit: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """x = f η > 0 of an electrode (α = ½) that carries j > 0, and its derivatives by j, ln j0 and ln j_L.

    With s = 1 + j/j_L, x = ln s + 2 asinh(j / (2 j0 √s)): the inverse at the surface's concentration and its Nernst shift.
    """
    s = 1 + j / limit
    z = j / (2 * j0 * np.sqrt(s))
    turn = 2 / np.sqrt(1 + z**2)
    by_j = 1 / (s * limit) + turn * (1 / (2 * j0 * np.sqrt(s)) - z / (2 * s * limit))
    by_ln_limit = (j / limit) / s * (turn * z / 2 - 1)
    return np.log(s) + 2 * np.arcsinh(z), by_j, -turn * z, by_ln_limit


def steady(
    potential_V: ArrayLike,
    *,
    j0_A_m2: ArrayLike,
    transfer_coefficient: ArrayLike = 0.5,
    area_resistance_ohm_m2: ArrayLike = 0.0,
    limit_A_m2: ArrayLike = UNLIMITED,
    temperature_K: float = 298.15,
    electrodes: int = 1,
) -> Steady:
    """The current density that a cell carries at a potential [V] against rest, with its derivatives; arguments broadcast.

    Solved for the overpotential of the electrode that plates (two electrodes) or of the only one, by Newton's method kept in
    the bracket between 0 and E. With two electrodes α must be ½: a sum over both electrodes hardly depends on it.

    Raises
    ------
    NumericalError: no solution, which only values that are not numbers can cause.
    """
    f = 1 / float(thermal_voltage_V(temperature_K))
    given = (potential_V, j0_A_m2, transfer_coefficient, area_resistance_ohm_m2, limit_A_m2)
    e, j0, alpha, r, limit = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in given))
    fr, target, sign = f * r, f * e, np.ones_like(e)
    if electrodes == 2:  # odd in E: solve at |E| for the size of the plating electrode's overpotential
        sign, target, alpha = np.where(e < 0, -1.0, 1.0), np.abs(target), np.full_like(e, 0.5)
    low, high = np.minimum(target, 0), np.maximum(target, 0)
    x = _start(target, fr * j0, alpha)
    for _ in range(100):
        gap, slope = _gap(x, target, j0, alpha, fr, limit, electrodes)[:2]
        low, high = np.where(gap < 0, np.maximum(low, x), low), np.where(gap > 0, np.minimum(high, x), high)
        step = gap / slope
        new = x - step
        inside = (new >= low) & (new <= high)
        new = np.where(inside, new, 0.5 * (low + high))
        moved = np.abs(new - x)
        x = new
        if (moved <= 4e-16 * np.abs(x) + 1e-300).all() or float(np.max(moved / (1 + np.abs(x)), initial=0.0)) < 1e-15:
            break
    else:
        raise NumericalError("the cell's current was not found", "polarisation", "check the magnitude of the parameters")
    _, slope, j, by_x, own, opposite = _gap(x, target, j0, alpha, fr, limit, electrodes)
    scale = f * by_x / slope
    by = [p - by_x * (opposite[0] * p + q) / slope for p, q in zip(own, opposite[1:], strict=True)]
    by_r = -f * j * by_x / slope
    by_alpha = by[1] if electrodes == 1 else np.zeros_like(j)
    return Steady(sign * j, scale, sign * by[0], by_alpha, sign * by_r, sign * by[2])


def _start(target: NDArray, fr_j0: NDArray, alpha: NDArray) -> NDArray:
    """Where Newton begins: no further than where the ohmic drop alone would take the whole potential."""
    rate = np.where(target >= 0, 1 - alpha, alpha)
    size = np.abs(target)
    with np.errstate(divide="ignore", over="ignore"):
        ohmic = np.log1p(size / np.maximum(fr_j0, 1e-300)) / rate
    return np.sign(target) * np.minimum(size, ohmic)


def _gap(
    x: NDArray, target: NDArray, j0: NDArray, alpha: NDArray, fr: NDArray, limit: NDArray, electrodes: int
) -> tuple[NDArray, NDArray, NDArray, NDArray, tuple[NDArray, ...], tuple[NDArray, ...]]:
    """How far the potential at x is from the wanted one, its slope, j, dj/dx, dj/d(ln j0, α, ln j_L), and the derivatives
    of the potential that is not the electrode's own: by j, and by ln j0, α and ln j_L at constant j."""
    zero = np.zeros_like(x)
    if electrodes == 1:
        j, by_x, *own = electrode_A_m2(x, j0, alpha, limit)
        return x + fr * j - target, 1 + fr * by_x, j, by_x, tuple(own), (fr, zero, zero, zero)
    j, by_x, *own = electrode_A_m2(-x, j0, alpha, limit)
    j, own = -j, [-o for o in own]
    other, by_j, by_ln_j0, by_ln_limit = _stripping(j, j0, limit)
    beyond = by_j + fr
    return x + other + fr * j - target, 1 + beyond * by_x, j, by_x, tuple(own), (beyond, by_ln_j0, zero, by_ln_limit)
