"""Tables in which every row is a cell and numbered columns are its capacities: told apart from fade curves, with the reason."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Final

from anodefree.errors import DataError
from anodefree.io.said_number import finite
from anodefree.io.table import MAX_LINE

LEAST: Final = 5
"""Numbered columns that make up a series."""
_NUMBERED: Final = re.compile(
    r"^(?P<stem>.*?(?:capacity|retention|discharge|cap).*?)[ _.-]?(?P<number>\d{1,5})$", re.IGNORECASE
)


def refuse_cells_in_rows(lines: Sequence[str]) -> None:
    """Says of such a table why it is no cycling measurement; of any other text nothing.

    Raises
    ------
    DataError: the first line numbers the columns of one capacity. The message tells whether the rows are curves at all: some
    public tables repeat one number a cell, and fill up with zeros.
    """
    header = next(csv.reader(lines[:1]), []) if lines and len(lines[0]) <= MAX_LINE else []
    places: dict[str, list[int]] = {}
    for at, cell in enumerate(header):
        found = _NUMBERED.match(cell.strip())
        if found:
            places.setdefault(found["stem"], []).append(at)
    stem, columns = max(places.items(), key=lambda kv: len(kv[1]), default=("", []))
    if len(columns) < LEAST:
        return
    rows = [r for r in csv.reader(line for line in lines[1:] if len(line) <= MAX_LINE) if len(r) > columns[-1]]
    curves = [{v for v in (finite(r[k]) for k in columns) if v} for r in rows]
    named = f"{len(rows)} rows are cells, and {len(columns)} columns '{stem.strip('_ ')}' number their capacities"
    if curves and all(len(c) <= 1 for c in curves):
        raise DataError(
            f"holds no fade curve: {named}, but every row repeats one value (or none) and zeros",
            "line 1",
            "such a table tells one capacity for each cell: a fade, a knee or an efficiency cannot be read from it",
        )
    raise DataError(
        f"{named}; a cycling measurement is one cell",
        "line 1",
        "write one file for each cell with the columns cycle, discharge capacity / mAh (and charge capacity / mAh)",
    )
