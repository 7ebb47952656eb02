"""Distributions of relaxation times known in closed form, and the impedance of any distribution.

Z(w) = integral of gamma / (1 + j w tau) over ln tau, with gamma [ohm] per unit of ln tau; the integral of gamma is the
polarisation resistance R. With x = ln(tau / tau0):

| distribution | gamma / R | Z / R |
|---|---|---|
| ZARC, 0 < phi < 1 | sin((1 - phi) pi) / (2 pi (cosh(phi x) - cos((1 - phi) pi))) | 1 / (1 + (j w tau0)^phi) |
| Havriliak-Negami | sin(beta arg q) / (pi abs(q)^beta), q = 1 + exp(j pi alpha - alpha x) | 1 / (1 + (j w tau0)^alpha)^beta |
| generalised normal | p exp(-abs(x / s)^p) / (2 s Gamma(1 / p)) | by quadrature |
| smooth box from a to b | (tanh(ln(tau / a) / e) - tanh(ln(tau / b) / e)) / (2 ln(b / a)) | by quadrature |

The generalised normal is Laplace's at p = 1, the log-normal at p = 2 (s = sqrt(2) sigma) and uniform as p grows.
*Valid when* the cell is linear and stationary. *Source*: Boukamp, J. Phys. Energy 2 (2020) 042001, sections 2 and 3;
Subbotin, Mat. Sbornik 31 (1923) 296, for the generalised normal.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gamma as gamma_function


def zarc_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, phi: float) -> np.ndarray:
    """The distribution of a ZARC (a resistance beside a constant-phase element)."""
    x = phi * np.log(tau_s / tau0_s)
    turn = (1 - phi) * np.pi
    return r_ohm / (2 * np.pi) * np.sin(turn) / (np.cosh(np.clip(x, -700, 700)) - np.cos(turn))


def zarc_impedance_ohm(omega_rad_s: np.ndarray, r_ohm: float, tau0_s: float, phi: float) -> np.ndarray:
    """R / (1 + (j w tau0)^phi)."""
    return r_ohm / (1 + (1j * omega_rad_s * tau0_s) ** phi)


def havriliak_negami_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, alpha: float, beta: float) -> np.ndarray:
    """The distribution of a Havriliak-Negami element: alpha broadens it, beta skews it."""
    x = np.clip(alpha * np.log(tau_s / tau0_s), -600, 600)
    q = 1 + np.exp(1j * np.pi * alpha - x)
    return r_ohm / np.pi * np.sin(beta * np.angle(q)) / np.abs(q) ** beta


def havriliak_negami_impedance_ohm(
    omega_rad_s: np.ndarray, r_ohm: float, tau0_s: float, alpha: float, beta: float
) -> np.ndarray:
    """R / (1 + (j w tau0)^alpha)^beta."""
    return r_ohm / (1 + (1j * omega_rad_s * tau0_s) ** alpha) ** beta


def generalised_normal_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, s: float, p: float) -> np.ndarray:
    """A distribution whose flanks fall as exp(-|x/s|^p): from a cusp (p = 1) over the log-normal (p = 2) to a plateau."""
    x = np.minimum(np.abs(np.log(tau_s / tau0_s)) / s, 1e3)
    return r_ohm * p / (2 * s * gamma_function(1 / p)) * np.exp(-np.minimum(x**p, 700.0))


def log_normal_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, sigma: float) -> np.ndarray:
    """Normal in ln tau with standard deviation sigma."""
    return generalised_normal_gamma_ohm(tau_s, r_ohm, tau0_s, np.sqrt(2) * sigma, 2.0)


def box_gamma_ohm(tau_s: np.ndarray, r_ohm: float, low_s: float, high_s: float, edge: float) -> np.ndarray:
    """Constant between two relaxation times, with edges of that width in ln tau."""
    rise, fall = np.tanh(np.log(tau_s / low_s) / edge), np.tanh(np.log(tau_s / high_s) / edge)
    return r_ohm * (rise - fall) / (2 * np.log(high_s / low_s))


def impedance_of_gamma_ohm(
    omega_rad_s: np.ndarray, gamma_ohm: Callable[[np.ndarray], np.ndarray], *, step: float = 0.02, decades: float = 12.0
) -> np.ndarray:
    """Z of any distribution, by the trapezoidal rule in ln tau: `decades` beyond the frequencies on both sides.

    The rule converges as exp(-pi^2 / step) and exp(-2 pi d / step), d the distance of gamma's nearest pole from the real axis.
    """
    reach = decades * np.log(10)
    x = np.arange(-np.log(omega_rad_s.max()) - reach, -np.log(omega_rad_s.min()) + reach, step)
    tau = np.exp(x)
    return (1 / (1 + 1j * np.outer(omega_rad_s, tau))) @ gamma_ohm(tau) * step
