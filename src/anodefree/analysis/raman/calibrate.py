"""A spectrum on the axis that a reference measured beside it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.axis_fit import axis_error
from anodefree.analysis.raman.reference import Material, laser_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import NumericalError
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.line_shapes import gauss
from anodefree.physics.raman_references import SILICON
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("raman.calibrate", version=1, cites=("astm_e1840", "kramida_nist", "edlen1966", "rutt1974"))
def calibrate(
    spectrum: Spectrum,
    reference: Spectrum,
    *,
    material: Annotated[Material, Par("what the reference is")],
    laser_m: o.Laser = None,
    reach_per_cm: o.Reach = 15.0,
    drift_std_per_cm: Annotated[
        float,
        Par(
            "what may move between the reference and the sample, standard deviation",
            ge=0,
            le=10,
            source="not stated; silicon and polystyrene of a published 785 nm set lie 1.5 1/cm apart: that over root 2",
            assumed=True,
        ),
    ] = 1.0,
) -> Spectrum:
    """A spectrum with its axis corrected by a reference that the same instrument measured.

    true = shown - e(shown), e the polynomial of `raman.reference`; beyond the outermost lines e stays as it is there. The
    metadata say `calibrated`, and `shift_error_per_cm` = sqrt(s_e^2 + drift^2 + p^2): the standard deviation of e in the middle
    of the axis, what may have moved between reference and sample, and p, the s_e of an earlier calibration. Several
    references are applied one after the other: neon for the shape of the axis, then silicon or polystyrene, itself corrected
    by neon, for the laser's wavelength, which neon cannot know; what moved since neon the later one takes out.
    *Valid when* both were measured with the same grating, slit and laser. *Source* as `raman.reference`; ASTM E1840-96 (2014).
    Raises ConfigError (no laser for neon), DataError (no line of the reference), NumericalError (the axis would fold).
    """
    laser = laser_of(reference, laser_m if laser_m is not None else spectrum.meta.get("laser_m"), material)
    error = axis_error(reference, material, laser, reach_per_cm)
    x = spectrum["shift_per_cm"].astype(float)
    off, std = error.at(x)
    true = x - off
    if (np.diff(true) <= 0).any():
        raise NumericalError(
            "the correction would fold the axis", spectrum.source.name, "are the lines assigned rightly? raman.reference shows"
        )
    before = spectrum.meta.get("lines_error_per_cm", spectrum.meta.get("shift_error_per_cm"))
    earlier = float(before) if spectrum.meta.get("calibrated") and isinstance(before, (int, float)) else 0.0
    own = float(np.hypot(np.median(std), earlier))
    meta = {
        **spectrum.meta,
        "calibrated": True,
        "shift_error_per_cm": float(np.hypot(own, drift_std_per_cm)),
        "lines_error_per_cm": own,
        "calibrated_with": f"{spectrum.meta.get('calibrated_with', '')} {material}".strip(),
        "calibration_rms_per_cm": error.rms_per_cm,
        "calibration_order": error.order,
        "calibration_offset_per_cm": float(np.median(off)),
    }
    arrays = {str(n): spectrum[str(n)] for n in spectrum.data.data_vars}
    return Measurement.of(SPECTRUM, {**arrays, "shift_per_cm": true}, meta)


@calibrate.plot
def draw(spectrum: Measurement, ax: Axes) -> None:
    """The spectrum on its corrected axis."""
    x, y = spectrum["shift_per_cm"], spectrum["intensity"]
    for k, row in enumerate(y[:6]):
        ax.plot(x, row, lw=0.8, label="_" if len(y) == 1 else f"spectrum {k}")
    ax.set(xlabel="Raman shift / cm$^{-1}$", ylabel="intensity / counts")
    std = spectrum.meta.get("shift_error_per_cm")
    ax.set_title(f"calibrated with {spectrum.meta.get('calibrated_with', '')}, ± {std:.2g} cm$^{{-1}}$", loc="left")
    if len(y) > 1:
        ax.legend()


@calibrate.demo
def demo(rng: np.random.Generator) -> Demo:
    """A spectrum and silicon on one shifted axis, without noise: the true axis is the shown one minus the shift."""
    shift = float(rng.uniform(-4, 4))
    x = np.arange(300.0, 900.0, 1.0)
    line = gauss(x - shift - SILICON[0].shift_per_cm, 8.0)[None] * 1e4
    sample = gauss(x - shift - 742.0, 9.0)[None] * 1e4
    pair = tuple(
        Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": y}, name=n)
        for y, n in ((sample, "sample"), (line, "silicon"))
    )
    return Demo(pair, {"shift_per_cm": x - shift}, {"material": "silicon"}, tolerance=1e-6)
