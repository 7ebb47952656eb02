"""The linear measurement model of impedance: what a causal, linear, steady system could have given at all, for many spectra.

    Z(w) = R + j w L + 1/(j w C) + sum over k of R_k / (1 + j w tau_k)

with time constants on a fixed logarithmic grid is linear in its unknowns, and obeys the Kramers-Kronig relations whatever
they are; so a spectrum that it cannot follow violates them (Boukamp). The signed R_k, over |Z| at their own frequency, have a
normal prior of mean 0 and variance rho^2; R, L and 1/C are free. rho and the noise sigma are those of the largest restricted
marginal likelihood, found from one eigendecomposition. The order is therefore not a count of elements that somebody chooses
(a smallest count misses structure, a large one follows the noise): it is the effective number sum s^2/(s^2 + sigma^2/rho^2).
*Valid when* the noise of Z' and Z'' is independent and of one size over its weight. *Source* Boukamp, J. Electrochem. Soc. 142
(1995) 1885, for the linear model; Schönleber, Klotz and Ivers-Tiffée, Electrochim. Acta 131 (2014) 20, for the trouble with
its order; MacKay, Neural Comput. 4 (1992) 415, for evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

PER_DECADE: Final = 6
"""Time constants per decade: the kernel's spectrum falls as exp(-pi^2/h) with the step h of ln(tau), so 6 leave about 1e-11."""
MARGIN_DECADES: Final = 1.5
"""How far the time constants reach beyond the measured frequencies."""
FREE: Final = 3
"""Unknowns without a prior: R, L and 1/C."""


@dataclass(frozen=True)
class MeasurementModel:
    """Fits of s spectra with f points each. Rows of stacked arrays are Z' of every point, then Z'' of every point."""

    frequency_Hz: np.ndarray
    z_ohm: np.ndarray
    weight: np.ndarray
    """(s, f) [1/ohm], 0 where a point is absent or left out."""
    model_ohm: np.ndarray
    tau_s: np.ndarray
    """(s, k)"""
    resistances_ohm: np.ndarray
    """(s, k), signed."""
    series: np.ndarray
    """(s, 3): R [ohm], L [H], 1/C [1/F]."""
    series_std: np.ndarray
    noise: np.ndarray
    """(s,) standard deviation of the weighted Z' and Z''; over |Z| with modulus weights."""
    order: np.ndarray
    """(s,) effective number of RC elements."""
    dof: np.ndarray
    """(s,) 2 points - 3 - order."""
    criterion: np.ndarray
    """(s,) minus twice the logarithm of the largest restricted likelihood, up to a constant: smaller for better weights."""
    _outer: np.ndarray
    """(s, 2f, k) the weighted columns, free of R, L and C, in the coordinates in which the prior is diagonal."""
    _free: np.ndarray
    """(s, 2f, 3) an orthonormal basis of the weighted columns of R, L and C."""
    _shrink: np.ndarray
    """(s, k) 1/(s^2 + lambda)."""

    @property
    def residual(self) -> np.ndarray:
        """(s, f) weighted misfit, complex; 0 where a point is absent."""
        return np.where(self.weight > 0, (self.z_ohm - self.model_ohm) * self.weight, 0.0)

    @property
    def chi2(self) -> np.ndarray:
        """(s,) sum of squared weighted residuals."""
        return np.sum(np.abs(self.residual) ** 2, axis=1)

    @property
    def remaining(self) -> np.ndarray:
        """(s, 2f) diagonal of the inverse covariance over 1/sigma^2: the part of a point's own error left in its residual."""
        present = np.concatenate([self.weight, self.weight], axis=1) > 0
        taken = np.einsum("sik,sk->si", self._outer**2, self._shrink) + np.sum(self._free**2, axis=2)
        return np.where(present, np.clip(1 - taken, 1e-6, 1.0), 1.0)

    @property
    def standardised(self) -> np.ndarray:
        """(s, 2f) residuals over their own standard deviation without sigma: of the size of `noise` everywhere."""
        r = self.residual
        return np.concatenate([r.real, r.imag], axis=1) / np.sqrt(self.remaining)

    def replaced(self, rows: np.ndarray, other: MeasurementModel) -> MeasurementModel:
        """This one with some of its spectra fitted anew: `other` holds them in the order of `rows`."""
        changed = {}
        for field in fields(self):
            whole = getattr(self, field.name).copy()
            whole[rows] = getattr(other, field.name)
            changed[field.name] = whole
        return MeasurementModel(**changed)

    def only(self, which: np.ndarray) -> MeasurementModel:
        """Some of its spectra."""
        return MeasurementModel(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def cleared(self, columns: np.ndarray) -> np.ndarray:
        """Weighted columns (s, 2f, c) times the inverse covariance: what of them no Kramers-Kronig consistent Z explains."""
        columns = columns - self._free @ (np.swapaxes(self._free, 1, 2) @ columns)
        return columns - self._outer @ (self._shrink[..., None] * (np.swapaxes(self._outer, 1, 2) @ columns))


def stacked(values: np.ndarray) -> np.ndarray:
    """Complex (..., f) as real (..., 2f): real parts, then imaginary parts."""
    return np.concatenate([values.real, values.imag], axis=-1)


def modulus_weight(frequency_Hz: np.ndarray, z_ohm: np.ndarray) -> np.ndarray:
    """1/|Z| [1/ohm] of each point (s, f), 0 where it is absent (NaN) or has no size."""
    size = np.abs(z_ohm)
    good = np.isfinite(frequency_Hz) & np.isfinite(size) & (size > 0)
    return np.where(good, 1 / np.where(good, size, 1.0), 0.0)


def measurement_model(
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, weight: np.ndarray | None = None, tau_s: np.ndarray | None = None
) -> MeasurementModel:
    """Fit every spectrum: frequency [Hz] (s, f) and Z [ohm] (s, f) complex, NaN where absent, in any order.

    `weight` (s, f) [1/ohm] defaults to 1/|Z|; points of weight 0 are left out. `tau_s` (s, k) defaults to a grid that reaches
    beyond each spectrum's own range. All spectra advance together.

    Raises
    ------
    ValueError: a spectrum has fewer than six points or all at one frequency.
    """
    weight = modulus_weight(frequency_Hz, z_ohm) if weight is None else weight
    there = weight > 0
    if (there.sum(axis=1) < 6).any():
        raise ValueError("six points at least are needed")
    f = np.where(there, frequency_Hz, np.nan)
    low, high = np.nanmin(f, axis=1), np.nanmax(f, axis=1)
    if (low == high).any():
        raise ValueError("all points are at one frequency")
    middle = np.sqrt(low * high)
    f = np.where(there, frequency_Hz, middle[:, None])
    z = np.where(there, z_ohm, 0.0)
    tau = _time_constants(low, high) if tau_s is None else tau_s
    scale = _size_at(1 / (2 * np.pi * tau), f, z, there)
    w = 2 * np.pi * f
    kernel = scale[:, None, :] / (1 + 1j * w[..., None] * tau[:, None, :])
    units = 2 * np.pi * np.stack([np.ones_like(low), high, 1 / low], axis=1)  # so that the three columns are about as large
    units[:, 0] = 1.0
    free = np.stack([np.ones_like(w) + 0j, 1j * w / units[:, 1:2], -1j / (w * units[:, 2:3])], axis=2)
    rows = np.concatenate([weight, weight], axis=1)[..., None]
    a, x = rows * _tall(kernel), rows * _tall(free)
    y = np.concatenate([z.real, z.imag], axis=1)[..., None] * rows
    q, triangle = np.linalg.qr(x)
    turned = np.swapaxes(q, 1, 2)
    a_free, y_free = a - q @ (turned @ a), y - q @ (turned @ y)
    power, axes = np.linalg.eigh(np.swapaxes(a_free, 1, 2) @ a_free)
    power = np.maximum(power, 0.0)
    outer = a_free @ axes
    seen = (np.swapaxes(outer, 1, 2) @ y_free)[..., 0]
    total = np.sum(y_free[..., 0] ** 2, axis=1)
    left = 2 * there.sum(axis=1) - FREE
    ridge, variance, criterion = _evidence(power, seen, total, left)
    free_size = 2 * np.log(np.abs(np.einsum("skk->sk", triangle))).sum(axis=1)
    criterion = criterion + free_size - 4 * np.log(np.where(there, weight, 1.0)).sum(axis=1)
    shrink = 1 / (power + ridge[:, None])
    coefficients = (axes @ (shrink * seen)[..., None])[..., 0]
    series = np.linalg.solve(triangle, turned @ (y - a @ coefficients[..., None]))[..., 0]
    model = np.einsum("sfk,sk->sf", kernel, coefficients) + np.einsum("sfk,sk->sf", free, series)
    order = np.sum(power * shrink, axis=1)
    # The covariance of R, L, 1/C: of the rows that remain, and of what of the RC part they could be mistaken for.
    mixed = np.linalg.solve(triangle, turned @ a @ axes)
    inverse = np.linalg.inv(triangle)
    spread = np.sum(inverse**2, axis=2) + np.einsum("sck,sk->sc", mixed**2, shrink)
    si = np.stack([np.ones_like(low), 1 / units[:, 1], units[:, 2] ** -1], axis=1)
    return MeasurementModel(
        frequency_Hz,
        z_ohm,
        weight,
        model,
        tau,
        coefficients * scale,
        series * si,
        np.sqrt(spread * variance[:, None]) * si,
        np.sqrt(variance),
        order,
        np.maximum(left - order, 1.0),
        criterion,
        outer,
        q,
        shrink,
    )


def _tall(columns: np.ndarray) -> np.ndarray:
    return np.concatenate([columns.real, columns.imag], axis=1)


def _time_constants(low_Hz: np.ndarray, high_Hz: np.ndarray) -> np.ndarray:
    decades = np.log10(high_Hz / low_Hz)
    count = int(np.ceil(PER_DECADE * (decades.max() + 2 * MARGIN_DECADES))) + 1
    steps = np.linspace(0, 1, count)
    first = -np.log10(2 * np.pi * high_Hz) - MARGIN_DECADES
    return 10 ** (first[:, None] + steps * (decades + 2 * MARGIN_DECADES)[:, None])


def _size_at(at_Hz: np.ndarray, f: np.ndarray, z: np.ndarray, there: np.ndarray) -> np.ndarray:
    """|Z| at other frequencies (s, k), by interpolation of its logarithm; beyond the lowest it goes on rising, if it rose."""
    out = np.empty_like(at_Hz)
    for i in range(len(f)):
        order = np.argsort(f[i][there[i]])
        x, y = np.log(f[i][there[i]][order]), np.log(np.abs(z[i][there[i]][order]))
        at = np.log(at_Hz[i])
        slope = np.clip((np.interp(x[0] + 1.0, x, y) - y[0]) / min(1.0, x[-1] - x[0]), -1.0, 0.0)
        out[i] = np.exp(np.interp(at, x, y) + slope * np.minimum(at - x[0], 0.0))
    return out


def _evidence(
    power: np.ndarray, seen: np.ndarray, total: np.ndarray, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """lambda = sigma^2/rho^2 and sigma^2 of the largest restricted likelihood, and minus twice its logarithm, each (s,)."""
    grid = np.linspace(-14.0, 3.0, 69) * np.log(10)

    def minus_twice_log(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ridge = np.exp(x)[..., None]
        rest = total[:, None] - np.sum(seen[:, None] ** 2 / (power[:, None] + ridge), axis=2)
        variance = np.maximum(rest, 1e-26 * np.maximum(total, 1e-300)[:, None]) / left[:, None]
        return left[:, None] * np.log(variance) + np.sum(np.log1p(power[:, None] / ridge), axis=2), variance

    value, _ = minus_twice_log(np.repeat(grid[None], len(power), axis=0))
    best = np.clip(np.argmin(value, axis=1), 1, len(grid) - 2)
    at = np.arange(len(power))
    a, b, c = value[at, best - 1], value[at, best], value[at, best + 1]
    bend = a - 2 * b + c
    shift = np.where(bend > 0, 0.5 * (a - c) / np.where(bend > 0, bend, 1.0), 0.0)
    x = grid[best] + np.clip(shift, -1, 1) * (grid[1] - grid[0])
    least, variance = minus_twice_log(x[:, None])
    return np.exp(x), variance[:, 0], least[:, 0]


# --- the classic test with a stated number of elements ---------------------------------------


@dataclass(frozen=True)
class CountedModel:
    """The same model with a stated number of RC elements and no prior, one spectrum."""

    model_ohm: np.ndarray
    resistances_ohm: np.ndarray
    chi2: float
    """Sum of |residual|^2 / |Z|^2, not divided (Boukamp's pseudo chi-squared)."""

    @property
    def mu(self) -> float:
        """1 - sum |R_k < 0| / sum R_k > 0: near 1 for few elements, falling where they begin to follow the noise."""
        negative = self.resistances_ohm[self.resistances_ohm < 0]
        positive = self.resistances_ohm[self.resistances_ohm >= 0]
        return 1 - float(np.abs(negative).sum() / positive.sum()) if positive.sum() > 0 else 0.0


def counted_model(
    frequency_Hz: np.ndarray, z_ohm: np.ndarray, elements: int, *, inductance: bool = True, capacitance: bool = True
) -> CountedModel:
    """Least squares over |Z| with `elements` RC elements from 1/w_max to 1/w_min: the linear Kramers-Kronig test as published.

    *Source* Boukamp (1995); mu: Schönleber et al. (2014), equation 21.
    """
    w = 2 * np.pi * frequency_Hz
    tau = np.geomspace(1 / w.max(), 1 / w.min(), elements)
    columns = [1 / (1 + 1j * w * t) for t in tau] + [np.ones_like(w) + 0j]
    columns += [1j * w / w.max()] if inductance else []
    columns += [w.min() / (1j * w)] if capacitance else []
    matrix = np.stack(columns, axis=1)
    weight = 1 / np.abs(z_ohm)
    found = np.linalg.lstsq(stacked((matrix * weight[:, None]).T).T, stacked(z_ohm * weight), rcond=None)[0]
    model = matrix @ found
    return CountedModel(model, found[:elements], float(np.sum(np.abs((z_ohm - model) * weight) ** 2)))
