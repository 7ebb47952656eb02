"""The life of a cell from its capacities: which law its fade follows, its knee, its failure, how long it lasts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling.retention import capacities, index_of, no_fade_curve
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.fade_models import FEWEST, MODELS, Fade, fits
from anodefree.numerics.robust_line import noise_of
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGMAS = 5.0
BEFORE = 5
"""Cycles whose median is the level that a cell fails from."""
SURE = 0.95
"""Probability from which a model counts as told apart from the others."""
WORDS = {
    "linear": "linear in the cycle number",
    "square_root": "with the square root of the cycle number",
    "compound": "a constant part of the capacity before",
    "knee": "linear up to a knee, faster beyond it",
}


def failure(capacity: np.ndarray, tolerance: float) -> int:
    """The index of the first cycle of a failure, or how many cycles there are.

    A failure is a fall below the median of the five cycles before by more than max(5 s, tolerance times it), from which the
    median of the five from then on does not come back; s is the noise from second differences.
    """
    noise = noise_of(capacity) if len(capacity) > 3 else 0.0
    for k in range(BEFORE, len(capacity)):
        level = float(np.median(capacity[k - BEFORE : k]))
        least = level - max(SIGMAS * noise, tolerance * level)
        if capacity[k] < least and np.median(capacity[k : k + BEFORE]) < least:
            return k
    return len(capacity)


@stage("cycling.life", version=1, cites=("schwarz1978", "attia2022"))
def life(
    cycling: Cycling,
    *,
    threshold: Annotated[float, Par("part of the first capacity at which the cell counts as worn out", gt=0, lt=1)] = 0.8,
    first_cycle: Annotated[int | None, Par("first cycle of the fit (none: the first one)", ge=1)] = None,
    last_cycle: Annotated[int | None, Par("last cycle of the fit (none: the last one before a failure)", ge=1)] = None,
    failure_tolerance: Annotated[float, Par("sudden loss that counts as failure, of the capacity before", gt=0, lt=1)] = 0.1,
) -> Result:
    """Cycle life, fade model, knee and failure of a cell, from its capacity against cycle number.

    Four models of the capacity after n cycles are fitted by least squares: a(1 - bn), a(1 - b sqrt n), a exp(-bn), and
    a(1 - bn - c max(0, n - k)) with the knee k. Their probabilities follow from the Bayesian information criterion
    (`p_linear`, `p_square_root`, `p_compound`, `p_knee`). `cycle_life`: cycles until `threshold` of the first capacity of the
    fit is left, as mean over the models; its variance holds that of each model and the spread between them. Where it lies
    beyond the data a check says that it is extrapolated. `fade_per_cycle`: mean loss per cycle over the window, of the first
    capacity. `knee_cycle` is given where the knee has a probability of 95 %. `cycles_before_failure`: cycles before a sudden
    loss, a lower bound (std NaN) where none is seen; cycles from a failure on are left out of the fits.
    *Valid when* the cell is cycled in one way all along: rate tests and rests make steps that are no fade. What fades
    (lithium, cathode, resistance) is not told by its law: see `cycling.inventory`. *Source* criterion: Schwarz 1978; knees:
    Attia et al. 2022.

    Raises
    ------
    DataError: fewer than eight cycles before a failure, a capacity that is not positive, or one number repeated.
    """
    where = cycling.source.name
    number, capacity = capacities(cycling)
    begin = 0 if first_cycle is None else index_of(number, first_cycle, where)
    end = len(number) if last_cycle is None else index_of(number, last_cycle, where) + 1
    number, capacity = number[begin:end], capacity[begin:end]
    no_fade_curve(capacity, where)
    failed = failure(capacity, failure_tolerance)
    x, y = number[:failed], capacity[:failed]
    if len(x) < FEWEST:
        raise DataError(f"only {len(x)} cycles can be fitted", where, f"four models need {FEWEST} cycles before a failure")
    if not (y > 0).all():
        raise DataError("a discharge capacity is not positive", where, "end the window before it (last_cycle)")
    found = fits(x - x[0], y)
    lasts, std, bound = _life(found, threshold)
    best = found[0]
    by_name = {f.name: f for f in found}
    estimates = {
        "cycle_life": Estimate(
            float(x[0] + lasts) if not bound else float(x[-1]),
            std,
            "1",
            f"cycles to {100 * threshold:g} % of the first capacity",
            low=float(x[-1]) if bound else None,
        ),
        "fade_per_cycle": _fade(found, x[-1] - x[0]),
        "cycles_before_failure": Estimate(
            float(failed), 1.0 if failed < len(number) else math.nan, "1", "cycles before failure", low=float(failed)
        ),
        **{f"p_{m}": Estimate(by_name[m].probability, 0.0, "1", f"probability of a fade {WORDS[m]}") for m in MODELS},
    }
    if by_name["knee"].probability >= SURE:
        at, spread = by_name["knee"].theta[3], math.sqrt(by_name["knee"].covariance[3, 3])
        estimates["knee_cycle"] = Estimate(float(x[0] + at), max(spread, 0.5), "1", "cycle of the knee")
    span = np.linspace(0, max(x[-1] - x[0], min(lasts, 3 * (x[-1] - x[0])) if np.isfinite(lasts) else 0), 241)
    return Result.of(
        estimates,
        {
            "cycle": ("point", number),
            "capacity_C": ("point", capacity),
            "fitted": ("point", (np.arange(len(number)) < failed).astype(int)),
            "model_cycle": ("fit", x[0] + span),
            **{f"{m}_C": ("fit", by_name[m].at(span)) for m in MODELS},
        },
        _checks(best, failed, number, lasts + x[0], bound=bound),
    )


def _life(found: list[Fade], threshold: float) -> tuple[float, float, bool]:
    """Mean over the models, its std, and whether a model that counts never falls so far (then there is only a lower bound)."""
    lives = [f.until(threshold) for f in found]
    weights = np.array([f.probability for f in found])
    if any(w > 0.05 and not np.isfinite(t) for w, (t, _) in zip(weights, lives, strict=True)):
        return math.inf, math.nan, True
    good = np.array([np.isfinite(t) and np.isfinite(s) for t, s in lives])
    value, std = (np.array([pair[i] for pair, g in zip(lives, good, strict=True) if g]) for i in (0, 1))
    w = weights[good] / weights[good].sum()
    mean = float(w @ value)
    return mean, float(np.sqrt(w @ (std**2 + (value - mean) ** 2))), False


def _fade(found: list[Fade], span: float) -> Estimate:
    """Mean loss per cycle over the window, of the first capacity, over the models."""
    each, variance = [], []
    for f in found:
        ends = f.at(np.array([0.0, span]))
        each.append((1 - ends[1] / ends[0]) / span)
        step = np.sqrt(np.diag(f.covariance)) * 1e-3 + 1e-300
        moved = [Fade(f.name, f.theta + step * e, f.covariance, 0.0).at(np.array([0.0, span])) for e in np.eye(len(step))]
        gradient = np.array([((1 - m[1] / m[0]) / span - each[-1]) / s for m, s in zip(moved, step, strict=True)])
        variance.append(float(gradient @ f.covariance @ gradient))
    w = np.array([f.probability for f in found])
    mean = float(w @ np.array(each))
    std = math.sqrt(max(float(w @ (np.array(variance) + (np.array(each) - mean) ** 2)), 0.0))
    return Estimate(mean, std, "1", "mean fade per cycle, of the first capacity", "%")


def _checks(best: Fade, failed: int, number: np.ndarray, life_cycle: float, *, bound: bool) -> list[Check]:
    last = number[min(failed, len(number)) - 1]
    beyond = not bound and life_cycle > last
    return [
        Check.that(
            "model",
            best.probability >= SURE,
            f"the fade is {WORDS[best.name]} (probability {best.probability:.2g})",
            f"the cycles do not tell the models apart: {best.name.replace('_', ' ')} is the most probable with "
            f"{best.probability:.2g}; the std of the cycle life holds their spread",
        ),
        Check.that(
            "extrapolation",
            not beyond and not bound,
            "the cell was cycled until it was worn out",
            "no fade is seen: the cycle life is a lower bound"
            if bound
            else f"the cycle life lies beyond the last cycle fitted ({last:g}): a knee to come would shorten it",
        ),
        Check.that(
            "failure",
            failed == len(number),
            "no sudden loss",
            f"the capacity falls suddenly at cycle {number[min(failed, len(number) - 1)]:g}: fits are over the cycles before",
        ),
    ]


@life.plot
def draw(result: Result, ax: Axes) -> None:
    """Capacities, the models that count, and the cycle life."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    used = c["fitted"].astype(bool)
    ax.plot(c["cycle"][used], c["capacity_C"][used] / 3.6, ".", color=SOFT, markersize=3, label="measured")
    if not used.all():
        ax.plot(c["cycle"][~used], c["capacity_C"][~used] / 3.6, "x", color=SOFT, markersize=3, label="after the failure")
    counting = sorted((m for m in MODELS if result[f"p_{m}"] >= 0.01), key=lambda m: -result[f"p_{m}"])
    for m, style in zip(counting, ("-", "--", "-.", ":"), strict=False):
        label = f"{m.replace('_', ' ')} ({result[f'p_{m}']:.2g})"
        ax.plot(c["model_cycle"], c[f"{m}_C"] / 3.6, style, color=COLOURS[MODELS.index(m)], label=label)
    ends = result.estimates["cycle_life"]
    if ends.low is None:
        ax.axvline(ends.value, color=INK, linewidth=0.7)
        ax.axvspan(ends.value - 2 * ends.std, ends.value + 2 * ends.std, color=INK, alpha=0.12, linewidth=0)
    top = float(np.nanmax(c["capacity_C"])) / 3.6
    low = min(float(c["capacity_C"].min()), float(c[f"{counting[0]}_C"].min())) / 3.6
    ax.set_ylim(max(low - 0.1 * (top - low), 0), top + 0.1 * (top - low))
    ax.set(xlabel="cycle", ylabel="discharge capacity / mAh")
    ax.legend(loc="lower left", title="model (probability)" if counting else None, alignment="left", title_fontsize=7)


@life.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell that fades by one of the four laws until it is worn out, with noise of 0.3 %, and then fails."""
    law = MODELS[int(rng.integers(4))]
    n = np.arange(400.0)
    ends = float(rng.uniform(250, 350))
    theta = {
        "linear": [0.2 / ends],
        "square_root": [0.2 / math.sqrt(ends)],
        "compound": [-math.log(0.8) / ends],
        "knee": [0.06 / (0.7 * ends), 0.14 / (0.3 * ends) - 0.06 / (0.7 * ends), 0.7 * ends],
    }[law]
    true = Fade(law, np.array([360.0, *theta]), np.zeros((1, 1)), 0.0)
    seen = true.at(n) * (1 + 0.003 * rng.standard_normal(n.size))
    seen = np.append(seen, 0.3 * seen[-1] * rng.uniform(0.5, 1.0, 8))
    arrays = {"cycle_number": np.arange(1, seen.size + 1), "discharge_capacity_C": seen}
    cell = Measurement.of(CYCLING, arrays, name=f"{law} fade")
    first, last = true.at(np.array([0.0, n[-1]]))
    return Demo((cell,), {"cycle_life": 1 + ends, "fade_per_cycle": float((1 - last / first) / n[-1])})
