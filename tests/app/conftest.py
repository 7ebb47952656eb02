"""A running laboratory and a browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from lab import Server, serve, stop


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
    opened.set_default_timeout(45_000)
    errors: list[str] = []
    opened.on("console", lambda m: errors.append(f"{m.text} ({m.location.get('url')})") if m.type == "error" else None)
    opened.on("pageerror", lambda e: errors.append(str(e)))
    yield opened
    context.close()
    assert not errors
