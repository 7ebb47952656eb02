"""The two halves of each cycle: which of them puts lithium in, and how much of it the other brings back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

import numpy as np

from anodefree.analysis.cycling.counting import CLOCK_S, Cycler, Halves
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.segmentation import blind_s, charge_of_each_C, half_cycles_of_charge, time_of_each_s

Cell = Literal["auto", "half", "full"]
CellType = Annotated[
    Cell, Par("half: discharge plates (Li||Cu), CE = charge/discharge; full: CE = discharge/charge; auto: what comes first")
]
_DECIMALS: Final = 3
_HOUR_S: Final = 3600.0
_FAR: Final = 2.0
_TOO_MUCH: Final = 5e-3
"""What an efficiency may exceed 1 by before it is doubted that its halves are in order."""


def by_charge(charge_C: np.ndarray, discharge_C: np.ndarray) -> Literal["half", "full"]:
    """Half (discharge plates) where more passed on discharging in all, else full: what went in is at least what came back."""
    return "half" if float(np.nansum(discharge_C)) > float(np.nansum(charge_C)) else "full"


@dataclass(frozen=True)
class Pairs:
    """Cycle by cycle what went in and what came back, in the order of time; arrays (n,)."""

    cycle: np.ndarray
    plated: Halves
    stripped: Halves
    whole_s: np.ndarray
    """Duration of each cycle, rests included."""
    cell: Cell
    told: str
    """How half and full were told apart, for a check."""
    largest_A: float
    rounding_C: float
    """Step of the charges as the file rounds them."""
    source: str
    """Where the charges come from."""
    emptied: float | None
    """The part of the strippings that reach a cut-off; None where that cannot be told or does not matter."""
    dropped: str = ""
    """What was left out, and why."""

    @property
    def efficiency(self) -> np.ndarray:
        """CE of each cycle (n,)."""
        return self.stripped.charge_C / self.plated.charge_C


def pairs(cycling: Measurement, cell: Cell, cycler: Cycler) -> Pairs:
    """The pairs of a cycling measurement: from the instrument's counters where it has them, else from the record.

    Raises
    ------
    DataError: neither capacities of both directions nor a record of current are there, or no cycle is complete.
    """
    recorded = "time_s" in cycling and "current_A" in cycling
    counted = all(n in cycling for n in ("charge_capacity_C", "discharge_capacity_C"))
    if not recorded and not counted:
        raise DataError(
            "holds neither charge and discharge capacities nor a record of time and current",
            cycling.source.name,
            "an efficiency compares two charges: export both capacities, or the current",
        )
    own = counted and cycling.meta.get("capacity_from") != "current integrated over time"
    if not recorded and cycler.offset_A is not None:
        raise ConfigError(
            "an offset in ampere says nothing without a current, and the file holds capacities only",
            "current_offset_A",
            "leave it out: a current that fills its range is then assumed",
        )
    if own:
        return _from_counters(cycling, cell, cycler, _record(cycling) if recorded else None)
    record = _record(cycling)
    if record is None:
        raise DataError("has no half cycle of either direction", cycling.source.name, "is the current zero throughout?")
    return _from_record(cycling, cell, cycler, record)


@dataclass(frozen=True)
class _Runs:
    """Half cycles of the record: sign, charge, time of current, blind time, begin and end of each."""

    sign: np.ndarray
    charge_C: np.ndarray
    time_s: np.ndarray
    blind_s: np.ndarray
    begin_s: np.ndarray
    end_s: np.ndarray
    cycle: np.ndarray
    largest_A: float
    open_end: bool
    """Whether the record ends while current flows."""
    plates_below_zero: bool
    """Whether the voltage is negative while it discharges."""
    emptied: float
    """The part of the charging half cycles that end far above the usual polarisation."""


def _record(cycling: Measurement) -> _Runs | None:
    time, current = cycling["time_s"], cycling["current_A"]
    runs = half_cycles_of_charge(time, current)
    if not runs:
        return None
    cycle = cycling["record_cycle"] if "record_cycle" in cycling else np.zeros(time.size, dtype=int)
    voltage = cycling["voltage_V"] if "voltage_V" in cycling else np.ones(time.size)
    below = np.concatenate([*(voltage[r] for r in runs if current[r[0]] < 0), np.ones(0)])
    usual = float(np.median([np.median(np.abs(voltage[r])) for r in runs]))
    ends = np.array([voltage[r[-5:]].max() for r in runs if current[r[0]] > 0] or [0.0])
    return _Runs(
        np.array([np.sign(current[r[0]]) for r in runs]),
        charge_of_each_C(time, current, runs),
        time_of_each_s(time, runs),
        blind_s(time, runs),
        np.array([time[r[0]] for r in runs]),
        np.array([time[r[-1]] for r in runs]),
        np.array([cycle[r[0]] for r in runs]),
        float(np.quantile(np.abs(current), 0.999)),
        runs[-1][-1] == time.size - 1,
        below.size > 0 and float(np.median(below)) < 0,
        float(np.mean(ends > _FAR * usual)),
    )


def _kind(cell: Cell, runs: _Runs | None, charge: np.ndarray, discharge: np.ndarray) -> tuple[Cell, str]:
    """Half or full, and how it was told.

    What comes first puts in, unless more comes back of it than went in, which the other order explains: a cell that was not
    empty at the beginning. Where discharging runs below 0 V it plates, whatever the charges say.
    """
    words = {"half": "CE is charge over discharge (Li||Cu and alike)", "full": "CE is discharge over charge (full cell)"}
    if cell != "auto":
        return cell, f"{words[cell]}, as stated"
    found: Cell
    if runs is None:
        found = by_charge(charge, discharge)
        larger, smaller = ("discharge", "charge") if found == "half" else ("charge", "discharge")
        return found, f"more {larger} than {smaller} is counted: {words[found]}"
    if runs.plates_below_zero:
        return "half", f"discharging runs below 0 V, so it plates: {words['half']}"
    first = "discharge" if runs.sign[0] < 0 else "charge"
    found = "half" if first == "discharge" else "full"
    ratios = runs.charge_C[1:] / runs.charge_C[:-1]
    if ratios.size >= 2 and np.median(ratios[::2]) > 1 + _TOO_MUCH >= np.median(ratios[1::2]):
        found = "full" if found == "half" else "half"
        return found, (
            f"the record begins with a {first}, but more comes back than it puts in, so the cell was not empty: {words[found]}"
        )
    return found, f"the record begins with a {first}: {words[found]}"


def _from_record(cycling: Measurement, cell: Cell, cycler: Cycler, runs: _Runs) -> Pairs:
    """Each half cycle that puts in, with the one after it."""
    positive = runs.sign > 0
    kind, told = _kind(cell, runs, runs.charge_C[positive], runs.charge_C[~positive])
    start = 0 if (runs.sign[0] < 0) == (kind == "half") else 1
    into = np.arange(start, runs.sign.size - 1, 2)
    if into.size == 0:
        raise DataError("has no complete cycle", cycling.source.name, "two half cycles of opposite current are needed")
    begins = runs.begin_s[into]
    ends = np.append(begins[1:], runs.end_s[into[-1] + 1])
    blind = timing_s(runs.blind_s, cycler)
    made = Pairs(
        np.arange(1, into.size + 1),
        Halves(runs.charge_C[into], runs.time_s[into], blind[into]),
        Halves(runs.charge_C[into + 1], runs.time_s[into + 1], blind[into + 1]),
        ends - begins,
        kind,
        told,
        runs.largest_A,
        0.0,
        "the current, integrated over time",
        runs.emptied if runs.plates_below_zero else None,
    )
    last_counts = into[-1] + 1 == runs.sign.size - 1
    return _without_unfinished(made, open_end=runs.open_end and last_counts)


def timing_s(blind_s: np.ndarray, cycler: Cycler) -> np.ndarray:
    """How well the time of each half cycle is known: as stated, or by the record's gaps, not better than a usual clock."""
    if cycler.time_s is not None:
        return np.full(blind_s.size, cycler.time_s / np.sqrt(6))
    return np.maximum(blind_s, CLOCK_S / np.sqrt(6))


def _from_counters(cycling: Measurement, cell: Cell, cycler: Cycler, runs: _Runs | None) -> Pairs:
    """The instrument's own charges by cycle; times from the record where there is one."""
    charge, discharge = cycling["charge_capacity_C"], cycling["discharge_capacity_C"]
    number = cycling["cycle_number"] if "cycle_number" in cycling else np.arange(1, charge.size + 1)
    kind, told = _kind(cell, runs, charge, discharge)
    into, back = (discharge, charge) if kind == "half" else (charge, discharge)
    sign = -1.0 if kind == "half" else 1.0
    shift = int(runs is not None and _begins_with_return(runs, sign))
    if shift:
        # The instrument's cycle begins with what comes back: what went in before belongs to the cycle before.
        into, back, number = into[:-1], back[1:], number[:-1]
        told += "; the file's cycles begin with the other half, so each is paired with the next"
    times = [_times(runs, number + later, s, q) for later, s, q in ((0, sign, into), (shift, -sign, back))]
    whole = times[0] + times[1] if runs is None else _whole(runs, number)
    ends = (CLOCK_S if cycler.time_s is None else cycler.time_s) / np.sqrt(6)
    complete = (into > 0) & (back > 0)
    if not complete.any():
        raise DataError("has no complete cycle", cycling.source.name, "charge and discharge of the same cycle are needed")
    # Without a record the times are free of scale: the clock's error is then that of half cycles of an hour.
    blind = [np.full(t.size, ends) if runs is not None else t * ends / _HOUR_S for t in times]
    made = Pairs(
        number[complete],
        Halves(into[complete], times[0][complete], blind[0][complete]),
        Halves(back[complete], times[1][complete], blind[1][complete]),
        whole[complete],
        kind,
        told,
        float(np.max(into[complete] / times[0][complete])) if runs is None else runs.largest_A,
        rounding_C(np.concatenate([into, back])),
        cycling.meta.get("capacity_from", "the file's capacities"),
        runs.emptied if runs is not None and runs.plates_below_zero else None,
        "" if complete.all() else f"{int((~complete).sum())} cycles have one half only",
    )
    return _without_unfinished(made, open_end=runs is not None and runs.open_end)


def _begins_with_return(runs: _Runs, sign: float) -> bool:
    """Whether the file's cycles begin with the half that brings back, so that they pair it with what goes in afterwards."""
    numbers = np.unique(runs.cycle)
    if numbers.size < 3:
        return False
    first = np.array([runs.sign[np.flatnonzero(runs.cycle == n)[0]] for n in numbers])
    return bool(np.mean(first != sign) > 0.5)


def _times(runs: _Runs | None, number: np.ndarray, sign: float, charge: np.ndarray) -> np.ndarray:
    """How long current of this sign flowed in each cycle; without a record as long as one ampere would take (scale free)."""
    if runs is None:
        return np.maximum(charge, 1e-300)
    found = np.array([runs.time_s[(runs.cycle == n) & (runs.sign == sign)].sum() for n in number])
    return np.where(found > 0, found, np.maximum(charge, 1e-300) / runs.largest_A)


def _whole(runs: _Runs, number: np.ndarray) -> np.ndarray:
    """Duration of each cycle from its first current to that of the next; the usual one where the record lacks a cycle."""
    whole = np.full(number.size, np.nan)
    begins = {n: runs.begin_s[runs.cycle == n].min() for n in np.unique(runs.cycle)}
    known = np.flatnonzero([n in begins for n in number])
    if known.size == 0:
        return np.zeros(number.size)
    whole[known] = np.diff([*(begins[n] for n in number[known]), runs.end_s[-1]])
    return np.maximum(np.where(np.isfinite(whole), whole, np.median(whole[known])), 0.0)


def _without_unfinished(made: Pairs, *, open_end: bool) -> Pairs:
    """Leave out a last cycle whose second half was cut off by the end of the record."""
    ce = made.efficiency
    if not open_end or ce.size < 3 or ce[-1] > 0.9 * np.median(ce[:-1]):
        return made
    told = "; ".join(t for t in (made.dropped, f"cycle {made.cycle[-1]} ends with the record, unfinished") if t)
    plated, stripped = (Halves(h.charge_C[:-1], h.time_s[:-1], h.blind_s[:-1]) for h in (made.plated, made.stripped))
    return replace(made, cycle=made.cycle[:-1], plated=plated, stripped=stripped, whole_s=made.whole_s[:-1], dropped=told)


def rounding_C(charge_C: np.ndarray) -> float:
    """The step to which charges [C] were rounded in mAh or Ah, where they all are multiples of one; else 0."""
    for unit in (3600.0, 3.6):
        for decimals in range(_DECIMALS + 1 + 2 * (unit > 100)):
            scaled = charge_C / unit * 10.0**decimals
            if np.abs(scaled - np.round(scaled)).max() < 1e-6 * max(1.0, float(np.abs(scaled).max()) * 1e-6):
                return unit / 10.0**decimals
    return 0.0
