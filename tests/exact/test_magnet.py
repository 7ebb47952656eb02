"""The field above a magnetised film against its closed forms: edges, stripes, a rippled face, roughness at every height."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from anodefree.errors import ConfigError
from anodefree.numerics.halfspace_magnetostatics import Film, flux_density_T, mean_square_T2, potential_spectrum, raised
from anodefree.numerics.random_surface import gaussian_surface_m, maze, stripes
from anodefree.physics.magnetised_film import disc_axis_T, rim_T, ripple_T, stripes_T
from anodefree.simulation.magnet.film import film_stage
from anodefree.simulation.magnet.scan import scan_stage

J = 0.616


def flat(points: int, side: float, pattern: np.ndarray, thickness: float, polarisation: tuple[float, float, float]) -> Film:
    top = np.zeros((points, points))
    return Film(top, top - thickness, pattern, side, side, polarisation)


@pytest.mark.parametrize("z", [0.2e-6, 0.5e-6, 1e-6, 2e-6])
def test_stripe_domains_are_their_fourier_series(z: float) -> None:
    points, width = 256, 1e-6
    side = 8 * width
    film = flat(points, side, stripes(points, side, width), 1e-6, (0.0, 0.0, J))
    field = flux_density_T(potential_spectrum(film, z), film)
    x = (np.arange(points) + 0.5) * side / points
    bx, bz = stripes_T(x, z, width, 1e-6, J)
    assert np.abs(field[2][0] - bz).max() < 1e-3 * np.abs(bz).max()
    assert np.abs(field[0][0] - bx).max() < 1e-3 * np.abs(bx).max()
    assert np.abs(field[1]).max() < 1e-12


def test_stripe_field_at_a_height() -> None:
    """Stripes as wide as the film is thick, 1 um: 16.2 mT at a height of 1 um."""
    assert np.abs(stripes_T(0.5e-6, 1e-6, 1e-6, 1e-6, J)[1]) == pytest.approx(16.2e-3, rel=2e-3)


@pytest.mark.parametrize("polarisation", [(J, 0.0, 0.0), (0.0, 0.0, J), (0.3, 0.2, 0.4)])
def test_an_infinite_uniform_film_has_no_field_outside(polarisation: tuple[float, float, float]) -> None:
    film = flat(16, 1e-5, np.ones((16, 16)), 1e-6, polarisation)
    assert mean_square_T2(potential_spectrum(film, 1e-7), film) == 0.0


def test_a_rippled_face_is_first_order_in_its_amplitude() -> None:
    points, period, amplitude, z = 64, 5e-6, 1e-10, 1e-6
    x = np.arange(points) * 4 * period / points
    top = np.tile(amplitude * np.cos(2 * np.pi * x / period), (points, 1))
    film = Film(top, np.full_like(top, -1e-6), np.ones_like(top), 4 * period, 4 * period, (0.308, 0.0, 0.0))
    size = np.sqrt(np.sum(flux_density_T(potential_spectrum(film, z), film) ** 2, axis=0))
    assert size == pytest.approx(np.full_like(size, float(ripple_T(z, amplitude, period, 0.308))), rel=1e-4)


def test_a_tall_ripple_does_not_depend_on_how_it_is_cut_into_slabs() -> None:
    """With faces far from flat the field of many slabs equals the direct sum over thin layers of charge."""
    points, side, z = 64, 4e-6, 1.5e-6
    x = np.arange(points) * side / points
    top = np.tile(0.8e-6 * np.cos(2 * np.pi * x / side), (points, 1))
    film = Film(top, np.full_like(top, -1e-6), np.ones_like(top), side, side, (0.0, 0.0, J))
    direct = np.zeros(film.waves[2].shape, dtype=complex)
    edges = np.linspace(-1e-6, 0.8e-6, 4001)
    k = film.waves[2]
    for low, high in itertools.pairwise(edges):
        full = np.clip(top, low, high) - low
        direct += 0.5 * J * np.fft.rfft2(full) * np.exp(-k * (z - 0.5 * (low + high)))
    direct[0, 0] = 0.0
    ours = potential_spectrum(film, z)
    # Layers cannot resolve where a face lies within a layer: they agree to second order in the thickness of a layer.
    assert np.abs(ours - direct).max() < 2e-5 * np.abs(direct).max()


def test_roughness_decays_as_its_spectrum_says_at_every_height() -> None:
    found = film_stage(roughness_m=2e-8, correlation_m=3e-6, height_m=1e-6, draws=6, grid=128, seed=3)
    for z, b in zip(found.curves["profile_height_m"].values[::10], found.curves["profile_B_rms_T"].values[::10], strict=True):
        square = quad(lambda k: k**3 * np.exp(-((k * 3e-6) ** 2) / 4 - 2 * k * z), 0, 2e7, points=[1 / z], limit=200)[0]  # noqa: B023
        assert b == pytest.approx(np.sqrt(0.308**2 / 8 * (2e-8 * 3e-6) ** 2 * square), rel=0.06)


def test_the_edge_of_a_disc_and_of_a_film() -> None:
    assert disc_axis_T(0.0, 8e-3, 1e-6, J) == pytest.approx(J * 1e-6 / (2 * 8e-3), rel=1e-6)
    assert rim_T(10e-6, 1e-6, J) == pytest.approx(9.8e-3, rel=1e-2)
    across = film_stage(tilt_rad=np.pi / 2, remanence_T=J)
    assert across["B_mean"] == pytest.approx(38.5e-6, rel=1e-2)
    assert {c.name for c in across.checks if c.status == "warn"} >= {"outside field", "demagnetisation", "Hall probe"}


def test_parseval_and_raising_agree_with_the_field_itself(rng: np.random.Generator) -> None:
    top = gaussian_surface_m(64, 2e-5, 1e-7, 2e-6, rng)
    film = Film(top, np.full_like(top, -2e-6), maze(64, 2e-5, 2e-6, rng), 2e-5, 2e-5, (0.2, 0.1, 0.3))
    here = potential_spectrum(film, 1e-6)
    assert np.mean(np.sum(flux_density_T(here, film) ** 2, axis=0)) == pytest.approx(mean_square_T2(here, film), rel=1e-10)
    assert np.abs(raised(here, film, 1e-6) - potential_spectrum(film, 2e-6)).max() < 1e-9 * np.abs(here).max()


def test_a_bump_is_what_magpylib_makes_of_a_stack_of_discs() -> None:
    """A Gaussian bump on a film magnetised in its plane: the flat film adds nothing, the bump is 80 thin discs."""
    magpylib = pytest.importorskip("magpylib")
    height, width, points, side, z = 0.6e-6, 1e-6, 192, 24e-6, 1.2e-6
    x = (np.arange(points) - points // 2) * side / points
    top = height * np.exp(-(x[None, :] ** 2 + x[:, None] ** 2) / width**2)
    film = Film(top, np.full_like(top, -1e-7), np.ones_like(top), side, side, (J, 0.0, 0.0))
    row, column = points // 2 + 2, points // 2 + 4
    ours = flux_density_T(potential_spectrum(film, z), film)[:, row, column]
    theirs = np.zeros(3)
    for low, high in itertools.pairwise(np.linspace(0, height, 81)):
        middle = 0.5 * (low + high)
        size = (2 * width * np.sqrt(np.log(height / middle)), high - low)
        theirs += magpylib.magnet.Cylinder((0, 0, middle), polarization=(J, 0, 0), dimension=size).getB([x[column], x[row], z])
    assert ours == pytest.approx(theirs, rel=5e-3, abs=2e-3 * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"roughness_m": 0.5e-6, "height_m": 1e-7, "thickness_m": 1e-5}, "does not clear"),
        ({"roughness_m": 1e-6}, "reaches through"),
        ({"roughness_m": 1e-7, "domain_width_m": 1e-3}, "does not resolve"),
        ({"thickness_m": 0.0}, "thickness_m"),
    ],
)
def test_impossible_films_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        film_stage(**wrong)


def magnetised_disc(height_m: float, radius_m: float, thickness_m: float, x_m: np.ndarray, axis: str) -> np.ndarray:
    """B (3, point) [T] of a disc whose upper face lies at 0, along x at a height, by magpylib."""
    magpylib = pytest.importorskip("magpylib")
    polarisation = (J, 0, 0) if axis == "in the plane" else (0, 0, J)
    disc = magpylib.magnet.Cylinder(
        polarization=polarisation, dimension=(2 * radius_m, thickness_m), position=(0, 0, -thickness_m / 2)
    )
    return np.asarray(disc.getB(np.stack([x_m, 0 * x_m, 0 * x_m + height_m], axis=1), squeeze=False).reshape(-1, 3)).T


def test_the_closed_forms_of_axis_and_rim_are_those_of_magpylib() -> None:
    heights = (1e-6, 1e-4, 1e-3)
    for z in heights:
        field = magnetised_disc(z, 8e-3, 1e-6, np.array([0.0]), "across")
        assert field[2, 0] == pytest.approx(float(disc_axis_T(z, 8e-3, 1e-6, J)), rel=1e-6)
    for d in (10e-6, 30e-6, 100e-6):
        beside = magnetised_disc(-0.5e-6, 8e-3, 1e-6, np.array([8e-3 + d]), "in the plane")
        assert np.linalg.norm(beside) == pytest.approx(float(rim_T(d, 1e-6, J)), rel=2e-2)


@pytest.mark.parametrize("axis", ["in the plane", "across"])
def test_the_edge_of_a_disc_is_the_same_by_waves_and_by_magpylib(axis: str) -> None:
    """A disc as a pattern in a patch ten times as wide: its neighbours' fields are the difference that is allowed."""
    radius, thickness, points, side, z = 4e-6, 1e-6, 512, 40e-6, 1e-6
    x = (np.arange(points) - points // 2) * side / points
    inside = _covered(x, radius)
    film = flat(points, side, inside, thickness, (J, 0.0, 0.0) if axis == "in the plane" else (0.0, 0.0, J))
    ours = flux_density_T(potential_spectrum(film, z), film)[:, points // 2]
    near = np.abs(x) < 2 * radius
    theirs = magnetised_disc(z, radius, thickness, x[near], axis)
    assert np.abs(ours[:, near] - theirs).max() < 0.02 * np.abs(theirs).max()


def _covered(x: np.ndarray, radius: float, finer: int = 8) -> np.ndarray:
    """The share of each cell of the grid that a disc covers."""
    step = x[1] - x[0]
    fine = (x[:, None] + step * ((np.arange(finer) + 0.5) / finer - 0.5)).ravel()
    covered = (fine[:, None] ** 2 + fine[None, :] ** 2 < radius**2).astype(float)
    return covered.reshape(len(x), finer, len(x), finer).mean(axis=(1, 3))


def test_a_map_has_neither_sources_nor_currents_above_the_film() -> None:
    """div B = 0 and curl B = 0 between planes, by central differences in z and waves in the plane."""
    step = 1e-8
    flux = scan_stage(
        roughness_m=2e-7, correlation_m=3e-6, nodule_height_m=5e-7, nodule_radius_m=2e-6, grid=128,
        heights_m=(2e-6 - step, 2e-6, 2e-6 + step), seed=2,
    )  # fmt: skip
    side = float(flux["x_m"][1] - flux["x_m"][0]) * 128
    k = 2 * np.pi * np.fft.fftfreq(128, side / 128)

    def slope(values: np.ndarray, along: int) -> np.ndarray:
        shape = (1, -1) if along else (-1, 1)
        return np.fft.ifft2(1j * k.reshape(shape) * np.fft.fft2(values)).real

    bx, by, bz = (flux[n] for n in ("Bx_T", "By_T", "Bz_T"))
    up = {n: (v[2] - v[0]) / (2 * step) for n, v in (("x", bx), ("y", by), ("z", bz))}
    size = np.abs(up["z"]).max()
    assert np.abs(slope(bx[1], 1) + slope(by[1], 0) + up["z"]).max() < 1e-4 * size
    assert np.abs(slope(bz[1], 1) - up["x"]).max() < 1e-4 * size
    assert np.abs(slope(by[1], 1) - slope(bx[1], 0)).max() < 1e-4 * size
    assert abs(bz.mean()) < 1e-12 * np.abs(bz).max()


def test_a_film_with_nodules_is_not_uniform() -> None:
    found = film_stage(nodule_height_m=5e-7, grid=128, nodule_radius_m=2e-6, draws=2)
    assert found["B_rms"] > 1e-4
    assert "decay_length" in found.estimates


def test_nodules_too_fine_for_the_grid_keep_their_volume(rng: np.random.Generator) -> None:
    """Below 1.5 steps their radius is 1.5 steps, and they are lower; above it they are what was asked for."""
    from anodefree.simulation.magnet.picture import Nodules

    side, seed = 20e-6, int(rng.integers(1000))
    volume = {}
    for grid in (32, 64, 256):
        made = Nodules(0.4e-6, 0.3e-6, 4e-6).on(grid, side, np.random.default_rng(seed))
        count = np.random.default_rng(seed).poisson((side / grid / 4e-6) ** 2, (grid, grid)).sum()
        volume[grid] = made.sum() * (side / grid) ** 2 / count
    assert volume[32] == pytest.approx(math.pi * 0.3e-6**2 * 0.4e-6, rel=2e-3)
    assert volume[64] == pytest.approx(volume[32], rel=2e-3)
    assert volume[256] == pytest.approx(volume[32], rel=2e-3)
    seen = {}
    for grid in (256, 32):
        one = next(
            s for s in range(500) if np.random.default_rng(s).poisson((side / grid / 6e-5) ** 2, (grid, grid)).sum() == 1
        )
        seen[grid] = Nodules(0.4e-6, 0.3e-6, 6e-5).on(grid, side, np.random.default_rng(one)).max()
    assert seen[256] == pytest.approx(0.4e-6, rel=1e-2)
    assert seen[32] == pytest.approx(0.4e-6 * (0.3e-6 / (1.5 * side / 32)) ** 2, rel=1e-2)


def test_the_table_of_the_documentation_is_what_the_stage_gives() -> None:
    """Every number of docs/magnet.md, by the settings that stand below it."""
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "magnet.md").read_text(encoding="utf-8")
    rows = [[c.strip() for c in line.strip("|\n ").split("|")] for line in page.splitlines() if line.startswith("|")]
    told = {row[0].split()[0] + " " + row[0].split()[1].rstrip(","): row[2:5] for row in rows[2:]}
    across = {"tilt_rad": math.pi / 2, "remanence_T": 0.616}
    for column, micrometres in enumerate((0.1, 1.0, 3.0)):
        thickness = {"thickness_m": 1e-6 * micrometres}
        rough = {"roughness_m": 0.12e-6 * micrometres**0.33, "conformal": True, "height_m": 1.5e-6, "grid": 128, "draws": 3}
        cases = {
            "flat magnetised": {},
            "flat disc": across,
            "stripe domains": {**across, "domain_width_m": 1e-6, "grid": 256},
            "rough rms": {**rough, "seed": 1},
        }
        for name, settings in cases.items():
            key = next(k for k in told if k.replace(",", "") == name)
            found = 1e3 * film_stage(**thickness, **settings)["B_rms"]
            assert found == pytest.approx(float(told[key][column]), rel=0.03, abs=1e-9), (name, micrometres)
