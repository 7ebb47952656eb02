"""Roughness and levelling against closed forms, the tip's shape, and the virtual microscope's errors taken out again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import erfc

from anodefree.analysis.afm.level import level
from anodefree.analysis.afm.roughness import roughness
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.topography import TOPOGRAPHY
from anodefree.numerics.areal_texture import correlated_share, correlation_length, developed, parameters
from anodefree.numerics.levelling import levelled
from anodefree.numerics.random_surface import gaussian_surface_m
from anodefree.simulation.instruments.scanning_probe import dilated, image
from anodefree.simulation.surface.random import random


def topography(height: np.ndarray, step: float = 1e-8, **meta: float) -> Measurement:
    rows, columns = height.shape
    arrays = {"x_m": np.arange(columns) * step, "y_m": np.arange(rows) * step, "height_m": height}
    return Measurement.of(TOPOGRAPHY, arrays, meta)


def test_a_wave_has_the_parameters_of_a_sine() -> None:
    x = np.arange(400) / 400
    wave = np.tile(np.sin(2 * np.pi * 4 * x), (50, 1))
    found = parameters(wave, 1.0, 1.0)
    assert found["Sa"] == pytest.approx(2 / math.pi, rel=1e-3)
    assert found["Sq"] == pytest.approx(math.sqrt(0.5), rel=1e-12)
    assert found["Sz"] == pytest.approx(2.0, rel=1e-3)
    assert found["Ssk"] == pytest.approx(0.0, abs=1e-12)
    assert found["Sku"] == pytest.approx(1.5, rel=1e-9)


def test_a_slope_is_larger_than_its_shadow() -> None:
    x, y = np.meshgrid(np.arange(9.0), np.arange(7.0))
    assert developed(0.3 * x - 0.4 * y, 1.0, 1.0) == pytest.approx(math.sqrt(1.25) - 1, rel=1e-12)


def test_a_gaussian_surface_has_the_area_and_the_correlation_that_theory_gives(rng: np.random.Generator) -> None:
    """Slopes are Gaussian with the variance s² = 2 rms²/l² each: area = 1 + s sqrt(pi/2) exp(1/2s²) erfc(1/(s sqrt 2))."""
    rms, length = 0.3, 1.0
    found = [gaussian_surface_m(512, 40.0, rms, length, rng) for _ in range(3)]
    s = math.sqrt(2) * rms / length
    area = s * math.sqrt(math.pi / 2) * math.exp(0.5 / s**2) * erfc(1 / (s * math.sqrt(2)))
    assert np.mean([developed(z, 40 / 512, 40 / 512) for z in found]) == pytest.approx(area, rel=0.02)
    assert np.mean([correlation_length(z, 40 / 512, 40 / 512) for z in found]) == pytest.approx(length, rel=0.05)
    assert np.mean([correlated_share(z) for z in found]) == pytest.approx(0.5 * math.pi / 40**2, rel=0.1)


@pytest.mark.parametrize("how", ["plane", "quadratic", "rows"])
def test_levelling_takes_out_what_it_says(how: str, rng: np.random.Generator) -> None:
    y, x = np.meshgrid(np.linspace(-1, 1, 30), np.linspace(-1, 1, 40), indexing="ij")
    tilt = 3 + 2 * x - y
    more = {"plane": 0 * x, "quadratic": x**2 - x * y + 2 * y**2, "rows": np.tile(rng.standard_normal((30, 1)), (1, 40))}[how]
    assert np.abs(levelled(tilt + more, how)).max() < (0.1 if how == "rows" else 1e-12)  # type: ignore[arg-type]


def test_a_spike_shows_the_tip() -> None:
    height = np.zeros((41, 41))
    height[20, 20] = 10.0
    seen = dilated(height, 1.0, 1.0, 5.0)
    r2 = (np.arange(41)[:, None] - 20.0) ** 2 + (np.arange(41)[None, :] - 20.0) ** 2
    assert seen == pytest.approx(np.maximum(10 - r2 / 10, 0.0))


def test_a_blunt_tip_hides_roughness() -> None:
    surface = random(grid=64, side_m=1e-6, roughness_m=1e-8, correlation_m=6e-8, seed=3)
    quiet = {"row_noise_m": 0.0, "noise_m": 0.0, "scale_error": 0.0}
    sharp, blunt = (roughness(image(surface, tip_radius_m=r, **quiet), levelling="quadratic") for r in (2e-9, 3e-7))
    assert blunt["Sq"] < 0.9 * sharp["Sq"]
    assert blunt["Sdr"] < 0.7 * sharp["Sdr"]


def test_the_roughness_is_recovered_through_the_microscope() -> None:
    """Tilt, bow, offsets of rows and a scale 3 % off: the truth lies within the stated deviation as often as it should."""
    inside = []
    for seed in range(40):
        surface = random(grid=96, side_m=3e-6, roughness_m=1e-8, correlation_m=1.1e-7, seed=seed)
        found = roughness(image(surface, seed=seed), levelling="quadratic")
        inside.append(abs(found["Sq"] - 1e-8) <= found.estimates["Sq"].std)
    assert 0.5 <= np.mean(inside) <= 0.87  # 68 % of 40, three standard deviations


def test_doubts_are_told() -> None:
    surface = random(grid=96, side_m=3e-6, roughness_m=1e-8, correlation_m=1.1e-7, seed=1)
    status = {c.name: c.status for c in roughness(image(surface, seed=1)).checks}
    assert status == {"patch": "pass", "pixels": "pass", "rows": "pass", "levelling": "pass"}
    offset = {c.name: c.status for c in roughness(image(surface, row_noise_m=3e-8, seed=1)).checks}
    assert offset["rows"] == "warn"
    bowed = {c.name: c.status for c in roughness(image(surface, bow_m=3e-7, seed=1)).checks}
    assert bowed["levelling"] == "warn"


def test_what_has_no_roughness_is_refused() -> None:
    with pytest.raises(DataError, match="flat"):
        roughness(topography(np.zeros((20, 20))))
    with pytest.raises(ConfigError, match="blunter"):
        image(topography(np.zeros((20, 20))), tip_radius_m=1.0)
    with pytest.raises(DataError, match="even, rising"):
        roughness(Measurement.of(TOPOGRAPHY, {"x_m": [0, 1, 3, 4.0], "y_m": [0, 1, 2, 3.0], "height_m": np.eye(4)}))


def test_a_levelled_map_says_how() -> None:
    assert level(topography(np.eye(8), calibration=0.02), levelling="rows").meta["levelling"] == "rows"
    assert level(topography(np.eye(8), calibration=0.02)).meta["calibration"] == 0.02
