"""The scale bar of a picture: the longest even, straight stroke of white or black in the strip below (or above) the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """Length [pixels], its standard deviation, and the place: left and right end, upper and lower row."""

    length: float
    std: float
    left: float
    right: float
    top: int
    bottom: int


EVEN = 0.4
"""Share of the range of grey levels that noise may take off a bar."""


def _runs(row: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Starts and ends (exclusive) of the runs of True, shape (n, 2)."""
    edges = np.diff(np.concatenate([[0], row.astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)])


def scale_bar(strip: Floats, least: float = 0.05) -> Bar | None:
    """The bar in a strip (y, x), or None.

    Candidates are runs of the strip's brightest (darkest) grey levels, at least `least` of the width long, that touch neither
    side, go on over two rows or more with the same ends within two pixels, are at least three times as long as high, and
    have other brightness above and below. The longest counts. Its ends are where the brightness, averaged over its rows, is
    half way; their std is the noise over the slope there, and a twentieth of a pixel for the interpolation.
    """
    rows, columns = strip.shape
    low, high = (float(v) for v in np.percentile(strip, (0.5, 99.5)))
    if high <= low or rows < 2:
        return None
    best: Bar | None = None
    for image in (strip, high + low - strip):
        mask = image >= high - EVEN * (high - low)
        open_bars: list[list[int]] = []  # left, right, first row, last row
        for y in range(rows):
            for left, right in _runs(mask[y]):
                if right - left < max(least * columns, 6) or left == 0 or right == columns:
                    continue
                same = [b for b in open_bars if b[3] == y - 1 and abs(b[0] - left) <= 2 and abs(b[1] - right) <= 2]
                if same:
                    same[0][3] = y
                else:
                    open_bars.append([int(left), int(right), y, y])
        for left, right, top, bottom in open_bars:
            stroke = 2 <= bottom - top + 1 <= (right - left) / 3
            around = [mask[y, left:right].mean() < 0.5 for y in (top - 2, bottom + 2) if 0 <= y < rows]
            if stroke and all(around) and (best is None or right - left > best.length):
                best = _ends(image[top : bottom + 1].mean(axis=0), left, right, top, bottom)
    return best


def _ends(profile: Floats, left: int, right: int, top: int, bottom: int) -> Bar:
    """The ends between pixels, by the half-way level of the profile."""
    inside = float(np.median(profile[left:right]))
    noise = float(np.std(profile[left + 2 : right - 2]))
    slopes = []

    def edge(at: int, outwards: int) -> float:
        beyond = float(np.clip(at + 3 * outwards, 0, profile.size - 1))
        half = 0.5 * (inside + float(profile[int(beyond)]))
        place = at
        while 0 < place < profile.size - 1 and profile[place] > half:
            place += outwards
        inner = float(profile[place - outwards])
        slopes.append(max(inner - float(profile[place]), 1e-12))
        share = (inner - half) / max(inner - float(profile[place]), 1e-12)
        return place - outwards + outwards * float(np.clip(share, 0.0, 1.0))

    first, last = edge(left, -1), edge(right - 1, 1)
    std = float(np.sqrt(sum((noise / s) ** 2 + 0.05**2 for s in slopes)))
    return Bar(last - first, min(std, 1.0), first + 0.5, last + 0.5, top, bottom)
