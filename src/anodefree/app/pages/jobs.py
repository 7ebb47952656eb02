"""Every job of a project: its state, progress and cost, and the buttons that its state allows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final

from nicegui import ui

from anodefree.app.confined import jobs, resume
from anodefree.app.job_view import Row, chosen, row
from anodefree.app.pages import results
from anodefree.app.pages.job_detail import JobDetail
from anodefree.app.shell import Visit, card, page, said
from anodefree.errors import AnodefreeError
from anodefree.study.jobs import Job

LOOK_EVERY_S: Final = 1.0
TONE: Final = {"done": "af-good", "failed": "af-bad", "killed": "af-bad", "cancelled": "af-warn"}
STYLE: Final = """
.af-job { border-left: 3px solid transparent; padding-left: .6em; }
.af-job[aria-current=true] { border-left-color: var(--af-link); }
.af-job .q-btn { min-height: 1.9em; }
.af-job .af-title { padding-left: 0; max-width: 100%; color: var(--af-link); }
.af-job .af-title .q-btn__content { text-align: left; justify-content: flex-start; }
.af-numbers { font-variant-numeric: tabular-nums; }
"""


@page("jobs", "Jobs")
async def build(visit: Visit) -> None:
    """The list above, the chosen job below; both follow the files that the jobs write."""
    ui.add_css(results.STYLE)
    ui.add_css(STYLE)
    request = ui.context.client.request
    await JobsPage(visit, request.query_params.get("job", "") if request else "").build()


class JobsPage:
    """What one visitor sees of the jobs."""

    def __init__(self, visit: Visit, wanted: str) -> None:
        self.project = visit.here
        self.new = visit.link("simulate")
        self.wanted = wanted
        self.lines: dict[str, JobLine] = {}
        self.detail: JobDetail | None = None

    async def build(self) -> None:
        """Draw it and follow."""
        with card("Jobs"):
            with ui.column().classes("gap-1") as self.none:
                ui.label("No job yet.").props("data-testid=no-jobs")
                ui.link("Start one on the page 'Simulate'", self.new).props("data-testid=to-simulate")
            self.list = ui.column().classes("w-full gap-2").props('data-testid=jobs role="list"')
        self.below = ui.column().classes("w-full gap-4")
        await self.look()
        ui.timer(LOOK_EVERY_S, self.look)

    async def look(self) -> None:
        """Read the jobs' files and say what they say."""
        every = await asyncio.to_thread(jobs, self.project)
        told = await asyncio.to_thread(lambda: [row(j) for j in every])
        job = chosen([r.job for r in told], self.wanted)
        self.follow(told, job)
        if job is None:
            self.below.clear()
            self.detail = None
            return
        if self.detail is None or self.detail.job.id != job.id:
            self.below.clear()
            with self.below:
                self.detail = JobDetail(self.project, job)
        await self.detail.look(next(r for r in told if r.job.id == job.id))

    def follow(self, told: list[Row], shown: Job | None) -> None:
        """Lines come and go with their jobs; one that stays keeps its buttons, and with them the keyboard's place."""
        known = {r.job.id for r in told}
        for gone in [i for i in self.lines if i not in known]:
            self.lines.pop(gone).root.delete()
        for place, line in enumerate(told):
            if line.job.id not in self.lines:
                with self.list:
                    self.lines[line.job.id] = JobLine(self, line)
                self.lines[line.job.id].root.move(target_index=place)
            self.lines[line.job.id].say(line, shown is not None and line.job.id == shown.id)
        self.none.set_visibility(not told)

    async def choose(self, job: Job) -> None:
        """Show that job below, also after a reload."""
        self.wanted = job.id
        ui.run_javascript(f"history.replaceState(null, '', '?job=' + encodeURIComponent({json.dumps(job.id)}))")
        await self.look()

    async def forget(self, job: Job) -> None:
        """Take it from the list; the keyboard goes on with the line that takes its place."""
        order = list(sorted(self.lines, reverse=True))
        await asyncio.to_thread(job.forget)
        await self.look()
        left = [i for i in order if i in self.lines]
        after = next((i for i in left if i < job.id), left[-1] if left else None)
        with self.list:  # the button that was pressed is gone
            if after is not None:
                focus(self.lines[after].title)
            else:
                ui.run_javascript("document.querySelector('[data-testid=to-simulate]')?.focus()")


class JobLine:
    """One job in the list."""

    def __init__(self, page: JobsPage, told: Row) -> None:
        self.job, self.page = told.job, page
        job, title = told.job, _plain(told.title)
        self.asked = ""
        """The state in which the visitor pressed a button: when it changes, the keyboard goes on with the next button."""
        with (
            ui.element("div").classes("af-job w-full").props(f'role="listitem" data-testid="job-{_plain(job.id)}"') as self.root
        ):
            with ui.element("div").classes("af-row w-full"):
                with ui.column().classes("gap-0").style("flex: 1 1 16rem; min-width: 0"):
                    self.title = (
                        ui.button(told.title, on_click=lambda: page.choose(job), color=None)
                        .classes("af-title")
                        .props(f'flat dense no-caps align=left data-testid=open-{job.id} aria-label="Show {title}"')
                    )
                    self.progress = ui.label().classes("af-soft af-numbers").props(f"data-testid=progress-{job.id}")
                self.state = ui.label().classes("font-medium").style("min-width: 7rem")
                self.state.props(f'role="status" data-testid=state-{job.id}')
                with ui.column().classes("gap-0").style("min-width: 12rem"):
                    self.cost = ui.label().classes("af-soft af-numbers").props(f"data-testid=cost-{job.id}")
                    ui.label(told.started).classes("af-soft af-numbers").props('title="when it was asked for"')
                with ui.element("div").classes("af-row").style("min-width: 10rem"):
                    self.buttons = {
                        "cancel": self.button("Cancel", job.cancel),
                        "resume": self.button("Resume", lambda: resume(page.project, job)),
                        "forget": self.button("Forget", None),
                    }
            self.error = ui.label().classes("af-bad").style("white-space: pre-wrap; overflow-wrap: anywhere")
            self.error.props(f'role="alert" data-testid=error-{job.id}')

    def button(self, word: str, act: Callable[[], None] | None) -> ui.button:
        """A button whose error is told."""

        async def pressed() -> None:
            self.asked = self.state.text
            try:
                if act is None:
                    await self.page.forget(self.job)
                    return
                await asyncio.to_thread(act)
            except AnodefreeError as error:
                said(error)
            self.page.wanted = self.job.id
            await self.page.look()

        made = ui.button(word, on_click=pressed).props(f"outline dense no-caps data-testid={word.lower()}-{self.job.id}")
        return made.props(f'aria-label="{word} {_plain(self.title.text)}"')

    def say(self, told: Row, shown: bool) -> None:
        """What is known of it now."""
        self.progress.text, self.cost.text = told.progress, told.cost
        self.state.text, self.error.text = told.sign, told.state.error
        self.state.classes(TONE.get(told.state.state, ""), remove=" ".join(t for s, t in TONE.items() if s != told.state.state))
        self.error.set_visibility(bool(told.state.error))
        self.root.props(f'aria-current="{str(shown).lower()}"')
        active, ended = told.state.active, told.state.state == "done"
        for name, seen in (("cancel", active), ("resume", not active and not ended), ("forget", not active)):
            self.buttons[name].set_visibility(seen)
        if self.asked and self.asked != told.sign:
            self.asked = ""
            focus(next(b for b in self.buttons.values() if b.visible), among=list(self.buttons.values()))


def focus(element: ui.element, among: list[ui.button] | None = None) -> None:
    """Put the keyboard there: always, or only where it was on one of those, or nowhere any more."""
    ids = [e.id for e in among or []]
    lost = f"[document.body, ...{ids}.map(getHtmlElement)].includes(document.activeElement)" if among else "true"
    ui.run_javascript(f"if ({lost}) getHtmlElement({element.id})?.focus()")


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("\\", "")
