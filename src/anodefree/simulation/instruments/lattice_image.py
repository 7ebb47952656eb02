"""A virtual transmission microscope at lattice resolution: grains of known phases, counting noise, the scale not right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import ELEMENTARY_CHARGE_C
from anodefree.core.figure import INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.micrograph import MICROGRAPH, Micrograph
from anodefree.physics.crystals import crystal, families, zones
from anodefree.physics.lattice_fringes import Fringes, fringes, reflections_along, transfer
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
GRAIN: Final = re.compile(r"^\s*([A-Za-z0-9]+)\s*(\[-?\d-?\d-?\d\]|\(-?\d-?\d-?\d\))\s*$")
LEAST_SPACING_M: Final = 1e-10
MAX_GRAINS: Final = 400
TRIES: Final = 2000
RIM: Final = 1.1
"""Distance of two grains, over the sum of their radii, from which their rounded envelopes do not overlap."""
USUAL: Final = "low-dose images of interphases"


@stage("microscope.lattice", version=1, cites=("peng1996", "reimer1998"))
def lattice_image(
    *,
    grains: Annotated[
        tuple[str, ...],
        Par("grains, each a phase with a zone [110] or a row of planes (111)", source="phases of an interphase", assumed=True),
    ] = ("LiF [110]", "Li2O [110]", "Li2S (111)"),
    copies: Annotated[
        int, Par("grains of each of these; more than one: none touches another, the border may cut them", ge=1, le=200)
    ] = 1,
    turns_rad: Annotated[
        tuple[float, ...] | None, Par("rotation of each grain in the picture, shared by its copies; none: drawn")
    ] = None,
    radius_m: Annotated[float, Par("radius of a grain", gt=0, source="particles of 2-4 nm", assumed=True)] = 1.6e-9,
    radius_spread: Annotated[float, Par("relative std of the radii", ge=0, lt=0.5, source=USUAL, assumed=True)] = 0.15,
    contrast: Annotated[
        float, Par("amplitude of the strongest fringes over the mean", gt=0, le=1, source=USUAL, assumed=True)
    ] = 0.25,
    pixels: Annotated[int, Par("pixels either way", ge=32, le=2048, source=USUAL, assumed=True)] = 384,
    pixel_m: Annotated[float, Par("stated size of a pixel", gt=0, source=USUAL, assumed=True)] = 0.03e-9,
    scale_error: Annotated[
        float,
        Par("relative std of true over stated size of a pixel", ge=0, lt=0.3, source="3-6 % without a standard", assumed=True),
    ] = 0.045,
    scale_factor: Annotated[float | None, Par("true over stated size of a pixel; none: drawn by scale_error", gt=0)] = None,
    shear_error: Annotated[
        float, Par("std of each of the two shears", ge=0, lt=0.1, source="SrTiO3 scanned: 0.0065", assumed=True)
    ] = 0.005,
    lattice_error: Annotated[
        float, Par("relative std of each spacing by strain", ge=0, lt=0.05, source="a few tenths of a percent", assumed=True)
    ] = 0.003,
    resolution_m: Annotated[
        float,
        Par("spacing d of which exp(-1) of the contrast is left", ge=0, source="of an aberration-corrected one", assumed=True),
    ] = 0.09e-9,
    dose_C_m2: Annotated[
        float, Par('dose of the picture, such as "50 e/Å2"; 0: without counting noise', ge=0, source="400 e/Å2", assumed=True)
    ] = 6409.0,
    rng: np.random.Generator,
) -> Micrograph:
    """Lattice-resolved micrograph of grains whose phases and zones are known, as a transmission microscope would write it.

    N(r) ~ Poisson(n (1 + sum over grains w(r) sum over g a_g cos(2 pi g.(r - r0)))), n electrons a pixel;
    a_g = |F_g| exp(-(g d)^2) over the strongest, times `contrast`; w the grain's rounded envelope, r0 its place, drawn.
    Places are r = s (1 + E) p (column, row), p the stated pixel, E = ((e1, e2), (e2, -e1)): `scale_factor` s and the shears
    are drawn and are not in the picture.
    *Valid when* grains are thin enough to scatter kinematically; the transfer function has no zeros within the range (focus
    chosen well). *Source* structure factors Peng et al. 1996, counting Reimer 1998.
    Raises ConfigError: a grain that cannot be read, an unknown phase, zone or plane, turns of another number, no room.
    """
    if not grains:
        raise ConfigError("no grain is asked for", "grains", "LiF [110]")
    if len(grains) * copies > MAX_GRAINS:
        raise ConfigError(f"{len(grains) * copies} grains are asked for", "copies", f"{MAX_GRAINS} in all at most")
    if turns_rad is not None and len(turns_rad) != len(grains):
        raise ConfigError(f"{len(turns_rad)} turns for {len(grains)} grains", "turns_rad", "one for each")
    scale = scale_factor if scale_factor is not None else float(np.exp(scale_error * rng.standard_normal()))
    e1, e2 = shear_error * rng.standard_normal(2)
    step = pixel_m * scale * (np.eye(2) + np.array([[e1, e2], [e2, -e1]]))
    side = pixels * pixel_m * scale
    placed: list[Fringes] = []
    for i, text in ((i, text) for i, text in enumerate(grains) for _ in range(copies)):
        turn = turns_rad[i] if turns_rad is not None else rng.uniform(0, 2 * np.pi)
        radius = radius_m * max(1 + radius_spread * rng.standard_normal(), 0.3)
        x, y = _place(radius, side, placed if copies > 1 else None, rng)
        hkl, wave, amplitude = waves_of(text, float(turn))
        wave = wave * np.exp(lattice_error * rng.standard_normal((len(wave), 1)))
        amplitude = amplitude * transfer(wave, resolution_m)
        placed.append(Fringes(float(x), float(y), radius, contrast / float(amplitude.max()), wave, amplitude, hkl))
    scene = np.maximum(1 + fringes((pixels, pixels), step, placed), 0.0)
    electrons = dose_C_m2 / ELEMENTARY_CHARGE_C * (pixel_m * scale) ** 2
    image = rng.poisson(electrons * scene).astype(np.float32) if dose_C_m2 > 0 else scene
    axis = (np.arange(pixels) + 0.5) * pixel_m
    meta = {"calibrated": True, "scale_error": scale_error, "view": "transmission", "instrument": "virtual microscope"}
    if dose_C_m2 > 0:
        meta["dose_C_m2"] = dose_C_m2
    arrays = {"x_m": axis, "y_m": axis, "intensity": image[None], "frame_time_s": np.zeros(1)}
    return Measurement.of(MICROGRAPH, arrays, meta)


def _place(radius: float, side: float, others: list[Fringes] | None, rng: np.random.Generator) -> tuple[float, float]:
    """A centre (x, y) [m]: of one that is whole in the picture, or of one apart from the others that the border may cut."""
    if others is None:
        margin = min(radius / side, 0.5)
        x, y = side * rng.uniform(margin, 1 - margin, 2)
        return float(x), float(y)
    for _ in range(TRIES):
        x, y = rng.uniform(-radius, side + radius, 2)
        if all(np.hypot(x - o.x_m, y - o.y_m) > RIM * (radius + o.radius_m) for o in others):
            return float(x), float(y)
    raise ConfigError(f"there is no room for more than {len(others)} grains", "copies", "fewer or smaller ones, or more pixels")


def waves_of(text: str, turn_rad: float) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Indices, frequencies and amplitudes of a grain that is written like `LiF [110]` or `Li2O (111)`.

    Raises
    ------
    ConfigError: it cannot be read, or the phase has no such zone or plane.
    """
    read = GRAIN.match(text)
    if not read:
        raise ConfigError(f"'{text}' is no grain", "grains", "write a phase with a zone or a plane: LiF [110], Li2O (111)")
    name, where = read.groups()
    crystal(name)
    try:
        return reflections_along(name, where, LEAST_SPACING_M, turn_rad)
    except KeyError:
        if where.startswith("["):
            known = ["[" + "".join(map(str, z.axis)) + "]" for z in zones(name, LEAST_SPACING_M)]
        else:
            known = [f"({f.label})" for f in families(name, LEAST_SPACING_M, 0.0)]
        raise ConfigError(f"{name} shows no {where}", "grains", "it shows " + ", ".join(known[:14])) from None


@lattice_image.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The picture."""
    x, y = 1e9 * output["x_m"], 1e9 * output["y_m"]
    image = output["intensity"][0]
    low, high = np.percentile(image, [0.5, 99.5])
    ax.imshow(image, cmap="gray", vmin=low, vmax=high, extent=(0, x[-1], y[-1], 0), interpolation="nearest")
    ax.set(xlabel="x / nm", ylabel="y / nm")
    ax.spines[["top", "right"]].set_visible(True)
    for side in ax.spines.values():
        side.set_color(INK)


@lattice_image.demo
def demo(rng: np.random.Generator) -> Demo:
    """One row of planes over the whole picture without any error: a cosine."""
    turn, pixels, pixel = float(rng.uniform(0, np.pi)), 64, 0.03e-9
    options = {
        "grains": ("Cu (111)",),
        "turns_rad": (turn,),
        "radius_m": 1e-7,
        "radius_spread": 0.0,
        "pixels": pixels,
        "pixel_m": pixel,
        "scale_factor": 1.0,
        "shear_error": 0.0,
        "lattice_error": 0.0,
        "resolution_m": 0.5e-9,
        "dose_C_m2": 0.0,
    }
    k = np.array([np.cos(turn), np.sin(turn)]) / crystal("Cu").spacing_m((1, 1, 1)) * pixel
    row, column = np.mgrid[:pixels, :pixels] - pixels / 2  # a grain larger than the picture lies in its middle
    expected = 1 + 0.25 * np.cos(2 * np.pi * (k[0] * column + k[1] * row))
    return Demo((), {"intensity": expected[None]}, options)
