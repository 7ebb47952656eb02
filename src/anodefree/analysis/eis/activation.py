"""The classic two steps to an activation energy: a resistance at each temperature, then a line through their logarithms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.numerics.fitting import Line, york_line
from anodefree.physics.arrhenius import log_conductance


@dataclass(frozen=True)
class Activation:
    """Ea [J/mol] and ln A, their covariance (all errors), and the line they come from."""

    energy_J_mol: float
    ln_prefactor: float
    covariance: np.ndarray
    line: Line


def activation(
    temperature_K: np.ndarray,
    resistance_ohm: np.ndarray,
    relative_std: np.ndarray,
    temperature_std_K: float,
    temperature_offset_std_K: float,
    with_temperature_factor: bool,
) -> Activation:
    """Ea and ln A from R [ohm] (t,) with its relative standard deviation (t,) at T [K] (t,).

    An error d of one temperature moves both coordinates: x = 1/T by -d/T^2 and, with the factor T, y = ln(T/R) by d/T; the line
    takes both, correlated, into account. A common offset moves all points at once, so it is carried through separately.

    Raises
    ------
    ValueError: fewer than two different temperatures.
    """

    def line(offset_K: float) -> Line:
        t = temperature_K + offset_K
        x_std = temperature_std_K / t**2
        by_t = temperature_std_K / t if with_temperature_factor else np.zeros_like(t)
        y_std = np.hypot(np.maximum(relative_std, 1e-12), by_t)
        return york_line(1 / t, log_conductance(t, resistance_ohm, with_temperature_factor), x_std, y_std, -by_t / y_std)

    here, step = line(0.0), 0.01
    up, down = line(step), line(-step)
    by_offset = np.array([up.intercept - down.intercept, up.slope - down.slope]) / (2 * step) * temperature_offset_std_K
    covariance = here.covariance * here.birge**2 + np.outer(by_offset, by_offset)
    turn = np.array([[0.0, -GAS_J_MOL_K], [1.0, 0.0]])  # (intercept, slope) -> (Ea, ln A)
    return Activation(-GAS_J_MOL_K * here.slope, here.intercept, turn @ covariance @ turn.T, here)


def curvature_t(x: np.ndarray, y: np.ndarray, y_std: np.ndarray) -> float:
    """The quadratic coefficient of y against x over its standard error (at least that of the scatter); 0 for few points."""
    if len(x) < 4 or len(np.unique(x)) < 4:
        return 0.0
    u = (x - x.mean()) / np.ptp(x)
    matrix = np.vander(u, 3) / y_std[:, None]
    coefficients, rest, _, _ = np.linalg.lstsq(matrix, y / y_std, rcond=None)
    scatter = max(1.0, float(rest[0]) / (len(x) - 3)) if len(rest) else 1.0
    return float(coefficients[0] / np.sqrt(np.linalg.inv(matrix.T @ matrix)[0, 0] * scatter))
