"""Height images levelled: a plane, a bowl, or the offset of each row taken out."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Levelling = Literal["none", "plane", "quadratic", "rows"]


def levelled(height: Floats, how: Levelling) -> Floats:
    """Heights (row, column) about their mean, without the plane or bowl of least squares, or without it and rows' medians."""
    if how == "none":
        return height - height.mean()
    flat = height - _fitted(height, 2 if how == "quadratic" else 1)
    if how == "rows":
        flat = flat - np.median(flat, axis=1, keepdims=True)
    return np.asarray(flat - flat.mean())


def _fitted(height: Floats, degree: int) -> Floats:
    """The polynomial of that total degree nearest to the heights."""
    rows, columns = height.shape
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None, :]
    terms = [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    basis = np.stack([np.broadcast_to(t, height.shape).ravel() for t in terms], axis=1)
    found = np.linalg.lstsq(basis.T @ basis, basis.T @ height.ravel(), rcond=None)[0]
    return np.asarray((basis @ found).reshape(height.shape))
