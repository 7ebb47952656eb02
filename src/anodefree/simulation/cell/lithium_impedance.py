"""A physical cell under a virtual potentiostat: lithium, interphase, electrolyte, interphase, and lithium or plated copper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.physics import lithium_impedance as physics
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TYPICAL = "typical of LiTFSI in ethers between porous membranes"


def activated(value: float, energy_J_mol: float, temperature_K: np.ndarray, reference_K: float) -> np.ndarray:
    """value exp(-(Ea/R)(1/T - 1/T0)): a rate, a conductivity or a diffusivity at temperatures (t,)."""
    return value * np.exp(-energy_J_mol / GAS_J_MOL_K * (1 / temperature_K - 1 / reference_K))


@stage("potentiostat.lithium_cell", version=1, cites=("chen2026", "bard2001", "balsara2015"))
def lithium_cell(
    *,
    j0_A_m2: Annotated[
        float,
        Par(
            "exchange current density of the working electrode at the reference temperature",
            gt=0,
            source="section 2.3, Fig. 4f, M-Ni",
        ),
    ] = 13.4,
    counter_j0_A_m2: Annotated[float | None, Par("that of the counter electrode; none: the same", gt=0)] = None,
    activation_energy_J_mol: Annotated[float, Par("activation energy of j0, both electrodes", source="Fig. 4e, M-Ni")] = 53.7e3,
    area_m2: Annotated[float, Par("area of either electrode", gt=0, source="a disc of 14 mm", assumed=True)] = 1.539e-4,
    double_layer_F_m2: Annotated[
        float,
        Par("double layer of an electrode, the Q of a constant phase element [S s^n/m2]", gt=0, source=_TYPICAL, assumed=True),
    ] = 0.3,
    double_layer_exponent: Annotated[float, Par("its exponent", gt=0.5, le=1, source=_TYPICAL, assumed=True)] = 0.9,
    film_thickness_m: Annotated[
        float, Par("thickness of the interphase on each electrode; 0: none", ge=0, source=_TYPICAL, assumed=True)
    ] = 2e-8,
    film_conductivity_S_m: Annotated[
        float, Par("conductivity of the interphase for lithium", gt=0, source=_TYPICAL, assumed=True)
    ] = 5e-5,
    film_permittivity: Annotated[
        float, Par("relative permittivity of the interphase", ge=1, source=_TYPICAL, assumed=True)
    ] = 10.0,
    film_activation_energy_J_mol: Annotated[
        float, Par("activation energy of its conductivity", source=_TYPICAL, assumed=True)
    ] = 50e3,
    distance_m: Annotated[
        float,
        Par(
            "effective distance of the electrodes: thickness times tortuosity over porosity",
            gt=0,
            source=_TYPICAL,
            assumed=True,
        ),
    ] = 1.0e-4,
    conductivity_S_m: Annotated[float, Par("conductivity of the electrolyte", gt=0, source=_TYPICAL, assumed=True)] = 0.8,
    conductivity_activation_energy_J_mol: Annotated[float, Par("its activation energy", source=_TYPICAL, assumed=True)] = 12e3,
    diffusivity_m2_s: Annotated[float, Par("salt diffusion coefficient", gt=0, source=_TYPICAL, assumed=True)] = 2.5e-10,
    diffusion_activation_energy_J_mol: Annotated[float, Par("its activation energy", source=_TYPICAL, assumed=True)] = 15e3,
    concentration_mol_m3: Annotated[float, Par("salt concentration", gt=0, source=_TYPICAL, assumed=True)] = 1000.0,
    transference: Annotated[float, Par("transference number of lithium", gt=0, lt=1, source=_TYPICAL, assumed=True)] = 0.4,
    thermodynamic_factor: Annotated[
        float, Par("1 + dln f/dln c of the salt", gt=0, source="ideal solution", assumed=True)
    ] = 1.0,
    temperatures_K: Annotated[tuple[float, ...], Par("temperature of each spectrum", gt=0, source="section 4.2.1")] = (
        303.15,
        308.15,
        313.15,
        318.15,
        323.15,
        328.15,
        333.15,
    ),
    reference_temperature_K: Annotated[
        float, Par("temperature at which the values hold", gt=0, source="room temperature", assumed=True)
    ] = 298.15,
    frequency_low_Hz: Annotated[float, Par("lowest frequency", gt=0, source="section 4.2.1")] = 0.1,
    frequency_high_Hz: Annotated[float, Par("highest frequency", gt=0, source="section 4.2.1")] = 1e5,
    points_per_decade: Annotated[int, Par("points per decade", ge=1, le=1000, source="usual setting", assumed=True)] = 10,
    noise: Annotated[
        float, Par("standard deviation of Z' and of Z'', over |Z|", ge=0, source="a good instrument on a cell", assumed=True)
    ] = 3e-3,
    rng: np.random.Generator,
) -> Impedance:
    """Impedance of a cell of two lithium electrodes, from what it is made of, as a potentiostat would record it.

    Z A = L/k + Z_d + sum over both electrodes of [l/(k_f + j w e e0) + 1/(F j0/(RT) + Q (j w)^n)], A the area of either
    electrode, with Z_d = R_d tanh(u)/u, u^2 = j w L^2/(4 D), R_d = 2RT (1 - t+)^2 (1 + dln f/dln c) L/(F^2 D c)
    (`physics.lithium_impedance`). j0, k_f, k and D follow exp(-Ea/(R_g T)); then T/R_ct = A' exp(-Ea/(R_g T)), the paper's law,
    holds exactly. The charge-transfer arc of such a cell holds *two* electrodes and the area: R = 2 RT/(F j0 A) where they are
    alike, 25 ohm for 1.34 mA/cm2 on a disc of 14 mm at 25 degC; to take it for one electrode, or for ohm cm2, is the usual
    mistake. Plated copper is lithium here: what differs is j0 (`counter_j0_A_m2` is the foil's).
    Arrays as of `potentiostat.impedance`; metadata holds `area_m2`. *Valid when* the answer is linear, interphases are dense,
    and both electrodes have the same film and double layer. *Source* Bard and Faulkner (2001), equation 3.4.13; Balsara and
    Newman, J. Electrochem. Soc. 162 (2015) A2720; Chen et al. (2026), sections 2.3 and 4.2.1, for j0, Ea, frequencies and
    temperatures.
    Raises ConfigError: no temperature, or frequencies in the wrong order.
    """
    if frequency_low_Hz >= frequency_high_Hz:
        raise ConfigError("the lowest frequency is not below the highest", "frequency_low_Hz", "exchange them")
    if not temperatures_K:
        raise ConfigError("no temperature is given", "temperatures_K", "one per spectrum, such as 303.15, 313.15")
    decades = np.log10(frequency_high_Hz / frequency_low_Hz)
    f = np.geomspace(frequency_high_Hz, frequency_low_Hz, max(round(points_per_decade * decades), 1) + 1)
    t = np.asarray(temperatures_K, dtype=float)[:, None]
    w = 2 * np.pi * f

    def at(value: float, energy_J_mol: float) -> np.ndarray:
        return activated(value, energy_J_mol, t, reference_temperature_K)

    diffusivity = at(diffusivity_m2_s, diffusion_activation_energy_J_mol)
    limit = physics.diffusion_resistance_ohm_m2(
        distance_m, diffusivity, concentration_mol_m3, transference, t, thermodynamic_factor
    )
    z = distance_m / at(conductivity_S_m, conductivity_activation_energy_J_mol)
    z = z + physics.diffusion_ohm_m2(w, limit, distance_m, diffusivity)
    film = physics.film_ohm_m2(w, film_thickness_m, at(film_conductivity_S_m, film_activation_energy_J_mol), film_permittivity)
    for j0 in (j0_A_m2, j0_A_m2 if counter_j0_A_m2 is None else counter_j0_A_m2):
        z = (
            z
            + film
            + physics.charge_transfer_ohm_m2(w, at(j0, activation_energy_J_mol), t, double_layer_F_m2, double_layer_exponent)
        )
    z = z / area_m2
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {
        "frequency_Hz": np.repeat(f[None], len(t), axis=0),
        "Z_re_ohm": z.real,
        "Z_im_ohm": z.imag,
        "temperature_K": t[:, 0],
    }
    meta = {"instrument": "virtual potentiostat", "cell": "Li | electrolyte | Li", "area_m2": area_m2}
    return Measurement.of(IMPEDANCE, arrays, meta)


@lithium_cell.plot
def draw(spectra: Measurement, ax: Axes) -> None:
    """Nyquist plot, one colour per temperature."""
    from anodefree.core.figure import nyquist

    nyquist(ax, spectra["Z_re_ohm"], spectra["Z_im_ohm"], [f"{k - 273.15:.0f} °C" for k in spectra["temperature_K"]])


@lithium_cell.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise, against the same cell written as a circuit: the arcs and the diffusion of two alike electrodes."""
    j0, area, t = rng.uniform(3, 14), rng.uniform(1e-4, 2e-4), 303.15
    jw = 2j * np.pi * np.geomspace(1e5, 0.1, 61)
    transfer, film, capacitance = (
        2 * 8.31446261815324 * t / (96485.33212 * j0 * area),
        2 * 2e-8 / 5e-5 / area,
        10 * 8.8541878128e-12,
    )
    limit = 2 * 8.31446261815324 * t * 0.36 * 1e-4 / (96485.33212**2 * 2.5e-10 * 1000.0) / area
    u = np.sqrt(jw * 1e-8 / 1e-9)
    z = 1e-4 / 0.8 / area + film / (1 + jw * capacitance / 5e-5) + transfer / (1 + transfer * area / 2 * 0.3 * jw**0.9)
    z = z + limit * np.tanh(u) / u
    parameters = {
        "j0_A_m2": j0,
        "area_m2": area,
        "temperatures_K": (t,),
        "reference_temperature_K": t,
        "noise": 0.0,
    }
    return Demo((), {"Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}, parameters)
