"""How anions are coordinated, from their Raman band: shares with the error of calibration, background, shape and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.background import counting_noise, prepared
from anodefree.analysis.raman.decompose import decompose
from anodefree.analysis.raman.speciation_result import Strength, axis_std, corrected, draw_speciation, result_of, spectrum_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Result
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import pseudo_voigt
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("raman.speciation", version=1, cites=("chen2026", "henderson2022", "seo2014", "baek2015"))
def speciation(
    spectrum: Spectrum,
    *,
    anion: o.Anion = "TFSI",
    shift_std_per_cm: o.AxisStd = None,
    interfering_per_cm: Annotated[
        tuple[float, ...],
        Par(
            "bands of other species inside the window", source="section 2.1: a band of free DOL at about 730 1/cm", assumed=True
        ),
    ] = (730.0,),
    interfering_width_per_cm: Annotated[
        float, Par("width of those bands", gt=0, le=100, source="usual for ring bands of ethers", assumed=True)
    ] = 12.0,
    width_ratio_std: Annotated[
        float,
        Par(
            "how much the species' widths differ, relative; 0: one width",
            ge=0,
            le=0.5,
            source="not stated; a common width is usual",
            assumed=True,
        ),
    ] = 0.05,
    cross_section_ratio: Annotated[
        float,
        Par(
            "strength of a coordinated anion's band over that of a free one's",
            gt=0,
            source="not stated; areas are usually taken as shares",
            assumed=True,
        ),
    ] = 1.0,
    cross_section_std: Annotated[
        float, Par("its relative standard deviation", ge=0, le=1, source="not stated", assumed=True)
    ] = 0.05,
    odds: o.Odds = 10.0,
    rng: np.random.Generator,
) -> Result:
    """Shares of free and coordinated anions from their Raman band, with calibration, background and shape in the interval.

    I(x) = B(x) + A sum_k f_k pV(x - c_k - d; w_k, m), pV of unit area, m its Lorentzian share. Priors: centres c_k normal about
    their places in known solvates (TFSI: free 739.5 +- 0.6, CIP 745.0 +- 0.6, AGG 748.5 +- 0.9 1/cm); the axis' shift d
    normal with the calibration's standard deviation; shares f even over all mixtures; the width within a factor 1.3 of 8 1/cm
    (FSI 15), each species' own within `width_ratio_std` of it; m even from 0 to 1. B is arPLS, the mean of three stiffnesses,
    with their differences, a straight line and the interfering bands left open. A, B and the noise are integrated out, the rest
    is sampled (adaptive importance sampling). Shares come from three bands with room for each to vanish; the evidence of three
    bands against free + coordinated, and against one band, says what the spectrum can tell apart.

    Estimates: `free`, `coordinated` (their sum is 1); `CIP`, `AGG` only where the odds for telling them apart reach `odds`;
    `position`, the highest point of the band on the true axis [1/cm]; `width`, `area`, `axis_shift`. `low` and `high`: 95 %.
    Shares are by number: areas over the relative cross-section. 'free' holds weakly bound anions too: in crystalline solvates a
    CIP through one oxygen (C2) lies in the free band (Henderson et al.). Curves over `draw`: draws of the shares.
    *Valid when* the band is not saturated or polarised differently for the species, and no other band than the named ones is in
    the window. *Source* Henderson et al., J. Electrochem. Soc. 169 (2022) 060515; Seo et al., J. Phys. Chem. B 118 (2014)
    13601; arPLS: Baek et al., Analyst 140 (2015) 250. Differs from the paper, which states no interval.
    Raises DataError (the window is not in the spectrum, or holds no band).
    """
    salt = ANIONS[anion]
    x, y = spectrum_of(spectrum, salt.window_per_cm)
    std, calibration = axis_std(spectrum, shift_std_per_cm)
    window, background = prepared(x, y, salt.window_per_cm, interfering_per_cm, interfering_width_per_cm, counting_noise(y))
    found = decompose(window, salt, std, rng, width_ratio_std=width_ratio_std)
    share = corrected(found, Strength(cross_section_ratio, cross_section_std), rng)
    return result_of(spectrum, found, share, window.x_per_cm, background, odds, [calibration])


@speciation.plot
def draw(result: Result, ax: Axes) -> None:
    """The band with its species."""
    draw_speciation(result, ax, "intensity / counts")


@speciation.demo
def demo(rng: np.random.Generator) -> Demo:
    """A TFSI band on fluorescence, the axis off by 1 1/cm or so, centres anywhere in the ranges that are published."""
    salt = ANIONS["TFSI"]
    x = np.arange(600.0, 900.0, 1.3)
    share = rng.dirichlet([1.0, 1.0, 1.0])
    strength = np.exp(0.05 * rng.standard_normal()) * np.array([0.0, 1.0, 1.0]) + np.array([1.0, 0.0, 0.0])
    true_centre = np.array([rng.uniform(*s.published_per_cm) for s in salt.species])
    width = salt.width_per_cm * np.exp(0.2 * rng.standard_normal() + 0.05 * rng.standard_normal(3))
    lorentzian = float(rng.uniform(0, 1))

    def band(at: np.ndarray) -> np.ndarray:
        lines = pseudo_voigt(at - true_centre[:, None], width[:, None], lorentzian)
        return np.asarray((share * strength)[:, None] * lines).sum(axis=0)

    fine = np.arange(730.0, 760.0, 0.01)
    height = band(fine).max()
    y = 2000 * band(x - rng.standard_normal()) / height + 3000 * np.exp(-(x - 600) / 700)
    y += rng.standard_normal(len(x)) * 0.25 * np.sqrt(y)
    measured = Measurement.of(
        SPECTRUM,
        {"shift_per_cm": x, "intensity": y[None]},
        {"technique": "raman", "quantity": "counts", "calibrated": True, "shift_error_per_cm": 1.0},
        name="TFSI in an ether",
    )
    truth = {"free": float(share[0]), "coordinated": float(1 - share[0]), "position": float(fine[band(fine).argmax()])}
    return Demo((measured,), truth)
