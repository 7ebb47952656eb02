"""Contact mechanics against exact results, and the lever's balance against its own equation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodefree.physics import contact


def test_hertz_in_numbers() -> None:
    """A ball of 1 m pressed 1 cm into E* = 1 Pa: F = 4/3 * 0.01^1.5."""
    assert float(contact.paraboloid_m(1.0)) * 0.01**1.5 == pytest.approx(4 / 3e3)


def test_cone_and_pyramid_are_the_factors_of_their_theories() -> None:
    assert contact.cone(math.pi / 4) == pytest.approx(2 / math.pi)
    assert contact.pyramid(math.pi / 4) == pytest.approx(0.8887)


def test_the_sphere_series_is_sneddons_sphere() -> None:
    """F = E*/2 [(a² + R²) ln((R + a)/(R - a)) - 2aR], δ = a/2 ln((R + a)/(R - a)) (Sneddon 1965, 6.15)."""
    a = np.linspace(0.05, 0.7, 14)
    depth = a / 2 * np.log((1 + a) / (1 - a))
    exact = 0.5 * ((a**2 + 1) * np.log((1 + a) / (1 - a)) - 2 * a)
    series = 1 + sum(c * depth ** (j + 1) for j, c in enumerate(contact.SPHERE_SERIES))
    assert 4 / 3 * depth**1.5 * series == pytest.approx(exact, rel=1e-3)


def test_reduced_modulus_and_back() -> None:
    star = contact.reduced(np.array([1e9, 5e10]), 0.3, 1.69e11, 0.27)
    assert contact.young(star, 0.3, 1.69e11, 0.27) == pytest.approx([1e9, 5e10])
    assert np.isnan(contact.young(2e11, 0.3, 1.69e11, 0.27))  # stiffer than a rigid sample would be


def test_jkr_meets_its_known_points() -> None:
    """δ at no load is a_0²/3R; at the pull-off the slope dF/dδ under a fixed force is zero; without adhesion it is Hertz."""
    radius, star, work = 2e-8, 1e9, 0.05
    pull = float(contact.jkr_pull_off_N(work, radius))
    a0 = (9 * math.pi * work * radius**2 / (2 * star)) ** (1 / 3)
    assert contact.jkr_indentation_m(np.array(0.0), pull, radius, star) == pytest.approx(a0**2 / (3 * radius))
    near = contact.jkr_indentation_m(np.array([0.0, 1e-6, 1e-4]) * pull - pull, pull, radius, star)
    assert (near[1] - near[0]) / 1e-6 > 5 * (near[2] - near[1]) / 1e-4  # a square root: ever steeper towards the pull-off
    force = np.array([1e-8, 1e-7])
    hertz = (force / (float(contact.paraboloid_m(radius)) * star)) ** (2 / 3)
    assert contact.jkr_indentation_m(force, 0.0, radius, star) == pytest.approx(hertz)


def test_pull_off_forces_stand_as_four_to_three() -> None:
    assert contact.dmt_pull_off_N(0.1, 1e-8) / contact.jkr_pull_off_N(0.1, 1e-8) == pytest.approx(4 / 3)


def test_tabor_tells_hard_from_soft() -> None:
    hard, soft = contact.tabor(np.array([0.02, 0.1]), 2e-8, np.array([7e10, 1e6]), 3e-10)
    assert hard < 0.1
    assert soft > 5


def test_lever_and_contact_balance() -> None:
    travel, k, c, pull = np.linspace(-5e-10, 1e-7, 50), 40.0, 1e5, 2e-8
    depth = contact.dmt_balance_m(travel, k, c, 1.5, pull)
    on = travel > -pull / k
    assert c * depth[on] ** 1.5 - pull == pytest.approx(k * (travel - depth)[on], abs=1e-14)
    assert (depth[~on] == 0).all()
