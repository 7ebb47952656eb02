"""Butler-Volmer kinetics: limits, the exact inverse, and the overpotential of a symmetric cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodefree import stages
from anodefree.physics import butler_volmer as bv

RT_F = 0.025692579121493725


def test_thermal_voltage() -> None:
    assert bv.thermal_voltage_V(298.15) == pytest.approx(RT_F, rel=1e-9)


def test_forward_is_the_two_exponentials() -> None:
    eta, alpha = np.linspace(-0.3, 0.3, 41), 0.3
    expected = 2.0 * (np.exp(0.7 * eta / RT_F) - np.exp(-0.3 * eta / RT_F))
    assert bv.current_density_A_m2(eta, 2.0, alpha) == pytest.approx(expected, rel=1e-8, abs=1e-13)


def test_tafel_slopes() -> None:
    eta = np.array([0.4, 0.5])
    for alpha in (0.3, 0.5, 0.8):
        anodic = np.diff(np.log(bv.current_density_A_m2(eta, 1.0, alpha)))[0] / 0.1
        cathodic = np.diff(np.log(-bv.current_density_A_m2(-eta, 1.0, alpha)))[0] / 0.1
        assert anodic * RT_F == pytest.approx(1 - alpha, abs=1e-6)
        assert cathodic * RT_F == pytest.approx(alpha, abs=1e-6)


@given(
    st.floats(1e-15, 1.0).flatmap(lambda x: st.sampled_from([x, -x])),
    st.floats(0.02, 0.98),
    st.floats(1e-6, 1e6),
    st.floats(200.0, 500.0),
)
def test_the_inverse_is_exact(eta: float, alpha: float, j0: float, temperature: float) -> None:
    j = bv.current_density_A_m2(eta, j0, alpha, temperature)
    assert bv.overpotential_V(j, j0, alpha, temperature) == pytest.approx(eta, rel=5e-14)


def test_the_general_inverse_meets_the_closed_form_and_zero() -> None:
    j = np.concatenate([-np.logspace(-6, 6, 50), [0.0], np.logspace(-6, 6, 50)])
    closed = 2 * RT_F * np.arcsinh(j / 2)
    assert bv.overpotential_V(j, 1.0, 0.5) == pytest.approx(closed, rel=1e-9)
    assert bv.overpotential_V(j, 1.0, np.full_like(j, 0.5 + 1e-13)) == pytest.approx(closed, rel=1e-9)


def test_small_currents_see_the_charge_transfer_resistance() -> None:
    assert bv.overpotential_V(1e-6, 13.4, 0.2) / 1e-6 == pytest.approx(bv.charge_transfer_resistance_ohm_m2(13.4), rel=1e-6)


def test_plating_and_stripping_differ_unless_symmetric() -> None:
    plating, stripping = bv.plating_and_stripping_V(20.0, 13.4, 0.3)
    assert plating > stripping > 0
    assert bv.current_density_A_m2(-plating, 13.4, 0.3) == pytest.approx(-20.0, rel=1e-13)
    assert np.ptp(bv.plating_and_stripping_V(20.0, 13.4, 0.5)) == 0


@pytest.mark.parametrize(("j0", "millivolts"), [(13.4, 70.93), (4.0, 169.29), (3.1, 193.98)])
def test_the_overpotential_of_the_papers_exchange_current(j0: float, millivolts: float) -> None:
    result = stages.get("kinetics.overpotential")(current_density_A_m2=20.0, j0_A_m2=j0)
    assert 1e3 * result["overpotential"] == pytest.approx(4e3 * RT_F * np.arcsinh(10 / j0), rel=1e-9)
    assert 1e3 * result["overpotential"] == pytest.approx(millivolts, abs=0.006)
    assert result["charge_transfer_resistance"] == pytest.approx(2 * RT_F / j0, rel=1e-9)


def test_one_electrode_and_an_ohmic_part() -> None:
    stage = stages.get("kinetics.overpotential")
    one = stage(current_density_A_m2=20.0, j0_A_m2=13.4, electrodes=1, area_resistance_ohm_m2="10 ohm cm2")
    assert one["overpotential"] == pytest.approx(2 * RT_F * np.arcsinh(20 / 26.8) + 20 * 1e-3, rel=1e-9)
    assert next(c for c in one.checks if c.name == "ohmic part").status == "pass"


def test_uncertainty_is_that_of_the_slope() -> None:
    result = stages.get("kinetics.overpotential")(current_density_A_m2=20.0, j0_A_m2=(13.4, 0.134))
    by_j0 = 4 * RT_F / np.sqrt(1 + (20 / 26.8) ** 2) * (20 / 26.8) * 0.01
    assert result.estimates["overpotential"].std == pytest.approx(by_j0, rel=1e-3)
