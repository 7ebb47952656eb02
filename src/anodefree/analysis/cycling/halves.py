"""The charges and discharges of a record one by one: their cycle, their direction, charge, energy, mean voltage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.segmentation import half_cycles_of_charge

Direction = Literal["charge", "discharge"]


@dataclass(frozen=True)
class Half:
    """One charge or discharge; arrays (records,)."""

    cycle: int
    direction: Direction
    time_s: np.ndarray
    voltage_V: np.ndarray
    current_A: np.ndarray

    @property
    def passed_C(self) -> np.ndarray:
        """Charge passed up to each record, from 0, by the trapezoid rule (records,)."""
        mean = 0.5 * np.abs(self.current_A[1:] + self.current_A[:-1])
        return np.concatenate([[0.0], np.cumsum(mean * np.diff(self.time_s))])

    @property
    def charge_C(self) -> float:
        """The whole charge."""
        return float(self.passed_C[-1])

    @property
    def mean_current_A(self) -> float:
        """Charge over time, without a sign."""
        return self.charge_C / float(self.time_s[-1] - self.time_s[0])

    @property
    def energy_J(self) -> float:
        """The energy that passed: the integral of V over the charge."""
        mean = 0.5 * (self.voltage_V[1:] + self.voltage_V[:-1])
        return float(np.sum(mean * np.diff(self.passed_C)))

    @property
    def mean_voltage_V(self) -> float:
        """Energy over charge."""
        return self.energy_J / self.charge_C

    @property
    def resolution_V(self) -> float:
        """What the spacing of the records leaves open of the mean voltage: a third of what every other one alone moves it."""
        kept = np.unique(np.append(np.arange(0, self.time_s.size, 2), self.time_s.size - 1))
        coarse = replace(self, time_s=self.time_s[kept], voltage_V=self.voltage_V[kept], current_A=self.current_A[kept])
        return abs(self.mean_voltage_V - coarse.mean_voltage_V) / 3


def halves(cycling: Measurement) -> list[Half]:
    """Every charge and discharge of a record, in the order of time; rests and pulses belong to none.

    Raises
    ------
    DataError: the record lacks time, voltage or current, or no charge passes in it.
    """
    where = cycling.source.name
    missing = [n for n in ("time_s", "voltage_V", "current_A") if n not in cycling]
    if missing:
        raise DataError(
            f"has no record of {', '.join(missing)}", where, "capacities alone do not do: export the record of the test"
        )
    time, voltage, current = cycling["time_s"], cycling["voltage_V"], cycling["current_A"]
    of = cycling["record_cycle"] if "record_cycle" in cycling else None  # noqa: SIM401 (a measurement has no get)
    found = []
    for number, run in enumerate(half_cycles_of_charge(time, current)):
        if len(run) < 2:
            continue
        cycle = int(np.median(of[run])) if of is not None else number // 2 + 1
        direction: Direction = "charge" if np.median(np.sign(current[run])) > 0 else "discharge"
        found.append(Half(cycle, direction, time[run], voltage[run], current[run]))
    found = [h for h in found if h.charge_C > 0]
    if not found:
        raise DataError("no charge passes in its record", where, "is it a rest or an open-circuit record?")
    return found


def half_of(found: list[Half], direction: Direction, cycle: int | None, where: str) -> Half:
    """The largest charge or discharge of a cycle; the first of all where no cycle is asked for.

    Raises
    ------
    DataError: there is none.
    """
    mine = [h for h in found if h.direction == direction]
    if not mine:
        raise DataError(f"has no {direction}", where, "is the current's sign positive on charging?")
    if cycle is None:
        return mine[0]
    of_cycle = [h for h in mine if h.cycle == cycle]
    if not of_cycle:
        raise DataError(f"has no {direction} in cycle {cycle}", where, f"its cycles are {mine[0].cycle} to {mine[-1].cycle}")
    return max(of_cycle, key=lambda h: h.charge_C)
