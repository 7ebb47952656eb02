"""The lithium inventory of a full cell in closed form: what a constant coulombic efficiency does to its capacity.

It is the balance of `physics.lithium_accounts` for a cathode and a loss λ = 1 - CE that does not change. All amounts are in
units of the cathode's reversible capacity. The negative electrode starts with an excess e (the N/P ratio; 0 in an anode-free
cell). The cathode gives 1 + h at its first charge and takes back 1 at most: the hidden reservoir h, its irreversible
first-cycle capacity, stays on the negative electrode. Of the lithium plated in cycle k, P_k, a part λ is lost:

    P_1 = 1 + h,   P_k = D_(k-1);   A_k = r_(k-1) + CE P_k,   D_k = min(1, A_k),   r_k = A_k - D_k,   r_0 = e.

With λ = 1 - CE and E = e + CE h the excess left after cycle k is E - kλ, so the capacity stays 1 for K = E/λ cycles; in the
cycle m = ⌊K⌋ + 1 the excess runs out, and from then on every cycle keeps CE of the one before:

    D_k = 1 for k < m,   D_k = (1 + E - mλ) CE^(k - m) for k ≥ m.

Counting: cycles are numbered from 1, capacity is that of the discharge, and retention at cycle N is D_N/D_1. An anode-free cell
without a reservoir already lacks λ in its first discharge, so its retention is CE^(N - 1): 0.999^199 at N = 200. Who counts
from the capacity of the cathode instead has CE^N; a retention of 80 % at cycle 200 reads as CE = 0.99888 or 0.99889, one of
12.4 % at cycle 15 as 0.8615 or 0.8701.

*Valid when* CE does not change from cycle to cycle, the excess metal can be stripped in full, and lithium is the only thing the
cell runs short of: growth of resistance, loss of cathode material and drying out make capacity fade that this model would call
lithium loss. *Source* the balance is that of Adams et al. 2018 and Xiao et al. 2020, with the cathode's reservoir added.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def discharge_capacity(efficiency: ArrayLike, excess: ArrayLike, hidden_reservoir: ArrayLike, cycle: ArrayLike) -> NDArray:
    """D_k in closed form; all arguments broadcast, `cycle` from 1."""
    ce, e = np.asarray(efficiency, dtype=float), np.asarray(excess, dtype=float)
    usable = e + ce * np.asarray(hidden_reservoir, dtype=float)
    return discharge_from_loss(1.0 - ce, usable, np.asarray(cycle, dtype=float))


def discharge_from_loss(loss: np.ndarray, usable: np.ndarray, cycle: np.ndarray) -> NDArray:
    """D_k from the loss per cycle λ and the usable excess E."""
    with np.errstate(divide="ignore", invalid="ignore"):
        runs_out = np.floor(np.where(loss > 0, usable / loss, np.inf)) + 1
        shrinks = np.maximum(cycle - runs_out, 0.0)
        rest = 1 + usable - np.where(np.isfinite(runs_out), runs_out, 0.0) * loss
        # log1p keeps CE^n exact when CE is close to 1.
        later = rest * np.where(shrinks > 0, np.exp(shrinks * np.log1p(-loss)), 1.0)
    return np.where(cycle < runs_out, 1.0, np.clip(later, 0.0, 1.0))


def retention(efficiency: ArrayLike, excess: ArrayLike, hidden_reservoir: ArrayLike, cycle: ArrayLike) -> NDArray:
    """R_N = D_N/D_1, all arguments broadcasting."""
    first = discharge_capacity(efficiency, excess, hidden_reservoir, 1)
    return np.asarray(discharge_capacity(efficiency, excess, hidden_reservoir, cycle) / np.where(first > 0, first, 1.0))


def plateau_cycles(efficiency: ArrayLike, excess: ArrayLike, hidden_reservoir: ArrayLike) -> NDArray:
    """K = (e + CE h)/(1 - CE): how many cycles the excess lasts; infinite for CE = 1."""
    ce = np.asarray(efficiency, dtype=float)
    usable = np.asarray(excess, dtype=float) + ce * np.asarray(hidden_reservoir, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ce < 1, usable / (1 - ce), np.inf)


def cycles_to(retention: float, efficiency: ArrayLike, excess: ArrayLike, hidden_reservoir: ArrayLike) -> NDArray:
    """The cycle, as a real number, at which the retention is this one (0 < retention < 1); infinite for CE = 1.

    Between whole cycles the capacity is taken to go as CE^k, or straight in the cycle in which the excess runs out.
    """
    ce, e, h = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (efficiency, excess, hidden_reservoir)))
    loss = 1 - ce
    first = discharge_capacity(ce, e, h, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        runs_out = np.floor(plateau_cycles(ce, e, h)) + 1
        there = discharge_capacity(ce, e, h, runs_out)
        wanted = retention * first
        after = runs_out + np.log(wanted / there) / np.log1p(-loss)
        within = runs_out - 1 + (1 - wanted) / (1 - there)
        return np.where(ce < 1, np.where(wanted <= there, after, within), np.inf)


def efficiency_on_plateau(excess: ArrayLike, hidden_reservoir: ArrayLike, cycle: ArrayLike) -> NDArray:
    """The lowest CE = (N - e)/(N + h) at which cycle N still has its full capacity; 0 where e ≥ N."""
    n, e = np.asarray(cycle, dtype=float), np.asarray(excess, dtype=float)
    return np.maximum((n - e) / (n + np.asarray(hidden_reservoir, dtype=float)), 0.0)
