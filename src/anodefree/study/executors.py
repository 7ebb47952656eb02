"""Where tasks run: in this process, on a local Dask cluster, or on somebody's Dask scheduler.

An executor is given the missing tasks with their prerequisites and reports each as it ends. Tasks carry keys, the disk carries
data: a lost worker loses no data, and a result is the same wherever it was computed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anodefree.errors import AnodefreeError, Cancelled, ConfigError, NumericalError, missing_extra
from anodefree.study.work import Task, perform

if TYPE_CHECKING:
    from distributed import Client

Ended = Callable[[str, AnodefreeError | None], None]
"""Called with a node id and the error that ended it, or None where it is done."""
Told = Callable[[str, float, str], None]
"""Called with a node id, the fraction done and a text."""
Executor = Callable[[Path, Mapping[str, Task], Mapping[str, tuple[str, ...]], Ended, Told], None]


def serial(root: Path, tasks: Mapping[str, Task], needs: Mapping[str, tuple[str, ...]], ended: Ended, told: Told) -> None:
    """One after the other, here. What depends on a failure is left out; the rest goes on."""
    lost: set[str] = set()
    for id, task in tasks.items():
        if lost.intersection(needs[id]):
            lost.add(id)
            continue
        try:
            perform(root, task, lambda fraction, text, id=id: told(id, fraction, text))  # type: ignore[misc]
        except Cancelled:
            raise
        except AnodefreeError as error:
            lost.add(id)
            ended(id, error)
        else:
            ended(id, None)


def dask(workers: int | None = None, scheduler: str | None = None) -> Executor:
    """On a local cluster of `workers` processes, or on a running scheduler (its address, or its scheduler file)."""

    def execute(root: Path, tasks: Mapping[str, Task], needs: Mapping[str, tuple[str, ...]], ended: Ended, told: Told) -> None:
        with _client(workers, scheduler) as client:
            _run_all(client, root.resolve(), tasks, needs, ended)

    return execute


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Client]:
    try:
        import dask as dask_package
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise missing_extra("distributed", "dask") from error
    threads = str(max(1, (os.cpu_count() or 1) // (workers or 1)))
    settings: dict[str, Any] = {
        # A C call that holds the interpreter lock longer than this gets its worker killed; five minutes is too short for us.
        "distributed.scheduler.worker-ttl": "1 hour",
        # One free retry for a lost worker; a task that always kills its worker is a failure, not an endless loop.
        "distributed.scheduler.allowed-failures": 1,
        # A lost worker is started again by its nanny, which on a busy machine takes longer than the 15 s after which the
        # cluster would take the nanny itself away: then no worker is left, and what waits for one waits for ever.
        "distributed.deploy.lost-worker-timeout": "1 hour",
        # Watching for a dashboard that is not shown: hundreds of wake-ups a second in every worker, a tenth of its core.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.system-monitor.gil.enabled": False,
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.admin.tick.interval": "1s",
        "distributed.worker.memory.monitor-interval": "1s",
        "distributed.nanny.pre-spawn-environ": {
            n: threads for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        },
        "distributed.admin.large-graph-warning-threshold": "1GiB",
    }
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # our own errors say it once and in words
    with dask_package.config.set(settings):
        if scheduler is not None:
            with _connect(Client, scheduler) as client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


def _connect(client: Any, scheduler: str) -> Any:
    try:
        if scheduler.endswith(".json"):
            if not Path(scheduler).is_file():
                raise ConfigError(
                    "no Dask scheduler has written this file", scheduler, "start one with --scheduler-file, then run again"
                )
            return client(scheduler_file=scheduler, timeout="30s")
        return client(scheduler, timeout="30s")
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"no Dask scheduler answers ({error})", scheduler, "give tcp://host:port or its scheduler file"
        ) from error


def _run_all(client: Client, root: Path, tasks: Mapping[str, Task], needs: Mapping[str, tuple[str, ...]], ended: Ended) -> None:
    """Submit everything; what a dying worker took with it gets one more try alone, so that only the culprit is blamed."""
    left = dict(tasks)
    failed: set[str] = set()

    def end(id: str, error: AnodefreeError | None) -> None:
        del left[id]
        if error is not None:
            failed.add(id)
        ended(id, error)

    while left:
        for id in _round(client, root, dict(left), needs, end):
            end(id, _error(client.submit(_work, root, left[id], [], key=f"{tasks[id].key}-alone", pure=True)))
        for id in tuple(left):  # in order, so that the whole branch behind a failure is left out
            if failed.intersection(needs[id]):
                failed.add(id)
                del left[id]


def _round(client: Client, root: Path, left: Mapping[str, Task], needs: Mapping[str, tuple[str, ...]], end: Ended) -> list[str]:
    """Run what can run, tell how each ended, and return what died with its worker."""
    from distributed import as_completed

    futures: dict[str, Any] = {}
    for id, task in left.items():
        before = [futures[n] for n in needs[id] if n in futures]
        futures[id] = client.submit(_work, root, task, before, key=task.key, pure=True)
    names = {future.key: id for id, future in futures.items()}
    killed = []
    for future in as_completed(futures.values()):
        id = names[future.key]
        if any(n in futures and futures[n].status != "finished" for n in needs[id]):
            continue  # its input failed, and Dask hands that error on
        if future.status != "finished" and _was_killed(future.exception()):
            killed.append(id)
        else:
            end(id, _error(future))
    return killed


def _work(root: Path, task: Task, before: list[str]) -> str:
    """What a worker runs; `before` only makes Dask wait for the inputs."""
    return perform(root, task)


def _was_killed(error: BaseException | None) -> bool:
    return type(error).__name__ == "KilledWorker"


def _error(future: Any) -> AnodefreeError | None:
    """How a future ended, as one of our errors; None where it is done."""
    error = future.exception()
    if error is None or isinstance(error, AnodefreeError):
        return error
    if _was_killed(error):
        return NumericalError("the process that ran it died twice", "a Dask worker", "out of memory? use fewer workers")
    return NumericalError(f"{type(error).__name__}: {error}", "a Dask worker", "run it serially to see more")
