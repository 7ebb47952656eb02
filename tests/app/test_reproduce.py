"""The page of the paper's chain: what stands behind it, and a walk through it with mouse and keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from anodefree.app.project import Project
from anodefree.app.reproduction import choices, look, output_of, queued_study, stored, study_file
from anodefree.app.slider_plot import plot
from anodefree.app.sliders import SLIDERS, read
from anodefree.study.plan import plan
from anodefree.study.run import run
from anodefree.study.shipped import shipped
from lab import Server

SMALL = """
[study]
title = "A small chain"

[[step]]
name = "regime"
stage = "ions.regime"
title = "The regime of the ion"
sweep = { flux_density_T = ["5 mT", "10 mT", "20 mT"] }

[[step]]
name = "retention"
stage = "inventory.retention"
with = { excess = 0.0, cycle = 100 }
sweep = { efficiency = [0.99, 0.995, 0.999] }

[[step]]
name = "pouch"
stage = "pouch.energy"

[[step.answer]]
claim = "pouch.energy_density"
sample = "Cu||NCM811 2.45 Ah"
estimate = "energy_density"
route = "computed"
"""
BY_NAME = {s.name: s for s in SLIDERS}


def _filled(home: Path, name: str) -> Project:
    project = Project.create(home, name)
    run(plan(project.study("small", SMALL)), project.store)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return _filled(tmp_path_factory.mktemp("home"), "Small")


def test_the_project_offers_the_paper_and_its_own_studies(project: Project) -> None:
    project.study("slider-x", "nonsense")
    assert list(choices(project)) == ["hcmass", "small"]
    assert study_file(project, "hcmass") == shipped("hcmass")
    assert study_file(project, "../../etc/passwd") == shipped("hcmass")
    (project.studies_path / "slider-x.toml").unlink()


def test_what_is_stored_is_judged_and_shown(project: Project) -> None:
    shown = look(project, study_file(project, "small"))
    assert shown.done == len(shown.outcomes) == 7
    assert [s.name for s in shown.chain.stations if s.outcomes] == ["ion", "cell", "pouch"]
    (judged,) = [v for v in shown.chain["pouch"].verdicts if v.node]
    assert judged.node == "pouch"
    estimate = output_of(project.store, shown.states["pouch"].node).estimates["energy_density"]
    assert judged.ours == pytest.approx(estimate.in_field_units()[0])


def test_a_queued_place_joins_its_series(project: Project) -> None:
    slider = BY_NAME["efficiency"]
    shown = look(project, study_file(project, "small"))
    (before,) = stored(project, shown)[slider.name]
    assert read(before, 0.997).interpolated
    run(plan(queued_study(project, shown, slider, 0.997, before)), project.store)
    (after,) = stored(project, shown)[slider.name]
    assert [p.x for p in after.points] == [0.99, 0.995, 0.997, 0.999]
    assert not read(after, 0.997).interpolated


@pytest.mark.parametrize("name", ["efficiency", "flux-density", "loading"])
def test_the_plot_holds_every_point_within_its_frame(project: Project, name: str) -> None:
    (found, *_) = stored(project, look(project, study_file(project, "small")))[name]
    for x in (found.slider.low, found.points[0].x, found.slider.high):
        drawn = ET.fromstring(plot(found, x, None))
        dots = drawn.findall("{*}circle")
        assert len(dots) == len(found.points)
        assert all(0 < float(d.attrib["cx"]) < 340 and 0 < float(d.attrib["cy"]) < 170 for d in dots)
        ticks = [t for t in drawn.findall("{*}text") if t.attrib.get("text-anchor") == "end"]
        assert len(ticks) >= 3, "two on the upright axis, one on the other"


def test_a_walk_through_the_chain(server: Server, page: Any) -> None:
    """Stations by mouse and by keyboard, a run opened, a slider moved, a missing place computed, the study recomputed."""
    project = _filled(server.home, "Walk")
    page.goto(server.url)
    page.goto(f"{server.base}/p/{project.folder.name}/reproduce?study=small")
    page.get_by_test_id("station-ion").wait_for(timeout=60_000)
    assert "7 of 7 nodes done" in page.get_by_test_id("summary").inner_text()

    page.get_by_test_id("station-pouch").click()
    panel = page.get_by_test_id("station-panel")
    panel.get_by_text("by pouch").wait_for()
    page.wait_for_function("document.activeElement.dataset.testid === 'station-panel'")
    assert "station=pouch" in page.url

    page.get_by_test_id("station-ion").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("step-regime").wait_for()
    page.wait_for_function("document.activeElement.dataset.testid === 'station-panel'")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_test_id("node-regime[5 mT]").locator(".q-item").click()
    panel.get_by_test_id("estimates").wait_for()
    panel.get_by_test_id("figure").locator("svg").wait_for()
    checked, estimates = panel.get_by_test_id("check").first, panel.get_by_test_id("estimates")
    assert checked.bounding_box()["y"] < estimates.bounding_box()["y"]

    place = page.get_by_test_id("place-efficiency").locator("visible=true")
    place.fill("0.997")
    place.press("Enter")
    page.get_by_text("Interpolated between the stored points at 0.995 and 0.999.").wait_for()
    page.get_by_test_id("compute-efficiency").click()
    page.get_by_test_id("how-efficiency").get_by_text(re.compile(r"Stored at 0\.997: slider-efficiency-")).wait_for(
        timeout=60_000
    )
    place.fill("0.2")
    place.press("Enter")
    page.get_by_text(re.compile(r"the slider goes from 0\.98 to")).wait_for()

    handle = page.get_by_test_id("slider-flux-density").locator(".q-slider__track-container")
    before = page.get_by_test_id("value-flux-density").inner_text()
    handle.press("ArrowRight")
    page.get_by_test_id("how-flux-density").get_by_text("Interpolated between").wait_for()
    assert page.get_by_test_id("value-flux-density").inner_text() != before
    outside = page.get_by_test_id("how-flux-density").get_by_text("nothing is extrapolated")
    for _ in range(20):
        handle.press("PageUp")
        page.wait_for_timeout(100)
        if outside.is_visible():
            break
    outside.wait_for()

    page.get_by_test_id("recompute").click()
    page.get_by_test_id("progress").get_by_text(re.compile("^done after")).wait_for(timeout=60_000)
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_test_id("station-upright-cell").click()
    page.get_by_test_id("step-retention").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_study_that_is_not_there_is_said(server: Server, page: Any) -> None:
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/reproduce?study=../../x")
    page.get_by_test_id("page-error").get_by_text("no such study").wait_for()
