"""Delimited text of any instrument or spreadsheet: the header's words say what it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from anodefree.core.measurement import Measurement
from anodefree.io.records import cycling
from anodefree.io.spectra import impedance
from anodefree.io.table import Table, bare_spectrum, find_header, read_table
from anodefree.io.textfile import lines_of

_TEMPERATURE: Final = re.compile(
    r"\btemp(?:erature)?\b[^\d+-]{0,20}([+-]?\d{1,4}(?:[.,]\d{1,6})?) ?(°C|degC|deg C|C|K)\b", re.IGNORECASE
)


def read(path: Path, *, columns: Sequence[str] | None = None) -> Measurement:
    """Impedance or cycling from delimited text; `columns` are the headers of a file that has none.

    Without either, three columns of numbers of which the first can only be a frequency sweep are a spectrum.

    Raises
    ------
    DataError: no table of a known kind is in the text, or a cell or a unit in it is wrong.
    """
    lines = lines_of(path)
    if columns is not None:
        return measured(read_table(lines, columns=columns))
    if find_header(lines, 0, len(lines)) is None:
        return measured(
            bare_spectrum(lines), {"columns_assumed": "frequency / Hz, Z' / ohm, Z'' / ohm (the file has no header)"}
        )
    return measured(read_table(lines))


def measured(table: Table, meta: dict[str, Any] | None = None, *, sign_is_sure: bool = False) -> Measurement:
    """The measurement that a table makes up."""
    if table.kind == "cycling":
        return cycling(table, meta)
    found = impedance(table, meta, sign_is_sure=sign_is_sure)
    kelvin = _stated_temperature(table.preamble)
    if "temperature_K" in found or kelvin is None:
        return found
    arrays = {str(n): found[str(n)] for n in found.data.data_vars}
    return Measurement.of(found.kind, {**arrays, "temperature_K": [kelvin] * len(found)}, found.meta)


def _stated_temperature(preamble: Sequence[str]) -> float | None:
    """A temperature that the lines above the table state, in K."""
    for line in preamble[:200]:
        found = _TEMPERATURE.search(line[:400])
        if found:
            value = float(found[1].replace(",", "."))
            kelvin = value if found[2].upper() == "K" else value + 273.15
            return kelvin if kelvin > 0 else None
    return None
