"""BioLogic EC-Lab binary files (.mpr): a chain of modules (settings, data, log), the data laid out by column numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, pascal, records, text, unpack
from anodefree.io.biologic_columns import layout_of, quantities
from anodefree.io.biologic_measured import TECHNIQUES, measured

MAGIC: Final = b"BIO-LOGIC MODULAR FILE\x1a"
_FIRST_MODULE: Final = 52
_MANY: Final = 1000
_DEFAULT_AREA_CM2: Final = 0.001
_LONG: Final = 0xFFFFFFFF
"""Stands where older files write a module's length; the longer header of EC-Lab 11.50 and later follows."""
_STARTED_AT: Final = (585, 465, 469, 473)
"""Where the log may hold the start, as days since 30 December 1899."""


@dataclass(frozen=True)
class _Module:
    data: bytes
    version: int
    date: str
    long: bool


@np.errstate(all="ignore")  # a damaged number is found when the arrays are checked
def read(path: Path, *, kind: str = "") -> Measurement:
    """Impedance, polarisation or cycling, with technique, start, electrode area and program version.

    `kind` is the one that is wanted of a file that holds records of several.

    The program's default area of 0.001 cm2 is no measurement, and is not taken.

    Raises
    ------
    DataError: a module is missing or cut short, or a version or a column number is not known.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise DataError("does not begin as a BioLogic file")
    modules = _modules(data)
    if "VMP data" not in modules:
        raise DataError("holds no module with data (it has " + (", ".join(modules) or "none") + ")", hint=CUT)
    return measured(quantities(_columns(modules["VMP data"])), *_described(modules), kind)


def described(data: bytes) -> tuple[int | None, dict[str, Any]]:
    """The number of the technique and the metadata of a file, whatever its data hold.

    Raises
    ------
    DataError: its modules are damaged.
    """
    return _described(_modules(data))


def _modules(data: bytes) -> dict[str, _Module]:
    """The modules by name; the first of a name counts."""
    found: dict[str, _Module] = {}
    at = _FIRST_MODULE
    for _ in range(_MANY):
        if at >= len(data):
            break
        if data[at : at + 6] != b"MODULE":
            raise DataError(f"has no module where one should begin (at byte {at})", hint="is the file damaged?")
        name = text(data, at + 6, 10)
        length = unpack("<I", data, at + 41, "the length of a module")
        long = length == _LONG
        if long:
            length = unpack("<I", data, at + 45, "the length of a module")
        version = unpack("<I", data, at + (49 if long else 45), "the version of a module")
        body = at + (65 if long else 57)
        if length > len(data) - body:
            raise DataError(f"its module '{name}' announces {length} bytes, {max(0, len(data) - body)} are there", hint=CUT)
        found.setdefault(name, _Module(data[body : body + length], version, text(data, body - 8, 8), long))
        at = body + length
    return found


def _columns(module: _Module) -> dict[int, np.ndarray]:
    """The columns by their numbers."""
    data, version = module.data, module.version
    kind: np.dtype[Any]
    count, width = unpack("<I", data, 0, "its records"), unpack("B", data, 4, "its columns")
    if version == 0 and module.long:
        kind, begin = np.dtype(">u2"), 1007
    elif version == 0:
        kind, begin = np.dtype("u1"), 100
    elif version in (2, 3):
        kind, begin = np.dtype("<u2"), 403 + version
    else:
        raise DataError(
            f"its data are of version {version}, which is not known here", hint="in EC-Lab: Experiment, Export as Text (.mpt)"
        )
    if width == 0 or 5 + width * kind.itemsize > begin:
        raise DataError(f"names {width} columns, more than fit", hint="is the file damaged?")
    numbers = records(data, kind, 5, width, "columns").tolist()
    layout = layout_of(numbers)
    if len(data) - begin != count * layout.itemsize:
        layout = layout_of(numbers, always_lower=True)
    if len(data) - begin != count * layout.itemsize:
        raise DataError(
            f"announces {count} records of {layout.itemsize} bytes, {len(data) - begin} bytes are there",
            hint="in EC-Lab: Experiment, Export as Text (.mpt)",
        )
    held = records(data, layout, begin, count, "records")
    return {int(name): held[name] for name in layout.names or () if name.isdecimal()}


def _described(modules: dict[str, _Module]) -> tuple[int | None, dict[str, Any]]:
    settings, log = modules.get("VMP Set"), modules.get("VMP LOG")
    technique = settings.data[0] if settings is not None and settings.data else None
    meta: dict[str, Any] = {"instrument": "BioLogic"}
    if technique is not None:
        meta["technique"] = TECHNIQUES.get(technique, f"EC-Lab technique {technique}")
    started = _started(settings, log)
    if started:
        meta["started"] = started
    if settings is not None and len(settings.data) >= 0x215:
        area = unpack("<f", settings.data, 0x211, "the electrode area")
        if _DEFAULT_AREA_CM2 * 1.001 < area < 1e5:
            meta["area_m2"] = float(f"{area * 1e-4:.6g}")
        for key, at in (("notes", 0x07), ("reference", 0x215)):
            written = pascal(settings.data, at)
            if written and written != "(unspecified)":
                meta[key] = written
    version = pascal(log.data, 0x3B7) if log is not None else ""
    if re.fullmatch(r"\d{1,2}\.\d{1,3}", version):
        meta["software"] = f"{'EC-Lab' if float(version) >= 5 else 'BT-Lab'} {version}"
    return technique, meta


def _started(settings: _Module | None, log: _Module | None) -> str:
    """When the measurement began: to the millisecond from the log where its date agrees with the settings, else the date."""
    day = _day(settings.date) if settings is not None else None
    for at in _STARTED_AT:
        if log is None or len(log.data) < at + 8:
            continue
        days = unpack("<d", log.data, at, "the start")
        if 30000 < days < 80000:
            moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400_000))
            if day is None or abs(moment.date() - day) <= timedelta(days=1):
                return moment.isoformat(sep=" ", timespec="milliseconds")
    return day.isoformat() if day is not None else ""


def _day(written: str) -> date | None:
    """The date of a module's header: month, day, year."""
    found = re.fullmatch(r"(\d{2})[/.-](\d{2})[/.-](\d{2})", written)
    try:
        return date(2000 + int(found[3]), int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None
