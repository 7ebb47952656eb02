"""The activation energy from all spectra at once: exact series, intervals that cover, and what ties may and may not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import stdtrit

from anodefree.analysis.eis.activation import activation
from anodefree.analysis.eis.arrhenius import arrhenius
from anodefree.analysis.eis.joint import Spectra
from anodefree.analysis.eis.joint_activation import JointActivation, Thermometry, Tie, joint_activation
from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.numerics.joint_fitting import fit_groups
from anodefree.physics.arrhenius import activated_resistance_ohm
from anodefree.physics.circuits import read_circuit
from anodefree.simulation.instruments.potentiostat import impedance

T = 303.15 + 5.0 * np.arange(7)
F = np.geomspace(1e5, 0.1, 61)
NAMES = ("R0", "R1", "Q1", "n1", "W2")
NONE = np.zeros(5, dtype=bool)


def experiment(rng, energy, *, r1=45.7, noise=0.01, scatter=0.0, exponents=0.85):
    """Seven spectra, each spectrum's own minimum (found from the truth), and the variance of its residuals."""
    circuit = read_circuit("R0-p(R1,Q1)-W2")
    values = np.tile([4.0, r1, 2e-5, 0.85, 3.0], (7, 1))
    values[:, 1] = activated_resistance_ohm(T, r1, 303.15, energy) * np.exp(scatter * rng.standard_normal(7))
    values[:, 3] = exponents
    z = circuit.impedance(2 * np.pi * F[None], values)
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    spectra = Spectra.of(circuit, [(F, row, np.abs(row)) for row in z], np.ones(5, dtype=bool), values[0])
    low, high = spectra.bounds()
    alone, converged = fit_groups(spectra.residuals, spectra.coordinates(values), low, high)
    assert converged.all()
    return spectra, alone, np.maximum(2 * alone.cost / (spectra.points - 5), 1e-12)


def joint(made, thermometry, tie=None) -> JointActivation:
    spectra, alone, variance = made
    return joint_activation(spectra, alone.x, variance, thermometry, tie or Tie(1, NONE, NONE), True)


def classic(made, thermometry):
    _, alone, variance = made
    covariance = np.linalg.inv(alone.scaled(variance).curvature)
    r, relative = np.exp(alone.x[:, 1]), np.sqrt(covariance[:, 1, 1])
    return activation(thermometry.read_K, r, relative, thermometry.each_std_K, thermometry.offset_std_K, True)


@pytest.mark.parametrize("tie", [Tie(1, NONE, NONE), Tie(1, np.array([0, 0, 0, 1, 1], bool), NONE)], ids=["laws", "shared"])
def test_exact_series_gives_exact_energy(rng, tie):
    found = joint(experiment(rng, 60e3, noise=0.0), Thermometry(T, 0.0, 0.0), tie)
    assert found.converged
    assert found.energy_J_mol == pytest.approx(60e3, rel=1e-7)
    assert found.ln_prefactor == pytest.approx(np.log(303.15 / 45.7) + 60e3 / (GAS_J_MOL_K * 303.15), rel=1e-7)


def test_with_everything_independent_it_is_the_classic_line(rng):
    tie = Tie(1, NONE, np.array([1, 0, 1, 1, 1], bool))
    same = 0
    for thermometry in [Thermometry(T, 0.0, 0.0), Thermometry(T, 0.3, 0.5)] * 4:
        made = experiment(rng, 60e3)
        found, line = joint(made, thermometry, tie), classic(made, thermometry)
        if found.scatter[1] == 0 and line.line.birge == 1:  # else one adds the scatter, the other multiplies by it
            assert found.energy_J_mol == pytest.approx(line.energy_J_mol, rel=1e-4)
            assert found.covariance[0, 0] == pytest.approx(line.covariance[0, 0], rel=0.02)
            same += 1
    assert same > 2


@pytest.mark.slow
@pytest.mark.parametrize(("energy", "r1"), [(53.7e3, 45.7), (63.6e3, 153.0), (76.0e3, 198.0)])
def test_intervals_cover_and_are_narrower_than_in_two_steps(energy, r1):
    rng = np.random.default_rng(round(energy))
    rows = []
    for _ in range(200):
        thermometry = Thermometry(T + 0.5 * rng.standard_normal(7) + 0.5 * rng.standard_normal(), 0.5, 0.5)
        made = experiment(rng, energy, r1=r1)
        one, two = joint(made, thermometry), classic(made, thermometry)
        rows.append((one.energy_J_mol, one.covariance[0, 0], one.dof, two.covariance[0, 0]))
    found, variance, dof, in_two = np.array(rows).T
    std = np.sqrt(variance)
    error = np.abs(found - energy)
    assert 0.60 <= np.mean(error < std) <= 0.76
    assert 0.60 <= np.mean(error < std * stdtrit(dof, 0.84134)) <= 0.76
    assert 0.90 <= np.mean(error < std * stdtrit(dof, 0.975)) <= 0.99
    assert np.median(std * stdtrit(dof, 0.84134)) < 0.95 * np.median(np.sqrt(in_two) * stdtrit(5, 0.84134))
    assert np.median(std) <= np.median(np.sqrt(in_two))


@pytest.mark.slow
def test_intervals_cover_where_the_line_does_not_hold(rng):
    rows = []
    for _ in range(150):
        found = joint(experiment(rng, 60e3, scatter=0.05), Thermometry(T, 0.1, 0.1))
        rows.append((found.energy_J_mol, np.sqrt(found.covariance[0, 0]), found.dof, found.scatter[1]))
    energy, std, dof, scatter = np.array(rows).T
    assert np.median(scatter) == pytest.approx(0.05, rel=0.2)
    assert 0.58 <= np.mean(np.abs(energy - 60e3) < std * stdtrit(dof, 0.84134)) <= 0.78
    assert np.mean(np.abs(energy - 60e3) < std * stdtrit(dof, 0.975)) > 0.9
    assert np.median(dof) < 8


def test_sharing_what_is_the_same_narrows_and_sharing_what_differs_is_seen(rng):
    thermometry, exponent = Thermometry(T, 0.0, 0.0), np.array([0, 0, 0, 1, 0], bool)
    free, shared = Tie(1, NONE, ~np.array([0, 1, 0, 0, 0], bool)), Tie(1, exponent, NONE)
    same = experiment(rng, 60e3)
    assert joint(same, thermometry, shared).covariance[0, 0] < joint(same, thermometry, free).covariance[0, 0]
    assert joint(same, thermometry, shared).strain < 60
    other = experiment(rng, 60e3, exponents=np.linspace(0.80, 0.92, 7))
    assert joint(other, thermometry, shared).strain > 500


def test_stage_refuses_impossible_ties():
    series = impedance()
    for names in (
        {"shared": "n7"},
        {"independent": "R1"},
        {"shared": "n1", "independent": "n1"},
        {"shared": "n1", "fixed": {"n1": 1.0}},
    ):
        with pytest.raises(ConfigError):
            arrhenius(series, **names)
    fixed = arrhenius(series, fixed={"n1": 0.85}, shared="W2", independent="Q1")
    e = fixed.estimates["Ea"]
    assert e.low < 53.7e3 < e.high


def test_spectra_of_unequal_length_are_padded(rng):
    series = impedance(noise=3e-3)
    arrays = {n: series[n].copy() for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm", "temperature_K")}
    for name in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"):
        arrays[name][2, 50:] = np.nan
    cut = arrhenius(Measurement.of(series.kind, arrays)).estimates["Ea"]
    whole = arrhenius(series).estimates["Ea"]
    assert abs(cut.value - whole.value) < whole.std
    assert replace(cut, value=0.0).std == pytest.approx(whole.std, rel=0.1)


def test_residuals_are_those_of_the_circuit_and_padding_weighs_nothing(rng):
    circuit, values = read_circuit("R0-p(R1,Q1)-W2"), np.array([4.0, 45.7, 2e-5, 0.85, 3.0])
    z = circuit.impedance(2 * np.pi * F, values * 1.1)
    rows = [(F, z, np.abs(z)), (F[:20], z[:20], np.abs(z[:20]))]
    spectra = Spectra.of(circuit, rows, np.array([1, 1, 1, 1, 0], bool), values)
    assert spectra.names == NAMES[:4]
    assert spectra.points.tolist() == [122, 40]
    x = spectra.coordinates(np.tile(values[:4], (2, 1)))
    np.testing.assert_allclose(spectra.values(x), np.tile(values, (2, 1)))
    r, slopes = spectra.residuals(x, np.arange(2))
    expected = (circuit.impedance(2 * np.pi * F, values) - z) / np.abs(z)
    np.testing.assert_allclose(r[0], np.concatenate([expected.real, expected.imag]))
    assert np.count_nonzero(r[1]) == 40
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6
        up, down = (spectra.residuals(x + s, np.arange(2))[0] for s in (step, -step))
        np.testing.assert_allclose(slopes[..., k], (up - down) / 2e-6, atol=1e-7)
