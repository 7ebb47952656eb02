"""Maccor text exports: the current has no sign, the column State says whether the cell was charged or discharged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.table import find_header, read_table
from anodefree.io.text import measured
from anodefree.io.textfile import SPLITS, lines_of


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
        raw = {**table.raw, "current_A": table.raw["current_A"] * _direction(lines, table.lines)}
        table = dataclasses.replace(table, raw=raw)
        meta["sign_of_current"] = "that of the column State: C charges, D discharges"
    return measured(table, meta, positive="anodic")


def _direction(lines: list[str], at: np.ndarray) -> np.ndarray:
    """-1 for each record at a line where the cell is discharged, else 1."""
    found = find_header(lines, 0, len(lines))
    cells = found[1] if found else []
    column = next((i for i, c in enumerate(cells) if c.strip().lower() in ("state", "md")), None)
    if column is None:
        raise DataError("has no column State, and its current no sign", hint="export it with the column State")
    split = next(s for s in SPLITS if s(lines[int(at[0]) - 1])[column : column + 1] and len(s(lines[int(at[0]) - 1])) > 3)
    states = [split(lines[int(i) - 1])[column : column + 1] for i in at]
    return np.array([-1.0 if s and s[0].strip().upper() == "D" else 1.0 for s in states])
