"""The geometry of a deposit on an even grid: tops, envelope, the void under it, what of it is enclosed, and what is loose.

Arrays are (z, x) or (z, y, x), z rising from the collector, whose face is the lower side of row 0; lengths are in cells.
Two porosities of a deposit are told apart throughout. *Under the envelope*: void below the closed top surface over all that
lies below it, which counts the gaps between rods. *Enclosed*: only the void from which no path leads to the electrolyte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Geometry:
    """Per column (lateral dimensions), in cells: height of the highest metal, envelope, metal, and enclosed void."""

    tops: Floats
    envelope: Floats
    solid: Floats
    enclosed: Floats

    @property
    def void(self) -> Floats:
        """Void under the envelope."""
        return self.envelope - self.solid

    @property
    def porosity(self) -> float:
        """Void under the envelope over all under the envelope; 0 where nothing was deposited."""
        whole = float(self.envelope.sum())
        return float(self.void.sum()) / whole if whole > 0 else 0.0

    @property
    def porosity_enclosed(self) -> float:
        """Enclosed void over all under the envelope."""
        whole = float(self.envelope.sum())
        return float(self.enclosed.sum()) / whole if whole > 0 else 0.0

    @property
    def thickness(self) -> float:
        """Mean height of the envelope."""
        return float(self.envelope.mean())

    @property
    def height(self) -> float:
        """Σh²/Σh of the tops h: the height where metal stands, as a ruler held to a section reads it."""
        whole = float(self.tops.sum())
        return float((self.tops**2).sum()) / whole if whole > 0 else 0.0

    @property
    def coverage(self) -> float:
        """Share of the columns that hold metal."""
        return float(np.mean(self.solid > 0.5))


def column_tops(fraction: Floats) -> Floats:
    """Height of the highest metal of each column, where the fraction of metal crosses one half, linear between cells."""
    metal = fraction >= 0.5
    some = metal.any(axis=0)
    highest = fraction.shape[0] - 1 - np.argmax(metal[::-1], axis=0)
    here = np.take_along_axis(fraction, highest[None], 0)[0]
    above = np.take_along_axis(np.pad(fraction, [(0, 1)] + [(0, 0)] * (fraction.ndim - 1)), highest[None] + 1, 0)[0]
    partly = (here - 0.5) / np.maximum(here - above, 1e-12)
    return np.where(some, highest + 0.5 + np.clip(partly, 0.0, 1.0), 0.0)


def closed(tops: Floats, width: float, periodic: bool = False) -> Floats:
    """The envelope: the tops after a grey closing over `width` cells, so that narrower gaps are bridged at their lower rim."""
    from scipy.ndimage import grey_closing

    half = max(round((width - 1) / 2), 0)
    if half == 0:
        return tops.copy()
    mode = "wrap" if periodic else "nearest"
    narrow = tuple(min(half, (n - 1) // 2) if periodic else half for n in tops.shape)
    ring = [np.arange(-h, h + 1) / max(h, 1) for h in narrow]
    disc = sum(r**2 for r in np.meshgrid(*ring, indexing="ij")) <= 1.0 + 1e-9
    return np.maximum(grey_closing(tops, footprint=disc, mode=mode), tops)


def own_width(tops: Floats) -> float:
    """The width over which gaps are bridged unless another is given: Σh²/Σh, the height at which the deposit is as one sees it.

    Of an even layer it is the height; of rods on a thin film that of the rods, so that gaps narrower than they are high count.
    """
    whole = float(tops.sum())
    return float((tops**2).sum()) / whole if whole > 0 else 1.0


def labelled(mask: Mask, periodic: bool = False) -> tuple[NDArray[np.intp], int]:
    """Parts of a mask that hang together over faces of cells, numbered from 1; `periodic` joins the lateral sides."""
    from scipy.ndimage import label
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    parts, count = label(mask)
    if not periodic or count == 0:
        return parts, int(count)
    pairs = []
    for axis in range(1, mask.ndim):
        first, last = np.take(parts, 0, axis).ravel(), np.take(parts, -1, axis).ravel()
        both = (first > 0) & (last > 0)
        pairs.append(np.stack([first[both], last[both]]))
    a, b = np.concatenate(pairs, axis=1)
    joined = coo_array((np.ones(a.size), (a, b)), shape=(count + 1, count + 1))
    _, group = connected_components(joined, directed=False)
    return group[parts] * (parts > 0), int(group.max())


def reached(mask: Mask, seeds: Mask, periodic: bool = False) -> Mask:
    """The cells of a mask that hang together with its cells in `seeds`."""
    parts, count = labelled(mask, periodic)
    wanted = np.zeros(max(count, int(parts.max())) + 1, dtype=bool)
    wanted[parts[seeds & mask]] = True
    wanted[0] = False
    return wanted[parts]


def enclosed(metal: Mask, periodic: bool = False) -> Mask:
    """Void from which no path over faces of cells leads to the electrolyte above the deposit."""
    open_sky = np.zeros((1, *metal.shape[1:]), dtype=bool)
    void = np.concatenate([~metal, ~open_sky])
    seeds = np.zeros_like(void)
    seeds[-1] = True
    return ~metal & ~reached(void, seeds, periodic)[:-1]


def loose(metal: Mask, periodic: bool = False) -> Mask:
    """Metal from which no path through metal leads to the collector."""
    seeds = np.zeros_like(metal)
    seeds[0] = metal[0]
    return metal & ~reached(metal, seeds, periodic)


def geometry(fraction: Floats, width: float | None = None, periodic: bool = False) -> Geometry:
    """The geometry of a deposit from its fraction of metal (z, ...), 0 to 1; gaps narrower than `width` cells are bridged.

    `width` None: the height Σh²/Σh of the tops.
    """
    tops = column_tops(fraction)
    roof = closed(tops, own_width(tops) if width is None else width, periodic)
    # A partly filled cell counts with its fraction, so a dense layer of any height has no void; none lies above the roof.
    solid = np.minimum(fraction.sum(axis=0), roof)
    shut = enclosed(fraction >= 0.5, periodic)
    return Geometry(tops, roof, solid, shut.sum(axis=0).astype(float))


def void_under(fraction: Floats, envelope: Floats) -> Mask:
    """Cells of void whose centres are under the envelope."""
    height = np.arange(fraction.shape[0]).reshape(-1, *[1] * envelope.ndim) + 0.5
    return (height < envelope) & (fraction < 0.5)


def pore_sizes(void: Mask, radii: Floats) -> Floats:
    """Share of the void that a ball of each radius (cells) can reach: 1 at radius 0, falling; what is lost are finer pores.

    Granulometry by openings with balls, through Euclidean distances. Sides of the picture bound no pore.
    """
    from scipy.ndimage import distance_transform_edt

    whole = int(void.sum())
    if whole == 0:
        return np.zeros(radii.size)
    inside = distance_transform_edt(np.pad(void, [(1, 1)] * void.ndim, mode="edge"))
    inside = inside[tuple(slice(1, -1) for _ in void.shape)]
    shares = []
    for radius in radii:
        core = inside >= radius
        if not core.any():
            shares.append(0.0)
        else:
            shares.append(float((void & (distance_transform_edt(~core) < radius)).sum()) / whole if radius > 0.5 else 1.0)
    return np.minimum.accumulate(np.array(shares))


def shortest_paths(phase: Mask, start: Mask) -> Floats:
    """Length (cells) of the shortest way through a phase from `start` to each of its cells; infinite where none."""
    from skimage.graph import MCP_Geometric

    seeds = np.argwhere(start & phase)
    if seeds.size == 0:
        return np.full(phase.shape, np.inf)
    costs = np.where(phase, 1.0, -1.0)
    return np.asarray(MCP_Geometric(costs).find_costs([tuple(s) for s in seeds])[0])
