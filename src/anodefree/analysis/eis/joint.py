"""Many spectra of one circuit as one least-squares problem: every spectrum keeps parameters of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anodefree.analysis.eis.fit import CircuitFit
from anodefree.physics.circuits import Circuit


@dataclass(frozen=True)
class Spectra:
    """Spectra (s, f), padded; parameters are counted as coordinates: logarithms where they span decades."""

    circuit: Circuit
    omega_rad_s: np.ndarray
    z_ohm: np.ndarray
    per_ohm: np.ndarray
    """One over the weight of a point; zero for padding."""
    free: np.ndarray
    base: np.ndarray
    """(p,): the values at which the parameters that are not free are held."""

    @classmethod
    def of(
        cls,
        circuit: Circuit,
        rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
        free: np.ndarray,
        base: np.ndarray,
    ) -> Spectra:
        """From (frequency [Hz], Z [ohm], weight [ohm]) of each spectrum."""
        shape = (len(rows), max(len(f) for f, _, _ in rows))
        omega, z, per_ohm = np.ones(shape), np.zeros(shape, dtype=complex), np.zeros(shape)
        for i, (f, impedance, weight) in enumerate(rows):
            omega[i], n = 2 * np.pi * f[-1], len(f)
            omega[i, :n], z[i, :n], per_ohm[i, :n] = 2 * np.pi * f, impedance, 1 / weight
        return cls(circuit, omega, z, per_ohm, free, base)

    @classmethod
    def of_fits(cls, fits: Sequence[CircuitFit]) -> Spectra:
        """The spectra of fits of one circuit, with their weights."""
        rows = [(f.frequency_Hz, f.z_ohm, f.weight_ohm) for f in fits]
        return cls.of(fits[0].circuit, rows, fits[0].free, fits[0].fit.values)

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters."""
        return tuple(n for n, is_free in zip(self.circuit.names, self.free, strict=True) if is_free)

    @property
    def log(self) -> np.ndarray:
        """Which free parameters are counted as logarithms."""
        return np.array([p.log for p in self.circuit.parameters])[self.free]

    @property
    def points(self) -> np.ndarray:
        """How many numbers each spectrum holds: twice its frequencies."""
        return 2 * np.count_nonzero(self.per_ohm, axis=1)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest coordinate of each free parameter."""
        low, high = (np.array([getattr(p, end) for p in self.circuit.parameters])[self.free] for end in ("low", "high"))
        return self.coordinates(low), self.coordinates(high)

    def coordinates(self, free_values: np.ndarray) -> np.ndarray:
        """Free parameters (..., k) as coordinates."""
        return np.where(self.log, np.log(np.where(self.log, free_values, 1.0)), free_values)

    def values(self, x: np.ndarray) -> np.ndarray:
        """All parameters (s, p) at coordinates (s, k)."""
        values = np.repeat(self.base[None], len(x), axis=0)
        values[:, self.free] = np.where(self.log, np.exp(np.where(self.log, x, 0.0)), x)
        return values

    def residuals(self, x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted residuals (g, 2 f) and their derivatives (g, 2 f, k) of the spectra `which`, at coordinates (g, k)."""
        values, weight = self.values(x), self.per_ohm[which]
        z, slopes = self.circuit.derivatives(self.omega_rad_s[which], values)
        r = (z - self.z_ohm[which]) * weight
        per_coordinate = np.where(self.log, values[:, self.free], 1.0)
        d = slopes[..., self.free] * weight[..., None] * per_coordinate[:, None]
        return np.concatenate([r.real, r.imag], axis=1), np.concatenate([d.real, d.imag], axis=1)
