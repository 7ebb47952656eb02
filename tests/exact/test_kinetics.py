"""Exchange current densities against closed forms: each route on curves whose kinetics, ohmic drop and limits are known."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import AnodefreeError, ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION
from anodefree.physics import butler_volmer as bv
from anodefree.physics.polarisation import steady

RT_F = 0.025692579121493725


def curve(e: np.ndarray, j: np.ndarray, **meta: Any) -> Measurement:
    return Measurement.of(POLARISATION, {"potential_V": e, "current_density_A_m2": j}, {"temperature_K": 298.15, **meta})


def status(result: Result) -> dict[str, str]:
    return {c.name: c.status for c in result.checks}


def message(result: Result, name: str) -> str:
    return next(c.message for c in result.checks if c.name == name)


# --- the cell ---------------------------------------------------------------------------------------------------------


def test_two_electrodes_without_ohmic_drop_are_a_hyperbolic_sine() -> None:
    e = np.linspace(-0.4, 0.4, 81)
    found = steady(e, j0_A_m2=3.0, electrodes=2)
    assert found.current_density_A_m2 == pytest.approx(6 * np.sinh(e / (4 * RT_F)), rel=1e-9, abs=1e-12)
    assert found.slope_A_m2_V == pytest.approx(1.5 / RT_F * np.cosh(e / (4 * RT_F)), rel=1e-9)


@given(
    st.floats(1e-6, 0.5).flatmap(lambda x: st.sampled_from([x, -x])),
    st.floats(0.05, 50.0),
    st.floats(0.1, 0.9),
    st.floats(0.0, 1e-2),
    st.floats(0.5, 1e4),
    st.sampled_from([1, 2]),
)
@settings(max_examples=200, deadline=None)
def test_the_solved_current_gives_the_potential_back(
    e: float, j0: float, alpha: float, r: float, limit: float, electrodes: int
) -> None:
    alpha = 0.5 if electrodes == 2 else alpha
    found = steady(e, j0_A_m2=j0, transfer_coefficient=alpha, area_resistance_ohm_m2=r, limit_A_m2=limit, electrodes=electrodes)
    j = float(found.current_density_A_m2)

    def overpotential(current: float) -> float:
        surface = 1 + current / limit
        return float(RT_F * np.log(surface) + bv.overpotential_V(current, j0 * surface ** (1 - alpha), alpha))

    if (abs(j) if electrodes == 2 else -j) < 0.999 * limit:  # nearer to it the logarithm has no digits left
        back = overpotential(j) + j * r - (overpotential(-j) if electrodes == 2 else 0.0)
        assert back == pytest.approx(e, rel=1e-8, abs=1e-10)
    else:
        assert electrodes == 2 or e < 0


@pytest.mark.parametrize("electrodes", [1, 2])
def test_derivatives_are_those_of_the_current(electrodes: int) -> None:
    e = np.linspace(-0.3, 0.3, 31)
    at: dict[str, Any] = {"j0_A_m2": 5.0, "area_resistance_ohm_m2": 1e-3, "limit_A_m2": 40.0, "electrodes": electrodes}
    at["transfer_coefficient"] = 0.5 if electrodes == 2 else 0.4
    here = steady(e, **at)
    for name, slope, size in (
        ("j0_A_m2", here.by_ln_j0 / 5.0, 5.0),
        ("area_resistance_ohm_m2", here.by_area_resistance, 1e-3),
        ("limit_A_m2", here.by_ln_limit / 40.0, 40.0),
        *([("transfer_coefficient", here.by_transfer_coefficient, 0.4)] if electrodes == 1 else []),
    ):
        up, down = (steady(e, **{**at, name: at[name] + s * 1e-5 * size}).current_density_A_m2 for s in (1, -1))
        numeric = (up - down) / (2e-5 * size)
        assert slope == pytest.approx(numeric, rel=1e-6, abs=1e-7 * np.abs(numeric).max()), name


def test_depletion_stops_plating_but_not_stripping() -> None:
    found = steady([-5.0, 0.2], j0_A_m2=10.0, limit_A_m2=25.0).current_density_A_m2
    assert found[0] == pytest.approx(-25.0, rel=1e-6)
    assert found[1] > 100
    assert steady(5.0, j0_A_m2=10.0, limit_A_m2=25.0, electrodes=2).current_density_A_m2 == pytest.approx(25.0, rel=1e-6)


# --- Tafel ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.6])
@pytest.mark.parametrize("j0", [0.31, 13.4])
def test_tafel_is_low_by_the_back_reaction_alone(alpha: float, j0: float) -> None:
    """The bias is a property of the window: over 60 to 180 mV in steps of 1 mV, -9.26 %, whatever j0 and α."""
    e = 1e-3 * np.arange(-200, 201)
    result = af.tafel(curve(e, bv.current_density_A_m2(e, j0, alpha)))
    assert result["bias"] == pytest.approx(-0.0926, abs=5e-5)
    assert result["j0"] == pytest.approx(j0 * (1 + result["bias"]), rel=1e-9)
    assert result["j0_allen_hickling"] == pytest.approx(j0, rel=1e-9)
    assert result["alpha_anodic"] == pytest.approx(1 - alpha, rel=1e-9)
    assert result["alpha_cathodic"] == pytest.approx(alpha, rel=1e-9)
    assert result["alpha_sum_allen_hickling"] == pytest.approx(1.0, rel=1e-9)
    off = abs(result["j0"] - j0) / result.estimates["j0"].std
    assert 0.9 < off < 1.2, "an uncorrected bias is all of the standard deviation of data without noise"
    assert status(result)["bias"] == "warn"


def test_tafel_line_is_the_least_squares_line_of_the_logarithm() -> None:
    e = np.linspace(0.06, 0.18, 25)
    j = bv.current_density_A_m2(e, 4.0, 0.45)
    slope, intercept = np.polyfit(e, np.log10(j), 1)
    result = af.tafel(curve(e, j), branch="anodic")
    assert result["j0"] == pytest.approx(10**intercept, rel=1e-9)
    beta = slope * np.log(10) * RT_F
    lifted = np.polyfit(e, np.log(-np.expm1(-e / RT_F)), 1)[0] * RT_F
    assert result["alpha_anodic"] == pytest.approx(beta - lifted, rel=1e-9)
    assert "alpha_sum" not in result.estimates


def test_a_wide_window_far_from_rest_has_no_bias() -> None:
    e = 1e-3 * np.arange(-400, 401)
    result = af.tafel(curve(e, bv.current_density_A_m2(e, 2.0)), window_V=(0.25, 0.4))
    assert abs(result["bias"]) < 5e-4
    assert status(result)["bias"] == "pass" or result.estimates["j0_allen_hickling"].std < 1e-9


def test_two_electrodes_share_the_potential() -> None:
    e = 1e-3 * np.arange(-400, 401)
    j = steady(e, j0_A_m2=6.0, electrodes=2).current_density_A_m2
    assert af.tafel(curve(e, j), electrodes=2, window_V=(0.12, 0.36))["j0_allen_hickling"] == pytest.approx(6.0, rel=1e-9)
    alone = af.tafel(curve(e, j), window_V=(0.12, 0.36))
    assert alone["alpha_sum"] < 0.6, "taken for one electrode, the slope is halved"


def test_an_ohmic_drop_is_corrected_given_or_told() -> None:
    e = 1e-3 * np.arange(-200, 201)
    j = steady(e, j0_A_m2=13.4, area_resistance_ohm_m2=1e-4).current_density_A_m2
    bare, known = af.tafel(curve(e, j)), af.tafel(curve(e, j), area_resistance_ohm_m2="1 ohm cm2")
    assert known["j0_allen_hickling"] == pytest.approx(13.4, rel=1e-6)
    assert status(bare)["ohmic drop"] == "warn"
    assert status(bare)["straight"] == "warn"
    assert bare["j0_allen_hickling"] > 13.5
    assert bare["alpha_sum_allen_hickling"] < 0.95
    assert abs(bare["j0_allen_hickling"] - 13.4) < 2 * bare.estimates["j0_allen_hickling"].std, "the bend is in the interval"
    from_file = af.tafel(curve(e, j, area_m2=2e-4, ohmic_resistance_ohm=0.5))
    assert from_file["j0_allen_hickling"] == pytest.approx(13.4, rel=1e-6)
    unsure = af.tafel(curve(e, j), area_resistance_ohm_m2="1 ± 0.2 ohm cm2")
    assert unsure.estimates["j0_allen_hickling"].std > 10 * known.estimates["j0_allen_hickling"].std


def test_signs_of_other_conventions_are_turned() -> None:
    e = 1e-3 * np.arange(-200, 201)
    j = bv.current_density_A_m2(e, 5.0, 0.45)
    for other in (-j, np.abs(j)):
        result = af.tafel(curve(e, other))
        assert result["j0_allen_hickling"] == pytest.approx(5.0, rel=1e-9)
        assert result["alpha_cathodic"] == pytest.approx(0.45, rel=1e-9)
        assert "sign" in status(result)


def test_what_tafel_refuses() -> None:
    e = 1e-3 * np.arange(-50, 51)
    small = curve(e, bv.current_density_A_m2(e, 5.0))
    with pytest.raises(DataError, match=r"0 points lie in the window.*\n.*-50 to 50 mV"):
        af.tafel(small)
    with pytest.raises(ConfigError, match="empty"):
        af.tafel(small, window_V=(0.1, 0.05))
    with pytest.raises(ConfigError, match="no scan 3"):
        af.tafel(small, scan=3)
    with pytest.raises(DataError, match="area"):
        af.tafel(Measurement.of(POLARISATION, {"potential_V": e, "current_A": e}))
    with pytest.raises(DataError, match="no current"):
        af.tafel(Measurement.of(POLARISATION, {"potential_V": e}))
    given_area = Measurement.of(POLARISATION, {"potential_V": 4 * e, "current_A": 1e-4 * bv.current_density_A_m2(4 * e, 5.0)})
    assert af.tafel(given_area, area_m2="1 cm2")["j0_allen_hickling"] == pytest.approx(5.0, rel=1e-9)


# --- Butler-Volmer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("electrodes", "alpha", "r", "limit", "c"),
    [
        (1, 0.4, 5e-4, None, 0.2),
        (1, 0.5, 0.0, 100.0, 0.2),
        (2, 0.5, 6e-4, None, 5.0),
        (2, 0.5, 6e-4, 60.0, 0.2),
        (1, 0.6, 0.0, None, 0.0),
    ],
)
def test_the_fit_returns_what_the_virtual_potentiostat_was_given(
    electrodes: int, alpha: float, r: float, limit: float | None, c: float
) -> None:
    sweep = af.voltammetry(
        j0_A_m2=13.4,
        electrodes=electrodes,
        transfer_coefficient=alpha,
        area_resistance_ohm_m2=r,
        limit_A_m2=limit,
        capacitance_F_m2=c,
        noise=0.0,
        bits=0,
    )
    result = af.butler_volmer(sweep, electrodes=electrodes)
    assert result["j0"] == pytest.approx(13.4, rel=1e-4)
    assert result["area_resistance"] == pytest.approx(r, rel=1e-4, abs=1e-8)
    assert result["charge_transfer_resistance"] == pytest.approx(electrodes * RT_F / 13.4, rel=1e-4)
    assert ("limiting_current" in result.estimates) == (limit is not None)
    if limit is not None:
        assert result["limiting_current"] == pytest.approx(limit, rel=1e-3)
    if electrodes == 1:
        assert result["alpha"] == pytest.approx(alpha, abs=1e-4)
    assert result["capacitance"] == pytest.approx(c, rel=0.02, abs=0.02)


def test_a_given_resistance_is_held_and_one_with_an_interval_is_refined() -> None:
    rng = np.random.default_rng(4)
    e = np.linspace(-0.1, 0.1, 101)
    j = steady(e, j0_A_m2=8.0, area_resistance_ohm_m2=5e-4).current_density_A_m2
    noisy = curve(e, j + 0.2 * rng.standard_normal(101))
    free, held = af.butler_volmer(noisy), af.butler_volmer(noisy, area_resistance_ohm_m2=5e-4)
    within = af.butler_volmer(noisy, area_resistance_ohm_m2="5 ± 0.5 ohm cm2")
    assert "area_resistance" not in held.estimates
    assert held.estimates["j0"].std < within.estimates["j0"].std < free.estimates["j0"].std
    assert within.estimates["area_resistance"].std < 0.5e-4
    assert "resistance and j0" in status(free)


def test_a_narrow_sweep_cannot_tell_kinetics_from_resistance() -> None:
    rng = np.random.default_rng(5)
    e = np.linspace(-0.01, 0.01, 81)
    j = steady(e, j0_A_m2=8.0, area_resistance_ohm_m2=5e-4).current_density_A_m2 + 0.02 * rng.standard_normal(81)
    result = af.butler_volmer(curve(e, j))
    assert status(result)["identified"] == "warn"
    assert result.estimates["j0"].std > 0.3 * result["j0"]


def test_what_the_fit_refuses() -> None:
    e = np.linspace(-0.1, 0.1, 4)
    with pytest.raises(DataError, match="4 data cannot determine"):
        af.butler_volmer(curve(e, bv.current_density_A_m2(e, 3.0)))
    with pytest.raises(DataError, match="no current"):
        af.butler_volmer(curve(np.linspace(-0.1, 0.1, 50), np.zeros(50)))
    with pytest.raises(ConfigError, match="½"):
        af.butler_volmer(curve(e, e), electrodes=2, transfer_coefficient=0.3)


# --- slope, and the four together -------------------------------------------------------------------------------------


@pytest.mark.parametrize("electrodes", [1, 2])
def test_the_slope_at_rest(electrodes: int) -> None:
    e = np.linspace(-0.02, 0.02, 41)
    j = steady(e, j0_A_m2=9.0, area_resistance_ohm_m2=3e-4, electrodes=electrodes).current_density_A_m2
    result = af.linear_slope(curve(e, j), area_resistance_ohm_m2="3 ohm cm2", electrodes=electrodes)
    assert result["j0"] == pytest.approx(9.0, rel=5e-4)
    assert result["polarisation_resistance"] == pytest.approx(3e-4 + electrodes * RT_F / 9.0, rel=5e-4)
    with pytest.raises(DataError, match="no more than the ohmic"):
        af.linear_slope(curve(e, j), area_resistance_ohm_m2="90 ohm cm2")
    with pytest.raises(DataError, match="rises"):
        af.linear_slope(curve(e, np.zeros(41)))


def test_four_routes_agree_on_one_process_and_tell_two_apart() -> None:
    rng = np.random.default_rng(6)
    e = np.concatenate([np.linspace(-0.2, 0.2, 161), np.linspace(0.2, -0.2, 161)])
    j = steady(e, j0_A_m2=10.0, area_resistance_ohm_m2=2e-4).current_density_A_m2
    measured = curve(e, j * (1 + 0.01 * rng.standard_normal(len(e))), area_m2=1e-4)
    resistance = RT_F / (10.0 * 1e-4)
    given: dict[str, Any] = {"area_resistance_ohm_m2": "2 ohm cm2"}
    alike = af.exchange_current(measured, charge_transfer_resistance_ohm=(resistance, 0.02 * resistance), **given)
    assert status(alike)["consistency"] == "pass"
    assert alike["j0_impedance"] == pytest.approx(10.0, rel=1e-9)
    assert alike["j0"] == pytest.approx(10.0, rel=0.01)
    apart = af.exchange_current(measured, charge_transfer_resistance_ohm=(2 * resistance, 0.02 * resistance), **given)
    assert status(apart)["consistency"] == "warn"
    assert "0.5 mA/cm2" in message(apart, "consistency")
    assert "2 electrodes" in message(apart, "consistency")
    assert apart.estimates["j0"].std > 3 * alike.estimates["j0"].std
    alone = af.exchange_current(measured)
    assert "j0_impedance" not in alone.estimates
    assert alone["area_resistance"] == pytest.approx(2e-4, rel=0.05)
    with pytest.raises(ConfigError, match="area"):
        af.exchange_current(curve(e, j), charge_transfer_resistance_ohm=20.0)


@pytest.mark.parametrize("stage", ["tafel", "butler_volmer", "linear_slope", "exchange_current", "marcus", "lsv"])
def test_nonsense_ends_in_one_clear_error_or_a_result(stage: str) -> None:
    rng = np.random.default_rng(8)
    n, e = 60, np.linspace(-0.2, 0.2, 60)
    for potential, j in (
        (np.zeros(n), rng.normal(size=n)),
        (e, np.zeros(n)),
        (e, np.ones(n)),
        (e, rng.normal(size=n)),
        (e, 1e200 * np.sinh(e)),
        (e, 1e-200 * np.sinh(e)),
        (1e3 * e, e),
        (0.1 * np.sign(e), np.sign(e)),
        (e, np.where(np.arange(n) == 30, 1e6, 0.0)),
        (e[:2], e[:2]),
        (rng.normal(size=n), rng.normal(size=n)),
    ):
        result = None
        with contextlib.suppress(AnodefreeError):
            result = getattr(af, stage)(curve(potential, j, area_m2="no number"))
        assert result is None or all(np.isfinite(v.value) or k == "onset" for k, v in result.estimates.items())
