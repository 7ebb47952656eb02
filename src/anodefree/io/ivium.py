"""Ivium data files (.idf, .ids): settings as `name=value` between binary marks, then each spectrum as a block of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE

_EXPORT: Final = "in IviumSoft: Data, Save as text (CSV)"
_MANY: Final = 10_000
_DEFAULT_AREA_CM2: Final = 1.0


def read(path: Path) -> Measurement:
    """Every spectrum of the file.

    The program's default area of 1 cm2 is no measurement, and is not taken.

    Raises
    ------
    DataError: it holds no impedance, or a block of data is damaged.
    """
    lines = path.read_bytes().decode("cp1252", "replace").split("\n")
    spectra: list[np.ndarray] = []
    others: list[str] = []
    settings: dict[str, str] = {}
    first: Mapping[str, str] = {}
    for at, line in enumerate(lines):
        name, equals, value = line[:300].partition("=")
        if equals:
            settings[name.strip()] = value.strip()
        elif line.strip() == "primary_data":
            method = settings.get("Method", "a method that it does not name")
            if method != "Impedance":
                others.append(method)
                continue
            spectra.append(_block(lines, at + 1))
            first = first or {**settings}
            if len(spectra) > _MANY:
                raise DataError(f"holds more than {_MANY} spectra", hint=_EXPORT)
    if not spectra:
        held = ", ".join(sorted(set(others))[:5]) if others else "no block of data"
        raise DataError(f"holds no impedance (it holds {held})", hint=_EXPORT)
    meta = _meta(first)
    if others:
        meta["left_out"] = f"{len(others)} data sets of other methods: " + ", ".join(sorted(set(others))[:5])
    return Measurement.of(IMPEDANCE, _arrays(spectra), meta)


def _block(lines: Sequence[str], at: int) -> np.ndarray:
    """Z', Z'' and frequency (n, 3) of one block: a count of columns, a count of rows, the rows."""
    columns, rows = _count(lines, at, "columns"), _count(lines, at + 1, "points")
    if columns != 3:
        raise DataError(f"a spectrum has {columns} columns, 3 are known (Z', Z'', frequency)", f"line {at + 1}", _EXPORT)
    if not 1 <= rows <= len(lines) - at - 2:
        raise DataError(f"a spectrum announces {rows} points, {max(0, len(lines) - at - 2)} lines follow", f"line {at + 2}")
    found = np.empty((rows, 3))
    for k, line in enumerate(lines[at + 2 : at + 2 + rows]):
        try:
            found[k] = [float(cell) for cell in line[:300].split()]
        except ValueError:
            raise DataError(f"'{line.strip()[:60]}' is not a row of three numbers", f"line {at + 3 + k}", _EXPORT) from None
    if not np.isfinite(found).all() or (found[:, 2] <= 0).any():
        raise DataError("a spectrum holds a frequency that is not positive, or no finite number", f"line {at + 1}", _EXPORT)
    return found


def _count(lines: Sequence[str], at: int, what: str) -> int:
    cell = lines[at].strip() if at < len(lines) else ""
    if not (cell.isascii() and cell.isdigit() and len(cell) <= 7):
        raise DataError(f"'{cell[:40]}' stands where the number of {what} should", f"line {at + 1}", "is the file damaged?")
    return int(cell)


def _arrays(spectra: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    longest = max(len(s) for s in spectra)
    if longest * len(spectra) > 2**25:
        raise DataError("its spectra differ too much in length to be one series", hint=_EXPORT)
    padded = np.full((3, len(spectra), longest), np.nan)
    for k, spectrum in enumerate(spectra):
        padded[:, k, : len(spectrum)] = spectrum.T
    return {"Z_re_ohm": padded[0], "Z_im_ohm": padded[1], "frequency_Hz": padded[2]}


def _meta(settings: Mapping[str, str]) -> dict[str, Any]:
    # What the instrument reports of itself is one value: "instrument : …" and so on, set apart by two control characters.
    report = {}
    for part in settings.get("Report.Process data", "").split("\x1c\x1e"):
        name, colon, value = part.partition(":")
        if colon and value.strip():
            report[name.strip()] = "".join(c for c in value if c.isprintable()).strip()[:100]
    meta: dict[str, Any] = {"instrument": f"Ivium {report.get('hw config', '')}".strip(), "technique": "Impedance"}
    for name, key in (("start time", "started"), ("software vs", "software")):
        if any(c.isdigit() for c in report.get(name, "")):
            meta[key] = report[name]
    for name, key in (("Technique", "technique_mode"), ("Title", "title"), ("Report.Remarks", "notes")):
        if settings.get(name):
            meta[key] = settings[name][:200]
    try:
        area = float(settings.get("Data Options.Area", ""))
    except ValueError:
        return meta
    if 0 < area < 1e5 and area != _DEFAULT_AREA_CM2:
        meta["area_m2"] = area * 1e-4
    return meta
