"""Inductor: Z = j w L.

*Valid when* it stands for the loop of cables and cell at high frequency (0.1 to 10 uH as a rule); an inductive loop at low
frequency is a slow surface process, which another element describes. *Source*: U = L di/dt; Orazem and Tribollet (2017),
chapter 4.
"""

from typing import Any

from anodefree.physics.elements.law import Law, Quantity


def law(s: Any, h: Any) -> Any:
    """Z and dZ/dL."""
    return s * h, s + 0 * h


LAW = Law("L", "inductor", "j w L", (Quantity("{}", "H", 1e-15, 1e6, power=1),), law)
