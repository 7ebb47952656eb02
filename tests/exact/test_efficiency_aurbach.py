"""The reservoir test: found in raw records of every habit, exact where the instrument is, refused where a piece is missing."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.physics.plating import HalfCell, Step, reservoir, run, trace

STAGE = af.get("cycling.aurbach")
CYCLER = af.get("cycler.reservoir")
CELL = HalfCell(13.4)
AREA_M2 = 1e-4


def record(program: list[Step], sampling_s: float = 300.0, cutoff_V: float = 1.0) -> dict[str, np.ndarray]:
    """Time, voltage and current of a program on a cell without noise."""
    seen = trace(CELL, run(CELL, program, cutoff_V), sampling_s)
    return {"time_s": seen.time_s, "voltage_V": seen.voltage_V, "current_A": seen.density_A_m2 * AREA_M2}


def usual(n: int = 10, formations: int = 1, ce: float = 0.99, rest_s: float = 600.0) -> list[Step]:
    """The usual test."""
    return reservoir(10.0, 180e3, 36e3, n, [0.95] * formations, [ce] * (n + 1), rest_s)


def of(arrays: dict[str, np.ndarray], **parameters: object) -> Result:
    return STAGE(Measurement.of(CYCLING, arrays, name="test"), **parameters)


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {c.name: (c.status, c.message) for c in result.checks}


@pytest.mark.parametrize("formations", [0, 1, 3])
@pytest.mark.parametrize("rest_s", [0.0, 600.0, 7200.0])
def test_the_usual_test_is_exact(formations: int, rest_s: float) -> None:
    result = of(record(usual(formations=formations, rest_s=rest_s)))
    assert result["CE"] == pytest.approx(0.99, abs=1e-9)
    assert result["Q_T"] == pytest.approx(18.0, rel=1e-9)
    assert result["Q_C"] == pytest.approx(3.6, rel=1e-9)
    assert result["Q_S"] == pytest.approx(0.99 * 54 - 36, rel=1e-7)
    assert result["short_cycles"] == 10
    # Adams et al. 2018: (n Q_C + Q_S)/(n Q_C + Q_T).
    assert result["CE"] == pytest.approx((36 + result["Q_S"]) / (36 + result["Q_T"]), rel=1e-12)
    assert ("CE_formation" in result.estimates) == (formations > 0)
    if formations:
        assert result["CE_formation"] == pytest.approx(0.95, abs=1e-7)
    assert checks(result)["formation"][0] == ("pass" if formations else "warn")
    assert checks(result)["protocol"][0] == "pass"


@pytest.mark.parametrize(
    ("cutoff_V", "j0"),
    [(0.3, 13.4), (0.3, 200.0), (0.5, 13.4), (0.5, 200.0), (1.0, 1.0), (1.0, 13.4), (2.0, 1.0), (2.0, 200.0)],
)
def test_cut_off_and_polarisation_need_not_be_told(cutoff_V: float, j0: float) -> None:
    """From 12 mV to 250 mV of polarisation, whatever the cut-off, as long as it is above twice of that."""
    cell = HalfCell(j0, resistance_ohm_m2=1e-3)
    seen = trace(cell, run(cell, usual(), cutoff_V), 300.0)
    arrays = {"time_s": seen.time_s, "voltage_V": seen.voltage_V, "current_A": seen.density_A_m2 * AREA_M2}
    assert of(arrays)["CE"] == pytest.approx(0.99, abs=1e-4)


@pytest.mark.parametrize(("voltage", "current"), [(1, -1), (-1, -1), (-1, 1)])
def test_every_sign_convention_reads_the_same(voltage: int, current: int) -> None:
    arrays = record(usual())
    turned = {**arrays, "voltage_V": voltage * arrays["voltage_V"], "current_A": current * arrays["current_A"]}
    result = of(turned)
    assert result["CE"] == pytest.approx(0.99, abs=1e-9)
    assert checks(result)["protocol"][0] == "warn"
    assert "turned over" in checks(result)["protocol"][1]


def test_steps_of_several_sizes() -> None:
    """Reservoir and last strip in two currents, short cycles of different charge: sums of what was passed."""
    program = [
        Step(-2.0, 18e3, efficiency=0.98),
        Step(-10.0, 162e3, efficiency=0.98),
        Step(10.0, 36e3),
        Step(-10.0, 36e3, efficiency=0.98),
        Step(20.0, 18e3),
        Step(-20.0, 18e3, efficiency=0.98),
        Step(5.0, 54e3),
        Step(-5.0, 54e3, efficiency=0.98),
        Step(10.0, 90e3),
        Step(0.0, rest_s=600.0),
        Step(2.0),
    ]
    result = of(record(program))
    assert result["CE"] == pytest.approx(0.98, abs=1e-7)
    assert result["short_cycles"] == 3
    assert result["Q_T"] == pytest.approx(18.0, rel=1e-9)
    assert checks(result)["short cycles"][0] == "warn"


def test_a_pause_and_noise_at_rest_change_nothing(rng: np.random.Generator) -> None:
    program = usual(n=4)
    k = 4 + 4  # the second short cycle's plating, cut in two by a pause
    assert program[k].density_A_m2 < 0
    halves = [Step(-10.0, 18e3, efficiency=0.99), Step(0.0, rest_s=5000.0), Step(-10.0, 18e3, efficiency=0.99)]
    arrays = record([*program[:k], *halves, *program[k + 1 :]])
    noise = rng.standard_normal((2, arrays["time_s"].size))
    arrays["current_A"] = arrays["current_A"] + 2e-6 * noise[0]
    arrays["voltage_V"] = arrays["voltage_V"] + 1e-3 * noise[1]
    result = of(arrays)
    assert result["short_cycles"] == 4
    assert result["CE"] == pytest.approx(0.99, abs=2e-3)
    assert result["Q_C"] == pytest.approx(3.6, rel=2e-3)


def test_sparse_records_without_the_ends_of_steps() -> None:
    """One record in ten minutes and none at a step's end: rests still tell bare copper, the std says the rest."""
    arrays = record(usual(rest_s=1800.0), sampling_s=10.0)
    even = np.arange(0.0, arrays["time_s"][-1], 601.7)
    at = np.searchsorted(arrays["time_s"], even, side="right") - 1
    sparse = {"time_s": even, "voltage_V": arrays["voltage_V"][at], "current_A": arrays["current_A"][at]}
    result = of(sparse)
    e = result.estimates["CE"]
    assert result["short_cycles"] == 10
    assert abs(e.value - 0.99) <= 3 * e.std
    assert e.std > 10 * of(arrays).estimates["CE"].std


def test_a_reservoir_that_runs_out_is_told() -> None:
    result = of(record(usual(n=60, ce=0.90)))
    assert result["CE"] == pytest.approx(0.90, abs=1e-7)
    assert result["short_cycles"] < 60
    assert checks(result)["end"][0] == "warn"


def test_a_cut_off_that_decides_is_told() -> None:
    """A long tail widens the interval."""
    slow = HalfCell(13.4, coverage_C_m2=2e8)
    seen = trace(slow, run(slow, usual(), 0.5), 60.0)
    arrays = {"time_s": seen.time_s, "voltage_V": seen.voltage_V, "current_A": seen.density_A_m2 * AREA_M2}
    result, sharp = of(arrays, cutoff_V=0.5), of(record(usual()))
    assert checks(result)["cut-off"][0] == "warn"
    assert result.estimates["CE"].std > 2 * sharp.estimates["CE"].std


def test_scatter_and_counting_enter_the_std() -> None:
    arrays = record(usual())
    bare = {"current_offset_A": 0.0, "direction_mismatch": 0.0, "leakage_A": 0.0, "time_resolution_s": 0.0}
    exact = of(arrays, **bare).estimates["CE"].std
    assert exact < 1e-6
    # Weights 18/54 once and 3.6/54 ten times.
    assert of(arrays, **bare, cycle_scatter=1e-3).estimates["CE"].std == pytest.approx(
        1e-3 * np.sqrt((1 / 3) ** 2 + 10 / 15**2), rel=1e-4
    )
    with_offset = of(arrays, **{**bare, "current_offset_A": 1e-7})
    # One milliampere: 54 C plated and 53.46 stripped, so 2 or so times the offset over the current.
    assert with_offset["counting_error"] == pytest.approx(1e-4 * 2 * 0.99, rel=1e-6)


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (lambda p: p[:-2], "last strip is missing"),
        (lambda p: p[:4], "short cycles are missing"),
        (lambda p: [s for k in range(4) for s in p[:4]], "use cycling.efficiency"),
        (lambda p: p[:1], "half cycles"),
        (lambda p: p[4:-2], "no stripping ends at a cut-off"),
        (lambda p: [*p[:4], Step(-10.0, 36e3), Step(10.0, 35.9e3), Step(-10.0, 36e3), Step(10.0)], "reservoir is missing"),
    ],
)
def test_a_missing_piece_is_named(cut: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        of(record(cut(usual())))  # type: ignore[operator]


def test_other_data_are_refused() -> None:
    with pytest.raises(DataError, match="current_A"):
        of({"time_s": np.arange(5.0), "voltage_V": np.ones(5)})
    with pytest.raises(DataError, match="half cycles"):
        of({"time_s": np.arange(5.0), "voltage_V": np.ones(5), "current_A": np.zeros(5)})
    with pytest.raises(DataError, match="half cycles"):
        of({"time_s": np.zeros(1), "voltage_V": np.ones(1), "current_A": np.ones(1)})
    symmetric = af.get("cycler.symmetric")(cycles=10)
    with pytest.raises(DataError, match="no stripping ends at a cut-off"):
        STAGE(symmetric)
    with pytest.raises(ConfigError, match="cut-off"):
        CYCLER(efficiency=0.99, cutoff_V=0.05)


def test_the_virtual_test_comes_back() -> None:
    made = CYCLER(efficiency=0.998, cycles=10, current_offset_A="0 ± 0.1 uA", gain_error="0 ± 0.1 %", seed=4)
    result = STAGE(made, current_offset_A=1e-7)
    assert abs(result["CE"] - 0.998) <= 3 * result.estimates["CE"].std
    assert result["counting_error"] == pytest.approx(2e-7 / 1.131e-3, rel=0.02)
