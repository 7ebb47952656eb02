"""Finite diffusion to a wall, the "open" Warburg element: Z = R coth(u) / u, u = sqrt(j w tau), tau = d^2 / D.

Fick's second law over a layer of thickness d whose far side nothing crosses: a Warburg at high w, R/3 and a capacitance tau /
R in series at low w. With e = exp(-2u), coth(u) = (1 + e) / (1 - e), without overflow.
*Valid when* the host (an electrode particle seen as a plate, a film on a blocking support) is even and D constant.
*Source*: Ho, Raistrick and Huggins, J. Electrochem. Soc. 127 (1980) 343; Bisquert, J. Phys. Chem. B 106 (2002) 325.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import TIME, Law, resistance


def law(s: Any, r: Any, tau: Any) -> Any:
    """Z, dZ/dR = Z / R and dZ/dtau = -(R / sinh^2(u) + Z) / (2 tau)."""
    u = np.sqrt(s * tau)
    e, less = np.exp(-2 * u), np.expm1(-2 * u)
    z = -r * (1 + e) / (less * u)
    return z, z / r, -(4 * r * e / less**2 + z) / (2 * tau)


LAW = Law("Wo", 'finite diffusion to a wall ("open")', "R coth(u) / u, u = sqrt(j w tau)", (resistance(), TIME), law)
