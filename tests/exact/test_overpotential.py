"""Overpotential of a symmetric cell against waves whose plateaus are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.cycling.overpotential import sudden_drop
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.numerics.correlated import trend
from anodefree.numerics.segmentation import half_cycles

STAGE = af.get("cycling.overpotential")


def wave(plateau_V: np.ndarray, points: int = 20, offset_V: float = 0.0, rest: int = 0) -> dict[str, np.ndarray]:
    """Alternating half cycles of the given plateaus, each followed by `rest` records without current."""
    sign = np.where(np.arange(plateau_V.size) % 2, -1.0, 1.0)
    on = np.concatenate([np.ones(points), np.zeros(rest)])
    voltage = (sign * plateau_V + offset_V)[:, None] * on
    current = 1e-3 * sign[:, None] * on
    return {"time_s": 60.0 * np.arange(voltage.size), "voltage_V": voltage.ravel(), "current_A": current.ravel()}


def run(arrays: dict[str, np.ndarray], **parameters: float) -> Result:
    return STAGE(Measurement.of(CYCLING, arrays), **parameters)


def status(result: Result) -> dict[str, str]:
    return {c.name: c.status for c in result.checks}


@pytest.mark.parametrize("with_current", [True, False])
def test_a_growing_plateau(with_current: bool) -> None:
    cycles = 10
    eta = 0.07 + 1e-3 * np.arange(cycles)
    arrays = wave(np.repeat(eta, 2))
    if not with_current:
        del arrays["current_A"]
    result = run(arrays)
    assert result["overpotential"] == pytest.approx(eta.mean())
    assert result["first"] == pytest.approx(0.07)
    assert result["last"] == pytest.approx(0.079)
    assert result["growth_per_cycle"] == pytest.approx(1e-3)
    assert result.estimates["overpotential"].std == pytest.approx(0, abs=1e-12)
    assert set(status(result).values()) == {"pass"}


def test_rest_belongs_to_no_half_cycle() -> None:
    result = run(wave(np.full(12, 0.05), rest=15))
    assert result["overpotential"] == pytest.approx(0.05)
    assert result.curves["half_cycle"].size == 12
    assert result.curves["points"].values.tolist() == [12] * 12


def test_an_offset_cancels_and_is_told() -> None:
    result = run(wave(np.full(12, 0.05), offset_V=0.01))
    assert result["overpotential"] == pytest.approx(0.05)
    assert status(result)["symmetry"] == "warn"


def test_a_soft_short_and_polarisation_are_told() -> None:
    short = run(wave(np.repeat([0.1] * 8 + [0.03] * 8, 2)))
    assert status(short)["soft short"] == "warn"
    assert "cycle 9" in next(c.message for c in short.checks if c.name == "soft short")
    grown = run(wave(np.repeat(np.linspace(0.05, 0.15, 12), 2)))
    assert status(grown)["polarisation"] == "warn"


def test_few_records_are_told() -> None:
    assert status(run(wave(np.full(12, 0.05), points=4)))["records"] == "warn"


def test_an_unfinished_last_half_cycle_does_not_count() -> None:
    arrays = wave(np.full(13, 0.05))
    result = run({n: a[:-5] for n, a in arrays.items()})
    assert result["overpotential"] == pytest.approx(0.05)
    assert result.curves["half_cycle"].size == 13


def test_what_it_cannot_do_says_so() -> None:
    with pytest.raises(DataError, match="half cycles"):
        run(wave(np.full(5, 0.05)))
    with pytest.raises(DataError, match="half cycles"):
        run({"time_s": np.arange(50.0), "voltage_V": np.zeros(50)})
    with pytest.raises(DataError, match="time_s"):
        run({"cycle_number": np.arange(3), "charge_capacity_C": np.ones(3)})
    with pytest.raises(ConfigError, match="below to_fraction"):
        run(wave(np.full(12, 0.05)), from_fraction=0.8, to_fraction=0.2)


def test_trend_is_least_squares(rng: np.random.Generator) -> None:
    y = rng.normal(size=200)
    mean, mean_std, slope, slope_std = trend(y)
    fit = np.polyfit(np.arange(200), y, 1, cov=True)
    assert mean == pytest.approx(y.mean())
    assert slope == pytest.approx(fit[0][0])
    # White noise: the widening for correlation is small, and never narrows.
    assert 1 <= slope_std / np.sqrt(fit[1][0, 0]) < 1.3
    assert 1 <= mean_std / (np.std(y - np.polyval(fit[0], np.arange(200)), ddof=2) / np.sqrt(200)) < 1.3


def test_correlated_cycles_widen_the_mean(rng: np.random.Generator) -> None:
    """An autoregressive series of correlation 0.8: the standard deviation of its mean is three times the naive one."""
    inside, n = 0, 400
    for _ in range(200):
        noise = rng.normal(size=n)
        y = np.empty(n)
        y[0] = noise[0] / 0.6
        for k in range(1, n):
            y[k] = 0.8 * y[k - 1] + noise[k]
        mean, std, _, _ = trend(y)
        inside += abs(mean) <= 2 * std
    assert 0.88 <= inside / 200 <= 0.99


def test_half_cycles_by_hand() -> None:
    signal = np.array([0.0, 1.0, 1.0, 0.01, -0.01, 1.0, -1.0, -1.0, 0.0, 1.0])
    assert [r.tolist() for r in half_cycles(signal, 0.1, hold=True)] == [[0, 1, 2, 3, 4, 5], [6, 7, 8], [9]]
    assert [r.tolist() for r in half_cycles(signal, 0.1, hold=False)] == [[1, 2, 5], [6, 7], [9]]
    assert half_cycles(np.zeros(4), 0.1, hold=True) == []


def test_sudden_drop_by_hand() -> None:
    assert sudden_drop(np.array([1.0, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])) == (0.5, 4)
    assert sudden_drop(np.ones(3)) == (0.0, 0)
