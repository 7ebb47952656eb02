"""Coulombic efficiency, hidden reservoir and cause of fade from a measured series of capacities."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling.retention import capacities
from anodefree.analysis.inventory.explanations import NONE_SHOWS, Explanation, explanations, following, probabilities
from anodefree.analysis.inventory.knee import Curve, Knee, found_knee, weighted
from anodefree.analysis.inventory.reading import Reading, lasting, read, single_outliers
from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.lithium_accounts import accounts, full_cell
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 8
STEADY = 0.05
"""Scatter over the capacity beyond which a cell was hardly cycled in one way."""


@stage("cycling.inventory", version=2, cites=("xiao2020", "adams2018", "venzon1988", "schwarz1978"))
def inventory(
    cycling: Cycling,
    *,
    excess: Annotated[
        Uncertain | None,
        Par("excess lithium over the cathode's reversible capacity (N/P; 0: anode-free; none: not known)", ge=0),
    ] = None,
    reservoir_limit: Annotated[
        float,
        Par(
            "largest hidden reservoir thought possible: it bounds the efficiency of a cell that does not run short of lithium",
            gt=0,
            lt=1,
            source="0.15: an upper bound on the first-cycle loss of layered oxides, by common experience; no single source",
            assumed=True,
        ),
    ] = 0.15,
) -> Result:
    """Coulombic efficiency, hidden reservoir and cause of fade from the capacities of a cell.

    Eight explanations are fitted by least squares and weighed by the Bayesian information criterion: no loss that shows;
    lithium loss without or after a reserve, or after formation; even fade (cathode or resistance), root fade (resistance);
    either of them until lithium runs short. Of lithium loss after a reserve the capacity is Q for k ≤ K,
    Q (1 + (K - m)λ) (1 - λ)^(k - m) from m = ⌊K⌋ + 1 on: the slope after the knee gives CE = 1 - λ, the knee the reserve
    Kλ = e + CE h, and with the stated excess e the hidden reservoir h. Where every explanation of at least 5 % has lithium run
    short, CE and h are given, over all of them. Else the curve only bounds CE, from below: what was lost cannot exceed what
    could be lost unseen, λ ≤ (e + h + 1 - D_N/Q)/(h + 1 + ΣD_k/Q), k < N, with h up to what the first charge took or
    `reservoir_limit`. What is only bounded has a value within low and high and no std (NaN), and a check says which
    explanations cannot be told apart. low and high hold 95 %, by the likelihood profile over K. A drop to less than half that
    never comes back is a sudden failure; it and what follows is left out of the fit, as are single cycles more than eight
    scatters (and 2 %) off the median of five. Cycles are counted from 1 at the first
    charge; formation cycles that were cut off the data count too.
    *Valid when* CE is constant after formation, one of the explanations holds, and the noise is a fixed part of the capacity
    (it is taken as constant below a fifth of the largest one). Where residuals follow each other the intervals are wider.
    *Source* `anodefree.physics.inventory`; intervals by Venzon and Moolgavkar 1988; evidence by Schwarz 1978.

    Raises
    ------
    DataError: fewer than eight cycles, a negative or no positive capacity, or one value repeated.
    """
    number, capacity = capacities(cycling)
    if (capacity < 0).any():
        raise DataError("a discharge capacity is negative", cycling.source.name, "give charges as amounts, without a sign")
    number, capacity, failed = lasting(number, capacity, FEWEST)
    if len(number) < FEWEST or capacity.max() <= 0:
        raise DataError(
            f"holds {len(number)} cycles with capacities up to {capacity.max() if capacity.size else 0:g} C",
            cycling.source.name,
            f"a knee needs {FEWEST} cycles at least",
        )
    if len(np.unique(capacity)) <= 2:
        raise DataError(
            f"repeats {'one capacity' if np.ptp(capacity) == 0 else 'two capacities'} in {len(number)} cycles",
            cycling.source.name,
            "a measured capacity scatters: this is no fade curve",
        )
    bad = single_outliers(capacity, FEWEST)
    curve = weighted(number[~bad], capacity[~bad])
    knee = found_knee(curve)
    found = explanations(curve, knee.values, knee.best.chi2)
    follow, informing = following(found, curve)
    knee = replace(knee, variance=knee.variance / informing)
    chance = probabilities(found, curve, informing)
    beyond = None
    if "charge_capacity_C" in cycling and number[0] == 1:
        best = found[int(np.argmax(chance))]
        beyond = _first_charge(float(cycling["charge_capacity_C"][0]), best, knee, len(curve.number))
    limit = reservoir_limit if beyond is None else min(max(beyond.value + 2 * beyond.std, 0.0), reservoir_limit)
    reading = read(found, chance, knee, curve, excess, limit, informing)
    estimates = dict(reading.estimates)
    if beyond is not None and (knee.seen or not reading.identified):
        estimates["first_charge_excess"] = beyond
    if failed is not None:
        estimates["failure_cycle"] = Estimate(failed, 0.5, "1", "cycle of the sudden failure")
    checks = [*_checks(reading, knee, excess, found, chance), *_residuals(follow, informing, found, curve)]
    if "first_charge_excess" in estimates:
        checks.append(_agreement(estimates["first_charge_excess"], estimates["hidden_reservoir"]))
    checks += _left_out(failed, number[bad], len(number))
    left_out = {"left_out_cycle": ("outlier", number[bad]), "left_out_C": ("outlier", capacity[bad])}
    return Result.of(estimates, {**_curves(curve, knee, found, chance, reading), **left_out}, checks)


def _curves(
    curve: Curve, knee: Knee, found: list[Explanation], chance: np.ndarray, reading: Reading
) -> dict[str, tuple[object, object]]:
    """Data and fits, the table of explanations from the most probable on, and the profile over the plateau."""
    order = np.argsort(-chance, kind="stable")
    row = "explanation"
    return {
        "cycle": ("point", curve.number),
        "capacity_C": ("point", curve.capacity),
        "model_C": ("point", found[order[0]].model),
        "explanation": (row, np.array([found[i].name for i in order], dtype=object)),
        "explanation_probability": (row, chance[order]),
        "explanation_unknowns": (row, np.array([found[i].unknowns for i in order])),
        "explanation_CE_low": (row, np.array([reading.ranges[i][0] for i in order])),
        "explanation_CE_high": (row, np.array([reading.ranges[i][1] for i in order])),
        "explanation_C": ((row, "point"), np.array([found[i].model for i in order])),
        "profile_plateau": ("profile", knee.profile.plateau),
        "profile_CE": ("profile", 1 - knee.profile.loss),
        "profile_chi2": ("profile", np.maximum(knee.profile.squares - knee.best.chi2, 0.0) / knee.variance),
    }


def _left_out(failed: float | None, outliers: np.ndarray, cycles: int) -> list[Check]:
    """What of the data is not fitted."""
    first = outliers.min() if outliers.size else 0
    return [
        Check.that(
            "sudden failure",
            failed is None,
            "the capacity does not break off",
            f"the capacity breaks off at cycle {failed or 0:g}: a short, a lost contact or lithium that ends at once; the fit "
            "is of the cycles before",
        ),
        Check.that(
            "outliers",
            not outliers.size,
            "no cycle is far off its neighbours",
            f"{outliers.size} of {cycles} cycles are far off their neighbours and left out, the first is cycle {first:g}",
        ),
    ]


def _checks(
    reading: Reading, knee: Knee, excess: Uncertain | None, found: list[Explanation], chance: np.ndarray
) -> list[Check]:
    """What the curve tells and what it does not."""
    ce = reading.estimates["CE"]
    named = " or ".join(f"{found[i].name} ({100 * chance[i]:.0f} %)" for i in np.argsort(-chance) if chance[i] >= 0.02)
    flat = float(next(p for e, p in zip(found, chance, strict=True) if e.name == NONE_SHOWS))
    plateau, reserve, e = knee.values[2], reading.estimates["reserve"], excess or Uncertain(0.0)
    compared = excess is not None and reading.identified
    by_knee = reading.identified and reading.by_knee
    return [
        Check.that(
            "decay",
            flat < 0.05,
            "the capacity leaves its plateau",
            "the capacity never leaves its plateau: efficiency and reservoir cannot be told apart, only bounded",
            otherwise="fail",
        ),
        Check.that(
            "cause",
            reading.identified,
            f"lithium runs short: {named}",
            f"the curve does not tell the efficiency, which is {100 * (ce.low or 0):.3f} % or more: {named}",
        ),
        Check.that(
            "plateau",
            not by_knee or knee.seen,
            f"the plateau lasts {plateau:.0f} cycles" if by_knee else "no plateau is read",
            "no plateau is seen: the reservoir is only bounded from above",
        ),
        Check.that(
            "excess",
            not compared or (reserve.high or 0.0) >= e.value - 2 * e.std,
            "what is used up before the fall is no less than the stated excess" if compared else "nothing to compare",
            f"the capacity falls before the stated excess of {e.value:g} is used up ({reserve.value:.3g} is): something "
            "else than lithium runs short, or the excess cannot be stripped",
            otherwise="fail",
        ),
    ]


def _residuals(follow: float, informing: float, found: list[Explanation], curve: Curve) -> list[Check]:
    """Whether the residuals of the best explanation are noise."""
    scatter = math.sqrt(min(e.squares for e in found) / len(curve.number)) / (curve.weight * curve.capacity).max()
    return [
        Check.that(
            "residuals",
            informing == 1,
            "the residuals do not follow each other",
            f"the residuals follow each other (correlation {follow:.2f}): the model lacks something; intervals are wider by "
            f"{1 / math.sqrt(informing):.2g} for it",
        ),
        Check.that(
            "one protocol",
            scatter <= STEADY,
            f"capacities scatter by {100 * scatter:.2g} % about the best explanation",
            f"capacities scatter by {100 * scatter:.2g} % about the best explanation: none fits. Was the rate changed, or "
            "the cell opened? Give cycles of one protocol",
            otherwise="fail",
        ),
    ]


def _first_charge(charge_C: float, best: Explanation, knee: Knee, cycles: int) -> Estimate:
    """What the first charge took beyond the reversible capacity: an upper limit of the reservoir."""
    scale_variance = knee.covariance[0, 0] / knee.values[0] ** 2 if knee.seen else best.unknowns * knee.variance / cycles
    ratio = charge_C / best.scale
    std = ratio * float(np.sqrt(knee.variance + scale_variance))
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
    """Capacities with the most probable explanations, and what they tell."""
    cycle, capacity = result.curves["cycle"].values, result.curves["capacity_C"].values
    ax.plot(cycle, capacity / 3.6, ".", color=SOFT, markersize=3, label="measured")
    if result.curves["left_out_cycle"].size:
        left_out = result.curves["left_out_cycle"].values, result.curves["left_out_C"].values / 3.6
        ax.plot(*left_out, "x", color=SOFT, markersize=3, label="left out")
    chance = result.curves["explanation_probability"].values
    shown = [i for i in range(min(3, len(chance))) if chance[i] >= 0.05 or i == 0]
    for i in shown:
        label = f"{result.curves['explanation'].values[i]}, {100 * chance[i]:.0f} %"
        style = ("-", "--", ":")[i]
        ax.plot(cycle, result.curves["explanation_C"].values[i] / 3.6, color=COLOURS[i], linestyle=style, label=label)
    ax.set(xlabel="cycle", ylabel="discharge capacity / mAh", ylim=(0, None))
    lines = []
    for name, words in (("CE", "CE"), ("hidden_reservoir", "reservoir")):
        e = result.estimates[name]
        known = np.isfinite(e.std)
        lines.append(f"{words} {e}" if known else f"{words} {100 * (e.low or 0):.4g}–{100 * (e.high or 1):.4g} %")
    ax.legend(loc="best", title="\n".join(lines), alignment="left", title_fontsize=7)


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
