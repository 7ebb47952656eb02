"""A spectrum as a sum of relaxation peaks, their number and shapes chosen by evidence.

Z = R_inf + j w L (+ 1/(j w C)) + sum of peaks. Each peak is a ZARC, a Havriliak-Negami element or a generalised normal
distribution (see `physics.relaxation`): symmetric with power-law flanks, skewed, or with flanks that end. The evidence of a model
with unknowns u, prior precision P and noise sigma is Laplace's, -2 log E = rss / sigma^2 + (u - m)'P(u - m) + log det(J'J /
sigma^2 + P) - log det P - 2 log K!, sigma being the noise of the smooth distribution that needs no such model.

*Source*: MacKay, Neural Comput. 4 (1992) 415 (evidence); Mallat and Zhang, IEEE Trans. Signal Process. 41 (1993) 3397 (matching
pursuit, by which the peaks start).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaln

from anodefree.errors import DataError
from anodefree.numerics.relaxation_grid import Grid, grid, stacked
from anodefree.numerics.tikhonov import tikhonov
from anodefree.physics.relaxation import generalised_normal_gamma_ohm, havriliak_negami_gamma_ohm, zarc_gamma_ohm

SHAPES: Final = ("ZARC", "Havriliak-Negami", "generalised normal")
_SHAPE_LOW: Final = ((0.35,), (0.35, 0.2), (np.log(0.25), 0.0))
_SHAPE_HIGH: Final = ((0.995,), (0.995, 0.995), (np.log(5.0), np.log(8.0)))
_PRIOR: Final = (((0.82, 0.1),), ((0.82, 0.1), (0.7, 0.2)), ((0.35, 0.6), (0.7, 0.5)))
"""Middle and standard deviation of each shape parameter: peaks of cells are broad, a pure RC is rare."""
_PRIOR_LOG_R: Final = (-2.0, 1.5)
_PRIOR_LOG_TAU_STD: Final = 6.0
_STEPS: Final = 80
_LEAST_NOISE: Final = 1e-4


@dataclass(frozen=True)
class Peak:
    """One process: its resistance, its relaxation time, and its shape by name."""

    shape: str
    r_ohm: float
    tau_s: float
    parameters: tuple[float, ...]
    """(phi) of a ZARC, (alpha, beta) of a Havriliak-Negami element, (s, p) of a generalised normal."""

    def gamma_ohm(self, tau_s: np.ndarray) -> np.ndarray:
        """Its distribution, per unit of ln tau."""
        law: Callable[..., np.ndarray] = _LAWS[self.shape]
        return law(tau_s, self.r_ohm, self.tau_s, *self.parameters)

    @property
    def phi(self) -> float:
        """The exponent of the ZARC that is as wide at half height."""
        if self.shape == "ZARC":
            return self.parameters[0]
        x = np.linspace(np.log(self.tau_s) - 12, np.log(self.tau_s) + 12, 1601)
        return zarc_of_width(width_of(x, self.gamma_ohm(np.exp(x))))


_LAWS: Final = dict(zip(SHAPES, (zarc_gamma_ohm, havriliak_negami_gamma_ohm, generalised_normal_gamma_ohm), strict=True))


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


def peaks_of(kinds: np.ndarray, unknowns: np.ndarray, lines: int) -> tuple[Peak, ...]:
    """The peaks that a vector of unknowns stands for."""
    return tuple(
        Peak(SHAPES[kind], float(r), float(tau), tuple(map(float, shape)))
        for kind, r, tau, shape in laws_of(kinds, unknowns, lines)
    )


def laws_of(
    kinds: np.ndarray, unknowns: np.ndarray, lines: int
) -> list[tuple[int, np.ndarray, np.ndarray, tuple[np.ndarray, ...]]]:
    """Kind, R [ohm], tau0 [s] and shape of each peak, of vectors of unknowns (..., p); shapes are kept within their limits."""
    found, at = [], lines
    for kind in kinds.tolist():
        size = 3 if kind == 0 else 4
        u = np.moveaxis(unknowns[..., at : at + size], -1, 0)
        a, *b = (np.clip(v, low, high) for v, low, high in zip(u[2:], _SHAPE_LOW[kind], _SHAPE_HIGH[kind], strict=True))
        shape = ((a,), (a, b[0] / a) if b else (), (np.exp(a), np.exp(b[0])) if b else ())[kind]
        found.append((kind, np.exp(u[0]), np.exp(np.clip(u[1], -60, 60)), shape))
        at += size
    return found


def gamma_of(kinds: np.ndarray, unknowns: np.ndarray, lines: int, tau_s: np.ndarray) -> np.ndarray:
    """gamma [ohm] (..., n) of vectors of unknowns (..., p)."""
    total = np.zeros((*unknowns.shape[:-1], len(tau_s)))
    for kind, r, tau, shape in laws_of(kinds, unknowns, lines):
        law: Callable[..., np.ndarray] = _LAWS[SHAPES[kind]]
        total += law(tau_s, r[..., None], tau[..., None], *(s[..., None] for s in shape))
    return total


def width_of(x: np.ndarray, g: np.ndarray) -> float:
    """Full width at half height of the highest peak of g over x."""
    top = int(np.argmax(g))
    below = np.flatnonzero(g < 0.5 * g[top])
    left, right = below[below < top], below[below > top]
    a = x[left[-1]] if len(left) else x[0]
    b = x[right[0]] if len(right) else x[-1]
    return float(b - a)


def zarc_of_width(width: float) -> float:
    """The exponent of the ZARC of that full width at half height, in ln tau."""
    phi = np.linspace(0.3, 0.999, 700)
    widths = 2 / phi * np.arccosh(2 - np.cos((1 - phi) * np.pi))
    return float(np.interp(-width, -widths, phi))


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
            low += [np.log(1e-5), x[0], *_SHAPE_LOW[kind]]
            high += [np.log(1e4), x[-1], *_SHAPE_HIGH[kind]]
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
            score += np.sum(np.log(std[fourth] ** 2 / posterior[fourth]))
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
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, *, most: int = 7, capacitance: bool = False, shapes: tuple[int, ...] = (0, 1, 2)
) -> list[Mixture]:
    """All the sums of peaks that were tried, the one with the highest evidence first.

    Raises
    ------
    DataError: too few points.
    """
    if len(frequency_Hz) < 8:
        raise DataError(f"{len(frequency_Hz)} points cannot tell relaxation times apart", hint="measure 20 or more frequencies")
    scale = float(np.abs(z_ohm).max())
    nodes = grid(frequency_Hz, per_decade=16, beyond_decades=1.0, capacitance=capacitance)
    y = stacked(z_ohm / scale)
    weight = scale / np.tile(np.abs(z_ohm), 2)
    noise = max(tikhonov(grid(frequency_Hz, capacitance=capacitance), y, weight).noise, _LEAST_NOISE)
    problem = _Problem(y, weight, np.log(2 * np.pi * frequency_Hz), nodes, nodes.free.T.copy(), nodes.kernel.T.copy(), noise)
    fits = _search(problem, most, shapes)
    return [_mixture(problem, f, scale) for f in fits]


def mixture(frequency_Hz: np.ndarray, z_ohm: np.ndarray, *, most: int = 7, capacitance: bool = False, shapes: tuple[int, ...] = (0, 1, 2)) -> Mixture:
    """The sum of at most `most` peaks that the data support best: frequency [Hz] (f,), Z [ohm] (f,) complex.

    `shapes` are the kinds of peak that are tried: 0 ZARC (always), 1 Havriliak-Negami, 2 generalised normal; `(0,)` gives a
    circuit of resistances beside constant-phase elements.

    Raises
    ------
    DataError: too few points.
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
    low, high = problem.bounds(np.empty(0, dtype=np.int64))
    fit = problem.fit(np.empty(0, dtype=np.int64), np.zeros(k))
    best, waited = np.inf, 0
    for _ in range(most):
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
    gain, chosen = np.concatenate(gains), []
    for i in np.argsort(-gain):
        if gain[i] <= 0 or len(chosen) == count:
            break
        if all(abs(starts[i][1] - c[1]) > 1.0 for c in chosen):
            chosen.append(np.r_[np.clip(starts[i][:1], -6, 1), starts[i][1:]])
    return [np.r_[c[:2], as_kind(kind, c[2])] for c in chosen]


def as_kind(kind: int, phi: float) -> np.ndarray:
    """The shape parameters of a peak of this kind that is about as wide as a ZARC of exponent phi."""
    if kind == 0:
        return np.array([phi])
    if kind == 1:
        return np.array([min(phi + 0.03, 0.98), phi])
    width = 2 / phi * np.arccosh(2 - np.cos((1 - phi) * np.pi))
    return np.array([np.log(max(width / 1.6651, 0.2)), np.log(1.8)])


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
        float(np.sqrt(np.sum(residual**2) / (len(residual) - len(u)))),
        kinds,
        u,
        covariance,
        k,
        Linearised(
            z * scale, slopes * scale / unit, std**-2, np.where(peaked, middle - inner, 0.0) * std**-2, problem.noise
        ),
    )


def _inverse(normal: np.ndarray) -> np.ndarray:
    """The inverse of a normal matrix; a direction that the data do not see gets a standard deviation of 100 of its scale."""
    size = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    e, v = np.linalg.eigh(normal / np.outer(size, size))
    inverse: np.ndarray = (v / np.maximum(e, 1e-12)) @ v.T / np.outer(size, size)
    return inverse
