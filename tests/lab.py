"""The command `anodefree app` as a process of its own, for the tests that talk to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """The command `anodefree app` as a process of its own."""

    url: str
    """With the first user's token."""
    urls: dict[str, str]
    folder: Path
    process: subprocess.Popen[str]
    output: Path

    @property
    def base(self) -> str:
        """The address without token and slash."""
        return self.url.partition("/?")[0]

    @property
    def home(self) -> Path:
        """Where the first user's projects lie."""
        return self.folder / next(iter(self.urls))


def serve(folder: Path, *users: str) -> Server:
    """Start the command and wait until it has told its addresses."""
    output = folder.with_suffix(".txt")
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-m", "anodefree", "app", "--port", "0", "--folder", str(folder), "--no-browser"]
    with output.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--users", ",".join(users)], stdout=stream, stderr=subprocess.STDOUT, text=True, env=environment
        )
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = re.findall(r"^(?:(\w+)  )?(http://\S+)$", output.read_text(), re.MULTILINE)
        if len(found) == len(users):
            urls = {name or users[0]: url for name, url in found}
            return Server(next(iter(urls.values())), urls, folder, process, output)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(output.read_text())


def stop(server: Server) -> None:
    """As Ctrl-C does."""
    server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
