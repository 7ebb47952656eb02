"""Small writers of transmission microscopes' files, so that readers are tested on layouts of which every byte is known."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

SCENE = (np.add.outer(np.arange(12), np.arange(16)) * 11 % 251).astype(np.uint16)
"""12 rows of 16 pixels; no row or column is like another."""
_DM_PIXELS = {"u2": (10, 4), "i2": (1, 2), "i4": (7, 3), "f4": (2, 6), "f8": (12, 7), "u1": (6, 10)}
"""numpy type -> (type of the image, type of the values)."""


def dm(
    signals: Sequence[tuple[str, np.ndarray, float, str]], *, version: int = 3, little: bool = True, origin: float = 0.0
) -> bytes:
    """A Gatan file of (name, values, size of a pixel, its unit), after a thumbnail."""
    order = "<" if little else ">"
    wide = ">q" if version == 4 else ">i"

    def number(value: int) -> bytes:
        return struct.pack(wide, value)

    def tag(sort: int, name: str, body: bytes) -> bytes:
        size = struct.pack(">q", len(body)) if version == 4 else b""
        return struct.pack(">BH", sort, len(name)) + name.encode("latin-1") + size + body

    def value(name: str, described: Sequence[int], raw: bytes) -> bytes:
        return tag(21, name, b"%%%%" + number(len(described)) + b"".join(map(number, described)) + raw)

    def whole(name: str, v: int) -> bytes:
        return value(name, [3], struct.pack(order + "i", v))

    def real(name: str, v: float) -> bytes:
        return value(name, [6], struct.pack(order + "f", v))

    def text(name: str, v: str) -> bytes:
        raw = v.encode("utf-16-le" if little else "utf-16-be")
        return value(name, [20, 4, len(v)], raw)

    def members(parts: Sequence[bytes]) -> bytes:
        return b"\x01\x00" + number(len(parts)) + b"".join(parts)

    def group(name: str, parts: Sequence[bytes]) -> bytes:
        return tag(20, name, members(parts))

    def image(name: str, values: np.ndarray, step: float, unit: str) -> bytes:
        code, stored = _DM_PIXELS[values.dtype.str[1:]]
        data = value("Data", [20, stored, values.size], values.astype(values.dtype.newbyteorder(order)).tobytes())
        sizes = group("Dimensions", [whole("", s) for s in values.shape[::-1]])
        each = [group("", [real("Origin", origin), real("Scale", step), text("Units", unit)]) for _ in values.shape]
        held = group("ImageData", [group("Calibrations", [group("Dimension", each)]), data, whole("DataType", code), sizes])
        point = value("Spot", [15, 0, 2, 0, 3, 0, 3], struct.pack(order + "ii", 1, 2))
        lut = value("CLUT", [20, 15, 0, 2, 0, 4, 0, 4, 3], struct.pack(order + "6H", *range(6)))
        microscope = group("Microscope Info", [real("Voltage", 3e5), text("Microscope", "Titan"), point, lut])
        return group("", [held, text("Name", name), group("ImageTags", [microscope])])

    listed = [image("thumbnail", np.zeros((4, 4), "<i4"), 1.0, ""), *(image(*s) for s in signals)]
    root = members([group("ImageList", listed), group("Thumbnails", [group("", [whole("ImageIndex", 0)])])])
    length = struct.pack(">q" if version == 4 else ">i", len(root))
    return struct.pack(">i", version) + length + struct.pack(">i", int(little)) + root + b"\0" * 8


def ser(
    frames: np.ndarray,
    step: float = 2e-10,
    *,
    version: int = 0x210,
    kind: int = 0x4122,
    seconds: float = 3,
    offset: float = 0.0,
) -> bytes:
    """A TIA series; pixels of 16 bits."""
    wide = "Q" if version >= 0x220 else "I"
    count = len(frames)
    dimension = struct.pack("<IddIII", count, 0.0, 1.0, 0, 6, 0)[:-4] + b"Number" + struct.pack("<I", 0)
    head = struct.pack("<HHHIIII", 0x4949, 0x197, version, kind, 0x4152, count, count)
    where = len(head) + struct.calcsize("<" + wide) + 4 + len(dimension)
    at = where + 2 * count * struct.calcsize("<" + wide)
    images, tags, offsets, places = [], [], [], []
    for index, frame in enumerate(frames):
        calibration = struct.pack("<ddI", offset, step, 0) * 2
        pixels = frame[::-1].astype("<u2").tobytes()
        images.append(calibration + struct.pack("<HII", 2, frame.shape[1], frame.shape[0]) + pixels)
        offsets.append(at)
        at += len(images[-1])
        tags.append(struct.pack("<HHI", 0x4152, 0, 1_600_000_000 + int(seconds * index)))
        places.append(at)
        at += len(tags[-1])
    listed = struct.pack(f"<{2 * count}{wide}", *offsets, *places)
    body = b"".join(i + t for i, t in zip(images, tags, strict=True))
    return head + struct.pack("<" + wide, where) + struct.pack("<I", 1) + dimension + listed + body


def mrc(frames: np.ndarray, pixel_angstrom: float = 2.5, *, big: bool = False, extension: int = 80, mark: bool = True) -> bytes:
    """An MRC stack, top row last."""
    order = ">" if big else "<"
    mode = {"i1": 0, "i2": 1, "f4": 2, "u2": 6, "f2": 12}[frames.dtype.str[1:]]
    n, ny, nx = frames.shape
    head = bytearray(1024)
    struct.pack_into(order + "10i", head, 0, nx, ny, n, mode, 0, 0, 0, nx, ny, n)
    struct.pack_into(order + "3f", head, 40, nx * pixel_angstrom, ny * pixel_angstrom, n * pixel_angstrom)
    struct.pack_into(order + "i", head, 92, extension)
    if mark:
        head[208:216] = b"MAP " + (b"\x11\x11\0\0" if big else b"DD\0\0")
    return bytes(head) + bytes(extension) + frames[:, ::-1].astype(frames.dtype.newbyteorder(order)).tobytes()


def velox(images: Sequence[tuple[str, np.ndarray, float, str]], *, compression: str | None = None, **optics: Any) -> bytes:
    """A Velox file of (detector, frames, size of a pixel, unit)."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_group("Application/Velox")
        for index, (detector, frames, step, unit) in enumerate(images):
            group = file.create_group(f"Data/Image/{index:032x}")
            group.create_dataset("Data", data=np.moveaxis(frames, 0, -1), compression=compression)
            record = {
                "Optics": {"AccelerationVoltage": "300000", "CameraLength": "0.478", **optics},
                "Instrument": {"Manufacturer": "FEI Company", "InstrumentModel": "Titan"},
                "BinaryResult": {
                    "Detector": detector,
                    "PixelSize": {"width": str(step), "height": str(step)},
                    "PixelUnitX": unit,
                    "PixelUnitY": unit,
                    "Offset": {"x": str(-step * frames.shape[2] / 2), "y": str(-step * frames.shape[1] / 2)},
                },
                "Detectors": {"Detector-0": {"DetectorName": detector, "ExposureTime": "0.5"}},
            }
            raw = np.frombuffer(json.dumps(record).encode(), np.uint8)
            stored = np.zeros((len(raw) + 8, len(frames)), np.uint8)
            stored[: len(raw)] = raw[:, None]
            group.create_dataset("Metadata", data=stored)
    return stream.getvalue()


def ncem(values: np.ndarray, step: float = 0.25, unit: str = "[n_m]", start: float = 0.0, names: tuple[str, ...] = ()) -> bytes:
    """A file of the NCEM convention; its axes may have names."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["version_major"] = 0
        group = file.create_group("data/picture")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=values)
        for k, size in enumerate(values.shape):
            axis = group.create_dataset(f"dim{k + 1}", data=start + step * np.arange(size))
            axis.attrs["units"] = np.bytes_(unit)
            if names:
                axis.attrs["name"] = names[k]
    return stream.getvalue()
