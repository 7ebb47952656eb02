"""What came out of an analysis as the page shows it: doubts first, estimates, exports, figures, methods, the same again."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from nicegui import ui

from anodefree.app.analyses import Analysis, Row, inputs_of
from anodefree.app.clipboard import copy_button
from anodefree.app.estimates_table import STYLE as ESTIMATES
from anodefree.app.estimates_table import estimates
from anodefree.app.exports import kinds, python_lines
from anodefree.app.pages.curves_view import CurvesView
from anodefree.app.project import Project
from anodefree.app.result_view import (
    SIGNS,
    TONES,
    Drawn,
    checks_first,
    citations,
    compared,
    methods,
    provenance_text,
)
from anodefree.core.result import Result
from anodefree.registry import Output, Stage

STYLE: Final = (
    ESTIMATES
    + """
.af-figures{display:grid;gap:1em;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr))}
.af-figures svg{width:100%;height:auto;display:block}
.af-check{display:flex;gap:.6em;align-items:baseline}
.af-check>:first-child{white-space:nowrap;font-weight:600}
.af-code pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12.5px}
.af-compared th,.af-compared td{white-space:nowrap}
.af-compared td:first-child,.af-compared th:first-child{position:sticky;left:0;background:var(--af-card);z-index:1}
.af-compared,.af-compared .q-table__card{background:transparent;color:var(--af-ink)}
"""
)
LABELS: Final = {
    "csv": "CSV: estimates",
    "curves.csv": "CSV: curves",
    "bdf.csv": "BDF",
    "json": "JSON",
    "nc": "NetCDF",
    "svg": "SVG",
    "pdf": "PDF",
    "png": "PNG 600 dpi",
}
MOST_CODE: Final = 5
"""Runs of one analysis whose Python lines are written out; the rest differ in the file only."""


def show(
    project: Project, link: str, stage: Stage, chosen: Sequence[Analysis], named: Mapping[str, Row], view: Drawn | None
) -> None:
    """Draw an analysis, or several of one stage side by side, into the current slot."""
    outputs = {w: r.output for w, r in named.items() if r.output is not None}
    for who, row in named.items():
        if row.output is None:
            _check("fail", f"{who}: {row.error}")
    if outputs:
        _numbers(outputs)
        _exports(link, stage, chosen, next(iter(outputs.values())))
        _figures(view, chosen[0].name if len(chosen) == 1 else f"{stage.name} compared")
        _folded(stage, outputs)
    _again(project, chosen, stage)


def show_outputs(stage: Stage, outputs: Mapping[str, Output], view: Drawn) -> None:
    """Draw outputs alone: doubts, numbers, figures, methods."""
    _numbers(outputs)
    _figures(view, stage.name)
    _folded(stage, outputs)


def _numbers(outputs: Mapping[str, Output]) -> None:
    _checks(outputs)
    results = {w: o for w, o in outputs.items() if isinstance(o, Result)}
    if len(results) > 1:
        _compared(results)
    elif results:
        estimates(next(iter(results.values())))


def _checks(outputs: Mapping[str, Output]) -> None:
    """What failed and what is doubtful stands open; what passed is counted and unfolds."""
    said = [
        (c.status, f"{who + ': ' if len(outputs) > 1 else ''}{c.name.replace('_', ' ')}: {c.message}")
        for who, output in outputs.items()
        for c in checks_first(output)
    ]
    for status in ("fail", "warn"):
        for text in (t for s, t in said if s == status):
            _check(status, text)
    passed = [t for s, t in said if s == "pass"]
    if passed:
        with ui.expansion(f"✓ {len(passed)} checks passed").classes("w-full").props("dense data-testid=passed"):
            for text in passed:
                _check("pass", text)


def _check(status: str, text: str) -> None:
    with ui.element("div").classes("af-check").props(f"data-testid=check-{status}"):
        ui.label(SIGNS[status]).classes(TONES[status])
        ui.label(text)


def _compared(results: Mapping[str, Result]) -> None:
    head, lines = compared(results)
    columns = [
        {"name": h, "label": h.replace("_", " "), "field": h, "align": "left", "sortable": True, "required": True} for h in head
    ]
    filled = [dict(zip(head, line, strict=True)) for line in lines]
    table = ui.table(columns=columns, rows=filled, row_key=head[0], pagination={"rowsPerPage": 25})
    table.classes("w-full af-compared").props("dense flat data-testid=compared")


def _exports(link: str, stage: Stage, chosen: Sequence[Analysis], first: Output) -> None:
    wanted = "&".join(f"of={quote(a.name)}" for a in chosen)
    with ui.element("div").classes("af-row").props('role=group aria-label="Export"'):
        ui.label("Export").classes("af-soft")
        for suffix in kinds(stage, first):
            label = LABELS.get(suffix, suffix)
            if suffix == "csv" and not isinstance(first, Result):
                label = "CSV"
            button = ui.link(label, f"{link}?{wanted}&as={suffix}").props(f'download data-testid="export-{suffix}"')
            button.classes("af-export")


def _figures(view: Drawn | None, name: str) -> None:
    if view is None:
        return
    with ui.element("div").classes("af-figures w-full"):
        for i, (who, drawn) in enumerate(view.svgs.items()):
            if drawn:
                with ui.element("figure").classes("m-0").style("max-width:32rem"):
                    if len(view.svgs) > 1:
                        ui.label(who).classes("af-soft")
                    ui.html(drawn, sanitize=False).props(f"data-testid=figure-{i}")
    CurvesView(view.content, name)


def _folded(stage: Stage, outputs: Mapping[str, Output]) -> None:
    with ui.expansion("Methods").classes("w-full").props("dense data-testid=methods"):
        for paragraph in methods(stage):
            ui.html(paragraph, sanitize=False)
    if stage.cites:
        with ui.expansion("Citations").classes("w-full").props("dense data-testid=citations"):
            for line in citations(stage):
                ui.label(line)
    with ui.expansion("Provenance").classes("w-full").props("dense data-testid=provenance"):
        for output in list(outputs.values())[:MOST_CODE]:
            ui.code(provenance_text(output), language="json").classes("w-full af-code")


def _again(project: Project, chosen: Sequence[Analysis], stage: Stage) -> None:
    """The study files and the Python lines that give the same numbers."""
    with ui.expansion("The same from Python, and as a study file").classes("w-full").props("dense data-testid=reproduce"):
        for one in chosen:
            text = one.text
            lines = _python(project, stage, text)
            for title, code, language, testid in (
                ("Python", lines, "python", "python-lines"),
                (f"studies/{one.study.name}  (anodefree run)", text, "toml", "study-file"),
            ):
                with ui.element("div").classes("af-row"):
                    ui.label(title).classes("af-soft")
                    copy_button(code, f"Copy: {title}", f"copy-{testid}")
                ui.code(code, language=language).classes("w-full af-code").props(f"data-testid={testid}")


def _python(project: Project, stage: Stage, text: str) -> str:
    steps = tomllib.loads(text)["step"]
    parts = [python_lines(stage, inputs_of(project, text, i), s.get("with", {})) for i, s in enumerate(steps[:MOST_CODE])]
    rest = f"\n# and so on for the other {len(steps) - MOST_CODE} files\n" if len(steps) > MOST_CODE else ""
    first, *others = parts
    return "\n".join([first, *(p.partition("\n\n")[2] for p in others)]) + rest
