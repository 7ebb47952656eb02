"""A long line drawn by a few thousand points that look the same: the extremes of each stretch, finer where one looks."""

from __future__ import annotations

from typing import Final

import numpy as np

IN_SIGHT: Final = 1600
"""Points of one line within the window: two for each pixel of a wide screen."""


def kept(x: np.ndarray, y: np.ndarray, most: int = IN_SIGHT, window: tuple[float, float] | None = None) -> np.ndarray:
    """Which points to draw: at most `most` of those in sight, and coarser ones beyond, so that dragging shows no gap.

    Each stretch keeps its smallest and largest value (and place, where the line runs back and forth), and one of its gaps: no
    peak is lost at any zoom, and where no more than `most` points are in sight, every one of them is kept.
    """
    everything = np.arange(len(y))
    if window is None:
        return _extremes(x, y, everything, most)
    low, high = min(window), max(window)
    margin = high - low
    with np.errstate(invalid="ignore"):
        near = (x >= low - margin) & (x <= high + margin)
        inside = (x >= low) & (x <= high)
    in_sight = np.flatnonzero(_widened(inside))
    beside = np.flatnonzero(near & ~inside)
    far = np.flatnonzero(~near)
    parts = [_extremes(x, y, a, n) for a, n in ((in_sight, most), (beside, most // 2), (far, most // 4)) if a.size]
    return np.unique(np.concatenate([[0, len(y) - 1], *parts])) if len(y) else everything


def _widened(inside: np.ndarray) -> np.ndarray:
    """With the neighbours on either side, so that the line enters and leaves the window where it does."""
    wide = inside.copy()
    wide[1:] |= inside[:-1]
    wide[:-1] |= inside[1:]
    return wide


def _extremes(x: np.ndarray, y: np.ndarray, at: np.ndarray, most: int) -> np.ndarray:
    if at.size <= most:
        return at
    forth_and_back = not _runs_one_way(x[at])
    each = 4 if forth_and_back else 2
    stretches = max(1, most // each)
    size = -(-at.size // stretches)
    filler = np.full(stretches * size - at.size, at[-1])
    rows = np.concatenate([at, filler]).reshape(stretches, size)
    chosen = [*_ends(y[rows])]
    chosen += _ends(x[rows]) if forth_and_back else []
    gaps = np.isnan(y[rows])
    if gaps.any():
        chosen.append(gaps.argmax(axis=1))
    lines = np.arange(stretches)
    return np.unique(np.concatenate([[at[0], at[-1]], *(rows[lines, c] for c in chosen)]))


def _ends(values: np.ndarray) -> list[np.ndarray]:
    gaps = np.isnan(values)
    return [np.where(gaps, np.inf, values).argmin(axis=1), np.where(gaps, -np.inf, values).argmax(axis=1)]


def _runs_one_way(x: np.ndarray) -> bool:
    steps = np.diff(x)
    return bool((steps >= 0).all() or (steps <= 0).all())
