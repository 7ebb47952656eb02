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
AGREE: Final = 1.0
"""Standard deviations of a narrower fit by which a wider one may differ."""
BACK: Final = 4
"""Steps back from the widest fit that agrees: what agrees within the noise may still be off by part of it."""
WIDER: Final = 1.1
"""The choice of the width follows the noise; series of one and of two decay times held 90 to 95 % in 2 std without it."""


@dataclass(frozen=True)
class ZeroFrequency:
    """The integral from 0 to infinity, its std, how many frequencies it rests on, and the time that these resolve."""

    integral: float
    std: float
    modes: int
    memory: float
    """1/(2π f) at the highest frequency of the fit."""


def integral_of_autocorrelation(flux: Floats, step: float) -> ZeroFrequency:
    """∫₀^∞ <J(0)J(t)> dt of equivalent fluxes of mean zero (sample, component), with its standard deviation.

    It is half of the spectrum at f = 0. The logarithm of a periodogram is that of the spectrum plus noise whose law is known
    (variance ψ'(c) for c components), so a line in f² through the lowest frequencies gives log S(0) with its variance: as
    many as agree with every narrower fit, then some steps back. No plateau is chosen by eye. *Valid when* the step resolves
    the flux, and the series is longer than a dozen memories.
    *Source* Heidelberger and Welch 1981; law of the noise: Ercole et al. 2017.
    """
    from scipy.special import polygamma, psi

    n, c = flux.shape
    power = step / n * (np.abs(np.fft.rfft(flux, axis=0)) ** 2).mean(axis=1)[1 : n // 2]
    log = np.log(np.maximum(power, 1e-300)) - (psi(c) - math.log(c))
    most = len(log)
    widths = np.unique(np.geomspace(min(FEWEST_MODES, most), most, 24).astype(int))
    fits = [_line(log[:k], float(polygamma(1, c))) for k in widths]
    agreed = 0
    for k in range(1, len(fits)):
        if any(abs(fits[k][0] - narrow[0]) > AGREE * narrow[1] for narrow in fits[:k]):
            break
        agreed = k
    agreed = max(agreed - BACK, 0)
    modes, (at_zero, std) = int(widths[agreed]), fits[agreed]
    integral = 0.5 * math.exp(at_zero)
    return ZeroFrequency(integral, WIDER * integral * std, modes, n * step / (2 * math.pi * modes))


def _line(log: Floats, variance: float) -> tuple[float, float]:
    """Value at f = 0 of the line in f², and its std."""
    u = np.arange(1, len(log) + 1) ** 2.0
    spread = float(((u - u.mean()) ** 2).sum())
    slope = float((u - u.mean()) @ log) / spread
    at_zero = float(log.mean()) - slope * float(u.mean())
    return at_zero, math.sqrt(variance * (1 / len(log) + float(u.mean()) ** 2 / spread))


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
