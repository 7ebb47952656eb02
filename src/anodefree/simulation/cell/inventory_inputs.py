"""Parameters that the stages of the lithium inventory share, and the cell they describe."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.physics.lithium_accounts import Cell, full_cell
from anodefree.physics.plating_loss import plating_loss

CycleCount = Annotated[int, Par("number of cycles", ge=1, le=1_000_000)]
Noise = Annotated[float, Par("standard deviation of a measured capacity over the capacity", ge=0, lt=0.5)]
FormationLoss = Annotated[float, Par("what the first cycle loses beyond the later ones, over the lithium plated", ge=0, lt=1)]
FormationCycles = Annotated[float, Par("cycles in which the loss of formation fades by a factor e", gt=0)]
CapacityExponent = Annotated[float, Par("exponent b of the loss with the capacity plated, λ P^b", ge=-1, le=3)]
CathodeFade = Annotated[float, Par("room for lithium that the cathode loses per cycle, over the first", ge=0, lt=1)]
StrandedShare = Annotated[float, Par("part of the lost cathode that is lost with the lithium in it", ge=0, le=1)]
ResistanceFade = Annotated[float, Par("capacity that resistance puts out of reach at 1C after the first cycle", ge=0, lt=1)]
ResistanceExponent = Annotated[
    float, Par("exponent p of its growth with the number of cycles (1: even, 0.5: a film that diffusion feeds)", gt=0, le=3)
]
CRate = Annotated[float, Par("current over that which passes the capacity in one hour", gt=0)]
ChargeShare = Annotated[
    float, Par("part of what is out of reach that is so at the end of charge (0: voltage held there)", ge=0, le=1)
]
ShortCycle = Annotated[int | None, Par("cycle from which on a short lets nothing be stored (none: no short)", ge=1)]


def losses(
    efficiency: float | tuple[float, ...], cycles: int, formation_loss: float, formation_cycles: float, where: str
) -> np.ndarray:
    """1 - CE of each cycle, (cycles,): from one efficiency, or from a table with one for each cycle.

    Raises
    ------
    ConfigError: a table that is not as long as there are cycles.
    """
    steady = 1 - np.asarray(efficiency, dtype=float)
    if steady.ndim and len(steady) != cycles:
        raise ConfigError(f"{len(steady)} efficiencies for {cycles} cycles", where, "give one for each cycle, or one for all")
    number = np.arange(1, cycles + 1)
    return plating_loss(steady, formation_loss=formation_loss, formation_cycles=formation_cycles, cycle=number)


def out_of_reach(resistance_fade: float, resistance_exponent: float, c_rate: float, cycles: int) -> np.ndarray:
    """Part of the capacity that the growth of resistance puts out of reach, (cycles,): g r (k - 1)^p, 1 at most."""
    return np.minimum(resistance_fade * c_rate * np.arange(cycles) ** resistance_exponent, 1.0)


def fading_cell(
    loss: np.ndarray,
    *,
    excess: float | np.ndarray,
    hidden_reservoir: float | np.ndarray,
    capacity_exponent: float = 0.0,
    cathode_fade: float | np.ndarray = 0.0,
    dead_share: float | np.ndarray = 0.0,
    stranded_share: float = 0.0,
    unreachable: float | np.ndarray = 0.0,
    charge_share: float = 0.0,
    short_cycle: int | None = None,
) -> Cell:
    """A full cell whose cathode fades evenly; `loss` and `unreachable` are of cycles, (..., cycles)."""
    return full_cell(
        loss,
        excess=excess,
        hidden_reservoir=hidden_reservoir,
        cathode_fade=np.asarray(cathode_fade)[..., None] * np.arange(loss.shape[-1]),
        inaccessible=(1 - charge_share) * np.asarray(unreachable),
        inaccessible_at_charge=charge_share * np.asarray(unreachable),
        dead_share=dead_share,
        stranded_share=stranded_share,
        capacity_exponent=capacity_exponent,
        ends=short_cycle,
    )
