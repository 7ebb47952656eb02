"""Whole runs of deposits: what stays behind, where the model ends, what does not depend on the numerics, resuming."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.errors import Cancelled, ConfigError
from anodefree.simulation.deposition.cell import Box, Liquid, Numerics, Surface
from anodefree.simulation.deposition.contact import apart
from anodefree.simulation.deposition.film import lognormal_patches
from anodefree.simulation.deposition.growth import RISE_M_PER_C_M2, Growth, Leg
from anodefree.simulation.deposition.sites import Sites, drawn_centres_m, spots

SMALL = {"width_m": 16e-6, "height_m": 12e-6, "cells": 32, "site_radius_m": 1e-6, "capacity_C_m2": 3000.0}


def grown(**given: object) -> Measurement:
    made = stages.get("deposit.grow")(**{**SMALL, **given})
    assert isinstance(made, Measurement)
    return made


def test_same_metal_in_two_and_in_three_dimensions() -> None:
    """A row of equal slices is the plane problem."""
    two = growth((24, 1, 24), [(0.0, 6e-6)])
    at, cover = two.sites.covers[0]
    rows = np.concatenate([at + 24 * j for j in range(3)])
    three = growth((24, 3, 24), Sites(((rows, np.tile(cover, 3)),), np.zeros(1), 0.0, (3, 24)))
    for one in (two, three):
        leg = Leg(2.0, 2000.0)
        one.begin(leg)
        for _ in range(25):
            now = one.moment(leg)
            one.advance(now, one.longest_s(leg, now, 0.0, 0.0))
    assert three.state.lithium[:, 1] == pytest.approx(two.state.lithium[:, 0], abs=1e-9)
    assert three.state.potentials.electrode_V == pytest.approx(two.state.potentials.electrode_V, rel=1e-6)


def growth(shape: tuple[int, int, int], where: list[tuple[float, float]] | Sites) -> Growth:
    box = Box(shape, 0.5e-6)
    sites = where if isinstance(where, Sites) else spots(box, where, np.full(len(where), 1e-6), np.zeros(len(where)), 0.0)
    maps = np.full(shape[1:], 13.4), np.full(shape[1:], 1e-3)
    return Growth(box, Liquid(1.0, 3e-10, 0.4, 1200.0, 298.15), Surface(*maps), sites, Numerics())


def test_few_sites_give_high_islands_and_many_a_flat_film() -> None:
    few, many = grown(sites_m=(8e-6,)), grown()
    assert few["deposited_m"][-1] == pytest.approx(many["deposited_m"][-1], rel=1e-12)
    assert few["tip_height_m"][-1] > 3 * many["tip_height_m"][-1]
    assert few["electrode_potential_V"][3] < 5 * many["electrode_potential_V"][3]
    spread = [np.ptp(m["concentration_mol_m3"][-1, 0]) for m in (few, many)]
    assert spread[0] > 20 * spread[1]


def test_width_of_the_interface_and_the_floor_do_not_decide() -> None:
    """Twice the width moves the height by less than half a cell; a floor from 1e-4 to 1e-8 moves nothing."""
    base = grown(sites_m=(8e-6,), cells=64)
    wide = grown(sites_m=(8e-6,), cells=64, interface_cells=1.5)
    assert wide["tip_height_m"][-1] == pytest.approx(base["tip_height_m"][-1], rel=0.06)
    assert wide["electrode_potential_V"][-1] == pytest.approx(base["electrode_potential_V"][-1], rel=0.04)
    for floor in (1e-4, 1e-8):
        other = grown(sites_m=(8e-6,), cells=64, floor=floor)
        assert other["electrode_potential_V"][-1] == pytest.approx(base["electrode_potential_V"][-1], rel=1e-3)


def test_metal_whose_root_is_gone_is_dead() -> None:
    deposit = growth((24, 1, 24), [(0.0, 6e-6)])
    z, x = np.mgrid[0:24, 0:24]
    neck = (np.abs(x - 11.5) < 1.5) & (z < 4)
    head = (np.abs(x - 11.5) < 5) & (z >= 4) & (z < 9)
    deposit.state.lithium[:, 0] = np.where(neck | head, 1.0, 0.0)
    held = float(deposit.state.lithium.sum())
    deposit.state.lithium[1:4] = 0.0  # the upper part of the root is stripped
    loose = apart(deposit.state.lithium, deposit.sites.wall(deposit.state.awake), deposit.box)
    assert loose is not None
    dead = float(deposit.state.lithium[loose].sum())
    assert dead == pytest.approx(5 * 10, abs=1)
    before = float(deposit.state.lithium.sum())
    assert held > before
    leg = Leg(-1.0, expected_C_m2=1e3, cut_off_V=0.3)
    deposit.begin(leg)
    for _ in range(2000):
        now = deposit.moment(leg)
        if deposit.state.potentials.electrode_V > leg.cut_off_V:
            break
        deposit.advance(now, deposit.longest_s(leg, now, 0.0, 0.0))
    else:
        pytest.fail("the metal in contact should have been used up")
    stripped = deposit.state.stripped_C_m2 * RISE_M_PER_C_M2 / deposit.box.cell_m * deposit.box.columns
    assert float(deposit.state.lithium.sum()) + stripped == pytest.approx(before, rel=1e-10)
    assert float(deposit.state.lithium.sum()) == pytest.approx(dead, rel=0.01)


def test_cycles_return_what_keeps_contact() -> None:
    cycled = stages.get("deposit.cycle")(
        **{**SMALL, "capacity_C_m2": 6000.0}, sites_m=(4e-6, 11e-6), cycles=1, rest_s=100.0, frames=3
    )
    assert isinstance(cycled, Measurement)
    assert cycled.meta["stopped"] == "finished"
    efficiency = cycled.meta["efficiency"][0]
    assert 0.95 < efficiency <= 1.001
    left = cycled["deposited_m"][-1] / RISE_M_PER_C_M2
    assert left == pytest.approx(6000 * (1 - efficiency), abs=1e-5 * 6000)
    assert abs(cycled.meta["lithium_missing"]) < 1e-8


def test_the_easiest_sites_wake_first_and_only_as_many_as_needed() -> None:
    sites = [(0.0, 2e-6 + 2.5e-6 * n) for n in range(4)]
    deposit = growth((24, 1, 24), sites)
    deposit.sites = Sites(deposit.sites.covers, np.array([0.02, 0.03, 0.06, 0.5]), 0.0, (1, 24))
    leg = Leg(5.0, 1000.0)
    deposit.begin(leg)
    assert not deposit.state.awake.any()
    deposit.moment(leg)
    assert deposit.state.awake.tolist() == [True, True, False, False]
    drive = -deposit.state.potentials.electrode_V
    assert 0.03 < drive < 0.06 + 1e-3
    assert deposit.moment(leg).flow.total_A_m2 == pytest.approx(5.0, rel=1e-10)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"capacity_C_m2": 1e5, "height_m": 6e-6, "sites_m": (8e-6,)}, "short circuit"),
        ({"current_density_A_m2": 300.0, "diffusivity_m2_s": 3e-12}, "depletion"),
    ],
)
def test_beyond_its_domain_it_stops_and_keeps_what_it_has(given: dict[str, object], reason: str) -> None:
    stopped = grown(**given)
    assert stopped.meta["stopped"].startswith(reason)
    assert ";" in stopped.meta["stopped"]
    assert len(stopped["time_s"]) > 5
    assert abs(stopped.meta["faraday_error"]) < 1e-8


@pytest.mark.parametrize(
    "given", [{"sites_m": (8e-6,), "site_radius_m": 1e-8}, {"height_m": 1e-6}, {"sites_m": (99e-6,)}, {"cells": -3}]
)
def test_what_cannot_be_resolved_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        grown(**given)


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    stage = stages.get("deposit.grow")
    given = {**SMALL, "site_spacing_m": 8e-6, "film_ohm_m2": 1e-3, "film_healing_s": 500.0, "film_crack_m": 1e-7}
    whole = stage(seed=3, context=Context(tmp_path / "one"), **given)
    calls = iter(range(10**6))
    with pytest.raises(Cancelled):
        stage(seed=3, context=Context(tmp_path / "two", cancelled=lambda: next(calls) > 20), **given)
    again = stage(seed=3, context=Context(tmp_path / "two"), **given)
    assert again.provenance.key == whole.provenance.key
    for name in whole.data.data_vars:
        assert np.array_equal(whole[str(name)], again[str(name)]), name


def test_patches_have_their_mean_and_spread() -> None:
    box = Box((8, 64, 64), 1e-7)
    drawn = [lognormal_patches(box, 0.5, 2e-7, np.random.default_rng(n)) for n in range(8)]
    values = np.concatenate([d.ravel() for d in drawn])
    assert values.mean() == pytest.approx(1, abs=0.03)
    assert np.log(values).std() == pytest.approx(0.5, rel=0.05)
    assert len(drawn_centres_m(box, 5, np.random.default_rng(0))) == 5
