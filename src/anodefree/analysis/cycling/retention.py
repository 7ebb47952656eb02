"""Capacity retention and fade per cycle from a measured series of capacities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.robust_line import RobustLine, noise_of, robust_line
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 5


def relative_fade(line: RobustLine, cycle: float) -> tuple[float, float]:
    """-slope over the line's value at `cycle`, and its standard deviation."""
    level = line.intercept + line.slope * cycle
    gradient = np.array([line.slope / level**2, -1 / level + line.slope * cycle / level**2])
    return -line.slope / level, float(np.sqrt(gradient @ line.covariance @ gradient))


def capacities(cycling: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """Cycle numbers (from 1 where there are none) and discharge capacities [C]."""
    capacity = cycling["discharge_capacity_C"]
    number = cycling["cycle_number"].astype(float) if "cycle_number" in cycling else np.arange(1.0, len(capacity) + 1)
    if (np.diff(number) <= 0).any():
        raise DataError("the cycle numbers do not rise", cycling.source.name, "sort the cycles, or leave cycle_number out")
    return number, capacity


def index_of(number: np.ndarray, cycle: int, where: str) -> int:
    """The position of a cycle."""
    found = np.flatnonzero(number == cycle)
    if not len(found):
        raise DataError(f"has no cycle {cycle}", where, f"its cycles are {number[0]:g} to {number[-1]:g}")
    return int(found[0])


def no_fade_curve(capacity: np.ndarray, where: str) -> None:
    """Refuses a column in which one number is repeated, perhaps with zeros behind it: no cell was cycled for it.

    Raises
    ------
    DataError: it is so.
    """
    given = capacity[capacity != 0]
    if len(given) >= FEWEST - 2 and np.ptp(given) == 0:
        raise DataError(
            f"every capacity is the same number ({given[0] / 3.6:.6g} mAh)",
            where,
            "this is one value repeated, or a charge that the program set, and no fade curve: "
            "of a Li||Cu cell take the other direction, of a table the measured column",
        )


@stage("cycling.retention", version=1, cites=("huber1981",))
def retention(
    cycling: Cycling,
    *,
    reference_cycle: Annotated[int | None, Par("cycle whose capacity counts as 1 (none: the first one)", ge=1)] = None,
    cycle: Annotated[int | None, Par("cycle at which the retention is asked (none: the last one)", ge=1)] = None,
    first_cycle: Annotated[int | None, Par("first cycle of the fit (none: the reference)", ge=1)] = None,
    last_cycle: Annotated[int | None, Par("last cycle of the fit (none: the last one)", ge=1)] = None,
) -> Result:
    """Capacity retention and fade per cycle of a measured cell.

    R = D_N/D_ref from the two measured discharges; its std is the scatter from cycle to cycle (second differences), √2-fold.
    The fade per cycle comes from two robust lines over the window: D = D_0 - s k, with f = s/D(first cycle of the window), and
    ln D = c + k ln(1 - f). `fade_per_cycle` is their mean, its std the larger of theirs and half their difference, in
    quadrature.
    *Valid when* the fade is steady over the window: where a plateau or a sudden drop is in it, a check says so, and
    `cycling.inventory` is the model for it. *Source* robust line: Huber 1981, section 7.6.

    Raises
    ------
    DataError: fewer than five cycles, a cycle that is not there, or a discharge capacity that is not positive.
    """
    where = cycling.source.name
    number, capacity = capacities(cycling)
    reference = 0 if reference_cycle is None else index_of(number, reference_cycle, where)
    asked = len(number) - 1 if cycle is None else index_of(number, cycle, where)
    begin = reference if first_cycle is None else index_of(number, first_cycle, where)
    end = len(number) - 1 if last_cycle is None else index_of(number, last_cycle, where)
    x, y = number[begin : end + 1], capacity[begin : end + 1]
    if len(x) < FEWEST:
        raise DataError(f"only {max(len(x), 0)} cycles are in the window", where, f"give {FEWEST} cycles at least")
    no_fade_curve(y, where)
    if not (y > 0).all() or capacity[reference] <= 0:
        raise DataError("a discharge capacity is not positive", where, "end the window before the cell failed (last_cycle)")
    kept = float(capacity[asked] / capacity[reference])
    scatter = noise_of(y)
    kept_std = float(np.hypot(scatter / capacity[reference], kept * scatter / capacity[reference]))
    straight, exponential = robust_line(x, y), robust_line(x, np.log(y))
    linear, linear_std = relative_fade(straight, x[0])
    compound = -float(np.expm1(exponential.slope))
    compound_std = float(np.exp(exponential.slope) * np.sqrt(exponential.covariance[1, 1]))
    fade_std = float(np.hypot(max(linear_std, compound_std), 0.5 * (linear - compound)))
    outliers = int(np.sum(np.abs(straight.residuals) > 5 * straight.scale))
    bowed = min(straight.correlation, exponential.correlation)
    return Result.of(
        {
            "retention": Estimate(kept, kept_std, "1", f"retention at cycle {number[asked]:g}", "%"),
            "fade_per_cycle": Estimate(0.5 * (linear + compound), fade_std, "1", "fade per cycle", "%"),
            "fade_linear": Estimate(linear, linear_std, "1", "fade per cycle, of the first capacity", "%"),
            "fade_compound": Estimate(compound, compound_std, "1", "fade per cycle, of the capacity before", "%"),
        },
        {
            "cycle": ("point", number),
            "capacity_C": ("point", capacity),
            "fit_cycle": ("fit", x),
            "linear_C": ("fit", straight.intercept + straight.slope * x),
            "compound_C": ("fit", np.exp(exponential.intercept + exponential.slope * x)),
            "marked_cycle": ("mark", number[[reference, asked]]),
            "marked_C": ("mark", capacity[[reference, asked]]),
        },
        [
            Check.that(
                "steady fade",
                bowed <= max(0.3, 2 / np.sqrt(len(x))),
                "the residuals of the fit do not follow each other",
                f"the residuals follow each other (correlation {bowed:.2f}): the fade is not the same all along the window",
            ),
            Check.that(
                "outliers",
                outliers <= 0.02 * len(x),
                f"{outliers} of {len(x)} cycles lie far off the line",
                f"{outliers} of {len(x)} cycles lie more than five standard deviations off the line",
            ),
            Check.that(
                "reference",
                capacity[reference] >= y.max() - 4 * scatter,
                "the capacity never rises above that of the reference cycle",
                "the capacity rises above that of the reference cycle: formation may not be over, choose reference_cycle",
            ),
        ],
    )


@retention.plot
def draw(result: Result, ax: Axes) -> None:
    """Capacities with both fits and the two cycles that are compared."""
    c = {n: result.curves[n].values for n in ("cycle", "capacity_C", "fit_cycle", "linear_C", "compound_C")}
    ax.plot(c["cycle"], c["capacity_C"] / 3.6, ".", color=SOFT, markersize=3, label="measured")
    ax.plot(c["fit_cycle"], c["compound_C"] / 3.6, color=COLOURS[0], label="compound fade")
    ax.plot(c["fit_cycle"], c["linear_C"] / 3.6, color=COLOURS[1], linestyle="--", label="linear fade")
    marked = result.curves["marked_cycle"].values, result.curves["marked_C"].values / 3.6
    ax.plot(*marked, "o", color=INK, markerfacecolor="none", markersize=5, label=f"{result.estimates['retention']} kept")
    ax.set(xlabel="cycle", ylabel="discharge capacity / mAh")
    ax.legend(loc="lower left")


@retention.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell that fades steadily, with noise of 0.2 % and a few bad readings."""
    fade, count = float(rng.uniform(1e-4, 3e-4)), 120
    number = np.arange(1, count + 1)
    true = 100.0 * (1 - fade) ** (number - 1)
    seen = true * (1 + 0.002 * rng.standard_normal(count))
    seen[rng.choice(np.arange(10, count - 10), 2, replace=False)] *= 0.9
    cell = Measurement.of(CYCLING, {"cycle_number": number, "discharge_capacity_C": seen}, name="steady fade")
    return Demo((cell,), {"retention": float(true[-1] / true[0]), "fade_per_cycle": fade})
