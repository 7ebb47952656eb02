"""Jobs: they outlive who started them, are cancelled and resumed, and a killed one is said to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anodefree.errors import ConfigError
from anodefree.study.jobs import Job, JobState, jobs, start
from anodefree.study.plan import plan
from anodefree.study.run import outcomes
from anodefree.study.store import Store
from plugin import Plugin


def study_of(folder: Path, *steps: str) -> Path:
    path = folder / "study.toml"
    path.write_text('[study]\ntitle = "toys"\n' + "".join(f"[[step]]\n{s}\n" for s in steps))
    return path


def counting(steps: int, pause_s: float) -> str:
    return f'name = "c"\nstage = "toy.count"\nwith = {{ steps = {steps}, pause_s = {pause_s} }}'


def started(folder: Path, study: Path, title: str = "toy") -> Job:
    return start(study, folder / "store", folder / "jobs", title)


def until(job: Job, wanted: Callable[[JobState], bool]) -> JobState:
    """The first state that is wanted; sixty seconds at most, for a machine that has other work."""
    end = time.monotonic() + 60
    while not wanted(seen := job.look()):
        assert time.monotonic() < end, (seen, job.log)
        time.sleep(0.05)
    return seen


def ended(state: JobState) -> bool:
    return not state.active


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places to run that other tests' jobs do not take."""
    (tmp_path / "places").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "places"))


def test_a_job_is_cancelled_and_goes_on_from_its_checkpoint(
    tmp_path: Path, toys: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "toy.log"
    monkeypatch.setenv("TOY_LOG", str(log))
    study = study_of(tmp_path, counting(8, 0.3))
    job = started(tmp_path, study, "a long count")
    until(job, lambda s: s.fraction > 0)
    with pytest.raises(ConfigError, match="not finished"):
        job.forget()
    with pytest.raises(ConfigError, match="not finished"):
        job.resume()
    job.cancel()
    stopped = until(job, ended)
    assert stopped.state == "cancelled"
    assert stopped.wall_s > 0
    assert stopped.cpu_s > 0
    job.resume()
    last = until(job, ended)
    assert (last.state, last.done, last.error) == ("done", 1, "")
    assert last.wall_s > stopped.wall_s
    starts = [line for line in log.read_text().splitlines() if line.startswith("start")]
    assert starts[0] == "start 0.0 at 0"
    assert int(starts[1].rpartition(" ")[2]) > 0
    (found,) = outcomes(plan(study), Store(job.store))
    assert found.state == "done"
    assert jobs(tmp_path / "jobs") == [job]
    assert (job.title, job.study) == ("a long count", study)
    job.forget()
    assert jobs(tmp_path / "jobs") == []


def test_a_killed_worker_is_said_to_be_killed_and_resumes(tmp_path: Path, toys: Plugin) -> None:
    job = started(tmp_path, study_of(tmp_path, counting(4, 0.3)))
    seen = until(job, lambda s: s.fraction > 0)
    assert seen.pid is not None
    os.kill(seen.pid, signal.SIGKILL)
    assert until(job, ended).state == "killed"
    job.resume()
    last = until(job, ended)
    assert (last.state, last.error) == ("done", "")


def test_a_failure_is_told_with_what_where_and_what_to_try(tmp_path: Path, toys: Plugin) -> None:
    job = started(tmp_path, study_of(tmp_path, 'name = "bad"\nstage = "toy.fail"\nwith = { why = "poison" }'))
    seen = until(job, ended)
    assert seen.state == "failed"
    assert "does not converge: poison" in seen.error
    assert "do not try" in seen.error
    assert "Traceback" not in seen.error


def test_steps_are_counted_over_all_attempts_and_of_many_failures_a_few_are_told(tmp_path: Path, toys: Plugin) -> None:
    bad = [f'name = "bad{i}"\nstage = "toy.fail"\nwith = {{ why = "poison {i}" }}' for i in range(5)]
    job = started(tmp_path, study_of(tmp_path, counting(2, 0.0), *bad))
    first = until(job, ended)
    assert (first.state, first.done, first.total, first.fraction) == ("failed", 1, 6, 0.0)
    assert "poison 2" in first.error
    assert "poison 3" not in first.error
    assert first.error.endswith("and 2 more: see the steps one by one")
    job.resume()
    again = until(job, ended)
    assert (again.state, again.done, again.total) == ("failed", 1, 6)


def test_a_study_with_a_mistake_is_a_failed_job(tmp_path: Path, toys: Plugin) -> None:
    job = started(tmp_path, study_of(tmp_path, 'name = "x"\nstage = "toy.nonsense"'))
    seen = until(job, ended)
    assert seen.state == "failed"
    assert "toy.nonsense" in seen.error
    with pytest.raises(ConfigError, match="no such study"):
        start(tmp_path / "none.toml", tmp_path / "store", tmp_path / "jobs", "none")


def test_jobs_wait_for_a_place_in_order_and_a_waiting_one_can_be_cancelled(
    tmp_path: Path, toys: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANODEFREE_JOBS", "1")
    first = started(tmp_path, study_of(tmp_path, counting(200, 0.1)))
    until(first, lambda s: s.fraction > 0)
    second = started(tmp_path, study_of(tmp_path, counting(3, 0.0)))
    until(second, lambda s: s.pid is not None)
    assert second.look().state == "queued"
    second.cancel()
    assert until(second, ended).state == "cancelled"
    first.cancel()
    assert until(first, ended).state == "cancelled"
    assert [j.id for j in jobs(tmp_path / "jobs")] == [second.id, first.id]


def test_a_job_outlives_the_process_that_started_it(tmp_path: Path, toys: Plugin) -> None:
    study = study_of(tmp_path, counting(3, 0.2))
    code = (
        "from pathlib import Path; from anodefree.study.jobs import start; import os, signal;"
        f"start(Path({str(study)!r}), Path({str(tmp_path / 'store')!r}), Path({str(tmp_path / 'jobs')!r}), 'orphan');"
        "os.killpg(os.getpgrp(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False, start_new_session=True, env=toys.environment())
    (job,) = jobs(tmp_path / "jobs")
    last = until(job, ended)
    assert (last.state, last.error) == ("done", "")


def test_a_damaged_folder_is_still_a_job(tmp_path: Path) -> None:
    folder = tmp_path / "jobs" / "x"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("[")
    (folder / "state.json").write_text('{"state": 3')
    (job,) = jobs(tmp_path / "jobs")
    assert job.title == "x"
    assert job.look().state == "killed"
