"""Lithium metal on an electrode: charge, mass and thickness by Faraday's law, and the porosity of what was plated.

One electron plates one lithium, so a charge q [C/m2] at a current efficiency of 1 is a dense layer of thickness
d_t = q M/(F ρ), and a deposit of thickness d_a that holds the same lithium has the porosity P = 1 - d_t/d_a.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import FARADAY_C_MOL, LITHIUM_KG_M3, LITHIUM_KG_MOL
from anodefree.core.uncertain import Uncertain

MOLAR_MASS: Final = Uncertain(LITHIUM_KG_MOL, 0.017e-3)
MOLAR_MASS_SOURCE: Final = (
    "IUPAC 2021: conventional 6.94 g/mol; natural lithium lies within 6.938-6.997 g/mol, whose half width over √3 is the std"
)
DENSITY: Final = Uncertain(LITHIUM_KG_M3, 1.0)
DENSITY_SOURCE: Final = (
    "CRC Handbook, 97th ed.: 0.534 g/cm3 at 20 °C; std: rounding, and 0.533 g/cm3 from the unit cell (bcc, a = 3.51 Å)"
)


def dense_thickness_m(
    charge_C_m2: ArrayLike, molar_mass_kg_mol: ArrayLike = LITHIUM_KG_MOL, density_kg_m3: ArrayLike = LITHIUM_KG_M3
) -> NDArray:
    """Thickness d_t = q M/(F ρ) [m] of dense lithium; 0.15 mAh/cm2 is 0.727 µm.

    *Valid when* all charge plates lithium that stays metallic. *Source* Faraday's law; Chen et al. 2026, section 2.4.
    """
    q, mass, density = np.asarray(charge_C_m2), np.asarray(molar_mass_kg_mol), np.asarray(density_kg_m3)
    return q * mass / (FARADAY_C_MOL * density)


def thickness_m(dense_thickness_m: ArrayLike, porosity: ArrayLike) -> NDArray:
    """Thickness d_a = d_t/(1 - P) [m] of a deposit of porosity P that holds the lithium of a dense layer."""
    return np.asarray(dense_thickness_m) / (1 - np.asarray(porosity))


def porosity(dense_thickness_m: ArrayLike, thickness_m: ArrayLike) -> NDArray:
    """Porosity P = 1 - d_t/d_a from the dense and the measured thickness. *Source* Chen et al. 2026, section 2.4, Fig. 5j."""
    return 1 - np.asarray(dense_thickness_m) / np.asarray(thickness_m)


def thickness_ratio(porosity_a: ArrayLike, porosity_b: ArrayLike) -> NDArray:
    """d_a/d_b = (1 - P_b)/(1 - P_a): how thick deposit a is against deposit b of the same charge."""
    return (1 - np.asarray(porosity_b)) / (1 - np.asarray(porosity_a))
