"""Activation energies that are known: exact series, York's published line, and what must be refused or doubted."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.eis.activation import activation, curvature_t
from anodefree.analysis.eis.arrhenius import arrhenius
from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.fitting import york_line
from anodefree.physics.arrhenius import activated_resistance_ohm
from anodefree.simulation.instruments.potentiostat import impedance

T = 303.15 + 5.0 * np.arange(7)


def status(result):
    return {c.name: c.status for c in result.checks}


def test_york_line_of_pearsons_data_with_yorks_weights():
    # Published: slope -0.480533407, intercept 5.47991022, their errors 0.0579850090 and 0.294970735 (York et al. 2004).
    x = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
    y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
    wx = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    wy = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    line = york_line(x, y, wx**-0.5, wy**-0.5)
    assert line.slope == pytest.approx(-0.480533407, rel=1e-8)
    assert line.intercept == pytest.approx(5.47991022, rel=1e-8)
    assert np.sqrt(np.diag(line.covariance)).tolist() == pytest.approx([0.294970735, 0.0579850090], rel=1e-6)
    assert line.chi2 == pytest.approx(11.8663531941, rel=1e-8)


def test_york_line_without_error_in_x_is_weighted_least_squares(rng):
    x, y, s = np.arange(8.0), rng.standard_normal(8), rng.uniform(0.5, 2, 8)
    line = york_line(x, y, np.zeros(8), s)
    coefficients, covariance = np.polyfit(x, y, 1, w=1 / s, cov="unscaled")
    assert [line.slope, line.intercept] == pytest.approx(coefficients.tolist())
    np.testing.assert_allclose(line.covariance[::-1, ::-1], covariance, rtol=1e-9)


def test_york_line_refuses():
    one = np.ones(3)
    with pytest.raises(ValueError, match="two different x"):
        york_line(one, one, one, one)
    with pytest.raises(ValueError, match="no error"):
        york_line(np.arange(3.0), one, 0 * one, 0 * one)


@pytest.mark.parametrize("factor", [True, False])
def test_exact_series_gives_exact_energy(factor):
    r = activated_resistance_ohm(T, 50.0, 303.15, 60e3, factor)
    found = activation(T, r, np.full(7, 0.01), 0.5, 0.0, factor)
    assert found.energy_J_mol == pytest.approx(60e3, rel=1e-10)
    assert found.ln_prefactor == pytest.approx(np.log((303.15 if factor else 1.0) / 50.0) + 60e3 / (GAS_J_MOL_K * 303.15))


def test_the_other_form_differs_by_rt():
    r = activated_resistance_ohm(T, 50.0, 303.15, 60e3)
    other = activation(T, r, np.full(7, 0.01), 0.0, 0.0, False)
    assert other.energy_J_mol - 60e3 == pytest.approx(-GAS_J_MOL_K * T.mean(), rel=0.02)


def test_errors_of_the_energy_are_those_of_repeated_experiments(rng):
    energy, sigma, each, offset = 60e3, 0.02, 0.4, 0.6
    r = activated_resistance_ohm(T, 50.0, 303.15, energy)
    drawn = []
    for _ in range(1000):
        read = T + each * rng.standard_normal(7) + offset * rng.standard_normal()
        drawn.append(activation(read, r * np.exp(sigma * rng.standard_normal(7)), np.full(7, sigma), each, offset, True))
    energies = np.array([a.energy_J_mol for a in drawn])
    stated = activation(T, r, np.full(7, sigma), each, offset, True)
    assert energies.mean() == pytest.approx(energy, abs=4 * energies.std() / np.sqrt(1000))
    assert energies.std() == pytest.approx(np.sqrt(stated.covariance[0, 0]), rel=0.08)
    both = np.cov(energies, [a.ln_prefactor for a in drawn])
    np.testing.assert_allclose(both, stated.covariance, rtol=0.2)


def test_a_common_offset_changes_the_energy_by_twice_its_relative_size():
    r = activated_resistance_ohm(T, 50.0, 303.15, 60e3, with_temperature_factor=False)
    without, with_offset = (activation(T, r, np.full(7, 0.01), 0.0, o, False).covariance[0, 0] for o in (0.0, 1.0))
    assert np.sqrt(with_offset - without) / 60e3 == pytest.approx(2 / T.mean(), rel=0.03)


def test_scatter_beyond_the_errors_widens_them(rng):
    r = activated_resistance_ohm(T, 50.0, 303.15, 60e3) * np.exp(0.1 * rng.standard_normal(7))
    small, large = (activation(T, r, np.full(7, s), 0.0, 0.0, True) for s in (1e-3, 1e-2))
    assert small.line.birge > 5
    assert small.covariance[0, 0] == pytest.approx(large.covariance[0, 0], rel=1e-6)


def test_curvature(rng):
    x = np.linspace(3.0, 3.3, 9)
    assert abs(curvature_t(x, 2 * x + 0.01 * rng.standard_normal(9), np.full(9, 0.01))) < 4
    assert abs(curvature_t(x, 2 * x + 30 * (x - 3.15) ** 2, np.full(9, 0.01))) > 10
    assert curvature_t(x[:3], x[:3], np.ones(3)) == 0.0


def test_stage_recovers_the_simulated_energy():
    result = arrhenius(impedance(), temperature_std_K=0.0, temperature_offset_std_K=0.0)
    e = result.estimates["Ea"]
    assert abs(e.value - 53.7e3) < 3 * e.std
    assert e.std < 200
    assert e.low < 53.7e3 < e.high
    two = result.estimates["Ea_two_step"]
    assert (two.high - two.value) / two.std == pytest.approx(2.5706, rel=1e-4)  # Student's t, 5 degrees of freedom
    assert abs(two.value - 53.7e3) < 3 * two.std
    assert e.high - e.low < two.high - two.low
    assert set(status(result).values()) == {"pass"}
    assert result.curves["R_ohm"].values[0] == pytest.approx(45.7, rel=0.02)


def test_temperatures_may_be_given():
    series = impedance()
    plain = Measurement.of(series.kind, {n: series[n] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}, name="no.txt")
    with pytest.raises(DataError, match=r"no\.txt: holds no temperature") as caught:
        arrhenius(plain)
    assert "temperatures_K" in str(caught.value)
    given = arrhenius(plain, temperatures_K="30 degC, 35 degC, 40 degC, 45 degC, 50 degC, 55 degC, 60 degC")
    assert given["Ea"] == pytest.approx(arrhenius(series)["Ea"], rel=1e-12)
    with pytest.raises(ConfigError, match="2 temperatures for 7 spectra"):
        arrhenius(plain, temperatures_K=(300.0, 310.0))
    celsius = arrhenius(plain, temperatures_K=(30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0), temperature_std_K=0.0)
    assert status(celsius)["kelvin"] == "warn"


def test_refusals():
    series = impedance()
    with pytest.raises(ConfigError, match="'R7' is no resistance"):
        arrhenius(series, resistance="R7")
    with pytest.raises(ConfigError, match="held fixed"):
        arrhenius(series, fixed={"R1": 10.0})
    with pytest.raises(DataError, match="2 different temperatures"):
        arrhenius(impedance(temperatures_K=(300.0, 310.0, 310.0)))


def test_doubts():
    few = impedance(temperatures_K=(303.15, 308.15, 313.15))
    assert status(arrhenius(few))["temperatures"] == "warn"
    assert status(arrhenius(few))["span"] == "warn"
    series = impedance(noise=1e-3)
    backwards = arrhenius(series, temperatures_K=tuple(T[::-1]))
    assert status(backwards)["activated"] == "warn"
    back_again = (*T, 303.15)
    there = impedance(temperatures_K=back_again, noise=1e-3)
    assert status(arrhenius(there))["drift"] == "pass"
    grown = {n: there[n].copy() for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm", "temperature_K")}
    grown["Z_re_ohm"][-1] *= 1.3
    grown["Z_im_ohm"][-1] *= 1.3
    assert status(arrhenius(Measurement.of(there.kind, grown)))["drift"] == "warn"
