"""Photoelectron spectra as text: what CasaXPS exports, with the columns of its fit, and plain columns of energy and counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError, Unrecognised
from anodefree.io.photoelectron import core_level
from anodefree.io.textfile import SPLITS, Split, is_number, lines_of, number
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.kinds.photoemission_regions import PHOTOEMISSION_REGIONS, AL_K_ALPHA_eV, regions_of

BINDING: Final = re.compile(r"^\W{0,3}(?:B\.?E\.?(?![A-Za-z])|binding[ _]?energy)", re.IGNORECASE)
KINETIC: Final = re.compile(r"^\W{0,3}(?:K\.?E\.?(?![A-Za-z])|kinetic[ _]?energy)", re.IGNORECASE)
_RATE: Final = re.compile(r"\bCPS|counts?[ /]*(?:per|/) *s", re.IGNORECASE)
_PASS: Final = re.compile(r"\bPE: ?(\d{1,4}(?:\.\d{1,4})?)")
_PHOTONS: Final = re.compile(r"Characteristic Energy eV[,;\t ]{1,3}(\d{2,5}(?:\.\d{1,6})?)")
_TIME: Final = re.compile(r"Acquisition Time s[,;\t ]{1,3}(\d{1,7}(?:\.\d{1,6})?)")
_HEADER_WITHIN: Final = 200
_MOST_COLUMNS: Final = 400
_MIN_POINTS: Final = 5


@dataclass(frozen=True)
class _Table:
    header: tuple[str, ...]
    values: np.ndarray
    preamble: tuple[str, ...]


def read(path: Path, *, kind: str = "") -> Measurement | list[Measurement]:
    """One region from a text whose first column is binding or kinetic energy.

    Where a rate is given together with the counting time, counts are rate times time; else the numbers are taken as counts.
    Fitted components that CasaXPS exports beside the spectrum become the metadata `fitted_components`: area above the
    background, and the energy of the highest point.

    Raises
    ------
    DataError: no line names an energy, or a cell below it is no number.
    """
    found = _measured(_table(lines_of(path)), path.stem)
    return regions_of([found]) if kind == PHOTOEMISSION_REGIONS.name else found


def _table(lines: Sequence[str]) -> _Table:
    for at, line in enumerate(lines[:_HEADER_WITHIN]):
        for split in SPLITS:
            cells = split(line[:20_000])
            if 2 <= len(cells) <= _MOST_COLUMNS and (BINDING.match(cells[0]) or KINETIC.match(cells[0])):
                return _Table(tuple(cells), _rows(lines, at + 1, len(cells), split), tuple(lines[:at]))
    raise Unrecognised("no line names a binding or kinetic energy", hint="the first column is headed 'Binding Energy / eV'")


def _rows(lines: Sequence[str], first: int, width: int, split: Split) -> np.ndarray:
    """The rows below the header, as wide as it (a name may hold the delimiter of blanks, so the number of cells decides)."""
    rows: list[list[float]] = []
    for at in range(first, len(lines)):
        cells = [c for c in _cells(lines[at], split) if c != ""]
        if not cells:
            if rows:
                break
            continue
        if not all(is_number(c, comma=False) for c in cells):
            raise DataError(f"holds '{lines[at][:40]}' where numbers are due", f"line {at + 1}", "export numbers alone")
        if rows and len(cells) != len(rows[0]):
            raise DataError(f"has {len(cells)} numbers, the rows above {len(rows[0])}", f"line {at + 1}", "is it whole?")
        rows.append([number(c, comma=False) for c in cells])
    if len(rows) < _MIN_POINTS:
        raise DataError(f"its header is followed by {len(rows)} rows of numbers", f"line {first}", "was the export cut short?")
    values = np.array(rows)
    if not np.isfinite(values).all() or values.shape[1] < 2 or values.shape[1] > width:
        raise DataError("its columns are not finite numbers, one for each header", f"line {first}", "is the export whole?")
    return values


def _cells(line: str, split: Split) -> list[str]:
    cells = split(line[:20_000])
    return cells if len(cells) > 1 else line.split()


def _measured(table: _Table, stem: str) -> Measurement:
    header = table.header
    above = "\n".join(table.preamble)[:20_000]
    energy, counts = table.values[:, 0], table.values[:, 1]
    told = _PHOTONS.search(above)
    photon = float(told[1]) if told else AL_K_ALPHA_eV
    meta: dict[str, Any] = {"photon_energy_eV": photon}
    if KINETIC.match(header[0]):
        energy = photon - energy
        meta["energy_from"] = f"kinetic energy, photons of {photon} eV" + ("" if told else " (assumed)")
    seconds = _TIME.search(above)
    if seconds and float(seconds[1]) > 0:
        meta["dwell_s"] = float(seconds[1])
        if _RATE.search(header[1]):
            counts = counts * float(seconds[1])
    passed = _PASS.search(header[1])
    if passed:
        meta["pass_energy_eV"] = float(passed[1])
    region = core_level(header[1]) or core_level(header[0]) or core_level(stem)
    if region:
        meta["region"] = region
    order = np.argsort(energy, kind="stable")
    if not (np.diff(energy[order]) > 0).all() or np.abs(energy).max() > 1e5:
        raise DataError("its energies are not one for each row", "column 1", "export one region")
    if (counts < 0).any():
        raise DataError("holds a negative count", "column 2", "export the spectrum before its background is subtracted")
    fitted = _fitted(table, energy)
    if fitted:
        meta["fitted_components"] = fitted
    return Measurement.of(PHOTOEMISSION, {"binding_energy_eV": energy[order], "counts": counts[order][None]}, meta)


def _fitted(table: _Table, energy: np.ndarray) -> list[dict[str, Any]]:
    """Components between the counts and the background of an export of CasaXPS: each less the background, summed."""
    names = [h.lower() for h in table.header]
    at = next((i for i, h in enumerate(names) if h.startswith("background")), 0)
    if at < 3 or at >= table.values.shape[1]:
        return []
    step = float(np.abs(np.diff(energy)).mean())
    above = table.values[:, 2:at] - table.values[:, at : at + 1]
    return [
        {
            "name": table.header[2 + i][:80],
            "area": float(a.sum() * step),
            "binding_energy_eV": float(energy[int(np.argmax(a))]),
        }
        for i, a in enumerate(above.T)
    ]
