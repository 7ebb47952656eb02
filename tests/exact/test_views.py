"""Views: what is to scale is to scale, what is not says so; surfaces, sections and maps against closed forms."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import anodefree as af
from anodefree.analysis.deposit.caps import caps
from anodefree.analysis.deposit.view import view
from anodefree.analysis.ions.landing import landing
from anodefree.analysis.ions.rotation import demo as turning
from anodefree.analysis.ions.rotation import rotation, view_of
from anodefree.analysis.ions.section import hemisphere_cell, section
from anodefree.analysis.ions.section_in_map import section_in_map
from anodefree.core.figure import panels, plotted, render, split
from anodefree.core.measurement import Measurement
from anodefree.core.perspective import Camera
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.fields import FIELDS
from anodefree.kinds.flux_map import FLUX_MAP
from anodefree.numerics.isosurface import isosurface, thinned
from anodefree.report.turnable import turnable_json
from anodefree.simulation.ions.flight import even_cell, flight

SPHERE_UM, STEP_UM = 4.0, 0.5


@pytest.fixture(scope="module")
def space() -> Measurement:
    """One hemisphere of up to 4 um in the middle of 12 x 12 um."""
    radii = np.linspace(0, SPHERE_UM, 6) * 1e-6
    return caps(np.array([[6e-6, 6e-6]]), radii, (12, 24, 24), STEP_UM * 1e-6)


@pytest.fixture(scope="module")
def stripes() -> Measurement:
    """A flux map of one wave on several planes, Bx and Bz, that repeats."""
    k, x, z = 2 * math.pi / 10e-6, np.arange(96) * 60e-6 / 96, np.geomspace(1e-6, 60e-6, 30)
    fall = 5e-3 * np.exp(-k * (z - z[0]))[:, None, None]
    shape = (len(z), len(x), len(x))
    arrays = {
        "x_m": x,
        "y_m": x,
        "z_m": z,
        "Bx_T": np.broadcast_to(fall * np.sin(k * x), shape),
        "By_T": np.zeros(shape),
        "Bz_T": np.broadcast_to(fall * np.cos(k * x), shape),
    }
    return Measurement.of(FLUX_MAP, arrays, {"periodic": True}, name="stripes")


# ---- perspective and surfaces ------------------------------------------------------------------------------------------------


def test_a_camera_sees_the_near_larger_and_the_middle_where_it_is() -> None:
    camera = Camera((1.0, 2.0, 3.0), 1.0, turn=0.0, tilt=0.0, distance=4.0)
    assert camera.seen(np.array([1.0, 2.0, 3.0])) == pytest.approx([0, 0, 0])
    near, far = camera.seen(np.array([[1.5, 1.0, 3.0], [1.5, 3.0, 3.0]]))
    assert (near[0], far[0]) == pytest.approx((0.5 * 4 / 3, 0.5 * 4 / 5))
    above = Camera((0.0, 0.0, 0.0), 1.0, turn=0.0, tilt=math.pi / 2, distance=1e9).seen(np.array([0.2, 0.3, 5.0]))
    assert above[:2] == pytest.approx([0.2, 0.3]), "from straight above one sees x and y"


def test_the_surface_of_a_hemisphere_has_its_area_and_its_radius(space: Measurement) -> None:
    points, triangles = isosurface(space["lithium"][-1], (STEP_UM,) * 3)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()
    assert area == pytest.approx(2 * math.pi * SPHERE_UM**2, rel=0.01)
    assert np.abs(np.linalg.norm(points - [6, 6, 0], axis=1) - SPHERE_UM).max() < 0.1 * STEP_UM
    edges = np.sort(np.concatenate([triangles[:, p] for p in ([0, 1], [1, 2], [2, 0])]), axis=1)
    single = np.unique(edges, axis=0)[np.unique(edges, axis=0, return_counts=True)[1] == 1]
    assert np.abs(points[single.ravel(), 2]).max() < 1e-6, "it is closed but where it stands on the collector"


def test_a_surface_never_has_too_many_triangles(space: Measurement) -> None:
    points, triangles = isosurface(space["lithium"][-1], (STEP_UM,) * 3, most=300)
    assert 20 < len(triangles) <= 300
    assert np.linalg.norm(points - [6, 6, 0], axis=1).max() < SPHERE_UM + STEP_UM
    assert isosurface(np.zeros((4, 4, 4)), (1.0, 1.0, 1.0))[1].shape == (0, 3)
    full = isosurface(np.ones((4, 4, 4)), (1.0, 1.0, 1.0))[0]
    assert (full.min(), full.max()) == (0.0, 4.0)
    assert thinned(np.arange(5.0), (2,)).tolist() == [0.5, 2.5, 4.0]


def test_panels_share_a_place_and_export_together() -> None:
    figure = Figure()
    one, two = split(figure.add_subplot(), 1, 2)
    one.plot([0, 1], [1, 2], label="a")
    two.plot([0, 1, 2], [3, 4, 5], label="b")
    assert panels(one) == [one, two]
    assert [len(v) for v in plotted(one).values()] == [2, 2, 3, 3]
    two.set_axis_off()
    assert len(plotted(one)) == 2


# ---- deposits ----------------------------------------------------------------------------------------------------------------


def test_a_hemisphere_is_seen_as_what_it_is(space: Measurement) -> None:
    seen = view(space)
    area = 12.0**2
    assert seen["layer"] == pytest.approx(2 / 3 * math.pi * SPHERE_UM**3 / area * 1e-6, rel=0.01)
    assert seen["covered"] == pytest.approx(math.pi * SPHERE_UM**2 / area, rel=0.05), "cells are counted whole"
    assert seen["tip_height"] == pytest.approx(SPHERE_UM * 1e-6, abs=STEP_UM * 1e-6)
    assert seen["current_density"] == 5.0
    assert seen["time"] * 5.0 == pytest.approx(seen["capacity"])
    assert {c.name: c.status for c in seen.checks} == {"metal": "pass", "fractions": "pass", "patch": "warn"}
    assert render(lambda ax: seen.draw(seen, ax), "svg").count(b"<image") >= 3  # type: ignore[misc]


def test_a_moment_and_a_place_can_be_chosen(space: Measurement) -> None:
    times = space["frame_time_s"]
    early = view(space, at_s=float(times[2]), section_y_m=1e-6, most_frames=3)
    assert early["time"] == times[2]
    assert times[2] in early.curves["frame_time_s"].values
    assert early.curves["section_lithium"].values.max() == 0, "the cut misses the hemisphere"
    assert early["tip_height"] == pytest.approx(1.6e-6, abs=STEP_UM * 1e-6)
    with pytest.raises(ConfigError, match="outside of"):
        view(space, at_s=2 * float(times[-1]))
    with pytest.raises(ConfigError, match="section_y_m"):
        view(space, section_y_m=1.0)
    arrays = {n: space[n] for n in FIELDS.arrays if n in space} | {"x_m": space["x_m"] ** 1.1}
    with pytest.raises(DataError, match="even"):
        view(Measurement.of(FIELDS, arrays))
    with pytest.raises(DataError, match="no section"):
        view(caps(np.array([[0.0, 0.0]]), np.array([0.0, 1e-6]), (8, 1, 1), 0.5e-6))


def test_a_frame_that_disagrees_with_the_history_is_doubted(space: Measurement) -> None:
    arrays = {n: space[n] for n in FIELDS.arrays if n in space} | {"deposited_m": 1.1 * space["deposited_m"]}
    assert "metal" in [c.name for c in view(Measurement.of(FIELDS, arrays)).checks if c.status == "warn"]


def test_metal_alone_and_lost_metal_are_drawn() -> None:
    whole = caps(np.array([[3e-6, 0.0]]), np.linspace(0, 2e-6, 3), (30, 1, 20), 0.5e-6)
    arrays = {n: whole[n] for n in FIELDS.arrays if n in whole and n not in ("concentration_mol_m3", "potential_V")}
    arrays |= {"isolated": arrays["lithium"] * (np.arange(20) > 8)}
    alone = view(Measurement.of(FIELDS, arrays))
    assert "section_potential_V" not in alone.curves
    assert b"<image" in render(lambda ax: alone.draw(alone, ax), "svg")  # type: ignore[misc]


def test_the_report_turns_the_deposit(space: Measurement) -> None:
    for output in (space, view(space)):
        scene = json.loads(turnable_json(output))
        points = np.array(scene["mesh"]["points"]).reshape(-1, 3)
        triangles = np.array(scene["mesh"]["triangles"]).reshape(-1, 3)
        assert 0 < len(triangles) <= 12_000
        assert triangles.max() < len(points)
        assert np.linalg.norm(points - np.array([0, 0, -250]), axis=1).max() == pytest.approx(1000 * SPHERE_UM / 12, abs=5)
        assert len(scene["frame"]) == 6
        assert scene["note"] == "12 × 12 × 6 µm³"
    flat = caps(np.array([[3e-6, 0.0]]), np.linspace(0, 2e-6, 3), (8, 1, 20), 0.5e-6)
    assert turnable_json(flat) == turnable_json(view(flat)) == ""


# ---- paths ---------------------------------------------------------------------------------------------------------------


def said_in(figure: Figure) -> str:
    return "\n".join(str(t.get_text()) for t in figure.findobj(Text))


def test_an_exaggerated_turn_keeps_heights_and_radii_and_says_so_in_every_picture() -> None:
    flights = turning(np.random.default_rng(3)).inputs[0]
    true, shown = view_of(rotation(flights)), view_of(rotation(flights, exaggeration=3.0))
    for one, other in zip(true.paths, shown.paths, strict=True):
        at = other.time_s
        r, z = np.hypot(*other.place_um[:, :2].T), other.place_um[:, 2]
        assert r == pytest.approx(np.full_like(r, np.hypot(*one.place_um[0, :2])), rel=1e-3)
        assert z == pytest.approx(one.at(at)[:, 2])
        turns = [np.ptp(np.unwrap(np.arctan2(p.place_um[:, 1], p.place_um[:, 0]))) for p in (one, other)]
        assert turns[1] == pytest.approx(3 * turns[0], rel=1e-3)
    told = af.get("ions.rotation")(flights, exaggeration=3.0)
    figure = Figure()
    told.plot(figure.add_subplot())
    assert "illustration: turning about the axis × 3" in said_in(figure)
    moving = Figure()
    turn = told.film(told).begin(moving)
    for moment in (0, 80, 159):
        turn(moment)
        assert "illustration: turning about the axis × 3" in said_in(moving)
    assert "illustration: turning about the axis × 3" in json.loads(turnable_json(told))["note"]
    assert "× 3" not in json.loads(turnable_json(af.get("ions.rotation")(flights)))["note"]
    assert [c.status for c in told.checks if c.name == "to scale"] == ["warn"]


def test_what_cannot_turn_is_not_exaggerated() -> None:
    cell = even_cell(50e-6, 0.1)
    liquid = flight(cell, ions=5, paths=2, liquid=True)
    with pytest.raises(ConfigError, match="random walk"):
        rotation(liquid, exaggeration=10.0)
    with pytest.raises(DataError, match="only 2 Li"):
        rotation(flight(cell, ions=2))
    pathless = rotation(flight(cell, ions=5, paths=0))
    assert "paths" in [c.name for c in pathless.checks if c.status == "warn"]
    with pytest.raises(ConfigError, match="at least one frame"):
        af.get("ions.flight").animate(flight(cell, ions=5, paths=0), "never.gif")


def test_vacuum_is_an_illustration_and_the_liquid_is_not() -> None:
    cell = even_cell(50e-6, 0.1)
    for liquid in (False, True):
        figure = Figure()
        af.get("ions.flight").draw(flight(cell, ions=3, paths=3, liquid=liquid), figure.add_subplot())
        assert ("illustration" in said_in(figure)) is not liquid


# ---- sections and maps -----------------------------------------------------------------------------------------------------


def test_a_hemisphere_gathers_the_lines_of_three_times_its_area() -> None:
    size, gap = 0.1, 50e-6
    seen = section(hemisphere_cell(size, gap, 0.1), conductivity_S_m="1 ± 0 S/m")
    assert seen["boss_share"] == pytest.approx(3 * size**2, rel=3e-3)
    assert seen["capture_radius"] == pytest.approx(math.sqrt(3) * size * gap, rel=2e-3)
    assert seen["tip_factor"] == pytest.approx(3.0, rel=1e-3)
    assert seen["boss_current"] == pytest.approx(3 * math.pi * (size * gap) ** 2 * 0.1 / gap, rel=1e-3)
    flux = seen.curves["flux_function"].values
    assert flux[-1, 0] == pytest.approx(1.0)
    assert (np.diff(flux[-1]) < 0).all(), "from the axis to the side it only falls"
    assert np.isnan(flux[1, 0]), "in the metal there is none"


def test_an_even_field_has_straight_lines() -> None:
    seen = section(even_cell(50e-6, 0.1))
    flux = seen.curves["flux_function"].values
    assert np.nanmax(np.abs(flux[2:] - flux[-1])) < 1e-7
    assert seen["boss_share"] < 1e-6


def test_a_map_that_repeats_and_one_that_covers_say_the_same(stripes: Measurement) -> None:
    cell = hemisphere_cell(0.1, 40e-6, 0.1, 0.5, steps=40)
    arrays = {str(n): stripes[str(n)] for n in stripes.data.data_vars}
    covering = Measurement.of(FLUX_MAP, arrays, {"periodic": False}, name="covering")
    one, two = (section_in_map(cell, flux) for flux in (stripes, covering))
    k = 2 * math.pi / 10e-6
    assert one["B_tip"] == pytest.approx(5e-3 * math.exp(-k * 4e-6), rel=1e-3)
    assert two["B_rms"] == pytest.approx(one["B_rms"], rel=0.03)
    assert 0.5 < one["crossing"] < 0.9, "stripes have B at every angle to E"
    with pytest.raises(ConfigError, match="begins"):
        section_in_map(cell, stripes, stand_off_m=0.5e-6)
    with pytest.raises(ConfigError, match="spans"):
        section_in_map(cell, covering, axis_x_m=0.0)
    low = {n: v if n[:1] in "xy" else v[:3] for n, v in arrays.items()}
    with pytest.raises(ConfigError, match="does not repeat"):
        section_in_map(cell, Measurement.of(FLUX_MAP, low, {"periodic": False}))
    none = Measurement.of(FLUX_MAP, arrays | {"Bz_T": 0 * arrays["Bz_T"]}, {"periodic": True})
    empty = section_in_map(cell, none)
    assert empty["B_rms"] == 0
    assert "no field at all" in empty.checks[0].message
    assert render(lambda ax: af.get("ions.section_in_map").draw(empty, ax), "svg")  # type: ignore[misc]


def test_a_landing_map_counts_every_ion() -> None:
    flights = flight(even_cell(50e-6, 0.1), ions=500, paths=0)
    seen = landing(flights, resamples=50)
    assert seen.curves["landed"].values.sum() == 500
    assert seen.curves["landed_on"].values.tolist() == [0, 500, 0]
    figure = Figure()
    af.get("ions.landing").draw(seen, figure.add_subplot())
    assert "Li+: 0 on the protrusion (ring), 500 on the flat" in said_in(figure)
