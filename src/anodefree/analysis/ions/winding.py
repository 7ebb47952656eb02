"""The least-squares fit of one helix, damped or not, to a track: kernel of `ions.helix`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.lorentz import propagator

Floats = NDArray[np.float64]

ROUNDING = 1e-14
"""Residuals below this fraction of the track's extent say nothing."""


@dataclass(frozen=True)
class Winding:
    """x + iy = c + ut + A e^(-(g + iω)t) and z = z₀ + z₁C(t) + z₂D(t), fitted; time runs from 0 to 1 over the track.

    `values` are Re c, Im c, Re u, Im u, Re A, Im A, z₀, z₁, z₂, ω and, where damped, g.
    """

    values: Floats
    covariance: Floats
    path: Floats
    sigma_m: float
    criterion: float

    @property
    def damped(self) -> bool:
        """Whether the radius decays."""
        return len(self.values) == 11


def axial_basis(damping: float, t: Floats) -> Floats:
    """1, C(t), D(t): what uniform force and drag make of a straight motion (1, t, t²/2 without drag)."""
    _, C, D = propagator(damping, t)
    return np.stack([np.ones_like(t), C, D], axis=1)


def project(
    t: Floats, s: NDArray[np.complex128], z: Floats, frequency: float, damping: float
) -> tuple[NDArray[np.complex128], Floats, Floats]:
    """Linear coefficients across (3, complex) and along (3) at a given frequency and damping, and the path (3, point)."""
    across = across_basis(t, frequency, damping)
    along = axial_basis(damping, t)
    a, b = np.linalg.lstsq(across, s, rcond=None)[0], np.linalg.lstsq(along, z, rcond=None)[0]
    path = across @ a
    drawn = np.array([path.real, path.imag, along @ b], dtype=np.float64)
    return np.asarray(a, dtype=np.complex128), np.asarray(b, dtype=np.float64), drawn


def across_basis(t: Floats, frequency: float, damping: float) -> NDArray[np.complex128]:
    """1, t, e^(-(g + iω)t): a steady drift and a gyration."""
    return np.stack([np.ones_like(t), t, np.exp(-(damping + 1j * frequency) * t)], axis=1)


def misfit_across(t: Floats, s: NDArray[np.complex128], frequency: float, damping: float) -> float:
    """Sum of squares that the best path of this frequency and damping leaves across the field."""
    across = across_basis(t, frequency, damping)
    return float(np.sum(np.abs(s - across @ np.linalg.lstsq(across, s, rcond=None)[0]) ** 2))


def starting_points(t: Floats, s: NDArray[np.complex128], damped: bool) -> list[tuple[float, float]]:
    """(ω, g) to try: the strongest line of the spectrum, fractions of a turn to two turns, and g of a few decays a track."""
    even = np.linspace(0.0, 1.0, len(t))
    level = np.interp(even, t, s.real) + 1j * np.interp(even, t, s.imag)
    level -= np.polyval(np.polyfit(even, level, 1), even)
    size = 4 * len(t)
    line = -2.0 * math.pi * float(np.fft.fftfreq(size, even[1])[np.argmax(np.abs(np.fft.fft(level, size)))])
    low = [sign * 2.0 * math.pi * n for n in (0.25, 0.5, 1.0, 2.0) for sign in (1, -1)]
    if not damped:
        return [(w, 0.0) for w in (line, *low)]
    return [(w, g) for g in (0.5, 2.0, 8.0, 40.0, 5.0 * len(t)) for w in (line, *low, g, -g)]


def fit_winding(t: Floats, position: Floats, damped: bool) -> Winding:
    """Least squares of one helix on positions (3, point) with equal noise on x, y and z; t runs from 0 to 1.

    The linear coefficients are projected out (Golub and Pereyra 1973); the covariance is that of all parameters at the optimum.
    """
    from scipy.optimize import least_squares

    scale = float(np.ptp(position, axis=1).max()) or 1.0
    s, z = (position[0] + 1j * position[1]) / scale, position[2] / scale
    data = np.array([s.real, s.imag, z], dtype=float)

    def residual(p: Floats) -> Floats:
        return np.asarray(project(t, s, z, p[0], p[1] if damped else 0.0)[2] - data).ravel()

    tried = starting_points(t, s, damped)
    start = np.array(min(tried, key=lambda p: misfit_across(t, s, *p))[: 2 if damped else 1])
    bounds = ([-np.inf, 0.0], np.inf) if damped else (-np.inf, np.inf)
    best = least_squares(residual, start, "2-point", bounds, x_scale=np.maximum(np.abs(start), 1.0), xtol=1e-9, ftol=1e-12).x
    for _ in range(6):  # Gauss-Newton with exact derivatives: quadratic where the noise is small
        a, b, path = project(t, s, z, best[0], best[1] if damped else 0.0)
        slope = _jacobian(t, a, b, best[0], best[1] if damped else 0.0)[:, : 9 + len(best)]
        move = np.linalg.lstsq(slope, (data - path).ravel(), rcond=1e-13)[0][9:]
        if (damped and best[1] + move[1] < 0) or np.sum(residual(best + move) ** 2) >= np.sum((path - data) ** 2):
            break
        best = best + move
    frequency, damping = float(best[0]), float(best[1]) if damped else 0.0

    a, b, path = project(t, s, z, frequency, damping)
    values = np.array([*np.stack([a.real, a.imag], axis=1).ravel(), *b, frequency, *([damping] if damped else [])])
    count, free = data.size, data.size - len(values)
    square = max(float(np.sum((path - data) ** 2)), count * ROUNDING**2)
    sigma = math.sqrt(square / free)
    slope = _jacobian(t, a, b, frequency, damping)[:, : len(values)]
    size = np.linalg.norm(slope, axis=0)
    size[size == 0] = 1.0
    inverse = np.linalg.pinv(slope / size, rcond=1e-13)
    covariance = sigma**2 * (inverse @ inverse.T) / np.outer(size, size)
    unit = np.array([*[scale] * 9, 1.0, 1.0])[: len(values)]
    return Winding(
        values * unit,
        covariance * np.outer(unit, unit),
        path * scale,
        sigma * scale,
        count * math.log(square * scale**2 / count) + (len(values) + 1) * math.log(count),
    )


def _jacobian(t: Floats, a: NDArray[np.complex128], b: Floats, frequency: float, damping: float) -> Floats:
    """Derivatives of the path (x, y, z stacked) by the eleven parameters."""
    n, wave = len(t), np.exp(-(damping + 1j * frequency) * t)
    J = np.zeros((3 * n, 11))
    columns = {0: 1.0 + 0j * t, 2: t + 0j, 4: wave}
    for k, column in columns.items():
        J[:n, k], J[n : 2 * n, k] = column.real, column.imag
        J[:n, k + 1], J[n : 2 * n, k + 1] = -column.imag, column.real
    J[2 * n :, 6:9] = axial_basis(damping, t)
    turning, decaying = -1j * t * a[2] * wave, -t * a[2] * wave
    J[:n, 9], J[n : 2 * n, 9] = turning.real, turning.imag
    J[:n, 10], J[n : 2 * n, 10] = decaying.real, decaying.imag
    d = 1e-4
    J[2 * n :, 10] = (axial_basis(damping + d, t) - axial_basis(damping - d, t)) @ b / (2 * d)
    return J


def quantities(values: Floats) -> Floats:
    """Gyroradius, frequency, axial speed, pitch, turns, and Hall parameter where damped; in m and track durations."""
    frequency, damping = values[9], values[10] if len(values) == 11 else 0.0
    advance = float((axial_basis(damping, np.ones(1)) @ values[6:9])[0] - values[6])
    lasting = min(1.0, 1.0 / damping) if damping > 0 else 1.0
    period = 2.0 * math.pi / abs(frequency)
    found = [math.hypot(values[4], values[5]), frequency, advance, advance * period, lasting / period]
    return np.array(found + ([abs(frequency) / damping] if len(values) == 11 else []))


def spread(of: Callable[[Floats], Floats], values: Floats, covariance: Floats) -> Floats:
    """Standard deviations of functions of the parameters, to first order."""
    step = 1e-3 * np.sqrt(np.diag(covariance)) + 1e-12 * np.abs(values)
    slope = np.stack([(of(values + h) - of(values - h)) / (2 * h.sum()) for h in np.diag(np.maximum(step, 1e-300))], axis=1)
    return np.sqrt(np.diag(slope @ covariance @ slope.T))
