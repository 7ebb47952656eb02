"""Gerischer element, diffusion with a reaction on the way: Z = R / sqrt(1 + j w tau), tau = 1 / k.

Fick's second law with a first-order loss k c in a half-space: sqrt(j w) of the Warburg element becomes sqrt(k + j w).
*Valid when* the species reacts to first order in the volume in which it diffuses, deeper than sqrt(D / k).
*Source*: Gerischer, Z. phys. Chem. 198 (1951) 286; Boukamp and Bouwmeester, Solid State Ionics 157 (2003) 29.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import TIME, Law, resistance


def law(s: Any, r: Any, tau: Any) -> Any:
    """Z, dZ/dR = Z / R and dZ/dtau = -Z s / (2 (1 + s tau))."""
    base = 1 + s * tau
    z = r / np.sqrt(base)
    return z, z / r, -0.5 * s * z / base


LAW = Law("G", "diffusion with reaction (Gerischer)", "R / sqrt(1 + j w tau)", (resistance(), TIME), law)
