"""Charge transfer through a resistive film at many places at once, and its slope, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
HIGHEST = 40.0
"""Largest exponent, in RT/F: beyond it the rate no longer grows by its law but in a straight line."""


@_compiled
def _rate(e, exchange, rise):  # type: ignore[no-untyped-def]
    """exchange (exp(rise e) - exp(-(1 - rise) e)) and its slope in e; continued straight where the exponent is too large."""
    f = min(max(e, -HIGHEST), HIGHEST)
    up, down = np.exp(rise * f), np.exp((rise - 1.0) * f)
    slope = exchange * (rise * up + (1.0 - rise) * down)
    return exchange * (up - down) + slope * (e - f), slope


@_compiled
def through_film(drive, exchange, resistance, rise, per_volt, left, current, slope):  # type: ignore[no-untyped-def]
    """i with i = exchange (exp(a e) - exp(-(1 - a) e)), e = f (drive - resistance i): the film and the reaction in series.

    `drive` [V] is liquid minus metal, positive while plating; `per_volt` is f = F/RT, `rise` is a. Where it strips, i is
    multiplied by `left` (0 to 1), the share of the place that still has metal. `current` and `slope` = di/d(drive) are filled.
    Newton's method on e + f R i(e) = f drive, which is convex on either side of zero, from beyond the root.
    """
    for n in range(drive.size):
        target = per_volt * drive[n]
        weight = per_volt * resistance[n]
        e = target
        if weight > 0.0 and exchange[n] > 0.0:
            small = min(rise, 1.0 - rise)
            bound = np.arcsinh(0.5 * abs(target) / (weight * exchange[n])) / small
            if bound < abs(e):
                e = np.sign(target) * bound
            for _ in range(60):
                value, rate = _rate(e, exchange[n], rise)
                step = (e + weight * value - target) / (1.0 + weight * rate)
                e -= step
                if abs(step) <= 1e-13 * (1.0 + abs(e)):
                    break
        value, rate = _rate(e, exchange[n], rise)
        share = left[n] if value < 0.0 else 1.0
        current[n] = share * value
        slope[n] = share * per_volt * rate / (1.0 + weight * rate)
