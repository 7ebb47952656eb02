"""Overpotential of a symmetric cell: the plateau of every half cycle, its mean, its growth, and what gives a short away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.correlated import repeatability, trend
from anodefree.numerics.segmentation import half_cycles
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REST: Final = 0.01
"""Currents below this part of the typical one are rest."""
_SWING: Final = 0.1
"""Without a current, a voltage must pass this part of the typical one for the half cycle to have changed."""
_FEW: Final = 5
_SUDDEN: Final = 0.3
_GROWN: Final = 0.5
_UNEQUAL: Final = 0.1


@dataclass(frozen=True)
class Plateaus:
    """One value for each half cycle, in the order of time."""

    voltage_V: np.ndarray
    """Median |voltage| over the middle of the half cycle."""
    sign: np.ndarray
    time_s: np.ndarray
    """Middle of the half cycle."""
    points: np.ndarray
    """Records behind the median."""


def plateaus(time_s: np.ndarray, voltage_V: np.ndarray, runs: list[np.ndarray], start: float, stop: float) -> Plateaus:
    """Median |voltage| of each half cycle over the records between two fractions of its duration.

    A half cycle without a record in that part gives NaN and 0 points.
    """
    value, sign, middle, points = [], [], [], []
    for run in runs:
        t = time_s[run]
        length = t[-1] - t[0]
        inside = run[(t >= t[0] + start * length) & (t <= t[0] + stop * length)]
        value.append(np.median(np.abs(voltage_V[inside])) if inside.size else np.nan)
        sign.append(np.sign(np.median(voltage_V[inside])) if inside.size else 0.0)
        middle.append(0.5 * (t[0] + t[-1]))
        points.append(inside.size)
    return Plateaus(np.array(value), np.array(sign), np.array(middle), np.array(points))


def sudden_drop(values: np.ndarray, over: int = 3) -> tuple[float, int]:
    """The largest relative fall of the median from `over` values to the next `over`, and the index where it happens."""
    if values.size < 2 * over:
        return 0.0, 0
    windows = np.median(np.lib.stride_tricks.sliding_window_view(values, over), axis=1)
    fall = 1 - windows[over:] / windows[:-over]
    start = int(np.argmax(fall))
    step = 1 - values[start + 1 : start + 2 * over] / values[start : start + 2 * over - 1]
    return float(fall.max()), start + 1 + int(np.argmax(step))


@stage("cycling.overpotential", cites=("wood2016", "chen2017"))
def overpotential(
    cells: Cycling,
    *,
    from_fraction: Annotated[
        float,
        Par(
            "where in a half cycle its plateau begins",
            ge=0,
            lt=1,
            source="skips the nucleation and reversal transient",
            assumed=True,
        ),
    ] = 0.2,
    to_fraction: Annotated[
        float, Par("where in a half cycle its plateau ends", gt=0, le=1, source="skips the rise before reversal", assumed=True)
    ] = 0.8,
) -> Result:
    r"""Plateau overpotential of a symmetric cell, half cycle by half cycle.

    A half cycle is a run of one sign of the current, or of the voltage where no current is recorded. Its plateau is
    $\eta_k = \mathrm{median}|V(t)|$ [V] over the records from `from_fraction` to `to_fraction` of its duration. Two successive
    half cycles make a cycle, $\eta_c = (\eta_{2c-1} + \eta_{2c})/2$, in which an offset of the voltage cancels.

    `overpotential` is the mean of the $\eta_c$; its standard deviation is that of the mean, from the scatter of the cycles
    about a straight line, widened for the correlation of successive cycles. `growth_per_cycle` [V] is the slope of that line.
    `first` and `last` are $\eta_c$ of the first and the last cycle; their standard deviation is the repeatability of one
    cycle, from the differences between neighbours.

    *Valid when* the cell is symmetric (Li||Li), the current constant in a half cycle, and records are spread over it: the
    median counts records, so an instrument that records by voltage steps weights the part where the voltage moves. The plateau
    holds the drop in the electrolyte and at both electrodes; it is no charge-transfer overpotential by itself. With fractions
    0 and 1 the whole half cycle counts. *Source* the voltage trace and its stages: Wood et al. 2016; the rise of the plateau
    with dead lithium: Chen et al. 2017.

    The paper states one value read off its figure, without a definition of the plateau. Curves have one entry per half cycle.

    Raises DataError where time or voltage are missing, or where fewer than three cycles are found.
    """
    if not from_fraction < to_fraction:
        raise ConfigError(
            f"from_fraction ({from_fraction:g}) must be below to_fraction ({to_fraction:g})", "cycling.overpotential"
        )
    for name in ("time_s", "voltage_V"):
        if name not in cells:
            raise DataError(
                f"has no '{name}'", cells.source.name, "the record of time and voltage is needed, not capacities alone"
            )
    time, voltage = cells["time_s"], cells["voltage_V"]
    if "current_A" in cells:
        current = cells["current_A"]
        runs = half_cycles(current, _REST * float(np.max(np.abs(current))), hold=False)
    else:
        runs = half_cycles(voltage, _SWING * float(np.median(np.abs(voltage))), hold=True)
    found = plateaus(time, voltage, runs, from_fraction, to_fraction)
    have = np.isfinite(found.voltage_V)
    pairs = found.voltage_V[: have.size // 2 * 2].reshape(-1, 2)
    eta = pairs[np.isfinite(pairs).all(axis=1)].mean(axis=1)
    if eta.size < 3:
        raise DataError(
            f"has {len(runs)} half cycles, {int(have.sum())} with records in their middle; three whole cycles are needed",
            cells.source.name,
            "is it a symmetric cell? widen from_fraction and to_fraction where records are few",
        )
    mean, mean_std, slope, slope_std = trend(eta)
    one = repeatability(eta)
    estimates = {
        "overpotential": Estimate(mean, mean_std, "V", "plateau overpotential, mean of all cycles", display="mV"),
        "first": Estimate(float(eta[0]), one, "V", "plateau of the first cycle", display="mV"),
        "last": Estimate(float(eta[-1]), one, "V", "plateau of the last cycle", display="mV"),
        "growth_per_cycle": Estimate(slope, slope_std, "V", "growth of the plateau per cycle", display="mV"),
    }
    half = np.arange(1, have.size + 1)
    curves = {
        "half_cycle": (("half",), half[have]),
        "time_s": (("half",), found.time_s[have]),
        "plateau_V": (("half",), found.voltage_V[have]),
        "sign": (("half",), found.sign[have]),
        "points": (("half",), found.points[have]),
    }
    return Result.of(estimates, curves, _checks(found, eta, slope))


def _checks(found: Plateaus, eta: np.ndarray, slope: float) -> list[Check]:
    few = int((found.points < _FEW).sum())
    rise = slope * (eta.size - 1) / float(np.median(eta))
    drop, at = sudden_drop(eta)
    plus, minus = (found.voltage_V[(found.sign == s) & np.isfinite(found.voltage_V)] for s in (1.0, -1.0))
    one_sided = not plus.size or not minus.size
    unequal = 1.0 if one_sided else abs(float(np.median(plus) - np.median(minus))) / float(np.median(eta))
    return [
        Check.that(
            "records",
            few == 0,
            f"every plateau rests on {_FEW} records or more",
            f"{few} of {found.points.size} plateaus rest on fewer than {_FEW} records",
        ),
        Check.that(
            "polarisation",
            rise < _GROWN,
            f"the plateau changes by {100 * rise:+.0f} % over {eta.size} cycles",
            f"the plateau rises by {100 * rise:.0f} % over {eta.size} cycles: electrolyte is consumed or dead lithium piles up",
        ),
        Check.that(
            "soft short",
            drop < _SUDDEN,
            f"no sudden fall (largest between neighbouring cycles {100 * max(drop, 0):.0f} %)",
            f"the plateau falls by {100 * drop:.0f} % at cycle {at + 1}: a soft short, or the current was changed",
        ),
        Check.that(
            "symmetry",
            unequal < _UNEQUAL,
            f"both directions agree within {100 * unequal:.0f} %",
            "the voltage has one sign throughout: not a symmetric cell"
            if one_sided
            else f"the two directions differ by {100 * unequal:.0f} %: unlike electrodes, or an offset of the voltage",
        ),
    ]


@overpotential.plot
def draw(result: Result, ax: Axes) -> None:
    """Plateau of each half cycle against its number, both directions, with the trend."""
    from anodefree.core.figure import COLOURS, INK

    half, plateau, sign = (np.asarray(result.curves[n]) for n in ("half_cycle", "plateau_V", "sign"))
    cycle = (half + 1) / 2
    for s, label, colour in ((1.0, "positive half cycles", COLOURS[0]), (-1.0, "negative half cycles", COLOURS[1])):
        here = sign == s
        ax.plot(cycle[here], 1e3 * plateau[here], ".", ms=2.5, color=colour, label=label)
    ends = np.array([cycle[0], cycle[-1]])
    line = result["overpotential"] + result["growth_per_cycle"] * (ends - ends.mean())
    ax.plot(ends, 1e3 * line, color=INK, lw=0.9, label="trend")
    ax.set_xlabel("cycle")
    ax.set_ylabel("plateau |voltage| / mV")
    ax.legend()


@overpotential.demo
def demo(rng: np.random.Generator) -> Demo:
    """A square wave that settles in each half cycle: a growing plateau, scatter between cycles, an offset, noise."""
    cycles, per_half, half_s = 60, 60, 1800.0
    start, growth = rng.uniform(0.05, 0.1), rng.uniform(-1e-4, 4e-4)
    true = start + growth * np.arange(cycles)
    scatter = true + rng.normal(0, 0.8e-3, cycles)
    t = (np.arange(per_half) + 0.5) / per_half
    shape = 1 + 0.4 * np.exp(-t / 0.02)
    voltage = scatter[:, None, None] * np.array([1.0, -1.0])[None, :, None] * shape + rng.normal(0, 1.5e-3)
    voltage = voltage + rng.normal(0, 0.5e-3, voltage.shape)
    time = (np.arange(2 * cycles)[:, None] + t) * half_s
    measured = Measurement.of(CYCLING, {"time_s": time.ravel(), "voltage_V": voltage.ravel()}, name="Li||Li")
    truth = {"overpotential": float(true.mean()), "first": float(true[0]), "last": float(true[-1]), "growth_per_cycle": growth}
    return Demo((measured,), truth)
