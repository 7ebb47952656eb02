"""Maccor text exports: the current has no sign, the column State says whether the cell was charged or discharged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.table import Table, find_header, read_table
from anodefree.io.text import measured
from anodefree.io.textfile import lines_of


def read(path: Path, *, kind: str = "") -> Measurement:
    """Cycling records, the current positive on charging (state C) and negative on discharging (state D).

    An export that has signs already is left as it is.

    Raises
    ------
    DataError: the table or the column State is missing, or a cell is no number.
    """
    lines = lines_of(path)
    table = read_table(lines, wanted=kind)
    meta = {"instrument": "Maccor"}
    if "current_A" in table.raw and (table.raw["current_A"] >= 0).all():
        raw = {**table.raw, "current_A": table.raw["current_A"] * _direction(lines, table)}
        table = dataclasses.replace(table, raw=raw)
        meta["sign_of_current"] = "that of the column State: C charges, D discharges"
    return measured(table, meta, positive="anodic")


def _direction(lines: list[str], table: Table) -> np.ndarray:
    """-1 for each record at which the cell is discharged, else 1."""
    _, headers = find_header(lines, 0, len(lines)) or (0, [])
    column = next((i for i, c in enumerate(headers) if c.strip().lower() in ("state", "md")), None)
    if column is None:
        raise DataError("has no column State, and its current no sign", hint="export it with the column State")
    signs = np.ones(table.lines.size)
    for record, line in enumerate(table.lines.tolist()):
        cells = table.split(lines[line - 1])
        if column >= len(cells) or not cells[column].isalpha():
            raise DataError("states neither charge nor discharge", f"line {line}", "was the export cut short?")
        signs[record] = -1.0 if cells[column].upper() == "D" else 1.0
    return signs
