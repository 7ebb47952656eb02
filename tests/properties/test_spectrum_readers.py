"""Readers of spectra: every layout gives back what was written; damage gives one clear error or a valid measurement."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.io.jcamp_packed import unpacked

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
X = np.round(np.linspace(500.0, 900.0, 41), 3)
Y = np.round(1000 / (1 + ((X - 740) / 8) ** 2) + 50)


def opened(tmp_path: Path, name: str, data: bytes | str, **how: object) -> Measurement:
    path = tmp_path / name
    path.write_bytes(data.encode("latin-1") if isinstance(data, str) else data)
    return af.read(path, **how)  # type: ignore[arg-type]


def wdf(unit: int = 1, count: int = 2, capacity: int = 3, laser_per_cm: float = 12738.85, x: np.ndarray = X) -> bytes:
    """A file as WiRE writes it, of a scan that was stopped after `count` of `capacity` spectra."""

    def block(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<IQ", 0, 16 + len(body)) + body

    head = bytearray(512)
    head[:16] = b"WDF1" + struct.pack("<IQ", 1, 512)
    struct.pack_into("<IQQI", head, 60, len(x), capacity, count, 4)
    struct.pack_into("<IIII", head, 84, 1, len(x), 3, 0)
    head[96:100] = b"WiRE"
    struct.pack_into("<If", head, 152, 6, laser_per_cm)
    rows = np.concatenate([(k + 1) * Y if k < count else 0 * Y for k in range(capacity)])
    times, depths = 10_000_000 * np.arange(capacity, dtype="<i8"), np.arange(capacity, dtype="<f8")
    lists = (
        struct.pack("<II16s", 0x8000000B, 24, b"Time") + times.tobytes() + struct.pack("<II16s", 5, 5, b"Z") + depths.tobytes()
    )
    axis = struct.pack("<II", 1, unit) + x[::-1].astype("<f4").tobytes()
    data = rows.reshape(capacity, -1)[:, ::-1].astype("<f4").tobytes()
    body = block(b"DATA", data) + block(b"XLST", axis) + block(b"ORGN", struct.pack("<I", 2) + lists)
    return bytes(head) + body + block(b"TEXT", b"a note")


def spc(
    *, short: bool = False, floats: bool = False, own_axis: bool = False, spectra: int = 1, kind: int = 13, order: int = 0x4B
) -> bytes:
    """A Galactic file in one of its layouts."""
    head = bytearray(512)
    flags = (0x01 if short else 0) | (0x04 if spectra > 1 else 0) | (0x80 | 0x40 if own_axis else 0)
    exponent = -128 if floats else 13
    struct.pack_into("<BBBbidd", head, 0, flags, order, 0, exponent, 0 if own_axis else len(X), X[0], X[-1])
    struct.pack_into("<iBBB", head, 24, spectra, kind, 4, 4)
    out = bytes(head)
    for k in range(spectra):
        out += struct.pack("<BbHfffii", 0, exponent, k, 60.0 * k, 0, 0, len(X) if own_axis else 0, 0) + bytes(8)
        out += X.astype("<f4").tobytes() if own_axis else b""
        y = (k + 1) * Y
        if floats:
            out += y.astype("<f4").tobytes()
        else:
            out += np.round(y * 2.0 ** ((16 if short else 32) - 13)).astype("<i2" if short else "<i4").tobytes()
    return out


def jcamp(form: str = "AFFN") -> str:
    """The spectrum in one of the standard's forms."""
    head = f"##TITLE=test\n##JCAMP-DX=4.24\n##DATA TYPE=RAMAN SPECTRUM\n##XUNITS=1/CM\n##YUNITS=COUNTS\n##NPOINTS={len(X)}\n"
    head += f"##FIRSTX={X[0]}\n##LASTX={X[-1]}\n##XFACTOR=1\n##YFACTOR=1\n"
    if form == "XY":
        return head + "##XYDATA=(XY..XY)\n" + "\n".join(f"{a:g}, {b:g}" for a, b in zip(X, Y, strict=True)) + "\n##END=\n"
    lines = []
    for at in range(0, len(X), 8):
        part = Y[at : at + 8].astype(int)
        if form == "AFFN":
            lines.append(f"{X[at]:g} " + " ".join(map(str, part)))
        elif form == "PAC":
            lines.append(f"{X[at]:g}" + "".join(f"{v:+d}" for v in part))
        elif form == "SQZ":
            lines.append(f"{X[at]:g}" + "".join("@ABCDEFGHI"[int(str(v)[0])] + str(v)[1:] for v in part))
        else:
            lines.append(f"{X[max(at - 1, 0)]:g}" + differences(Y[max(at - 1, 0) : at + 8].astype(int), form == "DUP"))
    return head + "##XYDATA=(X++(Y..Y))\n" + "\n".join(lines) + "\n##END=\n"


def differences(values: np.ndarray, repeats: bool) -> str:
    """The first value squeezed, the rest as differences, equal ones in a row once with their number."""
    text, last, run = "@ABCDEFGHI"[int(str(values[0])[0])] + str(values[0])[1:], None, 1
    for step in [*np.diff(values), None]:
        if repeats and step is not None and step == last:
            run += 1
            continue
        if run > 1:
            text += "STUVWXYZs"[run - 1]
            run = 1
        if step is not None:
            digits = str(abs(int(step)))
            text += ("%JKLMNOPQR" if step >= 0 else "%jklmnopqr")[int(digits[0])] + digits[1:]
        last = step
    return text


def labspec() -> str:
    head = "#Acq. time (s)=\t1\n#Laser=\t785nm_Edge\n#AxisType[0]=Intens\n#AxisUnit[0]=Cnt\n"
    head += "#AxisType[1]=Spectr\n#AxisUnit[1]=1/cm\n#AxisType[2]=Time\n#AxisUnit[2]=s\n"
    rows = ["\t" + "\t".join(f"{v:g}" for v in X)]
    return head + "\n".join(rows + [f"{60 * k}\t" + "\t".join(f"{(k + 1) * v:g}" for v in Y) for k in range(2)]) + "\n"


def xml() -> str:
    axis, rows = " ".join(f"{v:g}" for v in X), " ".join(f"{v:g}" for v in Y)
    return (
        '<?xml version="1.0"?>\n<LSX_Data>\n<LSX_Tree Format="9" ID="0x6D" Size="1">\n'
        f'<LSX Format="6" ID="0x7D6CD4DB" Size="41">\n{axis}\n</LSX>\n<LSX Format="7" ID="0x7C696E75">1/cm</LSX>\n'
        '</LSX_Tree>\n<LSX_Matrix Format="6" Size="41">\n'
        f'<LSX_Row Format="6" Index="0" Size="41">\n{rows}\n</LSX_Row>\n</LSX_Matrix>\n</LSX_Data>\n'
    )


def table(header: str = "Raman shift / cm-1\tintensity", split: str = "\t") -> str:
    body = "\n".join(f"{a:g}{split}{b:g}" for a, b in zip(X, Y, strict=True))
    return f"{header}\n{body}\n" if header else body + "\n"


def wire_map() -> str:
    rows = [f"{x}\t0\t{a:g}\t{(k + 1) * b:g}" for k, x in enumerate((0, 5)) for a, b in zip(X[::-1], Y[::-1], strict=True)]
    return "#X\t\t#Y\t\t#Wave\t\t#Intensity\n" + "\n".join(rows) + "\n"


SEEDS: dict[str, bytes] = {
    "a.wdf": wdf(),
    "a.spc": spc(spectra=2),
    "float.spc": spc(floats=True),
    "own.spc": spc(own_axis=True, spectra=2),
    "dif.jdx": jcamp("DUP").encode(),
    "xy.jdx": jcamp("XY").encode(),
    "a.xml": xml().encode(),
    "lab.txt": labspec().encode(),
    "table.txt": table().encode(),
    "map.txt": wire_map().encode(),
}


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_every_layout_gives_back_what_was_written(tmp_path: Path, name: str) -> None:
    found = opened(tmp_path, name, SEEDS[name])
    assert found["shift_per_cm"] == pytest.approx(X, abs=2e-3)
    for k, row in enumerate(found["intensity"]):
        assert row == pytest.approx((k + 1) * Y, abs=0.01)
    assert len(found["intensity"]) == (1 if name in ("float.spc", "dif.jdx", "xy.jdx", "a.xml", "table.txt") else 2)


@pytest.mark.parametrize("form", ["AFFN", "PAC", "SQZ", "DIF", "DUP", "XY"])
def test_every_form_of_jcamp(tmp_path: Path, form: str) -> None:
    assert opened(tmp_path, "a.txt", jcamp(form))["intensity"][0].tolist() == Y.tolist()


@pytest.mark.parametrize("form", [{}, {"short": True}, {"floats": True}, {"own_axis": True}, {"kind": 1}])
def test_every_form_of_galactic(tmp_path: Path, form: dict[str, bool]) -> None:
    assert opened(tmp_path, "a.bin", spc(**form))["intensity"][0] == pytest.approx(Y, abs=0.1)


def test_wdf_places_times_and_wavelengths(tmp_path: Path) -> None:
    found = opened(tmp_path, "a", wdf())
    assert found["time_s"].tolist() == [0, 1]
    assert found["z_m"] == pytest.approx([0, 1e-6])
    assert found.meta["notes"] == "a note"
    nm = np.linspace(800.0, 850.0, 41)
    shifted = opened(tmp_path, "b", wdf(unit=3, x=nm))
    assert shifted["shift_per_cm"] == pytest.approx(12738.85 - 1e7 / nm, abs=0.05)
    with pytest.raises(DataError, match="does not say which laser"):
        opened(tmp_path, "c", wdf(unit=3, x=nm, laser_per_cm=0.0))
    named = opened(tmp_path, "d", wdf(unit=3, x=nm, laser_per_cm=0.0), laser_m="785 nm")
    assert named["shift_per_cm"] == pytest.approx(1e7 / 785 - 1e7 / nm, abs=0.05)


@pytest.mark.parametrize(
    ("header", "split"),
    [
        ("", "\t"),
        ("", " "),
        ("", ","),
        ("#Wave\t\t#Intensity", "\t"),
        ("Wavenumber (cm^-1);counts", ";"),
        ("cm-1,counts", ","),
        ("raman shift [1/cm] , a", ","),
    ],
)
def test_text_with_and_without_a_header(tmp_path: Path, header: str, split: str) -> None:
    found = opened(tmp_path, "a.txt", table(header, split))
    assert found["shift_per_cm"] == pytest.approx(X)
    assert ("columns_assumed" in found.meta) == (not header)


def test_one_axis_and_many_columns(tmp_path: Path) -> None:
    rows = "\n".join(f"{a:g},{b:g},{2 * b:g},{3 * b:g}" for a, b in zip(X, Y, strict=True))
    found = opened(tmp_path, "a.csv", "Raman shift,one,two,three\n" + rows + "\n")
    assert found["intensity"].shape == (3, 41)
    assert found["intensity"][2] == pytest.approx(3 * Y)


def test_a_percent_is_a_fraction_and_a_clock_is_no_axis(tmp_path: Path) -> None:
    found = opened(tmp_path, "a.txt", table("wavenumber / cm-1\t%T"))
    assert found.meta["quantity"] == "transmittance"
    assert found["intensity"][0] == pytest.approx(Y / 100)
    clock = "\n".join(f"{k * 10},{3.7 + 0.001 * k}" for k in range(60))
    with pytest.raises(DataError):
        opened(tmp_path, "b.csv", clock + "\n")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.wdf", wdf()[:900], "announces .* bytes"),
        ("a.wdf", wdf().replace(b"XLST", b"XXXX"), "no block 'XLST'"),
        ("a.wdf", wdf(count=0), "holds no spectrum"),
        ("a.wdf", wdf(unit=9), "not known here"),
        ("a.spc", spc()[:600], "room for"),
        ("a.spc", spc(kind=4), "no wavenumber"),
        ("a.spc", spc(order=0x4C), "big-endian"),
        ("a.jdx", jcamp("DIF").replace("##NPOINTS=41", "##NPOINTS=42").encode(), "announces 42 points"),
        ("a.jdx", jcamp().replace("##XYDATA=(X++(Y..Y))", "##PEAK TABLE=(XY..XY)").encode(), "not a spectrum"),
        ("a.jdx", jcamp("SQZ").replace("@", "?").replace("A", "?").encode(), "means nothing|no table"),
        ("a.xml", xml().replace("1/cm", "rpm").encode(), "no axis"),
        ("a.xml", xml().replace("500 ", "").encode(), "40 points"),
        ("a.txt", labspec().rstrip().rpartition("\t")[0].encode(), "not as many"),
        ("a.txt", table().replace("510", "500").encode(), "twice"),
        ("a.txt", table().replace("510", "nan").encode(), "no finite number"),
        ("a.txt", table().replace("510", "abc").encode(), "not a row of 2 numbers"),
    ],
)
def test_damage_is_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        opened(tmp_path, name, data)
    assert str(caught.value)


def test_a_repeat_cannot_fill_the_memory() -> None:
    with pytest.raises(DataError, match="repeats a value"):
        unpacked([(1, "500A00s999999999")], 1000)


@pytest.mark.parametrize("name", sorted(SEEDS))
@FUZZ
@given(data=st.data())
def test_mutated_files_end_in_an_error_or_a_measurement(tmp_path: Path, name: str, data: st.DataObject) -> None:
    raw = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([0, 0, 0, 1, 100]))
    path = tmp_path / name
    path.write_bytes(bytes(raw[: len(raw) - cut * len(raw) // 200]) or b"x")
    started = time.perf_counter()
    try:
        found = af.read(path)
    except (DataError, ConfigError):
        found = None
    assert found is None or np.isfinite(found[str(next(iter(found.data.data_vars)))]).all()
    assert time.perf_counter() - started < 5
