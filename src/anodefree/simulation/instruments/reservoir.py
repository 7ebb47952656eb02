"""A virtual cycler on a Li||Cu cell: the reservoir test of the average efficiency, after Aurbach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import Cycling
from anodefree.physics import plating
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments import cycler as c
from anodefree.simulation.instruments.plate_strip import check_cutoff, draw_trace, efficiencies

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Current = Annotated[float, Par("current density", gt=0, source="section 2.5: 1 and 2 mA/cm2")]
ReservoirCharge = Annotated[
    float, Par("charge of the reservoir", gt=0, source="5 mAh/cm2: the usual protocol, Adams et al. 2018", assumed=True)
]
CycledCharge = Annotated[
    float, Par("charge of a short cycle", gt=0, source="1 mAh/cm2: the usual protocol, Adams et al. 2018", assumed=True)
]
Cycles = Annotated[int, Par("number of short cycles", ge=1, le=10_000, source="Adams et al. 2018", assumed=True)]
Formations = Annotated[int, Par("formation cycles before", ge=0, le=100, source="Adams et al. 2018", assumed=True)]
FormationEfficiency = Annotated[
    float, Par("efficiency of the formation cycles", gt=0, le=1, source="a first cycle on bare copper", assumed=True)
]
Scatter = Annotated[float, Par("standard deviation of the efficiency from cycle to cycle", ge=0)]


@stage("cycler.reservoir", version=1, cites=("adams2018", "wood2016", "bard2001"))
def reservoir(
    *,
    efficiency: Annotated[float, Par("part of the plated lithium that strips again", gt=0, le=1)],
    current_density_A_m2: Current = 10.0,
    reservoir_C_m2: ReservoirCharge = 180e3,
    cycled_C_m2: CycledCharge = 36e3,
    cycles: Cycles = 10,
    formations: Formations = 1,
    formation_efficiency: FormationEfficiency = 0.97,
    scatter: Scatter = 0.0,
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
    """The record of a reservoir test of a Li||Cu cell, as a cycler would write it.

    Formation: plate Q_T, strip to the cut-off. Then the reservoir Q_T is plated, n times Q_C is stripped and plated again, and
    all that is left, Q_S, is stripped to the cut-off. Of every plating the part CE (plus scatter) strips again, so that
    (n Q_C + Q_S)/(n Q_C + Q_T) is their average, weighted by charge. Where the reservoir does not last, a short stripping ends
    at the cut-off before its charge is reached. The instrument's errors are those of `cycler.plate_strip`.
    Arrays: time_s, voltage_V, current_A, record_cycle (point); cycle_number, charge_capacity_C (stripped),
    discharge_capacity_C (plated) (cycle), as counted. Current is positive on stripping.
    *Valid when* transport in the electrolyte limits nothing. *Source* `anodefree.physics.plating`; the test: method 3 of Adams
    et al. 2018. The paper states neither its charges nor its cycles.

    Raises ConfigError: the cut-off lies below the plateau of stripping.
    """
    cell = plating.HalfCell(j0_A_m2, resistance_ohm_m2, nucleation_V)
    check_cutoff(cell, current_density_A_m2, reservoir_C_m2, cutoff_V)
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
    each = efficiencies(rng, cycles + 1, efficiency, None, 0.0, scatter)
    program = plating.reservoir(
        current_density_A_m2, reservoir_C_m2, cycled_C_m2, cycles, [formation_efficiency] * formations, each.tolist(), rest_s
    )
    legs = plating.run(cell, program, cutoff_V, by.flow)
    return c.recorded(cell, legs, area_m2, by, rng, f"Li||Cu, CE {efficiency:g}")


@reservoir.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time."""
    draw_trace(measurement, ax)


@reservoir.demo
def demo(rng: np.random.Generator) -> Demo:
    """An exact instrument: the last strip gives what the average efficiency leaves of the reservoir."""
    ce, formation, n = float(rng.uniform(0.97, 0.995)), float(rng.uniform(0.9, 0.97)), 6
    q_t, q_c = 180e3 * 1.131e-4, 36e3 * 1.131e-4
    left = ce * (n * q_c + q_t) - n * q_c
    truth = {
        "cycle_number": np.arange(1, n + 3),
        "discharge_capacity_C": np.array([q_t, q_t, *[q_c] * n]),
        "charge_capacity_C": np.array([formation * q_t, *[q_c] * n, left]),
    }
    given = {"efficiency": ce, "formation_efficiency": formation, "cycles": n, "time_resolution_s": 1e-6}
    return Demo((), truth, given, tolerance=1e-8)
