"""How large the errors of an impedance are at each frequency, from the residuals of its measurement model.

    sigma^2 = a^2 |Z|^2 + b^2 + c^2 |Z|^4

for Z' and Z'' alike: a gain error or a relative noise a; with Z = V/I, a noise of the voltage at fixed current, b [ohm]; and a
noise of the current at fixed voltage, c |Z|^2 with c [1/ohm]. The three terms are those of the general error structure of
Agarwal and Orazem that an instrument's two channels have. Their sizes are those of the largest restricted likelihood of the
measurement model, in which R_k, R, L and 1/C are integrated out: no residuals of an earlier fit with other weights are asked.
*Valid when* the spectra keep the Kramers-Kronig relations; a misfit counts as noise. *Source* Agarwal, Crisalle, Orazem and
García-Rubio, J. Electrochem. Soc. 142 (1995) 4149, for the idea and the terms; the fit is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.numerics.consistency import consistency
from anodefree.numerics.kramers_kronig import measurement_model

MOST_SPECTRA: Final = 12
"""Of a long series, the shape of the errors is learned from so many spectra, evenly chosen."""
TERMS: Final = ("relative", "floor_ohm", "current_per_ohm")


@dataclass(frozen=True)
class VarianceModel:
    """The three terms, their errors, and what they give at each point."""

    squares: np.ndarray
    """(3,): a^2 [1], b^2 [ohm^2], c^2 [1/ohm^2]."""
    squares_std: np.ndarray
    sigma_ohm: np.ndarray
    """(s, f), NaN where no point is."""
    error_ohm: np.ndarray
    """(s, 2f) residuals over what the fit leaves of them, Z' then Z''; NaN where absent or an outlier."""

    @property
    def terms(self) -> np.ndarray:
        """(3,): a, b [ohm], c [1/ohm]."""
        return np.sqrt(self.squares)

    @property
    def terms_std(self) -> np.ndarray:
        """Their standard deviations; that of a term at zero is the root of its square's."""
        root = np.sqrt(self.squares)
        linear = self.squares_std / np.maximum(2 * root, 1e-300)
        return np.where(self.squares > self.squares_std, linear, np.sqrt(self.squares_std))


def fitted_variance(frequency_Hz: np.ndarray, z_ohm: np.ndarray) -> VarianceModel:
    """One error structure for spectra (s, f) of one instrument, NaN where a point is absent.

    Raises
    ------
    ValueError: a spectrum has fewer than eight points.
    """
    first = consistency(frequency_Hz, z_ohm)
    there = np.isfinite(frequency_Hz) & np.isfinite(z_ohm)
    kept = (first.model.weight > 0) & ~first.outlier
    size = np.where(there, np.abs(np.where(there, z_ohm, 1.0)), 1.0)
    typical = float(np.exp(np.log(size[kept]).mean()))
    bases = np.stack([size**2, np.full_like(size, typical**2), size**4 / typical**2], axis=-1)
    use = np.unique(np.linspace(0, len(size) - 1, min(len(size), MOST_SPECTRA)).round().astype(int))
    shape = _shape(frequency_Hz[use], z_ohm[use], bases[use], kept[use])
    model = measurement_model(frequency_Hz, z_ohm, np.where(kept, 1 / np.sqrt(bases @ shape), 0.0))
    shares = shape * float(np.sum(model.noise**2 * model.dof) / model.dof.sum())
    sigma = np.sqrt(bases @ shares)
    both = np.concatenate([kept, kept], axis=1)
    error = model.standardised * np.tile(np.sqrt(bases @ shape), (1, 2))
    scaled = np.concatenate([bases, bases], axis=1)[both] / (np.concatenate([sigma, sigma], axis=1)[both] ** 2)[:, None]
    # The fit itself spends some of the points: the information is that of the degrees of freedom that are left.
    information = scaled.T @ scaled / 2 * float(model.dof.sum()) / both.sum()
    unit = np.array([1.0, typical**2, typical**-2])
    return VarianceModel(
        shares * unit,
        np.sqrt(np.diag(np.linalg.pinv(information))) * unit,
        np.where(there, sigma, np.nan),
        np.where(both, error, np.nan),
    )


def _shape(frequency_Hz: np.ndarray, z_ohm: np.ndarray, bases: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The terms' shares (3,) of the largest restricted likelihood, up to a factor: a grid of their logarithms, refined."""
    floor, current = (np.concatenate([[-np.inf], np.arange(-6.0, 6.1, 2.0)]) for _ in range(2))
    best = np.array([1.0, 0.0, 0.0])
    for step in (1.0, 0.5, 0.25, 0.12):
        tried = np.array([(1.0, np.exp(u), np.exp(v)) for u in floor for v in current])
        count, spectra = len(tried), len(z_ohm)
        sigma = np.sqrt(np.einsum("sfk,ck->csf", bases, tried)).reshape(count * spectra, -1)
        many = [np.tile(a, (count, 1)) for a in (frequency_Hz, z_ohm, kept)]
        fits = measurement_model(many[0], many[1], np.where(many[2], 1 / sigma, 0.0))
        best = tried[int(np.argmin(fits.criterion.reshape(count, spectra).sum(axis=1)))]
        with np.errstate(divide="ignore"):
            u, v = np.log(best[1:])
        floor, current = (x + step * np.arange(-1.0, 2.0) if np.isfinite(x) else np.array([-np.inf]) for x in (u, v))
    return best / best.max()


def variance_model(frequency_Hz: np.ndarray, z_ohm: np.ndarray) -> np.ndarray:
    """Standard deviation of Z' and of Z'' [ohm] at each point of a spectrum (f,) or of spectra (s, f) of one instrument.

    Raises
    ------
    ValueError: a spectrum has fewer than eight points.
    """
    found = fitted_variance(np.atleast_2d(frequency_Hz), np.atleast_2d(z_ohm)).sigma_ohm
    return found[0] if np.ndim(z_ohm) == 1 else found
