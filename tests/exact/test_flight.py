"""Flights through the cell: against an adaptive integrator of order 8, conserved quantities, and the known Brownian limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.flight import _tables as spline_tables
from anodefree.simulation.ions.flight import even_cell, flight, scales

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
    tables = tuple(spline_tables(cell))
    reach = cell.meta["patch_reach_r_m"] / GAP, cell.meta["patch_reach_z_m"] / GAP
    omega = cyclotron_frequency(ion.charge_C, ion.mass_kg, flux_T) * time_s

    def slope(_: float, s: np.ndarray) -> np.ndarray:
        _, gx, gy, gz = potential(tables, *reach, *s[:3])
        return np.array([s[3], s[4], s[5], -gx + omega * s[4], -gy - omega * s[3], -gz])

    def met(_: float, s: np.ndarray) -> float:
        return float(potential(tables, *reach, *s[:3])[0])

    met.terminal = True  # type: ignore[attr-defined]
    met.direction = -1  # type: ignore[attr-defined]
    found = solve_ivp(slope, (0, 10), np.r_[start / GAP, 0, 0, 0], method="DOP853", rtol=1e-11, atol=1e-13, events=met)
    return float(found.t_events[0][0]) * time_s, found.y_events[0][0][:3] * GAP


@pytest.mark.parametrize("pusher", ["rk4", "rotation"])
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
    assert np.median(np.abs(flights["energy_error"])) < 1e-7
    assert np.abs(flights["energy_error"]).max() < 2e-3
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
    """Paired draw by draw; the Hall parameter, 1.2e-10, bounds the shift of a landing point over the way it takes."""
    on, off = (flight(cell, ions=300, anions=False, paths=0, liquid=True, flux_density_T=b, pairing=9) for b in (0.01, 0.0))
    assert np.array_equal(on["surface"], off["surface"])
    shift = np.hypot(on["end_x_m"] - off["end_x_m"], on["end_y_m"] - off["end_y_m"])
    assert shift.max() < 1e-7 * GAP


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
    with pytest.raises(ConfigError, match="too few for Runge-Kutta"):
        flight(cell, flux_density_T=5000.0, ions=10)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"boss_height_m": 60e-6}, "leaves no room"), ({"boss_base_m": 30e-6}, "does not fit"), ({"voltage_V": 0.0}, "voltage_V")],
)
def test_impossible_cells_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        field(**wrong)
