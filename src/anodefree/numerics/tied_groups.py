"""Groups whose parameters follow common laws with scatter: a linear mixed model, solved through its bordered blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.numerics.joint_fitting import Quadratic, bordered


@dataclass(frozen=True)
class Laws:
    """What is known about the parameters x_g (k,) of group g before its data: x_g = mean_g + design_g c + d_g + v_g.

    c (b,) are the laws' coefficients, with a prior precision about zero each (0: nothing is known); d_g is a normal deviation
    of the known covariance `known_g`; v_g are independent normal deviations of a standard deviation of their own for each
    parameter, the scatter, which is estimated where `scatters` holds and is zero elsewhere.
    """

    mean: np.ndarray
    """(g, k)"""
    design: np.ndarray
    """(g, k, b)"""
    precision: np.ndarray
    """(b,)"""
    known: np.ndarray
    """(g, k, k)"""
    scatters: np.ndarray
    """(k,), bool"""


@dataclass(frozen=True)
class Tied:
    """The laws' coefficients with their covariance, and where each group's parameters went."""

    coefficients: np.ndarray
    covariance: np.ndarray
    x: np.ndarray
    pull: np.ndarray
    """(g, k): the inverse covariance of data and prior together, times the residual."""
    deviance: float
    """-2 ln of the restricted likelihood, but for a constant."""
    slope: np.ndarray
    """(k,): the derivative of `deviance` with respect to each squared scatter."""


def tied(data: Quadratic, laws: Laws, scatter: np.ndarray) -> Tied:
    """The best coefficients and parameters at a given scatter (k,), exactly, in time proportional to the number of groups.

    With H_g the curvature of the data's sum of squares and P_g = known_g + diag(scatter^2), the covariance of a group's own
    minimum about its law is V_g = H_g^-1 + P_g, and V_g^-1 = (1 + H_g P_g)^-1 H_g needs no inverse of what may be singular.
    Eliminating the groups leaves a system as small as the number of coefficients. *Source* for the restricted likelihood:
    Patterson and Thompson, Biometrika 58 (1971) 545.
    """
    h = bordered(data.curvature)
    k = h.shape[1]
    free = data.x - np.linalg.solve(h, data.gradient[..., None])[..., 0] - laws.mean
    prior = laws.known + np.diag(scatter**2)
    mixed = np.eye(k) + h @ prior
    w = np.linalg.solve(mixed, h)
    w = 0.5 * (w + np.swapaxes(w, 1, 2))
    wx = w @ laws.design
    columns = wx.shape[2]
    matrix = laws.design.reshape(-1, columns).T @ wx.reshape(-1, columns) + np.diag(laws.precision)
    right = free.ravel() @ wx.reshape(-1, columns)
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    inverse = np.linalg.inv(matrix / np.outer(size, size) + 1e-14 * np.eye(len(size))) / np.outer(size, size)
    coefficients = inverse @ right
    residual = free - laws.design @ coefficients
    pull = (w @ residual[..., None])[..., 0]
    x = laws.mean + laws.design @ coefficients + (prior @ pull[..., None])[..., 0]
    deviance = (
        float(np.linalg.slogdet(mixed)[1].sum())
        + float(np.linalg.slogdet(matrix)[1])
        + float(np.sum(residual * pull))
        + float(np.sum(laws.precision * coefficients**2))
    )
    leverage = np.sum((wx @ inverse) * wx, axis=(0, 2))
    slope = np.einsum("gkk->k", w) - leverage - np.sum(pull**2, axis=0)
    return Tied(coefficients, inverse, x, pull, deviance, slope)


def most_likely_scatter(data: Quadratic, laws: Laws, start: np.ndarray, never_nil: np.ndarray, most: float = 3.0) -> np.ndarray:
    """The scatter (k,) that maximises the restricted likelihood; zero where the laws are not asked to scatter.

    Few groups often make a scatter of exactly zero the most likely one, though a larger one is hardly less likely. Where
    `never_nil` holds (k,), the likelihood is multiplied by the scatter, which then settles about one standard error from zero:
    a law is not believed to be exact because seven points cannot disprove it. *Source*: Chung, Rabe-Hesketh, Dorie, Gelman and
    Liu, Psychometrika 78 (2013) 685.
    """
    from scipy.optimize import minimize

    at, scatter = np.flatnonzero(laws.scatters), np.zeros(len(laws.scatters))
    if not len(at):
        return scatter
    # The variable z = ln(1 + scatter^2 / error^2) is linear where the errors hide a scatter and logarithmic where they do not,
    # so that zero is an ordinary bound and decades are a few steps.
    h = bordered(data.curvature)
    known = np.mean(np.linalg.solve(np.eye(h.shape[1]) + h @ laws.known, h), axis=0).diagonal()[at]
    error2 = 1 / np.maximum(known, most**-2)
    prior = never_nil[at].astype(float)

    def deviance(z: np.ndarray) -> tuple[float, np.ndarray]:
        grown = np.expm1(z)
        scatter[at] = np.sqrt(error2 * grown)
        found = tied(data, laws, scatter)
        slope = found.slope[at] * error2 * (grown + 1) - prior * (grown + 1) / grown
        return found.deviance - float(prior @ np.log(grown)), slope

    ceiling = np.log1p(most**2 / error2)
    begin = np.clip(np.log1p(start[at] ** 2 / error2), 1e-2, ceiling)
    bounds = list(zip(np.full(len(at), 1e-9), ceiling, strict=True))
    found = minimize(deviance, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60, "ftol": 1e-9})
    scatter[at] = np.sqrt(error2 * np.expm1(found.x))
    return scatter
