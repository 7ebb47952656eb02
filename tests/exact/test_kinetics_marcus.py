"""Marcus-Hush-Chidsey kinetics against its defining integral, and its fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.polarisation import POLARISATION
from anodefree.physics import butler_volmer as bv
from anodefree.physics.marcus_hush_chidsey import current_density_A_m2

RT_F = 0.025692579121493725


@pytest.mark.parametrize("energy", [0.05, 0.1, 0.3, 0.6])
def test_the_current_is_chidseys_integral(energy: float) -> None:
    size = energy / RT_F

    def rate(eta: float) -> float:
        def integrand(x: float) -> float:
            return float(np.exp(-((x - size + eta) ** 2) / (4 * size)) * 0.5 * (1 - np.tanh(x / 2)))

        return float(quad(integrand, -60 - size, 60 + size, limit=500, points=[0.0, size - eta])[0])

    eta = np.array([0.01, 0.05, 0.15, 0.3])
    expected = np.array([(rate(e / RT_F) - rate(-e / RT_F)) / rate(0.0) for e in eta])
    assert current_density_A_m2(eta, 1.0, energy) == pytest.approx(expected, rel=1e-7)
    assert current_density_A_m2(-eta, 1.0, energy) == pytest.approx(-expected, rel=1e-7)


def test_large_reorganisation_is_butler_volmer_and_small_one_levels_off() -> None:
    eta = np.linspace(-0.2, 0.2, 21)
    assert current_density_A_m2(eta, 3.0, 500.0) == pytest.approx(bv.current_density_A_m2(eta, 3.0), rel=2e-3, abs=1e-12)
    level = current_density_A_m2(np.array([1.0, 1.5]), 3.0, 0.2)
    assert level[1] == pytest.approx(level[0], rel=1e-6)


def test_the_fit_returns_energy_and_exchange_current() -> None:
    eta = np.linspace(-0.25, 0.25, 40)
    arrays = {"potential_V": eta, "current_density_A_m2": current_density_A_m2(eta, 90.0, 0.22)}
    result = af.marcus(Measurement.of(POLARISATION, arrays, {"temperature_K": 298.15}), area_resistance_ohm_m2=0.0)
    assert result["j0"] == pytest.approx(90.0, rel=1e-5)
    assert result["reorganisation_energy"] == pytest.approx(0.22, rel=1e-5)


def test_butler_volmer_data_give_no_energy() -> None:
    rng = np.random.default_rng(7)
    eta = np.linspace(-0.15, 0.15, 40)
    j = bv.current_density_A_m2(eta, 10.0) * (1 + 0.02 * rng.standard_normal(40))
    measured = Measurement.of(POLARISATION, {"potential_V": eta, "current_density_A_m2": j}, {"temperature_K": 298.15})
    checks = {c.name: c.status for c in af.marcus(measured, area_resistance_ohm_m2=0.0).checks}
    assert checks["identified"] == "warn"
    assert checks["against Butler-Volmer"] == "warn"


def test_no_current_is_refused() -> None:
    eta = np.linspace(-0.1, 0.1, 20)
    with pytest.raises(DataError, match="no current"):
        af.marcus(Measurement.of(POLARISATION, {"potential_V": eta, "current_density_A_m2": np.zeros(20)}))
