"""A picture of a cross-section -> collector, lithium and void, on a grid whose row 0 lies on the collector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.section_sampling import correlation_length
from anodefree.numerics.thresholds import TWO_CLASS, multi_otsu, walked, without_specks

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Method = Literal["otsu", "multi_otsu", "halfway", "minimum_error", "random_walker"]
LEAST_CONTRAST: Final = 2.0
"""Distance of the two classes over their scatter, below which a check doubts the segmentation."""
MOSTLY: Final = 0.7
EDGE_PX: Final = 0.3
"""Standard deviation of the place of an edge from blur, sampling and choice of threshold, in pixels."""


@dataclass(frozen=True)
class Look:
    """How a picture is to be looked at. Lengths in pixels."""

    method: Method = "otsu"
    deposit: Literal["bright", "dark"] = "bright"
    smooth_px: float = 1.0
    smallest_px: int = 12
    background_px: float | None = None
    collector_px: float | None = None
    collector_std_px: float = 0.0
    threshold_std: float = 0.05


@dataclass(frozen=True)
class Section:
    """One frame above its collector: brightness (z, x), z rising, and what it was parted by.

    `line` (x) is the height of the collector's face above the lower edge of the picture in pixels, `line_std` that of its
    mean; `contrast` the distance of the mean brightness of lithium and void, `scatter` the width of the two classes.
    """

    brightness: Floats
    line: Floats
    line_std: float
    found: bool
    threshold: float
    contrast: float
    scatter: float
    others: tuple[float, ...]

    def metal(self, look: Look, threshold: float | None = None) -> Mask:
        """Where lithium is, by the chosen method, or by another threshold."""
        if threshold is None and look.method == "random_walker":
            reach = 0.25 * self.contrast
            mask = walked(self.brightness, self.threshold - reach, self.threshold + reach)
        else:
            mask = self.brightness >= (self.threshold if threshold is None else threshold)
        return without_specks(mask, look.smallest_px)

    def alternatives(self, look: Look) -> list[float]:
        """Thresholds that another would have taken: one standard deviation lower and higher, then the other methods."""
        step = look.threshold_std * self.contrast
        return [self.threshold - step, self.threshold + step, *self.others]


def upright(picture: Measurement, frame: int) -> Floats:
    """A frame with the collector below and z rising: brightness (z, x)."""
    image = picture["intensity"][frame].astype(float)
    return image if picture.meta.get("collector_up") in (True, "true") else image[::-1]


def section(picture: Measurement, frame: int, look: Look) -> Section:
    """The section of one frame.

    The collector is found where the lowest rows are mostly of the brightest of three classes: column by column up to the
    first darker pixel, a straight line through these by the median of its slopes. Otherwise its face is `collector_px` above
    the lower edge, or at the edge itself.

    Raises
    ------
    DataError: the picture is of one brightness, or nothing lies above the collector.
    """
    from scipy.ndimage import gaussian_filter, grey_opening

    raw, where = upright(picture, frame), picture.source.name
    if float(np.ptp(raw)) == 0:
        raise DataError(f"frame {frame} is of one brightness", where, "is it the right picture?")
    smooth = gaussian_filter(raw, look.smooth_px, mode="nearest") if look.smooth_px else raw
    line, line_std, found = _collector(smooth, look)
    above = _rectified(smooth, line)
    if above.shape[0] < 4:
        raise DataError("nothing lies above the collector", where, "give collector_height_m, or collector_up")
    if found and look.collector_px is None:  # the bright collector shines into the pores above it as far as the blur reaches
        glow = min(math.ceil(1.5 * max(look.smooth_px, 0.7)), above.shape[0] - 1)
        above[:glow] = above[glow]
    if look.deposit == "dark":
        above = above.max() - above
    if look.background_px:
        above = above - grey_opening(above, size=max(round(look.background_px), 3), mode="nearest")
    if float(np.ptp(above)) == 0:
        raise DataError("everything above the collector is of one brightness", where, "is it the right picture?")
    three = found and look.collector_px is None and look.deposit == "bright"
    threshold, others = _thresholds(above, smooth if three else above, look.method, three)
    high, low = above[above >= threshold], above[above < threshold]
    contrast = float(high.mean() - low.mean())
    scatter = float(np.sqrt(0.5 * (high.var() + low.var())))
    within = tuple(t for t in others if low.mean() < t < high.mean())
    return Section(above, line, line_std, found, threshold, contrast, scatter, within)


def _thresholds(above: Floats, whole: Floats, method: Method, three: bool) -> tuple[float, list[float]]:
    """The threshold of the chosen method, and those of the others.

    Minimum error is asked only where it is chosen: it takes the pixels that edges cut for noise of the darker class; multi-Otsu
    only where there are `three` classes to part.
    """
    wanted = "otsu" if method == "random_walker" else method
    by = {name: rule(above.ravel()) for name, rule in TWO_CLASS.items() if name in ("otsu", "halfway", wanted)}
    if three or wanted == "multi_otsu":
        by["multi_otsu"] = multi_otsu(whole.ravel())[0]
    chosen = by.pop(wanted)
    return chosen, list(by.values())


def _collector(image: Floats, look: Look) -> tuple[Floats, float, bool]:
    """The height of the collector's face in each column, the standard deviation of its mean, and whether it was seen."""
    rows, columns = image.shape
    if look.collector_px is not None:
        return np.full(columns, look.collector_px), look.collector_std_px, True
    _, bright = multi_otsu(image.ravel())
    lowest = image[: max(2, rows // 50)]
    if float(np.mean(lowest >= bright)) < MOSTLY:
        return np.zeros(columns), 0.0, False
    dark = image < bright
    edge = np.where(dark.any(axis=0), np.argmax(dark, axis=0), rows).astype(float)
    line = _median_line(edge)
    rest = edge - line
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    near = np.abs(rest) <= 3 * max(spread, 1.0)
    few = columns / correlation_length(np.where(near, rest, 0.0))
    return line, float(np.hypot(EDGE_PX, float(rest[near].std()) / np.sqrt(max(few, 1.0)))), True


def _median_line(edge: Floats) -> Floats:
    """The straight line through heights of columns: median of the slopes between the two halves, then of what is left."""
    n = edge.size
    x, half = np.arange(n, dtype=float), n // 2
    slope = float(np.median((edge[n - half :] - edge[:half]) / (n - half)))
    return np.asarray(slope * x + np.median(edge - slope * x))


def _rectified(image: Floats, line: Floats) -> Floats:
    """Each column from the collector's face upwards, as high as the lowest of them."""
    start = np.rint(line).astype(int).clip(0, image.shape[0])
    height = image.shape[0] - int(start.max())
    return np.asarray(np.take_along_axis(image, start[None] + np.arange(max(height, 0))[:, None], 0))
