"""Coulombic efficiency of long cycling: the slope of the accumulated loss, beside what the fade of the capacity implies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.cycling import counting as c
from anodefree.analysis.cycling.efficiency import FailureTolerance, FormationCycles
from anodefree.analysis.cycling.pairs import CellType, pairs
from anodefree.analysis.cycling.phases import failure_check, phases
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.correlated import long_run_variance, trend, widened_to_95
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 10
SET_BY_PROGRAM = 1e-3
"""Plated charges that differ by less, relatively, were set by the program."""


def accumulated_loss(plated_C: np.ndarray, stripped_C: np.ndarray) -> tuple[float, float]:
    """λ = Σ(P - S)/ΣP and its standard deviation, from losses (n,) whose neighbours may be correlated with either sign."""
    lost, total = plated_C - stripped_C, float(plated_C.sum())
    loss = float(lost.sum()) / total
    n = plated_C.size
    return loss, widened_to_95(n - 2) * math.sqrt(n * long_run_variance(lost - loss * plated_C)) / total


def fade_per_cycle(returned_C: np.ndarray) -> tuple[float, float]:
    """1 - (S_N/S_1)^(1/(N - 1)) and its standard deviation, from the steps of ln S (n,)."""
    steps = np.diff(np.log(returned_C))
    mean = float(steps.mean())
    std = widened_to_95(steps.size - 2) * math.sqrt(long_run_variance(steps - mean) / steps.size)
    return -math.expm1(mean), math.exp(mean) * std


@stage("cycling.loss", version=1, cites=("newey1987", "andrews1992", "adams2018", "xiao2020"))
def loss(
    cycling: Cycling,
    *,
    cell: CellType = "auto",
    formation_cycles: FormationCycles = None,
    failure_tolerance: FailureTolerance = 0.02,
    current_accuracy: c.CurrentAccuracy = c.OF_RANGE,
    direction_mismatch: c.DirectionMismatch = 1.5e-5,
    current_offset_A: c.CurrentOffset = None,
    leakage_A: c.Leakage = 1e-9,
    time_resolution_s: c.TimeResolution = None,
) -> Result:
    """Coulombic efficiency of long cycling from the charge that is lost for good, and from the fade of the capacity.

    The loss L_k = Σ(P_i - S_i) [C] grows with the charge put in; `CE` = 1 - λ with λ = Σ(P_i - S_i)/Σ P_i over the steady
    cycles (formation and failure left out as in `cycling.efficiency`). This is the slope from end to end, which the loss that
    one cycle leaves to the next hardly moves; a line fitted to L_k would lean on the few independent steps a random walk has.
    Its std comes from the residuals P_i - S_i - λ P_i with their correlation from cycle to cycle (`long_run_variance`), and the
    counting error, shared by all cycles. `loss_per_cycle` and `lost` [C] are the same in charge. Where the charge put in
    follows the capacity (full cells), `CE_retention` = (S_N/S_1)^(1/(N - 1)) is what the fade implies in a cell whose lithium
    alone runs short, and a check compares both. Where the program sets it (Li||Cu), retention tells nothing and is left out.
    *Valid when* the loss is steady: a check says where it drifts. *Source* Adams et al. 2018 and Xiao et al. 2020; Newey and
    West 1987, Andrews and Monahan 1992; errors: `anodefree.analysis.cycling.counting`. See `cycling.inventory` for a cell with
    a reservoir, whose capacity stays while lithium is lost.

    Raises
    ------
    DataError: fewer than ten steady cycles, or no charge of both directions.
    """
    cycler = c.Cycler(current_accuracy, direction_mismatch, current_offset_A, leakage_A, time_resolution_s)
    found = pairs(cycling, cell, cycler)
    errors = c.efficiency_errors(found.plated, found.stripped, found.whole_s, cycler, found.largest_A, found.rounding_C)
    life = phases(found.efficiency, errors.own, formation_cycles, failure_tolerance)
    steady = life.steady
    plated, stripped = found.plated.charge_C[steady], found.stripped.charge_C[steady]
    if plated.size < FEWEST:
        raise DataError(
            f"holds {max(plated.size, 0)} steady cycles of {found.cycle.size}",
            cycling.source.name,
            f"a slope with its error needs {FEWEST}; cycling.efficiency does with fewer",
        )
    shared = c.Errors({n: v[steady] for n, v in errors.shared.items()}, errors.own[steady])
    counting = shared.of_mean()
    rate, rate_std = accumulated_loss(plated, stripped)
    std = math.hypot(rate_std, counting)
    total = float(plated.sum())
    estimates = {
        "CE": Estimate(1 - rate, std, "1", f"coulombic efficiency from the accumulated loss of {plated.size} cycles", "%"),
        "counting_error": Estimate(counting, 0.0, "1", "what the cycler leaves open of it, standard deviation", "%"),
        "loss_per_cycle": Estimate(rate * total / plated.size, std * total / plated.size, "C", "charge lost in a cycle, mean"),
        "lost": Estimate(rate * total, std * total, "C", "charge lost in all steady cycles"),
    }
    checks = [
        Check("cell", "pass", found.told),
        failure_check(life, found.cycle),
        _steady_check(1 - stripped / plated),
        c.counting_check(counting, shared.worst(), 1 - rate),
    ]
    free = float(np.ptp(plated)) > SET_BY_PROGRAM * float(plated.mean())
    if free:
        fade, fade_std = fade_per_cycle(stripped)
        estimates["CE_retention"] = Estimate(1 - fade, fade_std, "1", "coulombic efficiency that the fade implies", "%")
        checks.append(_agreement(rate, std, fade, fade_std))
    else:
        checks.append(Check("retention", "pass", "the program sets the charge put in: a retention says nothing of it"))
    curves = {
        "cycle": ("cycle", found.cycle[steady]),
        "throughput_C": ("cycle", np.cumsum(plated)),
        "lost_C": ("cycle", np.cumsum(plated - stripped)),
        "line_C": ("cycle", rate * np.cumsum(plated)),
        "line_std_C": ("cycle", std * np.cumsum(plated)),
    }
    return Result.of(estimates, curves, checks)


def _steady_check(lost: np.ndarray) -> Check:
    """Whether the loss per cycle has a trend."""
    mean, _, slope, slope_std = trend(lost)
    change = slope * (lost.size - 1) / mean if mean else 0.0
    return Check.that(
        "steady",
        abs(slope) < 3 * slope_std or abs(change) < 0.2,
        "the loss per cycle has no trend that matters",
        f"the loss per cycle changes by {100 * change:+.0f} % over the cycles: one efficiency hides that",
    )


def _agreement(rate: float, std: float, fade: float, fade_std: float) -> Check:
    """Whether the charge that is lost is the capacity that fades."""
    apart = rate - fade
    if abs(apart) <= 2 * math.hypot(std, fade_std):
        return Check("retention", "pass", "the charge that is lost and the capacity that fades agree: lithium runs short")
    if apart > 0:
        return Check(
            "retention",
            "warn",
            f"{100 * apart:.2g} % of the charge is lost in each cycle without the capacity fading: a shuttle, other side "
            "reactions, or a reservoir that still feeds the cell (cycling.inventory)",
        )
    return Check(
        "retention",
        "warn",
        f"the capacity fades by {-100 * apart:.2g} % a cycle more than charge is lost: resistance, the cathode, or a short",
    )


@loss.plot
def draw(result: Result, ax: Axes) -> None:
    """Accumulated loss against the charge put in, with its slope and 95 % band."""
    from anodefree.core.figure import COLOURS

    through, lost, line, std = (result.curves[n].values / 3.6 for n in ("throughput_C", "lost_C", "line_C", "line_std_C"))
    ax.fill_between(through, line - 2 * std, line + 2 * std, color=COLOURS[1], alpha=0.2, linewidth=0, label="95 %")
    ax.plot(through, line, color=COLOURS[1], label=f"1 − CE = {100 * (1 - result['CE']):.3g} %, CE {result.estimates['CE']}")
    ax.plot(through, lost, ".", color=COLOURS[0], markersize=3, label="counted")
    if "CE_retention" in result.estimates:
        fade = 1 - result["CE_retention"]
        ax.plot(through, fade * through, "--", color=COLOURS[2], linewidth=0.9, label="what the fade implies")
    ax.set(xlabel="charge put in / mAh", ylabel="charge lost / mAh", xlim=(0, None))
    ax.legend(loc="upper left")


@loss.demo
def demo(rng: np.random.Generator) -> Demo:
    """An anode-free cell whose efficiency wanders from cycle to cycle, counted by an instrument with an offset."""
    n, ce, rho, scatter = 150, float(rng.uniform(0.990, 0.997)), 0.4, 5e-4
    wander = np.empty(n)
    wander[0] = rng.standard_normal() / math.sqrt(1 - rho**2)
    for k in range(1, n):
        wander[k] = rho * wander[k - 1] + rng.standard_normal()
    each = ce + scatter * wander
    returned = 9.0 * np.cumprod(each)
    put_in = np.append(9.0, returned[:-1])
    offset = c.OF_RANGE * float(rng.standard_normal())
    arrays = {
        "cycle_number": np.arange(1, n + 1),
        "charge_capacity_C": put_in * (1 - offset),
        "discharge_capacity_C": returned * (1 + offset),
    }
    return Demo((Measurement.of(CYCLING, arrays, name="anode-free cell"),), {"CE": ce, "CE_retention": ce}, {"cell": "full"})
