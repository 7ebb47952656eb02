"""Picture files: pixel sizes from every sort of tag; damage and bombs give our own error, never a traceback or a hang."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import anodefree as af
from anodefree.errors import AnodefreeError, DataError
from anodefree.io.picture import read

SCENE = (np.add.outer(np.arange(24), np.arange(32)) * 4 % 256).astype(np.uint8)


def tiff(image: np.ndarray = SCENE, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, image, **options)
    return stream.getvalue()


def pillow(format: str, mode: str = "L", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(SCENE).convert(mode).save(stream, format, **options)
    return stream.getvalue()


def opened(tmp_path: Path, content: bytes, name: str = "picture.dat") -> object:
    path = tmp_path / name
    path.write_bytes(content)
    return af.read(path)


def test_a_bare_picture_says_that_it_has_no_scale(tmp_path: Path) -> None:
    for content in (tiff(), pillow("PNG"), pillow("PNG", "RGB"), pillow("PNG", "P"), pillow("PNG", "LA")):
        found = opened(tmp_path, content)
        assert found.kind.name == "micrograph"
        assert found.meta["calibrated"] is False
        assert np.array_equal(found["intensity"][0], SCENE)
    lossy = opened(tmp_path, pillow("JPEG", quality=95))
    assert np.abs(lossy["intensity"][0].astype(int) - SCENE).mean() < 8


def test_several_pages_are_frames(tmp_path: Path) -> None:
    stack = np.stack([SCENE, SCENE[::-1], SCENE])
    found = opened(tmp_path, tiff(stack, imagej=True, resolution=(10.0, 10.0), metadata={"unit": "um", "finterval": 2.5}))
    assert found["intensity"].shape == (3, 24, 32)
    assert found["frame_time_s"].tolist() == [0.0, 2.5, 5.0]
    assert found["x_m"][1] - found["x_m"][0] == pytest.approx(1e-7)


@pytest.mark.parametrize(
    ("options", "pixel", "source"),
    [
        ({"imagej": True, "resolution": (20.0, 20.0), "metadata": {"unit": "um"}}, 5e-8, "ImageJ"),
        ({"imagej": True, "resolution": (0.05, 0.05), "metadata": {"unit": "nm"}}, 2e-8, "ImageJ"),
        ({"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.025, "PhysicalSizeXUnit": "µm"}}, 2.5e-8, "OME"),
        ({"resolution": (200_000.0, 200_000.0), "resolutionunit": "CENTIMETER"}, 5e-8, "resolution"),
        ({"extratags": [(34682, "s", 0, "[Scan]\r\nPixelWidth=3e-9\r\nPixelHeight=3e-9\r\n", True)]}, 3e-9, "FEI"),
        ({"extratags": [(34118, "s", 0, "\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 12.5 nm\r\n", True)]}, 1.25e-8, "Zeiss"),
    ],
)  # fmt: skip
def test_the_size_of_a_pixel_is_found(tmp_path: Path, options: dict[str, object], pixel: float, source: str) -> None:
    found = opened(tmp_path, tiff(**options), "picture.ome.tif" if "ome" in options else "picture.tif")
    assert found.meta["calibrated"] is True, found.meta
    assert found["x_m"][1] - found["x_m"][0] == pytest.approx(pixel, rel=1e-6)
    assert source in found.meta["pixel_size_from"]


@pytest.mark.parametrize("dpi", [72, 96, 300, 600])
def test_the_resolution_of_a_printer_is_no_scale(tmp_path: Path, dpi: int) -> None:
    for content in (pillow("PNG", dpi=(dpi, dpi)), tiff(resolution=(dpi, dpi), resolutionunit="INCH")):
        assert opened(tmp_path, content).meta["calibrated"] is False


def test_a_user_says_the_scale_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(pillow("PNG"))
    assert af.read(path, pixel_m="20 nm").meta["pixel_m"] == pytest.approx(2e-8)


def test_colour_becomes_luminance_and_whites_stored_as_zero_are_turned(tmp_path: Path) -> None:
    colour = np.zeros((24, 32, 3), dtype=np.uint8)
    colour[..., 1] = 100
    assert opened(tmp_path, tiff(colour, photometric="rgb"))["intensity"][0, 0, 0] == pytest.approx(71.52, rel=1e-3)
    assert np.array_equal(opened(tmp_path, tiff(255 - SCENE, photometric="miniswhite"))["intensity"][0], SCENE)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_what_unpacks_into_too_much_is_refused(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(DataError, match=r"unpack|bomb"):
        opened(tmp_path, png)
    small = tiff(np.zeros((3000, 3000), dtype=np.uint8), compression="zlib")
    with pytest.raises(DataError, match="unpack"):
        opened(tmp_path, small)


@settings(max_examples=250, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_give_our_error_or_a_picture(tmp_path: Path, data: st.DataObject) -> None:
    originals = (
        tiff(imagej=True, resolution=(20.0, 20.0), metadata={"unit": "um"}),
        tiff(np.stack([SCENE, SCENE]), compression="zlib"),
        pillow("PNG"),
        pillow("PNG", "P"),
        pillow("JPEG"),
    )
    content = bytearray(data.draw(st.sampled_from(originals)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(8, len(content)))]
    path = tmp_path / "mutated.tif"
    path.write_bytes(bytes(content))
    with suppress(DataError):
        found = read(path)
        assert found["intensity"].ndim == 3
        assert np.isfinite(found["x_m"]).all()
    with suppress(AnodefreeError):
        af.read(path)


def test_a_strip_longer_than_the_file_is_not_made_room_for(tmp_path: Path) -> None:
    """A buffer as long as the file says would be set aside before anything is read."""
    content = tiff(compression="zlib")
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tag = file.pages[0].tags["StripByteCounts"]
    broken = bytearray(content)
    size = 2 if tag.dtype == 3 else 4
    broken[tag.valueoffset : tag.valueoffset + size] = (2 ** (8 * size) - 1).to_bytes(size, "little")
    with pytest.raises(DataError, match="longer than the file"):
        opened(tmp_path, bytes(broken), "strip.tif")
