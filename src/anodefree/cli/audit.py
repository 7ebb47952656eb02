"""`anodefree audit CLAIMS.toml`: the numbers of any paper against the relations that must hold between them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anodefree.errors import ConfigError

if TYPE_CHECKING:
    from anodefree.study.graph import Outcome
    from anodefree.study.verdicts import Verdict


@click.command()
@click.argument("claims", type=click.Path(path_type=Path), required=False)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="the HTML report to write")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on standard output")
@click.option("--store", type=click.Path(path_type=Path), help="where results are kept; without it nowhere")
@click.option("--template", is_flag=True, help="print a claims file to begin with")
def audit(claims: Path | None, out: Path | None, as_json: bool, store: Path | None, template: bool) -> None:
    """Audit a paper: do its numbers fit each other?

    Begin with: anodefree audit --template > mypaper.toml. Exit codes tell whether the audit could be made, not what it found.
    """
    from anodefree.cli.console import complain, say
    from anodefree.report.build import build
    from anodefree.study.audit import is_audit
    from anodefree.study.plan import plan
    from anodefree.study.run import outcomes, run
    from anodefree.study.shipped import audit_template
    from anodefree.study.store import Store
    from anodefree.study.verdicts import judge

    if template:
        say(audit_template().rstrip())
        return
    if claims is None:
        raise ConfigError("no claims file is given", "anodefree audit", "anodefree audit --template > mypaper.toml")
    if not is_audit(claims):
        raise ConfigError("is no audit: it has no [paper]", str(claims), "anodefree audit --template shows the form")
    planned = plan(claims)
    with _store(store) as folder:
        kept = Store(folder)
        errors = run(planned, kept).errors
        found = outcomes(planned, kept)
        verdicts = judge(planned.ledger, found)
        if out is not None:
            head = {"title": planned.head.title, "description": planned.head.description, "seed": planned.head.seed}
            build({**head, "file": claims.name}, found, out.parent, planned.ledger, name=out.name)
    for error in errors.values():
        complain(error)
    _tell(planned.head.title, verdicts, found, as_json=as_json)
    if out is not None and not as_json:
        say(f"report\t{out}")
    if errors:
        sys.exit(next(iter(errors.values())).exit_code)


@contextlib.contextmanager
def _store(asked: Path | None) -> Iterator[Path]:
    """The store that was asked for, or one that is gone afterwards: an audit takes seconds."""
    if asked is not None:
        yield asked
        return
    with tempfile.TemporaryDirectory(prefix="anodefree-audit-") as folder:
        yield Path(folder)


def _tell(title: str, verdicts: Sequence[Verdict], found: Sequence[Outcome], *, as_json: bool) -> None:
    """Verdicts with their reasons, then every number that the checks found, and what they doubt."""
    from anodefree.cli.console import on_terminal, say, say_json, table
    from anodefree.core.result import Result
    from anodefree.report.terminal import ours_text

    results = [(o.node.id, o.output) for o in found if isinstance(o.output, Result)]
    if as_json:
        checks: dict[str, Any] = {n: _plain(r) for n, r in results}
        say_json({"title": title, "verdicts": [v.row() for v in verdicts], "checks": checks})
        return
    rows = [[v.id, v.verdict, _stated(v), "-" if v.ours is None else ours_text(v), v.reason] for v in verdicts]
    table(["statement", "verdict", "paper", "ours", "why"], rows, title if on_terminal() else "")
    say()
    numbers = [[n, name, str(e), e.label] for n, r in results for name, e in r.estimates.items()]
    table(["check", "estimate", "value", ""], numbers)
    doubts = [[n, c.status, c.message] for n, r in results for c in r.checks if c.status != "pass"]
    if doubts:
        say()
        table(["check", "doubt", ""], doubts)


def _plain(result: Any) -> dict[str, Any]:
    whole = result.to_dict()
    return {k: whole[k] for k in ("stage", "estimates", "checks")}


def _stated(verdict: Verdict) -> str:
    if isinstance(verdict.paper, list):
        return f"{verdict.paper[0]:g} to {verdict.paper[1]:g} {verdict.unit}"
    number = f"{verdict.paper:g}" if isinstance(verdict.paper, (int, float)) else str(verdict.paper)
    return number if verdict.unit in ("1", "qualitative") else f"{number} {verdict.unit}"
