"""Linear sweep voltammetry: where a reaction sets in, how large its peak is, and how much charge it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, number
from anodefree.analysis.kinetics.sweep import Baseline, Leg, baseline_of, crossing, leg_of, peak_at, smoothed, tangent
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Number = tuple[float, float]
"""A value and its standard deviation."""


@dataclass(frozen=True)
class Reading:
    """What one baseline gives: each number with its standard deviation, none where there is none."""

    onset_V: Number | None
    tangent_V: Number
    tangent_slope_A_m2_V: float
    peak_V: Number | None
    height_A_m2: Number
    """Of the peak, or of the sweep's end where it has none."""
    charge_C_m2: Number | None
    peaks: tuple[tuple[float, float], ...]
    """Potential (progress) and height of every peak."""


def read_leg(leg: Leg, baseline: Baseline, after: int, threshold_A_m2: float) -> Reading:
    """Everything about a leg above one baseline; the records from index `after` on are those of the reaction."""
    from scipy.signal import find_peaks

    u, y, noise = leg.progress_V, leg.signal_A_m2 - baseline.at(leg.progress_V), leg.noise_A_m2
    soft = smoothed(y, max(5, len(y) // 60))
    least = max(6 * noise, 0.05 * float(soft.max()))
    tops = find_peaks(soft, prominence=least)[0]
    main = int(tops[np.argmax(soft[tops])]) if len(tops) else None
    until = main if main is not None else len(y) - 1

    def below(at_V: float, std: float, slope: float) -> Number:
        return at_V, float(np.hypot(std, baseline.std(np.array([at_V]))[0] / max(slope, 1e-300)))

    found = crossing(u, y, threshold_A_m2, until, noise)
    foot, foot_std, slope = tangent(u, y, until, noise)
    charge = None
    if leg.rate_V_s is not None:
        inside = slice(after, None)
        span = float(u[-1] - u[after]) / leg.rate_V_s
        total = float(np.trapezoid(y[inside], u[inside])) / leg.rate_V_s
        charge = total, float(np.hypot(noise * span / np.sqrt(len(u[inside])), baseline.std_of_mean(u[inside]) * span))
    if main is None:
        end = max(3, len(y) // 100)
        height, peak = (float(soft[-1]), float(np.hypot(noise / np.sqrt(end), baseline.std(u[-1:])[0]))), None
    else:
        where, where_std, high, high_std = peak_at(u, y, main, noise)
        height, peak = (high, float(np.hypot(high_std, baseline.std(np.array([where]))[0]))), (where, where_std)
    onset = below(*found) if found else None
    peaks = tuple((float(u[t]), float(soft[t])) for t in tops)
    return Reading(onset, below(foot, foot_std, slope), slope, peak, height, charge, peaks)


@stage("kinetics.lsv", version=1, cites=("chen2026", "bard2001", "savitzky1964"))
def lsv(
    curve: Polarisation,
    *,
    threshold_A_m2: Annotated[
        float, Par("current density above the baseline at which the reaction counts as begun", gt=0, source="section 2.6")
    ] = 0.022,
    reduction: Annotated[
        bool | None, Par("true: the sweep to lower potential; false: to higher; none: the longer of them")
    ] = None,
    baseline_fraction: Annotated[
        float,
        Par(
            "part of the sweep, from its start, that is free of reaction",
            gt=0,
            lt=0.9,
            source="not stated; usual practice",
            assumed=True,
        ),
    ] = 0.2,
    baseline_V: Annotated[
        tuple[float, float] | None, Par("potentials between which there is no reaction, instead of the fraction")
    ] = None,
    constant_baseline: Annotated[bool, Par("a constant instead of a straight line")] = False,
    area_m2: Annotated[float | None, AREA] = None,
    scan: Annotated[int | None, Par("number of the scan to search; none: all", ge=1)] = None,
) -> Result:
    r"""Onset, peak and charge of a reaction in a linear sweep, oxidation or reduction.

    Above a baseline b(E), a straight line through the records without reaction that is drawn on under the reaction: `onset`
    [V] is where the current density j - b last rises through the threshold before the peak, by an exponential through the
    neighbourhood; `onset_tangent` is where the steepest tangent of the flank meets the baseline; `peak_potential` and
    `peak_current_density` [A/m2] (`peak_current` [A]) come from a polynomial through the top tenth; `charge` [C/m2] is ∫(j -
    b)dE/ν after the baseline's window. Current and charge are positive for the reaction, whatever its direction. Standard
    deviations hold noise (from second differences), the error of the line where it is drawn on to (`constant_baseline` is
    surer, and wrong where the line slopes: the check says what it would change), and for the tangent how much of the flank it
    is drawn along. Where the current rises to the end there is no peak: `peak_current` is then the current there, and a
    tangent depends on where the sweep ended; checks say so. A threshold that is not reached gives no onset (nan).
    *Valid when* the sweep begins without reaction. An onset is no equilibrium potential: it moves with threshold, scan rate,
    area and surface, so compare only alike. *Source* Chen et al. 2026, section 2.6 (threshold and rate); Bard and Faulkner
    2001, chapter 6; Savitzky and Golay 1964 (smoothing). Differs from the paper: the baseline is subtracted, and both onsets
    have an interval.
    Raises ConfigError (no such scan), DataError (no current or area, no sweep, no record of the baseline).
    """
    leg = leg_of(curve, reduction, area_m2, scan)
    window = _window(leg, baseline_fraction, baseline_V, curve.source.name)
    after = int(np.flatnonzero(window)[-1])
    baseline = baseline_of(leg, window, constant=constant_baseline)
    found = read_leg(leg, baseline, after, threshold_A_m2)
    other = read_leg(leg, baseline_of(leg, window, constant=not constant_baseline), after, threshold_A_m2)
    area = area_m2 or number(curve, "area_m2")
    estimates = _estimates(leg, found, threshold_A_m2, area)
    return Result.of(estimates, _curves(leg, baseline, found), _checks(leg, baseline, window, found, other, threshold_A_m2))


def _window(leg: Leg, fraction: float, between: tuple[float, float] | None, where: str) -> np.ndarray:
    u = leg.progress_V
    if between is None:
        window = u <= u[0] + fraction * (u[-1] - u[0])
    else:
        low, high = sorted(leg.direction * b for b in between)
        if low == high:
            raise ConfigError("the window of the baseline is empty", "baseline_V", "low, high")
        window = (u >= low) & (u <= high)
    if window.sum() < 5 or window[-1]:
        raise DataError(
            f"has {int(window.sum())} records for the baseline, of {len(u)}", where, "change baseline_fraction or baseline_V"
        )
    return np.asarray(window)


def _estimates(leg: Leg, found: Reading, threshold: float, area_m2: float | None) -> dict[str, Estimate]:
    def volts(number: Number | None, label: str) -> Estimate:
        value, std = number or (float("nan"), float("nan"))
        return Estimate(leg.direction * value, std, "V", label)

    height, height_std = found.height_A_m2
    what = "peak {}" if found.peak_V else "{} at the end of the sweep, no peak"
    estimates = {
        "onset": volts(found.onset_V, f"onset at {1e2 * threshold:.3g} uA/cm2"),
        "onset_tangent": volts(found.tangent_V, "onset by the steepest tangent"),
    }
    if area_m2 is not None:
        estimates["peak_current"] = Estimate(height * area_m2, height_std * area_m2, "A", what.format("current"), "mA")
    estimates["peak_current_density"] = Estimate(height, height_std, "A/m2", what.format("current density"))
    if found.peak_V:
        estimates["peak_potential"] = volts(found.peak_V, "peak potential")
    if found.charge_C_m2:
        estimates["charge"] = Estimate(*found.charge_C_m2, "C/m2", "charge of the reaction", "C/m2")
    return estimates


def _curves(leg: Leg, baseline: Baseline, found: Reading) -> dict[str, tuple[str, np.ndarray]]:
    d, u = leg.direction, leg.progress_V
    b = baseline.at(u)
    foot, slope = found.tangent_V[0], found.tangent_slope_A_m2_V
    ends = np.array([foot, min(foot + found.height_A_m2[0] / slope, u[-1])])
    return {
        "potential_V": ("point", d * u),
        "current_density_A_m2": ("point", d * leg.signal_A_m2),
        "baseline_A_m2": ("point", d * b),
        "tangent_V": ("end", d * ends),
        "tangent_A_m2": ("end", d * (baseline.at(ends) + slope * (ends - foot))),
        "peak_V": ("peak", np.array([d * p for p, _ in found.peaks])),
        "peak_A_m2": ("peak", np.array([d * (h + baseline.at(np.array([p]))[0]) for p, h in found.peaks])),
    }


def _checks(leg: Leg, baseline: Baseline, window: np.ndarray, found: Reading, other: Reading, threshold: float) -> list[Check]:
    kind, constant = "oxidation" if leg.direction > 0 else "reduction", len(baseline.coefficients) == 1
    y = leg.signal_A_m2 - baseline.at(leg.progress_V)
    off = float(np.abs(smoothed(y, max(5, len(y) // 60))[window]).max())
    high, noise = found.height_A_m2[0], leg.noise_A_m2
    end, level = f"{leg.direction * leg.progress_V[-1]:.2f} V", f"{1e2 * threshold:.3g} uA/cm2"
    moved = ""
    if found.onset_V and other.onset_V:
        shift = 1e3 * abs(found.onset_V[0] - other.onset_V[0])
        moved = f"; a {'line' if constant else 'constant'} would move the onset by {shift:.2g} mV"
    several = "; the highest is reported" if len(found.peaks) > 1 else ""
    checks = [
        Check.that(
            "onset",
            found.onset_V is not None,
            f"the {kind} passes the threshold within the sweep",
            f"the {kind} current stays below {level} up to {end}: its onset lies beyond"
            if high < threshold
            else f"the {kind} current is above {level} from the start: begin the sweep earlier",
        ),
        Check.that(
            "threshold",
            3 * noise < threshold < 0.5 * high,
            f"the threshold is {threshold / noise:.3g} times the noise",
            f"the threshold is {threshold / noise:.2g} times the noise and {100 * threshold / max(high, 1e-300):.2g} % of the "
            "largest current: choose one between",
        ),
        Check.that(
            "baseline",
            off < max(5 * noise, 0.02 * high),
            f"the baseline ({'constant' if constant else 'straight line'}) fits where it is drawn{moved}",
            f"the current leaves the baseline by {1e2 * off:.2g} uA/cm2 within its window: the reaction has begun there",
        ),
        Check.that(
            "peak",
            found.peak_V is not None,
            f"{len(found.peaks)} peak{'s' * (len(found.peaks) != 1)}{several}",
            f"the current rises to the end of the sweep ({end}): no peak, and the tangent's onset moves with that end",
        ),
    ]
    if leg.turned:
        sign = "negative" if leg.direction > 0 else "positive"
        checks.append(Check("sign", "pass", f"the file counts this {kind} as {sign}: the current was turned"))
    if found.charge_C_m2 is None:
        checks.append(Check("charge", "warn", "neither time nor scan rate is given: no charge"))
    return checks


@lsv.plot
def draw(result: Result, ax: Axes) -> None:
    """Current density against potential with its baseline, tangent, onset and peaks."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    e = data["potential_V"]
    scale, unit = (0.1, "mA") if np.abs(data["current_density_A_m2"]).max() >= 1.0 else (1e2, "µA")
    ax.plot(e, scale * data["current_density_A_m2"], color=COLOURS[0], label="_")
    ax.plot(e, scale * data["baseline_A_m2"], color=SOFT, lw=0.8, ls="--", label="baseline")
    ax.plot(data["tangent_V"], scale * data["tangent_A_m2"], color=COLOURS[1], lw=0.9, label="tangent")
    for name, marker in (("onset", "v"), ("onset_tangent", "^")):
        found = result.estimates[name]
        if np.isfinite(found.value):
            level = scale * float(np.interp(found.value, e[np.argsort(e)], data["baseline_A_m2"][np.argsort(e)]))
            text = f"{'onset' if name == 'onset' else 'tangent'} {found}"
            ax.errorbar([found.value], [level], xerr=[2 * found.std], fmt=marker, color=INK, ms=4, label=text, zorder=5)
    if len(data["peak_V"]):
        ax.plot(data["peak_V"], scale * data["peak_A_m2"], "o", color=COLOURS[2], label="peak")
    ax.set(xlabel="potential / V", ylabel=f"current density / {unit} cm$^{{-2}}$")
    reduction = float(data["current_density_A_m2"].sum()) < 0
    ax.legend(handlelength=1.2, fontsize=6, loc="lower right" if reduction else "upper left")


@lsv.demo
def demo(rng: np.random.Generator) -> Demo:
    """The reduction of a monolayer, which has a closed form: with ξ = βf(E₀ - E), j = J exp(1 + ξ - exp ξ); on a baseline
    that may slope."""
    from scipy.special import lambertw

    at, beta, height, rate = rng.uniform(1.0, 1.4), rng.uniform(0.3, 0.6), rng.uniform(0.5, 3.0), 1e-3
    per_volt = beta / float(thermal_voltage_V(298.15))
    e = np.linspace(2.5, 0.5, 1001)
    xi = np.minimum(per_volt * (at - e), 5.0)
    charging = rng.uniform(1e-3, 5e-3) + 4e-3 * rng.standard_normal() * (2.5 - e)
    j = -height * np.exp(1 + xi - np.exp(xi)) - charging + 5e-3 * rng.standard_normal(1001)
    threshold = 0.05
    onset = float(np.log(-np.real(lambertw(-threshold / (np.e * height)))))
    steep = float(np.log((3 - np.sqrt(5)) / 2) - 2 / (np.sqrt(5) - 1))
    measured = Measurement.of(
        POLARISATION, {"potential_V": e, "current_density_A_m2": j}, {"scan_rate_V_s": rate}, name="a linear sweep"
    )
    truth = {
        "onset": at - onset / per_volt,
        "onset_tangent": at - steep / per_volt,
        "peak_potential": at,
        "peak_current_density": height,
        "charge": height * np.e / (per_volt * rate),
    }
    return Demo((measured,), truth, {"threshold_A_m2": threshold})
