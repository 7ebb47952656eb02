"""A spectrum as a sum of relaxation peaks, their number and shapes chosen by evidence.

Z = R_inf + j w L (+ 1/(j w C)) + sum of peaks. Each peak is a ZARC, a Havriliak-Negami element or a generalised normal
distribution (see `physics.relaxation`): symmetric with power-law flanks, skewed, or with flanks that end. Models are ranked by
-2 log evidence = rss / sigma^2 + (u - m)'P(u - m) + (k + 3 K) log m + sum of log(prior / posterior variance) over fourth
parameters: Schwarz's price for the k linear unknowns and for R, tau and width of each of K peaks, Laplace's for a shape
parameter, which the data may leave to its prior (precision P). sigma is the noise that a smooth distribution leaves.

*Source*: MacKay, Neural Comput. 4 (1992) 415 (evidence); Mallat and Zhang, IEEE Trans. Signal Process. 41 (1993) 3397 (matching
pursuit, by which the peaks start).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.analysis.drt.shapes import SHAPE_HIGH, SHAPE_LOW, Peak, as_kind, peaks_of, zarc_of_width
from anodefree.errors import DataError
from anodefree.numerics.relaxation_grid import Grid, grid, stacked
from anodefree.numerics.tikhonov import tikhonov

_PRIOR: Final = (((0.82, 0.1),), ((0.82, 0.1), (0.7, 0.2)), ((0.35, 0.6), (0.7, 0.5)))
"""Middle and standard deviation of each shape parameter: peaks of cells are broad, a pure RC is rare."""
_PRIOR_SHAPE: Final = 2 * np.log(2)
"""A ZARC is as probable beforehand as the two other shapes together: -2 log of a quarter over a half."""
_PRIOR_LOG_R: Final = (-2.0, 1.5)
_PRIOR_LOG_TAU_STD: Final = 6.0
_STEPS: Final = 80
_LEAST_NOISE: Final = 1e-4
LEAST_GAMMA: Final = 1e-9
"""Of |Z|: less is rounding."""
NO_ARC: Final = (
    "shows no capacitive arc",
    "",
    "is the sign of Z'' or of Z' exchanged, or is it a resistor, a coil, a capacitor?",
)


@dataclass(frozen=True)
class Linearised:
    """A mixture's impedance near its best unknowns, and their prior."""

    model: np.ndarray
    """(2f,): the impedance [ohm], real parts then imaginary parts."""
    slopes: np.ndarray
    """(2f, p): its derivative with respect to the unknowns."""
    precision: np.ndarray
    """(p,): of the prior; 0 for the linear unknowns."""
    pull: np.ndarray
    """(p,): precision times the way from the unknowns to the middle of the prior."""
    sigma: float
    """Noise relative to |Z|, as a smooth distribution leaves it; the evidence counts in it."""


@dataclass(frozen=True)
class Mixture:
    """A sum of peaks fitted to one spectrum."""

    R_inf_ohm: float
    L_H: float
    inverse_C_1_F: float
    """1/C of a series capacitance; 0 where none was asked for."""
    peaks: tuple[Peak, ...]
    score: float
    """-2 log evidence; differences between models of one spectrum count."""
    noise: float
    """Standard deviation of the residuals relative to |Z|."""
    kinds: np.ndarray
    unknowns: np.ndarray
    """What was fitted, as in `numerics.compiled.peak_sum`."""
    covariance: np.ndarray
    """Of the unknowns, to first order."""
    lines: int
    """How many of the unknowns are linear."""
    around: Linearised

    def gamma_ohm(self, tau_s: np.ndarray) -> np.ndarray:
        """The whole distribution, per unit of ln tau."""
        return sum((p.gamma_ohm(tau_s) for p in self.peaks), np.zeros_like(tau_s))


@dataclass(frozen=True)
class _Problem:
    """One spectrum, scaled to about one ohm, and what a fit of it needs."""

    y: np.ndarray
    weight: np.ndarray
    log_omega: np.ndarray
    nodes: Grid
    free: np.ndarray
    kernel: np.ndarray
    """Those of the grid, turned, so that they lie in memory as the compiled loop reads them."""
    noise: float
    """Standard deviation of the weighted data."""

    def bounds(self, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        k = self.nodes.free.shape[1]
        x = self.nodes.log_tau
        low, high = [-np.inf] * k, [np.inf] * k
        for kind in kinds:
            low += [np.log(1e-5), x[0], *SHAPE_LOW[kind]]
            high += [np.log(1e4), x[-1], *SHAPE_HIGH[kind]]
        return np.array(low), np.array(high)

    def prior(self, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Middle and standard deviation of each unknown; infinite for the linear ones."""
        k = self.nodes.free.shape[1]
        x = self.nodes.log_tau
        pairs = [(0.0, np.inf)] * k
        for kind in kinds:
            pairs += [_PRIOR_LOG_R, (0.5 * (x[0] + x[-1]), _PRIOR_LOG_TAU_STD), *_PRIOR[kind]]
        table = np.array(pairs)
        return table[:, 0], table[:, 1]

    def fit(self, kinds: np.ndarray, start: np.ndarray) -> _Fit:
        from anodefree.numerics.compiled.peak_sum import descend

        low, high = self.bounds(kinds)
        middle, std = self.prior(kinds)
        u, cost = descend(
            kinds,
            start,
            low,
            high,
            self.y,
            self.weight,
            self.log_omega,
            self.free,
            self.nodes.log_tau,
            self.kernel,
            middle,
            self.noise / std,
            _STEPS,
        )
        score = cost / self.noise**2 + (self.nodes.free.shape[1] + 3 * len(kinds)) * np.log(len(self.y))
        if kinds.any():
            slopes = self.slopes(kinds, u)[1] * self.weight[:, None] / self.noise
            posterior = np.diag(_inverse(slopes.T @ slopes + np.diag(std**-2)))
            fourth = self.nodes.free.shape[1] + np.cumsum([3 if kind == 0 else 4 for kind in kinds]) - 1
            fourth = fourth[kinds > 0]
            score += np.sum(np.log(std[fourth] ** 2 / posterior[fourth]) + _PRIOR_SHAPE)
        return _Fit(kinds, u, cost, float(score))

    def slopes(self, kinds: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from anodefree.numerics.compiled.peak_sum import evaluate

        z, slopes = np.empty(len(self.y)), np.empty((len(u), len(self.y)))
        evaluate(kinds, u, self.log_omega, self.free, self.nodes.log_tau, self.kernel, z, slopes)
        return z, slopes.T


@dataclass(frozen=True)
class _Fit:
    kinds: np.ndarray
    u: np.ndarray
    cost: float
    score: float
    """-2 log evidence."""


def mixtures(
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    most: int = 7,
    capacitance: bool = False,
    shapes: tuple[int, ...] = (0, 1, 2),
) -> list[Mixture]:
    """All the sums of peaks that were tried, the one with the highest evidence first.

    Raises
    ------
    DataError: too few points, or no capacitive arc.
    """
    if len(frequency_Hz) < 8:
        raise DataError(f"{len(frequency_Hz)} points cannot tell relaxation times apart", hint="measure 20 or more frequencies")
    scale = float(np.abs(z_ohm).max())
    nodes = grid(frequency_Hz, per_decade=16, beyond_decades=1.0, capacitance=capacitance)
    y = stacked(z_ohm / scale)
    weight = scale / np.tile(np.abs(z_ohm), 2)
    smooth = tikhonov(grid(frequency_Hz, capacitance=capacitance), y, weight)
    if not smooth.gamma_ohm.max() > LEAST_GAMMA:
        raise DataError(*NO_ARC)
    noise = max(smooth.noise, _LEAST_NOISE)
    problem = _Problem(y, weight, np.log(2 * np.pi * frequency_Hz), nodes, nodes.free.T.copy(), nodes.kernel.T.copy(), noise)
    fits = _search(problem, most, shapes)
    if not fits:
        raise DataError(*NO_ARC)
    return [_mixture(problem, f, scale) for f in fits]


def mixture(
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    most: int = 7,
    capacitance: bool = False,
    shapes: tuple[int, ...] = (0, 1, 2),
) -> Mixture:
    """The sum of at most `most` peaks that the data support best: frequency [Hz] (f,), Z [ohm] (f,) complex.

    `shapes` are the kinds of peak that are tried: 0 ZARC (always), 1 Havriliak-Negami, 2 generalised normal; `(0,)` gives a
    circuit of resistances beside constant-phase elements.

    Raises
    ------
    DataError: too few points, or no capacitive arc.
    """
    return mixtures(frequency_Hz, z_ohm, most=most, capacitance=capacitance, shapes=shapes)[0]


def _search(problem: _Problem, most: int, shapes: tuple[int, ...]) -> list[_Fit]:
    found: dict[tuple[int, ...], _Fit] = {}

    def keep(fit: _Fit) -> _Fit:
        name = tuple(sorted(fit.kinds.tolist()))
        if name not in found or fit.score < found[name].score:
            found[name] = fit
        return fit

    for kind in shapes:
        _grow(problem, most, kind, keep)
    for begin in sorted(found.values(), key=lambda f: f.score)[:3]:
        _exchange(problem, begin, shapes, keep)
    return sorted(found.values(), key=lambda f: f.score)


def _grow(problem: _Problem, most: int, kind: int, keep: Callable[[_Fit], _Fit]) -> None:
    """One more peak of one kind at a time, where the residual asks for it, while that pays."""
    k = problem.nodes.free.shape[1]
    fit = problem.fit(np.empty(0, dtype=np.int64), np.zeros(k))
    best, waited = np.inf, 0
    for _ in range(most):
        if len(fit.u) + 4 > 0.6 * len(problem.y):
            return
        kinds = np.append(fit.kinds, kind)
        tries = [problem.fit(kinds, np.concatenate([fit.u, p])) for p in _candidates(problem, fit, kind)]
        if not tries:
            return
        fit = keep(min(tries, key=lambda f: f.cost))
        waited = 0 if fit.score < best - 2 else waited + 1
        best = min(best, fit.score)
        if waited >= 1:
            return


def _candidates(problem: _Problem, fit: _Fit, kind: int, count: int = 3) -> list[np.ndarray]:
    """Starting values of one more peak: where it takes most off the residual, what is fitted already being refitted."""
    x = problem.nodes.log_tau[::4]
    w = np.exp(problem.log_omega)
    z, slopes = problem.slopes(fit.kinds, fit.u)
    q = np.linalg.qr(slopes * problem.weight[:, None])[0]
    r = (problem.y - z) * problem.weight
    r = r - q @ (q.T @ r)
    gains, starts = [], []
    for phi in (0.95, 0.75, 0.6):
        a = stacked(1 / (1 + (1j * np.outer(w, np.exp(x))) ** phi)) * problem.weight[:, None]
        size = np.sum(a**2, axis=0)
        a = a - q @ (q.T @ a)
        left = np.sum(a**2, axis=0)
        height = (r @ a) / np.maximum(left, 1e-9 * size)
        gains.append(np.where((height > 0) & (left > 1e-9 * size), height**2 * left, 0.0))
        starts += [np.array([np.log(max(h, 1e-4)), t, phi]) for h, t in zip(height, x, strict=True)]
    gain = np.concatenate(gains)
    chosen: list[np.ndarray] = []
    for i in np.argsort(-gain):
        if gain[i] <= 0 or len(chosen) == count:
            break
        if all(abs(starts[i][1] - c[1]) > 1.0 for c in chosen):
            chosen.append(np.r_[np.clip(starts[i][:1], -6, 1), starts[i][1:]])
    return [np.r_[c[:2], as_kind(kind, c[2])] for c in chosen]


def _exchange(problem: _Problem, begin: _Fit, shapes: tuple[int, ...], keep: Callable[[_Fit], _Fit]) -> None:
    """Another shape for one peak at a time, or one peak less, as long as that pays."""
    best = begin
    for _ in range(6):
        tries = []
        peaks, lines = _split(best, problem.nodes.free.shape[1])
        for i, (kind, u) in enumerate(peaks):
            phi = _phi(kind, u)
            for other in [s for s in shapes if s != kind]:
                changed = [*peaks[:i], (other, np.r_[u[:2], as_kind(other, phi)]), *peaks[i + 1 :]]
                tries.append(keep(problem.fit(*_joined(lines, changed))))
            if len(peaks) > 1:
                tries.append(keep(problem.fit(*_joined(lines, [*peaks[:i], *peaks[i + 1 :]]))))
        winner = min(tries, key=lambda f: f.score, default=best)
        if winner.score >= best.score - 1e-3:
            return
        best = winner


def _phi(kind: int, u: np.ndarray) -> float:
    if kind == 2:
        return float(np.clip(zarc_of_width(2 * np.exp(u[2]) * np.log(2) ** np.exp(-u[3])), 0.5, 0.97))
    return float(np.clip(u[2:].mean(), 0.5, 0.97))


def _split(fit: _Fit, lines: int) -> tuple[list[tuple[int, np.ndarray]], np.ndarray]:
    peaks, at = [], lines
    for kind in fit.kinds.tolist():
        size = 3 if kind == 0 else 4
        peaks.append((kind, fit.u[at : at + size]))
        at += size
    return peaks, fit.u[:lines]


def _joined(lines: np.ndarray, peaks: list[tuple[int, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([k for k, _ in peaks], dtype=np.int64), np.concatenate([lines, *(u for _, u in peaks)])


def _mixture(problem: _Problem, fit: _Fit, scale: float) -> Mixture:
    k = problem.nodes.free.shape[1]
    peaks, lines = _split(fit, k)
    peaks = [(kind, np.r_[u[0] + np.log(scale), u[1:]]) for kind, u in sorted(peaks, key=lambda p: p[1][1])]
    kinds, u = _joined(lines * problem.nodes.free_scale * scale, peaks)
    inner = _joined(lines, [(kind, np.r_[v[0] - np.log(scale), v[1:]]) for kind, v in peaks])[1]
    unit = np.ones(len(u))
    unit[:k] = problem.nodes.free_scale * scale
    z, slopes = problem.slopes(kinds, inner)
    middle, std = problem.prior(kinds)
    peaked = np.isfinite(std)
    weighted = slopes * problem.weight[:, None] / problem.noise
    covariance = _inverse(weighted.T @ weighted + np.diag(std**-2)) * np.outer(unit, unit)
    residual = (problem.y - z) * problem.weight
    lines = u[:k]
    return Mixture(
        float(lines[0]),
        float(lines[1]),
        float(lines[2]) if k > 2 else 0.0,
        peaks_of(kinds, u, k),
        fit.score,
        float(np.sqrt(np.sum(residual**2) / max(len(residual) - len(u), 1))),
        kinds,
        u,
        covariance,
        k,
        Linearised(z * scale, slopes * scale / unit, std**-2, np.where(peaked, middle - inner, 0.0) * std**-2, problem.noise),
    )


def _inverse(normal: np.ndarray) -> np.ndarray:
    """The inverse of a normal matrix; a direction that the data do not see gets a standard deviation of 100 of its scale."""
    size = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    e, v = np.linalg.eigh(normal / np.outer(size, size))
    inverse: np.ndarray = (v / np.maximum(e, 1e-12)) @ v.T / np.outer(size, size)
    return inverse
