"""Displacements and persistence against sums by hand, and motion whose answer is known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.solvation.synthetic import built
from anodefree.analysis.solvation.walks import diffusive, walks, whole_charges
from anodefree.core.constants import ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.core.result import Estimate
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.trajectory import TRAJECTORY
from anodefree.numerics.correlated import jackknifed, std_of_mean_of_few
from anodefree.numerics.displacement import centres, mean_product, mean_square, persistence


def test_mean_square_is_the_double_sum(rng: np.random.Generator) -> None:
    paths = np.cumsum(rng.standard_normal((40, 5, 3)), axis=0)
    by_hand = [np.mean([((paths[k + t] - paths[k]) ** 2).sum(axis=-1) for k in range(40 - t)]) for t in range(40)]
    np.testing.assert_allclose(mean_square(paths), by_hand, atol=1e-9)


def test_random_walk_of_mdanalysis(shared: Path) -> None:
    """The norm of the displacement of its example is published: 3932.39927487146."""
    mda = pytest.importorskip("MDAnalysis")
    folder = shared / "solvation" / "mdanalysis"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an element named X in its file
        walk = mda.Universe(str(folder / "RANDOM_WALK_TOPO.pdb"), str(folder / "xyz_random_walk.xtc"))
    places = np.array([frame.positions.copy() for frame in walk.trajectory], dtype=float)
    assert np.linalg.norm(mean_square(places)) == pytest.approx(3932.39927487146, rel=1e-6)


def test_persistence_is_the_double_sum(rng: np.random.Generator) -> None:
    touching = rng.random((30, 7)) < 0.4
    h = touching.astype(float)
    by_hand = [(h[: 30 - t] * h[t:]).sum() / h[: 30 - t].sum() for t in range(30)]
    np.testing.assert_allclose(persistence(touching), by_hand, atol=1e-12)


def test_centres_follow_broken_and_wrapped_molecules() -> None:
    """A molecule of two atoms that straddles a face and walks through three of them."""
    steps = 30
    middle = 59.0 + 2.0 * np.arange(steps)
    place = np.zeros((steps, 2, 3))
    place[:, 0, 0], place[:, 1, 0] = middle - 0.5, middle + 0.5
    wrapped = np.mod(place, 60.0)
    found = centres(wrapped, np.full((steps, 3), 60.0), np.zeros(2, int), np.array([1.0, 1.0]))
    np.testing.assert_allclose(found[:, 0, 0] - found[0, 0, 0], middle - middle[0], atol=1e-9)


def test_a_box_that_breathes_does_not_stretch_paths(rng: np.random.Generator) -> None:
    """Wrapped into a box whose edge changes from frame to frame; a walk that crosses it many times stays as long as it is."""
    steps = rng.standard_normal((4000, 6, 3))
    box = 20 + rng.uniform(-0.2, 0.2, (4000, 3))
    wrapped = np.empty_like(steps)
    wrapped[0] = now = rng.uniform(0, 20, (6, 3))
    for k in range(1, 4000):
        now = wrapped[k] = (now + steps[k]) % box[k]
    found = centres(wrapped, box, np.arange(6), np.ones(6))
    np.testing.assert_allclose(np.diff(found, axis=0), steps[1:], atol=1e-9)


def test_product_of_displacements_is_the_double_sum(rng: np.random.Generator) -> None:
    one, other = np.cumsum(rng.standard_normal((2, 40, 3)), axis=1)
    by_hand = [np.mean([(one[k + t] - one[k]) @ (other[k + t] - other[k]) for k in range(40 - t)]) for t in range(40)]
    np.testing.assert_allclose(mean_product(one, other), by_hand, atol=1e-9)


def test_jackknife_of_a_mean_is_its_standard_deviation(rng: np.random.Generator) -> None:
    values = rng.standard_normal((8, 2))
    value, std = jackknifed(lambda mean: mean, values)
    np.testing.assert_allclose(value, values.mean(axis=0))
    np.testing.assert_allclose(std, [std_of_mean_of_few(values[:, k]) for k in range(2)])


def coupled(rng: np.random.Generator, scale: float = 1.0) -> Measurement:
    """Ions of both signs among solvent that swims against them, with charges of `scale` e."""
    walk = np.cumsum(rng.standard_normal((400, 30, 3)), axis=0)
    walk += np.cumsum(rng.standard_normal((400, 1, 3)), axis=0) * np.repeat([1.0, 0.5, -0.5], 10)[:, None]
    names = ["Li"] * 10 + ["TFSI"] * 10 + ["DME"] * 10
    found = built(walk, names, ["Li"] * 10 + ["O"] * 20, np.arange(30))
    arrays = {n: found[n] for n in ("time_s", "position_m", "box_m", "species", "molecule", "element", "mass_kg")}
    charge = scale * np.repeat([1.0, -1.0, 0.0], 10) * ELEMENTARY_CHARGE_C
    return Measurement.of(TRAJECTORY, arrays | {"charge_C": charge}, dict(found.meta))


def test_conductivity_knows_no_frame_and_the_transference_number_does(rng: np.random.Generator) -> None:
    ions = coupled(rng)
    result = af.get("solvation.onsager")(ions, blocks=6)
    other = af.get("solvation.transport")(ions)
    assert result["conductivity"] == pytest.approx(other["conductivity"], rel=1e-9)
    assert result["nernst_einstein"] == pytest.approx(other["nernst_einstein"], rel=1e-9)
    assert result["transference"] == pytest.approx(other["transference_Li"], rel=1e-9)
    assert abs(result["transference_solvent"] - result["transference"]) > 0.05
    whole = result["L++"] - 2 * result["L+-"] + result["L--"]
    assert whole * 96485.33212**2 == pytest.approx(result["conductivity"], rel=1e-9)


def test_ions_of_scaled_charge_carry_their_whole_charge(rng: np.random.Generator) -> None:
    state = rng.bit_generator.state
    full = af.get("solvation.onsager")(coupled(rng))
    rng.bit_generator.state = state
    assert af.get("solvation.onsager")(coupled(rng, 0.8))["conductivity"] == pytest.approx(full["conductivity"], rel=1e-12)


@pytest.mark.parametrize(
    ("scale", "charge", "whole"),
    [
        (None, [0.8, -0.75, 1e-9, 1.6], [1, -1, 0, 2]),
        (0.7, [0.7, -1.4, 0, 0.7], [1, -2, 0, 1]),
        (0.5, [0.5, -1.0, 0, 0.5], [1, -2, 0, 1]),
    ],
)
def test_charges_are_made_whole(scale: float | None, charge: list[float], whole: list[int]) -> None:
    ions = built(np.zeros((1, 4, 3)), ["Li"] * 4, ["Li"] * 4, np.arange(4))
    arrays = {n: ions[n] for n in ("time_s", "position_m", "box_m", "species", "molecule", "element", "mass_kg")}
    meta = dict(ions.meta) | ({} if scale is None else {"charge_scale": scale})
    told = Measurement.of(TRAJECTORY, arrays | {"charge_C": ELEMENTARY_CHARGE_C * np.array(charge)}, meta)
    np.testing.assert_allclose(whole_charges(told, np.arange(4)) / ELEMENTARY_CHARGE_C, whole, atol=1e-12)


def test_pairs_that_stay_together_have_one_coefficient(rng: np.random.Generator) -> None:
    """Then L++ = L-- = L+-, nothing conducts, and nothing is known of a transference number."""
    walk = np.cumsum(rng.standard_normal((240, 20, 3)), axis=0)
    pair = np.concatenate([walk, walk + 2.0], axis=1)
    found = built(pair, ["Li"] * 20 + ["TFSI"] * 20, ["Li"] * 20 + ["Li"] * 20, np.arange(40))
    result = af.get("solvation.onsager")(found)
    assert result["L+-"] == pytest.approx(result["L++"], rel=1e-9)
    assert abs(result["ionicity"]) < 1e-9
    assert next(c for c in result.checks if c.name == "resolved").status == "warn"


@pytest.mark.parametrize(
    ("value", "std", "status"), [(0.7, 0.05, "fail"), (0.7, 0.2, "warn"), (0.95, 0.1, "warn"), (1.0, 0.04, "pass")]
)
def test_an_exponent_is_judged_with_its_interval(value: float, std: float, status: str) -> None:
    assert diffusive({"Li": Estimate(value, std)}, "a bound").status == status


def test_ions_of_one_sign_or_of_two_valences_are_refused(rng: np.random.Generator) -> None:
    ions = coupled(rng)
    arrays = {n: ions[n] for n in ("time_s", "position_m", "box_m", "species", "molecule", "element", "mass_kg")}
    for charge, words in ((np.repeat([1.0, 1.0, 0.0], 10), "no ions"), (np.arange(30) % 3 - 1.0 + (np.arange(30) < 3), "2")):
        wrong = Measurement.of(TRAJECTORY, arrays | {"charge_C": ELEMENTARY_CHARGE_C * charge}, dict(ions.meta))
        with pytest.raises(DataError, match=words):
            af.get("solvation.onsager")(wrong)
    with pytest.raises(DataError, match="charge_C"):
        af.get("solvation.onsager")(Measurement.of(TRAJECTORY, arrays, dict(ions.meta)))
    with pytest.raises(DataError, match="frames"):
        walks(ions, 60, 0.1, 0.5)


def test_opposite_ions_that_move_together_do_not_conduct(rng: np.random.Generator) -> None:
    """Pairs that walk as one: no current, though each ion diffuses; the Haven ratio says so."""
    walk = np.cumsum(rng.standard_normal((240, 20, 3)), axis=0)
    pair = np.concatenate([walk, walk + 2.0], axis=1)
    found = built(pair, ["Li"] * 20 + ["TFSI"] * 20, ["Li"] * 20 + ["O"] * 20, np.arange(40))
    result = af.get("solvation.transport")(found)
    assert abs(result["conductivity"]) < 1e-9 * result["nernst_einstein"]


def test_caged_motion_is_no_diffusion(rng: np.random.Generator) -> None:
    caged = 10 + rng.standard_normal((200, 20, 3)) * 0.3 + 20 * rng.random((1, 20, 3))
    found = built(caged, ["Li"] * 10 + ["TFSI"] * 10, ["Li"] * 10 + ["O"] * 10, np.arange(20))
    told = {c.name: c.status for c in af.get("solvation.transport")(found).checks}
    assert told["diffusive"] == "fail"


def test_partners_that_never_leave_give_a_bound() -> None:
    place = np.tile(np.array([[[10.0, 10, 10], [12, 10, 10], [40, 40, 40]]]), (80, 1, 1))
    found = built(place, ["Li", "TFSI", "TFSI"], ["Li", "O", "O"], np.arange(3))
    result = af.get("solvation.residence")(found, cutoff_m=3e-10)
    assert next(c for c in result.checks if c.name == "length").status == "fail"


def test_what_cannot_be_answered_is_refused(rng: np.random.Generator) -> None:
    few = built(rng.uniform(0, 60, (20, 4, 3)), ["Li", "Li", "TFSI", "TFSI"], ["Li", "Li", "O", "O"], np.arange(4))
    with pytest.raises(DataError, match="frames"):
        af.get("solvation.transport")(few)
    with pytest.raises(ConfigError, match="to_fraction"):
        af.get("solvation.transport")(few, from_fraction=0.6)
    with pytest.raises(DataError, match="frames"):
        af.get("solvation.residence")(few)
