"""Preconditioned conjugate gradients for fields whose operator is only known by what it does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Operator = Callable[[Floats], Floats]


def conjugate_gradients(
    u: Floats, residual: Floats, apply: Operator, inverse: Operator, *, enough: Callable[[float], float], sweeps: int
) -> int | None:
    """Move `u` in place until residual·inverse(residual) is at most `enough` of what it was at first; None if it never is.

    `apply` is symmetric and positive and leaves what is held at zero, `inverse` is close to its inverse; `residual` is used up.
    """
    ahead = inverse(residual)
    product, direction = float(np.sum(residual * ahead)), ahead
    least = enough(product)
    for sweep in range(sweeps):
        if product <= least:
            return sweep
        moved = apply(direction)
        step = product / float(np.sum(direction * moved))
        u += step * direction
        residual -= step * moved
        ahead = inverse(residual)
        before, product = product, float(np.sum(residual * ahead))
        direction = ahead + product / before * direction
    return None
