"""The ledger: every number the paper states, how precisely it states it, and what would answer it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from anodefree.errors import ConfigError, near
from anodefree.study.citations import Reference

RELATIONS: Final = ("=", ">=", "<=", "range", "qualitative")


@dataclass(frozen=True)
class Claim:
    """One quantity of the paper: a value for each sample or condition, and how precisely it is stated."""

    id: str
    title: str
    part: str
    section: str
    kind: str
    unit: Mapping[str, str]
    number: Mapping[str, str]
    values: Mapping[str, Any]
    relation: Mapping[str, str]
    rounding: Mapping[str, float]
    wording: Mapping[str, str]
    """How the paper words single values; `remark` is what holds for all of them."""
    remark: str
    planned: tuple[str, ...]

    def bounds(self, sample: str) -> tuple[float, float]:
        """The interval that the stated value and its relation leave, before rounding: a point for "="."""
        value, relation = self.values[sample], self.relation[sample]
        if relation == "range":
            return float(value[0]), float(value[1])
        first = float(value[0] if isinstance(value, list) else value)
        return (first if relation != "<=" else -math.inf), (first if relation != ">=" else math.inf)


@dataclass(frozen=True)
class Ledger:
    """Every claim, by part of the paper."""

    source: str
    parts: Mapping[str, str]
    claims: tuple[Claim, ...]
    paper: Reference | None = None
    """The paper itself, where our bibliography need not hold it."""

    def __getitem__(self, id: str) -> Claim:
        found = next((c for c in self.claims if c.id == id), None)
        if found is None:
            raise ConfigError(f"no claim '{id}'", "claims", near(id, [c.id for c in self.claims]))
        return found


def load_ledger(path: Path | None = None) -> Ledger:
    """The ledger that comes with the package, or another one of the same form.

    Raises
    ------
    ConfigError: a field is missing, or a relation, a part or a value is not possible.
    """
    text = path.read_text("utf-8") if path else (files("anodefree") / "data" / "claims.toml").read_text("utf-8")
    table = tomllib.loads(text)
    try:
        claims = tuple(_claim(entry) for entry in table["claim"])
        ledger = Ledger(table["source"], MappingProxyType(table["parts"]), claims)
    except KeyError as error:
        raise ConfigError(f"a claim lacks the field {error}", "claims.toml", "see the comment at the file's top") from error
    seen: set[str] = set()
    for claim in claims:
        if claim.part not in ledger.parts:
            raise ConfigError(f"part '{claim.part}' does not exist", claim.id, near(claim.part, ledger.parts))
        if claim.id in seen:
            raise ConfigError("is there twice", claim.id, "ids are unique")
        seen.add(claim.id)
    return ledger


def _claim(entry: Mapping[str, Any]) -> Claim:
    values = entry["values"]

    def each(name: str, default: Any = None) -> Mapping[str, Any]:
        given = entry.get(name, default)
        if isinstance(given, dict):
            unknown = set(given) - set(values)
            if unknown:
                raise ConfigError(f"'{name}' names '{unknown.pop()}', which has no value", entry["id"])
        return MappingProxyType({s: given.get(s, default) if isinstance(given, dict) else given for s in values})

    units = {s: entry.get("units", {}).get(s, entry["unit"]) for s in values}
    number = {s: n if n is not None else units[s] for s, n in each("number").items()}
    claim = Claim(
        id=entry["id"],
        title=entry["title"],
        part=entry["part"],
        section=entry["section"],
        kind=entry["kind"],
        unit=MappingProxyType(units),
        number=MappingProxyType(number),
        values=MappingProxyType(dict(values)),
        relation=each("relation", "="),
        rounding=each("rounding", 0.0),
        wording=each("wording", "") if isinstance(entry.get("wording"), dict) else MappingProxyType(dict.fromkeys(values, "")),
        remark=entry.get("wording", "") if isinstance(entry.get("wording", ""), str) else "",
        planned=tuple(entry["planned"]),
    )
    for sample, value in values.items():
        relation = claim.relation[sample]
        fits = {
            "qualitative": isinstance(value, (str, list)),
            "range": isinstance(value, list) and len(value) == 2,
        }.get(relation, isinstance(value, (int, float)) or (isinstance(value, list) and len(value) == 2))
        if relation not in RELATIONS or not fits:
            raise ConfigError(f"the value of '{sample}' does not fit the relation '{relation}'", claim.id)
    return claim
