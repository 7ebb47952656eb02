"""Two dialogs about one file: a look at what it holds, and what its reader is told (kind, format, curve, metadata)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from nicegui import run, ui

from anodefree.app.content import Content
from anodefree.app.pages.curves_view import CurvesView
from anodefree.app.preview import Preview
from anodefree.app.project import Project
from anodefree.app.reading import TELL_THE_READER, tell, told
from anodefree.app.recognised import FileRow, again, inside
from anodefree.core.figure import COLOURS
from anodefree.core.units import bare, parse, unit_of
from anodefree.errors import AnodefreeError
from anodefree.io.formats import formats
from anodefree.io.kinds import known_kinds
from anodefree.io.textfile import lines_of

LARGE_BYTES: Final = 8 * 2**20
_EXAMPLES: Final = {
    "K": "25 degC",
    "m2": "1.54 cm2",
    "kg": "12.3 mg",
    "V/s": "10 mV/s",
    "m": "20 um",
    "s": "60 s",
    "V": "0.1 V",
    "A": "1 mA",
}
_ALWAYS: Final = {
    "temperature_K": "temperature of the cell",
    "area_m2": "area of the electrode",
    "active_mass_kg": "mass of the active material",
}


def picture(seen: Preview | None) -> None:
    """A preview as an interactive figure."""
    if seen is None:
        ui.label("there is nothing of it to draw").classes("text-sm")
        return
    figure = {**seen.figure(COLOURS), "config": {"displaylogo": False, "responsive": True}}
    ui.plotly(figure).classes("w-full").style("height:320px").props("data-testid=preview-plot")
    if seen.left_out:
        ui.label(f"and {seen.left_out} further curves").classes("text-sm")


def explained(fields: Mapping[str, Any]) -> None:
    """Everything that the chain of readers said of a file that none could read."""
    with ui.column().classes("gap-1 w-full").props("data-testid=explanation"):
        ui.label(str(fields["problem"])).classes("font-medium")
        lines = [line for line in fields.get("explanation", ()) if line != fields["problem"]]
        for line in lines:
            ui.label(line).classes("text-sm").style("overflow-wrap:anywhere")
        if fields.get("hint"):
            ui.label(f"try: {fields['hint']}").classes("text-sm")


async def show_preview(project: Project, row: FileRow) -> None:
    """What a file holds: its main curves, its metadata and its first lines."""
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full").style("max-width:960px"):
        ui.label(row.name).classes("text-base font-medium").style("overflow-wrap:anywhere")
        body = ui.column().classes("w-full gap-2")
        with body:
            ui.spinner().props('aria-label="reading"')
        ui.button("Close", on_click=dialog.close).props("flat no-caps data-testid=close-preview")
    dialog.on("hide", dialog.delete)
    try:
        fields, seen = await _inside(project.file(row.name), told(project, row.name))
        first = await asyncio.to_thread(_first_lines, project.file(row.name)) if row.text else []
    except (AnodefreeError, OSError) as error:
        fields, seen, first = {"problem": str(error)}, None, []
    body.clear()
    with body:
        if fields.get("kind"):
            ui.label(f"{fields['kind_title']}: {fields['detail']}")
            if seen is not None:
                CurvesView(seen, row.name, "preview-plot")
            _metadata(fields["meta"])
        else:
            explained(fields)
        if first:
            with ui.expansion("first lines", icon="notes").classes("w-full"):
                ui.code("\n".join(first), language="text").classes("w-full text-xs")


async def _inside(path: Path, said: Mapping[str, Any]) -> tuple[dict[str, Any], Content | None]:
    """Read it: a large file in a process of its own, so that nobody else waits."""
    if path.stat().st_size < LARGE_BYTES:
        return await asyncio.to_thread(inside, path, said)
    found = await run.cpu_bound(inside, path, dict(said))
    return found if found is not None else ({"problem": "the server is stopping"}, None)


def _metadata(meta: Mapping[str, Any]) -> None:
    if not meta:
        return
    with ui.expansion(f"{len(meta)} entries of metadata", icon="list").classes("w-full"), ui.column().classes("gap-0"):
        for name, value in meta.items():
            unit = unit_of(name)
            number = f"{value:.6g}" if isinstance(value, float) else str(value)
            ui.label(f"{bare(name)}: {number}{'' if unit == '1' else ' ' + unit}").classes("text-sm").style(
                "overflow-wrap:anywhere"
            )


def _first_lines(path: Any) -> list[str]:
    return [line[:200] for line in lines_of(path)[:20]]


def tell_dialog(project: Project, row: FileRow, changed: Callable[[], Awaitable[None]]) -> None:
    """Ask how a file is to be read, and keep it."""
    known = {name: str(value) for name, value in row.options.items() if name not in TELL_THE_READER}
    fields: dict[str, Any] = {}
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full gap-2").style("max-width:640px"):
        ui.label(f"How {row.name} is read").classes("text-base font-medium").style("overflow-wrap:anywhere")
        kind = _select("Kind", _kinds(row), row.options.get("kind", ""), "tell-kind")
        format = _select("Format", _formats(), row.options.get("format", ""), "tell-format")
        series = None
        if row.series:
            curves = {"": "none is chosen", **{s: s for s in row.series}}
            series = _select("Curve", curves, str(row.options.get("series", "")), "tell-series")
        ui.label("Metadata that the file lacks, or states wrongly; with its unit").classes("text-sm")
        with ui.grid().classes("w-full gap-2").style("grid-template-columns:repeat(auto-fill,minmax(230px,1fr))"):
            for name, doc in _metadata_of(row, known).items():
                fields[name] = _field(name, doc, known.get(name, ""), row)
        fault = ui.label("").classes("text-negative").props("role=alert data-testid=tell-error")

        async def keep(*, afresh: bool = False) -> None:
            if not all([field.validate() for field in fields.values()]):
                fault.text = "one of the values is wrong: it says so below it"
                return
            given = {name: field.value or "" for name, field in fields.items()}
            columns = row.options.get("columns") if not format.value else None
            chosen = {"kind": kind.value, "format": format.value, "columns": columns, "series": series.value if series else ""}
            try:
                tell(project, row.name, {**chosen, **given})
                if afresh:
                    again(project, row.name)
            except AnodefreeError as error:
                fault.text = f"{bare(error.where)}: {error.what}" if error.where else error.what
                return
            dialog.close()
            await changed()

        with ui.row().classes("w-full justify-end"):
            ui.button("Read again", on_click=lambda: keep(afresh=True)).props("flat no-caps data-testid=read-again")
            ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
            ui.button("Keep", on_click=lambda: keep()).props("unelevated no-caps data-testid=tell-keep")
    dialog.on("hide", dialog.delete)


def _select(label: str, choices: dict[str, str], value: str, mark: str) -> ui.select:
    whole = choices if value in choices else {**choices, value: value}
    return ui.select(whole, value=value, label=label).classes("w-full").props(f"dense outlined data-testid={mark}")


def _kinds(row: FileRow) -> dict[str, str]:
    """The kinds that files can hold, as a person reads them."""
    known = known_kinds()
    read = {k for f in formats() for k in f.kinds if k in known}
    return {"": "as its content says", **{k: known[k].title for k in sorted(read, key=lambda k: known[k].title)}}


def _formats() -> dict[str, str]:
    return {"": "by its content", **{f.name: f"{f.name}: {f.title}" for f in sorted(formats(), key=lambda f: f.name)}}


def _metadata_of(row: FileRow, known: Mapping[str, str]) -> dict[str, str]:
    """Name -> what it is: what the file's kind knows, and what was told already."""
    kind = known_kinds().get(row.kind)
    own: dict[str, str] = dict(kind.meta) if kind else {}
    if kind and kind.series:
        own |= {n: a.doc for n, a in kind.arrays.items() if a.dims == (kind.series,) and a.optional and unit_of(n) != "1"}
    return {**(own if kind else _ALWAYS), "temperature_K": _ALWAYS["temperature_K"], **dict.fromkeys(known, ""), **own}


def _field(name: str, doc: str, value: str, row: FileRow) -> ui.input:
    unit = unit_of(name)
    stated = row.meta.get(name)
    hint = f"the file: {stated}" if stated not in (None, "") and name not in row.options else doc

    def fault(text: str | None) -> str | None:
        try:
            if text and unit != "1":
                parse(text, unit)
                if text.strip()[-1:].isdigit() and text.replace(".", "").replace("e", "").strip("+- ").isdigit():
                    return f"write its unit, like {example}"
        except AnodefreeError as error:
            return error.what + (f" ({error.hint})" if error.hint else "")
        return None

    example = _EXAMPLES.get(unit, "" if unit == "1" else f"a number with {unit}")
    made = ui.input(bare(name).replace("_", " "), value=value, placeholder=example, validation=fault).classes("w-full")
    made.props(f"dense outlined data-testid=meta-{name}")
    made.props["hint"] = str(hint)[:80]
    return made
