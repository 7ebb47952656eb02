"""Profile likelihood and the evidence between circuits, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.eis.candidates import Candidate, evidence, first_candidates, resolved_arcs
from anodefree.analysis.eis.circuit_fit import fit_circuit, problem_of
from anodefree.analysis.eis.fit import fit_stage
from anodefree.analysis.eis.likelihood_profile import profile
from anodefree.analysis.eis.profile import profile_stage
from anodefree.analysis.eis.propose import propose
from anodefree.core.measurement import Measurement, join
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.circuits import read_circuit

F = np.geomspace(1e5, 0.1, 61)
W = 2 * np.pi * F
TWO_ARCS = "R0-p(R1,Q1)-p(R2,Q2)-W3"
TRUTH = {"R0": 5.0, "R1": 30.0, "Q1": 2e-5, "n1": 0.9, "R2": 60.0, "Q2": 1.5e-3, "n2": 0.85, "W3": 6.0}


def noisy(circuit, values, rng, noise=3e-3, f=F):
    tree = read_circuit(circuit)
    z = tree.impedance(2 * np.pi * f, tree.vector(values))
    return z + noise * np.abs(z) * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))


def spectrum(z, f=F):
    return Measurement.of(IMPEDANCE, {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]})


def status(result):
    return {c.name: c.status for c in result.checks}


def test_the_profile_of_a_resistor_is_its_students_interval(rng):
    """One resistance, unit weights: the model is linear, so the interval is mean +- t s / sqrt(N), exactly (in R, not ln R)."""
    z = 10 + 0.5 * (rng.standard_normal(40) + 1j * rng.standard_normal(40))
    found = fit_circuit(read_circuit("R1"), F[:40], z, weighting="unit")
    ends = profile(found.problem, found.fit, 0)
    mean, dof = z.real.mean(), 79
    s = np.sqrt((np.sum((z.real - mean) ** 2) + np.sum(z.imag**2)) / dof)
    assert found.values["R1"] == pytest.approx(mean, rel=1e-9)
    assert ends.low == pytest.approx(mean - 1.9904502 * s / np.sqrt(40), rel=1e-5)
    assert ends.high == pytest.approx(mean + 1.9904502 * s / np.sqrt(40), rel=1e-5)


def test_a_profile_agrees_with_separate_fits(rng):
    circuit = read_circuit("R0-p(R1,Q1)-W2")
    z = noisy("R0-p(R1,Q1)-W2", {"R0": 4.0, "R1": 45.0, "Q1": 2e-5, "n1": 0.85, "W2": 3.0}, rng, noise=0.01)
    found = fit_circuit(circuit, F, z, noise=0.01)
    for name in ("R1", "n1"):
        ends = profile(found.problem, found.fit, circuit.names.index(name))
        for end in (ends.low, ends.high):
            held = fit_circuit(circuit, F, z, noise=0.01, fixed={name: end})
            assert held.fit.chi2 - found.fit.chi2 == pytest.approx(1.959964**2, rel=2e-3), name


def test_linear_and_profile_intervals_agree_where_the_model_is_nearly_linear(rng):
    one = spectrum(noisy(TWO_ARCS, TRUTH, rng, noise=5e-4))
    linear, profiled = (fit_stage(one, circuit=TWO_ARCS, intervals=i) for i in ("linear", "profile"))
    for name in TRUTH:
        a, b = linear.estimates[name], profiled.estimates[name]
        assert (a.value, a.std) == (b.value, b.std)
        assert b.low == pytest.approx(a.low, abs=0.02 * a.std)
        assert b.high == pytest.approx(a.high, abs=0.02 * a.std)
    assert status(profiled)["intervals"] == status(profiled)["lowest"] == "pass"


def test_an_interval_without_an_end_is_said(rng):
    """Diffusion to a wall that the sweep never sees: its time constant has no upper limit."""
    z = noisy("R0-p(R1,Q1)-W2", {"R0": 4.0, "R1": 45.0, "Q1": 2e-5, "n1": 0.85, "W2": 10.0}, rng)
    result = profile_stage(spectrum(z), circuit="R0-p(R1,Q1)-Wo2")
    assert status(result)["intervals"] == "warn"
    message = next(c.message for c in result.checks if c.name == "intervals")
    assert "Wo2_tau above" in message
    assert "R1" not in message
    assert result.estimates["Wo2_tau"].high == pytest.approx(1e4 / W.min())  # the bound: 1e4 times the slowest period


def test_profiles_are_roots_of_the_rise(rng):
    result = profile_stage(spectrum(noisy(TWO_ARCS, TRUTH, rng)), circuit=TWO_ARCS, fixed={"n1": 0.9})
    names = list(result.curves["parameter_name"].values)
    assert names == [n for n in TRUTH if n != "n1"]
    root, value = result.curves["profile_root"].values, result.curves["profile_value"].values
    for i, name in enumerate(names):
        seen = np.isfinite(root[i])
        assert (np.diff(value[i][seen]) > 0).all()
        assert (np.diff(root[i][seen]) > 0).all()
        assert root[i][seen][0] <= -result.curves["limit"].values[i]
        assert value[i][seen][root[i][seen] == 0] == pytest.approx(result[name])
    with pytest.raises(ConfigError, match="no spectrum 3"):
        profile_stage(spectrum(noisy(TWO_ARCS, TRUTH, rng)), spectrum=3)


def test_information_criteria_are_those_of_the_likelihood(rng):
    circuit, z = read_circuit("R0-p(R1,C1)"), noisy("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, rng)
    told = fit_circuit(circuit, F, z, noise=3e-3)
    sigma = 3e-3 * np.abs(told.z_ohm)
    r = (told.model_ohm - told.z_ohm) / sigma
    minus_2_ln_l = np.sum(np.abs(r) ** 2) + 2 * np.sum(np.log(2 * np.pi * sigma**2))
    assert told.aic == pytest.approx(minus_2_ln_l + 2 * 3)
    assert told.bic == pytest.approx(minus_2_ln_l + 3 * np.log(122))
    blind = fit_circuit(circuit, F, z)
    size = np.sqrt(blind.fit.chi2 / 122)  # the likelihood's own estimate of the noise
    at_size = fit_circuit(circuit, F, z, noise=size)
    assert blind.aic == pytest.approx(at_size.aic + 2)


def test_the_relaxation_times_count_the_arcs(rng):
    assert resolved_arcs(W, noisy(TWO_ARCS, TRUTH, rng, noise=1e-3)) == 2
    assert resolved_arcs(W, noisy("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, rng, noise=1e-3)) == 1
    assert {c.inductance for c in first_candidates(W, noisy("L0-R0", {"L0": 1e-6, "R0": 1.0}, rng, noise=1e-4))} == {True}


def test_candidates_are_written_as_circuits():
    assert Candidate(("Q", "C"), "Wo", True).text == "L0-R0-p(R1,Q1)-p(R2,C2)-Wo3"
    assert Candidate((), "", False).text == "R0"
    np.testing.assert_allclose(evidence(bic := np.array([10.0, 10.0 + 2 * np.log(3)]), np.array([True, True])), [0.75, 0.25])
    np.testing.assert_allclose(evidence(bic, np.array([False, True])), [0.0, 1.0])
    np.testing.assert_allclose(evidence(bic, np.array([False, False])), [0.75, 0.25])


@pytest.mark.parametrize(
    ("circuit", "values"),
    [
        ("R0", {"R0": 7.0}),
        ("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}),
        ("R0-p(R1,Q1)-W2", {"R0": 4.0, "R1": 45.7, "Q1": 2e-5, "n1": 0.85, "W2": 3.0}),
        ("L0-R0-p(R1,Q1)-Q2", {"L0": 2e-6, "R0": 2.0, "R1": 40.0, "Q1": 2e-5, "n1": 0.85, "Q2": 0.02, "n2": 0.9}),
        (TWO_ARCS, TRUTH),
    ],
)
def test_the_circuit_that_made_the_spectrum_is_proposed(circuit, values):
    result = propose(spectrum(noisy(circuit, values, np.random.default_rng(3))))
    table = result.curves
    assert table["candidate_circuit"].values[0] == circuit
    assert status(result)["proposal"] == "pass"
    assert result["n_arcs"] == circuit.count("p(")
    known = table["candidate_determined"].values == 1
    assert (np.diff(known.astype(int)) <= 0).all()
    assert (np.diff(table["candidate_bic"].values[known]) >= 0).all()
    assert table["candidate_weight"].values.sum() == pytest.approx(1)
    for name, value in values.items():
        assert abs(result[name] - value) < 4 * result.estimates[name].std


def test_nothing_is_proposed_for_a_spectrum_that_no_circuit_explains(rng):
    z = noisy(TWO_ARCS, TRUTH, rng, noise=1e-3) * (1 + 0.03 * np.sin(3 * np.log(F)))
    refused = propose(spectrum(z), max_candidates=12)
    assert status(refused)["proposal"] == "fail"
    assert "no circuit is proposed" in next(c.message for c in refused.checks if c.name == "proposal")


def test_given_circuits_are_compared(rng):
    one = spectrum(noisy(TWO_ARCS, TRUTH, rng))
    result = propose(one, circuits=f"R0-p(R1,Q1)-W2; {TWO_ARCS}; R0-ZARC1-ZARC2-W3")
    texts = list(result.curves["candidate_circuit"].values)
    assert texts[2] == "R0-p(R1,Q1)-W2"
    # The same impedance in other words: the same evidence.
    assert result.curves["candidate_bic"].values[0] == pytest.approx(result.curves["candidate_bic"].values[1], abs=1e-6)
    assert result["n_arcs"] == 2
    with pytest.raises(ConfigError, match="no circuit is given"):
        propose(one, circuits=" ; ")
    with pytest.raises(ConfigError, match="character"):
        propose(one, circuits="R0-; R0")


def test_short_spectra_and_series(rng):
    whole = spectrum(noisy(TWO_ARCS, TRUTH, rng))
    few = F[::12]
    short = spectrum(noisy("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, rng, f=few), few)
    series = join([whole, short])
    assert propose(series, spectrum=1)["n_arcs"] == 1
    with pytest.raises(DataError, match="cannot determine"):
        profile_stage(spectrum(np.array([1 + 1j, 2 - 1j]), np.array([1.0, 10.0])), circuit=TWO_ARCS)


def test_weights_of_each_point(rng):
    """Points that are known to be bad do not pull; standard deviations given as such are believed."""
    tree = read_circuit("R0-p(R1,C1)")
    z = tree.impedance(W, np.array([5.0, 30.0, 1e-5]))
    sigma = np.where(np.arange(61) % 5 == 0, 3.0, 0.02)
    z = z + sigma * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
    weighted = fit_circuit(tree, F, z, sigma_ohm=sigma, noise=1.0)
    assert 0.6 < weighted.fit.chi2_reduced < 1.4
    assert abs(weighted.values["R1"] - 30) < 4 * weighted.std["R1"] < 0.1
    assert fit_circuit(tree, F, z, weighting="unit").std["R1"] > 5 * weighted.std["R1"]
    shuffled = rng.permutation(61)
    again = fit_circuit(tree, F[shuffled], z[shuffled], sigma_ohm=sigma[shuffled], noise=1.0)
    assert again.fit.chi2 == pytest.approx(weighted.fit.chi2, rel=1e-9)
    for bad in (np.zeros(61), np.full(61, np.nan)):
        with pytest.raises(DataError, match="standard deviation"):
            problem_of(tree, F, z, sigma_ohm=bad)
