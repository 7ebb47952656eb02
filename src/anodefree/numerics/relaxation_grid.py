"""Relaxation times on a logarithmic grid: kernel, smoothness and their compression, made once for a set of frequencies."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

CORRELATION: Final = 1.5
"""kappa, the reciprocal of the correlation length in ln tau: peaks of cells are about as wide."""


@dataclass(frozen=True)
class Grid:
    """What depends on the frequencies alone. Data stand as real parts, then imaginary parts: 2f rows."""

    frequency_Hz: np.ndarray
    log_tau: np.ndarray
    """(n,), evenly spaced."""
    kernel: np.ndarray
    """(2f, n): the impedance of one ohm per unit of ln tau at each node, by the trapezoidal rule, all but exact here."""
    free: np.ndarray
    """(2f, k): the impedance of the sign-free unknowns R_inf [ohm], L [H] in units of 1/w_max and, if asked, 1/C."""
    free_scale: np.ndarray
    """(k,): what to multiply the free unknowns by, to have ohm, H and 1/F."""
    roughness: np.ndarray
    """(n, n): D, second derivative minus kappa^2, with gamma = 0 beyond both ends: nodes farther apart than 1/kappa in ln tau
    are independent, so that a sharp peak does not stiffen the rest."""
    smooth: np.ndarray
    """(2f, r): kernel D^-1 compressed to the r directions that the data can see."""

    @property
    def step(self) -> float:
        """Distance of two nodes in ln tau."""
        return float(self.log_tau[1] - self.log_tau[0])

    @property
    def tau_s(self) -> np.ndarray:
        """Relaxation time of each node."""
        return np.exp(self.log_tau)


def grid(frequency_Hz: np.ndarray, *, per_decade: int = 10, beyond_decades: float = 1.0, capacitance: bool = False) -> Grid:
    """The grid for these frequencies; the same frequencies give the same object."""
    return _grid(frequency_Hz.tobytes(), per_decade, beyond_decades, capacitance)


@functools.lru_cache(maxsize=32)
def _grid(frequencies: bytes, per_decade: int, beyond_decades: float, capacitance: bool) -> Grid:
    f = np.frombuffer(frequencies)
    w = 2 * np.pi * f
    reach = beyond_decades * np.log(10)
    low, high = -np.log(w.max()) - reach, -np.log(w.min()) + reach
    n = int(np.ceil((high - low) / np.log(10) * per_decade)) + 1
    x = np.linspace(low, high, n)
    h = x[1] - x[0]
    debye = h / (1 + 1j * np.outer(w, np.exp(x)))
    columns, scale = [np.ones_like(w) + 0j, 1j * w / w.max()], [1.0, 1 / w.max()]
    if capacitance:
        columns.append(w.min() / (1j * w))
        scale.append(w.min())
    d = (
        -(CORRELATION**2) * np.sqrt(h) * np.eye(n)
        + (np.diag(np.full(n, -2.0)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)) / h**1.5
    )
    kernel = stacked(debye)
    u, s, _ = np.linalg.svd(np.linalg.solve(d.T, kernel.T).T, full_matrices=False)
    keep = s > 1e-7 * s[0]
    return Grid(f, x, kernel, stacked(np.stack(columns, 1)), np.array(scale), d, u[:, keep] * s[keep])


def stacked(z: np.ndarray) -> np.ndarray:
    """Complex (f, ...) as real (2f, ...): real parts, then imaginary parts."""
    return np.concatenate([z.real, z.imag])
