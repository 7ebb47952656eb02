"""A result as the page shows it: doubts first, estimates, figures, methods, citations, provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anodefree.core.figure import render
from anodefree.core.keys import plain
from anodefree.core.result import Check, Estimate, Result, rounded
from anodefree.core.units import shown
from anodefree.registry import Output, Stage
from anodefree.study import prose
from anodefree.study.citations import formatted
from anodefree.study.inline_svg import inline

SIGNS: Final = {"fail": "✗ fail", "warn": "! warn", "pass": "✓ pass"}
NORMAL_95: Final = 1.96


@dataclass(frozen=True)
class EstimateRow:
    """One estimate of one run, as text; `si` is what is copied: every digit."""

    name: str
    label: str
    value: str
    interval: str
    unit: str
    si: str


def checks_first(output: Output) -> list[Check]:
    """The checks, the gravest first."""
    return sorted(output.checks, key=lambda c: list(SIGNS).index(c.status))


def estimate_rows(result: Result) -> list[EstimateRow]:
    """The table of estimates in the field's units."""
    return [_row(n, e) for n, e in result.estimates.items()]


def compared(results: Mapping[str, Result]) -> tuple[list[str], list[list[str]]]:
    """Estimates over samples: the head, and a line for each sample; what a sample lacks is a dash."""
    every = list(dict.fromkeys(n for r in results.values() for n in r.estimates))
    lines = [[who, *(str(r.estimates[n]) if n in r.estimates else "–" for n in every)] for who, r in results.items()]
    return ["sample", *every], lines


def svg(stage: Stage, output: Output, name: str) -> str:
    """The publication figure for the page, in its light and dark; empty where the stage draws none."""
    draw = stage.draw
    if draw is None:
        return ""
    return inline(render(lambda ax: draw(output, ax), "svg", salt=name), name, stage.title)


def methods(stage: Stage) -> list[str]:
    """The paragraphs that say what was done, as safe HTML: sentence, equation, validity, source."""
    return [str(p) for p in prose.paragraphs(stage.doc)]


def citations(stage: Stage) -> list[str]:
    """The references of the methods, a line each."""
    return [formatted(key) for key in stage.cites]


def provenance_text(output: Output) -> str:
    """Where the numbers come from: inputs, parameters, code and packages, as readable JSON."""
    return json.dumps(plain(output.provenance), indent=1, ensure_ascii=False) if output.provenance else ""


def _row(name: str, estimate: Estimate) -> EstimateRow:
    value, std, unit = estimate.in_field_units()
    _, factor = shown(estimate.unit, estimate.display)
    low = estimate.low * factor if estimate.low is not None else value - NORMAL_95 * std
    high = estimate.high * factor if estimate.high is not None else value + NORMAL_95 * std
    label = prose.plain(estimate.label) if estimate.label else name.replace("_", " ")
    si = f"{estimate.value!r} ± {estimate.std!r} {'' if estimate.unit == '1' else estimate.unit}".rstrip()
    return EstimateRow(name, label, rounded(value, std), f"{low:.4g} to {high:.4g}", "" if unit == "1" else unit, si)


def show(stage: Stage, outputs: Mapping[str, Output]) -> None:
    """Draw the view into the page: one output, or several of one stage side by side."""
    from nicegui import ui

    from anodefree.app.interactive import figure

    for who, output in outputs.items():
        for check in checks_first(output):
            ui.label(f"{SIGNS[check.status]}  {who + ': ' if len(outputs) > 1 else ''}{check.name}: {check.message}")
    results = {w: o for w, o in outputs.items() if isinstance(o, Result)}
    if len(results) > 1:
        head, lines = compared(results)
        _table(head, lines, "compared")
    for who, result in results.items():
        if len(results) == 1:
            lines = [[r.name, r.label, r.value, r.interval, r.unit, r.si] for r in estimate_rows(result)]
            _table(["estimate", "meaning", "value ± std", "95 %", "unit", "SI"], lines, f"estimates-{who}")
    for i, (who, output) in enumerate(outputs.items()):
        drawn = svg(stage, output, f"figure-{i}")
        if drawn:
            ui.label(who)
            ui.html(drawn, sanitize=False).classes("w-full").style("max-width: 40rem").props(f'data-testid="figure-{i}"')
    data: dict[str, Any] = {w: o.curves if isinstance(o, Result) else o.data for w, o in outputs.items()}
    ui.plotly(figure(data if len(data) > 1 else {"": next(iter(data.values()))})).classes("w-full").props(
        'data-testid="interactive"'
    )
    with ui.expansion("Methods").classes("w-full"):
        for paragraph in methods(stage):
            ui.html(paragraph, sanitize=False)
    with ui.expansion("Citations").classes("w-full"):
        for line in citations(stage):
            ui.label(line)
    with ui.expansion("Provenance").classes("w-full"):
        for output in outputs.values():
            ui.code(provenance_text(output), language="json")


def _table(head: list[str], lines: list[list[str]], testid: str) -> None:
    from nicegui import ui

    columns = [{"name": h, "label": h, "field": h, "align": "left", "sortable": True} for h in head]
    filled = [dict(zip(head, line, strict=True)) for line in lines]
    ui.table(columns=columns, rows=filled, row_key=head[0]).classes("w-full").props(f'dense flat data-testid="{testid}"')
