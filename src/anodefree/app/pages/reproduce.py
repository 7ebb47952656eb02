"""The paper's chain as a picture to walk through, the button that recomputes it, and the sliders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from anodefree.app import station_panel
from anodefree.app.chain_picture import ORDER, Box, Picture, svg
from anodefree.app.confined import jobs, start
from anodefree.app.job_view import lasted, row
from anodefree.app.last_seen import Seen, keep, kept
from anodefree.app.reproduction import (
    OF_SLIDERS,
    PAPER,
    Reproduction,
    choices,
    look,
    queued_study,
    states,
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
.rp-failure { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 12em; overflow-y: auto; }
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
        """As far as it is read and judged; nothing can be opened before."""
        self.seen = kept(self.project, name)
        self.panel: StationPanel | None = None
        self.sliders: dict[str, SliderPanel] = {}
        self.jobs: dict[str, Job] = {}
        self.news: Mapping[str, tuple[str, int]] = {}
        self.busy = False
        with card("") as top:
            top.props('aria-label="The chain"')
            with ui.element("div").classes("af-row"):
                select = ui.select(
                    known, value=name, label="Study", on_change=lambda e: ui.navigate.to(self._address(e.value, ""))
                )
                select.props("dense outlined data-testid=study").style("min-width: 15em")
                self.start = ui.button(self._run, on_click=self._start).props("unelevated no-caps data-testid=recompute")
                self.stop = ui.button("Cancel", on_click=self._cancel).props("flat no-caps data-testid=cancel-recompute")
                self.progress = ui.label().classes("af-soft").props("data-testid=progress aria-live=polite")
            self.bar = ui.linear_progress(value=0, show_value=False).props(
                'instant-feedback aria-label="Share of the nodes done"'
            )
            self.failure = ui.label().classes("af-bad rp-failure").props("data-testid=job-error role=alert")
            said = f"As last seen: {self.seen.words}" if self.seen is not None else ""
            self.words = ui.label(said).props("data-testid=summary").style("margin: .5em 0 0")
            self.reading = ui.label("The study and its results are being read …").props("role=status data-testid=reading")
            self.reading.classes("af-soft")
            self.wide = ui.html("", sanitize=False).classes("rp-chain rp-wide").props("data-testid=chain")
            self.upright = ui.html("", sanitize=False).classes("rp-chain rp-upright").props("data-testid=chain-upright")
            for picture in (self.wide, self.upright):
                picture.on("click", lambda e: self._open(e.args), js_handler=_LINK)
            ui.label(
                "In nodes: ✓ done, ▶ running, ✗ failed or waiting for one that failed, ○ not run. Below them the paper's "
                "values by verdict. A dashed arrow: no number is handed on."
            ).classes("af-soft")
        self.place = ui.element("div").style("display: contents")
        heading("What follows, from stored runs", 2)
        self.grid = ui.element("div").classes("af-grid").props("data-testid=sliders")
        with self.grid:
            ui.label("The stored runs are being read …").classes("af-soft")
        for mine in (self.stop, self.bar, self.failure):
            mine.set_visibility(False)
        self._draw(self.seen.picture if self.seen is not None else Picture())
        self.start.disable()
        ui.timer(0.05, self._first, once=True)

    @property
    def _run(self) -> str:
        """What the button does now."""
        done, every = (self.shown.done, len(self.shown.outcomes)) if self.shown is not None else (0, 0)
        if 0 < done < every:
            return f"Compute the missing {every - done} of {every} nodes"
        if done:
            return "Every node is computed"
        return "Recompute the paper (4 min of processor time)" if self.name == PAPER else "Run this study"

    def _address(self, study: str, station: str) -> str:
        asked = {k: v for k, v in (("study", "" if study == PAPER else study), ("station", station)) if v}
        return self.visit.link("reproduce") + (f"?{urlencode(asked)}" if asked else "")

    async def _first(self) -> None:
        """Read in threads, and show each part as it comes: states, verdicts, sliders; from then on look at running jobs."""
        try:
            told = await asyncio.to_thread(states, self.project, self._file)
            self._draw(_with_counts(told.chain.picture, self.seen))
            shown = await asyncio.to_thread(look, self.project, self._file)
        except AnodefreeError as error:
            self.reading.text = sentence(error)
            self.reading.classes("af-bad", remove="af-soft")
            self.grid.clear()
            return
        self._show(shown)
        if self.chosen in shown.chain.picture.names:
            self._panel(shown, self.chosen)
        found = await asyncio.to_thread(stored, self.project, shown)
        self.grid.clear()
        with self.grid:
            for slider in SLIDERS:
                self.sliders[slider.name] = SliderPanel(slider, found[slider.name], self._queue)
        last = next((j for j in await asyncio.to_thread(jobs, self.project) if j.study.stem == self.name), None)
        if last is not None:
            self._told(last, await asyncio.to_thread(last.look))
        await self._tick()
        ui.timer(LOOK_EVERY_S, self._tick)

    @property
    def _file(self) -> Path:
        return study_file(self.project, self.name)

    def _read(self) -> tuple[Reproduction, dict[str, list[Series]]]:
        shown = look(self.project, self._file)
        return shown, stored(self.project, shown)

    def _mine(self, job: Job) -> bool:
        """Whether a job fills what this page shows."""
        return job.study.stem == self.name or job.study.stem.startswith(OF_SLIDERS)

    def _show(self, shown: Reproduction) -> None:
        """What is read and judged, in the picture and above it; it is kept for the next visit."""
        self.shown = shown
        counts = ", ".join(f"{MARKS.get(v, '○')} {n} {v}" for v, n in shown.counts.items())
        self.words.text = f"{shown.study.head.title}: {shown.done} of {len(shown.outcomes)} nodes done. {counts}."
        self.reading.set_visibility(False)
        self.start.text = self._run
        self.start.set_enabled(shown.done < len(shown.outcomes) and not self._running)
        self._draw(shown.chain.picture)
        seen = Seen(shown.chain.picture, self.words.text)
        if seen != self.seen:
            self.seen = seen
            keep(self.project, self.name, seen)

    def _draw(self, chain: Picture) -> None:
        links = {name: self._address(self.name, name) for name in chain.names}
        for picture, upright in ((self.wide, False), (self.upright, True)):
            drawn = svg(chain, links=links, chosen=self.chosen, upright=upright)
            if picture.content != drawn:
                picture.content = drawn

    def _panel(self, shown: Reproduction, name: str) -> StationPanel:
        self.place.clear()
        with self.place:
            self.panel = StationPanel(shown, name, self.project.store, self._close)
        return self.panel

    def _open(self, name: Any) -> None:
        """A station was clicked: its panel gets the focus, so that keyboard and screen reader go on there."""
        if name not in ORDER:
            return
        self.chosen = name
        ui.navigate.history.replace(self._address(self.name, name))
        if self.shown is None:  # it opens when it is read
            self._draw(self.seen.picture if self.seen is not None else Picture())
            return
        self._draw(self.shown.chain.picture)
        if name in self.shown.chain.picture.names:
            _focus(f"#{self._panel(self.shown, name).section.html_id}")

    def _close(self) -> None:
        """Away with the panel; the focus goes back to its station, in the picture that is shown."""
        name, self.chosen, self.panel = self.chosen, "", None
        self.place.clear()
        if self.shown is not None:
            self._draw(self.shown.chain.picture)
        with self.place:  # the button that was pressed is gone, and with it where its handler stood
            ui.navigate.history.replace(self._address(self.name, ""))
            _focus(f".rp-chain a[data-station={name}]")

    def _start(self) -> None:
        path = self._file
        if self.name == PAPER:
            path = self.project.study(PAPER, path.read_text(encoding="utf-8"))
        title = self.shown.study.head.title if self.shown is not None else self.name
        self._watch(start(self.project, path, title))

    def _queue(self, slider: Slider, places: Sequence[float], found: Series | None) -> None:
        if self.shown is None:
            return
        path = queued_study(self.project, self.shown, slider, places, found)
        self._watch(start(self.project, path, f"Slider: {slider.title}"))

    def _watch(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.failure.text = ""
        self._told(job, job.look())

    def _cancel(self) -> None:
        for job in self.jobs.values():
            if job.study.stem == self.name:
                job.cancel()
        self.progress.text = "It stops at the next step; what is done stays."

    @property
    def _running(self) -> bool:
        return any(j.study.stem == self.name for j in self.jobs.values())

    async def _tick(self) -> None:
        """Look at the jobs' small files; read the store only where one of them has come on."""
        if self.busy:
            return
        self.busy = True
        try:
            told = await asyncio.to_thread(self._look_at_jobs)
            news = {job.id: (state.state, state.done) for job, state in told}
            for job, state in told:
                if not state.active:
                    self.jobs.pop(job.id, None)
                self._told(job, state)
            if news != self.news:
                self.news = news
                await self._reread()
            if any(s.state in ("failed", "killed", "cancelled") for _, s in told):
                for panel in self.sliders.values():
                    panel.failed()
        finally:
            self.busy = False

    def _look_at_jobs(self) -> list[tuple[Job, JobState]]:
        """Those that were watched, and those that another page has started or resumed meanwhile."""
        found = [(j, j.look()) for j in jobs(self.project) if self._mine(j)]
        told = [(j, s) for j, s in found if s.active or j.id in self.jobs]
        self.jobs.update({j.id: j for j, _ in told})
        gone = set(self.jobs) - {j.id for j, _ in told}
        for id in gone:
            del self.jobs[id]
        return told

    async def _reread(self) -> None:
        shown, found = await asyncio.to_thread(self._read)
        self._show(shown)
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
        missing = self.shown is None or self.shown.done < len(self.shown.outcomes)
        self.start.set_enabled(not state.active and missing)
        self.stop.set_visibility(state.active)
        self.bar.set_visibility(state.active)
        told = row(job, state)
        self.bar.value = round(told.share, 3)
        if state.active:
            self.progress.text = f"{state.state}: {told.progress}" if told.progress else state.state
        else:
            self.progress.text = f"{state.state} after {lasted(state.wall_s)}"


def _with_counts(told: Picture, seen: Seen | None) -> Picture:
    """The states of now with the verdicts of the last look, until they are judged anew."""
    before = {b.name: b.counts for b in seen.picture.boxes} if seen is not None else {}
    return Picture(tuple(Box(b.name, b.states, before.get(b.name)) for b in told.boxes), told.links)


_FOCUS: Final = """(function go(left) {
  const wanted = [...document.querySelectorAll('%s')].find((e) => e.getClientRects().length);
  const lost = !document.activeElement || document.activeElement === document.body;
  if (wanted && (lost || left === 8)) wanted.focus();
  if (left) setTimeout(() => go(left - 1), 60);
})(8)"""


def _focus(selector: str) -> None:
    """The first that is shown, once it is there; again for half a second, where drawing anew takes the focus away."""
    ui.run_javascript(_FOCUS % selector)
