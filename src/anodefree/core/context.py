"""What long work is given: a folder to work in, progress to report, a checkpoint to resume from."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anodefree.errors import Cancelled, DataError

Listener = Callable[[float, str], None]


@dataclass(frozen=True)
class Checkpoint:
    """Named arrays on disk, replaced as a whole: a killed run finds the last complete state, never half of one."""

    path: Path

    def save(self, **arrays: np.ndarray | float | int) -> None:
        """Write the state in one step (temporary file, then rename)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, allow_pickle=False, **{k: np.asarray(v) for k, v in arrays.items()})
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def load(self) -> dict[str, np.ndarray] | None:
        """The last state, or None where there is none."""
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as state:
                return {name: state[name] for name in state.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError("the checkpoint cannot be read", str(self.path), "delete it to start that step anew") from error

    def resume(self, fingerprint: str) -> dict[str, np.ndarray] | None:
        """The last state of the same work, or None: a state saved with another `fingerprint` is of other parameters."""
        state = self.load()
        return None if state is None or str(state["fingerprint"]) != fingerprint else state


@dataclass
class Context:
    """The surroundings of one stage's run. Called at least once a minute, `progress` also lets the work be cancelled."""

    workdir: Path
    listener: Listener | None = None
    cancelled: Callable[[], bool] | None = None
    interval_s: float = 0.1
    _last: float = field(default=0.0, repr=False)

    @property
    def checkpoint(self) -> Checkpoint:
        """This run's own checkpoint."""
        return Checkpoint(self.workdir / "checkpoint.npz")

    def progress(self, fraction: float, text: str = "") -> None:
        """Report how far the work is (0 to 1); a no-op unless someone listens."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled("stopped on request")
        now = time.monotonic()
        if self.listener is not None and (fraction >= 1 or now - self._last >= self.interval_s):
            self._last = now
            self.listener(min(max(fraction, 0.0), 1.0), text)


@contextlib.contextmanager
def scratch() -> Iterator[Context]:
    """A context in a temporary folder, for a stage that is called directly."""
    with tempfile.TemporaryDirectory(prefix="anodefree-") as folder:
        yield Context(Path(folder))
