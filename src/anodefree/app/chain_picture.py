"""The chain as a picture: every step of a study and every value of its ledger at one of the paper's stations, as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from anodefree.core.figure import COLOURS
from anodefree.study.graph import Outcome
from anodefree.study.plan import Study
from anodefree.study.verdicts import UNANSWERED, VERDICTS, Verdict

ORDER: Final = ("magnet", "ion", "sheath", "interphase", "deposit", "cell", "pouch", "other")
_FAMILY: Final = {
    **{"magnet": "magnet", "ions": "ion", "solvation": "sheath", "raman": "sheath", "pouch": "pouch"},
    **dict.fromkeys(("xps", "tofsims", "afm", "tem", "eis", "drt", "interphase"), "interphase"),
    **dict.fromkeys(("deposit", "sem"), "deposit"),
    **dict.fromkeys(("cell", "cycling", "cycler", "inventory"), "cell"),
}
"""Families of stages that speak of one station only; instruments and kinetics serve several."""
_PART: Final = {"field": "sheath", "interphase": "interphase", "deposit": "deposit", "cells": "cell"}
"""Where a claim of that part belongs, if the stage that answers it does not say more."""
_STATES: Final = {"done": "done", "stale": "done", "running": "running", "failed": "failed", "blocked": "failed"}
_MARKS: Final = {"done": "✓", "running": "▶", "failed": "✗", "missing": "○"}
STATES: Final = tuple(_MARKS)
_COLOUR: Final = {
    "done": f"var(--af-good,{COLOURS[2]})",
    "running": f"var(--af-link,{COLOURS[0]})",
    "failed": f"var(--af-bad,{COLOURS[1]})",
    "missing": "currentColor",
}
"""The page's own tones, which are legible in light and in dark."""
_SHORT: Final = {UNANSWERED: "not answered here"}
"""What would not fit into a box."""
_WIDE, _GAP = 150, 26
_FEWEST, _MOST = 3, 5
"""Lines of verdicts that a box has room for."""


@dataclass(frozen=True)
class Box:
    """What the picture says of one station."""

    name: str
    states: Mapping[str, int] | None = None
    """How many nodes are done, running, failed (or wait for one that failed), and missing; None while that is not known."""
    counts: Mapping[str, int] | None = None
    """How many values have which verdict, those that occur; None while that is not known."""

    @property
    def said(self) -> str:
        """All of it in words, for whoever does not see the picture."""
        if self.states is None:
            return f"{self.name}: being read"
        states = ", ".join(f"{n} {state}" for state, n in self.states.items() if n or state != "running")
        counts = ", ".join(f"{n} {verdict}" for verdict, n in (self.counts or {}).items())
        values = "values are being read" if self.counts is None else counts or "no values of the paper"
        return f"{self.name}: {sum(self.states.values())} nodes, {states}; {values}"


@dataclass(frozen=True)
class Picture:
    """The boxes in the order of the chain, and between which of them a number is handed on (None: not known yet)."""

    boxes: tuple[Box, ...] = tuple(Box(name) for name in ORDER[:-1])
    links: frozenset[tuple[str, str]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the stations."""
        return tuple(b.name for b in self.boxes)


@dataclass(frozen=True)
class Station:
    """One station: its steps, what became of their nodes, and the verdicts on the values they answer."""

    name: str
    steps: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def box(self) -> Box:
        """As the picture shows it."""
        states = Counter(_STATES.get(o.state, "missing") for o in self.outcomes)
        values = Counter(v.verdict for v in self.verdicts)
        return Box(self.name, {s: states[s] for s in _MARKS}, {v: values[v] for v in VERDICTS if values[v]})


@dataclass(frozen=True)
class Chain:
    """The stations in the order of the chain, and between which of them a number is handed on."""

    stations: tuple[Station, ...]
    links: frozenset[tuple[str, str]]

    def __getitem__(self, name: str) -> Station:
        return next(s for s in self.stations if s.name == name)

    @property
    def picture(self) -> Picture:
        """What is drawn of it."""
        return Picture(tuple(s.box for s in self.stations), self.links)


def places(study: Study) -> dict[str, str]:
    """The station of every step, by what its stage speaks of, what it answers, what reads it, and what it reads."""
    of_node = {n.id: n.step for n in study.nodes}
    found = {n.step: s for n in study.nodes if (s := _FAMILY.get(_family(n.stage)))}
    for node in study.nodes:
        parts = [_PART[p] for a in node.answers if (p := study.ledger[a.claim].part) in _PART]
        if parts:
            found.setdefault(node.step, parts[0])
    read = [(of_node[i], n.step) for n in study.nodes for i in study.needs(n) if i in of_node]
    steps = list(dict.fromkeys(n.step for n in study.nodes))
    # What prepares for a step belongs where the step does; read from the end, so that it passes through several.
    for step in reversed(steps):
        readers = [found[b] for a, b in read if a == step and b in found]
        if readers:
            found.setdefault(step, min(readers, key=ORDER.index))
    for step in steps:
        sources = [found[a] for a, b in read if b == step and a in found]
        found.setdefault(step, max(sources, key=ORDER.index) if sources else "other")
    return {step: found[step] for step in steps}


def chain(study: Study, outcomes: Sequence[Outcome], verdicts: Iterable[Verdict]) -> Chain:
    """The study laid out along the chain; only stations that hold something, and the seven of the paper in any case."""
    at = places(study)
    of_node = {n.id: at[n.step] for n in study.nodes}
    judged: dict[str, list[Verdict]] = {name: [] for name in ORDER}
    for verdict in verdicts:
        judged[of_node.get(verdict.node) or _unanswered(study, verdict)].append(verdict)
    made = []
    for name in ORDER:
        steps = tuple(s for s, place in at.items() if place == name)
        if name != "other" or steps or judged[name]:
            own = tuple(o for o in outcomes if at[o.node.step] == name)
            made.append(Station(name, steps, own, tuple(judged[name])))
    links = {(of_node[i], of_node[n.id]) for n in study.nodes for i in study.needs(n) if i in of_node}
    return Chain(tuple(made), frozenset((a, b) for a, b in links if a != b))


def _family(stage: str) -> str:
    return stage.partition(".")[0]


def _unanswered(study: Study, verdict: Verdict) -> str:
    claim = study.ledger[verdict.id]
    planned = [s for stage in claim.planned if (s := _FAMILY.get(_family(stage)))]
    return planned[0] if planned else _PART.get(claim.part, "other")


def svg(picture: Picture, *, links: Mapping[str, str] | None = None, chosen: str = "", upright: bool = False) -> str:
    """One box per station, a link that keyboard and mouse reach; a dashed arrow where no number is handed on.

    `links` gives each station its address; `upright` stacks the boxes for a narrow window.
    """
    count = len(picture.boxes)
    high = 50 + 13 * max(_FEWEST, *(len(_values(b)) for b in picture.boxes))
    step = (0, high + _GAP) if upright else (_WIDE + _GAP, 0)
    width = _WIDE if upright else count * _WIDE + (count - 1) * _GAP
    height = count * high + (count - 1) * _GAP if upright else high
    body = []
    for i, box in enumerate(picture.boxes):
        x, y = 2 + i * step[0], 2 + i * step[1]
        if i and box.name != "other":
            body.append(_arrow(picture, picture.boxes[i - 1].name, box.name, x, y, high, upright=upright))
        address = (links or {}).get(box.name, f"#{box.name}")
        test = f"station-{'upright-' if upright else ''}{box.name}"
        body.append(_box(box, x, y, high, address, test, chosen=box.name == chosen))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 4} {height + 4}" role="group" '
        f'aria-label="The chain, station by station" font-family="inherit" font-size="11" fill="currentColor">'
        f"<title>The chain, station by station</title>{''.join(body)}</svg>"
    )


def _values(box: Box) -> list[str]:
    """The paper's values by verdict, a line each."""
    if box.counts is None:
        return ["…"]
    texts = [f"{n} {_SHORT.get(verdict, verdict)}" for verdict, n in box.counts.items()] or ["no values of the paper"]
    return texts if len(texts) <= _MOST else [*texts[: _MOST - 1], f"and {len(texts) - _MOST + 1} more kinds"]


def _box(box: Box, x: int, y: int, high: int, address: str, test: str, *, chosen: bool) -> str:
    said = escape(box.said, quote=True)
    lines = [f'<text x="{x + 9}" y="{y + 19}" font-size="14" font-weight="600">{escape(box.name)}</text>']
    if box.states is not None:
        shown = [(s, n) for s, n in box.states.items() if n or s == "done"]
        marks = [
            f'<tspan dx="{7 if i else 0}" style="fill:{_COLOUR[s]}">{_MARKS[s]} {n}</tspan>' for i, (s, n) in enumerate(shown)
        ]
        lines.append(f'<text x="{x + 9}" y="{y + 37}">{"".join(marks)}</text>')
    lines += [f'<text x="{x + 9}" y="{y + 53 + 13 * i}">{escape(text)}</text>' for i, text in enumerate(_values(box))]
    return (
        f'<a href="{escape(address, quote=True)}" tabindex="0" aria-label="{said}" data-testid="{test}" '
        f'data-station="{escape(box.name, quote=True)}"'
        f"{' aria-current=' + chr(34) + 'true' + chr(34) if chosen else ''}><title>{said}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{high}" rx="5" fill="transparent" stroke="currentColor" '
        f'stroke-width="{2.5 if chosen else 1}"/>{"".join(lines)}</a>'
    )


def _arrow(picture: Picture, before: str, after: str, x: int, y: int, high: int, *, upright: bool) -> str:
    handed = picture.links is None or (before, after) in picture.links
    words = "not read yet" if picture.links is None else "a number is handed on" if handed else "no step hands a number on"
    said = f"{before} to {after}: {words}"
    dash = "" if handed else ' stroke-dasharray="3 3"'
    line, head = f"M{x - _GAP + 3} {y + high // 2}H{x - 3}", "m-5 -4l5 4l-5 4"
    end = f"M{x - 3} {y + high // 2}"
    if upright:
        line, head = f"M{x + _WIDE // 2} {y - _GAP + 3}V{y - 3}", "m-4 -5l4 5l4 -5"
        end = f"M{x + _WIDE // 2} {y - 3}"
    return (
        f'<g role="img" aria-label="{said}" fill="none" stroke="currentColor"><title>{said}</title>'
        f'<path d="{line}"{dash}/><path d="{end}{head}"/></g>'
    )
