"""Files of vendors' programs that nothing here reads are named, with the export to use; what was tried is told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import anodefree as af
from anodefree.errors import AnodefreeError, DataError, Unrecognised

NOISE = bytes(np.random.default_rng(4).integers(0, 256, 3000, dtype=np.uint8))


@pytest.mark.parametrize(
    ("name", "content", "told", "export"),
    [
        ("a.spe", b"SOFH\r\nPlatform: WindowsNT\r\n" + NOISE, "PHI MultiPak", "VAMAS"),
        ("a.dset", NOISE, "Kratos", "VAMAS"),
        ("a.vgd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "Avantage", "VAMAS"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "old Office document", "CSV"),
        ("a.itm", b"ITStrF01" + NOISE, "SurfaceLab", "BIF6"),
        ("a.0", b"\x0a\x0a\xfe\xfe" + NOISE, "OPUS", "JCAMP"),
        ("a.spa", b"Spectral Data File" + NOISE, "OMNIC", "JCAMP"),
        ("a.l6s", NOISE, "LabSpec", "XML"),
        ("a.wip", b"WIT_PR06" + NOISE, "WITec", "ASCII"),
        ("a.emi", NOISE, "TIA .emi", ".ser"),
        ("a.gtg", b"\0\0\0\4" + NOISE, "Gatan", ".dm4"),
        ("a.rpl", b"key\tvalue\nwidth\t10\nheight\t10\n", "AZtec", "TIFF"),
        ("a.gwy", b"GWYP" + NOISE, "Gwyddion", "ASCII data matrix"),
        ("a.mp4", b"\0\0\0\x20ftypisom" + NOISE, "a video", "TIFF stack"),
        ("a.opju", b"CPYUA 4.3" + NOISE, "Origin project", "ASCII"),
    ],
)
def test_a_vendors_file_is_named_with_its_export(tmp_path: Path, name: str, content: bytes, told: str, export: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unrecognised) as error:
        af.read(tmp_path / name)
    assert told in error.value.what
    assert export in error.value.hint


def test_content_decides_before_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20)).save(tmp_path / "a.png")
    renamed = (tmp_path / "a.png").rename(tmp_path / "a.wdf")
    assert af.read(renamed)["intensity"].shape == (1, 10, 20)


@pytest.mark.parametrize(("suffix", "reader"), [(".wdf", "wdf"), (".dm3", "gatan"), (".jpk-force", "jpk"), (".ser", "tia")])
def test_a_suffix_that_promises_too_much_is_told(tmp_path: Path, suffix: str, reader: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(NOISE)
    with pytest.raises(Unrecognised, match=f"{reader}: the suffix is that of"):
        af.read(tmp_path / f"a{suffix}")


def test_nothing_a_folder_and_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.wdf").write_bytes(b"")
    (tmp_path / "b.wdf").mkdir()
    with zipfile.ZipFile(tmp_path / "c.jpk-force", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(DataError, match="is empty"):
        af.read(tmp_path / "a.wdf")
    with pytest.raises(AnodefreeError, match="is a folder"):
        af.read(tmp_path / "b.wdf")
    with pytest.raises(DataError, match="cannot be read as jpk"):
        af.read(tmp_path / "c.jpk-force")


def test_frames_of_a_moving_picture_and_a_bitmap(tmp_path: Path, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (3, 20, 30), dtype=np.uint8)
    frames = [Image.fromarray(p) for p in pixels]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "a.bmp")
    assert np.array_equal(af.read(tmp_path / "a.gif")["intensity"], pixels)
    assert np.array_equal(af.read(tmp_path / "a.bmp")["intensity"], pixels[:1])
    (tmp_path / "b.gif").write_bytes((tmp_path / "a.gif").read_bytes()[:300])
    with pytest.raises(DataError, match="damaged"):
        af.read(tmp_path / "b.gif")
