"""CH Instruments text exports: the head names the model, then comes delimited text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.io.started import started_at
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import lines_of


def read(path: Path, *, kind: str = "") -> Measurement:
    """A spectrum, a curve or a record, with the instrument's model, the technique and the rate of a sweep.

    The program's default counts cathodic current as positive, and the file does not say whether that was changed: a current
    that rises with potential is taken as it is, any other is turned over, and the metadata says which (`positive_current`).

    Raises
    ------
    DataError: the table is missing, of another technique, or damaged.
    """
    table = read_table(lines_of(path), wanted=kind)
    found = re.search(r"Instrument Model:\s*(CHI\w{1,20})", "\n".join(table.preamble)[:4000])
    meta: dict[str, Any] = {"instrument": f"CH Instruments {found[1] if found else ''}".strip()}
    technique = next((line.strip() for line in table.preamble[1:3] if line.strip()), "")
    if technique and ":" not in technique:
        meta["technique"] = technique[:100]
    started = started_at(table.preamble[0]) if table.preamble else None
    if started:
        meta["started"] = started
    return measured(table, meta, sign_is_sure=True, positive="cathodic")
