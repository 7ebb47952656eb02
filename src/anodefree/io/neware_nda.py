"""Neware .nda files: a head, then records of fixed size; the layout follows from the version in the head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, layout, records, text, unpack
from anodefree.io.cycled import begins, cycled, elapsed, since_last
from anodefree.io.neware_scale import EXPORT, in_order, milliamperes_per_count, missing, started_at, written_date

_DATA: Final = 0x55
"""Marks a record of data; others are of thermometers, or empty."""
_MANY: Final = 10_000
_UNIX: Final = frozenset({14, 16, 17, 20, 22, 23, 24})
_SPELT: Final = frozenset({26, 28, 29})
_BTS9: Final = frozenset({129, 130})


_BTS7: Final = layout(
    86,
    mark=("u1", 0),
    index=("<u4", 2),
    cycle=("<u4", 6),
    step=("<u2", 10),
    status=("u1", 12),
    jump=("u1", 13),
    time=("<u8", 14),
    voltage=("<i4", 22),
    current=("<i4", 26),
    charge=("<i8", 38),
    discharge=("<i8", 46),
    unix=("<u8", 70),
    year=("<u2", 70),
    month=("u1", 72),
    day=("u1", 73),
    hour=("u1", 74),
    minute=("u1", 75),
    second=("u1", 76),
    range=("<i4", 78),
)
_BTS9_EARLY: Final = layout(
    88,
    mark=("u1", 4),
    step=("u1", 9),
    index=("<u4", 16),
    time=("<u8", 28),
    voltage=("<f4", 36),
    current=("<f4", 40),
    charge=("<f4", 52),
    discharge=("<f4", 60),
    unix=("<u8", 68),
)
_HEAD: Final = {
    "mark": ("u1", 0),
    "step": ("u1", 2),
    "index": ("<u4", 8),
    "seconds": ("<u4", 12),
    "nanoseconds": ("<u4", 16),
    "current": ("<f4", 20),
    "voltage": ("<f4", 24),
    "charge": ("<f4", 28),
}
_BTS91: Final = {
    52: layout(52, **_HEAD, cycle=("<u4", 36), unix=("<u4", 44)),
    56: layout(56, **_HEAD, cycle=("<u4", 36), unix=("<u4", 44), temperature=("<f4", 52)),
    60: layout(60, **_HEAD, unix=("<u4", 36), temperature=("<f4", 48), cycle=("<u4", 52)),
}


@np.errstate(all="ignore")  # a damaged number is found when the arrays are checked
def read(path: Path) -> Measurement:
    """Cycling records, with the capacities that the cycler counted.

    Raises
    ------
    DataError: its version or a current range is not known, it holds no records, or they are damaged.
    """
    data = path.read_bytes()
    if not data.startswith(b"NEWARE"):
        raise DataError("does not begin as a Neware file")
    version = unpack("B", data, 14, "its version")
    meta = {"instrument": "Neware", "file_version": f"nda {version}"}
    if version in _UNIX or version in _SPELT:
        return _bts7(data, meta, spelt=version in _SPELT)
    if version not in _BTS9:
        raise DataError(f"is of version {version}, which is not known here", hint=EXPORT)
    kind = unpack("<H", data, 16, "the version of its records")
    if kind in (2, 3):
        return _bts9_early(data, meta)
    if kind == 19:
        return _bts91(data, meta)
    raise DataError(f"its records are of version {kind}, which is not known here", hint=EXPORT)


def _bts7(data: bytes, meta: dict[str, Any], *, spelt: bool) -> Measurement:
    begin, length = unpack("<I", data, 64, "where its records begin"), unpack("<I", data, 68, "how long its records are")
    found = _kept(records(data, _BTS7, begin, length // _BTS7.itemsize, "records"))
    counts = np.stack([found["current"], found["charge"], found["discharge"]], axis=1)
    scale = milliamperes_per_count(found["range"], counts) * 1e-3
    meta |= missing(found["index"])
    clock = found["time"] * 1e-3
    first = begins(found["step"] * 256 + found["jump"], clock)
    meta["started"] = written_date(found[0]) if spelt else started_at(float(found["unix"][0]))
    server = data.find(b"BTSServer", 0, 65536)
    meta["software"] = text(data, server, 50)
    return cycled(
        elapsed(clock, first),
        found["voltage"] * 1e-4,
        found["current"] * scale,
        passed_C=(since_last(found["charge"] * scale, first), since_last(found["discharge"] * scale, first)),
        counter=found["cycle"].astype(np.int64) + 1,
        step=np.cumsum(first),
        meta={k: v for k, v in meta.items() if v},
    )


def _bts9_early(data: bytes, meta: dict[str, Any]) -> Measurement:
    found = _kept(np.concatenate([_whole(data, _BTS9_EARLY, at, size) for at, size in _blocks(data)]))
    meta |= missing(found["index"])
    clock = found["time"] * 1e-6
    first = begins(found["step"].astype(np.int64), clock)
    meta["started"] = started_at(float(found["unix"][0]) * 1e-6)
    charge, discharge = (found[n].astype(float) * 1e-3 for n in ("charge", "discharge"))
    return cycled(
        elapsed(clock, first),
        found["voltage"].astype(float),
        found["current"].astype(float) * 1e-3,
        passed_C=(since_last(charge, first), since_last(discharge, first)),
        step=np.cumsum(first),
        meta={k: v for k, v in meta.items() if v},
    )


def _bts91(data: bytes, meta: dict[str, Any]) -> Measurement:
    blocks = list(_blocks(data))
    record = _of_records(data, *blocks[0])
    found = _kept(np.concatenate([_whole(data, record, at, size) for at, size in blocks]))
    time = found["seconds"] + found["nanoseconds"] * 1e-9
    # The counter's sign is its direction; it starts again at each step.
    first = begins(found["step"].astype(np.int64))
    counted = found["charge"].astype(float) * 1e-3
    passed = since_last(counted, first)
    meta |= missing(found["index"])
    meta["started"] = started_at(float(found["unix"][0]))
    meta["software"] = _version(data)
    if "temperature" in (record.names or ()):
        kelvin = float(np.mean(found["temperature"], dtype=float)) + 273.15
        if 150 < kelvin < 700:
            meta |= {"temperature_K": float(f"{kelvin:.6g}"), "temperature_from": "mean of the auxiliary thermometer"}
    return cycled(
        time - time[0],
        found["voltage"].astype(float),
        found["current"].astype(float) * 1e-3,
        passed_C=(np.where(counted > 0, passed, 0.0), np.where(counted < 0, passed, 0.0)),
        counter=found["cycle"].astype(np.int64) + 1,
        step=np.cumsum(first),
        meta={k: v for k, v in meta.items() if v},
    )


def _kept(found: np.ndarray) -> np.ndarray:
    kept = in_order(found[(found["mark"] == _DATA) & (found["index"] > 0)])
    if not kept.size:
        raise DataError("holds no records of data", hint="was anything recorded?")
    return kept


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the blocks of records begin, and how long they are: one, or a chain of heads with one each."""
    begin, length = unpack("<Q", data, 82, "where its records begin"), unpack("<Q", data, 90, "how long its records are")
    if begin:
        yield begin, length
        return
    head, any_block = 1024, False
    for _ in range(_MANY):
        if data[head : head + 6] != b"NEWARE":
            break
        begin, length = unpack("<Q", data, head + 82, "a block"), unpack("<Q", data, head + 90, "a block")
        if length:
            any_block = True
            yield begin, length
        following = unpack("<Q", data, head + 242, "a block") + unpack("<Q", data, head + 250, "a block")
        if following <= head:
            break
        head = following
    if not any_block:
        raise DataError("its head points to no records", hint=CUT)


def _whole(data: bytes, record: np.dtype[Any], at: int, size: int) -> np.ndarray:
    if size % record.itemsize:
        raise DataError(f"a block of {size} bytes is no whole number of records of {record.itemsize}", hint=EXPORT)
    return records(data, record, at, size // record.itemsize, "records")


def _of_records(data: bytes, at: int, size: int) -> np.dtype[Any]:
    """The layout under which every record begins with its mark and the index grows by one."""
    for record in _BTS91.values():
        if size and size % record.itemsize == 0:
            found = _whole(data, record, at, size)
            steps = np.diff(found["index"].astype(np.int64))
            if (found["mark"] == _DATA).all() and (steps.size == 0 or np.median(steps) == 1):
                return record
    raise DataError("its records are of no size that is known here (52, 56 or 60 bytes)", hint=EXPORT)


def _version(data: bytes) -> str:
    at = data.find(b"9.", 258, 1024)
    version = text(data, at, 30)
    return f"BTS {version}" if version[2:3].isdigit() else ""
