"""JPK force curves, maps and quantitative images (`.jpk-force`, `-force-map`, `-qi-data`): a zip of properties and numbers.

Numbers are big-endian integers; an encoder makes volts of them, and a chain of calibrations makes lengths, then forces. Newer
files keep both once for all curves in `shared-data`, and each curve points into it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.curve_table import Curve, force_curves
from anodefree.io.jpk_archive import HINT, Archive, Properties
from anodefree.io.said_number import finite

_SEGMENT: Final = re.compile(r"^((?:index/(\d{1,9})/)?segments/(\d{1,4})/)segment-header\.properties$")
_TYPES: Final = {"short": "i2", "integer": "i4", "long": "i8"}
_HEIGHTS: Final = ("measuredHeight", "capacitiveSensorHeight", "strainGaugeHeight", "head-height", "height")
"""Channels of the height: what a sensor measured before what was asked for."""
_SHARED: Final = re.compile(r"^(.*?)([a-z-]{1,60}-info)\.\*$")


def read(path: Path) -> Measurement:
    """All curves of a file; a pause between approach and retract is passed over.

    Raises
    ------
    DataError: the archive is damaged or unpacks to too much, a channel is missing, or its encoding is not known.
    """
    archive = Archive(path.read_bytes())
    shared = archive.properties("shared-data/header.properties")
    head = archive.properties("header.properties")
    groups: dict[int, list[tuple[int, str]]] = {}
    for name in archive.names():
        if found := _SEGMENT.match(name):
            groups.setdefault(int(found[2] or -1), []).append((int(found[3]), found[1]))
    if not groups:
        raise DataError("the archive holds no segments of force curves", hint=HINT)
    curves: list[Curve] = []
    calibration: dict[str, Any] = {}
    for number in sorted(groups):
        own = archive.properties(f"index/{number}/header.properties") if number >= 0 else head
        curve, stated = _curve(archive, [p for _, p in sorted(groups[number])], shared, own)
        curves.append(curve)
        if calibration and stated != calibration:
            raise DataError(f"curve {number} is calibrated otherwise than those before it", hint="give the curves one by one")
        calibration = stated
    meta = {"instrument": _told(head, "description.instrument") or "JPK", **calibration}
    known = meta.pop("deflection_known")
    return force_curves(curves, deflection_known=known, meta=meta)


def _curve(archive: Archive, parts: list[str], shared: Properties, own: Properties) -> tuple[Curve, dict[str, Any]]:
    """One curve and how it is calibrated."""
    ways: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    place, stated = _place(own), {}
    for part in parts:
        segment = archive.properties(part + "segment-header.properties")
        style = _resolved(segment, "force-segment-header", shared).get("settings.style", "")
        if style not in ("extend", "retract") or style in ways:
            continue
        height, height_from = _height(archive, part, segment, shared)
        bend, how = _deflection(archive, part, segment, shared)
        count = min(height.size, bend.size)  # a scan that was stopped may end within a record
        ways[style] = height[:count], bend[:count]
        stated = {**how, "height_from": height_from}
        place = place or _place(segment)
    if "extend" not in ways:
        raise DataError("a curve has no approach (a segment of the style 'extend')", hint=HINT)
    return Curve(ways["extend"], ways.get("retract"), place), stated


def _resolved(segment: Properties, prefix: str, shared: Properties) -> dict[str, str]:
    """What a segment says below a prefix, with what it points to in the shared part."""
    found: dict[str, str] = {}
    for key, value in segment.items():
        if not key.startswith(prefix + "."):
            continue
        rest = key[len(prefix) + 1 :]
        if pointer := _SHARED.match(rest):
            base = f"{pointer[2]}.{value}."
            found = {**{k[len(base) :]: v for k, v in shared.items() if k.startswith(base)}, **found}
        else:
            found[rest] = value
    return found


def _height(archive: Archive, part: str, segment: Properties, shared: Properties) -> tuple[np.ndarray, str]:
    for name in _HEIGHTS:
        channel = _resolved(segment, f"channel.{name}", shared)
        if not channel or part + channel.get("data.file.name", "") not in archive.zip.NameToInfo:
            continue
        chain = _chain(channel, channel.get("conversion-set.conversions.default", ""))
        if chain and chain[-1][2] == "m":
            return _scaled(_volts(archive, part, channel), chain), name
    raise DataError("no channel of the height is calibrated as a length", part, HINT)


def _deflection(archive: Archive, part: str, segment: Properties, shared: Properties) -> tuple[np.ndarray, dict[str, Any]]:
    """The deflection in m, or in volts where it is not calibrated, and its calibration."""
    channel = _resolved(segment, "channel.vDeflection", shared)
    if not channel:
        raise DataError("has no channel 'vDeflection'", part, HINT)
    volts, chain = _volts(archive, part, channel), _chain(channel, "distance")
    if not chain or chain[-1][2] != "m":
        return volts, {"deflection_known": False, "signal_unit": channel.get("encoder.scaling.unit.unit", "V")}
    how: dict[str, Any] = {"deflection_known": True, "sensitivity_m_V": math.prod(c[1] for c in chain)}
    force = _chain(channel, "force")
    if force and force[-1][2] == "N" and len(force) == len(chain) + 1:
        how["spring_constant_N_m"] = force[-1][1]
    return _scaled(volts, chain), how


def _volts(archive: Archive, part: str, channel: Mapping[str, str]) -> np.ndarray:
    """The raw numbers of a channel through its encoder."""
    start = "data.encoder." if "data.encoder.type" in channel else "encoder."
    kind = channel.get(start + "type", channel.get("type", ""))
    raw = archive.bytes_of(part + channel.get("data.file.name", ""))
    if kind in ("float-data", "float"):
        with np.errstate(all="ignore"):
            return np.frombuffer(raw[: len(raw) // 4 * 4], ">f4").astype(float)
    if kind in ("double-data", "double"):
        return np.frombuffer(raw[: len(raw) // 8 * 8], ">f8").astype(float)
    name = kind.removeprefix("unsigned").removeprefix("signed")
    if name not in _TYPES:
        raise DataError(f"its numbers are encoded as '{kind[:40]}', which is not known here", part, HINT)
    dtype = np.dtype(">" + ("u" if kind.startswith("unsigned") else "i") + _TYPES[name][1])
    values = np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype).astype(float)
    return _scaled(values, [_scaling(channel, start + "scaling.")])


def _chain(channel: Mapping[str, str], wanted: str) -> list[tuple[float, float, str]]:
    """Offset, factor and unit of each calibration from volts to the wanted one; empty where one is not defined."""
    steps: list[tuple[float, float, str]] = []
    base = channel.get("conversion-set.conversions.base", "volts")
    while wanted != base:
        at = f"conversion-set.conversion.{wanted}."
        if channel.get(at + "defined") != "true" or len(steps) > 8:
            return []
        steps.insert(0, _scaling(channel, at + "scaling."))
        wanted = channel.get(at + "base-calibration-slot", base)
    return steps


def _scaling(channel: Mapping[str, str], at: str) -> tuple[float, float, str]:
    if (channel.get(at + "type"), channel.get(at + "style")) != ("linear", "offsetmultiplier"):
        raise DataError(
            f"a calibration is '{channel.get(at + 'style', 'missing')[:40]}', not an offset and a factor", hint=HINT
        )
    values = [finite(channel.get(at + name, "")) for name in ("offset", "multiplier")]
    if None in values or not values[1]:
        raise DataError("a calibration has no offset and factor that are numbers", hint=HINT)
    return float(values[0] or 0.0), float(values[1]), channel.get(at + "unit.unit", "")


def _scaled(values: np.ndarray, steps: list[tuple[float, float, str]]) -> np.ndarray:
    with np.errstate(all="ignore"):  # what overflows is found when the curves are checked
        for offset, factor, _ in steps:
            values = values * factor + offset
    return values


def _place(said: Properties) -> tuple[float, float] | None:
    at = {axis: next((finite(v) for k, v in said.items() if k.endswith(f"position.{axis}")), None) for axis in "xy"}
    return (at["x"], at["y"]) if at["x"] is not None and at["y"] is not None else None


def _told(head: Properties, end: str) -> str:
    return next((v for k, v in head.items() if k.endswith(end)), "")[:80]
