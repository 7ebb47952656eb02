"""A virtual video microscope: a simulated deposit seen from the side through a window, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.fields import Fields
from anodefree.kinds.micrograph import Micrograph
from anodefree.physics.imaging import FULL, seen
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.microscope import (
    MAX_PIXELS,
    Blur,
    PixelOf,
    ScaleOff,
    box_of,
    draw_picture,
    on_pixels,
    picture,
    steps_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LAMP = "a camera that is neither dark nor saturated"


@stage("microscope.video", version=1, cites=("brissot1999",))
def video(
    fields: Fields,
    *,
    pixel_m: PixelOf = None,
    background: Annotated[float, Par("brightness of the electrolyte", gt=0, le=1, source=LAMP, assumed=True)] = 0.7,
    deposit: Annotated[
        float, Par("brightness behind lithium, which lets no light through", ge=0, lt=1, source=LAMP, assumed=True)
    ] = 0.12,
    blur_pixels: Blur = 0.8,
    photons: Annotated[
        float,
        Par("photons counted in a pixel of brightness 1; 0: no shot noise", ge=0, source="a camera's full well", assumed=True),
    ] = 2000.0,
    flicker: Annotated[
        float, Par("relative std of the exposure from frame to frame", ge=0, lt=0.5, source="a lamp on the mains", assumed=True)
    ] = 0.03,
    scale_error: ScaleOff = 0.04,
    rng: np.random.Generator,
) -> Micrograph:
    """Video of a growing deposit from the side, against the light, as a camera on a microscope would record it.

    I_k = 255 clip(P/N), P ~ Poisson(N g_k [G * b_k]), with the gain g_k = 1 + `flicker` times a normal number, and the
    brightness b = b_Li + (b_0 - b_Li)(1 - s), s being the part of a pixel in which lithium
    stands anywhere along the line of sight y. The stated size of a pixel is off by `scale_error`.
    Row 0 is the top, the collector is at the lower edge.
    *Valid when* the light is parallel and the whole depth is in focus. *Source* Poisson counting of photons; the
    experiment: Brissot et al. 1999.
    Raises ConfigError: a picture of too many or too few pixels.
    """
    dz, dx = steps_of(fields)
    pixel = pixel_m or dx
    shadow = np.clip(fields["lithium"].astype(float), 0.0, 1.0).max(axis=2)
    wide, high = shadow.shape[2] * dx / pixel, shadow.shape[1] * dz / pixel
    if min(wide, high) < 8 or wide * high * len(shadow) > MAX_PIXELS:
        raise ConfigError(f"makes pictures of {wide:.0f} x {high:.0f} pixels", "pixel_m", "8 either way at least, 2^25 in all")
    frames = []
    for part in shadow:
        share = on_pixels(part, (dz, dx), pixel)
        gain = max(1 + flicker * float(rng.standard_normal()), 0.05)
        scene = background + (deposit - background) * share
        frames.append(seen(scene, rng, blur_px=blur_pixels, quanta=photons, gain=gain)[::-1])
    stated = pixel * (1 + scale_error * float(rng.standard_normal()))
    meta = {"calibrated": True, "scale_error": scale_error, "view": "transmission", "instrument": "virtual video microscope"}
    return picture(np.stack(frames), stated, fields["frame_time_s"].astype(float), {**meta, "collector_up": False})


@video.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The last frame."""
    draw_picture(output, ax, -1)


@video.demo
def demo(rng: np.random.Generator) -> Demo:
    """A rod that grows, seen without any error."""
    box = np.zeros((4, 30, 1, 40))
    at = int(rng.integers(5, 30))
    for k in range(4):
        box[k, :2] = 1.0
        box[k, : 6 * (k + 1), :, at : at + 5] = 1.0
    options = {"blur_pixels": 0.0, "photons": 0.0, "flicker": 0.0, "scale_error": 0.0}
    return Demo((box_of(box, 1e-6),), {"intensity": np.rint(FULL * (0.7 - 0.58 * box[:, ::-1, 0]))}, options)
