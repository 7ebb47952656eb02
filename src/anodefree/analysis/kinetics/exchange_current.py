"""One exchange current density by four routes, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, ELECTRODES, RESISTANCE, REST, SCAN, TEMPERATURE, Curve, curve_of
from anodefree.analysis.kinetics.curve_fit import comparison, spread_ln_j0
from anodefree.analysis.kinetics.linear_slope import j0_of, slope_of
from anodefree.analysis.kinetics.tafel import tafel_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import steady
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {
    "tafel": "Tafel's line as in the paper",
    "allen_hickling": "Tafel with back reaction",
    "butler_volmer": "Butler-Volmer, whole curve",
    "slope": "slope at rest",
    "impedance": "charge-transfer resistance",
}
AGREE = 2.5
"""Standard deviations that two routes may be apart: some pair among five is further apart in a few per cent of sound cases."""


@stage("kinetics.exchange_current", version=1, cites=("bard2001", "allen1957", "chen2026"))
def exchange_current(
    curve: Polarisation,
    *,
    charge_transfer_resistance_ohm: Annotated[
        Uncertain | None, Par("charge-transfer resistance of the same cell from impedance; none: three routes", gt=0)
    ] = None,
    window_V: Annotated[
        tuple[float, float],
        Par("overpotentials |η| of Tafel's line", gt=0, source="not stated; above 2.3 RT/F, inside ±0.2 V", assumed=True),
    ] = (0.06, 0.18),
    rest_window_V: Annotated[
        float, Par("records this far from rest give the slope", gt=0, source="below RT/F: a cubic holds there", assumed=True)
    ] = 0.02,
    temperature_K: Annotated[float | None, TEMPERATURE] = None,
    electrodes: Annotated[int, ELECTRODES] = 1,
    area_resistance_ohm_m2: Annotated[Uncertain | None, RESISTANCE] = None,
    area_m2: Annotated[float | None, AREA] = None,
    rest_potential_V: Annotated[float, REST] = 0.0,
    scan: Annotated[int | None, SCAN] = None,
) -> Result:
    r"""Exchange current density by four routes: Tafel, Butler-Volmer, slope at rest, charge-transfer resistance.

    `j0_tafel` and `j0_allen_hickling`: see `kinetics.tafel`; `j0_butler_volmer`, also given as `j0`: see
    `kinetics.butler_volmer`; `j0_slope` = N(RT/F)/[(dj/dE)⁻¹ - R]: see `kinetics.linear_slope`; `j0_impedance` = N RT/(F R_ct
    A) [A/m2] from the given R_ct [ohm], N being the number of electrodes. An ohmic resistance that is not given is the one
    that the Butler-Volmer fit finds, and serves the other routes with its standard deviation. The standard deviation of `j0`
    grows by the factor by which the routes disagree (Birge's ratio over those without known bias), if they do.
    *Valid when* one process limits the rate at rest and away from it; where the resistance of a surface film is part of R_ct,
    as it mostly is on lithium, the impedance gives less than the curve, and the check says by how much. The three routes of
    the curve share its noise: that they agree says that the law holds, not that the number is three times as sure.
    *Source* Bard and Faulkner 2001, section 3.4; Allen and Hickling 1957; Chen et al. 2026, section 4.2.1, for Tafel.
    Raises ConfigError (a resistance without an area), DataError (see the stages of the routes).
    """
    ready = curve_of(
        curve,
        temperature_K=temperature_K,
        area_m2=area_m2,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        rest_potential_V=rest_potential_V,
        scan=scan,
    )
    if charge_transfer_resistance_ohm is not None and ready.area_m2 is None:
        raise ConfigError("a resistance in ohm needs the electrode's area", "area_m2", 'give it: area_m2 = "1.54 cm2"')
    checks = list(ready.checks)
    routes, resistance, said = _curve_routes(ready, window_V, rest_window_V, electrodes)
    checks += said
    if charge_transfer_resistance_ohm is not None and ready.area_m2 is not None:
        r = charge_transfer_resistance_ohm
        j0 = electrodes * float(thermal_voltage_V(ready.temperature_K)) / (r.value * ready.area_m2)
        routes["impedance"] = Uncertain(j0, j0 * r.std / r.value)
    grown, verdict = _consistency(routes, electrodes)
    checks.append(verdict)
    best = routes["butler_volmer"]
    estimates = {"j0": Estimate(best.value, best.std * grown, "A/m2", "exchange current density")}
    for name, route in routes.items():
        estimates[f"j0_{name}"] = Estimate(route.value, route.std, "A/m2", f"exchange current density, {TITLES[name]}")
    estimates["area_resistance"] = Estimate(resistance.value, resistance.std, "ohm m2", "ohmic resistance that was taken out")
    curves = {
        "route": ("route", np.array(list(routes))),
        "j0_A_m2": ("route", np.array([r.value for r in routes.values()])),
        "j0_std_A_m2": ("route", np.array([r.std for r in routes.values()])),
    }
    return Result.of(estimates, curves, checks)


def _curve_routes(
    ready: Curve, window_V: tuple[float, float], rest_window_V: float, electrodes: int
) -> tuple[dict[str, Uncertain], Uncertain, list[Check]]:
    """The routes that the curve alone gives, the ohmic resistance they share, and what could not be done."""
    both = comparison(ready, electrodes, 0.5 if electrodes == 2 else None)
    limited = both.probability_of_limit > 0.5
    chosen, other = (both.limited, both.without) if limited else (both.without, both.limited)
    u = spread_ln_j0(chosen, other, 1 - both.probability_of_limit if limited else both.probability_of_limit)
    resistance, checks = ready.area_resistance_ohm_m2, []
    if resistance is None:
        resistance = Uncertain(chosen.value("resistance"), chosen.std("resistance"))
        checks.append(
            Check("ohmic drop", "warn", f"no ohmic resistance is given: {_cm2(resistance)} from the fit is taken out")
        )
    whole = Uncertain(chosen.value("j0"), chosen.value("j0") * u)
    routes: dict[str, Uncertain] = {}
    try:
        line = tafel_of(ready, resistance.value, window_V, "both", electrodes)
        step = max(resistance.std, 1e-7)
        moved = tafel_of(ready, resistance.value + step, window_V, "both", electrodes)
        own = float(np.sqrt(line.noise**2 + line.bend**2 + ((moved.free_ln_j0 - line.free_ln_j0) / step * resistance.std) ** 2))
        plain, free = float(np.exp(line.ln_j0)), float(np.exp(line.free_ln_j0))
        routes["tafel"] = Uncertain(plain, plain * float(np.hypot(own, line.bias)))
        routes["allen_hickling"] = Uncertain(free, free * own)
    except DataError as error:
        checks.append(Check("Tafel", "warn", f"no line: {error.what}"))
    routes["butler_volmer"] = whole
    try:
        slope = slope_of(ready, rest_window_V, electrodes)
        routes["slope"] = Uncertain(*j0_of(slope, resistance, ready.temperature_K, electrodes, ready.name)[:2])
    except DataError as error:
        checks.append(Check("slope", "warn", f"no slope at rest: {error.what}"))
    return routes, resistance, checks


def _cm2(resistance: Uncertain) -> str:
    return f"{1e4 * resistance.value:.3g} ± {1e4 * resistance.std:.2g} ohm cm2"


def _consistency(routes: dict[str, Uncertain], electrodes: int) -> tuple[float, Check]:
    """Birge's ratio of the routes without known bias, and the sentence that says whether they agree."""
    free = {n: r for n, r in routes.items() if n != "tafel"}
    if len(free) < 2:
        return 1.0, Check("consistency", "warn", "only one route gives a number: nothing to compare")
    value, std = (np.array([getattr(r, k) for r in free.values()]) for k in ("value", "std"))
    std = np.maximum(std, 1e-9 * value)
    mean = float(np.average(value, weights=1 / std**2))
    grown = max(1.0, float(np.sqrt(np.sum(((value - mean) / std) ** 2) / (len(value) - 1))))
    names = list(free)
    pairs = [(a, b) for a in range(len(names)) for b in range(a)]
    apart = [abs(value[a] - value[b]) / float(np.hypot(std[a], std[b])) for a, b in pairs]
    worst = pairs[int(np.argmax(apart))]
    if max(apart) <= AGREE:
        return 1.0, Check("consistency", "pass", f"{len(names)} routes agree within {max(apart):.1f} standard deviations")
    a, b = sorted(worst, key=lambda k: value[k])
    ratio = float(value[b] / value[a])
    told = (
        f"{TITLES[names[a]]} implies {0.1 * value[a]:.3g} mA/cm2, {TITLES[names[b]]} {0.1 * value[b]:.3g} mA/cm2:"
        f" a factor of {ratio:.2f}, {max(apart):.1f} standard deviations"
    )
    if "impedance" in (names[a], names[b]):
        at = {"impedance"} & {names[a]}
        why = "a film's resistance in R_ct, or an area too small" if at else "R_ct leaves out a part, or the area is too large"
        if abs(ratio - 2) < 0.1:
            why = f"is the cell one of {3 - electrodes} electrode{'s' if electrodes == 1 else ''}?"
    else:
        why = "the curve is not Butler-Volmer throughout: ohmic drop, depletion, Marcus kinetics or a changing surface"
    return grown, Check("consistency", "warn", f"{told}; {why}")


@exchange_current.plot
def draw(result: Result, ax: Axes) -> None:
    """Each route's value with two standard deviations."""
    from anodefree.core.figure import COLOURS, SOFT

    names = [str(n) for n in result.curves["route"].values]
    value, std = (0.1 * result.curves[n].values for n in ("j0_A_m2", "j0_std_A_m2"))
    at = np.arange(len(names))[::-1]
    best = result.estimates["j0"]
    ax.axvspan(0.1 * (best.value - 2 * best.std), 0.1 * (best.value + 2 * best.std), color=SOFT, alpha=0.2, lw=0)
    ax.errorbar(value, at, xerr=2 * std, fmt="o", color=COLOURS[0], capsize=2)
    ax.set_yticks(at, [TITLES[n].replace(", ", ",\n").replace(" with", "\nwith").replace(" as", "\nas") for n in names])
    ax.set(xlabel="$j_0$ / mA cm$^{-2}$", ylim=(-0.6, len(names) - 0.4))


@exchange_current.demo
def demo(rng: np.random.Generator) -> Demo:
    """A voltammogram with a known ohmic resistance, and the impedance of the same cell."""
    j0, alpha, r, area = rng.uniform(3, 15), rng.uniform(0.42, 0.58), rng.uniform(1e-4, 3e-4), 1.54e-4
    e = np.concatenate([np.linspace(-0.2, 0.2, 161), np.linspace(0.2, -0.2, 161)])
    at = steady(e, j0_A_m2=j0, transfer_coefficient=alpha, area_resistance_ohm_m2=r)
    j = at.current_density_A_m2 * (1 + 0.01 * rng.standard_normal(len(e))) + 0.05 * rng.standard_normal(len(e))
    arrays = {"potential_V": e, "current_density_A_m2": j}
    measured = Measurement.of(POLARISATION, arrays, {"temperature_K": 298.15, "area_m2": area}, name="a voltammogram")
    resistance = float(thermal_voltage_V(298.15)) / (j0 * area)
    given = {
        "charge_transfer_resistance_ohm": Uncertain(resistance * (1 + 0.02 * rng.standard_normal()), 0.02 * resistance),
        "area_resistance_ohm_m2": Uncertain(r * (1 + 0.01 * rng.standard_normal()), 0.01 * r),
    }
    names = ("j0", "j0_allen_hickling", "j0_butler_volmer", "j0_slope", "j0_impedance")
    return Demo((measured,), dict.fromkeys(names, j0), given)
