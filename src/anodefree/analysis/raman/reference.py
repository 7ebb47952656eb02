"""What a reference spectrum says about a Raman spectrometer's axis: neon, silicon, polystyrene or calcite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.axis_fit import axis_error
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.line_shapes import gauss
from anodefree.physics.raman_references import neon
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Material = Literal["neon", "silicon", "polystyrene", "calcite"]
_WIDE_PER_CM = 13.0
_UNEVEN_PER_CM = 0.08


def laser_of(spectrum: Measurement, laser_m: float | None, material: str) -> float:
    """The laser's wavelength, which only neon's lines need.

    Raises
    ------
    ConfigError: neither given nor in the file.
    """
    stated = laser_m if laser_m is not None else spectrum.meta.get("laser_m")
    if isinstance(stated, (int, float)) and stated > 0:
        return float(stated)
    if material == "neon":
        raise ConfigError("neon's lines need the laser's wavelength", "laser_m", 'give it: laser_m = "785 nm"')
    return 785e-9


@stage("raman.reference", version=1, cites=("astm_e1840", "kramida_nist", "edlen1966", "rutt1974"))
def reference(
    spectrum: Spectrum,
    *,
    material: Annotated[Material, Par("what was measured")],
    laser_m: o.Laser = None,
    reach_per_cm: o.Reach = 15.0,
) -> Result:
    """How far a spectrometer's axis is off, from the spectrum of a reference.

    Lines are maxima that stand out of the noise, each refined by a Gauss curve on a slope. One offset within `reach_per_cm`
    assigns them to the known lines; a known line with a neighbour that the instrument cannot separate is left out, and how far
    a farther neighbour may push a line is in its standard deviation. The axis' error, shown - true, is the mean of Chebyshev
    polynomials of order 0 to 4, each weighted by exp(-BIC/2), BIC = n ln(chi2/n) + k ln n, lines beyond four robust standard
    deviations taken out; the standard deviation holds how much the orders differ. Neon: shift = 1e7/laser - 1e7/(n
    lambda_air), n of standard air.
    Estimates: `offset`, the mean error along the lines [1/cm]; `rms` of what the polynomial leaves; `axis_std`, the standard
    deviation of a corrected axis, at the middle of its range; `order`; `lines`. Curves over `line` and over `axis`.
    *Valid when* the reference fills the slit as the sample does. *Source* ASTM E1840-96 (2014), polystyrene; NIST Atomic
    Spectra Database, neon; NMIJ CRM 5606, silicon; Rutt and Nicola (1974), calcite; Edlen (1966), air.
    Raises ConfigError (no laser for neon), DataError (none of its lines is there).
    """
    error = axis_error(spectrum, material, laser_of(spectrum, laser_m, material), reach_per_cm)
    x = spectrum["shift_per_cm"].astype(float)
    shown = error.shown_per_cm[error.used]
    offset, offset_std = error.at(np.array([shown.mean()]))
    along, along_std = error.at(x)
    left = int(np.sum(~error.used))
    count = int(error.used.sum())
    middle = float(np.interp(0.5 * (x[0] + x[-1]), x, along_std))
    return Result.of(
        {
            "offset": Estimate(float(offset[0]), float(offset_std[0]), "1/cm", "shown minus true, at the middle of the lines"),
            "rms": Estimate(
                error.rms_per_cm,
                error.rms_per_cm / np.sqrt(2 * max(count - error.order - 1, 1)),
                "1/cm",
                "scatter of the lines",
            ),
            "axis_std": Estimate(
                middle,
                middle / np.sqrt(2 * max(count - error.order - 1, 1)),
                "1/cm",
                "standard deviation of the corrected axis",
            ),
            "order": Estimate(error.order, 0.0, "1", "order of the polynomial"),
            "lines": Estimate(count, 0.0, "1", "lines that were used"),
        },
        {
            "line_shown_per_cm": ("line", error.shown_per_cm),
            "line_true_per_cm": ("line", error.true_per_cm),
            "line_std_per_cm": ("line", error.std_per_cm),
            "line_used": ("line", error.used.astype(int)),
            "axis_per_cm": ("axis", x),
            "error_per_cm": ("axis", along),
            "error_std_per_cm": ("axis", along_std),
        },
        [
            Check.that(
                "lines", count >= 3 or material == "silicon", f"{count} lines were found", f"only {count} lines were found"
            ),
            Check.that(
                "wrong lines",
                left <= 0.25 * len(error.used),
                f"{left} of {len(error.used)} lines lie far off the rest",
                f"{left} of {len(error.used)} lines lie far off the rest, left out: is it {material}, the laser right?",
            ),
        ],
    )


@reference.plot
def draw(result: Result, ax: Axes) -> None:
    """Axis error of each line, the polynomial, and its 95 % band."""
    from anodefree.core.figure import COLOURS, SOFT

    c = {n: result.curves[n].values for n in map(str, result.curves.data_vars)}
    off, used = c["line_shown_per_cm"] - c["line_true_per_cm"], c["line_used"].astype(bool)
    band = 2 * c["error_std_per_cm"]
    ax.fill_between(c["axis_per_cm"], c["error_per_cm"] - band, c["error_per_cm"] + band, color=COLOURS[0], alpha=0.2, lw=0)
    ax.plot(c["axis_per_cm"], c["error_per_cm"], color=COLOURS[0], label=f"order {result['order']:.0f}")
    ax.errorbar(
        c["line_shown_per_cm"][used],
        off[used],
        c["line_std_per_cm"][used],
        fmt="o",
        color=COLOURS[1],
        lw=0.8,
        ms=3,
        label="lines",
    )
    if (~used).any():
        ax.plot(c["line_shown_per_cm"][~used], off[~used], "x", color=SOFT, label="left out")
    ax.set(xlabel="shown shift / cm$^{-1}$", ylabel="shown − true / cm$^{-1}$")
    ax.legend()


@reference.demo
def demo(rng: np.random.Generator) -> Demo:
    """Neon on an axis that is offset, stretched and bent, seen through a spectrometer of 13 1/cm with shot noise.

    The lamp's strengths are not the tabulated ones, and pixels are not ideal: every line lies a few hundredths of a pixel off.
    """
    laser = 785e-9
    lines = [k for k in neon(laser) if 50 < k.shift_per_cm < 3300]
    x = np.arange(120.0, 3200.0, 3.5)
    offset, tilt, bend = rng.uniform(-4, 4), rng.uniform(-1, 1), rng.uniform(-1, 1)

    def error(true: np.ndarray) -> np.ndarray:
        u = (true - 1660) / 1540
        return np.asarray(offset + tilt * u + bend * u * u)

    true = x - error(x - error(x))
    place = np.array([k.shift_per_cm for k in lines]) + _UNEVEN_PER_CM * rng.standard_normal(len(lines))
    height = np.array([k.strength for k in lines]) * np.exp(0.3 * rng.standard_normal(len(lines)))
    counts = 4e4 * height @ gauss(true - place[:, None], _WIDE_PER_CM) * _WIDE_PER_CM + 1000.0
    y = rng.poisson(counts) + 5 * rng.standard_normal(len(x))
    measured = Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": y[None]}, {"laser_m": laser}, name="neon lamp")
    found = axis_error(measured, "neon", laser, 15.0)
    middle = float(found.shown_per_cm[found.used].mean())
    return Demo(
        (measured,), {"offset": float(error(np.array([middle - error(np.array([middle]))[0]]))[0])}, {"material": "neon"}
    )
