"""Transmission line with blocking walls, a porous electrode without reaction: Z = R coth(u) / u, u = sqrt(R Q (j w)^n).

The transmission line `TL` without its wall reaction (R_ct infinite): the double layer along the pore is all that takes charge.
It is the spectrum of two equal lithium-free electrodes against each other, from which the ionic resistance R, and with it the
tortuosity, is read. *Valid when* as for `TL`, and no reaction runs. *Source*: de Levie, Electrochim. Acta 8 (1963) 751;
Landesfeind et al., J. Electrochem. Soc. 163 (2016) A1373.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import Law, admittance, exponent, resistance


def law(s: Any, r: Any, q: Any, n: Any) -> Any:
    """Z and its slopes, by R, and by y = Q s^n as for `TL`."""
    ln_s = np.log(s)
    x = np.exp(n * ln_s)
    y = q * x
    u = np.sqrt(r * y)
    e, less = np.exp(-2 * u), np.expm1(-2 * u)
    g, h = -(1 + e) / (less * u), 4 * e / less**2
    by_y = -r * (g + h) / (2 * y)
    return r * g, 0.5 * (g - h), by_y * x, by_y * y * ln_s


LAW = Law(
    "TLQ",
    "porous electrode with blocking walls (transmission line)",
    "R coth(u) / u, u = sqrt(R Q (j w)^n)",
    (resistance(), admittance("{}_Q"), exponent("{}_n")),
    law,
)
