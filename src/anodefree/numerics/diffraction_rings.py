"""Rings of a diffraction pattern: centre and ellipse by their places all around, the beam stop left out, radii with std."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SECTORS: Final = 48
STEP: Final = 0.5
"""Radial step of the polar picture, in pixels."""
COARSE: Final = 256
"""Pixels either way at which the centre is looked for first."""
STRONGEST: Final = 6
"""Rings by which the centre is refined."""
PLACE_STD: Final = 0.014
"""What the sampling of pixels adds to the centre [pixels]."""
DARK: Final = 4.0
"""Median absolute deviations by which a shadow lies below its surroundings at the same distance."""


@dataclass(frozen=True)
class Frame:
    """Where the pattern lies: centre (x, y) [pixels] and ellipse, r = R (1 + e1 cos 2t + e2 sin 2t)."""

    x: float
    y: float
    e1: float = 0.0
    e2: float = 0.0


@dataclass(frozen=True)
class Rings:
    """Radii [pixels] with std, heights over background, widths (std) [pixels]."""

    radius: Floats
    std: Floats
    height: Floats
    width: Floats


@dataclass(frozen=True)
class Profile:
    """Mean intensity along the radius [pixels], its background, and the std of the mean."""

    radius: Floats
    intensity: Floats
    background: Floats
    std: Floats


def rough_centre(image: Floats) -> tuple[float, float]:
    """Centre (x, y) by the symmetry of a pattern under a half turn: the maximum of its convolution with itself."""
    from scipy.ndimage import gaussian_filter

    bin_size = max(int(np.ceil(max(image.shape) / COARSE)), 1)
    rows, columns = (n // bin_size * bin_size for n in image.shape)
    small = image[:rows, :columns].reshape(rows // bin_size, bin_size, columns // bin_size, bin_size).mean(axis=(1, 3))
    small = np.log(small - small.min() + 0.05 * (np.percentile(small, 99) - small.min()) + 1e-12)
    detail = gaussian_filter(small, 1.0) - gaussian_filter(small, 0.04 * max(small.shape))
    window = np.multiply.outer(*(np.hanning(n + 2)[1:-1] ** 0.5 for n in detail.shape))
    detail = (detail - detail.mean()) * window
    size = [2 * n for n in detail.shape]
    twice = np.fft.irfft2(np.fft.rfft2(detail, size) ** 2, size)
    row, column = np.unravel_index(int(twice.argmax()), twice.shape)
    return bin_size * (column / 2 + 0.5) - 0.5, bin_size * (row / 2 + 0.5) - 0.5


def beam_stop(image: Floats, x: float, y: float) -> Mask:
    """Pixels in the shadow of a beam stop: far darker than others at their distance, in one piece, with a rim about them."""
    from scipy.ndimage import binary_dilation, gaussian_filter, label

    smooth = gaussian_filter(np.log(np.maximum(image - image.min(), 0) + 0.02 * float(np.ptp(image)) / 10 + 1e-12), 1.0)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    ring = np.hypot(columns - x, rows - y).astype(int)
    middle, spread = _by_ring(smooth, ring)
    dark = smooth < middle[ring] - np.maximum(DARK * spread[ring], 0.1)
    pieces, count = label(dark)
    if count == 0:
        return np.zeros(image.shape, dtype=bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    large = sizes >= max(0.002 * image.size, 0.15 * sizes.max())
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    inner = pieces[np.hypot(columns - x, rows - y) < 0.08 * max(image.shape)]
    large &= np.isin(np.arange(count + 1), np.concatenate([edge, inner]))  # a gap between two rings is no shadow
    large[0] = False
    return np.asarray(binary_dilation(large[pieces], iterations=max(round(0.004 * max(image.shape)), 2)))


def _by_ring(values: Floats, ring: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Upper quartile as the level, and a robust spread above it, of the pixels at each distance: shadows do not lower it."""
    order = np.argsort(ring, axis=None, kind="stable")
    ordered = values.ravel()[order]
    edges = np.searchsorted(ring.ravel()[order], np.arange(ring.max() + 2))
    middle, spread = np.zeros(ring.max() + 1), np.zeros(ring.max() + 1)
    for i, (a, b) in enumerate(pairwise(edges)):
        if b > a:
            low, high = np.percentile(ordered[a:b], [60, 84])
            middle[i], spread[i] = low, high - low
    return middle, spread


def polar(image: Floats, stop: Mask, frame: Frame, most: float) -> tuple[Floats, Floats, Floats]:
    """Radii, mean intensity (sector, radius) and the share of each cell that is seen, in the frame of the ellipse."""
    from scipy.ndimage import map_coordinates

    radius = np.arange(2.0, most, STEP)
    per_sector = max(int(np.ceil(2 * np.pi * most / SECTORS / 2.0)), 2)
    angle = 2 * np.pi * (np.arange(SECTORS * per_sector) + 0.5) / (SECTORS * per_sector)
    stretch = 1 + frame.e1 * np.cos(2 * angle) + frame.e2 * np.sin(2 * angle)
    x = frame.x + np.outer(stretch * np.cos(angle), radius)
    y = frame.y + np.outer(stretch * np.sin(angle), radius)
    inside = (x >= 0) & (x <= image.shape[1] - 1) & (y >= 0) & (y <= image.shape[0] - 1)
    column, row = np.clip(np.rint(x), 0, image.shape[1] - 1).astype(int), np.clip(np.rint(y), 0, image.shape[0] - 1).astype(int)
    seen = inside & ~stop[row, column]
    value = np.where(seen, map_coordinates(image, [y, x], order=1, mode="nearest"), 0.0)
    shape = (SECTORS, per_sector, radius.size)
    share = seen.reshape(shape).mean(axis=1)
    total = value.reshape(shape).mean(axis=1)
    return radius, np.where(share > 0, total / np.maximum(share, 1e-9), np.nan), share


def profile_of(radius: Floats, sectors: Floats, share: Floats, widest: float) -> Profile:
    """Mean over the sectors, its std by their scatter, and the background that peaks up to so many pixels wide stand on."""
    from pybaselines import Baseline  # type: ignore[import-untyped]

    weight = np.where(share > 0.5, share, 0.0)
    total = weight.sum(axis=0)
    known = total > 0.1 * SECTORS
    last = int(np.flatnonzero(known).max(initial=-1)) + 1
    known[:last] &= True
    first = int(np.argmax(known[:last])) if last else 0
    cut = slice(first, max(last, first + 1))
    w, v = weight[:, cut], np.nan_to_num(sectors[:, cut])
    total = np.maximum(w.sum(axis=0), 1e-9)
    mean = (w * v).sum(axis=0) / total
    scatter = (w * (v - mean) ** 2).sum(axis=0) / total
    std = np.sqrt(scatter / np.maximum((w > 0).sum(axis=0) - 1, 1))
    half = max(int(widest / STEP), 4)
    baseline = Baseline(radius[cut], check_finite=False)
    level = float(mean.min()) - 0.05 * float(np.ptp(mean)) - 1e-12
    rooted = np.sqrt(np.maximum(mean - level, 0.0))
    background = baseline.snip(rooted, max_half_window=half, decreasing=True, smooth_half_window=2)[0] ** 2 + level
    return Profile(radius[cut], mean, np.minimum(np.asarray(background), mean + 3 * std), std)


def peaks(profile: Profile, least: float, prominence: float) -> NDArray[np.int64]:
    """Indices of maxima over the background beyond a radius, by that many standard deviations of the noise."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    over = profile.intensity - profile.background
    smooth = gaussian_filter1d(over, 1.5 / STEP / 2)
    noise = 1.4826 * float(np.median(np.abs(over - smooth))) + 1e-12
    local = np.maximum(noise, 0.4 * profile.std)
    found, told = find_peaks(smooth, prominence=0.0, distance=int(4 / STEP))
    strong = (told["prominences"] > prominence * local[found]) & (told["prominences"] > 0.002 * smooth.max())
    return np.asarray(found[strong & (profile.radius[found] >= least)])


def refined(
    image: Floats, stop: Mask, start: Frame, least: float, most: float, widest: float, ellipse: bool, rounds: int
) -> tuple[Frame, Floats]:
    """Centre and ellipse by the radii of strong rings in all sectors, and their covariance (x, y, e1, e2).

    r(t) = R_k + x cos t + y sin t + R_k (e1 cos 2t + e2 sin 2t), a robust linear fit, repeated from where it led.
    """
    frame, covariance = start, np.full((4, 4), np.nan)
    for _ in range(rounds):
        radius, sectors, share = polar(image, stop, frame, most)
        profile = profile_of(radius, sectors, share, widest)
        found = peaks(profile, least, 5.0)
        over = (profile.intensity - profile.background)[found]
        found = found[np.argsort(-over)[:STRONGEST]]
        rows, places, sectors_of = [], [], []
        t = 2 * np.pi * (np.arange(SECTORS) + 0.5) / SECTORS
        for k, index in enumerate(found):
            centre = float(profile.radius[index])
            place = _places(radius, sectors, share, centre, 0.6 * widest)
            ok = np.isfinite(place)
            own = np.zeros((SECTORS, found.size))
            own[:, k] = 1.0
            shift = np.stack([np.cos(t), np.sin(t), centre * np.cos(2 * t), centre * np.sin(2 * t)], axis=1)
            rows.append(np.concatenate([shift, own], axis=1)[ok])
            places.append(place[ok] - centre)
            sectors_of.append(np.flatnonzero(ok))
        if sum(p.size for p in places) < 8 + found.size:
            break
        a, b = np.concatenate(rows), np.concatenate(places)
        if not ellipse:
            a[:, 2:4] = 0.0
        step, covariance = _robust(a, b, np.concatenate(sectors_of))
        frame = Frame(*(float(v) for v in np.array([frame.x, frame.y, frame.e1, frame.e2]) + step[:4]))
    return frame, covariance


def _robust(a: Floats, b: Floats, sector: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Least squares with the weights of Tukey's biweight, and the covariance of the first four unknowns.

    Rings of one sector err together (grain, shadow's edge), so the covariance is that of sectors, not of single places.
    """
    weight = np.ones(b.size)
    used = np.abs(a).sum(axis=0) > 0
    x = np.zeros(a.shape[1])
    for _ in range(8):
        root = np.sqrt(weight)[:, None]
        x[used] = np.linalg.lstsq(root * a[:, used], root[:, 0] * b, rcond=None)[0]
        rest = b - a @ x
        scale = 1.4826 * float(np.median(np.abs(rest))) + 1e-9
        weight = np.clip(1 - (rest / (4.7 * scale)) ** 2, 0, None) ** 2
    pull = a[:, used] * (weight * rest)[:, None]
    summed = np.zeros((SECTORS, int(used.sum())))
    np.add.at(summed, sector, pull)
    inner = np.linalg.pinv((a[:, used] * weight[:, None]).T @ a[:, used])
    seen = np.unique(sector).size
    between = inner @ summed.T @ summed @ inner * (seen / max(seen - used.sum(), 1))
    out = np.zeros((x.size, x.size))
    out[np.ix_(used, used)] = between
    return x, out[:4, :4] + np.diag([PLACE_STD**2, PLACE_STD**2, 0.0, 0.0])


def _places(radius: Floats, sectors: Floats, share: Floats, centre: float, half: float) -> Floats:
    """Centre of mass of a ring in each sector over the line between the ends of its window; NaN where the sector is shaded."""
    window = np.abs(radius - centre) <= half
    out = np.full(len(sectors), np.nan)
    if window.sum() < 5:
        return out
    r, v = radius[window], sectors[:, window]
    seen = np.flatnonzero(share[:, window].min(axis=1) >= 0.5)
    v = v[seen]
    ends = max(int(0.15 * r.size), 1)
    left, right = v[:, :ends].mean(axis=1)[:, None], v[:, -ends:].mean(axis=1)[:, None]
    over = v - (left + (right - left) * (r - r[0]) / (r[-1] - r[0]))
    top, height = over.argmax(axis=1), over.max(axis=1)
    near = np.clip(over - 0.3 * height[:, None], 0, None)
    good = (top > 0) & (top < r.size - 1) & (height > 0) & (near.sum(axis=1) > 0)
    out[seen[good]] = (near[good] @ r) / near[good].sum(axis=1)
    return out


def fitted(profile: Profile, found: NDArray[np.int64], widest: float) -> Rings:
    """Gaussian peaks on the background, all at once with a line of their own in each one's neighbourhood."""
    from scipy.optimize import curve_fit

    over = profile.intensity - profile.background
    r = profile.radius
    radius, std, height, width = [], [], [], []
    for k, index in enumerate(found):
        gaps = [abs(float(r[index] - r[j])) for i, j in enumerate(found) if i != k]
        half = min([0.7 * widest, *(0.6 * g for g in gaps)])
        window = np.abs(r - r[index]) <= max(half, 3.0)
        x, y = r[window], over[window]
        start = [max(float(over[index]), 1e-9), float(r[index]), max(half / 2.5, 1.0), float(y.min()), 0.0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a peak without a covariance is left out below
            try:
                p, c = curve_fit(_peak, x, y, start, sigma=np.maximum(profile.std[window], 1e-9 * start[0]), maxfev=400)
            except (RuntimeError, TypeError):
                continue
        p[2] = abs(p[2])
        if (
            p[0] <= 0
            or not (x[0] <= p[1] <= x[-1] and 0.3 < p[2] < 2 * widest)
            or not c[1, 1] < min(0.02 * p[1], 0.5 * p[2]) ** 2
        ):
            continue
        radius.append(float(p[1]))
        std.append(float(np.sqrt(c[1, 1])))
        height.append(float(p[0]))
        width.append(float(p[2]))
    return Rings(*(np.array(v) for v in (radius, std, height, width)))


def _peak(x: Floats, height: float, centre: float, width: float, level: float, slope: float) -> Floats:
    return np.asarray(height * np.exp(-0.5 * ((x - centre) / width) ** 2) + level + slope * (x - centre))


def rings_of(
    image: Floats, *, start: tuple[float, float] | None, least: float, widest: float, prominence: float, ellipse: bool
) -> tuple[Frame, Floats, Profile, Rings, Mask]:
    """All of it: centre and ellipse with their covariance, profile, rings, and the shadow of the beam stop."""
    x, y = start or rough_centre(image)
    stop = beam_stop(image, x, y)
    far = float(np.hypot(max(x, image.shape[1] - 1 - x), max(y, image.shape[0] - 1 - y)))
    most = min(far, 0.75 * max(image.shape))
    frame, covariance = refined(image, stop, Frame(x, y), least, most, widest, ellipse, 3)
    stop = beam_stop(image, frame.x, frame.y)
    frame, covariance = refined(image, stop, frame, least, most, widest, ellipse, 3)
    profile = profile_of(*polar(image, stop, frame, most), widest)
    return frame, covariance, profile, fitted(profile, peaks(profile, least, prominence), widest), stop
