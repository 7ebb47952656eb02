"""What a deposit is called: dense, mossy, rod or dendrite, by numbers that can be measured, with the margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

NAMES: Final = ("dense", "mossy", "rod", "dendrite")


@dataclass(frozen=True)
class Limits:
    """Dense below this porosity under the envelope; rods or dendrites above this height over width; dendrites from this
    number of joints a trunk."""

    porosity: float
    aspect: float
    joints: float


@dataclass(frozen=True)
class Verdict:
    """Index into `NAMES`, and the least factor by which a deciding number would have to change for another name."""

    index: int
    margin: float

    @property
    def name(self) -> str:
        """The name."""
        return NAMES[self.index]


def verdict(porosity: float, aspect: float, joints: float, limits: Limits) -> Verdict:
    """The name by the decisions in their order: dense? slender? branched?"""
    if porosity < limits.porosity:
        return Verdict(0, _factor(porosity, limits.porosity))
    margin = _factor(porosity, limits.porosity)
    if aspect < limits.aspect:
        return Verdict(1, min(margin, _factor(aspect, limits.aspect)))
    margin = min(margin, _factor(aspect, limits.aspect), _factor(joints + 0.5, limits.joints + 0.5))
    return Verdict(2 if joints < limits.joints else 3, margin)


def _factor(value: float, limit: float) -> float:
    return math.exp(abs(math.log(max(value, 1e-3 * limit) / limit)))
