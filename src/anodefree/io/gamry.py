"""Gamry (.DTA): tagged lines, then tables; the impedance is in the table ZCURVE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import is_number, lines_of


def read(path: Path) -> Measurement:
    """The spectrum of one experiment, with electrode area, open-circuit potential and instrument from the tags.

    An area of exactly 1 cm2 is the program's own default, not a measurement, and is not taken.

    Raises
    ------
    DataError: there is no table ZCURVE, or it is damaged.
    """
    lines = lines_of(path)
    start = next((i for i, line in enumerate(lines) if re.match(r"ZCURVE\d*\tTABLE", line[:80])), None)
    if start is None:
        raise DataError("holds no table ZCURVE", hint="only Gamry's impedance files are read; export others as text")
    stop = next((i for i in range(start + 1, len(lines)) if lines[i] and not lines[i][0].isspace()), len(lines))
    table = read_table(lines, start=start + 1, stop=stop)
    return measured(table, _meta(lines[:start]), sign_is_sure=True)


def _meta(lines: Sequence[str]) -> dict[str, Any]:
    tags = {cells[0]: cells[2] for line in lines if len(cells := line[:400].split("\t")) > 2 and cells[0]}
    meta: dict[str, Any] = {"instrument": " ".join(["Gamry", tags.get("PSTAT", "")]).strip()}
    if "TITLE" in tags:
        meta["technique"] = tags["TITLE"].strip()
    for tag, name, factor, default in (("AREA", "area_m2", 1e-4, 1.0), ("EOC", "open_circuit_V", 1.0, None)):
        text = tags.get(tag, "")
        if is_number(text, comma=True):
            value = float(text.replace(",", "."))
            if value != default and abs(value) < 1e6 and (tag != "AREA" or value > 0):
                meta[name] = value * factor
    return meta
