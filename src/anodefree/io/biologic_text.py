"""BioLogic EC-Lab text exports (.mpt): the second line says how long the head is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import lines_of

_DEFAULT_AREA_CM2 = 0.001


def read(path: Path) -> Measurement:
    """Spectra or cycling, with instrument, technique and electrode area from the head.

    The program's default area of 0.001 cm2 is no measurement, and is not taken.

    Raises
    ------
    DataError: the head is longer than the file, or the table is missing or damaged.
    """
    lines = lines_of(path)
    found = re.match(r"Nb header lines\s*:\s*(\d{1,6})\s*$", lines[1][:80]) if len(lines) > 1 else None
    if found is None:
        raise DataError("its second line does not say how many header lines there are", "line 2", "export it again as text")
    head = int(found[1])
    if not 3 <= head <= len(lines):
        raise DataError(f"claims {head} header lines, it has {len(lines)} lines", "line 2", "was the export cut short?")
    # The head's last line names the columns.
    table = read_table(lines, start=head - 1)
    return measured(table, _meta(lines[:head]), sign_is_sure=True)


def _meta(lines: Sequence[str]) -> dict[str, Any]:
    words = {k.strip(): v.strip() for k, colon, v in (line[:400].partition(" : ") for line in lines) if colon}
    meta: dict[str, Any] = {"instrument": f"BioLogic {words.get('Device', '')}".strip()}
    technique = next((line.strip() for line in lines[2:6] if line.strip()), "")
    if technique:
        meta["technique"] = technique[:100]
    if "Acquisition started on" in words:
        meta["started"] = words["Acquisition started on"]
    area = re.match(r"(\d{1,6}[.,]\d{1,6}) cm", words.get("Electrode surface area", ""))
    if area and float(area[1].replace(",", ".")) > _DEFAULT_AREA_CM2:
        meta["area_m2"] = float(area[1].replace(",", ".")) * 1e-4
    return meta
