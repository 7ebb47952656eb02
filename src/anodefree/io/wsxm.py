"""WSxM images (`.top`, `.stp`): a text header in sections, then one plane of numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, records
from anodefree.io.height_image import checked_size, length_m, topography_of

_SIZE: Final = re.compile(rb"Image header size:\s{0,4}(\d{1,7})")
_TYPES: Final = {"short": "<i2", "float": "<f4", "double": "<f8"}


def read(path: Path) -> Measurement:
    """The image; heights span the header's Z amplitude.

    Raises
    ------
    DataError: no image of heights, a header that lacks what is needed, or a file cut short.
    """
    with path.open("rb") as stream:
        data = stream.read()
    found = _SIZE.search(data[:1000])
    if not found:
        raise DataError("its header states no size of itself", hint=CUT)
    begin = int(found[1])
    known = _values(data[:begin].decode("cp1252", "replace"))
    columns, rows = _whole(known, "Number of columns"), _whole(known, "Number of rows")
    checked_size(columns, rows)
    sort = known.get("Image Data Type", "short")
    if sort not in _TYPES:
        raise DataError(f"its numbers are of type '{sort[:20]}', which is not known", hint="save it as short, float or double")
    raw = records(data, np.dtype(_TYPES[sort]), begin, columns * rows, "pixels").reshape(rows, columns).astype(float)
    if not np.isfinite(raw).all():
        raise DataError("holds heights that are not finite", hint=CUT)
    channel = known.get("Acquisition channel", "Topography")
    if "topo" not in channel.lower():
        raise DataError(f"is an image of '{channel[:40]}', not of heights", hint="give the topography of the scan")
    span = float(np.ptp(raw))
    amplitude = length_m(known.get("Z Amplitude", ""), "'Z Amplitude'")
    height = raw * (amplitude / span) if span > 0 else np.zeros_like(raw)
    sides = [length_m(known.get(f"{axis} Amplitude", ""), f"'{axis} Amplitude'") for axis in "XY"]
    head = known.get("Head Name", "")
    return topography_of(
        height, sides[0], sides[1], {"instrument": f"WSxM {head}".strip(), "sample": known.get("Comments", "")}
    )


def _values(header: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for line in header.splitlines():
        name, mark, value = line.partition(":")
        if mark:
            out.setdefault(name.strip(), value.strip())
    return out


def _whole(known: dict[str, str], name: str) -> int:
    text = known.get(name, "")
    if not re.fullmatch(r"\d{1,9}", text):
        raise DataError(f"its header states no whole number for '{name}' ('{text[:20]}')", hint=CUT)
    return int(text)
