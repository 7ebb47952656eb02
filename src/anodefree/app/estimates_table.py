"""The table of a result's estimates, the same on every page: label, value ± std, interval, and every digit to copy."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from anodefree.app.result_view import NORMAL_95, estimate_rows
from anodefree.core.result import Estimate, Result
from anodefree.core.units import shown
from anodefree.study.typeset import interval, quantity

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
            estimate = result.estimates[row.name]
            with ui.element("tr") as line:
                line.props["data-testid"] = f"estimate-{row.name}"
                with ui.element("td"):
                    ui.label(row.label).props["title"] = row.name
                with ui.element("td").classes("af-v"):
                    ui.label(quantity(*estimate.in_field_units())).props["title"] = row.si
                with ui.element("td").classes("af-i"):
                    ui.label(_interval(estimate))
                with ui.element("td"):
                    _copy(row.si, row.name)


def _interval(estimate: Estimate) -> str:
    """Where it lies with 95 % probability: as the analysis found it, else from its std; nothing for an exact number."""
    value, std, _ = estimate.in_field_units()
    factor = shown(estimate.unit, estimate.display)[1]
    low = estimate.low * factor if estimate.low is not None else value - NORMAL_95 * std
    high = estimate.high * factor if estimate.high is not None else value + NORMAL_95 * std
    return interval(low, high)


def _copy(text: str, name: str) -> None:
    def copied() -> None:
        ui.clipboard.write(text)
        ui.notify("Copied.", position="top", timeout=1500)

    button = ui.button(icon="content_copy", on_click=copied).props("flat dense round size=sm")
    label = f"Copy {name} in SI, every digit"
    button.props.update({"aria-label": label, "title": label, "data-testid": f"copy-{name}"})
