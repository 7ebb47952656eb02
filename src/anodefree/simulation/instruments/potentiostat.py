"""A virtual potentiostat: the impedance spectra that an instrument would write for a known circuit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, near
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.physics.arrhenius import activated_resistance_ohm
from anodefree.physics.circuits import Circuit, read_circuit
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments import artefacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL: Final[Mapping[str, float]] = {"R0": 4.0, "R1": 45.7, "Q1": 2e-5, "n1": 0.85, "W2": 3.0}
SEVEN_TEMPERATURES_K: Final = (303.15, 308.15, 313.15, 318.15, 323.15, 328.15, 333.15)


def sweep_Hz(frequency_low_Hz: float, frequency_high_Hz: float, points_per_decade: int) -> np.ndarray:
    """Frequencies [Hz] from high to low, evenly spaced in the logarithm, both ends included."""
    decades = np.log10(frequency_high_Hz / frequency_low_Hz)
    return np.geomspace(frequency_high_Hz, frequency_low_Hz, max(round(points_per_decade * decades), 1) + 1)


def acquisition_s(frequency_Hz: np.ndarray, cycles: int, settle_s: float) -> tuple[np.ndarray, float]:
    """The middle [s] of each point's acquisition since the sweep began, and the sweep's duration [s]."""
    each = settle_s + cycles / frequency_Hz
    return np.cumsum(each) - each / 2, float(each.sum())


def activated_values(
    circuit: Circuit,
    values: np.ndarray,
    temperatures_K: np.ndarray,
    reference_temperature_K: float,
    energies_J_mol: Mapping[str, float],
) -> np.ndarray:
    """Parameter vectors (t, p) at each temperature: the named resistances follow their activation energy, the rest stay."""
    table = np.repeat(values[None], len(temperatures_K), axis=0)
    for name, energy in energies_J_mol.items():
        k = circuit.names.index(name)
        table[:, k] = activated_resistance_ohm(temperatures_K, values[k], reference_temperature_K, energy)
    return table


@stage("potentiostat.impedance", version=1, cites=("chen2026", "orazem2017"))
def impedance(
    *,
    circuit: Annotated[str, Par("circuit, such as R0-p(R1,Q1)-W2: '-' in series, p(a,b) parallel")] = "R0-p(R1,Q1)-W2",
    values: Annotated[
        dict[str, float],
        Par(
            "each parameter of the circuit at the reference temperature (SI)",
            source="R1: interface resistance on M-Ni, Fig. S7; the rest typical of a coin cell with an ether electrolyte",
            assumed=True,
        ),
    ] = CELL,  # type: ignore[assignment]  # a read-only table; reading it makes a dict
    temperatures_K: Annotated[
        tuple[float, ...], Par("temperature of each spectrum, in the order of acquisition", gt=0)
    ] = SEVEN_TEMPERATURES_K,
    reference_temperature_K: Annotated[
        float, Par("temperature at which `values` hold", gt=0, source="first of the seven temperatures", assumed=True)
    ] = 303.15,
    activated: Annotated[str, Par("the resistance that is the interface")] = "R1",
    activation_energy_J_mol: Annotated[
        float, Par("activation energy of that resistance", source="section 2.3, Fig. 4e, M-Ni")
    ] = 53.7e3,
    electrolyte_activation_energy_J_mol: Annotated[
        float | None,
        Par("activation energy of the circuit's other R; none: they stay", source="not stated; left constant", assumed=True),
    ] = None,
    frequency_low_Hz: Annotated[float, Par("lowest frequency", gt=0, source="section 4.2.1")] = 0.1,
    frequency_high_Hz: Annotated[float, Par("highest frequency", gt=0, source="section 4.2.1")] = 1e5,
    points_per_decade: Annotated[int, Par("points per decade", ge=1, le=1000, source="usual setting", assumed=True)] = 10,
    noise: Annotated[
        float, Par("standard deviation of Z' and of Z'', over |Z|", ge=0, source="a good instrument on a cell", assumed=True)
    ] = 3e-3,
    drift: Annotated[
        float,
        Par("growth of the activated resistance during one spectrum, relative", gt=-1, source="a cell at rest", assumed=True),
    ] = 0.0,
    cycles: Annotated[int, Par("periods measured at each frequency", ge=1, source="usual setting", assumed=True)] = 3,
    settle_s: Annotated[float, Par("time from one frequency to the next", ge=0, source="usual setting", assumed=True)] = 0.2,
    rest_s: Annotated[
        float, Par("time to reach the next temperature", ge=0, source="usual for a coin cell", assumed=True)
    ] = 3600.0,
    amplitude_V: Annotated[
        float, Par("amplitude of the potential on the cell; 0: so small that the answer is linear", ge=0, le=1)
    ] = 0.0,
    interfaces: Annotated[int, Par("electrodes that share the activated resistance alike, where it is large", ge=1, le=2)] = 1,
    noise_floor_ohm: Annotated[float, Par("standard deviation of Z' and of Z'' that does not scale with |Z|", ge=0)] = 0.0,
    series_drift: Annotated[
        float, Par("growth of the activated resistance per sweep that goes on from one to the next, relative", gt=-1)
    ] = 0.0,
    cable_inductance_H: Annotated[float, Par("inductance of the leads", ge=0, le=1e-3)] = 0.0,
    stray_capacitance_F: Annotated[float, Par("capacitance across the leads", ge=0, le=1e-3)] = 0.0,
    mains_pickup: Annotated[float, Par("amplitude of the mains over that of the signal", ge=0, le=1)] = 0.0,
    mains_Hz: Annotated[float, Par("frequency of the mains", gt=0)] = 50.0,
    glitch_probability: Annotated[float, Par("part of the points that a change of range strikes", ge=0, le=1)] = 0.0,
    glitch_size: Annotated[float, Par("size of such a glitch over |Z|", ge=0, le=10)] = 0.05,
    rng: np.random.Generator,
) -> Impedance:
    """Impedance spectra of a known circuit at several temperatures, as a potentiostat would record them.

    Z_m(f) = Z_c(f; p(T, t)) + noise |Z_c| (a + j b), a and b standard normal. The interface's resistance follows the
    paper's law T/R = A exp(-Ea/(R_g T)) through its value at the reference temperature, and grows as R (1 + drift t/D) in
    the time t of a sweep of duration D = sum over f of (settle + cycles/f), run from high to low frequency; so a drift breaks
    the Kramers-Kronig relations at low frequency, as it does in a real cell. Each sweep begins without drift, but for
    `series_drift` r: R (1 + r)^(time/D), time since the series began. With `amplitude_V` the interface answers as Butler and
    Volmer say, each of `interfaces` with the voltage that reaches it (`artefacts.large_signal`). Then Z is seen through the
    leads, with noise, the mains, and glitches (`artefacts`); all of these are off by default.
    Arrays: frequency_Hz, Z_re_ohm, Z_im_ohm, record_time_s (spectrum, frequency), high to low; temperature_K, time_s
    (spectrum), the time at which a sweep begins. *Valid when* the cell responds linearly, or with `amplitude_V` where its
    charge transfer is what does not. *Source* Chen et al. (2026), section 4.2.1, for range,
    temperatures and law; Orazem and Tribollet (2017) for noise proportional to |Z|.
    Raises ConfigError: the circuit, a parameter's name or value, or the order of the frequencies.
    """
    tree = read_circuit(circuit)
    base = tree.vector(values)
    resistors = [e.label for e in tree.elements if e.symbol == "R"]
    if activated not in resistors:
        raise ConfigError(f"'{activated}' is no resistance of {tree.text}", "activated", near(activated, resistors))
    if frequency_low_Hz >= frequency_high_Hz:
        raise ConfigError("the lowest frequency is not below the highest", "frequency_low_Hz", "exchange them")
    if not temperatures_K:
        raise ConfigError("no temperature is given", "temperatures_K", "one per spectrum, such as 303.15, 313.15")
    energies = {activated: activation_energy_J_mol}
    if electrolyte_activation_energy_J_mol is not None:
        energies |= {name: electrolyte_activation_energy_J_mol for name in resistors if name != activated}
    t = np.asarray(temperatures_K, dtype=float)
    f = sweep_Hz(frequency_low_Hz, frequency_high_Hz, points_per_decade)
    middle_s, duration_s = acquisition_s(f, cycles, settle_s)
    # One parameter vector per point, because the cell may change while the sweep runs.
    table = np.repeat(activated_values(tree, base, t, reference_temperature_K, energies)[:, None], len(f), axis=1)
    start_s = np.arange(len(t)) * (duration_s + rest_s)
    at_s = start_s[:, None] + middle_s
    interface = tree.names.index(activated)
    table[..., interface] *= 1 + drift * middle_s / duration_s
    if series_drift:
        table[..., interface] *= (1 + series_drift) ** (at_s / duration_s)
    w = 2 * np.pi * f
    if amplitude_V:
        table = artefacts.large_signal(tree, w, table, activated, amplitude_V, t[:, None], interfaces)
    z = artefacts.leads(w, tree.impedance(w[:, None], table)[..., 0], cable_inductance_H, stray_capacitance_F)
    size = noise * np.abs(z) if not noise_floor_ohm else np.hypot(noise * np.abs(z), noise_floor_ohm)
    z = z + size * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    if mains_pickup:
        z = z * (1 + artefacts.mains_pickup(f, cycles, mains_Hz, mains_pickup, rng, z.shape))
    if glitch_probability:
        z = z * artefacts.glitches(glitch_probability, glitch_size, rng, z.shape)
    arrays = {
        "frequency_Hz": np.repeat(f[None], len(t), axis=0),
        "Z_re_ohm": z.real,
        "Z_im_ohm": z.imag,
        "temperature_K": t,
        "time_s": start_s,
        "record_time_s": at_s,
    }
    return Measurement.of(IMPEDANCE, arrays, {"instrument": "virtual potentiostat", "cell": tree.text})


@impedance.plot
def draw(spectra: Measurement, ax: Axes) -> None:
    """Nyquist plot, one colour per temperature from cold to hot."""
    from anodefree.core.figure import nyquist

    nyquist(ax, spectra["Z_re_ohm"], spectra["Z_im_ohm"], [f"{k - 273.15:.0f} °C" for k in spectra["temperature_K"]])


@impedance.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise and drift, against the closed form of a resistor, an arc and a Warburg at three temperatures."""
    r0, r1, q, n, s = rng.uniform(2, 8), rng.uniform(20, 60), rng.uniform(1e-5, 4e-5), rng.uniform(0.8, 0.95), rng.uniform(1, 5)
    energy, t = rng.uniform(40e3, 80e3), np.array([303.15, 318.15, 333.15])[:, None]
    jw = 2j * np.pi * np.geomspace(1e5, 0.1, 61)
    arc_ohm = r1 * t / 303.15 * np.exp(energy / 8.31446261815324 * (1 / t - 1 / 303.15))
    z = r0 + 1 / (1 / arc_ohm + q * jw**n) + s * np.sqrt(2) / np.sqrt(jw)
    parameters = {
        "values": {"R0": r0, "R1": r1, "Q1": q, "n1": n, "W2": s},
        "temperatures_K": tuple(float(x) for x in t[:, 0]),
        "activation_energy_J_mol": energy,
        "noise": 0.0,
    }
    return Demo((), {"Z_re_ohm": z.real, "Z_im_ohm": z.imag}, parameters)
