"""How far a spectrometer's axis is off: a polynomial whose order evidence chooses, robust against wrong lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.polynomial import Chebyshev, chebyshev

from anodefree.analysis.raman.lines import Found, found_lines, matched
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.physics.raman_references import lines_of

HIGHEST: Final = 4
_FAR: Final = 4.0
_LEAST_PER_CM: Final = 0.05


@dataclass(frozen=True)
class AxisError:
    """Shown minus true shift as a polynomial of the shown one, its covariance, and the lines it rests on (used: kept).

    The polynomial is the mean over orders, each with the weight that the lines give it, and the covariance holds how much
    the orders differ; `order` is the best one.
    """

    polynomial: Chebyshev
    order: int
    covariance: np.ndarray
    shown_per_cm: np.ndarray
    true_per_cm: np.ndarray
    std_per_cm: np.ndarray
    used: np.ndarray
    rms_per_cm: float
    common_std_per_cm: float
    """What the reference's own values leave open, alike for all lines."""

    def at(self, x_per_cm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Axis error and its standard deviation [1/cm]; beyond the outermost lines it stays as it is there."""
        shown = self.shown_per_cm[self.used]
        x = np.clip(x_per_cm, shown.min(), shown.max()) if len(shown) > 1 else np.full_like(x_per_cm, shown[0], dtype=float)
        design = chebyshev.chebvander(_scaled(x, self.polynomial.domain), len(self.covariance) - 1)
        variance = np.einsum("ni,ij,nj->n", design, self.covariance, design)
        return np.asarray(self.polynomial(x)), np.sqrt(variance + self.common_std_per_cm**2)


def axis_error(reference: Measurement, material: str, laser_m: float, reach_per_cm: float) -> AxisError:
    """The axis' error from a spectrum of a reference.

    Raises
    ------
    DataError: no line of the reference is found in it.
    """
    x, y = reference["shift_per_cm"].astype(float), reference["intensity"].astype(float).mean(axis=0)
    known = [k for k in lines_of(material, laser_m) if x[0] <= k.shift_per_cm <= x[-1]]
    pairs = matched(found_lines(x, y), known, reach_per_cm) if len(x) > 20 else []
    if not pairs:
        raise DataError(
            f"shows none of the {len(known)} lines of {material} that lie in its range",
            reference.source.name,
            "is it that reference, and the laser the right one? a larger reach_per_cm looks further",
        )
    return fitted(
        np.array([f.shift_per_cm for f, _ in pairs]),
        np.array([k.shift_per_cm for _, k in pairs]),
        np.array([f.std_per_cm for f, _ in pairs]),
        np.array([k.std_per_cm for _, k in pairs]),
    )


def fitted(shown: np.ndarray, true: np.ndarray, std: np.ndarray, known_std: np.ndarray) -> AxisError:
    """The polynomial through shown - true, after lines far off it have been taken out."""
    off = shown - true
    weight = np.hypot(std, np.maximum(known_std, _LEAST_PER_CM))
    used = np.ones(len(off), bool)
    domain = [float(shown.min()), float(shown.max())] if len(shown) > 1 else [float(shown[0]) - 1, float(shown[0]) + 1]
    order = 0
    for _ in range(6):
        order = int(np.argmin(_scores(shown[used], off[used], weight[used], domain)))
        curve, _, _ = _polynomial(shown[used], off[used], weight[used], order, domain)
        left = (off - curve(shown)) / weight
        size = max(1.4826 * float(np.median(np.abs(left[used]))), 1.0)
        keep = np.abs(left) <= _FAR * size
        if (keep == used).all() or keep.sum() < min(len(off), order + 3):
            break
        used = keep
    scores = _scores(shown[used], off[used], weight[used], domain)
    order = int(np.argmin(scores))
    _, _, left = _polynomial(shown[used], off[used], weight[used], order, domain)
    rms = float(np.sqrt(np.mean(left**2)))
    free = int(used.sum()) - order - 1
    common = float(np.sqrt(1 / np.sum(1 / np.maximum(known_std[used], 1e-6) ** 2))) if known_std.max() > 0.01 else 0.0
    # The references' own errors are in the weights already where a fit averages over several lines.
    own = 0.0 if len(off) > 1 or free <= 0 else common
    curve, covariance = _averaged(shown[used], off[used], weight[used], scores, domain)
    return AxisError(curve, order, covariance, shown, true, weight, used, rms, own)


def _scores(x: np.ndarray, y: np.ndarray, weight: np.ndarray, domain: list[float]) -> np.ndarray:
    """n ln(chi2/n) + k ln n of each order that the lines can bear."""
    n, scores = len(x), []
    for order in range(min(HIGHEST, n - 3) + 1 if n > 3 else 1):
        _, _, left = _polynomial(x, y, weight, order, domain)
        chi2 = float(np.sum((left / weight) ** 2))
        scores.append(n * np.log(max(chi2, 1e-9 * n) / n) + (order + 1) * np.log(n) if n > order + 1 else np.inf)
    return np.array(scores) if np.isfinite(scores).any() else np.zeros(1)


def _averaged(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, scores: np.ndarray, domain: list[float]
) -> tuple[Chebyshev, np.ndarray]:
    """The mean polynomial over the orders, weighted by exp(-score/2), and its covariance with their differences."""
    share = np.exp(-0.5 * (scores - scores.min()))
    share /= share.sum()
    count = len(scores)
    each, spread = np.zeros((count, count)), np.zeros((count, count))
    for order in range(count):
        curve, covariance, left = _polynomial(x, y, weight, order, domain)
        free = len(x) - order - 1
        scatter = float(np.sum((left / weight) ** 2)) / free if free > 0 else 1.0
        each[order, : order + 1] = curve.coef
        spread[: order + 1, : order + 1] += share[order] * max(1.0, scatter) * covariance
    mean = share @ each
    apart = each - mean
    return Chebyshev(mean, domain=domain), spread + (share[:, None] * apart).T @ apart


def _polynomial(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, order: int, domain: list[float]
) -> tuple[Chebyshev, np.ndarray, np.ndarray]:
    design = chebyshev.chebvander(_scaled(x, np.array(domain)), order)
    whitened = design / weight[:, None]
    c, *_ = np.linalg.lstsq(whitened, y / weight, rcond=None)
    covariance = np.linalg.pinv(whitened.T @ whitened)
    return Chebyshev(c, domain=domain), covariance, y - design @ c


def _scaled(x: np.ndarray, domain: np.ndarray | Sequence[float]) -> np.ndarray:
    return np.asarray((2 * x - domain[0] - domain[1]) / (domain[1] - domain[0]))


__all__ = ["AxisError", "Found", "axis_error", "fitted"]
