"""Spectra without the points that no cell can have given, and without their leads: what was taken off is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from anodefree.analysis.eis.validity import points_of, usable, verdicts_on
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.consistency import TOLERANCE
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def inductive_tail(frequency_Hz: np.ndarray, z_ohm: np.ndarray) -> np.ndarray:
    """Points (s, f) above the highest frequency at which Z'' turns negative: there the leads are larger than the cell."""
    capacitive = np.where(np.isfinite(frequency_Hz) & (z_ohm.imag < 0), frequency_Hz, -np.inf).max(axis=1, keepdims=True)
    return np.isfinite(frequency_Hz) & (frequency_Hz > capacitive) & np.isfinite(capacitive)


@stage("eis.clean", version=1, cites=("boukamp1995", "orazem2017"))
def clean(
    spectra: Impedance,
    *,
    outliers: Annotated[bool, Par("leave outliers out")] = True,
    inductance: Annotated[
        Literal["keep", "subtract", "drop"],
        Par("of the leads: keep it, subtract j w L of the measurement model, or drop the points of positive Z'' at the top"),
    ] = "keep",
    tolerance: Annotated[
        float, Par("an outlier errs by more than this over |Z|", ge=0, source="accuracy of a good instrument", assumed=True)
    ] = TOLERANCE,
) -> Impedance:
    """Impedance spectra without outliers and, if asked, without the inductance of the leads.

    An outlier is a point whose residual in the measurement model (see `eis.kramers_kronig`), over its own standard deviation by
    a robust scale, has a probability below 0.0025 as the largest of its spectrum: Z'^2 + Z''^2 against F(2, dof), one round
    after another with the model fitted to the rest. It becomes NaN in all arrays of the point. L [H] is the model's own, of
    each spectrum. Metadata says what was done: `outliers_dropped` and `tail_dropped` (numbers of points), `dropped_Hz` (of each
    spectrum), `inductance_H` and `inductance_std_H` where it was subtracted. Times and temperatures stay.
    *Valid when* fewer than a fifth of the points are bad. *Source* Boukamp, J. Electrochem. Soc. 142 (1995) 1885; Orazem and
    Tribollet (2017). The paper states nothing of the kind. Raises DataError: fewer than eight frequencies in a spectrum, before
    or after.
    """
    f, z = points_of(spectra)
    where = spectra.source.name
    short = np.flatnonzero(~usable(f))
    if len(short):
        raise DataError("fewer than eight frequencies", f"{where}, spectrum {short[0]}", "measure more of them")
    verdicts = verdicts_on(spectra, np.arange(len(spectra)), tolerance)
    out = np.concatenate([v.outlier for v in verdicts]) if outliers else np.zeros(f.shape, dtype=bool)
    said: dict[str, Any] = {"outliers_dropped": int(out.sum())}
    if inductance == "drop":
        tail = inductive_tail(f, z) & ~out
        said["tail_dropped"] = int(tail.sum())
        out |= tail
    elif inductance == "subtract":
        henry, std = (np.concatenate([getattr(v.model, n)[:, 1] for v in verdicts]) for n in ("series", "series_std"))
        z = z - 2j * np.pi * np.nan_to_num(f) * henry[:, None]
        said |= {"inductance_H": [float(x) for x in henry], "inductance_std_H": [float(x) for x in std]}
    said["dropped_Hz"] = [[float(x) for x in row[bad]] for row, bad in zip(f, out, strict=True)]
    kept = np.where(out, np.nan, f)
    short = np.flatnonzero(~usable(kept))
    if len(short):
        raise DataError("fewer than eight frequencies are left", f"{where}, spectrum {short[0]}", "keep the inductive tail")
    there = np.isfinite(kept)
    arrays = {
        "frequency_Hz": kept,
        "Z_re_ohm": np.where(there, z.real, np.nan),
        "Z_im_ohm": np.where(there, z.imag, np.nan),
    }
    if "record_time_s" in spectra:
        arrays["record_time_s"] = np.where(there, spectra["record_time_s"], np.nan)
    arrays |= {n: spectra[n] for n in ("temperature_K", "potential_V", "time_s") if n in spectra}
    return Measurement.of(IMPEDANCE, arrays, {**spectra.meta, **said}, name=where)


@clean.plot
def draw(spectra: Measurement, ax: Axes) -> None:
    """Nyquist plot of what is left, and the frequencies that were left out of how many points."""
    import matplotlib as mpl

    shades = mpl.colormaps["plasma"](np.linspace(0.2, 0.85, len(spectra)))
    dropped = sum(len(row) for row in spectra.meta.get("dropped_Hz", []))
    for i in range(len(spectra)):
        label = f"{dropped} points left out" if i == 0 else "_"
        ax.plot(spectra["Z_re_ohm"][i], -spectra["Z_im_ohm"][i], "o-", color=shades[i], lw=0.6, ms=2.2, label=label)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("Z′ / Ω")
    ax.set_ylabel("−Z″ / Ω")
    ax.legend(handlelength=1.2)


@clean.demo
def demo(rng: np.random.Generator) -> Demo:
    """An arc and diffusion behind leads of about 1 uH, noise of 0.01 % of |Z|: the leads are subtracted."""
    circuit = read_circuit("R0-p(R1,Q1)-W2")
    f, henry = np.geomspace(1e6, 0.1, 71), rng.uniform(0.5e-6, 2e-6)
    z = circuit.impedance(2 * np.pi * f, np.array([4.0, rng.uniform(30, 60), 2e-5, 0.85, 3.0]))
    seen = z + 2j * np.pi * f * henry
    seen = seen + 1e-4 * np.abs(seen) * (rng.standard_normal(71) + 1j * rng.standard_normal(71))
    arrays = {"frequency_Hz": f[None], "Z_re_ohm": seen.real[None], "Z_im_ohm": seen.imag[None]}
    spectrum = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    truth = {"Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    return Demo((spectrum,), truth, {"inductance": "subtract", "outliers": False}, 2e-3)
