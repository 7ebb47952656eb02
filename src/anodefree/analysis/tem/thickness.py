"""Thickness of an interphase seen edge on: both of its edges traced along the film, and the distribution between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.scale import PixelSize, Scale, ScaleError, scale_of
from anodefree.analysis.tem.dose import Dose, dose_check, dose_of
from anodefree.analysis.tem.film_trace import Search, Trace, trace
from anodefree.analysis.tem.region import Region, cut
from anodefree.analysis.tem.synthetic_films import case
from anodefree.analysis.tem.thickness_figure import draw_thickness
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.section_sampling import half_width_68, std_of_mean
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
EDGE_PIXELS: Final = 0.15
"""Standard deviation of the distance of two edges from sampling on pixels, by convention; differences of fits come on top."""
TAIL: Final = 1.2815515655446004
"""The quantile of 90 % of the normal distribution: where a blurred edge is at 10 and 90 %."""
FEW_WINDOWS, NOISY, WEAK_STEP = 0.4, 0.1, 0.03
"""Share of windows without edges, noise of a window over the thickness, step of the weaker edge over that of the stronger,
beyond which there is probably no film: pictures of mere noise or of one edge are."""
LARGEST_PICTURE: Final = 400
"""Pixels either way of the picture that the result keeps for its figure."""

Direction = Annotated[
    float | None,
    Par("angle of the film to the rows of the picture, clockwise; none: that of the clearest edges", ge=-3.2, le=3.2),
]
SmoothPx = Annotated[
    float, Par("Gaussian smoothing while the edges are sought, in pixels", ge=0.5, le=30, source="about the blur", assumed=True)
]
LeastPx = Annotated[
    int, Par("the two edges are at least so many pixels apart", ge=3, le=2000, source="four times the smoothing", assumed=True)
]
Window = Annotated[float | None, Par("length along the film of one mean profile; none: a fortieth of the film", gt=0)]


@dataclass(frozen=True)
class Spread:
    """Variation along the film without the windows' noise, its standard deviation, the thickness so freed, and blocks seen."""

    value: float
    std: float
    local: Floats
    blocks: float


@stage("tem.thickness", version=1, cites=("amini1990", "canny1986", "kunsch1989", "politis1992", "meketon1984"))
def thickness(
    picture: Micrograph,
    *,
    region_pixels: Region = None,
    direction_rad: Direction = None,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    window_m: Window = None,
    smooth_pixels: SmoothPx = 2.0,
    least_pixels: LeastPx = 8,
    frame: Annotated[int, Par("which frame of a series; -1: the last one")] = 0,
    dose_C_m2: Dose = None,
) -> Result:
    """Thickness of a film seen edge on, from both of its edges traced along it.

    The direction is that of the clearest gradients. Each edge is the way along the film that maximises the sum of |dI/ds|
    (I smoothed; steps of a row cost), brightness rising only, or falling only, along it; the second is `least_pixels` or more
    away. Then in windows along the film I(s) = a + (b - a) Φ((s - p)/w_p) + (c - b) Φ((s - q)/w_q) is fitted to the mean
    profile: t = (q - p) cos θ [m], θ the slope of the middle line. `thickness` is the mean of t: edges at 50 % of their steps.
    `thickness_10` and `thickness_90` take them where the film's share is 10 and 90 %: t ± 1.28 (w_p + w_q).
    `spread` is the standard deviation of t along the film, less that of the windows' noise; `thin`, `thick` its 5 and 95 %.
    The std joins the stretch that was seen (block bootstrap in closed form), half the difference between fitted edges and
    steepest gradients with 0.15 pixels, and the scale; `std_thickness` in the curves tells them apart. Two std hold 95 %;
    as a stretch holds few blocks one holds more than 68 %, and `thickness_68` in the curves is the interval that holds 68 %.
    Without a size of a pixel the same numbers are in pixels.
    *Valid when* the film stands edge on (tilted by φ, a lamella of depth L adds L tan φ), its two edges are the clearest of the
    region, and it is wider than four times the blur. *Source* Canny 1986 (gradients); Amini et al. 1990 (dynamic programming);
    Künsch 1989 (blocks); dose: Koh et al. 2025. The paper states a single thickness and neither edges nor interval.

    Raises
    ------
    ConfigError: no such frame or region, or a length while the size of a pixel is unknown. DataError: no film with two edges.
    """
    where = picture.source.name
    scale = scale_of(picture, pixel_m, scale_error)
    if window_m is not None and not scale.known:
        raise ConfigError("window_m needs the size of a pixel", where, "give pixel_m")
    frames = picture["intensity"]
    if not -len(frames) <= frame < len(frames):
        raise ConfigError(f"there is no frame {frame}: it holds {len(frames)}", "frame", "-1 is the last one")
    image, corner = cut(frames[frame], region_pixels)
    window = max(2, round(window_m / scale.pixel_m)) if window_m else None
    if window and window > max(image.shape):
        raise ConfigError(f"a window of {window} pixels is longer than the picture", "window_m", "give a shorter one")
    seen = trace(image.astype(float), Search(direction_rad, smooth_pixels, least_pixels, window), where)
    unit = scale.pixel_m if scale.known else 1.0
    spread = _spread(seen)
    parts = _parts(seen)
    estimates = _estimates(seen, spread, parts, scale)
    checks = _checks(seen, spread, scale, image.shape)
    checks.append(dose_check(dose_of(picture, dose_C_m2)))
    return Result.of(estimates, _curves(seen, spread, parts, image, corner, unit, scale), checks)


def _spread(seen: Trace) -> Spread:
    """Standard deviation along the film: what the windows scatter beyond their own noise."""
    t, mean = seen.thickness, float(seen.thickness.mean())
    square = (t - mean) ** 2
    std_square = std_of_mean(square)[0]
    total, noise = float(square.mean()) * t.size / (t.size - 1), float(np.mean(seen.noise**2))
    true = max(total - noise, 0.0)
    value = float(np.sqrt(true))
    std = min(std_square / (2 * value), float(np.sqrt(std_square))) if value > 0 else float(np.sqrt(std_square))
    local = mean + (t - mean) * (value / np.sqrt(total) if total > 0 else 1.0)
    return Spread(value, std, local, std_of_mean(t)[1])


def _parts(seen: Trace) -> dict[str, float]:
    """Standard deviation of the mean in pixels, by cause, without the scale."""
    return {
        "sampling": std_of_mean(seen.thickness)[0],
        "edges": float(np.hypot(EDGE_PIXELS, 0.5 * (float(seen.thickness.mean()) - seen.steepest))),
    }


def _estimates(seen: Trace, spread: Spread, parts: dict[str, float], scale: Scale) -> dict[str, Estimate]:
    unit, relative = (scale.pixel_m, scale.relative_std) if scale.known else (1.0, 0.0)

    def length(value: float, std: float, label: str) -> Estimate:
        total = float(np.hypot(std, value * relative)) * unit
        return (
            Estimate(value * unit, total, "m", label, "nm") if scale.known else Estimate(value, total, "1", label + ", pixels")
        )

    mean, own = float(seen.thickness.mean()), math.hypot(*parts.values())
    blur = TAIL * float(seen.width.sum(axis=1).mean())
    blur_std = TAIL * std_of_mean(seen.width.sum(axis=1))[0]
    # Of a normal distribution, whose density at its 5 % is 0.103 over its standard deviation.
    tail = float(np.hypot(own, np.sqrt(0.05 * 0.95) / 0.103 * spread.value / np.sqrt(max(spread.blocks, 1.0))))
    thin, middle, thick = (float(q) for q in np.quantile(spread.local, (0.05, 0.5, 0.95)))
    return {
        "thickness": length(mean, own, "mean along the film, edges at 50 %"),
        "spread": length(spread.value, spread.std, "standard deviation along the film"),
        "median": length(middle, 1.2533 * own, "median along the film"),
        "thin": length(thin, tail, "5 % of the film is thinner"),
        "thick": length(thick, tail, "5 % of the film is thicker"),
        "thickness_10": length(mean + blur, float(np.hypot(own, blur_std)), "edges where the film begins, 10 %"),
        "thickness_90": length(mean - blur, float(np.hypot(own, blur_std)), "edges where the film is whole, 90 %"),
        "direction": Estimate(seen.direction_rad, _direction_std(seen), "rad", "angle of the film to the rows"),
    }


def _direction_std(seen: Trace) -> float:
    """Of the straight line through the middle, were its windows independent: how well the angle is known within the picture."""
    middle = 0.5 * (seen.upper + seen.lower)
    off = seen.along - seen.along.mean()
    return float(np.std(middle) / max(np.sqrt(float(off @ off)), 1e-12))


def _curves(
    seen: Trace, spread: Spread, parts: dict[str, float], image: np.ndarray, corner: tuple[int, int], unit: float, scale: Scale
) -> dict[str, tuple[object, object]]:
    suffix = "_m" if scale.known else "_pixels"
    step = int(np.ceil(max(image.shape) / LARGEST_PICTURE))
    rows, columns = (n // step * step for n in image.shape)
    small = image[:rows, :columns].astype(np.float32).reshape(rows // step, step, columns // step, step).mean(axis=(1, 3))
    mean = float(seen.thickness.mean())
    causes = {**parts, "scale": mean * scale.relative_std if scale.known else 0.0}
    half = math.hypot(half_width_68(*std_of_mean(seen.thickness)), causes["edges"], causes["scale"])
    places = {
        f"{edge}_{axis}{suffix}": ("window", (xy[:, k] + corner[k] + 0.5) * unit)
        for edge, xy in (("upper", seen.upper_xy), ("lower", seen.lower_xy))
        for k, axis in enumerate("xy")
    }
    return {
        f"x{suffix}": ("x", (corner[0] + (np.arange(small.shape[1]) + 0.5) * step) * unit),
        f"y{suffix}": ("y", (corner[1] + (np.arange(small.shape[0]) + 0.5) * step) * unit),
        "brightness": (("y", "x"), small),
        f"along{suffix}": ("window", seen.along * unit),
        f"thickness_along{suffix}": ("window", seen.thickness * unit),
        f"noise_along{suffix}": ("window", seen.noise * unit),
        f"thickness_without_noise{suffix}": ("window", spread.local * unit),
        f"edge_blur{suffix}": (("window", "edge"), seen.width * unit),
        **places,
        "cause": ("cause", np.array(list(causes), dtype=object)),
        f"std_thickness{suffix}": ("cause", np.array(list(causes.values())) * unit),
        f"thickness_68{suffix}": ("bound", np.array([mean - half, mean + half]) * unit),
    }


def _checks(seen: Trace, spread: Spread, scale: Scale, shape: tuple[int, ...]) -> list[Check]:
    blur = float(seen.width.mean())
    mean = float(seen.thickness.mean())
    steps = np.abs(np.diff(seen.levels, axis=1)).mean(axis=0)
    lost = 1 - seen.thickness.size / seen.windows
    return [
        scale.check,
        Check.that(
            "windows",
            lost <= 0.2,
            f"{seen.thickness.size} of {seen.windows} windows of {seen.window} pixels show two clear edges",
            f"{seen.thickness.size} of {seen.windows} windows only show two clear edges, others are left out: region_pixels",
            otherwise="fail" if lost > FEW_WINDOWS else "warn",
        ),
        Check.that(
            "resolution",
            mean >= 4 * blur,
            f"the film is {mean / max(blur, 1e-9):.0f} times as thick as its edges are blurred",
            f"the film is {mean / max(blur, 1e-9):.1f} times as thick as its edges are blurred: 50 % no longer marks an edge",
        ),
        Check.that(
            "noise",
            float(np.mean(seen.noise)) <= 0.05 * mean,
            f"a window tells its thickness to {100 * float(np.mean(seen.noise)) / mean:.1f} %",
            f"a window tells its thickness to {100 * float(np.mean(seen.noise)) / mean:.1f} % only: give a longer window_m",
            otherwise="fail" if float(np.mean(seen.noise)) > NOISY * mean else "warn",
        ),
        Check.that(
            "contrast",
            float(steps.min()) >= 0.1 * float(steps.max()),
            f"the weaker edge has {100 * steps.min() / steps.max():.0f} % of the step of the stronger",
            f"the weaker edge has {100 * steps.min() / steps.max():.0f} % of the step of the stronger: is it the film's?",
            otherwise="fail" if float(steps.min()) < WEAK_STEP * float(steps.max()) else "warn",
        ),
        Check.that(
            "sampling",
            spread.blocks >= 6,
            f"the stretch holds {spread.blocks:.0f} independent blocks",
            f"the stretch holds {spread.blocks:.1f} independent blocks only: the std itself is unsure, take more",
        ),
        Check.that(
            "direction",
            seen.clearness >= 0.3,
            "the edges have one clear direction",
            "the edges have no clear direction: set direction_rad and region_pixels",
        ),
    ]


@thickness.plot
def draw(result: Result, ax: Axes) -> None:
    """The picture with both edges, and the distribution of the thickness."""
    draw_thickness(result, ax)


@thickness.demo
def demo(rng: np.random.Generator) -> Demo:
    """A stretch of a rough film on metal, with blur, counting noise and a scale that is 4 % off; truth is the whole film."""
    made = case(rng)
    return Demo((made.picture,), {"thickness": made.thickness_m})
