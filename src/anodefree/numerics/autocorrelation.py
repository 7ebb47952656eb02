"""How much less a series of residuals says when neighbours are alike."""

from __future__ import annotations

import numpy as np


def inflation(residuals: np.ndarray, parameters: int) -> float:
    """Factor on a standard error, sqrt((1 + r)/(1 - r)), r being the correlation of neighbours (n,) in the order of time.

    1 where r is not above what chance gives (one standard error, 1/√n): a slow misfit counts, noise alone does not.
    `parameters` that were fitted lower r by about (p + 1)/n, which is put back.
    *Source* the variance of a mean of an autoregressive series of first order.
    """
    n = len(residuals)
    power = float(residuals @ residuals)
    if n < 4 or power == 0:
        return 1.0
    r = float(residuals[1:] @ residuals[:-1]) / power + min((parameters + 1) / n, 0.3)
    if r <= 1.0 / np.sqrt(n):
        return 1.0
    r = min(r, 0.99)
    return float(np.sqrt((1 + r) / (1 - r)))
