"""The whole way without a mouse: a file, an analysis, its export, a note; where the keyboard is can always be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from lab import Server

pytestmark = pytest.mark.slow
MOST_STEPS = 150
WHERE = r"""() => {
  const at = document.activeElement, style = getComputedStyle(at.closest('.q-field')?.querySelector('.q-field__control') ?? at);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const ring = outlined || /\b3px\b/.test(style.boxShadow);
  return [at.closest('[data-testid]')?.dataset.testid ?? '', ring || at === document.body || at.id === 'main',
    at.outerHTML.slice(0, 200)];
}"""


def go_to(page: Any, mark: str) -> None:
    """Press Tab until that is reached; each stop on the way shows that it is one."""
    page.locator(f'[data-testid="{mark}"]').first.wait_for()
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        reached, ring, what = page.evaluate(WHERE)
        assert ring, f"no focus ring on {what}"
        if reached == mark:
            return
    raise AssertionError(f"{mark} cannot be reached with the Tab key")


def follow(page: Any, mark: str) -> None:
    go_to(page, mark)
    page.keyboard.press("Enter")


def test_from_the_file_to_the_export_by_keyboard_alone(server: Server, page: Any, tmp_path: Path) -> None:
    measured = tmp_path / "cell 7.nc"
    af.get("eis.kramers_kronig").example(np.random.default_rng(4)).inputs[0].save(measured)
    page.set_default_timeout(90_000)
    page.goto(server.url)
    page.get_by_test_id("create-project").wait_for()
    assert page.evaluate("document.documentElement.lang") in ("en", "en-US")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    follow(page, "open-First-project")

    page.get_by_test_id("upload").wait_for()
    assert page.title() == "Files · First project · anodefree"
    page.on("filechooser", lambda chooser: chooser.set_files(measured))
    follow(page, "pick-files")
    page.get_by_test_id("file-cell 7.nc").get_by_text("impedance spectra").wait_for()
    follow(page, "preview-cell 7.nc")
    page.get_by_test_id("preview-plot").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("preview-plot").wait_for(state="detached")
    page.evaluate("document.activeElement.blur()")
    page.get_by_test_id("home").focus()
    follow(page, "nav-analyse")

    go_to(page, "choose-cell 7.nc")
    page.keyboard.press("Space")
    follow(page, "stage-eis.kramers_kronig")
    page.get_by_text("Parameters of eis.kramers_kronig", exact=True).wait_for()
    follow(page, "run-stage")
    page.get_by_text("eis.kramers_kronig · 1", exact=True).wait_for()
    page.get_by_test_id("interactive").locator(".main-svg").first.wait_for()
    go_to(page, "export-csv")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    assert coming.value.suggested_filename.endswith(".csv")
    before = page.evaluate("document.querySelector('[data-testid=interactive]')._fullLayout.xaxis.range")
    follow(page, "interactive-zoom-in")
    page.wait_for_function(
        f"(([a, b]) => Math.abs(b - a) < 0.7 * {abs(before[1] - before[0])})"
        "(document.querySelector('[data-testid=interactive]')._fullLayout.xaxis.range)"
    )

    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_test_id("home").focus()
    follow(page, "menu")
    assert page.get_by_test_id("menu").get_attribute("aria-expanded") == "true"
    follow(page, "nav-notes")
    go_to(page, "notes")
    page.keyboard.type("Cell 7 is linear.")
    follow(page, "save-notes")
    page.get_by_text("The notes are saved.").wait_for()
