"""Virtual cyclers for cells against lithium: Li||Cu and Li||Li, capacities cycle by cycle until the lithium is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.lithium_accounts import Accounts, Cell, accounts
from anodefree.registry import Demo, stage
from anodefree.simulation.cell.inventory_inputs import CycleCount, FormationCycles, FormationLoss, Noise, losses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PlatedCapacity = Annotated[float, Par("capacity plated per cycle", gt=0)]
Efficiency = Annotated[
    float | tuple[float, ...],
    Par("coulombic efficiency of the working electrode: of every cycle, or a list with one for each", gt=0, le=1),
]
Lithium = Annotated[float, Par("lithium of the counter electrode over the capacity plated", ge=1)]
CounterEfficiency = Annotated[
    float | None,
    Par("coulombic efficiency of the counter electrode (none: the mean of the working electrode's)", gt=0, le=1),
]


def counter_loss(efficiency: float | tuple[float, ...], counter_efficiency: float | None) -> float:
    """1 - CE of the counter electrode."""
    return 1 - (float(np.mean(efficiency)) if counter_efficiency is None else counter_efficiency)


def shown(kept: Accounts, capacity_C: float, noise: float, rng: np.random.Generator, cell: str) -> Measurement:
    """What a cycler counts: plating is the discharge of a cell against lithium, stripping its charge."""
    n = len(kept.charge)
    plated, stripped = (capacity_C * part * (1 + noise * rng.standard_normal(n)) for part in (kept.charge, kept.discharge))
    arrays = {"cycle_number": np.arange(1, n + 1), "charge_capacity_C": stripped, "discharge_capacity_C": plated}
    return Measurement.of(CYCLING, arrays, {"instrument": "virtual cycler", "cell": cell})


@stage("inventory.copper", version=1, cites=("adams2018", "xiao2020"))
def copper(
    *,
    capacity_C: PlatedCapacity,
    efficiency: Efficiency,
    lithium: Lithium = 10.0,
    counter_efficiency: CounterEfficiency = None,
    cycles: CycleCount = 200,
    formation_loss: FormationLoss = 0.0,
    formation_cycles: FormationCycles = 3.0,
    noise: Noise = 0.0,
    rng: np.random.Generator,
) -> Cycling:
    """Plated and stripped capacities [C] of a Li||Cu cell, which strips to the cut-off, until its lithium is used up.

    Each cycle plates Q, of which CE strips again; the counter electrode loses 1 - CE of its own of what is plated back onto it.
    With n Q of lithium full cycles end after (n - 1)/[1 - CE + CE (1 - CE_c)]; then less and less is plated.
    discharge_capacity_C is what was plated, charge_capacity_C what was stripped, as a cycler counts a cell against lithium.
    Independent normal noise, relative to each capacity, is added. Voltage is `cycler.plate_strip`'s.
    *Valid when* all lithium that is not dead or bound can be stripped. *Source* `anodefree.physics.lithium_accounts`.

    Raises
    ------
    ConfigError: a list of efficiencies that is not as long as there are cycles.
    """
    cell = Cell(
        source=lithium,
        metal=0.0,
        loss=losses(efficiency, cycles, formation_loss, formation_cycles, "inventory.copper"),
        charge_limit=1.0,
        source_loss=counter_loss(efficiency, counter_efficiency),
    )
    return shown(accounts(cell, cycles), capacity_C, noise, rng, "Li||Cu")


@stage("inventory.symmetric", version=1, cites=("adams2018", "xiao2020"))
def symmetric(
    *,
    capacity_C: PlatedCapacity,
    efficiency: Efficiency,
    lithium: Lithium = 10.0,
    working_lithium: Annotated[
        float | None, Par("lithium of the working electrode over the capacity plated (none: as the counter electrode's)", ge=0)
    ] = None,
    counter_efficiency: CounterEfficiency = None,
    cycles: CycleCount = 200,
    formation_loss: FormationLoss = 0.0,
    formation_cycles: FormationCycles = 3.0,
    noise: Noise = 0.0,
    rng: np.random.Generator,
) -> Cycling:
    """Capacities [C] of a Li||Li cell that passes the same capacity both ways until one electrode is used up.

    Each cycle plates Q on the working electrode and strips Q from it. The working electrode loses 1 - CE of what it is plated
    with, the counter electrode 1 - CE_c of what comes back to it: nothing shows in the capacities until an electrode of n Q is
    empty, after (n - 1)/(1 - CE_c) cycles of the counter, n/(1 - CE) of the working electrode. So capacities of a symmetric
    cell do not tell its efficiency; its life bounds it.
    *Valid when* nothing shorts the cell before, which is what ends most real ones. *Source*
    `anodefree.physics.lithium_accounts`.

    Raises
    ------
    ConfigError: a list of efficiencies that is not as long as there are cycles.
    """
    cell = Cell(
        source=lithium,
        metal=lithium if working_lithium is None else working_lithium,
        loss=losses(efficiency, cycles, formation_loss, formation_cycles, "inventory.symmetric"),
        charge_limit=1.0,
        discharge_limit=1.0,
        source_loss=counter_loss(efficiency, counter_efficiency),
    )
    return shown(accounts(cell, cycles), capacity_C, noise, rng, "Li||Li")


@copper.plot
@symmetric.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Plated and stripped capacities against cycle."""
    cycle = measurement["cycle_number"]
    top = max(measurement[n].max() for n in ("charge_capacity_C", "discharge_capacity_C")) / 3.6
    for name, label, colour in (
        ("discharge_capacity_C", "plated", COLOURS[4]),
        ("charge_capacity_C", "stripped", COLOURS[0]),
    ):
        ax.plot(cycle, measurement[name] / 3.6, ".", color=colour, markersize=2.5, label=label)
    ax.set(xlabel="cycle", ylabel="capacity / mAh", xlim=(0, None), ylim=(0, 1.08 * top))
    ax.legend(loc="lower left")


@copper.demo
def copper_demo(rng: np.random.Generator) -> Demo:
    """A cell with lithium to spare, where every cycle shows the efficiency."""
    ce = float(rng.uniform(0.97, 0.995))
    truth = {"charge_capacity_C": np.full(60, 3.6 * ce), "discharge_capacity_C": np.full(60, 3.6)}
    return Demo((), truth, {"capacity_C": 3.6, "efficiency": ce, "cycles": 60, "noise": 0.0005}, tolerance=0.003)


@symmetric.demo
def symmetric_demo(rng: np.random.Generator) -> Demo:
    """A cell whose counter electrode is used up: from then on it gives what came back to it in the cycle before."""
    ce, lithium, cycles = float(rng.uniform(0.95, 0.97)), 3.0, 120
    spared = lithium - (1 - ce) * np.arange(cycles)
    gone = int(np.argmax(spared < 1))
    plated = np.concatenate([np.ones(gone), [spared[gone]], np.full(cycles - gone - 1, ce)])
    given = {"capacity_C": 3.6, "efficiency": ce, "lithium": lithium, "working_lithium": 30.0, "cycles": cycles}
    return Demo((), {"discharge_capacity_C": 3.6 * plated, "charge_capacity_C": np.full(cycles, 3.6)}, given)
