"""A virtual photoelectron spectrometer: one core level of an interphase, at its surface and as it is sputtered away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.photoemission import PHOTOEMISSION, Photoemission
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import components_of
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN_eV = 5.0


def seen_fraction(surface: float, deep: float, depth_m: np.ndarray, length_m: float, attenuation_m: float) -> np.ndarray:
    """What XPS sees of a part that goes from `surface` to `deep` as exp(-z/length), after each sputtered depth.

    ∫ f(z + u) exp(-u/λ) du/λ in closed form: deep + (surface - deep) exp(-z/l) l/(l + λ).
    """
    return deep + (surface - deep) * np.exp(-depth_m / length_m) * length_m / (length_m + attenuation_m)


@stage("spectrometer.photoemission", version=1, cites=("shirley1972", "tougaard1997", "wood2018", "hofft2006", "chen2026"))
def photoemission(
    *,
    region: Annotated[str, Par("core level whose known components are there")] = "F 1s",
    surface: Annotated[
        dict[str, float],
        Par("part of each component at the surface", ge=0, source="an interphase with salt residue", assumed=True),
    ] = {"LiF": 0.6, "C-F": 0.4},  # noqa: B006
    deep: Annotated[dict[str, float] | None, Par("part of each far below (none: as at the surface)", ge=0)] = None,
    gradient_m: Annotated[float, Par("depth over which it changes", gt=0, source="a third of 25 nm", assumed=True)] = 8e-9,
    attenuation_m: Annotated[
        float, Par("attenuation length of the electrons", gt=0, source="about 2.5 nm at 800 eV in LiF", assumed=True)
    ] = 2.5e-9,
    etch_times_s: Annotated[tuple[float, ...], Par("sputter time before each spectrum", ge=0)] = (0.0,),
    sputter_rate_m_s: Annotated[
        float, Par("rate of sputtering", gt=0, source="order of 0.05 nm/s, 1 keV Ar+", assumed=True)
    ] = 5e-11,
    made_by_sputtering: Annotated[
        float, Par("part of the first-named other component that sputtering turns into LiF", ge=0, le=1)
    ] = 0.0,
    area_eV: Annotated[
        float, Par("counts eV of all components", gt=0, source="a minute on an interphase", assumed=True)
    ] = 1.2e4,
    base_counts: Annotated[
        float, Par("background at the low-energy end", gt=0, source="a signal over it of one to three", assumed=True)
    ] = 2000.0,
    background: Annotated[Literal["shirley", "tougaard_u3", "linear"], Par("how electrons lose energy")] = "shirley",
    strength: Annotated[
        float,
        Par("Shirley: part lost in each eV; Tougaard: losses an electron", ge=0, source="0.02 to 0.04 in oxides", assumed=True),
    ] = 0.03,
    width_eV: Annotated[
        float, Par("full width of the lines", gt=0.2, lt=6, source="1.4 to 1.9 at 20 to 40 eV pass energy", assumed=True)
    ] = 1.6,
    lorentzian: Annotated[
        float, Par("Lorentzian part of the width", ge=0, le=0.95, source="0.2 to 0.4 of it", assumed=True)
    ] = 0.25,
    charge_shift_eV: Annotated[float, Par("how much too high the energies read", ge=-20, le=20)] = 0.0,
    charge_scatter_eV: Annotated[float, Par("std of that from spectrum to spectrum", ge=0, le=2)] = 0.0,
    step_eV: Annotated[float, Par("distance of energies", gt=0.01, le=1)] = 0.1,
    noise: Annotated[bool, Par("whether counts are drawn (Poisson), or the expected ones")] = True,
    rng: np.random.Generator,
) -> Photoemission:
    """Spectra of one core level of an interphase, after each sputter time.

    The part of a component goes from `surface` to `deep` as exp(-z/gradient) and is seen through exp(-u/λ): f = deep +
    (surface - deep) exp(-z/l) l/(l + λ), z = rate x time. Lines are of Voigt's shape with the known doublet of the level,
    each leaves a background of electrons that lost energy, energies are shifted by charge, and counts are Poisson. With
    `made_by_sputtering` that part of the component that is no LiF becomes LiF with the first sputtering.
    Arrays: binding_energy_eV (energy), counts, etch_time_s (level).
    *Valid when* lines keep their width through the depth and mixing is shallower than the attenuation length. *Source* shapes
    and backgrounds: Shirley 1972, Tougaard 1997; positions: Wood and Teeter 2018, Höfft et al. 2006.
    Raises ConfigError: components that are not known for the region, no sputter time, or nothing there.
    """
    known = {c.name: c for c in components_of(region, None, tuple({**surface, **(deep or {})}), None, (), "surface")}
    if not etch_times_s or sum(surface.values()) <= 0 or (deep is not None and sum(deep.values()) <= 0):
        raise ConfigError("nothing is there to be measured", "surface", "give a part above 0, and one sputter time at least")
    names = list(known)
    first = np.array([surface.get(n, 0.0) for n in names]) / sum(surface.values())
    last = first if deep is None else np.array([deep.get(n, 0.0) for n in names]) / sum(deep.values())
    z = np.asarray(etch_times_s) * sputter_rate_m_s
    part = np.array([seen_fraction(a, b, z, gradient_m, attenuation_m) for a, b in zip(first, last, strict=True)]).T
    if made_by_sputtering and "LiF" in names:
        part = _converted(part, names.index("LiF"), np.asarray(etch_times_s) > 0, made_by_sputtering)
    place = np.array([known[n].position_eV for n in names])
    splitting, ratio = known[names[0]].splitting_eV, known[names[0]].ratio
    low, high = place.min() - MARGIN_eV, place.max() + splitting + MARGIN_eV
    energy = low + step_eV * np.arange(round((high - low) / step_eV) + 1)
    counts = np.empty((len(z), len(energy)))
    for i, fraction in enumerate(part):
        shift = charge_shift_eV + charge_scatter_eV * float(rng.standard_normal())
        lines = Lines(place + shift, np.full(len(names), width_eV), lorentzian, splitting, ratio)
        counts[i] = expected_counts(energy, lines, area_eV * fraction, background, strength, base_counts)
    arrays = {
        "binding_energy_eV": energy,
        "counts": rng.poisson(counts).astype(float) if noise else counts,
        "etch_time_s": np.asarray(etch_times_s, dtype=float),
    }
    meta = {"region": region, "photon_energy_eV": 1486.6, "source": "Al", "instrument": "virtual photoelectron spectrometer"}
    return Measurement.of(PHOTOEMISSION, arrays, meta)


def _converted(part: np.ndarray, fluoride: int, sputtered: np.ndarray, converted: float) -> np.ndarray:
    """Parts (level, component) after sputtering has turned a part of the others into LiF."""
    kept = np.where(sputtered, 1 - converted, 1.0)[:, None]
    out = part * kept
    out[:, fluoride] = 1 - np.delete(out, fluoride, axis=1).sum(axis=1)
    return out


@photoemission.plot
def draw(spectra: Measurement, ax: Axes) -> None:
    """Spectra one above the other, the surface lowest; binding energy falls to the right."""
    import matplotlib as mpl

    energy, counts = spectra["binding_energy_eV"], spectra["counts"] / 1e3
    step = 0.35 * float(np.ptp(counts)) if len(counts) > 1 else 0.0
    shades = mpl.colormaps["viridis"](np.linspace(0.1, 0.8, len(counts)))
    timed = "etch_time_s" in spectra
    for i, y in enumerate(counts):
        named = len(counts) <= 6 or i in (0, len(counts) - 1)
        label = (f"{spectra['etch_time_s'][i]:.0f} s" if timed else f"level {i}") if named else "_"
        ax.plot(energy, y + i * step, color=shades[i], lw=0.8, label=label)
    ax.set_xlim(float(energy[-1]), float(energy[0]))
    ax.set(xlabel="binding energy / eV", ylabel="counts / 1000" + (", shifted" if step else ""))
    if len(counts) > 1:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.22 * (high - low))
        ax.legend(title="sputtered", title_fontsize=7, ncols=3, loc="upper center")


@photoemission.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise and losses: a sum of two Voigt lines, by their own formula."""
    from scipy.special import wofz

    part, width = float(rng.uniform(0.2, 0.8)), 1.6
    energy = 685.0 - 5.0 + 0.1 * np.arange(round((688.6 - 685.0 + 10.0) / 0.1) + 1)
    lorentz = 0.25 * width
    sigma = np.sqrt((width - 0.5346 * lorentz) ** 2 - 0.2166 * lorentz**2) / np.sqrt(8 * np.log(2))

    def voigt(at: float) -> np.ndarray:
        z = (energy - at + 0.5j * lorentz) / (sigma * np.sqrt(2))
        out: np.ndarray = wofz(z).real / (sigma * np.sqrt(2 * np.pi))
        return out

    counts = 2000.0 + 1.2e4 * (part * voigt(685.0) + (1 - part) * voigt(688.6))
    parameters = {"surface": {"LiF": part, "C-F": 1 - part}, "strength": 0.0, "background": "linear", "noise": False}
    return Demo((), {"counts": counts[None], "binding_energy_eV": energy}, parameters)
