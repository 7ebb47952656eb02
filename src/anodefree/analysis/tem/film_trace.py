"""Both edges of a film traced through a picture: the best ways of the gradient, then profiles fitted window by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import DataError
from anodefree.numerics.edge_tracing import Turned, gradient, main_direction, turned, two_edges
from anodefree.numerics.two_edge_profile import Profiles, fit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
LEAST_WINDOWS: Final = 6
_ALONG_SMOOTH: Final = 1.5
"""Smoothing along the film over that across it, when the ways are sought."""


@dataclass(frozen=True)
class Search:
    """How the edges are looked for. Lengths in pixels."""

    direction_rad: float | None = None
    smooth: float = 2.0
    least: int = 8
    window: int | None = None


@dataclass(frozen=True)
class Trace:
    """The edges in windows along the film; lengths in pixels, places in the picture (column, row)."""

    direction_rad: float
    clearness: float
    along: Floats
    """Where the middle of each window is along the film."""
    upper: Floats
    lower: Floats
    """Places across the film's direction."""
    thickness: Floats
    """Across the local middle line."""
    noise: Floats
    """Standard deviation of each thickness from the noise of its window."""
    width: Floats
    """Standard deviation of the blur of both edges (window, 2)."""
    levels: Floats
    steepest: float
    """Mean thickness between the steepest gradients, the other way to define an edge."""
    upper_xy: Floats
    lower_xy: Floats
    """Places in the picture (window, 2)."""
    windows: int
    """How many windows there were, before those without two clear edges were left out."""
    window: int


def trace(image: Floats, search: Search, where: str) -> Trace:
    """Both edges of the clearest film of a picture (y, x).

    Raises
    ------
    DataError: too small, without contrast, or too few windows show two edges.
    """
    if min(image.shape) < 16:
        raise DataError(
            f"is {image.shape[1]} x {image.shape[0]} pixels", where, "16 pixels or more either way, or a larger region"
        )
    if not np.ptp(image) > 0:
        raise DataError("has the same brightness everywhere", where, "is the region right?")
    found, clearness = main_direction(image, max(2.0, search.smooth))
    direction = found if search.direction_rad is None else search.direction_rad
    lying = turned(image, direction)
    slope = gradient(lying.values, search.smooth, _ALONG_SMOOTH * search.smooth)
    reach = int(np.ceil(2 * search.smooth))
    columns = _usable(lying, reach)
    first, second, _ = two_edges(slope[:, columns], _eroded(lying.inside[:, columns], reach), search.least)
    both = _in_picture(lying, columns, first, second, reach)
    if both.sum() < 8:
        raise DataError("shows no film with two edges along it", where, "give the region and the direction of the film")
    columns, first, second = columns[both], first[both], second[both]
    return _windows(lying, slope, columns, first, second, search, direction, clearness, where)


def _usable(lying: Turned, reach: int) -> Rows:
    """Columns of which half of the longest is in the picture."""
    rows = lying.inside.sum(axis=0)
    good = np.flatnonzero(rows >= max(0.5 * rows.max(), 4 * reach))
    return good if good.size else np.arange(rows.size)


def _eroded(inside: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Where the smoothing reaches beyond the picture there is no gradient to trust."""
    from scipy.ndimage import binary_erosion

    return np.asarray(binary_erosion(np.pad(inside, ((0, 0), (1, 1)), mode="edge"), np.ones((2 * reach + 1, 1)))[:, 1:-1])


def _in_picture(lying: Turned, columns: Rows, first: Rows, second: Rows, reach: int) -> NDArray[np.bool_]:
    last = lying.inside.shape[0] - 1
    top, bottom = np.clip(first - reach, 0, last), np.clip(second + reach, 0, last)
    return np.asarray(lying.inside[top, columns] & lying.inside[bottom, columns] & (second > first))


def _windows(
    lying: Turned, slope: Floats, columns: Rows, first: Rows, second: Rows, search: Search,
    direction: float, clearness: float, where: str,
) -> Trace:  # fmt: skip
    """Profiles averaged over windows that follow the middle line, and the two edges of each."""
    from scipy.ndimage import gaussian_filter1d

    size = search.window or int(np.clip(columns.size // 40, 4, 64))
    count = columns.size // size
    if count < LEAST_WINDOWS:
        raise DataError(
            f"shows {columns.size} columns of the film: {count} windows", where, f"{LEAST_WINDOWS} or more: window_m"
        )
    middle = gaussian_filter1d(0.5 * (first + second).astype(float), 2.0 * size, mode="nearest")
    apart = second - first
    pad = int(np.clip(0.5 * np.median(apart), 6, 40))
    half = int(np.ceil(0.5 * np.percentile(apart, 95))) + pad
    base = np.rint(middle).astype(int) - half
    rows = base[None] + np.arange(2 * half + 1)[:, None]
    within = (rows >= 0) & (rows < lying.values.shape[0])
    held = np.clip(rows, 0, lying.values.shape[0] - 1)
    weight = (within & lying.inside[held, columns]).astype(float)
    values = lying.values[held, columns]
    used = count * size
    cut = (slice(None), slice((columns.size - used) // 2, (columns.size - used) // 2 + used))
    shares = weight[cut].reshape(-1, count, size)
    total = shares.sum(axis=2)
    profiles = (shares * values[cut].reshape(-1, count, size)).sum(axis=2) / np.maximum(total, 1e-9)
    bases = base[cut[1]].reshape(count, size)
    starts = [(w[cut[1]].reshape(count, size) - bases).mean(axis=1) for w in (first, second)]
    made = fit(profiles.T, total.T / size, starts[0], starts[1], search.smooth)
    if made.good.sum() < LEAST_WINDOWS:
        raise DataError(
            f"shows two clear edges in {int(made.good.sum())} of {count} windows",
            where,
            "longer windows (window_m), or a region",
        )
    along = columns[cut[1]].reshape(count, size).mean(axis=1)
    # A column that was moved by a whole row more than its neighbours is put back where it was, on average.
    return _trace(lying, slope, columns, first, second, made, along, bases.mean(axis=1), size, direction, clearness)


def _trace(
    lying: Turned, slope: Floats, columns: Rows, first: Rows, second: Rows, made: Profiles,
    along: Floats, base: Floats, size: int, direction: float, clearness: float,
) -> Trace:  # fmt: skip
    good = made.good
    along, upper, lower = along[good], (base + made.upper)[good], (base + made.lower)[good]
    tilt = _tilt(along, 0.5 * (upper + lower))
    # The thickness is across the middle line, not across the general direction.
    cos = 1 / np.hypot(1.0, tilt)
    variance = made.std_upper**2 + made.std_lower**2 - 2 * made.covariance
    fine = [_parabola(slope, way, columns) for way in (first, second)]
    steepest = float(np.mean(fine[1] - fine[0]) * np.mean(cos))
    return Trace(
        direction,
        clearness,
        along,
        upper,
        lower,
        (lower - upper) * cos,
        np.sqrt(np.maximum(variance, 0.0))[good] * cos,
        np.column_stack([made.width_upper, made.width_lower])[good],
        made.levels[good],
        steepest,
        _places(lying, along, upper),
        _places(lying, along, lower),
        int(good.size),
        size,
    )


def _tilt(along: Floats, middle: Floats, reach: int = 3) -> Floats:
    """Slope of the middle line at each window, of the straight line through it and its neighbours."""
    n = along.size
    found = np.empty(n)
    for k in range(n):
        near = slice(max(0, k - reach), min(n, k + reach + 1))
        off = along[near] - along[near].mean()
        found[k] = float(off @ middle[near] / max(float(off @ off), 1e-300))
    return found


def _parabola(slope: Floats, way: Rows, columns: Rows) -> Floats:
    """The way moved to the top of the parabola through the gradients above, at and below it."""
    at = np.clip(way, 1, slope.shape[0] - 2)
    above, here, below = (np.abs(slope[at + k, columns]) for k in (-1, 0, 1))
    bend = above - 2 * here + below
    shift = np.where(bend < 0, 0.5 * (above - below) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.asarray(at + np.clip(shift, -0.5, 0.5))


def _places(lying: Turned, along: Floats, across: Floats) -> Floats:
    """Column and row in the picture of places along and across."""
    from scipy.ndimage import map_coordinates

    return np.column_stack([map_coordinates(grid, [across, along], order=1, mode="nearest") for grid in (lying.x, lying.y)])
