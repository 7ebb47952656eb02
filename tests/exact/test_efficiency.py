"""Efficiency cycle by cycle against cells whose every charge is known."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.cycling.pairs import rounding_C
from anodefree.analysis.cycling.phases import phases
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.numerics.correlated import long_run_variance
from anodefree.numerics.segmentation import blind_s, charge_of_each_C, half_cycles_of_charge, time_of_each_s

STAGE = af.get("cycling.efficiency")
LOSS = af.get("cycling.loss")
CYCLER = af.get("cycler.plate_strip")


def record(
    ce: list[float], *, current: float = 1e-3, plated_s: float = 3600.0, flip: float = 1.0, rest: int = 3, base_V: float = 0.0
) -> Measurement:
    """Plating and stripping at one current, written at both ends of each step and every 600 s, with rests."""
    time, amps, at = [], [], 0.0
    for each in ce:
        for sign, length in ((-1.0, plated_s), (1.0, each * plated_s)):
            inside = np.append(np.arange(0.0, length, 600.0), length)
            time += [at + inside, at + length + 60.0 * np.arange(rest)]
            amps += [np.full(inside.size, flip * sign * current), np.zeros(rest)]
            at += length + 60.0 * max(rest - 1, 0)
    t, i = np.concatenate(time), np.concatenate(amps)
    return Measurement.of(CYCLING, {"time_s": t, "voltage_V": base_V + np.sign(i) * 0.05, "current_A": i})


def capacities(plated: np.ndarray, stripped: np.ndarray) -> Measurement:
    n = np.arange(1, plated.size + 1)
    return Measurement.of(
        CYCLING, {"cycle_number": n, "charge_capacity_C": stripped, "discharge_capacity_C": plated}, name="capacities"
    )


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {c.name: (c.status, c.message) for c in result.checks}


def test_charges_of_a_record_are_exact() -> None:
    ce = [0.9, 0.99, 0.98, 0.985]
    result = STAGE(record(ce), formation_cycles=1)
    assert result.curves["CE"].values == pytest.approx(ce, rel=1e-12)
    assert result.curves["plated_C"].values == pytest.approx(3.6)
    assert result["CE_mean"] == pytest.approx(np.mean(ce[1:]))
    assert result["CE_first"] == pytest.approx(0.9)
    assert result["CE_cumulative"] == pytest.approx(np.mean(ce))


def test_the_order_of_the_halves_tells_the_cell() -> None:
    """The same record turned over is a full cell: first charge, then discharge; the efficiency is the same."""
    ce = [0.95, 0.96, 0.97, 0.96]
    half, full = STAGE(record(ce)), STAGE(record(ce, flip=-1.0, base_V=3.7))
    assert full.curves["CE"].values == pytest.approx(half.curves["CE"].values)
    assert "Li||Cu" in checks(half)["cell"][1]
    assert "full cell" in checks(full)["cell"][1]
    forced = STAGE(record(ce), cell="full")
    # The first charge is then what goes in, and the next discharge what comes back.
    assert forced.curves["CE"].values == pytest.approx([1 / 0.95, 1 / 0.96, 1 / 0.97])
    assert checks(forced)["above 1"][0] == "warn"


def test_a_full_cell_that_was_not_empty() -> None:
    """It begins with a discharge; the charges after it tell, unless the voltage says that discharging plates."""
    t, i = (record([0.96, 0.97, 0.96, 0.95], flip=-1.0, base_V=3.7)[n] for n in ("time_s", "current_A"))
    begun = {"time_s": np.append([0.0, 900.0], t + 900.0), "current_A": np.append([-1e-3, -1e-3], i)}
    voltage = np.full(t.size + 2, 3.7)
    result = STAGE(Measurement.of(CYCLING, {**begun, "voltage_V": voltage}))
    assert result.curves["CE"].values == pytest.approx([0.96, 0.97, 0.96, 0.95])
    assert "was not empty" in checks(result)["cell"][1]
    below = STAGE(Measurement.of(CYCLING, {**begun, "voltage_V": np.where(begun["current_A"] < 0, -0.05, 0.05)}))
    assert "below 0 V" in checks(below)["cell"][1]
    assert checks(below)["above 1"][0] == "warn"


def test_cycles_that_begin_with_the_other_half_are_paired_again() -> None:
    """Some instruments count charge-discharge though the test begins with a discharge: each plating meets its own stripping."""
    ce = np.array([0.95, 0.96, 0.97, 0.98, 0.96, 0.97])
    made = record(ce.tolist())
    t, i = made["time_s"], made["current_A"]
    half = np.searchsorted(np.flatnonzero(np.diff(np.sign(i)) != 0), np.arange(t.size))
    cycle = (np.floor(half / 2) + 1) // 2 + 1
    plated, stripped = np.full(7, 3.6), np.append(0.0, 3.6 * ce)
    plated[-1] = 0.0
    arrays = {
        "time_s": t,
        "voltage_V": made["voltage_V"],
        "current_A": i,
        "record_cycle": cycle.astype(int),
        "cycle_number": np.arange(1, 8),
        "charge_capacity_C": stripped,
        "discharge_capacity_C": plated,
    }
    result = STAGE(Measurement.of(CYCLING, arrays))
    assert result.curves["CE"].values == pytest.approx(ce)
    assert "paired with the next" in checks(result)["cell"][1]


def test_counting_error_by_hand() -> None:
    """Offset s: 2 s/I for equal currents; leakage: s t/P; what is stated as zero adds nothing."""
    exact = {"direction_mismatch": 0.0, "current_offset_A": 0.0, "leakage_A": 0.0, "time_resolution_s": 0.0}
    made = record([0.99] * 12, rest=0)
    assert STAGE(made, **exact)["counting_error"] == 0.0
    offset = STAGE(made, **{**exact, "current_offset_A": 1e-6})["counting_error"]
    assert offset == pytest.approx(1e-3 * (0.99 + 0.99), rel=1e-12)
    leak = STAGE(made, **{**exact, "leakage_A": 1e-6})["counting_error"]
    assert leak == pytest.approx(1e-3 * 1.99, rel=1e-12)
    mismatch = STAGE(made, **{**exact, "direction_mismatch": 1e-4})["counting_error"]
    assert mismatch == pytest.approx(0.99e-4, rel=1e-12)
    # Unstated, the offset is 0.012 % of the largest current; a wrong scale never matters.
    assert STAGE(made, direction_mismatch=0.0, leakage_A=0.0)["counting_error"] == pytest.approx(1.2e-4 * 1.98)
    assert STAGE(made, current_accuracy=0.1)["CE_mean"] == STAGE(made)["CE_mean"]


def test_an_instrument_with_an_offset_is_wrong_by_what_is_said() -> None:
    made = CYCLER(efficiency=0.99, cycles=12, current_offset_A="0.5655 ± 0 uA", time_resolution_s=1e-6)
    result = STAGE(made, current_offset_A=0.5655e-6)
    assert result["CE_mean"] - 0.99 == pytest.approx(2e-3 * 0.99, rel=2e-3)
    assert result["counting_error"] == pytest.approx(abs(result["CE_mean"] - 0.99), rel=5e-3)
    assert checks(result)["counting error"][0] == "pass"
    assert checks(STAGE(made, current_offset_A=2e-6))["counting error"][0] == "warn"


def test_a_wrong_scale_cancels() -> None:
    made = CYCLER(efficiency=0.99, cycles=12, gain_error="2 ± 0 %", time_resolution_s=1e-6)
    assert STAGE(made)["CE_mean"] == pytest.approx(0.99, abs=1e-8)


def test_formation_and_failure() -> None:
    rng = np.random.default_rng(3)
    ce = 0.99 + 3e-4 * rng.standard_normal(60)
    ce[:3] = [0.90, 0.95, 0.985]
    drop, short = ce.copy(), ce.copy()
    drop[40:] -= 0.05 * np.arange(1, 21)
    short[45:] += 0.1 * np.where(np.arange(15) % 2, -1.0, 1.0)
    plated = np.full(60, 3.6)
    for series, end, words in ((ce, 60, "no failure"), (drop, 40, "leaves its level"), (short, 45, "soft short")):
        result = STAGE(capacities(plated, plated * series))
        assert result["reversible_cycles"] == end
        assert result["CE_mean"] == pytest.approx(ce[3:end].mean())
        assert words in checks(result)["failure"][1]
    lasting = STAGE(capacities(plated, plated * ce)).estimates["reversible_cycles"]
    assert np.isnan(lasting.std)
    assert lasting.low == 60
    assert STAGE(capacities(plated, plated * ce), formation_cycles=10)["CE_mean"] == pytest.approx(ce[10:].mean())


def test_conditioning_is_neither_failure_nor_steady() -> None:
    """An efficiency that climbs for long and stays: what lies below is formation, a third of the cycles at most."""
    ce = 0.99 - 0.3 * np.exp(-np.arange(60) / 4) + 1e-4 * np.where(np.arange(60) % 2, 1, -1)
    result = STAGE(capacities(np.full(60, 3.6), 3.6 * ce))
    assert result["reversible_cycles"] == 60
    assert result["CE_median"] == pytest.approx(0.99, abs=1e-3)
    assert result.curves["steady"].values[:20].sum() <= 1
    dead = np.where(np.arange(60) < 20, 0.98 + 2e-3 * np.sin(np.arange(60.0)), 0.2)
    assert STAGE(capacities(np.full(60, 3.6), 3.6 * dead))["reversible_cycles"] == 20


def test_stripping_that_never_empties_the_copper_is_told() -> None:
    symmetric = STAGE(af.get("cycler.symmetric")(cycles=12))
    assert checks(symmetric)["bare copper"][0] == "warn"
    assert checks(STAGE(CYCLER(efficiency=0.99, cycles=12)))["bare copper"][0] == "pass"


def test_one_bad_cycle_is_no_failure() -> None:
    ce = np.full(40, 0.99) + 1e-4 * np.where(np.arange(40) % 2, 1, -1)
    ce[20] = 0.8
    found = phases(ce, np.full(40, 1e-5), None, 0.02)
    assert (found.first, found.failed, found.how) == (0, 40, "")


def test_a_virtual_soft_short_is_found() -> None:
    result = STAGE(CYCLER(efficiency=0.99, cycles=80, scatter=5e-4, soft_short_cycle=61, seed=2))
    assert abs(result["reversible_cycles"] - 60) <= 2
    assert "soft short" in checks(result)["failure"][1]


def test_the_steps_of_a_record() -> None:
    """Noise at rest makes no half cycle, a pause does not end one, and blind ends are what the gaps leave open."""
    time = np.array([0.0, 100, 200, 210, 300, 310, 400, 500, 510, 600])
    current = np.array([-1.0, -1, -1, 0.002, -1, 0.0, 1, 1, -0.002, 0])
    runs = half_cycles_of_charge(time, current)
    assert [r.tolist() for r in runs] == [[0, 1, 2, 4], [6, 7]]
    assert charge_of_each_C(time, current, runs) == pytest.approx([50 + 100 + 55 + 50, 95 + 55])
    assert time_of_each_s(time, runs) == pytest.approx([255, 150])
    assert blind_s(time, runs) == pytest.approx([np.sqrt((10**2 + 90**2 + 10**2) / 12), np.sqrt((90**2 + 10**2) / 12)])


def test_rounded_charges_are_recognised() -> None:
    assert rounding_C(np.array([3.2, 0.0, 6.3, 1.3]) * 3.6) == pytest.approx(0.36)
    assert rounding_C(np.array([5.8112, 5.8066]) * 3.6) == 0.0
    assert rounding_C(np.array([3.6, 3.6 * 0.9871234])) == 0.0
    rounded = STAGE(capacities(np.full(6, 3.6), np.full(6, 3.6 * 0.98)))
    assert rounded.estimates["CE_first"].std > 0.01 * np.sqrt((1 + 0.98**2) / 12)


def test_what_it_cannot_do_says_so() -> None:
    with pytest.raises(DataError, match="neither charge and discharge"):
        STAGE(Measurement.of(CYCLING, {"time_s": np.arange(9.0), "voltage_V": np.ones(9)}))
    with pytest.raises(DataError, match="no complete cycle"):
        STAGE(Measurement.of(CYCLING, {"time_s": np.arange(9.0), "current_A": np.ones(9)}))
    with pytest.raises(DataError, match="no half cycle"):
        STAGE(Measurement.of(CYCLING, {"time_s": np.arange(9.0), "current_A": np.zeros(9)}))
    with pytest.raises(DataError, match="no complete cycle"):
        STAGE(capacities(np.zeros(4), np.ones(4)))
    with pytest.raises(ConfigError, match="capacities only"):
        STAGE(capacities(np.ones(4), np.ones(4)), current_offset_A=1e-6)
    with pytest.raises(DataError, match="formation"):
        STAGE(capacities(np.ones(4), 0.9 * np.ones(4)), formation_cycles=4)
    one = STAGE(capacities(np.ones(1), 0.9 * np.ones(1)))
    assert one["CE_mean"] == pytest.approx(0.9)
    assert np.isnan(one.estimates["CE_mean"].std)
    assert checks(one)["cycles"][0] == "warn"


def test_accumulated_loss_and_fade_agree_where_lithium_runs_short(rng: np.random.Generator) -> None:
    ce = 0.995 + 3e-4 * rng.standard_normal(100)
    back = 10 * np.cumprod(ce)
    into = np.append(10.0, back[:-1])
    arrays = {"cycle_number": np.arange(1, 101), "charge_capacity_C": into, "discharge_capacity_C": back}
    result = LOSS(Measurement.of(CYCLING, arrays))
    assert result["lost"] == pytest.approx(10 - back[-1], rel=1e-9)
    assert result["CE"] == pytest.approx(1 - (10 - back[-1]) / into.sum(), rel=1e-12)
    assert result["CE_retention"] == pytest.approx((back[-1] / back[0]) ** (1 / 99), rel=1e-12)
    assert checks(result)["retention"][0] == "pass"
    shuttle = LOSS(Measurement.of(CYCLING, {**arrays, "charge_capacity_C": into * 1.01}))
    assert "without the capacity fading" in checks(shuttle)["retention"][1]
    resistance = LOSS(Measurement.of(CYCLING, {**arrays, "charge_capacity_C": back * 1.0005}))
    assert "more than charge is lost" in checks(resistance)["retention"][1]


def test_loss_of_a_half_cell_leaves_retention_out() -> None:
    result = LOSS(CYCLER(efficiency=0.99, cycles=40, scatter=5e-4))
    assert "CE_retention" not in result.estimates
    assert abs(result["CE"] - 0.99) < 3 * result.estimates["CE"].std
    assert checks(LOSS(CYCLER(efficiency=0.99, cycles=60, drift_per_cycle=-2e-4)))["steady"][0] == "warn"
    with pytest.raises(DataError, match="steady cycles"):
        LOSS(CYCLER(efficiency=0.99, cycles=8))


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.6])
def test_long_run_variance_of_an_autoregression(rho: float, rng: np.random.Generator) -> None:
    """n var(mean) = 1/(1 - rho)^2 for unit steps."""
    found = []
    for _ in range(200):
        noise = rng.standard_normal(600)
        y = np.empty(600)
        y[0] = noise[0] / np.sqrt(1 - rho**2)
        for k in range(1, 600):
            y[k] = rho * y[k - 1] + noise[k]
        found.append(long_run_variance(y - y.mean()))
    assert np.mean(found) == pytest.approx(1 / (1 - rho) ** 2, rel=0.06)


@pytest.mark.slow
def test_virtual_cells_on_a_wrong_instrument_are_recovered() -> None:
    """Offset, clock and scatter together: two standard deviations hold 90 to 99 % of 200 virtual cells."""
    inside: dict[str, list[bool]] = {"CE_mean": [], "CE": []}
    for seed in range(200):
        cell = CYCLER(
            efficiency=0.99,
            cycles=40,
            scatter=5e-4,
            first_efficiency=0.94,
            current_offset_A="0 ± 0.00005 mA",
            gain_error="0 ± 0.1 %",
            sampling_s=900.0,
            seed=seed,
        )
        for stage, name in ((STAGE, "CE_mean"), (LOSS, "CE")):
            e = stage(cell, current_offset_A=5e-8).estimates[name]
            inside[name].append(abs(e.value - 0.99) <= 2 * e.std)
    for name, hits in inside.items():
        assert 0.90 <= np.mean(hits) <= 0.99, (name, np.mean(hits))
