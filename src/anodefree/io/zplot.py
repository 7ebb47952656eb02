"""ZPlot / ZView (.z): a commented head, then frequency, amplitude, bias, time, Z', Z''."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import is_number, lines_of


def read(path: Path) -> Measurement:
    """One spectrum, with the sign of Z'' that the format fixes.

    Raises
    ------
    DataError: the table is missing or damaged.
    """
    lines = lines_of(path)
    table = read_table(lines)
    meta: dict[str, Any] = {"instrument": "ZPlot"}
    for line in table.preamble:
        found = re.match(r"\s*Open Circuit Potential \(V\):\s*(\S+)", line[:200])
        if found and is_number(found[1], comma=True):
            meta["open_circuit_V"] = float(found[1].replace(",", "."))
    return measured(table, meta, sign_is_sure=True)
