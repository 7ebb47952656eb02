"""The interactive view as a part of a page: which panels, the plot that refines as one zooms, its export, and its tables."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from nicegui import events, ui

from anodefree.app import seen
from anodefree.app.content import Content
from anodefree.app.curve_tables import as_rows
from anodefree.app.interactive import View
from anodefree.app.names import safe_name
from anodefree.app.result_view import DRAWING
from anodefree.app.shell import said
from anodefree.errors import AnodefreeError

_AXES_ONLY: Final = (
    "(event) => { const told = {}; for (const key in event) if (/axis/.test(key)) told[key] = event[key]; emit(told); }"
)
_SIGHT_ONLY: Final = "(event) => { if (event[0]?.visible !== undefined) emit({visible: event[0].visible, traces: event[1]}); }"
STEPS: Final = (
    ("zoom in", "zoom_in", 0.5, 0.0),
    ("zoom out", "zoom_out", 2.0, 0.0),
    ("to the left", "chevron_left", 1.0, -0.5),
    ("to the right", "chevron_right", 1.0, 0.5),
)
"""What the keys can do that the mouse does by dragging: label, icon, factor and shift of the window."""


class CurvesView:
    """Curves, pictures and tables of one result or several; `name` is that of the files it gives."""

    def __init__(self, content: Content, name: str, mark: str = "interactive") -> None:
        self.view, self.name, self.mark = View(content), name, mark
        self.frame = (
            ui.element("div").classes("af-view w-full flex flex-col gap-2").props('role=group aria-label="Interactive view"')
        )
        with self.frame:
            if content.panels:
                self._head(content)
                self._plot()
            for text in content.left_out:
                ui.label(text).classes("af-soft").props("data-testid=left-out")
            for table in content.tables:
                columns, rows = as_rows(table)
                made = ui.table(columns=columns, rows=rows, row_key="row", title=table.title, pagination={"rowsPerPage": 10})
                made.classes("w-full af-table").props(f'dense flat data-testid="table-{table.title.replace(" ", "-")}"')
                made.props["hide-bottom"] = len(rows) <= 10

    def _head(self, content: Content) -> None:
        with ui.element("div").classes("af-row"):
            if len(content.panels) > 1:
                titles = {i: p.title for i, p in enumerate(content.panels)}
                chosen = ui.select(titles, value=list(self.view.chosen), multiple=True, label="Panels", on_change=self._chosen)
                chosen.props(f"dense outlined options-dense data-testid={self.mark}-panels").classes("grow").style(
                    "max-width:34rem"
                )
                chosen.props["display-value"] = self._said()
                self.select = chosen
            with ui.element("div").classes("af-row").style("gap:0").props('role=group aria-label="Zoom"'):
                for label, icon, factor, shift in STEPS:
                    button = ui.button(icon=icon, on_click=lambda f=factor, s=shift: self._step(f, s))
                    self._labelled(button, label)
                self._labelled(ui.button(icon="zoom_out_map", on_click=self._everything), "show everything")
            with ui.element("div").classes("af-row").props('role=group aria-label="Save what is seen"'):
                ui.label("Save what is seen").classes("af-soft")
                for suffix in seen.SUFFIXES:
                    text = "PNG 600 dpi" if suffix == "png" else suffix.upper()
                    button = ui.button(text, on_click=lambda s=suffix: self.save(s))
                    button.props(f"outline dense no-caps data-testid=seen-{suffix}")

    def _labelled(self, button: ui.button, label: str) -> None:
        button.props(f'flat dense round size=12px data-testid="{self.mark}-{label.replace(" ", "-")}"')
        button.props["aria-label"] = button.props["title"] = label

    def _plot(self) -> None:
        self.plot = ui.plotly(self.view.figure()).classes("w-full af-wheel").props(f"data-testid={self.mark}")
        self.plot.on("plotly_relayout", self._moved, js_handler=_AXES_ONLY)
        self.plot.on("plotly_restyle", self._hidden, js_handler=_SIGHT_ONLY)
        hint = "Drag to move, click and turn the wheel to zoom, double-click to see everything."
        if self.view.is_thinned:
            hint += " Each stretch is drawn by its smallest and largest value; zooming in draws every point."
        ui.label(hint).classes("af-soft").props(f"data-testid={self.mark}-hint")

    def _said(self) -> str:
        return f"{len(self.view.chosen)} of {len(self.view.content.panels)} shown"

    def _chosen(self, event: events.ValueChangeEventArguments) -> None:
        self.view.choose([int(i) for i in event.value or ()])
        self.select.props["display-value"] = self._said()
        self.plot.update_figure(self.view.figure())

    async def _moved(self, event: events.GenericEventArguments) -> None:
        """Another part is in sight: draw it as finely as the screen shows."""
        axes = self.view.moved(event.args)
        update, traces = await asyncio.to_thread(self.view.refined, axes)
        if traces and not self.plot.is_deleted:
            self.plot.run_plot_method("restyle", update, traces)

    def _hidden(self, event: events.GenericEventArguments) -> None:
        """A name in the legend was clicked."""
        states, traces = event.args.get("visible"), event.args.get("traces") or []
        for place, trace in enumerate(traces):
            line = next((d.line for d in self.view.lines if d.trace == trace), None)
            state = states[place % len(states)] if isinstance(states, list) and states else states
            if line is not None and state is True:
                self.view.hidden.discard(line.label)
            elif line is not None:
                self.view.hidden.add(line.label)

    def _step(self, factor: float, shift: float) -> None:
        self.plot.run_plot_method("relayout", self.view.stepped(factor, shift))

    def _everything(self) -> None:
        axes = [f"{a}axis{'' if not r else r + 1}.autorange" for r in range(len(self.view.panels)) for a in "xy"]
        self.plot.run_plot_method("relayout", dict.fromkeys(axes, True))

    async def save(self, suffix: str) -> None:
        """Give what is seen as one file."""
        name = safe_name(f"{self.name}.{suffix}")
        try:
            content = await asyncio.to_thread(self._written, suffix, name)
        except AnodefreeError as error:
            said(error)
            return
        ui.download.content(content, name)

    def _written(self, suffix: str, name: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="anodefree-") as folder, DRAWING:
            return seen.export(self.view, suffix, Path(folder) / name).read_bytes()
