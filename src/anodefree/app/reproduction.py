"""What a project's store holds of a study: the chain with its verdicts, and the series behind the sliders; read in a thread."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anodefree.app.chain_picture import Chain, chain
from anodefree.app.confined import planned
from anodefree.app.project import Project
from anodefree.app.sliders import SLIDERS, Series, Slider, series, study_for
from anodefree.errors import AnodefreeError
from anodefree.registry import Output
from anodefree.stages import get
from anodefree.study.graph import Node, Outcome
from anodefree.study.plan import Study, plan
from anodefree.study.run import outcomes
from anodefree.study.shipped import shipped
from anodefree.study.store import Store
from anodefree.study.verdicts import judge, summary
from anodefree.study.work import fed_value

PAPER: Final = "hcmass"
OF_SLIDERS: Final = "slider-"
"""How the names of the studies begin that a slider wrote."""
Wanted = Callable[[Node], bool]
_KEPT: Final = 2000
_of_sliders: Final = frozenset(s.stage for s in SLIDERS)


@dataclass(frozen=True)
class Reproduction:
    """A study as far as its store is filled."""

    study: Study
    outcomes: tuple[Outcome, ...]
    chain: Chain

    @property
    def done(self) -> int:
        """How many nodes are computed."""
        return sum(o.state in ("done", "stale") for o in self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        """How many values have which verdict, only those that occur."""
        found = summary(v for s in self.chain.stations for v in s.verdicts)
        return {verdict: n for verdict, n in found.items() if n}

    @property
    def states(self) -> dict[str, Outcome]:
        """What became of each node."""
        return {o.node.id: o for o in self.outcomes}


class _Remembered:
    """Plans by file and time of change, and outputs by key: what a key names never changes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.plans: dict[Path, tuple[int, Study]] = {}
        self.outputs: OrderedDict[tuple[Path, str], Output] = OrderedDict()

    def plan(self, project: Project | None, path: Path) -> Study:
        """Within the bounds of the project that the file lies in."""
        with self.lock:
            changed = path.stat().st_mtime_ns if path.is_file() else 0
            known = self.plans.get(path)
            if known is None or known[0] != changed:
                known = self.plans[path] = (changed, planned(project, path) if project is not None else plan(path))
            return known[1]

    def output(self, store: Store, node: Node) -> Output:
        at = (store.root, node.key)
        with self.lock:
            if at in self.outputs:
                return self.outputs[at]
        loaded = store.load(get(node.stage), node.key)
        with self.lock:
            self.outputs[at] = loaded
            while len(self.outputs) > _KEPT:
                self.outputs.popitem(last=False)
        return loaded


_remembered: Final = _Remembered()


def choices(project: Project) -> dict[str, str]:
    """The studies a person may look at: the paper's, and the project's own."""
    own = sorted(p.stem for p in project.studies_path.glob("*.toml") if not p.stem.startswith(OF_SLIDERS))
    return {PAPER: "The reference paper", **{name: name for name in own if name != PAPER}}


def study_file(project: Project, name: str) -> Path:
    """The file of a study: the paper's comes with the package.

    Raises
    ------
    ConfigError: no such study in this project.
    """
    if name == PAPER or name not in choices(project):
        return shipped(PAPER)
    return project.studies_path / f"{name}.toml"


def acquaint() -> None:
    """Plan the paper's study, which takes seconds, before somebody asks for it."""
    _remembered.plan(None, shipped(PAPER))


def states(project: Project, path: Path) -> Reproduction:
    """The chain with what became of each node; nothing is loaded, and no value of the paper judged.

    Raises
    ------
    ConfigError: the study is not valid, or names files outside the project.
    """
    study = _remembered.plan(project, path)
    found = outcomes(study, project.store, load=False)
    return Reproduction(study, tuple(found), chain(study, found, ()))


def look(project: Project, path: Path) -> Reproduction:
    """The chain as the store fills it. Loads only what answers a value of the paper.

    Raises
    ------
    ConfigError: the study is not valid, or names files outside the project.
    """
    study, store = _remembered.plan(project, path), project.store
    found = _filled(outcomes(study, store, load=False), store, lambda n: bool(n.answers))
    return Reproduction(study, tuple(found), chain(study, found, judge(study.ledger, found)))


def output_of(store: Store, node: Node) -> Output:
    """The output of one finished node.

    Raises
    ------
    DataError: it is not there, or damaged.
    """
    return _remembered.output(store, node)


def stored(project: Project, shown: Reproduction) -> dict[str, list[Series]]:
    """For each slider the series in the shown study and in the small studies that sliders wrote; the longest first."""
    together = _filled(_together(project, shown), project.store, lambda n: n.stage in _of_sliders)
    return {slider.name: series(slider, together) for slider in SLIDERS}


def queued_study(project: Project, shown: Reproduction, slider: Slider, places: Sequence[float], found: Series | None) -> Path:
    """Write the small study that computes some places, under the conditions of a stored series where there is one.

    Raises
    ------
    ConfigError: a place is outside the slider's range.
    """
    known = {o.node.id: o.node for o in _together(project, shown)}
    like = known[found.points[0].node] if found is not None else None
    grown = known.get(like.inputs[0]) if like is not None and slider.source and like.inputs else None
    text = study_for(slider, places, like, grown)
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return project.study(f"{OF_SLIDERS}{slider.name}-{mark}", text)


def _together(project: Project, shown: Reproduction) -> list[Outcome]:
    """The nodes of the study and of the sliders' studies; those have their file in their names, which keeps them apart."""
    found = list(shown.outcomes)
    for path in sorted(project.studies_path.glob(f"{OF_SLIDERS}*.toml")):
        try:
            small = outcomes(_remembered.plan(project, path), project.store, load=False)
        except AnodefreeError:
            continue  # a person edited it: it is none of a slider's now
        found += [replace(o, node=_named(o.node, path.stem)) for o in small]
    known = {o.node.id: o for o in found}
    return [replace(o, node=_told(o.node, known, project.store)) if o.node.fed else o for o in found]


def _told(node: Node, known: Mapping[str, Outcome], store: Store) -> Node:
    """The same run with what other runs found for it as its parameters, so that it can be written down and compared."""
    if node.stage not in _of_sliders:
        return node
    given = {}
    for name, fed in node.fed.items():
        feeder = known.get(fed.node)
        if feeder is None or feeder.state not in ("done", "stale"):
            return node
        try:
            output = _remembered.output(store, feeder.node)
            given[name] = fed_value(output, get(node.stage), name, feeder.node.stage, fed.estimate)
        except AnodefreeError:
            return node  # it failed for that reason, or will: no point of a slider
    return replace(node, parameters={**node.parameters, **given}, fed={})


def _named(node: Node, study: str) -> Node:
    inputs = tuple(i if i.startswith(("file:", "kept:")) else f"{study}/{i}" for i in node.inputs)
    return replace(node, id=f"{study}/{node.id}", inputs=inputs)


def _filled(found: Iterable[Outcome], store: Store, wanted: Wanted) -> list[Outcome]:
    """The outcomes, with the outputs of those that are wanted and done."""
    return [
        replace(o, output=_remembered.output(store, o.node))
        if o.output is None and o.state in ("done", "stale") and wanted(o.node)
        else o
        for o in found
    ]
