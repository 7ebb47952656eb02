"""Resistor: Z = R.

*Valid when* the current follows the potential at once. *Source*: Ohm's law; Orazem and Tribollet (2017), chapter 4.
"""

from typing import Any

from anodefree.physics.elements.law import Law, resistance


def law(s: Any, r: Any) -> Any:
    """Z and dZ/dR."""
    return r + 0 * s, 1 + 0 * s


LAW = Law("R", "resistor", "R", (resistance(),), law)
