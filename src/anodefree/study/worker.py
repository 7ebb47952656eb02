"""The process of one job: waits for a free core, runs the study, tells how far it is, stops when asked."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from anodefree.core.process import started
from anodefree.errors import AnodefreeError, Cancelled
from anodefree.study.jobs import Job, JobState, jobs

HEARTBEAT_S: Final = 1.0
LOG_BYTES: Final = 2**20
"""The log is cut to this once it is twice as long."""
MOST_TOLD: Final = 3
"""Failures that a job tells: those of a sweep are mostly one."""


def work(job: Job) -> None:
    """Run the job to its end. A second process on the same job leaves at once."""
    with _held(job.folder / "lock") as mine:
        if mine:
            _Worker(job).run()


class _Worker:
    """What the process knows: its state, written by a thread once a second and at every change of kind."""

    def __init__(self, job: Job) -> None:
        self.job = job
        before = job.told()
        self.spent = (before.wall_s, before.cpu_s)
        self.kept = 0
        """Steps that were done before this attempt."""
        self.state = replace(
            before, state="queued", pid=os.getpid(), boot=started(os.getpid()), host=socket.gethostname(), error=""
        )
        self.began = time.monotonic()
        self.writing = threading.Lock()
        self.ended = threading.Event()

    def run(self) -> None:
        """Wait, run, tell how it ended."""
        self.tell()
        beat = threading.Thread(target=self.beat, daemon=True)
        beat.start()
        try:
            with _core(self.job):
                self.began = time.monotonic()
                self.tell(state="running", text="reading the study")
                failed = self.compute()
            last: dict[str, object] = {"state": "done", "fraction": 0.0, "text": ""}
            if failed:
                last = {"state": "failed", "error": failed, "fraction": 0.0, "text": ""}
        except Cancelled:
            last = {"state": "cancelled", "text": "stopped on request: its checkpoint is kept"}
        except AnodefreeError as error:
            last = {"state": "failed", "error": str(error)}
        except Exception as error:
            traceback.print_exc()
            last = {"state": "failed", "error": f"{type(error).__name__}: {error}\n  try: this is a defect, see the log"}
        self.ended.set()
        beat.join(5.0)
        self.tell(**last)

    def compute(self) -> str:
        """Run what is missing; returns why it failed, or nothing."""
        from anodefree.study.plan import plan
        from anodefree.study.run import run
        from anodefree.study.store import Store

        study, store = plan(self.job.study, self.job.within), Store(self.job.store)
        self.kept = sum(store.has(n.key) for n in study.nodes)
        self.tell(total=len(study.nodes), done=self.kept, text="")
        ran = run(study, store, progress=self.progress)
        self.tell(done=sum(store.has(n.key) for n in study.nodes), total=len(study.nodes))
        told = list(dict.fromkeys(str(e) for e in ran.errors.values()))
        more = len(told) - MOST_TOLD
        return "\n\n".join(told[:MOST_TOLD]) + (f"\n\nand {more} more: see the steps one by one" if more > 0 else "")

    def progress(self, done: int, total: int, text: str, fraction: float) -> None:
        """Take note of how far it is; this is where a cancelled job stops."""
        done, total = done + self.kept, total + self.kept
        with self.writing:
            fraction = 0.0 if done > self.state.done else fraction  # a step that has just ended counts as done, not once more
            self.state = replace(self.state, done=done, total=total, text=text, fraction=fraction)
        if self.job.asked_to_stop:
            raise Cancelled("stopped on request")

    def beat(self) -> None:
        """Once a second until the end: write the state, cut the log."""
        while not self.ended.wait(HEARTBEAT_S):
            with contextlib.suppress(AnodefreeError, OSError):
                self.tell()
                _cut(self.job.folder / "log.txt")

    def tell(self, **change: object) -> None:
        """Change the state and write it with what has been spent so far."""
        with self.writing:
            self.state = replace(self.state, **change)  # type: ignore[arg-type]
            self.job.tell(self.with_cost())

    def with_cost(self) -> JobState:
        """The state with wall and processor time of all attempts; waiting for a core costs nothing."""
        if self.state.state == "queued":
            return self.state
        wall, cpu = time.monotonic() - self.began, sum(os.times()[:4])  # with its own ended children
        return replace(self.state, wall_s=self.spent[0] + wall, cpu_s=self.spent[1] + cpu)


def cores() -> int:
    """How many jobs run at once: the cores that this user may use, or ANODEFREE_JOBS."""
    asked = os.environ.get("ANODEFREE_JOBS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _core(job: Job) -> Iterator[None]:
    """Own one of the user's places to run. The system frees it when the process ends, however it ends.

    Raises
    ------
    Cancelled: the job was cancelled while it waited.
    """
    folder = _places()
    while True:
        if job.asked_to_stop:
            raise Cancelled("stopped on request")
        if not _older_waits(job):
            for number in range(cores()):
                with _held(folder / f"place-{number}") as mine:
                    if mine:
                        yield
                        return
        time.sleep(0.3)


def _places() -> Path:
    """A folder that only this user can write."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"anodefree-jobs-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != user:  # somebody else's: each job then has its own
        return Path(tempfile.mkdtemp(prefix="anodefree-jobs-"))
    return folder


def _older_waits(job: Job) -> bool:
    """Whether an older job of the same project is still queued: first come, first served."""
    older = [j for j in jobs(job.folder.parent) if j.id < job.id]
    return any(j.look().state == "queued" and not j.asked_to_stop for j in older)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Whether this process got the lock; it is kept until the block or the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows: jobs are not counted there
        yield True
        return
    with path.open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _cut(log: Path) -> None:
    """Keep the beginning of a log that grows too long; the process goes on appending behind it."""
    if log.stat().st_size > 2 * LOG_BYTES:
        stream: IO[bytes]
        with log.open("r+b") as stream:
            stream.truncate(LOG_BYTES)
        sys.stderr.write("\n… what followed was too much and is not kept\n")
        sys.stderr.flush()


if __name__ == "__main__":
    work(Job(Path(sys.argv[1])))
