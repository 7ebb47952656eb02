"""The table of a project's files: what each is and why, what is doubtful, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from nicegui import events, ui

from anodefree.app.recognised import FileRow

STYLE: Final = """
.af-files td{vertical-align:top;white-space:normal}
.af-files .af-small{font-size:.8rem;opacity:.78;line-height:1.3}
.af-files .af-name{overflow-wrap:anywhere;font-weight:600}
.af-files,.af-files .q-table__card{background:transparent}
.af-files .af-said{font-size:.85rem;line-height:1.35;overflow-wrap:anywhere}
.af-files .af-state{display:inline-flex;align-items:center;gap:5px;white-space:nowrap}
.af-files td:first-child{min-width:150px}
.af-files td.af-acts{white-space:nowrap;text-align:right}
@media (max-width:760px){
.af-files thead{display:none}
.af-files table,.af-files tbody{display:block;width:100%}
.af-files tr{height:auto!important;display:flex;flex-wrap:wrap;padding:6px 0;border-bottom:1px solid rgba(128,128,128,.25)}
.af-files td{border:0!important;padding:2px 8px!important;height:auto!important}
.af-files td.af-wide{flex:1 1 100%}
.af-files td.af-acts{flex:1 1 auto}
}
"""

_BODY: Final = r"""
<q-tr :props="props" :data-testid="'file-' + props.row.name">
  <q-td class="af-wide">
    <div class="af-name">{{ props.row.name }}</div>
    <div class="af-small" v-if="props.row.told">told: {{ props.row.told }}</div>
  </q-td>
  <q-td class="af-wide">
    <span class="af-state" data-testid="file-kind">
      <q-spinner v-if="props.row.pending" size="14px" aria-hidden="true"></q-spinner>
      <q-icon v-else :name="props.row.icon" :color="props.row.colour" size="16px" aria-hidden="true"></q-icon>
      <span>{{ props.row.state }}</span>
    </span>
    <div class="af-said" v-if="props.row.detail">{{ props.row.detail }}</div>
    <div class="af-said" v-if="props.row.problem" data-testid="file-problem">{{ props.row.problem }}</div>
    <div class="af-small" v-if="props.row.hint">try: {{ props.row.hint }}</div>
    <div class="af-small" v-for="w in props.row.warnings"><q-icon name="warning" size="13px"></q-icon> {{ w }}</div>
    <div v-if="props.row.mappable">
      <q-btn flat dense no-caps size="sm" icon="view_column" label="Name its columns" class="q-mt-xs"
        :data-testid="'map-' + props.row.name" @click="() => $parent.$emit('act', {what: 'map', name: props.row.name})"></q-btn>
    </div>
  </q-td>
  <q-td class="af-wide">
    <div v-if="props.row.format">{{ props.row.format }}</div>
    <div class="af-small">{{ props.row.why }}</div>
  </q-td>
  <q-td class="text-right" style="white-space:nowrap">{{ props.row.size }}</q-td>
  <q-td style="white-space:nowrap">{{ props.row.date }}</q-td>
  <q-td class="af-acts">
    <q-btn flat dense round size="sm" icon="visibility" :data-testid="'preview-' + props.row.name"
      :aria-label="'look at ' + props.row.name"
      @click="() => $parent.$emit('act', {what: 'preview', name: props.row.name})"></q-btn>
    <q-btn flat dense round size="sm" icon="tune" :data-testid="'tell-' + props.row.name"
      :aria-label="'how ' + props.row.name + ' is read'"
      @click="() => $parent.$emit('act', {what: 'tell', name: props.row.name})"></q-btn>
    <q-btn flat dense round size="sm" icon="delete_outline" :data-testid="'delete-' + props.row.name"
      :aria-label="'delete ' + props.row.name"
      @click="() => $parent.$emit('act', {what: 'delete', name: props.row.name})"></q-btn>
  </q-td>
</q-tr>
"""
_COLUMNS: Final = (
    ("name", "File", "left"),
    ("state", "What it is", "left"),
    ("format", "Format, and why", "left"),
    ("bytes", "Size", "right"),
    ("changed", "Changed", "left"),
    ("acts", "", "right"),
)


class FileTable:
    """The table; `act(what, name)` is called for its buttons: preview, tell, map, delete."""

    def __init__(self, act: Callable[[str, str], Awaitable[None]]) -> None:
        columns = [
            {"name": n, "label": label, "field": n, "align": align, "sortable": n != "acts"} for n, label, align in _COLUMNS
        ]
        self._rows: dict[str, FileRow] = {}
        self.filter = ui.input(placeholder="filter by name or kind").props(
            'dense clearable outlined aria-label="filter the files" data-testid=filter-files'
        )
        self.table = ui.table(columns=columns, rows=[], row_key="name", pagination={"rowsPerPage": 25, "sortBy": "name"})
        self.table.classes("af-files w-full").props('flat dense data-testid=files no-data-label="no file yet"')
        self.table.add_slot("body", _BODY)
        self.filter.bind_value_to(self.table, "filter")

        async def acted(event: events.GenericEventArguments) -> None:
            if event.args.get("name") in self._rows:
                await act(str(event.args.get("what")), str(event.args["name"]))

        self.table.on("act", acted)

    def show(self, rows: Sequence[FileRow]) -> None:
        """Put these files in the table in place of those before."""
        self._rows = {row.name: row for row in rows}
        self._draw()

    def change(self, row: FileRow) -> None:
        """One file is known better now."""
        if row.name in self._rows:
            self._rows[row.name] = row
            self._draw()

    def row(self, name: str) -> FileRow:
        """What is known of one of the files shown."""
        return self._rows[name]

    def _draw(self) -> None:
        self.table.rows = [_shown(row) for row in self._rows.values()]
        self.filter.set_visibility(len(self._rows) > 8)


def _shown(row: FileRow) -> dict[str, Any]:
    """A row as the browser shows it; a state is said in words beside its colour."""
    if row.pending:
        state, icon, colour = "being read", "", ""
    elif row.readable:
        state, icon, colour = row.kind_title, "check_circle", "positive"
    elif row.kind:
        state, icon, colour = f"{row.kind_title}, one to be chosen", "help", "warning"
    else:
        state, icon, colour = "not readable as it is", "error", "negative"
    mappable = row.text and not row.pending and not row.kind and row.size > 0
    return {
        "name": row.name,
        "told": told_in_words(row),
        "state": state,
        "icon": icon,
        "colour": colour,
        "pending": row.pending,
        "detail": row.detail,
        "problem": row.problem,
        "hint": ("name its columns, or export it with a header line" if mappable else row.hint) if row.problem else "",
        "warnings": list(row.warnings),
        "mappable": mappable,
        "format": row.format_title,
        "why": row.why,
        "bytes": row.size,
        "size": size_in_words(row.size),
        "changed": row.changed,
        "date": datetime.fromtimestamp(row.changed).astimezone().strftime("%Y-%m-%d %H:%M"),
    }


def told_in_words(row: FileRow) -> str:
    """What a person told of how a file is read."""
    said = {**row.options}
    if "columns" in said:
        said["columns"] = ", ".join(c or "–" for c in said["columns"])
    return "; ".join(f"{word} {value}" for word, value in said.items())


def size_in_words(size: int) -> str:
    """A size as a person reads it."""
    for factor, unit in ((2**20, "MB"), (2**10, "kB")):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
