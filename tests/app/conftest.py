"""A running laboratory and a browser that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one user, `me`, and that user's first project `First-project`; shared by the tests of a module."""
    pytest.importorskip("nicegui", reason="the laboratory needs pip install 'anodefree[app]'")
    made = serve(tmp_path_factory.mktemp("lab") / "lab", "me")
    yield made
    stop(made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium through Playwright; skipped where one of them is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the package playwright")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("browser tests need the program chromium (apt-get install chromium)")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page of 1280 x 800; at the end its console must hold no error."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    errors: list[str] = []
    opened.on("console", lambda m: errors.append(f"{m.text} ({m.location.get('url')})") if m.type == "error" else None)
    opened.on("pageerror", lambda e: errors.append(str(e)))
    yield opened
    context.close()
    assert not errors
