"""Compiled: the sum of pseudo-Voigt bands for many sets of parameters at once."""

from __future__ import annotations

import numpy as np
from numba import njit

_LN2_4 = 4 * np.log(2.0)
_GAUSS = np.sqrt(_LN2_4 / np.pi)


@njit(cache=True, nogil=True)
def band_sum(x, position, area, width, share, out):  # type: ignore[no-untyped-def]
    """Add up each row's bands on the axis x (n,) into out (s, n); position, area, width (s, k), Lorentzian share (s,)."""
    sets, bands = position.shape
    for i in range(sets):
        m = share[i]
        for j in range(x.size):
            out[i, j] = 0.0
        for k in range(bands):
            w = width[i, k]
            lorentz = area[i, k] * m * 2.0 / (np.pi * w)
            gauss = area[i, k] * (1.0 - m) * _GAUSS / w
            for j in range(x.size):
                u = (x[j] - position[i, k]) / w
                u *= u
                out[i, j] += lorentz / (1.0 + 4.0 * u) + gauss * np.exp(-_LN2_4 * u)
