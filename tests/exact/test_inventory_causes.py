"""What ails a cell, read from its capacities: found where the curve tells, said where it does not, refused where none is."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree import stages
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.physics import inventory

FIT, CURVE = stages.get("cycling.inventory"), stages.get("inventory.curve")
ACCOUNTS, LOSS = stages.get("inventory.accounts"), stages.get("inventory.loss")


def cell(seed: int = 3, **how: object) -> Measurement:
    made = CURVE(capacity_C=9000.0, seed=seed, **{"noise": 0.005, "efficiency": 0.999, **how})
    assert isinstance(made, Measurement)
    return made


def likely(result: Result) -> dict[str, float]:
    names, chance = (result.curves[n].values for n in ("explanation", "explanation_probability"))
    return dict(zip(map(str, names), map(float, chance), strict=True))


def said(result: Result, name: str) -> tuple[str, str]:
    return next((c.status, c.message) for c in result.checks if c.name == name)


def test_probabilities_are_ordered_and_add_up() -> None:
    chance = list(likely(FIT(cell(cycles=150), excess=0.0)).values())
    assert sum(chance) == pytest.approx(1)
    assert chance == sorted(chance, reverse=True)
    assert len(chance) == 8


def test_a_slow_fade_has_two_explanations() -> None:
    """0.007 % per cycle over 1000 cycles: lithium at CE 99.993 %, or 0.007 % of the cathode; the noise hides the difference."""
    for how in ({"efficiency": 1 - 7e-5}, {"efficiency": 1 - 1e-5, "hidden_reservoir": 0.1, "cathode_fade": 7e-5}):
        result = FIT(cell(seed=7, cycles=1000, **how), excess=0.0)
        chance, ce = likely(result), result.estimates["CE"]
        assert chance["lithium, no reserve"] > 0.1
        assert chance["even fade: cathode or resistance"] > 0.1
        assert said(result, "cause")[0] == "warn"
        assert math.isnan(ce.std)
        assert ce.low is not None
        assert ce.high == 1.0
        assert ce.low <= how["efficiency"]


def test_a_steeper_fade_of_lithium_is_told() -> None:
    result = FIT(cell(efficiency=0.997, cycles=250), excess=0.0)
    assert said(result, "cause")[0] == "pass"
    assert result["CE"] == pytest.approx(0.997, abs=4 * result.estimates["CE"].std)
    assert result["lithium_probability"] > 0.99


def test_even_fade_of_cathode_and_of_resistance_are_one_curve() -> None:
    """No data tell them apart: the simulated curves are the same to the last digit."""
    how = {"cycles": 200, "excess": 0.3, "efficiency": 0.9999, "noise": 0.0}
    cathode = cell(cathode_fade=1e-3, **how)
    resistance = cell(resistance_fade=1e-3, resistance_exponent=1.0, **how)
    assert cathode["discharge_capacity_C"] == pytest.approx(resistance["discharge_capacity_C"], rel=1e-12)
    result = FIT(cell(cathode_fade=1e-3, **{**how, "noise": 0.005}), excess=0.3)
    assert likely(result)["even fade: cathode or resistance"] > 0.95
    assert math.isnan(result.estimates["CE"].std)
    low = result.estimates["CE"].low
    assert low is not None
    assert 0.99 < low < 0.9999


def test_a_film_that_diffusion_feeds() -> None:
    result = FIT(cell(resistance_fade=0.01, cycles=200, excess=0.3, efficiency=0.9999), excess=0.3)
    assert likely(result)["root fade: resistance"] > 0.95


def test_formation_does_not_lower_the_efficiency() -> None:
    result = FIT(cell(efficiency=0.996, formation_loss=0.05, formation_cycles=4.0, cycles=250), excess=0.0)
    assert likely(result)["lithium, after formation"] > 0.95
    assert abs(result["CE"] - 0.996) < 3 * result.estimates["CE"].std < 2e-4


def test_cathode_fade_until_lithium_is_short() -> None:
    how = {"efficiency": 0.994, "excess": 0.4, "hidden_reservoir": 0.1, "cathode_fade": 1e-3, "cycles": 250}
    result = FIT(cell(**how), excess=0.4)
    assert likely(result)["even fade, then lithium"] > 0.9
    assert abs(result["CE"] - 0.994) < 3 * result.estimates["CE"].std
    assert result["hidden_reservoir"] == pytest.approx(0.1, abs=0.02)


def test_a_short_is_a_failure_and_no_fade() -> None:
    result = FIT(cell(efficiency=0.995, hidden_reservoir=0.1, cycles=150, short_cycle=120), excess=0.0)
    assert result["failure_cycle"] == 120
    assert said(result, "sudden failure")[0] == "warn"
    assert abs(result["CE"] - 0.995) < 4 * result.estimates["CE"].std
    # Steep decay is none.
    steep = FIT(cell(efficiency=0.45, excess=10.0, cycles=40), excess=10.0)
    assert "failure_cycle" not in steep.estimates


def test_a_few_bad_cycles_do_no_harm() -> None:
    made = cell(efficiency=0.997, cycles=200)
    capacity = made["discharge_capacity_C"].copy()
    capacity[[40, 90, 91]] *= 0.8
    seen = Measurement.of(CYCLING, {"cycle_number": made["cycle_number"], "discharge_capacity_C": capacity})
    result = FIT(seen, excess=0.0)
    assert result.curves["left_out_cycle"].values == pytest.approx([41, 91, 92])
    assert abs(result["CE"] - 0.997) < 3 * result.estimates["CE"].std < 5e-5
    assert said(result, "outliers")[0] == "warn"


def test_without_a_known_excess_the_reserve_is_told_and_not_its_parts() -> None:
    result = FIT(cell(efficiency=0.99, excess=0.2, hidden_reservoir=0.1, cycles=150))
    assert result["reserve"] == pytest.approx(0.2 + 0.99 * 0.1, abs=0.01)
    hidden = result.estimates["hidden_reservoir"]
    assert math.isnan(hidden.std)
    assert hidden.low == 0.0


def test_the_hidden_reservoir_trap() -> None:
    """A tenth of the capacity hidden in the cathode keeps a cell of CE 99.9 % at full capacity for 99.9 cycles."""
    assert inventory.plateau_cycles(0.999, 0.0, 0.1) == pytest.approx(99.9)
    early = FIT(cell(hidden_reservoir=0.1, cycles=90), excess=0.0)
    assert said(early, "cause")[0] == "warn"
    assert early.estimates["CE"].low < 0.999  # type: ignore[operator]
    late = FIT(cell(hidden_reservoir=0.1, cycles=300), excess=0.0)
    assert abs(late["CE"] - 0.999) < 3 * late.estimates["CE"].std < 1e-4
    assert late["hidden_reservoir"] == pytest.approx(0.1, abs=0.01)


def test_one_value_repeated_is_no_fade_curve() -> None:
    for values in (np.full(20, 5.0), np.r_[np.full(3, 0.4), np.zeros(17)]):
        table = Measurement.of(CYCLING, {"cycle_number": np.arange(1, 21), "discharge_capacity_C": values})
        with pytest.raises(DataError, match="repeats"):
            FIT(table, excess=0.0)
    with pytest.raises(DataError, match="0 C"):
        FIT(Measurement.of(CYCLING, {"cycle_number": np.arange(1, 21), "discharge_capacity_C": np.zeros(20)}))


def test_a_rate_test_is_no_fade_curve(shared: Path) -> None:
    """54 cycles of a real cell whose rate changes: none of the explanations fits, and it is said."""
    result = FIT(af.read(shared / "cells" / "test_2.ndax"))
    assert said(result, "one protocol")[0] == "fail"


def test_accounts_add_up_and_tell_the_failure() -> None:
    result = ACCOUNTS(efficiency=0.99, excess=0.2, hidden_reservoir=0.1, dead_share=0.8, cycles=60)
    places = ("cathode", "excess_metal", "hidden_metal", "stranded", "interphase", "dead")
    assert sum(result.curves[n].values for n in places) == pytest.approx(1.3, abs=1e-12)
    assert result["failure_cycle"] == pytest.approx(math.floor(inventory.plateau_cycles(0.99, 0.2, 0.1)) + 1)
    assert result["dead"] == pytest.approx(4 * result["interphase"])
    assert result["retention"] == pytest.approx(inventory.retention(0.99, 0.2, 0.1, 60))
    spare = ACCOUNTS(efficiency=0.9999, excess=1.0, cycles=50)
    assert said(spare, "lithium")[0] == "warn"
    assert spare["failure_cycle"] == math.inf


def test_a_table_of_efficiencies() -> None:
    table = tuple(np.linspace(0.99, 0.999, 30))
    made = cell(efficiency=table, cycles=30, noise=0.0)
    assert made["discharge_capacity_C"] / 9000 == pytest.approx(np.cumprod(table), rel=1e-12)
    with pytest.raises(ConfigError, match="2 efficiencies for 30"):
        cell(efficiency=(0.99, 0.98), cycles=30)


def test_a_copper_cell_reads_as_its_efficiency() -> None:
    made = stages.get("inventory.copper")(capacity_C=3.6, efficiency=0.985, cycles=40, noise=1e-4)
    assert stages.get("cycling.efficiency")(made, cell="half")["CE_mean"] == pytest.approx(0.985, abs=2e-4)


def test_the_closure_says_when_it_extrapolates() -> None:
    given = {"loss": (0.01, 0.001), "reference_current_A_m2": "0.5 mA/cm2", "reference_capacity_C_m2": "1 mAh/cm2"}
    same = LOSS(**given)
    assert same["CE"] == pytest.approx(0.99)
    assert same.estimates["CE"].std == pytest.approx(0.001, rel=0.02)
    assert all(c.status == "pass" for c in same.checks)
    far = LOSS(**given, current_A_m2="5 mA/cm2", current_exponent=(0.5, 0.1))
    assert far["CE"] == pytest.approx(1 - 0.01 * math.sqrt(10))
    assert said(far, "range")[0] == "warn"
    assert said(LOSS(**given, current_A_m2="1 mA/cm2"), "exponents")[0] == "warn"
