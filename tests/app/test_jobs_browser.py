"""Jobs in the browser: by the keyboard alone, a failure in words, scenes and movies of what is done."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from anodefree.study.jobs import Job, JobState, jobs
from anodefree.study.plan import plan
from anodefree.study.run import run
from anodefree.study.store import Store

SPACE = """[study]
title = "A corner in space"
[[step]]
name = "deposit"
stage = "deposit.grow"
with = { width_m = "6 um", depth_m = "6 um", height_m = "6 um", cells = 10, frames = 3, capacity_C_m2 = 900 }
[[step]]
name = "view"
stage = "deposit.view"
inputs = ["deposit"]
"""
FAILS = """[study]
title = "A moment that never came"
[[step]]
name = "deposit"
stage = "deposit.grow"
with = { width_m = "6 um", height_m = "6 um", cells = 12, frames = 3, capacity_C_m2 = 300 }
[[step]]
name = "view"
stage = "deposit.view"
inputs = ["deposit"]
with = { at_s = 1e9 }
"""


def opened(page: Any, server: Any, path: str) -> None:
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/{path}")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement?.closest('[data-testid]')?.dataset.testid ?? ''"))


def tab_to(page: Any, testid: str) -> None:
    """With the Tab key alone, as somebody without a mouse; wherever the keyboard is, it can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if focused(page) == testid:
            style = page.evaluate(
                "(e => [getComputedStyle(e).outlineWidth, getComputedStyle(e).boxShadow])(document.activeElement)"
            )
            in_field = page.evaluate("Boolean(document.activeElement.closest('.q-field'))")  # whose frame becomes thicker
            assert in_field or style[0] == "3px" or "3px" in style[1]
            return
    raise AssertionError(f"the Tab key does not lead to {testid}")


def test_by_the_keyboard_alone(page: Any, server: Any) -> None:
    opened(page, server, "simulate")
    tab_to(page, "subject")
    page.keyboard.press("Enter")
    page.get_by_role("option", name="Anode-free cell").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("option", name="Anode-free cell").wait_for(state="detached")
    tab_to(page, "param-cells")
    page.keyboard.press("Control+A")
    page.keyboard.type("420")
    tab_to(page, "start")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs?job=*")
    job = jobs(server.home / "First-project" / "jobs")[0]
    page.get_by_test_id(f"progress-{job.id}").wait_for()
    tab_to(page, f"cancel-{job.id}")
    page.keyboard.press("Space")
    page.get_by_test_id(f"resume-{job.id}").wait_for()
    page.wait_for_function(f"document.activeElement?.dataset?.testid === 'resume-{job.id}'")
    assert job.look().state == "cancelled"
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.activeElement?.dataset?.testid === 'cancel-{job.id}'")
    assert "cells = 420" in job.study.read_text()
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.activeElement?.dataset?.testid === 'resume-{job.id}'")
    tab_to(page, f"forget-{job.id}")
    page.keyboard.press("Enter")
    page.get_by_test_id(f"job-{job.id}").wait_for(state="detached")
    page.wait_for_function("/^(to-simulate|open-)/.test(document.activeElement?.dataset?.testid ?? '')")


def test_a_failure_says_what_where_and_what_to_try(page: Any, server: Any) -> None:
    opened(page, server, "simulate")
    page.get_by_test_id("study").fill(FAILS)
    page.get_by_test_id("start").click()
    page.wait_for_url("**/jobs?job=*")
    job = jobs(server.home / "First-project" / "jobs")[0]
    error = page.get_by_test_id(f"error-{job.id}")
    error.wait_for()
    told = error.inner_text()
    assert "view" in told
    assert "try:" in told
    assert "Traceback" not in told
    assert "1 of 2 steps" in page.get_by_test_id(f"progress-{job.id}").inner_text()
    assert "processor" in page.get_by_test_id(f"cost-{job.id}").inner_text()
    assert page.get_by_test_id(f"state-{job.id}").inner_text() == "✗ failed"
    page.get_by_test_id("figure-0").wait_for()  # what was done before it is kept and shown


@pytest.fixture(scope="module")
def done(server: Any) -> Job:
    """A deposit in space that is finished."""
    project: Path = server.home / "First-project"
    study = project / "studies" / "space.toml"
    study.write_text(SPACE)
    assert not run(plan(study), Store(project / "store")).errors
    folder = project / "jobs" / "20200101-000000-000000-aaaa"
    folder.mkdir(parents=True)
    record = {"title": "A corner in space", "study": str(study), "store": str(project / "store"), "created": "2020-01-01T00:00"}
    (folder / "job.json").write_text(json.dumps(record))
    job = Job(folder)
    job.tell(JobState("done", done=2, total=2, wall_s=3.0, cpu_s=2.0))
    return job


def test_a_deposit_is_turned_and_filmed(page: Any, server: Any, done: Job) -> None:
    opened(page, server, f"jobs?job={done.id}")
    page.get_by_test_id("scene").locator("canvas").first.wait_for()
    page.get_by_test_id("figure-0").locator("svg").wait_for()
    with page.expect_download() as got:
        page.get_by_test_id("movie").click()
        page.get_by_test_id("movie-waits").wait_for()
    from PIL import Image

    with Image.open(got.value.path()) as film:
        assert film.format == "GIF"
        assert film.n_frames >= 3
    page.get_by_test_id("movie-waits").wait_for(state="hidden")


def test_a_browser_that_cannot_draw_in_space_says_so(page: Any, server: Any, done: Job) -> None:
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...a) {"
        "  return /webgl/.test(kind) ? null : get.call(this, kind, ...a); };"
    )
    opened(page, server, f"jobs?job={done.id}")
    page.get_by_test_id("no-webgl").wait_for()
    page.get_by_test_id("figure-0").locator("svg").wait_for()
    assert page.get_by_test_id("scene").count() == 0


def test_a_waiting_job_says_that_it_waits(page: Any, server: Any, done: Job) -> None:
    folder = done.folder.parent / "20200101-000001-000000-bbbb"
    folder.mkdir()
    (folder / "job.json").write_text((done.folder / "job.json").read_text().replace("A corner", "Another corner"))
    waiting = Job(folder)
    waiting.tell(JobState(told_at=time.time()))
    opened(page, server, "jobs")
    assert page.get_by_test_id(f"progress-{waiting.id}").inner_text() == "waits for a free core"
    assert page.get_by_test_id(f"state-{waiting.id}").inner_text() == "… queued"
    page.get_by_test_id(f"cancel-{waiting.id}").click()
    page.wait_for_function(f"document.querySelector('[data-testid=\"progress-{waiting.id}\"]').innerText.includes('stops')")
    waiting.tell(JobState("cancelled"))
    page.get_by_test_id(f"forget-{waiting.id}").click()
    page.get_by_test_id(f"job-{waiting.id}").wait_for(state="detached")
