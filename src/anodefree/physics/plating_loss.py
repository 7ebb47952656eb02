"""How much of the plated lithium a cycle loses, as current, capacity, temperature and cycle change: an empirical closure.

    1 - CE = λ0 (j/j0)^a (Q/Q0)^b exp[-(Ea/R)(1/T - 1/T0)] + λf exp[-(k - 1)/kf]

λ0 is the loss at the reference j0, Q0, T0 after formation; a, b [-] and Ea [J/mol] say how it changes (Ea > 0: more is lost
when warmer, as by side reactions; Ea < 0: less, as when deposits grow denser); λf is what the first cycle loses beyond it, kf
the number of cycles in which that fades. A collector enters by its own λ0 and λf.

It is no physics: powers and an exponential that can be fitted to a table of efficiencies. *Valid when* it is used within the
conditions at which its numbers were measured, of one electrolyte and one pressure; outside it is an extrapolation. A loss
beyond 1 is cut off there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import GAS_J_MOL_K


def plating_loss(
    loss: ArrayLike,
    *,
    current: ArrayLike = 1.0,
    capacity: ArrayLike = 1.0,
    temperature_K: ArrayLike = 298.15,
    reference_temperature_K: ArrayLike = 298.15,
    current_exponent: ArrayLike = 0.0,
    capacity_exponent: ArrayLike = 0.0,
    activation_J_mol: ArrayLike = 0.0,
    formation_loss: ArrayLike = 0.0,
    formation_cycles: ArrayLike = 1.0,
    cycle: ArrayLike = np.inf,
) -> NDArray[np.float64]:
    """1 - CE, all arguments broadcasting; `current` is j/j0 and `capacity` Q/Q0, cycles are counted from 1."""
    here = [np.asarray(x, dtype=float) for x in (loss, current, capacity, temperature_K, reference_temperature_K)]
    steady, j, q, t, t0 = here
    activated = np.exp(-np.asarray(activation_J_mol, dtype=float) / GAS_J_MOL_K * (1 / t - 1 / t0))
    powers = j ** np.asarray(current_exponent, dtype=float) * q ** np.asarray(capacity_exponent, dtype=float)
    age = (np.asarray(cycle, dtype=float) - 1) / np.asarray(formation_cycles, dtype=float)
    return np.clip(steady * powers * activated + np.asarray(formation_loss, dtype=float) * np.exp(-age), 0.0, 1.0)
