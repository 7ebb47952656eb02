"""Sliders: exact where something is stored, monotone between, silent outside; what is missing becomes a study that runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anodefree.app.sliders import SLIDERS, Point, Series, Slider, _conditions, read, series, study_for
from anodefree.errors import ConfigError
from anodefree.stages import get
from anodefree.study.plan import plan
from anodefree.study.run import outcomes, run
from anodefree.study.shipped import shipped
from anodefree.study.store import Store

BY_NAME = {s.name: s for s in SLIDERS}


def _series(values: list[float]) -> Series:
    points = [Point(10.0**i, y, 0.1 * (i + 1), f"n{i}") for i, y in enumerate(values)]
    return Series(BY_NAME["exchange-current"], tuple(points), "V")


def test_it_is_exact_at_stored_points_and_carries_their_std() -> None:
    found = _series([3.0, 2.0, 1.9])
    for point in found.points:
        told = read(found, point.x)
        assert (told.y, told.std, told.interpolated, told.behind) == (point.y, point.std, False, (point,))


def test_it_is_monotone_between_them_and_says_that_it_is_interpolated() -> None:
    found = _series([3.0, 2.0, 1.9, 0.1])
    told = [read(found, x) for x in np.geomspace(1.001, 999.0, 200)]
    assert all(t.interpolated and len(t.behind) == 2 and t.behind[0].x < t.x < t.behind[1].x for t in told)
    assert np.all(np.diff([t.y for t in told]) < 0)
    assert all(min(p.std for p in t.behind) <= t.std for t in told)


@pytest.mark.parametrize("x", [0.5, 2000.0, float("nan")])
def test_outside_it_refuses(x: float) -> None:
    with pytest.raises(ConfigError, match="nothing is stored"):
        read(_series([3.0, 2.0]), x)


@pytest.mark.parametrize("slider", SLIDERS, ids=lambda s: s.name)
def test_every_slider_makes_a_study_that_is_whole(slider: Slider, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(study_for(slider, [slider.low, slider.high]), encoding="utf-8")
    nodes = [n for n in plan(path).nodes if n.stage == slider.stage]
    assert len(nodes) == 2
    assert slider.parameter in [p.name for p in get(slider.source or slider.stage).parameters]


@pytest.mark.parametrize("name", ["exchange-current", "efficiency", "flux-density"])
def test_a_missing_place_is_computed_and_then_stored(name: str, tmp_path: Path) -> None:
    slider = BY_NAME[name]
    middle = (slider.low * slider.high) ** 0.5
    path, store = tmp_path / "s.toml", Store(tmp_path / "store")
    path.write_text(study_for(slider, [slider.low, slider.high]), encoding="utf-8")
    run(plan(path), store)
    first, *others = series(slider, outcomes(plan(path), store))
    assert not others
    assert read(first, middle).interpolated
    like = plan(path).node(first.points[0].node)
    more = tmp_path / "more.toml"
    more.write_text(study_for(slider, [middle], like), encoding="utf-8")
    run(plan(more), store)
    together = [*outcomes(plan(path), store), *outcomes(plan(more), store)]
    (joined,) = series(slider, together)
    told = read(joined, middle)
    assert len(joined.points) == 3
    assert not told.interpolated
    assert told.behind[0].node.startswith(name)


def test_a_new_place_is_known_as_well_as_the_stored_one(tmp_path: Path) -> None:
    """Stated inputs have a std of their last digit: a point beside them without one would look better known than it is."""
    slider = BY_NAME["loading"]
    stored = next(n for n in plan(shipped("hcmass")).nodes if n.stage == slider.stage)
    path = tmp_path / "s.toml"
    path.write_text(study_for(slider, [0.11], stored), encoding="utf-8")
    given = plan(path).nodes[0].parameters["loading_kg_m2"]
    assert given.std == pytest.approx(0.11 * 0.004 / 0.22)


def test_a_new_distance_of_nuclei_is_grown_under_the_conditions_of_the_stored_ones(tmp_path: Path) -> None:
    """Its parameter belongs to the run that the shown one reads: both are written, and differ from the stored in it alone."""
    slider = BY_NAME["site-spacing"]
    stored = {n.id: n for n in plan(shipped("hcmass")).nodes}
    like = next(n for n in stored.values() if n.step == "copper-points")
    path = tmp_path / "s.toml"
    path.write_text(study_for(slider, [7e-6], like, stored[like.inputs[0]]), encoding="utf-8")
    new = {n.id: n for n in plan(path).nodes}
    (read_,) = [n for n in new.values() if n.stage == slider.stage]
    x, conditions = _conditions(slider, read_, new)
    assert x == pytest.approx(7e-6)
    assert conditions == _conditions(slider, like, stored)[1]


def test_a_point_names_its_run_or_the_study_of_the_slider_that_asked_for_it() -> None:
    pytest.importorskip("nicegui")
    from anodefree.app.slider_panel import _source

    assert _source("retention[LFP, N/P 0.8]") == "retention[LFP, N/P 0.8]"
    assert _source("slider-loading-12160e62/loading[0.18 ± 0.003]") == "studies/slider-loading-12160e62.toml"


def test_a_place_outside_the_slider_is_refused() -> None:
    with pytest.raises(ConfigError, match="goes from"):
        study_for(BY_NAME["efficiency"], [1.2])


def test_the_papers_study_carries_the_sliders() -> None:
    """Every slider's stage is run there, with its parameter, so that a recomputed paper fills it."""
    nodes = plan(shipped("hcmass")).nodes
    for slider in SLIDERS:
        assert any(n.stage == slider.stage for n in nodes), slider.name
