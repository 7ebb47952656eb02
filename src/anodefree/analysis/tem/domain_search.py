"""Crystalline domains of a lattice-resolved picture: where fringes of one frequency hold together, and how wide each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.local_fourier import Spectrum, coarse_shape, disc_diameter, fringes, refined, spectrum, standing_out

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
FALSE_DOMAINS: Final = 0.1
"""Domains that noise alone is expected to make in the whole picture."""
CLEAR: Final = 5.0
"""Amplitude over the noise's root mean square below which half of it is too near the noise to be the edge of a domain."""
RIM: Final = 0.5
"""Amplitude over that of a domain beside it below which a peak of nearly its frequency counts as its rim."""
MOST_SPOTS: Final = 48
MOST_DOMAINS: Final = 400
LEVELS: Final = (0.5, 0.4, 0.6)
"""Shares of its largest amplitude at which a domain is cut; the first gives the value, the others its uncertainty."""


@dataclass(frozen=True)
class Domain:
    """One domain: centre (row, column), frequency (fy, fx), diameters [pixels] by level, amplitude over noise, whole or cut."""

    centre: tuple[float, float]
    frequency: tuple[float, float]
    diameters: tuple[float, ...]
    apparent: float
    strength: float
    whole: bool


def domains(image: Floats, low: float, high: float, window: float) -> tuple[list[Domain], NDArray[np.int32], int]:
    """Domains whose fringes lie between two frequencies [1/pixel]; a map (y, x) of their numbers from 1; spots looked at."""
    of = spectrum(image, 1.5 / low)
    spots = standing_out(of, low, high, window, MOST_SPOTS)
    found: list[Domain] = []
    label_map = np.zeros(coarse_shape(image.shape, window), dtype=np.int32)
    if not len(spots):
        return found, _full(label_map, image.shape), 0
    cells = max(image.size / (4 * np.pi * window**2), 1.0)
    tried = max(np.log(cells * len(spots) / FALSE_DOMAINS), CLEAR**2)
    step = np.array(image.shape) / np.array(label_map.shape)
    for at, spot, strength in _peaks(of, spots, window, float(tried)):
        if len(found) >= MOST_DOMAINS:
            break
        if label_map[at] or any(_rim(one, (at[0] * step[0], at[1] * step[1]), spot, strength, window) for one in found):
            continue
        made = _measured(of, at, spot, window)
        if made is None:
            continue
        domain, mask = made
        if np.count_nonzero(label_map[mask]) > 0.5 * np.count_nonzero(mask):
            continue  # another reflection of a crystal that is there already
        found.append(domain)
        label_map[mask & (label_map == 0)] = len(found)
    return found, _full(label_map, image.shape), len(spots)


def _full(coarse: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """A map on the coarse grid as one of the picture's pixels, each as the nearest place."""
    rows, columns = (np.rint(np.arange(n) * c / n).astype(int).clip(0, c - 1) for n, c in zip(shape, coarse.shape, strict=True))
    return np.asarray(coarse[np.ix_(rows, columns)])


def _rim(of: Domain, at: tuple[float, float], spot: Floats, strength: float, window: float) -> bool:
    """Whether a peak is but the rim of a stronger domain at a frequency beside its own, where a sharp edge always shows."""
    apart = np.hypot(at[0] - of.centre[0], at[1] - of.centre[1])
    aside = min(np.hypot(spot[0] - s * of.frequency[0], spot[1] - s * of.frequency[1]) for s in (1, -1))
    close = apart < 0.5 * of.apparent + 2 * window and aside < 4 / (2 * np.pi * window)
    return bool(close and strength < (RIM * of.strength) ** 2)


def _peaks(of: Spectrum, spots: Floats, window: float, tried: float) -> list[tuple[tuple[int, int], Floats, float]]:
    """Places where fringes of a spot are strongest and above what noise makes, with their own frequency, the clearest first."""
    from scipy.ndimage import maximum_filter

    reach = 9  # places of the grid: the window to either side
    listed = []
    for spot in spots:
        seen = fringes(of, spot, window)
        strength = np.abs(seen.values) ** 2 / max(seen.noise, 1e-300)
        top = (strength == maximum_filter(strength, reach, mode="nearest")) & (strength > tried)
        for y, x in np.argwhere(top):
            at = (int(y), int(x))
            listed.append((at, refined(seen, at, spot, window), float(strength[at])))
    return sorted(listed, key=lambda p: (-p[2], p[0]))


def _measured(of: Spectrum, at: tuple[int, int], own: Floats, window: float) -> tuple[Domain, Mask] | None:
    """The domain around a place, seen at its own frequency; None where it is not a peak there any more."""
    from scipy.ndimage import label

    seen = fringes(of, own, window)
    size, pixels = np.abs(seen.values), float(np.sqrt(seen.step.prod()))
    reach = 4
    rows, columns = (slice(max(0, at[k] - reach), at[k] + reach + 1) for k in (0, 1))
    top = float(size[rows, columns].max())
    apparent, diameters, mask = 0.0, [], np.zeros(size.shape, dtype=bool)
    for level in LEVELS:
        parts, _ = label(size > level * top)
        if not parts[at]:
            return None
        part = parts == parts[at]
        wide = 2 * float(np.sqrt(_area(size, level * top, part) / np.pi)) * pixels
        if level == LEVELS[0]:
            apparent, mask = wide, part
        diameters.append(wide)
    y, x = np.nonzero(mask)
    whole = bool(y.min() > 0 and x.min() > 0 and y.max() < size.shape[0] - 1 and x.max() < size.shape[1] - 1)
    corrected = tuple(float(disc_diameter(np.array(d), window, c)) for d, c in zip(diameters, LEVELS, strict=True))
    centre = (float(y.mean() * seen.step[0]), float(x.mean() * seen.step[1]))
    strength = top / float(np.sqrt(max(seen.noise, 1e-300)))
    return Domain(centre, (float(own[0]), float(own[1])), corrected, apparent, strength, whole), mask


def _area(size: Floats, level: float, part: Mask) -> float:
    """Area of a part above a level, in places of the grid: those on its border count by how far they are above it."""
    from scipy.ndimage import binary_dilation

    slope = np.hypot(*np.gradient(size))
    share = np.clip(0.5 + (size - level) / np.maximum(slope, 1e-300), 0.0, 1.0)
    return float(share[binary_dilation(part)].sum())
