"""A series of spectra on the shapes that their mean has: the shares of each, with the calibration's error common to all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from anodefree.analysis.raman.decompose import Speciation

SHAPES: Final = 60


@dataclass(frozen=True)
class Followed:
    """Draws (d, spectrum): share of free anions, area, highest point and width [1/cm]; each draw is one set of shapes."""

    free: np.ndarray
    area: np.ndarray
    position_per_cm: np.ndarray
    width_per_cm: np.ndarray


def followed(found: Speciation, rows: np.ndarray, rng: np.random.Generator) -> Followed:
    """Shares of every spectrum (s, n), each fitted with the bands of many draws of the shapes, amplitudes not negative.

    The noise of a spectrum enters by a draw of its own for each shape, of the size that its residuals have.
    """
    s = found.spectrum
    count, spectra = min(SHAPES, len(found.parameters)), len(rows)
    model = found.whole.model
    out = np.empty((4, count, spectra))
    fine = np.linspace(s.x_per_cm[0], s.x_per_cm[-1], 1200)
    for d in range(count):
        p = found.parameters[int(rng.integers(len(found.parameters)))]
        _, share, _, _ = model.unpack(p[None])
        position = model.unpack(p[None])[0]
        shift = _shift(model.axis_std_per_cm, [x.std_per_cm for x in model.species], position[0] - model.centres(), rng)
        unit = model.shapes(p[None])[0] / share[0][:, None]
        dense = model.shapes_at(p[None], fine)[0] / share[0][:, None]
        # Columns of a background may be negative: they enter with both signs.
        design = np.column_stack([unit.T, s.columns, -s.columns])
        solver = _Amplitudes(design)
        for i, row in enumerate(rows):
            first, size = solver.fit(row)
            again, _ = solver.fit(design @ first + size * rng.standard_normal(len(row)))
            # The noisy copy of the fit differs from the fit as the fit does from the truth.
            area = np.maximum(2 * first - again, 0.0)[: unit.shape[0]]
            total = float(area.sum()) or 1.0
            curve = area @ dense
            out[:, d, i] = area[0] / total, total, fine[int(curve.argmax())] - shift, _width(fine, curve)
    return Followed(*out)


@dataclass(frozen=True)
class _Amplitudes:
    """Amplitudes that are not negative, on columns scaled to one size."""

    design: np.ndarray

    def fit(self, y: np.ndarray) -> tuple[np.ndarray, float]:
        """Amplitudes, and the standard deviation of what they leave."""
        scale = np.linalg.norm(self.design, axis=0)
        scale[scale == 0] = 1.0
        found, left = nnls(self.design / scale, y)
        return found / scale, float(left) / np.sqrt(max(len(y) - self.design.shape[1] // 2, 1))


def _shift(axis_std: float, stds: list[float], off: np.ndarray, rng: np.random.Generator) -> float:
    if axis_std == 0:
        return 0.0
    precision = np.array([1 / s**2 for s in stds])
    total = float(precision.sum() + 1 / axis_std**2)
    return float(off @ precision / total + rng.standard_normal() / np.sqrt(total))


def _width(x: np.ndarray, curve: np.ndarray) -> float:
    return float(np.sum(curve > 0.5 * curve.max()) * (x[1] - x[0]))
