"""Ions by name: how exporters and people write one and the same ion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anodefree.errors import ConfigError, near


def plain(name: str) -> str:
    """`LiF_2-`, `LiF2-` and `LiF₂⁻` as one: LiF2-."""
    table = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁻⁺−", "0123456789-+-")
    return name.translate(table).replace("_", "").replace(" ", "")


def key(name: str) -> str:
    """The name as part of an estimate's name."""
    return re.sub(r"[^A-Za-z0-9+^.-]+", "_", plain(name)).strip("_") or "ion"


def find(names: Sequence[str], wanted: Sequence[str], where: str) -> list[int]:
    """Where the wanted ions stand.

    Raises
    ------
    ConfigError: one is not there, or is asked for twice.
    """
    known = {plain(n): i for i, n in reversed(list(enumerate(names)))}
    missing = next((w for w in wanted if plain(w) not in known), None)
    if missing is not None:
        raise ConfigError(f"holds no ion '{missing}'", where, near(plain(missing), known))
    found = [known[plain(w)] for w in wanted]
    if len(set(found)) < len(found):
        raise ConfigError("an ion is asked for twice", where, "name each once")
    return found
