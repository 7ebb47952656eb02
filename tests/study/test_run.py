"""Running: cache, resume after a kill, failures that leave the rest standing, stale code, the store's integrity."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from anodefree.core.result import Result
from anodefree.errors import Cancelled, ConfigError, DataError
from anodefree.study.plan import Study, plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store
from anodefree.study.work import perform, tasks
from plugin import SOURCE, Plugin

CHAIN = """
[study]
title = "toys"
seed = 3
[[step]]
name = "a"
stage = "toy.noise"
cases = { low = { mean = 1.0 }, high = { mean = 5.0 } }
[[step]]
name = "m"
stage = "toy.mean"
inputs = ["a"]
"""


def study_of(folder: Path, text: str) -> Study:
    path = folder / "study.toml"
    path.write_text(text)
    return plan(path)


def states(study: Study, store: Store) -> dict[str, str]:
    return {o.node.id: o.state for o in outcomes(study, store, load=False)}


def test_second_run_computes_nothing(tmp_path: Path, toys: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    study, store = study_of(tmp_path, CHAIN), Store(tmp_path / "store")
    assert set(states(study, store).values()) == {"missing"}
    first = run(study, store)
    assert (first.computed, first.cached) == (4, 0)
    before = log.read_text()
    second = run(study, store)
    assert (second.computed, second.cached) == (0, 4)
    assert log.read_text() == before
    assert set(states(study, store).values()) == {"done"}


def test_equal_work_under_two_names_is_done_once(tmp_path: Path, toys: Plugin) -> None:
    text = CHAIN + '[[step]]\nname = "again"\nstage = "toy.mean"\ninputs = ["a[low]"]\n'
    study, store = study_of(tmp_path, text), Store(tmp_path / "store")
    assert run(study, store).computed == 4
    assert set(states(study, store).values()) == {"done"}


def test_a_failure_blocks_its_branch_only(tmp_path: Path, toys: Plugin) -> None:
    text = (
        CHAIN
        + '[[step]]\nname = "bad"\nstage = "toy.fail"\nwith = { why = "poison" }\n'
        + '[[step]]\nname = "after"\nstage = "toy.mean"\ninputs = ["bad"]\n'
    )
    study, store = study_of(tmp_path, text), Store(tmp_path / "store")
    ran = run(study, store)
    assert list(ran.errors) == ["bad"]
    assert ran.errors["bad"].exit_code == 4
    assert "bad (toy): does not converge: poison" in str(ran.errors["bad"])
    found = states(study, store)
    assert found.pop("bad") == "failed"
    assert found.pop("after") == "blocked"
    assert set(found.values()) == {"done"}


def test_numbers_do_not_depend_on_order(tmp_path: Path, toys: Plugin) -> None:
    study = study_of(tmp_path, CHAIN)
    run(study, Store(tmp_path / "one"))
    other = Store(tmp_path / "two")
    other.prepare()
    for task in sorted(
        tasks(study).values(), key=lambda t: (t.stage != "toy.noise", t.parameters.get("mean", 0)), reverse=False
    ):
        perform(other.root, task)
    for a, b in zip(outcomes(study, Store(tmp_path / "one")), outcomes(study, other), strict=True):
        if isinstance(a.output, Result):
            assert isinstance(b.output, Result)
            assert a.output["mean"] == b.output["mean"]


def test_a_killed_stage_resumes_and_finished_work_stays(tmp_path: Path, toys: Plugin) -> None:
    log, path = tmp_path / "log", tmp_path / "study.toml"
    path.write_text(
        CHAIN + '[[step]]\nname = "long"\nstage = "toy.count"\nwith = { steps = 8, pause_s = 0.15, offset = 0.5 }\n'
        '[[step]]\nname = "end"\nstage = "toy.mean"\ninputs = ["long"]\n'
    )
    process = toys.start("run", path, "--store", tmp_path / "store", TOY_LOG=str(log))
    while "step 0.5 3" not in (log.read_text() if log.exists() else ""):
        assert process.poll() is None
        time.sleep(0.02)
    study, store = plan(path), Store(tmp_path / "store")
    assert states(study, store)["long"] == "running"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()
    assert states(study, store)["long"] == "missing"
    counted = log.read_text().count("step 0.5")
    rerun = toys.command("run", path, "--store", tmp_path / "store", TOY_LOG=str(log))
    assert rerun.returncode == 0, rerun.stderr
    lines = log.read_text().splitlines()
    assert sum(line.startswith("noise") for line in lines) == 2, "finished work was done again"
    restarted = int(lines[[i for i, x in enumerate(lines) if x.startswith("start")][1]].rsplit(" ", 1)[1])
    assert restarted >= counted - 1 >= 2, "the checkpoint was not used"
    end = next(o.output for o in outcomes(study, store) if o.node.id == "end")
    assert isinstance(end, Result)
    assert end["mean"] == pytest.approx(np.mean(np.arange(8) + 0.5))
    assert not list((store.root / "scratch").glob("*/checkpoint.npz"))


def test_a_cancelled_stage_is_not_a_failed_one(tmp_path: Path, toys: Plugin) -> None:
    study = study_of(tmp_path, '[study]\ntitle = "t"\n[[step]]\nname = "long"\nstage = "toy.count"\n')
    store = Store(tmp_path / "store")
    store.prepare()

    def stop(fraction: float, text: str) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        perform(store.root, tasks(study)["long"], stop)
    assert states(study, store)["long"] == "missing"
    assert run(study, store).computed == 1


def test_stopping_by_hand_keeps_what_is_done(tmp_path: Path, toys: Plugin) -> None:
    log, path = tmp_path / "log", tmp_path / "study.toml"
    path.write_text('[study]\ntitle = "t"\n[[step]]\nname = "long"\nstage = "toy.count"\nwith = { steps = 9, pause_s = 0.2 }\n')
    process = toys.start("run", path, "--store", tmp_path / "store", TOY_LOG=str(log))
    while "step 0.0 2" not in (log.read_text() if log.exists() else ""):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped" in told
    assert "continues from its checkpoint" in told
    assert "Traceback" not in told
    assert toys.command("run", path, "--store", tmp_path / "store", TOY_LOG=str(log)).returncode == 0
    assert int(log.read_text().split("start 0.0 at ")[2].split()[0]) >= 1


def test_stale_code_is_told_and_kept(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text(CHAIN)
    assert toys.command("run", path, "--store", tmp_path / "store").returncode == 0
    (toys.folder / "toystages.py").write_text(SOURCE + "\n# edited\n")
    told = json.loads(toys.command("status", path, "--store", tmp_path / "store", "--json").stdout)
    assert {t["state"] for t in told} == {"stale"}
    again = toys.command("run", path, "--store", tmp_path / "store")
    assert again.stdout.startswith("0 computed, 4 from the store")
    renewed = toys.command("run", path, "--store", tmp_path / "store", "--renew")
    assert renewed.stdout.startswith("4 computed, 0 from the store")
    told = json.loads(toys.command("status", path, "--store", tmp_path / "store", "--json").stdout)
    assert {t["state"] for t in told} == {"done"}


def test_full_disk_while_storing(tmp_path: Path, toys: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    study, store = study_of(tmp_path, CHAIN), Store(tmp_path / "store")
    real = Result.save

    def full(self: Result, path: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Result, "save", full)
    ran = run(study, store)
    assert {e.exit_code for e in ran.errors.values()} == {2}
    assert "no space is left" in str(ran.errors["m[low]"])
    assert sorted(states(study, store).values()) == ["done", "done", "failed", "failed"]
    assert not list((store.root / "scratch").rglob("output.nc"))
    monkeypatch.setattr(Result, "save", real)
    assert run(study, store).computed == 2
    assert set(states(study, store).values()) == {"done"}


def test_a_real_limit_on_file_size_while_storing(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text(CHAIN)
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from anodefree.__main__ import main\n"
        f"sys.argv = ['anodefree', 'run', {str(path)!r}, '--store', {str(tmp_path / 'store')!r}]\n"
        "main()\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", limited],
        env=toys.environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2, told.stderr
    assert "cannot be written" in told.stderr
    assert "Traceback" not in told.stderr
    study, store = plan(path), Store(tmp_path / "store")
    assert not list((store.root / "objects").rglob("*.nc"))
    assert run(study, store).computed == 4


def test_unwritable_store(tmp_path: Path, toys: Plugin) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        run(study_of(tmp_path, CHAIN), Store(tmp_path / "file" / "store"))


def test_a_damaged_object_is_told(tmp_path: Path, toys: Plugin) -> None:
    study, store = study_of(tmp_path, CHAIN), Store(tmp_path / "store")
    run(study, store)
    victim = store.object(study.node("m[low]").key) / "output.nc"
    victim.write_bytes(victim.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged"):
        outcomes(study, store)


def test_two_drivers_on_one_store_do_the_work_once(tmp_path: Path, toys: Plugin) -> None:
    log, path = tmp_path / "log", tmp_path / "study.toml"
    path.write_text('[study]\ntitle = "t"\n[[step]]\nname = "long"\nstage = "toy.count"\nwith = { steps = 6, pause_s = 0.1 }\n')
    started = [toys.start("run", path, "--store", tmp_path / "store", TOY_LOG=str(log)) for _ in range(2)]
    for process in started:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert log.read_text().count("start") == 1


def test_a_dead_lease_is_taken_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.lease("k"):
        assert store.leased("k")
        lease = store.scratch("k") / "lease.json"
        holder = json.loads(lease.read_text())
    lease.write_text(json.dumps({**holder, "pid": 2**22 - 1}))
    assert not store.leased("k")
    with store.lease("k"):
        assert store.leased("k")
    old = time.time() - 3600
    with store.lease("k"):
        os.utime(lease, (old, old))
        assert not store.leased("k")


def test_a_file_is_opened_as_the_kind_that_its_step_takes(tmp_path: Path) -> None:
    """With a current density and no current, the file alone would be taken for a polarisation curve."""
    rows = "".join(f"{60 * i},{0.1 * (-1) ** (i // 30)},{(-1) ** (i // 30)}\n" for i in range(240))
    (tmp_path / "li.csv").write_text("time/s,voltage/V,j/(mA/cm2)\n" + rows)
    step = '[[step]]\nname = "eta"\nstage = "cycling.overpotential"\n'
    given = 'inputs = [{ file = "li.csv", meta = { area_m2 = "1.54 cm2" } }]\n'
    study, store = study_of(tmp_path, '[study]\ntitle = "a file"\n' + step + given), Store(tmp_path / "store")
    assert run(study, store).computed == 1
    (done,) = outcomes(study, store)
    assert isinstance(done.output, Result)
    assert done.output["overpotential"] == pytest.approx(0.1)
