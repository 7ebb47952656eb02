"""An audit: what a paper states, and which relations must hold between its numbers, as one TOML file that becomes a study.

```toml
[paper]
title = "A cell"
doi = "10.1000/x"

[[statement]]
name = "retention"
value = "80 %"                       # "70 ± 5 mV", ">= 5000 h", "40-50 %", or words
where = "abstract"
within = "0.5 %"                     # half-width of what is stated; without it half of the last digit that is given

[[check]]
name = "life"
relation = "inventory.efficiency"    # any stage that takes no file: see `anodefree list`
given = { retention = "retention", cycle = "cycles" }     # parameter = statement
with = { excess = 0 }                                     # parameters that the paper does not state
answer = { CE = "efficiency" }                            # estimate = statement
```

Every check becomes a step, every statement that a check answers a claim of a ledger: engine, verdicts and report are those of
a study.
A stated number enters a relation with its digits as standard deviation (half of the last digit over √3), or with the ± it has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from anodefree.core.units import convert
from anodefree.errors import ConfigError, near
from anodefree.study.citations import Reference
from anodefree.study.ledger import Claim, Ledger
from anodefree.study.spec import AnswerSpec, FileInput, Head, Spec, StepSpec, Strict, checked, read_toml

SAMPLE: Final = "as stated"
COUNTS: Final = ("", "cycle", "cycles")
"""Units in which a whole number is counted, not measured: it has no digits to doubt."""


class Paper(Strict):
    """Which paper is audited."""

    title: str
    authors: str = ""
    journal: str = ""
    year: int | None = None
    doi: str = ""
    description: str = ""
    seed: int = Field(0, ge=0)


class Statement(Strict):
    """One number or word of the paper."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9 ._,|/+-]{0,80}$")
    value: str
    where: str = Field(min_length=1)
    title: str = ""
    within: str = ""
    says: str = ""


class Relation(Strict):
    """One stage, fed with statements, and the statements that its estimates answer."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,60}$")
    relation: str
    title: str = ""
    given: dict[str, str] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict, alias="with")
    inputs: list[str | FileInput] = Field(default_factory=list)
    answer: dict[str, str] = Field(default_factory=dict)
    route: Literal["computed", "implied", "open", "forbidden"] = "implied"
    limit: float | None = None
    note: str = ""


class Audit(Strict):
    """The whole file."""

    paper: Paper
    statements: list[Statement] = Field(alias="statement", min_length=1)
    checks: list[Relation] = Field(alias="check", min_length=1)


class Value(NamedTuple):
    """A stated value as it is read: how it is bounded, its number or numbers, and half of what its digits leave open."""

    relation: str
    number: float | list[float] | str
    half: float
    std: float
    unit: str


_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_STATED: Final = re.compile(
    rf"^(?P<sign>>=|<=|≥|≤|>|<|~|about )?\s*\(?(?P<first>{_NUMBER})\s*"
    rf"(?:(?:±|\+/-)\s*(?P<std>{_NUMBER})\)?|(?:-|–|to )\s*(?P<second>{_NUMBER}))?"
    r"\s*(?P<unit>[^\s\d].*)?$"
)
_SIGNS: Final = {">=": ">=", "≥": ">=", ">": ">=", "<=": "<=", "≤": "<=", "<": "<="}


def is_audit(path: Path) -> bool:
    """Whether a file is the audit of a paper rather than a study."""
    return "paper" in read_toml(path)


def load_audit(path: Path) -> tuple[Spec, Ledger]:
    """The study that an audit file stands for, and what its answers are compared with.

    Raises
    ------
    ConfigError: all mistakes of form at once, or all statements that are unknown, unreadable or there twice.
    """
    known: dict[str, Any] = {"paper": Paper, "statement": Statement, "check": Relation, "inputs": FileInput}
    audit = checked(Audit, read_toml(path), path, known)
    wrong: list[str] = []
    values: dict[str, Value] = {}
    for said in audit.statements:
        if said.name in values:
            wrong.append(f"statement '{said.name}': the name is used twice")
        try:
            values[said.name] = stated_value(said.value, said.within)
        except ConfigError as error:
            wrong.append(f"statement '{said.name}': {error.what}" + (f" ({error.hint})" if error.hint else ""))
            values[said.name] = Value("qualitative", said.value, 0.0, 0.0, "")
    steps = [_step(check, values, wrong) for check in audit.checks]
    if wrong:
        told = "\n  ".join(wrong)
        raise ConfigError(
            f"the file has {len(wrong)} mistakes:\n  {told}", str(path), "anodefree audit --template shows the form"
        )
    paper = audit.paper
    used = {n for c in audit.checks for n in c.given.values()}
    inputs = [f"{s.name} {s.value} ({s.where})" for s in audit.statements if s.name in used]
    told = f"Stated, and given to the checks: {'; '.join(inputs)}." if inputs else ""
    head = Head(title=paper.title, description=f"{paper.description.strip()}\n\n{told}".strip(), seed=paper.seed)
    return Spec.model_construct(study=head, steps=steps), _ledger(audit, values)


def stated_value(text: str, within: str = "") -> Value:
    """A stated value: "70 mV", "70 ± 5 mV", ">= 5000 h", "40-50 %"; anything else is words.

    Raises
    ------
    ConfigError: its unit cannot be read, or `within` is no width in that unit.
    """
    found = _STATED.match(text.strip())
    if not found:
        return Value("qualitative", text.strip(), 0.0, 0.0, "")
    unit = (found["unit"] or "").strip()
    if unit not in COUNTS:
        convert(0.0, unit, f"({unit})")  # the same in another spelling: it must be understood, not only compared
    first, second, std = (float(found[n]) if found[n] else None for n in ("first", "second", "std"))
    if not all(math.isfinite(x) for x in (first, second, std) if x is not None):
        raise ConfigError(f"'{text}' is not a finite value")
    digits = [found[n] for n in ("first", "second") if found[n]]
    half = max(half_digit(d) for d in digits)
    if unit in COUNTS and all("." not in d and "e" not in d.lower() for d in digits):
        half = 0.0
    if std is not None:
        half = max(2 * std, half)
    if within:
        width = _STATED.match(within.strip())
        if not width or width["sign"] or width["std"] or width["second"]:
            raise ConfigError(f"'within' is '{within}'", hint='a width such as "0.5 %"')
        half = abs(convert(float(width["first"]), (width["unit"] or "").strip() or "1", unit or "1"))
    spread = std if std is not None else half / math.sqrt(3)
    if second is not None:
        low, high = sorted((first or 0.0, second))
        return Value("range", [low, high], half, max(spread, (high - low) / math.sqrt(12)), unit)
    return Value(_SIGNS.get((found["sign"] or "").strip(), "="), first or 0.0, half, spread, unit)


def half_digit(text: str) -> float:
    """Half of the last digit given: 1.34 -> 0.005, 70 -> 5 (a trailing zero of a whole number is no digit), 1.2e3 -> 50."""
    mantissa, _, power = text.lower().lstrip("+-").partition("e")
    whole, point, decimals = mantissa.partition(".")
    last = -len(decimals) if point else len(whole) - len(whole.rstrip("0")) if whole.strip("0") else 0
    return float(f"5e{last - 1 + int(power or 0)}")


def _step(check: Relation, values: Mapping[str, Value], wrong: list[str]) -> StepSpec:
    where = f"check '{check.name}'"
    named = [*check.given.values(), *check.answer.values()]
    wrong += [f"{where}: no statement is named '{n}' ({near(n, values)})" for n in named if n not in values]
    wrong += [f"{where}: '{n}' is both given and set" for n in check.given if n in check.parameters]
    given = {p: _parameter(values[n]) for p, n in check.given.items() if n in values}
    answers = [
        AnswerSpec(claim=n, sample=SAMPLE, estimate=e, route=check.route, note=check.note, limit=check.limit)
        for e, n in check.answer.items()
        if n in values
    ]
    return StepSpec.model_construct(
        name=check.name,
        stage=check.relation,
        title=check.title,
        inputs=check.inputs,
        parameters={**given, **check.parameters},
        cases={},
        sweep={},
        answers=answers,
    )


def _parameter(value: Value) -> str:
    """A statement as the text of a parameter, its standard deviation with it."""
    if isinstance(value.number, str):
        return value.number
    middle = sum(value.number) / 2 if isinstance(value.number, list) else value.number
    return f"{middle!r} ± {value.std!r} {value.unit}".rstrip()


def _ledger(audit: Audit, values: Mapping[str, Value]) -> Ledger:
    """A claim for each statement that a check answers, and for each that none uses."""
    answered = {n for c in audit.checks for n in c.answer.values()}
    used = {n for c in audit.checks for n in c.given.values()}
    claims = tuple(_claim(s, values[s.name]) for s in audit.statements if s.name in answered or s.name not in used)
    return Ledger(_key(audit.paper), MappingProxyType({"paper": "Statements"}), claims, _reference(audit.paper))


def _claim(said: Statement, value: Value) -> Claim:
    def only(what: Any) -> Mapping[str, Any]:
        return MappingProxyType({SAMPLE: what})

    unit = "qualitative" if value.relation == "qualitative" else value.unit or "1"
    return Claim(
        id=said.name,
        title=said.title or said.says or said.name,
        part="paper",
        section=said.where,
        kind="stated",
        unit=only(unit),
        number=only(unit),
        values=only(value.number),
        relation=only(value.relation),
        rounding=only(value.half),
        wording=only(said.says if said.title else ""),
        remark="",
        planned=(),
    )


def _key(paper: Paper) -> str:
    return paper.doi or paper.title


def _reference(paper: Paper) -> Reference:
    fields = {
        "title": paper.title,
        "author": paper.authors,
        "journal": paper.journal,
        "year": str(paper.year or ""),
        "doi": paper.doi,
    }
    return Reference(_key(paper), "article", {n: v for n, v in fields.items() if v}, "")
