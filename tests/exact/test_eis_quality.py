"""Drift, weights, outliers and artefacts of impedance: what a virtual instrument puts in, the corrections take out again."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.eis.arrhenius import arrhenius
from anodefree.analysis.eis.clean import clean
from anodefree.analysis.eis.drift import drift
from anodefree.analysis.eis.fit import fit_circuit, fit_stage
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.consistency import sweep_fraction
from anodefree.numerics.variance_model import fitted_variance, variance_model
from anodefree.physics.butler_volmer import amplitude_ratio, charge_transfer_resistance_ohm_m2, current_density_A_m2
from anodefree.physics.circuits import read_circuit
from anodefree.physics.lithium_impedance import diffusion_ohm_m2, diffusion_resistance_ohm_m2
from anodefree.simulation.cell.lithium_impedance import lithium_cell
from anodefree.simulation.instruments.potentiostat import impedance

F = np.geomspace(1e5, 0.1, 61)


def status(spectra: Measurement) -> str:
    return kramers_kronig_checks(spectra)[0].status


def complex_of(spectra: Measurement) -> np.ndarray:
    return spectra["Z_re_ohm"] + 1j * spectra["Z_im_ohm"]


# --- drift -----------------------------------------------------------------------------------

SERIES = {"temperatures_K": (303.15,) * 6, "rest_s": 0.0, "noise": 1e-3, "series_drift": 0.08}


def test_a_drifting_series_fails_before_and_passes_after():
    before = impedance(seed=2, **SERIES)
    after = drift(before)
    assert status(before) == "warn"
    assert status(after) == "pass"
    assert len(after) == 5
    assert "interpolated" in after.meta["corrected"]


def test_the_state_at_the_common_instant_is_recovered():
    clean_series = impedance(seed=2, **{**SERIES, "noise": 0.0})
    after = drift(clean_series)
    duration = clean_series["time_s"][1]
    circuit = read_circuit("R0-p(R1,Q1)-W2")
    for i in range(len(after)):
        r1 = 45.7 * 1.08 ** (after["time_s"][i] / duration)
        truth = circuit.impedance(2 * np.pi * F, np.array([4.0, r1, 2e-5, 0.85, 3.0]))
        assert np.abs(complex_of(after)[i] / truth - 1).max() < 1e-4
        assert np.abs(complex_of(clean_series)[i] / truth - 1).max() > 0.02


def test_the_false_diffusion_of_a_drifting_cell_disappears():
    """A pure arc that grows during the sweep looks like an arc with a slow process behind it."""
    options = {"circuit": "R0-p(R1,Q1)", "values": {"R0": 4.0, "R1": 45.7, "Q1": 2e-5, "n1": 0.85}, **SERIES}
    before = impedance(seed=2, **options)
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,C2)")
    slow = [fit_circuit(circuit, F, complex_of(s)[1]).values["R2"] for s in (before, drift(before))]
    assert slow[0] > 1.0
    assert slow[1] < 0.3 * slow[0]


def test_a_single_spectrum_is_freed_of_its_own_drift(rng):
    z0 = read_circuit("R0-p(R1,Q1)-W2").impedance(2 * np.pi * F, np.array([4, 45.7, 2e-5, 0.85, 3.0]))
    z = 4 + (z0 - 4) * (1 + 0.08 * sweep_fraction(F[None])[0])
    z = z * (1 + 1e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    one = Measurement.of(IMPEDANCE, {"frequency_Hz": F[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]})
    after = drift(one)
    assert (status(one), status(after)) == ("warn", "pass")
    assert after.meta["drift"][0] == pytest.approx(0.08, abs=3 * after.meta["drift_std"][0])
    assert np.abs(complex_of(after)[0] / z0 - 1).max() < 0.02


def test_a_series_without_times_says_what_to_do():
    series = impedance(seed=1)
    bare = {n: series[n] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}
    with pytest.raises(DataError, match="no time of each point"):
        drift(Measurement.of(IMPEDANCE, bare))
    assert len(drift(Measurement.of(IMPEDANCE, bare), each_alone=True)) == 7


# --- weights and outliers --------------------------------------------------------------------


@pytest.mark.parametrize("terms", [(3e-3, 0.0, 0.0), (3e-3, 0.03, 0.0), (1e-3, 0.0, 3e-5)])
def test_the_error_structure_is_learned(terms, rng):
    f = np.geomspace(1e5, 0.01, 71)
    z0 = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-W3").impedance(2 * np.pi * f, np.array([2, 30, 2e-5, 0.9, 60, 1.5e-3, 0.85, 20]))
    size = np.abs(z0)
    sigma = np.sqrt((terms[0] * size) ** 2 + terms[1] ** 2 + (terms[2] * size**2) ** 2)
    draws = [
        np.log(variance_model(f, z0 + sigma * (rng.standard_normal(71) + 1j * rng.standard_normal(71))) / sigma)
        for _ in range(12)
    ]
    assert abs(np.mean(draws)) < 0.08
    assert np.std(draws) < 0.2


def test_a_series_shares_one_error_structure(rng):
    z = complex_of(impedance(seed=4, noise=2e-3, noise_floor_ohm=0.02))
    found = fitted_variance(np.repeat(F[None], 7, axis=0), z)
    assert found.sigma_ohm.shape == z.shape
    assert found.terms[0] == pytest.approx(2e-3, abs=3 * found.terms_std[0])
    assert found.terms[1] == pytest.approx(0.02, abs=3 * found.terms_std[1])


def test_outliers_become_gaps_and_are_written_down():
    struck = impedance(seed=5, glitch_probability=0.04, glitch_size=0.1, noise=1e-3)
    truth = impedance(seed=5, noise=1e-3)
    bad = np.abs(complex_of(struck) / complex_of(truth) - 1) > 0.02
    assert bad.sum() > 5
    after = clean(struck)
    gone = np.isnan(after["frequency_Hz"])
    assert (gone & bad).sum() >= 0.97 * bad.sum()
    assert (gone & ~bad).sum() <= 3
    assert after.meta["outliers_dropped"] == gone.sum()
    assert np.isnan(after["record_time_s"][gone]).all()
    assert status(struck) == "warn"
    assert status(after) == "pass"


def test_leads_are_subtracted_or_their_tail_is_dropped():
    options = {"seed": 6, "noise": 5e-4, "frequency_high_Hz": 1e6}
    with_leads, without = impedance(cable_inductance_H=2e-6, **options), impedance(**options)
    after = clean(with_leads, inductance="subtract")
    assert after.meta["inductance_H"] == pytest.approx([2e-6] * 7, rel=0.1)
    assert np.nanmax(np.abs(complex_of(after) / complex_of(without) - 1)) < 0.05
    dropped = clean(with_leads, inductance="drop")
    assert dropped.meta["tail_dropped"] > 10
    assert not (dropped["Z_im_ohm"][:, :10] > 0).any()


# --- the virtual potentiostat ------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.3, 0.5])
@pytest.mark.parametrize("volts", [0.001, 0.03, 0.1])
def test_large_amplitude_agrees_with_the_fundamental_of_butler_volmer(volts, alpha):
    angle = np.linspace(0, 2 * np.pi, 4096, endpoint=False)
    j = current_density_A_m2(volts * np.cos(angle), 10.0, alpha, 300.0)
    apparent = volts / (2 * np.mean(j * np.cos(angle)))
    assert amplitude_ratio(volts, 300.0, alpha) == pytest.approx(
        apparent / charge_transfer_resistance_ohm_m2(10.0, 300.0), rel=1e-9
    )


def test_a_large_amplitude_shrinks_the_arc_and_two_electrodes_halve_the_voltage():
    quiet = {"noise": 0.0, "temperatures_K": (303.15,), "values": {"R0": 0.01, "R1": 45.7, "Q1": 2e-5, "n1": 0.85}}
    low = [
        impedance(circuit="R0-p(R1,Q1)", amplitude_V=v, interfaces=n, **quiet)["Z_re_ohm"][0, -1]
        for v, n in ((0.0, 1), (0.01, 1), (0.1, 1), (0.1, 2))
    ]
    assert low[1] / low[0] == pytest.approx(amplitude_ratio(0.01, 303.15), rel=1e-4)
    assert low[2] / low[0] == pytest.approx(amplitude_ratio(0.1, 303.15), rel=1e-3)
    assert low[3] / low[0] == pytest.approx(amplitude_ratio(0.05, 303.15), rel=1e-3)


def test_artefacts_are_off_by_default_and_each_does_what_it_says():
    plain = impedance(seed=1, noise=0.0)
    w = 2 * np.pi * plain["frequency_Hz"]
    z = complex_of(plain)
    leads = complex_of(impedance(seed=1, noise=0.0, cable_inductance_H=1e-6, stray_capacitance_F=1e-9))
    inner = z + 1j * w * 1e-6
    np.testing.assert_allclose(leads, 1 / (1 / inner + 1j * w * 1e-9), rtol=1e-12)
    hum = np.abs(complex_of(impedance(seed=1, noise=0.0, mains_pickup=0.05)) / z - 1)
    assert plain["frequency_Hz"][0, hum.max(axis=0).argmax()] == pytest.approx(50, rel=0.02)
    assert hum[:, np.abs(plain["frequency_Hz"][0] - 1e4) < 3e3].max() < 1e-2


def test_diffusion_of_an_ideal_dilute_salt():
    """R_d over R_s is (1 - t)/t, and the finite Warburg ends at R_d."""
    plus, minus, c, t = 3e-10, 5e-10, 10.0, 300.0
    transference, salt = plus / (plus + minus), 2 * plus * minus / (plus + minus)
    conductivity = 96485.33212**2 * c * (plus + minus) / (8.31446261815324 * t)
    found = diffusion_resistance_ohm_m2(1e-4, salt, c, transference, t)
    assert found * conductivity / 1e-4 == pytest.approx((1 - transference) / transference, rel=1e-9)
    assert diffusion_ohm_m2(1e-6, found, 1e-4, salt) == pytest.approx(found, rel=1e-3)


COLLECTORS = {"M-Ni": (53.7e3, 13.4), "Ni": (63.6e3, 4.0), "Cu": (76.0e3, 3.1)}


@pytest.mark.parametrize("collector", COLLECTORS)
def test_published_kinetics_come_back_from_the_impedance_of_a_cell(collector):
    """Ea and j0 of the three collectors, from a cell with two electrodes of 14 mm, within the 95 % intervals."""
    energy, j0 = COLLECTORS[collector]
    series = lithium_cell(
        seed=1, j0_A_m2=j0, activation_energy_J_mol=energy, film_thickness_m=0.0, frequency_low_Hz=0.05, noise=2e-3
    )
    circuit = "R0-p(R1,Q1)-Ws2"
    found = arrhenius(series, circuit=circuit, temperature_std_K=0.02, temperature_offset_std_K=0.02).estimates["Ea"]
    assert found.low < energy < found.high
    one = lithium_cell(seed=1, j0_A_m2=j0, temperatures_K=(298.15,), film_thickness_m=0.0, frequency_low_Hz=0.05, noise=2e-3)
    r1 = fit_stage(one, circuit=circuit).estimates["R1"]
    both = 2 * float(charge_transfer_resistance_ohm_m2(j0, 298.15)) / 1.539e-4
    assert r1.low < both < r1.high


def test_cell_says_what_is_wrong():
    with pytest.raises(ConfigError, match="lowest frequency"):
        lithium_cell(frequency_low_Hz=1e6)
