"""The table of a result's estimates, the same on every page: label, value ± std, interval, and every digit to copy."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from anodefree.app.clipboard import copy_button
from anodefree.app.result_view import estimate_rows
from anodefree.core.result import Result

STYLE: Final = """
.af-et { border-collapse: collapse; font-size: 14px; width: 100%; max-width: 52rem; margin: .4em 0 .8em; }
.af-et th { text-align: left; font-weight: 400; color: var(--af-soft); font-size: 13px; }
.af-et td, .af-et th { padding: .1em 1em .1em 0; vertical-align: middle; overflow-wrap: anywhere; }
.af-et td { border-top: 1px solid var(--af-line); font-variant-numeric: tabular-nums; }
.af-et .af-v { font-weight: 600; } .af-et .af-i { color: var(--af-soft); font-size: 13px; }
@media (max-width: 600px) { .af-et tr:first-child { display: none; }
  .af-et tr { display: grid; grid-template-columns: 1fr 1fr 2em; border-top: 1px solid var(--af-line); padding: .25em 0; }
  .af-et td { border: 0; padding: .1em .6em .1em 0; } .af-et td:first-child { grid-column: 1 / -1; font-size: 13px; }
  .af-et .af-i::before { content: "95 %: "; } }
"""


def estimates(result: Result) -> None:
    """Draw it into the current slot. Hovering a value shows it in SI with every digit, which is what is copied."""
    with ui.element("table").classes("af-et").props("data-testid=estimates"):
        with ui.element("tr"):
            for head in ("estimate", "value ± std", "95 %", ""):
                with ui.element("th").props("scope=col"):
                    ui.label(head)
        for row in estimate_rows(result):
            with ui.element("tr") as line:
                line.props["data-testid"] = f"estimate-{row.name}"
                with ui.element("td"):
                    ui.label(row.label).props["title"] = row.name
                with ui.element("td").classes("af-v"):
                    ui.label(row.value).props["title"] = row.si
                with ui.element("td").classes("af-i" if row.interval else ""):
                    ui.label(row.interval)
                with ui.element("td"):
                    copy_button(row.si, f"Copy {row.name} in SI, every digit", f"copy-{row.name}")
