"""What a spectrometer is expected to count over one core level: lines, their loss background, and a sloping rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anodefree.numerics.core_level_shapes import Background, Shape, background_matrix, line


@dataclass(frozen=True)
class Lines:
    """Components of one region: positions and full widths [eV] (K,), Lorentzian part, and the doublet that each makes."""

    position_eV: np.ndarray
    width_eV: np.ndarray
    mixing: float = 0.3
    splitting_eV: float = 0.0
    ratio: float = 0.0
    shape: Shape = "voigt"

    def of_unit_area(self, energy_eV: np.ndarray) -> np.ndarray:
        """Each component with area 1 (K, n)."""
        away = energy_eV - self.position_eV[:, None]
        mixing, width = np.array(self.mixing), self.width_eV[:, None]
        first = line(self.shape, away, width, mixing)
        if not self.ratio:
            return first
        return (first + self.ratio * line(self.shape, away - self.splitting_eV, width, mixing)) / (1 + self.ratio)


def expected_counts(
    energy_eV: np.ndarray,
    lines: Lines,
    area: np.ndarray,
    background: Background,
    strength: float,
    base: float,
    slope: float = 0.0,
) -> np.ndarray:
    """Expected counts (…, n) for areas (…, K) [counts eV] over a base that changes by `slope` (relative) from end to end."""
    peaks = np.asarray(area) @ lines.of_unit_area(energy_eV)
    loss = strength * peaks @ background_matrix(background, energy_eV).T
    return peaks + loss + base * (1 + slope * np.linspace(-0.5, 0.5, len(energy_eV)))
