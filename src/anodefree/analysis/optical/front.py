"""How fast a deposit grows, from pictures in time: front, area and tip, under a lamp that flickers and a scale that is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.scale import PixelSize, ScaleError, scale_of
from anodefree.analysis.sem.synthetic import micrograph
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.deposit_geometry import column_tops
from anodefree.numerics.robust_line import robust_line
from anodefree.numerics.thresholds import otsu, without_specks
from anodefree.physics.imaging import seen
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FEWEST = 4


@dataclass(frozen=True)
class Track:
    """By frame, in pixels above the collector's edge of the picture: tip, mean front, and area by width."""

    tip: Floats
    front: Floats
    area: Floats


def even_exposure(frames: Floats, sky: int) -> tuple[Floats, Floats]:
    """Frames (frame, z, x) over the median of their uppermost `sky` rows, which hold electrolyte, and that median."""
    light = np.median(frames[:, -sky:].reshape(len(frames), -1), axis=1)
    return frames / np.maximum(light, 1e-9)[:, None, None], light


def track(shade: Floats, threshold: float, smallest: int) -> Track:
    """Follow the deposit, where `shade` (frame, z, x) exceeds the threshold; tops are interpolated between pixels."""
    tips, fronts, areas = [], [], []
    for image in shade:
        # One half where the threshold is crossed, so that heights are found between pixels.
        level = np.clip(0.5 + (image - threshold) / (2 * threshold), 0.0, 1.0)
        metal = without_specks(level >= 0.5, smallest)
        tops = column_tops(np.where(metal, np.maximum(level, 0.5), np.minimum(level, 0.499)))
        tips.append(float(tops.max()))
        fronts.append(float(tops.mean()))
        areas.append(float(np.where(metal, 1.0, 0.0).sum(axis=0).mean()))
    return Track(np.array(tips), np.array(fronts), np.array(areas))


@stage("optical.front", version=1, cites=("otsu1979", "huber1981", "brissot1999"))
def front(
    video: Micrograph,
    *,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    deposit: Annotated[
        Literal["auto", "dark", "bright"], Par("lithium against the electrolyte; auto: by the lowest rows")
    ] = "auto",
    electrolyte_part: Annotated[
        float,
        Par(
            "uppermost part of the picture that is electrolyte all the time, by which exposure is evened out",
            gt=0,
            lt=1,
            source="the tip stays below nine tenths of the picture",
            assumed=True,
        ),
    ] = 0.1,
    smooth_pixels: Annotated[
        float, Par("Gaussian smoothing, in pixels", ge=0, le=20, source="about the blur of a picture", assumed=True)
    ] = 1.0,
    smallest_pixels: Annotated[
        int, Par("specks of fewer pixels are dirt", ge=0, le=10**6, source="a dozen pixels", assumed=True)
    ] = 12,
    threshold_std: Annotated[
        float,
        Par("standard deviation of the threshold over the contrast", ge=0, lt=0.5, source="as sem.porosity", assumed=True),
    ] = 0.05,
    interval_s: Annotated[float | None, Par("time from frame to frame; none: as the file says", gt=0)] = None,
) -> Result:
    """Height, area and speed of a growing deposit from a series of pictures.

    Each frame is divided by the median brightness of its uppermost part (exposure that flickers drops out), then smoothed; the
    deposit is where the shade passes Otsu's threshold over all frames. Tip: highest lithium; front: mean height of the tops;
    `area` over width. Speeds are the slopes of straight lines with Huber's weights over all frames, whose standard deviation
    grows where residuals follow each other; added are the slope's change over ± `threshold_std` of the contrast, and the
    relative error of the scale. `tip_height`, `front_height` and `area_per_width` are of the last frame.
    *Valid when* growth is steady (a check tells), the collector is at the lower (or, by the metadata, upper) edge and does not
    drift, and the top of the picture stays free. *Source* Otsu 1979; Huber 1981, section 7.6; the use of such speeds: Brissot
    et al. 1999.

    Raises
    ------
    DataError: fewer than four frames, times that do not rise, no size of a pixel, or no contrast.
    """
    where = video.source.name
    scale = scale_of(video, pixel_m, scale_error)
    if not scale.known:
        raise DataError("says no size of a pixel", where, "give pixel_m")
    time = _times(video, interval_s)
    shade, contrast, light = _shade(video, deposit, electrolyte_part, smooth_pixels)
    threshold = otsu(shade.ravel())
    high, low = shade[shade >= threshold], shade[shade < threshold]
    apart = float(high.mean() - low.mean())
    step = min(threshold_std * apart, 0.5 * threshold)
    found = track(shade, threshold, smallest_pixels)
    lower, upper = (track(shade, threshold + s, smallest_pixels) for s in (-step, step))
    pixel = scale.pixel_m
    lines, estimates = {}, {}
    for name, values, label in (("tip", found.tip, "highest lithium"), ("front", found.front, "mean of the tops")):
        fit = robust_line(time, values)
        by_threshold = 0.5 * abs(_slope(time, getattr(upper, name)) - _slope(time, getattr(lower, name)))
        slope = fit.slope * pixel
        std = float(np.sqrt(pixel**2 * (fit.covariance[1, 1] + by_threshold**2) + (slope * scale.relative_std) ** 2))
        estimates[f"{name}_speed"] = Estimate(slope, std, "m/s", f"speed of the {label}")
        edge = float(np.hypot(0.5 * abs(getattr(upper, name)[-1] - getattr(lower, name)[-1]), 0.3))
        last = float(values[-1]) * pixel
        estimates[f"{name}_height"] = Estimate(
            last, float(np.hypot(edge * pixel, last * scale.relative_std)), "m", f"{label}, last frame"
        )
        lines[name] = fit
    area = float(found.area[-1]) * pixel
    unsure = 0.5 * abs(upper.area[-1] - lower.area[-1]) * pixel
    estimates["area_per_width"] = Estimate(
        area, float(np.hypot(unsure, area * scale.relative_std)), "m", "area over width, last frame"
    )
    flicker = float(np.std(light / light.mean()))
    checks = [
        scale.check,
        Check.that(
            "contrast",
            contrast >= 3,
            f"deposit and electrolyte differ by {contrast:.1f} times their scatter",
            f"deposit and electrolyte differ by {contrast:.1f} times their scatter only",
        ),
        Check.that(
            "steady growth",
            lines["tip"].correlation <= max(0.5, 2 / np.sqrt(time.size)),
            "the tip's residuals from a straight line do not follow each other",
            "the tip speeds up or slows down: one speed does not say it, see the curve",
        ),
        Check.that(
            "free top",
            found.tip.max() <= (1 - electrolyte_part) * shade.shape[1],
            "the uppermost part stays free of the deposit",
            "the deposit reaches the part by which the exposure is evened out: give a smaller electrolyte_part",
        ),
        Check("exposure", "pass", f"frames differ by {100 * flicker:.1f} % in exposure, which was evened out"),
    ]
    curves = {
        "time_s": ("frame", time),
        "tip_height_m": ("frame", found.tip * pixel),
        "front_height_m": ("frame", found.front * pixel),
        "area_per_width_m": ("frame", found.area * pixel),
        "tip_line_m": ("frame", (lines["tip"].intercept + lines["tip"].slope * time) * pixel),
        "front_line_m": ("frame", (lines["front"].intercept + lines["front"].slope * time) * pixel),
        "exposure": ("frame", light / light.mean()),
    }
    return Result.of(estimates, curves, checks)


def _times(video: Measurement, interval_s: float | None) -> Floats:
    count, where = video["intensity"].shape[0], video.source.name
    if count < FEWEST:
        raise DataError(f"holds {count} frames", where, f"a speed needs {FEWEST} or more")
    time = np.arange(count) * interval_s if interval_s is not None else video["frame_time_s"].astype(float)
    if (np.diff(time) <= 0).any():
        raise DataError("the times of its frames do not rise", where, "give interval_s, the time from frame to frame")
    return np.asarray(time, dtype=float)


def _shade(video: Measurement, deposit: str, part: float, smooth: float) -> tuple[Floats, float, Floats]:
    """Shade (frame, z, x) by which the deposit stands out, 0 in the electrolyte; contrast over scatter; exposure by frame."""
    from scipy.ndimage import gaussian_filter

    raw = video["intensity"].astype(float)
    frames = raw if video.meta.get("collector_up") in (True, "true") else raw[:, ::-1]
    if float(np.ptp(frames)) == 0:
        raise DataError("is of one brightness", video.source.name, "is it the right series?")
    even, light = even_exposure(frames, max(round(part * frames.shape[1]), 2))
    even = gaussian_filter(even, (0, smooth, smooth), mode="nearest") if smooth else even
    foot = even[-1, : max(2, even.shape[1] // 50)]
    dark = deposit == "dark" or (deposit == "auto" and float(np.median(foot)) < 1.0)
    shade = 1.0 - even if dark else even - 1.0
    at = otsu(shade.ravel())
    high, low = shade[shade >= at], shade[shade < at]
    scatter = float(np.sqrt(0.5 * (high.var() + low.var())))
    if at <= 0:
        raise DataError("the deposit does not stand out", video.source.name, "say whether it is dark or bright: deposit=")
    return shade, float(high.mean() - low.mean()) / max(scatter, 1e-12), light


def _slope(time: Floats, values: Floats) -> float:
    return robust_line(time, values).slope


@front.plot
def draw(result: Result, ax: Axes) -> None:
    """Heights of tip and front in time with their straight lines."""
    c = result.curves
    time = c["time_s"].values
    factor, unit = (1 / 60, "min") if np.ptp(time) > 300 else (1.0, "s")
    for k, name in enumerate(("tip", "front")):
        e = result.estimates[f"{name}_speed"]
        told = f"{1e9 * e.value:.3g} ± {1e9 * e.std:.2g} nm/s"
        ax.plot(time * factor, 1e6 * c[f"{name}_height_m"].values, "o", color=COLOURS[k], label=f"{name}, {told}")
        ax.plot(time * factor, 1e6 * c[f"{name}_line_m"].values, color=COLOURS[k], lw=0.8, label="_")
    ax.set(xlabel=f"time / {unit}", ylabel="height above the collector / µm", ylim=(0, None))
    ax.legend(loc="upper left")


@front.demo
def demo(rng: np.random.Generator) -> Demo:
    """Needles on a film that grow steadily under a flickering lamp, through a scale that is 4 % off."""
    rows, columns, count, pixel, fine = 64, 96, 12, 1e-6, 4
    time = 60.0 * np.arange(count)
    places, speeds = np.array([20.0, 48.0, 75.0]), np.sort(rng.uniform(1.5, 3.8, 3))
    z, x = (np.arange(rows * fine) + 0.5)[:, None] / fine, np.arange(columns)
    frames = []
    for k in range(count):
        metal = np.zeros((rows * fine, columns), dtype=bool)
        for at, speed in zip(places, speeds, strict=True):
            metal |= (np.abs(x - at) < 4) & (z < 6 + speed * k)
        metal |= z < 3
        share = metal.reshape(rows, fine, columns).mean(axis=1)
        gain = 1 + 0.03 * float(rng.standard_normal())
        frames.append(seen(0.7 - 0.58 * share, rng, blur_px=0.8, quanta=1000.0, gain=gain)[::-1])
    stated = pixel * (1 + 0.04 * float(rng.standard_normal()))
    made = micrograph(np.stack(frames), stated, {"scale_error": 0.04, "view": "transmission"})
    arrays = {n: made[n] for n in ("x_m", "y_m", "intensity")} | {"frame_time_s": time}
    film = Measurement.of(made.kind, arrays, made.meta, name="synthetic video")
    return Demo((film,), {"tip_speed": float(speeds.max()) * pixel / 60.0})
