"""Lines of a reference spectrum: where they are, to a fraction of a pixel, and which known line each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anodefree.physics.line_shapes import gauss
from anodefree.physics.raman_references import Line

_SIGNIFICANT: Final = 8.0
_MOST: Final = 200
_PIXELS: Final = 3
_BESIDE: Final = 0.1
_FOOT: Final = 1.35
"""How far the fit of a line looks to either side, in widths."""
_PUSH: Final = 0.08
"""A neighbour whose flank is there as high as the line pushes the fit away by so many widths (measured without noise)."""


@dataclass(frozen=True)
class Found:
    """A line in a spectrum: its place and standard deviation [1/cm], and its height above the background."""

    shift_per_cm: float
    std_per_cm: float
    height: float
    width_per_cm: float


def found_lines(x: np.ndarray, y: np.ndarray) -> list[Found]:
    """Maxima that stand out of the noise, each refined by a Gauss curve on a sloping background.

    The standard deviation of a place is that of the fit; its floor is a fiftieth of a pixel, because no detector is ideal.
    """
    from scipy.ndimage import median_filter
    from scipy.signal import find_peaks

    flat = y - median_filter(y, min(101, len(y)), mode="nearest")
    noise = _noise(y, flat)
    threshold = max(_SIGNIFICANT * noise, 0.004 * float(flat.max()))
    places, _ = find_peaks(flat, prominence=threshold)
    order = np.argsort(-flat[places])[:_MOST]
    refined = [_refined(x, y, int(i), noise) for i in np.sort(places[order])]
    return [f for f in refined if f is not None]


def _noise(y: np.ndarray, flat: np.ndarray) -> float:
    """Standard deviation from point to point between the lines: the flanks of many lines would count as noise."""
    low = flat <= np.median(flat)
    steps = np.diff(y)[low[1:] & low[:-1]]
    steps = steps if len(steps) >= 10 else np.diff(y)
    return 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) / float(np.sqrt(2))


def _refined(x: np.ndarray, y: np.ndarray, at: int, noise: float) -> Found | None:
    from scipy.optimize import least_squares

    half = 0.5 * (y[at] + min(y[max(at - 8, 0) : at + 9]))
    left, right = at, at
    while left > 0 and y[left] > half:
        left -= 1
    while right < len(y) - 1 and y[right] > half:
        right += 1
    reach = max(_PIXELS, right - left)
    a, b = max(at - reach, 0), min(at + reach + 1, len(x))
    if b - a < 6 or at - a < 2 or b - at < 3:
        return None
    u, v = x[a:b], y[a:b]
    pixel = float(np.median(np.diff(u)))
    width = max((right - left - 1) * pixel, 1.5 * pixel)

    def left_over(p: np.ndarray) -> np.ndarray:
        return np.asarray(p[0] * gauss(u - p[1], abs(p[2])) + p[3] + p[4] * (u - x[at]) - v)

    def slopes(p: np.ndarray) -> np.ndarray:
        off, wide = u - p[1], abs(p[2])
        line, bend = gauss(off, wide), 8 * np.log(2) / wide**2
        by_width = p[0] * line * (bend * off**2 - 1) / p[2]
        return np.column_stack([line, p[0] * line * bend * off, by_width, np.ones_like(u), u - x[at]])

    first = [float(np.ptp(v)) * width, x[at], width, float(v.min()), 0.0]
    fit = least_squares(left_over, first, slopes, method="lm", max_nfev=200)
    centre, fwhm = float(fit.x[1]), abs(float(fit.x[2]))
    if abs(centre - x[at]) > 1.5 * pixel or not 0.5 * pixel < fwhm < (b - a) * pixel or fit.x[0] <= 0:
        return None
    size = max(noise, float(np.sqrt(2 * fit.cost / max(len(u) - 5, 1))))
    try:
        variance = np.linalg.inv(fit.jac.T @ fit.jac)[1, 1]
    except np.linalg.LinAlgError:
        return None
    std = float(np.hypot(size * np.sqrt(max(variance, 0.0)), 0.02 * pixel))
    return Found(centre, std, float(fit.x[0]) * float(gauss(np.zeros(1), fwhm)[0]), fwhm)


def matched(found: Sequence[Found], known: Sequence[Line], reach_per_cm: float) -> list[tuple[Found, Line]]:
    """Pairs of a found and a known line, under the one offset within `reach_per_cm` that explains most of the found height.

    A known line that has another nearby, which the instrument cannot tell from it, is left out; where the flank of a farther
    one reaches it, the standard deviation of its place holds how far that may push it.
    """
    if not found or not known:
        return []
    width = float(np.percentile([f.width_per_cm for f in found], 25))
    alone = _alone(known, 1.4 * width)
    places = np.array([f.shift_per_cm for f in found])
    weight = np.sqrt(np.array([max(f.height, 0.0) for f in found]))
    reference = np.array([k.shift_per_cm for k in known])
    strength = np.sqrt(np.array([k.strength for k in known]))
    offsets = np.arange(-reach_per_cm, reach_per_cm + 0.1, 0.25)
    closeness = max(0.3 * width, 1.0)
    score = [
        float((weight[:, None] * strength * np.exp(-0.5 * ((places[:, None] - o - reference) / closeness) ** 2)).sum())
        for o in offsets
    ]
    offset = float(offsets[int(np.argmax(score))])
    pairs: list[tuple[Found, Line]] = []
    for line in alone:
        distance = np.abs(places - offset - line.shift_per_cm)
        nearest = int(np.argmin(distance))
        if distance[nearest] < max(0.6 * width, 3.0):
            own = found[nearest]
            std = float(np.hypot(own.std_per_cm, _pushed(line, known, width)))
            pairs.append((replace(own, std_per_cm=std), line))
    used: dict[float, tuple[Found, Line]] = {}
    for f, line in pairs:
        old = used.get(f.shift_per_cm)
        if old is None or abs(f.shift_per_cm - offset - line.shift_per_cm) < abs(f.shift_per_cm - offset - old[1].shift_per_cm):
            used[f.shift_per_cm] = f, line
    return list(used.values())


def _alone(known: Sequence[Line], apart_per_cm: float) -> list[Line]:
    return [
        k
        for k in known
        if not any(
            o is not k and abs(o.shift_per_cm - k.shift_per_cm) < apart_per_cm and o.strength > _BESIDE * k.strength
            for o in known
        )
    ]


def _pushed(line: Line, known: Sequence[Line], width_per_cm: float) -> float:
    """How far the flanks of other lines may push the fit of one [1/cm]: a part of the width, by their height at its foot."""
    beyond = np.array([abs(o.shift_per_cm - line.shift_per_cm) / width_per_cm - _FOOT for o in known if o is not line])
    height = np.array([o.strength / line.strength for o in known if o is not line])
    return _PUSH * width_per_cm * float(np.sum(height * 2.0 ** (-4 * np.maximum(beyond, 0.0) ** 2)))
