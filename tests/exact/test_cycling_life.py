"""Life, rates, hysteresis and differential capacity of cells whose curves are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.cycling.differential import differential_of
from anodefree.analysis.cycling.halves import Half, halves
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.numerics.fade_models import MODELS, Fade, fits

LIFE = af.get("cycling.life")
RECOUNT = af.get("cycling.recount")


def cell(capacity: np.ndarray) -> Measurement:
    arrays = {"cycle_number": np.arange(1, len(capacity) + 1), "discharge_capacity_C": capacity}
    return Measurement.of(CYCLING, arrays, name="cell")


def record(current: np.ndarray, voltage: np.ndarray | None = None, **more: np.ndarray) -> Measurement:
    time = np.arange(current.size) * 10.0
    seen = np.where(current > 0, 4.0, 3.5) if voltage is None else voltage
    return Measurement.of(CYCLING, {"time_s": time, "voltage_V": seen, "current_A": current, **more}, name="record")


LAWS = {
    "linear": ([3.6, 1e-3], 200.0),
    "square_root": ([3.6, 0.2 / np.sqrt(240.0)], 240.0),
    "compound": ([3.6, -np.log(0.8) / 150.0], 150.0),
    "knee": ([3.6, 2e-4, 2e-3, 100.0], (0.2 + 0.2) / 2.2e-3),
}


@pytest.mark.parametrize("law", MODELS)
def test_each_law_is_recognised_and_its_life_is_exact(law: str) -> None:
    theta, life = LAWS[law]
    n = np.arange(300.0)
    true = Fade(law, np.array(theta), np.zeros((len(theta),) * 2), 0.0)
    found = fits(n, true.at(n) * (1 + 1e-7 * np.random.default_rng(0).standard_normal(n.size)))
    assert found[0].name == law
    assert found[0].probability > 0.98
    assert found[0].until(0.8)[0] == pytest.approx(life, rel=1e-5)
    noisy = true.at(n) * (1 + 1e-3 * np.random.default_rng(1).standard_normal(n.size))
    result = LIFE(cell(noisy))
    estimate = result.estimates["cycle_life"]
    assert abs(estimate.value - (life + 1)) < 4 * estimate.std
    assert ("knee_cycle" in result.estimates) == (law == "knee")


def test_what_the_cycles_cannot_tell_is_said() -> None:
    n = np.arange(40.0)
    short = 3.6 * (1 - 2e-4 * n) * (1 + 2e-3 * np.random.default_rng(3).standard_normal(n.size))
    told = {c.name: c for c in LIFE(cell(short)).checks}
    assert told["model"].status == "warn"
    assert told["extrapolation"].status == "warn"
    assert told["failure"].status == "pass"


def test_sudden_loss_is_a_failure_and_no_fade() -> None:
    steady = 3.6 * (1 - 1e-4 * np.arange(100.0)) + 1e-3 * np.random.default_rng(2).standard_normal(100)
    result = LIFE(cell(np.append(steady, [1.2, 1.0, 0.9, 0.8, 0.8])))
    assert result["cycles_before_failure"] == 100
    assert result["fade_per_cycle"] == pytest.approx(1e-4, rel=0.1)
    dip = steady.copy()
    dip[50] *= 0.5
    assert LIFE(cell(dip))["cycles_before_failure"] == 100


@pytest.mark.parametrize("name", ["cycling.life", "cycling.retention"])
def test_one_value_repeated_is_no_fade_curve(name: str) -> None:
    with pytest.raises(DataError, match="same number"):
        af.get(name)(cell(np.full(50, 3.6)))


def test_no_charge_is_lost_in_differential_capacity() -> None:
    rng = np.random.default_rng(0)
    voltage = np.sort(rng.uniform(3.0, 4.2, 500)) + 2e-3 * rng.standard_normal(500)
    half = Half(1, "charge", np.cumsum(rng.uniform(1, 20, 500)), voltage, rng.uniform(1e-3, 2e-3, 500))
    for smoothing in (2e-3, 1e-2):
        d = differential_of(half, smoothing / 5, smoothing)
        assert np.sum(d.capacity_C_V) * (d.voltage_V[1] - d.voltage_V[0]) == pytest.approx(half.charge_C, rel=1e-9)


def test_energy_and_mean_voltage_of_a_straight_half() -> None:
    half = Half(1, "discharge", np.linspace(0, 3600, 50), np.linspace(4.0, 3.0, 50), np.full(50, -1e-3))
    assert half.charge_C == pytest.approx(3.6)
    assert half.energy_J == pytest.approx(3.5 * 3.6)


def test_cycles_are_counted_by_the_stated_rule() -> None:
    current = np.repeat([-1.0, 1.0, -1.0, 1.0, -1.0], 20) * 1e-3
    by_charge = RECOUNT(record(current), begins_with="charge")
    by_discharge = RECOUNT(record(current), begins_with="discharge")
    assert by_charge["cycle_number"].tolist() == [0, 1, 2]
    assert by_discharge["cycle_number"].tolist() == [1, 2, 3]
    assert by_charge["charge_capacity_C"].sum() == pytest.approx(by_discharge["charge_capacity_C"].sum())
    assert by_charge.meta["cycles_from"] == "half cycles, each cycle from a charge on"
    with pytest.raises(DataError, match="half cycles"):
        RECOUNT(record(current), formation_halves=5)


def test_table_keeps_to_its_definitions() -> None:
    current = np.repeat([1.0, -0.98] * 3, 30) * 1e-3
    table = af.get("cycling.table")(RECOUNT(record(current)))
    c = {n: table.curves[n].values for n in ("CE", "CE_cumulative", "charge_V", "discharge_V", "energy_efficiency")}
    np.testing.assert_allclose(c["CE"], 0.98, rtol=0.02)
    np.testing.assert_allclose(c["CE_cumulative"], np.cumprod(c["CE"]))
    np.testing.assert_allclose(c["charge_V"], 4.0)
    np.testing.assert_allclose(c["energy_efficiency"], c["CE"] * 3.5 / 4.0, rtol=0.02)


def test_rate_needs_more_than_one_rate_and_a_record() -> None:
    with pytest.raises(DataError, match="one rate only"):
        af.get("cycling.rate")(record(np.repeat([1.0, -1.0] * 4, 20) * 1e-3))
    with pytest.raises(DataError, match="no record"):
        halves(cell(np.linspace(3.6, 3.0, 10)))
