"""Sizes of the crystalline domains of a lattice-resolved picture, from the local amplitude of its fringes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.scale import PixelSize, ScaleError, scale_of
from anodefree.analysis.tem.domain_search import FALSE_DOMAINS, LEVELS, MOST_DOMAINS, Domain, domains
from anodefree.analysis.tem.dose import Dose, dose_check, dose_of
from anodefree.analysis.tem.region import Region, cut
from anodefree.analysis.tem.synthetic_domains import crystallites
from anodefree.core.figure import COLOURS, INK, sized, split
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.correlated import widened_to_95
from anodefree.numerics.local_fourier import apparent_diameter
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FEWEST: Final = 3
SHAPE, READING = 0.03, 0.08
"""Relative standard deviation of diameters that are read as those of discs, of all together and of one. Synthetic discs were
read 2 to 3 % large in the mean, and with an rms error of 8 % each."""
NARROW: Final = 1.1
"""A domain that looks less than this times as wide as the window alone is not resolved."""


@stage("tem.domains", version=1, cites=("hytch1998", "miles1974"))
def found_domains(
    picture: Micrograph,
    *,
    spacing_m: Annotated[
        tuple[float, float],
        Par(
            "least and largest spacing of the fringes",
            gt=0,
            source="lattice planes of LiF, Li2O, Li2CO3, Li3N, LiOH and lithium",
            assumed=True,
        ),
    ] = (0.17e-9, 0.45e-9),
    window_m: Annotated[
        float,
        Par(
            "standard deviation of the Gaussian through which a place is seen",
            gt=0,
            source="two or three planes to either side: finer sees fewer planes, coarser resolves fewer domains",
            assumed=True,
        ),
    ] = 0.6e-9,
    region_pixels: Region = None,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    frame: Annotated[int, Par("which frame of a series; -1: the last one")] = 0,
    dose_C_m2: Dose = None,
) -> Result:
    """Diameters of crystalline domains, from where the fringes of one lattice hold together.

    A_g(r) = 2 |(I exp(-2πi g·r)) * G_σ| is the amplitude [counts] of fringes of frequency g seen through a Gaussian of
    σ = `window_m`. Each g is one at which power stands out of the median of its ring; noise makes less than a tenth of a domain
    in the picture, and an amplitude of five times its rms at least. A domain is the connected area around a peak where A_g is
    above half of it, at the frequency that its own phase says; d' = 2 √(area/π) is corrected to the diameter d of the disc that
    looks d' wide when blurred by the window. A second reflection of a crystal that is there already counts once.
    `diameter` is the mean over whole domains, each weighted by 1/((W - d)(H - d)), for large ones are cut by the border more
    often; `diameter_area` weights by area, as the eye does; `resolution` is the least d that can be told from a point.
    The std joins: number of domains (Student), the level (0.4 and 0.6 instead of half), shape (3 %), and the scale.
    *Valid when* each domain diffracts into the picture: crystals off a zone, or thinner than noise lets through, are not
    counted, and of two that overlap in projection the clearer one. *Source* Hÿtch, Snoeck and Kilaas 1998 (amplitude and phase
    of fringes); border: Miles 1974. The paper states a range read by eye.

    Raises
    ------
    ConfigError: size of a pixel unknown, spacings finer than two pixels. DataError: no or too few whole domains.
    """
    where = picture.source.name
    scale = scale_of(picture, pixel_m, scale_error)
    if not scale.known:
        raise ConfigError("its pixels have no size, so spacings mean nothing", where, "give pixel_m")
    low, high = sorted(spacing_m)
    pixel = scale.pixel_m
    if low < 2 * pixel:
        raise ConfigError(
            f"fringes of {low:.3g} m are finer than two pixels of {pixel:.3g} m", "spacing_m", "raise the least one"
        )
    frames = picture["intensity"]
    if not -len(frames) <= frame < len(frames):
        raise ConfigError(f"there is no frame {frame}: it holds {len(frames)}", "frame", "-1 is the last one")
    image, corner = cut(frames[frame], region_pixels)
    window = window_m / pixel
    if window < 1.0 or 8 * window > min(image.shape) or 4 * high / pixel > min(image.shape):
        raise ConfigError(
            f"a window of {window:.3g} pixels does not suit this picture", "window_m", "1 pixel to an eighth of it"
        )
    found, label_map, spots = domains(image.astype(float), pixel / high, pixel / low, window)
    whole = [d for d in found if d.whole]
    if len(whole) < FEWEST:
        raise DataError(
            f"shows {len(found)} domains with clear fringes, {len(whole)} of them whole", where, f"{FEWEST} whole ones or more"
        )
    sizes = np.array([d.diameters for d in whole]) * pixel
    weight = _border_weight(sizes[:, 0], (image.shape[0] * pixel, image.shape[1] * pixel))
    limit = _resolution(window) * pixel
    estimates = _estimates(sizes, weight, scale.relative_std, limit, len(found))
    curves = _curves(found, label_map, image, corner, pixel, weight)
    checks = [scale.check, *_checks(sizes[:, 0], len(found), len(whole), spots, limit), dose_check(dose_of(picture, dose_C_m2))]
    return Result.of(estimates, curves, checks)


def _border_weight(diameter: Floats, field: tuple[float, float]) -> Floats:
    """How much more often a domain of no width would lie whole in the field."""
    room = np.maximum((field[0] - diameter) * (field[1] - diameter), 0.05 * field[0] * field[1])
    weight = 1 / room
    return np.asarray(weight / weight.sum())


def _resolution(window: float) -> float:
    """The least diameter [pixels] of a disc that looks clearly wider than a point."""
    wide = np.geomspace(0.1, 10, 400) * window
    seen = apparent_diameter(wide, window)
    return float(wide[np.argmax(seen > NARROW * seen[0])])


def _estimates(sizes: Floats, weight: Floats, relative: float, limit: float, count: int) -> dict[str, Estimate]:
    d = sizes[:, 0]
    mean = float(weight @ d)
    variance = float(weight @ (d - mean) ** 2) / max(1 - float(weight @ weight), 1e-9)
    number = math.sqrt(variance * float(weight @ weight)) * widened_to_95(d.size - 1)
    level = float(np.abs(weight @ sizes[:, 1:] - mean).max())
    own = math.hypot(number, level)
    spread = math.sqrt(variance)
    area = weight * d**2
    heavy = float(area @ d / area.sum()) if area.sum() > 0 else mean
    share = area / max(area.sum(), 1e-300)
    heavy_std = math.sqrt(float(share @ (d - heavy) ** 2) * float(share @ share)) * widened_to_95(d.size - 1)
    order = np.argsort(d)
    median = float(np.interp(0.5, np.cumsum(weight[order]) - 0.5 * weight[order], d[order]))

    def length(value: float, std: float, label: str) -> Estimate:
        return Estimate(value, math.hypot(std, value * math.hypot(relative, SHAPE)), "m", label, "nm")

    return {
        "diameter": length(mean, own, "mean over domains"),
        "spread": length(spread, spread / math.sqrt(2 * max(d.size - 1, 1)) * widened_to_95(d.size - 1), "standard deviation"),
        "median": length(median, 1.2533 * own, "median over domains"),
        "diameter_area": length(heavy, math.hypot(heavy_std, level), "mean, weighted by area"),
        "smallest": length(float(d.min()), READING * float(d.min()), "smallest whole domain"),
        "largest": length(float(d.max()), READING * float(d.max()), "largest whole domain"),
        "resolution": length(limit, 0.0, "least diameter that can be told"),
        "count": Estimate(float(count), math.sqrt(count), "1", "domains in the picture, whole or cut"),
    }


def _curves(
    found: list[Domain], label_map: NDArray[np.int32], image: np.ndarray, corner: tuple[int, int], pixel: float, weight: Floats
) -> dict[str, tuple[object, object]]:
    whole = np.array([d.whole for d in found])
    shares = np.zeros(len(found))
    shares[whole] = weight
    frequency = np.array([np.hypot(*d.frequency) for d in found])
    return {
        "x_m": ("x", (corner[0] + np.arange(image.shape[1]) + 0.5) * pixel),
        "y_m": ("y", (corner[1] + np.arange(image.shape[0]) + 0.5) * pixel),
        "brightness": (("y", "x"), image.astype(np.float32)),
        "domain_map": (("y", "x"), label_map),
        "diameter_m": ("domain", np.array([d.diameters[0] for d in found]) * pixel),
        "apparent_diameter_m": ("domain", np.array([d.apparent for d in found]) * pixel),
        "spacing_m": ("domain", pixel / frequency),
        "whole": ("domain", whole.astype(np.int8)),
        "number_share": ("domain", shares),
        "strength": ("domain", np.array([d.strength for d in found])),
    }


def _checks(diameter: Floats, count: int, whole: int, spots: int, limit: float) -> list[Check]:
    small = float(np.mean(diameter < limit))
    return [
        Check.that(
            "number",
            whole >= 10,
            f"{whole} whole domains of {count}, from {spots} frequencies; {LEVELS[0]:.0%} of their amplitude is their edge",
            f"{whole} whole domains only: the std of so few is wide, join more pictures",
        ),
        Check.that(
            "resolution",
            small <= 0.1,
            f"domains are wider than the {1e9 * limit:.2g} nm that the window resolves",
            f"{100 * small:.0f} % of the domains are below the {1e9 * limit:.2g} nm that the window resolves: theirs are upper "
            "bounds, and smaller ones may be missed; give a smaller window_m",
        ),
        Check.that(
            "false domains",
            count < MOST_DOMAINS,
            f"noise is expected to make {FALSE_DOMAINS:g} domains",
            f"more than {MOST_DOMAINS} domains: only the clearest are counted, choose a smaller region",
        ),
    ]


@found_domains.plot
def draw(result: Result, ax: Axes) -> None:
    """The picture with the outlines of domains, and the distribution of diameters."""
    curves = result.curves
    x, y = 1e9 * curves["x_m"].values, 1e9 * curves["y_m"].values
    step = float(x[1] - x[0])
    shape = (y[-1] - y[0]) / (x[-1] - x[0])
    high = float(np.clip(3.0 * shape, 1.2, 4.5))
    sized(ax, 3.5, high + 1.9)
    image, below = split(ax, 2, 1, height_ratios=(high, 1.5))
    brightness = curves["brightness"].values
    low, top = np.percentile(brightness, (0.5, 99.5))
    extent = (x[0] - step / 2, x[-1] + step / 2, y[-1] + step / 2, y[0] - step / 2)
    image.imshow(brightness, cmap="gray", vmin=low, vmax=max(top, low + 1e-12), extent=extent, interpolation="nearest")
    whole = curves["whole"].values.astype(bool)
    for number, is_whole in enumerate(whole, start=1):
        mask = (curves["domain_map"].values == number).astype(float)
        image.contour(x, y, mask, [0.5], colors=[COLOURS[1] if is_whole else COLOURS[4]], linewidths=0.9)
    image.locator_params(nbins=5)
    image.set(xlabel="x / nm", ylabel="y / nm")
    _histogram(result, below, 1e9 * curves["diameter_m"].values[whole])


def _histogram(result: Result, ax: Axes, diameter: Floats) -> None:
    from matplotlib.ticker import MaxNLocator

    mean = result.estimates["diameter"]
    counts, edges = np.histogram(diameter, bins=int(np.clip(1.5 * diameter.size**0.5, 4, 20)))
    ax.stairs(counts, edges, fill=True, color=COLOURS[0], alpha=0.75, label="whole domains")
    value, std = 1e9 * mean.value, 1e9 * mean.std
    ax.axvspan(value - std, value + std, ymax=0.65, color=COLOURS[5], alpha=0.3, lw=0, label=f"mean ± std: {mean}")
    ax.axvline(value, ymax=0.65, color=INK, lw=1.0)
    ax.axvline(1e9 * result["resolution"], ymax=0.65, color=COLOURS[3], lw=1.0, ls="--", label="resolution")
    ax.set(xlabel="diameter / nm", ylabel="domains", ylim=(0, 1.8 * float(counts.max())), xlim=(0, None))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    ax.legend(loc="upper left", handlelength=1.2, borderaxespad=0.1, labelspacing=0.3)


@found_domains.demo
def demo(rng: np.random.Generator) -> Demo:
    """Crystallites of LiF and Li2O in an amorphous film; truth is the population they were drawn from."""
    made = crystallites(rng, contrast=0.2)
    return Demo((made.picture,), {"diameter": made.mean_m}, {"spacing_m": (0.18e-9, 0.4e-9)})
