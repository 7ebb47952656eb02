"""Transmission line, a porous electrode with a reaction on its walls: Z = R coth(u) / u, u = sqrt(R y).

Along a pore of ionic resistance R the potential obeys d2U/dx2 = R y U (x over the depth), with the admittance of all its walls
y = 1 / R_ct + Q (j w)^n; no ion passes its end, and the solid conducts well. At high w it is a line of 45 degrees (n = 1), at
low w it is R/3 in series with the walls' p(R_ct,Q).
*Valid when* pores are alike and even, the electrolyte does not run out of salt, and the solid's resistance is much below R.
*Source*: de Levie, Electrochim. Acta 8 (1963) 751; Bisquert, J. Phys. Chem. B 104 (2000) 2287, with a perfectly conducting
solid.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import Law, admittance, exponent, resistance


def law(s: Any, r: Any, r_ct: Any, q: Any, n: Any) -> Any:
    """Z and its slopes: (coth(u) / u - 1 / sinh^2(u)) / 2 by R, -R (coth(u) / u + 1 / sinh^2(u)) / (2 y) by y."""
    ln_s = np.log(s)
    x = np.exp(n * ln_s)
    y = 1 / r_ct + q * x
    u = np.sqrt(r * y)
    e, less = np.exp(-2 * u), np.expm1(-2 * u)
    g, h = -(1 + e) / (less * u), 4 * e / less**2
    by_y = -r * (g + h) / (2 * y)
    return r * g, 0.5 * (g - h), -by_y / r_ct**2, by_y * x, by_y * q * x * ln_s


LAW = Law(
    "TL",
    "porous electrode with a wall reaction (transmission line)",
    "R coth(u) / u, u = sqrt(R / Rct + R Q (j w)^n)",
    (resistance(), resistance("{}_Rct"), admittance("{}_Q"), exponent("{}_n")),
    law,
)
