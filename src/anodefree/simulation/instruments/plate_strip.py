"""A virtual cycler on a Li||Cu cell: plate a fixed charge, strip to the cut-off, as often as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.cycling import Cycling
from anodefree.physics.plating import HalfCell, plate_and_strip, run
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments import cycler as c

if TYPE_CHECKING:
    from matplotlib.axes import Axes


FEW: Final = 12
"""Cycles that are drawn against time."""


def efficiencies(
    rng: np.random.Generator, cycles: int, efficiency: float, first: float | None, drift: float, scatter: float
) -> np.ndarray:
    """CE of each cycle (cycles,): a line with scatter, kept within (0, 1]; the first may have its own value."""
    line = efficiency + drift * np.arange(cycles) + scatter * rng.standard_normal(cycles)
    if first is not None:
        line[0] = first
    return np.clip(line, 1e-3, 1.0)


@stage("cycler.plate_strip", version=1, cites=("wood2016", "adams2018", "bard2001"))
def plate_strip(
    *,
    efficiency: Annotated[float, Par("part of the plated lithium that strips again", gt=0, le=1)],
    current_density_A_m2: Annotated[float, Par("current density", gt=0, source="section 2.5: 0.5 mA/cm2")] = 5.0,
    capacity_C_m2: Annotated[float, Par("charge plated in each cycle", gt=0, source="1 mAh/cm2, usual", assumed=True)] = 36e3,
    cycles: Annotated[int, Par("number of cycles", ge=1, le=20_000)] = 50,
    first_efficiency: Annotated[float | None, Par("the same in the first cycle; none: as later", gt=0, le=1)] = None,
    drift_per_cycle: Annotated[float, Par("change of the efficiency per cycle")] = 0.0,
    scatter: Annotated[float, Par("standard deviation of the efficiency from cycle to cycle", ge=0)] = 0.0,
    soft_short_cycle: Annotated[int | None, Par("cycle with which a soft short begins; none: it never does", ge=1)] = None,
    short_part: Annotated[float, Par("largest part of the current that a soft short carries", ge=0, lt=1)] = 0.3,
    area_m2: c.Area = c.COIN_M2,
    j0_A_m2: c.ExchangeCurrent = 13.4,
    resistance_ohm_m2: c.Resistance = 2e-3,
    nucleation_V: c.Nucleation = 0.05,
    cutoff_V: c.Cutoff = 1.0,
    rest_s: c.Rest = 600.0,
    sampling_s: c.Sampling = 60.0,
    gain_error: c.GainError = c.NONE,
    current_offset_A: c.OffsetError = c.NONE,
    leakage_A: c.Leakage = 0.0,
    voltage_noise_V: c.VoltageNoise = 1e-4,
    current_noise: c.CurrentNoise = 1e-4,
    time_resolution_s: c.TimeResolution = 0.01,
    rng: np.random.Generator,
) -> Cycling:
    """The record of a Li||Cu cell that is plated and stripped, as a cycler would write it.

    Plating at -j until the charge Q is counted, stripping at +j until the cut-off, rests between. Of the lithium plated in
    cycle k the part CE_k = CE + drift (k - 1) + scatter strips again. The instrument holds what it believes is j: through the
    cell flows (j - offset)/(1 + gain), so its counters show CE (1 + 2 offset/j) or so. From `soft_short_cycle` on each half
    cycle loses a part of its current, drawn evenly up to `short_part`, to the short: the apparent efficiency jumps about,
    also above 1, and the voltage falls.
    Arrays: time_s, voltage_V, current_A, record_cycle (point); cycle_number, charge_capacity_C (stripped),
    discharge_capacity_C (plated) (cycle), as counted. Current is positive on stripping.
    *Valid when* transport in the electrolyte limits nothing. *Source* `anodefree.physics.plating`; the test: Adams et al. 2018.

    Raises ConfigError: the cut-off lies below the plateau of stripping.
    """
    cell = HalfCell(j0_A_m2, resistance_ohm_m2, nucleation_V)
    check_cutoff(cell, current_density_A_m2, capacity_C_m2, cutoff_V)
    by = c.instrument(
        rng,
        area_m2=area_m2,
        gain_error=gain_error,
        current_offset_A=current_offset_A,
        leakage_A=leakage_A,
        sampling_s=sampling_s,
        time_resolution_s=time_resolution_s,
        voltage_noise_V=voltage_noise_V,
        current_noise=current_noise,
    )
    each = efficiencies(rng, cycles, efficiency, first_efficiency, drift_per_cycle, scatter)
    bypass = short_part * rng.random((cycles, 2))
    if soft_short_cycle is None or soft_short_cycle > cycles:
        bypass[:] = 0.0
    else:
        bypass[: soft_short_cycle - 1] = 0.0
    program = plate_and_strip(
        current_density_A_m2, capacity_C_m2, each.tolist(), rest_s, [(float(a), float(b)) for a, b in bypass]
    )
    legs = run(cell, program, cutoff_V, by.flow)
    return c.recorded(cell, legs, area_m2, by, rng, f"Li||Cu, CE {efficiency:g}")


def check_cutoff(cell: HalfCell, density_A_m2: float, charge_C_m2: float, cutoff_V: float) -> None:
    """Raise where stripping would end before it began."""
    plateau = float(cell.voltage_V(density_A_m2, charge_C_m2))
    if plateau >= cutoff_V:
        raise ConfigError(
            f"stripping begins at {plateau:.3g} V, above the cut-off of {cutoff_V:.3g} V",
            "cutoff_V",
            "raise it, or lower current density or resistance",
        )


@plate_strip.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time; of many cycles a few as voltage against charge."""
    numbers = np.unique(measurement["record_cycle"])
    if numbers.size <= FEW:
        draw_trace(measurement, ax)
        return
    shown = numbers[np.unique(np.linspace(0, numbers.size - 1, 4).round().astype(int))]
    for colour, number in zip(COLOURS, shown, strict=False):
        _draw_cycle(measurement, number, ax, colour)
    ax.set(xlabel="charge / mAh", ylabel="voltage / V")
    ax.legend()


def draw_trace(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time."""
    ax.plot(measurement["time_s"] / 3600, measurement["voltage_V"], color=COLOURS[0], linewidth=0.7)
    ax.set(xlabel="time / h", ylabel="voltage / V")


def _draw_cycle(measurement: Measurement, number: int, ax: Axes, colour: str) -> None:
    """Plating and stripping of one cycle, each against the charge passed in it."""
    mine = measurement["record_cycle"] == number
    time, voltage, current = (measurement[n][mine] for n in ("time_s", "voltage_V", "current_A"))
    for sign, label in ((-1, f"cycle {number}"), (1, "_")):
        on = np.sign(current) == sign
        passed = np.abs(current[on]).mean() * (time[on] - time[on][0]) / 3.6 if on.any() else np.empty(0)
        ax.plot(passed, voltage[on], color=colour, linewidth=0.9, label=label)


@plate_strip.demo
def demo(rng: np.random.Generator) -> Demo:
    """An exact instrument on a cell whose efficiency drifts: what is stripped is CE_k of what is plated."""
    ce, drift, cycles = float(rng.uniform(0.95, 0.99)), float(rng.uniform(-1e-4, 1e-4)), 20
    plated = np.full(cycles, 36e3 * 1.131e-4)
    truth = {
        "cycle_number": np.arange(1, cycles + 1),
        "discharge_capacity_C": plated,
        "charge_capacity_C": plated * (ce + drift * np.arange(cycles)),
    }
    return Demo(
        (), truth, {"efficiency": ce, "drift_per_cycle": drift, "cycles": cycles, "time_resolution_s": 1e-6}, tolerance=1e-8
    )
