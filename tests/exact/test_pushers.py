"""The pushers: order of Runge-Kutta, exactness of the rotation, and the statistics of the thermal noise."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from anodefree.core.constants import BOLTZMANN_J_K
from anodefree.errors import NumericalError
from anodefree.numerics.pushers import MANY, check_rk4, linear_step, rk4_growth, rk4_step
from anodefree.physics.lorentz import cyclotron_frequency, uniform_field_path
from anodefree.physics.transport import SPECIES
from anodefree.simulation.ions.fly import uniform_acceleration, uniform_flow

LI = SPECIES["Li+"]
B = 0.01
OMEGA = cyclotron_frequency(LI.charge_C, LI.mass_kg, B)
PERIOD = 2 * math.pi / OMEGA
E = (3.0, -2.0, 10.0)
FORCE = tuple(LI.charge_C / LI.mass_kg * e for e in E)
LAUNCH = np.array([[845.0], [0.0], [100.0]])


def flight(push, steps: int) -> tuple[np.ndarray, np.ndarray]:
    x, v = np.zeros((3, 1)), LAUNCH
    for _ in range(steps):
        x, v = push(x, v)
    return x, v


def truth(duration: float, tau: float = math.inf) -> tuple[np.ndarray, np.ndarray]:
    return uniform_field_path(
        duration,
        LAUNCH[:, 0],
        charge_C=LI.charge_C,
        mass_kg=LI.mass_kg,
        flux_density_T=B,
        electric_field_V_m=E,
        relaxation_time_s=tau,
    )


@pytest.mark.parametrize("drag", [0.0, 0.3 * OMEGA])
def test_rk4_converges_with_order_four(drag: float) -> None:
    rate, tau = complex(drag, OMEGA), 1 / drag if drag else math.inf
    per_turn, error = np.array([40, 80, 160, 320]), []
    exact = truth(2 * PERIOD, tau)
    for n in per_turn:
        h = PERIOD / n
        x, v = flight(partial(rk4_step, step_s=h, acceleration=uniform_acceleration(rate, FORCE)), 2 * int(n))
        error.append([np.abs(x - exact[0]).max(), np.abs(v - exact[1]).max()])
    slopes = np.polyfit(np.log(per_turn), np.log(error), 1)[0]
    np.testing.assert_allclose(slopes, -4, atol=0.1)


def test_rk4_is_of_order_four_where_the_force_depends_on_position() -> None:
    error = []
    for n in (50, 100, 200):
        x, v = np.array([[1.0], [0.0], [0.0]]), np.array([[0.0], [1.0], [0.5]])
        for _ in range(n):
            x, v = rk4_step(x, v, 2.0 / n, lambda x, v: -x)
        exact = np.array([[math.cos(2)], [math.sin(2)], [0.5 * math.sin(2)]])
        error.append(np.abs(x - exact).max())
    np.testing.assert_allclose(np.diff(np.log2(error)), -4, atol=0.05)


def test_growth_factor_is_that_of_the_step() -> None:
    rate, h = complex(0.4 * OMEGA, OMEGA), 0.3 / OMEGA
    _, v = rk4_step(np.zeros((3, 1)), LAUNCH, h, uniform_acceleration(rate, (0, 0, 0)))
    w = complex(LAUNCH[0, 0], LAUNCH[1, 0]) * rk4_growth(rate, h)
    assert complex(v[0, 0], v[1, 0]) == pytest.approx(w, rel=1e-14)


def test_many_particles_move_like_one() -> None:
    v = np.tile(LAUNCH, (1, MANY + 1))
    flow, acceleration = uniform_flow(0.2 * OMEGA + 1j * OMEGA, FORCE, 0.1 * PERIOD), uniform_acceleration(1j * OMEGA, FORCE)
    for step in (partial(linear_step, flow=flow), partial(rk4_step, step_s=0.1 * PERIOD, acceleration=acceleration)):
        for many, one in zip(step(0 * v, v), step(0 * LAUNCH, LAUNCH), strict=True):
            np.testing.assert_allclose(many, np.tile(one, (1, MANY + 1)), rtol=1e-14)


@pytest.mark.parametrize("tau", [math.inf, 10 * PERIOD])
@pytest.mark.parametrize("per_turn", [1, 3, 20])
def test_the_rotation_is_exact_to_rounding_over_a_hundred_turns(per_turn: int, tau: float) -> None:
    rate, h = complex(1 / tau, OMEGA), PERIOD / per_turn
    x, v = flight(partial(linear_step, flow=uniform_flow(rate, FORCE, h)), 100 * per_turn)
    exact_x, exact_v = truth(100 * PERIOD, tau)
    radius = 845 / OMEGA
    assert np.abs(x - exact_x)[:2].max() < 1e-9 * radius
    assert abs(x[2, 0] / exact_x[2, 0] - 1) < 1e-12
    np.testing.assert_allclose(v, exact_v, rtol=1e-9, atol=1e-9)


def test_the_rotation_keeps_the_speed_and_rk4_loses_it_as_its_growth_says() -> None:
    rate, h = complex(0, OMEGA), PERIOD / 20
    _, v = flight(partial(linear_step, flow=uniform_flow(rate, (0, 0, 0), h)), 2000)
    assert np.linalg.norm(v) == pytest.approx(np.linalg.norm(LAUNCH), rel=1e-12)
    _, v = flight(partial(rk4_step, step_s=h, acceleration=uniform_acceleration(rate, (0, 0, 0))), 2000)
    lost = np.hypot(v[0, 0], v[1, 0]) / 845
    assert lost == pytest.approx(abs(rk4_growth(rate, h)) ** 2000, rel=1e-10)
    assert lost == pytest.approx(1 - 0.013, abs=1e-3)


def test_one_step_reaches_the_drift_however_long_it_is() -> None:
    tau = 8.4e-16
    h = 1e12 * tau
    x, v = linear_step(np.zeros((3, 1)), LAUNCH, uniform_flow(complex(1 / tau, OMEGA), FORCE, h))
    drift = np.array(FORCE) * tau
    np.testing.assert_allclose(v[:, 0], drift, rtol=1e-9)
    # It also coasts by v₀τ, one relaxation time long, on the way.
    np.testing.assert_allclose(x[:, 0], drift * h + (LAUNCH[:, 0] - drift) * tau, rtol=1e-9)


@pytest.mark.parametrize("rate", [1.0 + 0j, 2.0 + 1.5j, 0.1 + 3j])
def test_rk4_is_refused_exactly_where_it_blows_up(rate: complex) -> None:
    from scipy.optimize import brentq

    limit = brentq(lambda h: abs(rk4_growth(rate, h)) - 1, 1.5 / abs(rate), 4 / abs(rate))
    check_rk4(rate, 0.999 * limit, "rotation")
    with pytest.raises(NumericalError, match="stability limit") as caught:
        check_rk4(rate, 1.001 * limit, "pusher = 'rotation'")
    assert "pusher = 'rotation'" in caught.value.hint
    if rate.imag == 0:
        assert limit == pytest.approx(2.785, abs=1e-3)


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("step_in_tau", [0.02, 1.0, 20.0])
def test_thermal_noise_gives_equipartition_and_diffusion(beta: float, step_in_tau: float) -> None:
    """⟨v²⟩ = kT/m and ⟨x²⟩ of the Ornstein-Uhlenbeck process, D⊥ = D/(1 + β²), for steps from 0.02 to 20 relaxation times."""
    tau, variance, ions = 1.0, 1.0, 20_000
    steps = {0.02: 150, 1.0: 20, 20.0: 10}[step_in_tau]
    flow = uniform_flow(complex(1 / tau, beta / tau), (0, 0, 0), step_in_tau * tau, variance)
    rng = np.random.default_rng(11)
    x, v = np.zeros((3, ions)), rng.standard_normal((3, ions))
    for _ in range(steps):
        x, v = linear_step(x, v, flow, rng)
    t, error = steps * step_in_tau, 5 * math.sqrt(2 / ions)
    np.testing.assert_allclose(np.mean(v**2, axis=1), variance, rtol=error)
    # Stationary process: <x²> = 2 Re ∫ (t - s) (kT/m) e^(-λs) ds = 2 (kT/m) Re D(t).
    for axis, rate in ((0, complex(1, beta)), (1, complex(1, beta)), (2, complex(1, 0))):
        expected = 2 * variance * ((t - (1 - np.exp(-rate * t)) / rate) / rate).real
        assert np.mean(x[axis] ** 2) == pytest.approx(expected, rel=error)
    if t > 100:
        assert np.mean(x[0] ** 2) / (2 * t) == pytest.approx(1 / (1 + beta**2), rel=0.02 + error)
    # Position and velocity correlate as <xv> = (kT/m) Re C(t).
    C = ((1 - np.exp(-complex(1, beta) * t)) / complex(1, beta)).real
    assert np.mean(x[0] * v[0]) == pytest.approx(variance * C, abs=5 * math.sqrt(np.mean(x[0] ** 2) / ions))


def test_noise_in_one_step_or_in_many_has_the_same_moments() -> None:
    ions, rng = 40_000, np.random.default_rng(3)
    moments = []
    for parts in (1, 8):
        flow = uniform_flow(1.0 + 2.0j, (0, 0, 0), 1.6 / parts, BOLTZMANN_J_K * 300 / LI.mass_kg)
        x = v = np.zeros((3, ions))
        for _ in range(parts):
            x, v = linear_step(x, v, flow, rng)
        s = np.array([x[0], x[1], v[0], v[1]]) / 600
        moments.append(s @ s.T / ions)
    np.testing.assert_allclose(moments[0], moments[1], atol=0.03 * np.abs(moments[0]).max())
