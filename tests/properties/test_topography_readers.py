"""Height images as their programs write them: read exactly in SI; damage gives our own error, never a hang or a traceback."""

from __future__ import annotations

import struct
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

ROWS, COLUMNS = 6, 8
RAW = (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) ** 2 % 997 - 400).astype(np.int16)


def nanoscope(
    stored: int = 2, first: str = "File list", channel: str = "Height Sensor", scale: str = "[Sens. ZsensSens]"
) -> bytes:
    """A NanoScope image with a second channel before the height; NanoScope 9 states 2 bytes a pixel and may store 4."""
    plane = RAW.astype(f"<i{stored}").tobytes()
    header = [f"\\*{first}", "\\Version: 0x09400202", "\\*Scanner list", "\\@Sens. ZsensSens: V 20.00000 nm/V"]
    header += ["\\*Ciao scan list", "\\Scan Size: 4 ~m", "\\Frame direction: Down"]
    for number, name in enumerate(("Phase", channel)):
        header += [
            "\\*Ciao image list", f"\\Data offset: {4096 + number * len(plane)}", f"\\Data length: {len(plane)}",
            "\\Bytes/pixel: 2", f"\\Samps/line: {COLUMNS}", f"\\Number of lines: {ROWS}",
            f'\\@2:Image Data: S [x] "{name}"', f"\\@2:Z scale: V {scale} (0.006713867 V/LSB) 16.0000 V",
        ]  # fmt: skip
    text = "\r\n".join([*header, "\\*File list end", ""]).encode("cp1252") + b"\x1a"
    return text.ljust(4096, b"\0") + bytes(len(plane)) + plane


def wsxm(channel: str = "Topography", sort: str = "short") -> bytes:
    kind = {"short": "<i2", "double": "<f8"}[sort]
    body = (
        f"\r\n[Control]\r\n\r\n    X Amplitude: 500 nm\r\n    Y Amplitude: 0.25 µm\r\n\r\n[General Info]\r\n\r\n"
        f"    Acquisition channel: {channel}\r\n    Image Data Type: {sort}\r\n    Number of columns: {COLUMNS}\r\n"
        f"    Number of rows: {ROWS}\r\n    Z Amplitude: 9.96 nm\r\n\r\n[Header end]\r\n"
    ).encode("cp1252")
    head = b"WSxM file copyright WSxM solutions\r\nSxM Image file\r\nImage header size: %d\r\n"
    size = len(head % 100) + 1 + len(body)
    return (head % size) + body.rjust(size - len(head % size)) + RAW.astype(kind).tobytes()


def asylum(layers: tuple[str, ...] = ("AmplitudeTrace", "HeightTrace")) -> bytes:
    values = np.stack([RAW * 0.0, RAW * 1e-9])[: max(len(layers), 1)].astype("<f4").tobytes()
    labels = b"".join(n.encode().ljust(32, b"\0") for n in ("", *layers))
    header = struct.pack("<hHiiii", 5, 0, 320 + len(values), 0, 4, 0) + struct.pack("<8i", 0, 0, 0, 0, 0, 0, len(labels), 0)
    header = header.ljust(64, b"\0")
    wave = bytearray(320)
    struct.pack_into("<i", wave, 12, RAW.size * 2)
    struct.pack_into("<h", wave, 16, 2)
    struct.pack_into("<4i", wave, 68, COLUMNS, ROWS, len(layers), 0)
    struct.pack_into("<2d", wave, 84, 1e-8, 2e-8)
    return header + bytes(wave) + values + b"note" + labels


def matrix() -> bytes:
    rows = "\n".join("\t".join(f"{v * 1e-9:.6g}" for v in row) for row in RAW[::-1])
    return f"# Channel: Height\n# Width: 4.0 µm\n# Height: 3.0 µm\n# Value units: m\n{rows}\n".encode()


def places() -> bytes:
    points = [f"{0.5 * j},{0.5 * i},{RAW[i, j]}" for i in range(ROWS) for j in range(COLUMNS)]
    return ("x/um,y/um,z/nm\n" + "\n".join(points)).encode()


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nanoscope": (".spm", nanoscope),
    "wsxm": (".top", wsxm),
    "asylum": (".ibw", asylum),
    "matrix": (".txt", matrix),
    "places": (".csv", places),
}


def opened(folder: Path, suffix: str, content: bytes) -> af.Measurement:
    path = folder / f"image{suffix}"
    path.write_bytes(content)
    return af.read(path)


@pytest.mark.parametrize("stored", [2, 4])
def test_a_nanoscope_image_is_scaled_by_the_bytes_that_it_states(tmp_path: Path, stored: int) -> None:
    found = opened(tmp_path, ".spm", nanoscope(stored))
    assert found["height_m"] == pytest.approx(RAW * 16.0 / 65536 * 20e-9)
    assert np.diff(found["x_m"]) == pytest.approx(4e-6 / COLUMNS)
    assert np.diff(found["y_m"]) == pytest.approx(4e-6 / COLUMNS)  # one side stated: pixels are square
    assert found.kind.name == "topography"


def test_a_wsxm_image_spans_its_amplitude(tmp_path: Path) -> None:
    for sort in ("short", "double"):
        found = opened(tmp_path, ".top", wsxm(sort=sort))
        assert np.ptp(found["height_m"]) == pytest.approx(9.96e-9)
        assert np.diff(found["height_m"].ravel()) == pytest.approx(np.diff(RAW.ravel().astype(float)) * 9.96e-9 / np.ptp(RAW))
        assert np.diff(found["y_m"]) == pytest.approx(0.25e-6 / ROWS)


def test_an_asylum_image_is_its_height_layer(tmp_path: Path) -> None:
    found = opened(tmp_path, ".ibw", asylum())
    assert found["height_m"] == pytest.approx(RAW * 1e-9, rel=1e-6)
    assert np.diff(found["x_m"]) == pytest.approx(1e-8)
    assert np.diff(found["y_m"]) == pytest.approx(2e-8)


@pytest.mark.parametrize("make", [matrix, places])
def test_a_map_as_text(tmp_path: Path, make: Callable[[], bytes]) -> None:
    found = opened(tmp_path, ".txt", make())
    assert found["height_m"] == pytest.approx(RAW * 1e-9)
    assert np.diff(found["x_m"]) == pytest.approx(0.5e-6)
    assert np.diff(found["y_m"]) == pytest.approx(0.5e-6)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        (".spm", nanoscope(first="Force file list"), "force curves, not an image"),
        (".spm", nanoscope(channel="Amplitude"), "no image of the height"),
        (".spm", nanoscope(scale="[Sens. Other]"), "states no 'Sens. Other'"),
        (".spm", nanoscope()[:-10], "there is room for"),
        (".spm", nanoscope().replace(b"\\Data length: 96", b"\\Data length: 95"), "is none of 8 by 6 pixels"),
        (".top", wsxm(channel="Phase"), "not of heights"),
        (".top", wsxm()[:-4], "there is room for"),
        (".ibw", asylum(layers=("AmplitudeTrace", "PhaseTrace")), "no height among its layers"),
        (".ibw", asylum()[:500], "there is room for"),
        (".txt", matrix().replace(b"\t", b"\tnan\t", 1), "not a finite number"),
        (".txt", matrix().replace(b"Value units: m", b"Value units: V"), "no length"),
        (".csv", places().rsplit(b"\n", 1)[0], "full grid"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, suffix: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        opened(tmp_path, suffix, content)


@pytest.mark.parametrize("name", list(FILES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_breaks_a_reader(tmp_path: Path, name: str, data: st.DataObject) -> None:
    suffix, make = FILES[name]
    with suppress(AnodefreeError):
        found = opened(tmp_path, suffix, damaged(make(), data))
        assert all(np.isfinite(found[str(n)]).all() for n in found.data.data_vars if found[str(n)].dtype.kind == "f")
