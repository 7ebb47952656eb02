"""Ions in a liquid: who they are, and how friction, mobility and diffusion belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C

SpeciesName = Literal["Li+", "Li(DME)2+", "TFSI-"]


@dataclass(frozen=True)
class Species:
    """An ion: mass, charge number, and diffusion coefficient (with the spread it is known to) in the electrolyte."""

    name: str
    mass_kg: float
    charge_number: int
    diffusivity_m2_s: float
    diffusivity_std_m2_s: float
    source: str

    @property
    def charge_C(self) -> float:
        """The charge, signed."""
        return self.charge_number * ELEMENTARY_CHARGE_C


# Masses from IUPAC conventional atomic weights: Li 6.94; DME, C4H10O2, 90.12; TFSI, C2F6NO4S2, 280.14.
_SOURCE: Final = (
    "order of magnitude for about 1 M LiTFSI in ethers at 25 °C, as pulsed-gradient NMR of such solutions finds"
    " (Hayamizu et al. 1999); the paper states none"
)
SPECIES: Final[dict[str, Species]] = {
    "Li+": Species("Li+", 6.94 * ATOMIC_MASS_KG, 1, 3e-10, 1e-10, _SOURCE),
    "Li(DME)2+": Species("Li(DME)2+", (6.94 + 2 * 90.12) * ATOMIC_MASS_KG, 1, 3e-10, 1e-10, _SOURCE),
    "TFSI-": Species("TFSI-", 280.14 * ATOMIC_MASS_KG, -1, 2e-10, 0.7e-10, _SOURCE),
}
"""The bare lithium ion, the ion with two molecules of dimethoxyethane that move with it, and the anion."""


def friction(diffusivity_m2_s: float, temperature_K: float) -> float:
    """Friction coefficient γ = kT/D [kg/s] (Einstein relation).

    *Valid when* the ion is in thermal equilibrium with the liquid and the force is weak (linear response).
    *Source* Chandrasekhar 1943, chapter II.
    """
    return BOLTZMANN_J_K * temperature_K / diffusivity_m2_s


def mobility(charge_C: float, diffusivity_m2_s: float, temperature_K: float) -> float:
    """Electrical mobility μ = qD/kT = q/γ [m2/(V s)], signed like the charge.

    *Valid when* the solution is dilute: in a concentrated one, correlated motion makes μ smaller than this.
    *Source* Chandrasekhar 1943, chapter II.
    """
    return charge_C / friction(diffusivity_m2_s, temperature_K)


def relaxation_time(mass_kg: float, diffusivity_m2_s: float, temperature_K: float) -> float:
    """Time τ = m/γ = mD/kT [s] in which the velocity forgets its direction.

    *Valid when* the liquid answers faster than the ion moves. τ of a bare lithium ion, 1 fs, is shorter than one vibration in
    its solvation cage: there τ is only a measure of the friction. *Source* Chandrasekhar 1943, chapter II.
    """
    return mass_kg / friction(diffusivity_m2_s, temperature_K)


def thermal_speed(mass_kg: float, temperature_K: float, dimensions: int = 2) -> float:
    """Root mean square speed √(d kT/m) [m/s] in `dimensions` d (2: the component across a magnetic field)."""
    return float(np.sqrt(dimensions * BOLTZMANN_J_K * temperature_K / mass_kg))
