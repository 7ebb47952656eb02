"""Faraday's law, porosity, uncertainty propagation and roots against values that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, NumericalError
from anodefree.numerics.propagation import interval, linear, sample, spread_about
from anodefree.numerics.roots import bracketed_root
from anodefree.physics import lithium


def test_a_mole_of_electrons_plates_a_mole_of_lithium() -> None:
    assert lithium.dense_thickness_m(FARADAY_C_MOL, 6.94e-3, 534.0) == pytest.approx(6.94e-3 / 534.0, rel=1e-15)


def test_the_thickness_of_the_papers_charge() -> None:
    assert lithium.dense_thickness_m(0.15 * 36000) == pytest.approx(0.7274e-6, abs=5e-11)


def test_porosity_and_thickness_are_inverse() -> None:
    pores = np.linspace(0, 0.95, 20)
    assert lithium.porosity(1e-6, lithium.thickness_m(1e-6, pores)) == pytest.approx(pores, abs=1e-15)


def test_thickness_stage_gives_micrometres_and_first_order_uncertainty() -> None:
    result = stages.get("deposit.thickness")(charge_C_m2="0.15 ± 0.003 mAh/cm2", porosity="50 %")
    assert result["dense_thickness"] == pytest.approx(0.7274e-6, abs=5e-11)
    assert result["thickness"] == pytest.approx(2 * result["dense_thickness"], rel=1e-14)
    assert str(result.estimates["dense_thickness"]) == "0.727 ± 0.015 um"
    relative = np.sqrt(0.02**2 + (0.017 / 6.94) ** 2 + (1 / 534) ** 2)
    assert result.estimates["thickness"].std / result["thickness"] == pytest.approx(relative, rel=1e-4)


@pytest.mark.parametrize("wrong", [{"charge_C_m2": 0.0}, {"charge_C_m2": 1.0, "porosity": 1.0}, {}])
def test_impossible_deposits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        stages.get("deposit.thickness")(**wrong)


def test_the_papers_porosities_give_another_ratio_than_it_claims() -> None:
    result = stages.get("deposit.ratio")(porosity_a=0.131, porosity_b=0.667, claimed_ratio=(1 / 3, 0.005))
    assert result["thickness_ratio"] == pytest.approx(0.333 / 0.869, rel=1e-12)
    assert result["porosity_b_needed"] == pytest.approx(1 - 0.869 / 3, rel=1e-12)
    assert result["porosity_a_needed"] == pytest.approx(1 - 0.333 * 3, rel=1e-9)
    assert {c.name: c.status for c in result.checks} == {"claimed ratio": "warn", "possible": "pass"}
    assert "porosity_b_needed" not in stages.get("deposit.ratio")(porosity_a=0.1, porosity_b=0.5).estimates


def test_linear_propagation_of_a_product() -> None:
    inputs = {"a": Uncertain(3.0, 0.03), "b": Uncertain(2.0, 0.05), "c": Uncertain(7.0)}
    found = linear(lambda a, b, c: a * b + 0 * c, inputs)
    assert found.value == 6.0
    assert found.contributions == pytest.approx({"a": 0.06, "b": 0.15, "c": 0.0}, abs=1e-14)
    assert found.std == pytest.approx(np.hypot(0.06, 0.15), rel=1e-12)


def test_linear_propagation_at_a_bound_differences_one_side() -> None:
    found = linear(lambda p: 1 / (1 - p), {"p": Uncertain(0.0, 0.01)}, {"p": (0.0, 1.0)})
    assert found.std == pytest.approx(1 / 0.99 - 1, rel=1e-12)


@pytest.mark.parametrize("seed", [None, 1])
def test_samples_have_the_stated_moments_and_bounds(seed: int | None) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    inputs = {"x": Uncertain(2.0, 0.5), "y": Uncertain(0.0, 1.0), "z": Uncertain(4.0)}
    drawn = sample(inputs, 20_000, rng, {"y": (0.0, np.inf)})
    assert drawn["x"].mean() == pytest.approx(2.0, abs=0.02)
    assert drawn["x"].std() == pytest.approx(0.5, rel=0.02)
    assert interval(drawn["x"]) == pytest.approx((2 - 0.98, 2 + 0.98), abs=0.03)
    assert drawn["y"].min() >= 0
    assert drawn["y"].mean() == pytest.approx(np.sqrt(2 / np.pi), rel=0.02)
    assert abs(np.corrcoef(drawn["x"], drawn["y"])[0, 1]) < 0.02
    assert (drawn["z"] == 4.0).all()


def test_spread_counts_the_bias() -> None:
    assert spread_about(0.0, np.array([1.0, 1.0, 1.0])) == 1.0


def test_roots_of_many_functions_at_once() -> None:
    wanted = np.linspace(1e-3, 1e3, 2000)
    assert bracketed_root(lambda x: x**3 - wanted, 0.0, 20.0 * np.ones(2000)) == pytest.approx(np.cbrt(wanted), rel=1e-14)
    assert bracketed_root(lambda x: np.where(x < 0.3, -1.0, 1.0), 0.0, 1.0) == pytest.approx(0.3, abs=1e-15)
    assert bracketed_root(lambda x: x - 2.0, 2.0, 5.0) == 2.0
    with pytest.raises(NumericalError):
        bracketed_root(lambda x: x**2 + 1, -1.0, 1.0)
