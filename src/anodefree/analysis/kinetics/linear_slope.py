"""The slope of a polarisation curve at rest, and the exchange current density it implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, ELECTRODES, RESISTANCE, REST, SCAN, TEMPERATURE, Curve, curve_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.numerics.autocorrelation import inflation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import steady
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 5
ENOUGH_FOR_A_CUBIC = 10


@dataclass(frozen=True)
class Slope:
    """j about rest as a polynomial of the potential; SI."""

    conductance_S_m2: float
    conductance_std_S_m2: float
    rest_V: float
    """Where the current vanishes."""
    coefficients: np.ndarray
    """Of 1, E, E², E³ (or 1, E)."""
    potential_V: np.ndarray
    current_density_A_m2: np.ndarray

    @property
    def resistance_ohm_m2(self) -> float:
        """The inverse of the slope: everything that resists."""
        return 1 / self.conductance_S_m2

    @property
    def resistance_std_ohm_m2(self) -> float:
        """Its standard deviation."""
        return self.conductance_std_S_m2 / self.conductance_S_m2**2


def slope_of(curve: Curve, window_V: float, electrodes: int) -> Slope:
    """The slope at rest from the records within ±`window_V`.

    A cubic, whose linear term is the slope whatever the transfer coefficient; a straight line where points are few, its error
    (F w/(RT))²/40 for one electrode then part of the standard deviation. A double layer that charges with the sweep's direction
    is a term of its own where both directions occur.

    Raises
    ------
    DataError: fewer than five records, on one side only, or no current that rises with the potential.
    """
    near = np.abs(curve.potential_V) <= window_V * (1 + 1e-9)
    e, j, sweep = curve.potential_V[near], curve.current_density_A_m2[near], curve.sweep[near]
    if len(e) < FEWEST or np.ptp(e) < 0.5 * window_V:
        raise DataError(
            f"has {len(e)} records within {1e3 * window_V:.0f} mV of rest, over {1e3 * np.ptp(e) if len(e) else 0:.0f} mV",
            curve.name,
            "widen window_V, or state rest_potential_V",
        )
    order = 3 if len(np.unique(e)) >= ENOUGH_FOR_A_CUBIC else 1
    design = np.vander(e / window_V, order + 1, increasing=True)
    both_ways = all(np.count_nonzero(sweep == s) >= 2 for s in (-1.0, 1.0))
    design = np.column_stack([design, sweep]) if both_ways else design
    coefficients, *_ = np.linalg.lstsq(design, j, rcond=None)
    rest = j - design @ coefficients
    parameters = design.shape[1]
    scatter = float(rest @ rest) / max(len(e) - parameters, 1)
    std = float(np.sqrt(scatter * np.linalg.pinv(design.T @ design)[1, 1])) * inflation(rest, parameters)
    slope = float(coefficients[1])
    if not slope > 0:
        raise DataError(
            "carries no current that rises with the potential about rest", curve.name, "is the sign or the rest right?"
        )
    if order == 1:
        std = float(np.hypot(std, slope * (window_V / electrodes / float(thermal_voltage_V(curve.temperature_K))) ** 2 / 40))
    powers = coefficients[: order + 1] / window_V ** np.arange(order + 1)
    return Slope(slope / window_V, std / window_V, float(-coefficients[0] / slope * window_V), powers, e, j)


def j0_of(
    slope: Slope, resistance: Uncertain, temperature_K: float, electrodes: int, where: str
) -> tuple[float, float, float, float]:
    """j0 [A/m2], its standard deviation, the charge-transfer resistance [ohm m2] left without the ohmic one, and its own.

    Raises
    ------
    DataError: the ohmic resistance is as large as the whole slope allows.
    """
    left = slope.resistance_ohm_m2 - resistance.value
    std = float(np.hypot(slope.resistance_std_ohm_m2, resistance.std))
    if not left > 0:
        raise DataError(
            f"resists with {1e4 * slope.resistance_ohm_m2:.3g} ohm cm2 in all, no more than the ohmic"
            f" {1e4 * resistance.value:.3g} ohm cm2",
            where,
            "correct area_resistance_ohm_m2",
        )
    j0 = electrodes * float(thermal_voltage_V(temperature_K)) / left
    return j0, j0 * std / left, left, std


@stage("kinetics.linear_slope", version=1, cites=("bard2001",))
def linear_slope(
    curve: Polarisation,
    *,
    window_V: Annotated[
        float, Par("records this far from rest are used", gt=0, source="below RT/F: a cubic holds there", assumed=True)
    ] = 0.02,
    temperature_K: Annotated[float | None, TEMPERATURE] = None,
    electrodes: Annotated[int, ELECTRODES] = 1,
    area_resistance_ohm_m2: Annotated[Uncertain | None, RESISTANCE] = None,
    area_m2: Annotated[float | None, AREA] = None,
    rest_potential_V: Annotated[float, REST] = 0.0,
    scan: Annotated[int | None, SCAN] = None,
) -> Result:
    r"""Exchange current density from the slope of the polarisation curve at rest.

    (dj/dE)⁻¹ at rest = R + N RT/(F j0) [ohm m2], N being the number of `electrodes`, so j0 = N (RT/F)/[(dj/dE)⁻¹ - R], whatever
    the transfer coefficient. The slope is the linear term of a cubic (a straight line below ten different potentials, with the
    error that curvature causes), with a term for the double layer where the sweep goes both ways. Its standard deviation counts
    alike neighbours as one and holds that of the resistance.
    Estimates: j0, charge_transfer_resistance, polarisation_resistance (with the ohmic part), rest_potential.
    *Valid when* the current is steady about rest and the ohmic resistance is known: what is not subtracted lowers j0.
    *Source* Bard and Faulkner 2001, equation 3.4.12. The paper takes Tafel's line instead.
    Raises DataError (no current or area, few records about rest, more ohmic resistance than there is).
    """
    ready = curve_of(
        curve,
        temperature_K=temperature_K,
        area_m2=area_m2,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        rest_potential_V=rest_potential_V,
        scan=scan,
    )
    found = slope_of(ready, window_V, electrodes)
    resistance = ready.area_resistance_ohm_m2 or Uncertain(0.0)
    j0, j0_std, left, left_std = j0_of(found, resistance, ready.temperature_K, electrodes, ready.name)
    whole = found.resistance_ohm_m2
    estimates = {
        "j0": Estimate(j0, j0_std, "A/m2", "exchange current density, slope at rest"),
        "charge_transfer_resistance": Estimate(left, left_std, "ohm m2", "charge-transfer resistance at rest"),
        "polarisation_resistance": Estimate(
            whole, found.resistance_std_ohm_m2, "ohm m2", "polarisation resistance, all that resists"
        ),
        "rest_potential": Estimate(
            found.rest_V + rest_potential_V,
            found.conductance_std_S_m2 * whole * window_V,
            "V",
            "potential without current",
            "mV",
        ),
    }
    share = resistance.value / whole
    checks = [
        *ready.checks,
        Check.that(
            "ohmic drop",
            ready.area_resistance_ohm_m2 is not None,
            f"{100 * share:.0f} % of the resistance at rest is ohmic",
            "no ohmic resistance is given: it counts as charge transfer, and this j0 is a lower bound",
        ),
        Check.that(
            "rest",
            abs(found.rest_V) < 0.25 * window_V,
            f"the current vanishes at {1e3 * found.rest_V:.2g} mV",
            f"the current vanishes at {1e3 * found.rest_V:.2g} mV, off the middle of the window: state rest_potential_V",
        ),
        Check.that(
            "points",
            len(found.coefficients) == 4,
            f"{len(found.potential_V)} records about rest",
            f"only {len(found.potential_V)} records about rest: a straight line is fitted",
        ),
    ]
    x = np.linspace(found.potential_V.min(), found.potential_V.max(), 60)
    curves = {
        "potential_V": ("point", found.potential_V),
        "current_density_A_m2": ("point", found.current_density_A_m2),
        "line_potential_V": ("line", x),
        "line_A_m2": ("line", np.polynomial.polynomial.polyval(x, found.coefficients)),
        "tangent_A_m2": ("line", found.conductance_S_m2 * (x - found.rest_V)),
    }
    return Result.of(estimates, curves, checks)


@linear_slope.plot
def draw(result: Result, ax: Axes) -> None:
    """Current density about rest, the fitted curve and its tangent."""
    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    x = 1e3 * data["line_potential_V"]
    ax.plot(1e3 * data["potential_V"], 0.1 * data["current_density_A_m2"], ".", color=SOFT, label="measured")
    ax.plot(x, 0.1 * data["line_A_m2"], color=COLOURS[0], label="cubic")
    text = f"$j_0$ = {result.estimates['j0']}".replace("mA/cm2", "mA cm$^{-2}$")
    ax.plot(x, 0.1 * data["tangent_A_m2"], color=COLOURS[1], ls="--", lw=0.9, label=text)
    ax.set(xlabel="potential / mV", ylabel="current density / mA cm$^{-2}$")
    ax.legend(loc="upper left", handlelength=1.4)


@linear_slope.demo
def demo(rng: np.random.Generator) -> Demo:
    """A slow sweep about rest with an ohmic resistance that is known to 5 %."""
    j0, alpha, r = rng.uniform(3, 15), rng.uniform(0.35, 0.65), rng.uniform(2e-4, 8e-4)
    e = np.linspace(-0.025, 0.025, 51)
    j = steady(e, j0_A_m2=j0, transfer_coefficient=alpha, area_resistance_ohm_m2=r).current_density_A_m2
    j = j + 0.01 * np.abs(j).max() * rng.standard_normal(51)
    measured = Measurement.of(
        POLARISATION, {"potential_V": e, "current_density_A_m2": j}, {"temperature_K": 298.15}, name="a sweep about rest"
    )
    known = Uncertain(r * (1 + 0.05 * rng.standard_normal()), 0.05 * r)
    charge_transfer = float(thermal_voltage_V(298.15)) / j0
    truth = {"j0": j0, "charge_transfer_resistance": charge_transfer, "polarisation_resistance": charge_transfer + r}
    return Demo((measured,), truth, {"area_resistance_ohm_m2": known})
