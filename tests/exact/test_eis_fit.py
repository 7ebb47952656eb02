"""Fits whose answer is known: certified data, noise-free circuits, and spectra that a fit must doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodefree.analysis.eis.fit import fit_circuit, fit_series, fit_stage
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement, join
from anodefree.errors import Cancelled, ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.fitting import fit, spread_points
from anodefree.physics.circuits import read_circuit
from anodefree.simulation.instruments.potentiostat import acquisition_s, impedance, sweep_Hz

F = np.geomspace(1e5, 0.1, 61)
CIRCUIT = "R0-p(R1,Q1)-p(R2,Q2)-W3"
TRUTH = {"R0": 5.0, "R1": 30.0, "Q1": 2e-5, "n1": 0.9, "R2": 60.0, "Q2": 1.5e-3, "n2": 0.85, "W3": 6.0}


def spectrum(circuit, values, f=F, noise=0.0, rng=None, **extra):
    tree = read_circuit(circuit)
    z = tree.impedance(2 * np.pi * f, tree.vector(values))
    if noise:
        z = z + noise * np.abs(z) * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))
    return Measurement.of(IMPEDANCE, {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None], **extra})


def status(result):
    return {c.name: c.status for c in result.checks}


# NIST StRD, Misra1a: certified values, standard deviations and residual sum of squares.
MISRA_Y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
MISRA_X = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]


@pytest.mark.parametrize("log", [True, False])
def test_certified_misra1a(log):
    x, y = np.array(MISRA_X), np.array(MISRA_Y)

    def model(b):
        e = np.exp(-b[:, 1:] * x)
        return b[:, :1] * (1 - e) - y, np.stack([1 - e, b[:, :1] * x * e], axis=-1)

    starts = np.array([[500.0, 1e-4], [250.0, 5e-4]])  # the two that NIST gives
    found = fit(model, starts, np.array([1.0, 1e-8]), np.array([1e6, 1.0]), np.array([log, log]))
    np.testing.assert_allclose(found.values, [2.3894212918e02, 5.5015643181e-04], rtol=1e-8)
    np.testing.assert_allclose(found.std, [2.7070075241e00, 7.2668688436e-06], rtol=1e-6)
    assert found.chi2 == pytest.approx(1.2455138894e-01, rel=1e-9)
    assert (found.converged, found.agreeing, found.dof) == (True, 1.0, 12)


def test_a_bound_is_kept_and_said():
    def model(b):
        return b - np.array([2.0, -3.0]), np.repeat(np.eye(2)[None], len(b), axis=0)

    with pytest.raises(ValueError, match="cannot determine"):
        fit(model, np.array([[0.5, 0.5]]), np.zeros(2), np.ones(2), np.array([False, False]))

    def twice(b):
        r, j = model(b)
        return np.concatenate([r, r], axis=1), np.concatenate([j, j], axis=1)

    found = fit(twice, np.array([[0.5, 0.5]]), np.zeros(2), np.full(2, 5.0), np.array([False, False]))
    np.testing.assert_allclose(found.values, [2.0, 0.0], atol=1e-12)
    assert list(found.at_bound) == [False, True]


def test_spread_points_fill_the_cube():
    points = spread_points(500, 8)
    assert points.shape == (500, 8)
    assert np.array_equal(points, spread_points(500, 8))
    for column in points.T:
        assert np.max(np.abs(np.sort(column) - (np.arange(500) + 0.5) / 500)) < 0.02


@pytest.mark.parametrize(
    ("circuit", "truth"),
    [
        (CIRCUIT, TRUTH),
        ("R0-p(R1,C1)", {"R0": 20.0, "R1": 100.0, "C1": 1e-5}),
        ("R0-p(R1-W2,C1)", {"R0": 3.0, "R1": 40.0, "W2": 10.0, "C1": 2e-5}),
        ("L0-R0-p(R1,Q1)-Wo2", {"L0": 2e-6, "R0": 1.0, "R1": 10.0, "Q1": 1e-3, "n1": 0.8, "Wo2": 4.0, "Wo2_tau": 1.0}),
        ("R0-p(R1,C1)-Ws2", {"R0": 1.0, "R1": 5.0, "C1": 1e-4, "Ws2": 8.0, "Ws2_tau": 2.0}),
        ("R0-G1", {"R0": 1.0, "G1": 7.0, "G1_tau": 1e-2}),
        ("R0-ZARC1-C2", {"R0": 1.0, "ZARC1": 7.0, "ZARC1_tau": 1e-2, "ZARC1_n": 0.8, "C2": 0.2}),
        ("R0-HN1", {"R0": 1.0, "HN1": 7.0, "HN1_tau": 1e-2, "HN1_alpha": 0.9, "HN1_beta": 0.6}),
        ("R0-TLQ1", {"R0": 1.0, "TLQ1": 20.0, "TLQ1_Q": 5e-3, "TLQ1_n": 0.95}),
        ("R0-TL1", {"R0": 1.0, "TL1": 20.0, "TL1_Rct": 30.0, "TL1_Q": 1e-3, "TL1_n": 0.9}),
    ],
)
def test_without_noise_the_truth_comes_back(circuit, truth):
    result = fit_stage(spectrum(circuit, truth), circuit=circuit)
    for name, value in truth.items():
        assert result[name] == pytest.approx(value, rel=1e-6), name
    assert result["chi2_reduced"] < 1e-14
    assert status(result)["converged"] == "pass"


def test_interchangeable_arcs_are_named_from_fast_to_slow():
    swapped = {**TRUTH, "R1": 60.0, "Q1": 1.5e-3, "n1": 0.85, "R2": 30.0, "Q2": 2e-5, "n2": 0.9}
    result = fit_stage(spectrum(CIRCUIT, swapped), circuit=CIRCUIT)
    assert result["R1"] == pytest.approx(30.0, rel=1e-6)
    assert result["n2"] == pytest.approx(0.85, rel=1e-6)


def test_many_spectra_need_no_guess(rng):
    tree = read_circuit(CIRCUIT)
    u = rng.uniform
    for _ in range(25):
        r1, t1, a1, r2, t2, a2 = (
            10 ** u(1, 2),
            10 ** u(-5, -3.5),
            u(0.8, 0.95),
            10 ** u(1.3, 2.3),
            10 ** u(-2.3, -1.2),
            u(0.75, 0.95),
        )
        truth = np.array([10 ** u(0.3, 1.3), r1, t1**a1 / r1, a1, r2, t2**a2 / r2, a2, 10 ** u(0, 1.3)])
        z = tree.impedance(2 * np.pi * F, truth)
        z = z + 3e-3 * np.abs(z) * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
        blind, told = fit_circuit(tree, F, z), fit_circuit(tree, F, z, near_values=[truth])
        assert blind.fit.chi2 <= told.fit.chi2 * (1 + 1e-6)
        at_truth = np.sum(np.abs((tree.impedance(2 * np.pi * F, truth) - z) / z) ** 2)
        assert blind.fit.chi2 < at_truth


def test_order_and_repeats_of_frequencies_do_not_matter(rng):
    one = spectrum(CIRCUIT, TRUTH, noise=3e-3, rng=rng)
    shuffled = rng.permutation(61)
    arrays = {n: one[n][:, shuffled] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}
    a, b = fit_stage(one, circuit=CIRCUIT), fit_stage(Measurement.of(IMPEDANCE, arrays), circuit=CIRCUIT)
    assert (np.diff(b.curves["frequency_Hz"].values[0]) < 0).all()
    doubled = {n: np.concatenate([one[n], one[n]], axis=1) for n in arrays}
    c = fit_stage(Measurement.of(IMPEDANCE, doubled), circuit=CIRCUIT)
    for name in TRUTH:
        assert b[name] == pytest.approx(a[name], rel=1e-6)
        assert c[name] == pytest.approx(a[name], rel=1e-6)
        assert c.estimates[name].std < a.estimates[name].std


def test_stated_noise_fixes_the_scale(rng):
    one = spectrum(CIRCUIT, TRUTH, noise=5e-3, rng=rng)
    free, told = fit_stage(one, circuit=CIRCUIT), fit_stage(one, circuit=CIRCUIT, noise=5e-3)
    assert told["R1"] == pytest.approx(free["R1"], rel=1e-6)
    assert told["chi2_reduced"] == pytest.approx(free["chi2_reduced"] / 5e-3**2, rel=1e-6)
    ratio = free.estimates["R1"].std / told.estimates["R1"].std
    assert ratio**2 == pytest.approx(told["chi2_reduced"], rel=1e-4)
    assert status(told)["noise"] == "pass"
    assert status(fit_stage(one, circuit=CIRCUIT, noise=1e-3))["noise"] == "warn"


def test_fixed_parameters_stay(rng):
    one = spectrum(CIRCUIT, TRUTH, noise=3e-3, rng=rng)
    result = fit_stage(one, circuit=CIRCUIT, fixed={"n1": 0.9, "W3": 6.0})
    assert (result["n1"], result.estimates["n1"].std) == (0.9, 0.0)
    assert result.estimates["R2"].std < fit_stage(one, circuit=CIRCUIT).estimates["R2"].std
    for bad in ({"n7": 0.9}, {"n1": 1.5}, {"R0": 0.0}):
        with pytest.raises(ConfigError):
            fit_stage(one, circuit=CIRCUIT, fixed=bad)
    with pytest.raises(ConfigError, match="every parameter"):
        fit_stage(one, circuit="R0", fixed={"R0": 1.0})


def test_series_of_unequal_length(rng):
    first = spectrum("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, noise=2e-3, rng=rng)
    second = spectrum("R0-p(R1,C1)", {"R0": 6.0, "R1": 20.0, "C1": 1e-5}, f=F[:40], noise=2e-3, rng=rng)
    result = fit_stage(join([first, second]), circuit="R0-p(R1,C1)")
    assert {"R0_0", "R1_0", "C1_0", "R0_1", "R1_1", "C1_1", "chi2_reduced", "AIC", "BIC"} == set(result.estimates)
    for name, value in {"R0_0": 5.0, "R1_0": 30.0, "R0_1": 6.0, "R1_1": 20.0}.items():
        assert abs(result[name] - value) < 4 * result.estimates[name].std
    assert result.curves["R1_ohm"].values.tolist() == [result["R1_0"], result["R1_1"]]
    assert np.isnan(result.curves["fit_re_ohm"].values[1]).sum() == 21


def test_a_guess_is_one_more_start_and_cannot_mislead(rng):
    one = spectrum(CIRCUIT, TRUTH, noise=3e-3, rng=rng)
    blind = fit_stage(one, circuit=CIRCUIT)
    for factor in (1.0, 1e-2, 1e2):
        guess = {n: min(v * factor, 0.99) if n[0] == "n" else v * factor for n, v in TRUTH.items()}
        told = fit_stage(one, circuit=CIRCUIT, guess=guess)
        assert told["chi2_reduced"] == pytest.approx(blind["chi2_reduced"], rel=1e-9)
        assert told["R2"] == pytest.approx(blind["R2"], rel=1e-5)
    with pytest.raises(ConfigError, match="'R2' \\[ohm\\] is missing"):
        fit_stage(one, circuit=CIRCUIT, guess={"R0": 1.0})
    with pytest.raises(ConfigError, match="guess"):
        fit_stage(one, circuit=CIRCUIT, guess={n: -1.0 for n in TRUTH})


def test_parameters_that_only_occur_together_are_named(rng):
    """Two capacitors in series: only 1/C1 + 1/C2 is known."""
    one = spectrum("R0-C1-C2", {"R0": 5.0, "C1": 1e-3, "C2": 2e-3}, noise=2e-3, rng=rng)
    result = fit_stage(one, circuit="R0-C1-C2")
    assert status(result)["correlation"] == "warn"
    assert "C2 with C1" in next(c.message for c in result.checks if c.name == "correlation")
    good = fit_stage(one, circuit="R0-C1")
    assert status(good)["correlation"] == "pass"
    matrix = good.curves["correlation"].values[0]
    assert list(good.curves["parameter_name"].values) == ["R0", "C1"]
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    held = fit_stage(one, circuit="R0-C1", fixed={"R0": 5.0}).curves["correlation"].values[0]
    np.testing.assert_allclose(held, np.eye(2), atol=1e-12)


def drifting(rng, count=24, **extra):
    tree = read_circuit(CIRCUIT)
    path = np.linspace(0, 1, count)[:, None]
    values = tree.vector(TRUTH) * np.where([p.log for p in tree.parameters], 2.0**path, 1.0)
    z = tree.impedance(2 * np.pi * F, values)
    z = z + 3e-3 * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {"frequency_Hz": np.tile(F, (count, 1)), "Z_re_ohm": z.real, "Z_im_ohm": z.imag}
    return tree, values, arrays


def test_a_series_is_fitted_as_each_of_its_spectra_is(rng):
    tree, values, arrays = drifting(rng)
    arrays["Z_im_ohm"][3, 40:] = np.nan  # a sweep that was stopped
    fits = fit_series(Measurement.of(IMPEDANCE, arrays), tree)
    for i in (0, 3, 11):
        good = np.isfinite(arrays["Z_im_ohm"][i])
        alone = fit_circuit(tree, F[good], arrays["Z_re_ohm"][i][good] + 1j * arrays["Z_im_ohm"][i][good])
        np.testing.assert_allclose(fits[i].fit.values, alone.fit.values, rtol=1e-6)
    assert len(fits[3].z_ohm) == 40
    deviation = [(f.fit.values - v) / f.fit.std for f, v in zip(fits, values, strict=True) if len(f.z_ohm) == 61]
    assert 0.8 < np.sqrt(np.mean(np.square(deviation))) < 1.25


def test_a_neighbour_helps_where_a_spectrum_finds_no_way(rng, monkeypatch):
    tree, values, arrays = drifting(rng, count=5)
    series = Measurement.of(IMPEDANCE, arrays)
    expected = [f.fit.chi2 for f in fit_series(series, tree)]
    lost = {"left": 2}

    def search(problem, near_values=(), **options):
        if lost["left"]:  # the first two spectra end in a bad place, and know it
            lost["left"] -= 1
            stuck = problem.holding(4, 1e3).minimise(values[:1])
            return replace(stuck, agreeing=0.1)
        return problem.named(problem.minimise(values[:1]))

    monkeypatch.setattr("anodefree.analysis.eis.fit_many.search", search)
    monkeypatch.setattr("anodefree.analysis.eis.fit_many._cores", lambda: 1)
    found = fit_series(series, tree)
    np.testing.assert_allclose([f.fit.chi2 for f in found], expected, rtol=1e-6)
    assert found[0].fit.agreeing < 0.2  # so that the check still says how it was found


def test_a_long_series_tells_how_far_it_is_and_stops_on_request(rng, tmp_path):
    _, _, arrays = drifting(rng, count=12)
    series, seen = Measurement.of(IMPEDANCE, arrays), []
    told = Context(tmp_path, listener=lambda part, text: seen.append((part, text)), interval_s=0)
    fit_stage(series, circuit=CIRCUIT, context=told)
    assert seen[-1] == (1.0, "spectrum 12 of 12")
    assert [part for part, _ in seen] == sorted(part for part, _ in seen)
    with pytest.raises(Cancelled):
        fit_stage(series, circuit=CIRCUIT, context=Context(tmp_path, cancelled=lambda: True))


def test_doubts_are_said(rng):
    two_arcs = spectrum(CIRCUIT, TRUTH, noise=2e-3, rng=rng)
    wrong = status(fit_stage(two_arcs, circuit="R0-p(R1,Q1)"))
    assert wrong["residuals"] == "warn"
    arrays = {"frequency_Hz": F[None], "Z_re_ohm": two_arcs["Z_re_ohm"], "Z_im_ohm": -two_arcs["Z_im_ohm"]}
    assert status(fit_stage(Measurement.of(IMPEDANCE, arrays), circuit=CIRCUIT))["sign"] == "fail"
    values = {"L0": 3e-6, "R0": 2.0, "R1": 10.0, "C1": 1e-4}
    cable = spectrum("L0-R0-p(R1,C1)", values, noise=1e-3, rng=rng)
    assert status(fit_stage(cable, circuit="R0-p(R1,C1)"))["inductance"] == "warn"
    assert set(status(fit_stage(cable, circuit="L0-R0-p(R1,C1)")).values()) == {"pass"}
    sparse = spectrum("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, f=F[::4], noise=2e-3, rng=rng)
    assert status(fit_stage(sparse, circuit="R0-p(R1,C1)"))["points"] == "warn"
    too_rich = status(fit_stage(sparse, circuit="R0-p(R1,C1)-p(R2,Q2)-Wo3"))
    assert "warn" in (too_rich["identifiable"], too_rich["bounds"])


def test_refusals():
    short = spectrum("R0-p(R1,C1)", {"R0": 5.0, "R1": 30.0, "C1": 1e-5}, f=np.array([10.0, 100.0]))
    with pytest.raises(DataError, match="cannot determine"):
        fit_stage(short, circuit=CIRCUIT)
    zero = Measurement.of(IMPEDANCE, {"frequency_Hz": F[None], "Z_re_ohm": 0 * F[None], "Z_im_ohm": 0 * F[None]})
    with pytest.raises(DataError, match="zero"):
        fit_stage(zero, circuit="R0")
    with pytest.raises(ConfigError, match="character"):
        fit_stage(short, circuit="R0-")


def test_potentiostat_writes_what_was_asked():
    series = impedance(noise=0.0, temperatures_K=(303.15, 333.15))
    assert series["frequency_Hz"].shape == (2, 61)
    assert series["frequency_Hz"][0, [0, -1]].tolist() == pytest.approx([1e5, 0.1])
    result = fit_stage(series, circuit="R0-p(R1,Q1)-W2")
    assert result["R1_0"] == pytest.approx(45.7, rel=1e-6)
    expected = 45.7 * 333.15 / 303.15 * np.exp(53.7e3 / 8.31446261815324 * (1 / 333.15 - 1 / 303.15))
    assert result["R1_1"] == pytest.approx(expected, rel=1e-6)
    assert result["R0_1"] == pytest.approx(result["R0_0"], rel=1e-6)
    assert series.meta["instrument"] == "virtual potentiostat"
    middle, duration = acquisition_s(sweep_Hz(0.1, 1e5, 10), 3, 0.2)
    assert middle[-1] == pytest.approx(duration - 15.1)
    assert series["time_s"].tolist() == pytest.approx([0.0, duration + 3600.0])


def test_potentiostat_noise_is_what_it_says():
    quiet, loud = impedance(noise=0.0, points_per_decade=300), impedance(noise=0.01, points_per_decade=300)
    size = np.hypot(quiet["Z_re_ohm"], quiet["Z_im_ohm"])
    for part in ("Z_re_ohm", "Z_im_ohm"):
        assert np.std((loud[part] - quiet[part]) / size) == pytest.approx(0.01, rel=0.03)
    again = impedance(noise=0.01, points_per_decade=300)
    np.testing.assert_array_equal(loud["Z_re_ohm"], again["Z_re_ohm"])
    other = impedance(noise=0.01, points_per_decade=300, seed=1)
    assert not np.array_equal(loud["Z_re_ohm"], other["Z_re_ohm"])


def test_a_drifting_cell_is_noticed():
    steady, drifting = (impedance(noise=1e-3, drift=d, temperatures_K=(303.15,)) for d in (0.0, 0.2))
    np.testing.assert_allclose(steady["Z_re_ohm"][0, :5], drifting["Z_re_ohm"][0, :5], rtol=0.02)
    assert status(fit_stage(steady, circuit="R0-p(R1,Q1)-W2"))["residuals"] == "pass"
    assert status(fit_stage(drifting, circuit="R0-p(R1,Q1)-W2"))["residuals"] == "warn"


@pytest.mark.parametrize(
    "wrong",
    [
        {"activated": "R9"},
        {"activated": "Q1"},
        {"frequency_low_Hz": 1e6},
        {"values": {"R0": 1.0}},
        {"temperatures_K": ()},
        {"circuit": "R0-p(R1"},
    ],
)
def test_potentiostat_refuses(wrong):
    with pytest.raises(ConfigError):
        impedance(**wrong)
