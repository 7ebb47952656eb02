"""Cycles counted anew: by the instrument's own numbers, or by half cycles from a charge or from a discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.core.figure import COLOURS, INK, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import DataError
from anodefree.io.records import charge_by_cycle
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.segmentation import half_cycles_of_charge
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTED = {
    "charge": "half cycles, each cycle from a charge on",
    "discharge": "half cycles, each cycle from a discharge on",
    "first": "half cycles, each cycle from the direction on in which the test began",
}


@stage("cycling.recount", version=1, cites=("chen2026",))
def recount(
    cycling: Cycling,
    *,
    begins_with: Annotated[
        Literal["charge", "discharge", "first"], Par("the direction with which a cycle begins; first: that of the test")
    ] = "charge",
    formation_halves: Annotated[int, Par("half cycles at the start that make up cycle 0, not counted", ge=0)] = 0,
) -> Cycling:
    """The same record with its cycles counted by a stated rule, and their charges [C] added up anew.

    A cycle is two half cycles of opposite current, and it begins where the current turns to `begins_with`; what comes before
    the first such turn, and the first `formation_halves` half cycles, is cycle 0. Rests belong to the half cycle before them,
    pulses (less than 0.2 % of the largest charge) count for nothing. Q = ∫|I|dt by the trapezoid rule. The rule is kept as
    `cycles_from` in the metadata.
    *Valid when* the record holds the current. Cyclers count in ways of their own (program loops, from the first step, from the
    first charge), so that the same cell can lose or gain a cycle, and efficiencies can pair the wrong halves: in an anode-free
    cell charge comes first, in Li||Cu discharge. *Source* definition; the paper does not state its rule.

    Raises
    ------
    DataError: there is no record of current, or fewer half cycles than are taken off.
    """
    where = cycling.source.name
    missing = [n for n in ("time_s", "current_A") if n not in cycling]
    if missing:
        raise DataError(f"has no record of {', '.join(missing)}", where, "capacities cannot be counted anew")
    time, current = cycling["time_s"], cycling["current_A"]
    runs = half_cycles_of_charge(time, current)
    if len(runs) <= formation_halves:
        raise DataError(f"has {len(runs)} half cycles", where, f"formation_halves = {formation_halves} leaves none to count")
    sign = np.array([np.sign(np.median(current[r])) for r in runs])
    wanted = {"charge": 1.0, "discharge": -1.0, "first": sign[formation_halves]}[begins_with]
    counted = np.zeros(len(runs), dtype=np.int64)
    number = 0
    for k in range(formation_halves, len(runs)):
        number += int(sign[k] == wanted)
        counted[k] = number
    cycle = np.zeros(time.size, dtype=np.int64)
    for k, run in enumerate(runs):
        stop = runs[k + 1][0] if k + 1 < len(runs) else time.size
        cycle[run[0] if k else 0 : stop] = counted[k]
    numbers, of = np.unique(cycle, return_inverse=True)
    charge, discharge = charge_by_cycle(time, current, of, numbers.size)
    kept = {n: cycling[n] for n in ("time_s", "voltage_V", "current_A") if n in cycling}
    notes = dict(cycling.meta)
    notes.update(cycles_from=COUNTED[begins_with], capacity_from="current integrated over time")
    notes.pop("capacity_note", None)
    arrays = {
        **kept,
        "record_cycle": cycle,
        "cycle_number": numbers,
        "charge_capacity_C": charge,
        "discharge_capacity_C": discharge,
    }
    return Measurement.of(CYCLING, arrays, notes)


@recount.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Which record belongs to which cycle, and the charges of each."""
    top, bottom = split(ax, 2, 1)
    hours = measurement["time_s"] / 3600
    top.plot(hours, 1e3 * measurement["current_A"], color=COLOURS[0], linewidth=0.7)
    top.set(xlabel="time / h", ylabel="current / mA")
    first = np.flatnonzero(np.diff(measurement["record_cycle"]) > 0) + 1
    for at in first[:200]:
        top.axvline(hours[at], color=INK, linewidth=0.4)
    for name, colour, label in (("charge", COLOURS[1], "charge"), ("discharge", COLOURS[0], "discharge")):
        bottom.plot(
            measurement["cycle_number"], measurement[f"{name}_capacity_C"] / 3.6, "o", color=colour, markersize=3, label=label
        )
    bottom.set(xlabel="cycle", ylabel="capacity / mAh")
    bottom.legend(ncols=2)


@recount.demo
def demo(rng: np.random.Generator) -> Demo:
    """A test that begins with two formation half cycles and then a discharge; cycles are counted from the charge on."""
    halves = np.array([-1.0, 1.0, -1.0, *np.tile([1.0, -1.0], 5)]) * float(rng.uniform(0.5, 2.0)) * 1e-3
    current = np.repeat(halves, 40)
    time = np.arange(current.size) * 30.0
    voltage = np.where(current > 0, 0.05, -0.05)
    cell = Measurement.of(CYCLING, {"time_s": time, "voltage_V": voltage, "current_A": current}, name="loops")
    cycle = np.repeat([0, 0, 0, *np.repeat(np.arange(1, 6), 2)], 40)
    given = {"begins_with": "charge", "formation_halves": 2}
    return Demo((cell,), {"record_cycle": cycle, "cycle_number": np.arange(6)}, given)
