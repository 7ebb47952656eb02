"""Whether spectra may be analysed at all: one check for every result that rests on impedance.

Circuits and relaxation times assume a linear, causal system that stays what it is while it is measured. `kramers_kronig_checks`
says so in one sentence, or names the spectra, the decades and the likely cause. It is fast (about half a millisecond a
spectrum), never raises, and of a long series looks at evenly chosen spectra, and says that it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.result import Check
from anodefree.numerics.consistency import LEVEL, TOLERANCE, Consistency, consistency

NAME: Final = "kramers_kronig"
MOST_SPECTRA: Final = 200
LEAST_POINTS: Final = 8
_CHUNK: Final = 100


@dataclass(frozen=True)
class Fault:
    """One way in which a spectrum violates the relations: where, by how much, and what usually does that."""

    cause: str
    """drift | low | middle | high | mains | outliers"""
    where: str
    size: float
    remedy: str


def points_of(spectra: Measurement, at: Sequence[int] | np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Frequency [Hz] and complex Z [ohm] (s, f) of the spectra `at` (all), NaN where either is absent."""
    rows = np.arange(len(spectra)) if at is None else np.asarray(at)
    f, re, im = (spectra[n][rows] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"))
    good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im) & (np.hypot(re, im) > 0)
    return np.where(good, f, np.nan), np.where(good, re, np.nan) + 1j * np.where(good, im, 0.0)


def times_of(spectra: Measurement, at: Sequence[int] | np.ndarray | None = None) -> np.ndarray | None:
    """When each point was taken [s] (s, f), where the measurement says it for every point that it holds."""
    if "record_time_s" not in spectra:
        return None
    rows = np.arange(len(spectra)) if at is None else np.asarray(at)
    time = spectra["record_time_s"][rows]
    whole = np.isfinite(time) | ~np.isfinite(spectra["frequency_Hz"][rows])
    enough = (np.nanmax(np.where(whole, time, -np.inf), axis=1) > np.nanmin(np.where(whole, time, np.inf), axis=1)).all()
    return time if whole.all() and enough else None


def usable(frequency_Hz: np.ndarray) -> np.ndarray:
    """Which spectra (s,) of frequencies (s, f) can be tested: eight points, of eight different frequencies."""
    ordered = np.sort(frequency_Hz, axis=1)
    return 1 + (np.diff(ordered, axis=1) > 0).sum(axis=1) >= LEAST_POINTS


def verdicts_on(spectra: Measurement, at: Sequence[int] | np.ndarray, tolerance: float = TOLERANCE) -> list[Consistency]:
    """The verdicts on the spectra `at`, in pieces of a bounded size; each spectrum must be `usable`."""
    found = []
    for start in range(0, len(at), _CHUNK):
        rows = np.asarray(at)[start : start + _CHUNK]
        f, z = points_of(spectra, rows)
        found.append(consistency(f, z, times_of(spectra, rows), tolerance=tolerance))
    return found


def faults_of(found: Consistency, i: int) -> list[Fault]:
    """What is wrong with spectrum i of a verdict, the gravest first; empty where it passes."""
    there = found.model.weight[i] > 0
    f = found.model.frequency_Hz[i]
    every = f[there | found.outlier[i]]
    faults = []
    if found.drifts[i]:
        faults.append(_drift_fault(found, i))
    where = np.flatnonzero(found.departs[i])
    if len(where):
        faults.append(_departure_fault(found, i, where, every, bool(faults)))
    out = f[found.outlier[i]]
    if len(out):
        faults.append(_outlier_fault(out, every))
    return faults


def _drift_fault(found: Consistency, i: int) -> Fault:
    amount, std = 100 * found.drift[i], 100 * found.drift_std[i]
    lowest = float(np.nanmin(np.where(found.model.weight[i] > 0, found.model.frequency_Hz[i], np.nan)))
    return Fault(
        "drift",
        f"the polarisation {'grew' if amount > 0 else 'shrank'} by {_round(abs(amount))} ± {_round(std, 1)} % in the sweep, "
        f"which shows below {_hz(10 * lowest)}",
        abs(amount) / 100,
        "wait longer, sweep faster, or correct it (eis.drift)",
    )


def _departure_fault(found: Consistency, i: int, where: np.ndarray, every: np.ndarray, drifts: bool) -> Fault:
    worst = where[int(np.argmax(found.significance[i, where]))]
    size = float(np.abs(found.departure[i, worst]).max())
    low, high = _decade(found, i, worst, every)
    span = f"{100 * size:.2g} % of |Z| from {_hz(low)} to {_hz(high)}"
    if worst == 0:
        remedy = (
            "the same drift" if drifts else "the cell changed, or its answer is not linear: shorter sweep, smaller amplitude"
        )
        return Fault("low", span, size, remedy)
    if worst == found.departure.shape[1] - 1:
        return Fault("high", span, size, "cable or instrument: shorter leads, or leave these points out (eis.clean)")
    return Fault("middle", span, size, "a change of range, a disturbance, or a cell that is not linear: measure again")


def _decade(found: Consistency, i: int, k: int, every: np.ndarray) -> tuple[float, float]:
    step = np.sqrt(found.knot_Hz[i, 1] / found.knot_Hz[i, 0])
    return max(found.knot_Hz[i, k] / step, every.min()), min(found.knot_Hz[i, k] * step, every.max())


def _outlier_fault(out: np.ndarray, every: np.ndarray) -> Fault:
    named = ", ".join(_hz(x) for x in np.sort(out)[:4]) + (f" and {len(out) - 4} more" if len(out) > 4 else "")
    what = f"{len(out)} outlier{'s' if len(out) > 1 else ''} ({named})"
    mains = np.abs(np.log(out[:, None] / np.array([50.0, 60.0, 100.0, 120.0, 150.0, 180.0]))).min(axis=1) < 0.13
    if mains.mean() >= 0.5:
        return Fault("mains", what, 0.0, "mains pickup: shield the cell, or leave them out (eis.clean)")
    if len(out) >= 2 and out.min() >= np.sort(every)[-2 * len(out)]:
        return Fault("high", what, 0.0, "cable or instrument: shorter leads, or leave these points out (eis.clean)")
    if len(out) >= 3 and out.max() <= np.sort(every)[2 * len(out) - 1]:
        return Fault("low", what, 0.0, "the cell changed during the sweep: wait longer, or sweep faster")
    return Fault("outliers", what, 0.0, "leave them out (eis.clean)")


def _hz(value: float) -> str:
    for factor, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if value >= 0.9995 * factor:
            return f"{value / factor:.3g} {unit}"
    return f"{1e3 * value:.3g} mHz"


def kramers_kronig_checks(spectra: Measurement, only: int | None = None) -> list[Check]:
    """One check of all spectra of a measurement (or of one): do they keep the Kramers-Kronig relations? Never raises."""
    f, _ = points_of(spectra)
    can = np.flatnonzero(usable(f) & (np.arange(len(f)) == only if only is not None else True))
    if not len(can):
        return [Check(NAME, "warn", f"fewer than {LEAST_POINTS} frequencies: Kramers-Kronig was not tested")]
    at = can if len(can) <= MOST_SPECTRA else can[np.linspace(0, len(can) - 1, MOST_SPECTRA).round().astype(int)]
    verdicts = verdicts_on(spectra, at)
    bad = np.concatenate([v.violates for v in verdicts])
    noise = float(np.median(np.concatenate([v.level for v in verdicts])))
    many = len(spectra) > 1 and only is None
    scope = f" ({len(at)} of {len(spectra)} spectra tested)" if many and len(at) < len(spectra) else ""
    # Where many are tested some are flagged by chance: so many are no news, unless a violation is gross.
    chance = _by_chance(len(at))
    wrong = np.flatnonzero(bad)
    if len(wrong) <= chance and not _gross(verdicts, wrong):
        few = f"; {len(wrong)} flagged, as chance would" if len(wrong) else ""
        return [Check(NAME, "pass", f"Kramers-Kronig holds within a noise of {100 * noise:.2g} % of |Z|{few}{scope}")]
    worst = max(wrong, key=lambda j: (-np.log10(max(_p(verdicts, j), 1e-300)), -j))
    faults = faults_of(*_locate(verdicts, worst))
    said = "; ".join(f"{x.where}: {x.remedy}" for x in faults[:2])
    which = _named(at[wrong]) + (f" of {len(at)}" if len(wrong) > 4 else "") if many else ""
    lead = (
        f"Kramers-Kronig is violated by {which}{scope}, most by spectrum {at[worst]}" if many else "Kramers-Kronig is violated"
    )
    return [Check(NAME, "warn", f"{lead}: {said}")]


def _locate(verdicts: list[Consistency], j: int | np.integer) -> tuple[Consistency, int]:
    return verdicts[int(j) // _CHUNK], int(j) % _CHUNK


def _p(verdicts: list[Consistency], j: int | np.integer) -> float:
    found, i = _locate(verdicts, j)
    return float(found.p_value[i])


def _gross(verdicts: list[Consistency], wrong: np.ndarray) -> bool:
    return any(_p(verdicts, j) * max(sum(len(v.level) for v in verdicts), 1) < LEVEL for j in wrong)


def _by_chance(count: int) -> int:
    """The number of false alarms among `count` that is exceeded in 1 % of cases, at 2 % each; 0 for one."""
    from scipy.special import bdtrc

    return next(k for k in range(count + 1) if bdtrc(k, count, 2 * LEVEL) < LEVEL) if count > 1 else 0


def _named(which: np.ndarray) -> str:
    few = ", ".join(map(str, which[:4]))
    return (
        f"spectrum {few}" if len(which) == 1 else f"spectra {few}" + (f" and {len(which) - 4} more" if len(which) > 4 else "")
    )


def _round(value: float, digits: int = 2) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.{digits}g}"
