"""What Green-Kubo stages share: even times, the integral as an estimate, its checks, its curves and its figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.result import Check, Result
from anodefree.errors import DataError
from anodefree.numerics.green_kubo import ZeroFrequency, integral_of_autocorrelation, neighbours, running_integral

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST: Final = 200
RESOLVED: Final = 0.5
LONG: Final = 50
"""Decay times that a series must hold: of slower ones part is missed."""


@dataclass(frozen=True)
class Integrated:
    """A Green-Kubo integral in its own unit, with what its figure and checks need."""

    found: ZeroFrequency
    value: float
    std: float
    lag_s: np.ndarray
    running: np.ndarray
    checks: list[Check]


def integrated(time_s: np.ndarray, flux: np.ndarray, factor: float, where: str) -> Integrated:
    """factor ∫₀^∞ <J(0)J(t)> dt of fluxes (sample, component) at even times.

    Raises
    ------
    DataError: fewer than two hundred samples, uneven times, or a flux that is zero or no number.
    """
    if len(time_s) < FEWEST:
        raise DataError(f"has {len(time_s)} samples", where, f"{FEWEST} at least are needed")
    step = float(time_s[1] - time_s[0])
    if step <= 0 or np.abs(np.diff(time_s) - step).max() > 1e-3 * step:
        raise DataError("its samples are not evenly spaced", where, "keep every n-th sample of the run")
    scale = float(np.sqrt((flux**2).mean()))
    if not np.isfinite(scale) or scale == 0:
        raise DataError("its flux is zero or no number", where, "are charges, velocities and stresses those of the run?")
    found = integral_of_autocorrelation(flux / scale, step)
    near = neighbours(flux / scale)
    keep = min(len(flux) // 2, max(int(20 * found.shortest / step), 20))
    length = step * len(flux)
    known = f"what decays more slowly than {1e12 * length / LONG:.2g} ps is not in it"
    checks = [
        Check.that(
            "resolved",
            near >= RESOLVED,
            f"the samples resolve the flux (neighbours correlate by {near:.2f})",
            f"neighbouring samples correlate by {near:.2f} only: the integral misses what is between them; sample more often",
            otherwise="fail",
        ),
        Check.that(
            "length",
            found.memory * LONG < length,
            f"the series holds {LONG} of its decay times and more; {known}",
            f"the flux decays over {1e12 * found.memory:.2g} ps, the series of {1e12 * length:.3g} ps is too short; {known}",
        ),
    ]
    unit = factor * scale**2
    running = unit * running_integral(flux / scale, step)[:keep]
    return Integrated(found, unit * found.integral, unit * found.std, step * np.arange(keep), running, checks)


def draw_running(result: Result, ax: Axes, name: str, ylabel: str, scale: float = 1.0) -> None:
    """The running integral, and the value at frequency zero with two standard deviations."""
    e = result.estimates[name]
    lag = 1e12 * result.curves["lag_s"].values
    ax.plot(lag, scale * result.curves[f"running_{ylabel_unit(result)}"].values, color=COLOURS[0], label="running integral")
    ax.axhline(scale * e.value, color=INK, linewidth=0.8, label=f"from the spectrum, {e}")
    ax.axhspan(scale * (e.value - 2 * e.std), scale * (e.value + 2 * e.std), color=COLOURS[1], alpha=0.2, linewidth=0)
    ax.set(xlabel="time / ps", ylabel=ylabel)
    ax.legend(fontsize=6)


def ylabel_unit(result: Result) -> str:
    """The suffix of the running integral's unit."""
    return next(str(n).removeprefix("running_") for n in result.curves.data_vars if str(n).startswith("running_"))
