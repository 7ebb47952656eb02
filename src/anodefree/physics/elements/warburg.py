"""Warburg element, diffusion into a half-space: Z = s (1 - j) / sqrt(w).

Fick's second law with a harmonic concentration at x = 0 and none far away gives Z proportional to 1 / sqrt(j w); with
sqrt(2) / sqrt(j) = 1 - j this is the form above, s = R_g T / (n^2 F^2 A sqrt(2)) (1 / (c sqrt(D))) for one diffusing species.
*Valid when* the diffusion layer stays thinner than the path during the slowest period. *Source*: Warburg, Ann. Phys. 303
(1899) 493; Bard and Faulkner, Electrochemical Methods, 2nd ed., section 10.3.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import Law, Quantity


def law(s: Any, sigma: Any) -> Any:
    """Z and dZ/ds."""
    unit = 1.4142135623730951 / np.sqrt(s)
    return sigma * unit, unit + 0 * sigma


LAW = Law(
    "W", "diffusion, semi-infinite (Warburg)", "s (1 - j) / sqrt(w)", (Quantity("{}", "ohm s^-1/2", 1e-9, 1e15, power=1),), law
)
