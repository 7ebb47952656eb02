"""The modulus of an impedance from its phase alone (Z-HIT): the local form of the logarithmic Hilbert transform.

    ln|Z(w)| = c + (2/pi) integral of phi d(ln w) - (pi/6) d(phi)/d(ln w) + ...

The phase is read at each frequency in a moment, the modulus of a drifting cell is not: so the phase is trusted, and the
measured modulus less this one shows the drift, without any model. The phase is smoothed by a penalty on its second derivative
whose size generalised cross-validation chooses; then everything is linear in it, and the noise of the answer is exact. *Valid
when* the phase varies over a decade or more (what is left out is its third derivative times pi^3/360) and the system is of
minimum phase. *Source* Ehm et al., ACH - Models Chem. 137 (2000) 145; Schiller et al., Phys. Chem. Chem. Phys. 3 (2001) 374,
equation 1; Golub, Heath and Wahba (1979) for cross-validation.
"""

from __future__ import annotations

import numpy as np


def modulus_operator(ln_frequency: np.ndarray, phase_rad: np.ndarray) -> np.ndarray:
    """The matrix (f, f) that takes the phase [rad] at rising ln f to ln|Z| up to a constant."""
    smooth = _smoother(ln_frequency, phase_rad)
    step = np.diff(ln_frequency)
    integral = np.zeros((len(ln_frequency), len(ln_frequency)))
    for i, h in enumerate(step):
        integral[i + 1 :, i : i + 2] += h / 2
    slope = np.asarray(np.gradient(np.eye(len(ln_frequency)), ln_frequency, axis=0))
    operator: np.ndarray = (2 / np.pi * integral - np.pi / 6 * slope) @ smooth
    return operator


def _smoother(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The linear smoother (f, f) of least generalised cross-validation."""
    step = np.diff(x)
    count = len(x)
    second = np.zeros((count - 2, count))
    for i in range(count - 2):
        left, right = step[i], step[i + 1]
        second[i, i : i + 3] = 2 / (left * (left + right)), -2 / (left * right), 2 / (right * (left + right))
    penalty = second.T @ second * np.mean(step) ** 4
    power, axes = np.linalg.eigh(penalty)
    power, seen = np.maximum(power, 0.0), axes.T @ y
    sizes = np.logspace(-4, 5, 46)
    kept = 1 / (1 + sizes[:, None] * power)
    score = np.sum(((1 - kept) * seen) ** 2, axis=1) / (1 - 1.2 * kept.mean(axis=1)).clip(1e-3) ** 2
    smoother: np.ndarray = (axes * kept[int(np.argmin(score))]) @ axes.T
    return smoother


def anchored(ln_frequency: np.ndarray, from_decades: float) -> np.ndarray:
    """The projection (f, f) that takes off the mean over all points more than so many decades above the lowest."""
    free = ln_frequency >= ln_frequency.min() + from_decades * np.log(10)
    return np.eye(len(ln_frequency)) - np.where(free, 1 / free.sum(), 0.0)[None, :]
