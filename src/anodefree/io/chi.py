"""CH Instruments text exports: the head names the model, then comes delimited text."""

from __future__ import annotations

import re
from pathlib import Path

from anodefree.core.measurement import Measurement
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import lines_of


def read(path: Path) -> Measurement:
    """A spectrum or a record, with the instrument's model.

    Raises
    ------
    DataError: the table is missing, of another technique, or damaged.
    """
    table = read_table(lines_of(path))
    found = re.search(r"Instrument Model:\s*(CHI\w{1,20})", "\n".join(table.preamble)[:4000])
    return measured(table, {"instrument": f"CH Instruments {found[1] if found else ''}".strip()}, sign_is_sure=True)
