"""From fits of single curves to one modulus with its error: the lever's, the tip's, the model's and the curves' own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.core.result import Estimate
from anodefree.core.uncertain import Uncertain
from anodefree.physics.contact import young

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setup:
    """What is known of lever, tip and sample, with relative errors."""

    spring_N_m: float
    spring_error: float
    sensitivity_error: float
    radius_m: Uncertain
    poisson: Uncertain
    tip_modulus_Pa: float
    tip_poisson: float

    @property
    def radius_error(self) -> float:
        """Relative standard deviation of the radius."""
        return self.radius_m.std / self.radius_m.value

    def young_Pa(self, reduced_Pa: Floats) -> Floats:
        """Young's modulus from the reduced one."""
        return young(reduced_Pa, self.poisson.value, self.tip_modulus_Pa, self.tip_poisson)


def middle(values: Floats, own: Floats) -> tuple[float, float, float]:
    """Median, its relative standard deviation and the relative spread of positive values with relative errors `own`.

    NaN values are left out. For the median of n values the deviation is 1.25 times the spread over √n; one value has its own.
    """
    good = np.isfinite(values) & (values > 0)
    if not good.any():
        return math.nan, math.nan, math.nan
    logs = np.log(values[good])
    centre = float(np.median(logs))
    typical = float(np.median(np.nan_to_num(own[good], nan=1.0)))
    if logs.size == 1:
        return math.exp(centre), typical, 0.0
    spread = 1.4826 * float(np.median(np.abs(logs - centre))) if logs.size >= 5 else float(np.std(logs, ddof=1))
    return math.exp(centre), 1.2533 * max(spread, typical) / math.sqrt(logs.size), spread


def systematic(setup: Setup, star_Pa: float, modulus_Pa: float, response: float, model: float, of_radius: float) -> float:
    """Relative std of a modulus common to all curves: k (linear), R (E ~ R^-`of_radius`), sensitivity, model, Poisson's ratio.

    The part of the tip in the reduced modulus makes all but the last larger, by E/[(1 - ν²) E*].
    """
    poisson = setup.poisson
    larger = modulus_Pa / ((1 - poisson.value**2) * star_Pa)
    force = (setup.spring_error, of_radius * setup.radius_error, response * setup.sensitivity_error, model)
    return math.hypot(larger * math.sqrt(sum(e**2 for e in force)), 2 * poisson.value * poisson.std / (1 - poisson.value**2))


def modulus_estimate(
    setup: Setup,
    star_Pa: Floats,
    own: Floats,
    response: Floats,
    model: Floats,
    label: str,
    of_radius: float = 0.5,
) -> Estimate:
    """The median over the curves with its standard deviation and a log-normal 68 % interval."""
    value, statistical, _ = middle(setup.young_Pa(star_Pa), own)
    if not math.isfinite(value):
        return Estimate(math.nan, math.nan, "Pa", label)
    star = float(np.nanmedian(star_Pa))
    shared = systematic(setup, star, value, median(response), np.nan_to_num(median(model)), of_radius)
    relative = math.hypot(statistical, shared)
    return Estimate(
        value, relative * value, "Pa", label, pascals(value), value * math.exp(-relative), value * math.exp(relative)
    )


def median(values: Floats) -> float:
    """The median of what is finite; NaN of nothing."""
    fine = values[np.isfinite(values)]
    return float(np.median(fine)) if fine.size else math.nan


def pascals(value: float) -> str:
    """The unit in which a modulus is a number that a person reads."""
    return "GPa" if value >= 1e8 else "MPa" if value >= 1e5 else "kPa" if value >= 1e2 else "Pa"
