"""Many least-squares problems of one form, each with parameters of its own, solved together as one stack of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Groups = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Parameters (g, p) and which groups they belong to (g,) -> residuals (g, m), derivatives (g, m, p)."""


@dataclass(frozen=True)
class Quadratic:
    """Half a sum of squares of each group near x (g, p), in a step d: cost + gradient d + d curvature d / 2."""

    x: np.ndarray
    cost: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray

    def scaled(self, variance: np.ndarray) -> Quadratic:
        """The same for residuals whose variance is not one but (g,)."""
        w = 1.0 / variance
        return Quadratic(self.x, w * self.cost, w[:, None] * self.gradient, w[:, None, None] * self.curvature)

    def without(self, gone: np.ndarray) -> Quadratic:
        """Minimised over the parameters where `gone` (p,) holds: a function of the others."""
        if not gone.any():
            return self
        kept = ~gone
        inner = bordered(self.curvature[:, gone][:, :, gone])
        across = self.curvature[:, kept][:, :, gone]
        pulled = np.linalg.solve(inner, np.swapaxes(across, 1, 2))
        step = np.linalg.solve(inner, self.gradient[:, gone, None])[..., 0]
        return Quadratic(
            self.x[:, kept],
            self.cost - 0.5 * np.einsum("gi,gi->g", self.gradient[:, gone], step),
            self.gradient[:, kept] - np.einsum("gij,gj->gi", across, step),
            self.curvature[:, kept][:, :, kept] - across @ pulled,
        )

    def following(self, gone: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Where the parameters that `without` left out go when the others have moved to `moved` (g, kept): (g, p)."""
        x = self.x.copy()
        x[:, ~gone] = moved
        if gone.any():
            across = self.curvature[:, gone][:, :, ~gone]
            pull = self.gradient[:, gone] + np.einsum("gij,gj->gi", across, moved - self.x[:, ~gone])
            x[:, gone] -= np.linalg.solve(bordered(self.curvature[:, gone][:, :, gone]), pull[..., None])[..., 0]
        return x


def bordered(curvature: np.ndarray) -> np.ndarray:
    """A curvature (g, p, p) made safely positive: what the data do not determine becomes vague, not singular."""
    own = np.maximum(np.einsum("gii->gi", curvature), 1e-12)
    return curvature + 1e-11 * own[:, :, None] * np.eye(curvature.shape[1])


def quadratic(model: Groups, x: np.ndarray, which: np.ndarray | None = None) -> Quadratic:
    """The sum of squares of every group near x (g, p), by its derivatives (Gauss-Newton)."""
    with np.errstate(all="ignore"):
        r, jac = model(x, np.arange(len(x)) if which is None else which)
    cost = 0.5 * np.einsum("gm,gm->g", r, r)
    r, jac = (np.nan_to_num(v, nan=0.0, posinf=0.0, neginf=0.0) for v in (r, jac))
    turned = np.swapaxes(jac, 1, 2)
    return Quadratic(x, np.where(np.isfinite(cost), cost, np.inf), (turned @ r[..., None])[..., 0], turned @ jac)


def fit_groups(
    model: Groups, start: np.ndarray, low: np.ndarray, high: np.ndarray, longest: float = 2.0, steps: int = 60
) -> tuple[Quadratic, np.ndarray]:
    """The minimum of every group from its own start (g, p), and which converged.

    Levenberg-Marquardt, all groups advancing together. Bounds (p,) are kept by projection; a step is at most `longest` in any
    parameter.
    """
    at = quadratic(model, np.clip(start, low, high))
    damping, done = np.full(len(start), 1e-3), ~np.isfinite(at.cost)
    for _ in range(steps):
        alive = np.flatnonzero(~done)
        if not len(alive):
            break
        x, g, curvature = at.x[alive], at.gradient[alive], at.curvature[alive]
        held = ((x <= low) & (g > 0)) | ((x >= high) & (g < 0))
        own = np.maximum(np.einsum("gii->gi", curvature), 1e-300)
        matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
        matrix = matrix + np.where(held, 1.0, damping[alive, None] * own + 1e-13 * own.max(1, keepdims=True))[
            :, :, None
        ] * np.eye(x.shape[1])
        step = np.linalg.solve(matrix, np.where(held, 0.0, -g)[..., None])[..., 0]
        step *= np.minimum(1.0, longest / np.maximum(np.abs(step).max(1, keepdims=True), 1e-300))
        trial = quadratic(model, np.clip(x + step, low, high), alive)
        move = trial.x - x
        expected = -np.einsum("gi,gi->g", g, move) - 0.5 * np.einsum("gi,gij,gj->g", move, curvature, move)
        better = trial.cost < at.cost[alive]
        still = expected <= 1e-9 * at.cost[alive]
        damping[alive] = np.clip(damping[alive] * np.where(better, 0.2, 6.0), 1e-10, 1e12)
        done[alive] = still | (damping[alive] > 1e11)
        up = alive[better]
        for name in ("x", "cost", "gradient", "curvature"):
            getattr(at, name)[up] = getattr(trial, name)[better]
    return at, done & np.isfinite(at.cost)
