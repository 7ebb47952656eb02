"""Gamry (.DTA): tagged lines, then tables: spectra in ZCURVE, voltammetry and records in CURVE, one table for each cycle."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.started import started_at
from anodefree.io.table import Table, read_table
from anodefree.io.text import measured
from anodefree.io.textfile import is_number, lines_of

MAX_TABLES: Final = 10_000
_TABLE: Final = re.compile(r"(Z?CURVE)\d*\tTABLE")


def read(path: Path, *, kind: str = "") -> list[Measurement]:
    """Every spectrum of the file; or its curves as one record, with electrode area, potentials and instrument from the tags.

    A file with a sweep rate is a polarisation curve unless another `kind` is wanted; anodic current is positive in these files.
    An area of exactly 1 cm2 is the program's own default, not a measurement, and is not taken.

    Raises
    ------
    DataError: there is no such table, or it is damaged.
    """
    lines = lines_of(path)
    starts = [i for i, line in enumerate(lines) if _TABLE.match(line[:80])]
    if not starts:
        raise DataError("holds no table ZCURVE or CURVE", hint="was the experiment stopped before it measured?")
    if len(starts) > MAX_TABLES:
        raise DataError(f"holds more than {MAX_TABLES} tables", hint="split it")
    meta, tags = _meta(lines[: starts[0]])
    spectra = [i for i in starts if lines[i].startswith("Z")]
    if spectra and kind in ("", "impedance"):
        return [measured(_one(lines, i, "impedance"), meta, sign_is_sure=True) for i in spectra]
    wanted = kind or ("polarisation" if "SCANRATE" in tags else "")
    curves = [_one(lines, i, wanted) for i in starts if i not in set(spectra)]
    if not curves:
        raise DataError("holds spectra alone", hint="only its impedance can be read")
    if "SCANRATE" in tags and curves[0].kind == "polarisation":
        meta["scan_rate_V_s"] = tags["SCANRATE"] * 1e-3
    return [measured(_one_after_another(curves), meta, positive="anodic")]


def _one(lines: Sequence[str], at: int, wanted: str) -> Table:
    stop = next((i for i in range(at + 1, len(lines)) if lines[i] and not lines[i][0].isspace()), len(lines))
    return read_table(lines, start=at + 1, stop=stop, wanted=wanted)


def _one_after_another(curves: Sequence[Table]) -> Table:
    """Several tables of the same columns as one; each is a cycle of its own."""
    first = curves[0]
    form = [(c.name, c.unit) for c in first.columns]
    if any([(c.name, c.unit) for c in curve.columns] != form for curve in curves):
        raise DataError("its curves differ in their columns or units", hint="split it")
    raw = {n: np.concatenate([c.raw[n] for c in curves]) for n in first.raw}
    columns = first.columns
    if len(curves) > 1 and "cycle" not in raw:
        raw["record_cycle"] = np.repeat(np.arange(1.0, len(curves) + 1), [c.lines.size for c in curves])
        columns += (dataclasses.replace(columns[0], header="curve", name="record_cycle", unit=None, factor=1.0, offset=0.0),)
    lines = np.concatenate([c.lines for c in curves])
    return Table(first.kind, columns, raw, lines, first.preamble, first.asides)


def _meta(lines: Sequence[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """What the tags say, and the numbers among them."""
    tags = {cells[0]: cells[2] for line in lines if len(cells := line[:400].split("\t")) > 2 and cells[0]}
    comma = any("," in v and is_number(v, comma=True) for v in tags.values())
    numbers = {n: float(v.replace(",", ".")) for n, v in tags.items() if is_number(v, comma=True)}
    numbers = {n: v for n, v in numbers.items() if abs(v) < 1e6}
    meta: dict[str, Any] = {"instrument": " ".join(["Gamry", tags.get("PSTAT", "")]).strip()}
    if "TITLE" in tags:
        meta["technique"] = tags["TITLE"].strip()
    # Where the decimal mark is a comma, the day comes first.
    started = started_at(f"{tags.get('DATE', '')} {tags.get('TIME', '')}", day_first=comma)
    if started:
        meta["started"] = started
    if numbers.get("AREA", 1.0) != 1.0 and numbers["AREA"] > 0:
        meta["area_m2"] = numbers["AREA"] * 1e-4
    if "EOC" in numbers:
        meta["open_circuit_V"] = numbers["EOC"]
    return meta, {n: v for n, v in numbers.items() if n == "SCANRATE" and v > 0}
