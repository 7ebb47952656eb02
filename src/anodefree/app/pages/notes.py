"""One project as a whole: its notes, a copy of it, and sharing it as a zip."""

from __future__ import annotations

from nicegui import run, ui

from anodefree.app.shell import PAGES, Visit, card, page, told


@page("notes", "Notes & sharing")
def build(visit: Visit) -> None:
    """Notes that are kept in `notes.md`, and what can be done with the project as a whole."""
    project = visit.here
    with card("Notes"):
        text = (
            ui.textarea(value=project.notes, label="Markdown, kept in notes.md")
            .props("outlined autogrow data-testid=notes")
            .classes("w-full")
        )

        def save() -> None:
            project.write_notes(text.value or "")
            told("The notes are saved.")

        with ui.element("div").classes("af-row"):
            ui.button("Save", on_click=save).props("unelevated no-caps data-testid=save-notes")
    with card("Share"):
        ui.label("One zip with everything but the jobs; 'Open a shared project' on the first page takes it.").classes("af-soft")
        with ui.element("div").classes("af-row"):
            ui.link("With results", visit.link("share")).props("data-testid=share download")
            ui.link("Without results", visit.link("share") + "?store=no").props("data-testid=share-small download")
    with card("Copy"), ui.element("div").classes("af-row"):
        name = ui.input("Name of the copy", value=f"{project.name}, copy").props("outlined dense data-testid=copy-name")

        async def copy() -> None:
            made = await run.io_bound(project.copy, name.value)
            ui.navigate.to(visit.link(next(iter(PAGES)), made))

        ui.button("Copy", on_click=copy).props("unelevated no-caps data-testid=copy-project")
    with card("On the disk"):
        ui.label(str(project.folder)).classes("af-soft").style("overflow-wrap: anywhere")
