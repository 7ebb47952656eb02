"""Jobs: a study run in a process of its own, which outlives whoever started it; all that is known of it lies in its folder.

jobs/20261125-121530-1f3a/   job.json     what is to be done; never changed
                             state.json   how far it is, replaced as a whole by the process that runs it
                             log.txt      what the process said, bounded
                             cancel       its presence asks the process to stop
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from anodefree.core.arrays import cannot_write, write_text
from anodefree.core.process import alive, started
from anodefree.errors import AnodefreeError, ConfigError

JobStateName = Literal["queued", "running", "done", "failed", "cancelled", "killed"]
ALIVE = ("queued", "running")
GONE = """its process is gone: it was killed, ran out of memory, or the machine was restarted
  try: resume it; it goes on from what it saved last"""
SILENT_S = 60.0
"""A job that has not been heard of for so long, and whose process cannot be looked up, is taken for dead."""


@dataclass(frozen=True)
class JobState:
    """How far a job is and what it cost, over all of its attempts."""

    state: JobStateName = "queued"
    done: int = 0
    total: int = 0
    fraction: float = 0.0
    text: str = ""
    error: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    pid: int | None = None
    boot: str = ""
    """The start time of the process, which tells it from another that got the same number later."""
    host: str = ""
    attempt: int = 1
    """How often it was started."""
    told_at: float = 0.0
    """When this was written, in seconds since 1970."""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ALIVE


@dataclass(frozen=True)
class Job:
    """One study with the store it fills, as a folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """For people."""
        return str(self._record().get("title", self.id))

    @property
    def study(self) -> Path:
        """The study file."""
        return Path(str(self._record().get("study", "")))

    @property
    def store(self) -> Path:
        """The root of the store."""
        return Path(str(self._record().get("store", "")))

    @property
    def within(self) -> Path | None:
        """The one folder whose files the study may name; None where it may name any."""
        found = self._record().get("within")
        return Path(str(found)) if found else None

    @property
    def created(self) -> str:
        """When it was asked for, as ISO 8601."""
        return str(self._record().get("created", ""))

    @property
    def log(self) -> str:
        """What its process said."""
        try:
            return (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @property
    def asked_to_stop(self) -> bool:
        """Whether somebody cancelled it."""
        return (self.folder / "cancel").exists()

    def look(self) -> JobState:
        """What is known of it now: reads one small file, and asks whether the process still lives."""
        told = self.told()
        if told.active and not _lives(told):
            told = self.told()  # it may have ended between the two looks
            if told.active and not _lives(told):
                return replace(told, state="killed", error=GONE)
        return told

    def told(self) -> JobState:
        """The last state that was written, whether its process lives or not."""
        known = {f.name for f in fields(JobState)}
        try:
            table = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            return JobState(**{k: v for k, v in table.items() if k in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return JobState()

    def tell(self, state: JobState) -> None:
        """Write the state as a whole, so that a reader never finds half of it."""
        write_text(self.folder / "state.json", json.dumps(asdict(replace(state, told_at=time.time()))))

    def cancel(self) -> None:
        """Ask the process to stop at its next progress call; its checkpoint is kept."""
        try:
            (self.folder / "cancel").touch()
        except OSError as error:
            raise cannot_write(error, self.folder) from error

    def resume(self) -> None:
        """Start it again: finished nodes are kept, unfinished ones continue from their checkpoint.

        Raises
        ------
        ConfigError: it still runs.
        """
        before = self.look()
        if before.active:
            raise ConfigError("this job is not finished", self.title, "cancel it first, or wait")
        (self.folder / "cancel").unlink(missing_ok=True)
        again = JobState(wall_s=before.wall_s, cpu_s=before.cpu_s, host=socket.gethostname(), attempt=before.attempt + 1)
        self.tell(replace(again, done=before.done, total=before.total))
        _spawn(self, again.attempt)

    def forget(self) -> None:
        """Remove it from the list; what it computed stays in the store.

        Raises
        ------
        ConfigError: it still runs.
        """
        if self.look().active:
            raise ConfigError("this job is not finished", self.title, "cancel it first, or wait")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _record(self) -> dict[str, Any]:
        try:
            record = json.loads((self.folder / "job.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}


def start(study: Path, store: Path, jobs: Path, title: str, within: Path | None = None) -> Job:
    """Run a study in a process of its own, or let it wait there until a core is free. Returns at once.

    `within`: the one folder whose files the study may name, where somebody else may have written it.

    Raises
    ------
    ConfigError: no such study, or the folder of jobs cannot be written.
    """
    if not study.is_file():
        raise ConfigError("no such study", str(study), "check the path")
    now = datetime.datetime.now().astimezone()
    folder = jobs.resolve() / f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    record = {
        "title": title,
        "study": str(study.resolve()),
        "store": str(store.resolve()),
        "created": now.isoformat(timespec="milliseconds"),
        **({"within": str(within.resolve())} if within is not None else {}),
    }
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(error, jobs) from error
    job = Job(folder)
    write_text(folder / "job.json", json.dumps(record, ensure_ascii=False, indent=1))
    job.tell(JobState(host=socket.gethostname()))
    _spawn(job, 1)
    return job


def jobs(folder: Path) -> list[Job]:
    """The jobs in a folder, newest first."""
    try:
        found = [Job(p) for p in folder.iterdir() if (p / "job.json").is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda j: j.id, reverse=True)


def _spawn(job: Job, attempt: int) -> None:
    """A session of its own: neither the end of the server nor Ctrl-C in its terminal reaches it."""
    with (job.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "anodefree.study.worker", str(job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=job.folder,
            env=_environment(),
            start_new_session=True,
        )
    threading.Thread(target=_collect, args=(job, attempt, process), daemon=True, name=f"job {job.id}").start()


def _collect(job: Job, attempt: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for the process, so that no dead one lingers; one that could not even begin is told as failed."""
    code = process.wait()
    with contextlib.suppress(AnodefreeError, OSError):
        told = job.told()
        if job.folder.is_dir() and told.attempt == attempt and told.state == "queued" and told.pid is None and code != 0:
            last = job.log.strip().rpartition("\n")[2][:300]
            job.tell(replace(told, state="failed", error=f"its process could not start: {last}\n  try: see its log"))


def _environment() -> dict[str, str]:
    """Ours, with an import path by which the process, in another working folder, finds this same code."""
    found = [str(Path(p).resolve()) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    source = Path(__file__).resolve().parents[2]
    if source.name not in ("site-packages", "dist-packages"):
        found.append(str(source))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(found)), "PYTHONUNBUFFERED": "1"}


def _lives(told: JobState) -> bool:
    if told.pid is None or told.host not in ("", socket.gethostname()):  # just asked for, or on another machine
        return time.time() - told.told_at < SILENT_S
    return alive(told.pid) and started(told.pid) == told.boot
