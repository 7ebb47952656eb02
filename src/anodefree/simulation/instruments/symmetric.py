"""A virtual cycler on a Li||Li cell: equal charges to and fro, with a plateau that grows and may collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.butler_volmer import plating_and_stripping_V
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments import cycler as c
from anodefree.simulation.instruments.plate_strip import draw_trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("cycler.symmetric", version=1, cites=("wood2016", "chen2017", "bard2001"))
def symmetric(
    *,
    current_density_A_m2: Annotated[float, Par("current density", gt=0, source="section 2.5: 2 mA/cm2")] = 20.0,
    capacity_C_m2: Annotated[
        float, Par("charge of each half cycle", gt=0, source="2 mAh/cm2; not stated", assumed=True)
    ] = 72e3,
    cycles: Annotated[int, Par("number of cycles", ge=1, le=20_000)] = 50,
    growth_per_cycle_ohm_m2: Annotated[float, Par("growth of the resistance per cycle, times area", ge=0)] = 0.0,
    nucleation_part: Annotated[
        float, Par("overshoot at each reversal, over the plateau", ge=0, source="usual in ether", assumed=True)
    ] = 0.3,
    soft_short_cycle: Annotated[int | None, Par("cycle with which a soft short begins; none: it never does", ge=1)] = None,
    short_part: Annotated[float, Par("part of the voltage that a soft short takes away", ge=0, lt=1)] = 0.7,
    area_m2: c.Area = c.COIN_M2,
    j0_A_m2: c.ExchangeCurrent = 13.4,
    resistance_ohm_m2: c.Resistance = 2e-3,
    temperature_K: Annotated[float, Par("temperature of the cell", gt=0, source="25 °C; not stated", assumed=True)] = 298.15,
    sampling_s: c.Sampling = 60.0,
    voltage_noise_V: c.VoltageNoise = 1e-4,
    current_noise: c.CurrentNoise = 1e-4,
    rng: np.random.Generator,
) -> Cycling:
    """The record of a symmetric lithium cell, as a cycler would write it.

    In half cycle h of cycle k the plateau is |V| = eta_p + eta_s + j (r + growth (k - 1)), both electrodes by Butler-Volmer; an
    overshoot of `nucleation_part` fades after each reversal over 2 % of the half cycle. From `soft_short_cycle` on the voltage
    is (1 - short_part) of that. Arrays: time_s, voltage_V, current_A, record_cycle (point).
    *Valid when* transport in the electrolyte limits nothing. *Source* Bard and Faulkner 2001, equation 3.4.11; shape of the
    trace: Wood et al. 2016; growth with dead lithium: Chen et al. 2017.
    """
    half_s = capacity_C_m2 / current_density_A_m2
    per_half = max(round(half_s / sampling_s), 2)
    t = np.linspace(0.0, half_s, per_half + 1)
    eta = float(np.sum(plating_and_stripping_V(current_density_A_m2, j0_A_m2, 0.5, temperature_K)))
    k = np.repeat(np.arange(cycles), 2)
    plateau = eta + current_density_A_m2 * (resistance_ohm_m2 + growth_per_cycle_ohm_m2 * k)
    if soft_short_cycle is not None:
        plateau = np.where(k + 1 >= soft_short_cycle, (1 - short_part) * plateau, plateau)
    sign = np.tile([-1.0, 1.0], cycles)
    shape = 1 + nucleation_part * np.exp(-t / (0.02 * half_s))
    voltage = (sign * plateau)[:, None] * shape
    current = np.broadcast_to((sign * current_density_A_m2 * area_m2)[:, None], voltage.shape)
    arrays = {
        "time_s": (np.arange(2 * cycles)[:, None] * half_s + t).ravel(),
        "voltage_V": (voltage + voltage_noise_V * rng.standard_normal(voltage.shape)).ravel(),
        "current_A": (current * (1 + current_noise * rng.standard_normal(voltage.shape))).ravel(),
        "record_cycle": np.repeat(k + 1, per_half + 1),
    }
    return Measurement.of(CYCLING, arrays, {"instrument": "virtual cycler", "cell": "Li||Li", "area_m2": area_m2})


@symmetric.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time."""
    draw_trace(measurement, ax)


@symmetric.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise and overshoot, against the closed form 4 RT/F asinh(j/2j0) + j r."""
    j, j0, r, growth = float(rng.uniform(5, 30)), float(rng.uniform(3, 20)), 2e-3, 1e-5
    k = np.repeat(np.arange(8), 2)
    plateau = 4 * 8.31446261815324 * 298.15 / 96485.33212331 * np.arcsinh(j / (2 * j0)) + j * (r + growth * k)
    voltage = np.repeat(np.tile([-1.0, 1.0], 8) * plateau, 61)
    given = {
        "current_density_A_m2": j,
        "capacity_C_m2": 3600 * j,
        "j0_A_m2": j0,
        "cycles": 8,
        "growth_per_cycle_ohm_m2": growth,
        "nucleation_part": 0.0,
        "voltage_noise_V": 0.0,
    }
    return Demo((), {"voltage_V": voltage}, given, tolerance=1e-9)
