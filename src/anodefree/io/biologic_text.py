"""BioLogic EC-Lab text exports (.mpt): the second line says how long the head is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.started import started_at
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import is_number, lines_of

_DEFAULT_AREA_CM2 = 0.001
_SWEEP = re.compile(r"voltammetry|tafel|potentiodynamic|linear polari[sz]ation|corrosion", re.IGNORECASE)
_RATES = {"V/s": 1.0, "mV/s": 1e-3, "V/mn": 1 / 60, "mV/mn": 1e-3 / 60, "V/min": 1 / 60, "mV/min": 1e-3 / 60}


def read(path: Path, *, kind: str = "") -> Measurement:
    """Spectra, cycling or a polarisation curve, with what the head says: instrument, technique, area, reference, sweep rate.

    A voltammetry is a polarisation curve unless another `kind` is wanted. Oxidation is positive in these files. The program's
    default area of 0.001 cm2 is no measurement, and is not taken.

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
    meta = _meta(lines[:head])
    is_sweep = _SWEEP.search(meta.get("technique", "")) is not None
    # The head's last line names the columns.
    table = read_table(lines, start=head - 1, wanted=kind or ("polarisation" if is_sweep else ""))
    if table.kind == "polarisation":
        meta.update(_sweep(lines[:head]))
    return measured(table, meta, sign_is_sure=True, positive="anodic")


def _meta(lines: Sequence[str]) -> dict[str, Any]:
    words = {k.strip(): v.strip() for k, colon, v in (line[:400].partition(" : ") for line in lines) if colon}
    meta: dict[str, Any] = {"instrument": f"BioLogic {words.get('Device', '')}".strip()}
    technique = next((line.strip() for line in lines[2:6] if line.strip()), "")
    if technique:
        meta["technique"] = technique[:100]
    started = started_at(words.get("Acquisition started on", ""))
    if started:
        meta["started"] = started
    area = re.match(r"(\d{1,6}[.,]\d{1,6}) cm", words.get("Electrode surface area", ""))
    if area and float(area[1].replace(",", ".")) > _DEFAULT_AREA_CM2:
        meta["area_m2"] = float(area[1].replace(",", ".")) * 1e-4
    return meta


def _sweep(lines: Sequence[str]) -> dict[str, Any]:
    """Reference electrode, and the rate of the sweep where the head states one and its unit."""
    found: dict[str, Any] = {}
    words = {line[:20].strip(): line[20:200].split() for line in lines}
    unit, rate = words.get("dE/dt unit", []), words.get("dE/dt", [])
    factor = _RATES.get(unit[0]) if unit else None
    # One number for each sequence of the technique: only one that all share is the rate.
    if factor and rate and len(set(rate)) == 1 and is_number(rate[0], comma=True):
        found["scan_rate_V_s"] = float(f"{abs(float(rate[0].replace(',', '.'))) * factor:.12g}")
    reference = next((line.partition(" : ")[2].strip() for line in lines if line.startswith("Reference electrode : ")), "")
    if reference and "unspecified" not in reference:
        found["reference"] = reference[:60]
    return found
