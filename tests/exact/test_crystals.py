"""Crystals against what their lattices say: spacings, multiplicities, extinctions, angles, zones, structure factors."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.errors import ConfigError
from anodefree.physics.crystals import crystal, electron_scattering, families, known_crystals, reflections, zones

KNOWN = {
    "LiF": {"111": 2.324, "200": 2.013, "220": 1.423},
    "Li2O": {"111": 2.667, "200": 2.309, "220": 1.633},
    "Li2S": {"111": 3.296, "200": 2.854, "220": 2.018},
    "Li3N": {"001": 3.875, "100": 3.159, "110": 1.824},
    "LiOH": {"001": 4.334, "200": 1.774},
    "Li": {"110": 2.482, "200": 1.755, "211": 1.433},
    "Ni": {"111": 2.035},
    "Cu": {"111": 2.087},
    "Au": {"111": 2.355, "200": 2.039},
    "SrTiO3": {"100": 3.905, "110": 2.761},
}
"""Spacings [angstrom] as another crystallographic package gives them."""
FACE_CENTRED = ("LiF", "Li2O", "Li2S", "Ni", "Cu", "Au")


@pytest.mark.parametrize("name", KNOWN)
def test_spacings(name: str) -> None:
    told = {f.label: f.spacing_m * 1e10 for f in families(name, 0.9e-10, 5e-5)}
    for label, spacing in KNOWN[name].items():
        assert told[label] == pytest.approx(spacing, abs=1.1e-3), label


def test_spacings_of_the_monoclinic_carbonate() -> None:
    """Against the three strongest lines that the mineral's card lists."""
    carbonate = crystal("Li2CO3")
    for hkl, spacing in (((0, 0, 2), 2.811), ((-2, 0, 2), 2.92), ((1, 1, 0), 4.15)):
        assert carbonate.spacing_m(hkl) * 1e10 == pytest.approx(spacing, abs=0.011)
    a, b, c, beta = 8.3593, 4.9725, 6.1975, np.radians(114.83)
    h, k, m = 3, 1, -2
    inverse = (h**2 / a**2 + m**2 / c**2 - 2 * h * m * np.cos(beta) / (a * c)) / np.sin(beta) ** 2 + k**2 / b**2
    assert carbonate.spacing_m((h, k, m)) * 1e10 == pytest.approx(inverse**-0.5, rel=1e-12)


@pytest.mark.parametrize("name", FACE_CENTRED)
def test_mixed_indices_are_extinct_in_a_face_centred_lattice(name: str) -> None:
    hkl = reflections(name, 0.8e-10)[0]
    assert len(hkl) > 50
    assert np.all(np.ptp(hkl % 2, axis=1) == 0)


def test_extinctions_of_body_centring_glide_planes_and_a_screw() -> None:
    assert np.all(reflections("Li", 0.8e-10)[0].sum(axis=1) % 2 == 0)
    carbonate = reflections("Li2CO3", 1.2e-10)[0]
    assert np.all((carbonate[:, 0] + carbonate[:, 1]) % 2 == 0)
    assert np.all(carbonate[carbonate[:, 1] == 0][:, 2] % 2 == 0)
    hydroxide = reflections("LiOH", 0.9e-10)[0]
    flat = hydroxide[hydroxide[:, 2] == 0]
    assert np.all((flat[:, 0] + flat[:, 1]) % 2 == 0)


def test_multiplicities_of_a_cubic_crystal() -> None:
    told = {f.label: f.multiplicity for f in families("Au", 0.8e-10)}
    assert [told[n] for n in ("111", "200", "220", "311", "331", "420")] == [8, 6, 12, 24, 24, 24]


def test_structure_factors_of_rock_salt_and_antifluorite() -> None:
    fluoride = crystal("LiF")
    hkl = np.array([[1, 1, 1], [2, 0, 0]])
    s2 = (0.5 / np.array([fluoride.spacing_m(h) * 1e10 for h in hkl])) ** 2
    lithium, fluorine = electron_scattering("Li", s2), electron_scattering("F", s2)
    assert np.abs(fluoride.structure_factor(hkl)) == pytest.approx(4 * np.abs(lithium + np.array([-1, 1]) * fluorine))
    assert electron_scattering("Au", np.zeros(1))[0] == pytest.approx(0.9674 + 1.8916 + 3.3993 + 3.0524 + 1.2607)


def test_angles_between_planes() -> None:
    gold, nitride = crystal("Au"), crystal("Li3N")
    assert np.degrees(gold.angle_rad((1, 1, 1), (2, 0, 0))) == pytest.approx(54.7356, abs=1e-4)
    assert np.degrees(gold.angle_rad((1, 1, 1), (1, -1, 1))) == pytest.approx(70.5288, abs=1e-4)
    assert np.degrees(nitride.angle_rad((1, 0, 0), (0, 1, 0))) == pytest.approx(60.0)
    assert np.degrees(nitride.angle_rad((1, 0, 0), (0, 0, 1))) == pytest.approx(90.0)


@pytest.mark.parametrize("name", known_crystals())
def test_zones_hold_the_planes_of_their_axis_at_their_true_lengths_and_angles(name: str) -> None:
    found = crystal(name)
    assert zones(name, 1.1e-10)
    for zone in zones(name, 1.1e-10):
        assert not np.any(zone.hkl @ np.array(zone.axis))
        g = found.wave_vector_per_m(zone.hkl)
        assert zone.place_per_m @ zone.place_per_m.T == pytest.approx(g @ g.T, abs=1e-6 * float((g**2).max()))


def test_zones_of_a_cubic_crystal_are_grouped_by_symmetry() -> None:
    assert {z.axis: z.multiplicity for z in zones("Au", 1.0e-10)} == {
        (1, 0, 0): 3,
        (1, 1, 0): 6,
        (1, 1, 1): 4,
        (2, 1, 1): 12,
    }


def test_an_unknown_crystal_is_named() -> None:
    with pytest.raises(ConfigError, match="no crystal is named 'LiG'"):
        crystal("LiG")
