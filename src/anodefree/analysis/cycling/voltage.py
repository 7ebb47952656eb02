"""Mean voltage, capacity and energy of one discharge: what a cell's energy density rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.analysis.cycling.counting import OF_RANGE
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.segmentation import half_cycles_of_charge
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST: Final = 8
_OFF_V: Final = 5.8e-4


def integrals(time_s: np.ndarray, voltage_V: np.ndarray, current_A: np.ndarray) -> tuple[float, float]:
    """Charge ∫|I| dt [C] and energy ∫V|I| dt [J] of records (n,), by the trapezoid rule."""
    size = np.abs(current_A)
    return float(np.trapezoid(size, time_s)), float(np.trapezoid(size * voltage_V, time_s))


def resolution_V(time_s: np.ndarray, voltage_V: np.ndarray, current_A: np.ndarray) -> float:
    """What the spacing of the records leaves open of the mean voltage: a third of what leaving every other one out moves it."""
    kept = np.unique(np.append(np.arange(0, time_s.size, 2), time_s.size - 1))
    fine, coarse = (integrals(time_s[k], voltage_V[k], current_A[k]) for k in (slice(None), kept))
    return abs(fine[1] / fine[0] - coarse[1] / coarse[0]) / 3


def half_of(cycling: Measurement, sign: int, cycle: int | None) -> tuple[np.ndarray, int]:
    """The records of a cycle's charge (sign 1) or discharge (-1), the first where no cycle is asked for, and its number.

    Raises
    ------
    DataError: there is no such half cycle, or it has too few records.
    """
    where = cycling.source.name
    missing = [n for n in ("time_s", "voltage_V", "current_A") if n not in cycling]
    if missing:
        raise DataError(f"has no {' and no '.join(missing)}", where, "a mean voltage needs the record, not capacities only")
    current = cycling["current_A"]
    runs = [r for r in half_cycles_of_charge(cycling["time_s"], current) if sign * current[r[0]] > 0]
    what = "charge" if sign > 0 else "discharge"
    if not runs:
        raise DataError(f"has no {what}", where, "is the current's sign positive on charging?")
    numbers = cycling["record_cycle"][[r[0] for r in runs]] if "record_cycle" in cycling else np.arange(1, len(runs) + 1)
    if cycle is None:
        chosen = 0
    else:
        at = np.flatnonzero(numbers == cycle)
        if at.size == 0:
            raise DataError(f"has no {what} in cycle {cycle}", where, f"its cycles are {numbers[0]:g} to {numbers[-1]:g}")
        chosen = int(at[0])
    if runs[chosen].size < FEWEST:
        raise DataError(
            f"the {what} of cycle {numbers[chosen]:g} has {runs[chosen].size} records", where, f"{FEWEST} at least are needed"
        )
    return runs[chosen], int(numbers[chosen])


@stage("cycling.voltage", version=1, cites=("jcgm100",))
def voltage(
    cycling: Cycling,
    *,
    cycle: Annotated[int | None, Par("cycle that is looked at; none: the first that discharges", ge=0)] = None,
    voltage_accuracy_V: Annotated[
        float,
        Par("error of the voltage, standard deviation", ge=0, source="±1 mV, a common data sheet, over sqrt(3)", assumed=True),
    ] = _OFF_V,
    current_accuracy: Annotated[
        float,
        Par("relative error of the current's scale, standard deviation", ge=0, source="±0.02 % over sqrt(3)", assumed=True),
    ] = OF_RANGE,
) -> Result:
    """Mean voltage, capacity and energy of a discharge, and the voltage's loss against the charge before it.

    $Q = \\int |I| dt$, $E = \\int V|I| dt$, $\\bar V = E/Q$ over the records of one discharge (trapezoid rule), and the same of
    the charge of that cycle: `hysteresis` is the difference of the two means, `voltage_efficiency` their ratio (std NaN where
    the cycle has no charge). The std of a mean holds the voltmeter's error and what the spacing of the records leaves open; the
    current's scale cancels in it, not in capacity and energy.
    *Valid when* the current is on the record wherever it flows and the voltage is the cell's own (no leads in series).
    *Source* the definitions; errors: JCGM 100:2008, section 5.1.

    Raises
    ------
    DataError: no record of time, voltage and current, no discharge in that cycle, or fewer than eight records of it.
    """
    time, volts, current = (cycling[n] if n in cycling else np.zeros(0) for n in ("time_s", "voltage_V", "current_A"))
    down, number = half_of(cycling, -1, cycle)
    charge_C, energy_J = integrals(time[down], volts[down], current[down])
    mean = energy_J / charge_C
    spacing = resolution_V(time[down], volts[down], current[down])
    mean_std = float(np.hypot(voltage_accuracy_V, spacing))
    charge_std = current_accuracy * charge_C
    estimates = {
        "mean_voltage": Estimate(mean, mean_std, "V", f"mean voltage of discharge {number}"),
        "capacity": Estimate(charge_C, charge_std, "C", "discharge capacity"),
        "energy": Estimate(energy_J, float(energy_J * np.hypot(mean_std / mean, current_accuracy)), "J", "discharge energy"),
    }
    curves = {"discharge_C": ("discharge", _passed_C(time, current, down)), "discharge_V": ("discharge", volts[down])}
    up = _charge_of(cycling, number)
    if up is None:
        gap, gap_std, ratio, ratio_std = (float("nan"),) * 4
    else:
        up_C, up_J = integrals(time[up], volts[up], current[up])
        over = up_J / up_C
        apart = float(np.hypot(spacing, resolution_V(time[up], volts[up], current[up])))
        gap, gap_std = over - mean, apart
        ratio = mean / over
        ratio_std = ratio * float(np.hypot(apart / over, voltage_accuracy_V * gap / (mean * over)))
        curves |= {"charge_C": ("charge", _passed_C(time, current, up)), "charge_V": ("charge", volts[up])}
    estimates |= {
        "hysteresis": Estimate(gap, gap_std, "V", "mean voltage of the charge above it", "mV"),
        "voltage_efficiency": Estimate(ratio, ratio_std, "1", "mean voltages, discharge over charge", "%"),
    }
    lone = "the charge of that cycle is not on the record: hysteresis and efficiency of the voltage stay open"
    return Result.of(
        estimates,
        curves,
        [
            Check.that("charge", up is not None, "the charge of the same cycle is on the record", lone),
            Check.that(
                "records",
                spacing <= max(voltage_accuracy_V, 1e-3 * mean),
                f"the spacing of the records leaves {1e3 * spacing:.2g} mV open",
                f"the spacing of the records leaves {1e3 * spacing:.2g} mV open, more than the voltmeter: record more often",
            ),
            Check.that(
                "sign",
                float(volts[down].min()) > 0,
                "the voltage stays above 0 V while discharging",
                "the voltage falls below 0 V while discharging: a half cell, whose mean voltage is an overpotential",
            ),
        ],
    )


def _passed_C(time_s: np.ndarray, current_A: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Charge [C] passed since the first record of a run, (n,)."""
    size = np.abs(current_A[run])
    return np.concatenate([[0.0], np.cumsum(0.5 * (size[1:] + size[:-1]) * np.diff(time_s[run]))])


def _charge_of(cycling: Measurement, number: int) -> np.ndarray | None:
    """The charge of the same cycle; None where it has none that can be integrated."""
    try:
        return half_of(cycling, 1, number)[0]
    except DataError:
        return None


@voltage.plot
def draw(result: Result, ax: Axes) -> None:
    """Voltage against charge, with the mean of the discharge."""
    curves = result.curves
    if "charge_V" in curves:
        ax.plot(curves["charge_C"].values / 3.6, curves["charge_V"].values, color=COLOURS[1], label="charge")
    ax.plot(curves["discharge_C"].values / 3.6, curves["discharge_V"].values, color=COLOURS[0], label="discharge")
    mean = result.estimates["mean_voltage"]
    ax.axhline(mean.value, color=INK, linewidth=0.8, linestyle="--", label=f"mean {mean}")
    ax.set(xlabel="charge passed / mAh", ylabel="cell voltage / V", xlim=(0, None))
    ax.legend(loc="best")


@voltage.demo
def demo(rng: np.random.Generator) -> Demo:
    """A sloping curve under a cycler whose voltmeter and current scale are off by their own errors."""
    area_C, slope, n = 18.0, float(rng.uniform(0.3, 0.8)), 120
    top = float(rng.uniform(4.0, 4.3))
    passed = np.linspace(0.0, 1.0, n)
    current = 5e-4
    down = top - slope * passed - 0.1 * passed**6
    mean = top - slope / 2 - 0.1 / 7
    up = top - slope * (1 - passed) + 0.05
    off, gain = _OFF_V * rng.standard_normal(), 1 + OF_RANGE * rng.standard_normal()
    half_s = area_C / current
    arrays = {
        "time_s": np.concatenate([half_s * passed, half_s * (1 + passed) + 1e-3]),
        "voltage_V": np.concatenate([up, down]) + off + 1e-4 * rng.standard_normal(2 * n),
        "current_A": np.repeat([current, -current], n) * gain,
        "record_cycle": np.ones(2 * n, dtype=int),
    }
    truth = {"mean_voltage": mean, "capacity": area_C, "energy": area_C * mean}
    return Demo((Measurement.of(CYCLING, arrays, name="sloping cell"),), truth)
