"""One job below the list: how far it is, what is not finished as a picture, and what is: numbers, figures, scenes, movies."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from nicegui import run, ui

from anodefree.app import scene
from anodefree.app.job_view import Picture, Row, finished, lasted, planned, unfinished
from anodefree.app.pages import results
from anodefree.app.project import Project
from anodefree.app.result_view import drawn
from anodefree.app.shell import card, said
from anodefree.errors import AnodefreeError
from anodefree.registry import Output
from anodefree.stages import get
from anodefree.study.graph import Node
from anodefree.study.jobs import Job
from anodefree.study.plan import Study
from anodefree.study.store import Store

TURNS: Final = "Boolean(document.createElement('canvas').getContext('webgl'))"


class JobDetail:
    """The chosen job: progress, the picture of what is not finished, and the outputs that are."""

    def __init__(self, project: Project, job: Job) -> None:
        self.project, self.job = project, job
        self.study: Study | None = None
        self.done: tuple[str, ...] | None = None
        self.nodes: dict[str, Node] = {}
        self.pick: ui.select | None = None
        self.offered = ""
        """The output that was last put in front; another one in its place was chosen by hand, and stays."""
        self.picture: Picture | None = None
        self.shown = ""
        with card(job.title) as shown:
            shown.props("data-testid=detail").classes("w-full")
            self.bar = ui.linear_progress(0.0, show_value=False).props('aria-label="Progress" data-testid=bar')
            self.said = ui.label().classes("af-soft af-numbers").props("data-testid=detail-progress")
            self.live_said = ui.label().classes("af-soft af-numbers").props("data-testid=live-said")
            self.live = ui.column().classes("w-full gap-1").style("max-width: 44rem").props("data-testid=live")
            self.outputs = ui.column().classes("w-full gap-3").props("data-testid=outputs")
            with ui.expansion("Study file").classes("w-full").props("data-testid=job-study"):
                ui.code(_text(job.study), language="toml").classes("w-full af-code")
            with ui.expansion("Log").classes("w-full").props("data-testid=job-log"):
                self.log = ui.label().style("white-space: pre-wrap; overflow-wrap: anywhere").classes("af-soft")

    async def look(self, told: Row) -> None:
        """Follow the files."""
        self.bar.value = round(told.share, 3)
        self.said.text = f"{told.sign} · {told.progress} · {told.cost}"
        self.log.text = self.job.log[-4000:] or "Nothing was said."
        if self.study is None:
            self.study = await asyncio.to_thread(planned, self.project, self.job)
        if self.study is None:
            self.show_live(told)
            return
        nodes = await asyncio.to_thread(finished, self.job, self.study)
        over = told.state.state == "done"
        self.picture = None if over else await asyncio.to_thread(unfinished, self.job, self.study, self.picture)
        self.show_live(told)
        if tuple(n.key for n in nodes) != self.done:
            self.done = tuple(n.key for n in nodes)
            self.show_outputs(nodes)

    def show_live(self, told: Row) -> None:
        """The picture, drawn anew only where it changed; in words what it shows and how old it is."""
        seen, words = self.picture, ""
        if seen is not None:
            words = f"{seen.node}: {seen.live.said}. Saved {lasted(max(time.time() - seen.saved_s, 0.0))} ago."
        elif told.state.state == "running":
            words = "A picture follows with the first save, within seconds once the first step computes; words until then."
        self.live_said.text = words
        self.live_said.set_visibility(bool(words))
        svg = seen.live.svg if seen is not None else ""
        if svg == self.shown:
            return
        self.shown = svg
        self.live.clear()
        if svg:
            with self.live:
                ui.html(svg, sanitize=False).classes("w-full").props("data-testid=live-picture")

    def show_outputs(self, nodes: list[Node]) -> None:
        """What is done so far: more of it is offered as it comes, and what is being looked at stays."""
        self.nodes = {n.key: n for n in nodes}
        ids = {n.key: f"{n.id}: {n.stage}" for n in nodes}
        last = nodes[-1].key if nodes else ""
        if self.pick is not None and self.pick.value in ids:
            by_hand = self.pick.value != self.offered
            self.offered = last
            self.pick.set_options(ids, value=self.pick.value if by_hand else last)
            return
        self.outputs.clear()
        self.pick, self.offered = None, last
        if not nodes:
            return
        with self.outputs:
            pick = self.pick = ui.select(ids, value=last, label="Output").classes("w-full").style("max-width: 36rem")
            pick.props("outlined dense data-testid=output")
            place = ui.column().classes("w-full gap-2").props("data-testid=result")

        async def opened() -> None:
            if pick.value in self.nodes:
                await self.open(place, self.nodes[pick.value])

        pick.on_value_change(opened)
        with self.outputs:
            ui.timer(0.05, opened, once=True)

    async def open(self, place: ui.column, node: Node) -> None:
        """One output: its scene, its view, its movie."""
        stage = get(node.stage)
        place.clear()
        with place:
            ui.label("Reading …").classes("af-soft").props("role=status")
        try:
            output: Output = await asyncio.to_thread(Store(self.job.store).load, stage, node.key)
            if not self.asks_for(node):
                return
            space = await asyncio.to_thread(scene.figure, output)
            view = await asyncio.to_thread(drawn, stage, {node.id: output})
        except AnodefreeError as error:
            place.clear()
            said(error)
            return
        turns = space is not None and await can_turn()
        if not self.asks_for(node):
            return
        place.clear()
        with place:
            if space is not None:
                show_scene(space, turns)
            if stage.film is not None:
                self.movie_button(node)
            results.show_outputs(stage, {node.id: output}, view)

    def asks_for(self, node: Node) -> bool:
        """Whether it is still the one to be shown: another may have been asked for meanwhile."""
        return self.pick is not None and self.pick.value == node.key

    def movie_button(self, node: Node) -> None:
        """The moving figure, made when it is asked for, in a process of its own."""

        async def make() -> None:
            button.disable()
            waiting.set_visibility(True)
            try:
                made = await run.cpu_bound(movie, str(self.job.store), node.stage, node.key)
                if made is not None:
                    ui.download.content(made, f"{node.id}.gif", "image/gif")
            except AnodefreeError as error:
                said(error)
            finally:
                button.enable()
                waiting.set_visibility(False)

        with ui.element("div").classes("af-row"):
            button = ui.button("Movie (GIF)", on_click=make).props("outline no-caps data-testid=movie")
            waiting = ui.label("Drawing the frames …").classes("af-soft").props("role=status data-testid=movie-waits")
        waiting.set_visibility(False)


async def can_turn() -> bool:
    """Whether this browser draws in space."""
    try:
        return bool(await ui.run_javascript(TURNS, timeout=5.0))
    except TimeoutError:
        return True  # busy is not unable


def show_scene(space: dict[str, Any], turns: bool) -> None:
    """A view that can be turned; where nothing can, a sentence: the figures below stand for it."""
    if turns:
        ui.label("In space: drag to turn, scroll to come nearer.").classes("af-soft")
        ui.plotly(space).classes("w-full").style("height: 26rem").props("data-testid=scene")
    else:
        words = "This browser draws nothing in space (it has no WebGL): the figure below shows the same from one side."
        ui.label(words).props("role=note data-testid=no-webgl")


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
