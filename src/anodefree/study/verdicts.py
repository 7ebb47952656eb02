"""What the paper states against what was computed: one verdict, with its reason, for every value of the ledger."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from anodefree.core.keys import plain
from anodefree.core.result import Estimate, Result
from anodefree.core.units import convert, shown
from anodefree.errors import ConfigError, near
from anodefree.stages import names
from anodefree.study import kept, prose, typeset
from anodefree.study.graph import Answer, Outcome
from anodefree.study.ledger import Claim, Ledger

UNANSWERED: Final = "no stage answers this yet"
VERDICTS: Final = (
    "reproduced",
    "consistent",
    "not reproduced",
    "contradicted",
    "needs data",
    "not computed",
    UNANSWERED,
)
# Where several steps speak to one value, a verdict against the paper is never hidden behind one in its favour.
_GRAVEST_FIRST: Final = ("contradicted", "not reproduced", "reproduced", "consistent", "needs data", "not computed")
_WEAK: Final = 0.2
SIGMAS: Final = 2.0
_GOOD: Final = {
    "computed": ("reproduced", ""),
    "implied": ("consistent", "Implied by the paper’s own numbers: "),
    "open": ("needs data", "Over the range of what the paper leaves open: "),
}
"""By route: the verdict where value and claim agree, and how its reason begins."""


@dataclass(frozen=True)
class Verdict:
    """One row of the table: a claim's value for one sample, what we have, and what follows."""

    id: str
    sample: str
    verdict: str
    paper: Any
    ours: float | None
    std: float | None
    unit: str
    reason: str
    stage: str | None
    node: str = ""
    """The node that answers; empty where none does."""
    what: str = ""
    """What `ours` is, where it is not the claimed quantity itself."""
    others: tuple[str, ...] = field(default=())

    def row(self) -> dict[str, Any]:
        """As plain JSON values."""
        keys = ("id", "sample", "verdict", "paper", "ours", "std", "unit", "reason", "stage")
        return {k: plain(getattr(self, k)) for k in keys}


def stated(claim: Claim, sample: str) -> str:
    """The paper's value as a person reads it, with its relation but without its unit."""
    value, relation, half = claim.values[sample], claim.relation[sample], claim.rounding[sample]
    if relation == "qualitative":
        return ", ".join(map(typeset.chemistry, value)) if isinstance(value, list) else str(value)
    if relation == "range":
        return "–".join(typeset.fixed(v, half) for v in value)
    sign = {"=": "", ">=": f"≥{typeset.NARROW}", "<=": f"≤{typeset.NARROW}"}[relation]
    if isinstance(value, list):
        return f"{sign}{typeset.fixed(value[0], half)} at cycle\u00a0{typeset.number(value[1])}"
    return sign + typeset.fixed(value, half)


def judge(ledger: Ledger, outcomes: Iterable[Outcome]) -> list[Verdict]:
    """One verdict for every value of every claim, in the order of the ledger.

    Raises
    ------
    ConfigError: an answer names an unknown claim, sample, estimate or placeholder, or a unit that does not fit.
    """
    found: dict[tuple[str, str], list[Verdict]] = {}
    for outcome in outcomes:
        for answer in outcome.node.answers:
            claim = ledger[answer.claim]
            if answer.sample not in claim.values:
                hint = f"{claim.id} has {', '.join(claim.values)}"
                raise ConfigError(f"answers '{claim.id}' for the unknown sample '{answer.sample}'", outcome.node.id, hint)
            found.setdefault((claim.id, answer.sample), []).append(_Judgement(claim, outcome, answer).verdict())
    return [
        _strongest(found[claim.id, sample]) if (claim.id, sample) in found else _unanswered(claim, sample)
        for claim in ledger.claims
        for sample in claim.values
    ]


def summary(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many values have which verdict, every verdict named."""
    counts = dict.fromkeys(VERDICTS, 0)
    for verdict in verdicts:
        counts[verdict.verdict] += 1
    return counts


def _unanswered(claim: Claim, sample: str) -> Verdict:
    missing = [s for s in claim.planned if s not in names()]
    if not claim.planned:
        reason = "nothing here answers it"
    elif missing:
        reason = f"needs {_list(missing)}, which this version does not have"
    else:
        reason = f"{_list(claim.planned)} could answer it, but no step of this study does"
    return Verdict(claim.id, sample, UNANSWERED, claim.values[sample], None, None, claim.unit[sample], reason, None)


def _strongest(verdicts: list[Verdict]) -> Verdict:
    first, *rest = sorted(verdicts, key=lambda v: _GRAVEST_FIRST.index(v.verdict))
    if not rest:
        return first
    also = "; ".join(f"{v.node}: {v.verdict}" for v in rest)
    fields = {**first.__dict__, "reason": f"{first.reason} Also answered by {also}.", "others": tuple(v.node for v in rest)}
    return Verdict(**fields)


def _list(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


@dataclass(frozen=True)
class _Judgement:
    """One answer of one node to one value."""

    claim: Claim
    outcome: Outcome
    answer: Answer

    def verdict(self) -> Verdict:
        node, output = self.outcome.node, self.outcome.output
        if output is None:
            return self._made("not computed", self._why_not())
        if self.answer.estimate is None:
            if self.answer.route != "twin":
                raise ConfigError(f"the answer to '{self.claim.id}' names no estimate", node.id, "only a twin may go without")
            return self._made("needs data", self._twin(""))
        if not isinstance(output, Result):
            raise ConfigError(f"answers '{self.claim.id}', but its output is a measurement", node.id, "let an analysis answer")
        if self.answer.estimate not in output.estimates:
            hint = near(self.answer.estimate, output.estimates)
            raise ConfigError(f"has no estimate '{self.answer.estimate}' to answer '{self.claim.id}'", node.id, hint)
        estimate = output.estimates[self.answer.estimate]
        if not math.isfinite(estimate.value):
            return self._made("not computed", f"{self.answer.estimate} of {node.id} is not a number")
        if self.answer.route != "twin" and (self.answer.route == "forbidden" or self._relation == "qualitative"):
            return self._against_limit(estimate)
        if self._relation == "qualitative":
            value, std, unit = estimate.in_field_units()
        else:
            (value, std), unit = self._in_claims_unit(estimate), self.claim.unit[self.answer.sample]
        if self.answer.route == "twin":
            reason = self._twin(typeset.quantity(value, std, unit))
            return self._made("needs data", reason, value, std, unit=unit, what="recovered from a virtual twin")
        return self._against_value(value, std)

    @property
    def _relation(self) -> str:
        return self.claim.relation[self.answer.sample]

    def _made(
        self,
        verdict: str,
        reason: str,
        ours: float | None = None,
        std: float | None = None,
        *,
        unit: str | None = None,
        what: str = "",
    ) -> Verdict:
        node, sample = self.outcome.node, self.answer.sample
        if verdict != "not computed":
            reason = " ".join(_sentence(p) for p in (reason, self._note(), kept.told(node.kept)) if p)
            if self.outcome.state == "stale":
                reason += " (Computed by an older version of the code.)"
        known = None if std is None or not math.isfinite(std) else std
        own = unit if unit is not None else self.claim.unit[sample]
        paper = self.claim.values[sample]
        return Verdict(self.claim.id, sample, verdict, paper, ours, known, own, reason, node.stage, node.id, what)

    def _why_not(self) -> str:
        node, error = self.outcome.node.id, "; ".join(line.strip() for line in self.outcome.error.splitlines() if line.strip())
        error = error.removeprefix(f"{node}: ")
        told = {
            "failed": f"{node} failed",
            "blocked": f"{node} could not start",
            "running": f"{node} is still running",
        }.get(self.outcome.state, f"{node} has not been run")
        return f"{told}: {error}" if error else told

    def _twin(self, recovered: str) -> str:
        did = f"recovers {recovered} on a virtual twin" if recovered else "is validated on a virtual twin"
        return f"The analysis is ready and {did} of known truth; only the authors’ raw data could tell."

    def _note(self) -> str:
        """The answer's note with `{estimate}` filled in. Names are looked up as they are: nothing is evaluated."""
        output = self.outcome.output
        known = output.estimates if isinstance(output, Result) else {}

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            if name not in known:
                raise ConfigError(
                    f"the note has a placeholder '{{{name}}}', which is no estimate", self.outcome.node.id, near(name, known)
                )
            return typeset.quantity(*known[name].in_field_units())

        return re.sub(r"\{([^{}]*)\}", fill, self.answer.note.strip())

    def _in_claims_unit(self, estimate: Estimate) -> tuple[float, float]:
        to = self.claim.number[self.answer.sample]
        try:
            value = convert(estimate.value, estimate.unit, to)
            factor = convert(1.0, estimate.unit, to) - convert(0.0, estimate.unit, to)
        except ConfigError as error:
            where = f"{self.outcome.node.id}, answer to {self.claim.id}"
            raise ConfigError(error.what, where, f"the claim is in {to}") from error
        return float(f"{value:.15g}"), float(f"{abs(estimate.std * factor):.12g}")

    def _against_limit(self, estimate: Estimate) -> Verdict:
        """Whether the estimate reaches what the claim needs; both in the estimate's own unit."""
        if self.answer.limit is None:
            raise ConfigError(f"the answer to '{self.claim.id}' needs a limit", self.outcome.node.id, "limit = …, in SI")
        value, std, unit = estimate.in_field_units()
        limit = self.answer.limit * shown(estimate.unit, estimate.display)[1]
        name = prose.plain(estimate.label) or self.answer.estimate or ""
        ours, needed = typeset.quantity(value, std, unit), typeset.with_unit(typeset.number(limit), typeset.unit(unit))
        spread = SIGMAS * std if math.isfinite(std) else 0.0
        if value + spread < limit:
            verdict = "contradicted" if self.answer.route == "forbidden" else "not reproduced"
            short = f"; it falls short by a factor of {typeset.number(limit / value, 2)}" if 0 < value < limit else ""
            reason = f"{name} is {ours}, and at least {needed} is needed{short}."
        else:
            verdict = _GOOD.get(self.answer.route, _GOOD["implied"])[0]
            reason = f"{name} is {ours}, which reaches the {needed} that is needed."
        return self._made(verdict, reason, value, std, unit=unit, what=estimate.label or name)

    def _against_value(self, value: float, std: float) -> Verdict:
        sample = self.answer.sample
        low, high = self.claim.bounds(sample)
        rounding, unit = self.claim.rounding[sample], typeset.unit(self.claim.unit[sample])
        spread = SIGMAS * std if math.isfinite(std) else 0.0
        off = value - high if value > high else value - low if value < low else 0.0
        holds = abs(off) <= rounding + spread + 1e-12 * max(abs(value), abs(off))
        good, prefix = _GOOD[self.answer.route]
        bound = low if off < 0 or math.isinf(high) else high
        parts = [_difference(off, value, bound, unit, self._relation)]
        if holds and off:
            parts.append(f"within {_allowance(rounding, std, unit)}")
        elif not holds:
            if std > 0 and math.isfinite(std):
                parts.append(f"{typeset.number(abs(off) / std, 2)} of our standard deviations")
            parts.append(f"more than {_allowance(rounding, std, unit)} allow")
        reason = prefix + ", ".join(p for p in parts if p) + "."
        if self.answer.route == "open" and holds:
            ours = typeset.quantity(value, std, self.claim.unit[sample])
            reason = f"What the paper leaves open decides: over its range ours is {ours}."
        if not math.isfinite(std):
            reason += " Its uncertainty is unknown."
        elif holds and value and good != "needs data" and std > _WEAK * abs(value):
            reason += f" A weak test: the uncertainty is {typeset.number(100 * std / abs(value), 2)}{typeset.NARROW}%."
        return self._made(good if holds else "not reproduced", reason, value, std)


def _sentence(text: str) -> str:
    """With a capital where it begins with a word, and a full stop."""
    if text[:2].isalpha() and text[0].islower() and text.split()[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ":", ")")) else text + "."


def _difference(off: float, value: float, bound: float, unit: str, relation: str) -> str:
    if off == 0:
        if relation in (">=", "<="):
            spare = typeset.with_unit(typeset.number(abs(value - bound), 2), unit)
            return f"the bound is kept, with {spare} to spare"
        return "inside the range" if relation == "range" else "equal to all digits"
    size = typeset.with_unit(typeset.number(abs(off), 2), unit)
    share = f" ({typeset.number(100 * abs(off / bound), 2)}{typeset.NARROW}%)" if bound and "%" not in unit else ""
    side = "above" if off > 0 else "below"
    of = {"=": "the stated value", "range": "the range"}.get(relation, "the bound")
    return f"{size}{share} {side} {of}"


def _allowance(rounding: float, std: float, unit: str) -> str:
    parts = []
    if rounding > 0:
        parts.append(f"the stated digits (±{typeset.with_unit(typeset.number(rounding, 2), unit)})")
    if std > 0 and math.isfinite(std):
        parts.append(f"two standard deviations (±{typeset.with_unit(typeset.number(SIGMAS * std, 2), unit)})")
    return " and ".join(parts) or "exact agreement"
