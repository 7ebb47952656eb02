"""The compiled steps in fields whose motion is known: order, gyration, drift, invariants of a trap, and Brownian statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodefree.numerics.potential_tables import Grid, table
from anodefree.physics.lorentz import propagator, uniform_field_path
from anodefree.simulation.ions.flux_in_cell import NO_FLUX
from anodefree.simulation.ions.langevin_steps import langevin_steps, spreads

RK4, BORIS, ROTATION, EXACT, OVERDAMPED = range(5)
NODES = np.arange(-14, 55) / 40


def even(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    return z + 0 * r


def trap(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """A Penning trap about the middle of the cell, of the axial frequency 1."""
    return 0.5 * (z - 0.5) ** 2 - 0.25 * r**2


def fly(
    scheme: int,
    start: np.ndarray,
    step: float,
    steps: int,
    *,
    phi=even,
    per_mass: float = 1.0,
    gyration: tuple[float, float, float] = (0.0, 0.0, 0.0),
    drag: float = 0.0,
    variance: float = 0.0,
    seed: int = 3,
) -> np.ndarray:
    """Summaries after `steps` steps far from any wall; lengths in gaps, time in the unit of the rates."""
    from anodefree.numerics.compiled.flight import SUMMARY
    from anodefree.numerics.compiled.flight import fly as compiled

    r, z = np.meshgrid(NODES, NODES)
    made = table(Grid(NODES, NODES), phi(r, z))
    tables, grids = made[0].ravel(), np.array([[*made[1:], *made[0].shape[::-1], 0, 0.0]] * 2)
    size = float(np.linalg.norm(gyration))
    axis = tuple(g / size for g in gyration) if size else (0.0, 0.0, 1.0)
    flows, noises = langevin_steps(drag, size, variance, step, 1, axis)
    spread, bridge = spreads(drag, variance, step, 1, scheme == OVERDAMPED)
    motion = np.array([per_mass, *gyration, drag, variance])
    out, record = np.zeros((len(start), SUMMARY)), np.full((0, 1, 4), np.nan)
    shape = np.array([1e-9, 1e-9, 1e3, 1e9, 1e-9, 1.0])
    compiled(
        tables, tables, grids, *NO_FLUX, shape, motion, np.eye(3)[:2], scheme, flows, noises, 1, step, 1.0, spread, bridge,
        (steps - 0.5) * step, False, 1.0, seed, 0, np.ascontiguousarray(start), 1, record, out,
    )  # fmt: skip
    assert (out[:, 15] == steps).all()
    assert (out[:, 6] == 0).all()
    return out


def crossed(steps: int, scheme: int) -> tuple[float, float]:
    """Errors of the place and of the speed after 5.3 turns, E along z and B along x, over the gyroradius."""
    launch, duration = (0.002, 0.01, 0.005), 2 * math.pi * 5.3
    start = np.array([[0.0, 0.0, 0.5, *launch]])
    found = fly(scheme, start, duration / steps, steps, per_mass=2e-3, gyration=(1.0, 0.0, 0.0))[0]
    # The closed form has B along z: its (x, y, z) are our (y, z, x).
    path, velocity = uniform_field_path(
        duration,
        (launch[1], launch[2], launch[0]),
        charge_C=1.0,
        mass_kg=1.0,
        flux_density_T=1.0,
        electric_field_V_m=(0.0, -2e-3, 0.0),
    )
    y, z, x = path[:, 0]
    place = np.array([x, y, 0.5 + z])
    assert abs(y) > 0.04  # it has drifted across E and B
    return float(np.abs(found[3:6] - place).max()) / 0.01, abs(found[12] - float(np.linalg.norm(velocity))) / 0.01


@pytest.mark.parametrize(("scheme", "order"), [(RK4, 4), (BORIS, 2), (ROTATION, 2)])
def test_gyration_and_drift_converge_with_the_order_of_the_scheme(scheme: int, order: int) -> None:
    errors = np.array([crossed(n, scheme) for n in (400, 800, 1600)])
    slopes = np.diff(np.log2(errors[:, 0]))
    np.testing.assert_allclose(slopes, -order, atol=0.1)
    assert errors[-1, 0] < {4: 1e-6, 2: 2e-3}[order]


@pytest.mark.parametrize("steps", [7, 40, 1000])
def test_the_exact_rotation_is_exact_to_rounding_in_uniform_fields(steps: int) -> None:
    place, speed = crossed(steps, EXACT)
    assert place < 1e-9
    assert speed < 1e-9


@pytest.mark.parametrize("scheme", [RK4, BORIS, ROTATION, EXACT])
def test_pitch_radius_and_turns_of_a_helix(scheme: int) -> None:
    """Along B an ion at v moves by 2 pi v/omega a turn; across it circles with v/omega; a positive charge turns clockwise."""
    turns, per_turn = 6, 200
    start = np.array([[0.0, 0.02, 0.2, 0.02, 0.0, 0.01]])
    found = fly(scheme, start, 2 * math.pi / per_turn, turns * per_turn, per_mass=0.0, gyration=(0.0, 0.0, 1.0))[0]
    assert found[9] == pytest.approx(-turns, rel=2e-3)
    assert found[5] - 0.2 == pytest.approx(turns * 2 * math.pi * 0.01, rel=1e-6)
    assert found[8] == pytest.approx(turns * 2 * math.pi * math.hypot(0.02, 0.01), rel=2e-3)
    assert found[10] == pytest.approx(
        -turns, rel=2e-3
    )  # it began at its gyroradius from the axis: it winds about it as it turns
    assert found[14] == pytest.approx(0.02, rel=1e-2)


@pytest.mark.parametrize(("scheme", "per_turn"), [(RK4, 300), (BORIS, 500), (ROTATION, 1400), (EXACT, 640)])
def test_a_trap_keeps_energy_and_angular_momentum_over_a_thousand_turns(scheme: int, per_turn: int) -> None:
    """Busch's theorem and the energy, relative to their own size, for eight ions in a Penning trap."""
    rng = np.random.default_rng(1)
    start = np.c_[0.05 * rng.standard_normal((8, 2)), 0.5 + 0.05 * rng.standard_normal(8), 0.3 * rng.standard_normal((8, 3))]
    omega = 10.0
    found = fly(scheme, start, 2 * math.pi / omega / per_turn, 1000 * per_turn, phi=trap, gyration=(0.0, 0.0, omega))
    square = np.sum(start[:, 3:] ** 2, axis=1)
    energy = np.abs(found[:, 11]) * (0.5 * square + 1) / (0.5 * square)
    canonical = start[:, 0] * start[:, 4] - start[:, 1] * start[:, 3] + 0.5 * omega * np.sum(start[:, :2] ** 2, axis=1)
    momentum = np.abs(found[:, 13]) / np.abs(canonical).max()
    assert energy.max() < 1e-6
    assert momentum.max() < 1e-6


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("step", [0.02, 1.0, 20.0])
def test_langevin_temperature_diffusion_and_hall_drift(beta: float, step: float) -> None:
    """B along x, the force along -z: all within 1 % of the exact moments of the process, at any step."""
    steps, ions = {0.02: 100, 1.0: 20, 20.0: 10}[step], 200_000
    t = steps * step
    force, thermal = 0.3 / t, 0.05 / math.sqrt(2 * t)
    rng = np.random.default_rng(5)
    start = np.tile([0.0, 0.0, 0.7, 0.0, 0.0, 0.0], (ions, 1))
    start[:, 3:] = thermal * rng.standard_normal((ions, 3))
    found = fly(EXACT, start, step, steps, per_mass=force, gyration=(beta, 0.0, 0.0), drag=1.0, variance=thermal**2)
    check_moments(found, t, beta, force, thermal)
    drift_z = complex(propagator(complex(1, beta), t)[1]) * -1j * force  # w = vy + i vz
    assert np.mean(found[:, 12] ** 2) == pytest.approx(3 * thermal**2 + abs(drift_z) ** 2, rel=0.01)


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_the_overdamped_step_has_the_diffusion_and_the_drift_of_the_limit(beta: float) -> None:
    t, ions = 4000.0, 200_000
    force, thermal = 0.3 / t, 0.05 / math.sqrt(2 * t)
    start = np.tile([0.0, 0.0, 0.7, 0.0, 0.0, 0.0], (ions, 1))
    found = fly(OVERDAMPED, start, 200.0, 20, per_mass=force, gyration=(beta, 0.0, 0.0), drag=1.0, variance=thermal**2)
    check_moments(found, t, beta, force, thermal)


def check_moments(found: np.ndarray, t: float, beta: float, force: float, thermal: float) -> None:
    shift = found[:, 3:6] - [0.0, 0.0, 0.7]
    across, along = complex(propagator(complex(1, beta), t)[2]), float(propagator(1.0, t)[2])
    assert np.var(shift[:, 0]) == pytest.approx(2 * thermal**2 * along, rel=0.01)
    assert 0.5 * (np.var(shift[:, 1]) + np.var(shift[:, 2])) == pytest.approx(2 * thermal**2 * across.real, rel=0.01)
    if t > 1000:
        assert across.real / t == pytest.approx(1 / (1 + beta**2), rel=1e-3)
    drift = across * -1j * force
    assert shift[:, 2].mean() == pytest.approx(drift.imag, rel=0.01)
    assert shift[:, 1].mean() == pytest.approx(drift.real, abs=0.01 * abs(drift))
