"""Everything that is in one result or file, or in several over each other: panels, tables, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass

from anodefree.app.curve_tables import Table, table
from anodefree.app.curves import Named, Panel, panels_of


@dataclass(frozen=True)
class Content:
    """Everything that is in one result, or in several of one stage."""

    panels: tuple[Panel, ...]
    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    """Sentences."""


def content(named: Named) -> Content:
    """Sort what is there."""
    panels, left = panels_of(named)
    dims = list(dict.fromkeys(str(d) for data in named.values() for d in data.sizes))
    tables = [made for d in dims if (made := table(named, d)) is not None]
    return Content(tuple(panels), tuple(tables), tuple(left))
