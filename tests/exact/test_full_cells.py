"""Full cells: lithium, charge and salt are conserved, a slow cell is its inventory, departures go the way they must."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.errors import Cancelled, ConfigError, DataError, MissingExtra, NumericalError
from anodefree.kinds.cycling import CYCLING
from anodefree.physics.inventory import retention

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybamm") is None, reason="the extra 'cell' is not installed")
CE = 0.995


def cycled(**given: object) -> Measurement:
    made = stages.get("cell.cycle")(**{"efficiency": CE, "cycles": 20, **given})
    assert isinstance(made, Measurement)
    return made


def kept(cell: Measurement) -> np.ndarray:
    capacity = cell["discharge_capacity_C"]
    return np.asarray(capacity / capacity[0])


@pytest.fixture(scope="module")
def plain() -> Measurement:
    return cycled()


def test_lithium_charge_and_salt_are_conserved_whatever_changes() -> None:
    efficiency = tuple(np.linspace(0.97, 0.999, 30))
    given = {"hidden_reservoir": 0.08, "cathode_loss": 1e-3, "film_growth_ohm_m2": 2e-5, "excess": 0.1}
    cell = cycled(efficiency=efficiency, cycles=30, charge_C_rate=0.3, discharge_C_rate=0.5, **given)
    assert not cell.meta["stopped"]
    for name in ("lithium_error", "charge_error", "salt_error"):
        assert cell.meta[name] < 1e-10, name
    charged, discharged = cell["charge_capacity_C"], cell["discharge_capacity_C"]
    lost = np.cumsum((1 - np.array(efficiency)) * charged)
    assert np.abs(np.array(cell.meta["lost_C"]) / lost - 1).max() < 1e-10
    metal = (0.1 + 1e-4) * cell.meta["reversible_capacity_C"] + np.cumsum(charged - discharged) - lost
    assert np.abs(np.array(cell.meta["plated_C"]) - metal).max() < 1e-10 * cell.meta["reversible_capacity_C"]
    for cycle in (1, 30):
        for sign, counted in ((1, charged), (-1, discharged)):
            rows = (cell["record_cycle"] == cycle) & (sign * cell["current_A"] > 0)
            passed = np.trapezoid(np.abs(cell["current_A"][rows]), cell["time_s"][rows])
            assert passed == pytest.approx(counted[cycle - 1], rel=1e-9)


@pytest.mark.parametrize("cathode", ["NCM811 Chen2020", "NCM811 ORegan2022"])
def test_salt_is_conserved_where_diffusion_depends_on_it(cathode: str) -> None:
    assert cycled(cathode=cathode, cycles=5, charge_C_rate=0.5).meta["salt_error"] < 1e-12


def test_without_excess_retention_is_the_efficiency_to_the_power(plain: Measurement) -> None:
    assert np.abs(kept(plain) / CE ** np.arange(20) - 1).max() < 2e-5
    assert plain["discharge_capacity_C"] / plain["charge_capacity_C"] == pytest.approx(np.full(20, CE), rel=1e-9)


def test_excess_and_reservoir_hide_the_loss_as_the_inventory_says() -> None:
    excess = kept(cycled(excess=0.04, cathode="LFP Prada2013", charge_C_rate=0.05))
    expected = retention(CE, 0.04, 0.0, np.arange(1, 21))
    assert np.abs(excess - expected).max() < 3e-3
    assert excess[6] == pytest.approx(1.0, abs=1e-3)
    hidden = cycled(hidden_reservoir=0.1)
    assert kept(hidden)[-1] > 0.995 > CE**19
    assert hidden["discharge_capacity_C"][0] < 0.93 * hidden["charge_capacity_C"][0]


def test_growing_resistance_takes_more_than_the_lithium_lost(plain: Measurement) -> None:
    slow, fast = (kept(cycled(film_growth_ohm_m2=g, charge_C_rate=0.5)) for g in (1e-5, 1e-4))
    assert fast[-1] < slow[-1] < CE**19 < kept(plain)[-1] + 1e-4


def test_a_dying_cathode_counts_when_it_is_the_shorter_side() -> None:
    dying = kept(cycled(efficiency=1.0, cathode_loss=0.01, excess=0.5))
    alone = 0.99 ** np.arange(20)
    assert (dying <= alone + 1e-9).all(), "what is left carries more current each"
    assert dying == pytest.approx(alone, rel=5e-3)
    hidden_by_lithium = kept(cycled(efficiency=0.98, cathode_loss=1e-3))
    assert hidden_by_lithium == pytest.approx(0.98 ** np.arange(20), rel=5e-3)


def test_both_fidelities_agree_at_a_low_rate() -> None:
    coarse, fine = (cycled(fidelity=f, cycles=2, charge_C_rate=0.02) for f in ("SPMe", "DFN"))
    assert coarse["discharge_capacity_C"] == pytest.approx(fine["discharge_capacity_C"], rel=2e-5)
    means = [stages.get("cycling.voltage")(c)["mean_voltage"] for c in (coarse, fine)]
    assert means[0] == pytest.approx(means[1], abs=2e-4)
    assert max(fine.meta[n] for n in ("lithium_error", "charge_error", "salt_error")) < 1e-10


def test_with_much_excess_it_is_the_half_cell_of_pybamm() -> None:
    cell = cycled(efficiency=1.0, excess=100.0, cycles=1, charge_C_rate=0.2, film_ohm_m2=0.0, points=200)
    charging = cell["current_A"] > 0
    time, volts = cell["time_s"][charging], cell["voltage_V"][charging]
    import pybamm

    values, lithium = pybamm.ParameterValues("Chen2020"), pybamm.ParameterValues("Xu2019")
    metal = {n: lithium[n] for n in lithium.keys() if "metal" in n or n.startswith("Negative electrode OCP")}  # noqa: SIM118
    values.update(metal, check_already_exists=False)
    values["Negative electrode conductivity [S.m-1]"] = lithium["Negative electrode conductivity [S.m-1]"]
    values["Exchange-current density for lithium metal electrode [A.m-2]"] = 13.4
    values["Initial concentration in positive electrode [mol.m-3]"] = 0.9084 * 63104.0
    values["Upper voltage cut-off [V]"] = 4.31
    area = values["Electrode height [m]"] * values["Electrode width [m]"]
    values["Current function [A]"] = -float(cell["current_A"][charging][0]) * area / cell.meta["area_m2"]
    model = pybamm.lithium_ion.SPMe({"working electrode": "positive"})
    solution = pybamm.Simulation(model, parameter_values=values, solver=pybamm.IDAKLUSolver()).solve(
        [0, time[-1]], t_interp=time, calc_esoh=False
    )
    theirs = np.interp(time, solution.t, solution["Voltage [V]"].entries)
    assert np.abs(volts - theirs).max() < 5e-4


def test_mean_voltage_falls_by_the_film() -> None:
    full = {"cycles": 1, "efficiency": 1.0, "excess": 1.0}
    bare = stages.get("cycling.voltage")(cycled(film_ohm_m2=0.0, **full))
    filmed = stages.get("cycling.voltage")(cycled(film_ohm_m2=1e-3, **full))
    current_A_m2 = 0.1 * 5.5018 * 10
    assert bare["mean_voltage"] - filmed["mean_voltage"] == pytest.approx(1e-3 * current_A_m2, rel=0.2)


def test_the_analyses_read_it_like_a_file(plain: Measurement) -> None:
    assert stages.get("cycling.retention")(plain)["retention"] == pytest.approx(CE**19, rel=1e-4)
    efficiency = stages.get("cycling.efficiency")(plain).estimates["CE_mean"]
    assert abs(efficiency.value - CE) < max(2 * efficiency.std, 1e-6)
    found = stages.get("cycling.inventory")(plain, excess=0.0)
    assert found["CE"] == pytest.approx(CE, abs=1e-4)
    counted_from_record = Measurement.of(CYCLING, {n: plain[n] for n in ("time_s", "voltage_V", "current_A")})
    assert stages.get("cycling.efficiency")(counted_from_record)["CE_mean"] == pytest.approx(CE, abs=1e-3)


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = cycled(cycles=6)
    calls = iter(range(100))
    broken = Context(tmp_path, cancelled=lambda: next(calls) >= 3)
    with pytest.raises(Cancelled):
        cycled(cycles=6, context=broken)
    assert (tmp_path / "checkpoint.npz").exists()
    heard: list[float] = []
    again = cycled(cycles=6, context=Context(tmp_path, listener=lambda share, _: heard.append(share), interval_s=0.0))
    assert heard[0] == pytest.approx(0.5)
    assert again.data.identical(whole.data)
    assert again.meta == whole.meta
    other = cycled(cycles=6, excess=0.01, context=Context(tmp_path))
    assert other["discharge_capacity_C"][0] > whole["discharge_capacity_C"][0], "another cell's checkpoint is not taken"


def test_what_was_computed_is_kept_when_a_later_cycle_cannot_be() -> None:
    cell = cycled(film_growth_ohm_m2=5e-3, charge_C_rate=0.5, cycles=50)
    assert 1 < cell["cycle_number"].size < 50
    assert "as soon as the current flows" in cell.meta["stopped"]
    dead = cycled(efficiency=0.2, cycles=50)
    assert dead["cycle_number"].size < 6
    assert "the cell is over" in dead.meta["stopped"]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"lower_V": 4.3, "upper_V": 2.8}, ConfigError, "does not end below"),
        ({"upper_V": 5.5}, NumericalError, "lies above the open-circuit voltage"),
        ({"lower_V": 4.2999, "upper_V": 4.3}, ConfigError, "next to nothing"),
        ({"j0_A_m2": -1.0}, ConfigError, "j0_A_m2"),
        ({"efficiency": 1.01}, ConfigError, "efficiency"),
        ({"efficiency": (0.99, 0.98)}, ConfigError, "2 efficiencies for 20 cycles"),
        ({"efficiency": float("nan")}, ConfigError, "finite"),
        ({"charge_C_rate": 20.0, "film_ohm_m2": 0.1}, NumericalError, "as soon as the current flows"),
        ({"cathode": "LCO"}, ConfigError, "not possible"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        cycled(**given)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybamm", None)
    with pytest.raises(MissingExtra, match=r"anodefree\[cell\]"):
        cycled()


def test_nothing_is_reported_to_anybody(plain: Measurement) -> None:
    import pybamm

    assert pybamm.telemetry._posthog.disabled
    assert plain.meta["instrument"] == "PyBaMM, SPMe"


def test_mean_voltage_needs_a_record_of_a_discharge(plain: Measurement) -> None:
    voltage = stages.get("cycling.voltage")
    counters = Measurement.of(CYCLING, {n: plain[n] for n in ("cycle_number", "discharge_capacity_C")})
    with pytest.raises(DataError, match="capacities alone do not do"):
        voltage(counters)
    with pytest.raises(DataError, match="no discharge in cycle 99"):
        voltage(plain, cycle=99)
    rows = plain["current_A"] > 0
    with pytest.raises(DataError, match="has no discharge"):
        voltage(Measurement.of(CYCLING, {n: plain[n][rows] for n in ("time_s", "voltage_V", "current_A")}))
    assert voltage(plain, cycle=20)["capacity"] == pytest.approx(plain["discharge_capacity_C"][-1], rel=1e-9)
