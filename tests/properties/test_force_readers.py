"""Force curves as their programs write them: read exactly in SI; damage gives our own error, never a hang or a bomb."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.errors import AnodefreeError, DataError
from damage import damaged

POINTS = 40
RAW = np.concatenate([np.zeros(20), np.arange(20) ** 2 * 40]).astype(np.int16)
RAMP = np.arange(POINTS, 0, -1).astype(np.int16) * 100


def _linear(at: str, offset: float, factor: float, unit: str) -> str:
    return (
        f"{at}scaling.type=linear\n{at}scaling.style=offsetmultiplier\n{at}scaling.offset={offset}\n"
        f"{at}scaling.multiplier={factor}\n{at}scaling.unit.unit={unit}\n"
    )


def _channel(name: str, chain: list[tuple[str, float, str]], prefix: str, kind: str = "signedshort") -> str:
    text = f"{prefix}encoder.type={kind}\n" + _linear(prefix + "encoder.", 0.5, 2e-3, "V")
    text += f"{prefix}conversion-set.conversions.base=volts\n"
    text += f"{prefix}conversion-set.conversions.default={chain[-1][0] if chain else 'volts'}\n"
    base = "volts"
    for slot, factor, unit in chain:
        at = f"{prefix}conversion-set.conversion.{slot}."
        text += f"{at}defined=true\n{at}base-calibration-slot={base}\n" + _linear(at, 0.0, factor, unit)
        base = slot
    return text


def jpk(shared: bool = True, curves: int = 2, bend: str = "force", kind: str = "signedshort", extra: bytes = b"") -> bytes:
    chain = [("distance", 5e-8, "m"), ("force", 0.2, "N")][: {"volts": 0, "distance": 1, "force": 2}[bend]]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "header.properties", "x.description.instrument=JPK1\nx.header.position.x=1e-6\nx.header.position.y=2e-6\n"
        )
        if shared:
            text = "force-segment-header-info.0.settings.style=extend\nforce-segment-header-info.1.settings.style=retract\n"
            text += _channel("height", [("nominal", 1e-6, "m")], "lcd-info.0.")
            archive.writestr("shared-data/header.properties", text + _channel("vDeflection", chain, "lcd-info.1.", kind))
        for curve in range(curves):
            for number, style in enumerate(("extend", "retract")):
                at = (f"index/{curve}/" if curves > 1 else "") + f"segments/{number}/"
                if shared:
                    text = f"force-segment-header.force-segment-header-info.*={number}\n"
                    text += "channel.height.lcd-info.*=0\nchannel.vDeflection.lcd-info.*=1\n"
                else:
                    text = f"force-segment-header.settings.style={style}\n"
                    text += _channel("height", [("nominal", 1e-6, "m")], "channel.height.data.").replace("data.conv", "conv")
                    text += _channel("v", chain, "channel.vDeflection.data.", kind).replace("data.conv", "conv")
                text += "channel.height.data.file.name=channels/height.dat\n"
                text += "channel.vDeflection.data.file.name=channels/vDeflection.dat\n"
                turn = -1 if number else 1
                archive.writestr(at + "segment-header.properties", text)
                archive.writestr(at + "channels/height.dat", RAMP[::turn].astype(">i2").tobytes() + extra)
                archive.writestr(at + "channels/vDeflection.dat", RAW[::turn].astype(">i2").tobytes() + extra)
    return stream.getvalue()


def nanoscope(stored: int = 2, volume: bool = False, sens: str = "V 30.00000 nm/V") -> bytes:
    count, scale = (4, 256 if stored == 4 else 1) if volume else (1, 1)
    one = np.concatenate([RAW[::-1], RAW[::-1]]).astype(np.int64) * scale
    block = np.tile(one, count).astype(f"<i{stored}").tobytes()
    header = ["\\*Force file list", "\\Version: 0x0920B046", "\\*Scanner list", "\\@Sens. Zsens: V 10.00000 nm/V"]
    header += ["\\*Ciao scan list", f"\\Operating mode: {'Force Volume' if volume else 'Force'}", "\\Scan Size: 2000 nm"]
    header += ["\\Lines: 2", f"\\@Sens. DeflSens: {sens}", "\\*Ciao force list", "\\Samples / line: 2"]
    header += [
        "\\*Ciao force image list", "\\Data offset: 4096", f"\\Data length: {len(block)}", "\\Bytes/pixel: 2",
        f"\\Samps/line: {POINTS} {POINTS}", "\\Spring Constant: 0.25",
        '\\@4:Image Data: S [DeflectionError] "Deflection Error"',
        "\\@4:Z scale: V [Sens. DeflSens] (0.0005000000 V/LSB) 2.500000 V",
        "\\@4:Ramp Size: V [Sens. Zsens] (0.006713765 V/LSB) 80.00000 V", "\\*File list end", "",
    ]  # fmt: skip
    return ("\r\n".join(header).encode("cp1252") + b"\x1a").ljust(4096, b"\0") + block


def asylum(labels: tuple[str, ...] = ("Raw", "Defl", "ZSnsr"), direction: str = "NaN,1,-1,") -> bytes:
    up = np.concatenate([np.arange(POINTS), np.arange(POINTS)[::-1]]) * 1e-8
    bend = np.concatenate([RAW, RAW[::-1]]) * 1e-11
    values = np.stack([up, bend, up]).astype("<f4").tobytes()
    note = f"SpringConstant: 1.5\rInvOLS: 4e-08\rIndexes: 0,{POINTS},{2 * POINTS},\rDirection: {direction}\r".encode()
    names = b"".join(n.encode().ljust(32, b"\0") for n in ("", *labels))
    header = struct.pack("<hHiiii", 5, 0, 320 + len(values), 0, len(note), 0) + struct.pack(
        "<8i", 0, 0, 0, 0, 0, len(names), 0, 0
    )
    wave = bytearray(320)
    struct.pack_into("<h", wave, 16, 2)
    struct.pack_into("<4i", wave, 68, 2 * POINTS, 3, 0, 0)
    return header.ljust(64, b"\0") + bytes(wave) + values + note + names


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpk": (".jpk-force-map", jpk),
    "jpk_old": (".jpk-force", lambda: jpk(shared=False, curves=1)),
    "nanoscope": (".spm", lambda: nanoscope(4, volume=True)),
    "asylum": (".ibw", asylum),
}


def opened(folder: Path, suffix: str, content: bytes) -> af.Measurement:
    path = folder / f"curve{suffix}"
    path.write_bytes(content)
    return af.read(path)


@pytest.mark.parametrize(("shared_part", "curves"), [(True, 1), (True, 3), (False, 1)])
def test_jpk_goes_through_encoder_and_calibrations(tmp_path: Path, shared_part: bool, curves: int) -> None:
    found = opened(tmp_path, ".jpk-force", jpk(shared_part, curves))
    assert len(found) == curves
    assert found["approach_height_m"][0] == pytest.approx((RAMP * 2e-3 + 0.5) * 1e-6)
    assert found["approach_deflection_m"][0] == pytest.approx((RAW * 2e-3 + 0.5) * 5e-8)
    assert found["retract_deflection_m"][0] == pytest.approx(found["approach_deflection_m"][0][::-1])
    assert found.meta["spring_constant_N_m"] == 0.2
    assert found.meta["sensitivity_m_V"] == pytest.approx(5e-8)
    assert found.meta["force_unit_known"] is True


def test_jpk_in_volts_or_without_a_spring_constant_has_no_force(tmp_path: Path) -> None:
    volts, lengths = (opened(tmp_path, ".jpk-force", jpk(bend=b)) for b in ("volts", "distance"))
    assert volts["approach_signal"][0] == pytest.approx(RAW * 2e-3 + 0.5)
    assert volts.meta["signal_unit"] == "V"
    assert volts.meta["force_unit_known"] is lengths.meta["force_unit_known"] is False
    assert "approach_deflection_m" in lengths


@pytest.mark.parametrize(("stored", "volume"), [(2, False), (4, False), (2, True), (4, True)])
def test_nanoscope_finds_how_its_integers_are_stored(tmp_path: Path, stored: int, volume: bool) -> None:
    found = opened(tmp_path, ".spm", nanoscope(stored, volume))
    assert found["approach_deflection_m"].shape == (4 if volume else 1, POINTS)
    assert found["approach_deflection_m"][0] == pytest.approx(RAW * 5e-4 * 30e-9)
    assert found["retract_deflection_m"][0] == pytest.approx(RAW[::-1] * 5e-4 * 30e-9)
    assert np.ptp(found["approach_height_m"][0]) == pytest.approx(800e-9 * (POINTS - 1) / POINTS)
    assert found.meta["spring_constant_N_m"] == 0.25
    if volume:
        assert found["x_m"] == pytest.approx([0.5e-6, 1.5e-6, 0.5e-6, 1.5e-6])


def test_nanoscope_without_a_sensitivity_stays_in_volts(tmp_path: Path) -> None:
    found = opened(tmp_path, ".spm", nanoscope(sens="V 1.000000 "))
    assert found["approach_signal"][0] == pytest.approx(RAW * 5e-4)
    assert found.meta["force_unit_known"] is False


def test_asylum_takes_its_ways_from_the_note(tmp_path: Path) -> None:
    found = opened(tmp_path, ".ibw", asylum())
    assert found["approach_height_m"][0] == pytest.approx(-np.arange(POINTS) * 1e-8, rel=1e-6)
    assert found["approach_deflection_m"][0] == pytest.approx(RAW * 1e-11, rel=1e-6)
    assert found.meta["spring_constant_N_m"] == 1.5


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        (".jpk-force", jpk(kind="limiteddouble"), "encoded as"),
        (".jpk-force", jpk()[:-40], "damaged"),
        (".jpk-force", jpk(curves=1).replace(b"segments/0/seg", b"segmentz/0/seg"), "no approach|damaged|no segments"),
        (".spm", nanoscope()[:-3], "there is room for"),
        (".spm", nanoscope().replace(b'"Deflection Error"', b'"Phase"'), "no deflection"),
        (".spm", nanoscope().replace(b"Ramp Size", b"Romp Size"), "names no sensitivity"),
        (".ibw", asylum(labels=("Raw", "Amp", "ZSnsr")), "no deflection"),
        (".ibw", asylum(direction="NaN,0,0,"), "names no approach"),
        (".ibw", asylum()[:700], "there is room for"),
    ],
)
def test_what_is_no_curve_is_refused(tmp_path: Path, suffix: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        opened(tmp_path, suffix, content)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="would unpack to"):
        opened(tmp_path, ".jpk-force", jpk(extra=bytes(2**24)))


@pytest.mark.parametrize("name", list(FILES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_breaks_a_reader(tmp_path: Path, name: str, data: st.DataObject) -> None:
    suffix, make = FILES[name]
    with suppress(AnodefreeError):
        found = opened(tmp_path, suffix, damaged(make(), data))
        assert np.isfinite(found["approach_height_m"]).any()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_property_breaks_the_jpk_reader(tmp_path: Path, data: st.DataObject) -> None:
    """Damage behind the checksums: the archive is whole, what it says is not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(jpk(curves=1))) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.namelist():
            content = bytearray(old.read(entry))
            if data.draw(st.booleans()):
                at = data.draw(st.integers(0, len(content)))
                content[at : at + data.draw(st.integers(0, 20))] = data.draw(
                    st.sampled_from([b"", b"nan", b"1e308", b"-", b"=", b"true\n", b"\0\xff", b"volts", b"distance"])
                )
            new.writestr(entry, bytes(content))
    with suppress(AnodefreeError):
        assert np.isfinite(opened(tmp_path, ".jpk-force", stream.getvalue())["approach_height_m"]).any()


def test_a_raised_digit_is_no_number(tmp_path: Path) -> None:
    """`str.isdigit` takes it for one, `int` does not."""
    with pytest.raises(DataError, match="no whole numbers"):
        opened(tmp_path, ".spm", nanoscope().replace(b"Samps/line: 40 40", b"Samps/line: \xb90 40"))
