"""The graph of a study: nodes (one stage run each), what they read, and which claims they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from anodefree.core.measurement import Measurement
from anodefree.core.result import Result

Route = Literal["computed", "implied", "open", "twin", "forbidden"]
State = Literal["done", "running", "failed", "blocked", "missing", "stale"]


@dataclass(frozen=True)
class Answer:
    """How a node's estimate speaks to a claim.

    `route`: *computed* independently from stated inputs; *implied* by another number of the paper; *open*: computed over the
    whole range of an input that the paper does not state, which can refute a value but not confirm it; a virtual *twin* that
    validates the analysis but cannot test the claim; *forbidden* by physics where `estimate` stays below `limit`.
    """

    claim: str
    sample: str
    estimate: str | None
    route: Route
    note: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Fed:
    """The estimate of another node that becomes a parameter, with its standard deviation where the parameter takes one."""

    node: str
    estimate: str


@dataclass(frozen=True)
class Node:
    """One run of one stage: validated parameters, input keys, and the content key under which its output is stored."""

    id: str
    step: str
    label: Mapping[str, str]
    stage: str
    title: str
    parameters: Mapping[str, Any]
    inputs: tuple[str, ...]
    """For each input of the stage: the id of a node, "file:PATH" or "kept:PATTERN"."""
    key: str
    answers: tuple[Answer, ...] = ()
    fed: Mapping[str, Fed] = field(default_factory=dict)
    """Parameters that are not known before another node is done."""
    kept: tuple[str, ...] = ()
    """The kept runs that it, or what it takes, rests on: read, not computed here."""


@dataclass(frozen=True)
class Outcome:
    """What became of a node."""

    node: Node
    state: State
    output: Measurement | Result | None = field(default=None, repr=False)
    error: str = ""
