"""The dialog that names the columns of an unknown text table: quantity and unit of each, checked at once with a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import ui

from anodefree.app.column_mapping import KINDS, QUANTITIES, Choice, Peek, alike, apply, from_columns, mapping, peek
from anodefree.app.pages.file_dialogs import explained, picture
from anodefree.app.project import Project
from anodefree.app.reading import TELL_THE_READER, options, told
from anodefree.app.recognised import look
from anodefree.errors import AnodefreeError

STYLE: Final = """
.af-map{overflow-x:auto;width:100%;flex:none}
.af-map table{border-collapse:collapse;font-size:.85rem}
.af-map th,.af-map td{
padding:2px 8px;text-align:right;white-space:nowrap;max-width:190px;overflow:hidden;text-overflow:ellipsis}
.af-map th{text-align:left;vertical-align:top;font-weight:500}
.af-map td{border-top:1px solid rgba(128,128,128,.2);font-variant-numeric:tabular-nums}
.af-map .q-field{width:150px}
"""


async def map_columns(project: Project, name: str, changed: Callable[[], Awaitable[None]]) -> None:
    """Open the dialog for one file; `changed` is called where something was kept."""
    try:
        seen = await asyncio.to_thread(peek, project.file(name))
        others = await asyncio.to_thread(alike, project, name)
    except AnodefreeError as error:
        ui.notify(f"{name}: {error.what}" + (f". Try: {error.hint}" if error.hint else ""), type="warning", multi_line=True)
        return
    Mapper(project, name, seen, others, changed)


class Mapper:
    """The open dialog: what is chosen for each column, and what comes of it."""

    def __init__(
        self, project: Project, name: str, seen: Peek, others: list[str], changed: Callable[[], Awaitable[None]]
    ) -> None:
        self.project, self.name, self.seen, self.changed = project, name, seen, changed
        own = options(project).get(name, {})
        before = from_columns(own["columns"]) if "columns" in own else list(seen.guess)
        self.choices = before if len(before) == len(seen.guess) else list(seen.guess)
        self.turn = 0
        with ui.dialog(value=True) as self.dialog, ui.card().classes("w-full gap-2").style("max-width:1000px"):
            ui.label(f"Columns of {name}").classes("text-base font-medium").style("overflow-wrap:anywhere")
            decimal = "comma" if seen.decimal == "," else "point"
            told_apart = f"columns parted by {seen.delimiter}, decimal {decimal} (as the reader finds it)"
            ui.label(told_apart).classes("text-sm").props("data-testid=map-split")
            self._table()
            kinds = {"": "what the columns make up", **KINDS}
            self.kind = ui.select(kinds, value=str(own.get("kind", "")), label="Kind", on_change=self.check)
            self.kind.classes("w-full").style("max-width:320px").props("dense outlined data-testid=map-kind")
            self.outcome = ui.column().classes("w-full gap-1").props("aria-live=polite data-testid=map-outcome")
            if others:
                ui.label("Files with the same header can take the same names:").classes("text-sm")
            with ui.row().classes("gap-x-4 gap-y-0"):
                self.also = {other: ui.checkbox(other, value=True).props("dense") for other in others[:50]}
            with ui.row().classes("w-full justify-end"):
                ui.button("Cancel", on_click=self.dialog.close).props("flat no-caps")
                self.keep_button = ui.button("Keep", on_click=self.keep).props("unelevated no-caps data-testid=map-keep")
        self.dialog.on("hide", self.dialog.delete)
        ui.timer(0.05, self.check, once=True)

    def _table(self) -> None:
        """A column of the file is a column here: what it is, its unit, and its first values."""
        quantities = {"": "left out", **{q: title for q, (title, _) in QUANTITIES.items()}}
        with ui.element("div").classes("af-map"), ui.element("table"):
            with ui.element("thead"), ui.element("tr"):
                for index, choice in enumerate(self.choices):
                    title = self.seen.header[index] if self.seen.header else f"column {index + 1}"
                    with ui.element("th"):
                        ui.label(title or f"column {index + 1}")
                        self._selects(index, choice, quantities)
            with ui.element("tbody"):
                for row in self.seen.rows:
                    with ui.element("tr"):
                        for cell in row:
                            with ui.element("td"):
                                ui.label(cell[:40])

    def _selects(self, index: int, choice: Choice, quantities: dict[str, str]) -> None:
        quantity = ui.select(quantities, value=choice.quantity, label="quantity")
        quantity.props(f"dense outlined options-dense data-testid=map-quantity-{index + 1}")
        units = list(QUANTITIES[choice.quantity][1]) if choice.quantity else []
        unit = ui.select(units, value=choice.unit or None, label="unit")
        unit.props(f"dense outlined options-dense data-testid=map-unit-{index + 1}").set_visibility(bool(units))

        async def of_quantity() -> None:
            offered = list(QUANTITIES[quantity.value][1]) if quantity.value else []
            unit.set_options(offered, value=unit.value if unit.value in offered else None)
            unit.set_visibility(bool(offered))
            await chosen()

        async def chosen() -> None:
            self.choices[index] = Choice(quantity.value or "", unit.value or "")
            await self.check()

        quantity.on_value_change(of_quantity)
        unit.on_value_change(chosen)

    def mapped(self) -> dict[str, Any]:
        """The options that the choices stand for.

        Raises
        ------
        ConfigError: they are not complete, or contradict each other.
        """
        return mapping(self.choices, self.kind.value or "")

    async def check(self) -> None:
        """Read the file as it is named now, and show the picture or the reason."""
        self.turn += 1
        turn = self.turn
        fields: dict[str, Any]
        seen = None
        try:
            kept = {k: v for k, v in told(self.project, self.name).items() if k not in TELL_THE_READER}
            said = {**kept, **self.mapped()}
            fields, seen = await asyncio.to_thread(look, self.project.file(self.name), said)
        except AnodefreeError as error:
            fields = {"problem": f"{error.where}: {error.what}" if error.where else error.what, "hint": error.hint}
        if turn != self.turn or self.dialog.is_deleted:
            return  # a later choice is being checked
        self.outcome.clear()
        self.keep_button.set_enabled(bool(fields.get("kind")))
        with self.outcome:
            if fields.get("kind"):
                ui.label(f"{fields['kind_title']}: {fields['detail']}").props("data-testid=map-reads")
                picture(seen)
            else:
                explained(fields)

    async def keep(self) -> None:
        """Keep the names for this file and the others that are ticked."""
        try:
            apply(self.project, [self.name, *(o for o, box in self.also.items() if box.value)], self.mapped())
        except AnodefreeError as error:
            ui.notify(error.what, type="negative")
            return
        self.dialog.close()
        await self.changed()
