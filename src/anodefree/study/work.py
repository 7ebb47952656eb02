"""One task: read the inputs, run the stage in its scratch folder, commit the output. The same in every executor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from anodefree.core.context import Context
from anodefree.core.kind import Kind
from anodefree.core.measurement import Measurement, join
from anodefree.core.parameter import takes_uncertainty
from anodefree.core.provenance import Source
from anodefree.core.result import Result
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import convert
from anodefree.errors import AnodefreeError, Cancelled, ConfigError, NumericalError, near
from anodefree.registry import Output, Stage
from anodefree.stages import get
from anodefree.study.graph import Node
from anodefree.study.plan import FileSource, Study
from anodefree.study.store import Store

Told = Callable[[float, str], None]


@dataclass(frozen=True)
class Gathered:
    """Several stored outputs of one stage that join into one input."""

    stage: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What a worker needs: names and keys, never arrays."""

    id: str
    key: str
    stage: str
    parameters: Mapping[str, Any]
    inputs: tuple[tuple[str, str] | Gathered | FileSource, ...]
    """For each input (stage name, key) of stored work, several of it, or files."""
    seed: int
    fed: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Parameter -> (stage name, key, estimate) of stored work."""


def tasks(study: Study) -> dict[str, Task]:
    """The tasks of a study by node id, in an order in which every input comes first."""
    nodes = {n.id: n for n in study.nodes}

    def source(id: str) -> tuple[str, str] | Gathered | FileSource:
        if id in study.gathered:
            parts = [nodes[i] for i in study.gathered[id]]
            return Gathered(parts[0].stage, tuple(n.key for n in parts))
        return study.files[id] if id in study.files else (nodes[id].stage, nodes[id].key)

    def fed(node: Node) -> dict[str, tuple[str, str, str]]:
        return {name: (nodes[f.node].stage, nodes[f.node].key, f.estimate) for name, f in node.fed.items()}

    return {
        n.id: Task(n.id, n.key, n.stage, n.parameters, tuple(source(i) for i in n.inputs), study.head.seed, fed(n))
        for n in study.nodes
    }


def perform(root: Path, task: Task, told: Told | None = None) -> str:
    """Do one task unless it is done, and return its key. A killed task continues from its own checkpoint.

    Raises
    ------
    AnodefreeError: as the stage raised it, with the node's name; the reason is kept in the store.
    """
    store = Store(root)
    if store.has(task.key):
        return task.key
    with store.lease(task.key):
        if store.has(task.key):  # somebody else finished it while we waited for the lease
            return task.key
        try:
            _run(store, task, told)
        except Cancelled:
            raise  # stopped, not failed: the checkpoint waits for the next run
        except AnodefreeError as error:
            named = type(error)(error.what, f"{task.id}" + (f" ({error.where})" if error.where else ""), error.hint)
            store.fail(task.key, named)
            raise named from error
        except Exception as error:
            named = NumericalError(
                f"{type(error).__name__}: {error}", task.id, "this is a defect: please report it with the study"
            )
            store.fail(task.key, named)
            raise named from error
    store.clear_scratch(task.key)
    return task.key


def _run(store: Store, task: Task, told: Told | None) -> None:
    stage = get(task.stage)

    def listen(fraction: float, text: str) -> None:
        store.touch(task.key, fraction, text)
        if told is not None:
            told(fraction, text)

    # A file is opened as the kind that the stage takes; the stage's name in the key stands for it.
    inputs = [_input(store, source, wanted.kind) for source, wanted in zip(task.inputs, stage.inputs, strict=True)]
    context = Context(store.scratch(task.key), listen, interval_s=0.5)
    context.progress(0.0)
    fed = {name: _fed(store, stage, name, *source) for name, source in task.fed.items()}
    output: Output = stage(*inputs, seed=task.seed, context=context, **task.parameters, **fed)
    made = output.provenance
    if made is not None and made.key != task.key:  # one name for this work, in the store and in what follows from it
        output = stage.stamped(output, replace(made, key=task.key))
    record = {
        "node": task.id,
        "stage": stage.name,
        "version": stage.version,
        "code": stage.code,
        "wall_s": made and made.wall_s,
    }
    store.commit(task.key, output, record)


def _fed(store: Store, stage: Stage, name: str, feeder: str, key: str, estimate: str) -> Uncertain | float:
    return fed_value(store.load(get(feeder), key), stage, name, feeder, estimate)


def fed_value(output: Output, stage: Stage, name: str, feeder: str, estimate: str) -> Uncertain | float:
    """The estimate of another stage's output as a parameter of a stage, in the parameter's unit.

    Raises
    ------
    ConfigError: no such estimate, another quantity, or no number.
    """
    known = output.estimates if isinstance(output, Result) else {}
    if estimate not in known:
        raise ConfigError(f"{feeder} has no estimate '{estimate}' to be {name}", stage.name, near(estimate, known))
    parameter, made = next(p for p in stage.parameters if p.name == name), known[estimate]
    value = convert(made.value, made.unit, parameter.unit)
    spread = abs(convert(made.value + made.std, made.unit, parameter.unit) - value)
    if not math.isfinite(value):
        raise ConfigError(f"the estimate '{estimate}' of {feeder} is not a number", stage.name, "see its checks")
    return Uncertain(value, spread) if takes_uncertainty(parameter) else value


def _input(store: Store, source: tuple[str, str] | Gathered | FileSource, kind: Kind) -> Measurement:
    if isinstance(source, FileSource):
        from anodefree.io.read import read

        # It keeps the key that reading gave it, so that random numbers are those of the same stage outside a study.
        return join([read(p, **{"kind": kind, **said}) for p, said in zip(source.paths, source.said, strict=True)])
    if isinstance(source, Gathered):
        joined = join([_input(store, (source.stage, key), kind) for key in source.keys])
        return replace(joined, source=Source(source.stage, joined.source.key, "run"))
    stage, key = source
    loaded = store.load(get(stage), key)
    if not isinstance(loaded, Measurement):
        raise NumericalError("an input is not a measurement", stage)
    return loaded
