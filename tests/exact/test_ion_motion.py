"""Displacements and persistence against sums by hand, and motion whose answer is known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.solvation.synthetic import built
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.displacement import centres, mean_square, persistence


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
