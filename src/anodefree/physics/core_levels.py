"""Core levels: the components a region may hold, given or known with their sources, and the sensitivity for each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from anodefree.errors import ConfigError, near

GIVEN_STD_eV: Final = 0.3
"""How sure a position is that the user gives without more."""


@dataclass(frozen=True)
class Component:
    """One component: where it is expected and how surely, and the doublet it makes (ratio 0: one line)."""

    name: str
    position_eV: float
    std_eV: float
    splitting_eV: float = 0.0
    ratio: float = 0.0
    metal: bool = False
    width_std: float | None = None
    """Relative standard deviation of its width against the common one, where it stands for several compounds."""

    @property
    def key(self) -> str:
        """The name as part of an estimate's name."""
        return re.sub(r"[^A-Za-z0-9+=-]+", "_", self.name).strip("_") or "component"


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("anodefree") / "data" / "xps_components.toml").read_text(encoding="utf-8"))


def known_regions() -> tuple[str, ...]:
    """The core levels that have components of their own."""
    return tuple(_data()["region"])


def components_of(
    region: str,
    positions_eV: Mapping[str, float] | None,
    names: Sequence[str] | None,
    doublet: tuple[float, float] | None,
    metals: Sequence[str],
    where: str,
) -> tuple[Component, ...]:
    """The components to fit: those at `positions_eV`, else the ones known for the region, of which `names` picks some.

    Raises
    ------
    ConfigError: nothing is known for the region and nothing is given, or a name is unknown.
    """
    level = _data()["level"].get(region, {})
    splitting, ratio = doublet or (level.get("splitting_eV", 0.0), level.get("ratio", 0.0))
    if positions_eV:
        found = [Component(n, p, GIVEN_STD_eV, splitting, ratio) for n, p in positions_eV.items()]
    else:
        known = _data()["region"].get(region)
        if known is None:
            raise ConfigError(
                f"no components are known for the region '{region}'",
                where,
                "give them: positions_eV = 'metal=71.0, oxide=72.4'; or region, if the file names it wrongly",
            )
        found = [
            Component(n, c["position_eV"], c["std_eV"], splitting, ratio, width_std=c.get("width_std"))
            for n, c in known.items()
        ]
    for name in (*(names or ()), *metals):
        if name not in [c.name for c in found]:
            raise ConfigError(f"'{name}' is no component of {region}", where, near(name, [c.name for c in found]))
    if names:
        found = [c for c in found if c.name in names]
    if len({c.key for c in found}) < len(found):
        raise ConfigError("two components have the same name", where, "name them apart")
    return tuple(replace(c, metal=c.name in metals) for c in found)


CARBON_KINETIC_eV: Final = 1201.8
"""Kinetic energy of C 1s electrons under Al K alpha: where a sensitivity is 1."""
ATTENUATION_EXPONENT: Final = 0.75
ATTENUATION_SOURCE: Final = "attenuation length over 300 to 1500 eV as a power of the kinetic energy: 0.75 (Wagner et al. 1980)"


@cache
def _cross_sections() -> dict[str, float]:
    text = (files("anodefree") / "data" / "xps_cross_sections.toml").read_text(encoding="utf-8")
    return {str(k): float(v) for k, v in tomllib.loads(text)["al_k_alpha"].items()}


def cross_section(region: str, where: str = "") -> float:
    """Photo-ionisation cross-section of a whole core level under Al K alpha, C 1s being 1. *Source* Scofield 1976.

    Raises
    ------
    ConfigError: the level is not in the table.
    """
    table = _cross_sections()
    if region not in table:
        raise ConfigError(f"no cross-section is known for '{region}'", where, near(region, table) + " Or give sensitivity")
    return table[region]


def attenuation(kinetic_eV: float, exponent: float = ATTENUATION_EXPONENT) -> float:
    """Attenuation length of electrons over that of C 1s electrons: (E/1201.8 eV)^n."""
    return float((kinetic_eV / CARBON_KINETIC_eV) ** exponent)


def known_levels() -> tuple[str, ...]:
    """The core levels whose cross-section is known."""
    return tuple(_cross_sections())
