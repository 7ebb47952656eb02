"""The store: content-addressed, write-once, committed by an atomic rename.

store/objects/ab/abcd…/   output.nc  node.json      finished work; never changed, never half there
store/scratch/abcd…/      lease.json checkpoint.npz  work in progress, found again after a kill
store/failed/abcd….json   why the last try failed
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anodefree.core.arrays import cannot_write, write_text
from anodefree.core.keys import canonical
from anodefree.core.process import alive, started
from anodefree.errors import AnodefreeError, ConfigError, DataError
from anodefree.registry import Output, Stage

LEASE_LASTS_S = 600.0


@dataclass(frozen=True)
class Store:
    """A folder of finished and unfinished work, named by content."""

    root: Path

    def object(self, key: str) -> Path:
        """Where the finished output of that key is or will be."""
        return self.root / "objects" / key[:2] / key

    def scratch(self, key: str) -> Path:
        """Where unfinished work on that key is kept."""
        return self.root / "scratch" / key

    def failure_path(self, key: str) -> Path:
        """Where the reason of the last failure is kept."""
        return self.root / "failed" / f"{key}.json"

    def has(self, key: str) -> bool:
        """Whether that work is finished."""
        return (self.object(key) / "output.nc").is_file()

    def load(self, stage: Stage, key: str) -> Output:
        """The finished output of that key."""
        if not self.has(key):
            raise DataError(f"holds no output of {stage.name} under {key}", str(self.root), "run the study first")
        try:
            return stage.load(self.object(key) / "output.nc")
        except DataError as error:
            raise DataError(error.what, error.where, "delete its folder and run again: it is computed anew") from error

    def record(self, key: str) -> dict[str, Any]:
        """What is known of finished work beside its output: the code it came from and what it cost."""
        try:
            record: dict[str, Any] = json.loads((self.object(key) / "node.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                "its record is damaged", str(self.object(key)), "delete this folder: it is computed again"
            ) from error
        return record

    def prepare(self) -> None:
        """Make the folders, or say why that cannot be.

        Raises
        ------
        ConfigError: the place cannot be written.
        """
        try:
            for name in ("objects", "scratch", "failed"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            probe = self.root / "scratch" / f".probe-{os.getpid()}"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise cannot_write(error, self.root) from error

    def commit(self, key: str, output: Output, record: dict[str, Any]) -> None:
        """Make finished work visible in one rename. Where somebody was faster, theirs stays: the content is the same."""
        target = self.object(key)
        part = self.scratch(key) / f"commit-{os.getpid()}"
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            output.save(part / "output.nc")
            write_text(part / "node.json", canonical(record))
            _flush(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError, OSError) if target.exists() else contextlib.nullcontext():
                part.rename(target)
        except OSError as error:
            if not self.has(key):
                raise cannot_write(error, self.root) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.failure_path(key).unlink(missing_ok=True)

    def discard(self, key: str) -> None:
        """Take finished work out of the store, in one rename, so that it is computed again."""
        part = self.scratch(key) / f"discarded-{os.getpid()}"
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # two names of equal work are discarded once
                self.object(key).rename(part)
        except OSError as error:
            raise cannot_write(error, self.root) from error
        self.clear_scratch(key)

    def clear_scratch(self, key: str) -> None:
        """Forget unfinished work."""
        shutil.rmtree(self.scratch(key), ignore_errors=True)

    def fail(self, key: str, error: AnodefreeError) -> None:
        """Keep the reason of a failure; without room even for that, the error itself still travels."""
        record = {"error": str(error), "type": type(error).__name__, "exit_code": error.exit_code}
        with contextlib.suppress(ConfigError):
            write_text(self.failure_path(key), canonical(record))

    def failure(self, key: str) -> dict[str, Any] | None:
        """Why the last try failed, if it did."""
        try:
            found: dict[str, Any] = json.loads(self.failure_path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    @contextlib.contextmanager
    def lease(self, key: str) -> Iterator[None]:
        """Own the scratch folder of a key, so that two drivers on one store never share it.

        Waits while another living process holds it. A lease is dead when its process is gone (same host) or when it was not
        touched for ten minutes.
        """
        path = self.scratch(key) / "lease.json"
        mine = canonical({"host": socket.gethostname(), "pid": os.getpid(), "boot": started(os.getpid())})
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            except FileNotFoundError:
                continue  # its last owner has just finished and removed the folder
            except FileExistsError:
                if not self.leased(key):
                    path.unlink(missing_ok=True)
                else:
                    time.sleep(0.2)
                continue
            with os.fdopen(handle, "w") as stream:
                stream.write(mine)
            break
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def leased(self, key: str) -> bool:
        """Whether somebody alive works on that key."""
        path = self.scratch(key) / "lease.json"
        try:
            age = time.time() - path.stat().st_mtime
            holder = json.loads(path.read_text())
        except FileNotFoundError:
            return False
        except ValueError:
            return age < 5.0  # being written just now, or left half-written by a kill
        if age > LEASE_LASTS_S:
            return False
        here = holder.get("host") == socket.gethostname()
        return not here or (alive(int(holder["pid"])) and started(int(holder["pid"])) == holder.get("boot"))

    def touch(self, key: str, fraction: float, text: str) -> None:
        """Keep the lease alive and tell how far the work is."""
        path = self.scratch(key) / "lease.json"
        with contextlib.suppress(OSError):
            os.utime(path)
            (self.scratch(key) / "progress.json").write_text(json.dumps({"fraction": fraction, "text": text}))

    def progress(self, key: str) -> tuple[float, str]:
        """How far unfinished work is."""
        try:
            told = json.loads((self.scratch(key) / "progress.json").read_text())
            return float(told["fraction"]), str(told["text"])
        except (OSError, ValueError, KeyError):
            return 0.0, ""


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
