"""Maps in space: closed forms of ellipsoids and ripples, flights against axisymmetric ones, and capture on a rough surface."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.ions.landing import landing
from anodefree.core.cell_view import cell_view
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.potential_map import POTENTIAL_MAP
from anodefree.kinds.topography import TOPOGRAPHY
from anodefree.numerics.axisymmetric_potential import Cell, hemispheroid, solve
from anodefree.numerics.ellipsoid_potential import EllipsoidCell, EllipsoidPotential, solve_ellipsoid
from anodefree.physics.hemispheroid import ellipsoid_tip_factor, tip_factor
from anodefree.simulation.ions.cell_tables import spline_tables
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.field_above import field_above
from anodefree.simulation.ions.field_ellipsoid import field_ellipsoid
from anodefree.simulation.ions.flight import even_cell, flight
from anodefree.simulation.surface.random import random

GAP = 50e-6


@pytest.mark.parametrize(
    ("base_x", "base_y", "height", "within"),
    [(0.03, 0.03, 0.03, 1e-4), (0.009, 0.009, 0.03, 1e-3), (0.03, 0.015, 0.03, 1e-4), (0.015, 0.03, 0.03, 1e-4)],
)
def test_the_tip_field_is_that_of_the_ellipsoid(base_x: float, base_y: float, height: float, within: float) -> None:
    """A small protrusion in a wide and high cell: its images in the walls add the cube of its size."""
    found = solve_ellipsoid(EllipsoidCell(base_x, base_y, height, 1.0), order=7, elements=6)
    assert found.tip == pytest.approx(ellipsoid_tip_factor(height, base_x, base_y), rel=within)


def test_the_closed_form_of_three_axes_contains_that_of_two() -> None:
    assert ellipsoid_tip_factor(3.0, 1.0, 1.0) == pytest.approx(tip_factor(3.0, 1.0), rel=1e-12)
    assert ellipsoid_tip_factor(1.0, 1.0, 1.0) == pytest.approx(3.0, rel=1e-12)


def test_the_error_falls_exponentially_with_the_order() -> None:
    """A hemisphere of a fifth of the gap; the reference is axisymmetric, of order 8."""
    reference = float(solve(Cell(hemispheroid(0.2, 0.2), 0.2, 0.2, 0.5, 1.0), 1.0, order=7, elements=12).wall[2][0])
    errors = [
        abs(solve_ellipsoid(EllipsoidCell(0.2, 0.2, 0.2, 0.5), order=p, elements=6).tip / reference - 1) for p in (2, 4, 6)
    ]
    assert errors[1] < 0.05 * errors[0]
    assert errors[2] < 0.05 * errors[1]
    assert errors[2] < 1e-7


def test_exchanging_the_bases_turns_the_field() -> None:
    one, two = (solve_ellipsoid(EllipsoidCell(*b, 0.2, 0.5), order=4, elements=5) for b in ((0.12, 0.06), (0.06, 0.12)))
    assert one.sweeps > 1
    axis = np.linspace(-0.5, 0.5, 11)
    assert one.on_grid(axis, axis, np.linspace(0.05, 0.95, 7)) == pytest.approx(
        two.on_grid(axis, axis, np.linspace(0.05, 0.95, 7)).transpose(0, 2, 1), abs=2e-5
    )


def test_any_point_is_found_in_its_element() -> None:
    """The map of the cell there and back, on rays that no plane holds."""
    from anodefree.numerics.box_sampling import interpolated

    found: EllipsoidPotential = solve_ellipsoid(EllipsoidCell(0.12, 0.06, 0.2, 0.5), order=4, elements=4)
    places = np.linspace(0.03, 0.97, 5), np.linspace(0.1, 1.4, 3), np.linspace(0.02, 0.95, 5)
    at, _ = found.field(*places)
    values = [
        interpolated(e, 4, p, len(line.nodes))[0] for e, p, line in zip(found.made.edges, places, found.made.lines, strict=True)
    ]
    exact = np.einsum("ai,bj,ck,ijk->abc", *values, found.values, optimize=True)
    for k in np.ndindex(exact.shape):
        x, y, z = (at[(n, *k)] for n in range(3))
        assert found.on_grid(np.array([-x, 0, x]), np.array([-y, 0, y]), np.array([z]))[0, 2, 2] == pytest.approx(
            exact[k], abs=1e-12
        )


@pytest.fixture(scope="module")
def hemisphere() -> Measurement:
    """In space, on a coarse grid."""
    return field_ellipsoid(boss_height_m=10e-6, base_x_m=10e-6, base_y_m=10e-6, order=5, elements=6, grid=40)


def test_its_spline_states_its_error(hemisphere: Measurement) -> None:
    assert hemisphere.meta["spline_error_near_rms"] < 1e-4
    assert hemisphere.meta["spline_error_near_max"] < 2e-3
    assert hemisphere.meta["spline_error_bulk_rms"] < 1e-4
    assert hemisphere.meta["mesh_change"] < 1e-4


@pytest.fixture(scope="module")
def round_map() -> Measurement:
    """The same about the axis."""
    return field(boss_base_m=10e-6, elements=10)


@pytest.mark.parametrize("flux_T", [0.0, 20.0])
def test_flights_in_space_are_the_axisymmetric_ones(hemisphere: Measurement, round_map: Measurement, flux_T: float) -> None:
    """Time of flight and landing place, ion by ion, within the stated error of the field; few graze the foot."""
    settings = {"ions": 600, "paths": 0, "flux_density_T": flux_T, "steps_per_flight": 300}
    one, two = flight(hemisphere, **settings), flight(round_map, **settings)
    same = one["surface"] == two["surface"]
    assert np.count_nonzero(~same) <= 2
    late = np.abs(one["time_of_flight_s"] / two["time_of_flight_s"] - 1)[same]
    apart = np.hypot(one["end_x_m"] - two["end_x_m"], one["end_y_m"] - two["end_y_m"])[same] / GAP
    error = float(hemisphere.meta["spline_error_near_rms"])
    assert np.median(late) < 0.1 * error
    assert np.median(apart) < 0.1 * error
    assert np.quantile(late, 0.98) < 10 * error
    assert np.quantile(apart, 0.98) < 10 * error
    assert np.abs(one["energy_error"]).max() < 1e-4


def test_brownian_flights_in_space_land_as_the_axisymmetric_ones(hemisphere: Measurement, round_map: Measurement) -> None:
    settings = {"ions": 300, "paths": 0, "liquid": True, "steps_per_flight": 2000, "anions": False}
    one, two = flight(hemisphere, **settings), flight(round_map, **settings)
    assert np.mean(one["surface"] == two["surface"]) > 0.97  # paired draw by draw
    assert one["time_of_flight_s"].mean() == pytest.approx(two["time_of_flight_s"].mean(), rel=1e-3)


@pytest.fixture(scope="module")
def surface() -> Measurement:
    return random(grid=48, side_m=24e-6, roughness_m=0.4e-6, seed=2)


@pytest.fixture(scope="module")
def rough(surface: Measurement) -> Measurement:
    return field_above(surface, gap_m=30e-6, elements=8, order=5)


def test_ions_are_captured_on_the_rough_surface_itself(surface: Measurement, rough: Measurement) -> None:
    """Where each lands, the height of the map's own spline."""
    from anodefree.numerics.height_map import HeightMap

    shape = HeightMap.of(surface)
    down = flight(rough, ions=400, anions=False, paths=0, steps_per_flight=400)
    assert (down["surface"] == 2).all()
    x, y = (down[f"end_{n}_m"] + 0.5 * side for n, side in zip("xy", shape.sides, strict=True))
    heights = np.array([shape.surface()(a[None], b[None])[0][0, 0] for a, b in zip(x, y, strict=True)])
    assert down["end_z_m"] == pytest.approx(heights - shape.height_m.min(), abs=4e-3 * 0.4e-6)
    assert np.abs(down["energy_error"]).max() < 1e-4


@pytest.mark.parametrize("liquid", [False, True])
def test_anions_leave_the_rough_surface_and_reach_the_other(rough: Measurement, liquid: bool) -> None:
    up = flight(rough, ions=100, paths=0, liquid=liquid, steps_per_flight=400)
    anion = up["species"] == 1
    assert (up["surface"][anion] == 3).all()
    assert up["start_z_m"][anion].std() > 0.2e-6
    assert (up["start_z_m"][anion] > 0).all()


def test_a_rough_electrode_is_drawn_as_it_is_and_has_no_flux_ratio(rough: Measurement) -> None:
    flown = flight(rough, ions=200, paths=2, steps_per_flight=100)
    outline = cell_view(flown, flown.meta).profile()
    down = np.flatnonzero((flown["species"] == 0) & (np.abs(flown["end_y_m"]) < 0.5e-6))
    below = np.interp(1e6 * flown["end_x_m"][down], outline[:, 0], outline[:, 2])
    assert 1e6 * flown["end_z_m"][down] == pytest.approx(below, abs=0.3), "the ions end on the line that is drawn"
    assert np.ptp(outline[:, 2]) > 0.5
    found = landing(flown, resamples=50)
    assert "flux_ratio" not in found.estimates
    assert {c.name: c.status for c in found.checks}["protrusion"] == "warn"
    assert "cv" in found.estimates


def test_what_lands_on_the_upper_electrode_only_is_told_without_the_lower() -> None:
    found = landing(flight(even_cell(GAP, 0.1), ions=40, paths=0, steps_per_flight=40), species="TFSI-", resamples=50)
    assert set(found.estimates) == {"time_of_flight", "time_of_flight_median", "tortuosity"}


def test_a_cone_is_drawn_as_a_cone() -> None:
    flat = even_cell(GAP, 0.1)
    arrays = {n: flat[n] for n in POTENTIAL_MAP.arrays if n in flat}
    cell = Measurement.of(POTENTIAL_MAP, arrays, {**flat.meta, "boss_shape": "cone"})
    flown = flight(cell, ions=4, paths=1, steps_per_flight=50)
    outline = cell_view(flown, flown.meta).profile()
    half = np.interp(0.5 * outline[:, 2].max(), outline[:2, 2], outline[:2, 0])
    assert half == pytest.approx(0.5 * outline[:, 0].max())


def test_a_flat_surface_is_an_even_field() -> None:
    flat = field_above(random(roughness_m=0.0, grid=8), elements=2, order=3)
    assert flat.meta["tip_factor"] == pytest.approx(1.0, abs=1e-9)
    assert flat.meta["spline_error_near_max"] < 1e-7


def test_the_order_and_the_smoothing_are_told_in_the_change_of_the_mesh(surface: Measurement) -> None:
    fine, smooth = (field_above(surface, elements=4, order=4, smoothing_m=s) for s in (0.0, 2e-6))
    assert smooth.meta["mesh_change"] < fine.meta["mesh_change"]
    assert smooth.meta["tip_current"] < fine.meta["tip_current"]


def test_impossible_maps_are_refused(surface: Measurement) -> None:
    with pytest.raises(ConfigError, match="widen the gap"):
        field_above(surface, gap_m=0.5e-6)
    with pytest.raises(ConfigError, match="too unequal"):
        field_ellipsoid(base_x_m=20e-6, base_y_m=2e-6)
    with pytest.raises(ConfigError, match="leaves no room"):
        field_ellipsoid(boss_height_m=60e-6)
    with pytest.raises(ConfigError, match="too large"):
        field_above(surface, elements=64, order=12)
    bent = {n: surface[n].copy() for n in ("x_m", "y_m", "height_m")}
    bent["x_m"][3] += 1e-7
    with pytest.raises(DataError, match="even, rising"):
        field_above(Measurement.of(TOPOGRAPHY, bent))
    bare = even_cell(GAP, 0.1)
    arrays = {n: bare[n] for n in ("r_m", "z_m", "patch_r_m", "patch_z_m", "potential_V")}
    with pytest.raises(DataError, match="no potential"):
        spline_tables(Measurement.of(POTENTIAL_MAP, arrays, bare.meta), "potential_V", 0.1)
