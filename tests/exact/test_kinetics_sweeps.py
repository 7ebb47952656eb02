"""Virtual sweeps against closed forms, and what the analysis reads off them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.kinetics.sweep import noise_of
from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION
from anodefree.numerics.autocorrelation import inflation
from anodefree.physics import irreversible_wave as wave
from anodefree.physics.polarisation import steady
from anodefree.simulation.instruments.linear_sweep import reaction_flux
from anodefree.simulation.instruments.recorder import current_range_A, recorded_A

RT_F = 0.025692579121493725


def status(result: Result) -> dict[str, str]:
    return {c.name: c.status for c in result.checks}


# --- virtual instruments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("rate", [5e-4, 0.05])
def test_the_peak_of_an_irreversible_wave(beta: float, rate: float) -> None:
    """Nicholson and Shain: j_p = 0.4958 F c (βfνD)^½ at 0.780 RT/(βF) beyond, from the diffusion equation solved on a grid."""
    c, d, step = 10.0, 2e-10, 5e-4
    past = step * np.arange(1, 3201) - 0.8
    k = 0.022 / (FARADAY_C_MOL * c) * np.exp(np.minimum(beta / RT_F * past, 500))
    j = FARADAY_C_MOL * reaction_flux(k, step / rate, c, d)
    top = int(np.argmax(j))
    near = slice(top - 4, top + 5)
    fit = np.polyfit(past[near] - past[top], j[near], 2)
    where = past[top] - fit[1] / (2 * fit[0])
    assert np.polyval(fit, where - past[top]) == pytest.approx(wave.peak_current_density_A_m2(c, d, rate, beta), rel=3e-4)
    assert where == pytest.approx(wave.peak_beyond_reference_V(0.022, c, d, rate, beta), abs=2e-4)


def test_far_past_the_peak_the_current_is_cottrells() -> None:
    """A rate constant beyond all bounds from the first moment on: F c √(D/(πt))."""
    t = 0.01 * np.arange(1, 2001)
    flux = reaction_flux(np.full(2000, 1e3), 0.01, 10.0, 2e-10)
    assert flux[100:] == pytest.approx(10.0 * np.sqrt(2e-10 / (np.pi * t[100:])), rel=2e-3)


def test_an_ohmic_drop_delays_the_wave_by_its_own_size() -> None:
    """Without depletion j = j_r exp(βf(E - jR - E_r)): the drop can be taken out of the potential again."""
    given: dict[str, Any] = {
        "start_V": 3.5,
        "end_V": 4.8,
        "reference_potential_V": 4.5,
        "transfer_coefficient": 0.5,
        "concentration_mol_m3": 1e9,
        "capacitance_F_m2": 0.0,
        "noise": 0.0,
        "bits": 0,
        "area_m2": 1e-4,
    }
    sweep = af.linear_sweep(area_resistance_ohm_m2=0.05, **given)
    j = sweep["current_A"] / 1e-4
    inner = sweep["potential_V"] - 0.05 * j
    assert j == pytest.approx(0.022 * np.exp(0.5 / RT_F * (inner - 4.5)), rel=1e-4)


def test_a_voltammogram_charges_its_double_layer_through_the_resistance() -> None:
    """To first order in C: j = j_F(E) + C dE/dt (1 - R dj_F/dE)²."""
    r, c = 1e-3, 0.2
    sweep = af.voltammetry(area_resistance_ohm_m2=r, capacitance_F_m2=c, noise=0.0, bits=0, area_m2=1e-4, scan_rate_V_s=0.1)
    e, j = sweep["potential_V"], sweep["current_A"] / 1e-4
    at = steady(e, j0_A_m2=13.4, area_resistance_ohm_m2=r)
    expected = at.current_density_A_m2 + c * 0.1 * np.sign(np.diff(e, prepend=0.0)) * (1 - r * at.slope_A_m2_V) ** 2
    turning = np.abs(np.abs(e) - 0.2) < 1.5e-3
    turning[:2] = True
    assert j[~turning] == pytest.approx(expected[~turning], abs=2e-5)


def test_scans_are_numbered_and_timed() -> None:
    sweep = af.voltammetry(cycles=3, step_V=0.01)
    assert np.unique(sweep["record_cycle"]).tolist() == [1, 2, 3]
    assert sweep["time_s"][-1] == pytest.approx(3 * 0.8 / 0.01)
    assert len(sweep["time_s"]) == 241
    assert sweep["potential_V"].max() == pytest.approx(0.2)
    assert sweep["potential_V"].min() == pytest.approx(-0.2)
    one = af.linear_slope(sweep, scan=2, window_V=0.05)
    assert one["j0"] == pytest.approx(13.4, rel=0.2)


def test_the_converter_has_the_steps_of_its_range() -> None:
    rng = np.random.default_rng(1)
    current = np.linspace(-3.3e-4, 3.3e-4, 2001)
    seen = recorded_A(current, 0.0, 12, rng)
    step = 2e-3 / 2**12
    assert current_range_A(current) == pytest.approx(1e-3)
    assert seen / step == pytest.approx(np.round(seen / step), abs=1e-9)
    assert np.abs(seen - current).max() <= step / 2 * (1 + 1e-9)
    assert np.std(recorded_A(current, 0.01, 0, rng) - current) == pytest.approx(3.3e-6, rel=0.1)


def test_sweeps_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="no sweep"):
        af.voltammetry(first_vertex_V=0.0, second_vertex_V=0.0)
    with pytest.raises(ConfigError, match="records"):
        af.voltammetry(step_V=1e-9)
    with pytest.raises(ConfigError, match="½"):
        af.voltammetry(electrodes=2, transfer_coefficient=0.4)
    with pytest.raises(ConfigError, match="ten records"):
        af.linear_sweep(start_V=1.0, end_V=1.0)
    with pytest.raises(ConfigError, match="more than"):
        af.linear_sweep(step_V=1e-9)


# --- reading a sweep --------------------------------------------------------------------------------------------------


def monolayer(points: int = 2001, reduction: bool = True, **meta: Any) -> tuple[Measurement, dict[str, float]]:
    """A monolayer that reacts irreversibly: j = J exp(1 + ξ - exp ξ), whose every feature has a closed form."""
    from scipy.special import lambertw

    height, width, at = 2.0, RT_F / 0.5, 1.2
    sign = -1.0 if reduction else 1.0
    past = np.linspace(-1.3, 0.5, points)
    xi = np.minimum(past / width, 5.0)
    j = sign * height * np.exp(1 + xi - np.exp(xi))
    onset = width * np.log(-np.real(lambertw(-0.022 / (np.e * height))))
    steep = width * (np.log((3 - np.sqrt(5)) / 2) - 2 / (np.sqrt(5) - 1))
    truth = {
        "onset": at + sign * onset,
        "onset_tangent": at + sign * steep,
        "peak_potential": at,
        "peak_current_density": height,
        "charge": height * np.e * width / 1e-3,
    }
    arrays = {"potential_V": at + sign * past, "current_density_A_m2": j}
    return Measurement.of(POLARISATION, arrays, {"scan_rate_V_s": 1e-3, **meta}), truth


@pytest.mark.parametrize("reduction", [True, False])
def test_every_feature_of_a_wave_is_read_off(reduction: bool) -> None:
    measured, truth = monolayer(reduction=reduction, area_m2=2e-4)
    result = af.lsv(measured)
    assert result["onset"] == pytest.approx(truth["onset"], abs=5e-4)
    assert result["onset_tangent"] == pytest.approx(truth["onset_tangent"], abs=1e-3)
    assert result["peak_potential"] == pytest.approx(truth["peak_potential"], abs=1e-4)
    assert result["peak_current_density"] == pytest.approx(truth["peak_current_density"], rel=1e-4)
    assert result["peak_current"] == pytest.approx(2e-4 * truth["peak_current_density"], rel=1e-4)
    assert result["charge"] == pytest.approx(truth["charge"], rel=1e-3)
    assert set(status(result).values()) == {"pass"}


def test_the_other_sign_convention_is_turned_and_said() -> None:
    measured, truth = monolayer()
    other = Measurement.of(
        POLARISATION,
        {"potential_V": measured["potential_V"], "current_density_A_m2": -measured["current_density_A_m2"]},
        {"scan_rate_V_s": 1e-3},
    )
    result = af.lsv(other)
    assert result["peak_current_density"] == pytest.approx(truth["peak_current_density"], rel=1e-4)
    assert "sign" in status(result)


def test_a_sloping_baseline_is_subtracted() -> None:
    measured, truth = monolayer()
    e = measured["potential_V"]
    tilted = Measurement.of(
        POLARISATION, {"potential_V": e, "current_density_A_m2": measured["current_density_A_m2"] - 0.05 - 0.02 * (2.5 - e)}
    )
    result = af.lsv(tilted)
    assert result["onset"] == pytest.approx(truth["onset"], abs=5e-4)
    assert "charge" not in result.estimates
    assert status(result)["charge"] == "warn"
    assert af.lsv(tilted, constant_baseline=True)["onset"] > truth["onset"] + 5e-3


def test_a_current_without_a_peak_says_so() -> None:
    sweep = af.linear_sweep(
        start_V=3.0,
        end_V=4.6,
        reference_potential_V=4.4,
        transfer_coefficient=0.5,
        concentration_mol_m3=1e6,
        noise=1e-4,
        capacitance_F_m2=0.0,
    )
    result = af.lsv(sweep)
    assert status(result)["peak"] == "warn"
    assert "peak_potential" not in result.estimates
    assert "no peak" in result.estimates["peak_current"].label
    assert abs(result["onset"] - 4.4) < 3 * result.estimates["onset"].std
    stable = af.lsv(sweep, threshold_A_m2="1 A/cm2")
    assert np.isnan(stable["onset"])
    assert status(stable)["onset"] == "warn"


def test_two_waves_are_two_peaks() -> None:
    one, _ = monolayer()
    e = one["potential_V"]
    xi = np.minimum((2.0 - e) / (RT_F / 0.5), 5.0)
    j = one["current_density_A_m2"] - 0.8 * np.exp(1 + xi - np.exp(xi))
    result = af.lsv(Measurement.of(POLARISATION, {"potential_V": e, "current_density_A_m2": j}), baseline_V=(2.5, 2.3))
    assert result.curves["peak_V"].values == pytest.approx([2.0, 1.2], abs=5e-3)
    assert result["peak_potential"] == pytest.approx(1.2, abs=1e-3)


def test_the_leg_is_found_in_a_longer_record() -> None:
    """A rest, a reduction and the way back: each direction can be asked for."""
    measured, truth = monolayer()
    e, j = measured["potential_V"], measured["current_density_A_m2"]
    rest = np.full(100, e[0]) + 1e-4 * np.sin(np.arange(100.0))
    arrays = {
        "potential_V": np.concatenate([rest, e, e[::-1]]),
        "current_density_A_m2": np.concatenate([np.zeros(100), j, np.full(len(e), 0.01)]),
        "time_s": np.concatenate([10.0 * np.arange(100), 1000 + 0.9 * np.arange(2 * len(e))]),
    }
    record = Measurement.of(POLARISATION, arrays)
    down = af.lsv(record, reduction=True)
    assert down["peak_potential"] == pytest.approx(truth["peak_potential"], abs=1e-3)
    assert down["charge"] == pytest.approx(truth["charge"], rel=0.01)
    assert "peak_potential" not in af.lsv(record, reduction=False).estimates


def test_what_a_sweep_must_have() -> None:
    e = np.linspace(0, 1, 10)
    with pytest.raises(DataError, match="no sweep"):
        af.lsv(Measurement.of(POLARISATION, {"potential_V": e, "current_density_A_m2": e}))
    measured, _ = monolayer()
    with pytest.raises(DataError, match="no sweep to higher potential"):
        af.lsv(measured, reduction=False)
    with pytest.raises(DataError, match="0 records for the baseline"):
        af.lsv(measured, baseline_V=(9.0, 10.0))
    with pytest.raises(ConfigError, match="no scan"):
        af.lsv(measured, scan=2)


def test_noise_is_told_from_curvature() -> None:
    rng = np.random.default_rng(2)
    u = np.linspace(0, 1, 2000)
    assert noise_of(np.exp(3 * u) + 0.01 * rng.standard_normal(2000)) == pytest.approx(0.01, rel=0.1)


def test_alike_neighbours_count_as_fewer() -> None:
    rng = np.random.default_rng(3)
    white = rng.standard_normal(4000)
    assert inflation(white, 0) == pytest.approx(1.0, abs=0.03)
    slow = np.zeros(4000)
    for i in range(1, 4000):
        slow[i] = 0.8 * slow[i - 1] + white[i]
    assert inflation(slow, 0) == pytest.approx(3.0, rel=0.15)
