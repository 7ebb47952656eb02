"""The paper's chain as a picture to walk through, the button that recomputes it, and the sliders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from anodefree.app import station_panel
from anodefree.app.chain_picture import svg
from anodefree.app.confined import jobs, start
from anodefree.app.reproduction import (
    OF_SLIDERS,
    PAPER,
    Reproduction,
    choices,
    look,
    queued_study,
    stored,
    study_file,
)
from anodefree.app.shell import Visit, card, heading, page, sentence
from anodefree.app.slider_panel import SliderPanel
from anodefree.app.sliders import SLIDERS, Series, Slider
from anodefree.app.station_panel import MARKS, StationPanel
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.study.jobs import Job, JobState

LOOK_EVERY_S: Final = 1.5
CSS: Final = (
    station_panel.CSS
    + """
.rp-chain svg { width: 100%; height: auto; display: block; } .rp-chain a { cursor: pointer; }
.rp-chain a:hover rect { fill: color-mix(in srgb, var(--af-link) 9%, transparent); }
.rp-wide { overflow-x: auto; } .rp-wide svg { min-width: 1060px; } .rp-upright { display: none; }
.rp-plot svg { width: 100%; max-width: 420px; height: auto; }
@media (max-width: 600px) { .rp-wide { display: none; } .rp-upright { display: block; max-width: 240px; margin: 0 auto; } }
"""
)
_LINK: Final = """(event) => {
  const link = event.target.closest('a[data-station]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  emit(link.dataset.station);
}"""


@page("reproduce", "Reproduce")
def build(visit: Visit) -> None:
    """The page is there at once; what needs the study and the store follows."""
    ui.add_css(CSS)
    asked = dict(ui.context.client.request.query_params)
    known = choices(visit.here)
    study = asked.get("study", PAPER)
    if study not in known:
        raise ConfigError("there is no such study in this project", study[:60], "choose one from the list")
    _Page(visit, study, asked.get("station", ""), known)


class _Page:
    """What is shown to one visitor."""

    def __init__(self, visit: Visit, name: str, station: str, known: dict[str, str]) -> None:
        self.visit, self.project, self.name, self.chosen = visit, visit.here, name, station
        self.shown: Reproduction | None = None
        self.panel: StationPanel | None = None
        self.sliders: dict[str, SliderPanel] = {}
        self.jobs: dict[str, Job] = {}
        self.seen: Mapping[str, tuple[str, int]] = {}
        self.busy = False
        with card("") as top:
            top.props('aria-label="The chain"')
            with ui.element("div").classes("af-row"):
                select = ui.select(
                    known, value=name, label="Study", on_change=lambda e: ui.navigate.to(self._address(e.value, ""))
                )
                select.props("dense outlined data-testid=study").style("min-width: 15em")
                words = "Recompute the paper (about 3 min)" if name == PAPER else "Run this study"
                self.start = ui.button(words, on_click=self._start).props("unelevated no-caps data-testid=recompute")
                self.stop = ui.button("Cancel", on_click=self._cancel).props("flat no-caps data-testid=cancel-recompute")
                self.progress = ui.label().classes("af-soft").props("data-testid=progress aria-live=polite")
            self.bar = ui.linear_progress(value=0, show_value=False).props(
                'instant-feedback aria-label="Share of the nodes done"'
            )
            self.failure = ui.label().classes("af-bad").props("data-testid=job-error")
            self.words = ui.label("The study is being read …").props("data-testid=summary").style("margin: .5em 0")
            self.wide = ui.html("", sanitize=False).classes("rp-chain rp-wide").props("data-testid=chain")
            self.upright = ui.html("", sanitize=False).classes("rp-chain rp-upright").props("data-testid=chain-upright")
            for picture in (self.wide, self.upright):
                picture.on("click", lambda e: self._open(e.args), js_handler=_LINK)
            ui.label(
                "✓ done  ✗ failed  ○ not run, in nodes; below them the values of the paper by verdict. "
                "A dashed arrow: no number is handed on."
            ).classes("af-soft")
        self.place = ui.element("div").style("display: contents")
        heading("What follows, from stored runs", 2)
        self.grid = ui.element("div").classes("af-grid").props("data-testid=sliders")
        with self.grid:
            ui.label("The stored runs are being read …").classes("af-soft")
        for mine in (self.stop, self.bar, self.failure):
            mine.set_visibility(False)
        ui.timer(0.05, self._first, once=True)

    def _address(self, study: str, station: str) -> str:
        asked = {k: v for k, v in (("study", "" if study == PAPER else study), ("station", station)) if v}
        return self.visit.link("reproduce") + (f"?{urlencode(asked)}" if asked else "")

    async def _first(self) -> None:
        """Read the study and the store in a thread, then draw; from then on look at running jobs."""
        try:
            shown = await asyncio.to_thread(self._look)
        except AnodefreeError as error:
            self.words.text = sentence(error)
            return
        self.shown = shown
        for job in jobs(self.project):
            if self._mine(job) and job.look().active:
                self.jobs[job.id] = job
        self._picture()
        if self.chosen in [s.name for s in shown.chain.stations]:
            self._panel(shown, self.chosen)
        found = await asyncio.to_thread(stored, self.project, shown)
        self.grid.clear()
        with self.grid:
            for slider in SLIDERS:
                self.sliders[slider.name] = SliderPanel(slider, found[slider.name], self._queue)
        await self._tick()
        ui.timer(LOOK_EVERY_S, self._tick)

    def _look(self) -> Reproduction:
        return look(self.project, study_file(self.project, self.name))

    def _read(self) -> tuple[Reproduction, dict[str, list[Series]]]:
        shown = self._look()
        return shown, stored(self.project, shown)

    def _mine(self, job: Job) -> bool:
        """Whether a job fills what this page shows."""
        return job.study.stem == self.name or job.study.stem.startswith(OF_SLIDERS)

    def _picture(self) -> None:
        if self.shown is None:
            return
        counts = ", ".join(f"{MARKS.get(v, '○')} {n} {v}" for v, n in self.shown.counts.items())
        self.words.text = (
            f"{self.shown.study.head.title}: {self.shown.done} of {len(self.shown.outcomes)} nodes done. {counts}."
        )
        links = {s.name: self._address(self.name, s.name) for s in self.shown.chain.stations}
        for picture, upright in ((self.wide, False), (self.upright, True)):
            drawn = svg(self.shown.chain, links=links, chosen=self.chosen, upright=upright)
            kind = "station-upright-" if upright else "station-"
            for name in links:
                drawn = drawn.replace(f'data-testid="station-{name}"', f'data-testid="{kind}{name}" data-station="{name}"')
            if picture.content != drawn:
                picture.content = drawn

    def _panel(self, shown: Reproduction, name: str) -> StationPanel:
        self.place.clear()
        with self.place:
            self.panel = StationPanel(shown, name, self.project.store)
        return self.panel

    def _open(self, name: Any) -> None:
        """A station was clicked: its panel gets the focus, so that keyboard and screen reader go on there."""
        if self.shown is None or name not in [s.name for s in self.shown.chain.stations]:
            return
        self.chosen = name
        self._picture()
        opened = self._panel(self.shown, name)
        ui.navigate.history.replace(self._address(self.name, name))
        element = opened.section.html_id
        ui.run_javascript(f"setTimeout(() => document.getElementById('{element}')?.focus(), 60)")

    def _start(self) -> None:
        path = study_file(self.project, self.name)
        if self.name == PAPER:
            path = self.project.study(PAPER, path.read_text(encoding="utf-8"))
        title = self.shown.study.head.title if self.shown is not None else self.name
        self._watch(start(self.project, path, title))

    def _queue(self, slider: Slider, x: float, found: Series | None) -> None:
        if self.shown is None:
            return
        path = queued_study(self.project, self.shown, slider, x, found)
        self._watch(start(self.project, path, f"Slider: {slider.title}"))

    def _watch(self, job: Job) -> None:
        self.jobs[job.id] = job
        self._told(job, job.look())

    def _cancel(self) -> None:
        for job in self.jobs.values():
            if job.study.stem == self.name:
                job.cancel()
        self.progress.text = "It stops at the next step; what is done stays."

    async def _tick(self) -> None:
        """Look at the jobs' small files; read the store only where one of them has come on."""
        if self.busy or not self.jobs:
            return
        self.busy = True
        try:
            states = {id: job.look() for id, job in self.jobs.items()}
            news = {id: (s.state, s.done) for id, s in states.items()}
            for id, state in states.items():
                self._told(self.jobs[id], state)
                if not state.active:
                    del self.jobs[id]
            if news != self.seen:
                self.seen = news
                await self._reread()
            if any(s.state in ("failed", "killed", "cancelled") for s in states.values()):
                for panel in self.sliders.values():
                    panel.failed()
        finally:
            self.busy = False

    async def _reread(self) -> None:
        shown, found = await asyncio.to_thread(self._read)
        self.shown = shown
        self._picture()
        if self.panel is not None:
            self.panel.refresh(shown)
        for name, panel in self.sliders.items():
            panel.refresh(found[name])

    def _told(self, job: Job, state: JobState) -> None:
        """The progress of the study's own job; a slider's job only says when it failed."""
        if state.state in ("failed", "killed"):
            self.failure.text = f"{job.title}: {state.error or state.state}"
        self.failure.set_visibility(bool(self.failure.text))
        if job.study.stem != self.name:
            return
        self.start.set_enabled(not state.active)
        self.stop.set_visibility(state.active)
        self.bar.set_visibility(state.active)
        total = max(state.total, 1)
        self.bar.value = state.done / total
        if state.active:
            where = f"{state.done} of {state.total}, now {state.text}" if state.total else state.state
            self.progress.text = where
        else:
            self.progress.text = f"{state.state} after {state.wall_s:.0f} s"
