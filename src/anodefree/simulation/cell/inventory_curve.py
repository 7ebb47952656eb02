"""A virtual cycler: capacities cycle by cycle of a cell that loses lithium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.inventory import discharge_capacity
from anodefree.physics.lithium_accounts import accounts
from anodefree.registry import Demo, stage
from anodefree.simulation.cell.inventory_inputs import (
    CapacityExponent,
    CathodeFade,
    ChargeShare,
    CRate,
    CycleCount,
    FormationCycles,
    FormationLoss,
    Noise,
    ResistanceExponent,
    ResistanceFade,
    ShortCycle,
    StrandedShare,
    fading_cell,
    losses,
    out_of_reach,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("inventory.curve", version=2, cites=("xiao2020", "adams2018"))
def curve(
    *,
    capacity_C: Annotated[float, Par("reversible capacity of the cathode", gt=0)],
    efficiency: Annotated[
        float | tuple[float, ...],
        Par("coulombic efficiency of plating and stripping: of every cycle, or a list with one for each", gt=0, le=1),
    ],
    excess: Annotated[float, Par("excess lithium over the cathode's reversible capacity (N/P)", ge=0)] = 0.0,
    hidden_reservoir: Annotated[
        float, Par("irreversible first-cycle capacity of the cathode over its reversible one", ge=0)
    ] = 0.0,
    cycles: CycleCount = 200,
    formation_loss: FormationLoss = 0.0,
    formation_cycles: FormationCycles = 3.0,
    capacity_exponent: CapacityExponent = 0.0,
    cathode_fade: CathodeFade = 0.0,
    stranded_share: StrandedShare = 0.0,
    resistance_fade: ResistanceFade = 0.0,
    resistance_exponent: ResistanceExponent = 0.5,
    c_rate: CRate = 1.0,
    charge_share: ChargeShare = 0.0,
    short_cycle: ShortCycle = None,
    noise: Noise = 0.0,
    rng: np.random.Generator,
) -> Cycling:
    """Charge and discharge capacities [C] of a full cell whose lithium is kept account of.

    Cycle 1 charges Q(1 + h), every later one what the discharge before it gave; of the lithium plated a part
    λ_k = 1 - CE + λf exp[-(k - 1)/kf], times (P/Q)^b, is lost; a discharge gives what is on the negative electrode, but no more
    than the cathode has room for, 1 - c(k - 1), less what resistance puts out of reach, g r (k - 1)^p at the rate r. From
    `short_cycle` on nothing is stored. Independent normal noise, relative to each capacity, is added.
    *Valid when* the losses do not depend on each other; the laws of fade are closures, not mechanisms: give measured numbers.
    *Source* `anodefree.physics.lithium_accounts`.

    Raises
    ------
    ConfigError: a list of efficiencies that is not as long as there are cycles.
    """
    cell = fading_cell(
        losses(efficiency, cycles, formation_loss, formation_cycles, "inventory.curve"),
        excess=excess,
        hidden_reservoir=hidden_reservoir,
        capacity_exponent=capacity_exponent,
        cathode_fade=cathode_fade,
        stranded_share=stranded_share,
        unreachable=out_of_reach(resistance_fade, resistance_exponent, c_rate, cycles),
        charge_share=charge_share,
        short_cycle=short_cycle,
    )
    kept = accounts(cell, cycles)
    charge, discharge = (
        capacity_C * part * (1 + noise * rng.standard_normal(cycles)) for part in (kept.charge, kept.discharge)
    )
    arrays = {
        "cycle_number": np.arange(1, cycles + 1),
        "charge_capacity_C": charge,
        "discharge_capacity_C": discharge,
    }
    said = f"{efficiency:g}" if isinstance(efficiency, float) else "from a table"
    return Measurement.of(CYCLING, arrays, {"instrument": "virtual cycler", "cell": f"N/P {excess:g}, CE {said}"})


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
