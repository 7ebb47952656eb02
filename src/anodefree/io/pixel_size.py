"""The size of a pixel from what a picture's file says of itself: ImageJ, OME, microscopes' own tags, resolution tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anodefree.io.said_number import positive

SMALLEST_M, LARGEST_M = 1e-12, 1e-3
_UNITS: Final = {
    "m": 1.0, "mm": 1e-3, "µm": 1e-6, "μm": 1e-6, "um": 1e-6, "micron": 1e-6, "microns": 1e-6, "\\u00b5m": 1e-6,
    "nm": 1e-9, "pm": 1e-12, "cm": 1e-2, "inch": 0.0254, "å": 1e-10, "angstrom": 1e-10,
}  # fmt: skip
_RESOLUTION: Final = {2: 0.0254, 3: 0.01, 4: 1e-3, 5: 1e-6}
SCREEN_DPI: Final = (60.0, 1300.0)
"""Resolutions in inches between these are those of screens and printers, and say nothing of the scene."""
_PHYSICAL: Final = re.compile(r'PhysicalSize([XY])="([0-9.eE+-]{1,30})"')
_PHYSICAL_UNIT: Final = re.compile(r'PhysicalSize([XY])Unit="([^"]{1,20})"')


@dataclass(frozen=True)
class PixelSize:
    """Width and height of a pixel [m] and the time between frames [s], None where not said, and who said so."""

    x_m: float | None = None
    y_m: float | None = None
    source: str = "the file says none"
    instrument: str = ""
    started: str = ""
    frame_s: float | None = None


def of_tiff(file: Any) -> PixelSize:
    """From a TIFF: the microscope's own tag first, then OME, ImageJ, and the general tags of resolution."""
    for found in (_fei(file), _zeiss(file), _ome(file), _imagej(file), _tags(file)):
        if found is not None:
            return found
    return PixelSize()


def of_pillow(image: Any) -> PixelSize:
    """From PNG or JPEG: their resolution, unless it is that of a screen or printer."""
    dpi = image.info.get("dpi")
    if isinstance(dpi, tuple) and len(dpi) == 2:
        return _per_inch(positive(dpi[0]), positive(dpi[1]), "resolution in the header") or PixelSize()
    return PixelSize()


def _fei(file: Any) -> PixelSize | None:
    tag = _mapping(getattr(file, "fei_metadata", None))
    scan = _mapping(tag.get("Scan")) or _mapping(tag.get("EScan"))
    x, y = _size(scan.get("PixelWidth")), _size(scan.get("PixelHeight"))
    if x is None:
        return None
    system = _mapping(tag.get("System"))
    return PixelSize(x, y or x, "FEI / Thermo Fisher tag", f"{system.get('SystemType', 'FEI')}"[:60])


def _zeiss(file: Any) -> PixelSize | None:
    tag = _mapping(getattr(file, "sem_metadata", None))
    for name in ("ap_image_pixel_size", "ap_pixel_size"):
        entry = tag.get(name)
        if isinstance(entry, (tuple, list)) and len(entry) >= 3:
            x = _size(entry[1], str(entry[2]))
            if x is not None:
                model = tag.get("dp_sem")
                return PixelSize(
                    x, x, "Zeiss SEM tag", str(model[1])[:60] if isinstance(model, tuple) and len(model) > 1 else "Zeiss"
                )
    x = _size(tag.get("", (None,) * 4)[3]) if isinstance(tag.get(""), tuple) and len(tag[""]) > 3 else None
    return PixelSize(x, x, "Zeiss SEM tag", "Zeiss") if x is not None else None


def _ome(file: Any) -> PixelSize | None:
    text = file.ome_metadata if getattr(file, "is_ome", False) else None
    if not isinstance(text, str):
        return None
    text = text[:100_000]
    units = {axis: unit for axis, unit in _PHYSICAL_UNIT.findall(text)}
    sizes = {axis: _size(value, units.get(axis, "µm")) for axis, value in _PHYSICAL.findall(text)}
    return PixelSize(sizes["X"], sizes.get("Y") or sizes["X"], "OME-XML") if sizes.get("X") else None


def _imagej(file: Any) -> PixelSize | None:
    said = _mapping(getattr(file, "imagej_metadata", None))
    unit = str(said.get("unit", "")).strip().lower()
    if unit not in _UNITS or unit == "inch":
        return None
    x, y = (_ratio(file, n) for n in ("XResolution", "YResolution"))
    size = _size(1 / x if x else None, unit)
    frame = positive(said.get("finterval"))
    return PixelSize(size, _size(1 / y if y else None, unit) or size, "ImageJ", frame_s=frame) if size else None


def _tags(file: Any) -> PixelSize | None:
    tags = file.pages[0].tags
    unit = _RESOLUTION.get(int(tags["ResolutionUnit"].value)) if "ResolutionUnit" in tags else None
    x, y = _ratio(file, "XResolution"), _ratio(file, "YResolution")
    if not (unit and x and y):
        return None
    return _per_inch(x / unit * 0.0254, y / unit * 0.0254, "resolution tags")


def _per_inch(x: float | None, y: float | None, source: str) -> PixelSize | None:
    if not x or not y or SCREEN_DPI[0] <= x <= SCREEN_DPI[1] or x <= 1:
        return None
    across, down = _size(0.0254 / x), _size(0.0254 / y)
    return PixelSize(across, down, source) if across and down else None


def _ratio(file: Any, name: str) -> float | None:
    tags = file.pages[0].tags
    value = tags[name].value if name in tags else None
    if isinstance(value, tuple) and len(value) == 2 and value[1]:
        return positive(value[0] / value[1])
    return positive(value)


def _size(value: Any, unit: str = "m") -> float | None:
    """A size in metres, None where it is no number, has an unknown unit, or no microscope has such pixels."""
    number, factor = positive(value), _UNITS.get(unit.strip().lower())
    if number is None or factor is None or not SMALLEST_M <= number * factor <= LARGEST_M:
        return None
    return number * factor


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
