"""Neware .ndax files: a zip archive of tables in pages of a fixed size, the main one with or without two beside it."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import layout
from anodefree.io.cycled import begins, cycled, elapsed, since_last
from anodefree.io.neware_scale import EXPORT, in_order, milliamperes_per_count, missing, started_at, written_date

MAX_BYTES: Final = 2**29
"""The most that all the tables of an archive may unpack to."""
MAX_RECORDS: Final = 2**24
_MAX_XML: Final = 2**20
_MAX_ENTRIES: Final = 10_000
_PAGE: Final = 4096
_BEGIN: Final = 132
"""Where the rows of a page begin; before them, from byte 4, one bit a row says whether it is used."""
_MAIN, _STEPS, _RUN = 1, 7, 18
"""The kinds of table."""
_MILLI: Final = frozenset({11, 16})
"""Versions that write 0.1 mV, mA and mA s; the others of their family write V, A and Ah."""
_PLAIN: Final = frozenset({14, 17})


def _full(size: int, index_at: int, time_at: int) -> np.dtype[Any]:
    """Rows that hold everything; the two versions set it a few bytes apart."""
    return layout(
        size,
        mark=("u1", 0),
        index=("<u4", index_at),
        cycle=("<u4", index_at + 4),
        step=("u1", index_at + 8),
        time=("<u8", time_at),
        voltage=("<i4", time_at + 8),
        current=("<i4", time_at + 12),
        charge=("<i8", time_at + 20),
        discharge=("<i8", time_at + 28),
        year=("<u2", time_at + 52),
        month=("u1", time_at + 54),
        day=("u1", time_at + 55),
        hour=("u1", time_at + 56),
        minute=("u1", time_at + 57),
        second=("u1", time_at + 58),
        range=("<i4", time_at + 59),
    )


# Version -> layout, size of a page, where the rows of a page begin.
_COMPLETE: Final = {2: (_full(94, 8, 23), 512, 5), 5: (_full(87, 1, 16), _PAGE, _BEGIN)}
_BARE: Final = layout(8, voltage=("<f4", 0), current=("<f4", 4))
_RUN_SIZE: Final = {11: 47, 14: 55, 16: 100, 17: 100}
_STEP_SIZE: Final = {11: 37, 14: 37, 16: 100, 17: 100}


@np.errstate(all="ignore")  # a damaged number is found when the arrays are checked
def read(path: Path) -> Measurement:
    """Cycling records, with the capacities that the cycler counted.

    Where a record stands between two of which the archive keeps time and counters, its time follows from the interval of
    recording, and its charge from its current.

    Raises
    ------
    DataError: the archive or a table in it is damaged, or unpacks to too much; a version or a current range is not known.
    """
    tables, texts = _unpacked(path)
    if "data.ndc" not in tables:
        raise DataError("the archive holds no 'data.ndc'", hint=EXPORT)
    main = tables["data.ndc"]
    version = _version(main, _MAIN, "data.ndc")
    meta = {"instrument": "Neware", "file_version": f"ndc {version}", **_meta(texts)}
    if version in _COMPLETE:
        return _complete(main, version, meta)
    if version not in _MILLI | _PLAIN:
        raise DataError(f"its data are of version {version}, which is not known here", hint=EXPORT)
    if "data_runInfo.ndc" not in tables:
        raise DataError("the archive lacks 'data_runInfo.ndc', which holds the time", hint=EXPORT)
    return _apart(tables, version, meta)


def _complete(main: bytes, version: int, meta: dict[str, Any]) -> Measurement:
    rows = _rows(main, *_COMPLETE[version])
    found = rows[(rows["mark"] == 0x55) & (rows["index"] > 0)]
    if not found.size:
        raise DataError("'data.ndc' holds no records", hint="was anything recorded?")
    found = in_order(found)
    counts = np.stack([found["current"], found["charge"], found["discharge"]], axis=1)
    scale = milliamperes_per_count(found["range"], counts) * 1e-3
    clock = found["time"] * 1e-3
    first = begins(found["step"].astype(np.int64), clock)
    return cycled(
        elapsed(clock, first),
        found["voltage"] * 1e-4,
        found["current"] * scale,
        passed_C=(since_last(found["charge"] * scale, first), since_last(found["discharge"] * scale, first)),
        counter=found["cycle"].astype(np.int64) + 1,
        step=np.cumsum(first),
        meta=_with_start({**meta, **missing(found["index"])}, written_date(found[0])),
    )


def _apart(tables: dict[str, bytes], version: int, meta: dict[str, Any]) -> Measurement:
    """Voltage and current in one table; time, step and counters of some records in a second; cycles in a third."""
    main = tables["data.ndc"]
    rows = _rows(main, _BARE)
    index = np.flatnonzero(_used(main, _BARE)) + 1
    rows = rows[index - 1]
    run = _run(tables["data_runInfo.ndc"], version)
    if not index.size or not run.size or run["index"][0] > index[0]:
        raise DataError("its first record has no time in 'data_runInfo.ndc'", hint=EXPORT)
    milli = version in _MILLI
    voltage = rows["voltage"].astype(float) * (1e-4 if milli else 1.0)
    current = rows["current"].astype(float) * (1e-3 if milli else 1.0)
    kept = np.searchsorted(run["index"], index, side="right") - 1
    after = index - run["index"][kept].astype(np.int64)
    interval = run["interval"][kept] * 1e-3
    clock = run["time"][kept] * 1e-3 + interval * after
    step = np.cumsum(begins(run["step"].astype(np.int64)))[kept]
    first = begins(step)
    # Charge of the records since the last whose counters are kept.
    extra = np.where(after > 0, interval * current, 0.0)
    anchor = np.maximum.accumulate(np.where(after == 0, np.arange(index.size), 0))
    passed = []
    for name, part in (("charge", np.maximum(extra, 0.0)), ("discharge", np.maximum(-extra, 0.0))):
        run_up = np.cumsum(part)
        counter = np.abs(run[name][kept].astype(float)) * (1e-3 if milli else 3600.0)
        passed.append(since_last(counter + run_up - run_up[anchor], first))
    return cycled(
        elapsed(clock, first),
        voltage,
        current,
        passed_C=(passed[0], passed[1]),
        counter=_cycles(tables, version, step),
        step=step,
        meta=_with_start({**meta, **missing(index)}, started_at(float(run["unix"][0]) + float(run["milliseconds"][0]) * 1e-3)),
    )


def _run(data: bytes, version: int) -> np.ndarray:
    if _version(data, _RUN, "data_runInfo.ndc") != version:
        raise DataError("'data_runInfo.ndc' is of another version than 'data.ndc'", hint=EXPORT)
    row = layout(
        _RUN_SIZE[version],
        time=("<u4", 0),
        charge=("<f4", 5),
        discharge=("<f4", 9),
        interval=("<i4", 29),
        unix=("<u4", 33),
        step=("<u4", 37),
        index=("<u4", 41),
        milliseconds=("<i2", 45),
    )
    rows = _rows(data, row)[_used(data, row)]
    return in_order(rows[rows["index"] > 0])


def _cycles(tables: dict[str, bytes], version: int, step: np.ndarray) -> np.ndarray | None:
    """The cycle of each record by its step; None where a step is in no table."""
    data = tables.get("data_step.ndc", b"")
    if not data or _version(data, _STEPS, "data_step.ndc") != version:
        return None
    row = layout(_STEP_SIZE[version], cycle=("<u4", 0))
    cycle = _rows(data, row)[_used(data, row)]["cycle"].astype(np.int64) + 1
    return cycle[step - 1] if step[-1] <= cycle.size else None


def _version(data: bytes, kind: int, name: str) -> int:
    if len(data) < 2 * _PAGE and len(data) < 1024:
        raise DataError(f"'{name}' is cut short", hint=EXPORT)
    if data[0] != kind:
        raise DataError(f"'{name}' is a table of kind {data[0]}, not {kind}", hint=EXPORT)
    return data[2]


def _pages(data: bytes, page: int) -> np.ndarray:
    """The pages after the first, which is the head."""
    count = len(data) // page - 1
    return np.frombuffer(data, np.uint8, max(0, count) * page, page if count > 0 else 0).reshape(-1, page)


def _rows(data: bytes, row: np.dtype[Any], page: int = _PAGE, begin: int = _BEGIN) -> np.ndarray:
    """Every row of every page, used or not."""
    each = (page - begin - 1) // row.itemsize
    if len(data) // page * each > MAX_RECORDS:
        raise DataError(f"a table has room for more than the {MAX_RECORDS} records that are read", hint=EXPORT)
    body = _pages(data, page)[:, begin : begin + each * row.itemsize]
    return np.ascontiguousarray(body).view(row).ravel()


def _used(data: bytes, row: np.dtype[Any]) -> np.ndarray:
    """Whether each row of every page is used."""
    each = (_PAGE - _BEGIN - 1) // row.itemsize
    marks = _pages(data, _PAGE)[:, 4 : 4 + (each + 7) // 8]
    return np.unpackbits(marks, axis=1, bitorder="little")[:, :each].ravel().astype(bool)


def _unpacked(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """The tables and the descriptions of an archive by name, within bounds.

    Only the sizes are believed that the archive can fill: unpacking stops there.
    """
    data = path.read_bytes()
    if data.count(b"PK\x01\x02") > _MAX_ENTRIES:
        raise DataError(f"the archive has more than {_MAX_ENTRIES} entries")
    tables: dict[str, bytes] = {}
    texts: dict[str, str] = {}
    room = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in ("data.ndc", "data_runInfo.ndc", "data_step.ndc", "TestInfo.xml", "VersionInfo.xml"):
                if name not in archive.NameToInfo:
                    continue
                entry = archive.NameToInfo[name]
                size = entry.file_size
                if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise DataError(f"'{name}' is encrypted, or packed in a way that is not known here", hint=EXPORT)
                if size > room or size > 1100 * entry.compress_size + 64:
                    raise DataError(f"'{name}' would unpack to {size / 2**20:.0f} MiB, more than is read", hint=EXPORT)
                room -= size
                if name.endswith(".xml"):
                    texts[name] = archive.read(name).decode("gb18030", "replace") if size <= _MAX_XML else ""
                else:
                    tables[name] = archive.read(name)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, OverflowError) as error:
        raise DataError(f"the archive is damaged ({str(error)[:100] or type(error).__name__})", hint=EXPORT) from error
    return tables, texts


def _meta(texts: dict[str, str]) -> dict[str, Any]:
    """What the descriptions say; their attributes are looked for as text, so that nothing in them is expanded."""
    meta: dict[str, Any] = {}
    wanted = (
        ("TestInfo.xml", "StartTime", "started"),
        ("TestInfo.xml", "Remark", "notes"),
        ("VersionInfo.xml", "CurrClientVer", "software"),
    )
    for file, attribute, key in wanted:
        found = re.search(rf'\s{attribute}="([^"<>&]{{1,200}})"', texts.get(file, ""))
        if found and found[1].strip():
            meta[key] = found[1].strip()
    return meta


def _with_start(meta: dict[str, Any], started: str) -> dict[str, Any]:
    """The start that the description says (local time), else that of the first record."""
    return meta if "started" in meta or not started else {**meta, "started": started}
