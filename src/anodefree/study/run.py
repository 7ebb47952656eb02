"""Run a study: ask the store first, run only what is missing, keep going past failures, tell what became of each node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anodefree.core.arrays import cannot_write
from anodefree.errors import AnodefreeError
from anodefree.stages import get
from anodefree.study.executors import Executor, serial
from anodefree.study.graph import Outcome, State
from anodefree.study.plan import Study
from anodefree.study.store import Store
from anodefree.study.work import tasks

Progress = Callable[[int, int, str, float], None]
"""Called with nodes done, nodes to do, what is running, and its own fraction."""


@dataclass(frozen=True)
class Ran:
    """What a run did: how many nodes were computed, how many were there already, and the first error of each failure."""

    computed: int
    cached: int
    errors: dict[str, AnodefreeError]


def run(study: Study, store: Store, executor: Executor = serial, progress: Progress | None = None) -> Ran:
    """Bring the store up to date with the study.

    Raises
    ------
    ConfigError: the store cannot be written. A failing stage does not raise: it is told in `Ran.errors`.
    """
    todo = {id: t for id, t in tasks(study).items() if not store.has(t.key)}
    distinct = {t.key: id for id, t in reversed(todo.items())}
    todo = {id: t for id, t in todo.items() if distinct[t.key] == id}  # equal work under two names is done once
    cached = len(study.nodes) - len(todo)
    if not todo:
        return Ran(0, cached, {})
    store.prepare()
    first = {n.id: distinct.get(n.key, n.id) for n in study.nodes}
    needs = {id: tuple(first[i] for i in study.needs(study.node(id)) if i in first and first[i] in todo) for id in todo}
    errors: dict[str, AnodefreeError] = {}
    done: list[str] = []

    def ended(id: str, error: AnodefreeError | None) -> None:
        done.append(id)
        if error is not None:
            errors[id] = error
        if progress is not None:
            progress(len(done), len(todo), id, 1.0)

    def told(id: str, fraction: float, text: str) -> None:
        if progress is not None:
            progress(len(done), len(todo), f"{id}: {text}" if text else id, fraction)

    try:
        executor(store.root, todo, needs, ended, told)
    except OSError as error:
        raise cannot_write(error, store.root) from error
    return Ran(len(done) - len(errors), cached, errors)


def forget_stale(study: Study, store: Store) -> list[str]:
    """Take out of the store what came from older code, and all that was computed from it; returns the nodes' ids."""
    gone: list[str] = []
    for outcome in outcomes(study, store, load=False):
        node = outcome.node
        if outcome.state == "stale" or (outcome.state == "done" and any(i in gone for i in study.needs(node))):
            store.discard(node.key)
            gone.append(node.id)
    return gone


def outcomes(study: Study, store: Store, *, load: bool = True) -> list[Outcome]:
    """What has become of every node, with its output where it is done."""
    found: list[Outcome] = []
    states: dict[str, State] = {}
    for node in study.nodes:
        error = ""
        output = None
        state: State
        if store.has(node.key):
            stage = get(node.stage)
            state = "done" if store.record(node.key)["code"] == stage.code else "stale"
            output = store.load(stage, node.key) if load else None
        elif store.leased(node.key):
            state, error = "running", "{:.0%} {}".format(*store.progress(node.key)).strip()
        elif any(states.get(i) in ("failed", "blocked") for i in study.needs(node)):
            state = "blocked"
            error = "waits for " + ", ".join(i for i in study.needs(node) if states.get(i) in ("failed", "blocked"))
        elif failure := store.failure(node.key):
            state, error = "failed", str(failure["error"])
        else:
            state = "missing"
        states[node.id] = state
        found.append(Outcome(node, state, output, error))
    return found
