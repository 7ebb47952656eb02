"""Whether impedance spectra keep the Kramers-Kronig relations: three tests of one measurement model, many spectra at once.

Each test asks for something that the model of `numerics.kramers_kronig` (a causal, linear, steady system and equal, independent
errors of Z' and Z'') excludes, in residuals r = W (z - fit) whose covariance under the model, sigma^2 W, is known:

* points: a point whose own error is too large for normal noise, found and left out, the worst first;
* departure: Z' + sum over knots of d_k h_k(ln f), with hat functions h_k one decade apart, by the F-test of generalised least
  squares; any smooth violation is, up to a consistent part, one of Z' alone;
* drift: Z of a polarisation that grows as 1 + d t/D over the time t of the sweep, by the t-test of d.

Where the errors are plainly not proportional to |Z|, the weights follow them: a local size comes from second differences of the
residuals along ln f, in which a smooth misfit has no part. The p-value of the whole is the least of 4 p(points), 4 p(departure)
and 2 p(drift), at most 1: Bonferroni's bound, with half of the level for the drift, the violation that is met most. *Source*
generalised least squares: Searle, Casella and McCulloch, Variance Components (Wiley 1992), chapter 6; the rest is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import fdtrc, stdtr

from anodefree.numerics.kramers_kronig import MeasurementModel, measurement_model, modulus_weight

LEVEL: Final = 0.01
"""The p-value below which a spectrum is said to violate: the rate of false alarms, about."""
TOLERANCE: Final = 1e-3
"""Departures over |Z|, and drifts, that nobody minds, however significant: the accuracy of a good instrument."""
LOCAL_PENALTY: Final = 10.0
"""What minus twice the log likelihood must gain by local weights, about that of their five degrees of freedom."""
MOST_OUT: Final = 0.2
"""No more than this part of the points is ever left out as outliers."""


@dataclass(frozen=True)
class Consistency:
    """The verdict on s spectra of f points, with what it rests on."""

    model: MeasurementModel
    """The fit to the points that were kept."""
    outlier: np.ndarray
    """(s, f) bool."""
    p_points: np.ndarray
    p_departure: np.ndarray
    p_drift: np.ndarray
    drift: np.ndarray
    """(s,) growth of the polarisation Z - R - j w L during the sweep, relative."""
    drift_std: np.ndarray
    knot_Hz: np.ndarray
    """(s, k) centres of the decades; NaN beyond a spectrum's own range."""
    departure: np.ndarray
    """(s, k, 2) mean misfit of Z' and of Z'' over |Z| about each knot, corrected for what the fit took of it."""
    departure_std: np.ndarray
    tolerance: float
    re_to_im: np.ndarray
    """(s,) spread of the residuals of Z' over that of Z''; 1 where the errors are equal."""

    @property
    def p_value(self) -> np.ndarray:
        """(s,) probability of a spectrum at least as odd, were it consistent."""
        return np.minimum(1.0, np.minimum(4 * np.minimum(self.p_points, self.p_departure), 2 * self.p_drift))

    @property
    def drifts(self) -> np.ndarray:
        """(s,) whether a drift beyond the tolerance is certain."""
        return (2 * self.p_drift < LEVEL) & (np.abs(self.drift) > self.tolerance)

    @property
    def departs(self) -> np.ndarray:
        """(s, k) decades in which a smooth departure beyond the tolerance is certain."""
        mean = (self.significance >= 3) & (np.abs(self.departure).max(axis=2) > self.tolerance)
        return mean & (4 * self.p_departure < LEVEL)[:, None]

    @property
    def violates(self) -> np.ndarray:
        """(s,) whether a spectrum violates the relations: certainly, and by more than the tolerance."""
        return self.drifts | self.departs.any(axis=1) | self.outlier.any(axis=1)

    @property
    def level(self) -> np.ndarray:
        """(s,) median standard deviation of Z' and of Z'' over |Z|."""
        there = self.model.weight > 0
        relative = 1 / np.where(there, self.model.weight * np.abs(self.model.z_ohm), np.nan)
        return self.model.noise * np.nanmedian(relative, axis=1)

    @property
    def significance(self) -> np.ndarray:
        """(s, k) the larger of the two misfits of a decade over its standard deviation."""
        return np.max(np.abs(self.departure) / self.departure_std, axis=2)


def consistency(
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    time_s: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> Consistency:
    """Test spectra (s, f), NaN where absent.

    `time_s` (s, f) is when each point was taken; by default, one period per point in the order given. `weight` (s, f) [1/ohm]
    is, up to a factor, one over the standard deviation of Z' and of Z''; by default 1/|Z|, or what the residuals say where they
    plainly disagree.

    Raises
    ------
    ValueError: a spectrum has fewer than eight points or all at one frequency.
    """
    given = modulus_weight(frequency_Hz, z_ohm) if weight is None else weight
    if ((given > 0).sum(axis=1) < 8).any():
        raise ValueError("eight points at least are needed")
    first = measurement_model(frequency_Hz, z_ohm, given)
    model, outlier, p_points = _without_outliers(first, tolerance)
    if weight is None:
        model, outlier, p_points = _with_local_weights(first, (model, outlier, p_points), tolerance)
    passed = sweep_fraction(frequency_Hz) if time_s is None else _fraction(time_s, given > 0)
    drift, drift_std, p_drift = _drift(model, passed)
    knot, hats = _hats(model)
    departure, departure_std, p_departure = _departure(model, hats)
    points = z_ohm.shape[1]
    kept = np.concatenate([model.weight, model.weight], axis=1) > 0
    squares = np.where(kept, model.standardised**2, 0.0)
    ratio = np.sqrt(squares[:, :points].sum(axis=1) / np.maximum(squares[:, points:].sum(axis=1), 1e-300))
    return Consistency(
        model, outlier, p_points, p_departure, p_drift, drift, drift_std, knot, departure, departure_std, tolerance, ratio
    )


def sweep_fraction(frequency_Hz: np.ndarray) -> np.ndarray:
    """Time of the middle of each point, over the sweep's duration (s, f), for one number of periods at every frequency."""
    period = np.where(np.isfinite(frequency_Hz), 1 / np.where(np.isfinite(frequency_Hz), frequency_Hz, 1.0), 0.0)
    return (np.cumsum(period, axis=1) - period / 2) / period.sum(axis=1, keepdims=True)


def _fraction(time_s: np.ndarray, there: np.ndarray) -> np.ndarray:
    time = np.where(there & np.isfinite(time_s), time_s, np.nan)
    first, last = np.nanmin(time, axis=1, keepdims=True), np.nanmax(time, axis=1, keepdims=True)
    return np.where(there, np.nan_to_num((time - first) / np.where(last > first, last - first, 1.0)), 0.0)


_Sorted = tuple[MeasurementModel, np.ndarray, np.ndarray]
"""A fit without outliers, which they are, and the p-value of the oddest point."""


def _with_local_weights(first: MeasurementModel, plain: _Sorted, tolerance: float) -> _Sorted:
    """The same with weights that follow the size of the residuals along the frequency, for spectra that ask for it.

    They ask where that size varies twofold and fewer points are then outliers, or as many and the likelihood is far larger.
    """
    size, there = local_size(first), first.weight > 0
    highest, lowest = np.where(there, size, 0.0).max(axis=1), np.where(there, size, np.inf).min(axis=1)
    rows = np.flatnonzero(highest > 2 * lowest)
    if not len(rows):
        return plain
    weight = np.where(there, first.weight / size * lowest[:, None], 0.0)[rows]
    again = measurement_model(first.frequency_Hz[rows], first.z_ohm[rows], weight, first.tau_s[rows])
    model, outlier, p = _without_outliers(again, tolerance)
    fewer = outlier.sum(axis=1) - plain[1][rows].sum(axis=1)
    better = (fewer < 0) | ((fewer == 0) & (model.criterion < plain[0].criterion[rows] - LOCAL_PENALTY))
    if not better.any():
        return plain
    told, p_points = plain[1].copy(), plain[2].copy()
    told[rows[better]], p_points[rows[better]] = outlier[better], p[better]
    return plain[0].replaced(rows[better], model.only(better)), told, p_points


def local_size(model: MeasurementModel, width_decades: float = 0.7) -> np.ndarray:
    """Size of the standardised residuals about each frequency (s, f), from their second differences along it.

    The square of the mean root |d|, whose expectation for normal d of variance 3/2 sigma^2 is 0.8222 sqrt(1.2247 sigma): a
    few large values count little.
    """
    points = model.weight.shape[1]
    there = model.weight > 0
    x = np.log10(np.where(there, model.frequency_Hz, np.inf))
    order = np.argsort(x, axis=1)
    x = np.take_along_axis(np.where(np.isfinite(x), x, 1e3), order, axis=1)
    r = model.standardised
    parts = [np.take_along_axis(r[:, i * points : (i + 1) * points], order, axis=1) for i in (0, 1)]
    root = sum(np.sqrt(np.abs(p[:, 1:-1] - (p[:, :-2] + p[:, 2:]) / 2)) for p in parts) / 2
    inside = np.take_along_axis(there, order, axis=1)
    inside = inside[:, 1:-1] & inside[:, :-2] & inside[:, 2:]
    kernel = np.exp(-0.5 * ((x[:, :, None] - x[:, None, 1:-1]) / width_decades) ** 2) * inside[:, None, :]
    mean = np.einsum("sfd,sd->sf", kernel, root) / np.maximum(kernel.sum(axis=2), 1e-300)
    out = np.empty_like(mean)
    np.put_along_axis(out, order, mean**2 / (0.8222**2 * 1.5**0.5), axis=1)
    return np.where(there, np.maximum(out, 1e-3 * model.noise[:, None]), 1.0)


def _without_outliers(model: MeasurementModel, tolerance: float) -> tuple[MeasurementModel, np.ndarray, np.ndarray]:
    """The fit without outliers, which they are (s, f), and the p-value of the oddest point of the whole (s,)."""
    weight = model.weight
    outlier = np.zeros(weight.shape, dtype=bool)
    p, size = _point_p(model)
    first_p, rows = p.min(axis=1), np.arange(len(p))
    for _ in range(6):
        count, out = (weight[rows] > 0).sum(axis=1), outlier[rows].sum(axis=1)
        room = (out < MOST_OUT * count) & (count - out > 8)
        # Only the worst in each round: a large outlier makes its neighbours look odd.
        new = (p < LEVEL / 4) & (size > tolerance) & (p <= np.sqrt(p.min(axis=1, keepdims=True))) & room[:, None]
        odd = new.any(axis=1)
        if not odd.any():
            break
        outlier[rows[odd]] |= new[odd]
        rows = rows[odd]
        again = measurement_model(
            model.frequency_Hz[rows], model.z_ohm[rows], np.where(outlier[rows], 0.0, weight[rows]), model.tau_s[rows]
        )
        model = model.replaced(rows, again)
        p, size = _point_p(again)
    return model, outlier, first_p


def _point_p(model: MeasurementModel) -> tuple[np.ndarray, np.ndarray]:
    """Of each point (s, f): the probability that the oddest point of a spectrum is at least as odd, and its error over |Z|."""
    kept = model.weight > 0
    points, r = kept.shape[1], model.standardised
    both = np.where(np.concatenate([kept, kept], axis=1), np.abs(r), np.nan)
    # A few bad points must not set the scale by which they are judged; without any, the median is the worse estimate.
    robust = 1.4826 * np.nanmedian(both, axis=1)
    scale = np.maximum(np.where(model.noise > 1.3 * robust, robust, model.noise), 1e-300)
    size = (r[:, :points] ** 2 + r[:, points:] ** 2) / (2 * scale[:, None] ** 2)
    p = np.minimum(1.0, fdtrc(2, model.dof[:, None], size) * kept.sum(axis=1)[:, None])
    left = np.sqrt(np.maximum(model.remaining, 0.02))
    own = np.hypot(r[:, :points] / left[:, :points], r[:, points:] / left[:, points:])
    relative = own / np.where(kept, model.weight * np.abs(model.z_ohm), 1.0)
    return np.where(kept, p, 1.0), np.where(kept, relative, 0.0)


def _drift(model: MeasurementModel, passed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    w = 2 * np.pi * np.where(model.weight > 0, model.frequency_Hz, 1.0)
    polarisation = model.model_ohm - model.series[:, :1] - 1j * w * model.series[:, 1:2]
    grown = passed * polarisation * model.weight
    column = np.concatenate([grown.real, grown.imag], axis=1)[..., None]
    own = np.sum(column * model.cleared(column), axis=(1, 2))
    # A sparse sweep may leave nothing of a drift that the model cannot follow: then it is not known at all.
    known = own > 1e-12 * np.sum(column**2, axis=(1, 2))
    own = np.where(known, own, 1.0)
    drift = np.where(known, np.sum(column * _residual(model), axis=(1, 2)) / own, 0.0)
    left = _left(model) - 1
    std = np.sqrt(np.maximum(_total(model) - drift**2 * own, 1e-300) / left / own)
    return drift, np.where(known, std, np.inf), np.where(known, 2 * stdtr(left, -np.abs(drift) / std), 1.0)


def _departure(model: MeasurementModel, hats: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The misfit of Z' and of Z'' about each knot, its standard deviation (s, k, 2), and the p-value of all those of Z'."""
    zero = np.zeros_like(hats)
    columns = np.concatenate([np.concatenate([hats, zero], axis=1), np.concatenate([zero, hats], axis=1)], axis=2)
    count, knots = hats.shape[0], hats.shape[2]
    own = np.swapaxes(columns, 1, 2) @ model.cleared(columns)
    score = (np.swapaxes(columns, 1, 2) @ _residual(model))[..., 0]
    alone = np.einsum("skk->sk", own)
    used = alone > 1e-9
    alone = np.where(used, alone, 1.0)
    misfit = np.where(used, score / alone, 0.0).reshape(count, 2, knots).swapaxes(1, 2)
    std = np.where(used, model.noise[:, None] / np.sqrt(alone), np.inf).reshape(count, 2, knots).swapaxes(1, 2)
    real = own[:, :knots, :knots] + np.einsum("sk,kl->skl", ~used[:, :knots], np.eye(knots))
    asked = used[:, :knots].sum(axis=1)
    size = np.einsum("sk,sk->s", score[:, :knots], np.linalg.solve(real, score[:, :knots, None])[..., 0])
    left = np.maximum(_left(model) - asked, 1)
    f = size / np.maximum(asked, 1) / (np.maximum(_total(model) - size, 1e-300) / left)
    return misfit, std, np.where(asked > 0, fdtrc(np.maximum(asked, 1), left, f), 1.0)


def _hats(model: MeasurementModel) -> tuple[np.ndarray, np.ndarray]:
    """Knots [Hz] (s, k), about one a decade, and weighted |Z| times hat functions of ln f between them (s, f, k)."""
    there = model.weight > 0
    x = np.log10(np.where(there, model.frequency_Hz, np.nan))
    low, high = np.nanmin(x, axis=1), np.nanmax(x, axis=1)
    knots = max(2, round(float((high - low).max()))) + 1
    at = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, knots)
    step = (high - low) / (knots - 1)
    distance = np.abs(np.where(there, x, np.inf)[..., None] - at[:, None, :]) / step[:, None, None]
    size = np.where(there, model.weight * np.abs(np.where(there, model.z_ohm, 0.0)), 0.0)
    return 10**at, np.maximum(0.0, 1 - distance) * size[..., None]


def _residual(model: MeasurementModel) -> np.ndarray:
    """(s, 2f, 1): the misfit is already the inverse covariance, over 1/sigma^2, times the data."""
    r = model.residual
    return np.concatenate([r.real, r.imag], axis=1)[..., None]


def _left(model: MeasurementModel) -> np.ndarray:
    return 2 * (model.weight > 0).sum(axis=1) - 3


def _total(model: MeasurementModel) -> np.ndarray:
    """Data times inverse covariance times data: what remains to be explained, in units of the noise's square."""
    return model.noise**2 * _left(model)
