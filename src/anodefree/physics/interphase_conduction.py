"""Conductivity and apparent activation energy of two phases that each conduct by an activated step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.physics.composites import conductivities

RULES: Final = ("series", "hashin_shtrikman_low", "effective_medium", "hashin_shtrikman_high", "parallel")
LABELS: Final = {
    "series": "in series",
    "hashin_shtrikman_low": "spheres of the fast in the slow",
    "effective_medium": "effective medium",
    "hashin_shtrikman_high": "spheres of the slow in the fast",
    "parallel": "in parallel",
}
BOUNDS: Final = {
    "fast_fraction": (0.0, 1.0),
    "fast_S_m": (1e-300, np.inf),
    "slow_S_m": (1e-300, np.inf),
    "fast_activation_J_mol": (0.0, np.inf),
    "slow_activation_J_mol": (0.0, np.inf),
}
STEP_K: Final = 0.1

Threshold = Annotated[
    float,
    Par(
        "fraction of the better conductor at which it percolates",
        gt=0,
        lt=1,
        source="1/3: Bruggeman's symmetric medium",
        assumed=True,
    ),
]
Exponent = Annotated[
    float,
    Par("exponent of the conductivity above the threshold", gt=0, le=3, source="1: Bruggeman's symmetric medium", assumed=True),
]


@dataclass(frozen=True)
class Mixing:
    """At which temperature, and how the better conductor percolates."""

    temperature_K: float
    reference_K: float
    threshold: float = 1 / 3
    exponent: float = 1.0


def by_rule(mixing: Mixing, phases: Mapping[str, NDArray], only: str = "") -> dict[str, NDArray]:
    """`sigma_<rule>` [S/m] and `Ea_<rule>` [J/mol] by every rule, or by one, elementwise; `phases` has the names of `BOUNDS`.

    σᵢ(T) = σᵢ(T_ref) exp[-(Eᵢ/R)(1/T - 1/T_ref)]; Ea = -R d ln σ/d(1/T) by central differences over ±0.1 K.
    *Errors* `ConfigError` where the fast phase is the slower one.
    """
    if np.median(phases["fast_S_m"] - phases["slow_S_m"]) < 0:
        raise ConfigError(
            "the fast phase conducts less than the slow one",
            "fast_S_m, slow_S_m",
            "exchange the two phases: the threshold is that of the better conductor",
        )
    fractions = np.stack(np.broadcast_arrays(phases["fast_fraction"], 1 - phases["fast_fraction"]), axis=-1)
    energies = np.stack(np.broadcast_arrays(phases["fast_activation_J_mol"], phases["slow_activation_J_mol"]), axis=-1)
    references = np.stack(np.broadcast_arrays(phases["fast_S_m"], phases["slow_S_m"]), axis=-1)

    def at(inverse_K: float) -> dict[str, NDArray]:
        conducting = references * np.exp(-energies / GAS_J_MOL_K * (inverse_K - 1 / mixing.reference_K))
        return conductivities(fractions, conducting, mixing.threshold, mixing.exponent, only)

    colder, hotter = 1 / (mixing.temperature_K - STEP_K), 1 / (mixing.temperature_K + STEP_K)
    here, low, high = at(1 / mixing.temperature_K), at(colder), at(hotter)
    slope = -GAS_J_MOL_K / (hotter - colder)
    energy = {f"Ea_{rule}": slope * np.log(high[rule] / low[rule]) for rule in here}
    return {**{f"sigma_{rule}": values for rule, values in here.items()}, **energy}
