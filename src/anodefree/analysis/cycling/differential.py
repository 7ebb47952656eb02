"""Differential capacity dQ/dV and differential voltage dV/dQ of single charges and discharges, with the places of the peaks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from anodefree.analysis.cycling.halves import Half, half_of, halves
from anodefree.analysis.cycling.hysteresis import VoltageAccuracy
from anodefree.core.figure import COLOURS, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.robust_line import NORMAL_MAD
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BINS = 20_000
REACH = 5.0
"""Standard deviations of the kernel beyond the ends of the voltage."""
ROUNDS = 25


@dataclass(frozen=True)
class Differential:
    """Of one half cycle: voltage (bin,) with dQ/dV (bin,), and charge (part,) with dV/dQ (part,)."""

    voltage_V: np.ndarray
    capacity_C_V: np.ndarray
    charge_C: np.ndarray
    slope_V_C: np.ndarray


def differential_of(half: Half, width_V: float, smoothing_V: float) -> Differential:
    """Charge by voltage: every interval of the record lays its charge evenly over the voltages between its two ends.

    So no charge is lost (the integral of dQ/dV is Q), and a voltage that wavers needs no sorting. The histogram with bins of
    `width_V` is then smoothed by a Gaussian of standard deviation `smoothing_V`. dV/dQ is that of V smoothed over the charge in
    the same proportion.
    """
    from scipy.ndimage import gaussian_filter1d

    voltage, charge = half.voltage_V, np.diff(half.passed_C)
    low, high = np.minimum(voltage[1:], voltage[:-1]), np.maximum(voltage[1:], voltage[:-1])
    start = float(voltage.min()) - REACH * smoothing_V
    bins = math.ceil((float(voltage.max()) + REACH * smoothing_V - start) / width_V) + 1
    edges = start + width_V * np.arange(bins + 1)
    # The cumulated charge below each edge: a ramp from `low` to `high` of every interval, as the sum of two hinge functions.
    span = np.maximum(high - low, 1e-9)
    below = _hinges(edges, low, charge / span) - _hinges(edges, low + span, charge / span)
    density = np.diff(below) / width_V
    smooth = gaussian_filter1d(density, smoothing_V / width_V, mode="constant")
    part = np.linspace(0, half.charge_C, min(bins, 2000))
    along = np.interp(part, half.passed_C, voltage)
    across = smoothing_V / max(float(np.ptp(voltage)), 1e-12) * (len(part) - 1)
    slope = gaussian_filter1d(along, across, order=1, mode="nearest") / (part[1] - part[0])
    return Differential(0.5 * (edges[1:] + edges[:-1]), smooth, part, slope)


def _hinges(edges: np.ndarray, start: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Sum over i of slope_i max(0, edge - start_i) at each edge, by sorting: no table of edges by intervals."""
    order = np.argsort(start)
    at, s = start[order], slope[order]
    count = np.searchsorted(at, edges)
    total, moment = (np.concatenate([[0.0], np.cumsum(v)]) for v in (s, s * at))
    return np.asarray(total[count] * edges - moment[count])


def peaks(voltage_V: np.ndarray, density_C_V: np.ndarray, smoothing_V: float, prominence: float) -> np.ndarray:
    """Voltages of the maxima that stand out by `prominence` of the largest one, the highest first; by parabolas."""
    from scipy.signal import find_peaks

    found, _ = find_peaks(density_C_V, prominence=prominence * float(density_C_V.max()))
    step = voltage_V[1] - voltage_V[0]
    reach = max(round(0.75 * smoothing_V / step), 1)
    places = []
    for at in found[np.argsort(-density_C_V[found], kind="stable")]:
        near = np.arange(max(at - reach, 0), min(at + reach + 1, len(voltage_V)))
        bow, tilt, _ = np.polyfit(voltage_V[near] - voltage_V[at], density_C_V[near], 2)
        shift = -0.5 * tilt / bow if bow < 0 else 0.0
        places.append(voltage_V[at] + float(np.clip(shift, -smoothing_V, smoothing_V)))
    return np.array(places)


@stage("cycling.differential", version=1, cites=("dubarry2006", "bloom2005"))
def differential(
    cycling: Cycling,
    *,
    cycle: Annotated[int | None, Par("cycle that is looked at (none: the last whole one)", ge=1)] = None,
    compare_cycle: Annotated[int | None, Par("cycle drawn beside it (none: the first whole one)", ge=1)] = None,
    smoothing_V: Annotated[float, Par("standard deviation of the Gaussian that smooths dQ/dV", gt=0, le=0.5)] = 5e-3,
    prominence: Annotated[float, Par("how far a peak must stand out, of the largest one", gt=0, lt=1)] = 0.1,
    voltage_accuracy_V: VoltageAccuracy = 1e-3,
    rng: np.random.Generator,
) -> Result:
    """Differential capacity dQ/dV and differential voltage dV/dQ of a cycle, with the voltages of the peaks.

    The charge of every interval of the record is laid over the voltages it spans (so that ∫(dQ/dV)dV = Q exactly, also where
    the voltage wavers), and smoothed by a Gaussian. `peak_charge` and `peak_discharge` [V]: the highest peak of each direction;
    `polarisation` [V]: their distance; `peaks_charge`, `peaks_discharge`: how many stand out by `prominence`. The std of a
    place holds the cycler's accuracy (which cancels in the polarisation), the noise of the voltage, by repeating the analysis
    with that noise added 25 times, and the shift that half the smoothing makes.
    Curves: dQ/dV against voltage and dV/dQ against charge for both directions of both cycles.
    *Valid when* the record is dense: steps of voltage should be below the smoothing. Peaks at C/10 and faster are shifted by
    the overpotential: the mean of both directions is nearer to equilibrium. *Source* dQ/dV: Dubarry et al. 2006; dV/dQ:
    Bloom et al. 2005.

    Raises
    ------
    DataError: no record, no cycle with charge and discharge, a cycle that is not there, or a voltage that does not change.
    """
    where = cycling.source.name
    found = halves(cycling)
    whole = sorted({h.cycle for h in found if h.direction == "charge"} & {h.cycle for h in found if h.direction == "discharge"})
    if not whole:
        raise DataError("has no cycle with charge and discharge", where, "count the cycles anew: cycling.recount")
    asked, beside = whole[-1] if cycle is None else cycle, whole[0] if compare_cycle is None else compare_cycle
    for one in (asked, beside):
        if one not in whole:
            raise DataError(f"has no whole cycle {one}", where, f"whole cycles are {whole[0]} to {whole[-1]}")
    curves: dict[str, tuple[str, np.ndarray]] = {}
    estimates: dict[str, Estimate] = {}
    checks: list[Check] = []
    places: dict[str, tuple[float, float]] = {}
    sides: tuple[Literal["charge", "discharge"], ...] = ("charge", "discharge")
    for direction in sides:
        half = half_of(found, direction, asked, where)
        if np.ptp(half.voltage_V) <= 2 * smoothing_V:
            raise DataError(f"the voltage of the {direction} does not change", where, "smaller smoothing_V, or another cycle")
        if np.ptp(half.voltage_V) / smoothing_V * 5 > MOST_BINS:
            raise DataError(f"a smoothing of {smoothing_V:g} V is too fine for this range", where, "larger smoothing_V")
        tops, spread = _placed(half, smoothing_V, prominence, rng)
        estimates[f"peaks_{direction}"] = Estimate(float(len(tops)), 0.0, "1", f"peaks of the {direction}")
        if len(tops):
            places[direction] = (float(tops[0]), spread)
            estimates[f"peak_{direction}"] = Estimate(
                float(tops[0]), float(np.hypot(spread, voltage_accuracy_V)), "V", f"highest peak of the {direction}"
            )
        curves[f"{direction}_peak_V"] = (f"{direction}_peak", np.sort(tops))
        for one, label in ((asked, ""), (beside, "compare_")):
            curves |= _curves(half_of(found, direction, one, where), f"{label}{direction}", smoothing_V)
        step = float(np.median(np.abs(np.diff(half.voltage_V))))
        checks.append(
            Check.that(
                f"density of the {direction}",
                step <= smoothing_V,
                f"records are {1e3 * step:.2g} mV apart",
                f"records are {1e3 * step:.2g} mV apart, which is more than the smoothing: peaks may be steps of the record",
            )
        )
    if len(places) == 2:
        (up, up_std), (down, down_std) = places["charge"], places["discharge"]
        apart = Estimate(up - down, math.hypot(up_std, down_std), "V", "distance of the highest peaks", "mV")
        estimates["polarisation"] = apart
    curves["cycles"] = ("pair", np.array([asked, beside]))
    return Result.of(estimates, curves, checks)


def _curves(half: Half, name: str, smoothing_V: float) -> dict[str, tuple[str, np.ndarray]]:
    d = differential_of(half, smoothing_V / 5, smoothing_V)
    return {
        f"{name}_V": (f"{name}_bin", d.voltage_V),
        f"{name}_dQdV_C_V": (f"{name}_bin", d.capacity_C_V),
        f"{name}_C": (f"{name}_part", d.charge_C),
        f"{name}_dVdQ_V_C": (f"{name}_part", d.slope_V_C),
    }


def _placed(half: Half, smoothing_V: float, prominence: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Peaks, and the std of the highest one's place: noise of the voltage, and what half the smoothing changes beyond it."""
    tops = _tops(half, smoothing_V, prominence)
    if not len(tops):
        return tops, math.nan
    noise = float(np.median(np.abs(np.diff(half.voltage_V, 2)))) * NORMAL_MAD / math.sqrt(6) if half.time_s.size > 3 else 0.0
    place, finer = _nearest(tops, tops[0]), _nearest(_tops(half, 0.5 * smoothing_V, prominence), tops[0])
    moved = np.empty((ROUNDS, 2))
    for k in range(ROUNDS):
        shaken = replace(half, voltage_V=half.voltage_V + noise * rng.standard_normal(half.voltage_V.size))
        moved[k] = [_nearest(_tops(shaken, w * smoothing_V, prominence), tops[0]) for w in (1.0, 0.5)]
    by_chance = float(np.var(moved[:, 0] - moved[:, 1]))
    bias = (place - finer) ** 2 - by_chance
    return tops, float(math.sqrt(np.var(moved[:, 0]) + max(bias, 0.0)))


def _tops(half: Half, smoothing_V: float, prominence: float) -> np.ndarray:
    d = differential_of(half, smoothing_V / 5, smoothing_V)
    return peaks(d.voltage_V, d.capacity_C_V, smoothing_V, prominence)


def _nearest(places: np.ndarray, to: float) -> float:
    """The place nearest to a given one; that itself where there is none."""
    return float(places[np.argmin(np.abs(places - to))]) if len(places) else to


@differential.plot
def draw(result: Result, ax: Axes) -> None:
    """dQ/dV of both cycles, charge up and discharge down, and dV/dQ below."""
    c: dict[str, Any] = {str(n): result.curves[n].values for n in result.curves.data_vars}
    asked, beside = (int(k) for k in c["cycles"])
    top, bottom = split(ax, 2, 1)
    pairs = [("", asked, "-", 1.0)] + ([("compare_", beside, "--", 0.7)] if beside != asked else [])
    for prefix, number, style, width in pairs:
        for direction, sign, colour in (("charge", 1, COLOURS[1]), ("discharge", -1, COLOURS[0])):
            name = f"{prefix}{direction}"
            top.plot(
                c[f"{name}_V"],
                sign * c[f"{name}_dQdV_C_V"] / 3.6,
                style,
                color=colour,
                linewidth=width,
                label=f"{direction}, cycle {number}",
            )
            inner = slice(len(c[f"{name}_C"]) // 50, -max(len(c[f"{name}_C"]) // 50, 1))
            bottom.plot(
                c[f"{name}_C"][inner] / 3.6,
                np.abs(c[f"{name}_dVdQ_V_C"][inner]) * 3.6,
                style,
                color=colour,
                linewidth=width,
                label="_",
            )
    top.set(xlabel="voltage / V", ylabel="dQ/dV / (mAh/V)")
    bottom.set(xlabel="charge / mAh", ylabel="|dV/dQ| / (V/mAh)")
    largest = np.percentile(np.abs(c["charge_dVdQ_V_C"]), 95) * 3.6
    bottom.set_ylim(0, 2 * largest)
    top.legend(fontsize=6, loc="lower center", bbox_to_anchor=(0.5, 0.98), ncols=2)


@differential.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two reactions as bell-shaped dQ/dV, 60 mV apart on charge and discharge, seen with noise of 0.2 mV and an offset."""
    main, width, shift = float(rng.uniform(3.65, 3.75)), 0.03, 0.03
    offset = 1e-3 * float(rng.standard_normal())
    grid = np.linspace(3.2, 4.3, 4001)
    bells = np.exp(-0.5 * ((grid - main) / width) ** 2) + 0.4 * np.exp(-0.5 * ((grid - main - 0.3) / width) ** 2) + 0.05
    charge = np.concatenate([[0.0], np.cumsum(0.5 * (bells[1:] + bells[:-1]))])
    charge /= charge[-1]
    part = np.linspace(0, 1, 1500)
    up = np.interp(part, charge, grid) + shift
    down = np.interp(1 - part, charge, grid) - shift
    voltage = np.tile(np.concatenate([up, down]), 2) + offset
    voltage += 2e-4 * rng.standard_normal(voltage.size)
    arrays = {
        "time_s": np.arange(voltage.size) * 10.0,
        "voltage_V": voltage,
        "current_A": np.tile(np.repeat([1e-3, -1e-3], part.size), 2),
        "record_cycle": np.repeat([1, 2], 2 * part.size),
    }
    cell = Measurement.of(CYCLING, arrays, name="two reactions")
    return Demo((cell,), {"peak_charge": main + shift, "peak_discharge": main - shift, "polarisation": 2 * shift})
