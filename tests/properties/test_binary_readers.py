"""Readers of binary files: every layout gives back what was written; damage gives one clear error or a measurement."""

from __future__ import annotations

import importlib
import importlib.machinery
import struct
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io import biologic_binary, formats, neware_ndax
from anodefree.io.cycled import cycled, since_last
from binary_writers import (
    CHARGE,
    CURRENT,
    DISCHARGE,
    FREQUENCY,
    IMPEDANCE,
    ROWS,
    TIME,
    VOLTAGE,
    idf,
    mpr,
    mpr_cycling,
    mpr_spectra,
    nda,
    nda_bts9,
    ndax_tables,
    res,
    zipped,
)

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS: dict[str, Callable[[], bytes]] = {
    "cycling.mpr": mpr_cycling,
    "long.mpr": lambda: mpr_spectra(long=True, version=0),
    "one.idf": idf,
    "early.nda": nda,
    "late.nda": nda_bts9,
    "one.ndax": lambda: zipped(ndax_tables(5)),
    "three.ndax": lambda: zipped(ndax_tables(17)),
    "cell.res": res,
}


def opened(tmp_path: Path, name: str, data: bytes) -> Measurement:
    path = tmp_path / name
    path.write_bytes(data)
    return af.read(path)


def assert_the_records(found: Measurement) -> None:
    """The records that every writer writes."""
    assert found.kind.name == "cycling"
    assert found["voltage_V"] == pytest.approx(VOLTAGE, rel=1e-6)
    assert found["current_A"] == pytest.approx(CURRENT, rel=1e-6)
    assert found["record_cycle"].tolist() == (np.arange(ROWS) // 20 + 1).tolist()
    assert found["cycle_number"].tolist() == [1, 2, 3]


def assert_the_cell(found: Measurement) -> None:
    """The records, and the counters that start again at each step."""
    assert_the_records(found)
    assert found.meta["capacity_from"] == "counters of the instrument"
    assert found["charge_capacity_C"] == pytest.approx(np.full(3, CHARGE.max()), rel=1e-5)
    assert found["discharge_capacity_C"] == pytest.approx(np.full(3, DISCHARGE.max()), rel=1e-5)


@pytest.mark.parametrize(
    ("version", "long"), [(0, False), (2, False), (3, False), (0, True)], ids=["oldest", "two", "three", "11.50"]
)
def test_mpr_layouts(tmp_path: Path, version: int, long: bool) -> None:
    found = opened(tmp_path, "a.mpr", mpr_cycling(version=version, long=long))
    assert found["time_s"].tolist() == TIME.tolist()
    assert found["voltage_V"] == pytest.approx(VOLTAGE, rel=1e-6)
    assert found["current_A"][1:] == pytest.approx(CURRENT[1:])
    assert found["charge_capacity_C"] == pytest.approx([0.09, 0.1, 0.1])
    assert found["discharge_capacity_C"] == pytest.approx([0.1, 0.1, 0.1])
    assert found.meta["area_m2"] == pytest.approx(1.54e-4)
    assert found.meta["started"] == "2023-03-15 12:00:00.000"
    assert found.meta["software"] == "EC-Lab 11.43"
    assert found.meta["notes"] == "note"
    assert "charge between records" in found.meta["current_from"]


def test_mpr_spectra(tmp_path: Path) -> None:
    found = opened(tmp_path, "a.mpr", mpr_spectra())
    assert found.kind.name == "impedance"
    assert found["frequency_Hz"] == pytest.approx(np.tile(FREQUENCY, (2, 1)), rel=1e-6)
    assert found["Z_im_ohm"] == pytest.approx(np.tile(IMPEDANCE.imag, (2, 1)), rel=1e-6)
    assert found["potential_V"] == pytest.approx([0.5, 0.6])
    assert found["temperature_K"] == pytest.approx([298.15, 298.15])
    assert found["time_s"].tolist() == [0.0, 13.0]


def test_mpr_sweep(tmp_path: Path) -> None:
    columns = {4: TIME, 19: 0.01 * TIME, 6: 0.01 * TIME, 11: CURRENT * 1e3}
    found = opened(tmp_path, "a.mpr", mpr(columns, technique=0x6C, log=False))
    assert found.kind.name == "polarisation"
    assert found["current_A"] == pytest.approx(CURRENT)
    assert found.meta["scan_rate_V_s"] == pytest.approx(0.01)
    assert found.meta["started"] == "2023-03-15"


def test_mpr_rest_alone(tmp_path: Path) -> None:
    found = opened(tmp_path, "a.mpr", mpr({4: TIME, 6: VOLTAGE}, technique=0x0B, area_cm2=0.001))
    assert found.kind.name == "cycling"
    assert "current_A" not in found
    assert "area_m2" not in found.meta


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (mpr({4: TIME, 6: VOLTAGE, 250: 0}, version=2), r"column 250 \(the 3\. of 3\)"),
        (mpr({4: [], 6: []}), "holds no records"),
        (mpr_cycling(announced=ROWS + 1), "announces 61 records"),
        (mpr_cycling().replace(b"VMP data ", b"VMP dota "), "no module with data"),
        (mpr_cycling()[:1000], "announces .* are there"),
        (mpr({4: TIME[::-1], 6: VOLTAGE, 11: CURRENT}), "time runs backwards"),
        (mpr({6: VOLTAGE}), "neither spectra nor time"),
        (mpr({4: TIME, 6: VOLTAGE * np.nan, 11: CURRENT}), "NaN"),
        (mpr_cycling()[:52], "no module with data"),
    ],
)
def test_mpr_says_what_is_wrong(tmp_path: Path, data: bytes, message: str) -> None:
    # Column 250 is not known to be of any width.
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, "a.mpr", data)
    assert caught.value.hint


@pytest.mark.parametrize("higher", [256, 768])
def test_mpr_columns_with_a_higher_byte(tmp_path: Path, higher: int) -> None:
    """Newer programs write a higher byte for some columns; a few numbers above 255 have a meaning of their own."""
    data = {4: TIME, 6: VOLTAGE, 11: CURRENT * 1e3, 39 + higher: 14, 498: 0.0}
    assert_the_records(opened(tmp_path, "a.mpr", mpr(data, widths={39 + higher: "<u2", 498: "<f8"})))
    assert_the_records(opened(tmp_path, "b.mpr", mpr(data, widths={39 + higher: "<u2"})))


def test_mpr_as_another_kind(tmp_path: Path) -> None:
    """Cycling with spectra between: what is wanted decides; without a wish, what most records are."""
    path = tmp_path / "a.mpr"
    size = FREQUENCY.size
    held = {4: np.concatenate([TIME, TIME[-1] + 1 + np.arange(size)]), 6: np.full(ROWS + size, 3.5)}
    held |= {8: np.concatenate([CURRENT * 1e3, np.zeros(size)]), 32: np.concatenate([np.zeros(ROWS), FREQUENCY])}
    held |= {37: np.concatenate([np.zeros(ROWS), IMPEDANCE.real]), 38: np.concatenate([np.zeros(ROWS), -IMPEDANCE.imag])}
    path.write_bytes(mpr(held, technique=0x7F))
    assert biologic_binary.read(path)["time_s"].size == ROWS + size
    assert biologic_binary.read(path, kind="polarisation")["potential_V"].size == ROWS + size
    spectra = biologic_binary.read(path, kind="impedance")
    assert spectra["Z_re_ohm"][0] == pytest.approx(IMPEDANCE.real, rel=1e-6)
    path.write_bytes(mpr_cycling())
    with pytest.raises(DataError, match="holds no impedance"):
        biologic_binary.read(path, kind="impedance")


def test_mpr_charge_since_the_start(tmp_path: Path) -> None:
    total = np.concatenate([[0.0], np.cumsum(10.0 * CURRENT[1:])])
    found = opened(tmp_path, "a.mpr", mpr({4: TIME, 6: VOLTAGE, 8: CURRENT * 1e3, 435: 7.0, 434: total}))
    assert found["charge_capacity_C"] == pytest.approx([0.09, 0.1, 0.1], rel=1e-5)
    assert found["discharge_capacity_C"] == pytest.approx([0.1, 0.1, 0.1], rel=1e-5)


def test_mpr_spectra_as_modulus_and_phase(tmp_path: Path) -> None:
    polar = {32: FREQUENCY, 36: np.abs(IMPEDANCE), 35: np.degrees(np.angle(IMPEDANCE)), 4: np.arange(13.0)}
    found = opened(tmp_path, "a.mpr", mpr(polar, technique=0x7F))
    assert found["Z_re_ohm"][0] + 1j * found["Z_im_ohm"][0] == pytest.approx(IMPEDANCE, rel=1e-6)


def test_an_unknown_version_of_data_is_named(tmp_path: Path) -> None:
    data = bytearray(mpr_cycling())
    at = data.index(b"VMP data") + 39
    data[at : at + 4] = struct.pack("<I", 9)
    with pytest.raises(DataError, match="version 9"):
        opened(tmp_path, "a.mpr", bytes(data))


@pytest.fixture
def galvani(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A stand-in for the second reader, as if it were installed."""
    package, module = types.ModuleType("galvani"), types.ModuleType("galvani.BioLogic")
    package.__spec__ = importlib.machinery.ModuleSpec("galvani", None)
    monkeypatch.setitem(sys.modules, "galvani", package)
    monkeypatch.setitem(sys.modules, "galvani.BioLogic", module)
    return module


def test_a_second_reader_is_tried(tmp_path: Path, galvani: types.ModuleType) -> None:
    class MPRfile:
        def __init__(self, path: str) -> None:
            self.data = np.zeros(ROWS, [("time/s", "f8"), ("Ewe/V", "f4"), ("<I>/mA", "f8")])
            self.data["time/s"], self.data["Ewe/V"], self.data["<I>/mA"] = TIME, VOLTAGE, CURRENT * 1e3

    galvani.MPRfile = MPRfile  # type: ignore[attr-defined]
    found = opened(tmp_path, "a.mpr", mpr({4: TIME, 6: VOLTAGE, 250: 0}))
    assert_the_records(found)
    assert found.meta["read_with"] == "galvani"
    assert found.meta["area_m2"] == pytest.approx(1.54e-4)


def test_every_reader_that_was_tried_is_named(tmp_path: Path, galvani: types.ModuleType) -> None:
    def refuse(path: str) -> None:
        raise NotImplementedError("Column ID 250")

    galvani.MPRfile = refuse  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=r"(?s)biologic: column 250.*galvani: galvani cannot read it .*Column ID 250"):
        opened(tmp_path, "a.mpr", mpr({4: TIME, 6: VOLTAGE, 250: 0}))


@pytest.mark.parametrize("version", [14, 22, 26, 29])
def test_nda_layouts(tmp_path: Path, version: int) -> None:
    found = opened(tmp_path, "a.nda", nda(version))
    assert_the_cell(found)
    # A step's first record is at its beginning: no time passes from the last record of the step before.
    assert found["time_s"][-1] == pytest.approx(TIME[-1] - 50)
    assert found.meta["software"] == "BTSServer(R3)-7.6.0"
    if version > 24:
        assert found.meta["started"] == "2024-02-01 00:00:00"


def test_nda_records_that_are_lost_are_counted(tmp_path: Path) -> None:
    data = bytearray(nda())
    assert "records_missing" not in opened(tmp_path, "a.nda", bytes(data)).meta
    data[2048 + 86 * 5] = 0xAA
    found = opened(tmp_path, "a.nda", bytes(data))
    assert found["time_s"].size == ROWS - 1
    assert found.meta["records_missing"] == "1 of 60"


@pytest.mark.parametrize(
    ("current_range", "scale"), [(-5, 1e-5), (-50, 1e-4), (-100, 1e-3), (-6000, 1e-2), (5, 1e-4), (100, 1e-2)]
)
def test_nda_current_ranges(tmp_path: Path, current_range: int, scale: float) -> None:
    found = opened(tmp_path, "a.nda", nda(current_range=current_range, scale=scale))
    assert found["current_A"] == pytest.approx(CURRENT)
    assert found["discharge_capacity_C"] == pytest.approx(np.full(3, 0.09))


@pytest.mark.parametrize("size", [52, 56, 60, 88])
def test_nda_of_bts9(tmp_path: Path, size: int) -> None:
    found = opened(tmp_path, "a.nda", nda_bts9(size))
    assert_the_cell(found)
    assert found.meta["started"] == "2023-11-14 22:13:20+00:00"
    if size in (56, 60):
        assert found.meta["temperature_K"] == pytest.approx(298.15)


def test_nda_in_several_blocks(tmp_path: Path) -> None:
    """The head points nowhere: a chain of heads follows, each with a block of records before it."""
    whole = nda_bts9()
    body, heads = whole[1024:], 1024 + 1024 * 2
    first, rest = body[: 56 * 25], body[56 * 25 :]
    head = bytearray(whole[:1024])
    struct.pack_into("<QQ", head, 82, 0, len(body))
    chain = []
    for at, data, follows in ((heads, first, 2048), (heads + len(first), rest, 2**40)):
        link = bytearray(b"NEWARE".ljust(1024, b"\0"))
        struct.pack_into("<QQ", link, 82, at, len(data))
        struct.pack_into("<QQ", link, 242, follows, 0)
        chain.append(bytes(link))
    assert_the_cell(opened(tmp_path, "a.nda", bytes(head) + b"".join(chain) + body))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (nda(77), "version 77"),
        (nda(current_range=0), "current range 0"),
        (nda(current_range=-100_000_000), "current range -100000000"),
        (nda()[:3000], "announces 60 records, there is room for 11"),
        (nda_bts9()[:1030], "announces 60 records"),
        (nda_bts9().replace(b"\x82\0\x13", b"\x82\0\x63"), "records are of version 99"),
        (b"NEWARE", "ends before its version"),
    ],
)
def test_nda_says_what_is_wrong(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, "a.nda", data)
    assert caught.value.hint


@pytest.mark.parametrize("version", [2, 5, 11, 14, 16, 17])
def test_ndax_layouts(tmp_path: Path, version: int) -> None:
    found = opened(tmp_path, "a.ndax", zipped(ndax_tables(version)))
    assert_the_cell(found)
    assert found["time_s"][-1] == pytest.approx(TIME[-1] - 50)
    assert found.meta["started"] == "2024-02-01 20:24:23"
    assert found.meta["notes"] == "cell 7"


def test_ndax_without_its_tables_of_steps_counts_cycles_itself(tmp_path: Path) -> None:
    tables = ndax_tables(17)
    del tables["data_step.ndc"]
    assert_the_cell(opened(tmp_path, "a.ndax", zipped(tables)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data.ndc": None}, "holds no 'data.ndc'"),
        ({"data_runInfo.ndc": None}, "lacks 'data_runInfo.ndc'"),
        ({"data.ndc": b"\1\0\x11"}, "cut short"),
        ({"data.ndc": b"\7\0\x11".ljust(9000, b"\0")}, "table of kind 7"),
        ({"data.ndc": b"\1\0\x63".ljust(9000, b"\0")}, "version 99"),
        ({"data_runInfo.ndc": b"\x12\0\x0e".ljust(9000, b"\0")}, "another version"),
        ({"data_runInfo.ndc": b"\x12\0\x11".ljust(9000, b"\0")}, "no time"),
    ],
)
def test_ndax_says_what_is_wrong(tmp_path: Path, change: dict[str, bytes | None], message: str) -> None:
    tables = {k: v for k, v in {**ndax_tables(17), **change}.items() if v is not None}
    with pytest.raises(DataError, match=message):
        opened(tmp_path, "a.ndax", zipped(tables))


def test_an_archive_unpacks_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neware_ndax, "MAX_BYTES", 2**20)
    with pytest.raises(DataError, match="would unpack to 64 MiB"):
        opened(tmp_path, "a.ndax", zipped({**ndax_tables(17), "data.ndc": bytes(2**26)}))


def test_a_table_of_too_many_records_is_not_spread_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neware_ndax, "MAX_RECORDS", 100)
    with pytest.raises(DataError, match="more than the 100 records"):
        opened(tmp_path, "a.ndax", zipped(ndax_tables(17)))


def test_an_archive_that_lies_about_its_sizes(tmp_path: Path) -> None:
    data = bytearray(zipped(ndax_tables(17)))
    at = data.index(b"PK\1\2")
    struct.pack_into("<I", data, at + 24, 2**28)
    with pytest.raises(DataError, match=r"would unpack to 256 MiB|is damaged"):
        opened(tmp_path, "a.ndax", bytes(data))


def test_nothing_in_a_description_is_expanded(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 100 + b'"><!ENTITY b "&a;&a;&a;">]><r Remark="&b;" StartTime="2024-01-01" />'
    found = opened(tmp_path, "a.ndax", zipped({**ndax_tables(5), "TestInfo.xml": bomb}))
    assert "notes" not in found.meta
    assert found.meta["started"] == "2024-01-01"


def test_res(tmp_path: Path) -> None:
    found = opened(tmp_path, "a.res", res())
    assert found["time_s"].tolist() == TIME.tolist()
    assert found["voltage_V"] == pytest.approx(VOLTAGE, rel=1e-6)
    assert found["record_cycle"].tolist() == (np.arange(ROWS) // 20 + 1).tolist()
    assert found["charge_capacity_C"] == pytest.approx(np.full(3, 0.1))
    assert found["discharge_capacity_C"] == pytest.approx(np.full(3, 0.1))
    assert found.meta["started"] == "2023-03-15 00:00:00"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (res(tests=2), "holds 2 tests"),
        (res(announced=70), "announces 70 records, 60 are there"),
        (res()[:-4096], "announces 60 records, 40 are there"),
        (res(announced=0), "is empty"),
        (res()[:9000], "cut short"),
        (res().replace("Voltage".encode("utf-16-le"), "Vultage".encode("utf-16-le")), "no table with the records"),
        (res()[:0x14] + b"\0" + res()[0x15:], "Access 97"),
        (res().replace(b"\xff\x03", b"\x00\x03"), "is empty in 60 records"),
    ],
)
def test_res_says_what_is_wrong(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, "a.res", data)
    assert caught.value.hint


def test_idf(tmp_path: Path) -> None:
    found = opened(tmp_path, "a.idf", idf() + idf().replace(b"Title=one", b"Title=two"))
    assert len(found) == 2
    assert found["frequency_Hz"] == pytest.approx(np.tile(FREQUENCY, (2, 1)), rel=1e-5)
    assert found["Z_im_ohm"] == pytest.approx(np.tile(IMPEDANCE.imag, (2, 1)), rel=1e-5)
    assert found.meta["area_m2"] == pytest.approx(1.54e-4)
    assert found.meta["started"] == "01.02.2023 10:00:00"
    assert found.meta["title"] == "one"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (idf("CyclicVoltammetry"), r"holds no impedance \(it holds CyclicVoltammetry\)"),
        (idf(count=99), "announces 99 points"),
        (idf(count=14), "not a row of three numbers"),
        (idf(rows=["1 2 -3"] * 3), "not positive"),
        (idf(rows=["1 2 nan"] * 3), "no finite number"),
        (idf(rows=["1 2 3 4"] * 3), "not a row of three numbers"),
        (idf().replace(b"\n3  ", b"\n4  "), "4 columns"),
        (idf().replace(b"primary", b"seconda"), "no block of data"),
    ],
)
def test_idf_says_what_is_wrong(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, "a.idf", data)
    assert caught.value.hint


def test_a_counter_of_program_loops_is_no_count_of_cycles() -> None:
    found = cycled(TIME, VOLTAGE, CURRENT, counter=np.ones(ROWS))
    assert found["record_cycle"].tolist() == (np.arange(ROWS) // 20 + 1).tolist()
    assert found.meta["cycles_from"] == "changes of the current's sign"
    kept = cycled(TIME, VOLTAGE, CURRENT, counter=np.arange(ROWS) // 20 + 7)
    assert kept["cycle_number"].tolist() == [7, 8, 9]
    # A cell that is first discharged: its cycles are discharge and charge, not what is left of two.
    reversed_ = cycled(TIME, VOLTAGE, -CURRENT)
    assert reversed_["record_cycle"].tolist() == (np.arange(ROWS) // 20 + 1).tolist()


def test_a_pulse_is_no_half_cycle() -> None:
    """A charging pulse before the first discharge does not make the cycles those of another cell."""
    time, current = np.arange(2000.0), np.tile(np.repeat([-1e-3, 1e-3], 500), 2)
    current[:2] = 0.5e-3
    current[700] = -1e-3
    found = cycled(time, np.full(2000, 3.7), current, counter=np.repeat([1, 2], 1000))
    assert "cycles_from" not in found.meta
    again = cycled(time, np.full(2000, 3.7), current)
    assert np.unique(again["record_cycle"], return_counts=True)[1].tolist() == [1000, 1000]


def test_a_step_is_one_direction_even_where_its_current_wavers() -> None:
    wavering = CURRENT * np.where(np.arange(ROWS) % 4 == 3, -0.2, 1.0)
    found = cycled(TIME, VOLTAGE, wavering, step=np.arange(ROWS) // 10)
    assert found["cycle_number"].tolist() == [1, 2, 3]


def test_counters_that_disagree_with_the_current_are_noted() -> None:
    found = cycled(TIME, VOLTAGE, CURRENT, passed_C=(np.full(ROWS, 0.02), np.full(ROWS, 0.02)))
    assert "counters say" in found.meta["capacity_note"]


def test_counters_start_again_where_they_fall() -> None:
    assert since_last(np.array([1.0, 2.0, 0.5, 1.5])).tolist() == [1.0, 1.0, 0.5, 1.0]
    first = np.array([True, False, True, False])
    assert since_last(np.array([0.0, 2.0, 3.0, 2.5]), first).tolist() == [0.0, 2.0, 3.0, -0.5]


def damage(draw: st.DataObject, data: bytes) -> bytes:
    """A file with some bits turned, numbers overwritten, parts cut out, copied elsewhere, or its end missing."""
    out = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        if not out:
            break
        at = draw.draw(st.integers(0, len(out) - 1))
        what = draw.draw(st.sampled_from(["bit", "byte", "length", "splice", "cut", "end", "number"]))
        if what == "bit":
            out[at] ^= 1 << draw.draw(st.integers(0, 7))
        elif what == "byte":
            out[at] = draw.draw(st.integers(0, 255))
        elif what == "length":
            value = draw.draw(st.sampled_from([0, 1, 255, 4096, 65535, 2**31 - 1, 2**31, 2**32 - 1]))
            out[at : at + 4] = value.to_bytes(4, "little")
        elif what == "splice":
            begin = draw.draw(st.integers(0, len(out) - 1))
            part = bytes(out[begin : begin + draw.draw(st.integers(1, 500))])
            out[at : at + draw.draw(st.sampled_from([0, len(part)]))] = part
        elif what == "cut":
            del out[at : at + draw.draw(st.integers(1, 100))]
        elif what == "end":
            del out[at:]
        else:
            out[at : at + 8] = struct.pack("<d", draw.draw(st.sampled_from([np.nan, np.inf, 1e308, -1e308])))
    return bytes(out)


def assert_sound(reader: Callable[[Path], Measurement], path: Path) -> None:
    """It gives a measurement, which its kind has checked, or our own error; anything else fails the test."""
    try:
        found = reader(path)
    except DataError:
        return
    assert found.data.sizes


@pytest.mark.parametrize("name", SEEDS)
@FUZZ
@given(draw=st.data())
def test_damage_gives_one_clear_error_or_a_measurement(tmp_path: Path, name: str, draw: st.DataObject) -> None:
    path = tmp_path / name
    path.write_bytes(damage(draw, SEEDS[name]()))
    fit = next(f for f in formats.formats() if path.suffix in f.suffixes)
    assert_sound(importlib.import_module(fit.module).read, path)


@pytest.mark.parametrize("table", ["data.ndc", "data_runInfo.ndc", "data_step.ndc"])
@FUZZ
@given(draw=st.data())
def test_damaged_tables_in_a_sound_archive(tmp_path: Path, table: str, draw: st.DataObject) -> None:
    tables = ndax_tables(17)
    path = tmp_path / "a.ndax"
    path.write_bytes(zipped({**tables, table: damage(draw, tables[table])}))
    assert_sound(neware_ndax.read, path)
