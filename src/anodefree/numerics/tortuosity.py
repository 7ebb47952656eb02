"""How much longer the shortest way is than the straight one: through the pores to the collector, and up through the metal.

Geodesic tortuosity: lengths of shortest ways on the grid with diagonal steps, which are up to 8 % too long in oblique
directions and exact along the axes. It says nothing about necks: for transport a Laplace solution is the measure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.deposit_geometry import column_tops, shortest_paths

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def through_pores(metal: Mask, envelope: Floats) -> Floats:
    """For each column: way from the electrolyte at the envelope to the collector over that without any metal; NaN: none.

    The way without metal is the envelope's height, or the shorter one that comes in from beside, under a lower envelope.
    Columns whose foot is metal have none, as have those whose pore does not reach the electrolyte.
    """
    void = np.concatenate([~metal, np.ones((1, *metal.shape[1:]), dtype=bool)])
    roof = np.minimum(np.ceil(envelope).astype(int), void.shape[0] - 1)
    level = np.arange(void.shape[0]).reshape(-1, *[1] * envelope.ndim)
    below = void & (level <= roof)
    ways = shortest_paths(below, level == roof)[0]
    straight = np.maximum(shortest_paths(level <= roof, level == roof)[0], 1.0)
    open_foot = below[0] & np.isfinite(ways) & (envelope > 0)
    return np.where(open_foot, np.where(open_foot, ways, 0.0) / straight, np.nan)


def through_metal(metal: Mask) -> Floats:
    """For each column: way through metal from the collector to its highest metal over the height of that; NaN: none."""
    ways = shortest_paths(metal, np.arange(metal.shape[0]).reshape(-1, *[1] * (metal.ndim - 1)) == 0)
    tops = column_tops(metal.astype(float))
    highest = np.maximum(np.ceil(tops).astype(int) - 1, 0)
    length = np.take_along_axis(ways, highest[None], 0)[0]
    good = np.isfinite(length) & (highest > 0)
    return np.where(good, np.where(good, length, 0.0) / np.maximum(highest, 1), np.nan)
