"""The pouch cell's mass breakdown, part by part against a calculation by hand, and what its uncertainty says."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.result import Result
from anodefree.simulation.pouch.energy import energy_density_J_kg
from anodefree.simulation.pouch.inputs import DESIGN
from anodefree.simulation.pouch.masses import masses_kg


@pytest.fixture(scope="module")
def cell() -> Result:
    made = stages.get("pouch.energy")(claimed_J_kg="453.5 Wh/kg", draws=20_000)
    assert isinstance(made, Result)
    return made


# In grams, with a pocket calculator: 2.45 Ah / 0.210 Ah/g; A = 548.4 cm2 in 9.14 sheets of 5 x 6 cm; copper 10.14 sheets of
# 5.2 x 6.2 cm; separator 19.28 sheets of 5.4 x 6.4 cm; laminate 2 faces of 7.2 x 8.2 cm.
BY_HAND = {
    "active material": 11.667,
    "binder and carbon": 0.398,
    "aluminium foil": 0.888,
    "copper foil": 2.343,
    "nickel film": 0.582,
    "separator": 0.400,
    "electrolyte": 2.000,
    "laminate": 2.007,
    "tabs and sealant": 0.350,
}


def test_every_part_is_that_by_hand(cell: Result) -> None:
    parts = dict(zip(cell.curves["component"].values.tolist(), 1e3 * cell.curves["mass_kg"].values, strict=True))
    assert parts == pytest.approx(BY_HAND, abs=6e-4)
    assert cell.curves["fraction"].values.sum() == pytest.approx(1.0)


def test_mass_energy_and_density(cell: Result) -> None:
    assert 1e3 * cell["mass"] == pytest.approx(sum(BY_HAND.values()), abs=2e-3)
    assert cell["energy"] / 3600 == pytest.approx(2.45 * 3.846, rel=1e-12)
    assert cell["energy_density"] == pytest.approx(cell["energy"] / cell["mass"], rel=1e-12)
    assert cell["energy_density"] / 3600 == pytest.approx(456.6, abs=0.1)
    assert cell["areal_capacity"] / 36000 == pytest.approx(0.22 * 0.967 * 210 / 10, rel=1e-12)
    assert 1e6 * cell["lithium_thickness"] == pytest.approx(21.66, abs=0.01)
    assert cell["electrolyte_per_capacity"] * 3600e3 == pytest.approx(2 / 2.45, rel=1e-12)


def test_other_readings_of_the_text(cell: Result) -> None:
    found = dict(zip(cell.curves["reading"].values.tolist(), cell.curves["reading_J_kg"].values / 3600, strict=True))
    assert found["loading is of each face"] == pytest.approx(found["as given"])
    assert found["bare copper, no nickel"] == pytest.approx(9.4227 / (20.636e-3 - 0.5825e-3), abs=0.1)
    assert found["without laminate and tabs"] == pytest.approx(515.5, abs=0.1)
    both = stages.get("pouch.energy")(loaded_sides=2, draws=1000)
    assert both["energy_density"] / 3600 == pytest.approx(found["loading is of both faces together"])
    assert both["areal_capacity"] == pytest.approx(0.5 * cell["areal_capacity"])


def test_the_tornado_is_sorted_and_adds_up(cell: Result) -> None:
    reach = np.abs(cell.curves["input_high_J_kg"].values - cell.curves["input_low_J_kg"].values)
    assert (np.diff(reach) <= 0).all()
    assert set(cell.curves["input_name"].values.tolist()) == set(DESIGN)
    # To first order the shares add up in quadrature; the draws know no such limit.
    together = np.sqrt(np.sum(cell.curves["input_std_J_kg"].values ** 2))
    assert together == pytest.approx(cell.estimates["energy_density"].std, rel=0.05)


def test_the_claim_has_a_place_in_the_distribution(cell: Result) -> None:
    found = cell.estimates["energy_density"]
    assert found.low is not None
    assert found.high is not None
    assert found.low < 453.5 * 3600 < found.high
    assert 0.05 < cell["claimed_percentile"] < 0.95
    assert "claimed_percentile" not in stages.get("pouch.energy")(draws=1000).estimates


def test_the_kernel_takes_arrays_and_is_linear_in_what_it_should_be() -> None:
    centre = {n: np.full(3, x.value) for n, x in DESIGN.items()}
    centre["mean_voltage_V"] = np.array([1.0, 2.0, 3.0])
    assert np.diff(energy_density_J_kg(**centre)) == pytest.approx(energy_density_J_kg(**centre)[0], rel=1e-12)
    design = {n: v for n, v in centre.items() if n != "mean_voltage_V"}
    doubled = masses_kg(**{**design, "capacity_C": 2 * design["capacity_C"]})
    assert doubled["active material"] == pytest.approx(2 * masses_kg(**design)["active material"])


def test_the_same_seed_gives_the_same_draws() -> None:
    stage = stages.get("pouch.energy")
    first, again, other = (stage(draws=1000, seed=s).estimates["energy_density"].std for s in (1, 1, 2))
    assert first == again != other
