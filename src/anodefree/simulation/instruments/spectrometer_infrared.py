"""A virtual infrared spectrometer: the transmittance of an electrolyte whose species are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import lorentz, pseudo_voigt
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.detector import Axis
from anodefree.simulation.instruments.spectrometer import draw_spectra, populations

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("spectrometer.infrared", version=1, cites=("seo2014", "griffiths2007"))
def infrared(
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
    width_per_cm: Annotated[
        float, Par("width of one species' band", gt=0, le=100, source="usual in liquids", assumed=True)
    ] = 8.0,
    lorentzian: Annotated[
        float, Par("Lorentzian share of a band", ge=0, le=1, source="liquids lie between", assumed=True)
    ] = 0.6,
    absorbance: Annotated[
        float, Par("highest absorbance of the anion's band", gt=0, le=5, source="a thin film, or ATR", assumed=True)
    ] = 0.3,
    cross_section_ratio: Annotated[
        float, Par("strength of a coordinated anion's band over a free one's", gt=0, source="equal", assumed=True)
    ] = 1.0,
    neighbour_absorbance: Annotated[
        float, Par("absorbance of a band of DOL at 723 1/cm", ge=0, le=5, source="weak", assumed=True)
    ] = 0.03,
    shift_low_per_cm: Annotated[float, Par("first point of the axis", gt=0, source="usual setting", assumed=True)] = 650.0,
    shift_high_per_cm: Annotated[float, Par("last point of the axis", gt=0, source="usual setting", assumed=True)] = 900.0,
    step_per_cm: Annotated[float, Par("distance of its points", gt=0, source="a resolution of 2 1/cm", assumed=True)] = 0.96,
    axis_offset_per_cm: Annotated[
        float, Par("shown minus true wavenumber", ge=-50, le=50, source="a laser-referenced interferometer", assumed=True)
    ] = 0.1,
    signal_to_noise: Annotated[float, Par("of the single-beam spectrum", gt=1, source="100 scans", assumed=True)] = 2000.0,
    drift: Annotated[
        float, Par("change of the baseline along the axis, transmittance", ge=-0.5, le=0.5, source="usual", assumed=True)
    ] = 0.02,
    noise: Annotated[bool, Par("false: without noise")] = True,
    rng: np.random.Generator,
) -> Spectrum:
    """The transmittance of an electrolyte whose species are known, as a Fourier-transform spectrometer would record it.

    T = 10^-A (1 + drift u) + noise, A = sum_k p_k s_k pV scaled to the highest absorbance, plus a Lorentz band of a solvent;
    u runs from -1/2 to 1/2 along the axis; the noise is normal and the same everywhere, as a thermal detector's is.
    *Valid when* Beer and Lambert's law holds (no scattering, ATR corrected). *Source* Griffiths and de Haseth (2007); places:
    Seo et al. (2014). Raises ConfigError (populations, the axis).
    """
    table = populations(free, CIP, AGG)
    axis = Axis(shift_low_per_cm, shift_high_per_cm, step_per_cm, axis_offset_per_cm, 0.0)
    x, shown = axis.true(), axis.shown()
    centres = np.array([s.centre_per_cm for s in ANIONS[anion].species])[:, None]
    strength = np.array([1.0, cross_section_ratio, cross_section_ratio])
    lines = (table * strength) @ pseudo_voigt(x - centres, width_per_cm, lorentzian)
    beside = neighbour_absorbance * lorentz(x - 723.0, 12.0) / float(lorentz(np.zeros(1), 12.0)[0])
    total = absorbance * lines / lines.max() + beside
    u = (shown - shown.mean()) / np.ptp(shown)
    seen = 10.0**-total * (1 + drift * u)
    if noise:
        seen = seen + rng.standard_normal(seen.shape) / signal_to_noise
    meta = {"technique": "infrared", "quantity": "transmittance", "instrument": "virtual spectrometer"}
    return Measurement.of(SPECTRUM, {"shift_per_cm": shown, "intensity": seen}, meta)


@infrared.plot
def draw(spectrum: Measurement, ax: Axes) -> None:
    """Transmittance against wavenumber."""
    draw_spectra(spectrum, ax, "wavenumber / cm$^{-1}$", "transmittance")


@infrared.demo
def demo(rng: np.random.Generator) -> Demo:
    """One species without noise: a Lorentz band in closed form."""
    height = float(rng.uniform(0.1, 1.0))
    x = 700.0 + np.arange(81)
    band = 1 / (1 + (2 * (x - 745.0) / 8) ** 2)
    parameters = {
        "free": (0.0,),
        "CIP": (1.0,),
        "AGG": (0.0,),
        "lorentzian": 1.0,
        "absorbance": height,
        "neighbour_absorbance": 0.0,
        "shift_low_per_cm": 700.0,
        "shift_high_per_cm": 780.0,
        "step_per_cm": 1.0,
        "axis_offset_per_cm": 0.0,
        "drift": 0.0,
        "noise": False,
    }
    return Demo((), {"intensity": (10.0 ** (-height * band))[None]}, parameters)
