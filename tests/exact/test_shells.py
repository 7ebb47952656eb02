"""Radial distributions and shells against counts by hand and against an ideal gas."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.solvation.frames import contacts_of, radial
from anodefree.analysis.solvation.synthetic import BOX_A, built
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.radial import first_shell

COORDINATION = af.get("solvation.coordination")
SPECIATION = af.get("solvation.speciation")


def gas(rng: np.random.Generator, frames: int = 40) -> af.Measurement:
    place = rng.uniform(0, BOX_A, (frames, 220, 3))
    return built(place, ["Li"] * 20 + ["TFSI"] * 200, ["Li"] * 20 + ["O"] * 200, np.arange(220))


def test_ideal_gas_has_a_flat_distribution(rng: np.random.Generator) -> None:
    found = gas(rng)
    counted = radial(found, np.arange(20), np.arange(20, 220), 3e-9, 30)
    assert counted.counts.sum() == pytest.approx(40 * 20 * 200 * np.pi / 6, rel=0.01)
    g = counted.distribution()
    expected = 1 / np.sqrt(np.maximum(counted.counts.sum(axis=0), 1))
    assert (np.abs(g - 1) < 4.5 * expected).all()


def test_distances_go_through_the_periodic_faces() -> None:
    place = np.array([[[1.0, 1.0, 1.0], [59.0, 1.0, 1.0], [1.0, 59.5, 1.0]]] * 10)
    found = built(place, ["Li", "TFSI", "TFSI"], ["Li", "O", "O"], np.arange(3))
    count, pairs = contacts_of(found, np.array([0]), np.array([1, 2]), 1.9e-10)
    assert (count == 1).all()
    assert (pairs[0] == [[0, 2]]).all()
    far = built(place - 600.0, ["Li", "TFSI", "TFSI"], ["Li", "O", "O"], np.arange(3))  # not wrapped into the box
    assert (contacts_of(far, np.array([0]), np.array([1, 2]), 1.9e-10)[0] == 1).all()


def test_pairs_of_one_molecule_do_not_count() -> None:
    place = np.array([[[1.0, 1.0, 1.0], [3.0, 1.0, 1.0]]] * 10)
    found = built(place, ["Li", "TFSI"], ["Li", "O"], np.zeros(2, int))
    assert contacts_of(found, np.array([0]), np.array([1]), 3e-10)[0].sum() == 0


def test_lists_grow_where_contacts_are_many() -> None:
    rng = np.random.default_rng(0)
    place = np.concatenate([np.zeros((1, 1, 3)), rng.uniform(-1, 1, (1, 300, 3))], axis=1)
    found = built(place, ["Li"] + ["TFSI"] * 300, ["Li"] + ["O"] * 300, np.arange(301))
    count, pairs = contacts_of(found, np.array([0]), np.arange(1, 301), 5e-10)
    assert count[0, 0] == 300
    assert len(pairs[0]) == 300


def test_first_shell_of_a_known_curve() -> None:
    r = np.linspace(1e-10, 8e-10, 701)
    g = 8 * np.exp(-0.5 * ((r - 2e-10) / 1.5e-11) ** 2) + 1 / (1 + np.exp(-(r - 4.5e-10) / 3e-11))
    g += 1.5 * np.exp(-0.5 * ((r - 4.6e-10) / 3e-11) ** 2)
    shell = first_shell(r, g, 5e-12)
    assert shell.peak_m == pytest.approx(2e-10, abs=1e-13)
    assert 2.5e-10 < shell.minimum_m < 3.3e-10
    assert np.isnan(first_shell(r, np.zeros_like(r), 5e-12).peak_m)


def test_a_bridge_counts_as_aggregate_for_all_of_its_ions() -> None:
    """Li-anion-Li: both lithium are AGG though each has one anion; an anion with two contacts to one lithium is a pair."""
    place = np.zeros((10, 6, 3))
    place[:, 0] = (10, 10, 10)
    place[:, 1] = (14, 10, 10)
    place[:, 2] = (12, 10, 10)  # an oxygen between both
    place[:, 3] = (40, 40, 40)
    place[:, 4] = (42, 40, 40)
    place[:, 5] = (40, 42, 40)  # two oxygens of one anion at a third lithium
    names, elements = ["Li", "Li", "TFSI", "Li", "TFSI", "TFSI"], ["Li", "Li", "O", "Li", "O", "O"]
    found = built(place, names, elements, np.array([0, 1, 2, 3, 4, 4]))
    r = SPECIATION(found, cutoff_m=3e-10)
    assert (r["SSIP"], r["CIP"], r["AGG"]) == pytest.approx((0, 1 / 3, 2 / 3))
    assert (r["free"], r["anion_CIP"], r["anion_AGG"]) == pytest.approx((0, 0.5, 0.5))
    assert r["largest_cluster"] == 3
    assert r["contacts_per_coordinated"] == 2
    assert dict(zip(r.curves["shell"].values, r.curves["shell_share"].values, strict=True)) == {"Li(TFSI)1": 1.0}
    c = COORDINATION(found, cutoff_m=3e-10)
    assert (c["CN"], c["CN_molecules"]) == pytest.approx((4 / 3, 1.0))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"centre": "Na"}, "no species is named"),
        ({"partner": "TFSI", "element": "S"}, "has no 'S'"),
        ({"r_max_m": 4e-9}, "box twice as wide"),
        ({"cutoff_m": 9e-10}, "beyond r_max_m"),
    ],
)
def test_impossible_questions_are_refused(rng: np.random.Generator, given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        COORDINATION(gas(rng), **given)


def test_a_gas_has_no_shell(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="frames are left"):
        COORDINATION(gas(rng, 5))
    with pytest.raises(ConfigError, match="no anion"):
        SPECIATION(gas(rng), anion="FSI")


def runs(values: dict[float, list[float]], std: float = 0.02, **more: float) -> af.Measurement:
    from anodefree.core.measurement import Measurement, join
    from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS

    rows = []
    for flux, group in values.items():
        for value in group:
            arrays = {"flux_density_T": flux, "field_V_m": 0.0, "temperature_K": 298.15, "length_s": 1e-9, "memory": 0.1}
            arrays |= dict.fromkeys(NUMBERS, value) | {f"{n}_std": std for n in NUMBERS} | more
            one = {n: np.array([v]) for n, v in arrays.items()}
            rows.append(Measurement.of(SOLVATION_POINTS, one, name=f"run {len(rows)}"))
    return join(rows)


def test_equivalence_and_difference_are_told_apart() -> None:
    stage = af.get("solvation.field_effect")
    told = {c.name: c for c in stage(runs({0.0: [1.0, 1.01, 0.99, 1.0], 1e6: [1.0, 0.99, 1.01, 1.005]})).checks}
    assert told["verdict"].status == "pass"
    assert "equivalent" in told["verdict"].message
    far = stage(runs({0.0: [1.0, 1.01, 0.99, 1.0], 1e6: [1.2, 1.21, 1.19, 1.2]}))
    assert far["p_difference"] < 1e-4
    assert "look at convergence" in next(c for c in far.checks if c.name == "verdict").message
    open_ = stage(runs({0.0: [1.0, 1.3, 0.8], 1e6: [1.1, 0.9, 1.2]}))
    assert "inconclusive" in next(c for c in open_.checks if c.name == "verdict").message
    assert open_["replicas_needed"] > 10
    assert next(c for c in open_.checks if c.name == "within-run errors").status == "warn"


def test_magnitudes_of_the_papers_field() -> None:
    """At 10 mT the cyclotron frequency is 1e-10 of the collision frequency of Li+; they meet near 1e8 T."""
    found = af.get("solvation.field_effect")(runs({0.0: [1.0, 1.1], 0.01: [1.0, 1.1]}))
    assert 3e-11 < found["hall_parameter"] < 3e-10
    assert 3e7 < found["field_of_unity"] < 3e8


def test_one_run_alone_tells_no_scatter() -> None:
    found = af.get("solvation.field_effect")(runs({0.0: [1.0, 1.1], 1e6: [1.2]}))
    assert found["delta_CN"] == pytest.approx(0.15)
    assert np.isnan(found.estimates["delta_CN"].std)
    assert "one run alone" in next(c for c in found.checks if c.name == "verdict").message
    with pytest.raises(DataError, match="one of each"):
        af.get("solvation.field_effect")(runs({1e6: [1.0, 1.1]}))


def test_charges_that_are_open_widen_the_mean() -> None:
    """Two models, each as likely: the variance of a mixture is the mean of theirs and that of their means."""
    from anodefree.core.measurement import join
    from anodefree.numerics.correlated import std_of_mean_of_few

    stage, groups = af.get("solvation.replicas"), {0.8: [1.0, 1.2, 1.1, 0.9], 1.0: [1.6, 1.9, 1.8]}
    points = join([runs({0.0: values}, charge_scale=scale) for scale, values in groups.items()])
    with pytest.raises(DataError, match="charges_open"):
        stage(points)
    found = stage(points, charges_open=True)
    means = [np.mean(v) for v in groups.values()]
    stds = [std_of_mean_of_few(np.array(v)) for v in groups.values()]
    assert found["CN"] == pytest.approx(np.mean(means))
    assert found.estimates["CN"].std == pytest.approx(np.sqrt(np.mean(np.square(stds)) + np.var(means)))
    assert "at 0.8 e (4 runs)" in next(c for c in found.checks if c.name == "charges").message
    alone = stage(runs({0.0: groups[0.8]}, charge_scale=0.8), charges_open=True)
    assert alone.estimates["CN"].std == pytest.approx(stds[0])
    assert not [c for c in alone.checks if c.name == "charges"]
