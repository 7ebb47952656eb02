"""A table of potential and current -> a polarisation measurement: sign, scans, reference and rate of the sweep settled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.io.columns import OVERPOTENTIAL
from anodefree.io.table import Table
from anodefree.io.whole import whole_numbers
from anodefree.kinds.polarisation import POLARISATION

CURRENTS: Final = ("current_A", "current_density_A_m2")
_AGAINST: Final = re.compile(r"\b(?:vs\.?|versus|against)\s{1,3}([^()\[\],;\s][^()\[\],;]{0,30})", re.IGNORECASE)
_LEVELS: Final = 25
_TELLING: Final = 0.2


def polarisation(table: Table, meta: Mapping[str, Any] | None = None, *, positive: str = "") -> Measurement:
    """A polarisation curve from a table; current is positive on oxidation.

    `positive` is the current that the exporter counts as positive, "anodic" or "cathodic", where its format says or implies it.
    Magnitudes against an overpotential take the sign of the overpotential. What was done is in the metadata.

    Raises
    ------
    DataError: scan numbers are not whole, or a column's unit is missing or unknown.
    """
    notes: dict[str, Any] = {**(meta or {})}
    arrays = {"potential_V": table.si("voltage_V"), **{n: table.si(n) for n in CURRENTS if n in table}}
    if "time_s" in table and table.column("time_s").known_unit and table.column("time_s").unit is not None:
        time = table.si("time_s")
        if np.isfinite(time).all() and (np.diff(time) >= 0).all():
            arrays["time_s"] = time
    number = next((n for n in ("record_cycle", "cycle") if n in table), None)
    if number is not None:
        arrays["record_cycle"] = whole_numbers(table, number)
    temperature = table.si("temperature_K") if "temperature_K" in table and table.column("temperature_K").unit else None
    if temperature is not None and np.isfinite(temperature).all() and (temperature > 0).all():
        notes.setdefault("temperature_K", float(temperature.mean()))
    against = _AGAINST.search(table.column("voltage_V").header)
    if against:
        notes.setdefault("reference", against[1].strip())
    if table.column("voltage_V").word in OVERPOTENTIAL:
        notes["potential"] = "overpotential"
    return settled(arrays, notes, positive=positive)


def settled(arrays: Mapping[str, np.ndarray], notes: Mapping[str, Any], *, positive: str = "") -> Measurement:
    """The measurement, with the sign of its current, its scans and its sweep rate settled."""
    found, told = dict(arrays), dict(notes)
    _settle_sign(found, told, positive)
    if "record_cycle" not in found:
        scan = scans_by_turns(found["potential_V"])
        if scan is not None:
            found["record_cycle"] = scan
            told["scans_from"] = "turning points of the potential"
    rate = sweep_rate(found["potential_V"], found["time_s"]) if "time_s" in found and "scan_rate_V_s" not in told else None
    if rate is not None:
        told.update(scan_rate_V_s=rate, scan_rate_from="potential and time")
    return Measurement.of(POLARISATION, found, told)


def turned(curve: Measurement, positive: str) -> Measurement:
    """The curve with its current counted as `positive` ("anodic" or "cathodic") says of the file.

    Raises
    ------
    ConfigError: it is neither word.
    """
    if positive not in ("anodic", "cathodic"):
        raise ConfigError(f"'{positive}' is not a current", "positive_current", "give 'anodic' or 'cathodic'")
    arrays = {str(n): curve[str(n)] for n in curve.data.data_vars}
    if positive != curve.meta.get("positive_current", "anodic"):
        arrays.update({n: -arrays[n] for n in CURRENTS if n in arrays})
    meta = {n: v for n, v in curve.meta.items() if n != "sign_of_current"}
    return Measurement.of(curve.kind, arrays, {**meta, "positive_current": positive}, source=curve.source)


def _settle_sign(arrays: dict[str, np.ndarray], notes: dict[str, Any], positive: str) -> None:
    """Make the current positive on oxidation.

    A cell turns work into heat: over a closed sweep the integral of E I dt is positive where oxidation is. So a current that
    falls with potential was counted the other way round.
    """
    potential = arrays["potential_V"]
    currents = {n: arrays[n] for n in CURRENTS if n in arrays}
    one = next(iter(currents.values()))
    if notes.get("potential") == "overpotential" and _are_magnitudes(potential, one):
        arrays.update({n: v * np.sign(potential) for n, v in currents.items()})
        notes["sign_of_current"] = "that of the overpotential: the file gives magnitudes"
        return
    slope = _correlation(potential, one)
    if positive == "cathodic" and slope > _TELLING:
        positive = "anodic"
        notes["sign_of_current"] = "kept: it rises with potential, so anodic current is positive in the file"
    elif positive == "cathodic":
        arrays.update({n: -v for n, v in currents.items()})
        notes["sign_of_current"] = "changed: the exporter's default counts cathodic current as positive"
    elif slope < -_TELLING:
        notes["sign_of_current"] = (
            "kept, but it falls with potential: if the file counts cathodic current as positive, "
            "give positive_current='cathodic'"
        )
    notes["positive_current"] = positive or "anodic"


def _are_magnitudes(overpotential_V: np.ndarray, current: np.ndarray) -> bool:
    return bool((current >= 0).all() and (overpotential_V < 0).any() and (overpotential_V > 0).any())


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    # Scaled first, so that the square of a huge number is one.
    x, y = x / (np.abs(x).max() or 1.0), y / (np.abs(y).max() or 1.0)
    norm = float(np.sqrt(np.sum(x**2) * np.sum(y**2)))
    return float(np.sum(x * y)) / norm if norm > 0 else 0.0


def scans_by_turns(potential_V: np.ndarray) -> np.ndarray | None:
    """The scan of each record, from 1: there and back is one. None where the potential turns less than twice.

    A turn counts where the potential goes back by more than two in 25 parts of its whole range, so noise makes none.
    """
    span = np.ptp(potential_V)
    if potential_V.size < 5 or not span > 0:
        return None
    level = np.round((potential_V - potential_V.min()) / span * _LEVELS)
    at = np.flatnonzero(np.diff(level, prepend=level[0] - 1))
    turns, way, extreme, where = [], 0, level[0], 0
    for index in at.tolist():
        value = level[index]
        if way == 0 and abs(value - extreme) >= 2:
            way, extreme, where = (1 if value > extreme else -1), value, index
        elif way and (value - extreme) * way > 0:
            extreme, where = value, index
        elif way and (extreme - value) * way > 2:
            turns.append(where)
            way, extreme, where = -way, value, index
    if len(turns) < 2:
        return None
    half = np.zeros(potential_V.size, np.int64)
    half[[_last_at(level, t) for t in turns]] = 1
    return np.cumsum(half) // 2 + 1


def _last_at(level: np.ndarray, index: int) -> int:
    """The middle of the records that stay at the level of a turning point."""
    stop = index
    while stop + 1 < level.size and level[stop + 1] == level[index]:
        stop += 1
    return min((index + stop) // 2 + 1, level.size - 1)


def sweep_rate(potential_V: np.ndarray, time_s: np.ndarray) -> float | None:
    """|dE/dt| [V/s] where at least four fifths of the records keep it within a fifth: the rate of a sweep; else None."""
    step = np.diff(time_s)
    moved = step > 0
    if moved.sum() < 10:
        return None
    with np.errstate(over="ignore"):
        rate = np.abs(np.diff(potential_V)[moved] / step[moved])
    middle = float(np.median(rate))
    if not (middle > 0 and np.isfinite(middle)) or np.mean(np.abs(rate - middle) < 0.2 * middle) < 0.8:
        return None
    return float(f"{middle:.3g}")
