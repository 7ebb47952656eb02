"""A table of time, voltage and current, or of capacities cycle by cycle -> a cycling measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.table import Table
from anodefree.io.whole import whole_numbers
from anodefree.kinds.cycling import CYCLING

_REST: Final = 1e-3
"""Currents below this part of the largest are rest: offset of the instrument, not a direction."""


def cycling(table: Table, meta: Mapping[str, Any] | None = None) -> Measurement:
    """Cycling from a table of records or of cycles.

    From records, the charge of each cycle follows where a cycle number or a change of the current's sign tells cycles apart:
    from the instrument's own counters where the file has both, else from the current by the trapezoid rule.

    Raises
    ------
    DataError: time runs backwards, cycle numbers are not whole, or a column's unit is missing or unknown.
    """
    notes: dict[str, Any] = {**(meta or {})}
    if "time_s" in table or "point:time_s" in table:
        arrays = _records(table, notes)
    else:
        arrays = {"cycle_number": whole_numbers(table, "cycle")}
        arrays.update({n: table.si(n) for n in ("charge_capacity_C", "discharge_capacity_C") if n in table})
    return Measurement.of(CYCLING, arrays, notes)


def _records(table: Table, notes: dict[str, Any]) -> dict[str, np.ndarray]:
    beside = any(c.level for c in table.columns)
    level = "point:" if beside else ""
    arrays = {n: table.si(level + n) for n in ("time_s", "voltage_V", "current_A") if level + n in table}
    time = arrays["time_s"]
    back = np.diff(time) < 0
    if back.any():
        raise DataError(
            f"time runs backwards in column '{table.column(level + 'time_s').header}'",
            f"line {int(table.lines[int(np.argmax(back)) + 1])}",
            "the time of the whole test is needed: is it the time of a step, or are two runs one below the other?",
        )
    for name in ("record_cycle", "cycle"):
        if level + name in table:
            arrays["record_cycle"] = whole_numbers(table, level + name)
            break
    if beside:
        for name in ("charge_capacity_C", "discharge_capacity_C"):
            if "cycle:" + name in table:
                arrays[name] = table.si("cycle:" + name)
        if "cycle:cycle" in table:
            arrays["cycle_number"] = whole_numbers(table, "cycle:cycle")
        return arrays
    if "current_A" in arrays:
        counters = [table.si(n) for n in ("charge_capacity_C", "discharge_capacity_C") if n in table]
        return with_capacities(arrays, notes, counters)
    return arrays


def with_capacities(
    arrays: Mapping[str, np.ndarray], notes: dict[str, Any], counters: Sequence[np.ndarray] = ()
) -> dict[str, np.ndarray]:
    """The record with the charge [C] of each cycle: from the two counters of the instrument, else from current over time."""
    found = dict(arrays)
    current = found["current_A"]
    if "record_cycle" not in found:
        cycle = cycles_by_sign(current)
        if cycle is None:
            return found
        found["record_cycle"] = cycle
        notes["cycles_from"] = "changes of the current's sign"
    numbers, of = np.unique(found["record_cycle"], return_inverse=True)
    integrated = charge_by_cycle(found["time_s"], current, of, numbers.size)
    counted = _counted(counters, of, numbers.size) if len(counters) == 2 else None
    charge, discharge = integrated if counted is None else counted
    notes["capacity_from"] = "current integrated over time" if counted is None else "counters of the instrument"
    if counted is not None:
        whole, ours = sum(map(np.sum, counted)), sum(map(np.sum, integrated))
        if abs(whole - ours) > 0.05 * max(whole, ours):
            notes["capacity_note"] = f"the current integrates to {ours / 3.6:.4g} mAh, the counters say {whole / 3.6:.4g} mAh"
    return {**found, "cycle_number": numbers, "charge_capacity_C": charge, "discharge_capacity_C": discharge}


def cycles_by_sign(current_A: np.ndarray) -> np.ndarray | None:
    """The cycle of each record from the sign of the current: a cycle is two half cycles of opposite sign. None if it keeps one.

    Rest belongs to the half cycle before it.
    """
    sign = np.where(np.abs(current_A) > _REST * np.abs(current_A).max(), np.sign(current_A), 0.0)
    at = np.flatnonzero(sign)
    if at.size == 0:
        return None
    last = np.maximum.accumulate(np.where(sign != 0, np.arange(sign.size), at[0]))
    half = np.concatenate([[0], np.cumsum(np.diff(sign[last]) != 0)])
    return (half // 2 + 1).astype(np.int64) if half[-1] > 0 else None


def charge_by_cycle(time_s: np.ndarray, current_A: np.ndarray, of: np.ndarray, cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Charge [C] passed with positive and with negative current in each cycle, by the trapezoid rule.

    `of` is each record's cycle; half of an interval belongs to the record at either end.
    """
    step = np.diff(time_s)
    duration = 0.5 * (np.concatenate([step, [0.0]]) + np.concatenate([[0.0], step]))
    charge = np.bincount(of, np.maximum(current_A, 0.0) * duration, cycles)
    discharge = np.bincount(of, np.maximum(-current_A, 0.0) * duration, cycles)
    return charge, discharge


def _counted(counters: Sequence[np.ndarray], of: np.ndarray, cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Charge by cycle from the instrument's counters, whether they are reset at each step, each cycle or never."""
    charge, discharge = (np.bincount(of[1:], np.maximum(np.diff(np.abs(c)), 0.0), cycles) for c in counters)
    return charge, discharge
