"""Profiles across a film with two blurred edges, many at once: places and widths of the edges by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ROUNDS: Final = 25
FARTHEST: Final = np.array([np.inf, np.inf, np.inf, 3.0, 3.0, 0.6, 0.6])
"""Largest step of each parameter in a round: levels freely, places by 3 pixels, widths by a factor of 1.8."""
_UPPER, _LOWER = 3, 4


@dataclass(frozen=True)
class Profiles:
    """For each profile: places and widths (standard deviation of the blur) of its edges [pixels], levels, errors of places."""

    upper: Floats
    lower: Floats
    width_upper: Floats
    width_lower: Floats
    levels: Floats
    """Above, between and below (profile, 3)."""
    std_upper: Floats
    std_lower: Floats
    covariance: Floats
    """Of the two places."""
    good: Mask
    """Whether the fit found two edges in their order, each within its profile."""


def fit(values: Floats, weight: Floats, upper: Floats, lower: Floats, width: float) -> Profiles:
    """I(s) = a + (b - a) Phi((s - p)/w_p) + (c - b) Phi((s - q)/w_q) to profiles (profile, s), from first guesses of p and q.

    Levenberg and Marquardt on all profiles together. `weight` (profile, s) is 0 where there is no value. Widths are kept
    between a third of a pixel and a third of the distance of the edges at the start.
    """
    from scipy.special import ndtr

    n, size = values.shape
    s = np.arange(size, dtype=float)
    guess = _start(values, weight, upper, lower)
    widest = np.maximum((lower - upper) / 3, 1.0)
    log_width = np.log(np.clip(width, 0.34, widest))
    theta = np.column_stack([guess, upper, lower, log_width, log_width])
    damping = np.full(n, 1e-2)

    def model(t: Floats) -> tuple[Floats, Floats]:
        w = np.exp(t[:, 5:7])
        z = (s[None, None] - t[:, 3:5, None]) / w[:, :, None]
        step, bell = ndtr(z), np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        rise = np.diff(t[:, :3], axis=1)
        found = t[:, :1] + np.einsum("ni,nis->ns", rise, step)
        slopes = np.empty((n, 7, size))
        slopes[:, 0], slopes[:, 1], slopes[:, 2] = 1 - step[:, 0], step[:, 0] - step[:, 1], step[:, 1]
        slopes[:, 3:5] = -(rise / w)[:, :, None] * bell
        slopes[:, 5:7] = -rise[:, :, None] * bell * z
        return found, slopes

    found, slopes = model(theta)
    cost = (weight * (values - found) ** 2).sum(axis=1)
    for _ in range(ROUNDS):
        normal = np.einsum("nis,ns,njs->nij", slopes, weight, slopes)
        pull = np.einsum("nis,ns->ni", slopes, weight * (values - found))
        diagonal = np.einsum("nii->ni", normal)
        lifted = normal + np.einsum("n,ni,ij->nij", damping, diagonal, np.eye(7)) + 1e-12 * diagonal.max() * np.eye(7)
        move = np.linalg.solve(lifted, pull[:, :, None])[:, :, 0]
        trial = theta + np.clip(
            move, -3.0 * np.array([np.inf] * 3 + [1, 1, 0.2, 0.2]), 3.0 * np.array([np.inf] * 3 + [1, 1, 0.2, 0.2])
        )
        trial[:, 5:7] = np.clip(trial[:, 5:7], np.log(0.34), np.log(widest)[:, None])
        new_found, new_slopes = model(trial)
        new_cost = (weight * (values - new_found) ** 2).sum(axis=1)
        better = new_cost <= cost
        done = better & (cost - new_cost <= 1e-9 * cost)
        theta = np.where(better[:, None], trial, theta)
        found = np.where(better[:, None], new_found, found)
        slopes = np.where(better[:, None, None], new_slopes, slopes)
        cost = np.where(better, new_cost, cost)
        damping = np.clip(np.where(better, damping / 5, damping * 7), 1e-9, 1e9)
        if done.all():
            break
    return _made(theta, cost, slopes, weight)


def _start(values: Floats, weight: Floats, upper: Floats, lower: Floats) -> Floats:
    """Mean above, between and below the edges."""
    s = np.arange(values.shape[1])[None]
    parts = [s < upper[:, None] - 1, (s > upper[:, None] + 1) & (s < lower[:, None] - 1), s > lower[:, None] + 1]
    overall = (weight * values).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    means = []
    for part in parts:
        share = weight * part
        count = share.sum(axis=1)
        means.append(np.where(count > 0, (share * values).sum(axis=1) / np.maximum(count, 1e-300), overall))
    return np.column_stack(means)


def _made(theta: Floats, cost: Floats, slopes: Floats, weight: Floats) -> Profiles:
    points = (weight > 0).sum(axis=1)
    normal = np.einsum("nis,ns,njs->nij", slopes, weight, slopes)
    ridge = 1e-9 * np.einsum("nii->n", normal)[:, None, None] * np.eye(7)
    inverse = np.linalg.inv(normal + ridge + 1e-300 * np.eye(7))
    variance = cost / np.maximum(points - 7, 1)
    covariance = inverse[:, 3:5, 3:5] * variance[:, None, None]
    std = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 0.0))
    upper, lower = theta[:, _UPPER], theta[:, _LOWER]
    size = weight.shape[1]
    good = (upper > 0) & (lower < size - 1) & (lower - upper > 1) & np.isfinite(std).all(axis=1) & (points > 8)
    good &= (std < 0.25 * np.maximum(lower - upper, 1.0)[:, None]).all(axis=1)
    width = np.exp(theta[:, 5:7])
    return Profiles(
        upper, lower, width[:, 0], width[:, 1], theta[:, :3], std[:, 0], std[:, 1], covariance[:, 0, 1], good
    )  # fmt: skip
