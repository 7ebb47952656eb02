"""The parameters that the protocols on a pair of lithium electrodes share, and the pair that they add up to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL, GAS_J_MOL_K
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.numerics.pair_terms import Medium, Side
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.lithium_pair import MOLAR_VOLUME_M3_MOL, covering_C_m2, limiting_A_m2
from anodefree.simulation.deposition.options import REFERENCE_K

Lithium = Annotated[
    float,
    Par("lithium of the counter electrode", gt=0, source="a foil of 450 um, usual; not stated", assumed=True),
]
Separator = Annotated[float, Par("thickness of the separator", gt=0, source="25 um, usual; not stated", assumed=True)]
Porosity = Annotated[float, Par("porosity of the separator", gt=0, le=1, source="0.41, usual for 25 um", assumed=True)]
Tortuosity = Annotated[
    float, Par("tortuosity of the separator (D_eff = D porosity/tortuosity)", ge=1, source="2.5, usual for 25 um", assumed=True)
]
DiffusivityFall = Annotated[float, Par("b in D = D0 exp(-b (c/c0 - 1)); 0 for a constant D", ge=0, le=3)]
Peak = Annotated[
    float | None,
    Par("concentration at which the conductivity is largest; none: it has no maximum", gt=0),
]
Factor = Annotated[
    float,
    Par("thermodynamic factor at the initial concentration; 1 is an ideal solution", gt=0, le=10, source="dilute solution"),
]
FactorSlope = Annotated[float, Par("g in the factor chi0 + g (c/c0 - 1)", ge=0, le=10)]
FilmStart = Annotated[
    float, Par("resistance of the interphase of one electrode at first, times area", ge=0, source="10 ohm cm2", assumed=True)
]
CutOff = Annotated[
    float, Par("voltage beyond which the run ends", gt=0, source="5 V: the range of a usual cycler", assumed=True)
]
FilmAge = Annotated[
    float | None, Par("time in which parabolic growth adds the first square of the film's resistance; none: no growth", gt=0)
]
FilmUse = Annotated[
    float | None, Par("throughput in which the film's resistance grows by its first value; none: no growth", gt=0)
]
NucleiDistance = Annotated[
    float,
    Par(
        "mutual distance of nuclei on the bare collector",
        gt=0,
        source="1 um, of the order seen by Pei et al. 2017",
        assumed=True,
    ),
]
Roughness = Annotated[float, Par("area of a thick fresh deposit over its collector", ge=1, le=1000)]
RoughnessCharge = Annotated[
    float, Par("fresh lithium at which half of that roughness is reached", gt=0, source="0.1 mAh/cm2", assumed=True)
]
CounterExchange = Annotated[float | None, Par("exchange current density of the counter electrode; none: the same", gt=0)]
DeadPart = Annotated[
    float, Par("part of the lost lithium that is metal without contact", ge=0, le=1, source="half; not stated", assumed=True)
]
DeadPorosity = Annotated[
    float | None,
    Par("porosity of the layer of dead lithium on either electrode; none: it takes no room", gt=0, lt=1),
]
DeadTortuosity = Annotated[
    float, Par("tortuosity of that layer (D_eff = D porosity/tortuosity)", ge=1, source="0.5 porosity, Bruggeman", assumed=True)
]
ShortCharge = Annotated[float | None, Par("throughput at which a soft short appears; none: it never does", ge=0)]
ShortResistance = Annotated[
    float, Par("resistance of the soft short, times area", gt=0, source="20 ohm cm2: beside a usual cell", assumed=True)
]
Nodes = Annotated[int, Par("cells of the separator, graded towards both walls", ge=8, le=2000)]
Tolerance = Annotated[float, Par("error of the concentration in an internal step over the initial one", gt=0, le=0.01)]
STEEP_V: Final = 0.02
LAYER_CELLS: Final = 8
BARE_V: Final = 0.4
_FINEST: Final = 0.1


def graded_m(length_m: float, count: int) -> np.ndarray:
    """Widths (count,) of cells that are smallest at both walls, by a sine between even and cosine spacing."""
    edge = np.linspace(0.0, 1.0, count + 1)
    edge = edge - (1 - _FINEST) * np.sin(2 * np.pi * edge) / (2 * np.pi)
    return length_m * np.diff(edge)


@dataclass(frozen=True)
class Pair:
    """Two electrodes with what is between them, as a stage's parameters describe them."""

    counter_lithium_C_m2: float
    separator_m: float
    porosity: float
    tortuosity: float
    diffusivity_m2_s: float
    diffusivity_fall: float
    conductivity_S_m: float
    conductivity_exponent: float
    conductivity_peak_mol_m3: float | None
    thermodynamic_factor: float
    factor_slope: float
    transference: float
    concentration_mol_m3: float
    j0_A_m2: float
    counter_j0_A_m2: float | None
    transfer_coefficient: float
    film_ohm_m2: float
    film_growth_s: float | None
    film_growth_C_m2: float | None
    nucleation_V: float
    nuclei_distance_m: float
    roughness: float
    roughness_C_m2: float
    dead_part: float
    dead_porosity: float | None
    dead_tortuosity: float
    short_C_m2: float | None
    short_ohm_m2: float
    temperature_K: float
    conduction_barrier_J_mol: float
    surface_barrier_J_mol: float
    nodes: int
    tolerance: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Pair:
        """From a stage's parameters, of which it takes its own.

        Raises
        ------
        ConfigError: the thermodynamic factor would fall below zero.
        """
        made = cls(**{f.name: given[f.name] for f in fields(cls)})
        if made.factor_slope >= made.thermodynamic_factor:
            raise ConfigError(
                "the thermodynamic factor falls below zero where the salt runs out", "factor_slope", "make it smaller"
            )
        return made

    @property
    def layers(self) -> int:
        """Cells of the layer of dead lithium on either electrode."""
        return 0 if self.dead_porosity is None else LAYER_CELLS

    def widths_m(self) -> np.ndarray:
        """Widths of all cells; those of the layers are filled in as they grow."""
        edge = np.ones(self.layers)
        return np.concatenate([edge, graded_m(self.separator_m, self.nodes), edge])

    def _faster(self, barrier_J_mol: float) -> float:
        return math.exp(barrier_J_mol / GAS_J_MOL_K * (1 / REFERENCE_K - 1 / self.temperature_K))

    def medium(self) -> Medium:
        """The liquid and the pores."""
        faster, c0 = self._faster(self.conduction_barrier_J_mol), self.concentration_mol_m3
        peak = self.conductivity_peak_mol_m3
        dead = self.dead_porosity or 0.5
        return Medium(
            self.diffusivity_m2_s * faster,
            self.diffusivity_fall,
            self.conductivity_S_m * faster,
            self.conductivity_exponent,
            0.0 if peak is None else self.conductivity_exponent * c0 / peak,
            self.thermodynamic_factor,
            self.factor_slope,
            self.transference,
            c0,
            self.porosity / self.tortuosity,
            dead,
            dead / self.dead_tortuosity,
            MOLAR_VOLUME_M3_MOL,
            FARADAY_C_MOL,
            float(thermal_voltage_V(self.temperature_K)),
        )

    def sides(self) -> tuple[Side, Side]:
        """Working and counter electrode."""
        faster = self._faster(self.surface_barrier_J_mol)
        counter = self.j0_A_m2 if self.counter_j0_A_m2 is None else self.counter_j0_A_m2
        one, other = (
            Side(
                j0 * faster,
                self.transfer_coefficient,
                self.film_ohm_m2 / faster,
                math.inf if self.film_growth_s is None else self.film_growth_s,
                math.inf if self.film_growth_C_m2 is None else self.film_growth_C_m2,
                self.nucleation_V,
                covering_C_m2(self.nuclei_distance_m),
                self.roughness,
                self.roughness_C_m2,
            )
            for j0 in (self.j0_A_m2, counter)
        )
        return one, other

    def limiting_A_m2(self) -> float:
        """The largest steady current through the separator, with D as at the initial concentration."""
        medium = self.medium()
        transport = medium.diffusivity_m2_s * medium.separator_transport / self.separator_m
        if self.transference >= 1:
            return math.inf
        return limiting_A_m2(self.concentration_mol_m3, transport, self.transference)
