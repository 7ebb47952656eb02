"""A result as the page shows it: doubts first, estimates, figures, methods, citations, provenance."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anodefree.app.content import Content, content
from anodefree.core.figure import render
from anodefree.core.keys import plain
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.units import shown
from anodefree.registry import Output, Stage
from anodefree.study import prose
from anodefree.study.citations import formatted
from anodefree.study.inline_svg import inline
from anodefree.study.typeset import interval, quantity

SIGNS: Final = {"fail": "✗ fail", "warn": "! warn", "pass": "✓ pass"}
TONES: Final = {"fail": "af-bad", "warn": "af-warn", "pass": "af-good"}
NORMAL_95: Final = 1.96
DRAWING: Final = threading.Lock()
"""Matplotlib's settings belong to the whole process: it draws one figure at a time, whichever page asks."""


@dataclass(frozen=True)
class EstimateRow:
    """One estimate of one run, as text: value ± std with its unit, and where it lies with 95 % probability.

    That is as the analysis found it, else from the std; empty for an exact number. `si` is what is copied: every digit.
    """

    name: str
    label: str
    value: str
    interval: str
    si: str


def checks_first(output: Output) -> list[Check]:
    """The checks, the gravest first."""
    return sorted(output.checks, key=lambda c: list(SIGNS).index(c.status))


def estimate_rows(result: Result) -> list[EstimateRow]:
    """The table of estimates in the field's units."""
    return [_row(n, e) for n, e in result.estimates.items()]


def compared(results: Mapping[str, Result]) -> tuple[list[str], list[list[str]]]:
    """Estimates over samples: the head, and a line for each sample; what a sample lacks is a dash."""
    every = list(dict.fromkeys(n for r in results.values() for n in r.estimates))
    lines = [[who, *(str(r.estimates[n]) if n in r.estimates else "–" for n in every)] for who, r in results.items()]
    return ["sample", *every], lines


@dataclass(frozen=True)
class Drawn:
    """The figures of outputs of one stage: the publication figure of each as SVG, and what an interactive view of all holds."""

    svgs: Mapping[str, str]
    content: Content


def drawn(stage: Stage, outputs: Mapping[str, Output]) -> Drawn:
    """Draw them; takes seconds, so not where a page waits."""
    data: dict[str, Any] = {w: o.curves if isinstance(o, Result) else o.data for w, o in outputs.items()}
    svgs = {w: svg(stage, o, f"figure-{i}") for i, (w, o) in enumerate(outputs.items())}
    return Drawn(svgs, content(data if len(data) > 1 else {"": next(iter(data.values()))}))


def svg(stage: Stage, output: Output, name: str) -> str:
    """The publication figure for the page, in its light and dark; empty where the stage draws none."""
    draw = stage.draw
    if draw is None:
        return ""
    with DRAWING:
        made = render(lambda ax: draw(output, ax), "svg", salt=name)
    return inline(made, name, stage.title)


def methods(stage: Stage) -> list[str]:
    """The paragraphs that say what was done, as safe HTML: sentence, equation, validity, source."""
    return [str(p) for p in prose.paragraphs(stage.doc)]


def citations(stage: Stage) -> list[str]:
    """The references of the methods, a line each."""
    return [formatted(key) for key in stage.cites]


def provenance_text(output: Output) -> str:
    """Where the numbers come from: inputs, parameters, code and packages, as readable JSON."""
    return json.dumps(plain(output.provenance), indent=1, ensure_ascii=False) if output.provenance else ""


def _row(name: str, estimate: Estimate) -> EstimateRow:
    value, std, unit = estimate.in_field_units()
    _, factor = shown(estimate.unit, estimate.display)
    low = estimate.low * factor if estimate.low is not None else value - NORMAL_95 * std
    high = estimate.high * factor if estimate.high is not None else value + NORMAL_95 * std
    label = prose.plain(estimate.label) if estimate.label else name.replace("_", " ")
    si = f"{estimate.value!r} ± {estimate.std!r} {'' if estimate.unit == '1' else estimate.unit}".rstrip()
    return EstimateRow(name, label, quantity(value, std, unit), interval(low, high), si)
