"""How thick a film must be to stop electrons that tunnel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import ELECTRON_KG, ELEMENTARY_CHARGE_C, HBAR_J_S


def decay_per_m(barrier_eV: ArrayLike, effective_mass: ArrayLike = 1.0) -> NDArray:
    """2κ = 2 √(2 m φ)/ħ [1/m]: the current through a rectangular barrier falls as exp(-2κd). 10.2 per nm at 1 eV."""
    barrier_J = np.asarray(barrier_eV, dtype=float) * ELEMENTARY_CHARGE_C
    return 2 * np.sqrt(2 * ELECTRON_KG * np.asarray(effective_mass, dtype=float) * barrier_J) / HBAR_J_S


def blocking_thickness_m(barrier_eV: ArrayLike, decades: ArrayLike, effective_mass: ArrayLike = 1.0) -> NDArray:
    """d = decades ln 10/(2κ) [m]: the thickness that takes so many decades off the tunnelling current."""
    return np.asarray(decades, dtype=float) * np.log(10) / decay_per_m(barrier_eV, effective_mass)
