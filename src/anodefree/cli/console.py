"""What the command line prints: tables and progress for a terminal, plain tab-separated lines for everything else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import AnodefreeError, Cancelled

if TYPE_CHECKING:
    from rich.console import Console

    from anodefree.study.run import Progress

MARKS = {"pass": ("green", "✓"), "warn": ("yellow", "!"), "fail": ("red", "✗")}


def on_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console(*, stderr: bool = False) -> Console:
    """A rich console; it drops colours where there is no terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def say(text: str = "") -> None:
    """One plain line on standard output."""
    sys.stdout.write(text + "\n")


def say_json(value: Any) -> None:
    """One JSON text on standard output, and nothing else."""
    say(json.dumps(value, ensure_ascii=False, allow_nan=False))


def complain(error: AnodefreeError) -> None:
    """The error on standard error: what, where, what to try."""
    if sys.stderr.isatty():
        from rich.markup import escape

        console(stderr=True).print(f"[bold red]error[/] {escape(str(error))}")
    else:
        sys.stderr.write(f"error: {error}\n")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table for people, tab-separated lines for scripts."""
    if not on_terminal():
        for row in (headers, *rows):
            say("\t".join(str(cell).replace("\n", " ") for cell in row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(*headers, title=title or None, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    console().print(made)


def show_checks(checks: Sequence[Check]) -> None:
    """What was doubted; on a terminal also what was not."""
    if on_terminal():
        from rich.markup import escape

        for check in sorted(checks, key=lambda c: ("fail", "warn", "pass").index(c.status)):
            colour, mark = MARKS[check.status]
            console().print(f"[{colour}]{mark}[/] {escape(check.name)}: {escape(check.message)}")
        return
    for check in checks:
        if check.status != "pass":
            sys.stderr.write(f"{check.status}: {check.name}: {check.message}\n")


def show_result(result: Result, name: str = "") -> None:
    """A result: doubts first, then the estimates."""
    stage = result.provenance.stage if result.provenance else "result"
    show_checks(result.checks)
    if on_terminal():
        table(["estimate", "value", "unit", ""], [_row(n, e) for n, e in result.estimates.items()], f"{stage} {name}".strip())
        return
    table(["estimate", "value", "unit", "label"], [_row(n, e) for n, e in result.estimates.items()])


def _row(name: str, estimate: Estimate) -> list[str]:
    unit = estimate.in_field_units()[2]
    text = str(estimate).removesuffix(unit).rstrip() if unit != "1" else str(estimate)
    return [name, text, "" if unit == "1" else unit, estimate.label]


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Turn Ctrl-C into an error that says what is kept."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Cancelled("stopped", hint=kept) from error


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """A progress bar on a terminal; silence where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[at]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=False) as bar:
        task = bar.add_task(title, total=None, at="", visible=False)  # nothing is shown where nothing is to do

        def progress(done: int, total: int, at: str, fraction: float) -> None:
            part = f" {fraction:.0%}" if 0 < fraction < 1 else ""
            bar.update(task, completed=done, total=total, at=escape(at[:60]) + part, visible=True)

        yield progress
        bar.update(task, completed=bar.tasks[task].total, at="")
