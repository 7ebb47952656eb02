"""A virtual ion mass spectrometer: an uneven interphase becomes a stack of counted images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, near
from anodefree.kinds.ion_image import ION_IMAGE, IonImage
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.interphase_ions import (
    LAYERS,
    Mixing,
    Noise,
    Roughness,
    SputterRate,
    Thickness,
    depth_m,
    layer,
    patches,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_VOXELS = 2**27


@stage("spectrometer.ion_mass", version=1, cites=("vickerman2013", "hofmann1994", "chen2026"))
def ion_mass(
    *,
    ions: Annotated[tuple[str, ...], Par("fragments: LiF2-, LiO-, LiS-, LiCO3-")] = ("LiF2-", "LiO-", "LiS-", "LiCO3-"),
    thickness_m: Thickness = 25e-9,
    variation: Annotated[
        float, Par("lateral std over mean of every fragment", ge=0, le=3, source="a moderately patchy layer", assumed=True)
    ] = 0.3,
    patch_m: Annotated[float, Par("length over which it varies", gt=0, source="a few beam widths", assumed=True)] = 2e-6,
    width_m: Annotated[float, Par("edge of the raster", gt=0, source="a usual imaging raster", assumed=True)] = 20e-6,
    pixels: Annotated[int, Par("pixels an edge", ge=8, le=1024)] = 32,
    slices: Annotated[int, Par("slices in depth", ge=1, le=1000)] = 20,
    counts_per_voxel: Annotated[
        float, Par("expected counts of a fragment where it is", gt=0, source="one to ten for molecular fragments", assumed=True)
    ] = 4.0,
    mixing_m: Mixing = 2e-9,
    roughness_m: Roughness = 2e-9,
    sputter_rate_m_s: SputterRate = 0.2e-9,
    noise: Noise = True,
    rng: np.random.Generator,
) -> IonImage:
    """Images of fragments slice by slice through an interphase of layers that varies sideways.

    λ_i(z, y, x) = c L_i(z) f_i(y, x); L_i is the fragment's layer seen through roughness and mixing (a normal edge with an
    exponential tail), f_i a log-normal random field of mean 1, counts are Poisson. A stack reaches half a thickness beyond the
    interphase. Arrays: counts (ion, z, y, x), x_m, y_m, sputter_time_s (z).
    *Valid when* yields do not change with depth (no matrix effect) and no dead time. *Source* Vickerman and Briggs 2013;
    mixing and roughness: Hofmann 1994; order of the layers: Chen et al. 2026, section 2.2.
    Raises ConfigError: an unknown fragment, or more voxels than memory is good for.
    """
    unknown = next((i for i in ions if i not in LAYERS), None)
    if unknown is not None or not ions:
        raise ConfigError(f"knows no fragment '{unknown or ''}'", "ions", near(unknown or "", LAYERS))
    if len(set(ions)) < len(ions):
        raise ConfigError("a fragment is named twice", "ions", "name each once")
    if len(ions) * slices * pixels**2 > MOST_VOXELS:
        raise ConfigError(f"{len(ions) * slices * pixels**2} voxels are too many", "pixels", "use fewer pixels or slices")
    z = depth_m(thickness_m, slices)
    mean = np.empty((len(ions), slices, pixels, pixels))
    for i, name in enumerate(ions):
        begin, end = (part * thickness_m for part in LAYERS[name])
        shown = layer(z, begin, end, roughness_m, mixing_m)
        mean[i] = counts_per_voxel * shown[:, None, None] * patches(pixels, width_m, patch_m, variation, rng)
    at = (np.arange(pixels) + 0.5) * width_m / pixels
    arrays = {
        "ion_name": list(ions),
        "counts": rng.poisson(mean) if noise else mean,
        "x_m": at,
        "y_m": at,
        "sputter_time_s": z / sputter_rate_m_s,
    }
    return Measurement.of(ION_IMAGE, arrays, {"instrument": "virtual ion mass spectrometer", "polarity": "negative"})


@ion_mass.plot
def draw(stack: Measurement, ax: Axes) -> None:
    """Counts of each fragment against sputter time, the raster summed."""
    from anodefree.core.figure import COLOURS

    total = stack["counts"].sum(axis=(2, 3))
    time = stack["sputter_time_s"] if "sputter_time_s" in stack else np.arange(total.shape[1])
    for i, name in enumerate(stack["ion_name"]):
        ax.plot(time, total[i] / 1e3, "o-", color=COLOURS[i % len(COLOURS)], ms=2.5, lw=0.9, label=str(name))
    ax.set(xlabel="sputter time / s", ylabel="counts / 1000")
    ax.legend()


@ion_mass.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise, variation, roughness and mixing a fragment is where its layer is."""
    thickness, slices = float(rng.uniform(15e-9, 40e-9)), 30
    z = (np.arange(slices) + 0.5) * 1.5 * thickness / slices
    inside = (z > 0.3 * thickness) & (z < thickness)
    parameters = {
        "ions": ("LiF2-",),
        "thickness_m": thickness,
        "slices": slices,
        "pixels": 8,
        "variation": 0.0,
        "roughness_m": 0.0,
        "mixing_m": 0.0,
        "noise": False,
    }
    truth = np.broadcast_to((4.0 * inside)[None, :, None, None], (1, slices, 8, 8))
    return Demo((), {"counts": truth, "sputter_time_s": z / 0.2e-9}, parameters)
