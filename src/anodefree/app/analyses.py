"""The analyses of a project: studies of its files, each a study file with its job, found again after any reload."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from anodefree.app.confined import jobs, planned, resume, start
from anodefree.app.names import inside
from anodefree.app.offered import Entry, study_of
from anodefree.app.project import Project
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, printable
from anodefree.registry import Output, Stage
from anodefree.stages import get
from anodefree.study.jobs import Job
from anodefree.study.run import outcomes

PREFIX: Final = "analysis-"
"""How the names of these studies begin: a project holds studies of other sorts too."""
_NUMBERING: Final = threading.Lock()


@dataclass(frozen=True)
class Analysis:
    """One stage on chosen files: its study file, and its job where that is still known."""

    study: Path
    job: Job | None

    @property
    def name(self) -> str:
        """The name of its study file."""
        return self.study.stem

    @property
    def text(self) -> str:
        """The study file."""
        return self.study.read_text(encoding="utf-8")

    @property
    def stage(self) -> str:
        """The stage's name, which its own name tells: analysis-7-eis.fit."""
        return self.name.removeprefix(PREFIX).partition("-")[2]


@dataclass(frozen=True)
class Row:
    """What became of one run of an analysis: its output, or the sentence of why there is none."""

    name: str
    node: str
    files: tuple[Entry, ...]
    parameters: Mapping[str, Any]
    output: Output | None
    error: str = ""


def analyses(project: Project) -> list[Analysis]:
    """Every analysis, the newest first."""
    by_study = {j.study: j for j in reversed(jobs(project))}
    found = sorted(project.studies_path.glob(f"{PREFIX}*.toml"), key=lambda p: -_number(p))
    return [Analysis(p, by_study.get(p.resolve())) for p in found if not p.is_symlink()]


def analysis(project: Project, name: str) -> Analysis:
    """The analysis of that name.

    Raises
    ------
    ConfigError: there is none.
    """
    path = inside(project.studies_path, f"{name}.toml")
    found = next((a for a in analyses(project) if a.study.resolve() == path), None)
    if found is None:
        raise ConfigError("there is no such analysis in this project", printable(name), "choose one from the list")
    return found


def begin(project: Project, stage: Stage, files: Sequence[Entry], parameters: Mapping[str, Any]) -> Analysis:
    """Write the study of a stage on files, and start its job.

    Raises
    ------
    ConfigError: the study cannot be written, or is wrong.
    """
    names = ", ".join(_shown(f) for f in files)
    title = f"{stage.name} of {names if len(names) < 60 else f'{len(files)} files'}"
    with _NUMBERING:
        number = max(map(_number, project.studies_path.glob(f"{PREFIX}*.toml")), default=0) + 1
        path = project.study(f"{PREFIX}{number}-{stage.name}", study_of(stage, files, parameters, title))
    return Analysis(path, start(project, path, title))


def again(project: Project, one: Analysis) -> Analysis:
    """Start a finished, failed or foreign analysis again; what the store holds is not computed twice."""
    if one.job is not None:
        resume(project, one.job)
        return one
    return Analysis(one.study, start(project, one.study, one.name))


def rows(project: Project, one: Analysis) -> list[Row]:
    """What became of each run, its output loaded from the store.

    Raises
    ------
    ConfigError: the study cannot be planned any more: a file of it is gone.
    """
    told = {str(s["name"]): s for s in tomllib.loads(one.text)["step"]}
    found = []
    for outcome in outcomes(planned(project, one.study), project.store):
        step = told[outcome.node.step]
        files = tuple(f for i in step.get("inputs", ()) for f in files_of(i))
        name = _shown(files[0]) if len(files) == 1 else outcome.node.id
        missing = "" if outcome.output is not None else (outcome.error or "was not computed yet")
        found.append(Row(name, outcome.node.id, files, step.get("with", {}), outcome.output, missing))
    return found


def files_of(given: Any) -> list[Entry]:
    """The files of one input as a study file writes it: `{file, meta}` or `{files}`."""
    if isinstance(given, Mapping):
        return list(given["files"]) if isinstance(given.get("files"), list) else [given]
    return [{"file": str(given).removeprefix("file:")}]


def inputs_of(project: Project, text: str, step: int = 0) -> list[list[dict[str, Any]]]:
    """For each input of a step its files, with paths that hold wherever they are read from."""
    table = tomllib.loads(text)["step"][step]
    base = project.studies_path.resolve()
    return [[{**f, "file": str((base / f["file"]).resolve())} for f in files_of(i)] for i in table.get("inputs", ())]


def write_demo(project: Project, stage: Stage, inputs: Sequence[Measurement]) -> list[str]:
    """The inputs of a stage's synthetic case as files of the project, written once; returns their names."""
    names = []
    for given, wanted in zip(inputs, stage.inputs, strict=True):
        name = f"demo {stage.name}" + (f" {wanted.name}" if len(stage.inputs) > 1 else "") + ".nc"
        path = inside(project.files_path, name)
        if not path.is_file():
            given.save(path)
        names.append(name)
    return names


def stage_of(one: Analysis) -> Stage:
    """Its stage."""
    return get(one.stage)


def _shown(file: Entry) -> str:
    return str(file["file"]).rpartition("/")[2]


def _number(path: Path) -> int:
    number = path.stem.removeprefix(PREFIX).partition("-")[0]
    return int(number) if number.isdigit() else 0
