"""What is typed and clicked before the page's socket is open is neither lost nor out of order."""

from __future__ import annotations

from typing import Any

HELD = """
const send = WebSocket.prototype.send, held = [], later = window.setTimeout;
let open = false;
WebSocket.prototype.send = function (...a) { if (open) send.apply(this, a); else held.push(() => send.apply(this, a)); };
window.openSocket = () => { open = true; held.forEach((one) => one()); };
window.setTimeout = (act, wait, ...a) => later(act, wait === 10 ? 10 + 30 * Math.random() : wait, ...a);
"""
"""A busy machine: the socket opens when the test says so, and short timers are late by chance."""


def opened(page: Any, server: Any, path: str) -> None:
    page.goto(server.url)
    page.add_init_script(HELD)
    page.goto(f"{server.base}/p/First-project/{path}")


def test_a_study_typed_early_is_the_one_that_is_checked(page: Any, server: Any) -> None:
    opened(page, server, "simulate")
    text = page.get_by_test_id("study")
    text.focus()
    page.keyboard.press("Control+Home")
    for key in "x = 12 # ":
        page.keyboard.press(key)
    written = text.input_value()
    page.get_by_test_id("check-study").click()
    page.evaluate("openSocket()")
    page.wait_for_function("(document.querySelector('[data-testid=study-fault]')?.innerText ?? '').includes('no study')")
    page.wait_for_timeout(300)  # whatever else the server says when it is reached
    assert text.input_value() == written
    assert written.startswith("x = 12 # ")


def test_notes_written_early_are_the_ones_that_are_saved(page: Any, server: Any) -> None:
    opened(page, server, "notes")
    page.get_by_test_id("notes").press_sequentially("cut at 25 degC")
    page.get_by_test_id("save-notes").click()
    page.evaluate("openSocket()")
    page.get_by_text("The notes are saved.").wait_for()
    assert (server.home / "First-project" / "notes.md").read_text().strip() == "cut at 25 degC"
