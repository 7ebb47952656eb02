"""Which stages accept the chosen files, and the study that one of them makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from anodefree.registry import Stage
from anodefree.stages import get, names
from anodefree.study.written import WrittenStep, step_name, study_text

USUAL: Final = {
    "impedance": ("eis.fit", "drt.spectrum", "eis.kramers_kronig", "eis.arrhenius", "eis.propose"),
    "cycling": ("cycling.efficiency", "cycling.retention", "cycling.overpotential", "cycling.compare"),
    "polarisation": ("kinetics.tafel", "kinetics.exchange_current", "kinetics.butler_volmer", "kinetics.lsv"),
    "micrograph": ("sem.porosity", "tem.thickness", "tem.lattice", "optical.front"),
    "spectrum": ("raman.speciation", "ftir.bands"),
}
"""What a person usually wants of files of a kind, before the rest."""

Entry = Mapping[str, Any]
"""A file as a study reads it: `{file, meta}`."""


def offered(kinds: Sequence[str], search: str = "") -> list[Stage]:
    """Stages that take files of these kinds, one kind for each chosen file: the usual ones first, then by name."""
    if not kinds:
        return []
    first = USUAL.get(kinds[0], ())
    words = search.lower().split()
    found = [s for s in map(get, names()) if _takes(s, kinds) and all(w in f"{s.name} {s.title}".lower() for w in words)]
    return sorted(found, key=lambda s: (first.index(s.name) if s.name in first else len(first), s.name))


def tried(search: str = "") -> list[Stage]:
    """Stages with a synthetic case of their own, for a project that holds no file yet."""
    words = search.lower().split()
    return [s for s in map(get, names()) if s.inputs and all(w in f"{s.name} {s.title}".lower() for w in words)]


def rows(stage: Stage, files: Sequence[Entry]) -> list[list[list[Entry]]]:
    """Runs, each with the files of each input: a series is one run, as is a pair; else each file is a run of its own."""
    if len(stage.inputs) > 1:
        return [[[f] for f in files]]
    if stage.inputs[0].many:
        return [[list(files)]]
    return [[[f]] for f in files]


def study_of(stage: Stage, files: Sequence[Entry], parameters: Mapping[str, Any], title: str = "") -> str:
    """The study file: one step for each run, named after its file."""
    steps: list[WrittenStep] = []
    taken: set[str] = set()
    for run in rows(stage, files):
        alone = run[0][0]["file"] if len(run) == len(run[0]) == 1 else stage.name
        name = _unique(step_name(str(alone).rpartition("/")[2]), taken)
        inputs = [one[0] if len(one) == 1 else {"files": one} for one in run]
        steps.append(WrittenStep(name, stage.name, inputs, parameters))
    return study_text(title or stage.title, steps)


def _takes(stage: Stage, kinds: Sequence[str]) -> bool:
    if not stage.inputs:
        return False
    if len(stage.inputs) > 1:
        return [i.kind.name for i in stage.inputs] == list(kinds)
    if len(set(kinds)) > 1:
        return False
    wanted = stage.inputs[0]
    return kinds[0] == wanted.kind.name or (wanted.many and _together(kinds[0]) == wanted.kind.name and len(kinds) > 1)


def _together(kind: str) -> str:
    from anodefree.io.kinds import known_kinds

    found = known_kinds().get(kind)
    return found.together.name if found is not None and found.together is not None else ""


def _unique(name: str, taken: set[str]) -> str:
    fresh, number = name, 2
    while fresh in taken:
        fresh, number = f"{name}_{number}", number + 1
    taken.add(fresh)
    return fresh
