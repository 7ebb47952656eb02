"""Mixtures: closed forms, bounds, limits, percolation, and tunnelling through a film."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from anodefree.errors import ConfigError
from anodefree.physics.composites import bulk_and_shear, conductivities, cubic_polycrystal, moduli, stiffness, youngs_modulus
from anodefree.physics.tunnelling import blocking_thickness_m, decay_per_m
from anodefree.stages import get

E_PA, NU = np.array([110e9, 1e9]), np.array([0.2, 0.35])
ORDER = ["reuss", "hashin_shtrikman_low", "self_consistent", "hashin_shtrikman_high", "voigt"]


def test_the_rules_rise_in_their_order_and_meet_at_the_pure_phases():
    f = np.linspace(0, 1, 41)
    found = moduli(np.stack([f, 1 - f], -1), E_PA, NU)
    for softer, stiffer in pairwise(ORDER):
        assert np.all(found[softer] <= found[stiffer] * (1 + 1e-9))
    for rule in ORDER:
        assert found[rule][[0, -1]] == pytest.approx(E_PA[::-1], rel=1e-9)


def test_voigt_and_reuss_are_means_of_the_moduli_and_of_their_inverses():
    f, (k, g) = np.array([0.3, 0.7]), bulk_and_shear(E_PA, NU)
    found = moduli(f, E_PA, NU)
    assert found["voigt"] == pytest.approx(float(youngs_modulus(f @ k, f @ g)), rel=1e-9)
    assert found["reuss"] == pytest.approx(float(youngs_modulus(1 / (f @ (1 / k)), 1 / (f @ (1 / g)))), rel=1e-9)


def test_a_few_stiff_spheres_follow_einstein():
    """Rigid spheres in an incompressible matrix: G = G_m (1 + 5 f/2)."""
    f, k, g = np.array([1e-4, 1 - 1e-4]), np.array([1e18, 1e15]), np.array([1e18, 1e6])
    _, shear = stiffness(f, k, g, k[1], g[1])
    assert (float(shear) / 1e6 - 1) / 1e-4 == pytest.approx(2.5, rel=1e-3)


def test_holes_stop_a_self_consistent_medium_at_half():
    """Budiansky: an incompressible matrix with a share f of holes keeps G = G_m 3 (1 - 2f)/(3 - f), and none at f = 1/2."""
    for f in (0.1, 0.3, 0.45):
        found = moduli(np.array([1 - f, f]), np.array([1e9, 1e-3]), np.array([0.499999999, 0.2]), only="self_consistent")
        shear = 1e9 / 3 * 3 * (1 - 2 * f) / (3 - f)
        bulk = 4 * shear * (1 - f) / (3 * f)
        assert float(found["self_consistent"]) == pytest.approx(float(youngs_modulus(bulk, shear)), rel=1e-4)


def test_conductivity_of_bruggemans_medium_solves_its_quadratic_and_percolates_at_a_third():
    high, low = 1.0, 1e-3
    for f in (0.1, 0.3, 0.5, 0.8):
        b = (3 * f - 1) * high + (2 - 3 * f) * low
        expected = (b + np.sqrt(b * b + 8 * high * low)) / 4
        assert float(conductivities([f, 1 - f], [high, low])["effective_medium"]) == pytest.approx(expected, rel=1e-9)
    below, above = (float(conductivities([f, 1 - f], [1.0, 1e-12])["effective_medium"]) for f in (0.30, 0.40))
    assert below < 1e-10
    assert above == pytest.approx(1.5 * (0.4 - 1 / 3), rel=1e-6)


def test_conductivity_rises_as_the_exponent_says_above_its_threshold():
    def at(f: float) -> float:
        return float(conductivities([f, 1 - f], [1.0, 1e-30], threshold=0.16, exponent=2.0)["effective_medium"])

    assert at(0.5) == pytest.approx(((0.5 - 0.16) / 0.84) ** 2, rel=1e-6)


def test_lithium_fluoride_as_a_polycrystal():
    young, poisson = cubic_polycrystal(111e9, 42e9, 63e9)
    assert young == pytest.approx(118e9, rel=0.01)
    assert poisson == pytest.approx(0.196, abs=0.002)
    assert cubic_polycrystal(100e9, 40e9, 30e9)[0] == pytest.approx(9 * 60e9 * 30e9 / 210e9)


def test_tunnelling_dies_within_nanometres():
    assert float(decay_per_m(1.0)) == pytest.approx(1.0246e10, rel=1e-4)
    assert float(blocking_thickness_m(4.0, 40 / np.log(10))) == pytest.approx(1.952e-9, rel=1e-3)


def test_composition_undoes_the_modulus():
    stiff = get("interphase.modulus")(inorganic_fraction=0.4)
    for rule in ORDER:
        back = get("interphase.composition")(modulus_Pa=stiff.estimates[f"E_{rule}"].value)
        assert back.estimates[f"fraction_{rule}"].value == pytest.approx(0.4, abs=1e-6)


def test_activation_energy_of_layers_in_parallel_is_weighted_by_their_currents():
    phases = {"fast_S_m": 2e-5, "fast_activation_J_mol": 40e3, "slow_S_m": 5e-6, "slow_activation_J_mol": 80e3}
    found = get("interphase.conduction")(fast_fraction=0.25, **phases).estimates
    weight = 0.25 * 2e-5 / (0.25 * 2e-5 + 0.75 * 5e-6)
    assert found["Ea_parallel"].value == pytest.approx(weight * 40e3 + (1 - weight) * 80e3, rel=1e-5)
    back = get("interphase.conducting_fraction")(activation_J_mol=found["Ea_series"].value, temperature_K=298.15, **phases)
    assert back.estimates["fraction_series"].value == pytest.approx(0.25, abs=1e-5)


def test_exchanged_phases_are_refused():
    with pytest.raises(ConfigError, match="less than"):
        get("interphase.conduction")(
            fast_fraction=0.5,
            fast_S_m=1e-6,
            fast_activation_J_mol=4e4,
            slow_S_m=1e-5,
            slow_activation_J_mol=4e4,
        )


def test_a_modulus_outside_the_phases_fails_the_check():
    result = get("interphase.composition")(modulus_Pa=200e9)
    assert result.estimates["fraction_voigt"].value == pytest.approx(1, abs=1e-6)
    assert [c.status for c in result.checks] != ["pass"]
