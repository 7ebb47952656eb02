"""The distribution of relaxation times of one spectrum, by any of the models, as draws of everything that is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from anodefree.analysis.drt.evidence import ENOUGH, posterior
from anodefree.analysis.drt.mixture import LEAST_GAMMA, NO_ARC, Mixture
from anodefree.analysis.drt.peaks import Segments, measured, segments
from anodefree.analysis.drt.shapes import laws_of, shape_gamma
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.numerics.hierarchical import hierarchical
from anodefree.numerics.relaxation_grid import Grid, grid, stacked
from anodefree.numerics.tikhonov import Criterion, Solution, shared, tikhonov

Model = Literal["evidence", "hierarchical", "tikhonov"]
LEAST_POINTS = 8


@dataclass(frozen=True)
class Distribution:
    """One spectrum's distribution; frequencies from high to low, draws along the first axis."""

    frequency_Hz: np.ndarray
    z_ohm: np.ndarray
    model_ohm: np.ndarray
    log_tau: np.ndarray
    gamma_ohm: np.ndarray
    draws_ohm: np.ndarray
    lines: np.ndarray
    """(draws, k) of R_inf [ohm], L [H] and, if asked, 1/C [1/F]."""
    R_pol_ohm: np.ndarray
    """(draws,)."""
    where: Segments
    peaks: np.ndarray
    """(draws, peaks, 3) of R [ohm], ln tau and width [ln tau]."""
    solution: Solution | None
    """Of a regularisation."""
    mixture: Mixture | None
    """Of the evidence: the best sum of peaks."""
    alone: float
    """Of the evidence: the probability that the sum of peaks is all there is."""

    @property
    def residual(self) -> np.ndarray:
        """(f,), complex: measured minus computed, over |Z|."""
        return (self.z_ohm - self.model_ohm) / np.abs(self.z_ohm)

    @property
    def durbin_watson(self) -> float:
        """2 for white residuals, towards 0 where neighbours along the frequency agree."""
        r = self.residual
        total = float(np.sum(np.abs(r) ** 2))
        return float(np.sum(np.abs(np.diff(r)) ** 2)) / total if total > 1e-20 * len(r) else 2.0


def spectrum_arrays(spectra: Measurement, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequency [Hz] (f,) from high to low and complex Z [ohm] (f,) of one spectrum, gaps left out.

    Raises
    ------
    DataError: too few points, or an impedance of zero.
    """
    f, re, im = (spectra[n][index] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"))
    good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im)
    return ordered(f[good], re[good] + 1j * im[good], f"{spectra.source.name}, spectrum {index}")


def ordered(f: np.ndarray, z: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    """From high to low frequency, checked."""
    if len(np.unique(f)) < LEAST_POINTS:
        raise DataError(f"{len(np.unique(f))} frequencies cannot tell relaxation times apart", where, "measure 20 or more")
    if not np.abs(z).min() > 0:
        raise DataError("an impedance is zero", where, "is a column empty, or is the range of the instrument exceeded?")
    if np.ptp(np.log(f)) < np.log(10):
        raise DataError("spans less than a decade of frequency", where, "relaxation times need several decades")
    order = np.argsort(-f, kind="stable")
    return f[order], z[order]


def distribution(
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    model: Model = "evidence",
    criterion: Criterion = "marginal",
    capacitance: bool = False,
) -> Distribution:
    """The distribution of one spectrum, frequencies from high to low.

    Raises
    ------
    DataError: no capacitive arc.
    """
    if model == "evidence":
        return _by_evidence(frequency_Hz, z_ohm, capacitance)
    nodes = grid(frequency_Hz, capacitance=capacitance)
    y, weight, scale = scaled(z_ohm)
    if model == "hierarchical":
        found, nodes = hierarchical(nodes, y, weight)
    else:
        found = tikhonov(nodes, y, weight, criterion)
    return regularised(nodes, found, z_ohm, weight, scale)


def with_one_strength(
    spectra: Sequence[tuple[np.ndarray, np.ndarray]], *, criterion: Criterion = "marginal", capacitance: bool = False
) -> list[Distribution]:
    """Tikhonov distributions of several spectra, (frequency, Z) each, that share one strength."""
    nodes = [grid(f, capacitance=capacitance) for f, _ in spectra]
    parts = [scaled(z) for _, z in spectra]
    found = shared(nodes, [p[0] for p in parts], [p[1] for p in parts], criterion)
    return [
        regularised(g, s, z, weight, scale)
        for g, s, (_, z), (_, weight, scale) in zip(nodes, found, spectra, parts, strict=True)
    ]


def scaled(z_ohm: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Z stacked (2f,) and over its largest magnitude, its weights 1/|Z|, and that magnitude."""
    scale = float(np.abs(z_ohm).max())
    return stacked(z_ohm / scale), scale / np.tile(np.abs(z_ohm), 2), scale


def regularised(nodes: Grid, found: Solution, z_ohm: np.ndarray, weight: np.ndarray, scale: float) -> Distribution:
    """A regularisation's solution as a distribution in ohm."""
    lines, total, draws = _normal_draws(nodes, found, weight, 300)
    if not found.gamma_ohm.max() > LEAST_GAMMA:
        raise DataError(*NO_ARC)
    positive = np.maximum(draws, 0.0)
    where = segments(found.gamma_ohm)
    return Distribution(
        nodes.frequency_Hz,
        z_ohm,
        _complex(found.model) * scale,
        nodes.log_tau,
        found.gamma_ohm * scale,
        positive * scale,
        lines * scale,
        total * scale,
        where,
        measured(nodes.log_tau, positive, where) * np.array([scale, 1.0, 1.0]),
        found,
        None,
        float("nan"),
    )


def _normal_draws(nodes: Grid, found: Solution, weight: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws of the free unknowns, of the integral of gamma, and of gamma, about the non-negative solution.

    gamma varies as if it could be negative, which makes its band the wider; the sums vary over the nodes that are not zero,
    because the tails beyond the frequencies, unbounded otherwise, are what non-negativity decides.
    """
    k = nodes.free.shape[1]
    a = np.concatenate([nodes.free, nodes.kernel], axis=1) * weight[:, None]
    matrix = a.T @ a
    matrix[k:, k:] += found.chosen.value * nodes.roughness.T @ nodes.roughness
    normal = np.random.default_rng(20).standard_normal((count, len(matrix)))

    def drawn(which: np.ndarray) -> np.ndarray:
        part = matrix[np.ix_(which, which)]
        size = np.sqrt(np.diag(part))
        e, axes = np.linalg.eigh(part / np.outer(size, size))
        moves = np.zeros((count, len(matrix)))
        moves[:, which] = normal[:, which] @ (axes / np.sqrt(np.maximum(e, 1e-13)) / size[:, None] * found.noise).T
        return moves

    tight = drawn(np.r_[np.ones(k, dtype=bool), found.gamma_ohm > 0])
    total = nodes.step * (found.gamma_ohm.sum() + tight[:, k:].sum(axis=1))
    return (
        found.free + tight[:, :k] * nodes.free_scale,
        total,
        found.gamma_ohm + drawn(np.ones(len(matrix), dtype=bool))[:, k:],
    )


def _by_evidence(f: np.ndarray, z: np.ndarray, capacitance: bool) -> Distribution:
    found = posterior(f, z, capacitance=capacitance)
    step = float(found.log_tau[1] - found.log_tau[0])
    where = segments(found.gamma_ohm)
    best = found.best
    peaks = measured(found.log_tau, found.draws_ohm, where)
    lines, total = found.lines, found.draws_ohm.sum(axis=1) * step
    if found.alone >= ENOUGH:  # the sum of peaks speaks for itself, beyond the grid as well
        lines, own = _own(best)
        total = own[:, :, 0].sum(axis=1)
        if own.shape[1] == len(where.top):
            peaks = own
    return Distribution(
        f,
        z,
        _complex(found.model),
        found.log_tau,
        found.gamma_ohm,
        found.draws_ohm,
        lines,
        total,
        where,
        peaks,
        None,
        best,
        found.alone,
    )


def _own(m: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """Draws of a mixture's free unknowns, and of R, ln tau of the top and width of each of its components."""
    e, axes = np.linalg.eigh(m.covariance)
    root = axes * np.sqrt(np.maximum(e, 0.0))
    u = m.unknowns + np.random.default_rng(21).standard_normal((300, len(m.unknowns))) @ root.T
    x = np.linspace(-8, 8, 801)
    found = []
    for kind, r, tau, shape in laws_of(m.kinds, u, m.lines):
        g = shape_gamma(kind, shape, np.exp(x))
        top = np.argmax(g, axis=1)
        width = (x[1] - x[0]) * np.sum(g >= 0.5 * g.max(axis=1, keepdims=True), axis=1)
        found.append(np.stack([r, np.log(tau) + x[top], width], axis=1))  # a skewed peak's top is not at its tau0
    return u[:, : m.lines], np.stack(found, axis=1)


def _complex(both: np.ndarray) -> np.ndarray:
    half = len(both) // 2
    return both[:half] + 1j * both[half:]
