"""From a checked study file to its graph: cases and sweeps expanded, parameters validated, inputs resolved, keys computed."""

from __future__ import annotations

import glob
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anodefree.core.keys import content_key, file_sha256
from anodefree.errors import AnodefreeError, ConfigError, near
from anodefree.io.paths import paths_of
from anodefree.registry import Stage
from anodefree.stages import get
from anodefree.study import reach
from anodefree.study.audit import is_audit, load_audit
from anodefree.study.graph import Answer, Fed, Node
from anodefree.study.kept import AND, PREFIX, kept_files
from anodefree.study.ledger import Claim, Ledger, load_ledger
from anodefree.study.spec import AnswerSpec, FileInput, Head, Spec, StepSpec, load_spec

CASE = "case"
ALL = "*"
"""`inputs = ["step[*]"]`: all variants of a step at once."""
FROM, ESTIMATE = "from", "estimate"
"""`with = { mean_voltage_V = { from = "step", estimate = "mean_voltage" } }`: a parameter that another step finds."""


@dataclass(frozen=True)
class FileSource:
    """Files that make one input: read one by one, joined where there are several."""

    id: str
    paths: tuple[Path, ...]
    meta: Mapping[str, Any]
    key: str
    own: tuple[Mapping[str, Any], ...] = ()
    """What is said of each file by itself, where the study lists them one by one."""

    @property
    def said(self) -> tuple[Mapping[str, Any], ...]:
        """The metadata given for each of the files."""
        return tuple({**self.meta, **own} for own in self.own or ({},) * len(self.paths))


@dataclass(frozen=True)
class Study:
    """A study that may run: its head and its nodes in an order in which every input comes first."""

    path: Path
    head: Head
    nodes: tuple[Node, ...]
    files: Mapping[str, FileSource]
    gathered: Mapping[str, tuple[str, ...]]
    """What `step[*]` stands for: the nodes whose outputs join into one input."""
    ledger: Ledger
    """What its answers are compared with: the reference paper's claims, or the statements of an audited paper."""

    def needs(self, node: Node) -> tuple[str, ...]:
        """The nodes and files that a node takes, those that join one by one, and the nodes that feed its parameters."""
        taken = tuple(part for id in node.inputs for part in self.gathered.get(id, (id,)))
        return (*taken, *(f.node for f in node.fed.values()))

    def node(self, id: str) -> Node:
        """The node of that id."""
        return next(n for n in self.nodes if n.id == id)


def plan(path: Path, within: Path | None = None) -> Study:
    """Load, check and expand a study, or the audit of a paper (`anodefree.study.audit`).

    `within`: the one folder whose files it may name, where somebody else may have written it.

    Raises
    ------
    ConfigError: everything that is wrong in any step, at once.
    """
    spec, ledger = load_audit(path) if is_audit(path) else (load_spec(path, within), load_ledger())
    builder = _Builder(path, spec, ledger, within)
    for step in spec.steps:
        builder.add(step)
    if builder.wrong:
        wrong = "\n  ".join(dict.fromkeys(builder.wrong))
        raise ConfigError(f"the file has {len(set(builder.wrong))} mistakes:\n  {wrong}", str(path), "mend them and run again")
    return Study(path, spec.study, tuple(builder.nodes), builder.files, builder.gathered, ledger)


Variant = tuple[dict[str, str], dict[str, Any]]


class _Builder:
    """Collects nodes and mistakes while the steps are read in order."""

    def __init__(self, path: Path, spec: Spec, ledger: Ledger, within: Path | None) -> None:
        self.path, self.spec, self.within = path, spec, within
        self.base = path.resolve().parent
        self.claims: dict[str, Claim] = {c.id: c for c in ledger.claims}
        self.nodes: list[Node] = []
        self.files: dict[str, FileSource] = {}
        self.gathered: dict[str, tuple[str, ...]] = {}
        self.wrong: list[str] = []
        self.steps: dict[str, list[Node]] = {}

    def add(self, step: StepSpec) -> None:
        where = f"step '{step.name}'"
        if step.name in self.steps:
            self.wrong.append(f"{where}: the name is used twice")
            return
        self.steps[step.name] = []
        try:
            stage = get(step.stage)
        except AnodefreeError as error:
            self.wrong.append(f"{where}: {error.what}" + (f" ({error.hint})" if error.hint else ""))
            return
        if len(step.inputs) != len(stage.inputs):
            need = ", ".join(f"{i.name} ({i.kind.name})" for i in stage.inputs) or "none"
            self.wrong.append(f"{where}: {stage.name} takes {len(stage.inputs)} inputs ({need}), got {len(step.inputs)}")
            return
        sources = [self._sources(given, stage, i, where) for i, given in enumerate(step.inputs)]
        if any(not s for s in sources):
            return
        for label, given in _variants(step):
            feeds = {n: v for n, v in given.items() if isinstance(v, dict) and set(v) == {FROM, ESTIMATE}}
            feeders = [self._feeder(v, f"{where}, {n}") for n, v in feeds.items()]
            fixed = {n: v for n, v in given.items() if n not in feeds}
            for whole, chosen in _joined(label, [*sources, *feeders]):
                fed = {n: (chosen[len(sources) + i], str(v[ESTIMATE])) for i, (n, v) in enumerate(feeds.items())}
                self._node(step, stage, whole, fixed, chosen[: len(sources)], fed, where)
        self._check_answers(step, where)

    def _node(
        self,
        step: StepSpec,
        stage: Stage,
        label: dict[str, str],
        given: dict[str, Any],
        inputs: list[tuple[str, str]],
        fed: dict[str, tuple[tuple[str, str], str]],
        where: str,
    ) -> None:
        try:
            values = stage.validate(given, later=fed)
        except ConfigError as error:
            self.wrong.append(f"{where}: {error.what}")
            return
        if not self._within(reach.named(stage, values), where):
            return
        # What is fed is known by the key of the node that makes it, long before its value is.
        known = {**values, **{n: {FROM: key, ESTIMATE: estimate} for n, ((_, key), estimate) in fed.items()}}
        key = stage.key(known, [k for _, k in inputs], self.spec.study.seed)
        id = step.name + (f"[{', '.join(label.values())}]" if label else "")
        answers = tuple(_answer(a, label) for a in step.answers if not a.case or a.case == label.get(CASE))
        title = step.title or stage.title
        feeds = {n: Fed(source, estimate) for n, ((source, _), estimate) in fed.items()}
        taken = tuple(i for i, _ in inputs)
        kept = self._kept(taken, feeds)
        node = Node(id, step.name, label, stage.name, title, values, taken, key, answers, feeds, kept)
        self.steps[step.name].append(node)
        self.nodes.append(node)

    def _kept(self, taken: tuple[str, ...], feeds: Mapping[str, Fed]) -> tuple[str, ...]:
        """The kept runs behind inputs and fed parameters, each once."""
        above = [*(part for id in taken for part in self.gathered.get(id, (id,))), *(f.node for f in feeds.values())]
        known = {n.id: n.kept for nodes in self.steps.values() for n in nodes}
        own = [f"{p.parent.name}/{p.name}" for id in taken if id.startswith(PREFIX) for p in self.files[id].paths]
        return tuple(dict.fromkeys([*own, *(k for id in above for k in known.get(id, ()))]))

    def _within(self, names: Iterable[str], where: str, pattern: str = "") -> bool:
        """Whether a study may name these files; else that is a mistake of it."""
        try:
            reach.pattern_within(self.within, self.base, pattern)
            for name in names:
                reach.within(self.within, self.base, name)
        except ConfigError as error:
            self.wrong.append(f"{where}: {error.what}: {error.where} ({error.hint})")
            return False
        return True

    def _sources(self, given: str | FileInput, stage: Stage, index: int, where: str) -> list[tuple[dict[str, str], str, str]]:
        """What an input may be, as (label, id, key): the nodes of an earlier step, or files."""
        if isinstance(given, str) and given.startswith(PREFIX):
            return self._kept_source(given, stage, index, where)
        if isinstance(given, FileInput) or given.startswith("file:"):
            request = given if isinstance(given, FileInput) else FileInput(file=given.removeprefix("file:"))
            source = self._file(request, where)
            return [({}, source.id, source.key)] if source else []
        if AND in given:
            return self._joined_steps(given, stage, index, where)
        name, _, picked = given.rstrip("]").partition("[")
        if name not in self.steps:
            hint = near(name, self.steps)
            self.wrong.append(f"{where}: no earlier step is named '{name}' ({hint}; a file is written 'file:{name}')")
            return []
        nodes = [n for n in self.steps[name] if picked in ("", ALL) or ", ".join(n.label.values()) == picked]
        if not nodes and self.steps[name]:
            known = [", ".join(n.label.values()) for n in self.steps[name]]
            self.wrong.append(f"{where}: step '{name}' has no variant '{picked}' ({near(picked, known)})")
        wanted, many = stage.inputs[index].kind.name, stage.inputs[index].many
        for node in nodes[:1]:
            made = get(node.stage).kind
            joined = made.together.name if made is not None and made.together is not None and many else ""
            if made is None or wanted not in (made.name, joined):
                kind = made.name if made else "a result, not a measurement"
                self.wrong.append(f"{where}: needs {wanted}, but '{name}' gives {kind}")
                return []
        if picked == ALL and nodes:
            return self._gather(given, nodes, stage, index, where)
        return [({} if picked else dict(n.label), n.id, n.key) for n in nodes]

    def _feeder(self, given: Mapping[str, Any], where: str) -> list[tuple[dict[str, str], str, str]]:
        """The nodes whose estimate may become a parameter, as (label, id, key)."""
        name, _, picked = str(given[FROM]).rstrip("]").partition("[")
        if name not in self.steps:
            self.wrong.append(f"{where}: no earlier step is named '{name}' ({near(name, self.steps)})")
            return []
        if self.steps[name] and get(self.steps[name][0].stage).kind is not None:
            self.wrong.append(f"{where}: '{name}' gives a measurement, which has no estimates: let an analysis read it")
            return []
        nodes = [n for n in self.steps[name] if picked in ("", ", ".join(n.label.values()))]
        if not nodes and self.steps[name]:
            known = [", ".join(n.label.values()) for n in self.steps[name]]
            self.wrong.append(f"{where}: step '{name}' has no variant '{picked}' ({near(picked, known)})")
        return [({} if picked else dict(n.label), n.id, n.key) for n in nodes]

    def _joined_steps(self, given: str, stage: Stage, index: int, where: str) -> list[tuple[dict[str, str], str, str]]:
        """`one[*] + two[*]`: what each stands for, joined."""
        known = {n.id: n for nodes in self.steps.values() for n in nodes}
        nodes: list[Node] = []
        for part in given.split(AND):
            found = self._sources(part.strip(), stage, index, where)
            if not found:
                return []
            nodes += [known[i] for _, id, _ in found for i in self.gathered.get(id, (id,))]
        if len({n.stage for n in nodes}) > 1:
            self.wrong.append(f"{where}: '{given}' are outputs of different stages, which do not join")
            return []
        return self._gather(given, nodes, stage, index, where)

    def _gather(
        self, given: str, nodes: list[Node], stage: Stage, index: int, where: str
    ) -> list[tuple[dict[str, str], str, str]]:
        """Several nodes, joined into the one input of a stage that takes several."""
        if not stage.inputs[index].many:
            self.wrong.append(f"{where}: {stage.name} takes one {stage.inputs[index].kind.name} at a time, not '{given}'")
            return []
        if len(nodes) == 1:
            return [({}, nodes[0].id, nodes[0].key)]
        self.gathered[given] = tuple(n.id for n in nodes)
        return [({}, given, content_key([n.key for n in nodes]))]

    def _file(self, request: FileInput, where: str) -> FileSource | None:
        base = self.base
        if bool(request.file) == bool(request.files):
            self.wrong.append(f"{where}: give either 'file' or 'files'")
            return None
        listed = request.files if isinstance(request.files, list) else []
        names = [request.file] if request.file else [f.file for f in listed]
        pattern = request.files if isinstance(request.files, str) else ""
        told = [n for meta in (request.meta, *(f.meta for f in listed)) for n in reach.said(meta)]
        if not self._within([*names, *told], where, pattern):
            return None
        try:
            paths = [base / n for n in names] or paths_of(f"{glob.escape(str(base))}/{request.files}")
        except ConfigError as error:
            self.wrong.append(f"{where}: {error.what}: {request.files}")
            return None
        if not self._within(map(str, paths), where):
            return None
        missing = [p for p in paths if not p.is_file()]
        if missing:
            self.wrong.append(f"{where}: no such file: {missing[0]}")
            return None
        id = "file:" + (", ".join(names) or str(request.files))
        own = tuple(f.meta for f in listed)
        # The name counts: a reader may take a temperature from it.
        contents = [[p.name, file_sha256(p)] for p in paths]
        key = content_key([contents, request.meta, own] if any(own) else [contents, request.meta])
        if id in self.files and self.files[id].key != key:
            id += f" ({key[:6]})"  # the same file, read otherwise
        self.files[id] = FileSource(id, tuple(paths), request.meta, key, own)
        return self.files[id]

    def _kept_source(self, given: str, stage: Stage, index: int, where: str) -> list[tuple[dict[str, str], str, str]]:
        """Kept runs as one input."""
        try:
            paths = kept_files(given)
        except ConfigError as error:
            self.wrong.append(f"{where}: {error.what}" + (f" ({error.hint})" if error.hint else ""))
            return []
        if len(paths) > 1 and not stage.inputs[index].many:
            self.wrong.append(f"{where}: {stage.name} takes one kept run at a time, '{given}' are {len(paths)}")
            return []
        key = content_key([[p.name, file_sha256(p)] for p in paths])
        self.files[given] = FileSource(given, tuple(paths), {}, key)
        return [({}, given, key)]

    def _check_answers(self, step: StepSpec, where: str) -> None:
        cases = set(step.cases) | {n.label[CASE] for n in self.steps[step.name] if CASE in n.label}
        for answer in step.answers:
            if answer.case and answer.case not in cases:
                self.wrong.append(
                    f"{where}: answers for case '{answer.case}', which does not exist ({near(answer.case, cases)})"
                )
            self.wrong.extend(f"{where}: {fault}" for fault in self._unknown_claim(step, answer))
            if answer.route == "forbidden" and answer.limit is None:
                self.wrong.append(f"{where}: an answer by the route 'forbidden' needs a 'limit'")

    def _unknown_claim(self, step: StepSpec, answer: AnswerSpec) -> list[str]:
        if answer.claim not in self.claims:
            return [f"answers the unknown claim '{answer.claim}' ({near(answer.claim, self.claims)})"]
        values = self.claims[answer.claim].values
        given = [
            _answer(answer, n.label).sample
            for n in self.steps[step.name]
            if not answer.case or answer.case == n.label.get(CASE)
        ]
        return [f"{answer.claim} has no sample '{s}' ({near(s, values)})" for s in given if s not in values]


def _variants(step: StepSpec) -> Iterator[Variant]:
    """Every combination of a case and swept values, as (label, parameters)."""
    cases: list[Variant] = [({CASE: name}, over) for name, over in step.cases.items()] or [({}, {})]
    axes = [[(name, value) for value in values] for name, values in step.sweep.items()]
    for (label, over), *swept in itertools.product(cases, *axes):
        yield {**label, **{n: str(v) for n, v in swept}}, {**step.parameters, **over, **dict(swept)}


def _joined(
    own: dict[str, str], sources: list[list[tuple[dict[str, str], str, str]]]
) -> Iterator[tuple[dict[str, str], list[tuple[str, str]]]]:
    """Combine a step's own variant with the variants of its inputs; labels on a shared axis must agree."""
    for combination in itertools.product(*sources):
        label: dict[str, str] = {}
        agreed = True
        for other, _, _ in combination:
            agreed = agreed and all(label.get(k, v) == v for k, v in other.items())
            label.update(other)
        if agreed and all(label.get(k, v) == v for k, v in own.items()):
            yield {**label, **own}, [(id, key) for _, id, key in combination]


def _answer(spec: AnswerSpec, label: Mapping[str, str]) -> Answer:
    return Answer(spec.claim, spec.sample or label.get(CASE, ""), spec.estimate, spec.route, spec.note, spec.limit)
