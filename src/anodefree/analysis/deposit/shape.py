"""What a deposit is called: dense, mossy, islands, rod or dendrite, by numbers that can be measured, with the margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

from anodefree.core.parameter import Par
from anodefree.numerics.branches import Branches

FAIR_SHARE: Final = 0.2
"""Part of the lithium in trunks from which they, and not the film they stand on, are the deposit."""
NAMES: Final = ("dense", "mossy", "islands", "rod", "dendrite")
"""From a film to a tree: each is further from dense than the one before."""

EnvelopeWidth = Annotated[
    float | None,
    Par("gaps narrower than this count as pores under the envelope; none: the height Σh²/Σh of the tops", gt=0),
]
DenseBelow = Annotated[
    float, Par("porosity under the envelope below which a deposit is dense", gt=0, lt=1, source="a convention", assumed=True)
]
SlenderAbove = Annotated[
    float, Par("height over width from which trunks are rods or dendrites", gt=0, source="a convention", assumed=True)
]
BranchedAbove = Annotated[float, Par("joints a trunk from which rods are dendrites", gt=0, source="a convention", assumed=True)]


@dataclass(frozen=True)
class Limits:
    """Dense below this porosity under the envelope; rods or dendrites above this height over width; dendrites from this
    number of joints a trunk; islands below this share of the collector under metal."""

    porosity: float
    aspect: float
    joints: float
    coverage: float


@dataclass(frozen=True)
class Verdict:
    """Index into `NAMES`, and the least factor by which a deciding number would have to change for another name."""

    index: int
    margin: float

    @property
    def name(self) -> str:
        """The name."""
        return NAMES[self.index]


def verdict(porosity: float, coverage: float, tree: Branches, limits: Limits) -> Verdict:
    """The name by decisions: slender trunks with a fair share of the metal? Then branched? Else: covering? porous?"""
    by_shape = min(tree.aspect / limits.aspect, tree.share / FAIR_SHARE)
    if by_shape >= 1:
        joints = tree.joints_per_trunk
        margin = min(by_shape, _factor(joints + 0.5, limits.joints + 0.5))
        return Verdict(3 if joints < limits.joints else 4, margin)
    covering = _factor(coverage, limits.coverage)
    if coverage < limits.coverage:
        return Verdict(2, min(_factor(by_shape, 1.0), covering))
    margin = min(_factor(by_shape, 1.0), covering, _factor(porosity, limits.porosity))
    return Verdict(0 if porosity < limits.porosity else 1, margin)


def _factor(value: float, limit: float) -> float:
    return math.exp(abs(math.log(max(value, 1e-3 * limit) / limit)))
