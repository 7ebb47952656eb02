"""The report: one HTML file that needs nothing else, with the claims as JSON and the figures as files beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from anodefree.core.arrays import write_text
from anodefree.report.figure import FOLDER, Album
from anodefree.report.steps import Step, assumptions, slug, steps_of
from anodefree.report.terminal import SYMBOLS, ours_text
from anodefree.study import prose, typeset
from anodefree.study.citations import Reference, bibliography, people
from anodefree.study.graph import Outcome
from anodefree.study.ledger import Claim, Ledger, load_ledger
from anodefree.study.run import Progress
from anodefree.study.verdicts import UNANSWERED, VERDICTS, Verdict, judge, stated, summary

MEANINGS: Final = {
    "reproduced": "an independent computation from stated inputs agrees within its uncertainty",
    "consistent": "another number of the paper implies it",
    "not reproduced": "computed, and it differs; the reason says by how much",
    "contradicted": "physics forbids it under the stated conditions",
    "needs data": "only the authors’ raw data could tell; the analysis is ready",
    "not computed": "a step failed or has not been run",
    UNANSWERED: "the simulation or analysis does not exist here yet",
}


def build(
    head: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    out: Path,
    ledger: Ledger | None = None,
    *,
    name: str = "report.html",
    progress: Progress | None = None,
) -> None:
    """Write the report, `claims.json` and `figures/` into the folder `out`. The same outcomes give the same bytes.

    `head` holds the study's title, description, seed and file name (`file`); `progress` is told of each figure.

    Raises
    ------
    ConfigError: an answer does not fit the ledger, or the folder cannot be written.
    """
    book = ledger if ledger is not None else load_ledger()
    # A study of somebody's own answers no claim: its report leaves them out.
    verdicts = judge(book, outcomes) if any(o.node.answers for o in outcomes) else []
    album = Album.open(out / FOLDER)
    steps = steps_of(outcomes, verdicts, album, progress)
    text = page(head, outcomes, book, verdicts, steps)
    album.write(v.figure for s in steps for v in s.variants if v.figure is not None)
    write_text(
        out / "claims.json", json.dumps([v.row() for v in verdicts], indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    write_text(out / name, text)


def page(
    head: Mapping[str, Any], outcomes: Sequence[Outcome], ledger: Ledger, verdicts: Sequence[Verdict], steps: Sequence[Step]
) -> str:
    """The HTML of the report."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_part),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["stated"] = stated
    environment.filters.update(
        inline=prose.inline,
        unit=typeset.unit,
        sample=typeset.sample,
        sentence=typeset.sentence,
        slug=slug,
        ours=ours_text,
        vclass=slug,
        number=typeset.number,
    )
    cited = _Cited([ledger.source] if verdicts else [], {ledger.source: ledger.paper} if ledger.paper else {})
    for step in steps:
        for key in step.stage.cites:
            cited.add(key)
    script = _part("page.js")
    return environment.get_template("page.html.jinja").render(
        head=head,
        description=prose.paragraphs(str(head.get("description", ""))),
        style=Markup(_part("page.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        counts=summary(verdicts),
        total=len(verdicts),
        verdict_names=VERDICTS,
        symbols=SYMBOLS,
        meanings=MEANINGS,
        parts=_parts(ledger, verdicts),
        ledger=ledger,
        assumptions=assumptions(outcomes),
        steps=steps,
        step_of={v.id: step for step in steps for v in step.variants},
        runs=len(outcomes),
        done=sum(o.state in ("done", "stale") for o in outcomes),
        folder=FOLDER,
        cited=cited,
        people=people,
        versions=_versions(steps),
    )


def _part(name: str) -> str:
    return (files("anodefree") / "report" / name).read_text(encoding="utf-8")


class _Cited:
    """References in the order in which the page first needs them."""

    def __init__(self, first: Iterable[str] = (), own: Mapping[str, Reference] | None = None) -> None:
        self.numbers: dict[str, int] = {}
        self.own = own or {}
        for key in first:
            self.add(key)

    def add(self, key: str) -> int:
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    def of(self, keys: Iterable[str]) -> list[int]:
        """The numbers of several, in order."""
        return sorted(self.add(key) for key in keys)

    @property
    def references(self) -> list[tuple[int, str, Reference | None]]:
        """Number, key and entry; a stage of another package may cite what our bibliography lacks, and the list says so."""
        known = {**bibliography(), **self.own}
        return [(n, key, known.get(key)) for key, n in self.numbers.items()]


def _parts(ledger: Ledger, verdicts: Sequence[Verdict]) -> list[tuple[str, str, list[tuple[Claim, list[list[Verdict]]]]]]:
    """Part of the paper -> its claims -> rows. Values that nothing answers for the same reason share a row."""
    parts = []
    for part, title in ledger.parts.items():
        claims = []
        for claim in (c for c in ledger.claims if c.part == part):
            rows: list[list[Verdict]] = []
            for verdict in (v for v in verdicts if v.id == claim.id):
                last = rows[-1][-1] if rows else None
                if (
                    last
                    and verdict.ours is None
                    and last.ours is None
                    and (last.verdict, last.reason) == (verdict.verdict, verdict.reason)
                ):
                    rows[-1].append(verdict)
                else:
                    rows.append([verdict])
            claims.append((claim, rows))
        parts.append((part, title, claims))
    return parts


def _versions(steps: Sequence[Step]) -> dict[str, list[str]]:
    """Every version of every package behind the results."""
    found: dict[str, list[str]] = {}
    for made in (v.provenance for s in steps for v in s.variants if v.provenance):
        for name, version in made.packages.items():
            if version not in found.setdefault(name, []):
                found[name].append(version)
    return found
