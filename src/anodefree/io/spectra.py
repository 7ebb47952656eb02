"""A table with frequency and impedance -> an impedance measurement: spectra told apart, the sign of Z'' settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.stated import stated_temperature
from anodefree.io.table import Table
from anodefree.kinds.impedance import IMPEDANCE

MAX_POINTS: Final = 20_000_000
_MOSTLY: Final = 0.8


def impedance(table: Table, meta: Mapping[str, Any] | None = None, *, sign_is_sure: bool = False) -> Measurement:
    """Spectra from a table; `sign_is_sure` where the format itself fixes the sign of Z''.

    Rows at frequency 0 are direct-current records that some instruments write between spectra: they are left out, and counted
    in the metadata. Where the header does not state the sign of Z'' and the low-frequency half of the data is mostly positive,
    the exporter wrote -Z'': the sign is changed, and the metadata says so.

    Raises
    ------
    DataError: a frequency is negative, or a column's unit is missing or unknown.
    """
    notes: dict[str, Any] = {**(meta or {})}
    frequency, z = table.si("frequency_Hz"), _complex(table)
    keep = frequency != 0
    if not keep.any():
        raise DataError("every frequency is 0: it holds records at direct current, no spectrum")
    if (frequency < 0).any():
        raise DataError(
            f"column '{table.column('frequency_Hz').header}' holds a negative frequency",
            f"line {int(table.lines[int(np.argmax(frequency < 0))])}",
        )
    if not keep.all():
        notes["rows_left_out"] = f"{int((~keep).sum())} records at frequency 0"
    frequency, z = frequency[keep], z[keep]
    bare = [n for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm") if n in table and table.column(n).unit is None]
    if bare and not sign_is_sure:
        notes["units_assumed"] = "Hz and ohm (the file states none)"
    stated = sign_is_sure or "Z_im_ohm" not in table or table.column("Z_im_ohm").signed
    if not stated and _inverted(frequency, z):
        z = np.conj(z)
        notes["sign_of_Z_im"] = "changed: the file holds -Z'' (it is mostly positive at low frequency)"
    ends = np.flatnonzero(_breaks(table, keep, frequency)) + 1
    parts = np.split(np.arange(frequency.size), ends)
    longest = max(p.size for p in parts)
    if len(parts) * longest > MAX_POINTS:
        raise DataError(
            f"holds {len(parts)} spectra of 1 to {longest} points, too uneven for one series",
            hint="is its column of spectrum or cycle numbers what it seems? else split the file",
        )
    arrays: dict[str, Any] = {
        "frequency_Hz": _padded(frequency, parts),
        "Z_re_ohm": _padded(z.real, parts),
        "Z_im_ohm": _padded(z.imag, parts),
    }
    for name, column in (("temperature_K", "temperature_K"), ("potential_V", "voltage_V")):
        found = _mean(table, column, keep, parts)
        if found is not None and (name != "temperature_K" or (found > 0).all()):  # -327.67 °C is "no sensor" in one format
            arrays[name] = found
    if "temperature_K" not in arrays:
        found = _stated(table, np.flatnonzero(keep)[[p[0] for p in parts]])
        if found is not None:
            arrays["temperature_K"] = found
    start = _mean(table, "time_s", keep, [p[:1] for p in parts]) if len(parts) > 1 else None
    if start is not None:
        arrays["time_s"] = start - start[0]
    return Measurement.of(IMPEDANCE, arrays, notes)


def _complex(table: Table) -> np.ndarray:
    if "Z_re_ohm" in table and "Z_im_ohm" in table:
        return np.asarray(table.si("Z_re_ohm") + 1j * table.si("Z_im_ohm"))
    return np.asarray(table.si("Z_abs_ohm") * np.exp(1j * table.si("Z_phase_rad")))


def _inverted(frequency: np.ndarray, z: np.ndarray) -> bool:
    """Whether Z'' is mostly positive over the lower half of the measured decades, where cells are capacitive."""
    low = np.log(frequency) <= 0.5 * (np.log(frequency.min()) + np.log(frequency.max()))
    return bool(np.mean(z.imag[low] > 0) >= _MOSTLY and np.sum(z.imag[low]) > 0)


def _breaks(table: Table, keep: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """True between two rows that belong to different spectra."""
    for name in ("spectrum", "cycle"):
        if name in table:
            changes = np.diff(table.raw[name][keep]) != 0
            if changes.any() or name == "spectrum":
                return np.asarray(changes)
    log = np.log(frequency)
    step, span = np.diff(log), np.ptp(log)
    if span == 0:
        return np.zeros(step.size, bool)
    # A sweep runs one way; a jump back over more than half of its decades starts the next one.
    return np.asarray(-np.sign(np.median(step)) * step > 0.5 * span)


def _padded(values: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    rows = np.full((len(parts), max(p.size for p in parts)), np.nan)
    for row, part in zip(rows, parts, strict=True):
        row[: part.size] = values[part]
    return rows


def _stated(table: Table, starts: np.ndarray) -> np.ndarray | None:
    """The temperature that the lines above each of several spectra state, if those of all of them do."""
    said = {0: [kelvin for line in table.preamble[-200:] if (kelvin := stated_temperature(line[:400])) is not None]}
    for row, line in table.asides:
        kelvin = stated_temperature(line)
        if kelvin is not None:
            said.setdefault(row, []).append(kelvin)
    if starts.size < 2 or not all(said.get(int(s)) for s in starts):
        return None
    return np.array([said[int(s)][-1] for s in starts])


def _mean(table: Table, name: str, keep: np.ndarray, parts: list[np.ndarray]) -> np.ndarray | None:
    """The mean of a column in each spectrum; None where it is absent, incomplete, or of an unknown unit (it is not needed)."""
    if name not in table or not table.column(name).known_unit or (name == "time_s" and table.column(name).unit is None):
        return None
    values = table.si(name)[keep]
    # The mean of equal numbers is that number, to the last digit.
    means = np.array([values[p[0]] if (values[p] == values[p[0]]).all() else values[p].mean() for p in parts])
    return means if np.isfinite(means).all() else None
