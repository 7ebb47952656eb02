"""The whole Butler-Volmer curve fitted: kinetics, ohmic drop, depletion and double layer together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, ELECTRODES, RESISTANCE, REST, SCAN, TEMPERATURE, Curve, curve_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.numerics.autocorrelation import inflation
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import UNLIMITED, steady
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REWEIGHTINGS = 3
QUIET = 1e-4
"""Noise is taken to be at least this part of the largest current: a floor for the weights of data without noise."""
WIDE = 1e6


@dataclass(frozen=True)
class Ask:
    """Which parameters are free, and what the others are."""

    electrodes: int
    transfer_coefficient: float | None
    """None: fitted."""
    resistance: Uncertain | None
    """None: fitted; with a standard deviation: fitted within it."""
    limited: bool
    charging: bool

    @property
    def names(self) -> list[str]:
        """The free parameters, in order."""
        free = ["j0"]
        free += ["alpha"] if self.transfer_coefficient is None else []
        free += ["resistance"] if self.resistance is None or self.resistance.std > 0 else []
        free += ["limit"] if self.limited else []
        return free + (["capacitance"] if self.charging else [])


@dataclass(frozen=True)
class Fitted:
    """One model at its best, with the noise that its residuals show."""

    ask: Ask
    fit: Fit
    sigma_A_m2: np.ndarray
    widened: float
    """Factor on standard errors for residuals whose neighbours are alike."""
    current_density_A_m2: np.ndarray

    def value(self, name: str) -> float:
        """A free parameter's value."""
        return float(self.fit.values[self.ask.names.index(name)])

    def std(self, name: str) -> float:
        """Its standard deviation."""
        return float(self.fit.std[self.ask.names.index(name)]) * self.widened

    def correlation(self, one: str, other: str) -> float:
        """Between two free parameters."""
        i, k = self.ask.names.index(one), self.ask.names.index(other)
        c = self.fit.covariance
        return float(c[i, k] / np.sqrt(c[i, i] * c[k, k]))


def model_A_m2(values: np.ndarray, curve: Curve, ask: Ask) -> tuple[np.ndarray, np.ndarray]:
    """Current density (s, n) for parameter vectors (s, p), and its derivatives (s, n, p).

    j = j_F(E) + C dE/dt (1 - R dj_F/dE)²: the double layer sees the part of the sweep that the ohmic drop leaves, and its
    charging current makes a drop of its own; exact to first order in C.
    """
    column = dict(zip(ask.names, values.T[:, :, None], strict=True))
    given = ask.resistance.value if ask.resistance else 0.0
    resistance = column.get("resistance", given)
    at = steady(
        curve.potential_V,
        j0_A_m2=column["j0"],
        transfer_coefficient=column["alpha"] if ask.transfer_coefficient is None else ask.transfer_coefficient,
        area_resistance_ohm_m2=resistance,
        limit_A_m2=column.get("limit", UNLIMITED),
        temperature_K=curve.temperature_K,
        electrodes=ask.electrodes,
    )
    j = at.current_density_A_m2
    slopes = {
        "j0": at.by_ln_j0 / column["j0"],
        "alpha": at.by_transfer_coefficient,
        "resistance": at.by_area_resistance,
        "limit": at.by_ln_limit / column.get("limit", 1.0),
    }
    if ask.charging:
        seen = curve.sweep * (curve.rate_V_s or 1.0) * (1 - resistance * at.slope_A_m2_V) ** 2
        j = j + column["capacitance"] * seen
        slopes["capacitance"] = seen
    return j, np.stack([slopes[n] for n in ask.names], axis=-1)


def fitted(curve: Curve, ask: Ask, sigma_A_m2: np.ndarray | None = None) -> Fitted:
    """The best fit of one model; the noise (a constant part and one in proportion to j) is found from its residuals.

    Raises
    ------
    ValueError: fewer points than parameters.
    """
    j, e = curve.current_density_A_m2, curve.potential_V
    largest, names = float(np.abs(j).max()), ask.names
    charging = 100 * largest / (curve.rate_V_s or 1.0)
    steepest = float(np.abs(e).max()) / largest
    prior = ask.resistance if ask.resistance is not None and ask.resistance.std > 0 else None
    rest = _guess_j0(curve, ask.electrodes)
    top = prior.value + 8 * prior.std if prior else 0.999 * steepest
    plated = max(float(-j.min()), 0.01 * largest) if ask.electrodes == 1 else largest
    low = {"j0": rest / WIDE, "alpha": 0.02, "resistance": 0.0, "limit": 0.5 * plated, "capacitance": -charging}
    high = {"j0": rest * WIDE, "alpha": 0.98, "resistance": top, "limit": WIDE * plated, "capacitance": charging}
    starts = np.array(
        [
            [{"j0": rest * a, "alpha": 0.5, "resistance": r, "limit": plated * b, "capacitance": 0.0}[n] for n in names]
            for a, r, b in ((1.0, 0.02 * top, 5.0), (3.0, 0.5 * top, 20.0), (0.3, 0.1 * top, 1.5), (1.0, 0.8 * top, 2.0))
        ]
    )
    log = np.array([n in ("j0", "limit") for n in names])
    # Ohm m2 beside F/m2 would leave the normal matrix with no digits: each is counted in its own natural size.
    scale = np.array([{"resistance": steepest, "capacitance": 1e-3 * charging}.get(n, 1.0) for n in names])
    weight = np.full(len(j), 0.01 * largest) if sigma_A_m2 is None else sigma_A_m2
    guess = starts / scale
    for _ in range(REWEIGHTINGS if sigma_A_m2 is None else 1):

        def residuals(values: np.ndarray, weight: np.ndarray = weight) -> tuple[np.ndarray, np.ndarray]:
            made, slopes = model_A_m2(values * scale, curve, ask)
            r, jac = (made - j) / weight, slopes * scale / weight[:, None]
            if prior:
                at = names.index("resistance")
                unit = np.zeros((len(values), 1, len(names)))
                unit[:, 0, at] = scale[at] / prior.std
                r = np.concatenate([r, (scale[at] * values[:, at : at + 1] - prior.value) / prior.std], axis=1)
                jac = np.concatenate([jac, unit], axis=1)
            return r, jac

        found = fit(
            residuals,
            guess,
            np.array([low[n] for n in names]) / scale,
            np.array([high[n] for n in names]) / scale,
            log,
            # A prior has its own scale: the weights are then true standard deviations, as the reweighting makes them.
            absolute=prior is not None,
        )
        guess = found.values[None]
        off = found.residuals[: len(j)] * weight
        if sigma_A_m2 is None:
            weight = _noise_A_m2(off, j, len(names))
    found = replace(found, values=found.values * scale, covariance=found.covariance * np.outer(scale, scale))
    made = model_A_m2(found.values[None], curve, ask)[0][0]
    return Fitted(ask, found, weight, inflation((made - j) / weight, len(names)), made)


def _guess_j0(curve: Curve, electrodes: int) -> float:
    """From the steepness about rest, as if nothing else resisted."""
    e, j = curve.potential_V, curve.current_density_A_m2
    near = np.argsort(np.abs(e))[: max(4, len(e) // 5)]
    slope = float(np.sum(e[near] * j[near]) / np.sum(e[near] ** 2))
    return max(electrodes * slope * float(thermal_voltage_V(curve.temperature_K)), 1e-9 * float(np.abs(j).max()))


def _noise_A_m2(off: np.ndarray, j: np.ndarray, parameters: int) -> np.ndarray:
    """Standard deviation of each point, √(a² + b² j²), with a and b from the squares of what is off."""
    from scipy.optimize import nnls

    largest = float(np.abs(j).max())
    u = (j / largest) ** 2
    square = off**2 * len(j) / max(len(j) - parameters, 1)
    scale = float(square.mean())
    floor = (QUIET * largest) ** 2
    if scale <= floor:
        return np.full(len(j), QUIET * largest)
    weight = np.ones(len(j))
    for _ in range(3):  # a square of noise scatters by its own size
        a, b = nnls(np.column_stack([np.ones(len(j)), u]) * weight[:, None], square / scale * weight)[0]
        weight = 1 / np.maximum(a + b * u, 0.02)
    return np.asarray(np.sqrt(np.maximum(scale * (a + b * u), max(floor, 1e-3 * scale))))


@dataclass(frozen=True)
class Comparison:
    """The model without and with a limiting current, on the same weights."""

    without: Fitted
    limited: Fitted
    aic: tuple[float, float]
    bic: tuple[float, float]

    @property
    def probability_of_limit(self) -> float:
        """From the difference of BIC, both models equally likely beforehand."""
        return float(1 / (1 + np.exp(np.clip(0.5 * (self.bic[1] - self.bic[0]), -700, 700))))


def compared(curve: Curve, electrodes: int, alpha: float | None, resistance: Uncertain | None, charging: bool) -> Comparison:
    """Both models fitted; information counts independent points, so alike neighbours count as fewer.

    Raises
    ------
    ValueError: fewer points than parameters.
    """
    limited = fitted(curve, Ask(electrodes, alpha, resistance, True, charging))
    without = fitted(curve, Ask(electrodes, alpha, resistance, False, charging), limited.sigma_A_m2)
    n = len(curve.potential_V) / limited.widened**2
    best = max(min(limited.fit.chi2, without.fit.chi2), 1e-12)
    misfit = [n * f.fit.chi2 / best for f in (without, limited)]
    count = [len(f.ask.names) for f in (without, limited)]
    aic = (misfit[0] + 2 * count[0], misfit[1] + 2 * count[1])
    bic = (misfit[0] + count[0] * np.log(n), misfit[1] + count[1] * np.log(n))
    return Comparison(fitted(curve, without.ask), limited, aic, (float(bic[0]), float(bic[1])))


@stage("kinetics.butler_volmer", version=1, cites=("bard2001", "schwarz1978", "chen2026"))
def butler_volmer(
    curve: Polarisation,
    *,
    temperature_K: Annotated[float | None, TEMPERATURE] = None,
    electrodes: Annotated[int, ELECTRODES] = 1,
    transfer_coefficient: Annotated[
        float | None, Par("cathodic transfer coefficient; none: fitted (one electrode), ½ (two)", gt=0, lt=1)
    ] = None,
    area_resistance_ohm_m2: Annotated[Uncertain | None, RESISTANCE] = None,
    with_mass_transfer: Annotated[bool | None, Par("a limiting current density; none: where BIC prefers it")] = None,
    highest_overpotential_V: Annotated[float | None, Par("records further from rest are left out; none: all", gt=0)] = None,
    area_m2: Annotated[float | None, AREA] = None,
    rest_potential_V: Annotated[float, REST] = 0.0,
    scan: Annotated[int | None, SCAN] = None,
) -> Result:
    r"""Exchange current density from the whole curve, with ohmic drop, depletion and double layer fitted beside it.

    j(E) = j_F(η) + C dη/dt, η = E - jR; one electrode has j_F = j0 [exp((1-α)fη) - (1 + j_F/j_L) exp(-αfη)], f = F/(RT); two
    alike that face each other (`electrodes` 2, α = ½) share E = η(j) - η(-j) + jR. Free: j0 [A/m2], α, R [ohm m2] (held where
    given, within its standard deviation where it has one), C [F/m2] where the potential goes both ways at a known rate, and
    j_L where BIC prefers it. Least squares, weighted by noise with a constant part and one in proportion to j, both found from
    the residuals. Standard deviations count alike neighbours as one, and hold what the other of the two models would give,
    weighted by its probability (BIC). R and j0 are correlated, the more so the narrower the window: the check says how much.
    Estimates: j0, charge_transfer_resistance = electrodes × RT/(F j0), and what was fitted: alpha, area_resistance (and R_ohm
    where the area is known), capacitance, limiting_current. `alpha_sum` is 1 by the model: compare `kinetics.tafel`.
    *Valid when* one electron is transferred and the profile in the electrolyte is steady. *Source* Bard and Faulkner 2001,
    equation 3.4.10 and section 1.2; Schwarz 1978. The paper takes Tafel's line instead.
    Raises ConfigError (α for two electrodes), DataError (no current or area, too few points).
    """
    if electrodes == 2 and transfer_coefficient not in (None, 0.5):
        raise ConfigError("two electrodes are fitted with ½ only", "transfer_coefficient", "their sum hardly depends on it")
    ready = curve_of(
        curve,
        temperature_K=temperature_K,
        area_m2=area_m2,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        rest_potential_V=rest_potential_V,
        scan=scan,
    )
    if highest_overpotential_V is not None:
        ready = ready.taking(np.abs(ready.potential_V) <= highest_overpotential_V)
    alpha = 0.5 if electrodes == 2 else transfer_coefficient
    both = comparison(ready, electrodes, alpha)
    limited = both.probability_of_limit > 0.5 if with_mass_transfer is None else with_mass_transfer
    chosen, other = (both.limited, both.without) if limited else (both.without, both.limited)
    p_other = (1 - both.probability_of_limit) if limited else both.probability_of_limit
    p_other = p_other if with_mass_transfer is None else 0.0
    estimates = _estimates(chosen, other, p_other, ready)
    curves = {
        "potential_V": ("point", ready.potential_V),
        "current_density_A_m2": ("point", ready.current_density_A_m2),
        "fitted_A_m2": ("point", chosen.current_density_A_m2),
        "noise_A_m2": ("point", chosen.sigma_A_m2),
        "model": ("model", np.array(["without", "with"])),
        "AIC": ("model", np.array(both.aic)),
        "BIC": ("model", np.array(both.bic)),
    }
    return Result.of(estimates, curves, list(ready.checks) + _checks(chosen, both, estimates, ready))


def comparison(ready: Curve, electrodes: int, alpha: float | None) -> Comparison:
    """Both models of a curve whose double layer shows where the sweep goes both ways at a known rate.

    Raises
    ------
    DataError: fewer points than the fit needs, or no current at all.
    """
    if not np.abs(ready.current_density_A_m2).max() > 0 or np.ptp(ready.potential_V) == 0:
        raise DataError("carries no current, or at one potential only", ready.name, "is it the right column?")
    ways = {s for s in np.unique(ready.sweep) if s and (ready.sweep == s).sum() >= 0.1 * len(ready.sweep)}
    try:
        return compared(ready, electrodes, alpha, ready.area_resistance_ohm_m2, len(ways) == 2 and ready.rate_V_s is not None)
    except ValueError as error:
        raise DataError(
            str(error), ready.name, "hold transfer_coefficient or area_resistance_ohm_m2, or measure more points"
        ) from error


def spread_ln_j0(chosen: Fitted, other: Fitted, p_other: float) -> float:
    """Standard deviation of ln j0: noise of the chosen model, and the other model with its probability."""
    apart = np.log(other.value("j0") / chosen.value("j0"))
    own, its = (f.std("j0") / f.value("j0") for f in (chosen, other))
    mixed = p_other * (its**2 + apart**2) if p_other > 1e-6 else 0.0
    return float(np.sqrt((1 - p_other) * own**2 + mixed))


def _estimates(chosen: Fitted, other: Fitted, p_other: float, ready: Curve) -> dict[str, Estimate]:
    j0, u, n = chosen.value("j0"), spread_ln_j0(chosen, other, p_other), chosen.ask.electrodes
    at_rest = n * float(thermal_voltage_V(ready.temperature_K)) / j0
    far = min(1.96 * u, 50.0)
    estimates = {
        "j0": Estimate(
            j0, j0 * u, "A/m2", "exchange current density", low=float(j0 * np.exp(-far)), high=float(j0 * np.exp(far))
        ),
        "charge_transfer_resistance": Estimate(at_rest, at_rest * u, "ohm m2", "charge-transfer resistance at rest"),
    }
    labels = {
        "alpha": ("alpha", "1", "cathodic transfer coefficient α"),
        "resistance": ("area_resistance", "ohm m2", "ohmic resistance per area"),
        "limit": ("limiting_current", "A/m2", "limiting current density of plating"),
        "capacitance": ("capacitance", "F/m2", "double layer capacitance per area"),
    }
    for name in chosen.ask.names[1:]:
        key, unit, label = labels[name]
        estimates[key] = Estimate(chosen.value(name), chosen.std(name), unit, label)
    if "area_resistance" in estimates and ready.area_m2:
        r = estimates["area_resistance"]
        estimates["R_ohm"] = Estimate(r.value / ready.area_m2, r.std / ready.area_m2, "ohm", "ohmic resistance")
    return estimates


def _checks(chosen: Fitted, both: Comparison, estimates: dict[str, Estimate], ready: Curve) -> list[Check]:
    names, u = chosen.ask.names, estimates["j0"].std / estimates["j0"].value
    thermal = float(thermal_voltage_V(ready.temperature_K)) * chosen.ask.electrodes
    left = (
        ready.potential_V
        - (chosen.value("resistance") if "resistance" in names else (chosen.ask.resistance or Uncertain(0.0)).value)
        * ready.current_density_A_m2
    )
    reach = float(np.abs(left).max()) / thermal
    bound = [n for n, b in zip(names, chosen.fit.at_bound, strict=True) if b]
    misfit = float(np.sqrt(np.mean((chosen.current_density_A_m2 - ready.current_density_A_m2) ** 2)))
    largest = float(np.abs(ready.current_density_A_m2).max())
    checks = [
        Check.that("converged", chosen.fit.converged, "the fit converged", "the fit did not converge", otherwise="fail"),
        Check.that(
            "residuals",
            chosen.widened < 3 or misfit < 2e-3 * largest,
            f"the curve is met within {100 * misfit / largest:.2g} % of its largest current",
            f"the curve is missed by {100 * misfit / largest:.2g} % of its largest current, and neighbours are off alike: the "
            "model lacks something (Marcus kinetics, a changing surface, slow depletion)",
        ),
        Check.that(
            "identified",
            reach > 1 and u < 0.3,
            f"the overpotential reaches {reach:.1f} RT/F: kinetics and resistance can be told apart",
            f"the overpotential behind the ohmic drop reaches {reach:.1f} RT/F and j0 is known to {100 * u:.0f} %: "
            "kinetics and resistance cannot be told apart; give area_resistance_ohm_m2 from an impedance spectrum",
        ),
        Check.that(
            "bounds",
            not [b for b in bound if b != "resistance"],
            "no parameter is at a bound" if not bound else "no ohmic resistance shows: it is zero within its error",
            f"at a bound: {', '.join(bound)}",
        ),
    ]
    if "resistance" in names:
        r = chosen.correlation("j0", "resistance")
        checks.append(
            Check.that(
                "resistance and j0",
                abs(r) < 0.98,
                f"resistance and j0 are correlated (r = {r:+.2f}); the interval of j0 includes that",
                f"resistance and j0 are all but one number (r = {r:+.3f}): only together are they known",
            )
        )
    p = both.probability_of_limit
    seen = f"ΔBIC {both.bic[0] - both.bic[1]:+.1f}, ΔAIC {both.aic[0] - both.aic[1]:+.1f} for a limiting current"
    decided = "limit" in names
    checks.append(
        Check.that(
            "mass transfer",
            decided == (p > 0.5) and abs(both.bic[0] - both.bic[1]) > 2,
            f"{'a limiting current is seen' if decided else 'no limiting current is seen'} ({seen})",
            f"whether a limiting current is seen is {'forced' if decided != (p > 0.5) else 'open'} ({seen})",
        )
    )
    return checks


@butler_volmer.plot
def draw(result: Result, ax: Axes) -> None:
    """Current density against potential, measured and fitted."""
    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    e = 1e3 * data["potential_V"]
    ax.plot(e, 0.1 * data["current_density_A_m2"], ".", color=SOFT, ms=3, label="measured")
    order = np.arange(len(e)) if len(e) > 60 else np.argsort(e)
    text = f"$j_0$ = {result.estimates['j0']}".replace("mA/cm2", "mA cm$^{-2}$")
    ax.plot(e[order], 0.1 * data["fitted_A_m2"][order], color=COLOURS[0], lw=1, label=f"Butler-Volmer, {text}")
    ax.set(xlabel="potential / mV", ylabel="current density / mA cm$^{-2}$")
    ax.legend(loc="upper left", handlelength=1.4)


@butler_volmer.demo
def demo(rng: np.random.Generator) -> Demo:
    """A voltammogram with an ohmic drop and a double layer, noise of two kinds."""
    j0, alpha, r, c = rng.uniform(3, 15), rng.uniform(0.42, 0.58), rng.uniform(2e-4, 1e-3), rng.uniform(5.0, 20.0)
    leg = 2e-3 * np.arange(1, 76)
    e = np.concatenate([leg, 0.15 - leg, -leg, -0.15 + leg])
    sweep = np.concatenate([np.ones(75), -np.ones(150), np.ones(75)])
    at = steady(e, j0_A_m2=j0, transfer_coefficient=alpha, area_resistance_ohm_m2=r)
    j = at.current_density_A_m2 + c * 0.01 * sweep * (1 - r * at.slope_A_m2_V) ** 2
    j = j * (1 + 5e-3 * rng.standard_normal(300)) + 0.05 * rng.standard_normal(300)
    meta = {"temperature_K": 298.15, "scan_rate_V_s": 0.01}
    measured = Measurement.of(POLARISATION, {"potential_V": e, "current_density_A_m2": j}, meta, name="a voltammogram")
    truth = {"j0": j0, "alpha": alpha, "area_resistance": r, "capacitance": c}
    return Demo((measured,), truth)
