"""A charge in uniform fields: closed forms against independent solutions, and the numbers of the real cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import expm

from anodefree.analysis.ions.regime import numbers, regime
from anodefree.core.constants import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.physics.lorentz import (
    ballistic_turns,
    cyclotron_frequency,
    drift_velocity,
    flux_density_for_helix,
    gyroradius,
    hall_parameter,
    magnetisation,
    propagator,
    thermal_kicks,
    uniform_field_path,
)
from anodefree.physics.transport import SPECIES, friction, mobility, relaxation_time, thermal_speed

LI = SPECIES["Li+"]
ROOM = 298.15


@pytest.mark.parametrize("rate", [0.0, 1e-12, 3e-5 + 2e-5j, 0.3 - 0.9j, 0.999, 1.001j, 2 + 3j, 1e3, 700 - 20j])
def test_the_propagator_is_the_matrix_exponential(rate: complex) -> None:
    z = -rate
    # exp of the augmented matrix holds e^z, phi1 and phi2 (Van Loan); large decaying rates have a plain closed form.
    block = expm(np.array([[z, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=complex))
    decay, C, D = propagator(rate, 1.0)
    if abs(rate) < 100:
        assert [complex(decay), complex(C), complex(D)] == pytest.approx(list(block[0]), rel=2e-14)
    else:
        assert complex(C) == pytest.approx(1 / rate, rel=1e-14)
        assert complex(D) == pytest.approx((1 - 1 / rate) / rate, rel=1e-14)


def test_the_propagator_has_no_step_where_series_and_closed_form_meet() -> None:
    for direction in (1.0, 1j, -1j, (1 + 1j) / math.sqrt(2)):
        inside, outside = (propagator(direction * r, 1.0) for r in (1 - 1e-15, 1 + 1e-15))
        for a, b in zip(inside, outside, strict=True):
            assert complex(a) == pytest.approx(complex(b), rel=5e-15)


def test_free_flight_is_exact() -> None:
    decay, C, D = propagator(0.0, np.array([0.0, 2.0]))
    assert decay.tolist() == [1, 1]
    assert C.tolist() == [0, 2]
    assert D.tolist() == [0, 2]


@pytest.mark.parametrize("name", ["Li+", "TFSI-"])
@pytest.mark.parametrize("beta", [math.inf, 8.0, 0.4])
def test_the_closed_form_solves_the_equation_of_motion(name: str, beta: float) -> None:
    ion, B, E = SPECIES[name], 0.01, np.array([30.0, -20.0, 10.0])
    omega = cyclotron_frequency(ion.charge_C, ion.mass_kg, B)
    tau = math.inf if math.isinf(beta) else beta / abs(omega)
    t, v0 = 7.0 / abs(omega), np.array([300.0, -200.0, 100.0])
    # The linear system dv/dt = Kv + a, dx/dt = v, solved by a 7 x 7 matrix exponential in units of 1/|ω|.
    drag, turn = (0.0 if math.isinf(beta) else 1 / beta), math.copysign(1.0, omega)
    system = np.zeros((7, 7))
    system[:3, :3] = [[-drag, turn, 0], [-turn, -drag, 0], [0, 0, -drag]]
    system[:3, 6] = ion.charge_C / ion.mass_kg * E / abs(omega)
    system[3:6, :3] = np.eye(3)
    final = expm(system * 7.0) @ np.array([*v0, 0, 0, 0, 1])
    x, v = uniform_field_path(
        t,
        v0,
        charge_C=ion.charge_C,
        mass_kg=ion.mass_kg,
        flux_density_T=B,
        electric_field_V_m=E,
        relaxation_time_s=tau,
    )
    np.testing.assert_allclose(v[:, 0], final[:3], rtol=1e-12)
    np.testing.assert_allclose(x[:, 0], final[3:6] / abs(omega), rtol=1e-12)


def test_opposite_charges_turn_opposite_ways() -> None:
    for name, way in (("Li+", -1.0), ("TFSI-", 1.0)):
        ion = SPECIES[name]
        quarter = 0.25 * 2 * math.pi / abs(cyclotron_frequency(ion.charge_C, ion.mass_kg, 0.01))
        x, v = uniform_field_path(quarter, (100.0, 0, 0), charge_C=ion.charge_C, mass_kg=ion.mass_kg, flux_density_T=0.01)
        radius = gyroradius(100.0, ion.charge_C, ion.mass_kg, 0.01)
        np.testing.assert_allclose(v[:, 0], [0, way * 100, 0], atol=1e-12 * 100)
        np.testing.assert_allclose(x[:2, 0], [radius, way * radius], rtol=1e-14)


def test_without_drag_the_mean_motion_is_the_drift_across_both_fields() -> None:
    E = (30.0, -20.0, 0.0)
    drift = drift_velocity(E, (0, 0, 0.01))
    np.testing.assert_allclose(drift, [-20 / 0.01, -30 / 0.01, 0])
    for ion in SPECIES.values():
        period = 2 * math.pi / abs(cyclotron_frequency(ion.charge_C, ion.mass_kg, 0.01))
        x, _ = uniform_field_path(
            5 * period, (10.0, 0, 0), charge_C=ion.charge_C, mass_kg=ion.mass_kg, flux_density_T=0.01, electric_field_V_m=E
        )
        np.testing.assert_allclose(x[:, 0] / (5 * period), drift, rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("beta", [1e-10, 0.3, 1.0, 3.0])
def test_with_drag_the_drift_leaves_the_force_by_the_hall_angle(beta: float) -> None:
    B = 0.01
    tau = beta / cyclotron_frequency(LI.charge_C, LI.mass_kg, B)
    D = tau * BOLTZMANN_J_K * ROOM / LI.mass_kg
    mu = mobility(LI.charge_C, D, ROOM)
    assert hall_parameter(mu, B) == pytest.approx(beta)
    _, v = uniform_field_path(
        100 * tau,
        (500.0, 500.0, 500.0),
        charge_C=LI.charge_C,
        mass_kg=LI.mass_kg,
        flux_density_T=B,
        electric_field_V_m=(100.0, 0, 50.0),
        relaxation_time_s=tau,
    )
    vx, vy, vz = v[:, 0]
    assert -vy / vx == pytest.approx(beta, rel=1e-9)
    assert vx == pytest.approx(mu * 100 / (1 + beta**2), rel=1e-12)
    assert vz == pytest.approx(mu * 50, rel=1e-12)


def test_einstein_relation() -> None:
    assert friction(3e-10, ROOM) == pytest.approx(1.372e-11, rel=1e-3)
    assert mobility(LI.charge_C, 3e-10, ROOM) == pytest.approx(ELEMENTARY_CHARGE_C * 3e-10 / (BOLTZMANN_J_K * ROOM))
    assert mobility(SPECIES["TFSI-"].charge_C, 2e-10, ROOM) < 0
    assert relaxation_time(LI.mass_kg, 3e-10, ROOM) == pytest.approx(0.84e-15, rel=2e-3)


def test_the_numbers_of_the_real_cell() -> None:
    mu = mobility(LI.charge_C, 3e-10, ROOM)
    assert hall_parameter(mu, 0.01) == pytest.approx(1.17e-10, rel=5e-3)
    assert flux_density_for_helix(mu) == pytest.approx(8.6e7, rel=5e-3)
    scale = magnetisation(LI.charge_C, LI.mass_kg, 0.01, 50e-6, 0.1)
    assert scale == pytest.approx(0.0059, rel=1e-3)
    assert ballistic_turns(scale) == pytest.approx(0.00133, rel=3e-3)
    assert thermal_speed(LI.mass_kg, ROOM) == pytest.approx(845, rel=1e-3)
    assert gyroradius(thermal_speed(LI.mass_kg, ROOM), LI.charge_C, LI.mass_kg, 0.01) == pytest.approx(6.08e-3, rel=1e-3)
    assert 2 * math.pi / cyclotron_frequency(LI.charge_C, LI.mass_kg, 0.01) == pytest.approx(45.2e-6, rel=1e-3)
    assert gyroradius(1.0, LI.charge_C, LI.mass_kg, 0.0) == math.inf


def test_ballistic_turns_are_what_the_closed_form_makes_over_the_gap() -> None:
    L, V, B = 20e-3, 1e-3, 0.01
    transit = math.sqrt(2) * L * math.sqrt(LI.mass_kg / (LI.charge_C * V))
    x, v = uniform_field_path(
        transit, (1.0, 0, 0), charge_C=LI.charge_C, mass_kg=LI.mass_kg, flux_density_T=B, electric_field_V_m=(0, 0, V / L)
    )
    assert x[2, 0] == pytest.approx(L, rel=1e-13)
    turns = ballistic_turns(magnetisation(LI.charge_C, LI.mass_kg, B, L, V))
    assert turns == pytest.approx(5.3, rel=5e-3)
    assert math.remainder(-math.atan2(v[1, 0], v[0, 0]) / (2 * math.pi) - turns, 1) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rate", [1e-9 + 0j, 0.05 + 0.3j, 0.7 + 0.6j, 0.8 + 0.61j, 1.0 - 5j, 30 + 4j])
def test_thermal_moments_are_the_integrals_they_stand_for(rate: complex) -> None:
    from scipy.integrate import quad

    kicks, intensity = thermal_kicks(rate, 1.0, 2.0), 2.0 * 2.0 * rate.real

    def C(u: float) -> complex:
        return complex(propagator(rate, u)[1])

    def integral(f: object) -> float:
        return quad(f, 0, 1, epsabs=0, epsrel=1e-12, limit=200)[0]

    velocity = integral(lambda u: math.exp(-2 * rate.real * u))
    position = integral(lambda u: abs(C(u)) ** 2)
    cross = complex(*(integral(lambda u, p=p: getattr(C(u) * np.exp(-rate.conjugate() * u), p)) for p in ("real", "imag")))
    assert kicks.velocity_m2_s2 == pytest.approx(intensity * velocity, rel=1e-11)
    assert kicks.position_m2 == pytest.approx(intensity * position, rel=1e-11)
    assert kicks.cross_m2_s == pytest.approx(intensity * cross, rel=1e-10)


def test_the_regime_of_the_paper_has_no_helix() -> None:
    result = regime(diffusivity_m2_s="3e-10 ± 1e-10")
    assert result["hall_parameter"] == pytest.approx(1.17e-10, rel=5e-3)
    assert result.estimates["hall_parameter"].std == pytest.approx(result["hall_parameter"] / 3)
    assert result["lateral_shift"] == pytest.approx(5.8e-15, rel=1e-2)
    status = {c.name: c.status for c in result.checks}
    assert status["liquid"] == "warn"
    assert status["vacuum"] == "warn"
    assert any("no helix in the liquid" in c.message for c in result.checks)


def test_the_regime_of_a_scaled_cell_has_one() -> None:
    result = regime(flux_density_T=42.0, diffusivity_m2_s=Uncertain(1e-2, 0), species="Li+")
    assert result["magnetisation"] == pytest.approx(25, rel=1e-2)
    status = {c.name: c.status for c in result.checks}
    assert {status[n] for n in ("liquid", "vacuum", "inertia", "mass")} == {"pass"}
    assert status["hull"] == "warn"  # across E so strong a field would let no ion through


def test_powers_of_the_regime_are_those_of_its_formulas() -> None:
    base = {"flux_density_T": 0.01, "diffusivity_m2_s": 3e-10, "gap_m": 5e-5, "voltage_V": 0.1}
    base |= {"current_density_A_m2": 10.0, "conductivity_S_m": 1.0, "viscosity_Pa_s": 1e-3}
    base |= {"susceptibility": 1.3e-6, "decay_length_m": 1e-6}
    exact = regime(**base)
    for name in base:
        spread = regime(**{n: Uncertain(v, 0.01 * v if n == name else 0.0) for n, v in base.items()})
        moved = numbers("Li+", temperature_K=ROOM, **{**base, name: base[name] * (1 + 1e-6)})
        for estimate, value in moved.items():
            slope = abs(value / exact[estimate] - 1) / 1e-6
            assert spread.estimates[estimate].std == pytest.approx(
                slope * 0.01 * exact[estimate], rel=1e-5, abs=1e-9 * exact[estimate]
            )


def test_the_regime_refuses_a_cell_without_a_gap() -> None:
    with pytest.raises(ConfigError, match="gap_m"):
        regime(gap_m=0.0)
