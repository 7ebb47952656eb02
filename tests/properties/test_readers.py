"""Readers: any spelling of a header, any delimiter, any damage. Only our own errors ever come out, and they name the place."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.errors import AnodefreeError, ConfigError, DataError
from anodefree.io import formats
from anodefree.io.columns import kind_of, understand, understand_row
from anodefree.io.paths import paths_of
from anodefree.io.read import read_many
from anodefree.io.records import charge_by_cycle, cycles_by_sign
from anodefree.io.rows import _careful_rows, _plain_rows
from anodefree.io.started import started_at
from anodefree.io.textfile import MARKS

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
F = np.geomspace(1e5, 0.1, 13)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-3)


def rows(delimiter: str = ",", sign: int = 1, comma: bool = False) -> str:
    text = "\n".join(delimiter.join(f"{v:.9g}" for v in (f, z.real, sign * z.imag)) for f, z in zip(F, Z, strict=True))
    return (text.replace(".", ",") if comma else text) + "\n"


def zplot() -> str:
    lines = [f"{f:.6E}\t0\t0\t{i}\t{z.real:.5E}\t{z.imag:.5E}\t0\t0\t0" for i, (f, z) in enumerate(zip(F, Z, strict=True))]
    head = "ZPLOT2 ASCII\n  Date: 1-1-2020\n  Open Circuit Potential (V): 0.01\n"
    return head + "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\nEnd Comments\n" + "\n".join(lines) + "\n"


def gamry(comma: bool = False) -> str:
    lines = [f"\t{i}\t{i}\t{f:.6g}\t{z.real:.6g}\t{z.imag:.6g}\t-327.67" for i, (f, z) in enumerate(zip(F, Z, strict=True))]
    table = "\tPt\tTime\tFreq\tZreal\tZimag\tTemp\n\t#\ts\tHz\tohm\tohm\tdeg C\n" + "\n".join(lines)
    head = (
        "EXPLAIN\nTAG\tEISPOT\nTITLE\tLABEL\tEIS\tT\nPSTAT\tPSTAT\tREF600\tP\nAREA\tQUANT\t1.54\tArea (cm^2)\nZCURVE\tTABLE\n"
    )
    text = head + table + "\nEXPERIMENTABORTED\tTOGGLE\tT\n"
    return text.replace(".", ",") if comma else text


def eclab(head: int = 7) -> str:
    lines = [f"{f:.7E}\t{z.real:.7E}\t{-z.imag:.7E}\t1" for f, z in zip(F, Z, strict=True)]
    top = f"EC-Lab ASCII FILE\nNb header lines : {head}\n\nPotentio EIS\nDevice : SP-300\nElectrode surface area : 1.540 cm²\n"
    return top + "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\n" + "\n".join(lines) + "\n"


def chi() -> str:
    head = "Feb. 20, 2020\nA.C. Impedance\nInstrument Model:  CHI660E\n\nFreq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg\n\n"
    return head + "\n".join(f"{f:.6g}, {z.real:.6g}, {z.imag:.6g}, 1, 1" for f, z in zip(F, Z, strict=True)) + "\n"


def bdf() -> str:
    lines = [f"{60 * i},{0.1 * (-1) ** (i // 5)},{0.001 * (-1) ** (i // 5)}" for i in range(40)]
    return "test_time_second,voltage_volt,current_ampere\n" + "\n".join(lines) + "\n"


SAMPLES: dict[str, Callable[[], str]] = {
    "a.z": zplot,
    "a.DTA": gamry,
    "a.mpt": eclab,
    "chi.txt": chi,
    "a.bdf.csv": bdf,
    "a.csv": lambda: "f/Hz,Z'/ohm,Z''/ohm\n" + rows(),
    "bare.txt": lambda: rows("\t"),
    "a.json": lambda: '{"f (Hz)": {"0": 10, "1": 1}, "Re(Z) (ohm)": {"0": 1, "1": 2}, "Im(Z) (ohm)": {"0": -1, "1": -2}}',
}


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- what is understood ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.z", "a.DTA", "a.mpt", "chi.txt", "a.csv", "bare.txt"])
@pytest.mark.parametrize("disguise", ["keep", "x.dat"])
def test_content_decides_not_the_suffix(tmp_path: Path, name: str, disguise: str) -> None:
    found = af.read(put(tmp_path, name if disguise == "keep" else disguise, SAMPLES[name]()))
    assert np.allclose(found["frequency_Hz"][0], F, rtol=1e-5)
    assert np.allclose(found["Z_re_ohm"][0] + 1j * found["Z_im_ohm"][0], Z, rtol=1e-5)


def test_heads_of_instruments(tmp_path: Path) -> None:
    dta = af.read(put(tmp_path, "a.dta", gamry(comma=True)))
    assert dta.meta["area_m2"] == pytest.approx(1.54e-4)
    assert "temperature_K" not in dta, "-327.67 is no temperature"
    assert np.allclose(dta["Z_re_ohm"][0], Z.real, rtol=1e-5)
    mpt = af.read(put(tmp_path, "a.mpt", eclab().encode("cp1252")))
    assert mpt.meta["area_m2"] == pytest.approx(1.54e-4)
    assert mpt.meta["instrument"] == "BioLogic SP-300"
    assert af.read(put(tmp_path, "a.z", zplot())).meta["open_circuit_V"] == 0.01


@pytest.mark.parametrize(
    ("delimiter", "comma"), [*((d, False) for d in ("\t", ";", ",", " ", "   ", ", ")), *((d, True) for d in ("\t", ";", " "))]
)
@pytest.mark.parametrize(
    ("end", "encoding"), [("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r", "utf-16"), ("\r\r\n", "cp1252")], ids=repr
)
def test_any_delimiter_line_end_and_encoding(tmp_path: Path, delimiter: str, comma: bool, end: str, encoding: str) -> None:
    header = delimiter.join(["f/Hz", "Z'/ohm", "Z''/ohm"])
    text = f"a remark\n\n{header}\n{rows(delimiter, comma=comma)}\n\n".replace("\n", end)
    found = af.read(put(tmp_path, "a.txt", text.encode(encoding)))
    assert np.allclose(found["frequency_Hz"][0], F)
    assert np.allclose(found["Z_im_ohm"][0], Z.imag)


@pytest.mark.parametrize(
    ("header", "name", "factor"),
    [
        ("Freq.[Hz]", "frequency_Hz", 1),
        ("Frequency (kHz)", "frequency_Hz", 1e3),
        ("f/MHz", "frequency_Hz", 1e6),
        ("f/mHz", "frequency_Hz", 1e-3),
        ("Zs'[ohm]", "Z_re_ohm", 1),
        ("Z'/kΩ", "Z_re_ohm", 1e3),
        ("Re(Z) (mOhm)", "Z_re_ohm", 1e-3),
        ("Zre (ohms)", "Z_re_ohm", 1),
        ('Z"/ohm', "Z_im_ohm", 1),
        ("Zs''[ohm]", "Z_im_ohm", 1),
        ("-Im(Z)/Ohm", "Z_im_ohm", -1),
        ("−Z″ / Ω", "Z_im_ohm", -1),
        ("Data: Z''", "Z_im_ohm", 1),
        ("Z1 /ohm", "Z_re_ohm", 1),
        ("Z (Ω)", "Z_abs_ohm", 1),
        ("-Phase (°)", "Z_phase_rad", -np.pi / 180),
        ("TestTime/Sec.", "time_s", 1),
        ("测试时间/Sec", "time_s", 1),
        ("电压/V", "voltage_V", 1),
        ("电流/mA", "current_A", 1e-3),
        ("E vs. Li/Li+ (mV)", "voltage_V", 1e-3),
        ("Ewe/V vs. SCE", "voltage_V", 1),
        ("WE(1).Potential (V)", "voltage_V", 1),
        ("η (mV)", "voltage_V", 1e-3),
        ("Amps", "current_A", 1),
        ("Im [A]", "current_A", 1),
        ("WE(1).Current (A)", "current_A", 1),
        ("Cur(mA)", "current_A", 1e-3),
        ("I/nA", "current_A", 1e-9),
        ("Current(mA/cm2)", "current_density_A_m2", 10),
        ("j_uA_cm2", "current_density_A_m2", 1e-2),
        ("Cyc#", "cycle", 1),
        ("Scan", "cycle", 1),
        ("Time (h)", "time_s", 3600),
        ("time/s", "time_s", 1),
        ("test_time_second", "time_s", 1),
        ("Test_Time(s)", "time_s", 1),
        ("Test Time / s", "time_s", 1),
        ("Total Time (min)", "time_s", 60),
        ("ΔE (V)", "voltage_V", 1),
        ("∆E/mV", "voltage_V", 1e-3),
        ("Ecell/V", "voltage_V", 1),
        ("<Ewe>/V", "voltage_V", 1),
        ("voltage_volt", "voltage_V", 1),
        ("I/mA", "current_A", 1e-3),
        ("<I>/µA", "current_A", 1e-6),
        ("current_ampere", "current_A", 1),
        ("discharge_capacity_Ah", "discharge_capacity_C", 3600),
        ("charging_capacity_ah", "charge_capacity_C", 3600),
        ("Q charge/mA.h", "charge_capacity_C", 3.6),
        ("DChg. Cap.(mAh)", "discharge_capacity_C", 3.6),
        ("cycle_index", "cycle", 1),
        ("cycle number", "cycle", 1),
        ("T (K)", "temperature_K", 1),
        ("T (s)", "time_s", 1),
    ],
)
def test_header_words(header: str, name: str, factor: float) -> None:
    found = understand(header)
    assert found is not None
    assert found.name == name
    assert found.si(np.array([1.0]))[0] == pytest.approx(factor)


@pytest.mark.parametrize(
    "header", ["Q charge/discharge/mA.h", "control/V/mA", "step_time_s", "|Ewe|/V", "", "temperature_1_C", "Ns"]
)
def test_other_words_are_left_alone(header: str) -> None:
    assert understand(header) is None


def test_celsius() -> None:
    for header in ("Temperature/°C", "ambient_temperature_celsius", "Temp [deg C]"):
        found = understand(header)
        assert found is not None
        assert found.si(np.array([25.0])) == pytest.approx([298.15])


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (["f/Hz", "Z'/furlong", "Z''/ohm"], ["Z'/furlong", "furlong"]),
        (["f/Hz", "Z'/ohm cm2", "Z''/ohm"], ["ohm cm2"]),
        (["time", "voltage/V", "current/A"], ["'time'", "no unit"]),
        (["time/s", "voltage/V", "current"], ["'current'", "no unit"]),
        (["time/fortnight", "voltage/V"], ["fortnight"]),
    ],
)
def test_a_unit_that_is_missing_or_unknown_is_named(tmp_path: Path, headers: list[str], words: list[str]) -> None:
    body = "\n".join(",".join(str(i + 1) for _ in headers) for i in range(8))
    with pytest.raises(DataError) as caught:
        af.read(put(tmp_path, "a.csv", ",".join(headers) + "\n" + body))
    assert all(w in str(caught.value) for w in words)


@given(st.lists(st.text(max_size=100), max_size=30), st.lists(st.text(max_size=20), max_size=30))
@FUZZ
def test_any_text_may_be_a_header(cells: list[str], units: list[str]) -> None:
    known = understand_row(cells, units)
    assert len({(c.name, c.level) for c in known}) == len(known)
    kind_of(c.name for c in known)


# ---- the sign of Z'', several spectra ----------------------------------------------------------------------------------------


def test_the_sign_of_the_imaginary_part(tmp_path: Path) -> None:
    plain = af.read(put(tmp_path, "p.csv", "f/Hz,Z'/ohm,Z''/ohm\n" + rows()))
    minus = af.read(put(tmp_path, "m.csv", "f/Hz,Z'/ohm,-Z''/ohm\n" + rows(sign=-1)))
    silent = af.read(put(tmp_path, "s.csv", "f/Hz,Z'/ohm,Z''/ohm\n" + rows(sign=-1)))
    bare = af.read(put(tmp_path, "b.csv", rows(sign=-1)))
    for found in (plain, minus, silent, bare):
        assert np.allclose(found["Z_im_ohm"][0], Z.imag)
    assert "sign_of_Z_im" not in plain.meta
    assert "sign_of_Z_im" not in minus.meta
    assert "-Z''" in silent.meta["sign_of_Z_im"]
    assert "-Z''" in bare.meta["sign_of_Z_im"]
    stated = af.read(put(tmp_path, "i.csv", "f/Hz,Z'/ohm,-Z''/ohm\n" + rows()))
    assert (stated["Z_im_ohm"] > 0).all(), "what the header states is not overruled"


def test_spectra_are_told_apart(tmp_path: Path) -> None:
    several = "f/Hz,Z'/ohm,Z''/ohm\n" + rows() + rows() + "".join(line + "\n" for line in rows().splitlines()[:9])
    found = af.read(put(tmp_path, "a.csv", several))
    assert np.isfinite(found["frequency_Hz"]).sum(axis=1).tolist() == [13, 13, 9]
    looped = eclab().replace("\t1\n", "\t1\n") + "".join(f"{f}\t1\t1\t2\n" for f in F[::-1])
    assert len(af.read(put(tmp_path, "a.mpt", looped))) == 2


def test_modulus_and_phase(tmp_path: Path) -> None:
    lines = "\n".join(f"{f},{abs(z)},{np.degrees(np.angle(z))}" for f, z in zip(F, Z, strict=True))
    found = af.read(put(tmp_path, "a.csv", "freq/Hz,|Z|/Ohm,Phase(Z)/deg\n" + lines))
    assert np.allclose(found["Z_re_ohm"][0], Z.real)
    assert np.allclose(found["Z_im_ohm"][0], Z.imag)


# ---- metadata ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kelvin"),
    [
        ("s04147-140deg.txt", 413.15),
        ("cell_30degC.txt", 303.15),
        ("PEIS_-25C_#61.txt", 248.15),
        ("cell_303K.txt", 303.0),
        ("25 °C.txt", 298.15),
        ("x_37.5C.txt", 310.65),
        ("cell_C01.txt", None),
        ("s04147.txt", None),
        ("R10K5.txt", None),
        ("10K.txt", None),
        ("5Cu.txt", None),
    ],
)
def test_temperature_in_the_name(tmp_path: Path, name: str, kelvin: float | None) -> None:
    found = af.read(put(tmp_path, name, rows()))
    if kelvin is None:
        assert "temperature_K" not in found
    else:
        assert found["temperature_K"] == pytest.approx([kelvin])
        assert found.meta["temperature_from"] == "file name"


def test_a_rate_of_charge_is_no_temperature(tmp_path: Path) -> None:
    assert "temperature_K" not in af.read(put(tmp_path, "cell_2C.csv", bdf())).meta
    assert af.read(put(tmp_path, "cell_25degC.csv", bdf())).meta["temperature_K"] == pytest.approx(298.15)


def test_given_metadata_wins(tmp_path: Path) -> None:
    path = put(tmp_path, "cell_30degC.txt", rows())
    one = af.read(path)
    other = af.read(path, temperature_K="25 degC", area_m2="1.54 cm2", cell="Li||Cu", note="mine")
    assert other["temperature_K"] == pytest.approx([298.15])
    assert "temperature_from" not in other.meta
    assert other.meta["area_m2"] == pytest.approx(1.54e-4)
    assert (other.meta["cell"], other.meta["note"]) == ("Li||Cu", "mine")
    assert one.key != other.key
    assert other.key == af.read(path, temperature_K=298.15, area_m2=1.54e-4, cell="Li||Cu", note="mine").key
    two = put(tmp_path, "two.csv", "f/Hz,Z'/ohm,Z''/ohm\n" + rows() + rows())
    assert af.read(two, temperature_K=[298, 308])["temperature_K"].tolist() == [298, 308]
    assert af.read(two, temperature_K=298)["temperature_K"].tolist() == [298, 298]


def test_the_key_follows_content_metadata_and_name(tmp_path: Path) -> None:
    one = af.read(put(tmp_path, "a.txt", rows()))
    assert one.key == af.read(put(tmp_path, "b.txt", rows())).key
    assert one.key != af.read(put(tmp_path, "c.txt", rows("\t"))).key
    warm, hot = (af.read(put(tmp_path, f"{t}deg.txt", rows())) for t in (30, 40))
    assert len({one.key, warm.key, hot.key}) == 3, "where the name gave a number, it is content"


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"temperature_C": 25}, "temperature_K"),
        ({"area_cm2": 1}, "area_m2"),
        ({"temperature_K": "25 mA"}, "cannot be expressed"),
        ({"temperature_K": "warm"}, "not a number"),
        ({"temperature_K": float("nan")}, "finite"),
        ({"temperature_K": [1, 2, 3]}, "one for each"),
        ({"Z_re_ohm": 1.0}, "file itself"),
        ({"cell": object()}, "metadata"),
    ],
)
def test_wrong_metadata_is_refused(tmp_path: Path, meta: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        af.read(put(tmp_path, "a.csv", rows()), **meta)


def test_a_temperature_stated_in_the_head(tmp_path: Path) -> None:
    found = af.read(put(tmp_path, "a_30deg.csv", "Temperature: 60 °C\nf/Hz,Z'/ohm,Z''/ohm\n" + rows()))
    assert found["temperature_K"] == pytest.approx([333.15])
    assert "temperature_from" not in found.meta


# ---- cycling -----------------------------------------------------------------------------------------------------------------


def test_capacities_from_current(tmp_path: Path) -> None:
    found = af.read(put(tmp_path, "a.csv", bdf()))
    assert found["cycle_number"].tolist() == [1, 2, 3, 4]
    assert found["record_cycle"].tolist() == [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10
    assert found["charge_capacity_C"] == pytest.approx([0.27, 0.3, 0.3, 0.3])
    assert found["discharge_capacity_C"] == pytest.approx([0.3, 0.3, 0.3, 0.27])


def test_a_table_of_cycles(tmp_path: Path) -> None:
    found = af.read(put(tmp_path, "a.csv", "Cycle,Charge Capacity (mAh),Discharge Capacity (mAh)\n1,2.0,1.8\n2,1.9,1.75\n"))
    assert found["cycle_number"].tolist() == [1, 2]
    assert found["discharge_capacity_C"] == pytest.approx([6.48, 6.3])


def test_one_direction_has_no_cycles(tmp_path: Path) -> None:
    found = af.read(put(tmp_path, "a.csv", "time/h;voltage/V;current/mA\n" + "".join(f"{i};0,1;1\n" for i in range(9))))
    assert "cycle_number" not in found
    assert found["current_A"] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("1,1,1\n2,1,1\n1.5,1,1\n", "backwards"),
        ("1,1,1\n2,1,nan\n", "not a finite number"),
        ("1,1,1\n2,--,1\n", "holds '--'"),
        ("1,1,1\n2,1\n", "2 columns"),
        ("1,1,1\n2,,1\n", "is empty"),
        ("1,1,1\n2,1_0,1\n", "holds '1_0'"),
        ("1,1,1\n2,1,1e999\n", "not a finite number"),
    ],
)
def test_a_bad_cell_is_named_with_its_line(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        af.read(put(tmp_path, "a.csv", "a remark\ntime/s,voltage/V,current/A\n" + body))
    assert f"line {2 + body.count(chr(10))}" in caught.value.where


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=60), st.integers(0, 2**32 - 1))
@FUZZ
def test_charge_is_conserved(current: list[float], seed: int) -> None:
    i = np.array(current)
    t = np.cumsum(np.random.default_rng(seed).uniform(0, 10, i.size))
    cycle = cycles_by_sign(i)
    of = np.zeros(i.size, int) if cycle is None else cycle - 1
    assert (np.diff(of) >= 0).all()
    assert (np.diff(of) <= 1).all()
    charge, discharge = charge_by_cycle(t, i, of, int(of.max()) + 1)
    assert charge.sum() - discharge.sum() == pytest.approx(np.trapezoid(i, t), abs=1e-9)


# ---- paths -----------------------------------------------------------------------------------------------------------------


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    put(tmp_path, "sample.csv", rows())
    with pytest.raises(ConfigError, match="no such file") as caught:
        af.read(tmp_path / "sampel.csv")
    assert "sample.csv" in caught.value.hint
    with pytest.raises(ConfigError, match="no such file"):
        af.read(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(ConfigError, match="is a folder"):
        af.read(tmp_path)
    with pytest.raises(DataError, match="is empty"):
        af.read(put(tmp_path, "empty.csv", b""))
    with pytest.raises(DataError, match="is empty"):
        af.read(put(tmp_path, "zeros.csv", b"\0" * 5000))
    with pytest.raises(ConfigError):
        af.read("a\0b")
    with pytest.raises(ConfigError):
        af.read("x" * 5000)
    with pytest.raises(ConfigError, match="not a path"):
        af.read(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no format"):
        af.read(tmp_path / "sample.csv", format="zplott")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of Unix")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ConfigError, match="no regular file"):
        af.read(tmp_path / "pipe.csv")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "a.csv", rows())

    def refuse(self: Path, *args: Any, **more: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match="permission denied"):
        af.read(path)


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    path = put(tmp_path, "huge.csv", rows() * 100)
    os.truncate(path, 2**40)  # sparse: it takes no space on the disk
    with pytest.raises(DataError, match="MiB"):
        af.read(path)


def test_natural_order(tmp_path: Path) -> None:
    for name in ("s10.csv", "s2.csv", "s1.csv", ".hidden.csv", "notes.md"):
        put(tmp_path, name, rows())
    natural = ["s1.csv", "s2.csv", "s10.csv"]
    assert [m.source.name for m in read_many(tmp_path)] == natural
    assert [p.name for p in paths_of(str(tmp_path / "s*.csv"))] == natural
    assert [p.name for p in paths_of([tmp_path / "s10.csv", tmp_path / "s2.csv"])] == ["s10.csv", "s2.csv"]
    for nothing in (str(tmp_path / "*.xyz"), []):
        with pytest.raises(ConfigError):
            paths_of(nothing)
    (tmp_path / "sub").mkdir()
    with pytest.raises(ConfigError, match="known suffix"):
        paths_of(tmp_path / "sub")
    odd = put(tmp_path, "a[1].csv", rows())
    assert paths_of(odd) == [odd]


# ---- damage ------------------------------------------------------------------------------------------------------------------


def attempt(path: Path) -> None:
    """Read; anything but our own errors fails the test."""
    error: AnodefreeError | None = None
    try:
        found = af.read(path)
    except AnodefreeError as caught:
        error = caught
    if error is None:
        assert found.data.nbytes < 1e7
    else:
        assert error.what
        assert path.name in error.where
        assert len(str(error)) < 3000


@given(st.binary(max_size=3000), st.sampled_from(["a.z", "a.csv", "a.DTA", "a.mpt", "a.json"]))
@FUZZ
def test_random_bytes(tmp_path: Path, content: bytes, name: str) -> None:
    attempt(put(tmp_path, name, content))


@given(st.text(alphabet="0123456789.,;eE+-\t \n\r\"'fFzZ/HhoOmM[]()TtVvIiAaZz#{}:nN", max_size=600))
@FUZZ
def test_random_tables(tmp_path: Path, content: str) -> None:
    attempt(put(tmp_path, "a.txt", content))
    attempt(put(tmp_path, "b.txt", "f/Hz\tZ'/ohm\tZ''/ohm\n" + content))


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(FUZZ, max_examples=150)
def test_damaged_files(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[name]().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "drop", "repeat"]))
        if how == "set":
            content[at] = data.draw(st.integers(0, 255))
        elif how == "cut" and at:
            del content[at:]
        elif how == "insert":
            content[at:at] = data.draw(
                st.sampled_from([b"\n", b"\t", b",", b'"', b"-", b"1e400", b"nan", b"\xff", b"\0", b"9" * 400])
            )
        elif how == "drop":
            del content[at : at + data.draw(st.integers(1, 40))]
            content = content or bytearray(b"x")
        else:
            content[at:at] = content[at : at + 60]
    attempt(put(tmp_path, name, bytes(content)))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_truncation(tmp_path: Path, name: str) -> None:
    content = SAMPLES[name]().encode()
    for end in range(1, len(content), 17):
        attempt(put(tmp_path, name, content[:end]))


def test_truncated_own_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    af.write(af.read(put(tmp_path, "a.csv", rows())), path)
    content = path.read_bytes()
    for end in (9, 100, len(content) // 2, len(content) - 10):
        attempt(put(tmp_path, "cut.nc", content[:end]))
        with pytest.raises(DataError):
            af.load(tmp_path / "cut.nc")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"f/Hz,Z'/ohm,Z''/ohm\n" + b"1," * 500_000,
        b"," * 1_000_000,
        b'"' * 300_001,
        b"f/Hz,Z'/ohm,Z''/ohm\n" + b"9" * 90_000 + b",1,1\n",
        b"\n" * 500_000 + b"f/Hz,Z'/ohm,Z''/ohm\n1,2,-3\n",
        b"\xff\xfe" + b"a" * 1001,
        b"EC-Lab ASCII FILE\nNb header lines : 999999\n\n",
        b"EC-Lab ASCII FILE\nNb header lines : 0\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\n1\t1\t1\n",
        b"EXPLAIN\nZCURVE\tTABLE\n",
        b'{"type": "anodefree measurement", "kind": "impedance", "arrays": {"Z_re_ohm": {"values": [[1], [2, 3]]}}}',
        b'{"type": "anodefree measurement", "kind": "impedance", "arrays": {"Z_re_ohm": {"values": {"a": 1}}}, "meta": {}}',
        b'{"type": "anodefree measurement", "kind": ["impedance"], "arrays": []}',
        b'{"f (Hz)": [1, 2, 3], "Re(Z) (ohm)": [1], "Im(Z) (ohm)": [1, 2, "x"]}',
        b'{"f (Hz)": {"0": {"deep": 1}}, "Re(Z) (ohm)": [null], "Im(Z) (ohm)": [1]}',
    ],
)
def test_malicious_files(tmp_path: Path, content: bytes) -> None:
    attempt(put(tmp_path, "a.txt", content))


def test_one_error_names_every_reader_that_was_tried(tmp_path: Path) -> None:
    path = put(tmp_path, "a.z", zplot().replace("Z'(a)", "Q").replace("Z''(b)", "R"))
    with pytest.raises(DataError) as caught:
        af.read(path)
    said = str(caught.value)
    assert "zplot:" in said
    assert "text:" in said
    assert "ZPLOT2 ASCII" in said
    assert "try:" in said


# ---- formats -----------------------------------------------------------------------------------------------------------------


def test_the_table_of_formats() -> None:
    known = formats.formats()
    assert len({f.name for f in known}) == len(known)
    assert known[-1].name == "text"
    for format in known:
        assert format.title
        assert format.kinds
        assert all(s.startswith(".") and s == s.lower() for s in format.suffixes)
        assert not format.sniff(b"", "") or format.name == "none"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_exactly_one_reader_beside_text_takes_a_file(name: str) -> None:
    head = SAMPLES[name]().encode()[: formats.HEAD_BYTES]
    fits = [f.name for f in formats.formats() if f.sniff(head, Path(name).suffix)]
    assert fits[-1] == "text"
    assert len(fits) <= 2


def test_listing_formats_imports_no_reader() -> None:
    import subprocess

    code = (
        "import sys; from anodefree.io.formats import formats; formats();"
        "print([m for m in sys.modules if m.startswith('anodefree.io.') or m in ('numpy', 'xarray')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['anodefree.io.formats']"


PLUGIN = '''
"""A reader of somebody else."""
from anodefree.io.formats import Format
from anodefree import Measurement
from anodefree.kinds.impedance import IMPEDANCE

FORMAT = Format("toy", "toy format", ("impedance",), (".toy",), lambda head, suffix: head.startswith(b"TOY"), "toyreader")

def read(path):
    text = path.read_text()
    if "crash" in text:
        raise KeyError("oops")
    if "odd" in text:
        return 3
    return Measurement.of(IMPEDANCE, {"frequency_Hz": [[1.0]], "Z_re_ohm": [[2.0]], "Z_im_ohm": [[-1.0]]})
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    info = folder / "toyreader-0.1.dist-info"
    info.mkdir(parents=True)
    (folder / "toyreader.py").write_text(PLUGIN)
    (folder / "brokenreader.py").write_text("raise RuntimeError('not today')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyreader\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[anodefree.readers]\ntoy = toyreader\nbroken = brokenreader\n")
    monkeypatch.syspath_prepend(str(folder))
    formats.added.cache_clear()
    yield folder
    formats.added.cache_clear()
    sys.modules.pop("toyreader", None)


def test_a_package_adds_a_reader(tmp_path: Path, plugin: Path) -> None:
    assert "toy" in [f.name for f in formats.formats()]
    found = af.read(put(tmp_path, "a.toy", "TOY"), temperature_K="25 degC")
    assert found["Z_re_ohm"].tolist() == [[2.0]]
    assert found["temperature_K"] == pytest.approx([298.15])
    assert found.source.name == "a.toy"
    for content, words in (("TOY crash", "KeyError"), ("TOY odd", "returned a int")):
        with pytest.raises(DataError, match=words) as caught:
            af.read(put(tmp_path, "b.toy", content))
        assert "not today" in str(caught.value), "a package that cannot be loaded is not passed over in silence"
    with pytest.raises(ConfigError, match="not today"):
        af.read(put(tmp_path, "a.toy", "TOY"), format="broken")
    assert af.read(put(tmp_path, "a.csv", rows()))["frequency_Hz"].size == 13


# ---- polarisation ----------------------------------------------------------------------------------------------------------

E = np.concatenate([np.linspace(0, 0.2, 41), np.linspace(0.195, -0.2, 80), np.linspace(-0.195, 0, 40)])
J = 13.0 * np.sinh(E / 0.05)  # A/m2
AREA_M2 = 1.54e-4


def curve(header: str, columns: list[np.ndarray], delimiter: str = ",") -> str:
    return header + "\n" + "\n".join(delimiter.join(f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)) + "\n"


def chi_cv(sign: int = -1) -> str:
    head = (
        "Feb. 20, 2020   15:55:08\nCyclic Voltammetry\nFile: a.bin\nData Source:  Experiment\nInstrument Model:  CHI660E\n"
        "Header: \nNote: \n\nInit E (V) = 0\nHigh E (V) = 0.2\nLow E (V) = -0.2\nInit P/N = P\nScan Rate (V/s) = 0.01\n"
        "Segment = 3\nSample Interval (V) = 0.005\nQuiet Time (sec) = 2\n\nResults:\n\nSegment 1:\n\n"
    )
    return head + curve("Potential/V, Current/A\n", [E, sign * J * AREA_M2], ", ")


def gamry_cv(comma: bool = False) -> str:
    head = (
        "EXPLAIN\nTAG\tCV\nTITLE\tLABEL\tCyclic Voltammetry\tTest\nDATE\tLABEL\t4/23/2018\tDate\nTIME\tLABEL\t16:43:15\tTime\n"
        "PSTAT\tPSTAT\tREF600\tP\nSCANRATE\tQUANT\t1.00000E+001\tScan Rate (mV/s)\nAREA\tQUANT\t1.54\tArea (cm^2)\n"
    )
    text = head
    for number, part in enumerate(np.array_split(np.arange(E.size), 2), start=1):
        rows = "".join(f"\t{i}\t{i / 2:.1f}\t{E[i]:.9g}\t{J[i] * AREA_M2:.9g}\t...........\n" for i in part)
        text += f"CURVE{number}\tTABLE\t{part.size}\n\tPt\tT\tVf\tIm\tOver\n\t#\ts\tV vs. Ref.\tA\tbits\n{rows}"
    return text.replace(".", ",") if comma else text


def eclab_cv(technique: str = "Cyclic Voltammetry") -> str:
    top = [
        "EC-Lab ASCII FILE",
        "Nb header lines : 12",
        "",
        technique,
        "",
        "Device : SP-300",
        "Reference electrode : SCE Saturated Calomel Electrode (0.241 V)",
        "Electrode surface area : 1.540 cm²",
        "Acquisition started on : 05/15/2025 01:18:45.867",
        f"{'dE/dt':<20}{'10.000':<20}",
        f"{'dE/dt unit':<20}{'mV/s':<20}",
    ]
    columns = [np.arange(E.size) / 2, E + 1, E, J * AREA_M2 * 1e3, np.repeat([1.0, 2.0], [80, 81])]
    return "\n".join(top) + "\n" + curve("time/s\tEcell/V\tEwe/V\t<I>/mA\tcycle number", columns, "\t")


def nova(delimiter: str = ";") -> str:
    header = delimiter.join(["Potential applied (V)", "Time (s)", "WE(1).Current (A)", "WE(1).Potential (V)", "Scan", "Index"])
    count = np.arange(E.size)
    return curve(header, [E + 1e-3, count / 2, J * AREA_M2, E, np.repeat([1.0, 2.0], [80, 81]), count + 1], delimiter)


SAMPLES.update(
    {
        "chi_cv.txt": chi_cv,
        "cv.DTA": gamry_cv,
        "cv.mpt": eclab_cv,
        "nova.csv": nova,
        "tafel.csv": lambda: "A,,B,\n" + curve("Overpotential (V),j (mA/cm2),Overpotential (V),j (mA/cm2)", [E, J, E, J]),
    }
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cv.txt", chi_cv().encode()),
        ("cv.txt", chi_cv(+1).encode()),
        ("cv.dta", gamry_cv().encode()),
        ("cv.dta", gamry_cv(comma=True).encode()),
        ("cv.mpt", eclab_cv().encode("cp1252")),
        ("nova.txt", nova().encode()),
        ("nova.txt", nova("\t").replace(".", ",").replace("WE(1),", "WE(1).").encode()),
        ("own.csv", curve("Potential/V,Current/A", [E, J * AREA_M2]).encode()),
        ("own.csv", curve("E vs. Li/Li+ (mV)\tI/µA", [E * 1e3, J * AREA_M2 * 1e6], "\t").encode("utf-16")),
    ],
)
def test_a_voltammogram_of_any_instrument(tmp_path: Path, name: str, content: bytes) -> None:
    found = af.read(put(tmp_path, name, content), kind="polarisation")
    assert found["potential_V"] == pytest.approx(E, abs=1e-8)
    assert found["current_A"] == pytest.approx(J * AREA_M2, rel=1e-7, abs=1e-12)
    assert found.meta["positive_current"] == ("cathodic" if content == chi_cv().encode() else "anodic")
    assert found["record_cycle"][0] == 1
    assert found["record_cycle"][-1] == 2
    if name != "own.csv" and "nova" not in name:
        assert found.meta["scan_rate_V_s"] == pytest.approx(0.01)
    if name in ("cv.dta", "cv.mpt"):
        assert found.meta["area_m2"] == pytest.approx(AREA_M2)
    if name == "own.csv" and content[:2] == b"\xff\xfe":
        assert found.meta["reference"] == "Li/Li+"


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("j (mA/cm2)", 0.1),
        ("Current Density / mA cm^-2", 0.1),
        ("J / A cm⁻²", 1e-4),
        ("i (µA/cm²)", 100),
        ("current density [mA/cm2]", 0.1),
        ("j/mA/cm2", 0.1),
        ("current_density_A_m2", 1),
        ("Current Density (A m-2)", 1),
    ],
)
def test_current_densities(tmp_path: Path, header: str, factor: float) -> None:
    found = af.read(put(tmp_path, "a.txt", curve(f"Overpotential (V)\t{header}", [E, J * factor], "\t")))
    assert found.kind.name == "polarisation"
    assert found["current_density_A_m2"] == pytest.approx(J, rel=1e-7)
    assert found.meta["potential"] == "overpotential"


def test_the_user_may_turn_the_current(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", curve("Potential/V,Current/A", [E, -J]))
    kept, turned = af.read(path), af.read(path, positive_current="cathodic")
    assert "positive_current='cathodic'" in kept.meta["sign_of_current"]
    assert turned["current_A"] == pytest.approx(J)
    assert turned.meta["positive_current"] == "cathodic"
    assert kept.key != turned.key
    with pytest.raises(ConfigError, match="anodic"):
        af.read(path, positive_current="up")


def test_a_technique_decides_the_kind_unless_one_is_wanted(tmp_path: Path) -> None:
    cv = put(tmp_path, "cv.mpt", eclab_cv().encode("cp1252"))
    held = put(tmp_path, "gcpl.mpt", eclab_cv("Galvanostatic Cycling with Potential Limitation").encode("cp1252"))
    assert af.read(cv).kind.name == "polarisation"
    assert af.read(held).kind.name == "cycling"
    assert af.read(cv, kind="cycling")["voltage_V"] == pytest.approx(E + 1), "the voltage of the cell"
    assert af.read(cv)["potential_V"] == pytest.approx(E), "the potential of the working electrode"
    assert af.read(held, kind="polarisation")["potential_V"] == pytest.approx(E)
    assert af.read(cv).meta["reference"].startswith("SCE")


def test_a_kind_that_the_content_does_not_allow(tmp_path: Path) -> None:
    spectrum = put(tmp_path, "a.csv", rows())
    bare = put(tmp_path, "b.csv", curve("Potential/V,Current/A", [E, J]))
    unmeasured = put(tmp_path, "c.csv", curve("time/s,voltage/V", [np.arange(E.size), E]))
    for path, kind, words in (
        (spectrum, "polarisation", "holds impedance spectra, which cannot be taken as polarisation"),
        (bare, "impedance", "cannot be taken as impedance"),
        (bare, "cycling", "has no time"),
        (unmeasured, "polarisation", "has no current_A"),
    ):
        with pytest.raises(DataError, match=words) as caught:
            af.read(path, kind=kind)
        assert path.name in caught.value.where
    with pytest.raises(ConfigError, match="no kind"):
        af.read(bare, kind="polarization")


def test_a_density_becomes_a_current_where_the_area_is_known(tmp_path: Path) -> None:
    time = np.arange(E.size, dtype=float)
    path = put(tmp_path, "a.csv", curve("time/s,voltage/V,j/(mA/cm2)", [time, E, J / 10]))
    assert af.read(path).kind.name == "polarisation"
    cell = af.read(path, kind="cycling", area_m2="1.54 cm2")
    assert cell["current_A"] == pytest.approx(J * AREA_M2)
    assert "cycle_number" in cell
    without = af.read(path, kind="cycling")
    assert "current_A" not in without
    assert "area_m2" in without.meta["current_from"]


def test_curves_side_by_side(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", SAMPLES["tafel.csv"]())
    with pytest.raises(DataError, match="holds 2 curves: 'A', 'B'"):
        af.read(path)
    assert af.read(path, series="B").meta["series"] == "B"
    with pytest.raises(ConfigError, match="no series 'C'"):
        af.read(path, series="C")
    spectra = put(
        tmp_path, "z.csv", curve("f/Hz,Z'/ohm,Z''/ohm,f/Hz,Z'/ohm,Z''/ohm", [F, Z.real, Z.imag, F, 2 * Z.real, Z.imag])
    )
    both = af.read(spectra)
    assert len(both) == 2
    assert both["Z_re_ohm"][1] == pytest.approx(2 * Z.real)


@pytest.mark.parametrize("suffix", ["csv", "nc", "json"])
def test_a_curve_is_written_and_read_back(tmp_path: Path, suffix: str) -> None:
    found = af.read(put(tmp_path, "cv.mpt", eclab_cv().encode("cp1252")))
    again = af.read(af.write(found, tmp_path / f"a.{suffix}"), kind="polarisation")
    for name in ("potential_V", "current_A", "time_s", "record_cycle"):
        assert again[name] == pytest.approx(found[name], rel=1e-12)
    with pytest.raises(ConfigError, match="Battery Data Format"):
        af.write(found, tmp_path / "a.bdf.csv")


# ---- exports for which no real file is at hand: headers as the programs write them, numbers of our own ---------------------

HOURS = np.arange(0.0, 4.0, 0.25)
CHARGED = np.where(HOURS < 2, 1.0, -1.0)
VOLTS = 3.5 + 0.1 * CHARGED


def clock(hours: float, days: bool) -> str:
    seconds = round(hours * 3600)
    text = f"{seconds // 3600 % 24 if days else seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{seconds // 86400}d {text}.00" if days else text


def maccor(time: str = "TestTime", write: Callable[[float], str] = lambda h: clock(h, days=True)) -> str:
    head = "Today's Date\t05/31/2024\tDate of Test:\t05/01/2024\tFilename:\tC:\\x\tProcedure:\ty\n\n"
    head += f"Rec#\tCyc#\tStep\t{time}\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n"
    return head + "".join(
        f"{i + 1}\t0\t1\t{write(h)}\t0d 00:00:00.00\t0\t0\t0.001\t{v:.4f}\t{'C' if s > 0 else 'D'}\t1\t05/01/2024 10:00:00\n"
        for i, (h, s, v) in enumerate(zip(HOURS, CHARGED, VOLTS, strict=True))
    )


def record(header: str, row: Callable[[int, float, float, float], str]) -> str:
    lines = (row(i + 1, h, s, v) for i, (h, s, v) in enumerate(zip(HOURS, CHARGED, VOLTS, strict=True)))
    return header + "\n" + "\n".join(lines) + "\n"


CYCLERS: dict[str, str] = {
    "maccor": maccor(),
    "maccor seconds": maccor("Test (Sec)", lambda h: f"{h * 3600:.2f}"),
    "arbin": record(
        "Data_Point,Date_Time,Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Charge_Energy(Wh)",
        lambda i, h, s, v: f"{i},2024-05-01 10:00:00,{h * 3600},{h},{1 + (s < 0)},1,{s * 1e-3},{v:.4f},0",
    ),
    "arbin new": record(
        "Date Time,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V)",
        lambda i, h, s, v: f"05/01/2024 10:00:00.000,{h * 3600},{h},1,1,{s * 1e-3},{v:.4f}",
    ),
    "landt": record(
        "Index,TestTime/Sec.,StepTime/Sec.,Voltage/V,Current/mA,Capacity/mAh,Energy/mWh,SysTime,State",
        lambda i, h, s, v: f"{i},{h * 3600},0,{v:.4f},{s},0,0,2024-05-01 10:00:00,C_CC",
    ),
    "neware": record(
        "DataPoint\tCycle Index\tStep Index\tStep Type\tTime\tTotal Time\tCurrent(A)\tVoltage(V)\tDate",
        lambda i, h, s, v: f"{i}\t1\t1\tCC Chg\t00:00:00\t{clock(h, days=False)}\t{s * 1e-3}\t{v:.4f}\t2024-05-01 10:00:00",
    ),
    "neware old": record(
        "Record ID,Time(h:min:s.ms),Voltage(V),Current(mA),Realtime",
        lambda i, h, s, v: f"{i},00:00:00.000,{v:.4f},{s},2024-05-01 {clock(10 + h, days=False)}",
    ),
    "nova": record(
        "Time (s);Corrected time (s);WE(1).Potential (V);WE(1).Current (A);Index",
        lambda i, h, s, v: f"{h * 3600};{h};{v:.4f};{s * 1e-3};{i}",
    ),
    "parstat": record("Potential (V)\tCurrent (A)\tElapsed Time (s)", lambda i, h, s, v: f"{v:.4f}\t{s * 1e-3}\t{h * 3600}"),
}


@pytest.mark.parametrize("name", sorted(CYCLERS))
def test_records_of_cyclers(tmp_path: Path, name: str) -> None:
    found = af.read(put(tmp_path, "a.txt", CYCLERS[name]))
    assert found.kind.name == "cycling"
    assert found["time_s"] == pytest.approx(HOURS * 3600)
    assert found["voltage_V"] == pytest.approx(VOLTS)
    assert found["current_A"] == pytest.approx(1e-3 * CHARGED)
    assert found["cycle_number"].tolist() == [1]


def test_spectra_of_autolab(tmp_path: Path) -> None:
    nova = curve(
        "Index;Frequency (Hz);Z' (Ω);-Z'' (Ω);Z (Ω);-Phase (°);Time (s)",
        [np.arange(F.size), F, Z.real, -Z.imag, abs(Z), -np.degrees(np.angle(Z)), np.arange(F.size)],
        ";",
    )
    modulus = curve("Frequency (Hz)\tZ (Ω)\t-Phase (°)", [F, abs(Z), -np.degrees(np.angle(Z))], "\t")
    fra = "VERSION8.0\n13\nx\n" + "".join(
        f"{f:.9g}\n{z.real:.9g}\n{-z.imag:.9g}\n0.5\n0\n1\n0\n0\n0\n" for f, z in zip(F, Z, strict=True)
    )
    for name, content in (("a.csv", nova), ("b.txt", modulus), ("c.dfr", fra)):
        found = af.read(put(tmp_path, name, content))
        assert found["frequency_Hz"][0] == pytest.approx(F, rel=1e-8)
        assert found["Z_re_ohm"][0] + 1j * found["Z_im_ohm"][0] == pytest.approx(Z, rel=1e-7)
    with pytest.raises(DataError, match="claims 13 frequencies, it holds 12"):
        af.read(put(tmp_path, "d.dfr", "\n".join(fra.split("\n")[:-3])))


SAMPLES.update({"maccor.txt": maccor, "a.dfr": lambda: "VERSION8.0\n1\nx\n10\n1\n2\n0\n0\n0\n0\n0\n0\n"})


# ---- series ----------------------------------------------------------------------------------------------------------------


def test_a_folder_is_one_series_in_time(tmp_path: Path) -> None:
    for name, minute in (("s1.mpt", "10"), ("s2.mpt", "20"), ("s10.mpt", "40")):
        head = f"Acquisition started on : 05/15/2025 01:{minute}:00.500\n"
        put(tmp_path, name, eclab(8).replace("Device", head + "Device").encode("cp1252"))
    series = af.join(read_many(tmp_path))
    assert series["time_s"].tolist() == [0, 600, 1800]
    assert series.meta["started"] == "2025-05-15T01:10:00.500"
    assert series.meta["area_m2"] == pytest.approx(1.54e-4)


def test_spectra_below_each_other_keep_what_is_said_of_them(tmp_path: Path) -> None:
    blocks = "".join(f"Temperature: {t} °C\nf/Hz,Z'/ohm,Z''/ohm\n{rows()}\n" for t in (20, 30, 40))
    found = af.read(put(tmp_path, "a.csv", blocks))
    assert found["temperature_K"] == pytest.approx([293.15, 303.15, 313.15])
    dta = gamry().replace("ZCURVE\tTABLE", "ZCURVE1\tTABLE")
    second = dta[dta.index("ZCURVE1") : dta.index("EXPERIMENT")].replace("ZCURVE1", "ZCURVE2").replace("-327.67", "25")
    several = af.read(put(tmp_path, "a.DTA", dta.replace("EXPERIMENT", second + "EXPERIMENT")))
    assert len(several) == 2
    assert several.source.name == "a.DTA"


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("05/15/2025 01:18:45.867", "2025-05-15T01:18:45.867"),
        ("15/05/2025 01:18:45", "2025-05-15T01:18:45"),
        ("15.05.2025 01:18:45", "2025-05-15T01:18:45"),
        ("2025-05-15T01:18:45", "2025-05-15T01:18:45"),
        ("5/5/2025 1:18:45 PM", "2025-05-05T13:18:45"),
        ("Feb. 20, 2020   15:55:08", "2020-02-20T15:55:08"),
        ("DD/MM/YYYY HH:MM:SS", None),
        ("99/99/2025 01:18:45", None),
    ],
)
def test_moments(written: str, iso: str | None) -> None:
    assert started_at(written) == iso


# ---- lines that are no rows ------------------------------------------------------------------------------------------------


def test_text_inside_a_table_is_left_out_and_told(tmp_path: Path) -> None:
    table = "f/Hz,Z'/ohm,Z''/ohm\n" + rows()
    plain = af.read(put(tmp_path, "a.csv", table))
    for name, content in (
        ("b.csv", table + "Total points: 13\nEnd of data\n"),
        ("c.csv", table + "\n\nfit,R1,R2\n"),
        ("d.csv", table.replace("\n", "\nmeasured on Monday\n", 7)),
    ):
        found = af.read(put(tmp_path, name, content))
        assert np.array_equal(found["Z_re_ohm"], plain["Z_re_ohm"])
        assert "of text" in found.meta["lines_left_out"]
    other = af.read(put(tmp_path, "e.csv", table + "time/s,voltage/V,current/A\n1,2,3\n"))
    assert np.array_equal(other["Z_re_ohm"], plain["Z_re_ohm"])
    assert "second table begins at line 15" in other.meta["lines_left_out"]


def test_appended_runs_are_spectra_of_their_own(tmp_path: Path) -> None:
    table = "f/Hz,Z'/ohm,Z''/ohm\n" + rows()
    assert len(af.read(put(tmp_path, "a.csv", table * 3))) == 3


def test_units_in_a_row_of_their_own_and_thousands(tmp_path: Path) -> None:
    found = af.read(
        put(tmp_path, "a.csv", "E;I\nmV;µA\n" + "\n".join(f"{e * 1e3:.6g};{i:.6g}" for e, i in zip(E, J, strict=True)))
    )
    assert found["potential_V"] == pytest.approx(E, abs=1e-6)
    assert found["current_A"] == pytest.approx(J * 1e-6, rel=1e-5)
    with pytest.raises(DataError, match=r"holds '1,234\.5'") as caught:
        af.read(put(tmp_path, "b.csv", "time/s;voltage/V;current/A\n1;1;1\n1,234.5;1;1\n"))
    assert "thousands" in caught.value.hint


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40), st.sampled_from(["\t", ";", ",", " "]), st.booleans())
@FUZZ
def test_the_fast_way_and_the_careful_way_agree(values: list[float], delimiter: str, comma: bool) -> None:
    split = next(s for s, mark in MARKS.items() if mark == (None if delimiter == " " else delimiter))
    comma = comma and delimiter != ","
    lines = [delimiter.join((repr(float(i)), repr(v), "x")) for i, v in enumerate(values)]
    lines = [line.replace(".", ",") for line in lines] if comma else lines
    known = understand_row(["time/s", "voltage/V"])
    fast = _plain_rows(lines, 0, len(lines), known, split)
    careful = _careful_rows(lines, 0, len(lines), known, [False, False], split, "", may_end=False)
    assert fast is not None
    assert all(np.array_equal(a, b) for a, b in zip(fast.raw, careful.raw, strict=True))
    assert np.array_equal(fast.lines, careful.lines)


def test_spectra_of_a_fitting_program_below_each_other(tmp_path: Path) -> None:
    block = "Data: Frequency\tData: Z'\tData: Z''\nDC=-0.08, TM=33.7\tModel: Unassigned Spectra\t(WE/RE Spectrum) a.mpr_1\n"
    found = af.read(put(tmp_path, "a.txt", "RelaxIS 3.0 Spectrum export\n" + (block + rows("\t")) * 3))
    assert found["frequency_Hz"].shape == (3, 13)
    assert found["Z_im_ohm"][2] == pytest.approx(Z.imag)


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("CB_LSV_30mVpermin_3.txt", 5e-4),
        ("cv_10mV_s.txt", 0.01),
        ("20 mVs.txt", 0.02),
        ("cv_0.5mVps.txt", 5e-4),
        ("50mV.txt", None),
    ],
)
def test_the_rate_of_a_sweep_in_the_name(tmp_path: Path, name: str, rate: float | None) -> None:
    path = put(tmp_path, name, curve("Potential/V,Current/A", [E, J]))
    assert af.read(path).meta.get("scan_rate_V_s") == (rate and pytest.approx(rate))
    given = af.read(path, scan_rate_V_s="7 mV/s").meta
    assert given["scan_rate_V_s"] == pytest.approx(7e-3)
    assert "scan_rate_from" not in given


@pytest.mark.parametrize(
    "content",
    [
        b"1," * 10_000_000,
        b'"' * 10_000_001,
        b"f/Hz,Z'/ohm,Z''/ohm\n" + b"\r" * 1_000_000 + b"x",
        b"area" + b" " * 5_000_000 + b"\nf/Hz,Z'/ohm,Z''/ohm\n1,2,-3\n",
        b"time/s,voltage/V,current/A\n" + b"".join(b"%d,1,1\n" % i for i in range(200_000)),
        b"time/s,voltage/V,current/A\n" + b"".join(b"%d,1,1\n" % i for i in range(50_000)) + b"the end\n",
    ],
    ids=["one line", "quotes", "returns", "blanks", "rows", "rows and words"],
)
def test_large_files_take_no_time(tmp_path: Path, content: bytes) -> None:
    started = time.process_time()
    attempt(put(tmp_path, "a.txt", content))
    assert time.process_time() - started < 5


def test_what_a_fallback_lacks_is_told(tmp_path: Path) -> None:
    """Plain text opens a Maccor export without states too, but its current has no sign: the metadata says what failed."""
    path = put(tmp_path, "a.txt", maccor().replace("State", "Flag"))
    found = af.read(path)
    assert (found["current_A"] > 0).all()
    assert "no column State" in found.meta["readers_that_failed"]
    with pytest.raises(DataError, match="no column State"):
        af.read(path, format="maccor")
    cut = put(tmp_path, "b.txt", maccor().replace("\tD\t", "\t\t"))
    with pytest.raises(DataError, match="neither charge nor discharge"):
        af.read(cut, format="maccor")


def test_uneven_spectra_do_not_fill_the_memory(tmp_path: Path) -> None:
    numbers = [*range(1, 15_000), *[15_000] * 15_000]
    body = "".join(f"{n},{100 - 1e-3 * i},1,-1\n" for i, n in enumerate(numbers))
    with pytest.raises(DataError, match="too uneven"):
        af.read(put(tmp_path, "a.csv", "spectrum,f/Hz,Z'/ohm,Z''/ohm\n" + body))


def test_records_beside_spectra_are_there_for_who_wants_them(tmp_path: Path) -> None:
    text = curve(
        "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)",
        [np.full(13, 3.5), np.full(13, 1e-3), np.arange(13), F, Z.real, Z.imag],
        "\t",
    )
    path = put(tmp_path, "a.txt", text)
    assert af.read(path).kind.name == "impedance"
    assert af.read(path, kind="cycling")["current_A"] == pytest.approx(1e-3)
