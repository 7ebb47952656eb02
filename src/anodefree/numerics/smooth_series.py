"""A series of small problems whose parameters change smoothly: curvature is penalised, the system block-tridiagonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.numerics.joint_fitting import Groups, Quadratic, bordered, quadratic

LEAST_STIFFNESS: Final = 1e-4
"""In mean distances: neighbours do not feel each other."""
MOST_STIFFNESS: Final = 1e4
"""In lengths of the series: a course bends by less than half a percent from end to end."""


@dataclass(frozen=True)
class Roughness:
    """The integral of a squared second derivative over unevenly placed points as a form x S x: the five bands of S."""

    own: np.ndarray
    next: np.ndarray
    second: np.ndarray

    @classmethod
    def over(cls, place: np.ndarray) -> Roughness:
        """For points at increasing places (s,), by second divided differences; places are counted in mean distances.

        Points closer than a hundredth of the mean distance count as that far apart: they must agree anyway.
        """
        h = np.maximum(np.diff(place) / np.ptp(place) * (len(place) - 1), 0.01)
        width = (h[1:] + h[:-1]) / 2
        rows = np.stack([1 / h[:-1], -1 / h[:-1] - 1 / h[1:], 1 / h[1:]]) / width  # (3, s - 2): the second derivative
        weighted = rows * width
        own = np.zeros(len(place))
        for i in range(3):
            own[i : len(place) - 2 + i] += weighted[i] * rows[i]
        beside = np.zeros(len(place) - 1)
        beside[:-1] += weighted[0] * rows[1]
        beside[1:] += weighted[1] * rows[2]
        return cls(own, beside, weighted[0] * rows[2])

    def of(self, x: np.ndarray) -> np.ndarray:
        """x S x of each parameter (k,), for x (s, k)."""
        by_neighbour = self.next @ (x[:-1] * x[1:]) + self.second @ (x[:-2] * x[2:])
        form: np.ndarray = self.own @ x**2 + 2 * by_neighbour
        return form


@dataclass(frozen=True)
class Chain:
    """Factors of the block-tridiagonal matrix of data and roughness; two neighbours make one block."""

    inverses: np.ndarray
    steps: np.ndarray
    """(b, 2 k, 2 k): inverse times the block to the right."""
    log_determinant: float
    count: int
    parameters: int

    @classmethod
    def of(cls, curvature: np.ndarray, rough: Roughness, stiffness: np.ndarray) -> Chain:
        """From the data's curvature (s, k, k) and the weight of each parameter's roughness (k,)."""
        s, k = curvature.shape[:2]
        blocks = (s + 1) // 2
        on = np.zeros((blocks, 2, k, 2, k))
        right = np.zeros((blocks, 2, k, 2, k))
        on[-1, 1, :, 1, :] = np.eye(k)  # the missing partner of an odd last one
        t, i = np.arange(s), np.arange(k)
        on[t // 2, t % 2, :, t % 2, :] = curvature
        on[t // 2, t % 2, i[:, None], t % 2, i[:, None]] += stiffness[:, None] * rough.own
        near = stiffness * rough.next[:, None]
        for a in i:
            on[: len(near[::2]), 0, a, 1, a] = on[: len(near[::2]), 1, a, 0, a] = near[::2, a]
            right[: len(near[1::2]), 1, a, 0, a] = near[1::2, a]
            far = stiffness[a] * rough.second
            right[: len(far[::2]), 0, a, 0, a] = far[::2]
            right[: len(far[1::2]), 1, a, 1, a] = far[1::2]
        on, right = on.reshape(blocks, 2 * k, 2 * k), right.reshape(blocks, 2 * k, 2 * k)
        pivots, inverses, steps = on.copy(), np.empty_like(on), np.zeros_like(on)
        for j in range(blocks):
            inverses[j] = np.linalg.inv(pivots[j])
            if j + 1 < blocks:
                steps[j] = inverses[j] @ right[j]
                pivots[j + 1] -= right[j].T @ steps[j]
        return cls(inverses, steps, float(np.linalg.slogdet(pivots)[1].sum()), s, k)

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The solution (s, k, n) for right-hand sides (s, k, n)."""
        y = np.zeros((2 * len(self.inverses), self.parameters, right.shape[2]))
        y[: self.count] = right
        y = y.reshape(len(self.inverses), 2 * self.parameters, -1)
        for j in range(len(y) - 1):
            y[j + 1] -= self.steps[j].T @ y[j]
        y = self.inverses @ y
        for j in range(len(y) - 2, -1, -1):
            y[j] -= self.steps[j] @ y[j + 1]
        return y.reshape(-1, self.parameters, right.shape[2])[: self.count]

    def variances(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the inverse, each parameter with itself: at one place (s, k), with the next place, with the second next."""
        blocks, k = len(self.inverses), self.parameters
        on, right = np.empty_like(self.inverses), np.zeros_like(self.inverses)
        on[-1] = self.inverses[-1]
        for j in range(blocks - 2, -1, -1):
            right[j] = -self.steps[j] @ on[j + 1]
            on[j] = self.inverses[j] - right[j] @ self.steps[j].T
        i = np.arange(k)
        own = on.reshape(blocks, 2, k, 2, k)
        across = right.reshape(blocks, 2, k, 2, k)
        at = np.stack([own[:, 0, i, 0, i], own[:, 1, i, 1, i]], axis=1).reshape(-1, k)
        beside = np.stack([own[:, 0, i, 1, i], across[:, 1, i, 0, i]], axis=1).reshape(-1, k)
        second = np.stack([across[:, 0, i, 0, i], across[:, 1, i, 1, i]], axis=1).reshape(-1, k)
        return at[: self.count], beside[: self.count - 1], second[: self.count - 2]


@dataclass(frozen=True)
class SmoothFit:
    """Where each parameter goes along the series, with its standard deviation."""

    x: np.ndarray
    std: np.ndarray
    to_last: np.ndarray
    """(s, k): the covariance of a parameter at each place with itself at the last."""
    stiffness: np.ndarray
    converged: bool


def smooth_fit(model: Groups, start: np.ndarray, variance: np.ndarray, place: np.ndarray, steps: int = 25) -> SmoothFit:
    """Fit a whole series: chi2 of every group plus stiffness_k times the roughness of parameter k, stiffnesses from the data.

    `start` (s, k) are parameters near the groups' own minima, `variance` (s,) that of their residuals, `place` (s,) increasing.
    The stiffnesses maximise the marginal likelihood (straight lines are free), times the square root of their inverse: so a
    parameter is never taken for exactly straight (Chung et al. 2013). Newton's steps on the whole alternate with that.

    Raises
    ------
    ValueError: fewer than four groups.
    """
    if len(start) < 4:
        raise ValueError("a smooth course needs four groups at least")
    rough = Roughness.over(place)
    x, stiffness, converged = start.copy(), np.full(start.shape[1], 1e2), False
    for step in range(steps):
        data = quadratic(model, x).scaled(variance)
        h = bordered(data.curvature)
        target = np.einsum("gij,gj->gi", h, x) - data.gradient
        if step < 3:
            stiffness = _most_likely(data, h, target, rough, stiffness)
        moved = Chain.of(h, rough, stiffness).solve(target[..., None])[..., 0]
        d = np.clip(moved - x, -1.0, 1.0)
        x = x + d
        # Small is what the data do not feel: a parameter that they hardly determine need not come to rest.
        if step >= 2 and np.einsum("gi,gij,gj->g", d, h, d).max() < 1e-7:
            converged = True
            break
    chain = Chain.of(h, rough, stiffness)
    ends = np.zeros((*x.shape, x.shape[1]))
    ends[-1] = np.eye(x.shape[1])
    to_last = np.einsum("gkk->gk", chain.solve(ends))
    return SmoothFit(x, np.sqrt(chain.variances()[0]), to_last, stiffness, converged)


def most_stiff(count: int) -> float:
    """The stiffness of a course that is straight, for a series of so many groups, in mean distances."""
    return MOST_STIFFNESS * (count - 1) ** 3


def _most_likely(data: Quadratic, h: np.ndarray, target: np.ndarray, rough: Roughness, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    curves = len(h) - 2

    def deviance(log_stiffness: np.ndarray) -> tuple[float, np.ndarray]:
        stiffness = np.exp(log_stiffness)
        chain = Chain.of(h, rough, stiffness)
        x = chain.solve(target[..., None])[..., 0]
        d = x - data.x
        misfit = 2 * float(np.sum(data.gradient * d)) + float(np.einsum("gi,gij,gj->", d, h, d))
        at, beside, second = chain.variances()
        trace = rough.own @ at + 2 * (rough.next @ beside + rough.second @ second)
        form = rough.of(x)
        value = chain.log_determinant + misfit + float(stiffness @ form) - (curves - 1) * float(log_stiffness.sum())
        return value, stiffness * (trace + form) - (curves - 1)

    bounds = [(np.log(LEAST_STIFFNESS), np.log(most_stiff(len(h))))] * len(start)
    found = minimize(deviance, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30, "ftol": 1e-8})
    best: np.ndarray = np.exp(found.x)
    return best
