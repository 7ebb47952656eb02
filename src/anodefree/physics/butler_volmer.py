"""Butler-Volmer kinetics of one electrode, both ways: current from overpotential and overpotential from current.

With f = F/(RT), the exchange current density j0 and the (cathodic) transfer coefficient α,

    j = j0 [exp((1 - α) f η) - exp(-α f η)],

positive on stripping (η > 0) and negative on plating (η < 0).
*Valid when* charge transfer of one electron limits the rate: the concentration at the surface is that of the bulk.
*Source* Bard and Faulkner 2001, equation 3.4.11 (there with the cathodic current positive).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import FARADAY_C_MOL, GAS_J_MOL_K


def thermal_voltage_V(temperature_K: ArrayLike) -> NDArray:
    """RT/F [V]: 25.69 mV at 298.15 K."""
    return GAS_J_MOL_K * np.asarray(temperature_K, dtype=float) / FARADAY_C_MOL


def current_density_A_m2(
    overpotential_V: ArrayLike, j0_A_m2: ArrayLike, transfer_coefficient: ArrayLike = 0.5, temperature_K: ArrayLike = 298.15
) -> NDArray:
    """j [A/m2] at an overpotential [V]; arguments broadcast.

    Written as j0 exp((½ - α) f η) 2 sinh(f η/2), which does not cancel at small η.
    """
    x = np.asarray(overpotential_V, dtype=float) / thermal_voltage_V(temperature_K)
    j0, alpha = np.asarray(j0_A_m2, dtype=float), np.asarray(transfer_coefficient, dtype=float)
    return np.asarray(j0 * np.exp((0.5 - alpha) * x) * 2 * np.sinh(x / 2))


def overpotential_V(
    current_density_A_m2: ArrayLike,
    j0_A_m2: ArrayLike,
    transfer_coefficient: ArrayLike = 0.5,
    temperature_K: ArrayLike = 298.15,
) -> NDArray:
    """η [V] at a current density [A/m2], 0 < α < 1: the exact inverse of `current_density_A_m2`; arguments broadcast.

    For α = ½ it is (2RT/F) asinh(j/2j0). For any other α, y = j/j0 > 0 obeys (1 - α)x + ln(1 - e⁻ˣ) = ln y with x = f η, which
    rises and is concave, so Newton's method that starts below the root rises to it; x ≥ W((1 - α)y)/(1 - α), W being Lambert's
    function, is such a start. A negative current is the mirror image with 1 - α for α.
    """
    y = np.asarray(current_density_A_m2, dtype=float) / np.asarray(j0_A_m2, dtype=float)
    alpha = np.asarray(transfer_coefficient, dtype=float)
    if (alpha == 0.5).all():
        x = 2 * np.arcsinh(y / 2)
    else:
        y, alpha = np.broadcast_arrays(y, alpha)
        x = np.sign(y) * _positive_root(np.abs(y), np.where(y >= 0, alpha, 1 - alpha))
    return np.asarray(x * thermal_voltage_V(temperature_K))


def _positive_root(y: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """x > 0 with exp((1 - α)x) - exp(-αx) = y, elementwise; 0 where y is 0."""
    from scipy.special import lambertw

    rise = 1 - alpha
    x = np.real(lambertw(rise * y)) / rise
    moving = x > 0
    target = np.log(np.where(moving, y, 1.0))
    for _ in range(60):
        at = np.where(moving, x, 1.0)
        step = (target - rise * at - np.log(-np.expm1(-at))) / (rise + 1 / np.expm1(np.minimum(at, 700.0)))
        x = np.where(moving, at + step, x)
        moving = moving & (np.abs(step) > 4e-16 * at)
        if not moving.any():
            break
    return x


def plating_and_stripping_V(
    current_density_A_m2: ArrayLike,
    j0_A_m2: ArrayLike,
    transfer_coefficient: ArrayLike = 0.5,
    temperature_K: ArrayLike = 298.15,
) -> tuple[NDArray, NDArray]:
    """Sizes |η| [V] on the plating and on the stripping electrode of a symmetric cell; they differ unless α = ½."""
    j = np.abs(np.asarray(current_density_A_m2, dtype=float))
    plating = -overpotential_V(-j, j0_A_m2, transfer_coefficient, temperature_K)
    return plating, overpotential_V(j, j0_A_m2, transfer_coefficient, temperature_K)


def charge_transfer_resistance_ohm_m2(j0_A_m2: ArrayLike, temperature_K: ArrayLike = 298.15) -> NDArray:
    """Slope RT/(F j0) [ohm m2] of one electrode at rest, whatever α. *Source* Bard and Faulkner 2001, equation 3.4.13."""
    return np.asarray(thermal_voltage_V(temperature_K) / np.asarray(j0_A_m2, dtype=float))


def amplitude_ratio(
    amplitude_V: ArrayLike, temperature_K: ArrayLike = 298.15, transfer_coefficient: ArrayLike = 0.5
) -> NDArray:
    """Apparent over true charge-transfer resistance of one electrode under a sinusoidal overpotential of that amplitude [V].

    With v = F V/(RT), exp(a v cos θ) = I0(av) + 2 Σ I_n(av) cos nθ (Jacobi and Anger), so the current's fundamental is
    2 j0 [I1((1 - α)v) + I1(αv)] for v cos θ, against j0 v for a small one:
    R(V)/R(0) = v / (2 [I1((1 - α)v) + I1(αv)]) = 1 - (1 - 3α + 3α²) v²/8 + ...: 0.5 % too small at 10 mV and
    α = ½. *Valid when* the overpotential is sinusoidal: the electrode sees a voltage, or is shunted for harmonics.
    *Source* the equation of Butler and Volmer, Bard and Faulkner 2001, equation 3.4.11, and the series above.
    """
    from scipy.special import i1

    v = np.asarray(amplitude_V, dtype=float) / thermal_voltage_V(temperature_K)
    alpha = np.asarray(transfer_coefficient, dtype=float)
    small = v < 1e-6
    at = np.where(small, 1.0, v)
    return np.where(small, 1.0, at / (2 * (i1((1 - alpha) * at) + i1(alpha * at))))
