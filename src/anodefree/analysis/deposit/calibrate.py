"""Which distance of sites and which unevenness of the film a collector's measured porosities speak for, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.deposit import inversion as v
from anodefree.analysis.deposit.posterior_figure import draw_posterior
from anodefree.analysis.deposit.synthetic_points import drawn_collector, synthetic_points
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.kinds.deposit_points import DEPOSIT_POINTS
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
LIMITS = (2.5, 97.5)
TOLD = 0.5
"""Contraction from which data, not the prior, say where an unknown lies."""


@stage("deposit.calibrate", version=1, cites=("kennedy2001", "ankenman2010", "rasmussen2006", "chen2026"))
def calibrate(
    points: Annotated[Measurement, DEPOSIT_POINTS, Many()],
    *,
    porosity: v.Measured,
    current_density_A_m2: v.Currents,
    capacity_C_m2: v.Capacities,
    j0_A_m2: v.Exchange,
    inadequacy: v.Inadequacy = 0.05,
    porosity_by: v.By = "layer",
    rng: np.random.Generator,
) -> Result:
    """Distance of sites and unevenness of the film that measured porosities of one collector speak for.

    $p(\\theta|y)\\propto p(\\theta)\\prod_k\\int N(y_k; g^{-1}(z), s_k^2+\\delta^2)\\,N(z; m_k, e_k^2+r_k^2)dz$:
    θ the unknowns that vary over the runs (ln of the distance of sites, spread of the film, ln of its resistance), even over
    their range; y ± s the measured porosities; m, e mean and doubt of a Gaussian process fitted to the runs' porosity on a
    logit line z = g(P); r its scatter from section to section (one section is one sample, as wide as the box); δ the
    `inadequacy` of the model. On a grid, without sampling. Per unknown: mean, std, 95 % interval of the posterior, and
    `contraction` = 1 - std after / std before. `correlation` between distance and spread, `information` = gain over the prior
    [bit], `misfit` = least sum of squared deviations over their variances anywhere. `porosity_1`, ... are what the calibrated
    model says of one more section at each condition, `porosity_1_uncalibrated` what it says before, `held_out_1` the
    deviation in std when this condition is foretold from the others alone. Agreement after calibration is no test of the
    model; held-out conditions are. *Valid when* runs surround the conditions, and the measured porosity is of the same
    definition: by default that of the height where lithium stands, as a ruler reads a section. The emulator's doubts at two
    conditions are taken as independent. *Source* Kennedy and O'Hagan 2001; Ankenman et al. 2010 (scatter); Rasmussen and
    Williams 2006, chapters 2 and 5. *Differs from the paper*, which assumes few or many sites and states neither number.

    Raises
    ------
    ConfigError: lists that do not match, a porosity without std, conditions outside the reach of the runs. DataError: runs
    that state too little or are too few.
    """
    sections = v.sections_of(porosity, current_density_A_m2, capacity_C_m2)
    found = v.invert(points, sections, j0_A_m2, inadequacy, porosity_by)
    posterior, prior = found.posterior, found.grid.prior
    left = found.emulator.left_out()
    unknowns = {n: _moments(found.values(n), posterior) for n in found.grid.names}
    contraction = {n: contraction_of(found, n, posterior) for n in unknowns}
    correlation = correlation_of(found, posterior)
    estimates = {v.UNKNOWNS[n].estimate: _estimate(n, m, found.values(n), posterior) for n, m in unknowns.items()}
    for n, c in contraction.items():
        estimates[f"contraction_{v.UNKNOWNS[n].estimate}"] = Estimate(c, 0.0, "1", f"narrowed: {v.UNKNOWNS[n].words}", "%")
    gain = float(np.sum(posterior * np.log2(np.maximum(posterior, 1e-300) / prior)))
    estimates["correlation"] = Estimate(correlation, 0.0, "1", "of distance and spread in the posterior")
    estimates["information"] = Estimate(gain, 0.0, "1", "gain over the prior / bit")
    estimates["misfit"] = Estimate(_misfit(found), 0.0, "1", "least sum of squared deviations over their variances")
    drawn, uncalibrated, held = [], [], []
    for k, (section, forecast) in enumerate(zip(sections, found.foretold, strict=True), start=1):
        where = f"{section.current_A_m2 / 10:.3g} mA/cm2, {section.capacity_C_m2 / 36000:.3g} mAh/cm2"
        drawn.append(found.drawn(forecast, posterior, rng))
        uncalibrated.append(found.drawn(forecast, prior, rng))
        estimates[f"porosity_{k}"] = share(drawn[-1], f"calibrated model: {where}")
        estimates[f"porosity_{k}_uncalibrated"] = share(uncalibrated[-1], f"uncalibrated model: {where}")
        rest = [j for j in range(len(sections)) if j != k - 1]
        other = found.drawn(forecast, found.given(rest) if rest else prior, rng)
        held.append((section.porosity.value - float(other.mean())) / float(np.hypot(other.std(), section.porosity.std)))
        from_what = "the other conditions" if rest else "the prior"
        estimates[f"held_out_{k}"] = Estimate(held[-1], 0.0, "1", f"std from what {from_what} foretell: {where}")
    estimates["emulator_rms"] = Estimate(left.rms, 0.0, "1", "error of the emulator and scatter of a run, runs left out", "%")
    estimates["emulator_coverage"] = Estimate(left.coverage(1.0), 0.0, "1", "left-out runs within one std", "%")
    checks = [
        Check("calibrated", "pass", "fitted to these porosities: that the calibrated model has them again is no test of it"),
        *_checks(found, contraction, correlation, drawn, held),
        *found.runs.checks,
    ]
    return Result.of(estimates, _curves(found, posterior, drawn, uncalibrated), checks)


def _moments(values: Floats, weights: Floats) -> tuple[float, float]:
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights @ (values - mean) ** 2))


def _estimate(name: str, moments: tuple[float, float], values: Floats, weights: Floats) -> Estimate:
    """An unknown with its 95 % interval."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order]) - 0.5 * weights[order]
    low, high = np.interp([LIMITS[0] / 100, LIMITS[1] / 100], cumulative, values[order])
    unknown = v.UNKNOWNS[name]
    return Estimate(*moments, unknown.unit, f"calibrated: {unknown.words}", None, float(low), float(high))


def share(drawn: Floats, label: str) -> Estimate:
    """A porosity from draws: mean, std and 95 % interval."""
    low, high = np.percentile(drawn, LIMITS)
    return Estimate(float(drawn.mean()), float(drawn.std()), "1", label, "%", float(low), float(high))


def contraction_of(found: v.Inversion, name: str, posterior: Floats) -> float:
    """1 - std after / std before, on the scale on which the prior is even."""
    column = found.grid.inputs[:, list(v.UNKNOWNS).index(name)]
    return 1 - _moments(column, posterior)[1] / _moments(column, found.grid.prior)[1]


def correlation_of(found: v.Inversion, posterior: Floats) -> float:
    """Of the first two unknowns that vary; 0 where only one does."""
    if len(found.grid.names) < 2:
        return 0.0
    a, b = (found.grid.inputs[:, list(v.UNKNOWNS).index(n)] for n in found.grid.names[:2])
    (ma, sa), (mb, sb) = _moments(a, posterior), _moments(b, posterior)
    return float(posterior @ ((a - ma) * (b - mb)) / max(sa * sb, 1e-300))


def _misfit(found: v.Inversion) -> float:
    """The best that any place of the grid can do."""
    total = np.zeros(found.grid.prior.size)
    for forecast, section in zip(found.foretold, found.sections, strict=True):
        nodes = forecast.nodes()
        mean = nodes @ v.WEIGHTS
        variance = (nodes - mean[:, None]) ** 2 @ v.WEIGHTS + section.porosity.std**2 + found.inadequacy**2
        total += (section.porosity.value - mean) ** 2 / variance
    return float(total.min())


def emulator_check(found: v.Inversion) -> Check:
    """Whether the emulator foretells runs that it has not seen."""
    left = found.emulator.left_out()
    told = (
        f"runs left out are foretold to {100 * left.rms:.2g} % rms, {100 * left.coverage(1):.0f} % within one"
        f" and {100 * left.coverage(2):.0f} % within two std (then widened by {found.emulator.widened:.3g})"
    )
    good = left.rms < 0.12 and left.coverage(2) >= 0.88
    return Check.that("emulator", good, told, told + ": more runs, or smaller ranges")


def _checks(
    found: v.Inversion, contraction: dict[str, float], correlation: float, drawn: list[Floats], held: list[float]
) -> list[Check]:
    """Is it reproduced, foretold, told by the data, told apart, and not cut off by the range of the runs?"""
    words = {n: v.UNKNOWNS[n].words for n in contraction}
    off = [
        (s.porosity.value - float(d.mean())) / float(np.hypot(d.std(), s.porosity.std))
        for s, d in zip(found.sections, drawn, strict=True)
    ]
    untold = [f"{words[n]} (narrowed by {100 * max(c, 0.0):.0f} %)" for n, c in contraction.items() if c < TOLD]
    cut = [words[n] for n in contraction if _cut(found, n)]
    checks = [
        emulator_check(found),
        Check.that(
            "one model for all",
            max(map(abs, off)) <= 2,
            f"one set of unknowns has all porosities within {max(map(abs, off)):.2g} std",
            f"no one set of unknowns has all porosities: {', '.join(f'{z:+.2g}' for z in off)} std",
        ),
        Check.that(
            "identifiable",
            not untold,
            f"every unknown is narrowed by {100 * TOLD:.0f} % or more",
            f"hardly told by the data: {', '.join(untold)}; their intervals are mostly the prior",
        ),
        Check.that(
            "told apart",
            abs(correlation) < 0.8,
            "distance of sites and spread of the film are not confused",
            f"distance of sites and spread of the film trade (correlation {correlation:+.2f}): only a combination is known",
        ),
        Check.that(
            "range",
            not cut,
            "the posterior ends inside the range of the runs",
            f"cut off by the range of the runs, so that only one side is known: {', '.join(cut)}",
        ),
        Check(
            "inadequacy",
            "pass",
            f"the model is allowed to miss each porosity by {100 * found.inadequacy:.2g} % (std), its own fault",
        ),
    ]
    if len(held) > 1:
        named = ", ".join(f"{z:+.2g}" for z in held)
        checks.insert(
            2,
            Check.that(
                "held out",
                max(map(abs, held)) <= 2,
                f"each condition is foretold from the others ({named} std)",
                f"a condition is not foretold from the others ({named} std): the calibration explains, it does not predict",
            ),
        )
    return checks


def _cut(found: v.Inversion, name: str) -> bool:
    """Whether the marginal posterior is above half its peak at an end of the range."""
    marginal = marginal_of(found, name)
    return bool(max(marginal[0], marginal[-1]) > 0.5 * marginal.max())


def marginal_of(found: v.Inversion, name: str) -> Floats:
    """Density of one unknown over its prior (1 where nothing was learnt)."""
    k = found.grid.names.index(name)
    others = tuple(j for j in range(len(found.grid.names)) if j != k)
    after, before = (w.reshape(found.grid.shape).sum(axis=others) for w in (found.posterior, found.grid.prior))
    return np.asarray(after / before)


def _curves(
    found: v.Inversion, posterior: Floats, drawn: list[Floats], uncalibrated: list[Floats]
) -> dict[str, tuple[object, object]]:
    """Marginals, the joint posterior of the first two unknowns, and the porosities before and after."""
    names = found.grid.names
    table = posterior.reshape(found.grid.shape)
    curves: dict[str, tuple[object, object]] = {}
    for k, name in enumerate(names):
        axis = found.grid.axes[k]
        si = np.exp(axis) if found.runs.logarithmic[list(v.UNKNOWNS).index(name)] else axis
        curves[name] = (name, si)
        curves[f"over_prior_{v.UNKNOWNS[name].estimate}"] = (name, marginal_of(found, name))
    if len(names) > 1:
        curves["joint"] = (names[:2], table.sum(axis=tuple(range(2, table.ndim))) if table.ndim > 2 else table)
    at = ("section",)
    curves |= {
        "current_density_A_m2": (at, np.array([s.current_A_m2 for s in found.sections])),
        "capacity_C_m2": (at, np.array([s.capacity_C_m2 for s in found.sections])),
        "measured": (at, np.array([s.porosity.value for s in found.sections])),
        "measured_std": (at, np.array([s.porosity.std for s in found.sections])),
        "quantile": ("quantile", np.array(QUANTILES)),
        "calibrated": (("section", "quantile"), np.percentile(drawn, QUANTILES, axis=1).T),
        "uncalibrated": (("section", "quantile"), np.percentile(uncalibrated, QUANTILES, axis=1).T),
    }
    return curves


QUANTILES = (2.5, 16.0, 50.0, 84.0, 97.5)


@calibrate.plot
def draw(result: Result, ax: Axes) -> None:
    """The posterior of distance and spread, and each porosity before and after calibration beside the measured one."""
    draw_posterior(result, ax)


@calibrate.demo
def demo(rng: np.random.Generator) -> Demo:
    """Runs of a made-up simulation, and two sections of a collector whose sites and film are known."""
    at = ((1.0, 5400.0), (3.0, 14400.0))
    collector = drawn_collector(at, rng)
    truth = {"site_spacing": collector.spacing_m, "film_spread": collector.spread}
    return Demo((synthetic_points(at, 20, rng),), truth, collector.calibrated_at([0, 1]))
