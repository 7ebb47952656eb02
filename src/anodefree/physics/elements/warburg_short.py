"""Finite diffusion to a sink, the "short" Warburg element: Z = R tanh(u) / u, u = sqrt(j w tau), tau = d^2 / D.

Fick's second law over a layer of thickness d with constant concentration at its far side. R at w = 0, Warburg at high w.
With e = exp(-2u), tanh(u) = (1 - e) / (1 + e), which neither overflows at large u nor loses digits at small u.
*Valid when* the layer (a film, a separator to an electrode that holds its concentration) is even and D constant.
*Source*: Orazem and Tribollet (2017), chapter 11; Bisquert, J. Phys. Chem. B 106 (2002) 325.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import TIME, Law, resistance


def law(s: Any, r: Any, tau: Any) -> Any:
    """Z, dZ/dR = Z / R and dZ/dtau = (R / cosh^2(u) - Z) / (2 tau)."""
    u = np.sqrt(s * tau)
    e = np.exp(-2 * u)
    z = -r * np.expm1(-2 * u) / ((1 + e) * u)
    return z, z / r, (4 * r * e / (1 + e) ** 2 - z) / (2 * tau)


LAW = Law("Ws", 'finite diffusion to a sink ("short")', "R tanh(u) / u, u = sqrt(j w tau)", (resistance(), TIME), law)
