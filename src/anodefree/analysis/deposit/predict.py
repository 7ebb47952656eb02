"""A calibrated collector's deposit under conditions not used for calibration, beside the uncalibrated prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.deposit import inversion as v
from anodefree.analysis.deposit.calibrate import LIMITS, QUANTILES, emulator_check, share
from anodefree.analysis.deposit.posterior_figure import before_and_after
from anodefree.analysis.deposit.synthetic_points import drawn_collector, synthetic_points
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.deposit_points import DEPOSIT_POINTS
from anodefree.physics.lithium import dense_thickness_m
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KNOWN_ENOUGH = 0.5
"""Doubt of the emulator over the whole variation of the runs (std of logits) from which it says little."""


@stage("deposit.predict", version=1, cites=("kennedy2001", "ankenman2010", "rasmussen2006", "chen2026"))
def predict(
    points: Annotated[Measurement, DEPOSIT_POINTS, Many()],
    *,
    porosity: v.Measured,
    current_density_A_m2: v.Currents,
    capacity_C_m2: v.Capacities,
    j0_A_m2: v.Exchange,
    at_current_density_A_m2: Annotated[tuple[float, ...], Par("current densities to predict for", gt=0)],
    at_capacity_C_m2: Annotated[tuple[float, ...], Par("plated charge at each", gt=0)],
    extrapolate: Annotated[bool, Par("predict also where no runs surround the conditions, with a failed check")] = False,
    inadequacy: v.Inadequacy = 0.05,
    porosity_by: v.By = "layer",
    rng: np.random.Generator,
) -> Result:
    """Porosity and thickness of one more section of a calibrated collector under conditions not used for calibration.

    $p(P^*|y)=\\int p(P^*|\\theta)\\,p(\\theta|y)\\,d\\theta$, θ and its posterior as in `deposit.calibrate`, from the same
    measured porosities; p(P*|θ) holds the emulator's doubt, the scatter of sections and the inadequacy of the model.
    `porosity_1`, `thickness_1`, ...: calibrated; `porosity_1_uncalibrated`, ...: over the whole range of sites and film, as
    before any data, which is always given beside it. Thickness is d_t/(1 - P) with d_t of the charge: the median, half the
    width of the 68 % interval as std, and a 95 % interval, for it is skewed. `narrowing_1` is 1 - std after / std before.
    *Valid when* runs surround the conditions (else refused, unless `extrapolate`), and the measured and the predicted porosity
    are of one definition. A prediction of a calibrated model: nothing here was compared with a measurement at these
    conditions. *Source* Kennedy and O'Hagan 2001. *Differs from the paper*, which predicts none.

    Raises
    ------
    ConfigError: as `deposit.calibrate`, and conditions that no runs surround. DataError: as there.
    """
    if not at_current_density_A_m2 or len(at_current_density_A_m2) != len(at_capacity_C_m2):
        raise ConfigError(
            f"{len(at_current_density_A_m2)} currents and {len(at_capacity_C_m2)} capacities to predict for",
            "at_current_density_A_m2",
            "one capacity for each current",
        )
    sections = v.sections_of(porosity, current_density_A_m2, capacity_C_m2)
    found = v.invert(points, sections, j0_A_m2, inadequacy, porosity_by)
    after, before = [], []
    estimates: dict[str, Estimate] = {}
    outside, unsure = [], []
    posterior, prior = found.posterior, found.grid.prior
    spread = float(np.std(found.emulator.line))
    for k, (current, capacity) in enumerate(zip(at_current_density_A_m2, at_capacity_C_m2, strict=True), start=1):
        where = f"{current / 10:.3g} mA/cm2, {capacity / 36000:.3g} mAh/cm2"
        if not found.runs.reach(found.runs.known(current, capacity, j0_A_m2)):
            outside.append(where)
            if not extrapolate:
                raise ConfigError(
                    f"no runs surround {where}, j0 {j0_A_m2 / 10:.3g} mA/cm2: this would be extrapolation",
                    "at_current_density_A_m2",
                    "add runs there, in a box that holds them; extrapolate = true only to see how little is known",
                )
        forecast = found.forecast(current, capacity)
        if np.sqrt(posterior @ forecast.doubt) > KNOWN_ENOUGH * spread:
            unsure.append(where)
        after.append(found.drawn(forecast, posterior, rng))
        before.append(found.drawn(forecast, prior, rng))
        dense = float(dense_thickness_m(capacity))
        estimates[f"porosity_{k}"] = share(after[-1], f"calibrated prediction: {where}")
        estimates[f"porosity_{k}_uncalibrated"] = share(before[-1], f"uncalibrated: {where}")
        estimates[f"thickness_{k}"] = _thickness(after[-1], dense, f"calibrated prediction: {where}")
        estimates[f"thickness_{k}_uncalibrated"] = _thickness(before[-1], dense, f"uncalibrated: {where}")
        narrowing = 1 - float(after[-1].std() / before[-1].std())
        estimates[f"narrowing_{k}"] = Estimate(narrowing, 0.0, "1", f"by calibration: {where}", "%")
    checks = [
        Check(
            "prediction",
            "pass",
            "of a calibrated model, for conditions not used in calibrating it; no measurement tests it here",
        ),
        Check.that(
            "extrapolation",
            not outside,
            "runs surround every condition",
            f"EXTRAPOLATION: no runs surround {'; '.join(outside)}: the numbers follow from an assumed trend, not from physics",
            otherwise="fail",
        ),
        Check.that(
            "reach",
            not unsure,
            "the emulator knows the conditions from runs near them",
            f"the emulator hardly knows {'; '.join(unsure)}: more runs there",
        ),
        emulator_check(found),
        *found.runs.checks,
    ]
    curves = {
        "current_density_A_m2": ("section", np.array(at_current_density_A_m2)),
        "capacity_C_m2": ("section", np.array(at_capacity_C_m2)),
        "quantile": ("quantile", np.array(QUANTILES)),
        "calibrated": (("section", "quantile"), np.percentile(after, QUANTILES, axis=1).T),
        "uncalibrated": (("section", "quantile"), np.percentile(before, QUANTILES, axis=1).T),
    }
    return Result.of(estimates, curves, checks)


def _thickness(drawn: v.Floats, dense_m: float, label: str) -> Estimate:
    """Median, half of the 68 % interval, and the 95 % interval of d_t/(1 - P)."""
    low, early, middle, late, high = (
        float(q) for q in np.percentile(dense_m / (1 - drawn), [LIMITS[0], 16, 50, 84, LIMITS[1]])
    )
    return Estimate(middle, 0.5 * (late - early), "m", label, None, low, high)


@predict.plot
def draw(result: Result, ax: Axes) -> None:
    """Predicted porosity at each condition, calibrated beside uncalibrated."""
    before_and_after(ax, result, measured=False)


@predict.demo
def demo(rng: np.random.Generator) -> Demo:
    """A made-up collector calibrated at two conditions; truth is one more section of it at a third."""
    at = ((1.0, 5400.0), (3.0, 14400.0), (10.0, 10800.0))
    collector = drawn_collector(at, rng)
    runs = synthetic_points(at, 20, rng)
    return Demo(
        (runs,),
        {"porosity_1": collector.porosity[2]},
        {
            **collector.calibrated_at([0, 1]),
            "at_current_density_A_m2": [at[2][0]],
            "at_capacity_C_m2": [at[2][1]],
        },
    )
