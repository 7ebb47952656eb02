"""A virtual transmission electron microscope: the picture of an interphase on metal, seen edge on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import ELEMENTARY_CHARGE_C
from anodefree.core.figure import INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.micrograph import MICROGRAPH, Micrograph
from anodefree.numerics.layered_edge import Film, film_edges, layered, speckled
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL = "usual of bright-field pictures of interphases on lithium or nickel"
MAX_PIXELS = 2**24
Level = Annotated[float, Par("share of the beam that arrives at the camera there", ge=0, le=1, source=USUAL, assumed=True)]


@stage("microscope.transmission", version=1, cites=("williams2009",))
def transmission(
    *,
    thickness_m: Annotated[float, Par("mean thickness of the film", gt=0, source="an interphase", assumed=True)] = 25e-9,
    variation_m: Annotated[
        float, Par("rms variation of the thickness along the film", ge=0, source="a tenth of the film", assumed=True)
    ] = 2e-9,
    variation_length_m: Annotated[
        float, Par("length over which the thickness varies", gt=0, source="about the thickness", assumed=True)
    ] = 8e-9,
    wave_m: Annotated[
        float, Par("rms waviness of the middle of the film", ge=0, source="a rolled or plated metal", assumed=True)
    ] = 1e-9,
    wave_length_m: Annotated[
        float, Par("length of that waviness", gt=0, source="longer than the film is thick", assumed=True)
    ] = 60e-9,
    direction_rad: Annotated[float, Par("angle of the film to the rows of the picture, clockwise", ge=-3.2, le=3.2)] = 0.15,
    width_pixels: Annotated[int, Par("pixels along a row", ge=32, le=8192)] = 512,
    height_pixels: Annotated[int, Par("pixels down a column", ge=32, le=8192)] = 320,
    pixel_m: Annotated[float, Par("true size of a pixel", gt=0)] = 0.25e-9,
    vacuum: Level = 1.0,
    film: Level = 0.78,
    metal: Level = 0.4,
    speckle: Annotated[
        float, Par("relative rms contrast of grains", ge=0, lt=1, source="amorphous contrast near focus", assumed=True)
    ] = 0.03,
    speckle_pixels: Annotated[float, Par("size of the grains, in pixels", gt=0, le=50, source=USUAL, assumed=True)] = 1.5,
    blur_pixels: Annotated[
        float, Par("standard deviation of the point-spread, in pixels", ge=0, le=20, source=USUAL, assumed=True)
    ] = 1.2,
    dose_C_m2: Annotated[
        float,
        Par("charge of the beam per area; 0: no counting noise", ge=0, source="50 e/Å2, usual of cryogenic work", assumed=True),
    ] = 801.1,
    scale_error: Annotated[
        float,
        Par("relative std of the stated size of a pixel", ge=0, lt=0.5, source="3-6 % without a standard", assumed=True),
    ] = 0.04,
    rng: np.random.Generator,
) -> Micrograph:
    """Picture of a film between vacuum and metal, edge on, as a transmission microscope's counting camera would record it.

    N ~ Poisson(D a²/e · [PSF * T]), T = `vacuum`, `film` or `metal` (pixels on an edge share), times 1 + speckle; D the dose
    [C/m2], a the size of a pixel, PSF a Gaussian. Film: t(u) = t0 + variation, middle m(u) a wave, both Gaussian with Gaussian
    correlation; edges are at m ± t/2 across the film's local direction. The stated size of a pixel is the true one times
    1 + `scale_error` times a normal number. Row 0 is the top, the vacuum above the film where the angle is small.
    *Valid when* thickness contrast dominates: no Fresnel fringes, lattice or diffraction contrast, no drift, specimen of even
    depth. *Source* mass-thickness contrast and counting: Williams and Carter 2009, chapters 7 and 22.

    Raises
    ------
    ConfigError: too large, or the film is wider than the picture or thinner than two pixels.
    """
    if width_pixels * height_pixels > MAX_PIXELS:
        raise ConfigError(f"makes {width_pixels} x {height_pixels} pixels", "width_pixels", "2^24 in all at most")
    mean = thickness_m / pixel_m
    if not 2 <= mean <= 0.9 * max(width_pixels, height_pixels):
        raise ConfigError(f"the film is {mean:.3g} pixels thick", "pixel_m", "between 2 and 0.9 times the picture")
    made = Film(mean, variation_m / pixel_m, variation_length_m / pixel_m, wave_m / pixel_m, wave_length_m / pixel_m)
    steps = int(np.hypot(width_pixels, height_pixels)) + 2
    longest = max(made.length, made.wave_length)
    if longest > 100 * steps:
        raise ConfigError("varies over more than a hundred pictures", "wave_length_m", "give a shorter length, or no variation")
    edges = film_edges(made, steps, rng)
    scene = layered(edges, (height_pixels, width_pixels), direction_rad, (vacuum, film, metal), 0.5 * (steps - 1))
    scene = _blurred(speckled(scene, speckle, speckle_pixels, rng), blur_pixels)
    electrons = dose_C_m2 * pixel_m**2 / ELEMENTARY_CHARGE_C
    image = rng.poisson(scene * electrons).astype(np.uint32) if electrons > 0 else scene
    stated = pixel_m * (1 + scale_error * float(rng.standard_normal()))
    arrays = {
        "x_m": (np.arange(width_pixels) + 0.5) * stated,
        "y_m": (np.arange(height_pixels) + 0.5) * stated,
        "intensity": image[None],
        "frame_time_s": np.zeros(1),
    }
    meta = {
        "calibrated": True,
        "scale_error": scale_error,
        "view": "transmission",
        "instrument": "virtual transmission microscope",
    }
    return Measurement.of(MICROGRAPH, arrays, {**meta, **({"dose_C_m2": dose_C_m2} if dose_C_m2 > 0 else {})})


def _blurred(scene: np.ndarray, width: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(scene, width, mode="nearest")) if width > 0 else scene


@transmission.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The picture in grey with its scale on the axes."""
    x, y = 1e9 * output["x_m"], 1e9 * output["y_m"]
    ax.imshow(output["intensity"][0], cmap="gray", extent=(0, x[-1], y[-1], 0), interpolation="nearest")
    ax.set(xlabel="x / nm", ylabel="y / nm")
    ax.spines[["top", "right"]].set_visible(True)
    for side in ax.spines.values():
        side.set_color(INK)


@transmission.demo
def demo(rng: np.random.Generator) -> Demo:
    """An even film along the rows without noise: every pixel is known."""
    pixels = int(rng.integers(9, 20)) * 2
    rows = np.full((64, 96), 0.4)
    top = 32 - pixels // 2
    rows[:top], rows[top : 32 + pixels // 2] = 1.0, 0.78
    options = {
        "thickness_m": pixels * 0.25e-9, "variation_m": 0.0, "wave_m": 0.0, "direction_rad": 0.0, "width_pixels": 96,
        "height_pixels": 64, "speckle": 0.0, "blur_pixels": 0.0, "dose_C_m2": 0.0, "scale_error": 0.0,
    }  # fmt: skip
    return Demo((), {"intensity": rows[None]}, options)
