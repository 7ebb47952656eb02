"""Choose what to simulate, change what it takes, see the study file that says so, start it as a job."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from nicegui import ui

from anodefree.app import form
from anodefree.app.confined import planned, start
from anodefree.app.own_study import fault, keep
from anodefree.app.presets import COLLECTORS, SIZES, SUBJECTS, Chosen, choose, study_text
from anodefree.app.shell import Visit, card, page, said
from anodefree.errors import AnodefreeError
from anodefree.registry import Stage
from anodefree.stages import get

FORM_WRITES: Final = "The same file runs with 'anodefree run'. It follows the form until it is changed by hand."
HAND_WRITES: Final = "Changed by hand: this file is what runs, and the form above no longer writes it."


@page("simulate", "Simulate")
def build(visit: Visit) -> None:
    """Everything of the page."""
    SimulatePage(visit).build()


class SimulatePage:
    """What one visitor has chosen."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.chosen: Chosen = choose("deposit", "Cu", "small")
        self.values: dict[str, Any] = {}
        self.preset: dict[str, Any] = {}
        self.form: list[form.Field] = []
        self.fed: dict[str, Any] = {}
        self.by_hand = False
        self.by_hand_text = ""
        """What stood there by hand before the form wrote over it."""
        self.writing = False

    def build(self) -> None:
        """Draw it."""
        with card("What"), ui.column().classes("w-full gap-3"):
            with ui.element("div").classes("af-row w-full"):
                titles = {n: s.title for n, s in SUBJECTS.items()}
                self.subject = ui.select(titles, value="deposit", label="Simulate", on_change=self.changed)
                self.subject.props("outlined dense data-testid=subject").style("flex: 1 1 17rem; max-width: 24rem")
                self.collector = ui.select(dict(COLLECTORS), value="Cu", label="Collector", on_change=self.changed)
                self.collector.props("outlined dense data-testid=collector").style("flex: 1 1 12rem; max-width: 24rem")
                self.size = ui.select(list(SIZES), value="small", label="Size", on_change=self.changed)
                self.size.props("outlined dense data-testid=size").style("flex: 1 1 9rem; max-width: 24rem")
            self.cost = ui.label().props('role="status" data-testid=cost')
            self.note = ui.label().classes("af-soft")
        with card("Parameters"):
            self.fields = ui.column().classes("w-full gap-2")
        with card("Study file"), ui.column().classes("w-full gap-2"):
            self.whose = ui.label(FORM_WRITES).classes("af-soft").props('role="status" data-testid=study-whose')
            self.text = ui.textarea(label="TOML", on_change=self.edited).classes("w-full font-mono")
            self.text.props('outlined autogrow spellcheck=false data-testid=study input-style="font-family: monospace"')
            self.wrong = ui.label().classes("af-bad").style("white-space: pre-wrap; overflow-wrap: anywhere")
            self.wrong.props('role="alert" data-testid=study-fault')
            with ui.element("div").classes("af-row"):
                ui.button("Start", on_click=self.start).props("unelevated no-caps data-testid=start")
                ui.button("Check", on_click=self.check).props("outline no-caps data-testid=check-study")
                self.again = ui.button("Follow the form again", on_click=self.follow)
                self.again.props("flat no-caps data-testid=follow-form")
                self.back = ui.button("Bring back what I wrote", on_click=self.bring_back)
                self.back.props("flat no-caps data-testid=bring-back")
        self.changed()

    def changed(self) -> None:
        """Another preset: its form and its file."""
        if self.writing:
            return
        subject = SUBJECTS[self.subject.value]
        known = {c: n for c, n in COLLECTORS.items() if c in subject.collectors}
        self.writing = True
        self.collector.set_options(known, value=self.collector.value if self.collector.value in known else next(iter(known)))
        self.writing = False
        self.chosen = choose(self.subject.value, self.collector.value, self.size.value)
        self.cost.text = f"Cost: {subject.cost[self.size.value]}."
        self.note.text = subject.note
        main = self.chosen.main
        self.form = form.fields(get(main.stage))
        self.fed = {n: v for n, v in main.parameters.items() if isinstance(v, dict) and "from" in v}
        given = {n: v for n, v in main.parameters.items() if n not in self.fed}
        self.values = {f.name: _shown(f, given[f.name]) if f.name in given else f.initial for f in self.form}
        self.preset = dict(self.values)
        self.draw_form(set(given))
        if not self.by_hand:
            self.follow()

    def draw_form(self, given: set[str]) -> None:
        """What the preset sets in front, all the rest behind a fold."""
        self.fields.clear()
        first = [f for f in self.form if f.name in given]
        rest = [f for f in self.form if f.name not in given and f.name not in self.fed]
        with self.fields:
            with ui.element("div").classes("af-grid w-full"):
                for field in first:
                    self.draw_field(field)
            if not first:
                ui.label("The preset leaves every parameter at its default.").classes("af-soft")
            for name, source in self.fed.items():
                ui.label(f"{name}: '{source['estimate']}' of the step '{source['from']}'").classes("af-soft")
            folded = ui.expansion(f"All others ({len(rest)})").classes("w-full").props("data-testid=all-parameters")
            with folded, ui.element("div").classes("af-grid w-full"):
                for field in rest:
                    self.draw_field(field)

    def draw_field(self, field: form.Field) -> None:
        """One parameter with its unit, what it means, and what is wrong with it."""
        label = f"{field.name} [{field.unit}]" if field.unit else field.name
        testid = f"data-testid=param-{field.name}"

        def entered(event: Any) -> None:
            self.values[field.name] = event.value
            if not self.by_hand:
                self.follow()

        with ui.column().classes("gap-0"):
            if field.widget == "switch":
                ui.switch(label, value=bool(self.values[field.name]), on_change=entered).props(testid)
            elif field.widget == "select":
                value = self.values[field.name] if self.values[field.name] in field.options else None
                chosen = ui.select(list(field.options), value=value, label=label, on_change=entered)
                chosen.props(f"outlined dense {testid}").classes("w-full")
            else:
                ui.input(
                    label, value=str(self.values[field.name]), on_change=entered, validation=lambda v: field.fault(v) or None
                ).props(f"outlined dense debounce=300 {testid}").classes("w-full")
            ui.label(field.explained).classes("af-soft").style("overflow-wrap: anywhere")

    def follow(self) -> None:
        """Write the file that the form says."""
        try:
            asked = [f for f in self.form if f.name not in self.fed]
            given = {n: _number(v, get(self.chosen.main.stage), n) for n, v in form.entered(asked, self.values).items()}
        except AnodefreeError as error:
            self.wrong.text = error.what
            return
        self.by_hand_text = self.text.value or "" if self.by_hand else self.by_hand_text
        self.by_hand, self.writing = False, True
        own = (
            "" if self.values == self.preset else f"{self.chosen.subject.title} on {COLLECTORS[self.chosen.collector]}, changed"
        )
        self.text.value = study_text(self.chosen, {**given, **self.fed}, title=own)
        stated = self.chosen.subject.cost[self.size.value]
        self.cost.text = f"Cost: {stated}." if not own else f"Cost of this size before it was changed: {stated}."
        self.writing = False
        self.wrong.text = ""
        self.say_whose()

    def edited(self) -> None:
        """Changed by hand: from here on it stands for itself."""
        if not self.writing and not self.by_hand:
            self.by_hand = True
            self.say_whose()

    def bring_back(self) -> None:
        """The study that was written by hand, in place of the form's."""
        self.text.value = self.by_hand_text

    def say_whose(self) -> None:
        """Who writes the file now, and the way back."""
        self.whose.text = HAND_WRITES if self.by_hand else FORM_WRITES
        self.again.set_visibility(self.by_hand)
        self.back.set_visibility(bool(self.by_hand_text) and not self.by_hand)

    async def check(self) -> None:
        """Say what is wrong with the file."""
        found = await asyncio.to_thread(fault, self.visit.here, self.text.value or "")
        self.wrong.text = found
        if not found:
            ui.notify("The study is in order.", type="positive", position="top")

    async def start(self) -> None:
        """Keep the file, start the job, go where it can be watched."""
        if self.wrong.text and not self.by_hand:
            ui.notify("A parameter is not right yet.", type="negative", position="top")
            return
        here = self.visit.here
        try:
            path = await asyncio.to_thread(keep, here, self.chosen.title, self.text.value or "")
            title = (await asyncio.to_thread(planned, here, path)).head.title[:120]
            job = await asyncio.to_thread(start, here, path, title)
        except AnodefreeError as error:
            self.wrong.text = error.what
            said(error)
            return
        ui.navigate.to(f"{self.visit.link('jobs')}?job={job.id}")


def _shown(field: form.Field, value: Any) -> str | bool:
    """A preset's value as its field holds it."""
    return value if field.widget == "switch" and isinstance(value, bool) else form.text_of(value, field.unit or "1")


def _number(value: Any, stage: Stage, name: str) -> Any:
    """A bare number without the quotes that text would have in the file."""
    kind = next(p.type for p in stage.parameters if p.name == name)
    if not isinstance(value, str) or kind is str or "str" in str(kind):
        return value
    for read in (int, float):
        with contextlib.suppress(ValueError):
            return read(value)
    return value
