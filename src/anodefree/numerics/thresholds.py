"""Grey levels that part two or three classes of pixels: Otsu, multi-Otsu, halfway, minimum error; a random walker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
BINS: Final = 256
WALKER_BETA: Final = 130.0


def otsu(values: Floats) -> float:
    """The threshold that makes the variance between two classes largest. *Source* Otsu 1979."""
    counts, centres = _histogram(values)
    low, high, mean_low, mean_high, _, _ = _moments(counts, centres)
    return _threshold(centres, low * high * (mean_low - mean_high) ** 2)


def minimum_error(values: Floats) -> float:
    """The threshold at which two normal laws, one for each class, misjudge the fewest pixels. *Source* Kittler 1986."""
    counts, centres = _histogram(values)
    low, high, _, _, var_low, var_high = _moments(counts, centres)
    floor = (centres[1] - centres[0]) ** 2 / 12
    cost = low * np.log(np.maximum(var_low, floor)) + high * np.log(np.maximum(var_high, floor))
    cost -= 2 * (_entropy(low) + _entropy(high))
    return _threshold(centres, -np.where((low > 1e-3) & (high > 1e-3), cost, np.inf))


def multi_otsu(values: Floats) -> tuple[float, float]:
    """The two thresholds that make the variance between three classes largest. *Source* Liao, Chen and Chung 2001."""
    counts, centres = _histogram(values, 128)
    weight, first = np.concatenate([[0], np.cumsum(counts)]), np.concatenate([[0], np.cumsum(counts * centres)])

    def between(a: NDArray[np.intp], b: NDArray[np.intp]) -> Floats:
        w = weight[b] - weight[a]
        return np.asarray(np.where(w > 0, (first[b] - first[a]) ** 2 / np.maximum(w, 1e-12), 0.0))

    i, j = np.triu_indices(counts.size, 1)
    i, j = i[i > 0], j[i > 0]
    score = between(np.zeros_like(i), i) + between(i, j) + between(j, np.full_like(j, counts.size))
    best = int(np.argmax(score))
    half = 0.5 * (centres[1] - centres[0])
    return float(centres[i[best]] - half), float(centres[j[best]] - half)


def halfway(values: Floats) -> float:
    """The middle between the medians of the two classes that Otsu's threshold parts: where a blurred edge has its true place.

    Pixels that an edge cuts are few, so medians hardly feel them, where a law fitted to each class does.
    """
    at = otsu(values)
    return 0.5 * float(np.median(values[values < at]) + np.median(values[values >= at]))


TWO_CLASS: Final[dict[str, Callable[[Floats], float]]] = {"otsu": otsu, "halfway": halfway, "minimum_error": minimum_error}


def walked(image: Floats, low: float, high: float) -> Mask:
    """Pixels of the brighter class: sure above `high`, sure not below `low`, those between decided by a random walker.

    *Source* Grady 2006.
    """
    from skimage.segmentation import random_walker

    seeds = np.where(image >= high, 2, np.where(image <= low, 1, 0))
    if not ((seeds == 1).any() and (seeds == 2).any() and (seeds == 0).any()):
        return image >= 0.5 * (low + high)
    scaled = (image - image.min()) / max(float(np.ptp(image)), 1e-12)
    return np.asarray(random_walker(scaled, seeds, beta=WALKER_BETA, mode="cg_j", prob_tol=0.1) == 2)


def without_specks(mask: Mask, smallest: int) -> Mask:
    """A mask whose parts and whose holes of fewer than `smallest` cells are gone."""
    from scipy.ndimage import label

    for inside in (True, False):
        parts, count = label(mask == inside)
        if count:
            sizes = np.bincount(parts.ravel())
            small = sizes < smallest
            small[0] = False
            mask = np.where(small[parts], not inside, mask)
    return mask


def _histogram(values: Floats, bins: int = BINS) -> tuple[Floats, Floats]:
    counts, edges = np.histogram(values, bins)
    return counts / max(counts.sum(), 1), 0.5 * (edges[1:] + edges[:-1])


def _moments(counts: Floats, centres: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Weights, means and variances of the classes below and above each bin's upper edge."""
    low = np.cumsum(counts)
    first, second = np.cumsum(counts * centres), np.cumsum(counts * centres**2)
    high = 1 - low
    safe_low, safe_high = np.maximum(low, 1e-12), np.maximum(high, 1e-12)
    mean_low, mean_high = first / safe_low, (first[-1] - first) / safe_high
    var_low = np.maximum(second / safe_low - mean_low**2, 0.0)
    var_high = np.maximum((second[-1] - second) / safe_high - mean_high**2, 0.0)
    return low, np.maximum(high, 0.0), mean_low, mean_high, var_low, var_high


def _entropy(weight: Floats) -> Floats:
    return np.asarray(weight * np.log(np.maximum(weight, 1e-12)))


def _threshold(centres: Floats, score: Floats) -> float:
    """The upper edge of the best bin; of several equal ones (an empty valley) the middle."""
    best = np.flatnonzero(score >= score.max() - 1e-12 * abs(score.max()))
    return float(centres[best].mean() + 0.5 * (centres[1] - centres[0]))
