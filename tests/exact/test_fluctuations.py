"""Integrals of autocorrelations, conductivity and viscosity against what is known, and boxes that come with the package."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

import anodefree as af
from anodefree.analysis.solvation.fluctuations import integrated
from anodefree.analysis.solvation.viscosity import sheared
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.green_kubo import integral_of_autocorrelation, running_integral
from anodefree.simulation.solvation.equilibrated import equilibrated
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.recipe import counts, load_recipe


def forgetful(rng: np.random.Generator, n: int, components: int, keep: float) -> np.ndarray:
    noise = np.sqrt(1 - keep**2) * rng.standard_normal((n + 300, components))
    return np.asarray(lfilter([1], [1, -keep], noise, axis=0)[300:])


def test_integral_with_two_decay_times_is_right_on_average() -> None:
    rng = np.random.default_rng(1)
    truth = 0.1 * (1.9 / 0.1 + 4 * 1.5 / 0.5) / 2
    found = []
    for _ in range(60):
        flux = forgetful(rng, 6000, 5, 0.9) + 2 * forgetful(rng, 6000, 5, 0.5)
        z = integral_of_autocorrelation(flux, 0.1)
        found.append((z.integral / truth, z.std / truth))
    ratio, std = np.array(found).T
    assert ratio.mean() == pytest.approx(1, abs=4 * ratio.std() / np.sqrt(60) + 0.03)
    assert 0.6 < ratio.std() / std.mean() < 1.5


def test_longer_series_are_known_better() -> None:
    """The number of frequencies grows with the length: sixteen times as long, and a third of the std at least is gone."""
    rng = np.random.default_rng(4)
    stds = {
        n: np.median([integral_of_autocorrelation(forgetful(rng, n, 5, 0.9), 1.0).std for _ in range(9)])
        for n in (4_000, 64_000)
    }
    assert stds[64_000] < 0.5 * stds[4_000]


def test_a_series_of_few_decay_times_is_called_too_short() -> None:
    rng = np.random.default_rng(5)
    time = 1e-14 * np.arange(4000)
    for decay, status in ((400, "warn"), (8, "pass")):
        flux = forgetful(rng, 4000, 5, float(np.exp(-1 / decay)))
        told = next(c for c in integrated(time, flux, 1.0, "a series").checks if c.name == "length")
        assert told.status == status
        assert "0.8 ps" in told.message


def test_running_integral_reaches_the_same() -> None:
    flux = forgetful(np.random.default_rng(2), 200_000, 3, 0.8)
    assert running_integral(flux, 1.0)[40] == pytest.approx(1.8 / 0.2 / 2, rel=0.05)


def test_five_shears_are_equivalent_in_an_isotropic_tensor() -> None:
    """A random symmetric tensor whose law does not change when it is turned: all five shears have one variance."""
    drawn = np.random.default_rng(3).standard_normal((200_000, 3, 3))
    whole = (drawn + drawn.transpose(0, 2, 1)) / 2
    pressed = np.column_stack([whole[:, k, k] for k in range(3)] + [whole[:, 0, 1], whole[:, 0, 2], whole[:, 1, 2]])
    np.testing.assert_allclose(sheared(pressed).var(axis=0), 0.5, rtol=0.02)
    np.testing.assert_allclose(np.corrcoef(sheared(pressed).T), np.eye(5), atol=0.02)


@pytest.mark.parametrize(
    ("name", "words"), [("solvation.viscosity", "no pressure tensor"), ("solvation.conductivity", "no vel")]
)
def test_what_is_missing_is_said(name: str, words: str) -> None:
    bare = af.get("solvation.transport").example(np.random.default_rng(0)).inputs[0]
    with pytest.raises(DataError, match=words):
        af.get(name)(bare)


def test_a_shipped_box_is_whole_and_has_its_density() -> None:
    field = load_force_field()
    held = counts(load_recipe("dol_dme_litfsi"), 27e-10, field)
    place, edge, told = equilibrated("dol_dme_litfsi", 27e-10, held, 0.8, field)
    mass = sum(n * sum(field.masses_u(r)) for r, n in held.items())
    assert mass * 1.66053906660 / edge**3 == pytest.approx(1160, rel=0.03)
    first = 0
    for residue in (r for r, n in held.items() for _ in range(n)):
        for i, j in field.residue(residue).bonds:
            assert 0.07 < np.linalg.norm(place[first + i] - place[first + j]) < 0.22
        first += len(field.residue(residue).atoms)
    assert first == len(place)
    assert "ps" in told


def test_another_box_is_not_taken_for_it() -> None:
    field = load_force_field()
    held = counts(load_recipe("dol_dme_litfsi"), 27e-10, field)
    with pytest.raises(ConfigError, match="no equilibrated box"):
        equilibrated("dol_dme_litfsi", 27e-10, held, 1.0, field)
    with pytest.raises(ConfigError, match="or counts"):
        equilibrated("dol_dme_litfsi", 27e-10, held | {"LI": 1}, 0.8, field)


def test_classes_of_anions_come_back_through_the_spectrometer() -> None:
    shares = {"free": (0.4,), "CIP": (0.35,), "AGG": (0.25,)}
    seen = af.get("spectrometer.raman")(**shares, axis_offset_per_cm=0.0, seed=1)
    read = af.get("raman.speciation")(seen, shift_std_per_cm=0.5, seed=1).estimates["coordinated"]
    assert abs(read.value - 0.6) < 2.5 * read.std


def test_a_number_alone_is_a_list_of_one() -> None:
    spectrum = af.get("spectrometer.raman")
    alone, listed = (spectrum(free=f, CIP=0.3, AGG=0.2, seed=1)["intensity"] for f in (0.5, (0.5,)))
    np.testing.assert_array_equal(alone, listed)
