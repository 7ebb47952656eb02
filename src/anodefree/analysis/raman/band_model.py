"""Overlapping bands on a background: their posterior density, with amplitude, background and noise integrated out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from anodefree.physics.anion_bands import Species
from anodefree.physics.line_shapes import pseudo_voigt

WIDTH_SPREAD = 0.25
"""Standard deviation of the logarithm of the shared width, before the spectrum is seen."""

REACH = 2.5
"""How far the axis is taken to be off where a search begins, in its standard deviations."""


@dataclass(frozen=True)
class Spectrum:
    """What is fitted: axis (n,), intensity without background (n,), columns (n, c) that the rest of the background may take.

    `penalty` (c,) is one over the standard deviation of each column's coefficient; 0 leaves it free. `weight` (n,) is one over
    the noise of each point, relative to the mean noise.
    """

    x_per_cm: np.ndarray
    y: np.ndarray
    columns: np.ndarray
    penalty: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class BandModel:
    """Bands of the given species on a spectrum. Parameters: position of each band as the axis shows it [1/cm], log-ratios of
    the areas to the last one's, log of the shared width, logit of the Lorentzian share.
    """

    species: tuple[Species, ...]
    axis_std_per_cm: float
    width_per_cm: float
    width_ratio_std: float
    spectrum: Spectrum
    noise: float

    @property
    def size(self) -> int:
        """How many bands."""
        return len(self.species)

    def starts(self) -> tuple[np.ndarray, np.ndarray]:
        """Where searches begin (m, d), and the scale of each parameter: all bands alike, and each band as the main one.

        The main one stands where the spectrum is highest, and the others move with it, as far as the axis may be off: a search
        that begins at the known places rather changes the shares than finds the shift of an axis that is not calibrated.
        """
        k = self.size
        at = np.concatenate([self.centres(), np.zeros(k - 1), [np.log(self.width_per_cm), -0.5], np.zeros(self._ratios())])
        scale = np.concatenate([np.full(k, 0.5), np.full(k - 1, 0.7), [0.1, 0.7], np.full(self._ratios(), 0.03)])
        starts = np.tile(at, (k + 1 if k > 2 else 1, 1))
        for main in range(k if k > 2 else 0):
            logits = np.where(np.arange(k) == main, 2.0, 0.0)
            starts[main + 1, k : 2 * k - 1] = logits[:-1] - logits[-1]
            reach = REACH * self.axis_std_per_cm
            starts[main + 1, :k] += np.clip(self._highest() - self.centres()[main], -reach, reach)
        return starts, scale

    def _highest(self) -> float:
        """Where the spectrum is highest [1/cm], after a mean over five points."""
        y = self.spectrum.y
        inner = np.convolve(y, np.full(5, 0.2), "valid") if len(y) > 5 else y
        return float(self.spectrum.x_per_cm[int(np.argmax(inner)) + (len(y) - len(inner)) // 2])

    def _ratios(self) -> int:
        return self.size if self.width_ratio_std > 0 and self.size > 1 else 0

    def centres(self) -> np.ndarray:
        """Where the species' bands are known to be [1/cm] (k,)."""
        return np.array([s.centre_per_cm for s in self.species])

    def covariance(self) -> np.ndarray:
        """Of the positions before the spectrum is seen: each centre's own, and the axis' common to all [1/cm^2]."""
        return np.diag([s.std_per_cm**2 for s in self.species]) + self.axis_std_per_cm**2

    def unpack(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Positions (s, k), area fractions (s, k), widths (s, k) and Lorentzian share (s,) of parameters (s, d)."""
        k = self.size
        logits = np.concatenate([p[:, k : 2 * k - 1], np.zeros((len(p), 1))], axis=1)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        width = np.exp(np.clip(p[:, 2 * k - 1 : 2 * k], -3, 6))
        if self._ratios():
            width = width * np.exp(np.clip(p[:, 2 * k + 1 :], -2, 2))
        return p[:, :k], e / e.sum(axis=1, keepdims=True), np.broadcast_to(width, (len(p), k)), _logistic(p[:, 2 * k])

    def shapes(self, p: np.ndarray) -> np.ndarray:
        """Each band's area times its line (s, k, n), for a total area of 1."""
        return self.shapes_at(p, self.spectrum.x_per_cm)

    def shapes_at(self, p: np.ndarray, x_per_cm: np.ndarray) -> np.ndarray:
        """The same on any axis."""
        position, fraction, width, share = self.unpack(p)
        distance = x_per_cm - position[..., None]
        return fraction[..., None] * pseudo_voigt(distance, width[..., None], share[:, None, None])

    def log_density(self, p: np.ndarray) -> np.ndarray:
        """ln (likelihood times prior) (s,) for rows of parameters, up to a constant that all models of a spectrum share."""
        _, rest = self._projected()
        padded = self._beside_background(p)
        norm, along = (padded * padded).sum(axis=1), padded @ rest
        n = self.spectrum.columns.shape[0] - self.spectrum.columns.shape[1] - 1
        misfit = np.maximum(rest @ rest - along**2 / norm, 1e-300)
        log = -0.5 * n * np.log(misfit / (n * self.noise**2)) - 0.5 * np.log(norm) - 1e9 * (along <= 0)
        return np.asarray(log + self._log_prior(p))

    def residuals(self, p: np.ndarray) -> np.ndarray:
        """What bands and background leave of the spectrum (s, n), at the best amplitude for each row of parameters."""
        _, rest = self._projected()
        padded = self._beside_background(p)
        return np.asarray(rest - (padded @ rest / (padded * padded).sum(axis=1))[:, None] * padded)

    def prior_curvature(self, at: np.ndarray) -> np.ndarray:
        """(d, d) of minus ln prior at one set of parameters."""
        k = self.size
        _, fraction, _, share = self.unpack(at[None])
        curvature = np.zeros((len(at), len(at)))
        curvature[:k, :k] = np.linalg.inv(self.covariance())
        f = fraction[0, :-1]
        curvature[k : 2 * k - 1, k : 2 * k - 1] = k * (np.diag(f) - np.outer(f, f))
        curvature[2 * k - 1, 2 * k - 1] = WIDTH_SPREAD**-2
        curvature[2 * k, 2 * k] = 2 * share[0] * (1 - share[0])
        for i in range(2 * k + 1, len(at)):
            curvature[i, i] = self.width_ratio_std**-2
        return curvature

    def _beside_background(self, p: np.ndarray) -> np.ndarray:
        from anodefree.numerics.compiled.band_sum import band_sum

        basis, rest = self._projected()
        padded = np.zeros((len(p), len(rest)))
        position, fraction, width, share = self.unpack(p)
        band_sum(self.spectrum.x_per_cm, np.ascontiguousarray(position), fraction, np.ascontiguousarray(width), share, padded)
        padded[:, : len(self.spectrum.y)] *= self.spectrum.weight
        return np.asarray(padded - (padded @ basis) @ basis.T)

    def _projected(self) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal basis of the background, and what is left of the spectrum beside it; penalties are rows below."""
        cached = self.__dict__.get("_cache")
        if cached is None:
            s = self.spectrum
            rows = np.concatenate([s.columns * s.weight[:, None], np.diag(self.noise * s.penalty)])
            basis, _ = np.linalg.qr(rows)
            y = np.concatenate([s.y * s.weight, np.zeros(len(s.penalty))])
            cached = basis, y - basis @ (basis.T @ y)
            object.__setattr__(self, "_cache", cached)
        return cached

    def _log_prior(self, p: np.ndarray) -> np.ndarray:
        k = self.size
        position, fraction, _, share = self.unpack(p)
        covariance = self.covariance()
        off = position - self.centres()
        log = -0.5 * (np.einsum("si,ij,sj->s", off, np.linalg.inv(covariance), off) + k * np.log(2 * np.pi))
        log -= 0.5 * np.linalg.slogdet(covariance)[1]
        log += np.log(fraction).sum(axis=1) + gammaln(k)  # even over all mixtures
        z = (p[:, 2 * k - 1] - np.log(self.width_per_cm)) / WIDTH_SPREAD
        log += -0.5 * z * z - np.log(WIDTH_SPREAD * np.sqrt(2 * np.pi)) + np.log(share) + np.log1p(-share)
        if self._ratios():
            u = p[:, 2 * k + 1 :] / self.width_ratio_std
            log += -0.5 * (u * u).sum(axis=1) - k * np.log(self.width_ratio_std * np.sqrt(2 * np.pi))
        return log

    def area(self, p: np.ndarray) -> np.ndarray:
        """The best total area (s,) at parameters (s, d)."""
        _, rest = self._projected()
        padded = self._beside_background(p)
        return np.asarray(padded @ rest / (padded * padded).sum(axis=1))

    def fit(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bands (k, n) and background (n,) at one set of parameters (d,)."""
        s = self.spectrum
        bands = self.area(at[None])[0] * self.shapes(at[None])[0]
        rows = np.concatenate([s.columns * s.weight[:, None], np.diag(self.noise * s.penalty)])
        target = np.concatenate([s.weight * (s.y - bands.sum(axis=0)), np.zeros(len(s.penalty))])
        return bands, s.columns @ np.linalg.lstsq(rows, target, rcond=None)[0]


def axis_shift(model: BandModel, position: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A draw of the axis' own shift [1/cm] for each set of positions (s, k): what of their common offset is the axis'."""
    if model.axis_std_per_cm == 0:
        return np.zeros(len(position))
    precision = np.array([1 / s.std_per_cm**2 for s in model.species])
    total = precision.sum() + 1 / model.axis_std_per_cm**2
    off = position - np.array([s.centre_per_cm for s in model.species])
    drawn: np.ndarray = off @ precision / total + rng.standard_normal(len(position)) / np.sqrt(total)
    return drawn


def _logistic(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def resampled(weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of `count` draws that stand for the weighted ones (systematic resampling)."""
    places = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)


def names(species: Sequence[Species]) -> str:
    """`free + CIP + AGG`"""
    return " + ".join(s.name for s in species)
