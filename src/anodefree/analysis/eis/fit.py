"""An equivalent circuit fitted to impedance spectra, without an initial guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from anodefree.analysis.eis.circuit_fit import CircuitFit, Weighting, fit_circuit
from anodefree.analysis.eis.fit_checks import soundness
from anodefree.analysis.eis.fit_many import fit_series
from anodefree.analysis.eis.fit_result import criteria, curves_of, estimates_of, profile_checks, profiles_of, with_profiles
from anodefree.analysis.eis.synthetic import noisy_spectrum
from anodefree.analysis.eis.validity import kramers_kronig_checks, points_of, usable
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Estimate, Result
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.impedance import Impedance
from anodefree.physics.circuits import Circuit, read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CircuitFit", "Weighting", "check_fixed", "estimates_of", "fit_circuit", "fit_series", "fit_stage", "soundness"]


@stage("eis.fit", version=2, cites=("boukamp1986", "orazem2017", "bates1988", "agarwal1995"))
def fit_stage(
    spectra: Impedance,
    *,
    circuit: Annotated[
        str,
        Par(
            "circuit: '-' in series, p(a,b) parallel; elements R C L Q W Ws Wo G ZARC HN TL TLQ",
            source="not stated: one arc and diffusion",
            assumed=True,
        ),
    ] = "R0-p(R1,Q1)-W2",
    weighting: Annotated[
        Weighting | Literal["estimated"],
        Par("errors: proportional to |Z| (modulus), equal at all frequencies (unit), or learned from the spectra (estimated)"),
    ] = "modulus",
    noise: Annotated[
        float | None,
        Par(
            "known standard deviation of Z' and of Z'', over |Z| (modulus) or its mean (unit); none: from the residuals",
            gt=0,
        ),
    ] = None,
    fixed: Annotated[dict[str, float] | None, Par("parameters that are held at a value (SI)", ge=0)] = None,
    guess: Annotated[
        dict[str, float] | None, Par("every parameter's value (SI) as one more start of the search; none is needed", gt=0)
    ] = None,
    intervals: Annotated[
        Literal["linear", "profile"],
        Par("`low` and `high`: from the standard deviation (linear), or from the profile likelihood"),
    ] = "linear",
    context: Context,
) -> Result:
    """Fit an equivalent circuit to impedance spectra by complex nonlinear least squares, without an initial guess.

    Minimises chi2 = sum over f of (|Z'(f) - Z'_c(f; p)|^2 + |Z''(f) - Z''_c(f; p)|^2) / s(f)^2 over the circuit's parameters p,
    with s = |Z| (modulus weights), the mean of |Z| (unit), or what `eis.weights` learns from the spectra (estimated), from many
    starts that the spectrum itself gives; derivatives are exact. Noise model: Z' and
    Z'' have independent normal errors of the standard deviation c s(f). Where `noise` is not given, c^2 is estimated by
    `chi2_reduced` = chi2/(2N - P) (so it is a squared relative residual, as ZView reports it) and scales the covariance; where
    it is given, `chi2_reduced` is about 1 for the right circuit. Interchangeable parts, such as the two of
    p(R1,Q1)-p(R2,Q2), are named from fast to slow. One spectrum gives the estimates `R0`, `R1`, ...; a series of several
    gives `R0_0`, `R1_0`, ... for spectrum 0 and so on, a pooled `chi2_reduced`, and curves over `spectrum`. `AIC` and `BIC`
    (-2 ln L + 2 k and + k ln 2N, k unknowns with the noise's size) compare circuits of the same points: lower is better.
    `low` and `high` hold 95 %; with `intervals` = profile they are where chi2, minimised over all other parameters, has risen
    by t^2 (Student) in units of its scale (`eis.profile`), right also where the standard deviation misleads.
    Curves run from high to low frequency, (spectrum, frequency), padded with NaN; residuals are relative to |Z|.
    *Valid when* the cell is linear, causal and steady during a sweep (Kramers-Kronig). *Source* Boukamp, Solid State Ionics 20
    (1986) 31; Orazem and Tribollet (2017). The paper fits with ZView, and does not state circuit or weights.
    Raises ConfigError (circuit, names of `fixed` and `guess`), DataError (too few points), NumericalError (no finite start).
    """
    tree = read_circuit(circuit)
    check_fixed(tree, fixed)
    given = [] if guess is None else [tree.vector(guess, "guess")]
    how: dict[str, Any] = {"weighting": weighting, "noise": noise}
    if weighting == "estimated":
        if noise is not None:
            raise ConfigError("the noise cannot be both stated and estimated", "noise", "leave one of the two out")
        how = {"sigma_ohm": _learned_sigma_ohm(spectra)}
    fits = fit_series(spectra, tree, **how, fixed=fixed, near_values=given, context=context)
    checks = kramers_kronig_checks(spectra) + soundness(fits, noise)
    estimates: dict[str, Estimate] = {}
    for i, f in enumerate(fits):
        suffix, of = (f"_{i}", f" of spectrum {i}") if len(fits) > 1 else ("", "")
        own = estimates_of(f, suffix, of)
        if intervals == "profile":
            profiles = profiles_of(f)
            own = with_profiles(own, profiles, suffix)
            checks += [replace(c, message=c.message + of) for c in profile_checks(profiles) if not of or c.status != "pass"]
        estimates |= own
    return Result.of(estimates | criteria(fits), curves_of(fits, spectra), checks)


def _learned_sigma_ohm(spectra: Measurement) -> np.ndarray:
    """Each point's standard deviation (spectrum, frequency), from the spectra's measurement model."""
    from anodefree.numerics.variance_model import variance_model

    f, z = points_of(spectra)
    if not usable(f).all():
        raise DataError(
            "a spectrum has too few points to learn their errors from", spectra.source.name, "weighting = 'modulus'"
        )
    return variance_model(f, z)


def check_fixed(circuit: Circuit, fixed: Mapping[str, float] | None) -> None:
    """Raise ConfigError where a fixed name is no parameter of the circuit, or its value is impossible."""
    for name, value in (fixed or {}).items():
        if name not in circuit.names:
            raise ConfigError(f"'{name}' is no parameter of {circuit.text}", "fixed", near(name, circuit.names))
        p = circuit.parameters[circuit.names.index(name)]
        if not 0 < value < np.inf or (not p.log and value > p.high):
            raise ConfigError(f"'{name}' cannot be {value:g}", "fixed", "it is positive" + ("" if p.log else " and at most 1"))


@fit_stage.plot
def draw(result: Result, ax: Axes) -> None:
    """Nyquist plot: measured points and fitted lines, one colour per spectrum."""
    import matplotlib as mpl

    from anodefree.core.figure import COLOURS

    data = result.curves
    count = data.sizes["spectrum"]
    shades = mpl.colormaps["plasma"](np.linspace(0.2, 0.85, count)) if count > len(COLOURS) else COLOURS
    for i in range(count):
        named = count > 1 and (count <= 8 or i in (0, count - 1))
        label = (
            (f"{data['temperature_K'].values[i] - 273.15:.0f} °C" if "temperature_K" in data else f"spectrum {i}")
            if named
            else "_"
        )
        measured, fitted = ([data[f"{what}_{part}_ohm"].values[i] for part in ("re", "im")] for what in ("Z", "fit"))
        ax.plot(measured[0], -measured[1], "o", color=shades[i], mfc="none", mew=0.8, label=label if count > 1 else "measured")
        ax.plot(fitted[0], -fitted[1], color=shades[i], label="_" if count > 1 else "circuit")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("Z′ / Ω")
    ax.set_ylabel("−Z″ / Ω")
    ax.legend(handlelength=1.2)


@fit_stage.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell with an interphase and a charge transfer, 61 points from 100 kHz to 0.1 Hz, noise of 0.5 % of |Z|."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-W3")
    truth = {
        "R0": rng.uniform(3, 8),
        "R1": rng.uniform(20, 40),
        "Q1": rng.uniform(1e-5, 3e-5),
        "n1": rng.uniform(0.85, 0.95),
        "R2": rng.uniform(40, 80),
        "Q2": rng.uniform(1e-3, 2e-3),
        "n2": rng.uniform(0.8, 0.9),
        "W3": rng.uniform(4, 8),
    }
    noise, f = 5e-3, np.geomspace(1e5, 0.1, 61)
    spectrum = noisy_spectrum(circuit, truth, f, noise, rng)
    return Demo((spectrum,), {**truth, "chi2_reduced": noise**2}, {"circuit": circuit.text})
