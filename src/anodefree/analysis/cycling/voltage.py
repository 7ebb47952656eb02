"""Mean voltage, capacity and energy of one discharge: what a cell's energy density rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.analysis.cycling.counting import OF_RANGE
from anodefree.analysis.cycling.halves import half_of, halves
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST: Final = 8
_OFF_V: Final = 5.8e-4


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
    where = cycling.source.name
    found = halves(cycling)
    down = half_of(found, "discharge", cycle, where)
    if down.time_s.size < FEWEST:
        raise DataError(
            f"the discharge of cycle {down.cycle} has {down.time_s.size} records", where, f"{FEWEST} at least are needed"
        )
    mean, spacing = down.mean_voltage_V, down.resolution_V
    mean_std = float(np.hypot(voltage_accuracy_V, spacing))
    estimates = {
        "mean_voltage": Estimate(mean, mean_std, "V", f"mean voltage of discharge {down.cycle}"),
        "capacity": Estimate(down.charge_C, current_accuracy * down.charge_C, "C", "discharge capacity"),
        "energy": Estimate(
            down.energy_J, float(down.energy_J * np.hypot(mean_std / mean, current_accuracy)), "J", "discharge energy"
        ),
    }
    curves = {"discharge_C": ("discharge", down.passed_C), "discharge_V": ("discharge", down.voltage_V)}
    up = next((h for h in found if h.direction == "charge" and h.cycle == down.cycle and h.time_s.size >= FEWEST), None)
    if up is None:
        gap, gap_std, ratio, ratio_std = (float("nan"),) * 4
    else:
        over = up.mean_voltage_V
        apart = float(np.hypot(spacing, up.resolution_V))
        gap, gap_std = over - mean, apart
        ratio = mean / over
        ratio_std = ratio * float(np.hypot(apart / over, voltage_accuracy_V * gap / (mean * over)))
        curves |= {"charge_C": ("charge", up.passed_C), "charge_V": ("charge", up.voltage_V)}
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
                float(down.voltage_V.min()) > 0,
                "the voltage stays above 0 V while discharging",
                "the voltage falls below 0 V while discharging: a half cell, whose mean voltage is an overpotential",
            ),
        ],
    )


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
