"""A polarisation curve fitted by Butler-Volmer kinetics with what else a cell adds, and two such models compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from anodefree.analysis.kinetics.curve import Curve
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.numerics.autocorrelation import inflation
from anodefree.numerics.fitting import Fit, fit
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import UNLIMITED, steady

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
        size = float(np.sqrt(c[i, i] * c[k, k]))
        return float(c[i, k]) / size if size > 0 else 0.0


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
            weight = noise_A_m2(off, j, len(names))
    found = replace(found, values=found.values * scale, covariance=found.covariance * np.outer(scale, scale))
    made = model_A_m2(found.values[None], curve, ask)[0][0]
    return Fitted(ask, found, weight, inflation((made - j) / weight, len(names)), made)


def _guess_j0(curve: Curve, electrodes: int) -> float:
    """From the steepness about rest, as if nothing else resisted."""
    e, j = curve.potential_V, curve.current_density_A_m2
    near = np.argsort(np.abs(e))[: max(4, len(e) // 5)]
    slope = float(np.sum(e[near] * j[near]) / np.sum(e[near] ** 2))
    return max(electrodes * slope * float(thermal_voltage_V(curve.temperature_K)), 1e-9 * float(np.abs(j).max()))


def noise_A_m2(off: np.ndarray, j: np.ndarray, parameters: int) -> np.ndarray:
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
