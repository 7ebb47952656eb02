"""Arbin .res files: an Access database (Jet 4), of which one table is read, the records of the channel."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT
from anodefree.io.cycled import begins, cycled, since_last

EXPORT: Final = "in MITS Pro (Data Watcher): export to CSV"
_PAGE: Final = 4096
_NEEDED: Final = ("Data_Point", "Test_Time", "Voltage", "Current", "Cycle_Index", "Charge_Capacity", "Discharge_Capacity")
_OPTIONAL: Final = ("Test_ID", "Step_Index", "DateTime")
_TYPES: Final = {2: "u1", 3: "<i2", 4: "<i4", 6: "<f4", 7: "<f8", 8: "<f8"}
"""Jet's types of number, and how they are stored."""
_MAX_DEFINITION: Final = 64
"""Pages that the definition of one table may span."""
_MAX_TABLES: Final = 1000
_MAX_ROWS: Final = 255
"""Jet numbers the rows of a page by one byte."""


@dataclass(frozen=True)
class _Column:
    number: int
    kind: str
    offset: int


@dataclass(frozen=True)
class _Table:
    page: int
    columns: Mapping[str, _Column]
    rows: int
    width: int
    """How many columns a row has, those of variable width among them."""


@np.errstate(all="ignore")  # a damaged number is found when the arrays are checked
def read(path: Path) -> Measurement:
    """Cycling records, with the capacities that the cycler counted.

    Raises
    ------
    DataError: it is of an older database version, holds no records of a channel, those of several tests, or is damaged.
    """
    data = path.read_bytes()
    if len(data) < 3 * _PAGE or data[:19] not in (b"\0\1\0\0Standard Jet DB", b"\0\1\0\0Standard ACE DB"):
        raise DataError("is no Access database, or is cut short", hint=CUT)
    if data[0x14] == 0:
        raise DataError("is a database of Access 97 (Jet 3), which is not read", hint=EXPORT)
    pages = np.frombuffer(data, np.uint8, len(data) // _PAGE * _PAGE).reshape(-1, _PAGE)
    found = _records(pages, _table(pages))
    if "Test_ID" in found and np.unique(found["Test_ID"]).size > 1:
        raise DataError(f"holds {np.unique(found['Test_ID']).size} tests, one is read", hint=EXPORT)
    order = np.unique(found["Data_Point"], return_index=True)[1]
    held = {name: values[order] for name, values in found.items()}
    cycle = held["Cycle_Index"]
    if not np.isfinite(cycle).all() or np.abs(cycle).max() > 1e9:
        raise DataError("holds cycle numbers that are no numbers", hint=EXPORT)
    meta: dict[str, Any] = {"instrument": "Arbin", **_start(held)}
    return cycled(
        held["Test_Time"] - held["Test_Time"][0],
        held["Voltage"],
        held["Current"],
        passed_C=(since_last(held["Charge_Capacity"] * 3600.0), since_last(held["Discharge_Capacity"] * 3600.0)),
        counter=cycle.astype(np.int64),
        step=np.cumsum(begins(held["Step_Index"])) if "Step_Index" in held else None,
        meta=meta,
    )


def _start(held: Mapping[str, np.ndarray]) -> dict[str, str]:
    days = float(held["DateTime"][0]) if "DateTime" in held else 0.0
    if not 30000 < days < 80000:
        return {}
    return {"started": (datetime(1899, 12, 30) + timedelta(seconds=round(days * 86400))).isoformat(sep=" ")}


def _table(pages: np.ndarray) -> _Table:
    """The table of the channel's records, known by its columns; of several, the one with the most records."""
    best: _Table | None = None
    for page in np.flatnonzero((pages[:, 0] == 2) & (pages[:, 1] == 1))[:_MAX_TABLES].tolist():
        table = _definition(pages, page)
        if table is not None and set(_NEEDED) <= set(table.columns) and (best is None or table.rows > best.rows):
            best = table
    if best is None:
        raise DataError("holds no table with the records of a channel", hint=EXPORT)
    if best.rows == 0 or not _owned(pages, best.page).any():
        raise DataError("its table of records is empty", hint="was anything recorded?")
    return best


def _definition(pages: np.ndarray, page: int) -> _Table | None:
    """A table's columns of fixed width by name; None where the definition is no sound one."""
    parts, at, seen = [pages[page].tobytes()], page, {page}
    for _ in range(_MAX_DEFINITION):
        at = struct.unpack_from("<I", pages[at].tobytes(), 4)[0]
        if at == 0 or at >= len(pages) or at in seen:
            break
        seen.add(at)
        parts.append(pages[at, 8:].tobytes())
    data = b"".join(parts)
    count, indices = struct.unpack_from("<H", data, 45)[0], struct.unpack_from("<I", data, 51)[0]
    begin = 63 + 12 * indices
    names_at = begin + 25 * count
    if count == 0 or names_at > len(data):
        return None
    columns: dict[str, _Column] = {}
    for k in range(count):
        if names_at + 2 > len(data):
            return None
        size = struct.unpack_from("<H", data, names_at)[0]
        name = data[names_at + 2 : names_at + 2 + size].decode("utf-16-le", "replace")
        names_at += 2 + size
        entry = begin + 25 * k
        number, flags, offset = (struct.unpack_from("<H", data, entry + i)[0] for i in (5, 15, 21))
        if flags & 1 and data[entry] in _TYPES:
            columns.setdefault(name, _Column(number, _TYPES[data[entry]], offset))
    return _Table(page, columns, struct.unpack_from("<I", data, 16)[0], count)


def _owned(pages: np.ndarray, table: int) -> np.ndarray:
    """Which pages hold rows of a table."""
    owner = np.ascontiguousarray(pages[:, 4:8]).view("<u4").ravel()
    return np.asarray((pages[:, 0] == 1) & (pages[:, 1] == 1) & (owner == table))


def _records(pages: np.ndarray, table: _Table) -> dict[str, np.ndarray]:
    """The columns of all rows that were not deleted."""
    own = pages[_owned(pages, table.page)]
    count = np.ascontiguousarray(own[:, 12:14]).view("<u2").ravel().astype(np.int64)
    most = int(count.max())
    if not 1 <= most <= _MAX_ROWS:
        raise DataError(f"a page of its table announces {most} rows", hint=CUT)
    entry = np.ascontiguousarray(own[:, 14 : 14 + 2 * most]).view("<u2").astype(np.int64)
    at = entry & 0x1FFF
    # Rows fill a page from its end: each ends where the one before it begins.
    end = np.concatenate([np.full((len(own), 1), _PAGE), at[:, :-1]], axis=1)
    there = (np.arange(most) < count[:, None]) & (entry & 0xC000 == 0)
    if np.count_nonzero(there) != table.rows:
        raise DataError(f"announces {table.rows} records, {np.count_nonzero(there)} are there", hint=CUT)
    page = np.broadcast_to(np.arange(len(own))[:, None], at.shape)[there]
    begin, end = at[there] + 2, end[there]
    used = {n: table.columns[n] for n in (*_NEEDED, *_OPTIONAL) if n in table.columns}
    widest = max(c.offset + np.dtype(c.kind).itemsize for c in used.values())
    if (begin + widest > end).any() or (end > _PAGE).any():
        raise DataError("a row of its table is shorter than its columns", hint=CUT)
    out: dict[str, np.ndarray] = {}
    for name, column in used.items():
        kind = np.dtype(column.kind)
        place = (begin + column.offset)[:, None] + np.arange(kind.itemsize)
        values = np.ascontiguousarray(own[page[:, None], place]).view(kind).ravel().astype(float)
        # One bit a column, at the row's end, says whether there is a value.
        mark = own[page, np.clip(end - (table.width + 7) // 8 + column.number // 8, 0, _PAGE - 1)]
        missing = mark >> (column.number % 8) & 1 == 0
        if missing.any() and name in _NEEDED:
            raise DataError(f"column '{name}' is empty in {int(missing.sum())} records", hint=EXPORT)
        out[name] = values
    return out
