"""The chain as a project last saw it, kept beside its studies: shown at once, while study and store are read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from anodefree.app.chain_picture import ORDER, STATES, Box, Picture
from anodefree.app.names import inside
from anodefree.app.project import Project
from anodefree.core.arrays import write_text
from anodefree.errors import ConfigError
from anodefree.study.verdicts import VERDICTS

LARGEST: Final = 100_000
"""Bytes; a picture has two thousand."""


@dataclass(frozen=True)
class Seen:
    """A picture with the sentence above it."""

    picture: Picture
    words: str


def kept(project: Project, study: str) -> Seen | None:
    """What was last seen of a study of the project, or of the paper's; None where that is not known."""
    try:
        path = _place(project, study)
        if path.stat().st_size > LARGEST:
            return None
        table = json.loads(path.read_text(encoding="utf-8"))
        boxes = tuple(_box(name, told) for name, told in table["boxes"].items() if name in ORDER)
        links = frozenset((str(a), str(b)) for a, b in table["links"])
        return Seen(Picture(boxes, links), str(table["words"])[:2000]) if boxes else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigError):
        return None  # never seen, or written by something else: it is read again in any case


def keep(project: Project, study: str, seen: Seen) -> None:
    """Remember it. It begins with a dot, so that neither a copy of the project nor a shared zip holds it.

    Raises
    ------
    ConfigError: it cannot be written.
    """
    boxes = {b.name: [dict(b.states or {}), dict(b.counts or {})] for b in seen.picture.boxes}
    table = {"words": seen.words, "boxes": boxes, "links": sorted(seen.picture.links or ())}
    write_text(_place(project, study), json.dumps(table, ensure_ascii=False))


def _place(project: Project, study: str) -> Path:
    return inside(project.studies_path, f".seen-{study}.json")


def _box(name: str, told: Any) -> Box:
    states, counts = told
    return Box(name, _numbers(states, STATES), _numbers(counts, VERDICTS))


def _numbers(told: Mapping[str, Any], words: tuple[str, ...]) -> dict[str, int]:
    return {w: int(told[w]) for w in words if w in told}
