"""Conventional coulombic efficiency: cycle by cycle, its mean, and how well the cycler can know it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling import counting as c
from anodefree.analysis.cycling.pairs import CellType, Pairs, pairs
from anodefree.analysis.cycling.phases import NORMAL_MAD, Phases, calm_check, failure_check, impossible_check, phases
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.correlated import trend, widened_to_95
from anodefree.physics.plating import Flow, HalfCell, plate_and_strip, run, trace
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FormationCycles = Annotated[
    int | None,
    Par(
        "cycles at the start that count as formation; none: those below the later level by more than 5 times its scatter", ge=0
    ),
]
FailureTolerance = Annotated[
    float,
    Par(
        "distance from the steady level beyond which cycles count as failed",
        gt=0,
        lt=1,
        source="2 %: far beyond the scatter of a healthy cell; three of five cycles must exceed it",
        assumed=True,
    ),
]
FEWEST = 3
EMPTIED = 0.9


@stage("cycling.efficiency", version=1, cites=("adams2018", "xiao2020", "jcgm100"))
def efficiency(
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
    """Coulombic efficiency of each cycle, and its mean between formation and failure.

    CE_k = S_k/P_k: what came back over what went in; charge over discharge for Li||Cu, discharge over charge for a full cell.
    `CE_mean` is the mean over the steady cycles (formation and failure left out by the rules of `phases`, which checks state);
    its std holds the scatter about a straight line, widened for the correlation of neighbours and for few cycles (Student),
    and the cycler's error, which no number of cycles averages out (`counting_error`): offset I_0 (t_S + CE t_P)/P, leakage,
    difference of the two directions; the scale's error cancels. `CE_median`, `CE_spread` (standard deviation of single
    cycles), `drift_per_cycle` of the same cycles; `CE_first` of the first one; `CE_cumulative` = ΣS/ΣP of all cycles before
    failure, formation too; `reversible_cycles`: cycles before failure, a lower bound (std NaN) where none is seen.
    *Valid when* all that comes back was put in by the same cycle: in Li||Cu stripping must end at a cut-off where the copper is
    bare. A short or a shuttle counts as efficiency or loss of lithium. *Source* Adams et al. 2018, method 1; Xiao et al. 2020;
    errors: `anodefree.analysis.cycling.counting`, JCGM 100:2008. The paper states one average and neither rule nor error.

    Raises
    ------
    DataError: no charge of both directions, or no complete cycle. ConfigError: an offset [A] with a file of capacities only.
    """
    cycler = c.Cycler(current_accuracy, direction_mismatch, current_offset_A, leakage_A, time_resolution_s)
    found = pairs(cycling, cell, cycler)
    errors = c.efficiency_errors(found.plated, found.stripped, found.whole_s, cycler, found.largest_A, found.rounding_C)
    ce, each = found.efficiency, errors.of_each()
    life = phases(ce, errors.own, formation_cycles, failure_tolerance)
    if life.failed <= life.first:
        raise DataError(
            f"has {ce.size} cycles, and {life.first} count as formation", cycling.source.name, "give fewer formation_cycles"
        )
    steady = ce[life.steady]
    shared = c.Errors({n: v[life.steady] for n, v in errors.shared.items()}, errors.own[life.steady])
    counting = shared.of_mean()
    mean, scatter_std, drift, drift_std = _line(steady, shared)
    spread = float(np.std(steady, ddof=1)) if steady.size > 1 else math.nan
    some = f"of {steady.size} steady cycle{'s' if steady.size > 1 else ''}"
    estimates = {
        "CE_mean": Estimate(mean, float(np.hypot(scatter_std, counting)), "1", f"coulombic efficiency, mean {some}", "%"),
        "CE_median": Estimate(
            float(np.median(steady)), float(np.hypot(1.2533 * scatter_std, counting)), "1", f"median {some}", "%"
        ),
        "CE_spread": Estimate(
            spread, spread / math.sqrt(2 * max(steady.size - 1, 1)), "1", "standard deviation of single cycles", "%"
        ),
        "CE_first": Estimate(float(ce[0]), float(each[0]), "1", "coulombic efficiency of the first cycle", "%"),
        "CE_cumulative": _cumulative(found, life, cycler),
        "drift_per_cycle": Estimate(drift, drift_std, "1", "change of the efficiency per cycle", "%"),
        "reversible_cycles": Estimate(
            float(life.failed), 1.0 if life.how else math.nan, "1", "cycles before failure", low=float(life.failed)
        ),
        "counting_error": Estimate(counting, 0.0, "1", "what the cycler leaves open of the mean, standard deviation", "%"),
    }
    curves = {
        "cycle": ("cycle", found.cycle),
        "CE": ("cycle", ce),
        "CE_std": ("cycle", each),
        "plated_C": ("cycle", found.plated.charge_C),
        "stripped_C": ("cycle", found.stripped.charge_C),
        "steady": ("cycle", np.isin(np.arange(ce.size), np.arange(ce.size)[life.steady]).astype(int)),
    }
    checks = [
        Check("cell", "pass", found.told),
        _enough(steady.size),
        Check("formation", "pass", _formation(life, given=formation_cycles is not None)),
        failure_check(life, found.cycle),
        calm_check(ce, life, failure_tolerance),
        impossible_check(ce[: life.failed], each[: life.failed], found.cycle),
        c.counting_check(counting, shared.worst(), mean),
        _counted_check(cycling, found),
    ]
    if steady.size >= FEWEST and abs(drift) > 3 * drift_std and abs(drift) * steady.size > spread:
        checks.append(Check("drift", "warn", f"the efficiency drifts by {100 * drift:+.2g} % per cycle: one mean hides that"))
    if found.emptied is not None:
        checks.append(_emptied_check(found.emptied))
    if found.dropped:
        checks.append(Check("left out", "warn", found.dropped))
    return Result.of(estimates, curves, checks)


def _line(steady: np.ndarray, errors: c.Errors) -> tuple[float, float, float, float]:
    """Mean and drift with their std from the scatter, not less than the errors that each cycle has for itself."""
    n = steady.size
    if n < FEWEST:
        return float(steady.mean()), math.nan, math.nan, math.nan
    mean, mean_std, slope, slope_std = trend(steady)
    least = float(np.sqrt(np.mean(errors.own**2) / n))
    few = widened_to_95(n - 2)
    return mean, max(few * mean_std, least), slope, max(few * slope_std, least * math.sqrt(12 / (n**2 - 1)))


def _cumulative(found: Pairs, life: Phases, cycler: c.Cycler) -> Estimate:
    """All that came back before failure over all that went in: its error is that of the counting alone."""
    part = slice(0, life.failed)
    into, back = (c.Halves(h.charge_C[part], h.time_s[part], h.blind_s[part]).total() for h in (found.plated, found.stripped))
    whole = np.array([found.whole_s[part].sum()])
    errors = c.efficiency_errors(into, back, whole, cycler, found.largest_A, found.rounding_C * math.sqrt(life.failed))
    value = float(back.charge_C[0] / into.charge_C[0])
    return Estimate(value, float(errors.of_each()[0]), "1", "all that came back over all that went in", "%")


def _formation(life: Phases, *, given: bool) -> str:
    if given:
        return f"left out at the start, as stated: {life.first}"
    if life.first == 0:
        return "no cycle at the start lies below the later level: none is left out as formation"
    one = life.first == 1
    cycles = "the first cycle lies" if one else f"the first {life.first} cycles lie"
    return f"{cycles} below the later level by more than 5 times its scatter: left out as formation"


def _enough(steady: int) -> Check:
    return Check.that(
        "cycles",
        steady >= 10,
        f"{steady} steady cycles",
        f"steady cycles: {steady} only" + (": no std follows from their scatter" if steady < FEWEST else ""),
        otherwise="warn",
    )


def _emptied_check(emptied: float) -> Check:
    return Check.that(
        "bare copper",
        emptied > EMPTIED,
        "stripping ends far above the usual polarisation: the copper is bare",
        f"only {100 * emptied:.0f} % of the strippings end far above the usual polarisation: lithium stays on the copper, or "
        "the cell is shorted or symmetric; the ratio of charges is then no efficiency",
    )


def _counted_check(cycling: Measurement, found: Pairs) -> Check:
    """Whether counters and record tell of the same charge."""
    note = cycling.meta.get("capacity_note")
    rounded = f", which the file rounds to {found.rounding_C / 3.6:.3g} mAh" if found.rounding_C else ""
    told = f"charges are from {found.source}{rounded}"
    return Check.that("charge", not note, told, f"{note}: {told}")


@efficiency.plot
def draw(result: Result, ax: Axes) -> None:
    """Efficiency against cycle, with the steady cycles, their mean, and what the counting leaves open."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    cycle, ce, steady = (result.curves[n].values for n in ("cycle", "CE", "steady"))
    steady = steady.astype(bool)
    mean, counting = result["CE_mean"], result["counting_error"]
    ends = cycle[steady][[0, -1]]
    ax.plot(cycle[steady], 100 * ce[steady], "o", color=COLOURS[0], markersize=2.5, label="steady cycles")
    band = 100 * np.array([mean - 2 * counting, mean + 2 * counting])
    ax.fill_between(ends, band[0], band[1], color=COLOURS[1], alpha=0.25, linewidth=0, label="cycler's error (95 %)")
    ax.plot(ends, [100 * mean] * 2, color=INK, linewidth=0.9, label=f"mean {result.estimates['CE_mean']}")
    middle = float(np.median(ce[steady]))
    reach = max(6 * NORMAL_MAD * float(np.median(np.abs(ce[steady] - middle))), 4 * counting, 2e-4)
    low = max(min(float(ce[steady].min()), middle - reach), middle - 4 * reach)
    high = min(max(float(ce[steady].max()), middle + reach), middle + 4 * reach)
    room = high - low
    ax.set_ylim(100 * (low - 0.1 * room), 100 * (high + 0.7 * room))
    bottom, top = ax.get_ylim()
    others = np.flatnonzero(~steady)
    for chosen, marker, label in (
        (others[(100 * ce[others] >= bottom) & (100 * ce[others] <= top)], "o", "formation or failure"),
        (others[100 * ce[others] < bottom], "v", "the same, below"),
        (others[100 * ce[others] > top], "^", "the same, above"),
    ):
        if chosen.size:
            at = np.clip(100 * ce[chosen], bottom, top)
            ax.plot(cycle[chosen], at, marker, color=SOFT, markersize=2.5, clip_on=False, linestyle="", label=label)
    ax.ticklabel_format(axis="y", useOffset=False)
    ax.set(xlabel="cycle", ylabel="coulombic efficiency / %")
    ax.legend(loc="upper right")


@efficiency.demo
def demo(rng: np.random.Generator) -> Demo:
    """A Li||Cu cell: one cycle of formation, forty steady ones, six of failure; an offset of 0.004 % of the current."""
    level, scatter, offset_std_A, area_m2 = float(rng.uniform(0.985, 0.997)), 4e-4, 2e-8, 1e-4
    good = np.append(rng.uniform(0.90, 0.95), level + scatter * rng.standard_normal(40))
    ce = np.append(good, rng.uniform(0.5, 0.8, 6))
    flow = Flow(float(1e-4 * rng.standard_normal()), offset_std_A * float(rng.standard_normal()) / area_m2)
    half = HalfCell(13.4)
    legs = run(half, plate_and_strip(5.0, 36e3, ce.tolist(), 600.0), 1.0, flow)
    seen = trace(half, legs, 900.0, flow)
    arrays = {"time_s": seen.time_s, "voltage_V": seen.voltage_V, "current_A": seen.density_A_m2 * area_m2}
    measured = Measurement.of(CYCLING, arrays, name="Li||Cu")
    truth = {"CE_mean": level, "CE_first": float(ce[0]), "CE_cumulative": float(good.mean())}
    return Demo((measured,), truth, {"current_offset_A": offset_std_A, "time_resolution_s": 0.01})
