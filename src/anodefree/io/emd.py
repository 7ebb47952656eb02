"""Electron microscopy data sets (.emd, HDF5): those of Thermo Fisher Velox and those of the NCEM convention."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.electron_image import MAX_VALUES, Axis, axis_of, image
from anodefree.io.said_number import positive

if TYPE_CHECKING:
    import h5py

MAX_EXPANSION: Final = 400
FREE_VALUES: Final = 2**20
MAX_GROUPS: Final = 2000
_ACROSS: Final = ("x", "kx", "qx", "width")
_DOWN: Final = ("y", "ky", "qy", "height")


def read(path: Path) -> list[Measurement]:
    """Every image of the file; where there are several, `series` names each.

    Raises
    ------
    DataError: damaged, or it holds no image: spectra and cubes of spectra are not read.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found = [*_velox(file, path), *_ncem(file, path)]
    except DataError:
        raise
    except Exception as error:  # h5py raises many types on a damaged file
        said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(f"is damaged or no HDF5 file ({said})", str(path), "export the image as TIFF") from error
    if not found:
        raise DataError("holds no image as Velox or the NCEM convention write it", str(path), "export the image as TIFF")
    if len(found) == 1:
        return found
    names = [str(m.meta["title"]) for m in found]
    return [
        m.with_meta(series=n if names.count(n) == 1 else f"{n} #{names[: i + 1].count(n)}")
        for i, (m, n) in enumerate(zip(found, names, strict=True))
    ]


def _velox(file: h5py.File, path: Path) -> Iterator[Measurement]:
    """Images (y, x, frame) with their record as JSON, one column of bytes a frame."""
    for name, group in _groups(file.get("Data/Image")):
        if "Data" not in group or "Metadata" not in group:
            continue
        values = np.moveaxis(_bounded(group["Data"], path, 3), -1, 0)
        record = _record(group["Metadata"], path)
        result = _table(record, "BinaryResult")
        sizes, offsets = _table(result, "PixelSize"), _table(result, "Offset")
        axes = [
            _velox_axis(sizes.get(side), result.get(f"PixelUnit{letter}", "m"), offsets.get(along))
            for side, letter, along in (("width", "X", "x"), ("height", "Y", "y"))
        ]
        detector = str(result.get("Detector", ""))
        optics, instrument = _table(record, "Optics"), _table(record, "Instrument")
        meta = {
            "title": detector or name[:8],
            "instrument": " ".join(str(instrument.get(k, "")) for k in ("Manufacturer", "InstrumentModel")).strip(),
            "voltage_V": positive(optics.get("AccelerationVoltage")),
            "camera_length_m": positive(optics.get("CameraLength")),
            "started": _started(record),
        }
        yield image(values, axes[0], axes[1], meta, frame_s=_frame_s(record, detector), first=str(path))


def _velox_axis(size: Any, unit: Any, offset: Any) -> Axis:
    step, shift = positive(size), _signed(offset)
    return axis_of(size, str(unit), -shift / step if step else 0.0)


def _frame_s(record: dict[str, Any], detector: str) -> float | None:
    """Time of one frame: of the scan, else of the exposure of the detector that took it."""
    scan = positive(_table(record, "Scan").get("FrameTime"))
    if scan is not None:
        return scan
    for one in _table(record, "Detectors").values():
        if isinstance(one, dict) and one.get("DetectorName") == detector:
            return positive(one.get("ExposureTime"))
    return None


def _started(record: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    seconds = positive(_table(_table(record, "Acquisition"), "AcquisitionStartDatetime").get("DateTime"))
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None and seconds < 1e10 else ""


def _record(stored: Any, path: Path) -> dict[str, Any]:
    """The JSON of the first frame."""
    if stored.ndim != 2 or stored.dtype != np.uint8 or stored.shape[0] > 2**24:
        return {}
    raw = bytes(stored[:, 0]).split(b"\0", 1)[0]
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DataError("its record of the microscope is damaged", str(path), "export the image as TIFF") from error
    return found if isinstance(found, dict) else {}


def _ncem(file: h5py.File, path: Path) -> Iterator[Measurement]:
    """Groups marked `emd_group_type` with `data` and one `dim` for each of its axes.

    The last is along a row, unless the names of the axes say that another one is x: HyperSpy writes them the other way round.
    """
    for name, group in _groups(file, deep=True):
        if "emd_group_type" not in group.attrs or "data" not in group:
            continue
        stored = group["data"]
        if getattr(stored, "ndim", 0) not in (2, 3) or min(stored.shape) < 1:
            continue
        order = _order([_axis_name(group, k + 1) for k in range(stored.ndim)])
        if min(stored.shape[k] for k in order[-2:]) < 2:
            continue
        values = _bounded(stored, path, stored.ndim)
        axes = [_ncem_axis(group, k + 1) for k in order]
        values = np.transpose(values, order)
        yield image(
            values if values.ndim == 3 else values[None],
            axes[-1],
            axes[-2],
            {"title": name.rsplit("/", 1)[-1]},
            first=str(path),
        )


def _axis_name(group: h5py.Group, index: int) -> str:
    stored = group.get(f"dim{index}")
    name = stored.attrs.get("name", "") if stored is not None else ""
    return (name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)).strip().lower()


def _order(names: list[str]) -> list[int]:
    """The axes in the order frame, y, x by their names; as they are where these do not name one x and one y."""
    across, down = ([k for k, n in enumerate(names) if n in sort] for sort in (_ACROSS, _DOWN))
    if len(across) != 1 or len(down) != 1:
        return list(range(len(names)))
    return [*(k for k in range(len(names)) if k not in (*across, *down)), *down, *across]


def _ncem_axis(group: h5py.Group, index: int) -> Axis:
    stored = group.get(f"dim{index}")
    if stored is None or getattr(stored, "ndim", 0) != 1 or stored.shape[0] < 2 or stored.dtype.kind not in "iuf":
        return Axis()
    values = stored[:2].astype(float)
    step = float(values[1] - values[0])
    unit = stored.attrs.get("units", "")
    text = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else str(unit)
    return axis_of(step, text, -values[0] / step if step else 0.0)


def _groups(top: Any, *, deep: bool = False) -> Iterator[tuple[str, Any]]:
    """Groups under one, itself left out; a bounded walk, because links may go round in circles."""
    import h5py

    waiting = [("", top)] if isinstance(top, h5py.Group) else []
    seen: set[Any] = set()
    while waiting and len(seen) < MAX_GROUPS:
        name, group = waiting.pop(0)
        for child in group:
            # A link to another file is not followed: a file says nothing of what lies beside it.
            if isinstance(group.get(child, getlink=True), h5py.ExternalLink):
                continue
            found = group.get(child)
            if not isinstance(found, h5py.Group) or found.id.__hash__() in seen:
                continue
            seen.add(found.id.__hash__())
            yield f"{name}/{child}".strip("/"), found
            if deep:
                waiting.append((f"{name}/{child}", found))


def _bounded(stored: Any, path: Path, dims: int) -> np.ndarray:
    """The values, unless they are of another shape than asked or would unpack into too much."""
    if getattr(stored, "ndim", 0) != dims or stored.dtype.kind not in "iufb":
        raise DataError(f"holds an image of {getattr(stored, 'ndim', 0)} dimensions", str(path), "export it as TIFF")
    if stored.external or stored.is_virtual:
        raise DataError("keeps its pixels in another file", str(path), "export it as TIFF")
    total = int(np.prod(stored.shape, dtype=object))
    if total > MAX_VALUES or (total > FREE_VALUES and total > MAX_EXPANSION * path.stat().st_size):
        raise DataError(f"would unpack into {total} values", str(path), "crop it, or export fewer frames")
    return np.asarray(stored[()])


def _table(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _signed(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def is_emd(head: bytes, suffix: str) -> bool:
    """An HDF5 file whose first names are those of Velox or of the NCEM convention, or that is called .emd."""
    if not head.startswith(b"\x89HDF\r\n\x1a\n"):
        return False
    return suffix == ".emd" or b"Velox" in head or b"emd_group_type" in head
