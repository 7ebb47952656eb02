"""Contact of a tip with an elastic half-space: force against indentation with and without adhesion, and which theory holds.

Every law is F = C δⁿ with C = (shape factor) E*, the reduced modulus 1/E* = (1 - ν²)/E + (1 - ν_t²)/E_t, for small strain.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PYRAMID_3: Final = 0.8887
"""Shape factor of a three-sided pyramid, F = 0.8887 tan θ E* δ². *Source* Bilodeau (1992), by the method of its section 3."""
SPHERE_SERIES: Final = (-1 / 10, -1 / 840, 11 / 15120, 1357 / 6652800)
"""F_sphere/F_paraboloid = 1 + Σ c_j (δ/R)^j, within 1e-3 of Sneddon's sphere up to δ = R. *Source* Müller et al. (2019)."""


def paraboloid_m(radius_m: Floats | float) -> Floats:
    """C/E* = 4/3 √R [m^½] of F = C δ^1.5. *Valid when* the contact radius is well below R. *Source* Hertz (1882)."""
    return np.asarray(4 / 3 * np.sqrt(radius_m))


def cone(half_angle_rad: float) -> float:
    """C/E* = (2/π) tan α of F = C δ². *Source* Sneddon (1965), equation 6.4."""
    return 2 / math.pi * math.tan(half_angle_rad)


def pyramid(face_angle_rad: float) -> float:
    """C/E* = 0.8887 tan θ of F = C δ², θ between a face and the plane of the surface. *Source* Bilodeau (1992)."""
    return PYRAMID_3 * math.tan(face_angle_rad)


def reduced(modulus_Pa: Floats | float, poisson: float, tip_modulus_Pa: float, tip_poisson: float) -> Floats:
    """Reduced modulus E* [Pa] of sample and tip."""
    return np.asarray(1 / ((1 - poisson**2) / np.asarray(modulus_Pa) + (1 - tip_poisson**2) / tip_modulus_Pa))


def young(reduced_Pa: Floats | float, poisson: float, tip_modulus_Pa: float, tip_poisson: float) -> Floats:
    """Young's modulus [Pa] of the sample from E*; NaN where the contact is stiffer than a rigid sample would make it."""
    star = np.asarray(reduced_Pa, dtype=float)
    with np.errstate(all="ignore"):
        rest = 1 / star - (1 - tip_poisson**2) / tip_modulus_Pa
        return np.where((star > 0) & (rest > 0), (1 - poisson**2) / rest, np.nan)


def dmt_pull_off_N(work_J_m2: Floats | float, radius_m: Floats | float) -> Floats:
    """Pull-off force 2π w R [N] of Derjaguin, Muller and Toporov. *Source* DMT (1975)."""
    return np.asarray(2 * math.pi * np.asarray(work_J_m2) * radius_m)


def jkr_pull_off_N(work_J_m2: Floats | float, radius_m: Floats | float) -> Floats:
    """Pull-off force 1.5π w R [N] of Johnson, Kendall and Roberts. *Source* JKR (1971), equation 20."""
    return np.asarray(1.5 * math.pi * np.asarray(work_J_m2) * radius_m)


def jkr_indentation_m(force_N: Floats, pull_off_N: Floats | float, radius_m: float, reduced_Pa: Floats | float) -> Floats:
    """Indentation [m] at a force, F ≥ -F_c (positive pull-off force F_c), by Johnson, Kendall and Roberts.

    a = (3R/4E*)^⅓ (√F_c + √(F + F_c))^⅔ and δ = (a²/R) [1 - ⅔ (a_0/a)^1.5], a_0 the contact radius without load. It scales
    with E*^-⅔ at given forces. *Source* JKR (1971); Grierson, Flater and Carpick (2005), equations 8 and 11.
    """
    root = np.sqrt(np.maximum(force_N + pull_off_N, 0.0))
    scale = (3 * radius_m / (4 * np.asarray(reduced_Pa))) ** (1 / 3)
    a = scale * (np.sqrt(pull_off_N) + root) ** (2 / 3)
    a0 = scale * (2 * np.sqrt(pull_off_N)) ** (2 / 3)
    with np.errstate(all="ignore"):
        return np.asarray(a**2 / radius_m * (1 - 2 / 3 * np.where(a > 0, a0 / a, 0.0) ** 1.5))


def tabor(work_J_m2: Floats, radius_m: float, reduced_Pa: Floats, distance_m: float) -> Floats:
    """Tabor's number μ = (R w²/(E*² z_0³))^⅓: DMT below about 0.1, JKR above about 5.

    *Source* Tabor (1977); Johnson and Greenwood (1997) for the limits.
    """
    with np.errstate(all="ignore"):
        return np.asarray((radius_m * work_J_m2**2 / (reduced_Pa**2 * distance_m**3)) ** (1 / 3))


def dmt_balance_m(travel_m: Floats, spring_N_m: float, stiffness: Floats | float, power: float, pull_off_N: float) -> Floats:
    """Indentation δ ≥ 0 [m] at which lever and contact balance: k (u - δ) = C δⁿ - F_adh, u the travel beyond first contact.

    The left side falls and the right side rises, so there is one root; bisection finds it. Where u < -F_adh/k there is no
    contact and the answer is 0.
    """
    low, high = np.zeros_like(travel_m), np.maximum(travel_m + pull_off_N / spring_N_m, 0.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = stiffness * middle**power - pull_off_N + spring_N_m * (middle - travel_m) > 0
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return 0.5 * (low + high)
