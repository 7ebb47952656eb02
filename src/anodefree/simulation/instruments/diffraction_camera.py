"""A virtual diffraction camera: rings of phases, elliptic and off centre, behind a beam stop, on counting noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.figure import INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.diffraction import DIFFRACTION, Diffraction
from anodefree.physics.crystals import crystal
from anodefree.physics.ring_pattern import pattern, ring_lines
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL: Final = "selected-area patterns of interphases"


@stage("microscope.diffraction", version=1, cites=("peng1996", "reimer1998"))
def diffraction(
    *,
    shares: Annotated[
        dict[str, float] | None,
        Par("phases and the intensity of their strongest ring, such as LiF=1, Li2O=0.6; none: those and Li2S=0.4", gt=0),
    ] = None,
    pixels: Annotated[int, Par("pixels either way", ge=48, le=4096, source=USUAL, assumed=True)] = 512,
    pixel_per_m: Annotated[float, Par("stated size of a pixel in q = 1/d", gt=0, source=USUAL, assumed=True)] = 4.0e7,
    scale_error: Annotated[
        float, Par("relative std of true over stated size", ge=0, lt=0.3, source="a few percent uncalibrated", assumed=True)
    ] = 0.03,
    scale_factor: Annotated[float | None, Par("true over stated size of a pixel; none: drawn by scale_error", gt=0)] = None,
    offset_pixels: Annotated[float, Par("std of the centre about the middle", ge=0, source=USUAL, assumed=True)] = 6.0,
    ellipticity: Annotated[
        float, Par("std of each of the two parts of the ellipse", ge=0, lt=0.1, source="1 % in a gold pattern", assumed=True)
    ] = 0.004,
    displacement: Annotated[
        float, Par("relative std of a ring's place by strain and distortion", ge=0, lt=0.05, source=USUAL, assumed=True)
    ] = 0.003,
    width_pixels: Annotated[float, Par("std of a ring's profile", gt=0.3, le=50, source=USUAL, assumed=True)] = 2.5,
    background: Annotated[float, Par("diffuse intensity over the strongest ring", ge=0, source=USUAL, assumed=True)] = 0.6,
    decay_pixels: Annotated[float, Par("1/e decay of the diffuse intensity", gt=0, source=USUAL, assumed=True)] = 60.0,
    stop_pixels: Annotated[float, Par("half width of the beam stop; 0: none", ge=0, source=USUAL, assumed=True)] = 12.0,
    stop_direction_rad: Annotated[float | None, Par("where the stop comes from; none: drawn")] = None,
    counts: Annotated[
        float, Par("counts a pixel on the strongest ring; 0: no noise", ge=0, source=USUAL, assumed=True)
    ] = 400.0,
    rng: np.random.Generator,
) -> Diffraction:
    """Ring pattern of a mixture of polycrystals, as a camera behind a beam stop would write it.

    I(r, t) = B(r) + sum over lines J exp(-(r/(1 + e1 cos 2t + e2 sin 2t) - q/c)^2/(2 w^2)), J = m |F|^2 d^2 of a line of
    multiplicity m, q = 1/d, c the true size of a pixel; B = b (3 exp(-r/l) + 0.15); the stop leaves 3 %. Counts are Poisson.
    Centre, ellipse, c and the displacement of each line are drawn; only the stated size of a pixel is in the file.
    *Valid when* grains are many and at random (no texture, no spots) and scatter kinematically. *Source* Peng et al. 1996;
    Reimer 1998.
    Raises ConfigError: an unknown phase.
    """
    mixed = shares if shares is not None else {"LiF": 1.0, "Li2O": 0.6, "Li2S": 0.4}
    if not mixed:
        raise ConfigError("no phase is asked for", "shares", "LiF=1, Li2O=0.6")
    for name in mixed:
        crystal(name)
    scale = pixel_per_m * (scale_factor if scale_factor is not None else float(np.exp(scale_error * rng.standard_normal())))
    middle = 0.5 * (pixels - 1)
    x, y = middle + offset_pixels * rng.standard_normal(2)
    turn = stop_direction_rad if stop_direction_rad is not None else float(rng.uniform(0, 2 * np.pi))
    e1, e2 = ellipticity * rng.standard_normal(2)
    expected = pattern(
        (pixels, pixels),
        (float(x), float(y)),
        scale,
        mixed,
        ellipse=(float(e1), float(e2)),
        width_pixels=width_pixels,
        background=background,
        decay_pixels=decay_pixels,
        stop=(stop_pixels, turn) if stop_pixels > 0 else None,
        off=displacement * rng.standard_normal(ring_lines(mixed)[0].size),
    )
    image = rng.poisson(counts * expected).astype(np.float32) if counts > 0 else expected
    q = pixel_per_m * (np.arange(pixels) - middle)
    arrays = {"qx_per_m": q, "qy_per_m": q, "intensity": image[None], "frame_time_s": np.zeros(1)}
    meta = {"calibrated": True, "scale_error": scale_error, "instrument": "virtual microscope"}
    return Measurement.of(DIFFRACTION, arrays, meta)


@diffraction.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The pattern, logarithmic."""
    image = output["intensity"][0].astype(float)
    shown = np.log(image - image.min() + 0.01 * float(np.ptp(image)))
    q, r = 1e-9 * output["qx_per_m"], 1e-9 * output["qy_per_m"]
    low, high = np.percentile(shown, [1, 99.8])
    ax.imshow(shown, cmap="gray", vmin=low, vmax=high, extent=(q[0], q[-1], r[-1], r[0]), interpolation="nearest")
    ax.set(xlabel="$q_x$ / nm$^{-1}$", ylabel="$q_y$ / nm$^{-1}$")
    ax.spines[["top", "right"]].set_visible(True)
    for side in ax.spines.values():
        side.set_color(INK)


@diffraction.demo
def demo(rng: np.random.Generator) -> Demo:
    """One crystal without errors and without noise: intensity along the middle row follows from its lines."""
    pixels, scale = 96, 1.8e8 * float(rng.uniform(0.95, 1.05))
    options = {
        "shares": {"Ni": 1.0},
        "pixels": pixels,
        "pixel_per_m": scale,
        "scale_factor": 1.0,
        "offset_pixels": 0.0,
        "ellipticity": 0.0,
        "displacement": 0.0,
        "background": 0.0,
        "stop_pixels": 0.0,
        "counts": 0.0,
    }
    middle = 0.5 * (pixels - 1)
    row, column = np.mgrid[:pixels, :pixels]
    r = np.hypot(column - middle, row - middle)
    ni = crystal("Ni")
    total, first = np.zeros_like(r), 0.0
    planes = ((1, 1, 1), (2, 0, 0), (2, 2, 0), (3, 1, 1), (2, 2, 2), (4, 0, 0), (3, 3, 1), (4, 2, 0), (4, 2, 2))
    for hkl, count in zip(planes, (8, 6, 12, 24, 8, 6, 24, 24, 24), strict=True):
        d = ni.spacing_m(hkl)
        strength = count * abs(ni.structure_factor(np.array([hkl]))[0]) ** 2 * d**2
        first = max(first, float(strength))
        if d >= 0.7e-10:
            total += strength * np.exp(-0.5 * ((r - 1 / d / scale) / 2.5) ** 2)
    return Demo((), {"intensity": (total / first)[None]}, options, tolerance=5e-3)
