"""The Kramers-Kronig test: it follows every consistent circuit, rarely cries wolf, and finds what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.eis.kramers_kronig import kramers_kronig
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.analysis.eis.z_hit import z_hit
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.consistency import consistency, sweep_fraction
from anodefree.numerics.kramers_kronig import counted_model, measurement_model
from anodefree.numerics.zhit import anchored, modulus_operator
from anodefree.physics.circuits import read_circuit
from anodefree.simulation.instruments.potentiostat import impedance

F = np.geomspace(1e5, 0.1, 61)
CELLS = {
    "two capacitors": ("R0-p(R1,C1)-p(R2,C2)", [5, 40, 1e-6, 60, 1e-3]),
    "arc and Warburg": ("R0-p(R1,Q1)-W2", [4, 45.7, 2e-5, 0.85, 3.0]),
    "finite diffusion": ("R0-p(R1,Q1)-Ws2", [4, 45.7, 2e-5, 0.85, 20, 3.0]),
    "inductive leads": ("R0-L0-p(R1,Q1)-p(R2,Q2)", [0.05, 1e-6, 0.1, 1e-2, 0.8, 0.2, 2.0, 0.9]),
    "blocking": ("R0-Q1", [100, 1e-6, 0.9]),
}


def spectrum_of(name: str) -> np.ndarray:
    text, values = CELLS[name]
    return read_circuit(text).impedance(2 * np.pi * F, np.array(values, dtype=float))


def noisy(z: np.ndarray, noise: float, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (draws, len(F))
    z = z + noise * np.abs(z) * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    return np.repeat(F[None], draws, axis=0), z


def measured(f: np.ndarray, z: np.ndarray, **more: np.ndarray) -> Measurement:
    arrays = {"frequency_Hz": np.atleast_2d(f), "Z_re_ohm": np.atleast_2d(z.real), "Z_im_ohm": np.atleast_2d(z.imag), **more}
    return Measurement.of(IMPEDANCE, arrays, name="made")


@pytest.mark.parametrize("name", CELLS)
def test_model_follows_what_is_consistent(name):
    z = spectrum_of(name)
    found = measurement_model(F[None], z[None])
    assert np.abs(found.residual).max() < 1e-5
    assert not consistency(F[None], z[None]).violates[0]


@pytest.mark.parametrize("noise", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("name", CELLS)
def test_noise_is_found_without_bias(name, noise, rng):
    found = measurement_model(*noisy(spectrum_of(name), noise, 100, rng))
    assert found.noise.mean() == pytest.approx(noise, rel=0.03)
    expected = noise / np.sqrt(2 * found.dof.mean())
    assert found.noise.std() == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("noise", [1e-3, 3e-3, 1e-2])
@pytest.mark.parametrize("name", CELLS)
def test_false_alarms_are_rare(name, noise, rng):
    """At least 95 % of 200 clean draws pass."""
    assert consistency(*noisy(spectrum_of(name), noise, 200, rng)).violates.mean() <= 0.05


def drifted(name: str, growth: float) -> np.ndarray:
    z, r = spectrum_of(name), CELLS[name][1][0]
    return r + (z - r) * (1 + growth * sweep_fraction(F[None])[0])


@pytest.mark.parametrize(
    ("growth", "noise", "least"), [(0.02, 1e-3, 0.95), (0.05, 3e-3, 0.95), (-0.05, 3e-3, 0.95), (0.1, 1e-2, 0.6)]
)
@pytest.mark.parametrize("name", ["arc and Warburg", "finite diffusion"])
def test_drift_is_flagged_and_measured(name, growth, noise, least, rng):
    found = consistency(*noisy(drifted(name, growth), noise, 200, rng))
    assert found.violates.mean() >= least
    assert found.drift.mean() == pytest.approx(growth, abs=3 * found.drift_std.mean() / np.sqrt(200) + 0.1 * abs(growth))


def test_outliers_are_found_and_others_are_not(rng):
    f, z = noisy(spectrum_of("arc and Warburg"), 2e-3, 100, rng)
    struck = rng.uniform(size=z.shape) < 0.04
    found = consistency(f, np.where(struck, z * (1 + 0.04 * np.exp(2j * np.pi * rng.uniform(size=z.shape))), z))
    # At either end of the sweep the model follows a bad point: nothing beyond contradicts it.
    assert (found.outlier & struck).sum() >= 0.93 * struck.sum()
    assert (found.outlier & ~struck).sum() <= 0.02 * (~struck).sum()
    assert found.level.mean() == pytest.approx(2e-3, rel=0.1)


def test_errors_that_do_not_scale_with_the_modulus_are_no_violation(rng):
    """A floor of 30 mohm makes the small |Z| at high frequency eight times noisier: the weights follow."""
    z = spectrum_of("arc and Warburg")
    sigma = np.hypot(1e-3 * np.abs(z), 0.03)
    made = z + sigma * (rng.standard_normal((200, 61)) + 1j * rng.standard_normal((200, 61)))
    assert consistency(np.repeat(F[None], 200, axis=0), made).violates.mean() <= 0.06


def message(spectra: Measurement) -> str:
    (check,) = kramers_kronig_checks(spectra)
    assert check.status == "warn"
    return check.message


def test_the_sentence_says_where_and_what_to_do(rng):
    f, z = F, spectrum_of("arc and Warburg") * (1 + 1e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    assert "grew by" in message(measured(f, 4 + (z - 4) * (1 + 0.05 * sweep_fraction(f[None])[0])))
    hit = np.where(np.abs(np.log(f / 50)) < 0.2, z * (1 + 0.05j), z)
    assert "mains" in message(measured(f, hit))
    leads = z * (1 + 0.05 * np.clip(np.log10(f / 1e4), 0, None))
    assert "kHz" in message(measured(f, leads))
    jump = np.where(f > 100, z, z * 1.03)
    assert "Kramers-Kronig is violated" in message(measured(f, jump))


def test_one_bad_spectrum_of_a_series_is_named():
    series = impedance(seed=3)
    f, z = series["frequency_Hz"], series["Z_re_ohm"] + 1j * series["Z_im_ohm"]
    z = z.copy()
    z[4, 30] *= 1.1
    assert "spectrum 4" in message(measured(f, z))
    assert kramers_kronig_checks(series)[0].status == "pass"


def test_a_long_series_is_sampled_and_says_so():
    series = impedance(seed=1, temperatures_K=(303.15,) * 300)
    (check,) = kramers_kronig_checks(series)
    assert check.status == "pass"
    assert "200 of 300" in check.message


def test_nothing_to_test_is_said_not_raised():
    few = measured(F[:5], spectrum_of("blocking")[:5])
    assert "not tested" in kramers_kronig_checks(few)[0].message
    with pytest.raises(DataError, match="fewer than eight"):
        kramers_kronig(few)


def test_padding_and_order_do_not_matter(rng):
    f, z = F, spectrum_of("finite diffusion") * (1 + 1e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    plain = measurement_model(f[None], z[None])
    longer = np.full((1, 70), np.nan)
    padded_f, padded_z = longer.copy(), longer + 1j * longer
    order = rng.permutation(61)
    padded_f[0, 3:64], padded_z[0, 3:64] = f[order], z[order]
    again = measurement_model(padded_f, padded_z)
    assert again.noise == pytest.approx(plain.noise, rel=1e-6)
    np.testing.assert_allclose(again.model_ohm[0, 3:64], plain.model_ohm[0][order], rtol=1e-6)


def test_the_classic_test_is_there_with_its_mu(rng):
    z = spectrum_of("two capacitors") * (1 + 1e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    chi2 = [counted_model(F, z, m).chi2 for m in (3, 10, 20)]
    assert chi2[0] > 100 * chi2[1] > 50 * chi2[2]
    assert counted_model(F, z, 3).mu > counted_model(F, z, 50).mu
    result = kramers_kronig(measured(F, z), elements=30)
    assert result["order"] == 30
    assert result["noise"] == pytest.approx(1e-3, rel=0.25)
    assert "mu" in result.estimates
    with pytest.raises(ConfigError, match="cannot tell"):
        kramers_kronig(measured(F, z), elements=200)


def test_a_failed_test_says_fail():
    result = kramers_kronig(measured(F, drifted("arc and Warburg", 0.05)))
    assert {c.name: c.status for c in result.checks}["kramers_kronig"] == "fail"
    assert result["drift"] == pytest.approx(0.05, abs=0.01)


def test_z_hit_of_a_constant_phase_element_is_exact():
    x = np.log(F[::-1])
    found = modulus_operator(x, np.full(61, -0.9 * np.pi / 2)) @ np.full(61, -0.9 * np.pi / 2)
    np.testing.assert_allclose(anchored(x, 1.5) @ found, anchored(x, 1.5) @ (-0.9 * x), atol=1e-9)


@pytest.mark.parametrize("name", ["two capacitors", "arc and Warburg", "finite diffusion"])
def test_z_hit_passes_what_is_consistent_and_finds_a_growing_modulus(name, rng):
    z = spectrum_of(name) * (1 + 1e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61)))
    assert z_hit(measured(F, z)).checks[0].status == "pass"
    grown = z_hit(measured(F, z * np.exp(0.04 * np.exp(-F))))
    assert grown.checks[0].status == "warn"
    assert grown["deviation_low"] > 0.015
