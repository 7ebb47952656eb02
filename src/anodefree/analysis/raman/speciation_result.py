"""Shares of an anion's species as estimates, curves and checks, and the figure of the band; the same for Raman and infrared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from anodefree.analysis.raman.decompose import Speciation
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNCALIBRATED_PER_CM: Final = 3.0
"""Instruments as they come are 1 to 5 1/cm off; that has an rms of 3."""
_TAIL: Final = (2.5, 97.5)
_FEWEST: Final = 12


@dataclass(frozen=True)
class Strength:
    """How much stronger the band of a coordinated anion is than that of a free one, and the relative standard deviation."""

    ratio: float
    std: float


def spectrum_of(measured: Measurement, window_per_cm: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Axis (n,) and the intensity (n,), the mean of a series.

    Raises
    ------
    DataError: the window has too few points, or nothing in it varies.
    """
    x, y = measured["shift_per_cm"].astype(float), measured["intensity"].astype(float).mean(axis=0)
    inside = (x >= window_per_cm[0]) & (x <= window_per_cm[1])
    span = f"{window_per_cm[0]:g} to {window_per_cm[1]:g} 1/cm"
    if inside.sum() < _FEWEST or x[inside][-1] - x[inside][0] < 0.8 * (window_per_cm[1] - window_per_cm[0]):
        raise DataError(
            f"has {int(inside.sum())} points between {span}", measured.source.name, "measure that range, or give another anion"
        )
    if np.ptp(y[inside]) <= 1e-12 * np.abs(y[inside]).max():
        raise DataError(f"is flat between {span}", measured.source.name, "is this the spectrum of an electrolyte?")
    return x, y


def axis_std(measured: Measurement, given_per_cm: float | None) -> tuple[float, Check]:
    """Standard deviation of the axis [1/cm]: as given, as its calibration says, else that of an uncalibrated instrument."""
    if given_per_cm is not None:
        return given_per_cm, Check("calibration", "pass", f"the axis is known to {given_per_cm:g} 1/cm, as stated")
    stated = measured.meta.get("shift_error_per_cm")
    if isinstance(stated, (int, float)) and stated >= 0 and measured.meta.get("calibrated"):
        return float(stated), Check("calibration", "pass", f"the axis was calibrated to {stated:.2g} 1/cm")
    return UNCALIBRATED_PER_CM, Check(
        "calibration",
        "warn",
        f"the axis was not calibrated: an error of {UNCALIBRATED_PER_CM:g} 1/cm is assumed; measure neon, silicon or "
        "polystyrene beside it and use raman.calibrate",
    )


def corrected(found: Speciation, strength: Strength, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws of the species' shares by number: each band's share over its strength."""
    ratio = strength.ratio * np.exp(strength.std * rng.standard_normal(len(found.drawn.free)))
    coordinated = (1 - found.drawn.free) / ratio
    total = found.drawn.free + coordinated
    return {
        "free": found.drawn.free / total,
        "coordinated": coordinated / total,
        "CIP": found.drawn.cip / ratio / total,
        "AGG": found.drawn.agg / ratio / total,
    }


def result_of(
    measured: Measurement,
    found: Speciation,
    share: dict[str, np.ndarray],
    window_per_cm: np.ndarray,
    mean_background: np.ndarray,
    odds: float,
    checks: list[Check],
) -> Result:
    """The whole result; CIP and AGG only where the odds for telling them apart reach `odds`."""
    tells = found.resolved >= odds / (1 + odds)
    labels = {
        "free": "free or weakly bound anions",
        "coordinated": "anions in contact with lithium",
        "CIP": "contact ion pairs",
        "AGG": "aggregates",
    }
    estimates = {n: _estimate(share[n], "1", labels[n], "%") for n in labels if tells or n in ("free", "coordinated")}
    estimates["position"] = _estimate(found.drawn.position_per_cm, "1/cm", "highest point of the band, on the true axis")
    estimates["width"] = _estimate(found.drawn.width_per_cm, "1/cm", "width of the band at half height")
    estimates["area"] = _estimate(found.drawn.area, "1", "area of the band")
    estimates["axis_shift"] = _estimate(
        found.drawn.shift_per_cm, "1/cm", "shift of the axis, as centres and calibration leave it"
    )
    lines, background, residual = found.best
    x = found.spectrum.x_per_cm
    below = np.interp(x, window_per_cm, mean_background)  # the points that are left: spikes are gone
    curves = {
        "shift_per_cm": ("shift", x),
        "intensity": ("shift", found.spectrum.y + below),
        "background": ("shift", below + background),
        "band": (("band", "shift"), lines),
        "band_name": ("band", np.array([s.name for s in found.whole.model.species])),
        "residual": ("shift", residual),
        "candidate": ("model", np.array([c.name for c in found.candidates])),
        "probability": ("model", found.probability),
        "draw_free": ("draw", share["free"]),
        "draw_CIP": ("draw", share["CIP"]),
        "draw_AGG": ("draw", share["AGG"]),
        "draw_position_per_cm": ("draw", found.drawn.position_per_cm),
    }
    return Result.of(estimates, curves, [*checks, *_checks(measured, found, tells, residual)])


def _estimate(draws: np.ndarray, unit: str, label: str, display: str | None = None) -> Estimate:
    some = draws[np.isfinite(draws)]
    low, high = np.percentile(some, _TAIL)
    return Estimate(float(some.mean()), float(some.std()), unit, label, display, float(low), float(high))


def _checks(measured: Measurement, found: Speciation, tells: bool, residual: np.ndarray) -> list[Check]:
    count = int(measured.data.sizes["spectrum"])
    centred = residual - residual.mean()
    follow = float(np.sum(centred[1:] * centred[:-1]) / max(float(np.sum(centred**2)), 1e-300))
    noise = found.candidates[0].model.noise
    height = float(found.best[0].sum(axis=0).max())
    checks = [
        Check.that(
            "CIP and AGG",
            tells,
            f"the spectrum tells CIP from AGG (probability {found.resolved:.2f})",
            f"the spectrum does not tell CIP from AGG (probability {found.resolved:.2f}): their shares are not given; "
            "'coordinated' holds both",
        ),
        Check.that(
            "one band",
            found.single < np.log(10),
            "one band alone does not explain the spectrum better",
            "one band alone explains the spectrum as well: it may hold one species only, and the shares are near their limits",
        ),
        Check.that(
            "residuals",
            follow < max(0.5, 3 / np.sqrt(len(residual))),
            "what the bands leave is noise",
            f"the residuals follow each other (correlation {follow:.2f}): another band, or another shape, is in the window",
        ),
        Check.that(
            "signal",
            height > 10 * noise,
            f"the band is {height / noise:.0f} times the noise",
            f"the band is only {max(height, 0) / noise:.1f} times the noise",
        ),
        Check.that(
            "sampling",
            found.effective >= 50,
            "the intervals are sampled well",
            f"the intervals rest on few independent draws ({found.effective:.0f}): run again with another seed",
        ),
        Check(
            "meaning of free",
            "pass",
            "'free' holds weakly bound anions as well: a CIP through one oxygen (C2) lies in its band",
        ),
    ]
    if found.spikes:
        checks.append(Check("spikes", "warn", f"{found.spikes} points far above the band were left out (cosmic rays)"))
    if count > 1:
        checks.append(Check("series", "warn", f"the mean of {count} spectra was taken; raman.series follows them one by one"))
    return checks


def draw_speciation(result: Result, ax: Axes, ylabel: str) -> None:
    """Measured points above their background, the bands of the species, and their sum."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    c = result.curves
    x, base = c["shift_per_cm"].values, c["background"].values
    colour = {"free": COLOURS[4], "CIP": COLOURS[1], "AGG": COLOURS[3], "coordinated": COLOURS[5]}
    ax.plot(x, c["intensity"].values - base, "o", color=SOFT, ms=2.2, mew=0, label="measured")
    for name, line in zip(c["band_name"].values, c["band"].values, strict=True):
        ax.fill_between(x, line, color=colour[str(name)], alpha=0.35, lw=0)
        ax.plot(x, line, color=colour[str(name)], lw=0.9, label=str(name))
    ax.plot(x, c["band"].values.sum(axis=0), color=INK, lw=0.9, label="sum")
    shown = [n for n in ("free", "coordinated", "CIP", "AGG") if n in result.estimates]
    told = "\n".join(f"{n} {result.estimates[n]}" for n in shown)
    ax.text(0.02, 0.98, told, transform=ax.transAxes, va="top", fontsize=6.5)
    ax.set(xlabel="wavenumber / cm$^{-1}$", ylabel=ylabel, xlim=(x[0], x[-1]))
    ax.set_ylim(top=1.4 * float(c["band"].values.sum(axis=0).max()))  # room for the words
    ax.legend(loc="upper right", handlelength=1.2)
