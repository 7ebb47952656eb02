"""Small writers of instruments' binary files, so that readers are tested on layouts of which every byte is known."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ROWS = 60
"""Records of every file: three cycles of ten charging and ten discharging, 10 s apart."""
TIME = 10.0 * np.arange(ROWS)
CURRENT = np.where(np.arange(ROWS) // 10 % 2 == 0, 1e-3, -1e-3)
VOLTAGE = 3.5 + 0.5 * np.sign(CURRENT) + 1e-3 * np.arange(ROWS)
STEP = np.arange(ROWS) // 10
CYCLE = np.arange(ROWS) // 20
IN_STEP = 10.0 * (np.arange(ROWS) % 10)
CHARGE = np.where(CURRENT > 0, IN_STEP * 1e-3, 0.0)
"""What a counter says that starts again at each step, in coulomb."""
DISCHARGE = np.where(CURRENT < 0, IN_STEP * 1e-3, 0.0)
FREQUENCY = np.geomspace(1e5, 0.1, 13)
IMPEDANCE = 10 + 100 / (1 + 2j * np.pi * FREQUENCY * 1e-3)

_WIDTHS = {4: "<f8", 7: "<f8", 11: "<f8", 24: "<f8", 131: "<u2", 39: "<u2"}
_FLAGS = (1, 2, 3, 21, 31, 65)


def mpr(
    columns: Mapping[int, Any],
    *,
    technique: int = 4,
    version: int = 3,
    long: bool = False,
    area_cm2: float = 1.54,
    log: bool = True,
    announced: int | None = None,
    widths: Mapping[int, str] | None = None,
) -> bytes:
    """A BioLogic file: columns by number; version 0 with one byte a number, or two in long heads; 2 and 3 with two."""
    fields = [("flags", "u1")] if set(columns) & set(_FLAGS) else []
    fields += [(str(n), {**_WIDTHS, **(widths or {})}.get(n, "<f4")) for n in columns if n not in _FLAGS]
    count = max(np.size(v) for v in columns.values())
    rows = np.zeros(count, fields)
    for number, values in columns.items():
        if number not in _FLAGS:
            rows[str(number)] = values
    numbers = np.array(list(columns), {True: ">u2", False: "u1" if version == 0 else "<u2"}[long]).tobytes()
    begin = 1007 if long else {0: 100, 2: 405, 3: 406}[version]
    head = struct.pack("<IB", count if announced is None else announced, len(columns)) + numbers
    settings = bytearray(0x300)
    settings[0] = technique
    settings[7:12] = b"\x04note"
    struct.pack_into("<f", settings, 0x211, area_cm2)
    written = bytearray(0x400)
    struct.pack_into("<d", written, 585, 45000.5)
    written[0x3B7 : 0x3B7 + 6] = b"\x0511.43"
    parts = [("VMP Set", bytes(settings), 0), ("VMP data", head.ljust(begin, b"\0") + rows.tobytes(), version)]
    parts += [("VMP LOG", bytes(written), 0)] if log else []
    out = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    for name, data, number in parts:
        out += b"MODULE" + name.encode().ljust(10) + name.encode().ljust(25)
        out += struct.pack("<IIII", 2**32 - 1, len(data), number, 11) if long else struct.pack("<II", len(data), number)
        out += b"03/15/23" + data
    return out


def mpr_cycling(**options: Any) -> bytes:
    """Potential, charge since the record before, and flags."""
    passed = np.concatenate([[0.0], 10.0 * CURRENT[1:]]) / 3.6
    return mpr({1: 0, 2: 0, 131: STEP, 4: TIME, 7: passed, 6: VOLTAGE, 39: 14}, **options)


def mpr_spectra(**options: Any) -> bytes:
    """Two spectra, told apart by the cycle number."""
    twice = {32: np.tile(FREQUENCY, 2), 37: np.tile(IMPEDANCE.real, 2), 38: -np.tile(IMPEDANCE.imag, 2)}
    size = FREQUENCY.size
    more = {4: np.arange(2.0 * size), 77: np.repeat([0.5, 0.6], size), 24: np.repeat([1, 2], size), 462: 25.0}
    return mpr({**twice, **more}, technique=0x1D, **options)


def idf(method: str = "Impedance", rows: Sequence[str] | None = None, count: int | None = None) -> bytes:
    """An Ivium file with one block of data between its binary marks."""
    if rows is None:
        rows = [f"{z.real:.5E}  {z.imag:.5E}\t{f:.5E} " for f, z in zip(FREQUENCY, IMPEDANCE, strict=True)]
    settings = [
        "Peaks=false",
        "Corrosion=false",
        "Levels=false",
        "<\x07\0\0",
        f"Method={method}",
        "Title=one",
        "Data Options.Area=1.54",
    ]
    report = "Report.Process data=instrument  : A1\x1c\x1esoftware vs : 4.1\x1c\x1estart time  : 01.02.2023 10:00:00\x1c\x1e"
    block = [
        "2         ",
        "Data Objects",
        "0 ",
        "primary_data    ",
        "3         ",
        f"{len(rows) if count is None else count}",
        *rows,
    ]
    return bytes(16) + "\r\n".join([*settings, report, ">\x0c\x01\0", *block, "\0\0"]).encode("latin-1")


def nda(version: int = 29, current_range: int = 10, scale: float = 1e-3) -> bytes:
    """A Neware file of records of 86 bytes; `scale` is mA for each count of the range."""
    layout = {
        "i": ("<u4", 2),
        "c": ("<u4", 6),
        "s": ("<u2", 10),
        "st": ("u1", 12),
        "t": ("<u8", 14),
        "v": ("<i4", 22),
        "a": ("<i4", 26),
    }
    layout |= {
        "q": ("<i8", 38),
        "d": ("<i8", 46),
        "y": ("<u2", 70),
        "mo": ("u1", 72),
        "da": ("u1", 73),
        "r": ("<i4", 78),
        "m": ("u1", 0),
    }
    rows = records(86, layout, {"i": np.arange(ROWS) + 1, "c": CYCLE, "s": STEP + 1, "st": 1, "t": IN_STEP * 1e3, "m": 0x55})
    rows["v"], rows["a"], rows["r"] = np.round(VOLTAGE * 1e4), np.round(CURRENT * 1e3 / scale), current_range
    rows["q"], rows["d"] = np.round(CHARGE * 1e3 / scale), np.round(DISCHARGE * 1e3 / scale)
    rows["y"], rows["mo"], rows["da"] = 2024, 2, 1
    head = bytearray(2048)
    head[:15] = b"NEWARE20240201" + bytes([version])
    struct.pack_into("<II", head, 64, 2048, rows.nbytes)
    head[200:220] = b"BTSServer(R3)-7.6.0".ljust(20, b"\0")
    return bytes(head) + rows.tobytes()


def nda_bts9(size: int = 56) -> bytes:
    """A Neware file of BTS 9.1, with records of 52, 56 or 60 bytes; of BTS 9.0 with 88."""
    head = bytearray(1024)
    head[:15] = b"NEWARE20240201" + bytes([130])
    struct.pack_into("<H", head, 16, 2 if size == 88 else 19)
    struct.pack_into("<QQ", head, 82, 1024, size * ROWS)
    if size == 88:
        layout = {"m": ("u1", 4), "s": ("u1", 9), "i": ("<u4", 16), "t": ("<u8", 28), "v": ("<f4", 36), "a": ("<f4", 40)}
        layout |= {"q": ("<f4", 52), "d": ("<f4", 60), "u": ("<u8", 68)}
        values = {"t": IN_STEP * 1e6, "q": CHARGE * 1e3, "d": DISCHARGE * 1e3, "u": 1.7e15}
    else:
        layout = {
            "m": ("u1", 0),
            "s": ("u1", 2),
            "i": ("<u4", 8),
            "t": ("<u4", 12),
            "a": ("<f4", 20),
            "v": ("<f4", 24),
            "q": ("<f4", 28),
        }
        layout |= {"c": ("<u4", 52), "u": ("<u4", 36)} if size == 60 else {"c": ("<u4", 36), "u": ("<u4", 44)}
        layout |= {"k": ("<f4", {52: 40, 56: 52, 60: 48}[size])}
        values = {"t": TIME, "q": (CHARGE - DISCHARGE) * 1e3, "c": CYCLE, "u": 1.7e9, "k": 25.0}
    every = {"m": 0x55, "s": STEP + 1, "i": np.arange(ROWS) + 1, "v": VOLTAGE, "a": CURRENT * 1e3}
    return bytes(head) + records(size, layout, {**values, **every}).tobytes()


def records(size: int, layout: Mapping[str, tuple[str, int]], values: Mapping[str, Any], count: int = ROWS) -> np.ndarray:
    """Records of a size, filled."""
    formats, offsets = [f for f, _ in layout.values()], [at for _, at in layout.values()]
    rows = np.zeros(count, np.dtype({"names": list(layout), "formats": formats, "offsets": offsets, "itemsize": size}))
    for name, value in values.items():
        rows[name] = value
    return rows


def pages(kind: int, version: int, rows: np.ndarray, begin: int = 132, page: int = 4096) -> bytes:
    """A table of an archive: a page of head, then pages of rows with a bit for each that is used."""
    size = rows.dtype.itemsize
    each = (page - begin - 1) // size
    out = bytes([kind, 0, version]).ljust(page, b"\0")
    for at in range(0, rows.size, each):
        part = rows[at : at + each]
        bits = np.packbits(np.arange(each) < part.size, bitorder="little").tobytes() if page == 4096 else b""
        out += (b"\2\0\0\0" + bits).ljust(begin, b"\0")[:begin] + part.tobytes().ljust(page - begin, b"\0")
    return out


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def ndax_tables(version: int = 5) -> dict[str, bytes]:
    """The tables of a Neware archive: everything in one (2, 5), or time and counters of every fifth record beside."""
    info = b'<?xml version="1.0"?><root><TestInfo StartTime="2024-02-01 20:24:23" Remark="cell 7" /></root>'
    if version in (2, 5):
        first, clock, size = {2: (8, 23, 94), 5: (1, 16, 87)}[version]
        layout = {"m": ("u1", 0), "i": ("<u4", first), "c": ("<u4", first + 4), "s": ("u1", first + 8), "t": ("<u8", clock)}
        layout |= {"v": ("<i4", clock + 8), "a": ("<i4", clock + 12), "q": ("<i8", clock + 20), "d": ("<i8", clock + 28)}
        layout |= {"r": ("<i4", clock + 59)}
        values = {"m": 0x55, "i": np.arange(ROWS) + 1, "c": CYCLE, "s": STEP + 1, "t": IN_STEP * 1e3, "r": 10}
        values |= {
            "v": np.round(VOLTAGE * 1e4),
            "a": np.round(CURRENT * 1e6),
            "q": np.round(CHARGE * 1e6),
            "d": np.round(DISCHARGE * 1e6),
        }
        rows = records(size, layout, values)
        return {"data.ndc": pages(1, version, rows, 5, 512) if version == 2 else pages(1, version, rows), "TestInfo.xml": info}
    milli = version in (11, 16)
    bare = np.zeros(ROWS, [("v", "<f4"), ("a", "<f4")])
    bare["v"], bare["a"] = VOLTAGE * (1e4 if milli else 1.0), CURRENT * (1e3 if milli else 1.0)
    some = np.arange(0, ROWS, 5)
    layout = {
        "t": ("<u4", 0),
        "q": ("<f4", 5),
        "d": ("<f4", 9),
        "dt": ("<i4", 29),
        "u": ("<u4", 33),
        "s": ("<u4", 37),
        "i": ("<u4", 41),
    }
    count = 1e3 if milli else 1 / 3600
    values = {
        "t": IN_STEP[some] * 1e3,
        "q": CHARGE[some] * count,
        "d": DISCHARGE[some] * count,
        "dt": 10_000,
        "u": 1_700_000_000,
    }
    run = records({11: 47, 14: 55}.get(version, 100), layout, {**values, "s": STEP[some] + 1, "i": some + 1}, some.size)
    steps = records(100 if version > 14 else 37, {"c": ("<u4", 0)}, {"c": np.arange(6) // 2}, 6)
    tables = {"data.ndc": pages(1, version, bare), "data_runInfo.ndc": pages(18, version, run)}
    return {**tables, "data_step.ndc": pages(7, version, steps), "TestInfo.xml": info}


_JET = (
    ("Test_ID", 4, 0),
    ("Data_Point", 4, 4),
    ("Test_Time", 7, 8),
    ("Step_Index", 3, 16),
    ("Cycle_Index", 4, 18),
    ("Current", 6, 22),
    ("Voltage", 6, 26),
    ("Charge_Capacity", 7, 30),
    ("Discharge_Capacity", 7, 38),
    ("DateTime", 8, 46),
)
_JET_TYPES = {3: "<i2", 4: "<i4", 6: "<f4", 7: "<f8", 8: "<f8"}


def res(tests: int = 1, announced: int = ROWS) -> bytes:
    """An Access database with one table: its definition on page 2, its rows on the pages after it."""
    definition = bytearray(4096)
    definition[:4] = b"\2\1VC"
    struct.pack_into("<I", definition, 16, announced)
    struct.pack_into("<H", definition, 45, len(_JET))
    at = 63
    for number, (_, kind, offset) in enumerate(_JET):
        struct.pack_into("<BIHHHIHIHH", definition, at, kind, 0, number, 0, number, 0, 1, 0, offset, 8)
        at += 25
    for name, _, _ in _JET:
        text = name.encode("utf-16-le")
        definition[at : at + 2 + len(text)] = struct.pack("<H", len(text)) + text
        at += 2 + len(text)
    # Counters that start again with each cycle, in Ah.
    charge = np.minimum(TIME - 200 * CYCLE, 100) * 1e-3 / 3600
    discharge = np.maximum(TIME - 200 * CYCLE - 90, 0) * 1e-3 / 3600
    days = 45000 + TIME / 86400
    columns = (np.arange(ROWS) % tests, np.arange(ROWS) + 1, TIME, STEP, CYCLE + 1, CURRENT, VOLTAGE, charge, discharge, days)
    layout = {name: (_JET_TYPES[kind], offset) for name, kind, offset in _JET}
    body = records(54, layout, {name: v for (name, _, _), v in zip(_JET, columns, strict=True)})
    rows = [struct.pack("<H", len(_JET)) + row.tobytes() + b"\xff\x03" for row in body]
    out = b"\0\1\0\0Standard Jet DB\0\1".ljust(2 * 4096, b"\0") + bytes(definition)
    for begin in range(0, ROWS, 40):
        page, part = bytearray(4096), rows[begin : begin + 40]
        page[:2] = b"\1\1"
        struct.pack_into("<IIH", page, 4, 2, 0, len(part))
        end = 4096
        for k, row in enumerate(part):
            end -= len(row)
            page[end : end + len(row)] = row
            struct.pack_into("<H", page, 14 + 2 * k, end)
        out += bytes(page)
    return out
