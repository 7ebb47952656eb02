"""Where a number comes from: stage, version, parameters, inputs, seed, code and packages."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any


@dataclass(frozen=True)
class Source:
    """One input of a run: a file (by name and sha256), an earlier run, or arrays from memory."""

    name: str
    key: str
    origin: str  # "file", "run" or "memory"


@dataclass(frozen=True)
class Provenance:
    """The record that lets somebody else compute the same number again."""

    key: str
    stage: str
    version: int
    parameters: dict[str, Any]
    inputs: tuple[Source, ...]
    seed: int | None
    code: str
    started: str = ""
    wall_s: float = 0.0
    packages: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Provenance:
        """Back from the JSON of a stored result."""
        return cls(**{**table, "inputs": tuple(Source(**s) for s in table["inputs"])})


@cache
def packages() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("anodefree", "numpy", "scipy", "xarray"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
