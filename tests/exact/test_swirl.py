"""The swirl about the protrusion: a manufactured flow at the order of the elements, its sign, its scaling, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.axisymmetric_potential import Cell, hemispheroid, space
from anodefree.numerics.azimuthal_flow import solve_flow
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.field_primary import field_primary
from anodefree.simulation.ions.swirl import swirl

CELL = Cell(hemispheroid(0.3, 0.15), 0.3, 0.15, 0.5, 1.0)


def known(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """A flow about the axis whose Lap u - u/r² is known: r³ z² and r sin 2z."""
    return np.asarray(r**3 * z**2 + r * np.sin(2 * z))


def drive(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Minus the left-hand side: of r³ z² it is 8 r z² + 2 r³, of r sin 2z it is -4 r sin 2z."""
    return np.asarray(-(8 * r * z**2 + 2 * r**3 - 4 * r * np.sin(2 * z)))


@pytest.mark.parametrize("order", [2, 3, 4])
def test_a_manufactured_flow_converges_at_the_order_of_the_elements(order: int) -> None:
    error = [solve_flow(space(CELL, order=order, elements=n), drive, known).error(known) for n in (8, 16)]
    assert math.log2(error[0] / error[1]) > order + 0.4
    assert error[1] < (1e-4, 5e-6, 5e-7)[order - 2]


@pytest.fixture(scope="module")
def cell() -> Measurement:
    return field_primary(elements=10)


def test_the_flow_has_the_sign_of_minus_the_radial_current(cell: Measurement) -> None:
    """Current comes down upon the protrusion from all sides, J_r < 0 beside it; with B upward it turns from x to y, u > 0."""
    found = swirl(cell)
    assert found.curves["velocity_m_s"].values.max() == pytest.approx(found["peak_velocity"], rel=1e-9)
    assert found.curves["velocity_m_s"].values.min() > -0.05 * found["peak_velocity"]


def test_the_swirl_of_the_stated_conditions_is_of_the_known_size_and_does_not_matter(cell: Measurement) -> None:
    """1 mA/cm2, 10 mT, 50 um, 1 mPa s: 0.5 nm/s, found once by another finite-element code (order 5)."""
    found = swirl(cell)
    assert found["peak_velocity"] == pytest.approx(0.5e-9, rel=0.15)
    assert found["velocity_over_drift"] == pytest.approx(4.3e-3, rel=0.15)
    assert found["peclet"] < 1e-4
    assert found["turns_per_transit"] < 0.01
    assert found["separator_velocity"] < 2e-3 * found["peak_velocity"]
    assert {c.status for c in found.checks} == {"pass"}


def test_the_swirl_grows_as_field_current_and_the_square_of_the_length(cell: Measurement) -> None:
    one = swirl(cell)["peak_velocity"]
    assert swirl(cell, flux_density_T=0.1)["peak_velocity"] == pytest.approx(10 * one, rel=1e-9)
    wide = field_primary(gap_m=1e-3, radius_m=0.5e-3, boss_height_m=0.2e-3, boss_base_m=0.06e-3, current_density_A_m2=100.0)
    found = swirl(wide, flux_density_T=0.5)
    assert found["peak_velocity"] == pytest.approx(50 * 10 * 400 * one, rel=1e-6)
    assert next(c.status for c in found.checks if c.name == "mixing") == "warn"


def test_no_current_no_swirl() -> None:
    with pytest.raises(DataError, match="no conductivity"):
        swirl(field(elements=6))
    assert swirl(field(elements=6), conductivity_S_m=1.0, elements=6)["peak_velocity"] > 0
