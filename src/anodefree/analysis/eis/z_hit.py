"""Drift told from the phase alone: the measured modulus against the one that Z-HIT rebuilds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.eis.validity import points_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.kramers_kronig import measurement_model
from anodefree.numerics.zhit import anchored, modulus_operator
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def deviation(
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, from_decades: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies (f,) rising, ln of measured over rebuilt modulus, its covariance (f, f), and the rebuilt modulus [ohm].

    What Z-HIT itself misses (higher derivatives of the phase) is taken from the nearest consistent spectrum, the measurement
    model, and subtracted: of a consistent spectrum the deviation is that error alone.
    """
    f, first = np.unique(frequency_Hz, return_index=True)
    z, x = z_ohm[first], np.log(f)
    model = measurement_model(f[None], z[None])
    consistent = model.model_ohm[0]
    phase, own_phase = np.unwrap(np.angle(z)), np.unwrap(np.angle(consistent))
    rebuild = modulus_operator(x, phase)
    take = anchored(x, from_decades)
    error = take @ (np.log(np.abs(consistent)) - rebuild @ own_phase)
    found = take @ (np.log(np.abs(z)) - rebuild @ phase) - error
    carried = take @ rebuild
    covariance = float(model.noise[0]) ** 2 * (take @ take.T + carried @ carried.T)
    return f, found, covariance, np.abs(z) * np.exp(-found)


@stage("eis.z_hit", version=1, cites=("ehm2000", "schiller2001"))
def z_hit(
    spectra: Impedance,
    *,
    anchor_decades: Annotated[
        float,
        Par("the modulus is tied to the measured one more than so many decades above the lowest frequency", gt=0, le=6),
    ] = 1.5,
) -> Result:
    """The drift of impedance spectra, seen as measured modulus against the modulus that their phase implies.

    ln|Z_H(f)| = c + (2/pi) integral of phi d(ln f) - (pi/6) d(phi)/d(ln f), with the phase phi [rad] smoothed and c the mean
    over frequencies `anchor_decades` above the lowest. The deviation is ln(|Z|/|Z_H|), less what Z-HIT itself misses on the
    nearest consistent spectrum. Estimate `deviation_low`: its mean over the lowest decade (1 % is a modulus 1 % too large
    there), and for a series the mean of all spectra; `deviation_rms` over all points. Curves (spectrum, frequency), rising
    frequencies: frequency_Hz, deviation, deviation_std, Z_hit_ohm. *Valid when* the phase is right where the modulus drifts,
    and the system is of minimum phase. *Source* Ehm et al. (2000); Schiller et al. (2001), equation 1. The paper does not test
    its spectra.
    Raises DataError: fewer than ten frequencies.
    """
    f_all, z_all = points_of(spectra)
    shape = f_all.shape
    curves = {n: np.full(shape, np.nan) for n in ("frequency_Hz", "deviation", "deviation_std", "Z_hit_ohm")}
    low, low_std = np.empty(shape[0]), np.empty(shape[0])
    for i, (f_row, z_row) in enumerate(zip(f_all, z_all, strict=True)):
        there = np.isfinite(f_row)
        if len(np.unique(f_row[there])) < 10:
            raise DataError("fewer than ten frequencies", f"{spectra.source.name}, spectrum {i}", "measure more of them")
        f, found, covariance, rebuilt = deviation(f_row[there], z_row[there], anchor_decades)
        lowest = f <= 10 * f[0]
        weight = lowest / lowest.sum()
        low[i], low_std[i] = weight @ found, np.sqrt(weight @ covariance @ weight)
        for name, values in zip(curves, (f, found, np.sqrt(np.diag(covariance)), rebuilt), strict=True):
            curves[name][i, : len(f)] = values
    mean, mean_std = float(low.mean()), float(np.sqrt(np.sum(low_std**2))) / len(low)
    rms = float(np.sqrt(np.nanmean(curves["deviation"] ** 2)))
    worst = int(np.argmax(np.abs(low) / low_std))
    limit = 3.0 if len(low) == 1 else 4.0
    fine = bool(np.all((np.abs(low) < limit * low_std) | (np.abs(low) < 1e-3)))
    estimates = {
        "deviation_low": Estimate(mean, mean_std, "1", "modulus over that of the phase, lowest decade", "%"),
        "deviation_rms": Estimate(rms, rms / float(np.sqrt(2 * np.isfinite(f_all).sum())), "1", "deviation, rms", "%"),
    }
    which = f"of spectrum {worst} " if len(low) > 1 else ""
    check = Check.that(
        "drift",
        fine,
        "the modulus is that which the phase implies",
        f"in the lowest decade the modulus {which}is {100 * low[worst]:+.2g} ± "
        f"{100 * low_std[worst]:.1g} % off what the phase implies: the cell drifted; wait longer, or use eis.drift",
    )
    return Result.of(estimates, {n: (("spectrum", "frequency"), v) for n, v in curves.items()}, [check])


@z_hit.plot
def draw(result: Result, ax: Axes) -> None:
    """Deviation of the modulus against frequency with its 95 % band, one colour per spectrum."""
    import matplotlib as mpl

    from anodefree.core.figure import COLOURS, SOFT

    data = result.curves
    count = data.sizes["spectrum"]
    shades = mpl.colormaps["plasma"](np.linspace(0.2, 0.85, count)) if count > len(COLOURS) else COLOURS
    for i in range(count):
        f, y, std = (data[n].values[i] for n in ("frequency_Hz", "deviation", "deviation_std"))
        label = f"spectrum {i}" if count > 1 and (count <= 6 or i in (0, count - 1)) else "_"
        if count <= 3:
            ax.fill_between(f, -196 * std, 196 * std, color=SOFT, alpha=0.25, lw=0, label="_" if i else "95 % of the noise")
        ax.plot(f, 100 * y, "o-", color=shades[i], lw=0.8, ms=2.5, label=label if count > 1 else "measured")
    ax.axhline(0, color=SOFT, lw=0.7)
    ax.set_xscale("log")
    ax.set_xlabel("f / Hz")
    ax.set_ylabel("ln(|Z| / |Z-HIT|) / %")
    ax.legend(loc="upper right")


@z_hit.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two arcs whose modulus grows by a few percent towards low frequencies while the phase stays; noise of 0.3 % of |Z|."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)")
    f, noise, growth = np.geomspace(1e5, 0.1, 61), 3e-3, rng.uniform(0.02, 0.06)
    values = np.array([rng.uniform(4, 8), rng.uniform(20, 40), 2e-5, 0.85, rng.uniform(20, 40), 2e-3, 0.8])
    grown = growth * np.exp(-f / 2)
    z = circuit.impedance(2 * np.pi * f, values) * np.exp(grown)
    z = z + noise * np.abs(z) * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
    x = np.log(f[::-1])
    truth = anchored(x, 1.5) @ grown[::-1]
    arrays = {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    spectrum = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((spectrum,), {"deviation_low": float(truth[x <= x[0] + np.log(10) * (1 + 1e-9)].mean())})
