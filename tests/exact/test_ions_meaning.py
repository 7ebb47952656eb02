"""What flights mean: encounters do not know of the field, paired flights obey a bound, flights turn as the diagram says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from anodefree.analysis.ions.encounters import encounters, stay
from anodefree.analysis.ions.field_effect import field_effect
from anodefree.analysis.ions.phase_diagram import phase_diagram, transit, turns
from anodefree.errors import ConfigError, DataError
from anodefree.report.turnable import turnable_json
from anodefree.simulation.ions.flight import even_cell, flight

CELL = even_cell(50e-6, 0.1)


def test_the_fall_with_drag_is_solved_to_rounding() -> None:
    drag = np.logspace(-3, 7, 41)
    time = transit(drag)
    fallen = time / drag - -np.expm1(-drag * time) / drag**2
    assert np.abs(fallen[drag > 0.1] - 1).max() < 1e-9
    assert transit(np.array([1e-9]))[0] == pytest.approx(np.sqrt(2), rel=1e-8)
    assert transit(np.array([1e6]))[0] == pytest.approx(1e6, rel=1e-6)


@pytest.mark.parametrize("flux_T", [10.0, 40.0])
def test_flights_turn_as_often_as_the_phase_diagram_says(flux_T: float) -> None:
    flown = flight(CELL, ions=50, anions=False, paths=0, flux_density_T=flux_T, pusher="rotation", emission="thermal")
    told = phase_diagram()
    scale = told["magnetisation"] * flux_T / 0.01
    rest = flight(CELL, ions=1, anions=False, paths=0, flux_density_T=0.0)["time_of_flight_s"][0]
    whole = float(turns(np.array(scale), np.array(1e-9)))
    free = np.hypot(flown["start_x_m"], flown["start_y_m"]) < 0.4 * 50e-6  # the side is out of reach of their circles
    expected = whole * (flown["time_of_flight_s"] / rest)[free]
    assert np.abs(flown["turns"][free]) == pytest.approx(expected, abs=whole / 200)  # of the last step the turn is not counted


def test_no_field_gives_a_visible_helix_in_the_liquid() -> None:
    found = phase_diagram()
    assert found["flux_density_vacuum"] == pytest.approx(7.54, rel=0.01)
    assert found["flux_density_liquid"] > 1e8
    assert found["radius_liquid"] < 1e-12
    assert found["drag_excess"] > 1e6


def test_a_straight_step_through_a_sphere_is_timed_exactly() -> None:
    offset = np.array([[-2.0, 0.0, 0.0], [-2.0, 0.6, 0.0], [-2.0, 1.1, 0.0], [0.0, 0.0, 0.0]])
    part, entered = stay(offset, np.tile([4.0, 0.0, 0.0], (4, 1)), 1.0)
    assert part == pytest.approx([0.5, 0.4, 0.0, 0.25])
    assert list(entered) == [True, True, False, False]


def test_encounters_do_not_know_of_the_field() -> None:
    """At fields of no turn, and of five, ions meet as often as density and speed have it."""
    for flux_T in (0.0, 42.0):
        flown = flight(CELL, ions=250, paths=250, flux_density_T=flux_T, emission="thermal", pusher="rotation")
        found = encounters(flown, instants=200, cutoff_m=2e-6)
        g = found.estimates["g_encounter"]
        assert abs(g.value - 1) < 4 * g.std
        assert g.std < 0.2


def test_the_field_moves_landing_places_by_less_than_the_drift_bound() -> None:
    on, off = (flight(CELL, ions=300, paths=0, liquid=True, flux_density_T=b, pairing=4) for b in (0.01, 0.0))
    found = field_effect(on, off)
    assert found["shift_median"] <= found["bound"] < 1e-14
    assert found["changed_share"] == 0.0


def test_what_cannot_be_compared_is_refused() -> None:
    one, two = (flight(CELL, ions=20, paths=0, pairing=p) for p in (1, 2))
    with pytest.raises(DataError, match="other places"):
        field_effect(one, two)
    with pytest.raises(DataError, match="other ions"):
        field_effect(one, flight(CELL, ions=21, paths=0))
    with pytest.raises(DataError, match="no paths"):
        encounters(one)
    with pytest.raises(ConfigError, match="not small"):
        encounters(one, cutoff_m=1e-5)


def test_the_report_gets_the_paths_of_both_species_within_the_cell() -> None:
    told = json.loads(turnable_json(flight(CELL, ions=5, paths=5)))
    assert told["names"] == ["Li+", "TFSI-"]
    assert len(told["colours"]) == 2
    assert sorted(species for species, _ in told["lines"]) == [0] * 5 + [1] * 5
    heights = np.concatenate([line[2::3] for _, line in told["lines"]])
    gap_over_width = CELL.meta["gap_m"] / max(CELL.meta["gap_m"], 2 * CELL.meta["radius_m"])
    assert [heights.min(), heights.max()] == pytest.approx([-500 * gap_over_width, 500 * gap_over_width], abs=1)
    assert "illustration" in told["note"]
    assert turnable_json(flight(CELL, ions=5, paths=0)) == ""
    assert turnable_json(None) == ""
