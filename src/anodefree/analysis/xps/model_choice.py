"""Which background and which shape: every candidate is fitted and weighed by its evidence; errors hold their disagreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anodefree.analysis.xps.region_fit import RegionFit, Setting, best_shifts, fit_region, with_scale
from anodefree.numerics.core_level_shapes import Background, Shape

BACKGROUNDS: Final[tuple[Background, ...]] = ("shirley", "tougaard_u3", "linear")
MOST_ASSIGNMENTS: Final = 2
SHAPES: Final[tuple[Shape, ...]] = ("gl_product", "voigt")

Derived = Callable[[RegionFit], tuple[np.ndarray, np.ndarray]]
"""A fit -> numbers (q,) and their derivatives by the fit's parameters (q, p)."""


@dataclass(frozen=True)
class Choice:
    """The candidates, the best first, with their weights (sum 1), and other shifts that explain the spectrum as well."""

    fits: tuple[RegionFit, ...]
    weights: np.ndarray
    other_shifts_eV: tuple[float, ...]

    @property
    def best(self) -> RegionFit:
        """The candidate with the largest weight."""
        return self.fits[0]

    def mean(self, derived: Derived) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers averaged over the candidates, their standard deviation with the models' spread in it, and that spread."""
        pairs = [derived(f) for f in self.fits]
        values = np.array([v for v, _ in pairs])
        within = np.array([np.einsum("ij,jk,ik->i", g, f.covariance, g) for (_, g), f in zip(pairs, self.fits, strict=True)])
        mean = self.weights @ values
        between = self.weights @ (values - mean) ** 2
        return mean, np.sqrt(np.maximum(self.weights @ within + between, 0.0)), np.sqrt(between)


def choose(
    setting: Setting,
    energy_eV: np.ndarray,
    counts: np.ndarray,
    backgrounds: Sequence[Background],
    shapes: Sequence[Shape],
) -> Choice:
    """Fit every background with every shape; weights are exp(-BIC/2), with chi2 in units of the best model's scatter.

    BIC = (chi2 + priors)/s + p ln n with p the free parameters and s the best reduced chi2, or 1 if that is smaller: data that
    scatter more than counting does say less.

    Raises
    ------
    NumericalError: a fit does not converge.
    """
    candidates = [replace(setting, background=b, shape=s) for b in backgrounds for s in shapes]
    assigned = _assignments(candidates[0], energy_eV, counts)
    fits = [assigned[0]] + [fit_region(c, energy_eV, counts, assigned[0].shift_eV, near=assigned[0]) for c in candidates[1:]]
    scale = max(1.0, min(f.chi2_reduced for f in fits))
    losses = np.array([f.setting.background not in ("linear", "shirley_static") for f in fits])
    criterion = np.array([(f.chi2 + f.penalty) / scale for f in fits]) + losses * np.log(counts.size)
    weights = np.exp(-0.5 * (criterion - criterion.min()))
    order = np.argsort(criterion, kind="stable")
    best = assigned[0]
    others = tuple(
        float(np.mean(f.position_eV - best.position_eV))
        for f in assigned[1:]
        if f.chi2 + f.penalty - best.chi2 - best.penalty < 10 * scale and abs(np.mean(f.position_eV - best.position_eV)) > 1.0
    )
    return Choice(tuple(with_scale(fits[i], scale) for i in order), weights[order] / weights.sum(), others)


def _assignments(setting: Setting, energy_eV: np.ndarray, counts: np.ndarray) -> list[RegionFit]:
    """Fits from the shifts at which the components could belong to the lines, the best first.

    A shift is judged by its fit: on the grid a faint line weighs less than how near a strong one comes to a grid point.
    """
    starts = best_shifts(setting, energy_eV, counts)
    near = [shift for shift, cost in starts[:MOST_ASSIGNMENTS] if cost <= 4 * starts[0][1]]
    fits = [fit_region(setting, energy_eV, counts, shift) for shift in near]
    return sorted(fits, key=lambda f: f.chi2 + f.penalty)


def fractions(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
    """Each component's part of the area (L K,), level by level, and its derivatives."""
    levels, k = fit.area.shape
    total = np.maximum(fit.area.sum(axis=1, keepdims=True), 1e-300)
    part = fit.area / total
    slopes = np.zeros((levels, k, len(fit.names)))
    at = fit.index("area").reshape(levels, k)
    for level in range(levels):
        slopes[level][:, at[level]] = (np.eye(k) - part[level][:, None]) / total[level]
    return part.ravel(), slopes.reshape(levels * k, -1)


def positions(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
    """Positions [eV] as measured (K,), at the mean shift of the levels, and their derivatives."""
    k = len(fit.position_eV)
    slopes = np.zeros((k, len(fit.names)))
    slopes[np.arange(k), fit.index("delta")] = 1.0
    slopes[:, fit.index("shift")] = 1.0
    level = fit.index("level_shift")
    if len(level):
        slopes[:, level] = 1 / len(level)
    return fit.position_eV, slopes


def widths(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
    """Full widths [eV] (K,) and their derivatives."""
    k = len(fit.width_eV)
    slopes = np.zeros((k, len(fit.names)))
    slopes[np.arange(k), fit.index("eta")] = fit.width_eV
    slopes[:, fit.index("width")] = (fit.width_eV / fit.values[fit.index("width")])[:, None]
    return fit.width_eV, slopes


def areas(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
    """Areas [counts eV] (L K,), level by level, and their derivatives."""
    at = fit.index("area")
    slopes = np.zeros((len(at), len(fit.names)))
    slopes[np.arange(len(at)), at] = 1.0
    return fit.area.ravel(), slopes
