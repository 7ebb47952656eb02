"""Records of any kind end in a result or in one clear error; reservoir tests of any habit are found."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import AnodefreeError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.physics.plating import HalfCell, reservoir, run, trace


def nonsense(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A record of random currents, or charges that fit no record, or both."""
    n = int(rng.integers(1, 300))
    current = rng.choice([-1, 0, 1, 1e-5, -3], n) * rng.choice([1e-3, 0, 1e3, 1e-12])
    if rng.random() < 0.4:
        current = np.repeat(rng.choice([-1.0, 0.0, 1.0], 20), 15)[:n]
    arrays = {
        "time_s": np.cumsum(rng.choice([0, 0, 1, 60, 1e5], n)),
        "voltage_V": rng.normal(0, 1, n) * rng.choice([0, 0.05, 3]),
        "current_A": current,
    }
    if rng.random() < 0.3:
        arrays["record_cycle"] = np.sort(rng.integers(1, 9, n))
    if rng.random() < 0.5:
        cycles = int(rng.integers(1, 40))
        arrays["charge_capacity_C"] = rng.random(cycles) * rng.choice([0, 1, 1e-9, 1e6])
        arrays["discharge_capacity_C"] = rng.choice([0, 1, 0.9], cycles) * arrays["charge_capacity_C"]
    return arrays


@pytest.mark.parametrize("name", ["cycling.efficiency", "cycling.loss", "cycling.aurbach"])
def test_nonsense_ends_in_a_result_or_one_clear_error(name: str) -> None:
    rng, stage, refused = np.random.default_rng(11), af.get(name), []
    for _ in range(80):
        made = Measurement.of(CYCLING, nonsense(rng), name="nonsense")
        try:
            stage(made)
        except AnodefreeError as error:
            refused.append(error.hint)
    assert 0 < len(refused) < 80
    assert all(refused), "each says what to try"


def drawn(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], int, float]:
    """A reservoir test of random charges, currents, cycles, rests, cut-off, kinetics, sampling, noise and sign convention."""
    cell = HalfCell(float(10 ** rng.uniform(0, 2)), resistance_ohm_m2=float(rng.uniform(0, 4e-3)))
    j = float(10 ** rng.uniform(0.3, 1.5))
    n, ce = int(rng.integers(1, 40)), float(1 - 10 ** rng.uniform(-4, -1.5))
    q_t = float(rng.uniform(36e3, 360e3))
    q_c = q_t * float(rng.uniform(0.1, 0.6))
    if n * q_c + q_t > 0.8 * q_t / (1 - ce):  # more would empty the reservoir
        n = max(1, int((0.8 * q_t / (1 - ce) - q_t) / q_c))
    formation = [0.9] * int(rng.integers(0, 4))
    program = reservoir(j, q_t, q_c, n, formation, [ce] * (n + 1), float(rng.choice([0, 60, 1800])))
    cutoff_V = float(max(rng.uniform(0.4, 1.5), 3 * float(cell.voltage_V(j, 1e9))))
    seen = trace(cell, run(cell, program, cutoff_V), float(rng.choice([10, 60, 300])))
    sign = rng.choice([-1, 1], 2)
    noise = rng.standard_normal((2, seen.time_s.size))
    arrays = {
        "time_s": seen.time_s,
        "voltage_V": sign[0] * (seen.voltage_V + 5e-4 * noise[0]),
        "current_A": sign[1] * 1e-4 * (seen.density_A_m2 + 1e-4 * j * noise[1]),
    }
    return arrays, n, ce


def test_reservoir_tests_of_every_habit_are_found() -> None:
    rng, stage, found = np.random.default_rng(5), af.get("cycling.aurbach"), 0
    for _ in range(60):
        arrays, n, ce = drawn(rng)
        try:
            result = stage(Measurement.of(CYCLING, arrays, name="drawn"))
        except DataError:
            continue
        found += result["short_cycles"] == n and abs(result["CE"] - ce) < 1e-4
    assert found >= 59
