"""A height map as a smooth surface for spectral elements: splined, smoothed if asked, periodic or mirrored at its sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.box_potential import GROWTH, Box, BoxPotential, Surface, graded, line, solve_box

Floats = NDArray[np.float64]
MARGIN: Final = 6
"""Points by which a repeating map is continued, so that its spline forgets where it ends."""


def spacing_m(values: Floats, name: str, where: str) -> float:
    """The step of an even, rising axis.

    Raises
    ------
    DataError: it is none, or has fewer than four points.
    """
    steps = np.diff(values)
    if len(values) < 4 or not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps.mean():
        raise DataError(f"'{name}' is not an even, rising grid of four points or more", where, "interpolate it onto one")
    return float(steps.mean())


@dataclass(frozen=True)
class HeightMap:
    """Heights (x, y) about their mean and the steps of their grid, in m or any other length."""

    height_m: Floats
    spacing_m: tuple[float, float]
    periodic: bool

    @classmethod
    def of(cls, surface: Measurement, smoothing_m: float = 0.0) -> HeightMap:
        """From a `topography`."""
        from scipy.ndimage import gaussian_filter

        where, periodic = surface.source.name, bool(surface.meta.get("periodic"))
        steps = (spacing_m(surface["x_m"], "x_m", where), spacing_m(surface["y_m"], "y_m", where))
        height = surface["height_m"].T - surface["height_m"].mean()
        if smoothing_m > 0:
            height = gaussian_filter(height, [smoothing_m / s for s in steps], mode="wrap" if periodic else "reflect")
        return cls(height, steps, periodic)

    @property
    def sides(self) -> tuple[float, float]:
        """Lengths of the map along x and y."""
        a, b = (d * (n if self.periodic else n - 1) for n, d in zip(self.height_m.shape, self.spacing_m, strict=True))
        return a, b

    def scaled(self, by: float, up_m: float = 0.0) -> HeightMap:
        """The same lifted, then in another unit of length."""
        return HeightMap((self.height_m + up_m) * by, (self.spacing_m[0] * by, self.spacing_m[1] * by), self.periodic)

    def stretched(self, by: float) -> HeightMap:
        """The same with all heights larger by a share."""
        return HeightMap(self.height_m * (1 + by), self.spacing_m, self.periodic)

    def surface(self) -> Surface:
        """Heights and slopes from a bicubic spline through the map."""
        spline = self._spline()
        return lambda x, y: (spline(x, y), spline(x, y, dx=1), spline(x, y, dy=1))

    def curvature(self) -> Floats:
        """The sum of both second derivatives at the nodes."""
        spline, (x, y) = self._spline(), (d * np.arange(n) for n, d in zip(self.height_m.shape, self.spacing_m, strict=True))
        return np.asarray(spline(x, y, dx=2) + spline(x, y, dy=2))

    def _spline(self):  # type: ignore[no-untyped-def]
        from scipy.interpolate import RectBivariateSpline

        more = min(MARGIN, *self.height_m.shape) if self.periodic else 0
        places = [d * np.arange(-more, n + more) for n, d in zip(self.height_m.shape, self.spacing_m, strict=True)]
        return RectBivariateSpline(*places, np.pad(self.height_m, more, mode="wrap"))

    def edges(self, elements: int) -> tuple[Floats, Floats]:
        """Where elements along x and y begin and end."""
        a, b = (np.linspace(0, side, elements + 1) for side in self.sides)
        return a, b

    def solved(self, order: int, elements: int) -> BoxPotential:
        """The potential up to the height 1, by elements of an order; as many along z as keep them cubes beside the surface."""
        across = [line(edges, order, periodic=self.periodic) for edges in self.edges(elements)]
        layers = math.ceil(math.log(1 + (GROWTH - 1) * elements / min(self.sides)) / math.log(GROWTH))
        return solve_box(Box(across[0], across[1], line(graded(min(max(layers, 3), 40)), order), 1.0, self.surface()))
