"""Profile likelihood of a circuit's parameters: how far each can go while all others follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from anodefree.analysis.eis.circuit_fit import Problem
from anodefree.numerics.fitting import Fit

_PACE = 0.25
_MOST = 40
_ROUNDS = 6


@dataclass(frozen=True)
class Profile:
    """One parameter held at values from low to high, the rest fitted at each."""

    values: np.ndarray
    root: np.ndarray
    """Signed root of the rise of chi2 over its scale: a straight line of slope 1/std where the linear interval is right."""
    low: float
    high: float
    """Where the root is -limit and limit; the bound of the parameter where it never gets there."""
    open_low: bool
    open_high: bool
    limit: float
    better: bool
    """Whether a lower minimum than the fit's own was met on the way."""


def profile(problem: Problem, found: Fit, which: int, level: float = 0.95) -> Profile:
    """The profile of parameter number `which` of a fit, out to the two ends of its interval.

    The rise (chi2(p) - chi2_min) / s^2 of the sum of squares, minimised over all other parameters, is compared with t^2
    (Student, s^2 = chi2_min / dof) or, where the weights are absolute, with the normal z^2 and s = 1. *Source*: Bates and
    Watts, Nonlinear Regression Analysis, Wiley 1988, section 6.1; Venzon and Moolgavkar, Appl. Stat. 37 (1988) 87.
    """
    tail = (1 - level) / 2
    scale = 1.0 if problem.absolute else max(found.chi2 / found.dof, 1e-300)
    limit = float(-ndtri(tail)) if problem.absolute else float(-stdtrit(found.dof, tail))
    side = _Side(problem, found, which, scale)
    down, up = side.walk(-1, limit), side.walk(1, limit)
    values = np.array([v for v, _ in reversed(down)] + [found.values[which]] + [v for v, _ in up])
    root = np.array([-r for _, r in reversed(down)] + [0.0] + [r for _, r in up])
    (low, closed_low), (high, closed_high) = (_end(points, side, limit) for points in (down, up))
    return Profile(values, root, low, high, not closed_low, not closed_high, limit, side.better)


@dataclass
class _Side:
    problem: Problem
    found: Fit
    which: int
    scale: float
    better: bool = False

    def x(self, value: float) -> float:
        return float(np.log(value)) if self.problem.log[self.which] else value

    def value(self, x: float) -> float:
        return float(np.exp(x)) if self.problem.log[self.which] else x

    def bound(self, sign: int) -> float:
        return self.x(float((self.problem.high if sign > 0 else self.problem.low)[self.which]))

    def root(self, x: float, near: list[np.ndarray]) -> tuple[float, np.ndarray]:
        """The root of the rise with the parameter held at x, and the parameters there."""
        value = self.value(x)
        held = self.problem.holding(self.which, value)
        if not held.free.any():  # a single parameter: nothing follows
            r = (held.circuit.impedance(held.omega_rad_s, held.base) - held.z_ohm) / held.sigma_ohm
            chi2, at = float(np.sum(np.abs(r) ** 2)), held.base
        else:
            ends, cost, _ = held.descend(np.stack(near))
            best = int(np.argmin(cost))
            chi2, at = 2 * float(cost[best]), held.filled(ends[best])
        rise = (chi2 - self.found.chi2) / self.scale
        self.better |= rise < -1e-3
        return float(np.sqrt(max(rise, 0.0))), at

    def walk(self, sign: int, limit: float) -> list[tuple[float, float]]:
        """(value, root) outward from the optimum until the root exceeds `limit` or the bound is met."""
        log, best = self.problem.log, self.found.values
        x, bound = self.x(best[self.which]), self.bound(sign)
        std = float(self.found.std[self.which]) / (best[self.which] if log[self.which] else 1.0)
        step = min(max(std, 1e-9), 2.0) * limit * _PACE
        points: list[tuple[float, float]] = []
        here, before, now = best, best, 0.0
        for _ in range(_MOST):
            if now >= limit or x == bound:
                break
            ahead = min(x + step, bound) if sign > 0 else max(x - step, bound)
            drift = here if before is here else self._onward(before, here)
            root, at = self.root(ahead, [here, drift])
            points.append((self.value(ahead), root))
            gained = root - now
            x, before, here, now = ahead, here, at, root
            step *= float(np.clip(limit * _PACE / max(gained, 1e-9), 0.4, 2.5))
        return points

    def _onward(self, before: np.ndarray, here: np.ndarray) -> np.ndarray:
        """Where the other parameters lead when they go on as they went."""
        p = self.problem
        x = np.clip(2 * p.into(here) - p.into(before), p.into(p.low), p.into(p.high))
        return np.where(p.log, np.exp(np.where(p.log, x, 0.0)), x)


def _end(points: list[tuple[float, float]], side: _Side, limit: float) -> tuple[float, bool]:
    """Where the root meets the limit, refined by regula falsi; the bound, and false, where it does not."""
    start = float(side.found.values[side.which])
    known = [(start, 0.0), *points]
    if known[-1][1] < limit:
        return known[-1][0], False
    (inner, r_in), (outer, r_out) = known[-2:]
    a, b = side.x(inner), side.x(outer)
    for _ in range(_ROUNDS):
        middle = a + (b - a) * min(max((limit - r_in) / max(r_out - r_in, 1e-12), 0.05), 0.95)
        root, _ = side.root(middle, [side.found.values])
        if root < limit:
            a, r_in = middle, root
        else:
            b, r_out = middle, root
        if abs(root - limit) < 2e-4 * limit:
            return side.value(middle), True
    return side.value(a + (b - a) * (limit - r_in) / max(r_out - r_in, 1e-12)), True
