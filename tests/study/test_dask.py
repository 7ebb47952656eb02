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


def test_a_stopped_sweep_computes_only_the_rest_and_joins_all(tmp_path: Path) -> None:
    """Flights over the flux density, stopped after a few: the cluster does the others, and the diagram takes all."""
    path = tmp_path / "sweep.toml"
    path.write_text(
        """
[study]
title = "sweep"
[[step]]
name = "cell"
stage = "ions.field"
with = { elements = 6 }
[[step]]
name = "flights"
stage = "ions.flight"
inputs = ["cell"]
with = { ions = 6, paths = 6, anions = false, emission = "thermal", pusher = "rotation" }
sweep = { flux_density_T = [0.01, 40.0] }
[[step]]
name = "points"
stage = "ions.helicity"
inputs = ["flights"]
with = { most = 6 }
[[step]]
name = "map"
stage = "ions.helix_map"
inputs = ["points[*]"]
"""
    )
    study, store = plan(path), Store(tmp_path / "store")

    def stop(done: int, todo: int, what: str, fraction: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(study, store, progress=stop)
    ran = run(plan(path), store, dask(workers=2))
    assert not ran.errors
    assert ran.cached == 2
    assert ran.computed == len(study.nodes) - 2 == 4
    found = next(o for o in outcomes(study, store) if o.node.id == "map")
    assert found.output["flights"] == 2  # type: ignore[index]
    assert study.needs(found.node) == ("points[0.01]", "points[40.0]")
    assert found.output.provenance.key == found.node.key  # type: ignore[union-attr]
    assert run(study, store).computed == 0


def test_only_a_stage_that_takes_several_gets_all(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        '[study]\ntitle = "t"\n[[step]]\nname = "a"\nstage = "toy.noise"\nsweep = { mean = [1, 2] }\n'
        '[[step]]\nname = "m"\nstage = "toy.mean"\ninputs = ["a[*]"]\n'
    )
    with pytest.raises(ConfigError, match="one tally at a time"):
        plan(path)
