"""A charge in uniform electric and magnetic fields with linear drag: the numbers that rule it and its exact motion.

The equation of motion is m dv/dt = q(E + v × B) - m v/τ with B along z. With w = v_x + i v_y and s = x + i y it reads

    dw/dt = a - λ w,   ds/dt = w,   a = q(E_x + i E_y)/m,   λ = 1/τ + iω,   ω = qB/m,

so a positive charge turns clockwise when B points at the reader; along z the same holds with λ = 1/τ.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


def cyclotron_frequency(charge_C: float, mass_kg: float, flux_density_T: float) -> float:
    """Angular frequency of gyration ω = qB/m [rad/s], signed like qB.

    *Valid when* the speed is far below that of light. *Source* Chen 2016, section 2.2.1.
    """
    return charge_C * flux_density_T / mass_kg


def gyroradius(speed_m_s: float, charge_C: float, mass_kg: float, flux_density_T: float) -> float:
    """Radius r = m v⊥/(|q|B) [m] of the circle across B; infinite without a field.

    *Valid when* nothing stops the ion within a turn (ωτ ≫ 1). *Source* Chen 2016, section 2.2.1.
    """
    rate = abs(cyclotron_frequency(charge_C, mass_kg, flux_density_T))
    return speed_m_s / rate if rate > 0 else math.inf


def hall_parameter(mobility_m2_Vs: float, flux_density_T: float) -> float:
    """Hall parameter β = ωτ = μB: the angle in radians by which an ion is turned before friction erases its velocity.

    It does not depend on the mass. A helix needs β ≳ 1; the drift leaves the direction of the force by arctan β.
    *Valid when* drag is linear. *Source* Chen 2016, section 5.5.
    """
    return abs(mobility_m2_Vs * flux_density_T)


def flux_density_for_helix(mobility_m2_Vs: float) -> float:
    """Flux density 1/μ [T] at which the Hall parameter is 1."""
    return 1.0 / abs(mobility_m2_Vs)


def magnetisation(charge_C: float, mass_kg: float, flux_density_T: float, gap_m: float, voltage_V: float) -> float:
    """Λ = B L √(|q|/(mV)): angle turned in the time L√(m/qV), which scales a flight without friction across a gap L under V.

    *Valid when* there is no drag, and E is uniform and along B.
    *Source* the equation of motion, with lengths in L and times in L√(m/qV).
    """
    return abs(flux_density_T) * gap_m * math.sqrt(abs(charge_C) / (mass_kg * voltage_V))


def ballistic_turns(magnetisation: float) -> float:
    """Turns N = √2 Λ/2π while an ion that starts at rest crosses the gap without friction, in the time √2 L√(m/qV)."""
    return math.sqrt(2.0) * magnetisation / (2.0 * math.pi)


def hull_flux_density(charge_C: float, mass_kg: float, gap_m: float, voltage_V: float) -> float:
    """Hull's cut-off B = √(2mV/|q|)/L [T], Λ = √2: lying across E, a stronger field turns every ion back to its electrode.

    An ion from rest runs on a cycloid that leaves its electrode by 2L/Λ² at most. *Valid when* E is uniform and B across it,
    and there is no drag; along E a field turns no ion back. *Source* Hull 1921, for plates in place of cylinders.
    """
    return math.sqrt(2.0 * mass_kg * voltage_V / abs(charge_C)) / gap_m


def drift_velocity(electric_field_V_m: ArrayLike, flux_density_T: ArrayLike) -> NDArray[np.float64]:
    """E × B drift v = E × B/B² [m/s], shape (3,): the same for both signs of charge.

    *Valid when* there is no drag (ωτ ≫ 1). *Source* Chen 2016, section 2.2.2.
    """
    field = np.asarray(flux_density_T, dtype=float)
    return np.cross(np.asarray(electric_field_V_m, dtype=float), field) / np.dot(field, field)


def propagator(rate_per_s: complex | ArrayLike, time_s: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """e^(-λt), C = (1 - e^(-λt))/λ [s] and D = (t - C)/λ [s2]: the exact solution of dw/dt = a - λw.

    w(t) = e^(-λt) w₀ + C a and s(t) = s₀ + C w₀ + D a. Arguments broadcast; complex where λ is. Where |λt| < 1 a power series
    replaces the differences, so that λ → 0 (free flight: 1, t, t²/2) is exact to rounding.
    *Source* Hochbruck and Ostermann 2010, section 2 (C = tφ₁(-λt), D = t²φ₂(-λt)).
    """
    rate, time = np.asarray(rate_per_s), np.asarray(time_s, dtype=float)
    z = -rate * time
    small = np.abs(z) < 1.0
    near, far = np.where(small, z, 0.0), np.where(small, 1.0, z)
    series = np.zeros_like(near) + 1.0 / math.factorial(21)
    for n in range(18, -1, -1):
        series = series * near + 1.0 / math.factorial(n + 2)
    phi1 = np.where(small, 1.0 + near * series, np.expm1(far) / far)
    phi2 = np.where(small, series, (np.expm1(far) / far - 1.0) / far)
    return np.exp(z), time * phi1, time**2 * phi2


def uniform_field_path(
    time_s: ArrayLike,
    launch_velocity_m_s: ArrayLike,
    *,
    charge_C: float,
    mass_kg: float,
    flux_density_T: float,
    electric_field_V_m: ArrayLike = (0.0, 0.0, 0.0),
    relaxation_time_s: float = math.inf,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Position [m] and velocity [m/s], each of shape (3, time), of a charge launched from the origin: exact, in closed form.

    *Valid when* E (any direction) and B (along z) are uniform and constant and drag is linear; τ = inf is free flight.
    *Source* the solution of the linear equation of motion given at the top of this file.
    """
    time = np.atleast_1d(np.asarray(time_s, dtype=float))
    vx, vy, vz = np.asarray(launch_velocity_m_s, dtype=float)
    ax, ay, az = charge_C / mass_kg * np.asarray(electric_field_V_m, dtype=float)
    drag = 1.0 / relaxation_time_s
    decay, C, D = propagator(complex(drag, cyclotron_frequency(charge_C, mass_kg, flux_density_T)), time)
    s, w = C * (vx + 1j * vy) + D * (ax + 1j * ay), decay * (vx + 1j * vy) + C * (ax + 1j * ay)
    decay_z, C_z, D_z = propagator(drag, time)
    return (
        np.array([s.real, s.imag, C_z * vz + D_z * az]),
        np.array([w.real, w.imag, decay_z * vz + C_z * az]),
    )


class Kicks(NamedTuple):
    """Second moments of the thermal displacement of velocity (w) and position (s) in one step, per component.

    `velocity_m2_s2` = ⟨|n_w|²⟩/2, `cross_m2_s` = ⟨n_s n_w*⟩/2 (complex under gyration), `position_m2` = ⟨|n_s|²⟩/2.
    """

    velocity_m2_s2: float
    cross_m2_s: complex
    position_m2: float


def thermal_kicks(rate_per_s: complex, time_s: float, velocity_variance_m2_s2: float) -> Kicks:
    """The exact covariance of Langevin noise over a step h, for λ = 1/τ + iω and kT/m = `velocity_variance_m2_s2`.

    With the noise intensity σ² = 2kT/(mτ), W = (τ/2)(1 - e^(-2h/τ)) and C, D of `propagator`:
    ⟨|n_w|²⟩/2 = σ²W, ⟨n_s n_w*⟩/2 = σ²(C* - W)/λ, ⟨|n_s|²⟩/2 = σ²(h - 2 Re C + W)/|λ|². Where |λ|h < 1 these differences cancel
    and the integrals σ²∫|C(u)|²du and σ²∫C(u)e^(-λ*u)du behind them are taken by Gauss-Legendre quadrature instead.
    *Valid when* the noise is white and Gaussian; any h. *Source* Gillespie 1996 for ω = 0; Taylor 1961 for the physics with ω.
    """
    drag, intensity = rate_per_s.real, 2.0 * velocity_variance_m2_s2 * rate_per_s.real
    W = float(-np.expm1(-2.0 * drag * time_s) / (2.0 * drag)) if drag > 0 else time_s
    if abs(rate_per_s) * time_s < 1.0:
        nodes, weights = np.polynomial.legendre.leggauss(16)
        u, du = 0.5 * time_s * (nodes + 1.0), 0.5 * time_s * weights
        decay, C, _ = propagator(rate_per_s, u)
        cross, position = complex(np.sum(du * C * decay.conj())), float(np.sum(du * np.abs(C) ** 2))
    else:
        C_h = complex(propagator(rate_per_s, time_s)[1])
        cross = (C_h.conjugate() - W) / rate_per_s
        position = (time_s - 2.0 * C_h.real + W) / abs(rate_per_s) ** 2
    return Kicks(intensity * W, intensity * cross, intensity * position)
