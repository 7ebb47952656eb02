"""The virtual cycler as an instrument: what it writes of a cell's true course, and what it may be wrong by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain
from anodefree.kinds.cycling import CYCLING
from anodefree.physics.plating import Flow, HalfCell, Leg, Trace, trace

Area = Annotated[
    float, Par("electrode area", gt=0, source="a disc of 12 mm, usual for copper in a coin cell; not stated", assumed=True)
]
COIN_M2: Final = 1.131e-4
ExchangeCurrent = Annotated[
    float, Par("exchange current density of lithium on the collector", gt=0, source="section 2.3, M-Ni: 1.34 mA/cm2")
]
Resistance = Annotated[
    float,
    Par("series resistance of electrolyte and interphase, times area", ge=0, source="20 ohm cm2, usual in ether", assumed=True),
]
Nucleation = Annotated[
    float, Par("nucleation overpotential on bare collector", ge=0, source="50 mV, usual on copper", assumed=True)
]
Cutoff = Annotated[float, Par("cell voltage at which stripping ends", gt=0, source="1 V, usual for Li||Cu", assumed=True)]
Rest = Annotated[float, Par("rest after each half cycle", ge=0, source="ten minutes, usual", assumed=True)]
Sampling = Annotated[float, Par("time between two records", gt=0, source="one minute, usual", assumed=True)]
GainError = Annotated[Uncertain, Par("relative error of the current's scale; one value is drawn for the run", gt=-0.5, lt=0.5)]
OffsetError = Annotated[Uncertain, Par("what the instrument adds to the current; one value is drawn for the run")]
Leakage = Annotated[float, Par("current that strips lithium at all times, rests too, uncounted", ge=0)]
VoltageNoise = Annotated[
    float, Par("standard deviation of a voltage record", ge=0, source="a cycler of 5 V and 16 bit", assumed=True)
]
CurrentNoise = Annotated[
    float, Par("standard deviation of a current record, relative", ge=0, source="a quiet cycler", assumed=True)
]
TimeResolution = Annotated[
    float, Par("step of the instrument's clock", ge=0, source="10 ms, usual; step ends included", assumed=True)
]
NONE: Final = Uncertain(0.0)


@dataclass(frozen=True)
class Instrument:
    """What one run of the instrument is wrong by, and how densely it writes."""

    flow: Flow
    sampling_s: float
    time_resolution_s: float
    voltage_noise_V: float
    current_noise: float


def instrument(
    rng: np.random.Generator,
    *,
    area_m2: float,
    gain_error: Uncertain,
    current_offset_A: Uncertain,
    leakage_A: float,
    sampling_s: float,
    time_resolution_s: float,
    voltage_noise_V: float,
    current_noise: float,
) -> Instrument:
    """One instrument with its errors drawn."""
    gain = gain_error.value + gain_error.std * float(rng.standard_normal())
    offset_A = current_offset_A.value + current_offset_A.std * float(rng.standard_normal())
    flow = Flow(gain, offset_A / area_m2, leakage_A / area_m2)
    return Instrument(flow, sampling_s, time_resolution_s, voltage_noise_V, current_noise)


def ticks_s(time_s: np.ndarray, resolution_s: float) -> np.ndarray:
    """Times as a clock of this resolution shows them."""
    return np.round(time_s / resolution_s) * resolution_s if resolution_s > 0 else time_s


def recorded(
    cell: HalfCell, legs: Sequence[Leg], area_m2: float, by: Instrument, rng: np.random.Generator, what: str
) -> Measurement:
    """The file an instrument would write of the closed-form cell: its records, and the charges its counters show."""
    steps = np.array([(leg.step.density_A_m2, leg.start_s, leg.start_s + leg.duration_s, leg.step.cycle) for leg in legs])
    return written(trace(cell, legs, by.sampling_s, by.flow), steps, area_m2, by, rng, {"cell": what})


def written(
    seen: Trace, steps: np.ndarray, area_m2: float, by: Instrument, rng: np.random.Generator, meta: Mapping[str, Any]
) -> Measurement:
    """The file an instrument would write of a cell's true course; `steps` (n, 4): set current density, start, end, cycle."""
    current = seen.density_A_m2 * area_m2
    noise = by.current_noise * np.abs(current) * rng.standard_normal(current.size)
    return Measurement.of(
        CYCLING,
        {
            "time_s": ticks_s(seen.time_s, by.time_resolution_s),
            "voltage_V": seen.voltage_V + by.voltage_noise_V * rng.standard_normal(current.size),
            "current_A": current + noise,
            "record_cycle": seen.cycle,
            **_counters(steps, area_m2, by.time_resolution_s),
        },
        {"instrument": "virtual cycler", "area_m2": area_m2, **meta},
    )


def _counters(steps: np.ndarray, area_m2: float, resolution_s: float) -> dict[str, np.ndarray]:
    """Charge [C] by cycle as set current times counted time, (cycle,)."""
    density, start, end, cycle = steps.T
    numbers, of = np.unique(cycle.astype(int), return_inverse=True)
    charge = area_m2 * density * (ticks_s(end, resolution_s) - ticks_s(start, resolution_s))
    return {
        "cycle_number": numbers,
        "charge_capacity_C": np.bincount(of, np.maximum(charge, 0.0), numbers.size),
        "discharge_capacity_C": np.bincount(of, np.maximum(-charge, 0.0), numbers.size),
    }
