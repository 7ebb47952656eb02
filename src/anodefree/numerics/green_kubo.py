"""The time integral of an autocorrelation, with its standard deviation, from the low end of the flux' spectrum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_MODES: Final = 12
"""Frequencies that the narrowest fit has."""
RATIO: Final = 1.3
"""Of one width to the next."""
AGREE: Final = 3.0
"""Standard deviations of the difference by which a narrower fit may differ from one that holds all of its frequencies."""
BACK: Final = 4
"""Part of the widest fit that agrees which is taken: what agrees within the noise may still be off by part of it."""
WIDER: Final = 1.1
"""The choice of the width follows the noise; series of one to three decay times held 91 to 98 % in 2 std with it."""


@dataclass(frozen=True)
class ZeroFrequency:
    """The integral from 0 to infinity, its std, how many frequencies it rests on, and two times."""

    integral: float
    std: float
    modes: int
    shortest: float
    """1/(2π f) at the highest frequency of the fit."""
    memory: float
    """Decay time of an exponential whose spectrum bends as the line does; zero where it does not fall."""


def integral_of_autocorrelation(flux: Floats, step: float) -> ZeroFrequency:
    """∫₀^∞ <J(0)J(t)> dt of equivalent fluxes of mean zero (sample, component), with its standard deviation.

    It is half of the spectrum at f = 0. The logarithm of a periodogram is that of the spectrum plus noise whose law is known
    (variance ψ'(c) for c components), so a line in f² through the lowest frequencies gives log S(0) with its variance: a
    quarter of the most that agree with every narrower fit, whose difference to it has the difference of their variances. No
    plateau is chosen by eye. *Valid when* the step resolves the flux, and the series is longer than a dozen memories.
    *Source* Heidelberger and Welch 1981; law of the noise: Ercole et al. 2017.
    """
    from scipy.special import polygamma, psi

    n, c = flux.shape
    power = step / n * (np.abs(np.fft.rfft(flux, axis=0)) ** 2).mean(axis=1)[1 : n // 2]
    log = np.log(np.maximum(power, 1e-300)) - (psi(c) - math.log(c))
    most, noise = len(log), float(polygamma(1, c))
    fewest = min(FEWEST_MODES, most)
    widths = np.unique(np.geomspace(fewest, most, 2 + int(math.log(most / fewest) / math.log(RATIO))).astype(int))
    at_zero, std, _ = np.array([_line(log[:k], noise) for k in widths]).T
    agreed = 0
    for k in range(1, len(widths)):
        apart = np.abs(at_zero[:k] - at_zero[k])
        if (apart <= AGREE * np.sqrt(np.maximum(std[:k] ** 2 - std[k] ** 2, 0.0))).all():
            agreed = k
    modes = max(int(widths[agreed]) // BACK, fewest)
    value, spread, slope = _line(log[:modes], noise)
    integral = 0.5 * math.exp(value)
    return ZeroFrequency(
        integral,
        WIDER * integral * spread,
        modes,
        n * step / (2 * math.pi * modes),
        n * step * math.sqrt(max(-slope, 0.0)) / (2 * math.pi),
    )


def _line(log: Floats, variance: float) -> tuple[float, float, float]:
    """Value at f = 0 of the line in f², its std, and its slope, with f in units of the lowest frequency."""
    u = np.arange(1, len(log) + 1) ** 2.0
    spread = float(((u - u.mean()) ** 2).sum())
    slope = float((u - u.mean()) @ log) / spread
    at_zero = float(log.mean()) - slope * float(u.mean())
    return at_zero, math.sqrt(variance * (1 / len(log) + float(u.mean()) ** 2 / spread)), slope


def running_integral(flux: Floats, step: float) -> Floats:
    """∫₀^t <J(0)J(t')> dt' by the trapezoidal rule (lag,), mean over components; half of the series long."""
    n = len(flux)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(flux, size, axis=0)
    correlation = np.fft.irfft((spectrum * np.conj(spectrum)).mean(axis=1), size)[: n // 2] / (n - np.arange(n // 2))
    return np.asarray(step * (np.cumsum(correlation) - 0.5 * (correlation + correlation[0])))


def neighbours(flux: Floats) -> float:
    """Correlation of neighbouring samples, over components: below a half the step is too long for an integral."""
    total = float((flux**2).sum())
    return float((flux[1:] * flux[:-1]).sum()) / total if total > 0 else math.nan
