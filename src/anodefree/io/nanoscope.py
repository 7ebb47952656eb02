r"""Bruker NanoScope images (`.spm`): a text header of `\name: value` lines in lists, then planes of integers.

A plane's heights are its integers times the soft scale over 2^(8 b), b the bytes a pixel that the header states, times the
sensitivity that the scale names. NanoScope 9 states 2 and stores 4: how many are stored follows from the plane's length.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, records
from anodefree.io.height_image import checked_size, length_m, topography_of

HEADER_BYTES: Final = 2**18
_LINE: Final = re.compile(r"^\\?(@?[^:]{1,80}(?::[^:]{1,80}?)?):\s(.*)$")
_SCALE: Final = re.compile(r"\[(Sens\.?\s[^\]]{1,60})\]\s*(?:\([^)]{0,60}\))?\s*([-+.\deE]{1,30})")
SENSITIVITY: Final = re.compile(r"V\s+([-+.\deE]{1,30})\s+(\S{1,12})/V")
_NAMED: Final = re.compile(r'"([^"]{0,60})"')
TYPES: Final = {2: "<i2", 4: "<i4"}
Lines = dict[str, str]


def read(path: Path) -> Measurement:
    """The height image of a file; the sensor's own where there are two.

    Raises
    ------
    DataError: a force file, no height among its images, a header that lacks what is needed, or a file cut short.
    """
    with path.open("rb") as stream:
        data = stream.read()
    lists = header_lists(data[:HEADER_BYTES].split(b"\x1a", 1)[0].decode("cp1252", "replace"))
    first = lists[0][0].lower() if lists else ""
    if first.startswith("force file"):
        raise DataError(
            "is a NanoScope force file: force curves, not an image",
            hint="give the image of the scan (.spm whose header begins 'File list')",
        )
    known = {name: value for _, lines in lists for name, value in lines.items() if name.startswith("@Sens")}
    images = [lines for title, lines in lists if title.lower().startswith("ciao image")]
    plane = _height_plane(images)
    general = {
        name: value for title, lines in lists if not title.lower().startswith("ciao image") for name, value in lines.items()
    }
    return _image(data, plane, known, general)


def header_lists(header: str) -> list[tuple[str, Lines]]:
    """The header's lists in order: title, and name -> value of its lines."""
    found: list[tuple[str, Lines]] = []
    for line in header.splitlines():
        text = line.strip()
        if text.startswith("\\*"):
            found.append((text[2:].strip(), {}))
        elif found and (parts := _LINE.match(text)):
            found[-1][1].setdefault(parts[1].strip(), parts[2].strip())
    return found


def _height_plane(images: list[Lines]) -> Lines:
    def what(lines: Lines) -> str:
        said = next((v for n, v in lines.items() if n.endswith("Image Data")), "")
        named = _NAMED.search(said)
        return named[1] if named else said

    for wanted in ("height sensor", "height", "height trace"):
        for lines in images:
            if what(lines).lower() == wanted:
                return lines
    names = ", ".join(what(lines) for lines in images) or "none"
    raise DataError(f"holds no image of the height (its images: {names[:200]})", hint="save the height channel with the scan")


def _image(data: bytes, plane: Lines, known: Lines, general: Lines) -> Measurement:
    columns, rows = whole(plane, "Samps/line"), whole(plane, "Number of lines")
    checked_size(columns, rows)
    at, length, stated = whole(plane, "Data offset"), whole(plane, "Data length"), whole(plane, "Bytes/pixel")
    stored = length // (columns * rows)
    if stated not in TYPES or stored not in TYPES or stored * columns * rows != length:
        raise DataError(f"a plane of {length} bytes is none of {columns} by {rows} pixels of {stated} bytes", hint=CUT)
    raw = records(data, np.dtype(TYPES[stored]), at, columns * rows, "pixels").reshape(rows, columns)
    height = raw * (_scale_V(plane) / 2.0 ** (8 * stated) * _sensitivity_m_V(plane, known))
    if str(plane.get("Frame direction") or general.get("Frame direction", "")).lower() != "down":
        height = height[::-1]
    size = plane.get("Scan Size") or plane.get("Scan size") or general.get("Scan Size") or general.get("Scan size") or ""
    sides = sides_m(size)
    meta = {"instrument": f"Bruker NanoScope {general.get('Microscope', '')}".strip(), "sample": plane.get("Note", "")}
    return topography_of(height, sides[0], sides[1] if len(sides) > 1 else sides[0] * rows / columns, meta)


def whole(plane: Lines, name: str) -> int:
    try:
        value = int(plane[name].split()[0])
    except (KeyError, ValueError, IndexError):
        raise DataError(f"its header says no whole number for '{name}'", hint=CUT) from None
    if not 0 <= value < 2**40:
        raise DataError(f"its header says {value} for '{name}'")
    return value


def scale_line(plane: Lines) -> re.Match[str]:
    line = next((v for n, v in plane.items() if re.fullmatch(r"@?\d{0,2}:?Z scale", n)), "")
    found = _SCALE.search(line)
    if not found:
        raise DataError(
            f"the scale of its heights, '{line[:60]}', names no sensitivity", hint="was the channel saved in volts?"
        )
    return found


def _scale_V(plane: Lines) -> float:
    return number(scale_line(plane)[2], "the scale of its heights")


def _sensitivity_m_V(plane: Lines, known: Lines) -> float:
    name = scale_line(plane)[1]
    found = SENSITIVITY.search(known.get("@" + name, ""))
    if not found:
        raise DataError(f"its header states no '{name}' in a length a volt", hint="is the scanner calibrated?")
    return number(found[1], name) * length_m(f"1 {found[2]}", name)


def number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or value == 0:
        raise DataError(f"{what} is '{text[:30]}', not a number")
    return value


def sides_m(text: str) -> list[float]:
    """The sides of the scan: "5000 nm", "5 5 ~m" or "5 ~m 5 ~m"."""
    numbers = re.findall(r"[-+]?\d{1,12}(?:\.\d{0,12})?", text[:100])
    unit = re.search(r"[A-Za-zµ~]{1,3}", text[:100])
    if not numbers or not unit:
        raise DataError(f"its header states no scan size ('{text[:40]}')", hint=CUT)
    return [length_m(f"{n} {unit[0]}", "the scan size") for n in numbers[:2]]
