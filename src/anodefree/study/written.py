"""A study file written by the program: steps with their parameters, sweeps, and inputs that are files or earlier steps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class WrittenStep:
    """One step as it will stand in the file; `inputs` are names of steps, or tables `{file, meta}` or `{files}`."""

    name: str
    stage: str
    inputs: Sequence[Any] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    sweep: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def study_text(title: str, steps: Sequence[WrittenStep], *, seed: int = 0, comment: str = "") -> str:
    """The whole file as text; what is not given is not written."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines += ["[study]", f"title = {toml(title)}", *([f"seed = {seed}"] if seed else [])]
    for step in steps:
        lines += ["", "[[step]]", f"name = {toml(step.name)}", f"stage = {toml(step.stage)}"]
        lines += [f"title = {toml(step.title)}"] if step.title else []
        if step.inputs:
            lines += ["inputs = [", *(f"  {toml(i)}," for i in step.inputs), "]"]
        if step.parameters:
            lines += ["", "[step.with]", *(f"{_key(n)} = {toml(v)}" for n, v in step.parameters.items())]
        if step.sweep:
            lines += ["", "[step.sweep]", *(f"{_key(n)} = {toml(v)}" for n, v in step.sweep.items())]
    return "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """A plain value as TOML writes it on one line."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(k))} = {toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"a study file cannot hold a {type(value).__name__}")


def step_name(text: str) -> str:
    """Any text as the name of a step."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:50]
    return plain if plain[:1].isalpha() else f"s_{plain}".rstrip("_")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A TOML basic string, which is a JSON string but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
