"""How the uncertainty of inputs reaches an output: to first order with the share of each input, or by sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from anodefree.core.uncertain import Uncertain
from anodefree.numerics.fitting import spread_points

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Propagated:
    """An output at the central inputs, its standard deviation, and what each input contributes to it."""

    value: float
    std: float
    contributions: Mapping[str, float]
    """Input name -> change of the output for one standard deviation of that input, signed, in the output's unit."""


def linear(function: Callable[..., np.ndarray], inputs: Mapping[str, Uncertain], bounds: Bounds | None = None) -> Propagated:
    """u²(y) = Σ cᵢ², cᵢ = [f(xᵢ + uᵢ) - f(xᵢ - uᵢ)]/2: central differences over one standard deviation of each input.

    `function` takes the inputs by name, as arrays of one shape, and is called once. An input at the edge of its `bounds` (name
    -> low, high) is differenced one-sidedly.
    *Valid when* the inputs are independent and the output is close to linear over ±u; sample otherwise.
    *Source* JCGM 100:2008, 5.1.2 equation 10 and the note to 5.1.3.
    """
    count = len(inputs)
    table = {name: np.full(2 * count + 1, x.value) for name, x in inputs.items()}
    reach = np.zeros(count)
    for i, (name, x) in enumerate(inputs.items()):
        low, high = (bounds or {}).get(name, (-np.inf, np.inf))
        down, up = max(x.value - x.std, low), min(x.value + x.std, high)
        table[name][1 + 2 * i], table[name][2 + 2 * i] = down, up
        reach[i] = up - down
    values = np.asarray(function(**table), dtype=float)
    change = np.array([x.std for x in inputs.values()]) * (values[2::2] - values[1::2]) / np.where(reach > 0, reach, np.inf)
    contributions = dict(zip(inputs, change.tolist(), strict=True))
    return Propagated(float(values[0]), float(np.sqrt(np.sum(change**2))), contributions)


def sample(
    inputs: Mapping[str, Uncertain],
    count: int,
    rng: np.random.Generator | None = None,
    bounds: Bounds | None = None,
) -> dict[str, np.ndarray]:
    """`count` draws of each input, normal around its value and cut off at its `bounds`: name -> (count,).

    Without `rng` the draws fill the space evenly and are always the same ones (a low-discrepancy sequence), which gives smooth
    curves and needs no seed; with `rng` they are independent.
    *Valid when* the inputs are independent. *Source* JCGM 101:2008, 6.4.7 and 7; truncation by inversion of the distribution.
    """
    from scipy.special import ndtr, ndtri

    uniform = spread_points(count, len(inputs)) if rng is None else rng.random((count, len(inputs)))
    drawn = {}
    for i, (name, x) in enumerate(inputs.items()):
        low, high = (bounds or {}).get(name, (-np.inf, np.inf))
        if x.std == 0:
            drawn[name] = np.full(count, x.value)
            continue
        first, last = ndtr((low - x.value) / x.std), ndtr((high - x.value) / x.std)
        inside = np.clip(first + uniform[:, i] * (last - first), np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
        drawn[name] = np.clip(x.value + x.std * ndtri(inside), low, high)
    return drawn


def spread_about(value: float, draws: np.ndarray) -> float:
    """Root-mean-square distance of the draws from the value that is reported; it includes their bias against it."""
    return float(np.sqrt(np.mean((draws - value) ** 2)))


def interval(draws: np.ndarray, coverage: float = 0.95) -> tuple[float, float]:
    """The central interval that holds this share of the draws. *Source* JCGM 101:2008, 7.7 (probabilistically symmetric)."""
    low, high = np.quantile(draws, [0.5 - coverage / 2, 0.5 + coverage / 2])
    return float(low), float(high)
