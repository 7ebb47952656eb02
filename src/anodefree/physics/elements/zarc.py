"""ZARC, a depressed arc: Z = R / (1 + (j w tau)^n).

The same curve as p(R,Q) with tau^n = R Q; as an element of its own its time constant is a parameter, nearly uncorrelated with
R.
*Valid when* one relaxation is spread symmetrically over ln(tau); n = 1 is p(R,C). *Source*: Cole and Cole, J. Chem. Phys. 9
(1941) 341; Boukamp, Solid State Ionics 20 (1986) 31.
"""

from typing import Any

import numpy as np

from anodefree.physics.elements.law import TIME, Law, exponent, resistance


def law(s: Any, r: Any, tau: Any, n: Any) -> Any:
    """Z, dZ/dR = Z / R, dZ/dtau = -(Z^2 / R) x n / tau and dZ/dn = -(Z^2 / R) x ln(s tau), with x = (s tau)^n."""
    ln_x = np.log(s * tau)
    x = np.exp(n * ln_x)
    z = r / (1 + x)
    fall = -z / (1 + 1 / x)
    return z, z / r, fall * n / tau, fall * ln_x


LAW = Law("ZARC", "depressed arc", "R / (1 + (j w tau)^n)", (resistance(), TIME, exponent("{}_n")), law)
