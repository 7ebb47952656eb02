"""The wave of an irreversible electron transfer that uses up what diffuses to a plane: its peak in a linear sweep.

The rate constant k(E) = k_r exp(±β f (E - E_r)), f = F/(RT), grows on oxidation (+) or reduction (-) with that direction's
transfer coefficient β; E_r is any potential at which the current without depletion, F k_r c, is known.
*Valid when* the product does not react back, one electron is transferred in the step that limits the rate, transport is by
diffusion to a large plane from a large volume, and the ohmic drop is small.
*Source* Nicholson and Shain 1964, table IV; Bard and Faulkner 2001, section 6.3.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.physics.butler_volmer import thermal_voltage_V

PEAK: Final = 0.4958
"""Largest value of the function π^½ χ(bt) of an irreversible wave; 0.4958 to the digits that the source gives."""
PEAK_SHIFT: Final = 0.780
"""Distance of the peak from where the surface would be used up, in units of RT/(βF)."""


def peak_current_density_A_m2(
    concentration_mol_m3: float,
    diffusivity_m2_s: float,
    scan_rate_V_s: float,
    transfer_coefficient: float,
    temperature_K: float = 298.15,
) -> float:
    """Size of the peak's current density, 0.4958 F c [β f ν D]^½ [A/m2]."""
    b = transfer_coefficient * scan_rate_V_s / float(thermal_voltage_V(temperature_K))
    return float(PEAK * FARADAY_C_MOL * concentration_mol_m3 * np.sqrt(b * diffusivity_m2_s))


def peak_beyond_reference_V(
    reference_current_density_A_m2: float,
    concentration_mol_m3: float,
    diffusivity_m2_s: float,
    scan_rate_V_s: float,
    transfer_coefficient: float,
    temperature_K: float = 298.15,
) -> float:
    """How far [V] beyond the reference potential, in the direction of the sweep, the peak lies.

    RT/(βF) [0.780 + ln((D b)^½ / k_r)] with b = β f ν and k_r = j_r/(F c).
    """
    thermal = float(thermal_voltage_V(temperature_K)) / transfer_coefficient
    rate = reference_current_density_A_m2 / (FARADAY_C_MOL * concentration_mol_m3)
    return float(thermal * (PEAK_SHIFT + np.log(np.sqrt(diffusivity_m2_s * scan_rate_V_s / thermal) / rate)))
