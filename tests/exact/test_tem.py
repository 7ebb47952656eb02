"""Thickness of films edge on and sizes of domains: exact where there is no noise; and what must be refused."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree import stages
from anodefree.analysis.tem.domain_search import domains as search
from anodefree.analysis.tem.dose import PER_SQUARE_ANGSTROM
from anodefree.analysis.tem.synthetic_domains import PIXEL_M, crystallites
from anodefree.analysis.tem.synthetic_films import micrograph
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.edge_tracing import best_way, main_direction
from anodefree.numerics.layered_edge import Film, film_edges, layered
from anodefree.numerics.local_fourier import apparent_diameter, disc_diameter
from anodefree.numerics.two_edge_profile import fit

SEEN = {"width_pixels": 240, "height_pixels": 160, "scale_error": 0.0, "wave_m": 0.0, "wave_length_m": 20e-9}
EVEN = {**SEEN, "variation_m": 0.0, "speckle": 0.0}


def picture(seed: int = 1, **options: object) -> af.Measurement:
    found: af.Measurement = stages.get("microscope.transmission")(seed=seed, **{**EVEN, "thickness_m": 12e-9, **options})
    return found


def thickness(image: af.Measurement, **options: object) -> af.Result:
    found: af.Result = stages.get("tem.thickness")(image, **options)
    return found


@pytest.mark.parametrize("direction", [0.0, 0.2, -0.7, 1.2, np.pi / 2])
def test_an_even_film_without_noise_in_every_direction(direction: float) -> None:
    found = thickness(picture(direction_rad=direction, dose_C_m2=0.0, height_pixels=240))
    assert found["thickness"] == pytest.approx(12e-9, rel=2e-3)
    turn = (found["direction"] - direction + np.pi / 2) % np.pi - np.pi / 2
    assert abs(turn) < 0.01
    assert found["spread"] < 0.05e-9


@pytest.mark.parametrize("levels", [(1.0, 0.78, 0.4), (0.05, 0.3, 0.9), (0.5, 0.9, 0.4), (0.9, 0.3, 0.6)])
def test_every_order_of_brightness(levels: tuple[float, float, float]) -> None:
    vacuum, film, metal = levels
    found = thickness(picture(vacuum=vacuum, film=film, metal=metal, dose_C_m2=320.0))
    assert found["thickness"] == pytest.approx(12e-9, rel=0.02)
    assert {c.name for c in found.checks if c.status != "pass"} <= {"sampling"}


def test_the_definition_of_the_edge_is_that_of_its_blur() -> None:
    blur = 3.0 * 0.25e-9
    found = thickness(picture(blur_pixels=3.0, dose_C_m2=0.0))
    assert found["thickness"] == pytest.approx(12e-9, rel=2e-3)
    apart = 2 * 1.2815515655446004 * np.sqrt(blur**2 + (0.25e-9) ** 2 / 12)
    assert found["thickness_10"] - found["thickness"] == pytest.approx(apart, rel=0.05)
    assert found["thickness"] - found["thickness_90"] == pytest.approx(apart, rel=0.05)


def test_variation_along_the_film_is_found_without_the_noise() -> None:
    image = picture(4, width_pixels=1600, variation_m=1.0e-9, variation_length_m=6e-9, dose_C_m2=80.0, direction_rad=0.0)
    found = thickness(image, window_m=1.5e-9)
    assert abs(found["spread"] - 1.0e-9) < 3 * found.estimates["spread"].std
    assert found["spread"] == pytest.approx(1.0e-9, rel=0.15)
    assert found["thin"] < found["median"] < found["thick"]


def test_a_wavy_film_is_measured_across_its_own_direction() -> None:
    image = picture(2, wave_m=3e-9, wave_length_m=25e-9, dose_C_m2=0.0)
    found = thickness(image)
    assert found["thickness"] == pytest.approx(12e-9, rel=0.01)


def test_the_std_contains_the_scale_and_says_its_causes() -> None:
    image = picture(dose_C_m2=320.0)
    loose, tight = thickness(image, scale_error=0.05), thickness(image, scale_error=0.0)
    assert loose.estimates["thickness"].std > 0.05 * loose["thickness"]
    assert tight.estimates["thickness"].std < 0.01 * tight["thickness"]
    parts = dict(zip(loose.curves["cause"].values, loose.curves["std_thickness_m"].values, strict=True))
    assert np.sqrt(sum(v**2 for v in parts.values())) == pytest.approx(loose.estimates["thickness"].std)


def test_a_region_is_looked_at_and_a_picture_without_scale_gives_pixels() -> None:
    image = picture(dose_C_m2=320.0, direction_rad=0.0)
    part = thickness(image, region_pixels=(40, 20, 220, 150))
    assert part["thickness"] == pytest.approx(12e-9, rel=0.02)
    assert part.curves["upper_x_m"].values.min() > 40 * 0.25e-9
    bare = thickness(image.with_meta(calibrated=False))
    assert bare["thickness"] == pytest.approx(48, rel=0.02)
    assert bare.estimates["thickness"].unit == "1"
    assert next(c for c in bare.checks if c.name == "scale").status == "warn"


@pytest.mark.parametrize(("dose", "status"), [(50.0, "pass"), (449.0, "pass"), (451.0, "warn"), (600.0, "warn")])
def test_the_dose_at_which_the_beam_makes_oxide_is_flagged(dose: float, status: str) -> None:
    image = picture(dose_C_m2=320.0)
    for given in (dose * PER_SQUARE_ANGSTROM, f"{dose} e/Å2"):
        found = thickness(image, dose_C_m2=given)
        assert next(c for c in found.checks if c.name == "dose").status == status


def test_no_film_no_number_without_a_failed_check() -> None:
    rng = np.random.default_rng(0)
    noise = micrograph(rng.poisson(100, (160, 240)), 3e-10, {})
    one_edge = micrograph(np.where(np.arange(160)[:, None] < 80, 200, 100) + rng.normal(0, 5, (160, 240)), 3e-10, {})
    for image in (noise, one_edge):
        try:
            found = thickness(image)
        except DataError:
            continue
        assert any(c.status == "fail" for c in found.checks)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (micrograph(np.ones((40, 40)), 1e-10, {}), "same brightness"),
        (micrograph(np.eye(10), 1e-10, {}), "16 pixels"),
    ],
)
def test_what_holds_no_film_is_refused(image: af.Measurement, message: str) -> None:
    with pytest.raises(DataError, match=message):
        thickness(image)


@pytest.mark.parametrize(
    "options", [{"region_pixels": (0, 0, 999, 10)}, {"region_pixels": (50, 0, 10, 40)}, {"frame": 3}, {"window_m": 1e-3}]
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        thickness(picture(), **options)


def test_the_best_way_is_the_best_of_all() -> None:
    rng = np.random.default_rng(5)
    worth = rng.uniform(size=(5, 6))
    way, mean = best_way(worth, 0.1)
    best = max(
        sum(worth[r, c] for c, r in enumerate(rows)) - 0.1 * sum(np.abs(np.diff(rows)))
        for rows in np.ndindex(*(5,) * 6)
        if np.abs(np.diff(rows)).max() <= 1
    )
    assert mean * 6 - 0.1 * np.abs(np.diff(way)).sum() == pytest.approx(best)


def test_profiles_are_fitted_to_their_own_parameters() -> None:
    from scipy.special import ndtr

    s = np.arange(60.0)
    true = np.array([[14.3, 41.8, 1.0, 2.5], [20.0, 33.1, 2.0, 1.5]])
    curves = np.stack([5 - 2 * ndtr((s - p) / w) - 2.2 * ndtr((s - q) / v) for p, q, w, v in true])
    found = fit(curves, np.ones_like(curves), true[:, 0] + 2, true[:, 1] - 1.5, 2.0)
    assert found.good.all()
    assert np.allclose(np.column_stack([found.upper, found.lower, found.width_upper, found.width_lower]), true, atol=1e-4)


@pytest.mark.parametrize("angle", [-1.3, -0.4, 0.0, 0.9, 1.5])
def test_the_main_direction_of_straight_edges(angle: float) -> None:
    rng = np.random.default_rng(1)
    edges = film_edges(Film(20.0), 400, rng)
    found, clear = main_direction(layered(edges, (120, 120), angle, (1.0, 0.7, 0.3), 200.0), 2.0)
    assert abs((found - angle + np.pi / 2) % np.pi - np.pi / 2) < 0.01
    assert clear > 0.9


@pytest.mark.parametrize("level", [0.4, 0.5, 0.6])
def test_a_blurred_disc_is_as_wide_as_its_image_says(level: float) -> None:
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[-120:121, -120:121]
    for diameter in (24.0, 50.0, 120.0):
        disc = np.clip(0.5 * diameter - np.hypot(y, x) + 0.5, 0, 1)
        seen = gaussian_filter(disc, 12.0, truncate=5)
        looks = 2 * np.sqrt(np.count_nonzero(seen > level * seen.max()) / np.pi)
        assert apparent_diameter(np.array(diameter), 12.0, level) == pytest.approx(looks, rel=0.01)
        assert disc_diameter(np.array(looks), 12.0, level) == pytest.approx(diameter, rel=0.03)
    assert disc_diameter(np.array(1.0), 12.0, level) == 0.0


def domains(image: af.Measurement, **options: object) -> af.Result:
    found: af.Result = stages.get("tem.domains")(image, **{"spacing_m": (0.18e-9, 0.4e-9), **options})
    return found


def one_crystal(diameter_m: float, size: int = 200, spacing_m: float = 0.2324e-9) -> np.ndarray:
    y, x = (np.mgrid[:size, :size] - size / 2) * PIXEL_M
    inside = np.clip((0.5 * diameter_m - np.hypot(y, x)) / PIXEL_M + 0.5, 0, 1)
    return 100 * (1 + 0.3 * inside * np.cos(2 * np.pi * (0.8 * x + 0.6 * y) / spacing_m))


@pytest.mark.parametrize("diameter", [1.5e-9, 2.5e-9, 5e-9])
def test_one_crystal_has_its_diameter_and_spacing(diameter: float) -> None:
    rng = np.random.default_rng(3)
    image = one_crystal(diameter) + rng.normal(0, 2.0, (200, 200))
    found, label_map, _ = search(image, PIXEL_M / 0.4e-9, PIXEL_M / 0.18e-9, 0.6e-9 / PIXEL_M)
    clear = [d for d in found if d.strength > 0.5 * found[0].strength]
    assert len(clear) == 1
    assert found[0].whole
    assert found[0].diameters[0] * PIXEL_M == pytest.approx(diameter, rel=0.03)
    assert PIXEL_M / np.hypot(*found[0].frequency) == pytest.approx(0.2324e-9, rel=0.005)
    assert found[0].centre == pytest.approx((100, 100), abs=1.5)
    assert label_map[100, 100] == 1


def test_domains_are_found_where_they_are() -> None:
    made = crystallites(np.random.default_rng(2), contrast=0.25, scale_error=0.0)
    found = domains(made.picture)
    assert found["diameter"] == pytest.approx(made.mean_m, abs=3 * found.estimates["diameter"].std)
    spacings = found.curves["spacing_m"].values
    nearest = np.abs(spacings[:, None] / np.array([0.2324e-9, 0.2013e-9, 0.2667e-9]) - 1).min(axis=1)
    assert np.median(nearest) < 0.01
    assert found["smallest"] <= found["median"] <= found["largest"]
    assert found.curves["number_share"].values.sum() == pytest.approx(1.0)


def test_noise_has_no_domains() -> None:
    rng = np.random.default_rng(8)
    with pytest.raises(DataError, match="domains"):
        domains(micrograph(rng.poisson(100, (256, 256)), PIXEL_M, {}))


def test_domains_need_a_scale_and_fringes_wider_than_two_pixels() -> None:
    made = crystallites(np.random.default_rng(2))
    with pytest.raises(ConfigError, match="no size"):
        domains(made.picture.with_meta(calibrated=False))
    with pytest.raises(ConfigError, match="two pixels"):
        domains(made.picture, spacing_m=(0.1e-9, 0.4e-9))
    with pytest.raises(ConfigError, match="window"):
        domains(made.picture, window_m=1e-8)
