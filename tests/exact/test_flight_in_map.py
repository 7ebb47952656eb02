"""Flights in a mapped field: the spline against closed forms, uniform maps against uniform fields, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.flux_map import FLUX_MAP
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.magnetised_film import stripes_T
from anodefree.physics.transport import SPECIES
from anodefree.simulation.ions.flight import even_cell, flight
from anodefree.simulation.ions.flight_in_map import flight_in_map
from anodefree.simulation.ions.flux_in_cell import flux_table
from anodefree.simulation.ions.flying import scales
from anodefree.simulation.magnet.scan import scan_stage
from anodefree.simulation.magnet.solid import solid

GAP = 20e-6


def uniform_map(field_T: tuple[float, float, float], periodic: bool) -> Measurement:
    place = np.linspace(-2, 2, 12) * GAP
    arrays = {"x_m": place, "y_m": place, "z_m": np.array([1e-6, 5e-6, 2 * GAP])}
    arrays |= {f"B{n}_T": np.full((3, 12, 12), b) for n, b in zip("xyz", field_T, strict=True)}
    return Measurement.of(FLUX_MAP, arrays, {"periodic": periodic}, name="uniform")


def at(flux: Measurement, places_m: np.ndarray, stand_off_m: float, gap_m: float = GAP, radius_m: float = GAP) -> np.ndarray:
    """The table's field at places (n, 3) in the cell, whose axis meets the map at its origin."""
    from anodefree.numerics.compiled.flux_table import flux_density

    table, _ = flux_table(flux, gap_m, radius_m, stand_off_m, (0.0, 0.0))
    return np.array([flux_density(*table, *(p / gap_m)) for p in places_m])


@pytest.mark.parametrize("only_across", [True, False])
def test_stripes_are_met_at_every_height(only_across: bool) -> None:
    """One plane of the exact field, continued and splined; Bx follows from Bz where it lacks."""
    width, thickness = 2e-6, 1e-6
    place = np.arange(128) * 4 * width / 128
    bx, bz = (np.tile(b, (1, 128, 1)) for b in stripes_T(place, 1e-6, width, thickness, 0.3))
    arrays = {"x_m": place, "y_m": place, "z_m": np.array([1e-6]), "Bz_T": bz}
    if not only_across:
        arrays |= {"Bx_T": bx, "By_T": 0 * bx}
    flux = Measurement.of(FLUX_MAP, arrays, {"periodic": True}, name="stripes")
    rng = np.random.default_rng(0)
    places = np.c_[rng.uniform(-GAP, GAP, (200, 2)), rng.uniform(0, 0.5 * GAP, 200)]
    for at_m, field in zip(places, at(flux, places, 1e-6), strict=True):
        bx, bz = stripes_T(np.array([at_m[0]]), 1e-6 + at_m[2], width, thickness, 0.3)
        assert field == pytest.approx([bx[0], 0.0, bz[0]], abs=1e-5 * 0.3)


def test_a_solid_is_met_between_its_planes() -> None:
    """Disc magnetised across: the spline through 12 planes against a map computed where it is asked for."""
    shape = {"radius_m": 1e-3, "thickness_m": 2e-6, "tilt_rad": math.pi / 2, "polarisation_T": 0.3, "centre_x_m": 0.98e-3}
    flux = solid(**shape, heights_m=tuple(np.geomspace(5e-6, 4e-5, 12)), span_m=8e-5, grid=65)
    here = solid(**shape, heights_m=(1.13e-5,), span_m=2e-5, grid=5)
    places = np.array([[x - 0.98e-3, y, 1.13e-5 - 5e-6] for y in here["y_m"] for x in here["x_m"]])
    from anodefree.numerics.compiled.flux_table import flux_density

    table, _ = flux_table(flux, GAP, GAP, 5e-6, (0.98e-3, 0.0))
    found = np.array([flux_density(*table, *(p / GAP)) for p in places])
    exact = np.stack([here[n][0].ravel() for n in ("Bx_T", "By_T", "Bz_T")], axis=1)
    assert np.abs(found - exact).max() < 2e-3 * np.abs(exact).max()


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("pusher", ["rk4", "boris", "rotation"])
def test_a_uniform_map_is_a_uniform_field(pusher: str, periodic: bool) -> None:
    cell, ion = even_cell(GAP, 0.1), SPECIES["Li+"]
    flux_T = 12.0 / (cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * scales(GAP, 0.1, ion)[0])
    settings = {"ions": 60, "emission": "thermal", "steps_per_flight": 2000, "pusher": pusher, "paths": 0}
    tilt = 0.4
    mapped = flight_in_map(cell, uniform_map((flux_T * math.sin(tilt), 0.0, flux_T * math.cos(tilt)), periodic), **settings)
    even = flight(cell, flux_density_T=flux_T, tilt_rad=tilt, **settings)
    shift = np.hypot(mapped["end_x_m"] - even["end_x_m"], mapped["end_y_m"] - even["end_y_m"]) / GAP
    assert np.quantile(shift, 0.95) < 1e-4
    assert shift.max() < 1e-2  # an ion that grazes the side
    late = np.abs(mapped["time_of_flight_s"] / even["time_of_flight_s"] - 1)
    assert np.quantile(late, 0.95) < 1e-4
    assert late.max() < 1e-2
    assert mapped.meta["flux_density_T"] == pytest.approx(flux_T)


def test_pushers_agree_in_an_uneven_field() -> None:
    """Landing places by Runge-Kutta, Boris and the exact rotation converge on each other, at second order of the last two."""
    flux = scan_stage(tilt_rad=math.pi / 2, heights_m=(1e-6,), domain_width_m=8e-6, thickness_m=2e-6, grid=128)
    strong = Measurement.of(FLUX_MAP, {n: flux[n] * (1.0 if n.endswith("_m") else 300.0) for n in FLUX_MAP.arrays}, flux.meta)
    cell = even_cell(GAP, 0.1)

    def landed(pusher: str, steps: int) -> np.ndarray:
        found = flight_in_map(cell, strong, ions=80, anions=False, paths=0, pusher=pusher, steps_per_flight=steps)
        return np.c_[found["end_x_m"], found["end_y_m"]] / GAP

    reference = landed("rk4", 6000)
    assert np.abs(landed("rk4", 3000) - reference).max() < 1e-5
    for pusher in ("boris", "rotation"):
        errors = [np.abs(landed(pusher, n) - reference).max() for n in (1500, 3000)]
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2)


@pytest.mark.parametrize("relaxations", [0.02, 0.4])
def test_langevin_in_a_uniform_map_is_langevin_in_a_uniform_field(relaxations: float) -> None:
    """The same draws: each ion lands where it does in the uniform field, at a Hall parameter of 1 and a tilt."""
    cell, ion = even_cell(GAP, 0.1), SPECIES["Li+"]
    time_s, _ = scales(GAP, 0.1, ion)
    drag = 8.0
    diffusivity = 1.380649e-23 * 298.15 / ion.mass_kg * time_s / drag
    flux_T, tilt = drag / (cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * time_s), 0.5
    settings = {"ions": 60, "anions": False, "paths": 0, "liquid": True, "cation_diffusivity_m2_s": diffusivity}
    settings["steps_per_flight"] = round(drag * drag / relaxations)
    flux = uniform_map((flux_T * math.sin(tilt), 0.0, flux_T * math.cos(tilt)), True)
    mapped, even = flight_in_map(cell, flux, **settings), flight(cell, flux_density_T=flux_T, tilt_rad=tilt, **settings)
    apart = np.hypot(mapped["end_x_m"] - even["end_x_m"], mapped["end_y_m"] - even["end_y_m"]) / GAP
    assert np.quantile(apart, 0.9) < 1e-7
    assert np.quantile(np.abs(mapped["time_of_flight_s"] / even["time_of_flight_s"] - 1), 0.9) < 1e-7
    assert mapped.meta["pusher"] == "exact Langevin step"


def test_langevin_in_an_uneven_map_converges() -> None:
    """Without noise (cold), at a Hall parameter near 1: halving the step quarters the error of the landing place."""
    cell, ion = even_cell(GAP, 0.1), SPECIES["Li+"]
    time_s, _ = scales(GAP, 0.1, ion)
    drag = 6.0
    flux = scan_stage(tilt_rad=math.pi / 2, heights_m=(1e-6,), domain_width_m=10e-6, thickness_m=2e-6, grid=64)
    wanted = drag / (cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * time_s)
    scale = wanted / float(np.abs(flux["Bz_T"]).max())
    strong = Measurement.of(FLUX_MAP, {n: flux[n] * (1.0 if n.endswith("_m") else scale) for n in FLUX_MAP.arrays}, flux.meta)
    cold = {"temperature_K": 1e-9, "cation_diffusivity_m2_s": 1.380649e-23 * 1e-9 / ion.mass_kg * time_s / drag}

    def landed(steps: int) -> np.ndarray:
        found = flight_in_map(cell, strong, ions=40, anions=False, paths=0, liquid=True, steps_per_flight=steps, **cold)
        return np.c_[found["end_x_m"], found["end_y_m"]] / GAP

    reference = landed(8000)
    errors = [np.median(np.abs(landed(n) - reference)) for n in (250, 500)]
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] > 3.0


@pytest.mark.parametrize("pusher", ["overdamped", "rk4"])
def test_in_the_liquid_a_film_does_nothing(pusher: str) -> None:
    cell = even_cell(GAP, 0.1)
    flux = scan_stage(tilt_rad=math.pi / 2, heights_m=(1e-6,), domain_width_m=4e-6, grid=64)
    settings = {"ions": 200, "anions": False, "paths": 0, "liquid": True, "pusher": pusher, "pairing": 4}
    mapped, none = flight_in_map(cell, flux, **settings), flight(cell, flux_density_T=0.0, **settings)
    assert np.abs(mapped["end_x_m"] - none["end_x_m"]).max() < 1e-8 * GAP
    assert mapped.meta["pusher"] == ("overdamped" if pusher == "overdamped" else "exact Langevin step")


def test_maps_that_do_not_reach_over_the_cell_are_refused() -> None:
    cell = even_cell(GAP, 0.1)
    field = (0.0, 0.0, 0.01)
    with pytest.raises(ConfigError, match=r"begins 1 um above the film, the cell 0\.5 um"):
        flight_in_map(cell, uniform_map(field, True), stand_off_m=0.5e-6)
    with pytest.raises(ConfigError, match="ends 40 um above the film, the cell 50 um"):
        flight_in_map(cell, uniform_map(field, False), stand_off_m=30e-6)
    with pytest.raises(ConfigError, match="in x, the cell 10 to 50 um"):
        flight_in_map(cell, uniform_map(field, False), axis_x_m=30e-6)
    with pytest.raises(ConfigError, match="too few for boris"):
        flight_in_map(cell, uniform_map((0.0, 0.0, 5e4), True), pusher="boris")
    with pytest.raises(ConfigError, match="no overdamped limit"):
        flight_in_map(cell, uniform_map((0.0, 0.0, 1e8), True), liquid=True, pusher="overdamped")
    with pytest.raises(ConfigError, match="too long in a map"):
        flight_in_map(cell, uniform_map((0.0, 0.0, 1e8), True), liquid=True)


def test_maps_that_are_not_whole_are_refused() -> None:
    whole = uniform_map((0.0, 0.0, 0.01), False)
    arrays = {str(n): np.array(whole[str(n)]) for n in whole.data.data_vars}
    only_z = {n: v for n, v in arrays.items() if n not in ("Bx_T", "By_T")}
    bare = Measurement.of(FLUX_MAP, only_z, whole.meta)
    with pytest.raises(ConfigError, match="lacks Bx_T and By_T"):
        flight_in_map(even_cell(GAP, 0.1), bare)
    uneven = Measurement.of(FLUX_MAP, {**arrays, "x_m": np.sort(np.r_[arrays["x_m"][:-1], 1.5 * GAP])}, whole.meta)
    with pytest.raises(DataError, match="not an even"):
        flight_in_map(even_cell(GAP, 0.1), uneven)
    broken = {**arrays, "Bz_T": np.where(arrays["Bz_T"] > 0, np.nan, 0.0)}
    with pytest.raises(DataError, match="NaN"):
        Measurement.of(FLUX_MAP, broken, whole.meta)
