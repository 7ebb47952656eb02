"""Shapes of core levels, of unit area: Gauss-Lorentz product and sum, Voigt, Doniach-Sunjic; and the background under them.

`width_eV` is the full width at half maximum, `mixing` the Lorentzian part (0 Gauss, 1 Lorentz). Energies are binding energies,
so losses lie at higher ones. Everything broadcasts.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

Shape = Literal["gl_product", "gl_sum", "voigt", "doniach_sunjic"]
Background = Literal["shirley", "tougaard_u2", "tougaard_u3", "linear", "shirley_static"]

_LN2: Final = float(np.log(2.0))
_OLIVERO: Final = (0.5346, 0.2166)
TOUGAARD: Final = {"tougaard_u2": (1643.0, 1.0, 0.0), "tougaard_u3": (551.0, -1.0, 436.0)}
"""C [eV2], sign of T2, D [eV2] of K(T) = B T/((C ± T2)2 + D T2): the universal curve, and that of polymers (Tougaard 1997)."""
_NODES: Final = np.linspace(-3.0, 3.0, 25)
_WEIGHTS: Final = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()


def line(shape: Shape, offset_eV: np.ndarray, width_eV: np.ndarray, mixing: np.ndarray, asymmetry: float = 0.0) -> np.ndarray:
    """A line of unit area [1/eV] at distances `offset_eV` from its position.

    *Source* product and sum: as CasaXPS writes GL(m) and SGL(m); Voigt: the real part of the Faddeeva function, its Gaussian
    width from the full one by Olivero and Longbothum; Doniach-Sunjic: J. Phys. C 3 (1970) 285, with Gaussian broadening. The
    latter has no finite area (its tail falls too slowly): it is of the order of 1/width, and `on_grid` normalises it.
    """
    u = offset_eV / width_eV
    if shape == "gl_product":
        return _product(u, mixing) / width_eV
    if shape == "gl_sum":
        gauss = 2 * np.sqrt(_LN2 / np.pi) * np.exp(-4 * _LN2 * u**2)
        lorentz = 2 / np.pi / (1 + 4 * u**2)
        # The height, not the area, is mixed.
        part = mixing * (np.pi / 2) / (mixing * (np.pi / 2) + (1 - mixing) * np.sqrt(np.pi / _LN2) / 2)
        return ((1 - part) * gauss + part * lorentz) / width_eV
    sigma, gamma = _voigt_widths(width_eV, mixing)
    if shape == "voigt":
        from scipy.special import voigt_profile

        voigt: np.ndarray = voigt_profile(offset_eV, sigma, gamma)
        return voigt
    return _doniach_sunjic(offset_eV, sigma, gamma, asymmetry) / width_eV


def _product(u: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    from scipy.special import erfcx

    m = np.clip(mixing, 1e-9, 1.0)
    area = np.pi / (2 * np.sqrt(m)) * erfcx(np.sqrt(_LN2 * (1 - m) / m))
    product: np.ndarray = np.exp(-4 * _LN2 * (1 - m) * u**2) / (1 + 4 * m * u**2) / area
    return product


def _voigt_widths(width_eV: np.ndarray, mixing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian standard deviation and Lorentzian half width of a Voigt line whose Lorentzian full width is mixing x width."""
    a, b = _OLIVERO
    lorentz = np.clip(mixing, 1e-6, 0.999) * width_eV
    gauss = np.sqrt(np.maximum((width_eV - a * lorentz) ** 2 - b * lorentz**2, 1e-12))
    return gauss / np.sqrt(8 * _LN2), lorentz / 2


def _doniach_sunjic(offset_eV: np.ndarray, sigma: np.ndarray, gamma: np.ndarray, asymmetry: float) -> np.ndarray:
    x = -(offset_eV[..., None] - np.asarray(sigma)[..., None] * _NODES)
    g = np.asarray(gamma)[..., None]
    angle = np.pi * asymmetry / 2 + (1 - asymmetry) * np.arctan(x / g)
    broadened: np.ndarray = (np.cos(angle) / (1 + (x / g) ** 2) ** ((1 - asymmetry) / 2)) @ _WEIGHTS
    return broadened


def on_grid(values: np.ndarray, energy_eV: np.ndarray) -> np.ndarray:
    """Lines (…, energy) with unit area over the grid, for those whose area is not finite."""
    return values / (values @ np.gradient(energy_eV))[..., None]


def background_matrix(kind: Background, energy_eV: np.ndarray) -> np.ndarray:
    """M (n, n): what a spectrum of lines p [counts] leaves at higher binding energies, per unit of its strength, is M p.

    Shirley: the integral of the lines below, M p = ∫ p dE' (strength in 1/eV). Tougaard: ∫ K(E - E') p dE' with K of unit
    area (strength 1 where every electron loses energy once). Linear, and a Shirley taken off before: nothing.
    *Source* Shirley 1972; Tougaard 1988, 1997; both inside the fit: Herrera-Gomez et al. 2014.
    """
    n = len(energy_eV)
    if kind in ("linear", "shirley_static"):
        return np.zeros((n, n))
    cell = np.gradient(energy_eV)
    loss = energy_eV[:, None] - energy_eV
    if kind == "shirley":
        return (np.tril(np.ones((n, n)), -1) + 0.5 * np.eye(n)) * cell
    c, sign, d = TOUGAARD[kind]
    return np.where(loss > 0, _kernel(loss, c, sign, d) / _kernel_area(c, sign, d), 0.0) * cell


def _kernel(loss_eV: np.ndarray, c: float, sign: float, d: float) -> np.ndarray:
    return loss_eV / ((c + sign * loss_eV**2) ** 2 + d * loss_eV**2)


def _kernel_area(c: float, sign: float, d: float) -> float:
    """∫ T/((C ± T2)2 + D T2) dT from 0 to infinity, in closed form: half an integral over T2."""
    if d == 0:
        return 1 / (2 * c)
    b = 2 * sign * c + d  # T4 + b T2 + C2
    root = np.sqrt(complex(b**2 - 4 * c**2))
    if abs(root.imag) > 0:
        return float(0.5 * (2 / root.imag) * (np.pi / 2 - np.arctan(b / root.imag)))
    return float(0.5 / root.real * np.log((b + root.real) / (b - root.real)))


def static_shirley(energy_eV: np.ndarray, counts: np.ndarray, ends: int = 5, rounds: int = 50) -> np.ndarray:
    """The usual Shirley background, iterated between the means of the first and last `ends` points, before any fit.

    *Source* Shirley 1972; Proctor and Sherwood 1982 for the iteration.
    """
    low, high = float(counts[:ends].mean()), float(counts[-ends:].mean())
    background = np.linspace(low, high, len(counts))
    cell = np.gradient(energy_eV)
    for _ in range(rounds):
        grown = np.cumsum((counts - background) * cell)
        if not abs(grown[-1]) > 1e-12:
            break
        new = low + (high - low) * grown / grown[-1]
        if np.abs(new - background).max() <= 1e-9 * max(abs(high), abs(low), 1.0):
            break
        background = new
    return background
