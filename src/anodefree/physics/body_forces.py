"""What a magnetic field does to the liquid as a whole: the Lorentz and the Kelvin force on a volume, and how fast they stir.

Velocities are those of the flow between two walls a height h apart that a body force f along them would drive,
u = f h²/(8η): an upper bound, because the part of f that is a gradient is borne by the pressure and drives nothing, and because
in a separator the pores are far narrower than h. *Source* Landau and Lifshitz 1987, section 17 (flow between plates).
"""

from __future__ import annotations

import math

VACUUM_PERMEABILITY_H_M = 4e-7 * math.pi


def stirred_speed(force_N_m3: float, height_m: float, viscosity_Pa_s: float) -> float:
    """u = f h²/(8η) [m/s], the speed midway between two plates.

    *Valid when* the flow is slow (Reynolds number below 1) and nothing but the two walls holds it.
    """
    return force_N_m3 * height_m**2 / (8.0 * viscosity_Pa_s)


def lorentz_force(current_density_A_m2: float, flux_density_T: float) -> float:
    """f = j B [N/m3] for B across the current; |j × B| is smaller where they are aligned.

    *Valid when* the flow hardly changes the current (Hartmann number B h √(σ/η) below 1: 1e-5 at 10 mT, 50 µm).
    *Source* Davidson 2001, chapter 2.
    """
    return current_density_A_m2 * flux_density_T


def hartmann(flux_density_T: float, height_m: float, conductivity_S_m: float, viscosity_Pa_s: float) -> float:
    """Ha = B h √(σ/η): below 1 the field does not brake the flow that it drives."""
    return flux_density_T * height_m * math.sqrt(conductivity_S_m / viscosity_Pa_s)


def field_gradient_force(susceptibility: float, flux_density_T: float, decay_length_m: float) -> float:
    """f = χ/(2μ₀) ∇B² = χ B²/(μ₀ λ) [N/m3] for B that falls as e^(-z/λ); χ is the difference between two volumes.

    *Valid when* |χ| ≪ 1. A uniform χ drives nothing (the force is a gradient); only ∇χ × ∇B² turns the liquid.
    *Source* Coey 2010, chapter 2.
    """
    return abs(susceptibility) * flux_density_T**2 / (VACUUM_PERMEABILITY_H_M * decay_length_m)


def concentration_gradient_force(susceptibility: float, flux_density_T: float, height_m: float) -> float:
    """f = B²/(2μ₀) ∇χ = χ B²/(2μ₀ h) [N/m3] for a susceptibility that differs by χ over h.

    *Valid when* |χ| ≪ 1. In a uniform field this is a gradient, that of χB²/(2μ₀), and drives no flow at all: it is listed
    because it is invoked. *Source* Waskaas 2021.
    """
    return abs(susceptibility) * flux_density_T**2 / (2.0 * VACUUM_PERMEABILITY_H_M * height_m)
