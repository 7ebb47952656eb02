"""A deposition in the browser: started, reloaded in its middle, cancelled, resumed, ended; and a worker that is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anodefree.study.jobs import Job, jobs
from anodefree.study.plan import plan
from anodefree.study.store import Store

PROJECT = "First-project"


def until(true: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def opened(page: Any, server: Any, path: str) -> None:
    page.goto(server.url)
    page.goto(f"{server.base}/p/{PROJECT}/{path}")


def started(page: Any, server: Any, cells: str) -> Job:
    opened(page, server, "simulate")
    page.get_by_test_id("param-cells").fill(cells)
    page.wait_for_function(f"document.querySelector('[data-testid=study]').value.includes('cells = {cells}')")
    page.get_by_test_id("start").click()
    page.wait_for_url("**/jobs?job=*")
    return jobs(server.home / PROJECT / "jobs")[0]


def test_reload_cancel_resume_and_the_end(page: Any, server: Any, tmp_path: Path) -> None:
    job = started(page, server, "360")
    until(lambda: job.look().fraction > 0.02)
    page.reload()
    page.get_by_test_id(f"cancel-{job.id}").click()
    page.get_by_test_id(f"resume-{job.id}").wait_for()
    assert job.look().state == "cancelled"
    page.get_by_test_id("live-picture").locator("svg image").wait_for()
    assert "mAh/cm²" in page.get_by_test_id("live-said").inner_text()
    page.get_by_test_id(f"resume-{job.id}").click()
    page.get_by_test_id("figure-0").wait_for(timeout=60_000)
    assert job.look().state == "done"
    assert "done" in page.get_by_test_id(f"state-{job.id}").inner_text()
    study = plan(job.study)
    stage_output = Store(job.store).object(study.nodes[0].key) / "output.nc"
    assert stage_output.is_file()
    assert page.get_by_test_id("live-picture").count() == 0


def test_a_killed_worker_is_a_killed_job_and_nothing_else(page: Any, server: Any) -> None:
    job = started(page, server, "400")
    until(lambda: job.look().fraction > 0.01)
    pid = job.look().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    page.get_by_test_id(f"error-{job.id}").wait_for()
    assert "killed" in page.get_by_test_id(f"state-{job.id}").inner_text()
    page.get_by_test_id(f"forget-{job.id}").click()
    page.get_by_test_id(f"job-{job.id}").wait_for(state="detached")
    assert server.process.poll() is None


def test_a_wrong_study_is_said_in_words(page: Any, server: Any) -> None:
    opened(page, server, "simulate")
    text = page.get_by_test_id("study")
    page.wait_for_function("document.querySelector('[data-testid=study]')?.value.includes('j0_A_m2')")
    text.fill(text.input_value().replace("j0_A_m2", "j1_A_m2"))
    text.blur()
    page.get_by_test_id("check-study").click()
    page.wait_for_function("(document.querySelector('[data-testid=study-fault]')?.innerText ?? '').includes('j0_A_m2')")
    assert "/simulate" in page.url
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_was_written_by_hand_stays(page: Any, server: Any) -> None:
    opened(page, server, "simulate")
    text, says = page.get_by_test_id("study"), "document.querySelector('[data-testid=study]').value"
    mine = text.input_value() + "# mine"
    text.fill(mine)
    page.get_by_test_id("follow-form").wait_for()
    page.get_by_test_id("size").click()
    page.get_by_role("option", name="laptop").click()
    page.wait_for_function("document.querySelector('[data-testid=cost]').innerText.includes('few seconds')")
    assert text.input_value() == mine
    page.get_by_test_id("follow-form").click()
    page.wait_for_function(f"!{says}.includes('# mine') && {says}.includes('laptop')")
    page.get_by_test_id("bring-back").click()
    page.wait_for_function(f"{says}.endsWith('# mine')")
    page.get_by_test_id("follow-form").wait_for()
