"""A virtual Raman spectrometer: the spectrum of an electrolyte whose species are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, near
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.anion_bands import ANIONS, SOLVENTS
from anodefree.physics.line_shapes import lorentz, pseudo_voigt
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.detector import Axis, Detector, recorded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ETHERS: Final = {"DOL": 0.5, "DME": 0.5}


def populations(free: tuple[float, ...], cip: tuple[float, ...], agg: tuple[float, ...]) -> np.ndarray:
    """Shares (spectrum, 3) of the species; a single number holds for all spectra.

    Raises
    ------
    ConfigError: lists of different length, or a spectrum without any anion.
    """
    count = max(len(free), len(cip), len(agg))
    if count == 0 or any(len(p) not in (1, count) for p in (free, cip, agg)):
        raise ConfigError(
            "the lists of populations differ in length", "free, CIP, AGG", "give one number, or one for each spectrum"
        )
    table = np.array([np.broadcast_to(p, count) for p in (free, cip, agg)], float).T
    if (table.sum(axis=1) <= 0).any():
        raise ConfigError("a spectrum has no anion at all", "free, CIP, AGG", "one of them is above 0")
    return table / table.sum(axis=1, keepdims=True)


def solvent_bands(x_per_cm: np.ndarray, solvents: dict[str, float], width_per_cm: float) -> np.ndarray:
    """Lorentz bands of solvents (n,), each solvent's strongest band of the given area, widened by the instrument."""
    total = np.zeros_like(x_per_cm)
    for name, area in solvents.items():
        if name not in SOLVENTS:
            raise ConfigError(f"no bands of '{name}' are known", "solvents", near(name, SOLVENTS))
        for centre, width, strength in SOLVENTS[name]:
            total += area * strength * lorentz(x_per_cm - centre, np.hypot(width, width_per_cm))
    return total


@stage("spectrometer.raman", version=1, cites=("henderson2022", "seo2014", "chen2026"))
def raman(
    *,
    anion: Annotated[Literal["TFSI", "FSI"], Par("the salt's anion")] = "TFSI",
    free: Annotated[
        tuple[float, ...],
        Par("anions that are free, for each spectrum", ge=0, source="a dilute ether electrolyte", assumed=True),
    ] = (0.5,),
    CIP: Annotated[
        tuple[float, ...], Par("anions in contact with one lithium ion", ge=0, source="as for free", assumed=True)
    ] = (0.35,),
    AGG: Annotated[tuple[float, ...], Par("anions in contact with several", ge=0, source="as for free", assumed=True)] = (
        0.15,
    ),
    centres_per_cm: Annotated[
        tuple[float, float, float] | None, Par("true centres of free, CIP and AGG; none: as in known solvates", gt=0)
    ] = None,
    width_per_cm: Annotated[float | None, Par("width of one species' band; none: TFSI 8, FSI 15", gt=0, le=100)] = None,
    width_ratios: Annotated[
        tuple[float, float, float],
        Par("width of free, CIP and AGG over that", gt=0, le=10, source="a common width is usual", assumed=True),
    ] = (1.0, 1.0, 1.0),
    lorentzian: Annotated[
        float, Par("Lorentzian share of a band", ge=0, le=1, source="liquids lie between", assumed=True)
    ] = 0.6,
    cross_section_ratio: Annotated[
        float, Par("strength of a coordinated anion's band over a free one's", gt=0, source="equal", assumed=True)
    ] = 1.0,
    solvents: Annotated[
        dict[str, float],
        Par(
            "area of each solvent's strongest band over the anion's (DOL, DME)",
            ge=0,
            source="section 4.1: DOL and DME",
            assumed=True,
        ),
    ] = ETHERS,
    shift_low_per_cm: Annotated[float, Par("first point of the axis", gt=-5000, source="usual setting", assumed=True)] = 600.0,
    shift_high_per_cm: Annotated[float, Par("last point of the axis", gt=0, source="usual setting", assumed=True)] = 1100.0,
    step_per_cm: Annotated[
        float, Par("distance of its points", gt=0, source="a 785 nm instrument with 1200 lines/mm", assumed=True)
    ] = 1.1,
    instrument_width_per_cm: Annotated[
        float, Par("width that the slit adds to a line", ge=0, le=50, source="as for the step", assumed=True)
    ] = 2.0,
    axis_offset_per_cm: Annotated[
        float,
        Par("shown minus true shift, everywhere", ge=-50, le=50, source="uncalibrated instruments: 1 to 5 1/cm", assumed=True),
    ] = 2.0,
    axis_stretch: Annotated[float, Par("growth of that along the axis, per 1/cm from its middle", ge=-0.01, le=0.01)] = 0.0,
    peak_counts: Annotated[
        float, Par("counts of the strongest band", gt=0, le=1e9, source="a minute at 785 nm", assumed=True)
    ] = 5e3,
    fluorescence: Annotated[
        float, Par("background over the strongest band", ge=0, le=1e4, source="usual in cells", assumed=True)
    ] = 1.0,
    readout_counts: Annotated[float, Par("readout noise", ge=0, source="a cooled CCD", assumed=True)] = 8.0,
    cosmic_rays: Annotated[
        float, Par("cosmic rays in a spectrum, on average", ge=0, le=1000, source="a minute's exposure", assumed=True)
    ] = 0.5,
    noise: Annotated[bool, Par("false: counts without noise and cosmic rays")] = True,
    interval_s: Annotated[float, Par("time from one spectrum to the next", gt=0, source="usual in situ", assumed=True)] = 60.0,
    rng: np.random.Generator,
) -> Spectrum:
    """The Raman spectrum of an electrolyte whose species are known, as a spectrometer would record it.

    I(x) = sum_k p_k s_k pV(t - c_k; w, m) + solvents + fluorescence at the true shift t of each shown point x, then Poisson
    counts, readout noise and cosmic rays; shown - true = offset + stretch (x - middle). p are the populations of free, CIP and
    AGG anions, which any simulation of the solvation may give; s the relative strengths. The slit widens a band in quadrature.
    With lists of populations a series of spectra in time. The metadata hold no truth: the axis claims to be right, as it does.
    *Valid when* bands add up: no self-absorption, no resonance. *Source* places: Seo et al. (2014), Henderson et al. (2022),
    Chen et al. (2026), section 2.1, for solvents; counting statistics of a detector.
    Raises ConfigError (populations, solvents, the axis).
    """
    table = populations(free, CIP, AGG)
    salt = ANIONS[anion]
    centres = np.array(centres_per_cm if centres_per_cm else [s.centre_per_cm for s in salt.species])
    own = (width_per_cm or salt.width_per_cm) * np.array(width_ratios)
    width = np.hypot(own, instrument_width_per_cm)[:, None]
    strength = np.array([1.0, cross_section_ratio, cross_section_ratio])

    def signal(share: np.ndarray, at: np.ndarray) -> np.ndarray:
        anions = (share * strength)[:, None] * pseudo_voigt(at - centres[:, None], width, lorentzian)
        return np.asarray(anions.sum(axis=0) + solvent_bands(at, solvents, instrument_width_per_cm))

    axis = Axis(shift_low_per_cm, shift_high_per_cm, step_per_cm, axis_offset_per_cm, axis_stretch)
    detector = Detector(peak_counts, fluorescence, readout_counts, cosmic_rays)
    counts = recorded(axis, detector, [lambda at, p=p: signal(p, at) for p in table], rng, exact=not noise)  # type: ignore[misc]
    meta = {
        "technique": "raman",
        "quantity": "counts",
        "laser_m": 785e-9,
        "instrument": "virtual spectrometer",
        "calibrated": False,
    }
    arrays = {"shift_per_cm": axis.shown(), "intensity": counts, "time_s": interval_s * np.arange(len(table))}
    return Measurement.of(SPECTRUM, arrays, meta)


@raman.plot
def draw(spectrum: Measurement, ax: Axes) -> None:
    """The spectra, one colour each from first to last."""
    draw_spectra(spectrum, ax, "Raman shift / cm$^{-1}$", "intensity / counts")


def draw_spectra(spectrum: Measurement, ax: Axes, xlabel: str, ylabel: str) -> None:
    """Spectra on one axis; of many, the first and the last are named."""
    import matplotlib as mpl

    from anodefree.core.figure import COLOURS

    rows = spectrum["intensity"]
    shades = mpl.colormaps["plasma"](np.linspace(0.1, 0.8, len(rows))) if len(rows) > 1 else [COLOURS[0]]
    for k, row in enumerate(rows):
        named = len(rows) > 1 and k in (0, len(rows) - 1)
        ax.plot(spectrum["shift_per_cm"], row, color=shades[k], lw=0.8, label=f"spectrum {k + 1}" if named else "_")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(rows) > 1:
        ax.legend()


@raman.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without noise, solvents, slit and fluorescence: Lorentz lines in closed form, one on an axis that is off."""
    share = rng.dirichlet([1.0, 1.0, 1.0])
    offset = float(rng.uniform(-4, 4))
    x = 700.0 + np.arange(81)
    lines = sum(
        p * 2 / (np.pi * 8) / (1 + (2 * (x - offset - c) / 8) ** 2) for p, c in zip(share, (739.5, 745.0, 748.5), strict=True)
    )
    parameters = {
        "free": (float(share[0]),),
        "CIP": (float(share[1]),),
        "AGG": (float(share[2]),),
        "lorentzian": 1.0,
        "solvents": {},
        "shift_low_per_cm": 700.0,
        "shift_high_per_cm": 780.0,
        "step_per_cm": 1.0,
        "instrument_width_per_cm": 0.0,
        "axis_offset_per_cm": offset,
        "fluorescence": 0.0,
        "noise": False,
    }
    return Demo((), {"intensity": (5e3 * lines / np.max(lines))[None]}, parameters)
