"""The table of claims for a terminal: colour, symbol and word for each verdict; narrow where the terminal is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from anodefree.study import typeset
from anodefree.study.ledger import Claim, Ledger, load_ledger
from anodefree.study.verdicts import UNANSWERED, Verdict, stated, summary

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

SYMBOLS: Final = {
    "reproduced": "✓",
    "consistent": "≈",
    "not reproduced": "≠",
    "contradicted": "⊘",
    "needs data": "?",
    "not computed": "!",
    UNANSWERED: "○",
}
_STYLES: Final = {
    "reproduced": "bold green",
    "consistent": "cyan",
    "not reproduced": "bold yellow",
    "contradicted": "bold red",
    "needs data": "blue",
    "not computed": "magenta",
    UNANSWERED: "dim",
}


def ours_text(verdict: Verdict) -> str:
    """What we have, as value ± standard deviation in its unit; a dash where there is nothing."""
    if verdict.ours is None:
        return "–"
    return typeset.quantity(verdict.ours, verdict.std if verdict.std is not None else float("nan"), verdict.unit)


def claims_table(verdicts: Iterable[Verdict], ledger: Ledger | None = None) -> Table:
    """Claim, paper, ours and verdict; the reasons are in the report. Claims that nothing answers take one line each."""
    from rich.table import Table
    from rich.text import Text

    book, found = ledger if ledger is not None else load_ledger(), list(verdicts)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", show_edge=False, caption_justify="left")
    for name, ratio, least in (("claim", 6, 16), ("paper", 5, 10), ("ours", 5, 10), ("verdict", 3, 16)):
        table.add_column(name, overflow="fold", ratio=ratio, min_width=least)
    for id in dict.fromkeys(v.id for v in found):
        claim, own = book[id], [v for v in found if v.id == id]
        if {v.verdict for v in own} == {UNANSWERED}:
            told = ", ".join(stated(claim, v.sample) for v in own)
            table.add_row(
                Text(id), Text(typeset.with_unit(told, _unit(claim, own[-1]))), Text("–"), _spelled(UNANSWERED), style="dim"
            )
            continue
        table.add_row(Text(id, style="bold"))
        for verdict in own:
            told = typeset.with_unit(stated(claim, verdict.sample), _unit(claim, verdict))
            table.add_row(
                Text(f"  {typeset.sample(verdict.sample)}"), Text(told), Text(ours_text(verdict)), _spelled(verdict.verdict)
            )
    counts = {name: count for name, count in summary(found).items() if count}
    table.caption = Text(" · ".join(f"{count} {name}" for name, count in counts.items()))
    return table


def _unit(claim: Claim, verdict: Verdict) -> str:
    return "" if claim.relation[verdict.sample] == "qualitative" else typeset.unit(claim.unit[verdict.sample])


def _spelled(verdict: str) -> Text:
    from rich.text import Text

    short = "no stage yet" if verdict == UNANSWERED else verdict  # one line each
    return Text(f"{SYMBOLS[verdict]} {short}", style=_STYLES[verdict])
