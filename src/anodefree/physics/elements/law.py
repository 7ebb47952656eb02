"""What an element of a circuit is: its parameters, and one function that gives impedance and exact derivatives.

The function takes the Laplace variable s = j w [rad/s] and the parameters, and returns (Z, dZ/dp1, dZ/dp2, ...). It is plain
arithmetic without branches, so the same function runs on whole arrays and, compiled by Numba, on single frequencies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Quantity:
    """One parameter of an element: how it is named after the label, its unit, its widest sensible range."""

    pattern: str
    """`{}` stands for the element's label; in a pattern that begins with n, for its number."""
    unit: str
    low: float
    high: float
    log: bool = True
    """Whether it is positive over decades, so that a fit works on its logarithm."""
    power: int = 0
    """Multiplying the element's impedance by a factor multiplies this by the factor to this power."""


@dataclass(frozen=True)
class Law:
    """An element: symbol, name and formula for the table of the language, parameters, and the function."""

    symbol: str
    name: str
    formula: str
    parameters: tuple[Quantity, ...]
    law: Callable[..., tuple[Any, ...]]


def resistance(pattern: str = "{}") -> Quantity:
    """A resistance [ohm]."""
    return Quantity(pattern, "ohm", 1e-9, 1e15, power=1)


def admittance(pattern: str = "{}") -> Quantity:
    """The coefficient of a constant phase element [S s^n]."""
    return Quantity(pattern, "S s^n", 1e-18, 1e6, power=-1)


TIME: Final = Quantity("{}_tau", "s", 1e-12, 1e12)


def exponent(pattern: str) -> Quantity:
    """An exponent between a nearly ohmic element and a capacitor or a single relaxation."""
    return Quantity(pattern, "1", 0.1, 1.0, log=False)
