"""One station of the chain, opened: the paper's values with their verdicts, and its steps with every run, drawn when opened."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from nicegui import ui

from anodefree.app.chain_picture import Station
from anodefree.app.estimates_table import STYLE as ESTIMATES
from anodefree.app.estimates_table import estimates
from anodefree.app.reproduction import Reproduction, output_of
from anodefree.app.result_view import SIGNS, checks_first, svg
from anodefree.app.result_view import TONES as CHECK_TONES
from anodefree.app.shell import card, heading, sentence
from anodefree.core.result import Check, Result
from anodefree.core.units import bare
from anodefree.errors import AnodefreeError
from anodefree.registry import Output
from anodefree.stages import get
from anodefree.study.graph import Node, Outcome
from anodefree.study.ledger import Ledger
from anodefree.study.prose import plain
from anodefree.study.store import Store
from anodefree.study.typeset import parameter, quantity, sample, unit, with_unit
from anodefree.study.typeset import sentence as typeset_sentence
from anodefree.study.verdicts import UNANSWERED, Verdict, stated

MARKS: Final = {"reproduced": "✓", "consistent": "✓", "not reproduced": "✗", "contradicted": "✗"}
TONES: Final = {"✓": "af-good", "✗": "af-bad", "○": "af-soft", "!": "af-warn"}
STATES: Final = {
    **{"done": "✓ done", "stale": "✓ done by older code", "running": "… running", "failed": "✗ failed"},
    **{"blocked": "✗ blocked", "missing": "○ not run"},
}
CSS: Final = (
    """
.rp-top { justify-content: space-between; } .rp-top h2 { margin: 0; }
.rp-claims { display: grid; grid-template-columns: minmax(10em, 1.3fr) 9em 13em 9em minmax(14em, 3fr); gap: 0 1em;
  font-size: 14px; }
.rp-claims > * { display: contents; } .rp-claims > * > * { padding: .35em 0; border-top: 1px solid var(--af-line); min-width: 0;
  overflow-wrap: break-word; }
.rp-claims > .rp-head > * { border-top: 0; color: var(--af-soft); font-size: 13px; padding-top: 0; }
.rp-check { display: flex; gap: .7em; align-items: baseline; } .rp-check > :first-child { white-space: nowrap; }
.rp-figure { max-width: 34rem; } .rp-figure svg { width: 100%; height: auto; }
.rp-step { border-top: 1px solid var(--af-line); } .rp-step .q-expansion-item__content { padding: .2em 0 .8em 1em; }
.rp-step .q-item { padding: .2em .3em; min-height: 34px; } .rp-step .q-item__section--main { overflow-wrap: anywhere; }
.rp-run .q-item { font-size: 14px; min-height: 30px; }
.rp-claims summary, .af-card details > summary { cursor: pointer; list-style: none; }
summary::before { content: "▸ "; } details[open] > summary::before { content: "▾ "; }
@media (max-width: 900px) {
  .rp-claims { display: block; } .rp-claims > * { display: block; padding: .5em 0; border-top: 1px solid var(--af-line); }
  .rp-claims > * > * { padding: .05em 0; border: 0; } .rp-claims > .rp-head { display: none; }
  .rp-claims [data-what]::before { content: attr(data-what) ": "; color: var(--af-soft); }
  .rp-step .q-expansion-item__content { padding: .2em 0 .6em; } }
"""
    + ESTIMATES
)
_END: Final = re.compile(r"(?<=[^\d\s][.:]) (?=[A-Z])")
"""Between two sentences."""


class StationPanel:
    """The open station. `refresh` tells it what has been computed since; what a person opened stays open."""

    def __init__(self, shown: Reproduction, name: str, store: Store, close: Callable[[], None]) -> None:
        """`close` takes the panel away: by its button, or by the key Escape from anywhere in it."""
        self.shown, self.name, self.store = shown, name, store
        self.told: dict[str, Callable[[], None]] = {}
        self.verdicts: tuple[Verdict, ...] | None = None
        station = self.station
        with card("") as section:
            self.section = section
            section.props(f'data-testid=station-panel tabindex="-1" aria-label="Station {name}"')
            section.on("keydown.escape", close)
            with ui.element("div").classes("af-row rp-top"):
                heading(name, 2)
                ui.button("Close", on_click=close).props("flat dense no-caps data-testid=close-station")
            with ui.element("div") as claims:
                self.claims = claims
            heading("Steps", 3)
            titles = Counter(plain(t).rstrip(".") for _, t in {(o.node.step, o.node.title) for o in station.outcomes})
            self._repeated = {t for t, n in titles.items() if n > 1}
            for step in station.steps:
                self._step(step)
        self._judged()

    @property
    def station(self) -> Station:
        """As it stands now."""
        return self.shown.chain[self.name]

    def refresh(self, shown: Reproduction) -> None:
        """Show what has changed."""
        self.shown = shown
        self._judged()
        for tell in list(self.told.values()):
            tell()

    def _judged(self) -> None:
        """Drawn anew only where a verdict has changed: what a person has unfolded stays, and so does the focus."""
        if self.verdicts == self.station.verdicts:
            return
        self.verdicts = self.station.verdicts
        self.claims.clear()
        with self.claims:
            _claims(self.station.verdicts, self.shown.study.ledger)

    def _step(self, step: str) -> None:
        """One step: its title and how many runs are done; the runs themselves once it is opened."""
        runs = [o.node for o in self.station.outcomes if o.node.step == step]
        title = plain(runs[0].title).rstrip(".") or step
        if title in self._repeated:
            title += f" ({step})"
        with ui.expansion().classes("w-full rp-step").props(f"dense data-testid=step-{step}") as opened:
            inside = ui.element("div").classes("w-full")

        def tell() -> None:
            states = [self.shown.states[n.id].state for n in runs]
            done = sum(s in ("done", "stale") for s in states)
            mark = "✗ " if "failed" in states or "blocked" in states else "✓ " if done == len(runs) else "○ "
            count = f"{done} of {len(runs)} runs done" if len(runs) > 1 else STATES[states[0]][2:]
            opened.text = f"{mark}{title} · {count}"

        def draw() -> None:
            if not opened.value or inside.default_slot.children:
                return
            with inside:
                ui.label(f"{step}: {runs[0].stage}, {get(runs[0].stage).title}").classes("af-soft")
                for node in runs:
                    self._run(node, alone=len(runs) == 1)

        tell()
        self.told[f"step {step}"] = tell
        opened.on_value_change(draw)

    def _run(self, node: Node, *, alone: bool) -> None:
        """One run of the step; loaded and drawn when it is opened, off the server's loop."""
        with ui.expansion(value=False).classes("w-full rp-run").props(f'dense data-testid="node-{node.id}"') as opened:
            inside = ui.element("div").classes("w-full")
        drawn: list[str] = []

        def tell() -> None:
            words = STATES[self.shown.states[node.id].state]
            label = ", ".join(sample(v) for v in node.label.values()) or node.step
            opened.text = f"{words[:2]}{label} · {words[2:]}"

        async def draw() -> None:
            outcome = self.shown.states[node.id]
            if not opened.value or drawn == [outcome.state]:
                return
            drawn[:] = [outcome.state]
            inside.clear()
            with inside:
                if outcome.state in ("done", "stale"):
                    await self._output(node)
                else:
                    ui.label(_why(outcome)).classes("af-soft").style("white-space: pre-line; overflow-wrap: anywhere")

        tell()
        self.told[f"run {node.id}"] = tell
        opened.on_value_change(draw)
        if alone:
            opened.value = True

    async def _output(self, node: Node) -> None:
        waiting = ui.spinner(size="sm").props('aria-label="The result is being read"')
        number = abs(hash((self.name, node.id))) % 10**9
        try:
            output, picture = await asyncio.to_thread(_drawn, self.store, node, f"n{number}")
        except AnodefreeError as error:
            waiting.delete()
            ui.label(sentence(error)).classes("af-bad")
            return
        waiting.delete()
        for check in checks_first(output):
            _check(check)
        if isinstance(output, Result):
            estimates(output)
        if picture:
            ui.html(picture, sanitize=False).classes("rp-figure").props("data-testid=figure")
        given = {k: v for k, v in node.parameters.items() if v is not None}
        if given:
            text = "; ".join(f"{_bare(k)} {parameter(k, v)}" for k, v in given.items())
            ui.label(f"Parameters: {text}").classes("af-soft").style("overflow-wrap: anywhere")


def _drawn(store: Store, node: Node, name: str) -> tuple[Output, str]:
    """In a thread: the output and its figure."""
    output = output_of(store, node)
    return output, svg(get(node.stage), output, name)


def _claims(verdicts: tuple[Verdict, ...], ledger: Ledger) -> None:
    answered = [v for v in verdicts if v.verdict != UNANSWERED]
    open_ = [v for v in verdicts if v.verdict == UNANSWERED]
    if not verdicts:
        ui.label("The paper states no value here.").classes("af-soft")
    if answered:
        _table(answered, ledger)
    if open_:
        with ui.element("details").props("data-testid=unanswered"):
            with ui.element("summary").classes("af-soft"):
                many = "1 value" if len(open_) == 1 else f"{len(open_)} values"
                ui.label(f"{many} of the paper that no step of this study answers").style("display: inline")
            _table(open_, ledger)


def _table(verdicts: list[Verdict], ledger: Ledger) -> None:
    with ui.element("div").classes("rp-claims").props("role=table data-testid=claims"):
        with ui.element("div").classes("rp-head").props("role=row"):
            for head in ("the paper's quantity", "paper", "ours", "verdict", "reason"):
                ui.label(head).props("role=columnheader")
        for verdict in verdicts:
            with ui.element("div").props(f'role=row data-testid="claim-{verdict.id}"'):
                _claim(verdict, ledger)


def _claim(verdict: Verdict, ledger: Ledger) -> None:
    claim = ledger[verdict.id]
    with ui.element("div").props("role=cell"):
        ui.label(plain(claim.title))
        ui.label(sample(verdict.sample)).classes("af-soft")
    paper = with_unit(stated(claim, verdict.sample), unit(claim.unit[verdict.sample]))
    ui.label(paper).props('role=cell data-what="paper"')
    with ui.element("div").props('role=cell data-what="ours"').classes("rp-ours"):
        ours = (
            "–"
            if verdict.ours is None
            else quantity(verdict.ours, float("nan") if verdict.std is None else verdict.std, verdict.unit)
        )
        ui.label(ours).style("display: inline")
        if verdict.what and verdict.ours is not None:
            ui.label(plain(verdict.what)).classes("af-soft")
    mark = MARKS.get(verdict.verdict, "○")
    ui.label(f"{mark} {verdict.verdict}").classes(TONES[mark]).props('role=cell data-what="verdict"')
    with ui.element("div").props("role=cell"):
        first, *more = _END.split(typeset_sentence(verdict.reason), maxsplit=1)
        ui.label(first)
        if more:
            with ui.element("details").classes("af-soft"):
                with ui.element("summary"):
                    ui.label("more").style("display: inline")
                ui.label(more[0])
        if verdict.node:
            ui.label(f"by {verdict.node}").classes("af-soft")


def _check(check: Check) -> None:
    with ui.element("div").classes("rp-check").props("data-testid=check"):
        ui.label(SIGNS[check.status]).classes(CHECK_TONES[check.status])
        ui.label(f"{check.name.replace('_', ' ')}: {check.message}").style("min-width: 0")


def _why(outcome: Outcome) -> str:
    return outcome.error or ("It has not been run: 'Recompute' does it." if outcome.state == "missing" else outcome.state)


def _bare(name: str) -> str:
    return bare(name).replace("_", " ")
