"""Spectra of a changing cell as they would have been at one instant: interpolated in time, or each freed of its own drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.eis.validity import points_of, times_of, usable
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.consistency import consistency, sweep_fraction
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def at_instant(time_s: np.ndarray, z_ohm: np.ndarray, instant_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z (i, f) at common instants (i,), from Z (s, f) taken at times (s, f) that rise with s, and the same by straight lines.

    A cubic spline through all spectra from four on, a polynomial through two or three; the difference to the straight line
    tells how much rests on the interpolation.
    """
    from scipy.interpolate import CubicSpline, KroghInterpolator

    smooth = np.empty((len(instant_s), z_ohm.shape[1]), dtype=complex)
    straight = np.empty_like(smooth)
    for k in range(z_ohm.shape[1]):
        t, z = time_s[:, k], z_ohm[:, k]
        curve = CubicSpline(t, z) if len(t) > 3 else KroghInterpolator(t, z)
        smooth[:, k] = curve(instant_s)
        straight[:, k] = np.interp(instant_s, t, z.real) + 1j * np.interp(instant_s, t, z.imag)
    return smooth, straight


def own_drift(
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, time_s: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Z (s, f) as at the beginning of each sweep, and the drift of each polarisation during its sweep with its error (s,).

    The measured Z is R + j w L + (1 + d t/D) (Z0 - R - j w L) to first order in a change that all of the polarisation shares;
    d is that which leaves a Kramers-Kronig consistent Z0, by three rounds of generalised least squares.
    """
    passed = sweep_fraction(frequency_Hz)
    if time_s is not None:
        first, last = np.nanmin(time_s, axis=1, keepdims=True), np.nanmax(time_s, axis=1, keepdims=True)
        passed = np.nan_to_num((time_s - first) / (last - first))
    total = np.zeros(len(z_ohm))
    z = z_ohm
    for _ in range(3):
        found = consistency(frequency_Hz, z, time_s)
        total = (1 + total) * (1 + found.drift) - 1
        series = found.model.series
        base = series[:, :1] + 2j * np.pi * np.nan_to_num(frequency_Hz) * series[:, 1:2]
        z = base + (z_ohm - base) / (1 + total[:, None] * passed)
    return z, total, found.drift_std


@stage("eis.drift", version=1, cites=("stoynov1985", "boukamp1995"))
def drift(
    spectra: Impedance,
    *,
    each_alone: Annotated[
        bool, Par("correct each spectrum by its own drift, not by its neighbours (a series without times, or of other states)")
    ] = False,
) -> Impedance:
    """Impedance spectra corrected for a cell that changes while they are measured.

    Series (default): at each frequency Z(f, t) is interpolated in time through all spectra, and read at one instant for all
    frequencies: that at which the last point of each sweep was taken. Z(f, t*) = S_f(t*), S_f a cubic spline (a polynomial for
    two or three spectra) through (t_i(f), Z_i(f)). The last sweep has no successor and is left out. Times are `record_time_s`.
    A single spectrum, or `each_alone`: Z0 = R + j w L + (Z - R - j w L)/(1 + d t/D), where t/D is the part of the sweep that
    has passed and d the growth of the polarisation, the one that leaves a Kramers-Kronig consistent Z0: the state at the
    sweep's beginning, valid to first order in a change that the whole polarisation shares.
    Metadata: `corrected` says what was done; `interpolation_ohm` is the largest difference between spline and straight line, a
    bound of what rests on the interpolation; `drift` and `drift_std` list d of each spectrum. Noise is that of the measured
    points, about. *Valid when* the change is smooth over the time between two spectra. *Source* Stoynov and
    Savova-Stoynov, J. Electroanal. Chem. 183 (1985) 133; the single-spectrum form is derived here.
    Raises DataError: no times in a series, different frequencies, times that do not rise, too few points.
    """
    f, z = points_of(spectra)
    if len(spectra) == 1 or each_alone:
        return _alone(spectra, f, z)
    time = times_of(spectra)
    where = spectra.source.name
    if time is None:
        raise DataError(
            "holds no time of each point", where, "give 'record_time_s', or correct each spectrum by itself (each_alone)"
        )
    if not np.allclose(f, f[:1], rtol=1e-3, equal_nan=True):
        raise DataError("its spectra have different frequencies", where, "measure one list of frequencies, or use each_alone")
    there = np.isfinite(f[0])
    t = time[:, there]
    if not (np.diff(t, axis=0) > 0).all():
        raise DataError("its times do not rise from spectrum to spectrum", where, "give the files in the order of measurement")
    instants = t.max(axis=1)
    kept = instants <= t[-1].min() + 1e-9 * np.ptp(t)
    if not kept.any():
        raise DataError("its sweeps overlap in time", where, "are the times those of the points?")
    smooth, straight = at_instant(t, z[:, there], instants[kept])
    out = np.full((int(kept.sum()), f.shape[1]), np.nan + 0j)
    out[:, there] = smooth
    arrays: dict[str, np.ndarray] = {
        "frequency_Hz": f[kept],
        "Z_re_ohm": out.real,
        "Z_im_ohm": out.imag,
        "time_s": instants[kept],
    }
    for name in ("temperature_K", "potential_V"):
        if name in spectra:
            arrays[name] = np.array([np.interp(x, t.min(axis=1), spectra[name]) for x in instants[kept]])
    said = {
        "corrected": f"interpolated in time to one instant per spectrum; the last {len(z) - len(out)} of {len(z)} left out",
        "interpolation_ohm": float(np.abs(smooth - straight).max()),
    }
    return Measurement.of(IMPEDANCE, arrays, {**spectra.meta, **said}, name=where)


def _alone(spectra: Measurement, f: np.ndarray, z: np.ndarray) -> Measurement:
    short = np.flatnonzero(~usable(f))
    if len(short):
        raise DataError("fewer than eight frequencies", f"{spectra.source.name}, spectrum {short[0]}", "measure more of them")
    corrected, amount, std = own_drift(f, z, times_of(spectra))
    arrays = {"frequency_Hz": f, "Z_re_ohm": corrected.real, "Z_im_ohm": np.where(np.isfinite(f), corrected.imag, np.nan)}
    arrays |= {n: spectra[n] for n in ("temperature_K", "potential_V", "time_s") if n in spectra}
    said = {
        "corrected": "each spectrum freed of its own drift, as at the beginning of its sweep",
        "drift": [float(x) for x in amount],
        "drift_std": [float(x) for x in std],
    }
    return Measurement.of(IMPEDANCE, arrays, {**spectra.meta, **said}, name=spectra.source.name)


@drift.plot
def draw(spectra: Measurement, ax: Axes) -> None:
    """Nyquist plot of the corrected spectra, from first to last."""
    from anodefree.core.figure import nyquist

    nyquist(ax, spectra["Z_re_ohm"], spectra["Z_im_ohm"], [f"spectrum {i}" for i in range(len(spectra))])


@drift.demo
def demo(rng: np.random.Generator) -> Demo:
    """Six sweeps of an interface that meanwhile grows by half, without noise; the truth is Z at the end of each sweep."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)")
    f = np.geomspace(1e5, 0.1, 41)
    base = np.array([5.0, rng.uniform(20, 40), 2e-5, 0.85, rng.uniform(30, 60), 2e-3, 0.9])
    each = 3 / f + 0.2
    within = np.cumsum(each) - each / 2
    time = within + 1.2 * each.sum() * np.arange(6)[:, None]

    def cell(t: np.ndarray) -> np.ndarray:
        values = np.repeat(np.repeat(base[None, None], t.shape[0], axis=0), t.shape[1], axis=1)
        values[..., 4] *= 1 + 0.5 * (1 - np.exp(-2 * t / time.max())) / (1 - np.exp(-2))
        return circuit.impedance(2 * np.pi * f[:, None], values)[..., 0]

    z, truth = cell(time), cell(np.repeat(time[:-1, -1:], len(f), axis=1))
    arrays = {"frequency_Hz": np.repeat(f[None], 6, axis=0), "Z_re_ohm": z.real, "Z_im_ohm": z.imag, "record_time_s": time}
    series = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((series,), {"Z_re_ohm": truth.real, "Z_im_ohm": truth.imag}, {}, 2e-3)
