"""Records of a cycler as plain arrays -> a cycling measurement: cycles told apart, the charge of each counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.records import charge_by_cycle, cycles_by_sign
from anodefree.kinds.cycling import CYCLING

_REST: Final = 1e-3
"""Currents below this part of the largest are rest, and no direction."""
_PULSE: Final = 0.003
"""Half cycles that pass less than this part of the largest one's charge are pulses."""
_DOUBT: Final = 0.05
"""Counters and integrated current that differ by more than this part are worth a note."""


def cycled(
    time_s: np.ndarray,
    voltage_V: np.ndarray,
    current_A: np.ndarray,
    *,
    passed_C: tuple[np.ndarray, np.ndarray] | None = None,
    counter: np.ndarray | None = None,
    step: np.ndarray | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Measurement:
    """Cycling from records.

    `passed_C` is the charge that passed since the record before, on charging and on discharging (both positive); without it
    the current is integrated. `counter` is the cycler's own cycle number: it is kept where none of its cycles holds more than
    one charge and one discharge; a counter of program loops, or none, is replaced by counting half cycles of opposite sign in
    the order in which the test began (pulses apart). `step` numbers the steps of the program: each has one direction.

    Raises
    ------
    DataError: time runs backwards.
    """
    notes: dict[str, Any] = {**(meta or {})}
    back = np.diff(time_s) < 0
    if back.any():
        raise DataError(
            "time runs backwards", f"record {int(np.argmax(back)) + 2}", "was the clock changed? export it as CSV and mend it"
        )
    cycle = _cycles(current_A, time_s, counter, step, notes)
    numbers, of = np.unique(cycle, return_inverse=True)
    charge, discharge = charge_by_cycle(time_s, current_A, of, numbers.size)
    notes["capacity_from"] = "current integrated over time"
    if passed_C is not None:
        integrated = float(charge.sum() + discharge.sum())
        charge, discharge = (np.bincount(of, p, numbers.size) for p in passed_C)
        notes["capacity_from"] = "counters of the instrument"
        counted = float(charge.sum() + discharge.sum())
        if abs(counted - integrated) > _DOUBT * max(counted, integrated):
            notes["capacity_note"] = (
                f"the current integrates to {integrated / 3.6:.4g} mAh, the counters say {counted / 3.6:.4g} mAh"
            )
    arrays = {
        "time_s": time_s,
        "voltage_V": voltage_V,
        "current_A": current_A,
        "record_cycle": cycle,
        "cycle_number": numbers,
        "charge_capacity_C": charge,
        "discharge_capacity_C": discharge,
    }
    return Measurement.of(CYCLING, arrays, notes)


def since_last(counter_C: np.ndarray, first: np.ndarray | None = None) -> np.ndarray:
    """Charge since the record before, from a counter that starts again at 0 at the records `first`, or else where it falls."""
    size = np.abs(counter_C)
    before = np.concatenate([[0.0], size[:-1]])
    return np.where(size < before if first is None else first, size, size - before)


def begins(step: np.ndarray, step_time_s: np.ndarray | None = None) -> np.ndarray:
    """True at the first record of each step: its number changes, or its clock starts again."""
    first = np.concatenate([[True], np.diff(step) != 0])
    if step_time_s is not None:
        first[1:] |= np.diff(step_time_s) < 0
    return first


def elapsed(step_time_s: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Time since the first record, from clocks that start again at each step."""
    since = np.where(first, step_time_s, np.diff(step_time_s, prepend=0.0))
    since[0] = 0.0
    return np.asarray(np.cumsum(since))


def _cycles(
    current_A: np.ndarray, time_s: np.ndarray, counter: np.ndarray | None, step: np.ndarray | None, notes: dict[str, Any]
) -> np.ndarray:
    direction = current_A if step is None else _of_step(current_A, time_s, step)
    direction = _without_pulses(direction, current_A, time_s)
    alternations = cycles_by_sign(direction)
    if counter is not None:
        counter = counter - counter.min() + 1 if counter.min() < 1 else counter
        if alternations is None or not _holds_several(counter, direction):
            return np.asarray(counter, dtype=np.int64)
    notes["cycles_from"] = "changes of the current's sign"
    return np.ones(current_A.size, np.int64) if alternations is None else alternations


def _without_pulses(direction: np.ndarray, current_A: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """The direction, at rest in pulses: those that measure a resistance, and the currents by which a cycler ends a step."""
    active = np.flatnonzero(np.abs(direction) > _REST * np.abs(direction).max())
    if not active.size:
        return direction
    half = np.concatenate([[0], np.cumsum(np.diff(np.sign(direction[active])) != 0)])
    charge = np.bincount(half, (np.abs(current_A) * np.gradient(time_s))[active] if time_s.size > 1 else None)
    out = direction.copy()
    out[active[(charge < _PULSE * charge.max())[half]]] = 0.0
    return out


def _of_step(current_A: np.ndarray, time_s: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The mean current of each step, for each of its records; a step is one direction even where its current wavers."""
    run = np.cumsum(begins(step)) - 1
    size = np.bincount(run)
    return np.asarray((np.bincount(run, current_A) / size)[run])


def _holds_several(counter: np.ndarray, direction: np.ndarray) -> bool:
    """Whether a cycle of the counter holds more than one change between charge and discharge."""
    active = np.flatnonzero(np.abs(direction) > _REST * np.abs(direction).max())
    sign, cycle = np.sign(direction[active]), counter[active]
    turns = (np.diff(sign) != 0) & (np.diff(cycle) == 0)
    _, of = np.unique(cycle[1:][turns], return_inverse=True)
    return bool(turns.any() and np.bincount(of).max() > 1)
