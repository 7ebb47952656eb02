"""A study's steps as the report shows them: variants side by side, doubts first, every parameter with its source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from markupsafe import Markup

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Parameter
from anodefree.core.provenance import Provenance
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.units import bare, shown, unit_of
from anodefree.errors import NumericalError
from anodefree.registry import Stage
from anodefree.report.figure import Album, Drawn, drawn, stage_of
from anodefree.report.turnable import turnable_json
from anodefree.study import prose, typeset
from anodefree.study.graph import Outcome
from anodefree.study.run import Progress
from anodefree.study.verdicts import Verdict

NORMAL_95 = 1.96
_GRAVITY = {"fail": 0, "warn": 1, "pass": 2}


@dataclass(frozen=True)
class Cell:
    """A number in a table: the text, and its 95 % interval where there is one."""

    text: str
    interval: str = ""
    label: str = ""
    """What it is, where the runs of a step name the same estimate differently (another cycle, another spectrum)."""


@dataclass(frozen=True)
class Row:
    """One estimate in all variants of a step."""

    name: str
    label: Markup
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ParameterRow:
    """One parameter in all variants of a step."""

    name: str
    doc: str
    values: tuple[tuple[str, str], ...]
    """(variant, value); one entry without a variant where they all agree."""
    assumed: bool
    source: str


@dataclass(frozen=True)
class Variant:
    """One run of a step."""

    id: str
    name: str
    state: str
    error: str
    figure: Drawn | None
    turnable: str
    """A scene that the page lets one turn, as JSON; empty where there is none."""
    number: int
    doubts: tuple[Check, ...]
    passes: tuple[Check, ...]
    arrays: tuple[tuple[str, str, str, str], ...]
    key: str
    provenance: Provenance | None
    inputs: tuple[tuple[str, str, str], ...]
    started: str
    wall: str


@dataclass(frozen=True)
class Finding:
    """One check over all runs of a step: what it says, and of which runs it says so."""

    name: str
    status: str
    messages: tuple[tuple[str, str], ...]
    """(runs, message); the runs are named only where there are several."""


@dataclass(frozen=True)
class Step:
    """All runs of one step of the study."""

    name: str
    slug: str
    title: Markup
    stage: Stage
    doc: tuple[Markup, ...]
    variants: tuple[Variant, ...]
    rows: tuple[Row, ...]
    parameters: tuple[ParameterRow, ...]
    answers: tuple[Verdict, ...]

    @property
    def state(self) -> str:
        """The gravest state among its runs."""
        order = ("failed", "blocked", "missing", "running", "stale", "done")
        return min((v.state for v in self.variants), key=order.index)

    @property
    def doubts(self) -> list[Finding]:
        """What its runs doubt, the gravest first."""
        return _findings(self.variants, [(v.name, c) for v in self.variants for c in v.doubts])

    @property
    def passes(self) -> list[Finding]:
        """What its runs found in order."""
        return _findings(self.variants, [(v.name, c) for v in self.variants for c in v.passes])

    @property
    def stale(self) -> list[str]:
        """Its runs that older code computed."""
        return [v.name or v.id for v in self.variants if v.state == "stale"]

    @property
    def versions(self) -> list[tuple[int, str, str]]:
        """Every (stage version, code hash, packages) behind its runs; usually one."""
        made = [v.provenance for v in self.variants if v.provenance]
        return list(dict.fromkeys((p.version, p.code, packages_text(p.packages)) for p in made))


@dataclass(frozen=True)
class Assumption:
    """A parameter whose value the paper does not state."""

    name: str
    doc: str
    values: tuple[tuple[str, str], ...]
    """(runs, value); the runs are named only where several values are used."""
    default: str
    changed: bool
    source: str
    stage: str
    steps: tuple[tuple[str, str], ...]


def _findings(variants: Sequence[Variant], checks: Sequence[tuple[str, Check]]) -> list[Finding]:
    """Checks of several runs, by name and status; runs that say the same share a line."""
    grouped: dict[tuple[str, str], dict[str, list[str]]] = {}
    for run, check in checks:
        grouped.setdefault((check.status, check.name), {}).setdefault(check.message, []).append(run)
    many = len(variants) > 1
    made = [
        Finding(
            name, status, tuple((", ".join(runs) if many and len(runs) < len(variants) else "", m) for m, runs in said.items())
        )
        for (status, name), said in grouped.items()
    ]
    return sorted(made, key=lambda f: _GRAVITY[f.status])


def steps_of(
    outcomes: Sequence[Outcome],
    verdicts: Iterable[Verdict],
    album: Album | None = None,
    progress: Progress | None = None,
) -> list[Step]:
    """The outcomes grouped by step, in the order of the study; figures are drawn here."""
    by_step: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_step.setdefault(outcome.node.step, []).append(outcome)
    judged = list(verdicts)
    made: list[Step] = []
    figures = seen = 0
    for name, group in by_step.items():
        variants: list[Variant] = []
        for outcome in group:
            if progress is not None:
                progress(seen, len(outcomes), outcome.node.id, 0.0)
            seen += 1
            variant = _variant(outcome, figures + 1, album)
            figures += variant.figure is not None
            variants.append(variant)
        stage = stage_of(group[0])
        ids = {o.node.id for o in group}
        made.append(
            Step(
                name=name,
                slug=f"step-{slug(name)}",
                title=prose.inline(typeset.sample(group[0].node.title.rstrip(".") or name)),
                stage=stage,
                doc=tuple(prose.paragraphs(_body(stage, group[0].node.title))),
                variants=tuple(variants),
                rows=_rows([o.output for o in group]),
                parameters=tuple(_parameter(p, group, variants) for p in stage.parameters),
                answers=tuple(v for v in judged if v.node in ids or ids & set(v.others)),
            )
        )
    return made


def _body(stage: Stage, title: str) -> str:
    """The docstring without the sentence that is the step's title already."""
    return stage.doc.partition("\n")[2] if title == stage.title else stage.doc


def slug(text: str) -> str:
    """Text as part of an anchor."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)


def name_of(outcome: Outcome) -> str:
    """The variant's label as a person reads it: the case alone, swept parameters by name and value."""
    node = outcome.node
    words = []
    for name, text in node.label.items():
        if name == "case":
            words.append(typeset.charges(typeset.sample(text)))
            continue
        try:
            value = typeset.parameter(name, node.parameters[name] if name in node.parameters else float(text))
        except ValueError:
            value = typeset.sample(text)
        words.append(f"{bare(name).replace('_', ' ')} = {value}")
    return ", ".join(words)


def _variant(outcome: Outcome, number: int, album: Album | None) -> Variant:
    node, output = outcome.node, outcome.output
    name = name_of(outcome)
    checks = output.checks if output is not None else ()
    made = output.provenance if output is not None else None
    title = prose.plain(node.title) + (f" ({name})" if name else "")
    figure: Drawn | None = None
    undrawn: tuple[Check, ...] = ()
    try:
        figure = drawn(outcome, title, album)
    except NumericalError as error:  # one figure that fails must not cost the whole report: it is a doubt that is shown
        undrawn = (Check("figure", "fail", error.what),)
    return Variant(
        id=node.id,
        name=name,
        state=outcome.state,
        error=outcome.error,
        figure=figure,
        turnable=turnable_json(output),
        number=number,
        doubts=tuple(sorted((c for c in (*checks, *undrawn) if c.status != "pass"), key=lambda c: _GRAVITY[c.status])),
        passes=tuple(c for c in checks if c.status == "pass"),
        arrays=_arrays(output) if isinstance(output, Measurement) else (),
        key=node.key,
        provenance=made,
        inputs=tuple((s.name, s.origin, s.key) for s in made.inputs) if made else (),
        started=_moment(made.started) if made else "",
        wall=_wall(made.wall_s) if made else "",
    )


def _rows(outputs: Sequence[Result | Measurement | None]) -> tuple[Row, ...]:
    results = [o.estimates if isinstance(o, Result) else {} for o in outputs]
    rows = []
    for name in dict.fromkeys(n for r in results for n in r):
        first = next(r[name] for r in results if name in r)
        _, _, unit = first.in_field_units()
        differ = len({r[name].label for r in results if name in r}) > 1
        cells = tuple(_cell(r[name], unit, named=differ) if name in r else Cell("–") for r in results)
        label = prose.inline(name.replace("_", " ")) if differ else prose.inline(first.label or name)
        rows.append(Row(name, label, typeset.unit(unit), cells))
    return tuple(rows)


def _cell(estimate: Estimate, unit: str, *, named: bool) -> Cell:
    _, factor = shown(estimate.unit, unit)
    value, std = estimate.value * factor, estimate.std * factor
    if not math.isfinite(value):
        return Cell("not a number")
    low = estimate.low * factor if estimate.low is not None else value - NORMAL_95 * std
    high = estimate.high * factor if estimate.high is not None else value + NORMAL_95 * std
    return Cell(typeset.uncertain(value, std), typeset.interval(low, high), prose.plain(estimate.label) if named else "")


def _arrays(measured: Measurement) -> tuple[tuple[str, str, str, str], ...]:
    """For each array of a measurement: what it is, its shape, and its range in the field's unit."""
    rows = []
    for name, variable in measured.data.variables.items():
        known = measured.kind.arrays.get(str(name))
        shape = " × ".join(f"{size} {dim}" for dim, size in zip(variable.dims, variable.shape, strict=True))
        rows.append(
            (str(name), known.doc if known else "", shape or "one value", _range(np.asarray(variable.values), str(name)))
        )
    return tuple(rows)


def _range(values: np.ndarray, name: str) -> str:
    if values.dtype.kind not in "fiu" or values.size == 0:
        return ""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return "no number"
    low, high = float(finite.min()), float(finite.max())
    unit, factor = typeset.readable(max(abs(low), abs(high)), unit_of(name))
    ends = [typeset.number(v * factor, 4) for v in (low, high)]
    return typeset.with_unit(ends[0] if low == high else f"{ends[0]} to {ends[1]}", typeset.unit(unit))


def _parameter(parameter: Parameter, group: Sequence[Outcome], variants: Sequence[Variant]) -> ParameterRow:
    texts = [_used(parameter, o) for o in group]
    if len(set(texts)) == 1:
        values: tuple[tuple[str, str], ...] = (("", texts[0]),)
    else:
        values = tuple((v.name, text) for v, text in zip(variants, texts, strict=True))
    par = parameter.par
    return ParameterRow(parameter.name, par.doc, values, par.assumed, par.source)


def _used(parameter: Parameter, outcome: Outcome) -> str:
    """A parameter's value in one run; one that another step found says where it is from."""
    name, node = parameter.name, outcome.node
    if name not in node.fed:
        return typeset.parameter(name, node.parameters.get(name))
    made = outcome.output.provenance if outcome.output is not None else None
    value = f"{typeset.parameter(name, parameter.read(made.parameters[name]))}, " if made and name in made.parameters else ""
    return f"{value}{node.fed[name].estimate.replace('_', ' ')} of {node.fed[name].node}"


def assumptions(outcomes: Sequence[Outcome]) -> list[Assumption]:
    """Every parameter whose value the paper does not state, with the values used, their source and the steps that use them."""
    used: dict[tuple[str, str], list[Outcome]] = {}
    known: dict[tuple[str, str], Parameter] = {}
    for outcome in outcomes:
        stage = stage_of(outcome)
        for parameter in stage.parameters:
            if parameter.par.assumed:
                used.setdefault((stage.name, parameter.name), []).append(outcome)
                known[stage.name, parameter.name] = parameter
    made = []
    for (stage_name, name), group in sorted(used.items()):
        parameter = known[stage_name, name]
        values: dict[str, list[str]] = {}
        for outcome in group:
            values.setdefault(_used(parameter, outcome), []).append(outcome.node.id)
        default = "" if parameter.required else typeset.parameter(name, parameter.read(parameter.default))
        made.append(
            Assumption(
                name=name,
                doc=parameter.par.doc,
                values=tuple((", ".join(ids) if len(values) > 1 else "", value) for value, ids in values.items()),
                default=default,
                changed=bool(default) and set(values) != {default},
                source=parameter.par.source,
                stage=stage_name,
                steps=tuple(dict.fromkeys((o.node.step, f"step-{slug(o.node.step)}") for o in group)),
            )
        )
    return made


def packages_text(packages: Mapping[str, str]) -> str:
    """Versions as one line."""
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _moment(iso: str) -> str:
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (" UTC" if moment.tzinfo else "")


def _wall(seconds: float) -> str:
    if seconds < 120:
        return typeset.with_unit(typeset.number(seconds, 3), "s")
    return (
        typeset.with_unit(typeset.number(seconds / 60, 3), "min")
        if seconds < 7200
        else (typeset.with_unit(typeset.number(seconds / 3600, 3), "h"))
    )
