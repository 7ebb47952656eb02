"""How anions are coordinated, from their infrared band: the machinery of `raman.speciation` on absorbance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.background import prepared
from anodefree.analysis.raman.decompose import decompose
from anodefree.analysis.raman.speciation_result import Strength, axis_std, corrected, draw_speciation, result_of, spectrum_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Result
from anodefree.errors import DataError
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import pseudo_voigt
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARK = 1e-4
"""A transmittance below this says nothing about the absorbance."""


def absorbance_of(spectrum: Measurement, window_per_cm: tuple[float, float]) -> Measurement:
    """The spectrum as absorbance, -log10 T, inside a window and as far around it as T allows.

    Raises
    ------
    DataError: it is not infrared, or too dark inside the window.
    """
    quantity = spectrum.meta.get("quantity")
    if quantity == "absorbance":
        return spectrum
    if quantity != "transmittance":
        raise DataError(
            f"holds {quantity or 'an unnamed quantity'}, neither absorbance nor transmittance",
            spectrum.source.name,
            'say which: quantity="transmittance" (--meta quantity=transmittance); a Raman spectrum goes to raman.speciation',
        )
    x, t = spectrum["shift_per_cm"], spectrum["intensity"].astype(float)
    inside = (x >= window_per_cm[0]) & (x <= window_per_cm[1])
    if inside.any() and (t[:, inside] < DARK).any():
        raise DataError(
            f"its transmittance falls to {t[:, inside].min():.2g} between {window_per_cm[0]:g} and {window_per_cm[1]:g} 1/cm",
            spectrum.source.name,
            "measure a thinner film: the band is saturated",
        )
    arrays = {str(n): spectrum[str(n)] for n in spectrum.data.data_vars}
    dark = {**arrays, "intensity": -np.log10(np.maximum(t, DARK))}
    return Measurement.of(SPECTRUM, dark, {**spectrum.meta, "quantity": "absorbance"}, source=spectrum.source)


@stage("ftir.bands", version=1, cites=("chen2026", "henderson2022", "seo2014", "griffiths2007", "baek2015"))
def bands(
    spectrum: Spectrum,
    *,
    anion: o.Anion = "TFSI",
    shift_std_per_cm: Annotated[
        float,
        Par("standard deviation of the axis", ge=0, le=20, source="interferometers are referenced to a laser", assumed=True),
    ] = 0.3,
    interfering_per_cm: Annotated[
        tuple[float, ...], Par("bands of other species inside the window", source="a weak ring band of DOL", assumed=True)
    ] = (723.0,),
    interfering_width_per_cm: Annotated[
        float, Par("width of those bands", gt=0, le=100, source="usual in liquids", assumed=True)
    ] = 12.0,
    width_ratio_std: Annotated[
        float,
        Par(
            "how much the species' widths differ, relative",
            ge=0,
            le=0.5,
            source="not stated; a common width is usual",
            assumed=True,
        ),
    ] = 0.05,
    cross_section_ratio: Annotated[
        float,
        Par(
            "strength of a coordinated anion's band over a free one's",
            gt=0,
            source="not stated; areas are usually shares",
            assumed=True,
        ),
    ] = 1.0,
    cross_section_std: Annotated[
        float,
        Par(
            "its relative standard deviation",
            ge=0,
            le=1,
            source="not stated; infrared strengths change more than Raman's",
            assumed=True,
        ),
    ] = 0.15,
    odds: o.Odds = 10.0,
    rng: np.random.Generator,
) -> Result:
    """Shares of free and coordinated anions from the ratio of their infrared bands, with every error in the interval.

    A(x) = -log10 T(x) where the file holds transmittance; then exactly as `raman.speciation`: A(x) = B(x) + A0 sum_k f_k
    pV(x - c_k - d; w_k, m), priors on centres, width and shape, arPLS backgrounds, evidence for two bands or three.
    Estimates: `free`, `coordinated`, `position`, `width`, `area`, `axis_shift`; `CIP`, `AGG` where the odds reach `odds`.
    *Valid when* Beer and Lambert's law holds: a film in transmission, or ATR after its correction; A below about 1.5. The
    strength of an infrared band changes on coordination more than that of the Raman band, by how much is not known for these
    ethers: its assumed spread dominates the interval. *Source* Griffiths and de Haseth (2007); Seo et al. (2014); Henderson et
    al. (2022). The paper's Fig. S3 states no assignment. Raises DataError (not infrared, saturated, no band).
    """
    salt = ANIONS[anion]
    measured = absorbance_of(spectrum, salt.window_per_cm)
    x, y = spectrum_of(measured, salt.window_per_cm)
    std, calibration = axis_std(measured, shift_std_per_cm)
    # The detector's noise is even in the transmittance T, so that of the absorbance goes as 1/T.
    window, background = prepared(x, y, salt.window_per_cm, interfering_per_cm, interfering_width_per_cm, 10.0**y)
    found = decompose(window, salt, std, rng, width_ratio_std=width_ratio_std)
    share = corrected(found, Strength(cross_section_ratio, cross_section_std), rng)
    return result_of(measured, found, share, window.x_per_cm, background, odds, [calibration])


@bands.plot
def draw(result: Result, ax: Axes) -> None:
    """The band with its species."""
    draw_speciation(result, ax, "absorbance")


@bands.demo
def demo(rng: np.random.Generator) -> Demo:
    """A TFSI band in transmittance, with centres, widths, strengths and the axis as uncertain as assumed."""
    salt = ANIONS["TFSI"]
    x = np.arange(640.0, 860.0, 0.96)
    share = rng.dirichlet([1.0, 1.0, 1.0])
    strength = np.array([1.0, 0.0, 0.0]) + np.exp(0.15 * rng.standard_normal()) * np.array([0.0, 1.0, 1.0])
    centre = np.array([rng.uniform(*s.published_per_cm) for s in salt.species]) + 0.3 * rng.standard_normal()
    width = salt.width_per_cm * np.exp(0.2 * rng.standard_normal() + 0.05 * rng.standard_normal(3))
    lines = (share * strength)[:, None] * pseudo_voigt(x - centre[:, None], width[:, None], float(rng.uniform(0, 1)))
    total = lines.sum(axis=0)
    seen = 10 ** (-0.4 * total / total.max()) * (0.9 + 2e-4 * (x - 640)) + 5e-4 * rng.standard_normal(len(x))
    measured = Measurement.of(
        SPECTRUM,
        {"shift_per_cm": x, "intensity": seen[None]},
        {"technique": "infrared", "quantity": "transmittance"},
        name="film",
    )
    return Demo((measured,), {"free": float(share[0]), "coordinated": float(1 - share[0])})
