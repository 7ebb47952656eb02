"""A picture of a magnetised film: its domains and its roughness, and the periodic patch on which its field is computed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np

from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.numerics.halfspace_magnetostatics import Film
from anodefree.numerics.random_surface import gaussian_surface_m, maze, nodules_m, stripes

PATCH: Final = 12
"""Sides of a patch over the height of the plane: waves longer than that carry 1e-3 of the field there."""

DomainWidth = Annotated[float | None, Par("width of domains of alternating sign; none: one domain", gt=0)]
MazeDomains = Annotated[bool, Par("domains as a maze instead of stripes")]
Roughness = Annotated[float, Par("rms roughness of the upper face", ge=0)]
Correlation = Annotated[
    float, Par("correlation length of the roughness", gt=0, source="grains of electrodeposited nickel", assumed=True)
]
Conformal = Annotated[bool, Par("the lower face follows the upper: a film of even thickness on a rough foil")]
NoduleHeight = Annotated[float, Par("height of nodules on the upper face; 0: none", ge=0)]
NoduleRadius = Annotated[
    float, Par("distance at which a nodule has fallen to 1/e", gt=0, source="grains of electrodeposited nickel", assumed=True)
]
NoduleSpacing = Annotated[
    float, Par("mean distance of nodules", gt=0, source="not stated; ten times their radius", assumed=True)
]


@dataclass(frozen=True)
class Nodules:
    """Bumps h exp(-r²/b²) on the upper face at random places, one on the square of the spacing on average. Lengths in m."""

    height_m: float
    radius_m: float
    spacing_m: float

    def on(self, grid: int, side_m: float, rng: np.random.Generator) -> np.ndarray:
        """Their heights on a patch; on a grid too coarse for them, wider and lower ones of the same volume."""
        radius = max(self.radius_m, 1.5 * side_m / grid)
        return nodules_m(grid, side_m, self.height_m * (self.radius_m / radius) ** 2, radius, self.spacing_m, rng)


@dataclass(frozen=True)
class Picture:
    """What a film is taken for: its patch and grid, domains, and roughness. Lengths in m."""

    thickness_m: float
    side_m: float
    grid: int
    domain_width_m: float | None
    as_maze: bool
    roughness_m: float
    correlation_m: float
    conformal: bool
    nodules: Nodules | None = None

    def film(self, polarisation_T: tuple[float, float, float], rng: np.random.Generator) -> Film:
        """One draw of it."""
        n, flat = self.grid, np.zeros((self.grid, self.grid))
        top = gaussian_surface_m(n, self.side_m, self.roughness_m, self.correlation_m, rng) if self.roughness_m else flat
        if self.nodules is not None:
            top = top + self.nodules.on(n, self.side_m, rng)
        bottom = (top if self.conformal else flat) - self.thickness_m
        if (top < bottom).any():
            raise ConfigError(
                "the roughness reaches through the film", "roughness_m", "lower it, or let the lower face follow: conformal"
            )
        if self.domain_width_m is None:
            pattern = np.ones((n, n))
        elif self.as_maze:
            pattern = maze(n, self.side_m, self.domain_width_m, rng)
        else:
            pattern = stripes(n, self.side_m, self.domain_width_m)
        return Film(top, bottom, pattern, self.side_m, self.side_m, polarisation_T)

    def seen_from(self, height_m: float) -> Picture:
        """The same film on a patch that is wide enough for a plane so high; only its long waves reach there.

        Roughness is drawn from its spectrum, so a coarse grid keeps the long waves right; domains repeat and need no more.
        """
        wide = PATCH * height_m
        return self if self.domain_width_m is not None or self.side_m >= wide else replace(self, side_m=wide)

    @property
    def uniform(self) -> bool:
        """Whether it is flat and of one domain: then its infinite extent has no field outside."""
        return self.domain_width_m is None and self.roughness_m == 0 and self.nodules is None

    @property
    def random(self) -> bool:
        """Whether two draws of it differ."""
        return self.roughness_m > 0 or self.nodules is not None or (self.domain_width_m is not None and self.as_maze)


def picture_of(
    thickness_m: float,
    domain_width_m: float | None,
    as_maze: bool,
    roughness_m: float,
    correlation_m: float,
    conformal: bool,
    grid: int,
    nodules: Nodules | None = None,
) -> Picture:
    """A patch large enough to hold many correlation lengths and a whole number of domain pairs, on a grid that resolves both.

    Raises
    ------
    ConfigError: the two lengths are too far apart for the grid.
    """
    rough, domain = (correlation_m if roughness_m else None), domain_width_m
    bump = None if nodules is None else nodules.radius_m
    lengths = [x for x in (rough, domain, bump) if x is not None]
    if not lengths:
        return Picture(thickness_m, thickness_m, 4, domain, as_maze, roughness_m, correlation_m, conformal)
    side = max(
        ([24 * rough] if rough else []) + ([16 * domain] if domain else []) + ([4 * nodules.spacing_m] if nodules else [])
    )
    if domain:
        side = 2 * domain * math.ceil(side / (2 * domain) - 1e-9)
    if side / grid > min(lengths) / 3:
        raise ConfigError(
            f"a grid of {grid} points over {1e6 * side:.3g} um does not resolve {1e6 * min(lengths):.3g} um",
            "grid",
            f"grid = {2 ** math.ceil(math.log2(3 * side / min(lengths)))}, or lengths that are closer together",
        )
    return Picture(thickness_m, side, grid, domain, as_maze, roughness_m, correlation_m, conformal, nodules)
