"""What flights mean: encounters do not know of the field, paired flights obey a bound, flights turn as the diagram says."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from anodefree.analysis.ions.encounters import encounters, stay
from anodefree.analysis.ions.field_effect import field_effect
from anodefree.analysis.ions.helices import helices
from anodefree.analysis.ions.helicity import helicity
from anodefree.analysis.ions.helix import helix
from anodefree.analysis.ions.helix_map import helix_map
from anodefree.analysis.ions.landing import landing
from anodefree.analysis.ions.pairing import pairing
from anodefree.analysis.ions.phase_diagram import phase_diagram, transit, turns
from anodefree.analysis.ions.regime import regime
from anodefree.analysis.ions.track import track
from anodefree.core.measurement import Measurement, join
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.flights import FLIGHTS
from anodefree.numerics.gauss_linking import linking
from anodefree.numerics.two_way_clusters import clustered_std, interval, pigeonhole
from anodefree.physics.body_forces import field_gradient_force, lorentz_force
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES, thermal_speed
from anodefree.report.turnable import turnable_json
from anodefree.simulation.ions.field import field
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


BOUND_PER_TESLA = {"Li+": 1.168e-8 * 50e-6, "TFSI-": 7.78e-9 * 50e-6}
"""βL of the default gap, for 1 T."""


@pytest.fixture(scope="module")
def boss() -> Measurement:
    """The default cell, with its protrusion."""
    return field()


def shifts(cell: Measurement, flux_T: float, steps: int = 1000) -> dict[str, np.ndarray]:
    """How far the field moves landing places, over βL, by species; paired draw by draw."""
    on, off = (flight(cell, ions=1000, paths=0, liquid=True, steps_per_flight=steps, flux_density_T=b) for b in (flux_T, 0.0))
    shift = np.sqrt(sum((on[f"end_{a}_m"] - off[f"end_{a}_m"]) ** 2 for a in "xyz"))
    return {n: shift[on["species"] == i] / (BOUND_PER_TESLA[n] * flux_T) for i, n in enumerate(BOUND_PER_TESLA)}


def test_what_exceeds_the_bound_is_no_rounding_but_the_mirror_of_the_protrusion(boss: Measurement) -> None:
    """Shifts beyond βL are proportional to B over four decades, and only of ions that the protrusion throws back.

    Rounding or another branch at capture would not grow with B. A convex wall spreads neighbours at each reflection, by
    (1 + d/R)/(1 - d/R) for an ion that went a depth d beyond a radius R.
    """
    weak, strong = shifts(boss, 0.01), shifts(boss, 100.0)
    beyond = np.flatnonzero(strong["TFSI-"] > 1)
    assert 0 < len(beyond) < 0.02 * 1000
    ratio = weak["TFSI-"][beyond] / strong["TFSI-"][beyond]
    assert np.median(np.abs(ratio - 1)) < 0.02
    assert ((ratio > 0.5) & (ratio < 2)).all()  # at 100 T one or the other is no longer a small shift
    assert weak["Li+"].max() < 1  # captured where they touch it
    assert max(s.max() for s in shifts(CELL, 0.01).values()) < 1  # no protrusion, no mirror


def test_the_share_beyond_the_bound_is_told(boss: Measurement) -> None:
    on, off = (flight(boss, ions=1000, paths=0, liquid=True, steps_per_flight=1000, flux_density_T=b) for b in (0.01, 0.0))
    found = field_effect(on, off)
    assert 0 < found["beyond_bound"] < 0.02
    assert found["shift_median"] < 0.1 * found["bound"]


def test_gauss_linking_of_closed_and_open_paths() -> None:
    """Two rings through each other give one; a double helix of eight turns 7.8; co-axial strands side by side nothing."""
    t = np.linspace(0, 2 * np.pi, 121)
    ring = np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    other = np.stack([1 + np.cos(t), 0 * t, np.sin(t)], axis=1)
    assert abs(linking(ring, other[None])[0]) == pytest.approx(1, abs=1e-9)
    assert linking(ring, other[None] + 5.0)[0] == pytest.approx(0, abs=1e-9)
    z = np.linspace(0, 8, 321)
    strand = np.stack([0.1 * np.cos(2 * np.pi * z), 0.1 * np.sin(2 * np.pi * z), z], axis=1)
    twin = np.stack([-strand[:, 0], -strand[:, 1], z], axis=1)
    assert linking(strand, twin[None])[0] == pytest.approx(7.8, abs=0.1)
    assert linking(strand, strand[None] + np.array([1.0, 0, 0]))[0] == pytest.approx(0, abs=0.05)


def test_gauss_linking_is_the_double_integral() -> None:
    rng = np.random.default_rng(3)
    one, two = (np.cumsum(rng.normal(size=(4, 3)), axis=0) for _ in range(2))
    fine = [np.concatenate([a + (b - a) * (np.arange(600)[:, None] + 0.5) / 600 for a, b in pairwise(p)]) for p in (one, two)]
    sides = [np.repeat(np.diff(p, axis=0) / 600, 600, axis=0) for p in (one, two)]
    apart = fine[0][:, None] - fine[1][None]
    triple = (apart * np.cross(sides[0][:, None], sides[1][None])).sum(axis=2)
    integral = float((triple / np.linalg.norm(apart, axis=2) ** 3).sum() / (4 * np.pi))
    assert linking(one, two[None])[0] == pytest.approx(integral, rel=1e-3)


def test_the_bootstrap_of_both_ions_agrees_with_the_clustered_deviation() -> None:
    """Where ions matter more than pairs both give the same; the deviation that takes pairs for independent is far too small."""
    rng = np.random.default_rng(5)
    one, two = rng.normal(size=(60, 1)), rng.normal(size=(1, 50))
    table = 3 + one + two + 0.5 * rng.normal(size=(60, 50))
    clustered = clustered_std(table - table.mean()) / table.size
    drawn = pigeonhole((table,), 4000, rng)[0] / table.size
    assert drawn.std(ddof=1) == pytest.approx(clustered, rel=0.06)
    assert clustered == pytest.approx(np.sqrt(1 / 60 + 1 / 50), rel=0.25)
    assert clustered > 4 * table.std() / np.sqrt(table.size)
    low, high = interval(drawn)
    assert high - low == pytest.approx(2 * 1.96 * clustered, rel=0.1)


def test_encounters_come_with_intervals_about_their_value() -> None:
    flown = flight(CELL, ions=200, paths=200, flux_density_T=0.0, emission="thermal")
    found = encounters(flown, instants=60, cutoff_m=2e-6)
    for name in ("encounters_per_cation", "g_encounter", "residence_time"):
        e = found.estimates[name]
        assert e.low is not None
        assert e.high is not None
        assert e.low < e.value < e.high
        assert 0.6 < (e.high - e.low) / (4 * e.std) < 2.0


def test_helices_of_a_flight_have_the_radius_pitch_and_hand_of_theory() -> None:
    flux = 42.0
    flown = flight(CELL, ions=200, paths=20, flux_density_T=flux, pusher="rotation", emission="thermal", steps_per_flight=400)
    found = helices(flown)
    rate = cyclotron_frequency(SPECIES["Li+"].charge_C, SPECIES["Li+"].mass_kg, flux)
    time_s = flown["time_of_flight_s"][flown["species"] == 0][:20].mean()
    assert found["turns_Li+"] == pytest.approx(rate * time_s / (2 * np.pi), rel=0.03)
    assert found["radius_Li+"] == pytest.approx(
        np.sqrt(np.pi / 2) * thermal_speed(SPECIES["Li+"].mass_kg, 298.15, 1) / rate, rel=0.3
    )
    assert found["handedness_Li+"] == 1.0
    assert found["handedness_TFSI-"] == 1.0  # they turn the other way in time, and go the other way
    read = helix(track(flown, path=3))
    assert abs(read["cyclotron_frequency"]) == pytest.approx(rate, rel=1e-3)
    assert pairing(flown)["linking_size"] < 1
    none = helices(flight(CELL, ions=50, paths=10, emission="thermal"))
    assert none["share_Li+"] == 0.0
    assert none.checks[0].status == "warn"


def test_the_double_helix_of_a_counter_moving_pair_is_linked_and_right_handed() -> None:
    """Opposite charges that go opposite ways about one axis wind as the two strands of one screw."""
    t = np.linspace(0, 1, 200)
    down = np.stack([np.cos(16 * np.pi * t), np.sin(16 * np.pi * t), 40 * (1 - t)], axis=1)
    down[:, 1] *= -1  # a positive charge turns clockwise seen against B: with the way down a right-handed screw
    up = np.stack([-np.cos(16 * np.pi * t), -np.sin(16 * np.pi * t), 40 * t], axis=1)
    assert linking(down, up[::-1][None])[0] == pytest.approx(7.8, abs=0.2)


def test_a_uniform_flat_is_not_called_uneven() -> None:
    flown = flight(CELL, ions=4000, paths=0, anions=False, flux_density_T=0.0)
    found = landing(flown, rings=20, resamples=60)
    assert found["cv"] == pytest.approx(found["cv_chance"], abs=4 * found.estimates["cv_chance"].std)
    assert found["cv_chance"] == pytest.approx(np.sqrt(20 / 4000), rel=0.05)
    assert found["gini"] == pytest.approx(found["gini_chance"], abs=4 * found.estimates["gini_chance"].std)
    assert any("no unevenness" in c.message for c in found.checks)
    far = flown["end_x_m"] ** 2 + flown["end_y_m"] ** 2 > (25e-6) ** 2
    place = {n: np.where(far, 0.9, 1.0) * flown[n] for n in ("end_x_m", "end_y_m")}
    arrays = {str(n): flown[str(n)] for n in flown.data.data_vars} | place
    uneven = landing(Measurement.of(FLIGHTS, arrays, flown.meta), rings=20, resamples=60)
    assert any("uneven indeed" in c.message for c in uneven.checks)


def test_hulls_cutoff_is_the_root_of_two_in_magnetisation() -> None:
    found = regime(flux_density_T=3.0, voltage_V=0.1, gap_m=50e-6)
    assert found["magnetisation"] / np.sqrt(2) == pytest.approx(3.0 / found["hull_flux_density"], rel=1e-12)
    assert {c.name: c.status for c in found.checks}["hull"] == "warn"
    assert {c.name: c.status for c in regime().checks}["hull"] == "pass"


def test_forces_on_the_liquid_are_of_the_known_size() -> None:
    """1 mA/cm2 in 10 mT: 0.1 N/m3; 10 mT over 1 um, 1.3e-6: 103 N/m3; Pe of the Lorentz force 5e-3 at 50 um, 40 at 1 mm."""
    assert lorentz_force(10.0, 0.01) == pytest.approx(0.1)
    assert field_gradient_force(1.3e-6, 0.01, 1e-6) == pytest.approx(103, rel=0.01)
    assert regime()["lorentz_peclet"] == pytest.approx(5.2e-3, rel=0.01)
    large = regime(gap_m=1e-3)
    assert large["lorentz_peclet"] == pytest.approx(42, rel=0.02)
    assert {c.name: c.status for c in large.checks}["flow"] == "warn"


def test_flights_stand_where_the_diagram_has_them() -> None:
    """Flights of 42 T without a liquid show a helix, those of 10 mT and those in the liquid none; so the diagram says."""
    made = [
        helicity(flight(CELL, ions=12, paths=12, anions=False, emission="thermal", steps_per_flight=400, **s))
        for s in (
            {"flux_density_T": 42.0, "pusher": "rotation"},
            {"flux_density_T": 0.01},
            {"flux_density_T": 42.0, "liquid": True},
        )
    ]
    assert made[0]["share"][0] > 0.5
    assert made[1]["share"][0] == made[2]["share"][0] == 0.0
    assert made[2]["drag"][0] == pytest.approx(phase_diagram(diffusivity_m2_s=3e-10)["drag"], rel=1e-9)
    found = helix_map(join(made))
    assert found["agreement"] == 1.0
    assert found["flights"] == 3
    assert {c.name: c.status for c in found.checks}["liquid"] == "warn"
