"""The lithium inventory: recursion against closed form, the inverse, the papers' readings, and what a curve can tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodefree import stages
from anodefree.analysis.inventory.efficiency import efficiency_of
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError, NumericalError
from anodefree.kinds.cycling import CYCLING
from anodefree.physics import inventory
from anodefree.physics.lithium_accounts import accounts, full_cell

FIT, CURVE, RETENTION, EFFICIENCY = (
    "cycling.inventory",
    "inventory.curve",
    "inventory.retention",
    "inventory.efficiency",
)


def status(result: object, name: str) -> str:
    return next(c.status for c in result.checks if c.name == name)  # type: ignore[attr-defined]


@settings(deadline=None)
@given(st.floats(0.05, 1.0), st.floats(0.0, 3.0), st.floats(0.0, 0.4))
def test_closed_form_is_the_balance(ce: float, excess: float, reservoir: float) -> None:
    step = accounts(full_cell(1 - ce, excess=excess, hidden_reservoir=reservoir), 120)
    closed = inventory.discharge_capacity(ce, excess, reservoir, np.arange(1, 121))
    assert step.discharge == pytest.approx(closed, abs=1e-12)


def test_an_anode_free_cell_keeps_ce_to_the_n_minus_1() -> None:
    assert inventory.retention(0.999, 0.0, 0.0, 200) == pytest.approx(0.999**199, rel=1e-13)
    assert inventory.discharge_capacity(0.999, 0.0, 0.0, 200) == pytest.approx(0.999**200, rel=1e-13)


def test_the_plateau_lasts_as_long_as_the_excess() -> None:
    k = np.arange(1, 201)
    capacity = inventory.discharge_capacity(0.99, 0.505, 0.0, k)
    assert inventory.plateau_cycles(0.99, 0.505, 0.0) == pytest.approx(50.5)
    assert (capacity[:50] == 1).all()
    assert capacity[50] == pytest.approx(1 + 0.505 - 51 * 0.01)
    assert capacity[51:] == pytest.approx(capacity[50] * 0.99 ** (k[51:] - 51), rel=1e-12)


def test_cycles_to_is_the_inverse_of_the_retention() -> None:
    for ce, e, h in ((0.999, 0.0, 0.0), (0.998, 0.3, 0.1), (0.7, 0.5, 0.0)):
        life = float(inventory.cycles_to(0.8, ce, e, h))
        assert inventory.retention(ce, e, h, math.floor(life)) >= 0.8 > inventory.retention(ce, e, h, math.floor(life) + 1)
    assert inventory.cycles_to(0.8, 1.0, 0.0, 0.0) == np.inf


@given(st.floats(0.3, 0.999999), st.floats(0.0, 1.5), st.floats(0.0, 0.3), st.integers(2, 2000))
def test_the_efficiency_comes_back_from_the_retention(ce: float, excess: float, reservoir: float, cycle: int) -> None:
    kept = float(inventory.retention(ce, excess, reservoir, cycle))
    if 1e-12 < kept < 1:
        assert efficiency_of(kept, excess, reservoir, cycle) == pytest.approx(ce, abs=1e-13)
    elif kept == 1:
        assert efficiency_of(kept, excess, reservoir, cycle) <= ce + 1e-14


def test_retention_rises_with_the_efficiency(rng: np.random.Generator) -> None:
    ce = np.linspace(0.0, 1.0, 4001)
    for _ in range(20):
        e, h, n = rng.uniform(0, 1), rng.uniform(0, 0.2), int(rng.integers(2, 500))
        assert (np.diff(inventory.retention(ce, e, h, n)) >= -1e-13).all()


# Read off the reference paper's text: N/P, retention, cycle -> CE without a hidden reservoir, counted from cycle 1.
STATED = [
    (0.0, 0.80, 200, 0.998879),
    (0.8, 0.80, 1000, 0.998977),
    (0.3, 0.85, 300, 0.998459),
    (0.0, 0.916, 100, 0.999114),
    (0.0, 0.75, 100, 0.997098),
    (0.0, 0.252, 50, 0.972263),
    (0.0, 0.124, 15, 0.861478),
]


@pytest.mark.parametrize(("excess", "kept", "cycle", "ce"), STATED)
def test_what_the_stated_retentions_imply(excess: float, kept: float, cycle: int, ce: float) -> None:
    found = stages.get(EFFICIENCY)(retention=kept, cycle=cycle, excess=excess)
    assert found["CE"] == pytest.approx(ce, abs=5e-7)
    if excess == 0:
        assert found["CE"] == pytest.approx(kept ** (1 / (cycle - 1)), abs=1e-13)
    back = stages.get(RETENTION)(efficiency=found["CE"], cycle=cycle, excess=excess)
    assert back["retention"] == pytest.approx(kept, abs=1e-11)


def test_a_hidden_reservoir_lowers_the_efficiency_that_a_retention_means() -> None:
    result = stages.get(EFFICIENCY)(retention=0.916, cycle=100, excess=0.0)
    assert result["CE_with_reservoir"] == pytest.approx(0.998125, abs=1e-6)
    assert (np.diff(result.curves["CE"].values) < 0).all()
    assert status(result, "reservoir") == "warn"


def test_a_retention_of_one_bounds_the_efficiency_from_below_only() -> None:
    result = stages.get(EFFICIENCY)(retention=1.0, cycle=100, excess=0.0, hidden_reservoir=0.1)
    found = result.estimates["CE"]
    assert found.value == pytest.approx(100 / 100.1)
    assert math.isnan(found.std)
    assert found.low == pytest.approx(found.value)
    assert found.high == 1.0
    assert status(result, "upper bound") == "warn"


def test_a_retention_close_to_one_has_no_upper_bound() -> None:
    found = stages.get(EFFICIENCY)(retention=(0.999, 0.003), cycle=50, excess=0.0, hidden_reservoir=0.1).estimates["CE"]
    assert found.high == 1.0
    assert found.low is not None
    assert found.low < found.value < 1


def test_a_retention_that_no_efficiency_gives_is_said_so() -> None:
    assert status(stages.get(EFFICIENCY)(retention=0.3, cycle=2, excess=1.5), "possible") == "fail"
    with pytest.raises(NumericalError):
        efficiency_of(0.5, 0.0, 0.0, 1)
    with pytest.raises(ConfigError):
        stages.get(EFFICIENCY)(retention=0.5, cycle=1, excess=0.0)


def test_a_capped_retention_keeps_an_honest_interval() -> None:
    result = stages.get(RETENTION)(efficiency=(0.999, 0.0003), cycle=300, excess=0.3)
    found = result.estimates["retention"]
    assert found.value == pytest.approx(1.0, abs=1e-9)
    assert found.low is not None
    assert found.low < 0.87
    assert found.high == 1.0
    assert found.std > 0.03
    assert status(result, "symmetric") == "warn"


def test_without_uncertainty_there_is_none() -> None:
    found = stages.get(RETENTION)(efficiency=0.999, cycle=200, excess=0.0).estimates["retention"]
    assert (found.std, found.low, found.high) == pytest.approx((0.0, found.value, found.value), abs=1e-14)


def curve(ce: float, excess: float, reservoir: float, cycles: int, noise: float, seed: int = 1) -> Measurement:
    given = {"efficiency": ce, "excess": excess, "hidden_reservoir": reservoir, "cycles": cycles, "noise": noise}
    made = stages.get(CURVE)(capacity_C=36.0, seed=seed, **given)
    assert isinstance(made, Measurement)
    return made


def test_the_virtual_cycler_emits_the_model() -> None:
    cell = curve(0.995, 0.1, 0.05, 100, 0.0)
    assert cell["charge_capacity_C"][0] == pytest.approx(36.0 * 1.05)
    assert cell["charge_capacity_C"][1:] == pytest.approx(cell["discharge_capacity_C"][:-1])
    assert cell["discharge_capacity_C"] == pytest.approx(
        36.0 * inventory.discharge_capacity(0.995, 0.1, 0.05, cell["cycle_number"]), rel=1e-12
    )


def test_efficiency_and_reservoir_come_back_from_a_perfect_curve() -> None:
    result = stages.get(FIT)(curve(0.995, 0.1, 0.05, 100, 0.0), excess=0.1)
    assert result["CE"] == pytest.approx(0.995, abs=1e-10)
    assert result["hidden_reservoir"] == pytest.approx(0.05, abs=1e-8)
    assert result["first_charge_excess"] == pytest.approx(0.05, abs=1e-8)
    assert all(c.status == "pass" for c in result.checks)


def test_a_curve_that_stays_on_its_plateau_only_bounds() -> None:
    result = stages.get(FIT)(curve(0.999, 0.2, 0.1, 150, 0.002), excess=0.2)
    ce, reservoir = result.estimates["CE"], result.estimates["hidden_reservoir"]
    assert status(result, "decay") == "fail"
    assert math.isnan(ce.std)
    assert math.isnan(reservoir.std)
    assert ce.low is not None
    assert ce.low < 0.999 < 1.0 == ce.high
    # The first charge bounds the reservoir better than the general limit does.
    assert reservoir.high is not None
    assert 0.1 < reservoir.high < 0.11


def test_a_curve_without_a_plateau_gives_the_efficiency_and_a_bound() -> None:
    result = stages.get(FIT)(curve(0.995, 0.0, 0.0, 200, 0.002), excess=0.0)
    reservoir = result.estimates["hidden_reservoir"]
    assert abs(result["CE"] - 0.995) < 3 * result.estimates["CE"].std < 1e-4
    assert status(result, "plateau") == "warn"
    assert math.isnan(reservoir.std)
    assert reservoir.low == 0.0
    assert reservoir.high is not None
    assert 0.005 <= reservoir.high < 0.02


def test_an_excess_that_the_curve_contradicts_is_said_so() -> None:
    result = stages.get(FIT)(curve(0.99, 0.1, 0.05, 100, 0.001), excess=0.4)
    assert status(result, "excess") == "fail"


def test_a_handful_of_cycles_is_refused() -> None:
    with pytest.raises(DataError, match="8 cycles"):
        stages.get(FIT)(curve(0.99, 0.0, 0.0, 5, 0.0), excess=0.0)
    empty = Measurement.of(CYCLING, {"cycle_number": np.arange(1, 11)})
    with pytest.raises(DataError, match="discharge_capacity_C"):
        stages.get(FIT)(empty, excess=0.0)


def test_retention_and_fade_of_an_exponential() -> None:
    result = stages.get("cycling.retention")(curve(0.999, 0.0, 0.0, 100, 0.0))
    assert result["retention"] == pytest.approx(0.999**99, rel=1e-12)
    assert result["fade_compound"] == pytest.approx(1e-3, rel=1e-9)
    spread = 0.5 * (result["fade_compound"] - result["fade_linear"])
    assert result.estimates["fade_per_cycle"].std == pytest.approx(spread, rel=0.1)


def test_retention_of_a_straight_line_with_outliers(rng: np.random.Generator) -> None:
    number = np.arange(1, 101)
    capacity = 100 * (1 - 1e-3 * (number - 1)) + 0.01 * rng.standard_normal(100)
    capacity[[20, 60]] = 10.0
    cell = Measurement.of(CYCLING, {"cycle_number": number, "discharge_capacity_C": capacity})
    result = stages.get("cycling.retention")(cell, cycle=51)
    assert result["fade_linear"] == pytest.approx(1e-3, rel=2e-3)
    assert result["retention"] == pytest.approx(0.95, abs=5e-4)


def test_retention_says_what_is_wrong() -> None:
    cell = curve(0.99, 0.2, 0.0, 60, 0.0)
    stage = stages.get("cycling.retention")
    assert status(stage(cell), "steady fade") == "warn"
    with pytest.raises(DataError, match="no cycle 80"):
        stage(cell, cycle=80)
    with pytest.raises(DataError, match="only 3 cycles"):
        stage(cell, first_cycle=5, last_cycle=7)


def test_fade_read_both_ways() -> None:
    result = stages.get("cycling.fade")(fade_per_cycle="0.007 %", cycles=1000)
    assert result["retention_linear"] == pytest.approx(0.93, abs=1e-12)
    assert result["retention_compound"] == pytest.approx((1 - 7e-5) ** 1000, rel=1e-12)
    assert result["retention"] == pytest.approx(0.9312, abs=5e-5)
    assert result.estimates["retention"].std == pytest.approx(0.5 * (0.932392 - 0.93), rel=1e-3)
