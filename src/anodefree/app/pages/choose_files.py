"""Choosing files of a project, grouped by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from nicegui import ui

from anodefree.app.recognised import FileRow

MOST_SHOWN: Final = 200
"""Of a kind; the filter finds the others."""
STYLE: Final = """
.af-choose{max-height:20rem;overflow:auto;width:100%}
.af-choose .q-checkbox{display:flex;padding:.05em 0}
.af-choose .q-checkbox__label{overflow-wrap:anywhere;line-height:1.25;font-size:14px}
.af-choose .af-group{display:flex;gap:.6em;align-items:baseline;margin-top:.4em}
"""


class Chooser:
    """Check boxes for files; `changed` is called when the choice does. The order of choosing is kept: it is that of inputs."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._rows: dict[str, FileRow] = {}
        self.chosen: list[str] = []
        self._filter = ui.input(placeholder="filter by name", on_change=self._draw)
        self._filter.props('dense outlined clearable aria-label="Filter the files" data-testid=filter-chosen').classes("w-full")
        self._list = ui.element("div").classes("af-choose").props('role=group aria-label="Files"')
        self._said = ui.label("").classes("af-soft").props("role=status data-testid=chosen")

    @property
    def kinds(self) -> list[str]:
        """The kind of each chosen file."""
        return [self._rows[n].kind for n in self.chosen]

    @property
    def rows(self) -> list[FileRow]:
        """Every file of the project."""
        return list(self._rows.values())

    def show(self, rows: Sequence[FileRow]) -> None:
        """These files are there."""
        self._rows = {r.name: r for r in rows}
        kept = [n for n in self.chosen if n in self._rows and self._rows[n].readable]
        lost = kept != self.chosen
        self.chosen = kept
        self._draw()
        if lost:
            self._changed()

    def choose(self, names: Sequence[str]) -> None:
        """Choose just these."""
        self.chosen = [n for n in names if n in self._rows]
        self._draw()
        self._changed()

    def _draw(self) -> None:
        words = (self._filter.value or "").lower().split()
        readable = [r for r in self._rows.values() if r.readable]
        found = [r for r in readable if r.name in self.chosen or all(w in r.name.lower() for w in words)]
        self._filter.set_visibility(len(readable) > 8)
        self._list.clear()
        with self._list:
            for title, group in groupby(sorted(found, key=lambda r: (r.kind_title, r.name)), key=lambda r: r.kind_title):
                self._group(title, list(group))
        pending = sum(r.pending for r in self._rows.values())
        unread = len(self._rows) - len(readable) - pending
        said = [f"{len(self.chosen)} of {len(readable)} chosen"]
        said += [f"{pending} are being read"] if pending else []
        said += [f"{unread} cannot be read: the page 'Files' says why"] if unread else []
        self._said.text = "; ".join(said) if self._rows else ""

    def _group(self, title: str, rows: list[FileRow]) -> None:
        names = [r.name for r in rows]
        with ui.element("div").classes("af-group"):
            ui.label(f"{title} ({len(rows)})").classes("af-h3")
            if len(rows) > 1:
                every = set(names) <= set(self.chosen)
                button = ui.button("none" if every else "all", on_click=lambda: self._all(names, take=not every))
                button.props("flat dense size=13px").props["aria-label"] = f"{'none' if every else 'all'} of {title}"
                button.props["data-testid"] = f"all-{rows[0].kind}"
        for row in rows[:MOST_SHOWN]:
            box = ui.checkbox(row.name, value=row.name in self.chosen)
            box.on_value_change(lambda event, name=row.name: self._take(name, take=bool(event.value)))
            box.props("dense size=sm")
            box.props["data-testid"] = f"choose-{row.name}"
            box.props["title"] = row.detail
        if len(rows) > MOST_SHOWN:
            ui.label(f"and {len(rows) - MOST_SHOWN} more: filter by name").classes("af-soft")

    def _take(self, name: str, *, take: bool) -> None:
        self.chosen = [n for n in self.chosen if n != name] + ([name] if take else [])
        readable = sum(r.readable for r in self._rows.values())
        self._said.text = f"{len(self.chosen)} of {readable} chosen"
        self._changed()

    def _all(self, names: list[str], *, take: bool) -> None:
        rest = [n for n in self.chosen if n not in names]
        self.choose([*rest, *names] if take else rest)
        again = f"[data-testid=all-{self._rows[names[0]].kind}]"
        ui.run_javascript(f"document.querySelector('{again}')?.focus({{preventScroll: true, focusVisible: true}})")
