"""Which process a relaxation time belongs to in a Li||NCM811 cell.

*Valid when* the cell is like that of the source: the windows are its authors' reading of their own series, not a law.
*Source*: Chen et al. (2026), section 2.6 and Fig. 7h.
"""

from __future__ import annotations

from typing import Final

import numpy as np

WINDOWS_S: Final[dict[str, tuple[float, float]]] = {
    "tau1 contact": (1e-5, 1e-4),
    "tau2 CEI/SEI": (1e-4, 1e-3),
    "tau3 CEI/SEI": (1e-3, 1e-2),
    "tau4 charge transfer": (1e-2, 1e-1),
    "tau5-6 mass transfer": (1e-1, 10.0),
}
OUTSIDE: Final = "outside the windows"


def window_of(tau_s: float) -> str:
    """The name of the window that a relaxation time falls into."""
    return next((name for name, (low, high) in WINDOWS_S.items() if low <= tau_s < high), OUTSIDE)


def window_resistance_ohm(log_tau: np.ndarray, gamma_ohm: np.ndarray) -> np.ndarray:
    """(..., windows): the resistance of a distribution (..., n) within each window; evenly spaced nodes."""
    step = log_tau[1] - log_tau[0]
    # Each node stands for the interval of one step around it, shared between two windows where an edge cuts it.
    shares = []
    for low, high in WINDOWS_S.values():
        a, b = np.maximum(log_tau - step / 2, np.log(low)), np.minimum(log_tau + step / 2, np.log(high))
        shares.append(np.maximum(b - a, 0.0))
    return gamma_ohm @ np.stack(shares, axis=1)
