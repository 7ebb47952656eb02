"""What a deposition cell is made of: the box of cells, the liquid in it, and the surface on which lithium is plated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import FARADAY_C_MOL, GAS_J_MOL_K, LITHIUM_KG_M3, LITHIUM_KG_MOL

Floats = NDArray[np.float64]
Tables = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
MOLAR_VOLUME_M3_MOL = LITHIUM_KG_MOL / LITHIUM_KG_M3


@dataclass(frozen=True)
class Box:
    """Cubic cells, (nz, ny, nx) of them: the collector below, the counter electrode on top; one cell in y is two dimensions."""

    shape: tuple[int, int, int]
    cell_m: float
    periodic: bool = False

    @property
    def columns(self) -> int:
        """Cells on the collector."""
        return self.shape[1] * self.shape[2]

    @property
    def flat(self) -> bool:
        """Whether it is two-dimensional."""
        return self.shape[1] == 1

    @cached_property
    def neighbours(self) -> Tables:
        """Indices of the cells left, right, before and behind; at a mirror a cell is its own neighbour."""
        return (*_beside(self.shape[2], self.periodic), *_beside(self.shape[1], self.periodic))

    def centres_m(self, axis: int) -> Floats:
        """Centres of the cells along z, y or x (0, 1, 2)."""
        return np.asarray((np.arange(self.shape[axis]) + 0.5) * self.cell_m)


def _beside(count: int, periodic: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    at = np.arange(count)
    if periodic:
        return (at - 1) % count, (at + 1) % count
    return np.maximum(at - 1, 0), np.minimum(at + 1, count - 1)


@dataclass(frozen=True)
class Liquid:
    """A binary electrolyte at its temperature: Fick's diffusion, and a conductivity that goes as a power of c."""

    conductivity_S_m: float
    diffusivity_m2_s: float
    transference: float
    concentration_mol_m3: float
    temperature_K: float
    conductivity_exponent: float = 1.0
    counter_resistance_ohm_m2: float = 0.0

    @property
    def per_volt(self) -> float:
        """F/RT [1/V]."""
        return FARADAY_C_MOL / (GAS_J_MOL_K * self.temperature_K)

    @property
    def junction_V(self) -> float:
        """2 (1 - t+) RT/F [V]: diffusion potential, seen by lithium electrodes, over a factor e in concentration."""
        return 2 * (1 - self.transference) / self.per_volt

    @property
    def salt_per_charge(self) -> float:
        """(1 - t+)/F [mol/C]: what a plated charge takes out of the liquid beside what migrates in."""
        return (1 - self.transference) / FARADAY_C_MOL


@dataclass(frozen=True)
class Surface:
    """Kinetics, film and energy of the lithium surface; maps are (y, x) and belong to a column of cells."""

    exchange_A_m2: Floats
    film_ohm_m2: Floats
    transfer: float = 0.5
    anisotropy: float = 0.0
    axis_rad: float = 0.0
    energy_J_m2: float = 0.0
    energy_anisotropy: float = 0.0
    healing_s: float = 0.0
    """Time in which a broken film heals; 0 for a film that never changes."""
    crack_m: float = 0.0
    """Lithium plated through a film that breaks it to 1/e."""

    @property
    def heals(self) -> bool:
        """Whether the film has a history."""
        return self.healing_s > 0 and self.crack_m > 0


@dataclass(frozen=True)
class Numerics:
    """How finely the equations are solved."""

    width_cells: float = 0.75
    floor: float = 1e-6
    front_step: float = 0.2
    """Cells that the fastest front moves in a step, at most."""
    salt_error: float = 1e-3
    """Error of the concentration in a step over the initial one, at most."""
    tolerance: float = 1e-7
    single: bool = False
