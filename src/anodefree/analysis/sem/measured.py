"""Numbers of a segmented section: value, and what sampling, segmentation, resolution and the collector line add to its std."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.section import Look, Section, section
from anodefree.core.measurement import Measurement
from anodefree.numerics.deposit_geometry import Geometry, enclosed, geometry, labelled, void_under
from anodefree.numerics.section_sampling import correlation_length, half_width_68, ratio_residuals, std_of_mean

Floats = NDArray[np.float64]
Parts = dict[str, float]
"""Standard deviation by cause."""


@dataclass(frozen=True)
class Number:
    """A value in pixels or without unit, its standard deviation by cause, and half of the 68 % interval of sampling alone.

    The std of sampling has Student's factor for two of it to hold 95 %; one of it would hold too much where blocks are few.
    """

    value: float
    parts: Parts
    sampling_68: float = 0.0

    @property
    def std(self) -> float:
        """All causes together."""
        return float(np.sqrt(sum(p**2 for p in self.parts.values())))

    @property
    def half_68(self) -> float:
        """Half of the 68 % interval."""
        return float(np.sqrt(self.sampling_68**2 + sum(p**2 for c, p in self.parts.items() if c != "sampling")))


@dataclass(frozen=True)
class Measured:
    """What one look at the frames gives: section and geometry of each, the geometry and the numbers of all together."""

    sections: tuple[Section, ...]
    frames: tuple[Geometry, ...]
    whole: Geometry
    numbers: dict[str, Number]


def roughness(g: Geometry) -> float:
    """Root mean square of the envelope about its mean."""
    return float(np.sqrt(np.mean((g.envelope - g.envelope.mean()) ** 2)))


VALUES: dict[str, Callable[[Geometry], float]] = {
    "porosity": lambda g: g.porosity,
    "enclosed": lambda g: g.porosity_enclosed,
    "thickness": lambda g: g.thickness,
    "height": lambda g: g.height,
    "roughness": roughness,
}


def pooled(frames: Sequence[Geometry]) -> Geometry:
    """Several frames of equal width as one: their columns averaged, as slices of one volume."""
    if len(frames) == 1:
        return frames[0]
    return Geometry(*(np.mean([getattr(g, n) for g in frames], axis=0) for n in ("tops", "envelope", "solid", "enclosed")))


def measured(picture: Measurement, look: Look, width: float | None) -> Measured:
    """The numbers of all frames together. `width` is that of the gaps that are bridged, in pixels; None: the height Σh²/Σh."""
    sections = [section(picture, k, look) for k in range(picture["intensity"].shape[0])]
    chosen = [geometry(s.metal(look).astype(float), width) for s in sections]
    whole = pooled(chosen)
    line = float(np.mean([s.line_std for s in sections]))
    d = max(whole.thickness, 1e-9)
    sampling, sampling_68 = _sampling(whole)
    for each in (sampling, sampling_68):
        each["enclosed"] = max(each["enclosed"], _counting(sections, look, whole))
    causes = {
        "sampling": sampling,
        "segmentation": _segmentation(sections, look, width, whole),
        "resolution": _resolution(picture, look, width, whole),
        "collector": {"porosity": whole.porosity * line / d, "thickness": line, "height": line},
    }
    numbers = {
        n: Number(v(whole), {c: part.get(n, 0.0) for c, part in causes.items()}, sampling_68[n]) for n, v in VALUES.items()
    }
    return Measured(tuple(sections), tuple(chosen), whole, numbers)


def _segmentation(sections: Sequence[Section], look: Look, width: float | None, whole: Geometry) -> Parts:
    """What another threshold would give: half the change over ±1 std of it, and the scatter between methods, in quadrature."""
    count = min(len(s.alternatives(look)) for s in sections)
    looks = [
        pooled([geometry(s.metal(look, s.alternatives(look)[k]).astype(float), width) for s in sections]) for k in range(count)
    ]
    spread = {}
    for name, value in VALUES.items():
        off = np.array([value(g) - value(whole) for g in looks])
        apart = float(np.sqrt(np.mean(off[2:] ** 2))) if count > 2 else 0.0
        spread[name] = float(np.hypot(0.5 * np.abs(off[:2]).sum(), apart))
    return spread


def _resolution(picture: Measurement, look: Look, width: float | None, whole: Geometry) -> Parts:
    """What twice the variance of the smoothing changes: blur rounds corners and fills pores in proportion to its variance."""
    more = replace(look, smooth_px=max(look.smooth_px, 0.7) * float(np.sqrt(2)))
    frames = range(picture["intensity"].shape[0])
    blurred = pooled([geometry(section(picture, k, more).metal(more).astype(float), width) for k in frames])
    return {name: abs(value(blurred) - value(whole)) for name, value in VALUES.items()}


def _counting(sections: Sequence[Section], look: Look, whole: Geometry) -> float:
    """What chance leaves of few enclosed pores: √Σa² of their areas by Poisson's law, and one of mean size that was missed.

    Where none is enclosed, a pore of the mean size of all voids stands for the one that was missed.
    """
    shut = [enclosed(s.metal(look)) for s in sections]
    areas = np.concatenate([np.bincount(labelled(m)[0].ravel())[1:] for m in shut]).astype(float)
    if areas.size:
        missed = float(areas.mean())
    else:
        voids, count = labelled(void_under(sections[0].metal(look).astype(float), whole.envelope))
        missed = float((voids > 0).sum()) / max(count, 1)
    total = np.sqrt(float(areas @ areas) + missed**2) / len(sections)
    return float(total) / max(float(whole.envelope.sum()), 1e-12)


def _sampling(g: Geometry) -> tuple[Parts, Parts]:
    """What another stretch of the same deposit would give: standard deviation, and half of the 68 % interval.

    The rms of a stretch misses waves longer than it: its relative std is 1/√(2 n) for n independent heights at the least.
    """
    square = (g.envelope - g.envelope.mean()) ** 2
    rms = float(np.sqrt(square.mean()))
    independent = max(g.envelope.size / correlation_length(g.envelope) - 1, 1.0)
    missed = rms / float(np.sqrt(2 * independent))
    series = {
        "porosity": ratio_residuals(g.void, g.envelope),
        "enclosed": ratio_residuals(g.enclosed, g.envelope),
        "thickness": g.envelope,
        "height": ratio_residuals(g.tops**2, g.tops),
        "roughness": square / (2 * max(rms, 1e-12)),
    }
    both = {n: std_of_mean(values) for n, values in series.items()}
    std, half = {n: s for n, (s, _) in both.items()}, {n: half_width_68(*pair) for n, pair in both.items()}
    for each in (std, half):
        each["roughness"] = float(np.hypot(each["roughness"], missed))
    return std, half
