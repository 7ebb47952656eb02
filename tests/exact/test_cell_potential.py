"""The potential about a protrusion against the closed form of the hemispheroid, and against conservation of flux."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.numerics.axisymmetric_potential import Cell, cone, hemispheroid, solve
from anodefree.physics.hemispheroid import potential_V, tip_factor


def exact_cell(height: float, base: float) -> Cell:
    return Cell(hemispheroid(height, base), height, base, 25.0, 50.0)


@pytest.mark.parametrize(("height", "base", "tip"), [(5.0, 5.0, 1e-4), (10.0, 3.0, 1e-3)])
def test_the_tip_field_and_the_potential_are_those_of_the_closed_form(height: float, base: float, tip: float) -> None:
    cell = exact_cell(height, base)
    found = solve(cell, 1.0, outer=lambda r, z: potential_V(r, z, height, base, 1.0))
    s, t = np.random.default_rng(0).random((2, 500))
    r, z = cell.place(s, t)
    assert np.abs(found.at(r, z) - potential_V(r, z, height, base, 1.0)).max() < 1e-6 * 50
    on_r, on_z, field = found.wall
    assert (on_r[0], on_z[0]) == pytest.approx((0.0, height))
    assert field[0] == pytest.approx(tip_factor(height, base), rel=tip)


def test_the_error_falls_with_the_order_of_the_elements() -> None:
    cell, errors = exact_cell(5.0, 5.0), []
    s, t = np.random.default_rng(1).random((2, 500))
    r, z = cell.place(s, t)
    for elements in (4, 8, 16):
        found = solve(cell, 1.0, order=3, elements=elements, outer=lambda r, z: potential_V(r, z, 5.0, 5.0, 1.0))
        errors.append(np.sqrt(np.mean((found.at(r, z) - potential_V(r, z, 5.0, 5.0, 1.0)) ** 2)))
    assert np.log2(errors[0] / errors[1]) > 3.3
    assert np.log2(errors[1] / errors[2]) > 3.3


def test_points_are_found_where_they_were_put() -> None:
    cell = exact_cell(10.0, 3.0)
    s, t = np.random.default_rng(2).random((2, 200))
    assert np.allclose(cell.logical(*cell.place(s, t)), (s, t), atol=1e-10)


def test_a_small_boss_in_a_wide_cell_leaves_the_flat_field() -> None:
    cell = Cell(hemispheroid(0.01, 0.01), 0.01, 0.01, 1.0, 1.0)
    found = solve(cell, 2.0, elements=20)
    assert found.at(0.9, 0.5) == pytest.approx(1.0, rel=1e-4)
    assert found.wall[2][0] == pytest.approx(3 * 2.0, rel=1e-3)


def test_a_cone_is_sharper_than_a_hemispheroid_of_its_size() -> None:
    blunt = solve(Cell(hemispheroid(0.2, 0.1), 0.2, 0.1, 1.0, 1.0), 1.0)
    sharp = solve(Cell(cone(0.2, 0.1), 0.2, 0.1, 1.0, 1.0), 1.0)
    assert sharp.wall[2][1] > blunt.wall[2][0]


def test_the_tip_factors_of_the_spheroids() -> None:
    assert tip_factor(1.0, 1.0) == 3.0
    assert tip_factor(1.0001, 1.0) == pytest.approx(3.0, rel=1e-3)
    assert tip_factor(10.0, 3.0) == pytest.approx(10.49, rel=1e-3)
