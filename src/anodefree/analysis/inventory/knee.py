"""Loss per cycle and length of the plateau from capacities, by their likelihood: the knee of a lithium inventory."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np

from anodefree.core.result import Estimate
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.inventory import discharge_from_loss

SURE = 6.634896601021213
"""99 % of chi-squared with one degree of freedom: what a plateau must gain to count as seen."""
CERTAIN = 3.841458820694124
"""95 % of chi-squared with one degree of freedom: how far -2 ln(likelihood) may lie above its least value."""
LEAST_NOISE = 1e-9
"""Noise over capacity below which rounding rules."""
EFFICIENCY = ("1", "coulombic efficiency per cycle", "%")
RESERVOIR = ("1", "hidden reservoir over the capacity", "%")
RESERVE = ("1", "usable reserve over the capacity, excess and hidden", "%")


@dataclass(frozen=True)
class Curve:
    """Capacities [C] by cycle number, and the weight that makes their noise the same everywhere; all (n,)."""

    number: np.ndarray
    capacity: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Profile:
    """For each length K of the plateau the best loss per cycle λ, and the weighted sum of squares with the scale fitted too."""

    plateau: np.ndarray
    loss: np.ndarray
    squares: np.ndarray


def weighted(number: np.ndarray, capacity: np.ndarray) -> Curve:
    """Noise proportional to the capacity, but not below that of a fifth of the largest one."""
    return Curve(number, capacity, 1 / np.maximum(capacity, 0.2 * capacity.max()))


def squares_of(loss: np.ndarray, plateau: np.ndarray, curve: Curve) -> np.ndarray:
    """Weighted sum of squares of Q D_k against the capacities with the best scale Q, for each (λ, K)."""
    model = discharge_from_loss(loss[..., None], (plateau * loss)[..., None], curve.number) * curve.weight
    seen = curve.capacity * curve.weight
    scale = (model @ seen) / np.maximum(np.einsum("...i,...i->...", model, model), 1e-300)
    difference = seen - scale[..., None] * model
    return np.asarray(np.einsum("...i,...i->...", difference, difference))


def profiled(plateau: np.ndarray, loss: np.ndarray, curve: Curve, steps: int = 16) -> Profile:
    """Least squares over λ and Q at each given K (p,): a scan of the given λ, then golden sections of its best interval."""
    log_loss = np.log(loss)
    best = np.clip(np.argmin(squares_of(loss[:, None], plateau[None, :], curve), axis=0), 1, len(loss) - 2)
    low, high = log_loss[best - 1], log_loss[best + 1]
    golden = (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = (squares_of(np.exp(x), plateau, curve) for x in (left, right))
    for _ in range(steps):
        lower = at_left < at_right
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - golden * (high - low), low + golden * (high - low))
        at_new = squares_of(np.exp(new), plateau, curve)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    found = np.exp(0.5 * (low + high))
    return Profile(plateau, found, squares_of(found, plateau, curve))


def likelihood_profile(curve: Curve, points: int = 20) -> Profile:
    """The profile over K from 1 (no plateau) to the last cycle (nothing else), refined twice around its minimum."""
    profile = profiled(np.linspace(1.0, curve.number[-1], points), np.geomspace(1e-7, 0.999, 36), curve, 8)
    for _ in range(2):
        near = np.flatnonzero(profile.squares <= profile.squares.min() * (1 + 9 / (len(curve.number) - 3)))
        first, last = max(near[0] - 1, 0), min(near[-1] + 1, len(profile.plateau) - 1)
        around = profile.loss[first : last + 1]
        losses = np.geomspace(max(around.min() / 1.3, 1e-7), min(around.max() * 1.3, 0.999), 12)
        finer = profiled(np.linspace(profile.plateau[first], profile.plateau[last], points), losses, curve)
        order = np.argsort(np.concatenate([profile.plateau, finer.plateau]), kind="stable")
        profile = Profile(*(np.concatenate(both)[order] for both in zip(astuple(profile), astuple(finer), strict=True)))
    return profile


def polished(profile: Profile, curve: Curve) -> Fit:
    """Q, λ, K at the least squares, from the best point of the profile, with their covariance."""
    best = int(np.argmin(profile.squares))
    loss, plateau = profile.loss[best], profile.plateau[best]
    model = discharge_from_loss(loss, plateau * loss, curve.number)
    scale = float((model * curve.capacity * curve.weight**2).sum() / (model**2 * curve.weight**2).sum())

    def residuals(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q, lam, k = (values[:, i, None] for i in range(3))
        runs_out = np.floor(k) + 1
        shrinks = np.maximum(curve.number - runs_out, 0.0)
        later = curve.number >= runs_out
        rest, kept = 1 + (k - runs_out) * lam, (1 - lam) ** shrinks
        given = np.where(later, rest * kept, 1.0)
        by_loss = np.where(later, q * ((k - runs_out) * kept - shrinks * rest * kept / (1 - lam)), 0.0)
        by_plateau = np.where(later, q * lam * kept, 0.0)
        slopes = np.stack([given, by_loss, by_plateau], axis=-1) * curve.weight[:, None]
        return (q * given - curve.capacity) * curve.weight, slopes

    last = float(curve.number[-1]) - 1e-3  # beyond it nothing depends on K
    start = np.array([[scale, np.clip(loss, 2e-8, 0.9985), np.clip(plateau, 1.0, last)]])
    low, high = np.array([0.1 * scale, 1e-8, 1.0]), np.array([10 * scale, 0.9999, last])
    return fit(residuals, start, low, high, np.array([True, True, False]))


@dataclass(frozen=True)
class Knee:
    """The fitted plateau and decay, with the variance of a weighted residual."""

    profile: Profile
    best: Fit
    variance: float
    seen: bool
    """Whether a plateau is, and not a decay from the first cycle on."""

    @property
    def values(self) -> tuple[float, float, float]:
        """Scale Q [C], loss λ, plateau K."""
        q, loss, plateau = (float(v) for v in self.best.values)
        return q, loss, plateau

    @property
    def covariance(self) -> np.ndarray:
        """Of Q, λ, K."""
        return np.asarray(self.best.covariance * self.variance / max(self.best.chi2_reduced, 1e-300))


def found_knee(curve: Curve) -> Knee:
    """The knee of a curve by its likelihood; the noise is what the best fit leaves."""
    profile = likelihood_profile(curve)
    best = polished(profile, curve)
    variance = max(best.chi2_reduced, LEAST_NOISE**2)
    loss = float(best.values[1])
    around = np.geomspace(max(loss / 3, 1e-7), min(3 * loss, 0.999), 12)
    without = float(profiled(np.array([1.0]), around, curve, 40).squares[0])
    return Knee(profile, best, variance, without > best.chi2 + SURE * variance)


def told(knee: Knee, excess: Uncertain | None, limit: float) -> dict[str, Estimate]:
    """CE, hidden reservoir and usable reserve with the 95 % of the likelihood; what is only bounded has no std.

    Without a known excess the reservoir is anything from 0 to the whole reserve, or to `limit`.
    """
    _, loss, plateau = knee.values
    spread = knee.covariance[1:, 1:]
    ce, used = 1 - loss, plateau * loss
    e = excess or Uncertain(0.0)
    h = (used - e.value) / ce
    by_h, by_used = np.array([(plateau + h) / ce, loss / ce]), np.array([plateau, loss])
    h_std = float(np.sqrt(by_h @ spread @ by_h + (e.std / ce) ** 2))
    used_std = float(np.sqrt(by_used @ spread @ by_used))
    ce_std = float(np.sqrt(spread[0, 0]))
    losses, plateaus = _likely(knee, spread)
    if not losses.size:
        # The noise is so small that the whole interval lies between two points of the profile.
        losses = np.array([max(loss - 2 * ce_std, 0.0), loss + 2 * ce_std])
        reserves = np.array([max(used - 2 * used_std, 0.0), used + 2 * used_std])
        hidden = np.array([h - 2 * h_std, h + 2 * h_std])
    else:
        reserves = plateaus * losses
        hidden = (reserves - e.value) / (1 - losses) + 2 * e.std / ce * np.array([[-1.0], [1.0]])
    ce_low, ce_high = min(1 - losses.max(), ce), max(1 - losses.min(), ce)
    h_low, h_high = max(float(hidden.min()), 0.0), max(float(hidden.max()), 0.0)
    low, high = float(reserves.min()), float(reserves.max())
    if not knee.seen:
        h, h_std, h_low = 0.5 * h_high, math.nan, 0.0
        used, used_std, low = 0.5 * high, math.nan, 0.0
        ce_std = max(ce_std, 0.25 * (ce_high - ce_low))
    if excess is None:
        h_high = min(h_high, limit)
        h, h_std, h_low = 0.5 * h_high, math.nan, 0.0
    return {
        "CE": Estimate(ce, ce_std, *EFFICIENCY, float(ce_low), float(ce_high)),
        "hidden_reservoir": Estimate(min(max(h, h_low), h_high), h_std, *RESERVOIR, h_low, h_high),
        "reserve": Estimate(used, used_std, *RESERVE, low, high),
    }


def _likely(knee: Knee, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """λ and K (2, n) on the rim of what is likely: at a fixed K the likelihood in λ is close to a parabola."""
    narrow = np.sqrt(max(spread[0, 0] - spread[0, 1] ** 2 / max(spread[1, 1], 1e-300), 0.0))
    profile = knee.profile
    room = CERTAIN - np.maximum(profile.squares - knee.best.chi2, 0.0) / knee.variance
    crossed = np.flatnonzero((room[:-1] >= 0) != (room[1:] >= 0))
    part = room[crossed] / (room[crossed] - room[crossed + 1])
    edges = [x[crossed] + part * (x[crossed + 1] - x[crossed]) for x in (profile.plateau, profile.loss)]
    likely = room >= 0
    plateaus, losses = (np.append(x[likely], e) for x, e in zip((profile.plateau, profile.loss), edges, strict=True))
    width = narrow * np.sqrt(np.append(room[likely], np.zeros(len(crossed))))
    rim = np.clip(np.stack([losses - width, losses + width]), 0.0, 0.999999)
    return rim, np.broadcast_to(plateaus, rim.shape)
