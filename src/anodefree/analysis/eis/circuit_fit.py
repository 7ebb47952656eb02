"""One spectrum and its circuit: the least-squares problem, the search for its global minimum, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from anodefree.analysis.eis.guess import ordered, starts
from anodefree.errors import ConfigError, DataError, NumericalError
from anodefree.numerics.fitting import Fit, best_of, concluded
from anodefree.physics.circuits import Circuit, Parameter

Weighting = Literal["modulus", "unit"]

_FEW, _MANY = 10, 60
_STEPS = 300
_ENOUGH = 3
_EXACT, _NEARLY = 1e-13, 1e-5


@dataclass(frozen=True)
class Problem:
    """Least squares of one spectrum, frequencies from high to low: what a fit, a refit and a likelihood profile share."""

    circuit: Circuit
    frequency_Hz: np.ndarray
    z_ohm: np.ndarray
    weight_ohm: np.ndarray
    sigma_ohm: np.ndarray
    absolute: bool
    """Whether `sigma_ohm` are standard deviations; else only their ratios count."""
    free: np.ndarray
    base: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def omega_rad_s(self) -> np.ndarray:
        """Angular frequencies."""
        return 2 * np.pi * self.frequency_Hz

    @property
    def log(self) -> np.ndarray:
        """Which parameters are fitted as logarithms."""
        return np.array([p.log for p in self.circuit.parameters])

    def into(self, values: np.ndarray) -> np.ndarray:
        """Parameter vectors (..., P) in the fit's own coordinates."""
        return np.where(self.log, np.log(np.where(self.log, values, 1.0)), values)

    def holding(self, which: int, value: float) -> Problem:
        """The same problem with one parameter held."""
        free, base = self.free.copy(), self.base.copy()
        free[which], base[which] = False, value
        return replace(self, free=free, base=base)

    def descend(self, begin: np.ndarray, tolerance: float = _EXACT) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """From parameter vectors (s, P): where they ended in x (s, p), half the sums of squares, which converged."""
        from anodefree.physics.compiled.circuit_lm import descend

        at = np.flatnonzero(self.free)
        return descend(
            self.circuit.program(),
            self.omega_rad_s,
            self.z_ohm,
            self.sigma_ohm,
            self.base,
            at,
            np.ascontiguousarray(self.into(np.clip(begin, self.low, self.high))[:, at]),
            self.into(self.low)[at],
            self.into(self.high)[at],
            self.log[at],
            _STEPS,
            _ENOUGH,
            _NEARLY,
            tolerance,
        )

    def filled(self, x: np.ndarray) -> np.ndarray:
        """The whole parameter vector for free ones given in x."""
        values, at = self.base.copy(), np.flatnonzero(self.free)
        values[at] = np.where(self.log[at], np.exp(np.where(self.log[at], x, 0.0)), x)
        return values

    def minimise(self, begin: np.ndarray, tolerance: float = _EXACT) -> Fit:
        """The best minimum from parameter vectors (s, P), to a part `tolerance` of chi2; vectors and matrices of the fit are
        over all parameters.

        Raises
        ------
        NumericalError: the circuit has no finite impedance at any start.
        """
        from anodefree.physics.compiled.circuit_program import spectrum

        at = np.flatnonzero(self.free)
        try:
            x, cost, done = self.descend(begin, tolerance)
            values = self.filled(x[best_of(cost)])
            z, by_value = spectrum(self.circuit.program(), self.omega_rad_s, values)
            r = (z - self.z_ohm) / self.sigma_ohm
            d = by_value[:, at] * (np.where(self.log[at], values[at], 1.0) / self.sigma_ohm[:, None])
            residuals, slopes = np.concatenate([r.real, r.imag]), np.concatenate([d.real, d.imag])
            found = concluded(
                x, cost, done, residuals, slopes, self.into(self.low)[at], self.into(self.high)[at], self.log[at], self.absolute
            )
        except ValueError as error:
            raise NumericalError(str(error), self.circuit.text, "simplify the circuit") from error
        at_bound, covariance = np.zeros(len(values), dtype=bool), np.zeros((len(values), len(values)))
        at_bound[at], covariance[np.ix_(at, at)] = found.at_bound, found.covariance
        return replace(found, values=values, covariance=covariance, at_bound=at_bound)

    def named(self, found: Fit) -> Fit:
        """The fit with interchangeable parts named from fast to slow (as they are, where parameters are fixed)."""
        if not self.free.all():
            return found
        values, order = ordered(self.circuit, found.values, self.omega_rad_s)
        return replace(found, values=values, covariance=found.covariance[np.ix_(order, order)], at_bound=found.at_bound[order])


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
    problem: Problem | None = None
    """What was minimised, for profiles and further fits."""

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

    @property
    def correlation(self) -> np.ndarray:
        """(P, P) between the parameters; 0 with one that is fixed."""
        std = np.where(self.fit.std > 0, self.fit.std, 1.0)
        return self.fit.covariance / np.outer(std, std) + np.diag((~self.free).astype(float))

    @property
    def absolute(self) -> bool:
        """Whether the noise was stated, so that its size need not be estimated."""
        return self.problem is not None and self.problem.absolute

    @property
    def minus_2_ln_likelihood(self) -> float:
        """Of normal noise; where its size is not stated, at the size that makes the data most likely. Z counts in ohm."""
        n = 2 * len(self.z_ohm)
        if self.problem is not None and self.problem.absolute:
            return self.fit.chi2 + 2 * float(np.sum(np.log(2 * np.pi * self.problem.sigma_ohm**2)))
        chi2 = max(self.fit.chi2, 1e-20 * n)  # below, residuals are rounding and tell circuits no more apart
        return n + n * float(np.log(chi2 / n)) + 2 * float(np.sum(np.log(2 * np.pi * self.weight_ohm**2)))

    @property
    def unknowns(self) -> int:
        """How many numbers the data had to determine: the free parameters, and the size of the noise unless it was stated."""
        return int(self.free.sum()) + (0 if self.absolute else 1)

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 ln L + 2 k."""
        return self.minus_2_ln_likelihood + 2 * self.unknowns

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 ln L + k ln n, with n the real and imaginary parts."""
        return self.minus_2_ln_likelihood + self.unknowns * float(np.log(2 * len(self.z_ohm)))


def fit_circuit(
    circuit: Circuit,
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    weighting: Weighting = "modulus",
    noise: float | None = None,
    fixed: Mapping[str, float] | None = None,
    near_values: Sequence[np.ndarray] = (),
    sigma_ohm: np.ndarray | None = None,
) -> CircuitFit:
    """Fit a circuit to one spectrum: frequency [Hz] (f,) in any order and with repeats, Z [ohm] (f,) complex.

    `near_values` are vectors from which to start as well (a guess, a neighbouring spectrum's result). `sigma_ohm` (f,) are
    weights of each point, in place of `weighting`; they count as standard deviations where `noise` is 1, else by their ratios.

    Raises
    ------
    DataError: too few points, or an impedance of zero. NumericalError: the circuit has no finite impedance there.
    """
    problem = problem_of(circuit, frequency_Hz, z_ohm, weighting=weighting, noise=noise, fixed=fixed, sigma_ohm=sigma_ohm)
    return solution(problem, search(problem, near_values))


def problem_of(
    circuit: Circuit,
    frequency_Hz: np.ndarray,
    z_ohm: np.ndarray,
    *,
    weighting: Weighting = "modulus",
    noise: float | None = None,
    fixed: Mapping[str, float] | None = None,
    sigma_ohm: np.ndarray | None = None,
) -> Problem:
    """The least-squares problem of one spectrum; arguments and errors as for `fit_circuit`."""
    order = np.argsort(-frequency_Hz, kind="stable")
    f, z = frequency_Hz[order], z_ohm[order]
    held = dict(fixed or {})
    free = np.array([p.name not in held for p in circuit.parameters])
    if not free.any():
        raise ConfigError("every parameter is fixed", "fixed", "leave at least one free")
    if 2 * len(np.unique(f)) <= free.sum():
        raise DataError(
            f"{len(f)} points cannot determine {int(free.sum())} parameters", hint="measure more frequencies, or simplify"
        )
    if not np.abs(z).min() > 0:
        raise DataError("an impedance is zero", hint="is a column empty, or is the range of the instrument exceeded?")
    if sigma_ohm is not None:
        weight = np.array(sigma_ohm, dtype=float)[order]
        if not (np.isfinite(weight) & (weight > 0)).all():
            raise DataError("a point's standard deviation is not positive", hint="every point needs one")
    else:
        weight = np.abs(z) if weighting == "modulus" else np.full(len(f), np.abs(z).mean())
    low, high = bounds(circuit.parameters, 2 * np.pi * f, z)
    base = np.array([held.get(p.name, 1.0) for p in circuit.parameters])
    sigma = weight * (1.0 if noise is None else noise)
    return Problem(circuit, f, z, weight, sigma, noise is not None, free, base, low, high)


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


def search(problem: Problem, near_values: Sequence[np.ndarray] = (), *, thorough: bool = True) -> Fit:
    """The global minimum, from starts that the spectrum itself gives and from `near_values`; where few of them agree, a
    `thorough` search takes many more. One that is not is content with chi2 to 1e-5 of itself."""
    p = problem

    def begin(keep: int, others: Sequence[np.ndarray]) -> np.ndarray:
        given = starts(p.circuit, p.omega_rad_s, p.z_ohm, p.weight_ohm, p.low, p.high, keep)
        return np.concatenate([*(np.asarray(v, dtype=float)[None] for v in others), given])

    found = p.minimise(begin(_FEW, near_values), _EXACT if thorough else _NEARLY)
    if thorough and found.agreeing < 0.25:  # a landscape of many minima: search it more closely
        found = p.minimise(begin(_MANY, [found.values, *near_values]))
    return p.named(found)


def solution(problem: Problem, found: Fit) -> CircuitFit:
    """A fit of the problem with the curve through its points."""
    p = problem
    model = p.circuit.impedance(p.omega_rad_s, found.values)
    return CircuitFit(p.circuit, p.frequency_Hz, p.z_ohm, model, p.weight_ohm, found, p.free, p)
