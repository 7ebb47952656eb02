"""Half cycles of a galvanostatic record: where the current keeps its direction, and the charge that passed meanwhile."""

from __future__ import annotations

import numpy as np


def half_cycles(signal: np.ndarray, threshold: float, *, hold: bool) -> list[np.ndarray]:
    """Indices of each run of one sign of a signal (n,). Values within the threshold keep the sign before them if `hold`, else
    they belong to no half cycle: a rest or a pause does not end one, only the opposite sign does.
    """
    sign = np.where(np.abs(signal) > threshold, np.sign(signal), 0.0)
    at = np.flatnonzero(sign)
    if at.size == 0:
        return []
    if hold:
        last = np.maximum.accumulate(np.where(sign != 0, np.arange(sign.size), at[0]))
        runs = np.split(np.arange(sign.size), np.flatnonzero(np.diff(sign[last]) != 0) + 1)
    else:
        runs = np.split(at, np.flatnonzero(np.diff(sign[at]) != 0) + 1)
    return [r for r in runs if r.size]


def run_of_each(runs: list[np.ndarray], records: int) -> np.ndarray:
    """The number of the run that each record belongs to (records,), -1 where it belongs to none."""
    of = np.full(records, -1)
    for number, run in enumerate(runs):
        of[run] = number
    return of


def charge_of_each_C(time_s: np.ndarray, current_A: np.ndarray, runs: list[np.ndarray]) -> np.ndarray:
    """Size of the charge [C] of each run, by the trapezoid rule: half of an interval belongs to the record at either end."""
    step = np.diff(time_s)
    duration = 0.5 * (np.concatenate([step, [0.0]]) + np.concatenate([[0.0], step]))
    charge = np.abs(current_A) * duration
    return np.array([charge[run].sum() for run in runs])


def time_of_each_s(time_s: np.ndarray, runs: list[np.ndarray]) -> np.ndarray:
    """Time [s] for which the current of each run flowed, pauses left out, by the same rule as its charge."""
    step = np.diff(time_s)
    duration = 0.5 * (np.concatenate([step, [0.0]]) + np.concatenate([[0.0], step]))
    return np.array([duration[run].sum() for run in runs])


def blind_s(time_s: np.ndarray, runs: list[np.ndarray]) -> np.ndarray:
    """Standard deviation [s] of the time for which each run's current flowed.

    A current that starts or stops between two records does so anywhere between them, so each such interval g leaves
    g/sqrt(12); a run has two of them, and two more for every pause. Zero where the instrument wrote both sides of a step.
    """
    step, last = np.diff(time_s), time_s.size - 1
    squares = []
    for run in runs:
        breaks = np.flatnonzero(np.diff(run) > 1)
        ends = np.concatenate([run[breaks], run[-1:]])
        starts = np.concatenate([run[:1], run[breaks + 1]])
        gaps = np.concatenate([step[ends[ends < last]], step[starts[starts > 0] - 1]])
        squares.append(float((gaps**2).sum()) / 12)
    return np.sqrt(np.array(squares))


def half_cycles_of_charge(
    time_s: np.ndarray, current_A: np.ndarray, *, rest: float = 1e-3, least: float = 2e-3
) -> list[np.ndarray]:
    """Half cycles by the sign of the current, without those that an instrument's noise at rest makes up.

    Currents within `rest` of the largest one are rest; runs with less than `least` of the largest charge count for nothing,
    and what they seemed to part is joined again.
    """
    runs = half_cycles(current_A, rest * float(np.max(np.abs(current_A), initial=0.0)), hold=False)
    if len(runs) < 2:
        return runs
    charge = charge_of_each_C(time_s, current_A, runs)
    kept = np.zeros(current_A.size)
    for run, passed in zip(runs, charge, strict=True):
        if passed > least * charge.max():
            kept[run] = np.sign(current_A[run[0]])
    return half_cycles(kept, 0.5, hold=False)
