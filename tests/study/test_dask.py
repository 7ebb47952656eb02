"""On a Dask cluster: the same numbers as serially, also when a worker is killed; nothing starts when nothing is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodefree.errors import ConfigError
from anodefree.study.executors import dask
from anodefree.study.plan import plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store
from plugin import Plugin

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]


def test_a_killed_worker_and_a_poisoned_task(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        f"""
[study]
title = "sweep"
seed = 7
[[step]]
name = "a"
stage = "toy.noise"
sweep = {{ mean = [1, 2, 3, 4, 5, 6] }}
[[step]]
name = "m"
stage = "toy.mean"
inputs = ["a"]
[[step]]
name = "fragile"
stage = "toy.deadly"
with = {{ once = "{tmp_path / "mark"}" }}
[[step]]
name = "poison"
stage = "toy.deadly"
[[step]]
name = "after"
stage = "toy.mean"
inputs = ["poison"]
[[step]]
name = "bad"
stage = "toy.fail"
"""
    )
    study, store, alone = plan(path), Store(tmp_path / "dask"), Store(tmp_path / "serial")
    ran = run(study, store, dask(workers=2))
    assert sorted(ran.errors) == ["bad", "poison"]
    assert "died twice" in str(ran.errors["poison"])
    assert "does not converge" in str(ran.errors["bad"])
    found = {o.node.id: o for o in outcomes(study, store)}
    assert found["fragile"].state == "done", "a lost worker must not lose the task"
    serial_path = tmp_path / "serial.toml"
    serial_path.write_text(path.read_text().partition('[[step]]\nname = "fragile"')[0])
    serial = plan(serial_path)
    run(serial, alone)
    for outcome in outcomes(serial, alone):
        twin = found[outcome.node.id]
        assert twin.node.key == outcome.node.key
        if outcome.node.step == "m":
            assert twin.output["mean"] == outcome.output["mean"]  # type: ignore[union-attr,index]
        else:
            assert (twin.output["count"] == outcome.output["count"]).all()  # type: ignore[union-attr,index]


def test_nothing_missing_starts_no_cluster(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text('[study]\ntitle = "t"\n[[step]]\nname = "a"\nstage = "toy.noise"\n')
    study, store = plan(path), Store(tmp_path / "store")
    run(study, store)
    assert run(study, store, dask(scheduler="tcp://127.0.0.1:9")).cached == 1


def test_an_existing_scheduler_by_address_and_by_file(tmp_path: Path, toys: Plugin) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as cluster:
        for name, scheduler in (("address", cluster.scheduler_address), ("file", str(tmp_path / "s.json"))):
            path = tmp_path / f"{name}.toml"
            path.write_text(
                f'[study]\ntitle = "t"\n[[step]]\nname = "a"\nstage = "toy.noise"\nwith = {{ mean = {len(name)} }}\n'
            )
            if name == "file":
                (tmp_path / "s.json").write_text(f'{{"address": "{cluster.scheduler_address}"}}')
            assert run(plan(path), Store(tmp_path / "store"), dask(scheduler=scheduler)).computed == 1


def test_no_scheduler_there(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text('[study]\ntitle = "t"\n[[step]]\nname = "a"\nstage = "toy.noise"\n')
    with pytest.raises(ConfigError, match="no Dask scheduler has written"):
        run(plan(path), Store(tmp_path / "store"), dask(scheduler=str(tmp_path / "missing.json")))
