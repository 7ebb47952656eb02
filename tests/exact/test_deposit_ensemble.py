"""Ensembles and diagrams of deposits against what is known, and the physics of few and many sites on a small box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.measurement import Measurement, join
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.deposit_points import DEPOSIT_POINTS, NUMBERS
from anodefree.numerics.soft_boundary import boundary

BOX = {"width_m": 16e-6, "height_m": 8e-6, "cells": 64, "frames": 3, "film_ohm_m2": 0.01}


def points(porosity: list[float], **columns: Any) -> Measurement:
    count = len(porosity)
    rows: dict[str, Any] = {n: np.full(count, 1.0) for n in NUMBERS}
    rows |= {f"porosity_{n}": np.array(porosity) for n in ("volume", "enclosed", "thickness", "tip")}
    rows |= {n: np.ones(count) for n in ("charge_C_m2", "porosity_volume_std", "thickness_std_m", "shape_margin", "complete")}
    rows |= {"cell_m": np.full(count, 1e-12), "shape": np.ones(count), "collector": np.array(["Ni"] * count, dtype=object)}
    return Measurement.of(DEPOSIT_POINTS, rows | {n: np.asarray(v) for n, v in columns.items()})


def ensemble(made: Measurement, **parameters: Any) -> Result:
    result: Result = stages.get("deposit.ensemble")(made, **parameters)
    return result


def grown(**parameters: Any) -> Measurement:
    fields = stages.get("deposit.grow")(**(BOX | parameters))
    return stages.get("deposit.point")(fields, envelope_width_m=32e-6)  # type: ignore[no-any-return]


def test_the_mean_and_one_more_sample_are_students() -> None:
    found = ensemble(points([0.4, 0.5, 0.6])).estimates
    # s = 0.1, t(2 degrees of freedom, 97.5 %) = 4.302653
    assert found["porosity_volume"].value == pytest.approx(0.5)
    assert found["porosity_volume"].high == pytest.approx(0.5 + 4.302653 * 0.1 / np.sqrt(3), abs=1e-6)
    assert found["porosity_volume_sample"].high == pytest.approx(0.5 + 4.302653 * 0.1 * np.sqrt(4 / 3), abs=1e-6)
    assert found["replicas_needed"].value == pytest.approx(25.0)
    assert found["mossy"].value == 1.0
    assert found["mossy"].low is not None
    assert 0.3 < found["mossy"].low < 1.0


def test_too_few_runs_are_told_and_one_run_knows_no_scatter() -> None:
    result = ensemble(points([0.4]))
    assert np.isnan(result.estimates["porosity_volume"].std)
    assert {c.name: c.status for c in result.checks}["replicas"] == "warn"
    enough = ensemble(points([0.40, 0.41, 0.39, 0.40, 0.41]))
    assert {c.name: c.status for c in enough.checks} == dict.fromkeys(
        ("replicas", "converged", "complete", "own expectation"), "pass"
    )


def test_pairs_cancel_what_they_share() -> None:
    spacing, base = [1e-6, 2e-6, 4e-6, 1e-6, 2e-6, 4e-6], [0.2, 0.5, 0.8]
    made = points([*base, *(b - 0.1 for b in base)], site_spacing_m=spacing, capacity_C_m2=[1.0] * 3 + [2.0] * 3)
    found = ensemble(made, by=["capacity_C_m2"]).estimates
    assert found["porosity_tip_change"].value == pytest.approx(-0.1)
    assert found["porosity_tip_change"].std < 1e-5
    names = [n for n in ensemble(made).estimates if n.startswith("porosity_tip_")]
    assert sum("_sample" not in n for n in names) == 6, "six conditions, a group each"


def test_groups_are_named_as_a_person_writes_them() -> None:
    made = points([0.4, 0.5], current_density_A_m2=[1.0, 3.0], site_spacing_m=[5e-6, 0.0])
    groups = [str(g) for g in ensemble(made).curves["group"].values]
    assert groups == ["0.1 mA/cm2, distance of sites 5 um", "0.3 mA/cm2, sites everywhere"]


def test_mistakes_are_told() -> None:
    made = points([0.4, 0.5], site_spacing_m=[5e-6, 1e-5])
    with pytest.raises(ConfigError, match="do not state 'j0_A_m2'"):
        ensemble(made, by=["j0_A_m2"])
    with pytest.raises(ConfigError, match="no number 'porosity'"):
        ensemble(made, numbers=["porosity"])
    diagram = stages.get("deposit.diagram")
    with pytest.raises(ConfigError, match="do not state 'j0_A_m2'"):
        diagram(made)
    with pytest.raises(DataError, match="the same in all runs"):
        diagram(points([0.4, 0.5], site_spacing_m=[5e-6, 1e-5], j0_A_m2=[4.0, 4.0]))
    with pytest.raises(ConfigError, match="not as many places"):
        diagram(points([0.4, 0.5], site_spacing_m=[5e-6, 1e-5], j0_A_m2=[4.0, 5.0]), names=["Ni"])


def test_a_line_that_parts_all_points_is_known_between_them() -> None:
    u, v = (a.reshape(-1) for a in np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 1, 5)))
    fitted = boundary(np.stack([u, v], axis=1), u > 0.5, np.random.default_rng(0))
    share = (fitted.log_odds(np.array([[0.0, 0.5], [1.0, 0.5]])) > 0).mean(axis=0)
    assert share[0] < 0.01
    assert share[1] > 0.99
    places = fitted.crossings(0.5, 0.0, 1.0)
    assert 0.4 < np.nanmedian(places) < 0.6, "between the points at 0.4 and 0.6"
    odds = fitted.log_odds(np.stack([places, np.full(places.size, 0.5)], axis=1)).diagonal()
    assert np.nanmax(np.abs(odds)) < 1e-6


def test_few_sites_leave_pores_and_sites_everywhere_none() -> None:
    few = join([grown(site_spacing_m=8e-6, replica=k, capacity_C_m2=3600.0) for k in range(3)])
    many = grown(capacity_C_m2=3600.0)
    found = ensemble(few).estimates
    assert found["porosity_tip"].value > 0.5
    assert len(np.unique(few["porosity_tip"])) == 3, "replicas are other draws"
    assert abs(float(many["porosity_tip"][0])) < 0.1
    assert float(many["shape"][0]) == 0.0
    assert float(many["site_spacing_m"][0]) == 0.0
    assert float(few["potential_unevenness_V"].min()) > 100 * float(many["potential_unevenness_V"][0])
    assert float(few["salt_unevenness"].max()) < 0.01, "far from depletion: the salt cannot single out a tip"


def test_more_lithium_on_equal_sites_closes_pores() -> None:
    sites = {"sites_m": (2e-6, 6e-6, 10e-6, 14e-6)}
    less, more = (grown(capacity_C_m2=q, **sites) for q in (2000.0, 8000.0))
    assert float(more["porosity_tip"][0]) < float(less["porosity_tip"][0]) - 0.1


def test_current_and_exchange_move_the_porosity_by_little_and_the_known_way_where_ohmic() -> None:
    """With a large Wagner number rates are even over the surface, so that current and j0 hardly matter; in a liquid that
    conducts a thousandth, tips nearer to the counter electrode take more: higher current or higher j0 then roughen."""
    sites = {"sites_m": (3e-6, 5e-6, 12e-6), "capacity_C_m2": 3600.0, "film_ohm_m2": 0.0}
    box = {k: v for k, v in BOX.items() if k != "film_ohm_m2"}

    def tip(**parameters: Any) -> float:
        fields = stages.get("deposit.grow")(**box, **sites, **parameters)
        return float(stages.get("deposit.point")(fields, envelope_width_m=32e-6)["porosity_tip"][0])

    usual = tip(current_density_A_m2=1.0, j0_A_m2=4.0)
    assert abs(tip(current_density_A_m2=30.0, j0_A_m2=4.0) - usual) < 0.05
    assert abs(tip(current_density_A_m2=1.0, j0_A_m2=13.4) - usual) < 0.05
    slow, fast = (tip(current_density_A_m2=1.0, j0_A_m2=j0, conductivity_S_m=1e-4) for j0 in (0.5, 40.0))
    assert fast > slow + 0.02, "with fast kinetics the field decides, and it favours tips"


def test_an_uneven_resistive_film_makes_slender_deposits_and_stripping_them_leaves_lithium_dead() -> None:
    """An even film of any resistance grows round islands on the same sites, which strip without a rest that lost contact."""
    box = BOX | {"height_m": 12e-6, "cells": 48, "film_ohm_m2": 0.17, "j0_A_m2": 4.0, "sides": "periodic"}
    run = box | {"current_density_A_m2": 3.0, "capacity_C_m2": 7200.0, "site_spacing_m": 8e-6, "frames": 2}
    at = {name: stages.get("deposit.cycle")(**run, film_spread=spread) for name, spread in (("even", 0.0), ("uneven", 1.5))}
    left = {name: stages.get("deposit.morphology")(fields) for name, fields in at.items()}
    assert left["even"].estimates["isolated_of_plated"].value < 1e-9
    assert left["uneven"].estimates["isolated_of_plated"].value > 0.01
    shapes = {name: grown(**run, film_spread=spread) for name, spread in (("even", 0.0), ("uneven", 1.5))}
    assert float(shapes["uneven"]["aspect_ratio"][0]) > 1.5 * float(shapes["even"]["aspect_ratio"][0])
