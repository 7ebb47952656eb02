"""Exchange current density and reorganisation energy from a curve that Butler-Volmer does not follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, RESISTANCE, REST, SCAN, TEMPERATURE, curve_of
from anodefree.analysis.kinetics.curve_fit import Ask, fitted, noise_A_m2
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.numerics.autocorrelation import inflation
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.marcus_hush_chidsey import current_density_A_m2
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOW_EV, HIGH_EV = 0.02, 5.0
"""Bounds of the reorganisation energy: beyond the upper one the curve is Butler-Volmer within 0.2 V."""
ROUNDS = 4


def fit_marcus(eta_V: np.ndarray, j_A_m2: np.ndarray, temperature_K: float) -> tuple[Fit, np.ndarray]:
    """ln-parameters (j0, λ) by weighted least squares, and the noise [A/m2] of each point that the residuals show.

    Raises
    ------
    ValueError: fewer than three points.
    """
    largest = float(np.abs(j_A_m2).max())

    def made(values: np.ndarray) -> np.ndarray:
        return current_density_A_m2(eta_V, values[:, :1], values[:, 1:], temperature_K)

    weight = np.maximum(np.abs(j_A_m2), 1e-3 * largest)
    starts = np.array([[largest * a, b] for a in (1e-3, 1e-2, 0.1) for b in (0.1, 0.3, 1.0)])
    for _ in range(ROUNDS):

        def residuals(values: np.ndarray, weight: np.ndarray = weight) -> tuple[np.ndarray, np.ndarray]:
            here = made(values)
            step = 1e-4
            up, down = (made(values * np.array([1.0, 1 + s * step])) for s in (1, -1))
            slopes = np.stack([here / values[:, :1], (up - down) / (2 * step * values[:, 1:])], axis=-1)
            return (here - j_A_m2) / weight, slopes / weight[:, None]

        found = fit(
            residuals,
            starts,
            np.array([1e-8 * largest, LOW_EV]),
            np.array([1e2 * largest, HIGH_EV]),
            np.array([True, True]),
        )
        starts = found.values[None]
        weight = noise_A_m2(found.residuals * weight, j_A_m2, 2)
    return found, weight


@stage("kinetics.marcus", version=1, cites=("chidsey1991", "boyle2020"))
def marcus(
    curve: Polarisation,
    *,
    temperature_K: Annotated[float | None, TEMPERATURE] = None,
    area_resistance_ohm_m2: Annotated[Uncertain | None, RESISTANCE] = None,
    area_m2: Annotated[float | None, AREA] = None,
    rest_potential_V: Annotated[float, REST] = 0.0,
    scan: Annotated[int | None, SCAN] = None,
) -> Result:
    r"""Exchange current density and reorganisation energy by Marcus-Hush-Chidsey kinetics.

    j = j0 2 sinh(x/2) K(x)/K(0) [A/m2], x = Fη/RT, η = E - jR, with K(x) the integral over the metal's electrons of
    exp[-(y - |x|)²/(4l) - y/2] (1 + exp(-y|x|/l))/(1 + exp(-y)) for y > 0, l = λ/kT: the
    Tafel slope falls with overpotential once that nears λ. Least squares, weighted by noise with a constant part and one in
    proportion to j, both found from the residuals. An ohmic drop bends a curve almost alike: it is not fitted here, but taken
    from area_resistance_ohm_m2 with its standard deviation; a check compares the fit with Butler-Volmer kinetics behind a
    fitted resistance by BIC.
    Estimates: j0, reorganisation_energy [eV].
    *Valid when* charge transfer limits the rate throughout and anodic and cathodic branch are alike.
    *Source* Chidsey 1991; for lithium Boyle et al. 2020. The paper takes Tafel's line instead.
    Raises DataError (no current or area, too few points).
    """
    ready = curve_of(
        curve,
        temperature_K=temperature_K,
        area_m2=area_m2,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        rest_potential_V=rest_potential_V,
        scan=scan,
    )
    j, kelvin, known = ready.current_density_A_m2, ready.temperature_K, ready.area_resistance_ohm_m2
    if not np.abs(j).max() > 0:
        raise DataError("carries no current", ready.name, "is it the right column?")
    resistance = known or Uncertain(0.0)
    eta = ready.overpotential_V(resistance.value)
    try:
        found, noise = fit_marcus(eta, j, kelvin)
        moved = fit_marcus(ready.overpotential_V(resistance.value + resistance.std), j, kelvin)[0] if resistance.std else found
        rival = fitted(ready, Ask(1, None, None if known is None else known, False, False), noise)
    except ValueError as error:
        raise DataError(str(error), ready.name, "measure more points") from error
    made = current_density_A_m2(eta, found.values[0], found.values[1], kelvin)
    widened = inflation((made - j) / noise, 2)
    std = np.hypot(found.std * widened, moved.values - found.values)
    (j0, energy), (j0_std, energy_std) = found.values, std
    chi2 = float(np.sum(((made - j) / noise) ** 2))
    chi2_rival = float(np.sum(((rival.current_density_A_m2 - j) / noise) ** 2))
    n = len(j)
    gain = n * np.log(max(chi2_rival, 1e-300) / max(chi2, 1e-300)) + (len(rival.ask.names) - 2) * np.log(n)
    reach = float(np.abs(eta).max())
    checks = [
        *ready.checks,
        Check.that("converged", found.converged, "the fit converged", "the fit did not converge", otherwise="fail"),
        Check.that(
            "identified",
            not found.at_bound.any() and energy_std < 0.3 * energy,
            f"the curve reaches {reach / energy:.2f} λ: its bend is seen",
            f"the curve reaches {1e3 * reach:.0f} mV and does not bend enough to tell λ: it is Butler-Volmer",
        ),
        Check.that(
            "ohmic drop",
            known is not None,
            f"corrected by {1e4 * resistance.value:.3g} ohm cm2",
            "no ohmic resistance is given: an ohmic drop would look like a small reorganisation energy",
        ),
        Check.that(
            "against Butler-Volmer",
            gain > 2,
            f"preferred to Butler-Volmer with a free α{'' if known else ' and resistance'} (ΔBIC {gain:.1f})",
            f"Butler-Volmer with a free α{'' if known else ' and resistance'} is as good or better (ΔBIC {gain:.1f})",
        ),
    ]
    estimates = {
        "j0": Estimate(float(j0), float(j0_std), "A/m2", "exchange current density"),
        "reorganisation_energy": Estimate(float(energy), float(energy_std), "eV", "reorganisation energy λ"),
    }
    x = np.linspace(eta.min(), eta.max(), 200)
    curves = {
        "overpotential_V": ("point", eta),
        "current_density_A_m2": ("point", j),
        "fitted_A_m2": ("point", made),
        "line_V": ("line", x),
        "line_A_m2": ("line", current_density_A_m2(x, j0, energy, kelvin)),
        "limit_A_m2": ("line", current_density_A_m2(x, j0, 50.0, kelvin)),
    }
    return Result.of(estimates, curves, checks)


@marcus.plot
def draw(result: Result, ax: Axes) -> None:
    """Size of the current density, logarithmic, against overpotential, with the fit and its Butler-Volmer limit."""
    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    x, j = 1e3 * data["line_V"], 0.1 * np.abs(data["current_density_A_m2"])
    text = f"$\\lambda$ = {result.estimates['reorganisation_energy']}"
    ax.plot(x, 0.1 * np.abs(data["limit_A_m2"]), color=SOFT, ls="--", lw=0.9, label="$\\lambda \\to \\infty$: Butler-Volmer")
    ax.plot(x, 0.1 * np.abs(data["line_A_m2"]), color=COLOURS[0], label=text)
    ax.plot(1e3 * data["overpotential_V"], j, "o", color=COLOURS[1], ms=3, label="measured")
    ax.set_yscale("log")
    ax.set(xlabel="overpotential / mV", ylabel="|current density| / mA cm$^{-2}$", ylim=(0.5 * j[j > 0].min(), 3 * j.max()))
    ax.legend(loc="upper center", handlelength=1.2, fontsize=6)


@marcus.demo
def demo(rng: np.random.Generator) -> Demo:
    """A fast scan at a microelectrode, both branches, each point wrong by 2 %."""
    j0, energy = rng.uniform(20, 150), rng.uniform(0.15, 0.4)
    eta = np.linspace(-0.25, 0.25, 40)
    j = current_density_A_m2(eta, j0, energy, 298.15) * (1 + 0.02 * rng.standard_normal(40))
    arrays = {"potential_V": eta, "current_density_A_m2": j}
    measured = Measurement.of(POLARISATION, arrays, {"temperature_K": 298.15}, name="transient voltammetry")
    return Demo((measured,), {"j0": j0, "reorganisation_energy": energy}, {"area_resistance_ohm_m2": Uncertain(0.0)})
