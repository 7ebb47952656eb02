"""The card of samples: a table that is edited in place or pasted from a spreadsheet, saved at once where no cell is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import events, ui

from anodefree.app.project import Project
from anodefree.app.reading import names
from anodefree.app.samples_table import Fault, Table, files_of, load, pasted, save, spelled, without_sample
from anodefree.errors import AnodefreeError

EXAMPLE: Final = "name\tmass (mg)\tarea (cm2)\tN/P\ttemperature (degC)\tgroup\ncell_01\t12.3\t1.54\t1.1\t25\tM-Ni"
_FILES: Final = {
    "headerName": "files",
    "field": "files",
    "editable": False,
    "flex": 1,
    "minWidth": 180,
    "tooltipField": "files",
}
_WIDTHS: Final = {"file": 170, "active_mass_kg": 120, "area_m2": 120, "np_ratio": 80, "temperature_K": 160, "group": 120}


class SamplesCard:
    """The table of one project; `changed` is called after it was saved."""

    def __init__(self, project: Project, changed: Callable[[], Awaitable[None]]) -> None:
        self.project, self.changed = project, changed
        self.table, self.damaged = Table(), ""
        self.columns: list[dict[str, Any]] = []
        self._load()
        with ui.row().classes("w-full items-center gap-2"):
            _button("Paste from a spreadsheet", "content_paste", self.ask_to_paste, "paste-samples")
            _button("Add a row", "add", self.add_row, "add-sample")
            self.fill = _button("Add the files without one", "playlist_add", self.add_files, "fill-samples")
            _button("Delete the selected rows", "delete_outline", self.delete, "delete-samples")
        self.units = ui.row().classes("w-full gap-2")
        self.grid = ui.aggrid(self._options(), auto_size_columns=False)
        self.grid.classes("w-full").style("height:auto").props('data-testid=samples aria-label="samples"')
        self.grid.on("cellValueChanged", self.edited, ["rowIndex", "colId", "newValue"])
        self.said = ui.column().classes("w-full gap-0").props("role=status data-testid=samples-said")
        self.draw()

    def _load(self) -> None:
        try:
            self.table = load(self.project.samples_path)
        except AnodefreeError as error:
            self.damaged = f"samples.csv {error.what}" + (f" ({error.hint})" if error.hint else "")

    def _options(self) -> dict[str, Any]:
        return {
            "theme": "quartz",
            "columnDefs": [],
            "rowData": [],
            "domLayout": "autoHeight",
            "rowSelection": {"mode": "multiRow"},
            "stopEditingWhenCellsLoseFocus": True,
            "suppressFieldDotNotation": True,
            "overlayNoRowsTemplate": "<span>no sample yet: paste a table, or add a row</span>",
            ":getRowId": "params => params.data.row",
        }

    def draw(self) -> None:
        """Show the table as it is, with what is wrong in it."""
        faults = self.table.faults()
        of_cell = {(f.row, f.column): f.sentence for f in faults}
        matched = files_of(self.table, self._files())
        rows = []
        for r, row in enumerate(self.table.rows):
            data: dict[str, str] = {f"c{i}": cell for i, cell in enumerate(row)}
            data |= {f"fault{i}": said for i in range(len(row)) if (said := of_cell.get((r, i)))}
            rows.append({**data, "row": str(r), "files": ", ".join(matched[r]) or ("no file of this name" if any(row) else "")})
        columns = [*(self._column(i) for i in range(len(self.table.columns))), _FILES]
        if columns != self.columns:
            self.columns = columns
            self.grid.options = {**self._options(), "columnDefs": columns, "rowData": rows}
        else:  # the grid stays, and with it the cell in which somebody types
            self.grid.run_grid_method("setGridOption", "rowData", rows)
            self.grid.run_grid_method("refreshCells", {"force": True})
        self._units()
        self._say(faults)
        self.fill.set_visibility(bool(without_sample(self.table, self._files())))

    def _column(self, index: int) -> dict[str, Any]:
        column = self.table.columns[index]
        wrong = f"params.data.fault{index}"
        return {
            "headerName": column.title + (f" ({column.unit})" if column.unit else ""),
            "field": f"c{index}",
            "colId": f"c{index}",
            "editable": True,
            "width": _WIDTHS.get(column.key, 120),
            "pinned": None,
            ":cellStyle": f"params => {wrong} ? {{outline:'2px solid #D55E00', outlineOffset:'-2px'}} : {{outline:'none'}}",
            ":valueFormatter": f"params => ({wrong} ? '⚠ ' : '') + (params.value || '')",
            ":tooltipValueGetter": f"params => {wrong}",
        }

    def _units(self) -> None:
        """A choice of unit for each column that needs one."""
        self.units.clear()
        with self.units:
            for index, column in enumerate(self.table.columns):
                if not column.si:
                    continue
                choices = list(column.units) + ([column.unit] if column.unit and column.unit not in column.units else [])
                made = ui.select(choices, value=column.unit or None, label=f"{column.title} in")
                made.props(f"dense outlined options-dense data-testid=unit-{column.title}").style("width:165px")
                made.on_value_change(lambda event, index=index: self.unit_chosen(index, event.value))

    def _say(self, faults: list[Fault]) -> None:
        self.said.clear()
        with self.said:
            if self.damaged:
                ui.label(self.damaged).classes("text-negative text-sm")
            for fault in faults[:12]:
                ui.label(f"⚠ {spelled(fault, self.table)}").classes("text-sm").props("data-testid=sample-fault")
            if len(faults) > 12:
                ui.label(f"and {len(faults) - 12} more").classes("text-sm")
            if faults:
                ui.label("not saved until these are mended").classes("text-sm font-medium")
            elif self.table.rows:
                ui.label(f"{len(self.table.rows)} samples, saved in samples.csv").classes("text-sm opacity-70")

    def _files(self) -> list[str]:
        return names(self.project)

    async def take(self, table: Table) -> None:
        """Show another table, and save it where nothing in it is wrong."""
        self.table = table
        self.draw()
        if table.faults():
            return
        try:
            save(table, self.project.samples_path)
        except AnodefreeError as error:
            ui.notify(str(error), type="negative")
            return
        self.damaged = ""
        await self.changed()

    async def edited(self, event: events.GenericEventArguments) -> None:
        """A cell was typed into."""
        row, column = event.args.get("rowIndex"), str(event.args.get("colId", ""))[1:]
        row_is_known = isinstance(row, int) and 0 <= row < len(self.table.rows)
        if row_is_known and column.isdigit() and int(column) < len(self.table.columns):
            await self.take(self.table.with_cell(row, int(column), str(event.args.get("newValue") or "")))

    async def unit_chosen(self, index: int, unit: str) -> None:
        """The numbers of a column are in another unit."""
        if unit and unit != self.table.columns[index].unit:
            await self.take(self.table.with_unit(index, unit))

    async def add_row(self) -> None:
        """One more sample, to be named."""
        self.table = self.table.with_row()
        self.draw()

    async def add_files(self) -> None:
        """One row for each file that has none."""
        table = self.table
        for file in without_sample(table, self._files()):
            name = file.rpartition("/")[2]
            table = table if name in table.names() else table.with_row(name)
        await self.take(table)

    async def delete(self) -> None:
        """Take the selected rows out."""
        chosen = await self.grid.get_selected_rows()
        gone = [int(row["row"]) for row in chosen if str(row.get("row", "")).isdigit()]
        if gone:
            await self.take(self.table.without(gone))

    def ask_to_paste(self) -> None:
        """A place for what a spreadsheet put on the clipboard."""
        with ui.dialog(value=True) as dialog, ui.card().classes("w-full gap-2").style("max-width:640px"):
            ui.label("Paste a table of samples").classes("text-base font-medium")
            ui.label("Its first line names the columns: name, mass (mg), area (cm2), N/P, temperature (degC), group.")
            text = (
                ui.textarea(placeholder=EXAMPLE)
                .classes("w-full")
                .props(
                    'outlined rows=8 autofocus aria-label="table" data-testid=paste-text input-style="font-family:monospace"'
                )
            )
            fault = ui.label("").classes("text-negative text-sm").props("role=alert data-testid=paste-error")

            async def taken() -> None:
                try:
                    table = pasted(text.value or "")
                except AnodefreeError as error:
                    fault.text = f"This {error.what}" if error.what[:2] in ("is", "ha") else error.what
                    fault.text += f": {error.hint}" if error.hint else ""
                    return
                dialog.close()
                await self.take(table)

            if self.table.rows:
                ui.label("It takes the place of the table that is there.").classes("text-sm")
            with ui.row().classes("w-full justify-end"):
                ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
                ui.button("Use it", on_click=taken).props("unelevated no-caps data-testid=paste-use")
        dialog.on("hide", dialog.delete)


def _button(label: str, icon: str, act: Callable[[], Any], mark: str) -> ui.button:
    return ui.button(label, icon=icon, on_click=act).props(f"outline dense no-caps data-testid={mark}")
