"""An equivalent circuit fitted to impedance spectra, without an initial guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from anodefree.analysis.eis.guess import ordered, starts
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError, NumericalError, near
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.circuits import Circuit, Parameter, read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Weighting = Literal["modulus", "unit"]


@dataclass(frozen=True)
class CircuitFit:
    """One spectrum and its circuit; frequencies from high to low."""

    circuit: Circuit
    frequency_Hz: np.ndarray
    z_ohm: np.ndarray
    model_ohm: np.ndarray
    weight_ohm: np.ndarray
    fit: Fit
    free: np.ndarray

    @property
    def values(self) -> dict[str, float]:
        """Fitted values by name."""
        return dict(zip(self.circuit.names, map(float, self.fit.values), strict=True))

    @property
    def std(self) -> dict[str, float]:
        """Their standard deviations."""
        return dict(zip(self.circuit.names, map(float, self.fit.std), strict=True))

    def relative_std(self, name: str) -> float:
        """Standard deviation of a parameter over its value: that of its logarithm."""
        return self.std[name] / self.values[name]

    @property
    def durbin_watson(self) -> float:
        """2 for white residuals, towards 0 where neighbours along the frequency agree."""
        r = (self.z_ohm - self.model_ohm) / self.weight_ohm
        total = float(np.sum(np.abs(r) ** 2))
        exact = total < 1e-20 * len(r)  # only rounding is left, and that has no colour
        return 2.0 if exact else float(np.sum(np.abs(np.diff(r)) ** 2)) / total


def fit_circuit(
    circuit: Circuit,
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    weighting: Weighting = "modulus",
    noise: float | None = None,
    fixed: Mapping[str, float] | None = None,
    near_values: Sequence[np.ndarray] = (),
) -> CircuitFit:
    """Fit a circuit to one spectrum: frequency [Hz] (f,) in any order and with repeats, Z [ohm] (f,) complex.

    `near_values` are vectors from which to start as well (a neighbouring spectrum's result).

    Raises
    ------
    DataError: too few points, or an impedance of zero. NumericalError: the circuit has no finite impedance there.
    """
    order = np.argsort(-frequency_Hz, kind="stable")
    f, z = frequency_Hz[order], z_ohm[order]
    parameters = circuit.parameters
    held = {n: v for n, v in (fixed or {}).items()}
    free = np.array([p.name not in held for p in parameters])
    if not free.any():
        raise ConfigError("every parameter is fixed", "fixed", "leave at least one free")
    if 2 * len(np.unique(f)) <= free.sum():
        raise DataError(
            f"{len(f)} points cannot determine {int(free.sum())} parameters", hint="measure more frequencies, or simplify"
        )
    if not np.abs(z).min() > 0:
        raise DataError("an impedance is zero", hint="is a column empty, or is the range of the instrument exceeded?")
    omega = 2 * np.pi * f
    weight = np.abs(z) if weighting == "modulus" else np.full(len(f), np.abs(z).mean())
    sigma = weight * (1.0 if noise is None else noise)
    low, high = bounds(parameters, omega, z)
    log = np.array([p.log for p in parameters])
    base = np.array([held.get(p.name, 1.0) for p in parameters])

    def model(inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.repeat(base[None], len(inner), axis=0)
        values[:, free] = inner
        computed, slopes = circuit.derivatives(omega, values)
        r, d = (computed - z) / sigma, slopes[..., free] / sigma[:, None]
        return np.concatenate([r.real, r.imag], axis=1), np.concatenate([d.real, d.imag], axis=1)

    def from_starts(keep: int, others: Sequence[np.ndarray]) -> Fit:
        begin = np.concatenate(
            [np.clip(v, low, high)[None] for v in others] + [starts(circuit, omega, z, weight, low, high, keep)]
        )
        try:
            found = fit(model, begin[:, free], low[free], high[free], log[free], absolute=noise is not None)
        except ValueError as error:
            raise NumericalError(str(error), circuit.text, "simplify the circuit") from error
        return _whole(found, free, base)

    full = from_starts(10, near_values)
    if full.agreeing < 0.25:  # a landscape of many minima: search it more closely
        full = from_starts(60, [full.values, *near_values])
    if not held:
        values, order = ordered(circuit, full.values, omega)
        full = replace(full, values=values, covariance=full.covariance[np.ix_(order, order)], at_bound=full.at_bound[order])
    return CircuitFit(circuit, f, z, circuit.impedance(omega, full.values), weight, full, free)


def bounds(parameters: Sequence[Parameter], omega_rad_s: np.ndarray, z_ohm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each parameter: the element's own range, narrowed to what the spectrum could show."""
    least, most = 1e-5 * np.abs(z_ohm).min(), 1e4 * np.abs(z_ohm).max()
    slow, fast = 1e-4 / omega_rad_s.max(), 1e4 / omega_rad_s.min()
    low, high = [], []
    for p in parameters:
        a, b = {"ohm": (least, most), "s": (slow, fast)}.get(p.unit, (p.low, p.high))
        low.append(max(a, p.low))
        high.append(min(b, p.high))
    return np.array(low), np.array(high)


def _whole(found: Fit, free: np.ndarray, base: np.ndarray) -> Fit:
    values, at_bound = base.copy(), np.zeros(len(base), dtype=bool)
    values[free], at_bound[free] = found.values, found.at_bound
    covariance = np.zeros((len(base), len(base)))
    covariance[np.ix_(free, free)] = found.covariance
    return replace(found, values=values, covariance=covariance, at_bound=at_bound)


def fit_series(spectra: Measurement, circuit: Circuit, **options: Any) -> list[CircuitFit]:
    """Each spectrum of a series in turn; a neighbour's result is one more start for the next."""
    fits: list[CircuitFit] = []
    for i in range(len(spectra)):
        f, re, im = (spectra[n][i] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"))
        good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im)
        try:
            fits.append(
                fit_circuit(
                    circuit, f[good], re[good] + 1j * im[good], near_values=[p.fit.values for p in fits[-1:]], **options
                )
            )
        except DataError as error:
            raise DataError(error.what, f"{spectra.source.name}, spectrum {i}", error.hint) from error
    return fits


def _named(which: list[str], most: int = 4) -> str:
    return ", ".join(which[:most]) + (f" and {len(which) - most} more" if len(which) > most else "")


def soundness(fits: Sequence[CircuitFit], noise: float | None = None) -> list[Check]:
    """What can be said about fits of one circuit: each check speaks for all spectra and names the ones that fail."""
    circuit, many = fits[0].circuit, len(fits) > 1
    tag = [f" of spectrum {i}" if many else "" for i in range(len(fits))]
    unfinished = [f"spectrum {i}" for i, f in enumerate(fits) if not f.fit.converged]
    lonely = [f"spectrum {i}" for i, f in enumerate(fits) if f.fit.agreeing < 0.2]
    limit = float(-ndtri(0.00135 / len(fits)))
    colour = [f.durbin_watson for f in fits]
    coloured = [f"spectrum {i}" for i, f in enumerate(fits) if colour[i] < 2 - 2 * limit / np.sqrt(2 * len(f.z_ohm))]
    free = [p.name for p, is_free in zip(circuit.parameters, fits[0].free, strict=True) if is_free]
    vague = [f"{n}{tag[i]}" for i, f in enumerate(fits) for n in free if not f.relative_std(n) < 1]
    bound = [f"{n}{tag[i]}" for i, f in enumerate(fits) for n, b in zip(circuit.names, f.fit.at_bound, strict=True) if b]
    density = min(
        len(np.unique(f.frequency_Hz)) / max(np.log10(np.ptp(f.frequency_Hz) / f.frequency_Hz.min() + 1), 0.3) for f in fits
    )
    negative = [f"spectrum {i}" for i, f in enumerate(fits) if np.mean(f.z_ohm.imag > 0) > 0.7]
    tail = [f"spectrum {i}" for i, f in enumerate(fits) if len(f.z_ohm) > 2 and (f.z_ohm.imag[:3] > 0).all()]
    has_inductor = any(e.symbol == "L" for e in circuit.elements)
    checks = [
        Check.that("converged", not unfinished, "the fit converged", f"not converged: {_named(unfinished)}", otherwise="fail"),
        Check.that(
            "minimum",
            not lonely,
            f"{min(f.fit.agreeing for f in fits):.0%} of the starts end in the same minimum",
            f"few of the starts end in the minimum found ({_named(lonely)}): the circuit may hold more than the data show",
        ),
        Check.that(
            "residuals",
            not coloured,
            "the residuals are white along the frequency",
            f"the residuals wander with frequency ({_named(coloured)}; Durbin-Watson down to {min(colour):.2f}, 2 is white): "
            "the circuit misses something or the cell drifted, and the standard deviations are too small",
        ),
        Check.that(
            "identifiable",
            not vague,
            "every parameter is known better than its own size",
            f"not determined by the data: {_named(vague)}; simplify the circuit or widen the frequencies",
        ),
        Check.that(
            "bounds", not bound, "no parameter is at a bound", f"at its bound: {_named(bound)} (n = 1 is a capacitor: C)"
        ),
        Check.that(
            "points",
            density >= 4.5,
            f"{density:.0f} points per decade",
            f"only {density:.1f} points per decade, 5 or more are usual",
        ),
        Check.that(
            "sign",
            not negative,
            "Z'' is negative where a cell is capacitive",
            f"Z'' is positive nearly everywhere ({_named(negative)}): does the file hold -Z''?",
            otherwise="fail",
        ),
        Check.that(
            "inductance",
            has_inductor or not tail or bool(negative),
            "no inductive tail is left out",
            f"Z'' is positive at the highest frequencies ({_named(tail)}): cables; put 'L0-' in front of the circuit",
        ),
    ]
    if noise is not None:
        worst = max(f.fit.chi2_reduced for f in fits)
        checks.append(
            Check.that(
                "noise",
                worst < 2,
                "the residuals are as large as the stated noise",
                f"the residuals are {np.sqrt(worst):.1f} times the stated noise",
            )
        )
    return checks


def estimates_of(found: CircuitFit, suffix: str = "", of: str = "") -> dict[str, Estimate]:
    """One estimate per parameter, with its 95 % interval (of the logarithm where it is positive over decades)."""
    estimates = {}
    t = float(stdtrit(found.fit.dof, 0.975))
    for p in found.circuit.parameters:
        value, std = found.values[p.name], found.std[p.name]
        if p.log:
            factor = float(np.exp(min(t * std / value, 300.0)))
            low, high = value / factor, value * factor
        else:
            low, high = value - t * std, value + t * std
        estimates[p.name + suffix] = Estimate(value, std, p.unit, p.name + of, low=low, high=high)
    return estimates


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    out = np.full((len(rows), max(map(len, rows))), np.nan)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def _curves(fits: Sequence[CircuitFit], spectra: Measurement) -> dict[str, tuple[Any, np.ndarray]]:
    point = ("spectrum", "frequency")
    residual = [(f.z_ohm - f.model_ohm) / np.abs(f.z_ohm) for f in fits]
    curves: dict[str, tuple[Any, np.ndarray]] = {
        "frequency_Hz": (point, _padded([f.frequency_Hz for f in fits])),
        "Z_re_ohm": (point, _padded([f.z_ohm.real for f in fits])),
        "Z_im_ohm": (point, _padded([f.z_ohm.imag for f in fits])),
        "fit_re_ohm": (point, _padded([f.model_ohm.real for f in fits])),
        "fit_im_ohm": (point, _padded([f.model_ohm.imag for f in fits])),
        "residual_re": (point, _padded([r.real for r in residual])),
        "residual_im": (point, _padded([r.imag for r in residual])),
        "chi2_reduced": ("spectrum", np.array([f.fit.chi2_reduced for f in fits])),
    }
    for name in ("temperature_K", "potential_V", "time_s"):
        if name in spectra:
            curves[name] = ("spectrum", spectra[name])
    for p in fits[0].circuit.parameters:
        unit = {"ohm": "_ohm", "F": "_F", "H": "_H", "s": "_s"}.get(p.unit, "")
        curves[p.name + unit] = ("spectrum", np.array([f.values[p.name] for f in fits]))
        curves[f"{p.name}_std{unit}"] = ("spectrum", np.array([f.std[p.name] for f in fits]))
    return curves


@stage("eis.fit", version=1, cites=("boukamp1986", "orazem2017"))
def fit_stage(
    spectra: Impedance,
    *,
    circuit: Annotated[
        str,
        Par(
            "circuit: '-' in series, p(a,b) parallel; R C L Q W Ws Wo G",
            source="not stated: one arc and diffusion",
            assumed=True,
        ),
    ] = "R0-p(R1,Q1)-W2",
    weighting: Annotated[
        Weighting, Par("errors proportional to |Z| (modulus), or equal at all frequencies (unit)")
    ] = "modulus",
    noise: Annotated[
        float | None,
        Par(
            "known standard deviation of Z' and of Z'', over |Z| (modulus) or its mean (unit); none: from the residuals",
            gt=0,
        ),
    ] = None,
    fixed: Annotated[dict[str, float] | None, Par("parameters that are held at a value (SI)", ge=0)] = None,
) -> Result:
    """Fit an equivalent circuit to impedance spectra by complex nonlinear least squares, without an initial guess.

    Minimises chi2 = sum over f of (|Z'(f) - Z'_c(f; p)|^2 + |Z''(f) - Z''_c(f; p)|^2) / s(f)^2 over the circuit's parameters p,
    with s = |Z| (modulus weights), from many starts that the spectrum itself gives; derivatives are exact. Noise model: Z' and
    Z'' have independent normal errors of the standard deviation c s(f). Where `noise` is not given, c^2 is estimated by
    `chi2_reduced` = chi2/(2N - P) (so it is a squared relative residual, as ZView reports it) and scales the covariance; where
    it is given, `chi2_reduced` is about 1 for the right circuit. Interchangeable parts, such as the two of
    p(R1,Q1)-p(R2,Q2), are named from fast to slow. One spectrum gives the estimates `R0`, `R1`, ...; a series of several
    gives `R0_0`, `R1_0`, ... for spectrum 0 and so on, a pooled `chi2_reduced`, and curves over `spectrum`.
    Curves run from high to low frequency, (spectrum, frequency), padded with NaN; residuals are relative to |Z|.
    *Valid when* the cell is linear, causal and steady during a sweep (Kramers-Kronig). *Source* Boukamp, Solid State Ionics 20
    (1986) 31; Orazem and Tribollet (2017). The paper fits with ZView, and does not state circuit or weights.
    Raises ConfigError (circuit, fixed names), DataError (too few points), NumericalError (no finite start).
    """
    tree = read_circuit(circuit)
    check_fixed(tree, fixed)
    fits = fit_series(spectra, tree, weighting=weighting, noise=noise, fixed=fixed)
    dof = sum(f.fit.dof for f in fits)
    pooled = sum(f.fit.chi2 for f in fits) / dof
    estimates: dict[str, Estimate] = {}
    for i, f in enumerate(fits):
        estimates |= estimates_of(f, f"_{i}", f" of spectrum {i}") if len(fits) > 1 else estimates_of(f)
    estimates["chi2_reduced"] = Estimate(pooled, pooled * float(np.sqrt(2 / dof)), "1", "chi2 per degree of freedom")
    return Result.of(estimates, _curves(fits, spectra), soundness(fits, noise))


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
    z = circuit.impedance(2 * np.pi * f, circuit.vector(truth))
    z = z + noise * np.abs(z) * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
    arrays = {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    spectrum = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((spectrum,), {**truth, "chi2_reduced": noise**2}, {"circuit": circuit.text})
