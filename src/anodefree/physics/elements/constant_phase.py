"""Constant phase element: Z = 1 / (Q (j w)^n).

n = 1 is a capacitor C = Q, n = 1/2 a Warburg of s = 1 / (sqrt(2) Q). The capacitance behind a Q in parallel to a resistance
needs a model of the spread that caused it (Brug or Hsu-Mansfeld), and is not given here.
*Valid when* time constants are spread over the surface or through a film; n below about 0.7 usually hides another process.
*Source*: Cole and Cole, J. Chem. Phys. 9 (1941) 341; Orazem and Tribollet (2017), chapter 14.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import Law, admittance, exponent


def law(s: Any, q: Any, n: Any) -> Any:
    """Z, dZ/dQ = -Z / Q and dZ/dn = -Z ln(s)."""
    ln_s, per_q = np.log(s), 1 / q
    z = np.exp(-n * ln_s) * per_q
    return z, -z * per_q, -z * ln_s


LAW = Law("Q", "constant phase", "1 / (Q (j w)^n)", (admittance(), exponent("n{}")), law)
