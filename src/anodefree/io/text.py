"""Delimited text of any instrument or spreadsheet: the header's words say what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anodefree.core.measurement import Measurement
from anodefree.io.cells_in_rows import refuse_cells_in_rows
from anodefree.io.polarisation import polarisation
from anodefree.io.records import cycling
from anodefree.io.spectra import impedance
from anodefree.io.stated import stated
from anodefree.io.table import Table, bare_spectrum, find_header, read_table, read_tables
from anodefree.io.textfile import lines_of


def read(path: Path, *, columns: Sequence[str] | None = None, kind: str = "") -> list[Measurement]:
    """What a delimited text holds: one measurement, or one for each series that it sets side by side.

    `columns` are the headers of a file that has none, `kind` is the wanted one where columns make up more than one. Without
    a header, three columns of numbers of which the first can only be a frequency sweep are a spectrum.

    Raises
    ------
    DataError: no table of a known kind is in the text, or a cell or a unit in it is wrong.
    """
    lines = lines_of(path)
    if columns is not None:
        return [measured(read_table(lines, columns=columns, wanted=kind))]
    if find_header(lines, 0, len(lines)) is None:
        refuse_cells_in_rows(lines)
        assumed = {"columns_assumed": "frequency / Hz, Z' / ohm, Z'' / ohm (the file has no header)"}
        return [measured(bare_spectrum(lines), assumed)]
    tables = read_tables(lines, wanted=kind)
    return [measured(t, {"series": t.label} if len(tables) > 1 else None) for t in tables]


def measured(
    table: Table, meta: dict[str, Any] | None = None, *, sign_is_sure: bool = False, positive: str = ""
) -> Measurement:
    """The measurement that a table makes up.

    `sign_is_sure` where the format fixes the sign of Z'', `positive` ("anodic", "cathodic") where it implies that of a current.
    """
    notes = {**stated(table.preamble), **_told(table), **(meta or {})}
    kelvin = notes.pop("temperature_K", None)
    if table.kind == "cycling":
        notes.pop("scan_rate_V_s", None)
        return cycling(table, notes if kelvin is None else {**notes, "temperature_K": kelvin})
    if table.kind == "polarisation":
        return polarisation(table, notes if kelvin is None else {**notes, "temperature_K": kelvin}, positive=positive)
    notes.pop("scan_rate_V_s", None)
    found = impedance(table, notes, sign_is_sure=sign_is_sure)
    if "temperature_K" in found or kelvin is None:
        return found
    arrays = {str(n): found[str(n)] for n in found.data.data_vars}
    return Measurement.of(found.kind, {**arrays, "temperature_K": [kelvin] * len(found)}, found.meta)


def _told(table: Table) -> dict[str, Any]:
    """What was left out of a table."""
    if not table.asides:
        return {}
    first = table.asides[0][1].strip()[:60]
    return {"lines_left_out": f"{len(table.asides)} of text inside the table, the first: '{first}'"}
