"""The impedance of lithium electrodes facing each other through an electrolyte, per electrode area [ohm m2].

Of one electrode: an interphase, a layer of thickness l, conductivity k and permittivity e, that is l/k parallel to e e0/l; and
the charge transfer RT/(F j0), parallel to a double layer. Of the electrolyte between two electrodes a distance L apart: its
resistance L/k, and the salt's diffusion, which the current of lithium alone drives.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import FARADAY_C_MOL, GAS_J_MOL_K
from anodefree.physics.butler_volmer import charge_transfer_resistance_ohm_m2

VACUUM_F_M: Final = 8.8541878128e-12


def film_ohm_m2(
    omega_rad_s: ArrayLike, thickness_m: ArrayLike, conductivity_S_m: ArrayLike, relative_permittivity: float
) -> NDArray:
    """Interphase: 1/(k/l + j w e e0/l). A dense layer without diffusion inside; its arc peaks at k/(2 pi e e0), whatever l."""
    w = np.asarray(omega_rad_s, dtype=float)
    layer = np.asarray(conductivity_S_m) + 1j * w * relative_permittivity * VACUUM_F_M
    return np.asarray(np.asarray(thickness_m) / layer)


def charge_transfer_ohm_m2(
    omega_rad_s: ArrayLike, j0_A_m2: ArrayLike, temperature_K: ArrayLike, double_layer: float, exponent: float
) -> NDArray:
    """Charge transfer RT/(F j0) parallel to a constant phase element Q (j w)^n, Q = `double_layer` [S s^n/m2]."""
    jw = 1j * np.asarray(omega_rad_s, dtype=float)
    return np.asarray(1 / (1 / charge_transfer_resistance_ohm_m2(j0_A_m2, temperature_K) + double_layer * jw**exponent))


def diffusion_resistance_ohm_m2(
    distance_m: ArrayLike,
    diffusivity_m2_s: ArrayLike,
    concentration_mol_m3: float,
    transference: float,
    temperature_K: ArrayLike,
    thermodynamic_factor: float = 1.0,
) -> NDArray:
    """R_d = 2 RT (1 - t+)^2 (1 + dln f/dln c) L/(F^2 D c): the salt's diffusion between two lithium electrodes at rest.

    The anion stands still, so -D dc/dx = i (1 - t+)/F, and the potential of diffusion, measured against lithium, is
    (2RT/F)(1 - t+)(1 + dln f/dln c) dln c. Of an ideal dilute solution, R_d k/L = (1 - t+)/t+.
    *Valid when* the change of the concentration is small. *Source* Balsara and Newman, J. Electrochem. Soc. 162 (2015) A2720.
    """
    rt = GAS_J_MOL_K * np.asarray(temperature_K, dtype=float)
    length = np.asarray(distance_m) / (FARADAY_C_MOL**2 * np.asarray(diffusivity_m2_s) * concentration_mol_m3)
    return np.asarray(2 * rt * (1 - transference) ** 2 * thermodynamic_factor * length)


def diffusion_ohm_m2(
    omega_rad_s: ArrayLike, resistance_ohm_m2: ArrayLike, distance_m: ArrayLike, diffusivity_m2_s: ArrayLike
) -> NDArray:
    """R_d tanh(u)/u with u^2 = j w L^2/(4 D): the concentration is fixed midway between two alike electrodes by symmetry.

    Each electrode sees i (1 - t+)/(F D) tanh(s L/2)/s with s^2 = j w/D, and there are two. Nothing else is finite-length about
    it: the membrane's pores enter through effective values of D and L.
    """
    w = np.asarray(omega_rad_s, dtype=float)
    u = np.sqrt(1j * w * np.asarray(distance_m) ** 2 / (4 * np.asarray(diffusivity_m2_s)))
    damp = np.exp(-2 * u)
    return np.asarray(np.asarray(resistance_ohm_m2) * (1 - damp) / ((1 + damp) * u))
