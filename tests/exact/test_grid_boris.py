"""Boris' scheme on a grid in space: order against the closed form, and straight flight beyond the grid."""

from __future__ import annotations

import math

import numpy as np

from anodefree.physics.lorentz import uniform_field_path

FIRST, PER = np.full(3, -1.0), np.full(3, 5.0)


def pushed(steps: int, launch: tuple[float, float, float], duration: float) -> np.ndarray:
    from anodefree.numerics.compiled.grid_boris import push

    table = np.zeros((11, 11, 11, 6))
    table[..., 0], table[..., 5] = 0.02, 1.0
    state = np.array([[0.0, 0.0, 0.0, *launch]] * 70)
    push(table, FIRST, PER, state, duration / steps, steps)
    assert (state == state[0]).all()
    return state[0]


def test_gyration_and_drift_are_of_second_order() -> None:
    launch, duration = (0.1, 0.02, 0.03), 2 * math.pi * 2.2
    path, _ = uniform_field_path(
        duration, launch, charge_C=1.0, mass_kg=1.0, flux_density_T=1.0, electric_field_V_m=(0.02, 0.0, 0.0)
    )
    errors = [np.abs(pushed(n, launch, duration)[:3] - path[:, 0]).max() for n in (100, 200, 400)]
    np.testing.assert_allclose(np.diff(np.log2(errors)), -2, atol=0.1)


def test_a_linear_field_is_met_exactly_between_nodes() -> None:
    """E = -x: with B = 0 a harmonic oscillator, whose trilinear table is exact."""
    from anodefree.numerics.compiled.grid_boris import push

    node = np.linspace(-1, 1, 11)
    table = np.zeros((11, 11, 11, 6))
    table[..., 0] = -node[:, None, None]
    errors = []
    for steps in (200, 400):
        state = np.array([[0.5, 0.1, -0.3, 0.0, 0.0, 0.0]])
        push(table, FIRST, PER, state, 3.0 / steps, steps)
        errors.append(abs(state[0, 0] - 0.5 * math.cos(3.0)))
    assert errors[0] / errors[1] == np.clip(errors[0] / errors[1], 3.8, 4.2)


def test_a_charge_beyond_the_grid_flies_straight() -> None:
    from anodefree.numerics.compiled.grid_boris import push

    state = np.array([[5.0, 0.0, 0.0, 1.0, 2.0, 0.0]])
    push(np.ones((11, 11, 11, 6)), FIRST, PER, state, 0.1, 10)
    np.testing.assert_allclose(state[0], [6.0, 2.0, 0.0, 1.0, 2.0, 0.0])
