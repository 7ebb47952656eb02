"""Capacitor: Z = 1 / (j w C).

*Valid when* charge is stored in proportion to the potential and without loss. *Source*: i = C dU/dt under the Laplace
transform; Orazem and Tribollet (2017), chapter 4.
"""

from typing import Any

from anodefree.physics.elements.law import Law, Quantity


def law(s: Any, c: Any) -> Any:
    """Z and dZ/dC."""
    z = 1 / (s * c)
    return z, -z / c


LAW = Law("C", "capacitor", "1 / (j w C)", (Quantity("{}", "F", 1e-18, 1e6, power=-1),), law)
