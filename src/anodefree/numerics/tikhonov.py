"""Non-negative Tikhonov regularisation of a distribution of relaxation times, its strength chosen by the data.

Minimise |W (y - F p - A x)|^2 + lambda |D x|^2 with x >= 0: y impedance, A kernel, F and p the sign-free unknowns
(R_inf, L, 1/C), D the second derivative minus kappa^2, W weights. As a Gaussian model with noise sigma, |D x|^2 / (sigma^2 /
lambda) is the prior, and one eigendecomposition of the compressed normal matrix gives every criterion for all lambda at once:

| criterion | what is least |
|---|---|
| marginal | -log evidence, sigma profiled: (sum log(1 + e_i / lambda) + (m - k) log(rss + penalty)) / 2 |
| gcv | m rss / (m - k - sum e_i / (e_i + lambda))^2 |
| l_curve | minus the curvature of log |D x|^2 over log rss |
| cross_validation | the misfit of the imaginary part by a fit of the real part, and the other way round |

*Source*: MacKay, Neural Comput. 4 (1992) 415 (evidence); Golub, Heath and Wahba, Technometrics 21 (1979) 215 (GCV); Hansen,
SIAM Rev. 34 (1992) 561 (L-curve); Saccoccio et al., Electrochim. Acta 147 (2014) 470 (real-imaginary cross-validation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from anodefree.numerics.relaxation_grid import Grid

Criterion = Literal["marginal", "gcv", "l_curve", "cross_validation"]
STRENGTHS: Final = np.geomspace(1e-8, 1e4, 97)
"""lambda, in units of the compressed normal matrix's mean eigenvalue."""


@dataclass(frozen=True)
class Strength:
    """The regularisation that a criterion chose."""

    value: float
    """lambda."""
    at_edge: bool
    """Whether the criterion is still falling at an end of the strengths tried."""
    bic: float
    """-2 log evidence, on the scale of a BIC: m log(fit/m) + sum log(1 + e/lambda) + (k + 1) log m. NaN but for `marginal`."""
    effective: float
    """Effective number of directions that the data determine: sum e / (e + lambda)."""


@dataclass(frozen=True)
class Solution:
    """gamma on the grid's nodes and what goes with it."""

    gamma_ohm: np.ndarray
    free: np.ndarray
    """R_inf [ohm], L [H] and, if asked, 1/C [1/F]."""
    chosen: Strength
    model: np.ndarray
    """(2f,): the impedance computed, real parts then imaginary parts."""
    noise: float
    """Standard deviation of the weighted residuals."""


def tikhonov(grid: Grid, y: np.ndarray, weight: np.ndarray, criterion: Criterion = "marginal") -> Solution:
    """The distribution of one spectrum: y (2f,) stacked, weight (2f,) the reciprocal of the noise up to a common factor."""
    f = grid.free * weight[:, None]
    b = y * weight
    q = np.linalg.qr(f)[0]
    chosen = choose(grid, b, weight, q, criterion)
    return solve(grid, b, weight, chosen.value * grid.roughness.T @ grid.roughness, chosen)


def solve(grid: Grid, b: np.ndarray, weight: np.ndarray, penalty: np.ndarray, chosen: Strength) -> Solution:
    """Non-negative x for a given penalty matrix (n, n); b is weighted already."""
    from anodefree.numerics.compiled.nnls import nnls

    k = grid.free.shape[1]
    a = np.concatenate([grid.free, grid.kernel], axis=1)
    weighted = a * weight[:, None]
    gram = weighted.T @ weighted
    gram[k:, k:] += penalty
    rhs = weighted.T @ b
    start = np.linalg.solve(gram, rhs) > 0
    x = nnls(gram, rhs, start, k)
    model = a @ x
    dof = max(len(b) - k - chosen.effective, 1.0)
    noise = float(np.sqrt(np.sum((b - model * weight) ** 2) / dof))
    return Solution(x[k:], x[:k] * grid.free_scale, chosen, model, noise)


def choose(grid: Grid, b: np.ndarray, weight: np.ndarray, q: np.ndarray, criterion: Criterion) -> Strength:
    """lambda by the criterion; q (2f, k) spans what is not regularised."""
    tried = attempt(grid, b, weight, q, criterion)
    return tried.pick(tried.cost)


@dataclass(frozen=True)
class Attempt:
    """A criterion over all strengths, for one spectrum."""

    value: np.ndarray
    """lambda."""
    cost: np.ndarray
    bic: np.ndarray
    effective: np.ndarray

    def pick(self, cost: np.ndarray) -> Strength:
        """The strength where a cost is least: its own, or the sum of several spectra's for one that they share."""
        best = int(np.argmin(cost))
        at_edge = best in (0, len(STRENGTHS) - 1)
        shift = 0.0 if at_edge else _vertex(cost[best - 1 : best + 2])
        value = float(self.value[best] * (STRENGTHS[1] / STRENGTHS[0]) ** shift)
        return Strength(value, at_edge, float(self.bic[best]), float(self.effective[best]))


def attempt(grid: Grid, b: np.ndarray, weight: np.ndarray, q: np.ndarray, criterion: Criterion) -> Attempt:
    """Every strength by the criterion, from one eigendecomposition; b is weighted already."""
    u = grid.smooth * weight[:, None]
    u, r = u - q @ (q.T @ u), b - q @ (q.T @ b)
    e, v = np.linalg.eigh(u.T @ u)
    e = np.maximum(e, 0.0)
    lam = float(e.mean()) * STRENGTHS[:, None]
    c2 = (v.T @ (u.T @ r)) ** 2
    m, total = len(b), r @ r
    fit = np.maximum(total - np.sum(c2 / (e + lam), axis=1), 1e-14 * total)
    rss = np.maximum(total - np.sum(c2 * (e + 2 * lam) / (e + lam) ** 2, axis=1), 1e-14 * total)
    volume, effective = np.sum(np.log1p(e / lam), axis=1), np.sum(e / (e + lam), axis=1)
    if criterion == "marginal":
        cost = volume + (m - q.shape[1]) * np.log(fit)
    elif criterion == "gcv":
        cost = np.log(rss) - 2 * np.log(m - q.shape[1] - effective)
    elif criterion == "l_curve":
        cost = -_curvature(np.log(rss), np.log(np.sum(c2 / (e + lam) ** 2, axis=1)))
    else:
        cost = _cross_validation(grid, b, weight, lam)
    return Attempt(lam[:, 0], cost, m * np.log(fit / m) + volume + (q.shape[1] + 1) * np.log(m), effective)


def shared(
    grids: Sequence[Grid], y: Sequence[np.ndarray], weight: Sequence[np.ndarray], criterion: Criterion
) -> list[Solution]:
    """Distributions of several spectra with one strength for all, relative to each one's own scale: their costs add up."""
    b = [v * w for v, w in zip(y, weight, strict=True)]
    q = [np.linalg.qr(g.free * w[:, None])[0] for g, w in zip(grids, weight, strict=True)]
    tried = [attempt(*each, criterion) for each in zip(grids, b, weight, q, strict=True)]
    cost = np.sum([t.cost for t in tried], axis=0)
    picked = [t.pick(cost) for t in tried]
    return [
        solve(g, v, w, p.value * g.roughness.T @ g.roughness, p) for g, v, w, p in zip(grids, b, weight, picked, strict=True)
    ]


def _vertex(three: np.ndarray) -> float:
    """Where the parabola through three equidistant values is least, in steps from the middle one."""
    bend = three[0] - 2 * three[1] + three[2]
    return float(np.clip(0.5 * (three[0] - three[2]) / bend, -1, 1)) if bend > 0 else 0.0


def _curvature(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    dx, dy = np.gradient(x), np.gradient(y)
    return (dx * np.gradient(dy) - dy * np.gradient(dx)) / (dx**2 + dy**2 + 1e-300) ** 1.5


def _cross_validation(grid: Grid, b: np.ndarray, weight: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """log of the misfit of one half of the data by the other, for each lambda; a free unknown that a half lacks is refitted."""
    half = len(b) // 2
    f, u = grid.free * weight[:, None], grid.smooth * weight[:, None]
    parts = (slice(0, half), slice(half, None))
    own = [np.linalg.qr(f[part][:, np.abs(f[part]).max(axis=0) > 0])[0] for part in parts]
    cost = np.zeros(len(lam))
    for here, there in ((0, 1), (1, 0)):
        q, part = own[here], parts[here]
        reduced = u[part] - q @ (q.T @ u[part])
        e, v = np.linalg.eigh(reduced.T @ reduced)
        z = (v.T @ (reduced.T @ b[part]) / (np.maximum(e, 0.0) + lam)) @ v.T
        residual = b[parts[there]] - z @ u[parts[there]].T
        residual -= (residual @ own[there]) @ own[there].T
        cost += np.sum(residual**2, axis=1)
    logged: np.ndarray = np.log(cost)
    return logged
