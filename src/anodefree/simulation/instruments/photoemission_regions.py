"""A virtual photoelectron spectrometer that counts one core level of every element, for a composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, near
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.kinds.photoemission_regions import PhotoemissionRegions, regions_of
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import attenuation, cross_section
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CENTRE_eV = {
    "Li": ("Li 1s", 55.5),
    "C": ("C 1s", 286.0),
    "N": ("N 1s", 399.0),
    "O": ("O 1s", 532.0),
    "F": ("F 1s", 685.5),
    "S": ("S 2p", 168.0),
}
"""Level and middle of its lines, of the elements that an interphase of this salt and these ethers holds."""
HALF_eV = 10.0


@stage("spectrometer.regions", version=1, cites=("scofield1976", "wagner1980", "shirley1972", "chen2026"))
def regions(
    *,
    composition: Annotated[
        dict[str, float], Par("atomic parts of Li, C, N, O, F, S", ge=0, source="an interphase rich in LiF", assumed=True)
    ] = {"Li": 0.30, "C": 0.12, "O": 0.10, "F": 0.45, "S": 0.03},  # noqa: B006
    area_eV: Annotated[
        float, Par("counts eV of pure carbon", gt=0, source="a minute a region at 40 eV pass energy", assumed=True)
    ] = 5e4,
    base_counts: Annotated[
        float, Par("background at the low-energy end", gt=0, source="of the order of the signal", assumed=True)
    ] = 1500.0,
    strength: Annotated[
        float, Par("Shirley background: part lost in each eV", ge=0, source="0.02 to 0.04", assumed=True)
    ] = 0.02,
    width_eV: Annotated[
        float, Par("full width of the lines", gt=0.2, lt=6, source="an envelope of two components", assumed=True)
    ] = 1.8,
    transmission_exponent: Annotated[
        float, Par("n of the transmission, E^n", ge=-2, le=1, source="hemispherical analyser, fixed pass energy", assumed=True)
    ] = -0.6,
    sensitivity_error: Annotated[float, Par("std of each element's sensitivity against the theory", ge=0, lt=1)] = 0.0,
    states_transmission: Annotated[bool, Par("whether the file will state the transmission")] = True,
    noise: Annotated[bool, Par("whether counts are drawn (Poisson), or the expected ones")] = True,
    rng: np.random.Generator,
) -> PhotoemissionRegions:
    """One core level of every element of a sample that is even in depth.

    I_i = area n_i σ_i λ_i T_i: atomic part n, cross-section σ (Scofield, Al Kα), attenuation length λ ∝ E^0.75, transmission
    T = (E/1000 eV)^n; lines of Voigt's shape over a Shirley background; counts are Poisson.
    *Valid when* the sample is even over the attenuation length. *Source* Scofield 1976; Wagner et al. 1980.
    Raises ConfigError: an element that is not known here, or fewer than two.
    """
    unknown = next((e for e in composition if e not in CENTRE_eV), None)
    if unknown is not None:
        raise ConfigError(f"knows no core level of '{unknown}'", "composition", near(unknown, CENTRE_eV))
    total = sum(composition.values())
    if len(composition) < 2 or total <= 0:
        raise ConfigError("two elements are needed", "composition", "for example Li=0.5, F=0.5")
    parts = []
    for element, amount in composition.items():
        level, centre = CENTRE_eV[element]
        kinetic = 1486.6 - centre
        transmission = float((kinetic / 1000.0) ** transmission_exponent)
        factor = cross_section(level) * attenuation(kinetic) * transmission
        factor *= float(np.exp(sensitivity_error * rng.standard_normal()))
        energy = centre + np.arange(-HALF_eV, HALF_eV + 0.05, 0.1)
        lines = Lines(
            np.array([centre]), np.array([width_eV]), 0.2, 1.18 if level == "S 2p" else 0.0, 0.5 if level == "S 2p" else 0.0
        )
        mean = expected_counts(energy, lines, np.array([area_eV * amount / total * factor]), "shirley", strength, base_counts)
        meta = {"region": level, "photon_energy_eV": 1486.6, "dwell_s": 1.0, "source": "Al"}
        meta |= {"transmission": transmission} if states_transmission else {}
        counts = rng.poisson(mean).astype(float) if noise else mean
        parts.append(Measurement.of(PHOTOEMISSION, {"binding_energy_eV": energy, "counts": counts[None]}, meta))
    return regions_of(parts).with_meta(instrument="virtual photoelectron spectrometer")


@regions.plot
def draw(sample: Measurement, ax: Axes) -> None:
    """Every region about its middle, scaled to its highest point and set one above the other."""
    from anodefree.core.figure import COLOURS, INK

    for i, name in enumerate(sample["region_name"]):
        energy, counts = sample["binding_energy_eV"][i], sample["counts"][i, 0]
        inside = np.isfinite(energy)
        e, c = energy[inside], counts[inside]
        scaled = (c - c.min()) / max(float(np.ptp(c)), 1e-12)
        ax.plot(e - e.mean(), scaled + 1.15 * i, color=COLOURS[i % len(COLOURS)], lw=0.8, label=str(name))
        ax.text(HALF_eV - 0.3, 1.15 * i + 0.72, f"{name} ({e.mean():.0f} eV)", fontsize=6, color=INK)
    ax.set_xlim(HALF_eV, -HALF_eV)
    ax.set_yticks([])
    ax.set(xlabel="binding energy from the middle of the region / eV", ylabel="counts, each scaled")


@regions.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise and losses, the area above the base is what the table of sensitivities says."""
    part = float(rng.uniform(0.2, 0.8))
    parameters = {"composition": {"Li": part, "F": 1 - part}, "strength": 0.0, "noise": False}
    centre = np.array([55.5, 685.5])
    kinetic = 1486.6 - centre
    return Demo((), {"transmission": (kinetic / 1000) ** -0.6, "photon_energy_eV": np.full(2, 1486.6)}, parameters)
