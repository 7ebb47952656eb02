"""Coulombic efficiency and hidden reservoir from a measured series of capacities."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling.retention import capacities
from anodefree.analysis.inventory.inputs import Excess
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.inventory import discharge_from_loss, efficiency_on_plateau
from anodefree.physics.lithium_accounts import accounts, full_cell
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 8
SURE = 6.634896601021213
"""99 % of chi-squared with one degree of freedom: what a plateau must gain to count as seen."""
LEAST_NOISE = 1e-9
"""Noise over capacity below which rounding rules."""
LABELS = ("1", "coulombic efficiency per cycle", "%"), ("1", "hidden reservoir over the capacity", "%")
CERTAIN = 3.841458820694124
"""95 % of chi-squared with one degree of freedom: how far -2 ln(likelihood) may lie above its least value."""


@dataclass(frozen=True)
class Curve:
    """Capacities [C] by cycle number, and the weight that makes their noise the same everywhere; all (n,)."""

    number: np.ndarray
    capacity: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Profile:
    """For each length K of the plateau the best loss per cycle λ, and the weighted sum of squares with the scale fitted too."""

    plateau: np.ndarray
    loss: np.ndarray
    squares: np.ndarray


def weighted(number: np.ndarray, capacity: np.ndarray) -> Curve:
    """Noise proportional to the capacity, but not below that of a fifth of the largest one."""
    return Curve(number, capacity, 1 / np.maximum(capacity, 0.2 * capacity.max()))


def squares_of(loss: np.ndarray, plateau: np.ndarray, curve: Curve) -> np.ndarray:
    """Weighted sum of squares of Q D_k against the capacities with the best scale Q, for each (λ, K)."""
    model = discharge_from_loss(loss[..., None], (plateau * loss)[..., None], curve.number) * curve.weight
    seen = curve.capacity * curve.weight
    scale = (model @ seen) / np.maximum(np.einsum("...i,...i->...", model, model), 1e-300)
    difference = seen - scale[..., None] * model
    return np.asarray(np.einsum("...i,...i->...", difference, difference))


def profiled(plateau: np.ndarray, loss: np.ndarray, curve: Curve, steps: int = 16) -> Profile:
    """Least squares over λ and Q at each given K (p,): a scan of the given λ, then golden sections of its best interval."""
    log_loss = np.log(loss)
    best = np.clip(np.argmin(squares_of(loss[:, None], plateau[None, :], curve), axis=0), 1, len(loss) - 2)
    low, high = log_loss[best - 1], log_loss[best + 1]
    golden = (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = (squares_of(np.exp(x), plateau, curve) for x in (left, right))
    for _ in range(steps):
        lower = at_left < at_right
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - golden * (high - low), low + golden * (high - low))
        at_new = squares_of(np.exp(new), plateau, curve)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    found = np.exp(0.5 * (low + high))
    return Profile(plateau, found, squares_of(found, plateau, curve))


def likelihood_profile(curve: Curve, points: int = 20) -> Profile:
    """The profile over K from 1 (no plateau) to the last cycle (nothing else), refined twice around its minimum."""
    profile = profiled(np.linspace(1.0, curve.number[-1], points), np.geomspace(1e-7, 0.999, 36), curve, 8)
    for _ in range(2):
        near = np.flatnonzero(profile.squares <= profile.squares.min() * (1 + 9 / (len(curve.number) - 3)))
        first, last = max(near[0] - 1, 0), min(near[-1] + 1, len(profile.plateau) - 1)
        around = profile.loss[first : last + 1]
        losses = np.geomspace(max(around.min() / 1.3, 1e-7), min(around.max() * 1.3, 0.999), 12)
        finer = profiled(np.linspace(profile.plateau[first], profile.plateau[last], points), losses, curve)
        order = np.argsort(np.concatenate([profile.plateau, finer.plateau]), kind="stable")
        profile = Profile(*(np.concatenate(both)[order] for both in zip(astuple(profile), astuple(finer), strict=True)))
    return profile


def polished(profile: Profile, curve: Curve) -> Fit:
    """Q, λ, K at the least squares, from the best point of the profile, with their covariance."""
    best = int(np.argmin(profile.squares))
    loss, plateau = profile.loss[best], profile.plateau[best]
    model = discharge_from_loss(loss, plateau * loss, curve.number)
    scale = float((model * curve.capacity * curve.weight**2).sum() / (model**2 * curve.weight**2).sum())

    def residuals(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        q, lam, k = (values[:, i, None] for i in range(3))
        runs_out = np.floor(k) + 1
        shrinks = np.maximum(curve.number - runs_out, 0.0)
        later = curve.number >= runs_out
        rest, kept = 1 + (k - runs_out) * lam, (1 - lam) ** shrinks
        given = np.where(later, rest * kept, 1.0)
        by_loss = np.where(later, q * ((k - runs_out) * kept - shrinks * rest * kept / (1 - lam)), 0.0)
        by_plateau = np.where(later, q * lam * kept, 0.0)
        slopes = np.stack([given, by_loss, by_plateau], axis=-1) * curve.weight[:, None]
        return (q * given - curve.capacity) * curve.weight, slopes

    last = float(curve.number[-1])
    start = np.array([[scale, np.clip(loss, 2e-8, 0.9985), np.clip(plateau, 1.0, last)]])
    low, high = np.array([0.1 * scale, 1e-8, 1.0]), np.array([10 * scale, 0.9999, last])
    return fit(residuals, start, low, high, np.array([True, True, False]))


@stage("cycling.inventory", version=1, cites=("xiao2020", "adams2018", "venzon1988"))
def inventory(
    cycling: Cycling,
    *,
    excess: Excess,
    reservoir_limit: Annotated[
        float,
        Par(
            "largest hidden reservoir thought possible: it bounds the efficiency of a cell that never leaves its plateau",
            gt=0,
            lt=1,
            source="0.15: an upper bound on the first-cycle loss of layered oxides, by common experience; no single source",
            assumed=True,
        ),
    ] = 0.15,
) -> Result:
    """Coulombic efficiency and hidden reservoir from the capacities of a cell.

    Least squares of D_k = Q for k ≤ K, Q (1 + (K - m)λ) (1 - λ)^(k - m) from m = ⌊K⌋ + 1 on, in the scale Q, the loss per cycle
    λ = 1 - CE and the plateau K; then h = (Kλ - e)/CE with the stated excess e. The slope after the knee gives CE, the knee
    gives the reservoir. Both are needed: a curve that never leaves its plateau bounds CE from below only, by (N - e)/(N + h),
    with h up to what the first charge took or `reservoir_limit`; one without a plateau bounds h from above only. What is only
    bounded has a value within low and high and no std (NaN), and a check says so. low and high hold 95 % by the likelihood
    profile over K. Cycles are counted from 1 at the first charge; formation cycles that were cut off the data count too.
    *Valid when* CE is constant, lithium is the only thing that runs short, and the noise is a fixed part of the capacity (it is
    taken as constant below a fifth of the largest one).
    *Source* `anodefree.physics.inventory`; intervals by Venzon and Moolgavkar 1988.

    Raises
    ------
    DataError: fewer than eight cycles, or no positive capacity.
    """
    number, capacity = capacities(cycling)
    if len(number) < FEWEST or capacity.max() <= 0:
        raise DataError(
            f"holds {len(number)} cycles with capacities up to {capacity.max():g} C",
            cycling.source.name,
            f"a knee needs {FEWEST} cycles at least",
        )
    curve = weighted(number, capacity)
    profile = likelihood_profile(curve)
    best = polished(profile, curve)
    scale, loss, plateau = (float(v) for v in best.values)
    variance = max(best.chi2 / best.dof, LEAST_NOISE**2)
    spread = best.covariance * variance / max(best.chi2 / best.dof, 1e-300)
    level = np.average(capacity, weights=curve.weight**2)
    flat = float((((capacity - level) * curve.weight) ** 2).sum())
    left = flat > best.chi2 + 2.5 * CERTAIN * variance
    around = np.geomspace(max(loss / 3, 1e-7), min(3 * loss, 0.999), 12)
    without = float(profiled(np.array([1.0]), around, curve, 40).squares[0])
    seen = without > best.chi2 + SURE * variance
    beyond = None
    if "charge_capacity_C" in cycling and number[0] == 1 and (seen or not left):
        beyond = _first_charge(float(cycling["charge_capacity_C"][0]), scale if left else float(level), spread[0, 0], variance)
    if left:
        estimates = _fitted(profile, best, spread, variance, excess, seen)
    else:
        limit = reservoir_limit if beyond is None else min(max(beyond.value + 2 * beyond.std, 0.0), reservoir_limit)
        estimates = _bounded(excess, limit, float(number[-1]))
    model = scale * discharge_from_loss(np.asarray(loss), np.asarray(plateau * loss), number)
    rest = (capacity - model) * curve.weight
    follow = float(np.sum(rest[1:] * rest[:-1]) / max(np.sum(rest**2), 1e-20))
    used = plateau * loss
    unsure = float(np.hypot(excess.std, loss * np.sqrt(spread[2, 2])))
    checks = [
        Check.that(
            "decay",
            left,
            "the capacity leaves its plateau: its slope gives the efficiency",
            "the capacity never leaves its plateau: efficiency and reservoir cannot be told apart, only bounded",
            otherwise="fail",
        ),
        Check.that(
            "plateau",
            not left or seen,
            f"the plateau lasts {plateau:.0f} cycles",
            "no plateau is seen: the reservoir is only bounded from above",
        ),
        Check.that(
            "excess",
            not left or used >= excess.value - 2 * unsure,
            "the plateau lasts as long as the stated excess allows",
            f"the capacity falls before the stated excess of {excess.value:g} is used up ({used:.3g} is): something "
            "else than lithium runs short, or the excess cannot be stripped",
            otherwise="fail",
        ),
        Check.that(
            "residuals",
            abs(follow) <= max(0.3, 3 / np.sqrt(len(number))),
            "the residuals do not follow each other",
            f"the residuals follow each other (correlation {follow:.2f}): the model lacks something, and the std is too small",
        ),
    ]
    if beyond is not None:
        estimates["first_charge_excess"] = beyond
        checks.append(_agreement(beyond, estimates["hidden_reservoir"]))
    curves = {
        "cycle": ("point", number),
        "capacity_C": ("point", capacity),
        "model_C": ("point", model),
        "profile_plateau": ("profile", profile.plateau),
        "profile_CE": ("profile", 1 - profile.loss),
        "profile_chi2": ("profile", np.maximum(profile.squares - best.chi2, 0.0) / variance),
    }
    return Result.of(estimates, curves, checks)


def _bounded(excess: Uncertain, limit: float, last: float) -> dict[str, Estimate]:
    """Bounds of CE and reservoir for a cell that never leaves its plateau; the value is the middle of them."""
    lowest = float(efficiency_on_plateau(excess.value + 2 * excess.std, limit, last))
    return {
        "CE": Estimate(0.5 * (1 + lowest), math.nan, *LABELS[0], lowest, 1.0),
        "hidden_reservoir": Estimate(0.5 * limit, math.nan, *LABELS[1], 0.0, limit),
    }


def _fitted(
    profile: Profile, best: Fit, spread: np.ndarray, variance: float, excess: Uncertain, seen: bool
) -> dict[str, Estimate]:
    """CE and reservoir with their std and the 95 % of the likelihood; without a plateau the reservoir is bounded only."""
    _, loss, plateau = (float(v) for v in best.values)
    spread = spread[1:, 1:]
    ce = 1 - loss
    h = (plateau * loss - excess.value) / ce
    gradient = np.array([(plateau + h) / ce, loss / ce])
    h_std = float(np.sqrt(gradient @ spread @ gradient + (excess.std / ce) ** 2))
    ce_std = float(np.sqrt(spread[0, 0]))
    # At a fixed K the likelihood in λ is close to a parabola of this width.
    narrow = np.sqrt(max(spread[0, 0] - spread[0, 1] ** 2 / max(spread[1, 1], 1e-300), 0.0))
    room = CERTAIN - np.maximum(profile.squares - best.chi2, 0.0) / variance
    likely = room >= 0
    if not likely.any():
        # The noise is so small that the whole interval lies between two points of the profile.
        return {
            "CE": Estimate(ce, ce_std, *LABELS[0], ce - 2 * ce_std, min(ce + 2 * ce_std, 1.0)),
            "hidden_reservoir": Estimate(h, h_std, *LABELS[1], max(h - 2 * h_std, 0.0), max(h + 2 * h_std, 0.0)),
        }
    width = narrow * np.sqrt(np.maximum(room[likely], 0.0))
    losses, plateaus = profile.loss[likely], profile.plateau[likely]
    ce_low, ce_high = 1 - float((losses + width).max()), 1 - max(float((losses - width).min()), 0.0)
    reservoirs = [(plateaus * lam - excess.value) / (1 - lam) for lam in (losses - width, losses + width)]
    h_low = max(float(min(r.min() for r in reservoirs)) - 2 * excess.std / ce, 0.0)
    h_high = max(float(max(r.max() for r in reservoirs)) + 2 * excess.std / ce, 0.0)
    if not seen:
        h, h_std, h_low = 0.5 * h_high, math.nan, 0.0
        ce_std = max(ce_std, 0.25 * (ce_high - ce_low))
    return {
        "CE": Estimate(ce, ce_std, *LABELS[0], min(ce_low, ce), max(ce_high, ce)),
        "hidden_reservoir": Estimate(h, h_std, *LABELS[1], h_low, h_high),
    }


def _first_charge(charge_C: float, scale_C: float, scale_variance: float, variance: float) -> Estimate:
    """What the first charge took beyond the reversible capacity: an upper limit of the reservoir."""
    ratio = charge_C / scale_C
    std = ratio * float(np.sqrt(variance + scale_variance / scale_C**2))
    return Estimate(ratio - 1, std, "1", "first charge beyond the reversible capacity", "%")


def _agreement(beyond: Estimate, reservoir: Estimate) -> Check:
    """Whether the first charge agrees with the reservoir that the knee tells of."""
    low, high = reservoir.low or 0.0, reservoir.high or 0.0
    charge = f"the first charge took {100 * beyond.value:.1f} % more than the reversible capacity"
    return Check.that(
        "first charge",
        low - 3 * beyond.std <= beyond.value <= high + 3 * beyond.std,
        f"{charge}, as the reservoir would",
        f"{charge}, the reservoir is {100 * low:.1f}-{100 * high:.1f} %: part of that charge plated no lithium, or the data do "
        "not start at cycle 1",
    )


@inventory.plot
def draw(result: Result, ax: Axes) -> None:
    """Capacities with the model and its knee."""
    cycle, capacity, model = (result.curves[n].values for n in ("cycle", "capacity_C", "model_C"))
    ax.plot(cycle, capacity / 3.6, ".", color=SOFT, markersize=3, label="measured")
    ax.plot(cycle, model / 3.6, color=COLOURS[0], label="lithium inventory")
    ax.set(xlabel="cycle", ylabel="discharge capacity / mAh", ylim=(0, None))
    lines = []
    for name, words in (("CE", "CE"), ("hidden_reservoir", "reservoir")):
        e = result.estimates[name]
        known = np.isfinite(e.std)
        lines.append(f"{words} {e}" if known else f"{words} {100 * (e.low or 0):.4g}-{100 * (e.high or 1):.4g} %")
    ax.annotate("\n".join(lines), (0.03, 0.08), xycoords="axes fraction", color=INK, fontsize=7)
    ax.legend(loc="center left")


@inventory.demo
def demo(rng: np.random.Generator) -> Demo:
    """An anode-less cell with a reservoir in its cathode; noise of 0.2 %, N/P known to 0.005."""
    ce, e, h = float(rng.uniform(0.990, 0.995)), float(rng.uniform(0.05, 0.15)), float(rng.uniform(0.05, 0.12))
    cell = accounts(full_cell(1 - ce, excess=e, hidden_reservoir=h), 120)
    charge, discharge = (100.0 * part * (1 + 0.002 * rng.standard_normal(120)) for part in (cell.charge, cell.discharge))
    arrays = {"cycle_number": np.arange(1, 121), "charge_capacity_C": charge, "discharge_capacity_C": discharge}
    measured = Uncertain(max(e + 0.005 * rng.normal(), 0.0), 0.005)
    return Demo(
        (Measurement.of(CYCLING, arrays, name="anode-less cell"),),
        {"CE": ce, "hidden_reservoir": h, "first_charge_excess": h},
        {"excess": measured},
    )
