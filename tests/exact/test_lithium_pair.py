"""The pair of lithium electrodes against closed forms, its accounts, its ends, and its resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from anodefree.core.context import Context, scratch
from anodefree.core.measurement import Measurement
from anodefree.errors import Cancelled, ConfigError
from anodefree.numerics.compiled.layer_diffusion import diffuse
from anodefree.numerics.compiled.pair_electrode import electrode_V, reduced_overpotential
from anodefree.numerics.pair_terms import Side
from anodefree.physics.butler_volmer import current_density_A_m2
from anodefree.physics.lithium_pair import covering_C_m2, limiting_A_m2, sand_time_s
from anodefree.physics.plating import Step
from anodefree.simulation.cell.pair_options import Pair
from anodefree.simulation.cell.pair_run import Run
from anodefree.stages import get

THERMAL = 8.31446261815324 * 298.15 / 96485.33212331001
QUIET = {"voltage_noise_V": 0.0, "current_noise": 0.0, "time_resolution_s": 0.0}
PLAIN = {"film_ohm_m2": 0.0, "nucleation_V": 0.0, "efficiency": 1.0, "rest_s": 0.0} | QUIET


def symmetric(**given: Any) -> Measurement:
    made: Measurement = get("cell.symmetric_pair")(**(PLAIN | given))
    return made


def half_cell(**given: Any) -> Measurement:
    made: Measurement = get("cell.lithium_pair")(**({"efficiency": 0.98, "sampling_s": 300.0} | QUIET | given))
    return made


@pytest.mark.parametrize("j", [0.01, 20.0, 5000.0])
def test_voltage_without_gradients_is_kinetics_and_ohm(j: float) -> None:
    made = symmetric(current_density_A_m2=j, capacity_C_m2=10 * j, transference=1.0, cycles=1, sampling_s=2.0)
    exact = 4 * THERMAL * np.arcsinh(j / 26.8) + j * 25e-6 * 2.5 / 0.41
    assert np.abs(np.abs(made["voltage_V"]) / exact - 1).max() < 1e-10


def test_steady_state_of_a_dilute_solution() -> None:
    """c is a straight line: the ohmic part and the diffusion potential are logarithms, and j0 differs from wall to wall."""
    limit = limiting_A_m2(1200.0, 3e-10 * 0.41 / 2.5 / 25e-6, 0.4)
    made = symmetric(current_density_A_m2=limit / 2, capacity_C_m2=limit * 50, cycles=1, sampling_s=20.0)
    steady = -made["voltage_V"][np.searchsorted(made["time_s"], 99.0)]
    spread = np.log(3.0)
    kinetic = 2 * THERMAL * sum(np.arcsinh(limit / 2 / 26.8 / np.sqrt(x)) for x in (0.5, 1.5))
    exact = limit / 2 * 25e-6 * 2.5 / 0.41 * spread + 1.2 * THERMAL * spread + kinetic
    assert abs(steady / exact - 1) < 1e-4


def test_sand_time_and_what_is_kept() -> None:
    given = {"porosity": 1.0, "tortuosity": 1.0, "separator_m": 200e-6, "conductivity_exponent": 0.0}
    made = symmetric(current_density_A_m2=1500.0, capacity_C_m2=1e6, cycles=1, nodes=80, **given)
    exact = float(sand_time_s(1500.0, 1200.0, 3e-10, 0.4))
    assert abs(made["time_s"][-1] / exact - 1) < 2e-3
    assert "Sand's time 3.9 s" in made.meta["stopped"]
    assert made["time_s"].size > 5


def test_limiting_current_divides_what_runs_from_what_does_not() -> None:
    limit = limiting_A_m2(1200.0, 3e-10 * 0.41 / 2.5 / 25e-6, 0.4)
    for part, ends in ((0.995, False), (1.005, True)):
        made = symmetric(current_density_A_m2=part * limit, capacity_C_m2=limit * 200, cycles=1, conductivity_exponent=0.0)
        assert ("salt" in made.meta["stopped"]) == ends


def test_diffusion_step_is_of_second_order_and_conserves() -> None:
    width = np.full(30, 1e-6)
    volume, half = 0.4 * width, 0.5 * width / 5e-11

    def end(steps: int) -> np.ndarray:
        c, out, work = np.full(30, 1000.0), np.empty(30), np.empty((8, 30))
        for _ in range(steps):
            diffuse(c, volume, half, 0.8, 1000.0, 5e-4, 8.0 / steps, out, work)
            c = out.copy()
        return c

    exact = end(4000)
    errors = [np.abs(end(n) - exact).max() for n in (40, 80, 160)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=0.1)
    assert abs(exact.mean() / 1000 - 1) < 1e-11


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_overpotential_inverts_butler_volmer(alpha: float) -> None:
    for y in (-1e8, -3.0, -1e-7, 1e-7, 0.5, 1e8):
        e = reduced_overpotential(y, alpha)
        assert np.exp(alpha * e) - np.exp((alpha - 1) * e) == pytest.approx(y, rel=1e-9)


def test_nucleation_divides_the_current_between_lithium_and_bare_collector() -> None:
    side = Side(13.4, 0.5, 1e-3, np.inf, np.inf, 0.05, covering_C_m2(1e-6), 1.0, 1.0)
    account = np.array([0.0, 0.3 * side.covering_C_m2, 0.0, 0.0])
    _, v = electrode_V(30.0, account, side, 1.0, 0.0, 0.0, THERMAL)
    covered = 1 - np.exp(-(0.3 ** (2 / 3)))

    def through(drive: float) -> float:
        low, high = 0.0, 1e4
        for _ in range(200):
            j = 0.5 * (low + high)
            low, high = (j, high) if j < float(current_density_A_m2(drive - 1e-3 * j, 13.4)) else (low, j)
        return j

    assert covered * through(v) + (1 - covered) * through(max(v - 0.05, 0.0)) == pytest.approx(30.0, rel=1e-9)
    bare = electrode_V(30.0, np.zeros(4), side, 1.0, 0.0, 0.0, THERMAL)[1]
    assert bare == pytest.approx(0.05 + 2 * THERMAL * np.arcsinh(30 / 26.8) + 0.03, rel=1e-12)


def test_accounts_are_kept_and_analyses_read_the_record() -> None:
    made = half_cell(cycles=30, dead_porosity=0.5, efficiency=0.97)
    assert abs(made.meta["lithium_missing"]) < 1e-10
    assert abs(made.meta["salt_missing"]) < 1e-10
    found = get("cycling.efficiency")(made)
    assert found["CE_mean"] == pytest.approx(0.97, abs=1e-5)
    plated = made.meta["working_dead_C_m2"] + made.meta["working_interphase_C_m2"]
    assert plated == pytest.approx(30 * 36e3 * 0.03, rel=2e-3)


def test_reservoir_and_symmetric_records_are_read() -> None:
    found = get("cycling.aurbach")(af.reservoir_pair(efficiency=0.99, cycles=4, sampling_s=300.0))
    assert abs(found["CE"] - 0.99) < 3 * found.estimates["CE"].std
    made = get("cell.symmetric_pair")(cycles=4, sampling_s=300.0, nucleation_V=0.0, film_ohm_m2=0.0, transference=1.0)
    eta = get("cycling.overpotential")(made)["overpotential"]
    assert eta == pytest.approx(4 * THERMAL * np.arcsinh(20 / 26.8) + 20 * 25e-6 * 2.5 / 0.41, abs=1e-4)


def test_dead_layer_bends_the_trace_and_ends_in_depletion() -> None:
    given = {"efficiency": 0.6, "dead_porosity": 0.3, "dead_tortuosity": 12.0, "cycles": 60, "film_ohm_m2": 1e-3}
    made = symmetric(**given)
    half = (made["current_A"] < 0) & (made["record_cycle"] == 1)
    late = (made["current_A"] < 0) & (made["record_cycle"] == made["record_cycle"].max() - 1)
    assert np.ptp(made["voltage_V"][half]) < 0.01
    assert np.ptp(made["voltage_V"][late]) > 0.1
    assert "salt" in made.meta["stopped"]
    assert abs(made.meta["salt_missing"]) < 1e-10


def test_layers_of_dead_lithium_are_resistances_in_series() -> None:
    """With equal layers c is straight in the diffusion resistance, so that the voltage is the logarithm of the bare cell's."""
    given = {p.name: p.default for p in get("cell.symmetric_pair").parameters} | PLAIN
    run = Run(Pair.of(given | {"dead_porosity": 0.5, "dead_tortuosity": 10.0}), [Step(-50.0, 50 * 2e4)], 5.0, 1e3, 1e7)
    run.lithium[0, 0] = run.lithium[1, 0] = 1e7
    run.lithium[:, 2] = 1e5
    layer_m = 1e5 * 6.94e-3 / 534 / 96485.33212 / 0.5
    with scratch() as context:
        run.carry_out(context, "")
    resistance = 25e-6 * 2.5 / 0.41 + 2 * layer_m * 10 / 0.5
    spread = 0.6 * 50 / 96485.33212 * resistance / 3e-10 / 1200
    ratio = np.log((1 + spread / 2) / (1 - spread / 2))
    kinetic = 2 * THERMAL * sum(np.arcsinh(50 / 26.8 / np.sqrt(1 + s * spread / 2)) for s in (-1, 1))
    exact = 50 * resistance * ratio / spread + 1.2 * THERMAL * ratio + kinetic
    assert -run.trace().voltage_V[-1] == pytest.approx(exact, rel=1e-3)


def test_short_carries_its_part() -> None:
    """At a steady voltage V the short carries V/R: what is left obeys Butler-Volmer and Ohm."""
    made = symmetric(transference=1.0, short_C_m2=0.0, short_ohm_m2=1e-3, cycles=1, sampling_s=600.0)
    v = float(made["voltage_V"][-1])
    through = 20.0 - v / 1e-3
    exact = 4 * THERMAL * np.arcsinh(through / 26.8) + through * 25e-6 * 2.5 / 0.41
    assert v == pytest.approx(exact, rel=1e-6)
    never = half_cell(short_C_m2=5e4, short_ohm_m2=2e-3, cycles=3)
    assert "a short" in never.meta["stopped"]


def test_end_of_the_counter_electrode() -> None:
    made = half_cell(counter_lithium_C_m2=40e3, efficiency=0.9, cycles=5)
    assert "lithium of the counter electrode is used up" in made.meta["stopped"]
    assert made.meta["counter_lithium_m"] >= 0
    assert abs(made.meta["lithium_missing"]) < 1e-10


def test_resumes_where_it_was_cancelled(tmp_path: Path) -> None:
    stage = get("cell.lithium_pair")
    given = {"efficiency": 0.98, "cycles": 4, "sampling_s": 300.0}
    whole = stage(**given)
    calls = []

    def later() -> bool:
        calls.append(1)
        return len(calls) == 9

    with pytest.raises(Cancelled):
        stage(**given, context=Context(tmp_path, cancelled=later))
    again = stage(**given, context=Context(tmp_path))
    assert again.data.identical(whole.data)
    assert again.meta["stopped"] == ""


@pytest.mark.parametrize(
    "given", [{"j0_A_m2": -1.0}, {"separator_m": 0.0}, {"concentration_mol_m3": float("nan")}, {"factor_slope": 2.0}]
)
def test_bad_parameters_are_one_clear_error(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        half_cell(**given)


def test_cut_off_below_the_plateau_says_so() -> None:
    made = half_cell(cutoff_V=0.02)
    assert "stripping begins above the cut-off" in made.meta["stopped"]
    assert made["time_s"].size > 10


def test_symmetric_cell_ends_where_its_lithium_ends() -> None:
    made = symmetric(working_lithium_C_m2=90e3, efficiency=0.9, cycles=20)
    assert "lithium of the working electrode being used up" in made.meta["stopped"]
    assert made.meta["working_lithium_m"] >= 0
