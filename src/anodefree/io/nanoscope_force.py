r"""Bruker NanoScope force curves and force volumes (`.spm`): a text header, then integers of approach and retract by turns.

A deflection is its integer times the hard scale (V/LSB, in the brackets of `Z scale`) times the sensitivity `DeflSens`. Both
ways begin at the surface. NanoScope 9 states 2 bytes a value and stores 4; the length of the block tells how many.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.binary import CUT, records
from anodefree.io.curve_table import MOST_VALUES, Curve, force_curves
from anodefree.io.height_image import length_m
from anodefree.io.nanoscope import HEADER_BYTES, SENSITIVITY, TYPES, Lines, header_lists, number, sides_m, whole

_HARD: Final = re.compile(r"\[(Sens\.?\s[^\]]{1,60})\]\s*\(\s*([-+.\deE]{1,30})\s*(m?)(\S{1,12})/LSB\)\s*([-+.\deE]{1,30})")
_BARE: Final = re.compile(r"V\s+([-+.\deE]{1,30})\s*$")
_NAMED: Final = re.compile(r'"([^"]{0,60})"')


def read(path: Path) -> Measurement:
    """All curves of a file; of a force volume with their places.

    Raises
    ------
    DataError: no deflection among its channels, a header that lacks what is needed, or a file cut short.
    """
    with path.open("rb") as stream:
        data = stream.read()
    lists = header_lists(data[:HEADER_BYTES].split(b"\x1a", 1)[0].decode("cp1252", "replace"))
    known = {name: value for _, lines in lists for name, value in lines.items() if name.startswith("@Sens")}
    blocks = [lines for title, lines in lists if title.lower().startswith("ciao force image")]
    general = {n: v for title, lines in lists if "image" not in title.lower() for n, v in lines.items()}
    bend = next((b for b in blocks if _channel(b).lower().startswith("deflection")), None)
    if bend is None:
        names = ", ".join(_channel(b) for b in blocks) or "none"
        raise DataError(f"holds no deflection (its force channels: {names[:200]})", hint="save the deflection error")
    there, back = _points(bend)
    count = _expected(general)
    raw = _block(data, bend, there, back, count)
    deflection, meta = _deflection(raw, bend, known)
    height, meta["height_from"] = _height(data, blocks, bend, known, there, back, len(raw))
    places = _places(len(raw), general)
    curves = [
        Curve((z[:there][::-1], d[:there][::-1]), (z[there:], d[there:]) if back else None, place)
        for z, d, place in zip(height, deflection, places, strict=True)
    ]
    meta["instrument"] = f"Bruker NanoScope {general.get('Microscope', '')}".strip()
    return force_curves(curves, deflection_known="sensitivity_m_V" in meta, meta=meta)


def _channel(block: Lines) -> str:
    said = next((v for n, v in block.items() if n.endswith("Image Data")), "")
    named = _NAMED.search(said)
    return named[1] if named else said


def _points(block: Lines) -> tuple[int, int]:
    """Points there and back: two numbers, or one for both."""
    said = block.get("Samps/line", "").split()[:2]
    if not said or not all(s.isdecimal() and len(s) < 9 for s in said) or int(said[0]) == 0:
        raise DataError("its header says no whole numbers for 'Samps/line'", hint=CUT)
    there, back = int(said[0]), int(said[-1])
    if there + back > MOST_VALUES:
        raise DataError(f"its header announces {there + back} points a curve")
    return there, back


def _block(data: bytes, block: Lines, there: int, back: int, count: int) -> np.ndarray:
    """The integers (curve, point) of a channel; `count` curves are expected, where the header says how many.

    Where 4 bytes are stored for 2 that are stated, a force volume keeps 8 bits of fraction below each integer and a single
    curve none: the last bits tell.
    """
    at, length, stated = whole(block, "Data offset"), whole(block, "Data length"), whole(block, "Bytes/pixel")
    points = there + back
    widths = [w for w in (stated, 4, 2) if length and length % (points * w) == 0]
    if stated not in TYPES or not widths:
        raise DataError(f"a block of {length} bytes is none of curves of {points} points of {stated} bytes", hint=CUT)
    width = next((w for w in widths if w * points * count == length), widths[0])
    found = length // (points * width)
    raw = records(data, np.dtype(TYPES[width]), at, found * points, "values").reshape(found, points)
    if (width, stated) != (4, 2) or np.abs(raw.astype(np.int64)).max() < 2**15:
        return raw
    return raw / 256 if np.mean((raw + 1) % 256 <= 2) > 0.9 else raw


def _scale(block: Lines, what: str = r"Z scale") -> tuple[str, float]:
    """The name of a channel's sensitivity, and its volts a count."""
    line = next((v for n, v in block.items() if re.fullmatch(rf"@?\d{{0,2}}:?{what}", n)), "")
    found = _HARD.search(line)
    if not found:
        raise DataError(f"the scale of a channel, '{line[:60]}', names no sensitivity", hint=CUT)
    return found[1], number(found[2], "the scale of a channel") * (1e-3 if found[3] else 1.0)


def _deflection(raw: np.ndarray, block: Lines, known: Lines) -> tuple[np.ndarray, dict[str, Any]]:
    """Deflection in m, or in volts where the sensitivity is not known, and what the header says of the lever."""
    name, volts = _scale(block)
    line = known.get("@" + name, "")
    calibrated, bare = SENSITIVITY.search(line), _BARE.search(line)
    meta: dict[str, Any] = {}
    if calibrated:
        meta["sensitivity_m_V"] = number(calibrated[1], name) * length_m(f"1 {calibrated[2]}", name)
    elif bare and number(bare[1], name) != 1.0:  # 1 is what an uncalibrated lever has
        meta["sensitivity_m_V"] = number(bare[1], name) * 1e-9
        meta["sensitivity_from"] = "the header gives the number without its unit: nm/V is what NanoScope writes"
    if "Spring Constant" in block:
        meta["spring_constant_N_m"] = number(block["Spring Constant"], "Spring Constant")
    if "sensitivity_m_V" not in meta:
        return raw * volts, {**meta, "signal_unit": "V"}
    return raw * (volts * meta["sensitivity_m_V"]), meta


def _height(
    data: bytes, blocks: list[Lines], bend: Lines, known: Lines, there: int, back: int, count: int
) -> tuple[np.ndarray, str]:
    """Height (curve, point), from the sensor where it was saved, else from the ramp."""
    sensor = next((b for b in blocks if "height" in _channel(b).lower()), None)
    if sensor is not None and _points(sensor) == (there, back):
        raw = _block(data, sensor, there, back, count)
        if len(raw) == count:
            name, volts = _scale(sensor)
            return -raw * (volts * _length_a_volt(known, name)), _channel(sensor)
    line = next((v for n, v in bend.items() if re.fullmatch(r"@?\d{0,2}:?Ramp Size", n)), "")
    found = _HARD.search(line)
    if not found:
        raise DataError(f"its ramp, '{line[:60]}', names no sensitivity", hint="save the height sensor with the curves")
    size = number(found[5], "the size of its ramp") * _length_a_volt(known, found[1])
    ramp = np.concatenate([np.arange(n) * (size / n) for n in (there, back) if n])
    return np.broadcast_to(ramp, (count, there + back)), "ramp"


def _length_a_volt(known: Lines, name: str) -> float:
    found = SENSITIVITY.search(known.get("@" + name, ""))
    if not found:
        raise DataError(f"its header states no '{name}' in a length a volt", hint="is the scanner calibrated?")
    return number(found[1], name) * length_m(f"1 {found[2]}", name)


def _expected(general: Lines) -> int:
    """How many curves the header announces: those of a volume's grid, or one."""
    said = [general.get(n, "").split()[:1] for n in ("Samples / line", "Lines")]
    grid = [int(s[0]) for s in said if s and s[0].isdecimal() and len(s[0]) < 6]
    return grid[0] * grid[1] if "volume" in general.get("Operating mode", "").lower() and len(grid) == 2 else 1


def _places(count: int, general: Lines) -> list[tuple[float, float] | None]:
    """Places of a force volume, row by row; none where the curves fill no grid that the header states."""
    size = general.get("Scan Size") or general.get("Scan size") or ""
    across = general.get("Samples / line", "").split()[:1]
    if count == 1 or not size or not across or not across[0].isdecimal() or int(across[0]) == 0 or count % int(across[0]):
        return [None] * count
    nx = int(across[0])
    ny = count // nx
    sides = sides_m(size)
    width, depth = sides[0], sides[1] if len(sides) > 1 else sides[0] * ny / nx
    return [((k % nx + 0.5) * width / nx, (k // nx + 0.5) * depth / ny) for k in range(count)]
