"""Voltage hysteresis and energy efficiency of a cell, cycle by cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling.halves import halves
from anodefree.core.figure import COLOURS, INK, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.correlated import widened_to_95
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VoltageAccuracy = Annotated[
    float,
    Par("standard deviation of the cycler's voltage", ge=0, source="0.02 % of 5 V, a common data sheet", assumed=True),
]


@stage("cycling.hysteresis", version=1, cites=("barai2015", "jcgm100"))
def hysteresis(
    cycling: Cycling,
    *,
    first_cycle: Annotated[int, Par("first cycle of the mean: formation left out", ge=1)] = 2,
    voltage_accuracy_V: VoltageAccuracy = 1e-3,
) -> Result:
    """Voltage hysteresis, mean voltages and energy efficiency of a cell, from its record of voltage and current.

    Of every charge and discharge the energy is E = ∫V dQ and the mean voltage V = E/Q. `hysteresis` [V] is the mean over the
    cycles of V_charge - V_discharge: overpotentials of both directions and what thermodynamic hysteresis there is.
    `energy_efficiency` is the mean of E_discharge/E_charge, `mean_charge` and `mean_discharge` [V] are the mean voltages. A
    constant error of the cycler's voltage cancels in the hysteresis but not in the mean voltages; their std holds it, and the
    scatter of the cycles about a straight line. `hysteresis_growth` [V] is the slope of that line per cycle.
    *Valid when* charge and discharge run at the same rate and between the same limits; rests count for nothing, a constant
    voltage step at the end of a charge counts as part of it. *Source* definitions: Barai et al. 2015; JCGM 100:2008.

    Raises
    ------
    DataError: no record, or fewer than three whole cycles from `first_cycle` on.
    """
    found = halves(cycling)
    charges = {h.cycle: h for h in found if h.direction == "charge"}
    discharges = {h.cycle: h for h in found if h.direction == "discharge"}
    both = sorted(set(charges) & set(discharges))
    number = np.array([c for c in both if c >= first_cycle], dtype=float)
    if len(number) < 3:
        raise DataError(
            f"has {len(number)} whole cycles from cycle {first_cycle} on",
            cycling.source.name,
            "three are needed: give a smaller first_cycle, or count the cycles anew (cycling.recount)",
        )
    up, down = ([table[int(c)] for c in number] for table in (charges, discharges))
    high, low = (np.array([h.mean_voltage_V for h in side]) for side in (up, down))
    efficiency = np.array([d.energy_J / c.energy_J for c, d in zip(up, down, strict=True)])
    gap = high - low
    gap_std, slope, slope_std = _line(number, gap)
    estimates = {
        "hysteresis": Estimate(float(gap.mean()), gap_std, "V", "hysteresis, mean of the cycles", "mV"),
        "hysteresis_growth": Estimate(slope, slope_std, "V", "growth of the hysteresis per cycle", "mV"),
        "energy_efficiency": Estimate(
            float(efficiency.mean()),
            float(np.hypot(_line(number, efficiency)[0], voltage_accuracy_V * gap.mean() / high.mean() ** 2)),
            "1",
            "energy efficiency, mean of the cycles",
            "%",
        ),
        "mean_charge": Estimate(
            float(high.mean()), float(np.hypot(_line(number, high)[0], voltage_accuracy_V)), "V", "mean voltage on charging"
        ),
        "mean_discharge": Estimate(
            float(low.mean()), float(np.hypot(_line(number, low)[0], voltage_accuracy_V)), "V", "mean voltage on discharging"
        ),
    }
    rates = np.array([h.mean_current_A for h in up + down])
    checks = [
        Check.that(
            "rates",
            float(np.ptp(rates)) <= 0.1 * float(rates.mean()),
            "charges and discharges run at one rate",
            f"currents are {1e3 * rates.min():.3g} to {1e3 * rates.max():.3g} mA: the hysteresis holds a change of rate",
        ),
        Check.that(
            "sign",
            bool((gap > 0).all()),
            "every charge lies above its discharge",
            "a discharge lies above its charge: is the current's sign right, and the cell a full one (not Li||Cu)?",
        ),
    ]
    curves = {
        "cycle": ("point", number),
        "charge_V": ("point", high),
        "discharge_V": ("point", low),
        "hysteresis_V": ("point", gap),
        "energy_efficiency": ("point", efficiency),
    }
    return Result.of(estimates, curves, checks)


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Std of the mean, slope and its std from the scatter about a straight line, widened for few points."""
    slope, level = np.polyfit(x, y, 1)
    dof = len(x) - 2
    scatter = widened_to_95(dof) * float(np.sqrt(np.sum((y - level - slope * x) ** 2) / dof))
    return scatter / float(np.sqrt(len(x))), float(slope), scatter / float(np.sqrt(np.sum((x - x.mean()) ** 2)))


@hysteresis.plot
def draw(result: Result, ax: Axes) -> None:
    """Mean voltages above, hysteresis below."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    top, bottom = split(ax, 2, 1, height_ratios=(1.2, 1))
    top.plot(c["cycle"], c["charge_V"], "o", color=COLOURS[1], markersize=2.5, label="charge")
    top.plot(c["cycle"], c["discharge_V"], "o", color=COLOURS[0], markersize=2.5, label="discharge")
    top.set(ylabel="mean voltage / V")
    top.tick_params(labelbottom=False)
    low, high = top.get_ylim()
    top.set_ylim(low, high + 0.35 * (high - low))
    top.legend(ncols=2, loc="upper right")
    bottom.plot(c["cycle"], 1e3 * c["hysteresis_V"], "o", color=INK, markersize=2.5)
    bottom.set(xlabel="cycle", ylabel="hysteresis / mV")


@hysteresis.demo
def demo(rng: np.random.Generator) -> Demo:
    """Sloping plateaus 80 to 120 mV apart that part slowly, seen by a cycler that is off by 1 mV as a whole."""
    gap, growth, cycles = float(rng.uniform(0.08, 0.12)), float(rng.uniform(2e-4, 5e-4)), 20
    offset, points = 1e-3 * float(rng.standard_normal()), 60
    part = np.linspace(0, 1, points)
    number = np.arange(1, cycles + 1)
    each = gap + growth * number + 5e-4 * rng.standard_normal(cycles)
    voltage = np.concatenate([np.concatenate([3.5 + 0.5 * part + g / 2, 4.0 - 0.5 * part - g / 2]) for g in each]) + offset
    arrays = {
        "time_s": np.arange(voltage.size) * 60.0,
        "voltage_V": voltage,
        "current_A": np.tile(np.repeat([1e-3, -1e-3], points), cycles),
        "record_cycle": np.repeat(number, 2 * points),
    }
    cell = Measurement.of(CYCLING, arrays, name="sloping cell")
    mean = gap + growth * float(number[1:].mean())
    truth = {"hysteresis": mean, "hysteresis_growth": growth, "mean_charge": 3.75 + mean / 2, "mean_discharge": 3.75 - mean / 2}
    return Demo((cell,), truth)
