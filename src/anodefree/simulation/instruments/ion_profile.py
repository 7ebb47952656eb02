"""A virtual ion mass spectrometer without a raster: counts of fragments against sputter time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.ion_profile import ION_PROFILE, IonProfile
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
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("spectrometer.ion_profile", version=1, cites=("vickerman2013", "hofmann1994", "chen2026"))
def ion_profile(
    *,
    thickness_m: Thickness = 25e-9,
    points: Annotated[int, Par("points in depth", ge=8, le=100_000)] = 120,
    counts_per_point: Annotated[
        float, Par("expected counts of a fragment where it is", gt=0, source="a raster of 10⁴ pixels, summed", assumed=True)
    ] = 3000.0,
    other_ions: Annotated[
        float, Par("expected counts of all other ions a point", ge=0, source="ten times as many", assumed=True)
    ] = 3e4,
    mixing_m: Mixing = 2e-9,
    roughness_m: Roughness = 2e-9,
    sputter_rate_m_s: SputterRate = 0.2e-9,
    noise: Noise = True,
    rng: np.random.Generator,
) -> IonProfile:
    """Depth profiles of LiF2-, LiO-, LiS- and LiCO3- through an interphase of layers.

    c_i(t) = c L_i(r t): the layer of each fragment seen through roughness and mixing (a normal edge with an exponential tail),
    r the sputter rate; counts are Poisson. Arrays: counts (ion, point), sputter_time_s, total_counts (point).
    *Valid when* yields and the rate do not change with depth. *Source* Vickerman and Briggs 2013; Hofmann 1994; order of the
    layers: Chen et al. 2026, section 2.2.
    """
    z = depth_m(thickness_m, points)
    mean = np.array(
        [counts_per_point * layer(z, b * thickness_m, e * thickness_m, roughness_m, mixing_m) for b, e in LAYERS.values()]
    )
    counts = rng.poisson(mean).astype(float) if noise else mean
    rest = rng.poisson(other_ions, points) if noise else np.full(points, other_ions)
    arrays = {
        "ion_name": list(LAYERS),
        "counts": counts,
        "sputter_time_s": z / sputter_rate_m_s,
        "total_counts": counts.sum(axis=0) + rest,
    }
    return Measurement.of(ION_PROFILE, arrays, {"instrument": "virtual ion mass spectrometer", "polarity": "negative"})


@ion_profile.plot
def draw(profile: Measurement, ax: Axes) -> None:
    """Counts against sputter time."""
    from anodefree.core.figure import COLOURS

    for i, name in enumerate(profile["ion_name"]):
        ax.plot(profile["sputter_time_s"], profile["counts"][i], color=COLOURS[i % len(COLOURS)], lw=0.9, label=str(name))
    ax.set(xlabel="sputter time / s", ylabel="counts")
    ax.legend()


@ion_profile.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise, roughness and mixing a fragment is where its layer is."""
    thickness, points = float(rng.uniform(15e-9, 40e-9)), 30
    z = (np.arange(points) + 0.5) * 1.5 * thickness / points
    inside = np.array([(z > b * thickness) & (z < e * thickness) for b, e in LAYERS.values()])
    parameters = {"thickness_m": thickness, "points": points, "roughness_m": 0.0, "mixing_m": 0.0, "noise": False}
    return Demo((), {"counts": 3000.0 * inside}, parameters)
