"""The page of a project's files: drop them, see what each is and why, say how it is read, and state the samples."""

from __future__ import annotations

import asyncio
from typing import Any

from nicegui import ui

from anodefree.app.discarded import discard, restore
from anodefree.app.pages import drop_zone, file_table, map_columns
from anodefree.app.pages.drop_zone import DropZone
from anodefree.app.pages.file_dialogs import show_preview, tell_dialog
from anodefree.app.pages.file_table import FileTable
from anodefree.app.pages.samples import SamplesCard
from anodefree.app.project import Project
from anodefree.app.recognised import known
from anodefree.app.recognising import recognising
from anodefree.app.shell import Visit, card, page, said
from anodefree.errors import AnodefreeError

MOST_REFUSALS = 8


@page("files", "Files")
async def build(visit: Visit) -> None:
    """Everything of the page; the files are read after it is shown."""
    ui.add_css(drop_zone.STYLE + file_table.STYLE + map_columns.STYLE)
    await FilesPage(visit.here).build(visit)


class FilesPage:
    """The page of one visitor: what it shows, and what its buttons do."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.reading = False
        self.asked_again = False

    async def build(self, visit: Visit) -> None:
        """Draw it, then let the files be read."""
        with card("Measured"), ui.column().classes("w-full gap-2"):
            DropZone(visit.link("upload"), self.received)
            self.refused = ui.column().classes("w-full gap-0").props("role=alert data-testid=refused")
            self.undo = ui.row().classes("w-full items-center gap-2").props("role=status data-testid=undo-bar")
            self.table = FileTable(self.act)
        with card("Samples"), ui.column().classes("w-full gap-2"):
            ui.label("A sample is matched to files by its name: that of the file, with or without suffix.").classes("text-sm")
            self.samples = SamplesCard(self.project, self.refresh)
        self.table.show(await asyncio.to_thread(known, self.project))
        ui.timer(0.1, self.refresh, once=True)

    async def refresh(self) -> None:
        """Show what is known, and read what is not, one file after the other."""
        if self.reading:
            self.asked_again = True
            return
        self.reading = True
        try:
            while True:
                self.asked_again = False
                rows = await asyncio.to_thread(known, self.project)
                self.table.show(rows)
                if any(row.pending for row in rows):
                    async for row in recognising(self.project):
                        if self.table.table.is_deleted:
                            return
                        self.table.change(row)
                if not self.asked_again:
                    return
        except AnodefreeError as error:
            said(error)
        finally:
            self.reading = False

    async def received(self, told: dict[str, Any]) -> None:
        """Files came in, or were refused."""
        refused = [(str(r.get("name")), str(r.get("error"))) for r in told.get("refused", [])]
        if refused:
            with self.refused:
                for name, error in refused[:MOST_REFUSALS]:
                    ui.label(error if name in error else f"{name}: {error}").classes("text-negative text-sm")
                if len(refused) > MOST_REFUSALS:
                    ui.label(f"and {len(refused) - MOST_REFUSALS} more were refused").classes("text-negative text-sm")
        elif not told.get("busy"):
            self.refused.clear()
        await self.refresh()
        self.samples.draw()

    async def act(self, what: str, name: str) -> None:
        """A button of a file."""
        row = self.table.row(name)
        if what == "preview":
            await show_preview(self.project, row)
        elif what == "tell":
            tell_dialog(self.project, row, self.refresh)
        elif what == "map":
            await map_columns.map_columns(self.project, name, self.refresh)
        elif what == "delete":
            await self.delete(name)

    async def delete(self, name: str) -> None:
        """Take a file out, and offer to bring it back."""
        try:
            token = discard(self.project, name)
        except AnodefreeError as error:
            said(error)
            return
        self.undo.clear()
        with self.undo:
            ui.label(f"{name} was deleted.")

            async def back() -> None:
                try:
                    restore(self.project, token)
                except AnodefreeError as error:
                    said(error)
                self.undo.clear()
                await self.refresh()
                self.samples.draw()

            ui.button("Undo", on_click=back).props("flat dense no-caps data-testid=undo-delete")
        await self.refresh()
        self.samples.draw()
