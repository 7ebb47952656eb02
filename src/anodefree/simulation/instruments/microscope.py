"""A virtual electron microscope: the picture of a cut through a simulated deposit, as a focused ion beam would lay it open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.figure import INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.fields import FIELDS, Fields
from anodefree.kinds.micrograph import MICROGRAPH, Micrograph
from anodefree.numerics.random_deposit import porous_layer
from anodefree.physics.imaging import COLLECTOR, FULL, LITHIUM, VOID, seen
from anodefree.physics.lithium import dense_thickness_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
USUAL = "usual of a section seen by secondary electrons at a few kV"
MAX_PIXELS = 2**25

PixelOf = Annotated[float | None, Par("size of a pixel; none: a cell of the simulation", gt=0)]
FrameOf = Annotated[int, Par("which frame of the simulation; -1: the last one")]
Blur = Annotated[float, Par("standard deviation of the blur, in pixels", ge=0, le=20, source=USUAL, assumed=True)]
Quanta = Annotated[
    float, Par("electrons counted in a pixel of brightness 1; 0: no shot noise", ge=0, source=USUAL, assumed=True)
]
ScaleOff = Annotated[
    float,
    Par(
        "relative standard deviation of the stated size of a pixel",
        ge=0,
        lt=0.5,
        source="3-6 % without a standard",
        assumed=True,
    ),
]


def on_pixels(fraction: Floats, cell_m: tuple[float, float], pixel_m: float) -> Floats:
    """Fraction of metal (z, x) of cells as the mean over each pixel: cells are shared out by their overlap with it."""
    out = fraction
    for axis, cell in enumerate(cell_m):
        size = out.shape[axis]
        count = int(np.floor(size * cell / pixel_m + 1e-9))
        edges = np.arange(count + 1) * (pixel_m / cell)
        summed = np.concatenate([np.zeros_like(np.take(out, [0], axis)), np.cumsum(out, axis=axis)], axis=axis)
        low = np.minimum(np.floor(edges).astype(int), size)
        part = edges - low
        upper = np.take(summed, np.minimum(low + 1, size), axis)
        lower = np.take(summed, low, axis)
        shape = [-1 if a == axis else 1 for a in range(out.ndim)]
        out = np.diff(lower + part.reshape(shape) * (upper - lower), axis=axis) / (pixel_m / cell)
    return np.asarray(out)


def cut_of(fields: Measurement, frame: int, at_y_m: float | None) -> Floats:
    """The fraction of metal (z, x) on a plane across y.

    Raises
    ------
    ConfigError: there is no such frame, or the plane is outside the box.
    """
    lithium, y = fields["lithium"], fields["y_m"]
    if not -lithium.shape[0] <= frame < lithium.shape[0]:
        raise ConfigError(f"there is no frame {frame}: it holds {lithium.shape[0]}", "frame", "-1 is the last one")
    if at_y_m is None:
        row = y.size // 2
    else:
        half = 0.5 * float(y[1] - y[0]) if y.size > 1 else np.inf
        row = int(np.argmin(np.abs(y - at_y_m)))
        if abs(float(y[row]) - at_y_m) > half * (1 + 1e-9):
            raise ConfigError("the cut is outside the box", "cut_y_m", f"between {y[0]:.4g} and {y[-1]:.4g} m")
    return np.clip(lithium[frame, :, row].astype(float), 0.0, 1.0)


def steps_of(fields: Measurement) -> tuple[float, float]:
    """Steps of the grid [m] in height and along the collector."""
    z, x = fields["z_m"], fields["x_m"]
    if z.size < 2 or x.size < 2:
        raise ConfigError("the box is one cell high or wide", fields.source.name, "a picture needs two cells or more each way")
    return float(z[1] - z[0]), float(x[1] - x[0])


@stage("microscope.section", version=1, cites=("reimer1998", "chen2026"))
def section(
    fields: Fields,
    *,
    frame: FrameOf = -1,
    cut_y_m: Annotated[float | None, Par("where the cut is; none: the middle of the box", ge=0)] = None,
    pixel_m: PixelOf = None,
    collector_m: Annotated[
        float, Par("height of the collector that is in the picture", ge=0, source="a strip that one sees", assumed=True)
    ] = 1e-6,
    void: Annotated[float, Par("brightness of void and electrolyte", ge=0, le=1, source=USUAL, assumed=True)] = VOID,
    lithium: Annotated[float, Par("brightness of lithium", ge=0, le=1, source=USUAL, assumed=True)] = LITHIUM,
    collector: Annotated[float, Par("brightness of the collector", ge=0, le=1, source=USUAL, assumed=True)] = COLLECTOR,
    blur_pixels: Blur = 0.8,
    electrons: Quanta = 120.0,
    curtaining: Annotated[
        float, Par("relative rms of stripes along the ion beam", ge=0, lt=0.5, source="a polished cut", assumed=True)
    ] = 0.03,
    scale_error: ScaleOff = 0.04,
    rng: np.random.Generator,
) -> Micrograph:
    """Picture of a cut through a simulated deposit, as an electron microscope would write it.

    I = 255 clip(P/N), P ~ Poisson(N c(x) [G * b](x, z)), with the brightness b = b_void + (b_Li - b_void) f of the fraction f
    of lithium, averaged over each pixel, on a strip of collector; G the blur, N the `electrons`, c = 1 + `curtaining` times
    smooth noise along x. The size of a pixel that the picture states is the true one times 1 + `scale_error` times a normal
    number; the true one is not in the picture, and `sem.porosity` cannot tell it from a file. Its metadata carry the charge
    that was passed. Row 0 is the top.
    *Valid when* the cut is flat, open pores show no back wall, and detector and gain are linear. *Source* Poisson counting of
    electrons: Reimer 1998, chapter 4.
    Raises ConfigError: no such frame, the plane outside the box, or a picture of too many or too few pixels.
    """
    dz, dx = steps_of(fields)
    pixel = pixel_m or dx
    fraction = cut_of(fields, frame, cut_y_m)
    wide, high = fraction.shape[1] * dx / pixel, fraction.shape[0] * dz / pixel
    if min(wide, high) < 8 or wide * high > MAX_PIXELS:
        raise ConfigError(f"makes a picture of {wide:.0f} x {high:.0f} pixels", "pixel_m", "8 either way at least, 2^25 in all")
    share = on_pixels(fraction, (dz, dx), pixel)
    scene = void + (lithium - void) * share
    foot = round(collector_m / pixel)
    scene = np.concatenate([np.full((foot, scene.shape[1]), collector), scene])
    image = seen(scene, rng, blur_px=blur_pixels, quanta=electrons, curtain=curtaining)
    stated = pixel * (1 + scale_error * float(rng.standard_normal()))
    time = float(fields["frame_time_s"][frame])
    charge = float(np.interp(time, fields["time_s"], fields["charge_C_m2"]))
    meta = {
        "calibrated": True,
        "scale_error": scale_error,
        "view": "section",
        "instrument": "virtual microscope",
        "collector_up": False,
        **({"areal_capacity_C_m2": charge} if charge > 0 else {}),
    }
    return picture(image[::-1][None], stated, np.array([time]), meta)


def picture(frames: NDArray[np.uint8], pixel_m: float, time_s: Floats, meta: dict[str, object]) -> Measurement:
    """Frames (frame, y, x), row 0 at the top, as a measurement."""
    arrays = {
        "x_m": (np.arange(frames.shape[2]) + 0.5) * pixel_m,
        "y_m": (np.arange(frames.shape[1]) + 0.5) * pixel_m,
        "intensity": np.ascontiguousarray(frames),
        "frame_time_s": time_s,
    }
    return Measurement.of(MICROGRAPH, arrays, meta)


def draw_picture(output: Measurement, ax: Axes, frame: int) -> None:
    """One frame in grey with its scale on the axes."""
    x, y = 1e6 * output["x_m"], 1e6 * output["y_m"]
    ax.imshow(output["intensity"][frame], cmap="gray", vmin=0, vmax=FULL, extent=(0, x[-1], 0, y[-1]), interpolation="nearest")
    ax.set(xlabel="x / µm", ylabel="height in the picture / µm")
    ax.spines[["top", "right"]].set_visible(True)
    for side in ax.spines.values():
        side.set_color(INK)


@section.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The picture."""
    draw_picture(output, ax, 0)


@section.demo
def demo(rng: np.random.Generator) -> Demo:
    """A porous layer seen without any error: every grey level follows from the fraction of lithium."""
    metal = porous_layer(40, 96, 28.0, 0.3, 6.0, 0.1, rng).astype(float)
    lithium = np.stack([0.5 * metal, metal])[:, :, None]
    fields = box_of(lithium, 1e-7)
    scene = np.concatenate([np.full((10, 96), COLLECTOR), VOID + (LITHIUM - VOID) * metal])
    options = {"blur_pixels": 0.0, "electrons": 0.0, "curtaining": 0.0, "scale_error": 0.0}
    return Demo((fields,), {"intensity": np.rint(FULL * scene[::-1])[None]}, options)


def box_of(lithium: Floats, cell_m: float, seconds: float = 60.0) -> Measurement:
    """Frames of lithium (frame, z, y, x), one every so many seconds, as the fields of a simulation; all lithium is plated."""
    frames = len(lithium)
    time = seconds * np.arange(1.0, frames + 1)
    dense = lithium.sum(axis=1).mean(axis=(1, 2)) * cell_m
    charge = dense / float(dense_thickness_m(1.0))
    axes = {n: (np.arange(k) + 0.5) * cell_m for n, k in zip(("z_m", "y_m", "x_m"), lithium.shape[1:], strict=True)}
    history = {
        "time_s": time,
        "current_density_A_m2": np.gradient(charge, time) if frames > 1 else charge / time,
        "charge_C_m2": charge,
        "electrode_potential_V": np.full(frames, -0.1),
        "deposited_m": dense,
    }
    return Measurement.of(FIELDS, {**axes, "frame_time_s": time, "lithium": lithium, **history}, {"sides": "periodic"})
