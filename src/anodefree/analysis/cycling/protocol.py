"""The reservoir test in a raw record: which half cycle is formation, reservoir, short cycle, last strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.errors import DataError
from anodefree.numerics.segmentation import charge_of_each_C, half_cycles_of_charge

_LAST: Final = 5
_TWICE: Final = 2.0
NAMES: Final = ("before", "formation", "reservoir", "short cycles", "last strip", "after")
BEFORE, FORMATION, RESERVOIR, SHORT, FINAL, AFTER = range(len(NAMES))


@dataclass(frozen=True)
class Record:
    """A record with current positive on stripping and the voltage of the copper against lithium; all (n,)."""

    time_s: np.ndarray
    voltage_V: np.ndarray
    current_A: np.ndarray
    told: str
    """What was turned over, if anything."""


@dataclass(frozen=True)
class Protocol:
    """The half cycles in the order of time, and what each of them is."""

    runs: list[np.ndarray]
    sign: np.ndarray
    charge_C: np.ndarray
    end_V: np.ndarray
    """Highest voltage at the end of each half cycle or in the rest after it."""
    part: np.ndarray
    """BEFORE, FORMATION, RESERVOIR, SHORT, FINAL or AFTER."""
    threshold_V: float
    """What tells stripping to the cut-off from stripping that ended by charge."""
    others: int
    """How many more tests of this kind the record holds."""

    def of(self, *parts: int) -> np.ndarray:
        """Indices of the half cycles of these parts."""
        return np.flatnonzero(np.isin(self.part, parts))


def oriented(time_s: np.ndarray, voltage_V: np.ndarray, current_A: np.ndarray) -> Record:
    """The record in the house's convention, whatever the exporter's.

    A Li||Cu cell takes up power at all times, so voltage and current have one sign; where they differ, the current was written
    with the other one. And only stripping ends with a large voltage; where that is negative, lithium was the working electrode.
    """
    runs = half_cycles_of_charge(time_s, current_A)
    on = np.concatenate(runs) if runs else np.zeros(0, dtype=int)
    step = np.gradient(time_s) if time_s.size > 1 else np.zeros_like(time_s)
    told = []
    if float(np.sum(np.sign(voltage_V[on] * current_A[on]) * step[on])) < 0:
        current_A = -current_A
        told.append("the current is positive on plating in this file and was turned over")
    ends = {s: [float((s * voltage_V[r[-_LAST:]]).max()) for r in runs if s * current_A[r[0]] > 0] for s in (1, -1)}
    high, low = (max([0.0, *ends[s]]) for s in (1, -1))
    if low > _TWICE * high and low > _TWICE * float(np.median(np.abs(voltage_V[on]))):
        voltage_V, current_A = -voltage_V, -current_A
        told.append("the cell is recorded with lithium as the working electrode: voltage and current were turned over")
    return Record(time_s, voltage_V, current_A, "; ".join(told))


def protocol(record: Record, cutoff_V: float | None, where: str) -> Protocol:
    """The parts of a reservoir test, found from the signs of the current and from which strippings reach the cut-off.

    The threshold between a stripping that reaches the cut-off and one that ends by charge is the geometric mean of the usual
    polarisation and the highest voltage at an end, or nine tenths of the stated cut-off. Between two strippings to the cut-off
    lies a formation cycle (a plating, nothing else) or the test itself: the reservoir, pairs of stripping and plating.

    Raises
    ------
    DataError: a piece is missing; it says which.
    """
    runs = half_cycles_of_charge(record.time_s, record.current_A)
    if len(runs) < 2:
        raise DataError(f"holds {len(runs)} half cycles", where, "a reservoir test plates, cycles and strips")
    sign = np.array([np.sign(record.current_A[r[0]]) for r in runs])
    charge = charge_of_each_C(record.time_s, record.current_A, runs)
    end_V = _ends(record.voltage_V, runs)
    usual = float(np.median([np.median(np.abs(record.voltage_V[r])) for r in runs]))
    highest = float(end_V[sign > 0].max(initial=0.0))
    threshold = 0.9 * cutoff_V if cutoff_V is not None else float(np.sqrt(max(usual, 1e-4) * max(highest, 1e-4)))
    empty = (sign > 0) & (end_V > threshold) & (highest > _TWICE * usual)
    if not empty.any():
        raise DataError(
            f"no stripping ends at a cut-off: at their ends the voltage is {highest:.3g} V at most, and {usual:.3g} V is usual",
            where,
            "the test ends with stripping all lithium that is left, to 0.5 or 1 V; give cutoff_V if it is lower",
        )
    blocks = _blocks(sign, empty)
    finished = [b for b in blocks if empty[b[-1]] and b.size > 3]
    if not finished:
        raise _missing(blocks, empty, where)
    test = max(finished, key=len)
    _check_reservoir(charge, test, where)
    part = np.full(len(runs), AFTER)
    part[: test[0]] = FORMATION
    begins = next((b[0] for b in blocks if b.size >= 2), test[0])
    part[:begins] = BEFORE
    part[test] = SHORT
    part[test[0]], part[test[-1]] = RESERVOIR, FINAL
    return Protocol(runs, sign, charge, end_V, part, threshold, len(finished) - 1)


def _ends(voltage_V: np.ndarray, runs: list[np.ndarray]) -> np.ndarray:
    """The highest voltage of the last records of each run and of the rest after it, by medians of three against noise."""
    ends = []
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        until = voltage_V.size if following is None else int(following[0])
        rest = voltage_V[run[-1] + 1 : until]
        calm = float(np.median(rest)) if rest.size else -np.inf
        ends.append(max(float(voltage_V[run[-_LAST:]].max()), calm))
    return np.array(ends)


def _blocks(sign: np.ndarray, empty: np.ndarray) -> list[np.ndarray]:
    """The half cycles from one bare copper to the next; each block begins with a plating."""
    blocks: list[np.ndarray] = []
    current: list[int] = []
    for k in range(sign.size):
        if current or sign[k] < 0:
            current.append(k)
        if empty[k] and current:
            blocks.append(np.array(current))
            current = []
    if current:
        blocks.append(np.array(current))
    return blocks


def _missing(blocks: list[np.ndarray], empty: np.ndarray, where: str) -> DataError:
    """What a record lacks to be a reservoir test."""
    if blocks and not empty[blocks[-1][-1]] and blocks[-1].size > 2:
        return DataError(
            f"the last strip is missing: no stripping to the cut-off follows the {(blocks[-1].size - 1) // 2} short cycles",
            where,
            "the test was stopped early; without the last strip no efficiency follows",
        )
    if sum(b.size == 2 for b in blocks) > 1:
        return DataError(
            "the short cycles are missing: every stripping goes to the cut-off",
            where,
            "this is the conventional test: use cycling.efficiency",
        )
    return DataError(
        "the short cycles are missing: there is a plating and a stripping to the cut-off, but nothing between them",
        where,
        "is the file complete? conventional tests are for cycling.efficiency",
    )


def _check_reservoir(charge: np.ndarray, test: np.ndarray, where: str) -> None:
    """Raise where the first plating is no larger than what is stripped first."""
    if charge[test[0]] <= 1.02 * charge[test[1]]:
        raise DataError(
            f"the reservoir is missing: the first plating ({charge[test[0]] / 3.6:.3g} mAh) is no larger than the first short "
            f"stripping ({charge[test[1]] / 3.6:.3g} mAh)",
            where,
            "strippings that never reach the cut-off may be a short: see cycling.efficiency",
        )
