"""What a spectrometer adds to a true spectrum: a wrong axis, fluorescence, shot and readout noise, cosmic rays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anodefree.errors import ConfigError


@dataclass(frozen=True)
class Axis:
    """A shown axis and its error: shown - true = offset + stretch (shown - middle)."""

    low_per_cm: float
    high_per_cm: float
    step_per_cm: float
    offset_per_cm: float
    stretch: float

    def shown(self) -> np.ndarray:
        """Points of the shown axis [1/cm]."""
        count = (self.high_per_cm - self.low_per_cm) / self.step_per_cm
        if not 20 <= count <= 1e6:
            raise ConfigError(
                f"an axis of {max(count, 0):.0f} points", "shift_low_per_cm", "between 20 and a million are possible"
            )
        return self.low_per_cm + self.step_per_cm * np.arange(int(count) + 1)

    def true(self) -> np.ndarray:
        """The true place of each point [1/cm]."""
        x = self.shown()
        return x - self.offset_per_cm - self.stretch * (x - 0.5 * (self.low_per_cm + self.high_per_cm))


@dataclass(frozen=True)
class Detector:
    """Fluorescence over the strongest band, noise, and how many cosmic rays a spectrum catches on average."""

    peak_counts: float
    fluorescence: float
    readout_counts: float
    cosmic_rays: float


def recorded(
    axis: Axis,
    detector: Detector,
    signals: Sequence[Callable[[np.ndarray], np.ndarray]],
    rng: np.random.Generator,
    *,
    exact: bool,
) -> np.ndarray:
    """Counts (spectrum, n) of signals, the strongest value of all scaled to `peak_counts`; `exact` leaves the noise out."""
    true, shown = axis.true(), axis.shown()
    clean = np.array([signal(true) for signal in signals])
    top = float(clean.max())
    if not top > 0:
        raise ConfigError("no band lies on the axis", "shift_low_per_cm", "choose a range that holds one")
    counts = clean * (detector.peak_counts / top)
    span = shown[-1] - shown[0]
    slope = (shown - shown[0]) / span
    counts = counts + detector.fluorescence * detector.peak_counts * (np.exp(-1.2 * slope) + 0.3 * slope * (1 - slope))
    if exact:
        return counts
    # Above a million counts the normal limit of the Poisson law is exact to a part in a thousand, and never overflows.
    shot = np.where(
        counts < 1e6, rng.poisson(np.minimum(counts, 1e6)), counts + np.sqrt(counts) * rng.standard_normal(counts.shape)
    )
    seen = shot + detector.readout_counts * rng.standard_normal(counts.shape)
    for row in seen:
        hits = rng.integers(0, len(shown), rng.poisson(detector.cosmic_rays))
        row[hits] += detector.peak_counts * rng.exponential(0.7, len(hits))
    return np.asarray(seen)
