"""A virtual Raman spectrometer looking at a reference, by which its axis can be calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.line_shapes import pseudo_voigt
from anodefree.physics.raman_references import lines_of
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.detector import Axis, Detector, recorded
from anodefree.simulation.instruments.spectrometer import draw_spectra

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("spectrometer.reference", version=1, cites=("astm_e1840", "kramida_nist", "rutt1974"))
def reference(
    *,
    material: Annotated[Literal["neon", "silicon", "polystyrene", "calcite"], Par("what is looked at")] = "polystyrene",
    laser_m: Annotated[float, Par("wavelength of the laser", gt=2e-7, lt=2e-6, source="section 4.2.3: 785 nm")] = 785e-9,
    shift_low_per_cm: Annotated[float, Par("first point of the axis", gt=-5000, source="usual setting", assumed=True)] = 200.0,
    shift_high_per_cm: Annotated[float, Par("last point of the axis", gt=0, source="usual setting", assumed=True)] = 3200.0,
    step_per_cm: Annotated[float, Par("distance of its points", gt=0, source="usual at 785 nm", assumed=True)] = 1.1,
    instrument_width_per_cm: Annotated[
        float, Par("width that the slit adds to a line", gt=0, le=50, source="as for the step", assumed=True)
    ] = 4.0,
    axis_offset_per_cm: Annotated[
        float,
        Par("shown minus true shift, everywhere", ge=-50, le=50, source="uncalibrated instruments: 1 to 5 1/cm", assumed=True),
    ] = 2.0,
    axis_stretch: Annotated[float, Par("growth of that along the axis, per 1/cm from its middle", ge=-0.01, le=0.01)] = 0.0,
    peak_counts: Annotated[float, Par("counts of the strongest line", gt=0, le=1e9, source="usual", assumed=True)] = 3e4,
    fluorescence: Annotated[
        float, Par("background over the strongest line", ge=0, le=1e4, source="little", assumed=True)
    ] = 0.05,
    readout_counts: Annotated[float, Par("readout noise", ge=0, source="a cooled CCD", assumed=True)] = 8.0,
    noise: Annotated[bool, Par("false: counts without noise")] = True,
    rng: np.random.Generator,
) -> Spectrum:
    """The spectrum of neon, silicon, polystyrene or calcite on an axis that may be off.

    Lines at their reference places with their own widths, widened by the slit in quadrature, half Lorentzian (neon: Gaussian);
    axis, counts and noise as in `spectrometer.raman`. What it shows must come back from `raman.reference`.
    *Valid when* the lines are not saturated. *Source* ASTM E1840-96 (2014), NIST Atomic Spectra Database,
    Rutt and Nicola (1974). Raises ConfigError (the axis, or no line on it).
    """
    lines = lines_of(material, laser_m)
    share = 0.0 if material == "neon" else 0.5

    def signal(at: np.ndarray) -> np.ndarray:
        total = np.zeros_like(at)
        for line in lines:
            if at[0] - 100 < line.shift_per_cm < at[-1] + 100:
                width = float(np.hypot(line.width_per_cm, instrument_width_per_cm))
                total += line.strength * width * pseudo_voigt(at - line.shift_per_cm, width, share)
        return total

    axis = Axis(shift_low_per_cm, shift_high_per_cm, step_per_cm, axis_offset_per_cm, axis_stretch)
    counts = recorded(axis, Detector(peak_counts, fluorescence, readout_counts, 0.0), [signal], rng, exact=not noise)
    meta = {
        "technique": "raman",
        "quantity": "counts",
        "laser_m": laser_m,
        "instrument": "virtual spectrometer",
        "sample": material,
    }
    return Measurement.of(SPECTRUM, {"shift_per_cm": axis.shown(), "intensity": counts}, meta)


@reference.plot
def draw(spectrum: Measurement, ax: Axes) -> None:
    """The reference's lines."""
    draw_spectra(spectrum, ax, "Raman shift / cm$^{-1}$", "intensity / counts")


@reference.demo
def demo(rng: np.random.Generator) -> Demo:
    """Silicon without noise: one line, half Gauss and half Lorentz, in closed form."""
    offset = float(rng.uniform(-4, 4))
    x, width = 450.0 + np.arange(151), 5.0
    u = (x - offset - 520.5) / width
    line = 0.5 * 2 / np.pi / (1 + 4 * u * u) + 0.5 * np.sqrt(4 * np.log(2) / np.pi) * np.exp(-4 * np.log(2) * u * u)
    parameters = {
        "material": "silicon",
        "shift_low_per_cm": 450.0,
        "shift_high_per_cm": 600.0,
        "step_per_cm": 1.0,
        "instrument_width_per_cm": 3.0,
        "axis_offset_per_cm": offset,
        "fluorescence": 0.0,
        "noise": False,
    }
    return Demo((), {"intensity": (3e4 * line / line.max())[None]}, parameters)
