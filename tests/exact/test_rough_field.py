"""The field above a rough surface against a ripple's closed form, a protrusion solved another way, and conservation."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.ions.rough_field import rough_field
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.topography import TOPOGRAPHY
from anodefree.numerics.axisymmetric_potential import Cell, solve
from anodefree.numerics.box_potential import Box, BoxPotential, Surface, graded, line, solve_box
from anodefree.simulation.surface.random import random

PERIOD = 0.5
K = 2 * np.pi / PERIOD


def ripple(amplitude: float) -> Surface:
    def surface(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        across, _ = np.meshgrid(x, y, indexing="ij")
        return amplitude * np.cos(K * across), -amplitude * K * np.sin(K * across), np.zeros_like(across)

    return surface


def above_ripple(amplitude: float, order: int, elements: int = 4) -> BoxPotential:
    across = line(np.linspace(0, PERIOD, elements + 1), order, periodic=True)
    along = line(np.linspace(0, PERIOD, 2), order)
    return solve_box(Box(across, along, line(graded(7), order), 1.0, ripple(amplitude)))


def test_a_low_ripple_to_first_order_and_its_current_to_second() -> None:
    """The field rises by k a coth(kL) cos(kx), the current by (k a²/2) coth(kL)/L."""
    amplitude = 1e-4
    found = above_ripple(amplitude, 8)
    field, _ = found.wall
    x = found.box.x.points
    rise = field[:, 0] / (found.current / PERIOD**2) - 1
    assert np.abs(rise - amplitude * K / np.tanh(K) * np.cos(K * x)).max() < 2e-3 * amplitude * K
    assert found.current / PERIOD**2 - 1 == pytest.approx(0.5 * K * amplitude**2 / np.tanh(K), rel=1e-3)


def test_the_error_falls_exponentially_with_the_order() -> None:
    fine = above_ripple(0.03, 12)
    errors = [abs(above_ripple(0.03, p).current / fine.current - 1) for p in (2, 4, 6, 8)]
    assert errors[1] < 0.05 * errors[0]
    assert errors[2] < 0.05 * errors[1]
    assert errors[3] < 1e-9


@pytest.mark.parametrize("elements", [(4, 8), (8, 16)])
def test_the_error_falls_with_the_size_of_the_elements(elements: tuple[int, int]) -> None:
    """The energy of elements of order p errs with the power 2 p of their size: 4 for p = 2."""
    fine = above_ripple(0.03, 12).current
    across = [above_ripple_even(0.03, 2, n) for n in elements]
    errors = [abs(c / fine - 1) for c in across]
    assert np.log2(errors[0] / errors[1]) > 3.3


def above_ripple_even(amplitude: float, order: int, elements: int) -> float:
    across = line(np.linspace(0, PERIOD, elements + 1), order, periodic=True)
    up = line(np.linspace(0, 1, 4 * elements + 1), order)
    return solve_box(Box(across, line(np.linspace(0, PERIOD, 2), order), up, 1.0, ripple(amplitude))).current


def test_what_enters_above_leaves_below() -> None:
    found = above_ripple(0.08, 10, 8)
    field, area = found.wall
    assert np.sum(field * area) == pytest.approx(found.current, rel=1e-7)


def test_a_bump_is_what_the_axisymmetric_elements_make_of_it() -> None:
    """A Gaussian bump in a square cell and in a round one of the same area: the walls are far, the tip is the same."""
    height, width, wide = 0.1, 0.12, 0.8

    def bump(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b = np.meshgrid(x - wide, y - wide, indexing="ij")
        h = height * np.exp(-(a**2 + b**2) / width**2)
        return h, -2 * a / width**2 * h, -2 * b / width**2 * h

    def profile(s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        r = 4.5 * width * s
        z = height * np.exp(-((r / width) ** 2))
        return r, z, np.full_like(s, 4.5 * width), -2 * r / width**2 * z * 4.5 * width

    round_cell = solve(Cell(profile, height, 4.5 * width, 2 * wide / np.sqrt(np.pi), 1.0), 1.0, order=6, elements=24)
    fine = np.linspace(-1, 1, 13)  # closer about the bump
    axis = line(wide * (1 + np.sign(fine) * np.abs(fine) ** 1.6), 8)
    square = solve_box(Box(axis, axis, line(graded(8), 8), 1.0, bump))
    first = square.values[48, 48, :9]  # beside the tip: the slope of the polynomial through the lowest element
    nodes = square.box.zeta.nodes[:9]
    slope = np.polynomial.polynomial.Polynomial.fit(nodes, first, 8).deriv()(0.0)
    assert slope / (1 - height) == pytest.approx(float(round_cell.wall[2][0]), rel=1e-3)


def test_a_flat_map_has_nothing_to_gather() -> None:
    found = rough_field(random(roughness_m=0.0), elements=4, order=3)
    assert found["enhancement_max"] == pytest.approx(1.0, abs=1e-9)
    assert found["enhancement_rms"] < 1e-9
    assert found["area_factor"] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("periodic", [True, False])
def test_rotating_the_map_rotates_the_field(periodic: bool) -> None:
    surface = random(grid=48, side_m=20e-6, seed=4)
    surface = Measurement.of(TOPOGRAPHY, {n: surface[n] for n in ("x_m", "y_m", "height_m")}, {"periodic": periodic})
    turned = {"x_m": surface["x_m"], "y_m": surface["y_m"], "height_m": np.rot90(surface["height_m"])}
    one = rough_field(surface, elements=8, order=4)
    two = rough_field(Measurement.of(TOPOGRAPHY, turned, {"periodic": periodic}), elements=8, order=4)
    if not periodic:  # a repeating map is cut into elements elsewhere after turning
        assert two["enhancement_max"] == pytest.approx(one["enhancement_max"], rel=1e-6)
    assert two["conductance_factor"] == pytest.approx(one["conductance_factor"], rel=1e-3)


def test_small_roughness_gathers_what_its_spectrum_says() -> None:
    """rms of the enhancement = rms of k coth(kL) h, wave by wave."""
    surface = random(roughness_m=2e-9, correlation_m=4e-6, grid=64, side_m=40e-6, seed=1)
    k = np.hypot(*np.meshgrid(*(2 * np.pi * np.fft.fftfreq(64, 40e-6 / 64),) * 2))
    k[0, 0] = 1.0
    waves = np.fft.fft2(surface["height_m"]) * k / np.tanh(k * 50e-6)
    waves[0, 0] = 0.0
    assert rough_field(surface)["enhancement_rms"] == pytest.approx(np.std(np.fft.ifft2(waves).real), rel=5e-3)


def test_impossible_surfaces_are_refused() -> None:
    surface = random(grid=32, side_m=20e-6)
    with pytest.raises(ConfigError, match="widen the gap"):
        rough_field(surface, gap_m=0.5e-6)
    with pytest.raises(ConfigError, match="does not resolve"):
        random(grid=8)
    arrays = {n: surface[n].copy() for n in ("x_m", "y_m", "height_m")}
    arrays["x_m"][3] += 1e-7
    with pytest.raises(DataError, match="even, rising"):
        rough_field(Measurement.of(TOPOGRAPHY, arrays))
    arrays["height_m"][0, 0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        Measurement.of(TOPOGRAPHY, arrays)
