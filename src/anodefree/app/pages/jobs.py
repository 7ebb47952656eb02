"""Every job of a project: its state, progress and cost; what it has computed, and how it looks before it is finished."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from nicegui import run, ui

from anodefree.app import scene
from anodefree.app.confined import jobs, resume
from anodefree.app.job_view import Row, chosen, finished, planned, row, unfinished
from anodefree.app.pages import results
from anodefree.app.project import Project
from anodefree.app.result_view import drawn
from anodefree.app.shell import Visit, card, page, said
from anodefree.errors import AnodefreeError
from anodefree.registry import Output
from anodefree.stages import get
from anodefree.study.graph import Node
from anodefree.study.jobs import Job
from anodefree.study.plan import Study
from anodefree.study.store import Store

LOOK_EVERY_S = 1.0
TONE = {"done": "af-good", "failed": "af-bad", "killed": "af-bad", "cancelled": "af-warn"}


@page("jobs", "Jobs")
async def build(visit: Visit) -> None:
    """The list above, the chosen job below; both follow the files that the jobs write."""
    ui.add_css(results.STYLE)
    request = ui.context.client.request
    await JobsPage(visit, request.query_params.get("job", "") if request else "").build()


class JobsPage:
    """What one visitor sees of the jobs."""

    def __init__(self, visit: Visit, wanted: str) -> None:
        self.project = visit.here
        self.new = visit.link("simulate")
        self.wanted = wanted
        self.drawn: tuple[tuple[str, str], ...] | None = None
        self.lines: dict[str, JobLine] = {}
        self.detail: JobDetail | None = None

    async def build(self) -> None:
        """Draw it and follow."""
        with card("Jobs"):
            self.list = ui.column().classes("w-full gap-2").props('data-testid=jobs role="list"')
        self.below = ui.column().classes("w-full gap-4")
        await self.look()
        ui.timer(LOOK_EVERY_S, self.look)

    async def look(self) -> None:
        """Read the jobs' files; redraw where something came, went or changed its state, else only say the numbers anew."""
        every = await asyncio.to_thread(jobs, self.project)
        told = await asyncio.to_thread(lambda: [row(j) for j in every])
        shape = tuple((r.job.id, r.state.state) for r in told)
        if shape != self.drawn:
            self.drawn = shape
            self.redraw(told)
        for line in told:
            self.lines[line.job.id].say(line)
        job = chosen(every, self.wanted)
        if job is None:
            self.below.clear()
            self.detail = None
            return
        if self.detail is None or self.detail.job.id != job.id:
            self.below.clear()
            with self.below:
                self.detail = JobDetail(self.project, job)
        await self.detail.look(next(r for r in told if r.job.id == job.id))

    def redraw(self, told: list[Row]) -> None:
        """The list, with the buttons that each state allows."""
        self.list.clear()
        self.lines = {}
        with self.list:
            if not told:
                ui.label("No job yet.").props("data-testid=no-jobs")
                ui.link("Start one on the page 'Simulate'", self.new)
            for line in told:
                self.lines[line.job.id] = JobLine(self, line)

    async def choose(self, job: Job) -> None:
        """Show that job below."""
        self.wanted = job.id
        await self.look()


class JobLine:
    """One job in the list."""

    def __init__(self, page: JobsPage, told: Row) -> None:
        job = told.job
        with ui.element("div").classes("af-row w-full").props(f'role="listitem" data-testid=job-{job.id}'):
            with ui.column().classes("gap-0").style("flex: 1 1 16rem; min-width: 0"):
                ui.button(told.title, on_click=lambda: page.choose(job)).props(
                    f'flat dense no-caps align=left data-testid=open-{job.id} aria-label="Show {_plain(told.title)}"'
                )
                self.progress = ui.label().classes("af-soft").props(f"data-testid=progress-{job.id}")
            tone = TONE.get(told.state.state, "")
            ui.label(told.sign).classes(f"font-medium {tone}").style("min-width: 7rem").props(f"data-testid=state-{job.id}")
            with ui.column().classes("gap-0").style("min-width: 10rem"):
                self.cost = ui.label().classes("af-soft")
                ui.label(told.started).classes("af-soft")
            if told.state.active:
                self.button("Cancel", f"cancel-{job.id}", job.cancel, page)
            else:
                if told.state.state != "done":
                    self.button("Resume", f"resume-{job.id}", lambda: resume(page.project, job), page)
                self.button("Forget", f"forget-{job.id}", job.forget, page)
        if told.state.error:
            ui.label(told.state.error).classes("af-bad").style("white-space: pre-wrap; overflow-wrap: anywhere").props(
                f'role="alert" data-testid=error-{job.id}'
            )

    def button(self, word: str, testid: str, act: object, page: JobsPage) -> None:
        """A button whose error is told."""

        async def pressed() -> None:
            try:
                act()  # type: ignore[operator]
            except AnodefreeError as error:
                said(error)
            await page.look()

        ui.button(word, on_click=pressed).props(f"outline dense no-caps data-testid={testid}")

    def say(self, told: Row) -> None:
        """The numbers anew."""
        self.progress.text = told.progress
        self.cost.text = told.cost


class JobDetail:
    """The chosen job: progress, the picture of what is not finished, and the outputs that are."""

    def __init__(self, project: Project, job: Job) -> None:
        self.project, self.job = project, job
        self.study: Study | None = None
        self.done: tuple[str, ...] | None = None
        self.nodes: dict[str, Node] = {}
        self.pick: ui.select | None = None
        self.picture: tuple[str, bool] | None = None
        with card(job.title) as shown:
            shown.props("data-testid=detail").classes("w-full")
            self.bar = ui.linear_progress(0.0, show_value=False).props('aria-label="Progress" data-testid=bar')
            self.said = ui.label().classes("af-soft").props('role="status" data-testid=detail-progress')
            self.live = ui.column().classes("w-full gap-1").style("max-width: 44rem").props("data-testid=live")
            self.outputs = ui.column().classes("w-full gap-3").props("data-testid=outputs")
            with ui.expansion("Study file").classes("w-full"):
                ui.code(_text(job.study), language="toml").classes("w-full")
            with ui.expansion("Log").classes("w-full"):
                self.log = ui.label().style("white-space: pre-wrap; overflow-wrap: anywhere").classes("af-soft")

    async def look(self, told: Row) -> None:
        """Follow the files."""
        self.bar.value = round(told.share, 3)
        self.said.text = f"{told.sign} · {told.progress} · {told.cost}"
        self.log.text = self.job.log[-4000:] or "Nothing was said."
        if self.study is None:
            self.study = await asyncio.to_thread(planned, self.project, self.job)
        if self.study is None:
            return
        nodes = await asyncio.to_thread(finished, self.job, self.study)
        seen = None if told.state.state == "done" else await asyncio.to_thread(unfinished, self.job, self.study)
        self.show_live(seen[0].id + ": " + seen[1].said if seen else "", seen[1].svg if seen else "", told.state.active)
        if tuple(n.key for n in nodes) != self.done:
            self.done = tuple(n.key for n in nodes)
            self.show_outputs(nodes)

    def show_live(self, words: str, svg: str, active: bool) -> None:
        """The picture, drawn anew only where it changed."""
        if (svg, active) == self.picture:
            return
        self.picture = (svg, active)
        self.live.clear()
        with self.live:
            if svg:
                ui.label(f"As far as it was last saved: {words}").classes("af-soft").props("data-testid=live-said")
                ui.html(svg, sanitize=False).classes("w-full").props("data-testid=live-picture")
            elif active:
                ui.label("A picture comes with the first checkpoint, after half a minute or when it is cancelled.").classes(
                    "af-soft"
                )

    def show_outputs(self, nodes: list[Node]) -> None:
        """What is done so far: more of it is offered as it comes, and what is being looked at stays."""
        self.nodes = {n.key: n for n in nodes}
        ids = {n.key: f"{n.id}: {n.stage}" for n in nodes}
        if self.pick is not None and self.pick.value in ids:
            self.pick.set_options(ids)
            return
        self.outputs.clear()
        self.pick = None
        if not nodes:
            return
        with self.outputs:
            pick = self.pick = ui.select(ids, value=nodes[0].key, label="Output").classes("w-full").style("max-width: 36rem")
            pick.props("outlined dense data-testid=output")
            place = ui.column().classes("w-full gap-2").props("data-testid=result")

        async def opened() -> None:
            if pick.value in self.nodes:
                await self.open(place, self.nodes[pick.value])

        pick.on_value_change(opened)
        with self.outputs:
            ui.timer(0.05, opened, once=True)

    async def open(self, place: ui.column, node: Node) -> None:
        """One output: its view, its scene, its movie."""
        stage = get(node.stage)
        place.clear()
        with place:
            ui.label("Reading …").classes("af-soft").props("role=status")
        try:
            output: Output = await asyncio.to_thread(Store(self.job.store).load, stage, node.key)
            space = await asyncio.to_thread(scene.figure, output)
            view = await asyncio.to_thread(drawn, stage, {node.id: output})
        except AnodefreeError as error:
            place.clear()
            said(error)
            return
        place.clear()
        with place:
            if space is not None:
                ui.label("In space: drag to turn, scroll to come nearer.").classes("af-soft")
                ui.plotly(space).classes("w-full").style("height: 26rem").props("data-testid=scene")
            results.show_outputs(stage, {node.id: output}, view)
            if stage.film is not None:
                self.movie_button(node)

    def movie_button(self, node: Node) -> None:
        """The moving figure, made when it is asked for, in a process of its own."""

        async def make() -> None:
            button.disable()
            try:
                made = await run.cpu_bound(movie, str(self.job.store), node.stage, node.key)
                if made is not None:
                    ui.download.content(made, f"{node.id}.gif", "image/gif")
            finally:
                button.enable()

        button = ui.button("Movie (GIF)", on_click=make).props("outline no-caps data-testid=movie")


def movie(store: str, stage: str, key: str) -> bytes:
    """The GIF of a stored output."""
    known = get(stage)
    with tempfile.TemporaryDirectory(prefix="anodefree-") as folder:
        path = known.animate(Store(Path(store)).load(known, key), Path(folder) / "movie.gif")
        return path.read_bytes()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "The study file is gone."


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("\\", "")
