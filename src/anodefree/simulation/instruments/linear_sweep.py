"""A virtual potentiostat: the linear sweep over an irreversible reaction that uses up what diffuses to the electrode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, NumericalError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.recorder import recorded_A

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_RECORDS = 200_000
FIRST_CELL = 0.05
"""Width of the first cell, in diffusion lengths of one time step."""
GROWTH = 1.03
"""Each cell is wider than the one before by this factor."""
REACH = 7.0
"""Depth of the grid, in diffusion lengths of the whole sweep: beyond it nothing changes."""


def grid_m(diffusivity_m2_s: float, step_s: float, duration_s: float) -> np.ndarray:
    """Widths [m] of the finite volumes, from the electrode into the solution."""
    first = FIRST_CELL * np.sqrt(diffusivity_m2_s * step_s)
    depth = REACH * np.sqrt(diffusivity_m2_s * duration_s)
    count = int(np.ceil(np.log1p(depth * (GROWTH - 1) / first) / np.log(GROWTH)))
    return np.asarray(first * GROWTH ** np.arange(count))


def reaction_flux(
    rate_m_s: np.ndarray,
    step_s: float,
    concentration_mol_m3: float,
    diffusivity_m2_s: float,
    exponent_per_flux: float = 0.0,
) -> np.ndarray:
    """Flux [mol/(m2 s)] (n,) consumed at the electrode at the times step, 2 step, ...; the rate constant [m/s] is that at each.

    dc/dt = D d²c/dx², D dc/dx = k c at the electrode, by finite volumes and backward differences of second order. The system is
    linear but for the surface, so each step is one back substitution and one scalar equation. An ohmic drop lowers the rate by
    exp(-exponent_per_flux × flux).

    Raises
    ------
    NumericalError: the scalar equation of a step was not solved.
    """
    from scipy.linalg.lapack import dpttrf, dpttrs

    width = grid_m(diffusivity_m2_s, step_s, step_s * len(rate_m_s))
    link = diffusivity_m2_s / (0.5 * (width[1:] + width[:-1]))
    outer = np.append(link, 2 * diffusivity_m2_s / width[-1])
    spread = np.concatenate([[0.0], link]) + outer
    bulk = np.zeros_like(width)
    bulk[-1] = outer[-1] * concentration_mol_m3
    to_surface = width[0] / (2 * diffusivity_m2_s)  # c at the surface is c of the first cell less flux × this
    now = before = np.full_like(width, concentration_mol_m3)
    flux, last = np.zeros(len(rate_m_s)), 0.0
    for n, rate in enumerate(rate_m_s):
        if n < 2:  # one implicit Euler step starts the two-step scheme
            storage = width / step_s * (1.0 if n == 0 else 1.5)
            factor = dpttrf(storage + spread, -link)[:2]
            drained = dpttrs(*factor, np.eye(1, len(width))[0])[0]
        old = now if n == 0 else (4 * now - before) / 3
        still = dpttrs(*factor, storage * old + bulk)[0]
        last = _surface(rate, still[0], drained[0] + to_surface, exponent_per_flux, last)
        before, now = now, still - last * drained
        flux[n] = last
    return flux


def _surface(rate: float, supply: float, hindrance: float, exponent: float, guess: float) -> float:
    """The flux J with J = k exp(-exponent J) (supply - hindrance J), by Newton's method kept within what can be supplied."""
    if exponent == 0:
        return rate * supply / (1 + rate * hindrance)
    low, high, flux = 0.0, supply / hindrance, min(guess, supply / hindrance)
    for _ in range(100):
        slowed = rate * np.exp(-exponent * flux)
        gap = flux - slowed * (supply - hindrance * flux)
        slope = 1 + slowed * (hindrance + exponent * (supply - hindrance * flux))
        low, high = (flux, high) if gap < 0 else (low, flux)
        new = flux - gap / slope
        new = new if low <= new <= high else 0.5 * (low + high)
        if abs(new - flux) <= 1e-13 * max(high, 1e-300):
            return float(new)
        flux = new
    raise NumericalError("the surface's reaction was not solved", "potentiostat.linear_sweep", "use a smaller step_V")


@stage("potentiostat.linear_sweep", version=1, cites=("bard2001", "nicholson1964", "chen2026"))
def linear_sweep(
    *,
    start_V: Annotated[float, Par("potential at the start", source="rest of a fresh Li||Cu cell", assumed=True)] = 2.8,
    end_V: Annotated[
        float, Par("potential at the end; below the start: a reduction", source="plating begins at 0 V", assumed=True)
    ] = 0.0,
    scan_rate_V_s: Annotated[float, Par("rate of the sweep", gt=0, source="section 2.6, oxidation", assumed=True)] = 5e-4,
    step_V: Annotated[float, Par("potential between records", gt=0, source="1 mV, usual setting", assumed=True)] = 1e-3,
    reference_potential_V: Annotated[
        float,
        Par("potential at which the kinetic current is stated", source="TFSI- is reduced below about 1.5 V", assumed=True),
    ] = 1.5,
    reference_current_density_A_m2: Annotated[
        float, Par("current density there, as if nothing were used up", gt=0, source="2.2 uA/cm2, section 2.6", assumed=True)
    ] = 0.022,
    transfer_coefficient: Annotated[
        float, Par("transfer coefficient of the reaction's direction", gt=0, lt=1, source="0.2: a broad wave", assumed=True)
    ] = 0.2,
    concentration_mol_m3: Annotated[
        float, Par("bulk concentration of what reacts", gt=0, source="surface films leave little within reach", assumed=True)
    ] = 10.0,
    diffusivity_m2_s: Annotated[
        float, Par("its diffusion coefficient", gt=0, source="TFSI- in about 1 M ethers (Hayamizu et al. 1999)", assumed=True)
    ] = 2e-10,
    capacitance_F_m2: Annotated[
        float,
        Par("double layer capacitance per area", ge=0, source="20 uF/cm2, a smooth metal (Bard and Faulkner)", assumed=True),
    ] = 0.2,
    area_resistance_ohm_m2: Annotated[
        float, Par("ohmic resistance per area", ge=0, source="0: none is stated", assumed=True)
    ] = 0.0,
    temperature_K: Annotated[
        float, Par("temperature", gt=0, source="25 °C, room temperature; not stated", assumed=True)
    ] = 298.15,
    area_m2: Annotated[float, Par("electrode area", gt=0, source="a disc of 14 mm; not stated", assumed=True)] = 1.54e-4,
    noise: Annotated[
        float,
        Par(
            "standard deviation of the current over its largest value", ge=0, source="a good instrument on a cell", assumed=True
        ),
    ] = 2e-3,
    bits: Annotated[
        int, Par("resolution of the converter; 0: continuous", ge=0, le=32, source="usual converter", assumed=True)
    ] = 16,
    rng: np.random.Generator,
) -> Polarisation:
    r"""A linear sweep over an irreversible reaction limited by diffusion, as a potentiostat would record it.

    dc/dt = D d²c/dx² before a plane at which D dc/dx = k(E) c; k = k_r exp(±β F (E - jR - E_r)/(RT)) [m/s], with
    F k_r c_bulk the stated current density at E_r; j = ±F D dc/dx + C dE/dt, positive on oxidation (a rising sweep), negative
    on reduction. Finite volumes that widen away from the electrode, implicit in time (second order).
    Arrays: time_s, potential_V, current_A. With c large the current rises exponentially and never peaks: an oxidation limit.
    *Valid when* the product does not react back and the surface does not change: a film that grows in the sweep, as an
    interphase does, makes a lower and earlier peak. *Source* Nicholson and Shain 1964; Bard and Faulkner 2001, section 6.3.
    Raises ConfigError (a sweep without extent, too many records).
    """
    extent = end_V - start_V
    if abs(extent) < 10 * step_V:
        raise ConfigError(
            "the sweep has fewer than ten records", "end_V", "choose it further from start_V, or a smaller step_V"
        )
    if abs(extent) / step_V > MOST_RECORDS:
        raise ConfigError(f"more than {MOST_RECORDS} records", "step_V", "use a larger step")
    direction, count = float(np.sign(extent)), round(abs(extent) / step_V)
    step_s = abs(extent) / count / scan_rate_V_s
    applied = start_V + extent * np.arange(1, count + 1) / count
    per_volt = transfer_coefficient / float(thermal_voltage_V(temperature_K))
    beyond = np.minimum(
        per_volt * direction * (applied - reference_potential_V), 500.0
    )  # far past the peak more is no different
    rate = reference_current_density_A_m2 / (FARADAY_C_MOL * concentration_mol_m3) * np.exp(beyond)
    slowing = per_volt * area_resistance_ohm_m2 * FARADAY_C_MOL
    flux = reaction_flux(rate, step_s, concentration_mol_m3, diffusivity_m2_s, slowing)
    j = direction * (FARADAY_C_MOL * flux + capacitance_F_m2 * scan_rate_V_s)
    arrays = {
        "time_s": step_s * np.arange(1, count + 1),
        "potential_V": applied,
        "current_A": recorded_A(area_m2 * j, noise, bits, rng),
    }
    meta = {
        "area_m2": area_m2,
        "scan_rate_V_s": scan_rate_V_s,
        "temperature_K": temperature_K,
        "reference": "Li/Li+",
        "instrument": "virtual potentiostat",
        "cell": "irreversible reaction",
    }
    return Measurement.of(POLARISATION, arrays, meta)


@linear_sweep.plot
def draw(curve: Measurement, ax: Axes) -> None:
    """Current density against potential."""
    j = 1e2 * curve["current_A"] / curve.meta["area_m2"]
    ax.plot(curve["potential_V"], j)
    ax.set(xlabel="potential / V vs. Li/Li$^+$", ylabel="current density / µA cm$^{-2}$")


@linear_sweep.demo
def demo(rng: np.random.Generator) -> Demo:
    """A reaction that uses up nothing, so that the current is exponential: a bulk a thousand times what the sweep consumes."""
    beta, at, rate = rng.uniform(0.3, 0.7), rng.uniform(4.2, 4.5), rng.uniform(2e-4, 2e-3)
    potential = 3.0 + 1.6 * np.arange(1, 801) / 800
    j = 0.022 * np.exp(beta / thermal_voltage_V(298.15) * (potential - at)) + 0.2 * rate
    given = {
        "start_V": 3.0,
        "end_V": 4.6,
        "step_V": 2e-3,
        "scan_rate_V_s": rate,
        "reference_potential_V": at,
        "transfer_coefficient": beta,
        "concentration_mol_m3": 1e10,
        "area_m2": 1e-4,
        "noise": 0.0,
        "bits": 0,
    }
    return Demo((), {"current_A": 1e-4 * j}, given, tolerance=1e-5)
