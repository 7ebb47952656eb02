"""Physical constants (CODATA 2018, exact since 2019 where the SI defines them) and properties of lithium."""

from typing import Final

ELEMENTARY_CHARGE_C: Final = 1.602176634e-19
BOLTZMANN_J_K: Final = 1.380649e-23
AVOGADRO_PER_MOL: Final = 6.02214076e23
FARADAY_C_MOL: Final = ELEMENTARY_CHARGE_C * AVOGADRO_PER_MOL
GAS_J_MOL_K: Final = BOLTZMANN_J_K * AVOGADRO_PER_MOL
ATOMIC_MASS_KG: Final = 1.66053906660e-27
ELECTRON_KG: Final = 9.1093837139e-31
HBAR_J_S: Final = 1.054571817e-34
ZERO_CELSIUS_K: Final = 273.15

# IUPAC conventional atomic weight of lithium; density of the metal at 20 °C (CRC Handbook, 97th ed.).
LITHIUM_KG_MOL: Final = 6.94e-3
LITHIUM_KG_M3: Final = 534.0
