"""A job as the page shows it: its state with a sign, how far it is, what it cost, and a picture of what is not finished."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from anodefree.app import confined
from anodefree.app.live import Live, live
from anodefree.app.project import Project
from anodefree.errors import AnodefreeError
from anodefree.study.graph import Node
from anodefree.study.jobs import Job, JobState
from anodefree.study.plan import Study
from anodefree.study.store import Store

SIGNS: Final = {
    "queued": "… queued",
    "running": "▶ running",
    "done": "✓ done",
    "failed": "✗ failed",
    "cancelled": "■ cancelled",
    "killed": "✗ killed",
}


@dataclass(frozen=True)
class Row:
    """One job in the list, as text."""

    job: Job
    state: JobState
    title: str
    share: float
    progress: str
    cost: str
    started: str

    @property
    def sign(self) -> str:
        """The state in a word, with a sign beside it."""
        return SIGNS[self.state.state]


def row(job: Job, state: JobState | None = None) -> Row:
    """One row of the list, in the state that it is in or was just seen in; reads small files only."""
    state = state or job.look()
    share = 1.0 if state.state == "done" else min((state.done + state.fraction) / max(state.total, 1), 1.0)
    told = [f"{100 * share:.0f} %"] if state.state != "queued" else ["waits for a free core"]
    told += [f"{state.done} of {state.total} steps"] if state.total > 1 else []
    told += [state.text] if state.text and state.state in ("running", "cancelled") else []
    left = _left(state, share)
    told += [left] if left else []
    told += ["stops at its next step"] if state.active and job.asked_to_stop else []
    cost = f"took {lasted(state.wall_s)}, processor {lasted(state.cpu_s)}" if state.wall_s else "–"
    return Row(job, state, job.title, share, " · ".join(told), cost, _when(job.created))


def _left(state: JobState, share: float) -> str:
    """A guess from what has been spent, where the stage does not tell one itself."""
    if state.state != "running" or " left" in state.text or share < 0.05 or state.wall_s < 3:
        return ""
    return f"about {lasted(state.wall_s * (1 - share) / share)} left"


def lasted(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds / 60)
    return f"{whole} min" if whole < 120 else f"{whole // 60} h {whole % 60} min"


def _when(created: str) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(created):%Y-%m-%d %H:%M}"
    except ValueError:
        return created


def chosen(folder: list[Job], wanted: str) -> Job | None:
    """The job of that id, else the newest."""
    return next((j for j in folder if j.id == wanted), folder[0] if folder else None)


def planned(project: Project, job: Job) -> Study | None:
    """Its study; None where the file is gone or does not hold any more."""
    try:
        return confined.planned(project, job.study)
    except AnodefreeError:
        return None


def finished(job: Job, study: Study) -> list[Node]:
    """The nodes whose output is in the store."""
    store = Store(job.store)
    return [n for n in study.nodes if store.has(n.key)]


@dataclass(frozen=True)
class Picture:
    """What the checkpoint of an unfinished node shows."""

    node: str
    live: Live
    saved_s: float
    """When it was written, in seconds since 1970."""


def unfinished(job: Job, study: Study, before: Picture | None = None) -> Picture | None:
    """The picture of the first node that left a checkpoint that can be seen; the one before where nothing was saved since."""
    store = Store(job.store)
    for node in study.nodes:
        if store.has(node.key):
            continue
        scratch = store.scratch(node.key)
        try:
            saved = (scratch / "checkpoint.npz").stat().st_mtime
        except OSError:
            continue
        if before is not None and (before.node, before.saved_s) == (node.id, saved):
            return before
        seen = live(scratch, node.parameters)
        if seen is not None:
            return Picture(node.id, seen, saved)
    return None
