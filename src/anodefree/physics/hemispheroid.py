"""The field of a conducting hemispheroid on a plane in a uniform field: the closed form that a solver must meet.

With the height h, the base b < h, c² = h² - b², and the prolate coordinate xi = (r1 + r2)/(2c), r1 and r2 being the distances
to the foci (0, +-c),

    phi = E0 z [1 - f(xi)/f(h/c)],   f(xi) = arccoth(xi) - 1/xi,

and for the hemisphere phi = E0 z (1 - a³/r³). The field at the tip is E0 / Lz with the depolarisation factor Lz of the
spheroid: 3 E0 for the hemisphere. *Source* Landau and Lifshitz, Electrodynamics of Continuous Media, 2nd ed. 1984, section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def potential_V(r_m: ArrayLike, z_m: ArrayLike, height_m: float, base_m: float, far_field_V_m: float) -> Floats:
    """phi [V], zero on the plane and on the boss, E0 z far away; points are outside the boss."""
    r, z = np.broadcast_arrays(np.asarray(r_m, dtype=float), np.asarray(z_m, dtype=float))
    if height_m == base_m:
        return np.asarray(far_field_V_m * z * (1 - (height_m / np.hypot(r, z)) ** 3))
    if height_m < base_m:
        raise ValueError("the closed form is that of a prolate spheroid: height >= base")
    c = np.sqrt(height_m**2 - base_m**2)
    xi = (np.hypot(r, z - c) + np.hypot(r, z + c)) / (2 * c)
    return np.asarray(far_field_V_m * z * (1 - _f(np.maximum(xi, 1 + 1e-15)) / _f(np.asarray(height_m / c))))


def tip_factor(height_m: float, base_m: float) -> float:
    """The field at the tip over the uniform field, 1/Lz: 3 for a hemisphere, 10.5 for 3.33 : 1."""
    if height_m == base_m:
        return 3.0
    e = np.sqrt(1 - (base_m / height_m) ** 2)
    return float(1 / ((1 - e**2) / e**2 * (np.arctanh(e) / e - 1)))


def ellipsoid_tip_factor(height_m: float, base_x_m: float, base_y_m: float) -> float:
    """The same for three unequal axes: Lz = abc/2 times the integral of ds/[(s + c²) sqrt((s + a²)(s + b²)(s + c²))]."""
    from scipy.special import elliprd

    a, b, c = (v / height_m for v in (base_x_m, base_y_m, height_m))
    return float(3 / (a * b * c * elliprd(a**2, b**2, c**2)))


def _f(xi: Floats) -> Floats:
    """arccoth(xi) - 1/xi, by its series where the two cancel."""
    far = xi > 20.0
    u = 1 / xi
    series = u**3 * (1 / 3 + u**2 * (1 / 5 + u**2 * (1 / 7 + u**2 / 9)))
    return np.where(far, series, np.arctanh(np.where(far, 0.5, u)) - np.where(far, 0.0, u))
