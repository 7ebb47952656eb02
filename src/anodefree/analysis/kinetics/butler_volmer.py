"""The whole Butler-Volmer curve fitted: kinetics, ohmic drop, depletion and double layer together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, ELECTRODES, RESISTANCE, REST, SCAN, TEMPERATURE, Curve, curve_of
from anodefree.analysis.kinetics.curve_fit import Comparison, Fitted, comparison, spread_ln_j0
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import steady
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    ax.legend(loc="lower right", handlelength=1.4)


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
