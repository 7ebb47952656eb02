"""What was varied among deposits: how conditions are called, in which unit they are read, and which runs are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.units import shown, unit_of
from anodefree.errors import ConfigError, near
from anodefree.kinds.deposit_points import CONDITIONS

Floats = NDArray[np.float64]
REPLICA: Final = "replica"
COLLECTOR: Final = "collector"
WORDS: Final = {
    "current_density_A_m2": "current density",
    "capacity_C_m2": "capacity",
    "site_spacing_m": "distance of sites",
    "site_radius_m": "radius of a site",
    "blocked": "blocked share",
    "nucleation_V": "nucleation overpotential",
    "j0_A_m2": "exchange current density",
    "film_ohm_m2": "film resistance",
    "film_spread": "spread of the film",
    "activity_spread": "spread of the activity",
    "patch_m": "size of patches",
    "film_healing_s": "healing time",
    "film_crack_m": "cracking depth",
    "anisotropy": "anisotropy",
    "concentration_mol_m3": "concentration",
    "conductivity_S_m": "conductivity",
    "temperature_K": "temperature",
    "width_m": "width",
    "height_m": "distance of the electrodes",
    "cells": "cells",
    REPLICA: "replica",
}


@dataclass(frozen=True)
class Alike:
    """Runs under the same conditions, of those that are looked at."""

    name: str
    rows: NDArray[np.int64]


def varied(points: Measurement) -> list[str]:
    """The conditions that differ among runs, the draw of the nuclei left out."""
    names = [n for n in CONDITIONS if n in points and n != REPLICA and np.unique(points[n]).size > 1]
    return ([COLLECTOR] if np.unique(points[COLLECTOR].astype(str)).size > 1 else []) + names


def alike(points: Measurement, by: tuple[str, ...] | None) -> list[Alike]:
    """Runs that agree in `by`, or in all that was varied; in the order of the values.

    Raises
    ------
    ConfigError: a condition that the runs do not state.
    """
    names = list(by) if by is not None else varied(points)
    known = [COLLECTOR, *(n for n in CONDITIONS if n in points)]
    for name in names:
        if name not in known:
            raise ConfigError(f"the runs do not state '{name}'", "by", near(name, known))
    if not names:
        return [Alike("", np.arange(len(points)))]
    values = [[points[n][k] for n in names] for k in range(len(points))]
    keys = [tuple(str(v) if n == COLLECTOR else float(v) for n, v in zip(names, row, strict=True)) for row in values]
    shown_in_name = [i for i, n in enumerate(names) if not _follows(names, i, keys)]
    return [
        Alike(", ".join(told(names[i], key[i]) for i in shown_in_name), np.flatnonzero([k == key for k in keys]))
        for key in sorted(set(keys))
    ]


def _follows(names: list[str], i: int, keys: list[tuple[str | float, ...]]) -> bool:
    """Whether a condition follows from the collector, so that no name needs it."""
    if COLLECTOR not in names or names[i] == COLLECTOR:
        return False
    at = names.index(COLLECTOR)
    return len({(k[at], k[i]) for k in keys}) == len({k[at] for k in keys})


def paired(points: Measurement, first: Alike, second: Alike, by: tuple[str, ...] | None) -> list[tuple[int, int]]:
    """Runs of two groups that agree in every condition, the draw among them, but those that part the groups."""
    parting = set(by if by is not None else varied(points))
    rest = [n for n in (COLLECTOR, *CONDITIONS) if n in points and n not in parting]

    def key(k: int) -> tuple[str, ...]:
        return tuple(str(points[n][k]) for n in rest)

    of = {key(int(k)): int(k) for k in second.rows}
    return [(int(k), of[key(int(k))]) for k in first.rows if key(int(k)) in of]


def told(name: str, value: float | str) -> str:
    """A condition as a person writes it: `0.1 mA/cm2`, `distance of sites 5 um`; a collector by its name alone."""
    if isinstance(value, str):
        return value
    unit, factor = shown(unit_of(name))
    number = f"{value * factor:.4g}"
    if name in ("current_density_A_m2", "capacity_C_m2"):
        return f"{number} {unit}"
    if name == "site_spacing_m" and value == 0:
        return "sites everywhere"
    return f"{WORDS[name]} {number}" + ("" if unit == "1" else f" {unit}")


def axis_label(name: str) -> tuple[str, float]:
    """What stands on an axis, and the factor from SI to its unit."""
    unit, factor = shown(unit_of(name))
    return WORDS[name] + ("" if unit == "1" else f" / {typeset(unit)}"), factor


def typeset(unit: str) -> str:
    """A unit for a figure: `um` as µm, `mA/cm2` as mA cm⁻²."""
    return {"um": "µm", "mA/cm2": "mA cm$^{-2}$", "mAh/cm2": "mAh cm$^{-2}$", "ohm cm2": "Ω cm²", "mol/m3": "mol m$^{-3}$"}.get(
        unit, unit
    )
