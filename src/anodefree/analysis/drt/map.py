"""Relaxation times of a series of spectra: how the distribution moves with potential, time or temperature."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np

from anodefree.analysis.drt.distribution import Distribution, Model, distribution, spectrum_arrays, with_one_strength
from anodefree.analysis.drt.soundness import soundness
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.tikhonov import Criterion
from anodefree.physics.relaxation import zarc_impedance_ohm
from anodefree.physics.relaxation_windows import WINDOWS_S, window_resistance_ohm
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Along = Literal["auto", "potential_V", "time_s", "temperature_K", "number"]
_LABELS: Final = {
    "potential_V": "potential / V",
    "time_s": "time / s",
    "temperature_K": "temperature / K",
    "number": "number of the spectrum",
}


@stage("drt.map", version=1, cites=("chen2026", "saccoccio2014", "mackay1992"))
def series_map(
    spectra: Annotated[Impedance, Many()],
    *,
    model: Annotated[
        Model,
        Par(
            "as in drt.spectrum; a map compares spectra, so that one smoothness for all serves it",
            source="as said",
            assumed=True,
        ),
    ] = "tikhonov",
    criterion: Annotated[
        Criterion, Par("how tikhonov chooses its strength", source="lowest error on synthetic sets", assumed=True)
    ] = "marginal",
    jointly: Annotated[bool, Par("one regularisation strength for the whole series (tikhonov)")] = True,
    capacitance: Annotated[
        bool, Par("add 1/(j w C): the cell blocks at low frequency", source="a cell that passes direct current", assumed=True)
    ] = False,
    along: Annotated[Along, Par("the axis of the series; auto: potential, time or temperature, whichever is given")] = "auto",
) -> Result:
    """Distributions of relaxation times of a series of spectra: gamma over relaxation time and potential, time or temperature.

    Each spectrum as in drt.spectrum. `jointly`: all share one lambda, the one whose criterion summed over the series is least,
    so that a peak which appears or sharpens is the cell's doing and not that of another smoothness. Spectra run in threads.
    Curves: gamma_ohm (spectrum, tau) with gamma_low_ohm, gamma_high_ohm; the axis of the series; per spectrum R_inf_ohm,
    R_pol_ohm, n_peaks and window_R_ohm (spectrum, window), the resistance in each window of the paper's Fig. 7h. Estimates:
    R_inf and n_peaks (means over the series), R_pol (mean), R_pol_first, R_pol_last.
    *Valid when* each spectrum is stationary: drift within one of them shows as a slow process that is none.
    *Source* Saccoccio et al., Electrochim. Acta 147 (2014) 470; MacKay (1992); contour as in Chen et al. (2026), Fig. 7h.
    Raises DataError: fewer than two spectra, too few points, or no such axis in the measurement.
    """
    if len(spectra) < 2:
        raise DataError("holds one spectrum", spectra.source.name, "a map needs a series; drt.spectrum takes one")
    axis, at = _axis(spectra, along)
    arrays = [spectrum_arrays(spectra, i) for i in range(len(spectra))]
    if model == "tikhonov" and jointly:
        found = with_one_strength(arrays, criterion=criterion, capacitance=capacitance)
    else:
        one = partial(distribution, model=model, criterion=criterion, capacitance=capacitance)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda a: one(*a), arrays))
    return Result.of(_estimates(found), _curves(found, axis, at), kramers_kronig_checks(spectra) + _checks(found))


def _axis(spectra: Measurement, along: Along) -> tuple[str, np.ndarray]:
    if along == "auto":
        # A potential or a temperature that stays the same is no axis.
        varying = [n for n in ("potential_V", "time_s", "temperature_K") if n in spectra and np.ptp(spectra[n]) > 0]
        along = varying[0] if varying else "number"  # type: ignore[assignment]
    if along == "number":
        return along, np.arange(float(len(spectra)))
    if along not in spectra:
        raise DataError(f"gives no {along}", spectra.source.name, "choose another axis with 'along'")
    return along, spectra[along]


def _estimates(found: Sequence[Distribution]) -> dict[str, Estimate]:
    n = len(found)

    def mean(draws: list[np.ndarray], values: list[float], unit: str, label: str) -> Estimate:
        return Estimate(float(np.mean(values)), float(np.sqrt(np.sum([np.var(d) for d in draws])) / n), unit, label)

    r_pol = [_value(d) for d in found]
    peaks = [float(len(d.where.top)) for d in found]
    return {
        "R_inf": mean(
            [d.lines[:, 0] for d in found],
            [float(np.mean(d.lines[:, 0])) for d in found],
            "ohm",
            "resistance at high frequency, mean of the series",
        ),
        "R_pol": mean([d.R_pol_ohm for d in found], r_pol, "ohm", "polarisation resistance, mean of the series"),
        "R_pol_first": Estimate(r_pol[0], float(np.std(found[0].R_pol_ohm)), "ohm", "polarisation resistance at first"),
        "R_pol_last": Estimate(r_pol[-1], float(np.std(found[-1].R_pol_ohm)), "ohm", "polarisation resistance at last"),
        "n_peaks": Estimate(float(np.mean(peaks)), float(np.std(peaks) / np.sqrt(n)), "1", "peaks, mean of the series"),
    }


def _value(d: Distribution) -> float:
    step = d.log_tau[1] - d.log_tau[0]
    return float(np.mean(d.R_pol_ohm)) if d.mixture is not None else float(d.gamma_ohm.sum() * step)


def _curves(found: Sequence[Distribution], axis: str, at: np.ndarray) -> dict[str, tuple[Any, Any]]:
    longest = max(found, key=lambda d: np.ptp(d.log_tau))
    x = longest.log_tau
    bands = [np.percentile(d.draws_ohm, [2.5, 97.5], axis=0) for d in found]

    def onto(curves: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([np.interp(x, d.log_tau, g, left=0.0, right=0.0) for d, g in zip(found, curves, strict=True)])

    gamma = onto([d.gamma_ohm for d in found])
    return {
        "tau_s": ("tau", np.exp(x)),
        axis: ("spectrum", at),
        "gamma_ohm": (("spectrum", "tau"), gamma),
        "gamma_low_ohm": (("spectrum", "tau"), np.minimum(onto([b[0] for b in bands]), gamma)),
        "gamma_high_ohm": (("spectrum", "tau"), np.maximum(onto([b[1] for b in bands]), gamma)),
        "R_inf_ohm": ("spectrum", np.array([np.mean(d.lines[:, 0]) for d in found])),
        "R_inf_std_ohm": ("spectrum", np.array([np.std(d.lines[:, 0]) for d in found])),
        "R_pol_ohm": ("spectrum", np.array([_value(d) for d in found])),
        "R_pol_std_ohm": ("spectrum", np.array([np.std(d.R_pol_ohm) for d in found])),
        "n_peaks": ("spectrum", np.array([len(d.where.top) for d in found])),
        "window": ("window", np.array(list(WINDOWS_S), dtype=str)),
        "window_R_ohm": (("spectrum", "window"), np.stack([window_resistance_ohm(d.log_tau, d.gamma_ohm) for d in found])),
        "window_R_std_ohm": (
            ("spectrum", "window"),
            np.stack([window_resistance_ohm(d.log_tau, d.draws_ohm).std(axis=0) for d in found]),
        ),
    }


def _checks(found: Sequence[Distribution]) -> list[Check]:
    """Each check once: the worst spectrum's, and how many share its doubt."""
    each = [soundness(d) for d in found]
    checks = []
    for same in zip(*each, strict=True):
        doubted = [i for i, c in enumerate(same) if c.status != "pass"]
        if not doubted:
            checks.append(same[0])
            continue
        named = ", ".join(map(str, doubted[:4])) + (f" and {len(doubted) - 4} more" if len(doubted) > 4 else "")
        worst = same[doubted[0]]
        checks.append(Check(worst.name, worst.status, f"spectrum {named}: {worst.message}"))
    return checks


@series_map.plot
def draw(result: Result, ax: Axes) -> None:
    """Contours of gamma over relaxation time and the axis of the series, with the windows of the processes."""
    from anodefree.core.figure import SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    axis = next(n for n in _LABELS if n in data)
    at, order = data[axis], np.argsort(data[axis], kind="stable")
    gamma = data["gamma_ohm"][order]
    top = max(float(gamma.max()), 1e-300)
    levels = np.linspace(0, top, 13)
    filled = ax.contourf(data["tau_s"], at[order], gamma, levels=levels, cmap="viridis")
    ax.figure.colorbar(filled, ax=ax, label=r"γ(ln τ) / Ω", format="%.3g")
    low, high = 1.001 * data["tau_s"][0], data["tau_s"][-1]
    for edge in sorted({e for window in WINDOWS_S.values() for e in window}):
        if low < edge < high:
            ax.axvline(edge, color="w", lw=0.6, ls=":")
    ridge = data["tau_s"][np.argmax(gamma, axis=1)]
    ax.plot(ridge, at[order], ".", color=SOFT, ms=2, label="highest peak")
    ax.set_xscale("log")
    ax.set_xlabel("τ / s")
    ax.set_ylabel(_LABELS[axis])


@series_map.demo
def demo(rng: np.random.Generator) -> Demo:
    """Six spectra of a cell whose charge transfer, a broad process, falls while the potential rises; noise of 0.3 % of |Z|."""
    f = np.geomspace(1e5, 0.1, 51)
    w, potential = 2 * np.pi * f, np.linspace(3.4, 4.2, 6)
    r_inf, film, transfer = rng.uniform(4, 8), rng.uniform(20, 30), rng.uniform(60, 90) * np.exp(-(potential - 3.4))
    slow = 10 ** rng.uniform(-2.2, -1.9)
    z = np.stack(
        [r_inf + zarc_impedance_ohm(w, film, 2e-4, 0.75) + zarc_impedance_ohm(w, r, slow * r / 60, 0.8) for r in transfer]
    )
    z = z + 3e-3 * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {
        "frequency_Hz": np.repeat(f[None], 6, axis=0),
        "Z_re_ohm": z.real,
        "Z_im_ohm": z.imag,
        "potential_V": potential,
    }
    series = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    truth = {"R_inf": r_inf, "R_pol_first": film + transfer[0], "R_pol_last": film + transfer[-1]}
    return Demo((series,), truth)
