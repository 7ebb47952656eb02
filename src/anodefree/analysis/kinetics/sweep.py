"""One leg of a voltammogram, and what can be read off it: its noise, its baseline, its onset, its peaks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from anodefree.analysis.kinetics.curve import number, plausible
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import current_density_A_m2
from anodefree.numerics.autocorrelation import inflation

FEWEST: Final = 20
NORMAL_MAD: Final = 1.482602218505602
"""Standard deviation of normal noise over its median absolute deviation."""


@dataclass(frozen=True)
class Leg:
    """A sweep in one direction, as the reaction sees it."""

    progress_V: np.ndarray
    """The potential times the direction: rising."""
    signal_A_m2: np.ndarray
    """The current density times the direction: positive where it is of the reaction."""
    direction: float
    """+1 oxidation (rising potential), -1 reduction."""
    rate_V_s: float | None
    noise_A_m2: float
    turned: bool
    """Whether the file counts the current the other way round."""


def leg_of(measured: Measurement, reduction: bool | None, area_m2: float | None, scan: int | None) -> Leg:
    """The longest run of the potential in the wanted direction (in either, if none is wanted) at an even rate.

    Raises
    ------
    ConfigError: there is no such scan. DataError: no current or area, no such run of twenty records.
    """
    measured = measured if area_m2 is None else measured.with_meta(area_m2=area_m2)
    scans = measured["record_cycle"] if "record_cycle" in measured else np.ones(len(measured["potential_V"]))
    here = np.ones(len(scans), dtype=bool) if scan is None else scans == scan
    if not here.any():
        raise ConfigError(f"there is no scan {scan}", "scan", "leave it out to search all")
    j, potential = current_density_A_m2(measured)[here], measured["potential_V"][here]
    plausible(potential, j, measured.source.name)
    timed = "time_s" in measured
    time = measured["time_s"][here] if timed else np.arange(len(j), dtype=float)
    runs = [r for r in _runs(potential) if len(r) >= FEWEST]
    even = [r for r in (_without_rest(r, potential, time) for r in runs) if not timed or _even(potential[r], time[r])]
    wanted = [r for r in even if reduction is None or (potential[r[-1]] < potential[r[0]]) == reduction]
    if not wanted:
        way = "" if reduction is None else " to lower potential" if reduction else " to higher potential"
        raise DataError(
            f"has no sweep{way} of {FEWEST} records at an even rate",
            measured.source.name,
            "is it a voltammogram? set reduction",
        )
    run = max(wanted, key=lambda r: abs(potential[r[-1]] - potential[r[0]]))
    e, direction = potential[run], float(np.sign(potential[run[-1]] - potential[run[0]]))
    rate = number(measured, "scan_rate_V_s")
    if rate is None and timed and time[run[-1]] > time[run[0]]:
        rate = float(abs(e[-1] - e[0]) / (time[run[-1]] - time[run[0]]))
    y = direction * j[run]
    start = float(np.median(y[: max(len(y) // 10, 3)]))
    turned = bool((y - start).max() < (start - y).max())
    y = -y if turned else y
    progress, at = np.unique(direction * e, return_inverse=True)  # rising, each potential once
    return Leg(progress, np.bincount(at, y) / np.bincount(at), direction, rate, noise_of(y), turned)


def _runs(potential: np.ndarray) -> list[np.ndarray]:
    """Indices of each run in one direction; a wobble smaller than 2 % of the whole span does not end one."""
    least = 0.02 * np.ptp(potential)
    ends, low, high, way = [0], 0, 0, 0
    for i, e in enumerate(potential):
        low, high = (i if e < potential[low] else low), (i if e > potential[high] else high)
        if way >= 0 and potential[high] - e > least:
            ends.append(high)
            way, low = -1, i
            high = i
        elif way <= 0 and e - potential[low] > least:
            ends.append(low)
            way, high = 1, i
            low = i
    ends.append(len(potential) - 1)
    return [np.arange(a, b + 1) for a, b in pairwise(ends) if b > a]


def _without_rest(run: np.ndarray, potential: np.ndarray, time: np.ndarray) -> np.ndarray:
    """A run that is not even, less the records at its start and end in which the potential hardly moves."""
    e = potential[run]
    if _even(e, time[run]):
        return run
    least = 0.005 * abs(float(e[-1] - e[0]))
    first, last = np.flatnonzero(np.abs(e - e[0]) < least)[-1], np.flatnonzero(np.abs(e - e[-1]) < least)[0]
    return run[first : last + 1] if last - first >= FEWEST else run


def _even(potential: np.ndarray, time: np.ndarray) -> bool:
    """Whether potential advances evenly with time, to a tenth of the whole."""
    if not time[-1] > time[0]:
        return False
    straight = np.interp(time, [time[0], time[-1]], [potential[0], potential[-1]])
    return float(np.abs(potential - straight).max()) < 0.1 * np.ptp(potential)


def noise_of(y: np.ndarray) -> float:
    """Standard deviation of the noise of a smooth series, from its second differences."""
    second = np.abs(y[2:] - 2 * y[1:-1] + y[:-2])
    found = NORMAL_MAD * float(np.median(second)) / np.sqrt(6)
    steps = np.abs(np.diff(y))
    return max(
        found,
        float(steps[steps > 0].min(initial=0.0)) / np.sqrt(12) if (steps > 0).any() else 0.0,
        1e-12 * float(np.abs(y).max()) + 1e-30,
    )


@dataclass(frozen=True)
class Baseline:
    """The current before the reaction, drawn on under it: a constant or a straight line."""

    coefficients: np.ndarray
    covariance: np.ndarray
    centre_V: float

    def at(self, progress_V: np.ndarray) -> np.ndarray:
        """Its value."""
        return np.asarray(self._design(progress_V) @ self.coefficients)

    def std(self, progress_V: np.ndarray) -> np.ndarray:
        """Its standard deviation."""
        design = self._design(progress_V)
        return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design)))

    def std_of_mean(self, progress_V: np.ndarray) -> float:
        """Standard deviation of its mean over these potentials: its error is the same all along."""
        mean = self._design(progress_V).mean(axis=0)
        return float(np.sqrt(mean @ self.covariance @ mean))

    def _design(self, progress_V: np.ndarray) -> np.ndarray:
        x = np.atleast_1d(progress_V) - self.centre_V
        return np.vander(x, len(self.coefficients), increasing=True)


def baseline_of(leg: Leg, window: np.ndarray, *, constant: bool) -> Baseline:
    """A straight line, or a constant, through the records of a window."""
    x, y = leg.progress_V[window], leg.signal_A_m2[window]
    centre, n, order = float(x.mean()), len(x), 1 if constant else 2
    design = np.vander(x - centre, order, increasing=True)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    rest = y - design @ coefficients
    variance = max(float(rest @ rest) / (n - order), (0.1 * leg.noise_A_m2) ** 2) * inflation(rest, order) ** 2
    return Baseline(coefficients, variance * np.linalg.pinv(design.T @ design), centre)


def smoothed(y: np.ndarray, points: int) -> np.ndarray:
    """A quadratic drawn through the neighbourhood of each point (Savitzky and Golay 1964)."""
    from scipy.signal import savgol_filter

    return np.asarray(savgol_filter(y, min(points | 1, (len(y) - 1) | 1), 2))


def crossing(u: np.ndarray, y: np.ndarray, threshold: float, until: int, noise: float) -> tuple[float, float, float] | None:
    """Where y(u) last rises through a threshold before index `until`: potential [V], its standard deviation, slope dy/du there.

    An exponential is fitted to the neighbourhood in which y goes from a third to three times the threshold (at most to the
    middle between it and the largest). None where the threshold is not reached.
    """
    soft = smoothed(y, max(5, len(y) // 60))
    below = np.flatnonzero(soft[: until + 1] < threshold)
    if not len(below) or soft[: until + 1].max() < threshold:
        return None
    last = int(below[-1])
    if last >= until:
        return None
    top = min(3 * threshold, 0.5 * (threshold + float(soft[: until + 1].max())))
    first = last
    while first > 0 and soft[first] > threshold / 3:
        first -= 1
    end = last + 1
    while end < until and soft[end] < top:
        end += 1
    first, end = min(first, max(last - 2, 0)), max(end, min(last + 3, len(y) - 1))
    x, here = u[first : end + 1] - u[last], y[first : end + 1]
    b = float(np.log(3.0) / max(x[-1] - x[0], 1e-9))
    a = threshold
    for _ in range(60):
        wave = a * np.exp(np.clip(b * x, -50, 50))
        design = np.column_stack([wave / a, wave * x])
        step, *_ = np.linalg.lstsq(design, here - wave, rcond=None)
        a_new = a + step[0] if a + step[0] > 0.2 * a else 0.2 * a
        b_new = float(np.clip(b + step[1], 0.2 * b, 5 * b))
        done = abs(a_new - a) < 1e-10 * a and abs(b_new - b) < 1e-10 * b
        a, b = float(a_new), b_new
        if done:
            break
    at = float(np.log(threshold / a) / b)
    wave = a * np.exp(np.clip(b * x, -50, 50))
    rest = here - wave
    design = np.column_stack([wave / a, wave * x])
    covariance = _variance(rest, 2, noise) * np.linalg.pinv(design.T @ design)
    gradient = np.array([-1 / (a * b), -at / b])
    return at + float(u[last]), float(np.sqrt(gradient @ covariance @ gradient)), b * threshold


def _variance(rest: np.ndarray, parameters: int, noise: float) -> float:
    """Of one record about a fit: from its residuals, alike neighbours counted as one; from the noise where records are few."""
    free = len(rest) - parameters
    scatter = float(rest @ rest) / max(free, 1)
    return (scatter if free >= 10 else max(scatter, noise**2)) * inflation(rest, parameters) ** 2


def tangent(u: np.ndarray, y: np.ndarray, until: int, noise: float) -> tuple[float, float, float]:
    """Where the steepest tangent of the flank before index `until` meets y = 0: potential [V], its standard deviation (noise,
    and the choice of how much of the flank makes the tangent), and its slope dy/du.

    The steepest point is the inflection of a cubic through its neighbourhood; there the crossing does not move with the point.
    """
    found = []
    base = max(11, (until + 1) // 15)
    for factor in (0.7, 1.0, 1.4):
        points = max(7, round(base * factor)) | 1
        half = points // 2
        steep = (np.gradient(smoothed(y, points)) / np.gradient(smoothed(u, points)))[: until + 1]
        margin = min(half, until // 3)
        at = margin + int(np.argmax(steep[margin : until - margin + 1]))
        near = slice(max(at - half, 0), min(at + half, until) + 1)
        centre, scale = float(u[at]), max(float(np.ptp(u[near])) / 2, 1e-12)
        x = (u[near] - centre) / scale
        design = np.vander(x, 4, increasing=True)
        inverse = np.linalg.pinv(design.T @ design)
        c = inverse @ (design.T @ y[near])
        fine = np.linspace(x[0], x[-1], 401)
        z = float(fine[np.argmax(c[1] + 2 * c[2] * fine + 3 * c[3] * fine**2)])
        value, rise = z ** np.arange(4), np.array([0.0, 1.0, 2 * z, 3 * z**2])
        height, slope = float(value @ c), max(float(rise @ c), 1e-6 * float(np.abs(y).max()), 1e-100)
        gradient = height / slope**2 * rise - value / slope
        found.append(
            (
                centre + scale * (z - height / slope),
                scale * noise * float(np.sqrt(gradient @ inverse @ gradient)),
                slope / scale,
            )
        )
    spread, std = float(np.std([f[0] for f in found])), found[1][1]
    beyond_noise = np.sqrt(max(spread**2 - 0.5 * std**2, 0.0))  # half of the noise of one differs from window to window
    return found[1][0], float(np.hypot(std, beyond_noise)), found[1][2]


def peak_at(u: np.ndarray, y: np.ndarray, top: int, noise: float) -> tuple[float, float, float, float]:
    """Potential [V] and height of the peak about index `top`, each followed by its standard deviation.

    A polynomial of fourth order (second, where points are few) through the records above nine tenths of the top.
    """
    soft = smoothed(y, max(5, len(y) // 100))
    first, end = top, top
    while first > 0 and soft[first - 1] > 0.9 * soft[top]:
        first -= 1
    while end < len(y) - 1 and soft[end + 1] > 0.9 * soft[top]:
        end += 1
    first, end = min(first, max(top - 3, 0)), max(end, min(top + 3, len(y) - 1))
    x, here = u[first : end + 1] - u[top], y[first : end + 1]
    scale = float(np.abs(x).max())
    order = 4 if len(x) >= 15 else 2
    design = np.vander(x / scale, order + 1, increasing=True)
    c, *_ = np.linalg.lstsq(design, here, rcond=None)
    rest = here - design @ c
    covariance = _variance(rest, order + 1, noise) * np.linalg.pinv(design.T @ design)
    fine = np.linspace(x[0], x[-1], 2001) / scale
    at = float(fine[np.argmax(np.vander(fine, order + 1, increasing=True) @ c)])
    powers = np.arange(order + 1)
    value = at**powers
    first_derivative = np.where(powers > 0, powers * at ** np.maximum(powers - 1, 0), 0.0)
    bend = float(np.sum(c * powers * (powers - 1) * at ** np.maximum(powers - 2, 0)))
    for_at = first_derivative / min(bend, -1e-300)
    return (
        at * scale + float(u[top]),
        float(np.sqrt(for_at @ covariance @ for_at)) * scale,
        float(value @ c),
        float(np.sqrt(value @ covariance @ value)),
    )
