"""What could have made a capacity curve: explanations, each fitted, and how probable the curve makes each of them.

With k the cycle from 1, Q the capacity and λ = 1 - CE:

| explanation | capacity of cycle k | unknowns |
| --- | --- | --- |
| nothing that shows | Q | Q |
| lithium, no reserve | Q (1 - λ)^(k - 1) | Q, λ |
| lithium, after a reserve | Q to the knee K, then falling by λ per cycle | Q, λ, K |
| lithium, after formation | Q (1 - λ)^(k - 1) {1 - c [1 - exp(-(k - 1)/kf)]} | Q, λ, c, kf |
| even fade | Q [1 - c (k - 1)] | Q, c |
| root fade | Q [1 - c √(k - 1)] | Q, c |
| even fade, then lithium | Q [1 - c (min(k, K) - 1)] (1 - λ)^(k - K) after K | Q, c, λ, K |
| root fade, then lithium | the same with the root | Q, c, λ, K |

*Even fade* is loss of cathode, or a resistance that grows evenly, or both: they give one and the same curve, and capacities
alone never tell them apart. *Root fade* is a resistance that grows as a film does which diffusion feeds. Where lithium takes
over, the capacity must fall faster than before, since a cell gives the lesser of what its lithium and its cathode allow.

Probabilities are those of the Bayesian information criterion with equal prior odds, for noise of unknown size (Schwarz 1978).
Residuals that follow each other carry less information than there are points: with a correlation r it is (1 - r)/(1 + r) of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anodefree.analysis.inventory.knee import LEAST_NOISE, Curve, profiled
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.inventory import discharge_from_loss

NONE_SHOWS = "nothing that shows"
NO_RESERVE = "lithium, no reserve"
RESERVE = "lithium, after a reserve"
FORMATION = "lithium, after formation"
EVEN = "even fade: cathode or resistance"
ROOT = "root fade: resistance"
EVEN_KNEE = "even fade, then lithium"
ROOT_KNEE = "root fade, then lithium"
BY_KNEE = (NO_RESERVE, RESERVE)
"""The two whose efficiency and reserve the profile over the plateau tells."""
WORTH = 0.05
"""The least probability at which an explanation has to be reckoned with."""

STARTS = 6
"""Places from which a descent begins."""
NORMAL = 1.959963984540054
"""95 % of a normal distribution lie within so many standard deviations."""


@dataclass(frozen=True)
class Explanation:
    """One of them, fitted."""

    name: str
    squares: float
    """Weighted sum of squares; infinite where it contradicts itself."""
    unknowns: int
    scale: float
    model: np.ndarray
    loss: tuple[float, float, float] | None = None
    """λ and the bounds that hold 95 % of the likelihood; None where lithium does not run short."""
    reserve: tuple[float, float, float] | None = None
    """Lithium used up before the knee, over Q, likewise."""


Basis = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Second unknown (..., 1), λ (..., 1), cycle (n,) -> f, g (..., n) of the capacity Q (f - c g)."""


def explanations(curve: Curve, knee: tuple[float, float, float], squares: float) -> list[Explanation]:
    """All of them; the one with a plain reserve comes in fitted: its (Q, λ, K) and sum of squares."""
    k = curve.number
    ones = np.ones_like(k)
    around = np.geomspace(1e-7, 0.999, 60)
    bare = profiled(np.array([1.0]), around, curve, 30)
    q, loss, plateau = knee
    first, last, near = float(k[0]), float(k[-1]), max(loss, 1e-5)
    reserved = q * discharge_from_loss(np.asarray(loss), np.asarray(plateau * loss), k)
    return [
        _straight(NONE_SHOWS, curve, ones, None),
        _bare(curve, float(bare.loss[0]), float(bare.squares[0])),
        Explanation(RESERVE, squares, 3, q, reserved, (loss,) * 3),
        _searched(
            FORMATION,
            curve,
            np.geomspace(max(0.1 * first, 1.0), max(last / 4, 0.2 * first, 2.0), 12),
            _formation,
            near,
            steepens=None,
        ),
        _straight(EVEN, curve, ones, k - 1),
        _straight(ROOT, curve, ones, np.sqrt(k - 1)),
        _searched(EVEN_KNEE, curve, np.linspace(first + 1, last - 2, 20), _even_knee, near, steepens=1.0),
        _searched(ROOT_KNEE, curve, np.linspace(first + 1, last - 2, 20), _root_knee, near, steepens=0.5),
    ]


def following(found: list[Explanation], curve: Curve) -> tuple[float, float]:
    """How residuals of the best explanation follow each other, and the part of the points that then count as independent."""
    n = len(curve.number)
    best = found[int(np.argmax(probabilities(found, curve, 1.0)))]
    rest = (curve.capacity - best.model) * curve.weight
    total = float(rest @ rest)
    r = float(rest[1:] @ rest[:-1]) / total if total > n * LEAST_NOISE**2 else 0.0
    return r, max((1 - r) / (1 + r), 0.02) if r > max(0.1, 2 / np.sqrt(n)) else 1.0


def probabilities(found: list[Explanation], curve: Curve, informing: float) -> np.ndarray:
    """Of each explanation; `informing` is the part of the points that count as independent."""
    n = len(curve.number)
    squares = np.maximum([e.squares for e in found], n * LEAST_NOISE**2)
    bic = informing * n * np.log(squares / n) + np.array([e.unknowns for e in found]) * np.log(informing * n)
    odds = np.exp(-0.5 * (bic - bic.min()))
    return np.asarray(odds / odds.sum())


def _formation(cycles: np.ndarray, loss: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = np.exp((k - 1) * np.log1p(-loss))
    return kept, kept * -np.expm1(-(k - 1) / cycles)


def _even_knee(knee: np.ndarray, loss: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = np.exp(np.maximum(k - knee, 0.0) * np.log1p(-loss))
    return kept, kept * (np.minimum(k, knee) - 1)


def _root_knee(knee: np.ndarray, loss: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = np.exp(np.maximum(k - knee, 0.0) * np.log1p(-loss))
    return kept, kept * np.sqrt(np.minimum(k, knee) - 1)


def _solved(curve: Curve, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q, c and the weighted sum of squares of Q (f - c g), for (..., n)."""
    seen = curve.capacity * curve.weight
    f, g = f * curve.weight, g * curve.weight
    ff, gg, fg = (np.einsum("...i,...i->...", a, b) for a, b in ((f, f), (g, g), (f, g)))
    fy, gy = f @ seen, g @ seen
    determinant = np.maximum(ff * gg - fg**2, 1e-14 * ff * gg + 1e-300)
    q, slope = (gg * fy - fg * gy) / determinant, (fg * fy - ff * gy) / determinant
    rest = seen - q[..., None] * f + slope[..., None] * g
    return q, slope / np.where(q > 0, q, np.inf), np.einsum("...i,...i->...", rest, rest)


def _straight(name: str, curve: Curve, f: np.ndarray, g: np.ndarray | None) -> Explanation:
    """Q (f - c g) with f and g given; where the capacity would rise it is no explanation."""
    if g is None:
        q = float(np.average(curve.capacity, weights=curve.weight**2))
        rest = (curve.capacity - q) * curve.weight
        return Explanation(name, float(rest @ rest), 1, q, q * f)
    scale, c, squares = (float(x) for x in _solved(curve, f, g))
    return Explanation(name, squares if c > 0 else np.inf, 2, scale, scale * (f - c * g))


def _bare(curve: Curve, loss: float, squares: float) -> Explanation:
    kept = np.exp((curve.number - 1) * np.log1p(-loss))
    scale = float((kept * curve.capacity * curve.weight**2).sum() / (kept**2 * curve.weight**2).sum())
    return Explanation(NO_RESERVE, squares, 2, scale, scale * kept, (loss,) * 3)


def _searched(
    name: str, curve: Curve, seconds: np.ndarray, basis: Basis, near: float, *, steepens: float | None
) -> Explanation:
    """The least squares over λ and the second unknown: a grid, then descent from the best λ of each of its rows.

    `steepens`: the exponent of the fade before the knee, after which the capacity must fall faster; None without a knee.
    """
    losses = np.geomspace(0.1 * near, min(10 * near, 0.9), 24)
    second, loss = seconds[:, None], losses[None, :]
    q, c, squares = _solved(curve, *basis(second[..., None], loss[..., None], curve.number))
    squares = np.where((q > 0) & _allowed(c, loss, second, steepens), squares, np.inf)
    rows, best = np.arange(len(seconds)), squares.argmin(axis=1)
    starts = np.stack([q[rows, best], c[rows, best], losses[best], seconds], axis=1)
    likely = np.argsort(squares[rows, best])[:STARTS]
    likely = likely[np.isfinite(squares[rows, best][likely])]
    nowhere = Explanation(name, np.inf, 4, 1.0, np.full_like(curve.number, np.nan), (np.nan,) * 3, (np.nan,) * 3)
    if not len(likely):
        return nowhere
    best = _descended(curve, basis, starts[likely], seconds)
    q0, c0, loss0, second0 = (float(v) for v in best.values)
    if c0 < 1e-6 or not _allowed(np.asarray(c0), np.asarray(loss0), np.asarray(second0), steepens):
        return nowhere  # without the fade it is one of the simpler explanations
    f, g = basis(np.array([second0]), np.array([loss0]), curve.number)
    model = q0 * (f - c0 * g)
    rest = (curve.capacity - model) * curve.weight
    half = float(NORMAL * np.sqrt(best.covariance[2, 2]))
    used = _used(curve, basis, best.values, steepens)
    steps = np.sqrt(np.diag(best.covariance)) * 1e-3 + 1e-12
    slope = np.array([(_used(curve, basis, best.values + d, steepens) - used) / d.max() for d in np.diag(steps)])
    reach = float(NORMAL * np.sqrt(max(slope @ best.covariance @ slope, 0.0)))
    return Explanation(
        name,
        float(rest @ rest),
        4,
        q0,
        model,
        (loss0, max(loss0 - half, 0.0), min(loss0 + half, 0.999)),
        (max(used, 0.0), max(used - reach, 0.0), max(used + reach, 0.0)),
    )


def _allowed(c: np.ndarray, loss: np.ndarray, second: np.ndarray, steepens: float | None) -> np.ndarray:
    """Whether the capacity neither rises nor ends before its time, and falls faster after a knee than before it."""
    if steepens is None:
        return np.asarray((c >= 0) & (c < 1))
    faded = c * (second - 1) ** steepens
    return np.asarray((c >= 0) & (faded < 1) & (loss >= steepens * faded / (second - 1) / np.maximum(1 - faded, 1e-9)))


def _descended(curve: Curve, basis: Basis, starts: np.ndarray, seconds: np.ndarray) -> Fit:
    """Q, c, λ and the second unknown at the least squares near the starts, with their covariance."""

    def residuals(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q, c, loss, second = (values[:, i, None] for i in range(4))

        def shape(loss: np.ndarray, second: np.ndarray) -> np.ndarray:
            f, g = basis(second, loss, curve.number)
            return f - c * g

        f, g = basis(second, loss, curve.number)
        dl, ds = 1e-5 * loss, 1e-5 * second
        by_loss = q * (shape(loss + dl, second) - shape(loss - dl, second)) / (2 * dl)
        by_second = q * (shape(loss, second + ds) - shape(loss, second - ds)) / (2 * ds)
        slopes = np.stack([f - c * g, -q * g, by_loss, by_second], axis=-1) * curve.weight[:, None]
        return (q * (f - c * g) - curve.capacity) * curve.weight, slopes

    largest = float(curve.capacity.max())
    low = np.array([0.3 * largest, 1e-9, 1e-8, seconds[0]])
    high = np.array([3 * largest, 1.0, 0.95, seconds[-1]])
    log = np.array([True, False, True, True])
    return fit(residuals, np.clip(starts, low, high), low, high, log, steps=60, tolerance=1e-9)


def _used(curve: Curve, basis: Basis, values: np.ndarray, steepens: float | None) -> float:
    """Lithium used up before the knee over Q, e + CE h = λ (1 + ΣD) - 1 + D_K, ΣD of the cycles before K; 0 without a knee."""
    _, c, loss, knee = values
    if steepens is None:
        return 0.0
    whole = np.arange(1.0, np.floor(knee) + 1)
    f, g = basis(np.array([knee]), np.array([loss]), np.append(whole, knee))
    given = f - c * g
    # The last cycle before the knee counts in part, so that the reserve changes smoothly with K.
    before = given[:-2].sum() + (knee - np.floor(knee)) * given[-2]
    return float(loss * (1 + before) - 1 + given[-1])
