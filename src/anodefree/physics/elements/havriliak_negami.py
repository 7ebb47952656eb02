"""Havriliak-Negami element, a skewed arc: Z = R / (1 + (j w tau)^alpha)^beta.

beta = 1 is a ZARC, alpha = 1 a Davidson-Cole arc, alpha = 1 and beta = 1/2 a Gerischer element. 1 + (j w tau)^alpha stays in
the right half-plane, so that the principal branch of the power is the right one.
*Valid when* a relaxation is spread more towards short times than towards long ones. *Source*: Havriliak and Negami, Polymer 8
(1967) 161.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import TIME, Law, exponent, resistance


def law(s: Any, r: Any, tau: Any, alpha: Any, beta: Any) -> Any:
    """Z, Z / R, -Z beta y alpha / tau, -Z beta y ln(s tau), -Z ln(1 + x); x = (s tau)^alpha, y = x / (1 + x)."""
    ln_x = np.log(s * tau)
    x = np.exp(alpha * ln_x)
    ln_base = np.log(1 + x)
    z = r * np.exp(-beta * ln_base)
    fall = -z * beta / (1 + 1 / x)
    return z, z / r, fall * alpha / tau, fall * ln_x, -z * ln_base


LAW = Law(
    "HN",
    "skewed arc (Havriliak-Negami)",
    "R / (1 + (j w tau)^alpha)^beta",
    (resistance(), TIME, exponent("{}_alpha"), exponent("{}_beta")),
    law,
)
