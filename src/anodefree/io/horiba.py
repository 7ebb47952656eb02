"""Horiba (Jobin-Yvon) LabSpec: its XML files, searched as text and never expanded, and its text export."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.started import started_at
from anodefree.io.textfile import bounded, lines_of
from anodefree.io.vibrational import axis_unit, vibrational

_NAME, _VALUE, _UNIT, _NUMBERS = "0x6D6D616E", "0x7D6C61DB", "0x7C696E75", "0x7D6CD4DB"
_TAG: Final = re.compile(r'<(/?)(LSX\w{0,20})(?: Format="(\d{1,3})")?([^<>]{0,200})>([^<]{0,20000000})')
_ID: Final = re.compile(r'ID="(0x[0-9A-Fa-f]{1,8})"')
_MOST: Final = 2_000_000
_EXPORT: Final = "in LabSpec: File, Save as, text (.txt)"
_LASER: Final = re.compile(r"(\d{3,4}(?:[.,]\d{1,4})?)\s{0,3}(?:nm)?")


def read(path: Path, *, laser_m: float | None = None) -> Measurement:
    """Every spectrum of the file.

    Raises
    ------
    DataError: no spectrum is in it, its counts disagree, or its axis is in nm and no laser is known.
    """
    lines = lines_of(path)
    if any("<LSX" in line for line in lines[:20]):
        return _xml("\n".join(lines), laser_m)
    return _text(lines, laser_m)


def _xml(document: str, laser_m: float | None) -> Measurement:
    settings: dict[str, str] = {}
    axes: list[tuple[np.ndarray, str]] = []
    rows: list[np.ndarray] = []
    pending: dict[str, str] = {}
    for count, tag in enumerate(_TAG.finditer(document)):
        if count > _MOST:
            raise DataError("holds more elements than a spectrum has", hint=_EXPORT)
        closing, name, _, attributes, body = tag.groups()
        if closing:
            if name == "LSX" and not body.strip() and pending:
                settings.setdefault(pending.get(_NAME, ""), pending.get(_VALUE, ""))
            continue
        if name == "LSX_Row":
            rows.append(_numbers(body, "a row of intensities"))
            continue
        found = _ID.search(attributes)
        key = found[1] if found else ""
        if name == "LSX" and key == _NUMBERS and body.strip():
            axes.append((_numbers(body, "its axis"), ""))
        elif name == "LSX" and key == _UNIT and axes and not axes[-1][1]:
            axes[-1] = axes[-1][0], html.unescape(body.strip())[:40]
        elif name == "LSX" and key in (_NAME, _VALUE):
            if key in pending:
                pending = {}
            pending[key] = html.unescape(body.strip())[:200]
            if len(pending) == 2:
                settings.setdefault(pending[_NAME], pending[_VALUE])
                pending = {}
        elif "Size=" in attributes:
            pending = {}
    spectral = next((a for a in reversed(axes) if axis_unit(a[1])), None)
    if spectral is None or not rows:
        raise DataError("holds no axis of a spectrum" if spectral is None else "holds no intensities", hint=_EXPORT)
    x, words = spectral
    if len({len(r) for r in rows} | {len(x)}) > 1:
        raise DataError(f"its axis has {len(x)} points, its rows of intensities {sorted({len(r) for r in rows})}", hint=_EXPORT)
    exact = re.search(r'>Laser \(nm\)<.{0,300}?Format="5"[^>]{0,60}>(\d{3,4}\.\d{1,4})<', document, re.DOTALL)
    if exact:
        settings["Laser (nm)"] = exact[1]
    return vibrational(x, axis_unit(words) or "", np.array(rows), _meta(settings, laser_m))


def _numbers(body: str, what: str) -> np.ndarray:
    try:
        return np.array([float(c) for c in body.split()])
    except ValueError as error:
        raise DataError(f"{what} holds '{str(error)[-40:]}'", hint=_EXPORT) from None


def _text(lines: Sequence[str], laser_m: float | None) -> Measurement:
    """`#name=<tab>value` lines, then columns of shift and intensity, or a first row of shifts and a row for each spectrum."""
    settings: dict[str, str] = {}
    at = 0
    for at, line in enumerate(lines):
        if not line.startswith("#"):
            break
        name, equals, value = bounded(line, at)[1:].partition("=")
        if equals:
            settings[name.strip()] = value.strip()
    table = [(k, bounded(line, k).rstrip("\r").split("\t")) for k, line in enumerate(lines[at:], start=at) if line.strip()]
    if not table:
        raise DataError("its head is followed by no numbers", f"line {at + 1}", "was the export cut short?")
    beside = next((i for i, cell in enumerate(table[0][1]) if cell.strip()), 0)
    values = [(k, _row(cells[beside:] if beside and k == table[0][0] else cells, k)) for k, cells in table]
    spectral = next((settings[f"AxisUnit[{n[9:-1]}]"] for n, v in settings.items() if _spectral(n, v, settings)), "1/cm")
    unit = axis_unit(spectral)
    if unit is None:
        raise DataError(f"its axis is in '{spectral[:40]}', which is no wavenumber and no wavelength", hint="is it a spectrum?")
    meta = _meta(settings, laser_m)
    if not beside:
        if len({len(r) for _, r in values}) > 1:
            raise DataError("its rows have different numbers of columns", f"line {at + 1}", "was the export cut short?")
        columns = np.array([r for _, r in values]).T
        if len(columns) < 2:
            raise DataError("has one column of numbers only", f"line {at + 1}", _EXPORT)
        return vibrational(columns[0], unit, columns[1:], meta)
    x, rest = values[0][1], values[1:]
    if not rest or any(len(r) != len(x) + beside for _, r in rest):
        raise DataError(f"its first row has {len(x)} shifts, another row not as many intensities", f"line {at + 1}", _EXPORT)
    block = np.array([r for _, r in rest])
    return vibrational(np.array(x), unit, block[:, beside:], meta, _beside(block[:, :beside], settings))


def _spectral(name: str, value: str, settings: Mapping[str, str]) -> bool:
    return name.startswith("AxisType[") and value.lower().startswith("spectr") and f"AxisUnit[{name[9:-1]}]" in settings


def _beside(columns: np.ndarray, settings: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Place or time of each spectrum, as the axes of the export name them."""
    names = [settings.get(f"AxisType[{k}]", "").lower() for k in range(2, 2 + columns.shape[1])]
    known = {"x": ("x_m", 1e-6), "y": ("y_m", 1e-6), "z": ("z_m", 1e-6), "time": ("time_s", 1.0)}
    found = {}
    for k, name in enumerate(names):
        if name in known:
            found[known[name][0]] = columns[:, k] * known[name][1]
    return found


def _row(cells: Sequence[str], at: int) -> list[float]:
    try:
        return [float(c.replace(",", ".")) for c in cells if c.strip()]
    except ValueError:
        raise DataError(f"'{' '.join(cells)[:60]}' is no row of numbers", f"line {at + 1}", _EXPORT) from None


def _meta(settings: Mapping[str, str], laser_m: float | None) -> dict[str, Any]:
    said = _LASER.match(settings.get("Laser (nm)", "") or settings.get("Laser", ""))
    if laser_m is None and said:
        laser_m = float(said[1].replace(",", ".")) * 1e-9
    began = settings.get("Acquired", "") or settings.get("Date", "")
    return {
        "technique": "raman",
        "quantity": "counts",
        "laser_m": laser_m,
        "instrument": f"Horiba {settings.get('Instrument', '')}".strip(),
        "title": settings.get("Title"),
        "sample": settings.get("Sample"),
        "notes": settings.get("Remark"),
        "started": started_at(began, day_first=True) or began[:40] or None,
    }
