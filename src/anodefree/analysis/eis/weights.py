"""How large the errors of spectra are at each frequency: the weights that a fit should use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.eis.validity import kramers_kronig_checks, points_of, usable
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.variance_model import TERMS, fitted_variance
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SAID = {
    "relative": ("1", "error proportional to |Z|", "%"),
    "floor_ohm": ("ohm", "error that does not depend on |Z|", None),
    "current_per_ohm": ("1/ohm", "error proportional to |Z|^2, over it", None),
}


@stage("eis.weights", version=1, cites=("agarwal1995", "boukamp1995"))
def weights(spectra: Impedance) -> Result:
    """The standard deviation of Z' and of Z'' at each frequency, from the residuals of a measurement model.

    sigma^2 = a^2 |Z|^2 + b^2 + c^2 |Z|^4, alike for Z' and Z'': a relative error a [1], a noise of the voltage b [ohm], and a
    noise of the current c [1/ohm], one set for all spectra of a series, by restricted maximum likelihood with the measurement
    model (see `eis.kramers_kronig`) integrated out. Outliers are left out. Estimates: `relative` a, `floor_ohm` b,
    `current_per_ohm` c; a term that the data do not ask for is 0, with the size it could have as its standard deviation. Curves
    (spectrum, frequency): frequency_Hz, modulus_ohm, sigma_ohm, residual_re_ohm, residual_im_ohm (over what the fit leaves of a
    point's own error). *Valid when* the spectra keep the Kramers-Kronig relations: a misfit would count as noise. *Source*
    Agarwal et al., J. Electrochem. Soc. 142 (1995) 4149, for measurement models and the terms; restricted likelihood as derived
    in `numerics.variance_model`. The paper states no weights. Raises DataError: fewer than twelve frequencies in a spectrum.
    """
    f, z = points_of(spectra)
    short = np.flatnonzero(~usable(f) | (np.isfinite(f).sum(axis=1) < 12))
    if len(short):
        raise DataError("fewer than twelve frequencies", f"{spectra.source.name}, spectrum {short[0]}", "measure more of them")
    found = fitted_variance(f, z)
    estimates = {
        name: Estimate(float(value), float(std), *_SAID[name])
        for name, value, std in zip(TERMS, found.terms, found.terms_std, strict=True)
    }
    points = f.shape[1]
    curves = {
        "frequency_Hz": f,
        "modulus_ohm": np.abs(np.where(np.isfinite(f), z, np.nan)),
        "sigma_ohm": found.sigma_ohm,
        "residual_re_ohm": found.error_ohm[:, :points],
        "residual_im_ohm": found.error_ohm[:, points:],
    }
    spread = found.sigma_ohm / curves["modulus_ohm"]
    factor = float(np.nanmax(spread) / np.nanmin(spread))
    modulus = Check.that(
        "modulus",
        factor < 2,
        "weights proportional to 1/|Z| are right within a factor of two",
        f"the relative error varies {factor:.2g}-fold over the sweep: modulus weights trust the wrong points",
    )
    checks = [modulus, *kramers_kronig_checks(spectra)]
    return Result.of(estimates, {n: (("spectrum", "frequency"), v) for n, v in curves.items()}, checks)


@weights.plot
def draw(result: Result, ax: Axes) -> None:
    """Residuals and their standard deviation against the modulus, both logarithmic."""
    from anodefree.core.figure import COLOURS

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    size, sigma = data["modulus_ohm"].ravel(), data["sigma_ohm"].ravel()
    for name, colour, mark, label in (("re", COLOURS[0], "o", "Z′"), ("im", COLOURS[1], "s", "Z″")):
        error = np.abs(data[f"residual_{name}_ohm"].ravel())
        shown = error > 1e-3 * np.nanmedian(error)
        ax.plot(size[shown], error[shown], mark, color=colour, mfc="none", mew=0.7, ms=2.8, label=f"|residual| of {label}")
    order = np.argsort(size)
    ax.plot(size[order], sigma[order], color=COLOURS[2], label="standard deviation")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("|Z| / Ω")
    ax.set_ylabel("error / Ω")
    ax.legend()


@weights.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two arcs and diffusion over seven decades, with an error of 0.2 to 0.4 % of |Z| and one of 20 to 50 mohm everywhere."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-W3")
    f = np.geomspace(1e5, 0.01, 71)
    values = np.array([2.0, rng.uniform(20, 40), 2e-5, 0.9, rng.uniform(40, 80), 1.5e-3, 0.85, 20.0])
    z = np.repeat(circuit.impedance(2 * np.pi * f, values)[None], 2, axis=0)
    relative, floor = rng.uniform(2e-3, 4e-3), rng.uniform(0.02, 0.05)
    sigma = np.hypot(relative * np.abs(z), floor)
    z = z + sigma * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {"frequency_Hz": np.repeat(f[None], 2, axis=0), "Z_re_ohm": z.real, "Z_im_ohm": z.imag}
    spectra = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((spectra,), {"relative": relative, "floor_ohm": floor})
