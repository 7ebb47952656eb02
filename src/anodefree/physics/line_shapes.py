"""Line shapes of unit area and a given full width at half maximum: Gauss, Lorentz, and the pseudo-Voigt between them."""

from __future__ import annotations

import numpy as np

_GAUSS = 4 * np.log(2)


def gauss(distance: np.ndarray, fwhm: np.ndarray | float) -> np.ndarray:
    """sqrt(4 ln2/pi)/w exp(-4 ln2 d^2/w^2)."""
    u = distance / fwhm
    return np.sqrt(_GAUSS / np.pi) / fwhm * np.exp(-_GAUSS * u * u)


def lorentz(distance: np.ndarray, fwhm: np.ndarray | float) -> np.ndarray:
    """2/(pi w)/(1 + 4 d^2/w^2)."""
    u = distance / fwhm
    return 2 / (np.pi * fwhm) / (1 + 4 * u * u)


def pseudo_voigt(distance: np.ndarray, fwhm: np.ndarray | float, lorentzian: np.ndarray | float) -> np.ndarray:
    """m L + (1 - m) G, both of the same width; m is the Lorentzian share of the area."""
    return lorentzian * lorentz(distance, fwhm) + (1 - lorentzian) * gauss(distance, fwhm)


def voigt_width(gauss_fwhm: float, lorentz_fwhm: float) -> float:
    """Width of the convolution of the two, to 0.02 % (Olivero and Longbothum, 1977)."""
    return 0.5346 * lorentz_fwhm + float(np.sqrt(0.2166 * lorentz_fwhm**2 + gauss_fwhm**2))
