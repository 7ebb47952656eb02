"""Thermal activation of a resistance: T/R = A exp(-Ea / (R_g T)), or without the factor T."""

from __future__ import annotations

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K


def activated_resistance_ohm(
    temperature_K: np.ndarray | float,
    reference_ohm: np.ndarray | float,
    reference_temperature_K: float,
    activation_energy_J_mol: float,
    with_temperature_factor: bool = True,
) -> np.ndarray:
    """R(T) [ohm] of a thermally activated ion transfer, from its value at a reference temperature.

    T/R = A exp(-Ea/(R_g T)): hopping gives a mobility ∝ (1/T) exp(-Ea/(R_g T)) by the Nernst-Einstein relation; without the
    factor, 1/R = A exp(-Ea/(R_g T)). The two Ea differ by about R_g T (2.6 kJ/mol at 315 K).
    *Valid when* one process limits the transfer over the whole range. *Source*: Chen et al. 2026, section 4.2.1.
    """
    t = np.asarray(temperature_K, dtype=float)
    boltzmann = np.exp(activation_energy_J_mol / GAS_J_MOL_K * (1 / t - 1 / reference_temperature_K))
    return reference_ohm * boltzmann * (t / reference_temperature_K if with_temperature_factor else 1.0)


def log_conductance(temperature_K: np.ndarray, resistance_ohm: np.ndarray, with_temperature_factor: bool = True) -> np.ndarray:
    """ln(T/R) (of K/ohm), or ln(1/R) (of 1/ohm): what is a straight line of slope -Ea/R_g against 1/T."""
    return np.log((temperature_K if with_temperature_factor else 1.0) / resistance_ohm)
