"""Sums of peaks and what no sum of peaks explains, weighed by evidence: draws of the distribution of one spectrum.

gamma(tau) = sum of peaks + delta(tau). The peaks are a mixture's (`mixture`), with their own uncertainty. delta is a Gaussian
process of standard deviation eps a(tau), a the smoothed height of the peaks, and of a correlation length in ln tau; eps = 0 is
the mixture alone, a large eps a free form. All mixtures that were tried, eps and length weigh by their evidence: data that a
sum of peaks describes keep its sharpness, other data bend it.

*Source*: Kennedy and O'Hagan, J. R. Stat. Soc. B 63 (2001) 425, for the discrepancy; Hoeting, Madigan, Raftery and Volinsky,
Stat. Sci. 14 (1999) 382, for the average over models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.analysis.drt.mixture import Mixture, mixtures
from anodefree.analysis.drt.shapes import gamma_of
from anodefree.numerics.relaxation_grid import Grid, grid, stacked

AMPLITUDES: Final = (0.03, 0.06, 0.12, 0.25, 0.5)
LENGTHS: Final = (0.5, 1.0)
MIXTURE_ALONE: Final = 0.5
"""Prior probability that the peaks are all there is."""
ENOUGH: Final = 0.5
"""From this probability on the sum of peaks alone is what is shown."""
_NEIGHBOURS: Final = 0.6
_DIRECTIONS: Final = 28
_MOST_MODELS: Final = 6
_FLOOR: Final = 0.01


@dataclass(frozen=True)
class Posterior:
    """What the data say about one spectrum's distribution."""

    best: Mixture
    """The sum of peaks with the highest evidence."""
    log_tau: np.ndarray
    gamma_ohm: np.ndarray
    """(n,): the mean over the models with the larger half of the weight, those with or those without a discrepancy."""
    draws_ohm: np.ndarray
    """(draws, n) of gamma."""
    lines: np.ndarray
    """(draws, k) of R_inf [ohm], L [H] and, if asked, 1/C [1/F]."""
    model: np.ndarray
    """(2f,): the impedance [ohm] of the best mixture, or with the discrepancy where that has more weight."""
    alone: float
    """Posterior probability that the sum of peaks is all there is."""


@dataclass(frozen=True)
class _Case:
    """One mixture with one discrepancy: log weight, mean and a root of the covariance of (unknowns, directions)."""

    mixture: Mixture
    log_weight: float
    mean: np.ndarray
    root: np.ndarray
    shape: np.ndarray | None
    """(n, directions): eps a(tau) times the process's principal directions; None without discrepancy."""

    def gamma_ohm(self, v: np.ndarray, tau_s: np.ndarray) -> np.ndarray:
        m = self.mixture
        p = len(m.unknowns)
        total = gamma_of(m.kinds, m.unknowns + v[..., :p], m.lines, tau_s)
        return np.maximum(total if self.shape is None else total + v[..., p:] @ self.shape.T, 0.0)


def posterior(
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, *, capacitance: bool = False, draws: int = 400, most: int = 7
) -> Posterior:
    """Weigh all models of one spectrum: frequency [Hz] (f,), Z [ohm] (f,) complex. The draws are the same every time.

    Raises
    ------
    DataError: too few points.
    """
    tried = mixtures(frequency_Hz, z_ohm, most=most, capacitance=capacitance)
    nodes = grid(frequency_Hz, per_decade=20, beyond_decades=1.0, capacitance=capacitance)
    y, weight = stacked(z_ohm), 1 / (tried[0].around.sigma * np.tile(np.abs(z_ohm), 2))
    cases = [c for m in _plausible(tried) for c in _cases(m, nodes, y, weight)]
    log_weight = np.array([c.log_weight for c in cases])
    share = np.exp(log_weight - log_weight.max())
    share /= share.sum()
    plain = np.array([c.shape is None for c in cases])
    alone = float(share[plain].sum())
    group = plain == (alone >= ENOUGH)
    inner, tau = share * group / share[group].sum(), nodes.tau_s
    rng = np.random.default_rng(20)  # a fixed set of normal numbers: quadrature, not chance
    gamma, drawn, lines = np.zeros(len(tau)), [], []
    for case, weight_in, count in zip(cases, inner, _apportioned(share, draws), strict=True):
        if weight_in > 1e-3:
            gamma += weight_in * case.gamma_ohm(case.mean, tau)
        if count:
            v = case.mean + rng.standard_normal((count, len(case.mean))) @ case.root.T
            drawn.append(case.gamma_ohm(v, tau))
            k = case.mixture.lines
            lines.append(case.mixture.unknowns[:k] + v[:, :k])
    top = cases[int(np.argmax(inner))]
    model = top.mixture.around.model + top.mixture.around.slopes @ top.mean[: len(top.mixture.unknowns)]
    if top.shape is not None:
        model = model + nodes.kernel @ (top.shape @ top.mean[len(top.mixture.unknowns) :])
    return Posterior(
        tried[0], nodes.log_tau, gamma / inner[inner > 1e-3].sum(), np.concatenate(drawn), np.concatenate(lines), model, alone
    )


def _plausible(tried: Sequence[Mixture]) -> list[Mixture]:
    """The models near the best, and the best of each number of peaks: a discrepancy may rescue one that has too few."""
    best, kept, seen = tried[0].score, [], set()
    for m in tried:
        if m.score - best < 8 or (len(m.peaks) not in seen and m.score - best < 60):
            kept.append(m)
            seen.add(len(m.peaks))
    return kept[:_MOST_MODELS]


def _cases(m: Mixture, nodes: Grid, y: np.ndarray, weight: np.ndarray) -> list[_Case]:
    x, around = nodes.log_tau, m.around
    slopes, r = around.slopes * weight[:, None], (y - around.model) * weight
    log_alone, mean, root = _laplace(slopes, r, around.precision, around.pull)
    prior = -0.5 * m.score
    # Without a discrepancy the unknowns are at their optimum already.
    found = [_Case(m, prior + np.log(MIXTURE_ALONE), np.zeros_like(mean), root, None)]
    near = np.exp(-0.5 * ((x[:, None] - x) / _NEIGHBOURS) ** 2)
    height = (near / near.sum(axis=1, keepdims=True)) @ m.gamma_ohm(nodes.tau_s)
    height += _FLOOR * height.max()
    each = np.log((1 - MIXTURE_ALONE) / (len(AMPLITUDES) * len(LENGTHS)))
    for length in LENGTHS:
        shape = height[:, None] * _directions(x, length)
        seen = (nodes.kernel @ shape) * weight[:, None]
        ones, zeros = np.ones(shape.shape[1]), np.zeros(shape.shape[1])
        for eps in AMPLITUDES:
            log_e, mean, root = _laplace(
                np.concatenate([slopes, eps * seen], axis=1), r, np.r_[around.precision, ones], np.r_[around.pull, zeros]
            )
            found.append(_Case(m, prior + log_e - log_alone + each, mean, root, eps * shape))
    return found


def _laplace(t: np.ndarray, r: np.ndarray, precision: np.ndarray, pull: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """log evidence up to a constant, mean and root of the covariance of v in r = T v + unit noise under a normal prior."""
    matrix = t.T @ t + np.diag(precision)
    size = np.sqrt(np.diag(matrix))
    e, axes = np.linalg.eigh(matrix / np.outer(size, size))
    e = np.maximum(e, 1e-12)
    c = axes.T @ ((t.T @ r + pull) / size)
    log_e = 0.5 * float(np.sum(c**2 / e) - np.sum(np.log(e)) - 2 * np.sum(np.log(size)))
    return log_e, axes @ (c / e) / size, axes / np.sqrt(e) / size[:, None]


def _directions(x: np.ndarray, length: float) -> np.ndarray:
    """A root (n, directions) of the squared exponential covariance of unit variance."""
    e, axes = np.linalg.eigh(np.exp(-0.5 * ((x[:, None] - x) / length) ** 2))
    directions: np.ndarray = axes[:, -_DIRECTIONS:] * np.sqrt(np.maximum(e[-_DIRECTIONS:], 0.0))
    return directions


def _apportioned(share: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    whole = np.floor(share * total).astype(int)
    rest = np.argsort(-(share * total - whole), kind="stable")[: total - whole.sum()]
    whole[rest] += 1
    return whole
