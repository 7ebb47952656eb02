"""Calibration of a deposit: the posterior against quadrature, what cannot be known, what is refused, and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from anodefree import stages
from anodefree.analysis.deposit import inversion as v
from anodefree.analysis.deposit.synthetic_points import drawn_collector, synthetic_points
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.deposit_points import DEPOSIT_POINTS
from anodefree.numerics.emulator import Forecast, to_share
from anodefree.study.plan import plan

AT = ((1.0, 5400.0), (3.0, 14400.0))
GIVEN: dict[str, Any] = {
    "current_density_A_m2": [1.0, 3.0],
    "capacity_C_m2": [5400.0, 14400.0],
    "j0_A_m2": 4.0,
    "inadequacy": 0.02,
}
CALIBRATE, PREDICT = stages.get("deposit.calibrate"), stages.get("deposit.predict")


@pytest.fixture(scope="module")
def runs() -> Measurement:
    return synthetic_points(AT, 24, np.random.default_rng(7))


def changed(points: Measurement, **arrays: Any) -> Measurement:
    kept = {n: points[n] for n in DEPOSIT_POINTS.arrays if n in points}
    return Measurement.of(DEPOSIT_POINTS, {**kept, **arrays})


def status(result: Result, name: str) -> str:
    return next(c.status for c in result.checks if c.name == name)


def test_likelihood_is_the_integral_over_sections() -> None:
    told = Forecast(np.array([-0.5, 1.0]), np.array([0.04, 0.1]), np.array([0.09, 0.2]))
    found = v.log_likelihood(told, 0.45, 0.06)
    for k in range(2):
        sd = np.sqrt(told.variance[k])
        exact = quad(
            lambda z, m=told.mean[k], s=sd: norm.pdf(0.45, to_share(np.array(z)), 0.06) * norm.pdf(z, m, s), -6, 6, limit=200
        )[0]
        assert np.exp(found[k]) == pytest.approx(exact, rel=0.02)


def test_posterior_is_prior_times_likelihood() -> None:
    prior, evidence = np.array([0.2, 0.3, 0.5]), np.log([1e-200, 4e-200, 2e-200])
    assert np.allclose(v.posterior_of(prior, evidence), np.array([0.2, 1.2, 1.0]) / 2.4)


def test_two_sections_tell_more_than_one(runs: Measurement) -> None:
    """On average: a single second section may also unsettle."""
    gained = []
    for seed in range(5):
        collector = drawn_collector(AT, np.random.default_rng(seed))
        both = CALIBRATE(runs, **{**GIVEN, **collector.calibrated_at([0, 1])})
        one = CALIBRATE(runs, **{**GIVEN, **collector.calibrated_at([0])})
        gained.append(both["information"] - one["information"])
        assert "held_out_2" in both.estimates
        assert status(both, "calibrated") == "pass"
    assert np.mean(gained) > 0.3


def test_measurements_that_say_nothing_leave_the_prior(runs: Measurement) -> None:
    vague = CALIBRATE(runs, **GIVEN, porosity=["50 ± 1000 %", "50 ± 1000 %"])
    assert abs(vague["contraction_site_spacing"]) < 0.02
    assert vague["information"] < 0.01
    assert status(vague, "identifiable") == "warn"
    assert status(vague, "range") == "warn"
    assert vague["porosity_1"] == pytest.approx(vague["porosity_1_uncalibrated"], abs=0.02)


def test_an_unknown_without_influence_is_not_told() -> None:
    rng = np.random.default_rng(11)
    points = synthetic_points(AT, 24, rng)
    apart = np.log(points["site_spacing_m"] / 1e-6)
    share = to_share(-2 + 1.2 * apart + 0.1 * rng.standard_normal(apart.size))
    found = CALIBRATE(changed(points, porosity_layer=share), **GIVEN, porosity=["40 ± 1 %", "40 ± 1 %"])
    assert abs(found["contraction_film_spread"]) < 0.25
    assert found["contraction_site_spacing"] > 0.6
    assert "spread" not in str([c.message for c in found.checks if c.name == "told apart" and c.status == "warn"])
    assert status(found, "identifiable") == "warn"


def test_sections_that_no_unknowns_reconcile(runs: Measurement) -> None:
    """Dense after little, almost void after more: no sites and film of this simulation give both."""
    found = CALIBRATE(runs, **GIVEN, porosity=["1 ± 0.5 %", "90 ± 0.5 %"])
    assert status(found, "one model for all") == "warn"
    assert status(found, "held out") == "warn"
    assert found["misfit"] > 4


def test_one_unknown_alone() -> None:
    points = synthetic_points(AT, 24, np.random.default_rng(5))
    still = changed(points, film_spread=np.full(len(points), 0.5))
    found = CALIBRATE(still, **GIVEN, porosity=["30 ± 5 %", "30 ± 5 %"])
    assert "film_spread" not in found.estimates
    assert found["correlation"] == 0
    found.plot()


def test_runs_that_stopped_early_are_left_out_and_told(runs: Measurement) -> None:
    complete = np.ones(len(runs))
    complete[:3] = 0
    found = CALIBRATE(changed(runs, complete=complete, cells=np.arange(len(runs))), **GIVEN, porosity=["30 ± 5 %", "30 ± 5 %"])
    assert status(found, "runs left out") == "warn"
    assert status(found, "other conditions") == "warn"


def test_uncalibrated_stands_beside_every_prediction() -> None:
    at = (*AT, (10.0, 10800.0))
    runs = synthetic_points(at, 20, np.random.default_rng(9))
    collector = drawn_collector(at, np.random.default_rng(2))
    given = {**collector.calibrated_at([0, 1]), "at_current_density_A_m2": [10.0], "at_capacity_C_m2": [10800.0]}
    found = PREDICT(runs, **given)
    for name in ("porosity_1", "thickness_1"):
        assert found.estimates[name].label.startswith("calibrated prediction")
        assert found.estimates[f"{name}_uncalibrated"].label.startswith("uncalibrated")
    assert found["narrowing_1"] > 0
    low, high = found.estimates["porosity_1"].low, found.estimates["porosity_1"].high
    assert low is not None
    assert high is not None
    dense = 10800 * 6.94e-3 / (96485.33 * 534)
    edge = found.estimates["thickness_1"].low
    assert edge == pytest.approx(dense / (1 - low), rel=1e-3)


def test_extrapolation_is_refused_or_failed(runs: Measurement) -> None:
    given = {**GIVEN, "porosity": ["30 ± 5 %", "30 ± 5 %"], "at_current_density_A_m2": [200.0], "at_capacity_C_m2": [14400.0]}
    with pytest.raises(ConfigError, match="extrapolation"):
        PREDICT(runs, **given)
    found = PREDICT(runs, **given, extrapolate=True)
    assert status(found, "extrapolation") == "fail"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"porosity": ["30 ± 5 %"]}, "1 porosities, 2 currents"),
        ({"porosity": ["30 %", "30 ± 5 %"]}, "without a standard deviation"),
        ({"porosity": [(30.0, 5.0), (0.3, 0.05)]}, "porosity of 30"),
        ({"porosity": ["30 ± 5 %", "30 ± 5 %"], "j0_A_m2": 13.4}, "no runs surround"),
    ],
)
def test_wrong_questions(runs: Measurement, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CALIBRATE(runs, **{**GIVEN, **wrong})


def test_wrong_runs(runs: Measurement) -> None:
    seen: dict[str, Any] = {**GIVEN, "porosity": ["30 ± 5 %", "30 ± 5 %"]}
    bare = Measurement.of(
        DEPOSIT_POINTS, {n: runs[n] for n in DEPOSIT_POINTS.arrays if n in runs and n not in ("film_spread", "j0_A_m2")}
    )
    with pytest.raises(DataError, match="film_spread, j0_A_m2"):
        CALIBRATE(bare, **seen)
    with pytest.raises(DataError, match="complete"):
        CALIBRATE(changed(runs, complete=np.zeros(len(runs))), **seen)
    still = changed(runs, site_spacing_m=np.full(len(runs), 1e-6), film_spread=np.zeros(len(runs)))
    with pytest.raises(DataError, match="neither sites nor film vary"):
        CALIBRATE(still, **seen)
    with pytest.raises(ConfigError, match="one capacity for each"):
        PREDICT(runs, **seen, at_current_density_A_m2=[1.0, 2.0], at_capacity_C_m2=[5400.0])


def test_the_page_reports_the_study_as_it_stands() -> None:
    """Its tables carry the key of what they were made from: parameters, seed and versions of every stage before them."""
    root = Path(__file__).resolve().parents[2]
    study = plan(root / "studies" / "calibration.toml")
    names = [f"{step}[{collector}]" for step in ("calibrated", "predicted") for collector in ("Ni", "M-Ni")]
    key = "-".join(study.node(n).key[:8] for n in names)
    page = (root / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert key in page, "python benchmarks/calibration_table.py STORE --write"
