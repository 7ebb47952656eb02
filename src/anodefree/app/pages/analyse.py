"""The page of analyses: choose files, a stage that takes them, its parameters; run; look at one result or compare several."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from nicegui import ui

from anodefree.app import analysis_form
from anodefree.app.analyses import Analysis, Row, again, analyses, begin, rows, stage_of, write_demo
from anodefree.app.analysis_form import Form
from anodefree.app.offered import offered, tried
from anodefree.app.pages import choose_files, past, results
from anodefree.app.pages.choose_files import Chooser
from anodefree.app.pages.past import Past
from anodefree.app.reading import reading
from anodefree.app.recognised import known, row_of
from anodefree.app.recognising import recognising
from anodefree.app.result_view import drawn
from anodefree.app.shell import Visit, card, heading, page, said
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.registry import Stage
from anodefree.stages import get

MOST_OVERLAID = 12
"""Outputs in one view: more lines than that cannot be told apart."""
STYLE = """
.af-two{display:grid;gap:1em;grid-template-columns:minmax(300px,380px) minmax(0,1fr);align-items:start}
.af-two>div{display:flex;flex-direction:column;gap:1em;min-width:0}
.af-stages{max-height:17rem;overflow:auto;width:100%}
.af-stage{display:block;width:100%;text-align:left;padding:.25em .5em;border-radius:4px;cursor:pointer;background:none;
border:1px solid transparent;color:inherit;font:inherit}
.af-stage:hover{background:var(--af-page)}
.af-stage[aria-pressed=true]{border-color:var(--af-link);background:var(--af-page)}
.af-stage .af-s{font-weight:600}
.af-stage .af-t{font-size:12.5px;color:var(--af-soft);line-height:1.3}
a.af-export{padding:.1em .5em;border:1px solid var(--af-line);border-radius:4px;text-decoration:none!important}
@media (max-width:860px){.af-two{grid-template-columns:minmax(0,1fr)}}
"""


@page("analyse", "Analyse")
async def build(visit: Visit) -> None:
    """Everything of the page."""
    ui.add_css(STYLE + choose_files.STYLE + analysis_form.STYLE + past.STYLE + results.STYLE)
    await AnalysePage(visit).build()


class AnalysePage:
    """The page of one visitor: what is chosen, and what its buttons do."""

    def __init__(self, visit: Visit) -> None:
        self.project = visit.here
        self.link = visit.link("result")
        self.stage: Stage | None = None
        self.form: Form | None = None
        self.watched: Analysis | None = None
        self.shown: list[str] = []
        self.buttons: dict[str, Any] = {}
        self.ready = False

    async def build(self) -> None:
        """Draw it; then read what is not yet known, and open the newest analysis."""
        with ui.element("div").classes("af-two"):
            with ui.element("div"):
                with card("Files"):
                    self.chooser = Chooser(self.offer)
                    self.no_file = ui.label("No file that could be read yet: drop some on the page 'Files', or try a demo.")
                with card("Analysis"):
                    self.search = ui.input(placeholder="search analyses", on_change=self.offer).classes("w-full")
                    self.search.props('dense outlined clearable aria-label="Search analyses" data-testid=search-stages')
                    self.offers = ui.element("div").classes("af-stages").props('role=group aria-label="Analyses"')
                    self.parameters = ui.element("div").classes("w-full")
            with ui.element("div"):
                with card("Result") as self.result_card:
                    self.progress = ui.element("div").classes("w-full").props("data-testid=progress")
                    self.result = ui.column().classes("w-full gap-2").props("aria-live=polite data-testid=result")
                with card("Past analyses"):
                    self.past = Past(self.project, self.open)
        self.chooser.show(await asyncio.to_thread(known, self.project))
        self.no_file.set_visibility(not any(r.readable for r in self.chooser.rows))
        with self.offers:
            ui.label("Looking at what is there …").classes("af-soft")
        self.timer = ui.timer(0.4, self.watch)
        ui.timer(0.05, self.start, once=True)

    async def start(self) -> None:
        """What takes time, after the page is shown."""
        await asyncio.to_thread(tried)  # imports every stage, so that asking what is offered is quick from now on
        self.ready = True
        self.offer()
        newest = next(iter(await asyncio.to_thread(analyses, self.project)), None)
        self.past.draw()
        if newest is not None:
            await self.open([newest])
        else:
            with self.result:
                ui.label("Nothing was analysed yet.").classes("af-soft")
        await self.read_files()

    async def read_files(self) -> None:
        """Read what is not yet known, in a process of its own."""
        self.chooser.show(await asyncio.to_thread(known, self.project))
        if any(r.pending for r in self.chooser.rows):
            try:
                async for _ in recognising(self.project):
                    pass
            except AnodefreeError as error:
                said(error)
            self.chooser.show(await asyncio.to_thread(known, self.project))
        self.no_file.set_visibility(not any(r.readable for r in self.chooser.rows))

    def offer(self) -> None:
        """The stages that take what is chosen; where nothing is, those that can be tried."""
        if not self.ready:
            return
        chosen, words = self.chooser.kinds, self.search.value or ""
        found = offered(chosen, words) if chosen else tried(words)
        self.offers.clear()
        self.buttons.clear()
        with self.offers:
            if not chosen:
                ui.label("Choose files above, or try one on its own synthetic case:").classes("af-soft")
            elif not found:
                ui.label("No analysis takes these together: choose files of one kind.").classes("af-soft")
            for stage in found:
                self._offer(stage, demo=not chosen)
        if self.stage is not None and self.stage not in found:
            self.stage = self.form = None
            self.parameters.clear()

    def _offer(self, stage: Stage, *, demo: bool) -> None:
        async def pick() -> None:
            if demo and not self.chooser.chosen:
                await self.try_it(stage)
            elif stage in offered(self.chooser.kinds):  # a file may have been chosen since the list was drawn
                self.pick(stage)

        self.buttons[stage.name] = button = ui.element("button").classes("af-stage").on("click", pick)
        button.props["type"] = "button"
        button.props["data-testid"] = f"stage-{stage.name}"
        button.props["aria-pressed"] = "true" if stage is self.stage else "false"
        with button:
            ui.label(stage.name).classes("af-s")
            ui.label(stage.title).classes("af-t")

    def pick(self, stage: Stage, values: Mapping[str, Any] | None = None) -> None:
        """Show the form of a stage; what was typed into it stays."""
        if stage is self.stage and values is None:
            return
        self.stage = stage
        for name, button in self.buttons.items():  # they stay, and with them the focus of the keyboard
            button.props["aria-pressed"] = "true" if name == stage.name else "false"
            button.update()
        ui.run_javascript("document.querySelector('.af-stage[aria-pressed=true]')?.scrollIntoView({block: 'nearest'})")
        self.parameters.clear()
        with self.parameters:
            heading(f"Parameters of {stage.name}", 3)
            ui.label(self._together(stage)).classes("af-soft").props("data-testid=together")
            self.form = Form(stage, self._typed, values)
            self.button = ui.button("Run", on_click=self.run, icon="play_arrow").props("unelevated data-testid=run-stage")
            self.button.classes("mt-3")
        self._typed()

    def _together(self, stage: Stage) -> str:
        count = len(self.chooser.chosen)
        if count < 2:
            return ""
        if len(stage.inputs) > 1:
            return "in the order of choosing: " + ", ".join(i.name for i in stage.inputs)
        return f"{count} files join into one series" if stage.inputs[0].many else f"{count} files, each by itself"

    def _typed(self) -> None:
        if self.form is not None:
            self.button.set_enabled(self.form.sound)

    async def run(self) -> None:
        """Write the study, start its job."""
        if self.stage is None or self.form is None or not self.chooser.chosen:
            raise ConfigError("nothing is chosen", hint="choose files and an analysis")
        files = [reading(self.project, n) for n in self.chooser.chosen]
        stage, given = self.stage, self.form.parameters
        begun = await asyncio.to_thread(begin, self.project, stage, files, given)
        self.past.draw()
        await self.open([begun])

    async def try_it(self, stage: Stage) -> None:
        """The stage's own synthetic case, written into the project's files and analysed."""
        demo = await asyncio.to_thread(stage.example, np.random.default_rng(1))
        names = await asyncio.to_thread(write_demo, self.project, stage, demo.inputs)
        await self.read_files()
        for name in names:
            if not row_of(self.project, name).readable:
                raise ConfigError("cannot be written as a file", stage.name, "try another one")
        self.chooser.choose(names)
        self.pick(get(stage.name), demo.parameters)
        await self.run()

    async def open(self, chosen: list[Analysis]) -> None:
        """Show the results of these, or how far the one is that still runs."""
        self.shown = [a.name for a in chosen]
        self.past.mark(self.shown)
        running = [a for a in chosen if a.job is not None and a.job.look().active]
        self.watched = running[0] if running else None
        self.result.clear()
        self.progress.clear()
        if running:
            self._draw_progress(running[0])
            return
        await self.show(chosen)

    def _draw_progress(self, one: Analysis) -> None:
        with self.progress, ui.element("div").classes("af-row"):
            ui.spinner(size="1.2em").props["aria-hidden"] = "true"
            self.far = ui.label("").props("role=status")
            self.bar = ui.linear_progress(0.0, show_value=False).props('aria-label="Progress" data-testid=progress-bar')

            def cancel() -> None:
                if one.job is not None:
                    one.job.cancel()

            ui.button("Cancel", on_click=cancel).props("flat dense data-testid=cancel-analysis")

    async def watch(self) -> None:
        """While a job runs: how far it is; when it ended: what came out."""
        one = self.watched
        if one is None or one.job is None:
            return
        state = await asyncio.to_thread(one.job.look)
        if one is not self.watched:
            return
        if state.active:
            waits = "waits for a free core" if state.state == "queued" else (state.text or "starts")
            self.far.text = f"{stage_of(one).name}: {waits}"
            self.bar.value = (state.done + state.fraction) / max(1, state.total)
            return
        self.watched = None
        self.past.draw()
        await self.open([one])

    async def show(self, chosen: list[Analysis]) -> None:
        """The results of analyses that have ended."""
        stage = stage_of(chosen[0])
        wanted = list(self.shown)
        with self.result:
            waiting = ui.label("Reading and drawing …").classes("af-soft")
        try:
            named = await asyncio.to_thread(self._rows, chosen)
            outputs = {w: r.output for w, r in list(named.items())[:MOST_OVERLAID] if r.output is not None}
            view = await asyncio.to_thread(drawn, stage, outputs) if outputs else None
        except AnodefreeError as error:
            if self.shown == wanted:
                waiting.delete()
                said(error)
            return
        if self.shown != wanted or self.result.is_deleted:
            return
        self.result.clear()
        with self.result:
            heading(
                " and ".join(stage.name + f" · {a.name.split('-')[1]}" for a in chosen) if len(chosen) < 4 else stage.name, 3
            )
            ui.label(stage.title).classes("af-soft")
            state = chosen[0].job.look() if chosen[0].job is not None and len(chosen) == 1 else None
            if state is not None and state.state in ("failed", "cancelled", "killed"):
                ui.label(f"{state.state}: {state.error or 'stopped before it was finished'}").classes("af-bad").props(
                    "role=alert"
                )
            if any(r.output is None for r in named.values()) and len(chosen) == 1:
                ui.button("Run again", on_click=lambda: self._again(chosen[0])).props("flat dense data-testid=run-again")
            if len(outputs) == MOST_OVERLAID < len(named):
                ui.label(f"The figures show the first {MOST_OVERLAID}; the table and the exports hold all.").classes("af-soft")
            results.show(self.project, self.link, stage, chosen, named, view)

    async def _again(self, one: Analysis) -> None:
        begun = await asyncio.to_thread(again, self.project, one)
        self.past.draw()
        await self.open([begun])

    def _rows(self, chosen: list[Analysis]) -> dict[str, Row]:
        """Every run of the chosen analyses by a name that is its own."""
        named: dict[str, Row] = {}
        for one in chosen:
            for row in rows(self.project, one):
                number = one.name.split("-")[1]
                named[row.name if row.name not in named else f"{row.name} ({number})"] = row
        return named
