"""Relaxation times of impedances whose distribution is known: closed forms, regularisation, peaks, bands, series."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.drt.distribution import scaled
from anodefree.analysis.drt.mixture import mixture
from anodefree.analysis.drt.peaks import measured, segments
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.hierarchical import hierarchical
from anodefree.numerics.relaxation_grid import grid, stacked
from anodefree.numerics.tikhonov import tikhonov
from anodefree.physics.relaxation import (
    box_gamma_ohm,
    generalised_normal_gamma_ohm,
    havriliak_negami_gamma_ohm,
    havriliak_negami_impedance_ohm,
    impedance_of_gamma_ohm,
    log_normal_gamma_ohm,
    zarc_gamma_ohm,
    zarc_impedance_ohm,
)
from anodefree.physics.relaxation_windows import WINDOWS_S, window_of, window_resistance_ohm

F = np.geomspace(1e5, 0.1, 61)
W = 2 * np.pi * F


def spectrum(z: np.ndarray, **arrays: np.ndarray) -> Measurement:
    z = np.atleast_2d(z)
    f = np.repeat(F[None], len(z), axis=0)
    return Measurement.of(IMPEDANCE, {"frequency_Hz": f, "Z_re_ohm": z.real, "Z_im_ohm": z.imag, **arrays}, {})


def noisy(z: np.ndarray, noise: float = 3e-3, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))


TWO = 10 + zarc_impedance_ohm(W, 50, 1e-4, 0.85) + zarc_impedance_ohm(W, 80, 2e-2, 0.85)


@pytest.mark.parametrize(
    "law",
    [
        partial(zarc_gamma_ohm, r_ohm=40, tau0_s=1e-3, phi=0.7),
        partial(havriliak_negami_gamma_ohm, r_ohm=40, tau0_s=1e-3, alpha=0.9, beta=0.6),
        partial(log_normal_gamma_ohm, r_ohm=40, tau0_s=1e-3, sigma=0.8),
        partial(generalised_normal_gamma_ohm, r_ohm=40, tau0_s=1e-3, s=1.2, p=1.0),
        partial(generalised_normal_gamma_ohm, r_ohm=40, tau0_s=1e-3, s=1.2, p=6.0),
        partial(box_gamma_ohm, r_ohm=40, low_s=1e-4, high_s=1e-2, edge=0.15),
    ],
)
def test_distribution_integrates_to_its_resistance(law: object) -> None:
    x = np.linspace(-70, 70, 70001)
    assert np.trapezoid(law(np.exp(x)), x) == pytest.approx(40, rel=1e-5)  # type: ignore[operator]


def test_quadrature_gives_the_closed_impedances() -> None:
    zarc = impedance_of_gamma_ohm(W, partial(zarc_gamma_ohm, r_ohm=40, tau0_s=1e-3, phi=0.85))
    assert np.abs(zarc - zarc_impedance_ohm(W, 40, 1e-3, 0.85)).max() < 1e-8
    law = partial(havriliak_negami_gamma_ohm, r_ohm=60, tau0_s=3e-3, alpha=0.9, beta=0.6)
    assert np.abs(impedance_of_gamma_ohm(W, law) - havriliak_negami_impedance_ohm(W, 60, 3e-3, 0.9, 0.6)).max() < 1e-6


def test_grid_kernel_is_the_integral() -> None:
    nodes = grid(F, beyond_decades=4.0)
    gamma = log_normal_gamma_ohm(nodes.tau_s, 40, 1e-3, 0.5)
    exact = impedance_of_gamma_ohm(W, partial(log_normal_gamma_ohm, r_ohm=40, tau0_s=1e-3, sigma=0.5))
    assert np.abs(nodes.kernel @ gamma - stacked(exact)).max() < 1e-9


@pytest.mark.parametrize("criterion", ["marginal", "gcv", "l_curve", "cross_validation"])
def test_every_criterion_recovers_a_broad_distribution(criterion: str) -> None:
    law = partial(log_normal_gamma_ohm, r_ohm=60, tau0_s=1e-2, sigma=1.0)
    y, weight, scale = scaled(noisy(8 + impedance_of_gamma_ohm(W, law)))
    nodes = grid(F)
    found = tikhonov(nodes, y, weight, criterion)  # type: ignore[arg-type]
    truth = law(nodes.tau_s)
    assert np.linalg.norm(scale * found.gamma_ohm - truth) < 0.12 * np.linalg.norm(truth)
    assert scale * found.free[0] == pytest.approx(8, abs=0.4)
    assert found.gamma_ohm.min() >= 0
    assert not found.chosen.at_edge


def test_varying_smoothness_is_better_where_sharp_and_broad_meet() -> None:
    laws = [
        partial(log_normal_gamma_ohm, r_ohm=40, tau0_s=1e-4, sigma=0.4),
        partial(log_normal_gamma_ohm, r_ohm=60, tau0_s=2e-2, sigma=1.2),
    ]
    y, weight, _ = scaled(noisy(10 + sum(impedance_of_gamma_ohm(W, law) for law in laws), 1e-3))
    nodes = grid(F)
    truth = sum(law(nodes.tau_s) for law in laws)
    truth = truth / np.linalg.norm(truth)
    errors = []
    for found in (tikhonov(nodes, y, weight), hierarchical(nodes, y, weight)[0]):
        errors.append(np.linalg.norm(found.gamma_ohm / np.linalg.norm(found.gamma_ohm) - truth))
    assert errors[1] < 0.8 * errors[0]


def test_mixture_finds_its_own_circuit() -> None:
    found = mixture(F, noisy(TWO, 1e-3) + 1j * W * 3e-7)
    assert [p.shape for p in found.peaks] == ["ZARC", "ZARC"]
    assert [p.r_ohm for p in found.peaks] == pytest.approx([50, 80], rel=0.02)
    assert [p.tau_s for p in found.peaks] == pytest.approx([1e-4, 2e-2], rel=0.02)
    assert [p.phi for p in found.peaks] == pytest.approx([0.85, 0.85], abs=0.01)
    assert pytest.approx(10, rel=0.02) == found.R_inf_ohm
    assert pytest.approx(3e-7, rel=0.3) == found.L_H
    assert found.noise == pytest.approx(1e-3, rel=0.25)


def test_mixture_of_zarc_alone_serves_a_circuit() -> None:
    skewed = 8 + havriliak_negami_impedance_ohm(W, 60, 3e-3, 0.9, 0.6)
    assert {p.shape for p in mixture(F, noisy(skewed), shapes=(0,)).peaks} == {"ZARC"}
    assert [p.shape for p in mixture(F, noisy(skewed, 1e-3)).peaks] == ["Havriliak-Negami"]


def test_mixture_with_a_blocking_capacitance() -> None:
    found = mixture(F, noisy(TWO + 1 / (1j * W * 0.5), 1e-3), capacitance=True)
    assert found.inverse_C_1_F == pytest.approx(2.0, rel=0.05)
    assert len(found.peaks) == 2


def test_peaks_are_told_apart_by_their_valley() -> None:
    x = np.linspace(-10, 10, 401)
    near = np.exp(-0.5 * (x - 0.9) ** 2) + np.exp(-0.5 * (x + 0.9) ** 2)
    far = np.exp(-0.5 * (x - 3) ** 2) + 2 * np.exp(-0.5 * (x + 3) ** 2)
    assert len(segments(near).top) == 1
    where = segments(far + 0.001 * np.sin(20 * x) ** 2)
    assert len(where.top) == 2
    r, at, width = measured(x, far, where).T
    root = np.sqrt(2 * np.pi)
    assert r == pytest.approx([2 * root, root], rel=0.01)
    assert at == pytest.approx([-3, 3], abs=0.02)
    assert width == pytest.approx([2.355, 2.355], abs=0.06)


def test_windows_share_out_the_resistance() -> None:
    assert window_of(3e-4) == "tau2 CEI/SEI"
    assert window_of(100.0) == "outside the windows"
    x = np.arange(np.log(1e-7), np.log(1e3), 0.23)
    gamma = log_normal_gamma_ohm(np.exp(x), 40, np.sqrt(1e-3 * 1e-2), 0.3)
    inside = window_resistance_ohm(x, gamma)
    assert inside.sum() == pytest.approx(40, rel=1e-3)
    assert list(WINDOWS_S)[int(np.argmax(inside))] == "tau3 CEI/SEI"


def test_stage_gives_what_was_put_in_with_its_table_and_band() -> None:
    result = af.spectrum(spectrum(noisy(TWO)))
    assert result["n_peaks"] == 2
    assert result["R_pol"] == pytest.approx(130, abs=4 * result.estimates["R_pol"].std)
    assert result["R_inf"] == pytest.approx(10, abs=4 * result.estimates["R_inf"].std)
    data = result.curves
    assert list(data["peak_window"].values) == ["tau2 CEI/SEI", "tau4 charge transfer"] or data["peak_tau_s"][0] < 1e-4
    assert data["peak_R_ohm"].values == pytest.approx([50, 80], rel=0.03)
    assert (data["gamma_low_ohm"] <= data["gamma_ohm"]).all()
    assert (data["gamma_ohm"] <= data["gamma_high_ohm"]).all()
    tau = data["tau_s"].values
    truth = zarc_gamma_ohm(tau, 50, 1e-4, 0.85) + zarc_gamma_ohm(tau, 80, 2e-2, 0.85)
    inside = (tau > 1 / W.max()) & (tau < 1 / W.min())
    covered = (data["gamma_low_ohm"].values <= truth) & (truth <= data["gamma_high_ohm"].values)
    assert covered[inside].mean() > 0.85
    assert {c.status for c in result.checks} == {"pass"}


def test_units_scale_with_the_impedance() -> None:
    z = noisy(TWO)
    for model in ("evidence", "tikhonov"):
        one, other = (af.spectrum(spectrum(s * z), model=model) for s in (1.0, 1e-3))
        assert other["R_pol"] == pytest.approx(1e-3 * one["R_pol"], rel=1e-4)
        assert other["n_peaks"] == one["n_peaks"]


def test_repeats_taken_jointly_narrow_the_interval() -> None:
    series = spectrum(np.stack([noisy(TWO, seed=s) for s in range(4)]))
    one, four = af.spectrum(series), af.spectrum(series, jointly=True)
    assert four.estimates["R_pol"].std < 0.75 * one.estimates["R_pol"].std
    assert any(c.name == "spectra" for c in one.checks)
    assert not any(c.name == "spectra" for c in four.checks)


def test_map_follows_a_moving_process() -> None:
    potential = np.linspace(3.5, 4.2, 5)
    resistance = np.linspace(80, 30, 5)
    z = np.stack([5 + zarc_impedance_ohm(W, 20, 1e-4, 0.8) + zarc_impedance_ohm(W, r, 2e-2, 0.8) for r in resistance])
    result = af.map(spectrum(noisy(z), potential_V=potential))
    assert result.curves["R_pol_ohm"].values == pytest.approx(20 + resistance, rel=0.06)
    window = result.curves["window_R_ohm"].values[:, list(WINDOWS_S).index("tau4 charge transfer")]
    assert (np.diff(window) < 0).all()
    assert result.curves["potential_V"].values == pytest.approx(potential)
    apart = af.map(spectrum(noisy(z), potential_V=potential), jointly=False, model="hierarchical", along="number")
    assert apart.curves["R_pol_ohm"].values == pytest.approx(20 + resistance, rel=0.06)


@pytest.mark.parametrize(
    ("z", "name"),
    [
        (np.conj(TWO), "sign"),
        (TWO + 3 / (1j * W * 0.02), "residuals"),
        (10 + zarc_impedance_ohm(W, 50, 2.0, 0.9), "range"),
    ],
)
def test_doubts_are_said(z: np.ndarray, name: str) -> None:
    result = af.spectrum(spectrum(noisy(z)), model="tikhonov")
    assert name in [c.name for c in result.checks if c.status != "pass"], result.checks


@pytest.mark.parametrize("model", ["evidence", "hierarchical", "tikhonov"])
def test_few_and_noiseless_points_warn_of_nothing(model: str) -> None:
    for part in (slice(None), slice(None, None, 7)):
        arrays = {"frequency_Hz": F[None, part], "Z_re_ohm": TWO.real[None, part], "Z_im_ohm": TWO.imag[None, part]}
        result = af.spectrum(Measurement.of(IMPEDANCE, arrays, {}), model=model)
        assert result["R_pol"] == pytest.approx(130, rel=0.1)
        assert all(np.isfinite(e.std) for e in result.estimates.values())


def test_bad_input_is_one_clear_error() -> None:
    with pytest.raises(DataError, match="frequencies"):
        af.spectrum(Measurement.of(IMPEDANCE, {n: np.ones((1, 4)) for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}, {}))
    with pytest.raises(ConfigError, match="spectra"):
        af.spectrum(spectrum(TWO), which=3)
    with pytest.raises(DataError, match="zero"):
        af.spectrum(spectrum(np.where(F > 1e3, TWO, 0)))
    for model in ("evidence", "tikhonov"):
        with pytest.raises(DataError, match="no capacitive arc"):
            af.spectrum(spectrum(10 + 1j * W * 1e-6), model=model)
    with pytest.raises(DataError, match="one spectrum"):
        af.map(spectrum(TWO))
    with pytest.raises(DataError, match="potential"):
        af.map(spectrum(np.stack([TWO, TWO])), along="potential_V")
