"""The list of past analyses: opened by a click, compared by their check boxes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui

from anodefree.app.analyses import Analysis, analyses
from anodefree.app.project import Project
from anodefree.app.shell import said
from anodefree.errors import ConfigError

MOST_SHOWN: Final = 40
STYLE: Final = """
.af-past{max-height:18rem;overflow:auto;width:100%}
.af-past .af-one{display:grid;grid-template-columns:2em minmax(0,1fr) auto;align-items:center;gap:.3em;
border-top:1px solid var(--af-line)}
.af-past .af-one[aria-current=true]{background:var(--af-page)}
.af-past button.af-open{background:none;border:0;color:var(--af-link);text-align:left;cursor:pointer;font:inherit;
padding:.25em 0;overflow-wrap:anywhere;text-decoration:underline;text-underline-offset:2px}
"""
_SAID: Final = {"done": "✓ done", "failed": "✗ failed", "killed": "✗ killed", "cancelled": "■ cancelled"}


class Past:
    """The list; `open` is called with the analyses to show."""

    def __init__(self, project: Project, open: Callable[[list[Analysis]], Awaitable[None]]) -> None:
        self._project, self._open = project, open
        self._ticked: list[str] = []
        self._shown: list[str] = []
        self._known: dict[str, Analysis] = {}
        self._lines: dict[str, Any] = {}
        self._list = ui.element("div").classes("af-past").props("data-testid=past")
        self._button = ui.button("Compare the ticked", on_click=self._compare).props("flat dense data-testid=compare")

    def draw(self) -> None:
        """Read the list anew."""
        found = analyses(self._project)[:MOST_SHOWN]
        self._known = {a.name: a for a in found}
        self._ticked = [n for n in self._ticked if n in self._known]
        self._lines = {}
        self._list.clear()
        with self._list:
            if not found:
                ui.label("None yet.").classes("af-soft")
            for one in found:
                self._line(one)
        self._button.set_visibility(len(found) > 1)
        self._enable()
        self.mark(self._shown)

    def mark(self, names: Sequence[str]) -> None:
        """These are on the page."""
        self._shown = list(names)
        for name, line in self._lines.items():
            line.props["aria-current"] = "true" if name in names else "false"
            line.update()

    def _line(self, one: Analysis) -> None:
        state = one.job.look().state if one.job is not None else "done"
        title = one.job.title if one.job is not None else one.stage
        self._lines[one.name] = line = ui.element("div").classes("af-one")
        with line:
            box = ui.checkbox(value=one.name in self._ticked).props("dense size=sm")
            box.props["aria-label"] = f"compare {one.name}"
            box.props["data-testid"] = f"tick-{one.name}"
            box.on_value_change(lambda event: self._tick(one.name, on=bool(event.value)))

            async def open() -> None:
                await self._open([one])

            button = ui.element("button").classes("af-open").on("click", open)
            button.props["data-testid"] = f"open-{one.name}"
            with button:
                ui.label(f"{one.name.split('-')[1]} · {title}")
            ui.label(_SAID.get(state, f"… {state}")).classes("af-soft")

    def _tick(self, name: str, *, on: bool) -> None:
        self._ticked = [n for n in self._ticked if n != name] + ([name] if on else [])
        self._enable()

    def _enable(self) -> None:
        self._button.set_enabled(len(self._ticked) > 1)

    async def _compare(self) -> None:
        chosen = [self._known[n] for n in self._ticked if n in self._known]
        if len({a.stage for a in chosen}) > 1:
            said(ConfigError("are results of different analyses", "the ticked ones", "tick results of one analysis"))
            return
        await self._open(chosen)
