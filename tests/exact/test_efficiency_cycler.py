"""The virtual cycler against closed forms: voltages, cut-off, counters, and the analyses that read it like a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.io.write import write
from anodefree.physics.plating import Flow, HalfCell, Step, plate_and_strip, run, trace

CELL = HalfCell(13.4, resistance_ohm_m2=2e-3)
THERMAL_V = 8.31446261815324 * 298.15 / 96485.33212331


def test_voltage_is_two_electrodes_and_a_resistance() -> None:
    both = 4 * THERMAL_V * np.arcsinh(10 / 26.8) + 0.02
    assert CELL.voltage_V(10.0, 1e9) == pytest.approx(both, rel=1e-6)
    assert CELL.voltage_V(-10.0, 1e9) == pytest.approx(-both, rel=1e-12)
    # On bare copper the whole nucleation overpotential is there.
    assert CELL.voltage_V(-10.0, 0.0) == pytest.approx(-both - 0.05, rel=1e-12)
    assert CELL.voltage_V(0.0, 1e9) == pytest.approx(0.0, abs=1e-6)
    assert CELL.voltage_V(0.0, 0.0) == pytest.approx(0.4)
    # Half covered: the copper electrode alone is at twice the current per covered area.
    half = 2 * THERMAL_V * (np.arcsinh(10 / 13.4) + np.arcsinh(10 / 26.8)) + 0.02
    assert CELL.voltage_V(10.0, 360.0) == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("cutoff_V", [0.2, 0.5, 1.0])
def test_stripping_ends_where_the_voltage_is_the_cut_off(cutoff_V: float) -> None:
    left = CELL.left_C_m2(10.0, cutoff_V)
    assert CELL.voltage_V(10.0, left) == pytest.approx(cutoff_V, rel=1e-9)
    seen = trace(CELL, run(CELL, plate_and_strip(10.0, 36e3, [0.9]), cutoff_V), 60.0)
    assert seen.voltage_V[seen.density_A_m2 > 0][-1] == pytest.approx(cutoff_V, rel=1e-6)
    assert CELL.left_C_m2(10.0, 0.05) == np.inf


def test_every_charge_is_accounted_for() -> None:
    """Plated times CE is stripped plus what the cut-off leaves, in every cycle; a leak takes its part."""
    legs = run(CELL, plate_and_strip(10.0, 36e3, [0.9, 0.95, 0.99], 600.0), 1.0)
    stripped = [leg.counted_C_m2 for leg in legs if leg.step.density_A_m2 > 0]
    assert stripped == pytest.approx([0.9 * 36e3, 0.95 * 36e3, 0.99 * 36e3], rel=1e-9)
    leaking = run(CELL, [Step(-10.0, 36e3), Step(0.0, rest_s=3600.0), Step(10.0)], 1.0, Flow(leak_A_m2=0.1))
    total = leaking[-1].start_s + leaking[-1].duration_s
    assert leaking[-1].counted_C_m2 == pytest.approx(36e3 - 0.1 * total, rel=1e-9)


def test_offset_and_gain_of_the_instrument() -> None:
    """The instrument counts j t; through the cell go (j - offset)/(1 + gain)."""
    legs = run(CELL, plate_and_strip(10.0, 36e3, [0.95]), 1.0, Flow(gain=0.01, offset_A_m2=0.05))
    plated, stripped = legs[0], legs[2]
    assert plated.counted_C_m2 == 36e3
    through = 0.95 * (10.05 / 1.01) * 3600
    assert stripped.counted_C_m2 == pytest.approx(10.0 * through / (9.95 / 1.01), rel=1e-9)


def test_counters_and_record_agree() -> None:
    made = af.get("cycler.plate_strip")(efficiency=0.98, cycles=5, time_resolution_s=0.01)
    charge = np.trapezoid(np.maximum(made["current_A"], 0), made["time_s"])
    assert charge == pytest.approx(made["charge_capacity_C"].sum(), rel=1e-4)
    assert (np.diff(made["time_s"]) >= 0).all()
    assert np.allclose(made["time_s"] * 100, np.round(made["time_s"] * 100))
    assert made["record_cycle"].tolist() == sorted(made["record_cycle"].tolist())


def test_a_symmetric_cell_gives_its_plateau_back() -> None:
    made = af.get("cycler.symmetric")(cycles=60, growth_per_cycle_ohm_m2=2e-5, seed=1)
    result = af.get("cycling.overpotential")(made)
    eta = 4 * THERMAL_V * np.arcsinh(20 / 26.8) + 20 * 2e-3
    assert result["first"] == pytest.approx(eta, abs=1e-4)
    assert result["growth_per_cycle"] == pytest.approx(20 * 2e-5, rel=1e-2)
    short = af.get("cycling.overpotential")(af.get("cycler.symmetric")(cycles=30, soft_short_cycle=21))
    assert "cycle 21" in next(c.message for c in short.checks if c.name == "soft short")


@pytest.mark.parametrize("suffix", [".csv", ".bdf.csv", ".nc", ".json"])
def test_a_file_of_the_virtual_cycler_reads_as_what_it_was(suffix: str, tmp_path: Path) -> None:
    """Through every format that is written here the analyses find the same efficiency."""
    made = af.get("cycler.reservoir")(efficiency=0.99, cycles=4, current_noise=0.0)
    write(made, tmp_path / f"cell{suffix}")
    again = af.read(tmp_path / f"cell{suffix}")
    direct, read = (af.get("cycling.aurbach")(m) for m in (made, again))
    assert read["CE"] == pytest.approx(direct["CE"], abs=1e-6)
    assert read["short_cycles"] == 4
    conventional = af.get("cycler.plate_strip")(efficiency=0.99, cycles=6, current_noise=0.0)
    write(conventional, tmp_path / f"plain{suffix}")
    found = af.get("cycling.efficiency")(af.read(tmp_path / f"plain{suffix}"))
    assert found["CE_mean"] == pytest.approx(0.99, abs=2e-5)


def test_the_same_seed_draws_the_same_instrument() -> None:
    stage = af.get("cycler.plate_strip")
    one, two, other = (
        stage(efficiency=0.99, cycles=3, current_offset_A="0 ± 1 uA", seed=s)["charge_capacity_C"] for s in (1, 1, 2)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
