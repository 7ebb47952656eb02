"""One activation energy from all spectra at once: every circuit parameter tied over temperature by a law with scatter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anodefree.analysis.eis.joint import Spectra
from anodefree.core.constants import GAS_J_MOL_K
from anodefree.numerics.joint_fitting import Quadratic, quadratic
from anodefree.numerics.tied_groups import Laws, Tied, most_likely_scatter, tied

CLEARLY: Final = 1.0
"""How much a scatter must lower -2 ln L; without any, it does so in one of nine experiments with seven temperatures."""


@dataclass(frozen=True)
class Tie:
    """How the free parameters go with temperature; those that are neither `shared` nor `alone` follow a law."""

    target: int
    """Which of them is the resistance whose activation is asked for."""
    shared: np.ndarray
    """(k,): the same at all temperatures."""
    alone: np.ndarray
    """(k,): independent at each temperature."""


@dataclass(frozen=True)
class Thermometry:
    """Temperatures as they were read, and the standard deviations of their own and of their common error."""

    read_K: np.ndarray
    each_std_K: float
    offset_std_K: float


@dataclass(frozen=True)
class JointActivation:
    """Ea [J/mol] and ln A with their covariance, and what else the joint fit found."""

    energy_J_mol: float
    ln_prefactor: float
    covariance: np.ndarray
    dof: float
    """Degrees of freedom of Student's t: many where the stated errors make the interval, N - 2 where only the scatter does."""
    scatter: np.ndarray
    """(k,): how far parameters lie off their laws beyond the errors (of the logarithm where they span decades)."""
    x: np.ndarray
    """(s, k): each spectrum's own coordinates."""
    temperature_K: np.ndarray
    """What the spectra make of the temperatures."""
    strain: float
    """How much the weighted sum of squares grew over that of independent fits, because parameters are tied."""
    converged: bool


def joint_activation(
    spectra: Spectra,
    start: np.ndarray,
    variance: np.ndarray,
    thermometry: Thermometry,
    tie: Tie,
    with_temperature_factor: bool,
    steps: int = 40,
) -> JointActivation:
    """The global fit: from coordinates (s, k) near each spectrum's minimum, and the variance (s,) of its weighted residuals.

    The spectra are expanded to second order (Gauss-Newton) about the point reached, the mixed model is solved exactly there,
    and both are repeated until nothing moves. A spectrum that does not follow its expansion holds on to its point (a proximal
    term), more firmly each time; the terms vanish again before the fit counts as converged.
    """
    laws_of = _Laws(spectra, thermometry, tie, with_temperature_factor)
    at = quadratic(spectra.residuals, start).scaled(variance)
    least, error_K, slope = float(at.cost.sum()), np.zeros(len(start)), laws_of.first_slopes(start)
    scatter, hold, refused, converged = np.full(laws_of.count, 0.03), np.zeros(len(start)), 0, False
    others = np.arange(laws_of.count) != laws_of.target
    for step in range(steps):
        laws, shift = laws_of.near(error_K, slope)
        data = at.without(tie.alone)
        if step < 8 and not refused:
            scatter = most_likely_scatter(data, laws, np.maximum(scatter, 1e-4), others)
            scatter = _if_it_matters(data, laws, scatter, laws_of.target)
        held = _held(at, hold)
        found = tied(held.without(tie.alone), laws, scatter)
        d = np.clip(held.following(tie.alone, found.x) - at.x, -3.0, 3.0)
        there = quadratic(spectra.residuals, at.x + d).scaled(variance)
        linear, bend = np.einsum("gi,gi->g", at.gradient, d), 0.5 * np.einsum("gi,gij,gj->g", d, at.curvature, d)
        astray = ~(np.abs(there.cost - at.cost - linear - bend) < 0.5 * (np.abs(linear) + bend) + 1.0)
        hold = np.where(astray, 4 * hold + 1e-2, np.where(hold > 1e-3, hold / 4, 0.0))
        refused = refused + 1 if astray.any() else 0
        if 0 < refused < 8 and step + 1 < steps:
            continue
        at, before = there, slope
        error_K, slope = laws_of.errors(found, shift), laws_of.slopes(found)
        turned = abs(float((slope - before)[laws_of.target]))
        if not hold.any() and bend.max() < 1e-7 and turned < 1e-5 * abs(float(slope[laws_of.target])) + 1e-7:
            converged = True
            break
    found = tied(at.without(tie.alone), laws, scatter)
    strain = 2 * (float(at.cost.sum()) - least)
    return laws_of.result(found, at.without(tie.alone), laws, scatter, at.x, error_K, strain, converged)


def _if_it_matters(data: Quadratic, laws: Laws, scatter: np.ndarray, target: int) -> np.ndarray:
    """The scatter of the resistance about its line is kept only where it makes the data clearly more likely.

    Chance alone makes the restricted likelihood favour some scatter in two of five experiments, and every one of them would
    get an interval that is too wide.
    """
    without = np.where(np.arange(len(scatter)) == target, 0.0, scatter)
    gain = tied(data, laws, without).deviance - tied(data, laws, scatter).deviance
    return scatter if gain > CLEARLY else without


def _held(data: Quadratic, hold: np.ndarray) -> Quadratic:
    own = np.einsum("gii->gi", data.curvature)
    return replace(data, curvature=data.curvature + hold[:, None, None] * own[:, :, None] * np.eye(own.shape[1]))


class _Laws:
    """ln R = ln T - ln A + Ea/(R_g T) for the resistance; a straight line in 1/T, or a constant, for every other parameter.

    Lines are counted from the middle of 1/T in units of 1000/K, so that level and slope are of one size and hardly correlated.
    """

    def __init__(self, spectra: Spectra, thermometry: Thermometry, tie: Tie, with_temperature_factor: bool) -> None:
        self.thermometry, self.factor = thermometry, float(with_temperature_factor)
        self.kept = np.flatnonzero(~tie.alone)
        self.count, self.total = len(self.kept), len(tie.alone)
        self.target = int(np.flatnonzero(self.kept == tie.target)[0])
        self.sloped = ~tie.shared[self.kept]
        self.last = np.cumsum(1 + self.sloped) - 1
        """The column of each parameter's slope, or of its level where it has no slope."""
        self.middle = float(np.mean(1 / thermometry.read_K))

    def _places(self, temperature_K: np.ndarray) -> np.ndarray:
        return 1e3 * (1 / temperature_K - self.middle)

    def _known(self, temperature_K: np.ndarray) -> np.ndarray:
        known = np.zeros((len(temperature_K), self.count))
        known[:, self.target] = self.factor * np.log(temperature_K)
        return known

    def first_slopes(self, x: np.ndarray) -> np.ndarray:
        """Unweighted lines: slopes (k,) per 1000/K."""
        u = self._places(self.thermometry.read_K)
        u = u - u.mean()
        lines: np.ndarray = u @ (x[:, self.kept] - self._known(self.thermometry.read_K)) / np.sum(u**2)
        return np.where(self.sloped, lines, 0.0)

    def near(self, error_K: np.ndarray, slope: np.ndarray) -> tuple[Laws, np.ndarray]:
        """The laws, linear in their coefficients and in the temperatures about read + error; d law / dT (s, k)."""
        t = self.thermometry.read_K + error_K
        shift = -1e3 / t[:, None] ** 2 * slope
        shift[:, self.target] += self.factor / t
        columns = int(self.last[-1]) + 1
        design = np.zeros((len(t), self.count, columns + 1))
        for k, column in enumerate(self.last):
            design[:, k, column] = self._places(t) if self.sloped[k] else 1.0
            if self.sloped[k]:
                design[:, k, column - 1] = 1.0
        design[:, :, columns] = shift  # the error that all temperatures share
        precision = np.zeros(columns + 1)
        precision[columns] = max(self.thermometry.offset_std_K, 1e-6) ** -2
        own = self.thermometry.each_std_K**2 * shift[:, :, None] * shift[:, None, :]
        return Laws(self._known(t) - shift * error_K[:, None], design, precision, own, self.sloped), shift

    def errors(self, found: Tied, shift: np.ndarray) -> np.ndarray:
        """The most likely errors of the temperatures [K] (s,)."""
        own = self.thermometry.each_std_K**2 * np.sum(shift * found.pull, axis=1)
        return own + float(found.coefficients[-1])

    def slopes(self, found: Tied) -> np.ndarray:
        """Slopes (k,) per 1000/K."""
        return np.where(self.sloped, found.coefficients[self.last], 0.0)

    def result(
        self,
        found: Tied,
        data: Quadratic,
        laws: Laws,
        scatter: np.ndarray,
        x: np.ndarray,
        error_K: np.ndarray,
        strain: float,
        converged: bool,
    ) -> JointActivation:
        """Level and slope of the resistance's line as ln A and Ea."""
        at = self.last[self.target] - np.array([1, 0])
        per = 1e3 * GAS_J_MOL_K
        turn = np.array([[0.0, per], [-1.0, 1e3 * self.middle]])  # (level, slope) -> (Ea, ln A)
        covariance = turn @ found.covariance[np.ix_(at, at)] @ turn.T
        energy, ln_prefactor = turn @ found.coefficients[at]
        stated = turn @ tied(data, laws, 0 * scatter).covariance[np.ix_(at, at)] @ turn.T
        guessed = min(max(1 - stated[0, 0] / covariance[0, 0], 0.0), 1.0)
        everywhere = np.zeros(self.total)
        everywhere[self.kept] = scatter
        return JointActivation(
            float(energy),
            float(ln_prefactor),
            covariance,
            (len(x) - 2) / max(guessed, 1e-3) ** 2,
            everywhere,
            x,
            self.thermometry.read_K + error_K,
            strain,
            converged,
        )
