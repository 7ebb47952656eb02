"""What a mixture of phases does as a whole: stiffness and conductivity, between bounds that no arrangement can leave.

One formula holds all of it. A heterogeneous medium is compared with a uniform one of stiffness (K0, G0) or conductivity σ0:

    K = [Σ fᵢ/(Kᵢ + z)]⁻¹ - z,   z = 4 G0/3        G = [Σ fᵢ/(Gᵢ + ζ)]⁻¹ - ζ,   ζ = G0 (9 K0 + 8 G0)/(6 (K0 + 2 G0))
    σ = [Σ fᵢ/(σᵢ + 2 σ0)]⁻¹ - 2 σ0

Comparison medium of no stiffness: Reuss, phases in series. Infinitely stiff: Voigt, phases in parallel. The softest and the
stiffest phase: the bounds of Hashin and Shtrikman for isotropic mixtures. A matrix phase: Mori-Tanaka with spheres in it
(Maxwell for conductivity). The mixture itself: the self-consistent (effective-medium) estimate, which percolates.
*Source* Hashin and Shtrikman 1962, 1963; Mori and Tanaka 1973; Budiansky 1965; McLachlan 1987.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

HUGE = 1e12
"""Infinitely stiff or conducting: so many times the largest phase (a relative error of its inverse)."""


def bulk_and_shear(modulus_Pa: ArrayLike, poisson: ArrayLike) -> tuple[NDArray, NDArray]:
    """K = E/(3(1 - 2ν)), G = E/(2(1 + ν)) [Pa] of an isotropic solid."""
    e, nu = np.asarray(modulus_Pa, dtype=float), np.asarray(poisson, dtype=float)
    return e / (3 * (1 - 2 * nu)), e / (2 * (1 + nu))


def youngs_modulus(bulk_Pa: ArrayLike, shear_Pa: ArrayLike) -> NDArray:
    """E = 9KG/(3K + G) [Pa]."""
    k, g = np.asarray(bulk_Pa, dtype=float), np.asarray(shear_Pa, dtype=float)
    return 9 * k * g / (3 * k + g)


def cubic_polycrystal(c11_Pa: float, c12_Pa: float, c44_Pa: float) -> tuple[float, float]:
    """E and ν of a polycrystal of cubic grains: K = (C11 + 2 C12)/3, G the mean of Voigt's and Reuss's (Hill 1952)."""
    bulk, sheared = (c11_Pa + 2 * c12_Pa) / 3, c11_Pa - c12_Pa
    shear = 0.5 * ((sheared + 3 * c44_Pa) / 5 + 5 * sheared * c44_Pa / (4 * c44_Pa + 3 * sheared))
    return 9 * bulk * shear / (3 * bulk + shear), (3 * bulk - 2 * shear) / (2 * (3 * bulk + shear))


def stiffness(
    fractions: ArrayLike, bulk_Pa: ArrayLike, shear_Pa: ArrayLike, medium_bulk_Pa: ArrayLike, medium_shear_Pa: ArrayLike
) -> tuple[NDArray, NDArray]:
    """K and G [Pa] of a mixture against a comparison medium; phases along the last axis of the first three."""
    f, k, g = (np.asarray(a, dtype=float) for a in (fractions, bulk_Pa, shear_Pa))
    k0, g0 = (np.asarray(a, dtype=float) for a in (medium_bulk_Pa, medium_shear_Pa))
    z, zeta = 4 * g0 / 3, g0 * (9 * k0 + 8 * g0) / (6 * (k0 + 2 * g0))
    return _mixed(f, k, z), _mixed(f, g, zeta)


def _mixed(fractions: NDArray, values: NDArray, offset: NDArray) -> NDArray:
    """[Σ f/(v + z)]⁻¹ - z, written as Σ f v/(v + z) over Σ f/(v + z): no cancellation at large z."""
    weights = fractions / (values + offset[..., None])
    return np.sum(weights * values, axis=-1) / np.sum(weights, axis=-1)


def moduli(fractions: ArrayLike, modulus_Pa: ArrayLike, poisson: ArrayLike, only: str = "") -> dict[str, NDArray]:
    """Young's modulus [Pa] of an isotropic mixture by every rule; phases along the last axis.

    `reuss`, `hashin_shtrikman_low`, `self_consistent`, `hashin_shtrikman_high`, `voigt`: in this order they rise; `only` names
    the one that is wanted.
    *Valid when* the mixture is isotropic and much larger than its grains, phases are linear elastic and stick together.
    """
    f = np.asarray(fractions, dtype=float)
    k, g = bulk_and_shear(modulus_Pa, poisson)
    f, k, g = np.broadcast_arrays(f, k, g)
    low, high = (k.min(-1), g.min(-1)), (k.max(-1), g.max(-1))
    media: dict[str, Callable[[], tuple[NDArray, NDArray]]] = {
        "reuss": lambda: (high[0], 0 * high[1]),
        "hashin_shtrikman_low": lambda: low,
        "self_consistent": lambda: _self_consistent(f, k, g),
        "hashin_shtrikman_high": lambda: high,
        "voigt": lambda: (HUGE * high[0], HUGE * high[1]),
    }
    asked = [only] if only else list(media)
    return {name: youngs_modulus(*stiffness(f, k, g, *media[name]())) for name in asked}


def _self_consistent(f: NDArray, k: NDArray, g: NDArray) -> tuple[NDArray, NDArray]:
    """The mixture is its own comparison medium: a fixed point, reached monotonically from above."""
    here = (k.max(-1), g.max(-1))
    for _ in range(500):
        there = stiffness(f, k, g, *here)
        if np.all(np.abs(there[1] - here[1]) <= 1e-12 * here[1]):
            break
        here = there
    return here


def conductivities(
    fractions: ArrayLike, conductivity_S_m: ArrayLike, threshold: float = 1 / 3, exponent: float = 1.0, only: str = ""
) -> dict[str, NDArray]:
    """Conductivity [S/m] of a mixture by every rule; phases along the last axis.

    `series`, `hashin_shtrikman_low`, `effective_medium`, `hashin_shtrikman_high`, `parallel`; `only` names the one that is
    wanted. The effective medium of two phases solves Σ fᵢ (σᵢ^(1/t) - σ^(1/t))/(σᵢ^(1/t) + A σ^(1/t)) = 0 with
    A = (1 - φ)/φ (McLachlan 1987): the better conductor percolates above its fraction φ, beyond which σ rises as (f - φ)^t;
    φ = 1/3 and t = 1 is Bruggeman's symmetric medium. Other values may leave the bounds of Hashin and Shtrikman, which hold
    for isotropic mixtures.
    """
    f, s = np.broadcast_arrays(np.asarray(fractions, dtype=float), np.asarray(conductivity_S_m, dtype=float))
    low, high = s.min(-1), s.max(-1)
    rules: dict[str, Callable[[], NDArray]] = {
        "series": lambda: _mixed(f, s, 0 * low),
        "hashin_shtrikman_low": lambda: _mixed(f, s, 2 * low),
        "effective_medium": lambda: _percolating(f, s, threshold, exponent),
        "hashin_shtrikman_high": lambda: _mixed(f, s, 2 * high),
        "parallel": lambda: _mixed(f, s, HUGE * high),
    }
    return {name: rules[name]() for name in ([only] if only else rules)}


def _percolating(f: NDArray, s: NDArray, threshold: float, exponent: float) -> NDArray:
    """With x = σ^(1/t) the equation of two phases is A x² - B x - ab = 0."""
    better, share = np.max(s, axis=-1) ** (1 / exponent), np.where(s[..., 0] >= s[..., 1], f[..., 0], f[..., 1])
    worse, ratio = np.min(s, axis=-1) ** (1 / exponent), (1 - threshold) / threshold
    linear = share * (better * ratio - worse) + (1 - share) * (worse * ratio - better)
    root = np.sqrt(linear**2 + 4 * ratio * better * worse)
    # Of the two forms of the positive root, the one that subtracts nothing.
    x = np.where(linear > 0, (linear + root) / (2 * ratio), 2 * better * worse / np.maximum(root - linear, 1e-300))
    return x**exponent


def self_consistent_fraction(modulus_Pa: NDArray, bulk_Pa: NDArray, shear_Pa: NDArray) -> NDArray:
    """Fraction of the first of two phases at which the self-consistent modulus is the given one; 0 or 1 beyond the phases.

    A mixture of modulus E and shear modulus G has K = EG/(9G - 3E) and, by each of the two self-consistency conditions
    Σ fᵢ (Gᵢ - G)/(Gᵢ + ζ) = 0 and Σ fᵢ (Kᵢ - K)/(Kᵢ + z) = 0, a fraction f: G is where the two agree.
    """
    k1, k2, g1, g2 = bulk_Pa[..., 0], bulk_Pa[..., 1], shear_Pa[..., 0], shear_Pa[..., 1]

    def shares(g: NDArray) -> tuple[NDArray, NDArray]:
        k = modulus_Pa * g / np.maximum(9 * g - 3 * modulus_Pa, 1e-300)
        z, zeta = 4 * g / 3, g * (9 * k + 8 * g) / (6 * (k + 2 * g))
        by_shear = (g - g2) / (g2 + zeta) / ((g1 - g) / (g1 + zeta) + (g - g2) / (g2 + zeta))
        by_bulk = (k - k2) / (k2 + z) / ((k1 - k) / (k1 + z) + (k - k2) / (k2 + z))
        return by_shear, by_bulk

    # A larger G at the same E is a smaller K: the share by bulk falls and that by shear rises.
    g = falling_root(lambda g: shares(g)[1] - shares(g)[0], modulus_Pa / 2.999999, modulus_Pa / 2.0)
    return np.clip(shares(g)[0], 0.0, 1.0)


def falling_root(function: Callable[[NDArray], NDArray], low: NDArray, high: NDArray, halvings: int = 60) -> NDArray:
    """Where a falling function crosses zero, elementwise by bisection; the nearer end where it does not."""
    low, high = np.broadcast_arrays(np.asarray(low, dtype=float), np.asarray(high, dtype=float))
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        above = function(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return 0.5 * (low + high)
