"""The page of the paper's chain: what stands behind it, and a walk through it with mouse and keyboard."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from anodefree.app.chain_picture import Picture, svg
from anodefree.app.last_seen import Seen, keep, kept
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
MORE = """
[[step]]
name = "many"
stage = "inventory.retention"
with = { excess = 0.0 }
sweep = { efficiency = [0.98, 0.985, 0.99, 0.995], cycle = [10, 20, 50, 100, 200] }

[[step]]
name = "broken"
stage = "eis.fit"
inputs = ["file:../files/broken.csv"]
with = { circuit = "R0" }
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
    run(plan(queued_study(project, shown, slider, [0.997], before)), project.store)
    (after,) = stored(project, shown)[slider.name]
    assert [p.x for p in after.points] == [0.99, 0.995, 0.997, 0.999]
    assert not read(after, 0.997).interpolated


FED = """
[study]
title = "A parameter that another run finds"

[[step]]
name = "voltage"
stage = "kinetics.overpotential"
with = { j0_A_m2 = 1e-3, current_density_A_m2 = "2 mA/cm2" }

[[step]]
name = "pouch"
stage = "pouch.energy"
with = { mean_voltage_V = { from = "voltage", estimate = "overpotential" } }
"""


def test_a_place_joins_a_series_whose_parameter_another_run_found(tmp_path: Path) -> None:
    project = Project.create(tmp_path, "Fed")
    path = project.study("fed", FED)
    run(plan(path), project.store)
    slider, shown = BY_NAME["loading"], look(project, path)
    (before,) = stored(project, shown)[slider.name]
    run(plan(queued_study(project, shown, slider, [0.15], before)), project.store)
    (after,) = stored(project, shown)[slider.name]
    assert len(after.points) == 2
    assert {p.node.partition("/")[0] for p in after.points} >= {"pouch"}


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


def test_what_was_last_seen_is_kept_and_anything_else_is_no_picture(project: Project) -> None:
    picture = look(project, study_file(project, "small")).chain.picture
    assert kept(project, "small") is None
    keep(project, "small", Seen(picture, "7 of 7"))
    seen = kept(project, "small")
    assert seen is not None
    assert seen.words == "7 of 7"
    assert svg(seen.picture) == svg(picture)
    (place,) = project.studies_path.glob(".seen*")
    assert place.name not in {Path(m).name for m in _members(project)}, "it stays here"
    for damaged in (
        "",
        "{}",
        "[1]",
        "{" * 99_999,
        '{"words": "", "links": [], "boxes": {"ion": 3}}',
        '{"boxes": {"x": [{}, {}]}}',
    ):
        place.write_text(damaged)
        assert kept(project, "small") is None
    place.unlink()


def _members(project: Project) -> list[str]:
    with zipfile.ZipFile(project.zip(project.folder.parent / "shared.zip")) as packed:
        return packed.namelist()


def test_a_picture_without_anything_read_is_drawn() -> None:
    drawn = svg(Picture())
    assert drawn.count("<a ") == 7
    assert "ion: being read" in drawn


def test_a_study_runs_live_and_says_what_failed(server: Server, page: Any) -> None:
    """Started, reloaded in between, done but for one node whose reason is shown; stations by mouse and by keyboard."""
    project = Project.create(server.home, "Live")
    (project.files_path / "broken.csv").write_text("no spectrum\n")
    project.study("live", SMALL + MORE)
    page.goto(server.url)
    page.goto(f"{server.base}/p/{project.folder.name}/reproduce?study=live")
    page.get_by_test_id("station-ion").wait_for()
    page.get_by_test_id("recompute").get_by_text("Run this study").click()
    page.get_by_test_id("progress").get_by_text(re.compile("queued|running")).wait_for()
    page.reload()
    page.get_by_test_id("job-error").get_by_text("broken").wait_for(timeout=90_000)
    assert page.get_by_test_id("progress").inner_text().startswith("failed after")
    page.get_by_test_id("recompute").get_by_text("Compute the missing 1 of 28 nodes").wait_for()
    assert "27 of 28 nodes done" in page.get_by_test_id("summary").inner_text()

    failed = page.get_by_test_id("station-interphase")
    assert "1 failed" in str(failed.get_attribute("aria-label"))
    failed.click()
    page.wait_for_function("document.activeElement.dataset.testid === 'station-panel'")
    assert "station=interphase" in page.url
    page.get_by_test_id("step-broken").get_by_text("✗").click()
    page.get_by_test_id("station-panel").get_by_text(re.compile("broken.csv.*")).first.wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.dataset.testid === 'station-interphase'")
    assert page.get_by_test_id("station-panel").count() == 0
    assert "station=" not in page.url

    for name in ("deposit", "cell", "pouch"):
        page.keyboard.press("Tab")
        page.wait_for_function(f"document.activeElement.dataset.testid === 'station-{name}'")
    page.keyboard.press("Enter")
    page.get_by_test_id("station-panel").get_by_text("by pouch").wait_for()
    page.get_by_test_id("claim-pouch.energy_density").get_by_text(re.compile("reproduced|consistent")).wait_for()
    page.get_by_test_id("close-station").click()
    page.wait_for_function("document.activeElement.dataset.testid === 'station-pouch'")


def test_a_walk_through_the_chain(server: Server, page: Any) -> None:
    """By keyboard: a station, a run of it; then sliders, and places that are missing, computed."""
    project = _filled(server.home, "Walk")
    page.goto(server.url)
    page.goto(f"{server.base}/p/{project.folder.name}/reproduce?study=small&station=ion")
    panel = page.get_by_test_id("station-panel")
    page.get_by_test_id("step-regime").wait_for(timeout=60_000)
    assert "7 of 7 nodes done" in page.get_by_test_id("summary").inner_text()
    assert page.get_by_test_id("recompute").is_disabled()
    page.get_by_test_id("station-ion").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.dataset.testid === 'station-panel'")
    for part in ("close-station", "unanswered", "step-regime"):
        page.keyboard.press("Tab")
        page.wait_for_function(f"document.activeElement.closest('[data-testid={part}]')")
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
    page.get_by_test_id("how-efficiency").get_by_text(re.compile(r"Stored at 0\.997: studies/slider-efficiency-")).wait_for(
        timeout=60_000
    )
    place.fill("0.2")
    place.press("Enter")
    page.get_by_text(re.compile(r"the slider goes from 0\.98 to")).wait_for()

    page.get_by_test_id("value-exchange-current").get_by_text("Nothing is stored yet.").wait_for()
    page.get_by_test_id("sweep-exchange-current").click()
    page.get_by_test_id("how-exchange-current").get_by_text(re.compile("^(Interpolated|Stored)")).wait_for(timeout=60_000)
    page.get_by_test_id("plot-exchange-current").locator("circle").nth(8).wait_for(timeout=60_000)
    nickel = page.get_by_test_id("slider-exchange-current").locator(".q-slider__track-container")
    shown = page.get_by_test_id("value-exchange-current").inner_text()
    nickel.press("ArrowRight")
    page.get_by_test_id("how-exchange-current").get_by_text("Interpolated between").wait_for()
    assert page.get_by_test_id("value-exchange-current").inner_text() != shown

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

    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_test_id("station-upright-cell").click()
    page.get_by_test_id("step-retention").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_study_that_is_not_there_is_said(server: Server, page: Any) -> None:
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/reproduce?study=../../x")
    page.get_by_test_id("page-error").get_by_text("no such study").wait_for()
