"""A virtual cycler: capacities cycle by cycle of a cell that loses lithium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.inventory import cycle_by_cycle, discharge_capacity
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("inventory.curve", version=1, cites=("xiao2020", "adams2018"))
def curve(
    *,
    capacity_C: Annotated[float, Par("reversible capacity of the cathode", gt=0)],
    efficiency: Annotated[float, Par("coulombic efficiency of plating and stripping, per cycle", gt=0, le=1)],
    excess: Annotated[float, Par("excess lithium over the cathode's reversible capacity (N/P)", ge=0)] = 0.0,
    hidden_reservoir: Annotated[
        float, Par("irreversible first-cycle capacity of the cathode over its reversible one", ge=0)
    ] = 0.0,
    cycles: Annotated[int, Par("number of cycles", ge=1, le=1_000_000)] = 200,
    noise: Annotated[float, Par("standard deviation of a measured capacity over the capacity", ge=0, lt=0.5)] = 0.0,
    rng: np.random.Generator,
) -> Cycling:
    """Charge and discharge capacities [C] of a cell whose plated lithium is recovered with a constant efficiency.

    Cycle 1 charges Q(1 + h), every later one what the discharge before it gave; of the lithium plated 1 - CE is lost; a
    discharge gives what is on the negative electrode, but Q at most. Independent normal noise, relative to each capacity, is
    added.
    *Valid when* CE is constant and lithium is the only thing that runs short. *Source* `anodefree.physics.inventory`.
    """
    cell = cycle_by_cycle(efficiency, excess, hidden_reservoir, cycles)
    charge, discharge = (
        capacity_C * part * (1 + noise * rng.standard_normal(cycles)) for part in (cell.charge, cell.discharge)
    )
    arrays = {
        "cycle_number": np.arange(1, cycles + 1),
        "charge_capacity_C": charge,
        "discharge_capacity_C": discharge,
    }
    return Measurement.of(CYCLING, arrays, {"instrument": "virtual cycler", "cell": f"N/P {excess:g}, CE {efficiency:g}"})


@curve.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Capacities against cycle."""
    cycle = measurement["cycle_number"]
    for name, label, colour in (
        ("charge_capacity_C", "charge", COLOURS[4]),
        ("discharge_capacity_C", "discharge", COLOURS[0]),
    ):
        ax.plot(cycle, measurement[name] / 3.6, ".", color=colour, markersize=2.5, label=label)
    ax.set(xlabel="cycle", ylabel="capacity / mAh", xlim=(0, None), ylim=(0, None))
    ax.legend(loc="lower left")


@curve.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose excess runs out, against the closed form; noise of 0.1 %."""
    ce, e, h = float(rng.uniform(0.99, 0.997)), float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.0, 0.1))
    number = np.arange(1, 151)
    given = 36.0 * discharge_capacity(ce, e, h, number)
    return Demo(
        (),
        {
            "cycle_number": number,
            "charge_capacity_C": np.concatenate([[36.0 * (1 + h)], given[:-1]]),
            "discharge_capacity_C": given,
        },
        {"capacity_C": 36.0, "efficiency": ce, "excess": e, "hidden_reservoir": h, "cycles": 150, "noise": 0.001},
        tolerance=0.006,
    )
