"""Electron transfer at a metal by Marcus, Hush and Chidsey: its rate grows with overpotential, but ever more slowly.

The rate constants are integrals over the metal's electrons, x in units of kT from the Fermi level, with reorganisation energy λ
and overpotential η in the same units: k±(η) ∝ ∫ exp[-(x - λ ± η)²/(4λ)] / (1 + exp x) dx. Completing the square takes the
exponentials of Butler-Volmer out of the integral, and leaves for the net current

    j/j0 = 2 sinh(η/2) K(η)/K(0),   K(η) = ∫₀^∞ exp[-(x - |η|)²/(4λ) - x/2] (1 + exp(-x|η|/λ)) / (1 + exp(-x)) dx,

whose integrand is smooth: the trapezoidal rule converges exponentially. Butler-Volmer with α = ½ is the limit of large λ.
*Valid when* the transfer is non-adiabatic, one electron is transferred, and the metal's states are evenly spread.
*Source* Chidsey 1991.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.physics.butler_volmer import thermal_voltage_V

STEP: Final = 0.5
"""Of the trapezoidal rule: its error is that of the nearest pole, exp(-2π²/h), below rounding."""
TAIL: Final = 75.0


def current_density_A_m2(
    overpotential_V: ArrayLike, j0_A_m2: ArrayLike, reorganisation_eV: ArrayLike, temperature_K: float = 298.15
) -> NDArray:
    """j [A/m2] at an overpotential [V]; arguments broadcast."""
    thermal = float(thermal_voltage_V(temperature_K))
    x, size = np.asarray(overpotential_V, dtype=float) / thermal, np.asarray(reorganisation_eV, dtype=float) / thermal
    level = np.arange(0.0, float(np.abs(x).max(initial=0.0)) + TAIL, STEP)
    fermi = np.exp(-level / 2) / (1 + np.exp(-level))
    fermi[0] /= 2

    def integral(eta: NDArray) -> NDArray:
        eta, width = np.abs(eta)[..., None], size[..., None]
        kernel = np.exp(-((level - eta) ** 2) / (4 * width)) * (1 + np.exp(-level * eta / width))
        return np.asarray(kernel @ fermi)

    return np.asarray(np.asarray(j0_A_m2) * 2 * np.sinh(x / 2) * integral(x) / integral(np.zeros(1)))
