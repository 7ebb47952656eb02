"""Writes one page for each stage: contract, docstring, and the figure and estimates of its demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anodefree.core.figure import INK, render
from anodefree.core.parameter import Parameter
from anodefree.core.result import Result
from anodefree.core.units import shown
from anodefree.registry import Stage
from anodefree.stages import get, names
from anodefree.study import typeset
from anodefree.study.citations import formatted
from anodefree.study.prose import paragraphs


def write_pages(folder: Path) -> None:
    """All pages and their index."""
    folder.mkdir(exist_ok=True)
    for name in names():
        (folder / f"{name}.md").write_text(page(get(name), folder), encoding="utf-8")
    listed = "\n".join(names())
    (folder / "index.md").write_text(
        f"# Stages\n\nEvery analysis and simulation, with its equation, validity, source and parameters.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n",
        encoding="utf-8",
    )


def page(stage: Stage, folder: Path) -> str:
    """The page of one stage."""
    demo = stage.example(np.random.default_rng(1))
    output = stage(*demo.inputs, seed=1, **demo.parameters)
    draw = stage.draw
    figure = ""
    if draw is not None:
        svg = render(lambda ax: draw(output, ax), "svg", salt=stage.name).decode().replace(INK, "#5a6472")
        (folder / f"{stage.name}.svg").write_text(svg, encoding="utf-8")
        figure = f"```{{image}} {stage.name}.svg\n:alt: figure of the demo of {stage.name}\n:width: 420px\n```\n"
    takes = (
        ", ".join(f"`{i.name}` ({i.kind.title}{'; several files join' if i.many else ''})" for i in stage.inputs) or "no file"
    )
    gives = stage.kind.title if stage.kind else "a result"
    parts = [
        f"# {stage.name}",
        f"Takes {takes}; gives {gives}. Version {stage.version}.",
        "```{raw} html\n" + "\n".join(paragraphs(stage.doc)) + "\n```",
        "## Parameters" if stage.parameters else "",
        _table(("parameter", "unit", "type", "default", "meaning"), [_row(p) for p in stage.parameters]),
        "## Demo",
        "A synthetic case with known truth, as the contract test runs it.",
        figure,
        _estimates(output, dict(demo.truth)) if isinstance(output, Result) else "",
        "## Cites",
        "\n".join(f"- {formatted(key)}" for key in stage.cites),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def _row(parameter: Parameter) -> tuple[str, ...]:
    par = parameter.par
    source = f" *Assumed:* {par.source}" if par.assumed else f" {par.source}" if par.source else ""
    default = "needed" if parameter.required else typeset.parameter(parameter.name, parameter.default)
    unit = "" if parameter.unit == "1" else parameter.unit
    return f"`{parameter.name}`", unit, parameter.spelled(), default, par.doc + "." + source


def _estimates(output: Result, truth: dict[str, object]) -> str:
    rows = []
    for name, estimate in output.estimates.items():
        true = truth.get(name)
        known = isinstance(true, (int, float, np.floating))
        factor = shown(estimate.unit, estimate.display)[1]
        rows.append((f"`{name}`", str(estimate), f"{float(true) * factor:.6g}" if known else "", estimate.label))
    return _table(("estimate", "value", "truth", ""), rows)


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    lines += ["| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in row) + " |" for row in rows]
    return "\n".join(lines)
