"""Flights through the cell: against an adaptive integrator of order 8, conserved quantities, and the known Brownian limits."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.errors import Cancelled, ConfigError
from anodefree.kinds.potential_map import POTENTIAL_MAP
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES
from anodefree.simulation.ions.cell_tables import spline_tables
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.flight import even_cell, flight
from anodefree.simulation.ions.flying import scales
from anodefree.simulation.ions.launch import launch

GAP = 50e-6


@pytest.fixture(scope="module")
def cell() -> Measurement:
    """The default cell: a spheroid of a fifth of the gap, 3.3 : 1."""
    return field()


def reference(cell: Measurement, start: np.ndarray, flux_T: float) -> tuple[float, np.ndarray]:
    """Time and place of capture of a lithium ion by DOP853 with an event, in the same spline of the potential; SI."""
    from anodefree.numerics.compiled.spline_table import potential

    ion = SPECIES["Li+"]
    time_s, _ = scales(cell.meta["gap_m"], cell.meta["voltage_V"], ion)
    tables = spline_tables(cell, "potential_V", cell.meta["voltage_V"])
    omega = cyclotron_frequency(ion.charge_C, ion.mass_kg, flux_T) * time_s

    def slope(_: float, s: np.ndarray) -> np.ndarray:
        _, gx, gy, gz = potential(*tables, *s[:3])
        return np.array([s[3], s[4], s[5], -gx + omega * s[4], -gy - omega * s[3], -gz])

    def met(_: float, s: np.ndarray) -> float:
        return float(potential(*tables, *s[:3])[0])

    met.terminal = True  # type: ignore[attr-defined]
    met.direction = -1  # type: ignore[attr-defined]
    found = solve_ivp(slope, (0, 10), np.r_[start / GAP, 0, 0, 0], method="DOP853", rtol=1e-11, atol=1e-13, events=met)
    return float(found.t_events[0][0]) * time_s, found.y_events[0][0][:3] * GAP


@pytest.mark.parametrize("pusher", ["rk4", "boris", "rotation"])
def test_capture_agrees_with_an_adaptive_integrator(cell: Measurement, pusher: str) -> None:
    flux = 25.0 / 0.59  # so strong that an ion turns 5 times on its way
    flights = flight(cell, ions=12, anions=False, flux_density_T=flux, pusher=pusher, steps_per_flight=3000, paths=0, pairing=5)
    for i in range(12):
        start = np.array([flights[f"start_{a}_m"][i] for a in "xyz"])
        time_s, place = reference(cell, start, flux)
        end = np.array([flights[f"end_{a}_m"][i] for a in "xyz"])
        assert flights["time_of_flight_s"][i] == pytest.approx(time_s, rel=1e-5)
        assert np.abs(end - place).max() < 2e-5 * GAP


def test_energy_is_conserved_in_vacuum(cell: Measurement) -> None:
    flights = flight(cell, ions=400, flux_density_T=20.0, steps_per_flight=2000, paths=0)
    assert np.median(np.abs(flights["energy_error"])) < 1e-8
    assert np.abs(flights["energy_error"]).max() < 1e-4
    assert np.abs(flights["momentum_error"]).max() < 1e-5
    assert set(np.unique(flights["surface"][flights["species"] == 0])) <= {1, 2}
    assert set(np.unique(flights["surface"][flights["species"] == 1])) == {3}


def test_ballistic_ions_avoid_the_protrusion_and_drifting_ones_prefer_it(cell: Measurement) -> None:
    """Share of ions that land on it: 0.025 in vacuum; 0.146 of the field lines end there, and of the drifting ions."""
    vacuum = flight(cell, ions=20_000, anions=False, paths=0)
    liquid = flight(cell, ions=1500, anions=False, paths=0, liquid=True, steps_per_flight=1000)
    assert np.mean(vacuum["surface"] == 1) == pytest.approx(0.0249, abs=4 * 0.0011)
    share = np.mean(liquid["surface"] == 1)
    assert share == pytest.approx(0.14, abs=4 * 0.009)
    assert np.mean(liquid["time_of_flight_s"]) == pytest.approx(1.53, abs=0.15)


def test_the_field_of_ten_millitesla_changes_nothing_in_the_liquid(cell: Measurement) -> None:
    """Paired draw by draw; the Hall parameter, 1.2e-10, bounds the shift of a landing point over the way it takes.

    That holds for cations, which are captured where they touch the protrusion; what it throws back is spread further.
    """
    on, off = (flight(cell, ions=300, anions=False, paths=0, liquid=True, flux_density_T=b, pairing=9) for b in (0.01, 0.0))
    assert np.array_equal(on["surface"], off["surface"])
    shift = np.hypot(on["end_x_m"] - off["end_x_m"], on["end_y_m"] - off["end_y_m"])
    assert shift.max() < 1.2e-10 * GAP


def test_threads_do_not_change_the_numbers(cell: Measurement) -> None:
    one, two = (
        flight(cell, ions=30_000, anions=False, paths=0, steps_per_flight=20, threads=n, emission="flux") for n in (1, 2)
    )
    assert np.array_equal(one["end_x_m"], two["end_x_m"])


def test_brownian_ions_in_an_even_field_arrive_as_the_inverse_gaussian() -> None:
    """First passage of a drift u with diffusion D over L, from a reflecting start: mean L/u - (D/u²)(1 - e^(-uL/D))."""
    even = even_cell(GAP, 0.1)
    flights = flight(even, ions=4000, anions=False, paths=0, liquid=True, steps_per_flight=1500, side="reflects")
    drift = 3e-10 * 1.602176634e-19 * 0.1 / (1.380649e-23 * 298.15 * GAP)
    mean = GAP / drift - 3e-10 / drift**2 * -math.expm1(-drift * GAP / 3e-10)
    found = flights["time_of_flight_s"]
    assert found.mean() == pytest.approx(mean, abs=4 * found.std() / math.sqrt(4000) + 0.01 * mean)


def test_too_few_steps_a_turn_are_refused(cell: Measurement) -> None:
    with pytest.raises(ConfigError, match="too few for rk4"):
        flight(cell, flux_density_T=5000.0, ions=10)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"boss_height_m": 60e-6}, "leaves no room"), ({"boss_base_m": 30e-6}, "does not fit"), ({"voltage_V": 0.0}, "voltage_V")],
)
def test_impossible_cells_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        field(**wrong)


@pytest.mark.parametrize(("above_cutoff", "landed"), [(1.02, 0.0), (0.98, 1.0)])
def test_hull_cutoff(above_cutoff: float, landed: float) -> None:
    """With B across E an ion from rest turns back after 2L/Lambda²: none reaches the other electrode for Lambda > sqrt 2."""
    wide = even_cell(GAP, 0.1, wide=4.0)
    ion = SPECIES["Li+"]
    flux = above_cutoff * math.sqrt(2) / (cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * scales(GAP, 0.1, ion)[0])
    flights = flight(
        wide, ions=300, anions=False, paths=0, flux_density_T=flux, tilt_rad=math.pi / 2, side="absorbs", pusher="rotation"
    )
    inner = np.hypot(flights["start_x_m"], flights["start_y_m"]) < GAP  # the others may drift out before they are across
    assert inner.sum() > 10
    assert np.mean(flights["surface"][inner] == 2) == landed


def test_a_stopped_flight_goes_on_from_its_checkpoint(cell: Measurement, tmp_path: Path) -> None:
    settings = {"ions": 60_000, "steps_per_flight": 20, "kept": 25_000, "paths": 3, "emission": "thermal"}
    whole = flight(cell, **settings)
    context = Context(tmp_path, cancelled=iter([False, True] + 50 * [False]).__next__)
    with pytest.raises(Cancelled):
        flight(cell, context=context, **settings)
    assert context.checkpoint.path.exists()
    again = flight(cell, context=context, **settings)
    for name in whole.data.data_vars:
        assert np.array_equal(whole[str(name)], again[str(name)], equal_nan=True), name


def test_the_checkpoint_of_another_flight_is_not_taken_up(cell: Measurement, tmp_path: Path) -> None:
    settings = {"ions": 60_000, "steps_per_flight": 20, "kept": 100, "paths": 0, "anions": False}
    context = Context(tmp_path, cancelled=iter([False, True] + 50 * [False]).__next__)
    with pytest.raises(Cancelled):
        flight(cell, context=context, **settings)
    other = flight(cell, context=context, pairing=1, **settings)
    assert np.array_equal(other["end_x_m"], flight(cell, pairing=1, **settings)["end_x_m"])


def test_the_tallies_count_every_ion_and_the_arrays_hold_the_first(cell: Measurement) -> None:
    few = flight(cell, ions=30_000, kept=1000, steps_per_flight=20, emission="flux", side="absorbs")
    all_of_them = flight(cell, ions=30_000, steps_per_flight=20, emission="flux", side="absorbs")
    assert len(few["species"]) == 2000
    for index in (0, 1):
        mine, own = few["species"] == index, all_of_them["species"] == index
        assert np.array_equal(few["end_x_m"][mine], all_of_them["end_x_m"][own][:1000])
        assert np.array_equal(few["ended"][index], np.bincount(all_of_them["surface"][own], minlength=5))
        flat = own & np.isin(all_of_them["surface"], (2, 3))
        radius = np.hypot(all_of_them["end_x_m"], all_of_them["end_y_m"])[flat]
        assert np.array_equal(few["ring_landed"][index], np.histogram(radius, few["ring_edge_m"])[0])
        assert few["time_landed"][index].sum() == few["ended"][index, 1:4].sum()


def test_the_overdamped_limit_lands_like_the_exact_step(cell: Measurement) -> None:
    exact, limit = (
        flight(cell, ions=3000, anions=False, paths=0, liquid=True, steps_per_flight=1000, pusher=p, pairing=n)
        for n, p in ((1, "rk4"), (2, "overdamped"))
    )
    share = [float(np.mean(f["surface"] == 1)) for f in (exact, limit)]
    assert share[0] == pytest.approx(share[1], abs=4 * math.sqrt(2 * 0.14 * 0.86 / 3000))
    times = [f["time_of_flight_s"] for f in (exact, limit)]
    assert times[0].mean() == pytest.approx(times[1].mean(), abs=4 * times[0].std() * math.sqrt(2 / 3000))


@pytest.mark.parametrize(
    ("emission", "expected"), [("thermal", math.sqrt(2 / math.pi)), ("flux", math.sqrt(math.pi / 2))], ids=["thermal", "flux"]
)
def test_ions_leave_with_the_speeds_of_their_emission(emission: str, expected: float) -> None:
    """Mean speed across the wall in sqrt(kT/m): sqrt(2/pi) of half a Maxwellian, sqrt(pi/2) of one weighted by the flux."""
    start = launch(7, 0, 100_000, 1.0, np.array([0.1, 0.1, 1.0, 0.1]), emission, 2.0)  # type: ignore[arg-type]
    assert -start[:, 5].mean() / 2.0 == pytest.approx(expected, rel=0.01)
    assert (start[:, 5] < 0).all()
    assert start[:, 3].std() / 2.0 == pytest.approx(1.0, rel=0.01)
    assert np.mean(start[:, 0] ** 2 + start[:, 1] ** 2) == pytest.approx(0.5, rel=0.01)


def test_thermal_ions_without_a_voltage_keep_their_speed() -> None:
    """With walls that are known apart from the potential, an ion that is not pulled arrives after L over its speed."""
    still = walled(0.0)
    flights = flight(still, ions=500, anions=False, paths=0, emission="flux", flux_density_T=0.0)
    speed = flights["path_length_m"] / flights["time_of_flight_s"]
    assert set(np.unique(flights["surface"])) == {2}
    np.testing.assert_allclose(flights["end_speed_m_s"], speed, rtol=1e-9)


def walled(voltage_V: float) -> Measurement:
    """An even cell whose walls are known apart from its potential."""
    whole = even_cell(GAP, 1.0)
    arrays = {str(n): whole[str(n)] for n in whole.data.data_vars}
    for prefix in ("", "patch_"):
        arrays[prefix + "wall"] = arrays[prefix + "potential_V"]
        arrays[prefix + "potential_V"] = voltage_V * arrays[prefix + "potential_V"]
    return Measurement.of(POTENTIAL_MAP, arrays, {**whole.meta, "voltage_V": voltage_V}, name="walled")


def test_walls_apart_from_the_potential_capture_alike() -> None:
    """Given the same potential, a cell with walls of its own and one whose walls are its zero give the same flights."""
    one, two = (
        flight(c, ions=200, paths=0, steps_per_flight=60, emission="thermal") for c in (even_cell(GAP, 0.1), walled(0.1))
    )
    for name in ("end_x_m", "time_of_flight_s", "surface"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"voltage_V": 0.0}, {}, "ions at rest stay"),
        ({"voltage_V": 0.0}, {"emission": "thermal"}, "where the electrodes are"),
        ({"voltage_V": -0.1}, {}, "count it upward"),
        ({}, {"pusher": "overdamped"}, "needs a liquid"),
        ({"gap_m": 1e-11}, {"pusher": "overdamped", "liquid": True}, "too short for the overdamped limit"),
        ({}, {"pusher": "boris", "flux_density_T": 5000.0}, "too few for boris"),
    ],
)
def test_impossible_flights_are_refused(change: dict[str, float], settings: dict[str, object], message: str) -> None:
    cell = even_cell(GAP, 0.1).with_meta(**change)
    with pytest.raises(ConfigError, match=message):
        flight(cell, ions=10, **settings)
