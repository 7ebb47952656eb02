"""Lattice spacings and phases of a lattice-resolved micrograph: all spots of its spectrum explained together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.scale import PixelSize, Scale, ScaleError, scale_of
from anodefree.analysis.tem.dose import Dose, dose_check, dose_of
from anodefree.analysis.tem.explained import Spacings, checks_of, curves_of, spacings_of, summary
from anodefree.analysis.tem.identify import Model, explain
from anodefree.analysis.tem.lattice_figure import draw_lattice
from anodefree.analysis.tem.synthetic_lattices import fringe_case
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.fourier_spots import passed, spots, windowed_power
from anodefree.physics.crystals import crystal, known_crystals
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
INTERPHASE: Final = ("LiF", "Li2O", "Li2S", "Li3N", "LiOH", "Li2CO3", "Li", "Ni", "Cu")
LEAST_PIXELS: Final = 32
MOST_PIXELS: Final = 2**22
SHOWN: Final = 384
"""Pixels either way of the pictures that a result keeps."""

Phases = Annotated[tuple[str, ...], Par("phases that may be there", source="interphases on Ni and Cu", assumed=True)]
Standard = Annotated[
    str | None, Par("a phase that is surely there and fixes the scale, such as Au or Cu; it is added to the phases")
]
LatticeError = Annotated[
    float,
    Par(
        "relative standard deviation of a spacing by strain, tilt and size of a grain",
        gt=0,
        lt=0.1,
        source="a few tenths of a percent in particles of some nm",
        assumed=True,
    ),
]


@stage("tem.lattice", version=1, cites=("peng1996", "miller2019", "chen2026"))
def lattice(
    picture: Micrograph,
    *,
    phases: Phases = INTERPHASE,
    standard: Standard = None,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    shear_error: Annotated[
        float,
        Par(
            "standard deviation of the shears that make a pixel oblong or skewed; scanned pictures need 0.01",
            gt=0,
            lt=0.1,
            source="half the difference of the axes of a scanned SrTiO3 picture is 0.0065",
            assumed=True,
        ),
    ] = 0.008,
    lattice_error: LatticeError = 0.003,
    least_spacing_m: Annotated[
        float, Par("narrowest planes that are looked for", gt=0.5e-10, source="what is usually resolved", assumed=True)
    ] = 1.1e-10,
    most_spacing_m: Annotated[
        float, Par("widest planes that are looked for", gt=1e-10, lt=3e-9, source="wider than any listed", assumed=True)
    ] = 6e-10,
    frame: Annotated[int, Par("which frame", ge=0)] = 0,
    window_m: Annotated[float | None, Par("side of the square that is looked at; none: the whole picture", gt=0)] = None,
    window_x_m: Annotated[float | None, Par("its centre along x; none: the middle", ge=0)] = None,
    window_y_m: Annotated[float | None, Par("its centre down y; none: the middle", ge=0)] = None,
    smooth_bins: Annotated[
        float, Par("smoothing of the spectrum, in bins", gt=0.4, le=5, source="about the width of a grain's spot", assumed=True)
    ] = 1.2,
    false_alarms: Annotated[
        float, Par("spots that noise alone makes in a picture", gt=0, le=1, source="one in twenty pictures", assumed=True)
    ] = 0.05,
    most_spots: Annotated[int, Par("strongest spots that are used", ge=2, le=24, source="of some grains", assumed=True)] = 14,
    dose_C_m2: Dose = None,
) -> Result:
    """Lattice spacings, the error of the scale, and the phases of a micrograph that explain all its spots together.

    Spots are maxima of the power under a Hann window above what noise makes (median of a ring). A grain of a phase
    shows a zone or one row of planes g; a picture whose pixel is s times the stated one shows it at k = s (1 + E) R g, with
    E = ((e1, e2), (e2, -e1)) and the grain's rotation R. All ways to share the spots among grains are searched; (ln s, e1, e2)
    and the rotations are integrated out under ln s ~ N(0, `scale_error`), e ~ N(0, `shear_error`), spots err by their own
    std and by `lattice_error`; reflections that should be seen and are not count against a grain, by |F|^2. `scale_factor` s,
    `axis_ratio` exp(2 e1) (pixel along x over y), `skew` 2 e2 and `spacing_<i>` (corrected by them, strongest spot first) are
    means over all explanations with the spread between them. Curves rank `phase` by the probability that it is there,
    `solution`s, and the phases of each spot. One spacing alone never identifies: its share is the prior's.
    *Valid when* the grains are thin (kinematic), the phases are among those asked for, and distortion is even over the picture.
    *Source* structure factors: Peng et al. 1996; damage by the beam: Koh et al. 2025. The paper reads single spacings.

    Raises
    ------
    ConfigError: an unknown phase, a window outside. DataError: no size of a pixel, too few pixels, no spot above the noise.
    """
    where = picture.source.name
    asked = tuple(dict.fromkeys((*phases, *((standard,) if standard else ()))))
    if not phases and not standard:
        raise ConfigError("no phase is asked for", "phases", ", ".join(known_crystals()))
    for name in asked:
        crystal(name)
    scale = scale_of(picture, pixel_m, scale_error)
    if not scale.known:
        raise DataError("the file says no size of a pixel, so no spacing can be told", where, "give pixel_m")
    if least_spacing_m >= most_spacing_m:
        raise ConfigError("the narrowest plane is not narrower than the widest", "least_spacing_m", "1.1e-10 and 6e-10")
    image, corner = _window(picture, frame, scale.pixel_m, (window_m, window_x_m, window_y_m))
    low, high = scale.pixel_m / most_spacing_m, min(scale.pixel_m / least_spacing_m, 0.45)
    low = max(low, 3.0 / min(image.shape))
    if high <= low:
        raise DataError(
            f"its pixel of {scale.pixel_m * 1e9:.3g} nm resolves no lattice", where, "a pixel of 0.05 nm or less is needed"
        )
    seen = spots(image, low, high, smooth=smooth_bins, false_alarms=false_alarms, limit=most_spots)
    if not len(seen.above):
        raise DataError("no lattice fringes rise above the noise", where, "choose a window on a grain: window_m, window_x_m")
    wave = seen.frequency / scale.pixel_m
    length = np.linalg.norm(wave, axis=1)
    relative = seen.std / scale.pixel_m / length
    model = Model(
        max(scale.relative_std, 1e-6),
        shear_error,
        lattice_error,
        low / scale.pixel_m,
        high / scale.pixel_m,
        1.1 * float(length.max()),
    )
    found = explain(wave, relative, asked, model, standard)
    if not found:
        raise DataError(f"no explanation of its spots holds the standard {standard}", where, "is the standard in the window?")
    told = summary(found, len(wave), asked)
    spacing = spacings_of(found, wave, relative)
    power = windowed_power(image)
    pictures = _kept(image, passed(image, seen.frequency, 2.0 / min(image.shape)), power, corner, scale.pixel_m)
    checks = [scale.check, *checks_of(found, told, spacing, asked, model, standard), dose_check(dose_of(picture, dose_C_m2))]
    curves = {**pictures, **curves_of(found, told, spacing, wave, seen.above)}
    return Result.of(_estimates(told.distortion, spacing, scale), curves, checks)


def _estimates(distortion: tuple[Floats, Floats], spacing: Spacings, scale: Scale) -> dict[str, Estimate]:
    mean, std = distortion
    factor, ratio = float(np.exp(mean[0])), float(np.exp(2 * mean[1]))
    out = {
        "scale_factor": Estimate(factor, factor * float(std[0]), "1", "true over stated size of a pixel"),
        "pixel_size": Estimate(
            factor * scale.pixel_m, factor * scale.pixel_m * float(std[0]), "m", "true size of a pixel", "nm"
        ),
        "axis_ratio": Estimate(ratio, 2 * ratio * float(std[1]), "1", "pixel along x over pixel along y"),
        "skew": Estimate(2 * float(mean[2]), 2 * float(std[2]), "rad", "90 deg minus the angle between the axes"),
    }
    for i, (d, error) in enumerate(zip(spacing.true_m, spacing.std_m, strict=True)):
        out[f"spacing_{i + 1}"] = Estimate(float(d), float(error), "m", f"spacing of spot {i + 1}, corrected", "angstrom")
    return out


def _window(
    picture: Measurement, frame: int, pixel_m: float, asked: tuple[float | None, float | None, float | None]
) -> tuple[Floats, tuple[int, int]]:
    """The square that is looked at, and its first row and column."""
    frames, where = picture["intensity"], picture.source.name
    if frame >= len(frames):
        raise ConfigError(f"there is no frame {frame}: it holds {len(frames)}", "frame", "the first is 0")
    image = frames[frame].astype(float)
    side, x, y = asked
    size = round(side / pixel_m) if side is not None else max(image.shape)
    rows = _span(image.shape[0], y, size, pixel_m, "window_y_m")
    columns = _span(image.shape[1], x, size, pixel_m, "window_x_m")
    cut = image[rows, columns]
    if min(cut.shape) < LEAST_PIXELS:
        raise DataError(f"is looked at in {cut.shape[1]} x {cut.shape[0]} pixels", where, f"{LEAST_PIXELS} either way at least")
    if cut.size > MOST_PIXELS:
        raise ConfigError(f"looks at {cut.size} pixels", where, f"choose a window of at most {MOST_PIXELS}: window_m")
    if float(np.ptp(cut)) == 0:
        raise DataError("is one even grey", where, "choose another window or frame")
    return cut, (rows.start, columns.start)


def _span(length: int, centre_m: float | None, size: int, pixel_m: float, name: str) -> slice:
    middle = length / 2 if centre_m is None else centre_m / pixel_m
    if not 0 <= middle <= length:
        raise ConfigError("the window's centre is outside the picture", name, f"0 to {length * pixel_m:.3g} m")
    first = int(np.clip(round(middle - size / 2), 0, max(length - size, 0)))
    return slice(first, min(first + size, length))


def _kept(
    image: Floats, filtered: Floats, power: Floats, corner: tuple[int, int], pixel_m: float
) -> dict[str, tuple[object, object]]:
    """The middle of the picture and of its fringes, and the spectrum as far as it is looked at."""
    rows, columns = (slice(max((n - SHOWN) // 2, 0), max((n - SHOWN) // 2, 0) + min(n, SHOWN)) for n in image.shape)
    y, x = (
        ((s.start + first + np.arange(s.stop - s.start)) + 0.5) * pixel_m
        for s, first in zip((rows, columns), corner, strict=True)
    )
    kept = []
    for n in image.shape:
        reach = min(n // 2, SHOWN // 2)
        kept.append(slice(n // 2 - reach, n // 2 + reach))
    fy, fx = (np.fft.fftshift(np.fft.fftfreq(n))[s] / pixel_m for n, s in zip(image.shape, kept, strict=True))
    return {
        "x_m": ("x", x),
        "y_m": ("y", y),
        "brightness": (("y", "x"), image[rows, columns].astype(np.float32)),
        "fringes": (("y", "x"), filtered[rows, columns].astype(np.float32)),
        "frequency_x_per_m": ("frequency_x", fx),
        "frequency_y_per_m": ("frequency_y", fy),
        "log_power": (("frequency_y", "frequency_x"), np.log10(power[kept[0], kept[1]] + 1e-12).astype(np.float32)),
    }


@lattice.plot
def draw(result: Result, ax: Axes) -> None:
    """The picture, its spectrum with the spots, the fringes alone, and the phases by probability."""
    draw_lattice(result, ax)


@lattice.demo
def demo(rng: np.random.Generator) -> Demo:
    """A grain of lithium fluoride and one of lithium oxide, the stated size of a pixel off by 4 % and sheared."""
    made = fringe_case(rng)
    truth = {"scale_factor": made.scale, "axis_ratio": float(np.exp(2 * made.shear[0])), "skew": 2 * float(made.shear[1])}
    return Demo((made.picture,), truth, {"phases": ("LiF", "Li2O", "Li2S")})
